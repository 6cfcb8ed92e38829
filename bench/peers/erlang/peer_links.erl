%% Links, which no other peer has.
-module(peer_links).
-export([exit_chain/1]).

%% The first process of a chain gets an exit signal, and each passes it on to the next as it ends.
exit_chain(#{actors := Actors}) ->
    Main = self(),
    First = spawn(fun() -> link_of_chain(Main, Actors) end),
    Monitors = [receive {ready, Pid} -> monitor(process, Pid) end || _ <- lists:seq(1, Actors)],
    {Elapsed, Ended} = peer_round:timed(fun() ->
        exit(First, shutdown),
        length([receive {'DOWN', Monitor, process, _, shutdown} -> ok end || Monitor <- Monitors])
    end),
    #{operations => Actors, check => Ended, elapsed => Elapsed}.

link_of_chain(Main, Left) ->
    Left > 1 andalso spawn_link(fun() -> link_of_chain(Main, Left - 1) end),
    Main ! {ready, self()},
    receive leave -> ok end.
