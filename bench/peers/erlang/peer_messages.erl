%% Messages between processes: how fast they are sent, queued and received.
-module(peer_messages).
-export([ping_pong/1, fan_in/1, fan_out/1, thread_ring/1, counting/1]).

%% A binary of up to 64 bytes is copied to the receiver's heap. A longer one is shared, unless
%% `copy` makes a new one.
ping_pong(#{pairs := Pairs, bytes := Bytes, messages := Messages, copy := Copy}) ->
    Trips = peer_round:share(Messages, 2 * Pairs),
    Ball = binary:copy(<<7>>, Bytes),
    Main = self(),
    Pings = [spawn_link(fun() -> ping(Main, spawn_link(fun() -> pong(Copy, 0) end), Ball, Copy, Trips) end)
             || _ <- lists:seq(1, Pairs)],
    {Elapsed, Received} = peer_round:timed(fun() ->
        [Ping ! go || Ping <- Pings],
        lists:sum([receive {Ping, Count} -> Count end || Ping <- Pings])
    end),
    #{operations => 2 * Pairs * Trips, check => Received, elapsed => Elapsed, beside => passed(Bytes, Copy)}.

ping(Main, Pong, Ball, Copy, Trips) ->
    receive go -> ok end,
    Received = serve(Pong, Ball, Copy, Trips, 0),
    Pong ! {stop, self()},
    receive {Pong, Returned} -> Main ! {self(), Received + Returned} end.

serve(_Pong, _Ball, _Copy, 0, Received) ->
    Received;
serve(Pong, Ball, Copy, Trips, Received) ->
    Pong ! {ball, self(), fresh(Ball, Copy)},
    receive {ball, Pong, Back} -> serve(Pong, Back, Copy, Trips - 1, Received + 1) end.

pong(Copy, Received) ->
    receive
        {ball, Ping, Ball} ->
            Ping ! {ball, self(), fresh(Ball, Copy)},
            pong(Copy, Received + 1);
        {stop, Ping} ->
            Ping ! {self(), Received}
    end.

fresh(Ball, 0) -> Ball;
fresh(Ball, _) -> binary:copy(Ball).

passed(Bytes, 0) when Bytes > 64 -> ",\"payload\":\"shared\"";
passed(_, _) -> ",\"payload\":\"copied\"".

fan_in(#{senders := Senders, messages := Messages}) ->
    Each = peer_round:share(Messages, Senders),
    Main = self(),
    Receiver = spawn_link(fun() -> receive_all(Main, Senders * Each, 0) end),
    Pids = [spawn_link(fun() -> receive go -> send_all(Receiver, Each) end end) || _ <- lists:seq(1, Senders)],
    {Elapsed, Received} = peer_round:timed(fun() ->
        [Pid ! go || Pid <- Pids],
        receive {Receiver, Count} -> Count end
    end),
    #{operations => Senders * Each, check => Received, elapsed => Elapsed}.

fan_out(#{receivers := Receivers, messages := Messages}) ->
    Each = peer_round:share(Messages, Receivers),
    Main = self(),
    Pids = [spawn_link(fun() -> receive_all(Main, Each, 0) end) || _ <- lists:seq(1, Receivers)],
    Sender = spawn_link(fun() -> receive go -> send_rounds(Pids, Each) end end),
    {Elapsed, Received} = peer_round:timed(fun() ->
        Sender ! go,
        lists:sum([receive {Pid, Count} -> Count end || Pid <- Pids])
    end),
    #{operations => Receivers * Each, check => Received, elapsed => Elapsed}.

send_all(_Receiver, 0) ->
    ok;
send_all(Receiver, Left) ->
    Receiver ! Left,
    send_all(Receiver, Left - 1).

send_rounds(_Receivers, 0) ->
    ok;
send_rounds(Receivers, Left) ->
    [Receiver ! Left || Receiver <- Receivers],
    send_rounds(Receivers, Left - 1).

receive_all(Main, Expected, Expected) ->
    Main ! {self(), Expected};
receive_all(Main, Expected, Received) ->
    receive Number when is_integer(Number) -> receive_all(Main, Expected, Received + 1) end.

%% Savina's thread ring. After the last hop a message to leave goes round once, and adds up the
%% tokens that each received.
thread_ring(#{actors := Actors, hops := Hops}) ->
    Main = self(),
    {Elapsed, Received} = peer_round:timed(fun() ->
        Last = spawn_link(fun() -> receive {next, Next} -> ring(Main, Next, 0) end end),
        First = lists:foldl(fun(_, Next) -> spawn_link(fun() -> ring(Main, Next, 0) end) end, Last, lists:seq(2, Actors)),
        Last ! {next, First},
        First ! {token, Hops},
        receive {received, Count} -> Count end
    end),
    #{operations => Hops, check => Received, elapsed => Elapsed}.

ring(Main, Next, Received) ->
    receive
        {token, 1} ->
            Next ! {leave, self(), 1},
            ring(Main, Next, Received);
        {token, Left} ->
            Next ! {token, Left - 1},
            ring(Main, Next, Received + 1);
        {leave, Origin, Sum} when Origin =:= self() ->
            Main ! {received, Sum + Received};
        {leave, Origin, Sum} ->
            Next ! {leave, Origin, Sum + Received}
    end.

%% Savina's counting actor: a producer sends increments to a counter, and then asks for the count.
counting(#{messages := Messages}) ->
    Main = self(),
    {Elapsed, Received} = peer_round:timed(fun() ->
        Counter = spawn_link(fun() -> count(0) end),
        spawn_link(fun() -> increment(Counter, Messages), Counter ! {retrieve, Main} end),
        receive {count, Count} -> Count end
    end),
    #{operations => Messages, check => Received, elapsed => Elapsed}.

increment(_Counter, 0) ->
    ok;
increment(Counter, Left) ->
    Counter ! increment,
    increment(Counter, Left - 1).

count(Received) ->
    receive
        increment -> count(Received + 1);
        {retrieve, From} -> From ! {count, Received}
    end.
