%% Savina's bounded buffer: a manager between producers and consumers. It asks a producer for an
%% item only if there is room.
-module(peer_buffer).
-export([bounded_buffer/1]).

-record(manager, {room, items = queue:new(), producers = queue:new(), consumers, consuming = 0, producing}).

bounded_buffer(#{buffer := Buffer, producers := Producers, consumers := Consumers, items := Items, cost := Cost}) ->
    Manager = self(),
    {Elapsed, Consumed} = peer_round:timed(fun() ->
        Makers = [spawn_link(fun() -> produce(Manager, Cost, Items, 0.0) end) || _ <- lists:seq(1, Producers)],
        Eaters = [spawn_link(fun() -> consume(Manager, Cost, 0, 0.0) end) || _ <- lists:seq(1, Consumers)],
        [Maker ! produce || Maker <- Makers],
        %% When the buffer is full, each producer may still send one item.
        manage(#manager{room = max(1, Buffer - Producers), consumers = queue:from_list(Eaters), producing = Producers}),
        [Eater ! {leave, Manager} || Eater <- Eaters],
        lists:sum([receive {Eater, Count} -> Count end || Eater <- Eaters])
    end),
    #{operations => Producers * Items, check => Consumed, elapsed => Elapsed}.

manage(#manager{producing = 0, consuming = 0}) ->
    ok;
manage(State) ->
    receive
        {item, Producer, Item} -> manage(ask_or_wait(Producer, hand_on(Item, State)));
        {available, Consumer} -> manage(feed(Consumer, State));
        ended -> manage(State#manager{producing = State#manager.producing - 1})
    end.

hand_on(Item, #manager{consumers = Waiting} = State) ->
    case queue:out(Waiting) of
        {{value, Consumer}, Others} ->
            Consumer ! {item, Item},
            State#manager{consumers = Others, consuming = State#manager.consuming + 1};
        {empty, _} ->
            State#manager{items = queue:in(Item, State#manager.items)}
    end.

ask_or_wait(Producer, #manager{items = Items, room = Room} = State) ->
    case queue:len(Items) >= Room of
        true ->
            State#manager{producers = queue:in(Producer, State#manager.producers)};
        false ->
            Producer ! produce,
            State
    end.

feed(Consumer, #manager{items = Items} = State) ->
    case queue:out(Items) of
        {{value, Item}, Others} ->
            Consumer ! {item, Item},
            ask_next(State#manager{items = Others});
        {empty, _} ->
            State#manager{consumers = queue:in(Consumer, State#manager.consumers),
                          consuming = State#manager.consuming - 1}
    end.

ask_next(#manager{producers = Waiting} = State) ->
    case queue:out(Waiting) of
        {{value, Producer}, Others} ->
            Producer ! produce,
            State#manager{producers = Others};
        {empty, _} ->
            State
    end.

produce(Manager, Cost, Left, Last) ->
    receive
        produce when Left =:= 0 ->
            Manager ! ended;
        produce ->
            Item = process(Last, Cost),
            Manager ! {item, self(), Item},
            produce(Manager, Cost, Left - 1, Item)
    end.

consume(Manager, Cost, Consumed, Last) ->
    receive
        {item, Item} ->
            Next = process(Last + Item, Cost),
            Manager ! {available, self()},
            consume(Manager, Cost, Consumed + 1, Next);
        {leave, From} ->
            From ! {self(), Consumed}
    end.

%% Savina's work on an item: 100 times `cost` logarithms, or one if the cost is 0.
process(Term, 0) -> logarithms(Term, 0, 1);
process(Term, Cost) -> logarithms(Term, Cost, Cost * 100).

logarithms(Term, _Random, 0) ->
    Term;
logarithms(Term, Random, Left) ->
    Next = (Random * 1309 + 13849) band 65535,
    logarithms(Term + math:log(1 / (Next + 1) + 0.01), Next, Left - 1).
