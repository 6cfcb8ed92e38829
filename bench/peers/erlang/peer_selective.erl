%% Selective receive behind a full mailbox, which none of the other peers has.
-module(peer_selective).
-export([by_reference/1, by_predicate/1]).

%% Calls to a server, with so many other messages in the caller's mailbox.
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

%% Of so many queued messages only the last one matches. An operation is a message looked at.
by_predicate(#{depth := Depth, scans := Scans}) ->
    queue(Depth - 1),
    {Elapsed, Found} = peer_round:timed(fun() -> scan(0, Scans, 0) end),
    Left = drain(0),
    #{operations => Depth * Scans, check => Found * (Left + 1), elapsed => Elapsed}.

scan(_Least, 0, Found) ->
    Found;
scan(Least, Left, Found) ->
    self() ! {job, Left, Left},
    receive {job, Priority, Left} when Priority > Least -> scan(Least, Left - 1, Found + 1) end.

queue(0) ->
    ok;
queue(Left) ->
    self() ! {job, 0, Left},
    queue(Left - 1).

drain(Drained) ->
    receive {job, 0, _} -> drain(Drained + 1)
    after 0 -> Drained
    end.
