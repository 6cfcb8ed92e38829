%% Savina's crowds: many processes that compute a sine, or send pings to random neighbours.
-module(peer_crowd).
-export([fork_join_throughput/1, fork_join_create/1, big/1]).

-define(THETA, 37.2).

fork_join_throughput(#{actors := Actors, messages := Messages}) ->
    Main = self(),
    {Elapsed, Received} = peer_round:timed(fun() ->
        Pids = [spawn_link(fun() -> worker(Main, Messages, 0) end) || _ <- lists:seq(1, Actors)],
        deal(Pids, Messages),
        lists:sum([receive {Pid, Count} -> Count end || Pid <- Pids])
    end),
    #{operations => Actors * Messages, check => Received, elapsed => Elapsed}.

deal(_Pids, 0) ->
    ok;
deal(Pids, Left) ->
    [Pid ! {compute, ?THETA} || Pid <- Pids],
    deal(Pids, Left - 1).

worker(Main, Messages, Messages) ->
    Main ! {self(), Messages};
worker(Main, Messages, Received) ->
    receive
        {compute, Theta} ->
            compute(Theta),
            worker(Main, Messages, Received + 1)
    end.

compute(Theta) ->
    Sine = math:sin(Theta),
    true = Sine * Sine > 0.

fork_join_create(#{workers := Workers}) ->
    {Elapsed, Ended} = peer_round:timed(fun() ->
        Born = [begin
                    {Pid, Monitor} = spawn_monitor(fun() -> receive {compute, Theta} -> compute(Theta) end end),
                    Pid ! {compute, ?THETA},
                    Monitor
                end || _ <- lists:seq(1, Workers)],
        length([receive {'DOWN', Monitor, process, _, normal} -> ok end || Monitor <- Born])
    end),
    #{operations => Workers, check => Ended, elapsed => Elapsed}.

%% Each process sends a ping to a random neighbour, waits for its pong, and repeats. Meanwhile it
%% answers the others. The round is Savina's sink.
big(#{actors := Actors, pings := Pings}) ->
    Main = self(),
    {Elapsed, Received} = peer_round:timed(fun() ->
        Pids = [spawn_link(fun() -> receive {neighbours, All} -> gossip(Main, All, Id, Pings) end end)
                || Id <- lists:seq(0, Actors - 1)],
        Neighbours = list_to_tuple(Pids),
        [Pid ! {neighbours, Neighbours} || Pid <- Pids],
        [receive {done, Pid} -> ok end || Pid <- Pids],
        [Pid ! leave || Pid <- Pids],
        lists:sum([receive {Pid, Count} -> Count end || Pid <- Pids])
    end),
    #{operations => 2 * Actors * Pings, check => Received, elapsed => Elapsed}.

gossip(Main, All, Id, Pings) ->
    {Target, Random} = ask(All, Id, Id),
    gossip(Main, All, Id, Pings - 1, Random, Target, 0).

%% No clause matches a pong from another process than the target. It would stay in the mailbox, and
%% the round would fail.
gossip(Main, All, Id, Left, Random, Target, Received) ->
    receive
        {ping, From} ->
            element(From + 1, All) ! {pong, Id},
            gossip(Main, All, Id, Left, Random, Target, Received + 1);
        {pong, Target} when Left =:= 0 ->
            Main ! {done, self()},
            gossip(Main, All, Id, Left, Random, none, Received + 1);
        {pong, Target} ->
            {Next, Later} = ask(All, Id, Random),
            gossip(Main, All, Id, Left - 1, Later, Next, Received + 1);
        leave ->
            Main ! {self(), Received}
    end.

%% Savina's generator of pseudo-random numbers. Every language has the same numbers.
ask(All, Id, Random) ->
    Next = (Random * 1309 + 13849) band 65535,
    Target = Next rem tuple_size(All),
    element(Target + 1, All) ! {ping, Id},
    {Target, Next}.
