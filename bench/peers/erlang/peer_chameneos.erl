%% Savina's chameneos: creatures meet in pairs at a mall and change colour with each meeting.
-module(peer_chameneos).
-export([chameneos/1]).

%% The round is the mall. Both of a pair count the meeting.
chameneos(#{chameneos := Creatures, meetings := Meetings}) ->
    Mall = self(),
    {Elapsed, Attendances} = peer_round:timed(fun() ->
        Colours = {red, yellow, blue},
        [spawn_link(fun() -> enter(Mall, element(I rem 3 + 1, Colours), 0) end) || I <- lists:seq(0, Creatures - 1)],
        mall(Meetings, none),
        lists:sum([fade() || _ <- lists:seq(1, Creatures)])
    end),
    #{operations => Meetings, check => Attendances div 2, elapsed => Elapsed}.

mall(0, none) ->
    ok;
mall(Left, none) ->
    receive {meet, Waiting, _Colour} -> mall(Left, Waiting) end;
mall(Left, Waiting) ->
    receive {meet, _, _} = Meet -> Waiting ! Meet end,
    mall(Left - 1, none).

fade() ->
    Creature = receive {meet, Late, _Colour} -> Late end,
    Creature ! leave,
    receive {met, Creature, Met} -> Met end.

enter(Mall, Colour, Met) ->
    Mall ! {meet, self(), Colour},
    receive
        {meet, Other, OthersColour} ->
            Changed = complement(Colour, OthersColour),
            Other ! {change, Changed},
            enter(Mall, Changed, Met + 1);
        {change, Changed} ->
            enter(Mall, Changed, Met + 1);
        leave ->
            Mall ! {met, self(), Met}
    end.

complement(Colour, Colour) -> Colour;
complement(red, yellow) -> blue;
complement(red, blue) -> yellow;
complement(yellow, red) -> blue;
complement(yellow, blue) -> red;
complement(blue, red) -> yellow;
complement(blue, yellow) -> red.
