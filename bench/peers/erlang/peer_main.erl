%% The peer in Erlang, with the protocol of ../README.md. Each round runs in a process of its own,
%% and every process of the scenario is linked to it. A crash therefore ends the round, and no
%% process of a round lives on into the next. The module is not called peer, because OTP has a
%% module of that name.
-module(peer_main).
-export([main/0]).

%% Name, parameters with defaults, and the function that plays a round. A parameter whose default is
%% 0 is an option. All others are at least 1, except bytes and depth.
scenarios() ->
    [{"ping-pong", [{pairs, 1}, {bytes, 8}, {messages, 200000}, {copy, 0}], fun peer_messages:ping_pong/1},
     {"fan-in", [{senders, 1000}, {messages, 200000}], fun peer_messages:fan_in/1},
     {"fan-out", [{receivers, 1000}, {messages, 200000}], fun peer_messages:fan_out/1},
     {"thread-ring", [{actors, 100}, {hops, 100000}], fun peer_messages:thread_ring/1},
     {"counting", [{messages, 1000000}], fun peer_messages:counting/1},
     {"fork-join-throughput", [{actors, 60}, {messages, 10000}], fun peer_crowd:fork_join_throughput/1},
     {"fork-join-create", [{workers, 40000}], fun peer_crowd:fork_join_create/1},
     {"big", [{actors, 120}, {pings, 20000}], fun peer_crowd:big/1},
     {"chameneos", [{chameneos, 100}, {meetings, 200000}], fun peer_chameneos:chameneos/1},
     {"bounded-buffer", [{buffer, 50}, {producers, 40}, {consumers, 40}, {items, 1000}, {cost, 0}],
      fun peer_buffer:bounded_buffer/1},
     {"banking", [{accounts, 1000}, {transactions, 50000}], fun peer_requests:banking/1},
     {"log-map", [{terms, 25000}, {series, 10}], fun peer_requests:log_map/1},
     {"selective-ref", [{depth, 10000}, {calls, 10000}], fun peer_selective:by_reference/1},
     {"selective-tag", [{depth, 10000}, {scans, 100}], fun peer_selective:by_tag/1},
     {"selective-predicate", [{depth, 10000}, {scans, 100}], fun peer_selective:by_predicate/1},
     {"spawn", [{count, 20000}], fun peer_lives:one_by_one/1},
     {"spawn-storm", [{count, 10000}], fun peer_lives:storm/1},
     {"exit-chain", [{actors, 2000}], fun peer_links:exit_chain/1},
     {"memory", [{actors, 10000}], fun peer_lives:memory/1}].

main() ->
    %% The logger would write to stdout, where the answers go. The reason of a crash is printed below.
    logger:set_primary_config(level, none),
    case init:get_plain_arguments() of
        ["--list"] ->
            [io:format("~s~n", [listed(Scenario)]) || Scenario <- scenarios()],
            halt(0);
        [Name | Settings] ->
            case lists:keyfind(Name, 1, scenarios()) of
                {_, Defaults, Run} -> rounds(Name, Run, lists:foldl(fun set/2, maps:from_list(Defaults), Settings));
                false -> fail("there is no scenario ~s; --list prints those that there are", [Name])
            end;
        [] ->
            fail("usage: peer <scenario> [key=value ...], or peer --list", [])
    end.

rounds(Name, Run, Parameters) ->
    case io:get_line("") of
        "round\n" ->
            {Pid, Monitor} = spawn_monitor(fun() -> exit({played, Run(Parameters)}) end),
            receive
                {'DOWN', Monitor, process, Pid, {played, Round}} -> io:format("~s~n", [answer(Name, Round)]);
                {'DOWN', Monitor, process, Pid, Reason} -> fail("~s failed: ~p", [Name, Reason])
            end,
            rounds(Name, Run, Parameters);
        eof ->
            halt(0);
        Line ->
            fail("stdin: expected \"round\", not ~p", [Line])
    end.

answer(Name, #{operations := Operations, check := Operations, elapsed := Elapsed} = Round) ->
    io_lib:format("{\"scenario\":\"~s\",\"operations\":~b,\"elapsedMs\":~.6f,\"check\":~b~s}",
                  [Name, Operations, Elapsed / 1.0e6, Operations, maps:get(beside, Round, "")]);
answer(Name, #{operations := Operations, check := Check}) ->
    fail("~s: ~b operations, but ~b were counted", [Name, Operations, Check]).

listed({Name, Defaults, _}) ->
    Parameters = [io_lib:format("\"~s\":~b", [Key, Value]) || {Key, Value} <- Defaults],
    io_lib:format("{\"scenario\":\"~s\",\"parameters\":{~s}}", [Name, lists:join(",", Parameters)]).

set(Setting, Parameters) ->
    [Text | Rest] = string:split(Setting, "="),
    Known = [{Key, least(Key, Default)} || {Key, Default} <- maps:to_list(Parameters), atom_to_list(Key) =:= Text],
    case {Known, [string:to_integer(Value) || Value <- Rest]} of
        {[{Key, Least}], [{Value, []}]} when is_integer(Value), Value >= Least -> Parameters#{Key := Value};
        _ -> fail("~s is no setting of this scenario; --list prints the parameters", [Setting])
    end.

least(bytes, _Default) -> 0;
least(depth, _Default) -> 0;
least(_Key, Default) -> min(1, Default).

fail(Format, Arguments) ->
    io:format(standard_error, Format ++ "~n", Arguments),
    halt(1).
