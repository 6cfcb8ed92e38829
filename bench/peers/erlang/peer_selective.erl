%% Selective receive behind other messages. No other peer has it.
-module(peer_selective).
-export([by_reference/1, by_tag/1, by_predicate/1]).

%% Calls to a server, with `depth` other messages in the caller's mailbox.
by_reference(#{depth := Depth, calls := Calls}) ->
    Server = spawn_link(fun serve/0),
    queue(Depth),
    {Elapsed, Answered} = peer_round:timed(fun() -> call(Server, Calls, 0) end),
    Depth = drain(0),
    #{operations => Calls, check => Answered, elapsed => Elapsed}.

call(_Server, 0, Answered) ->
    Answered;
call(Server, Left, Answered) ->
    Reference = make_ref(),
    Server ! {request, self(), Reference, Answered},
    receive {Reference, Answer} -> call(Server, Left - 1, Answer) end.

serve() ->
    receive
        {request, From, Reference, Number} ->
            From ! {Reference, Number + 1},
            serve()
    end.

%% Receives the message that a guard matches, behind `depth` others.
by_predicate(#{depth := Depth, scans := Scans}) ->
    behind(Depth, Scans, fun() -> scan(0, Scans, 0) end).

%% Receives the message with a tag, behind `depth` others.
by_tag(#{depth := Depth, scans := Scans}) ->
    behind(Depth, Scans, fun() -> pick(Scans, 0) end).

behind(Depth, Scans, Receive) ->
    queue(Depth),
    {Elapsed, Found} = peer_round:timed(Receive),
    Depth = drain(0),
    #{operations => Scans, check => Found, elapsed => Elapsed}.

scan(_Least, 0, Found) ->
    Found;
scan(Least, Left, Found) ->
    self() ! {job, Left, Left},
    receive {job, Priority, Left} when Priority > Least -> scan(Least, Left - 1, Found + 1) end.

pick(0, Found) ->
    Found;
pick(Left, Found) ->
    self() ! {wanted, Left},
    receive {wanted, Left} -> pick(Left - 1, Found + 1) end.

queue(0) ->
    ok;
queue(Left) ->
    self() ! {job, 0, Left},
    queue(Left - 1).

drain(Drained) ->
    receive {job, 0, _} -> drain(Drained + 1)
    after 0 -> Drained
    end.
