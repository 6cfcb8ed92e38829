%% The life of a process: spawn, run and end; and the memory of a process that waits.
-module(peer_lives).
-export([one_by_one/1, storm/1, memory/1]).

one_by_one(#{count := Count}) ->
    {Elapsed, Ended} = peer_round:timed(fun() -> one_by_one(Count, 0) end),
    #{operations => Count, check => Ended, elapsed => Elapsed}.

one_by_one(0, Ended) ->
    Ended;
one_by_one(Left, Ended) ->
    {Pid, Monitor} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Monitor, process, Pid, normal} -> one_by_one(Left - 1, Ended + 1) end.

storm(#{count := Count}) ->
    {Elapsed, Ended} = peer_round:timed(fun() ->
        Born = [spawn_monitor(fun() -> ok end) || _ <- lists:seq(1, Count)],
        length([receive {'DOWN', Monitor, process, Pid, normal} -> ok end || {Pid, Monitor} <- Born])
    end),
    #{operations => Count, check => Ended, elapsed => Elapsed}.

%% The memory that process_info tells: the process with its stack, heap and mailbox. The time is
%% that of spawning.
memory(#{actors := Actors}) ->
    Main = self(),
    {Elapsed, Pids} = peer_round:timed(fun() ->
        Born = [spawn_link(fun() -> Main ! {parked, self()}, receive leave -> ok end end) || _ <- lists:seq(1, Actors)],
        [receive {parked, Pid} -> Pid end || Pid <- Born]
    end),
    Bytes = lists:sum([Memory || Pid <- Pids, {memory, Memory} <- [process_info(Pid, memory)]]),
    [Pid ! leave || Pid <- Pids],
    #{operations => Actors, check => length(Pids), elapsed => Elapsed,
      beside => io_lib:format(",\"bytesEach\":~b", [round(Bytes / Actors)])}.
