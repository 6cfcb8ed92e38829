%% Plays programs in OTP's own supervisor, for otp-supervisor.test.ts: one term a line on standard input,
%%   {Strategy, Intensity, [{Id, Restart}], [[Act]]}.
%%   Act: {fail, Id, Times} | {'end', Id, Reason} | {start, Id, Restart} | {stop, Id}
%% and for each batch of acts a line on standard output: the trace so far, the results so far, the children, or `ended`.
-module(otp_supervisor).
-behaviour(supervisor).
-export([main/0, init/1, start/1]).

main() ->
  ets:new(play, [named_table, public, ordered_set]),
  process_flag(trap_exit, true),
  logger:set_primary_config(level, none),
  lines(),
  halt().

lines() ->
  case io:read("") of
    eof -> ok;
    {ok, Program} -> play(Program), lines()
  end.

init({Strategy, Intensity, Children}) ->
  Flags = #{strategy => Strategy, intensity => Intensity, period => 100000},
  {ok, {Flags, [spec(Id, Restart) || {Id, Restart} <- Children]}}.

spec(Id, Restart) -> #{id => Id, start => {?MODULE, start, [Id]}, restart => Restart, shutdown => 5000}.

play({Strategy, Intensity, Children, Batches}) ->
  ets:delete_all_objects(play),
  {ok, Supervisor} = supervisor:start_link(?MODULE, {Strategy, Intensity, Children}),
  lists:foldl(fun(Batch, Results) -> batch(Supervisor, Batch, Results) end, [], Batches),
  io:format("~n"),
  unlink(Supervisor),
  Ref = monitor(process, Supervisor),
  exit(Supervisor, kill),
  receive {'DOWN', Ref, _, _, _} -> ok end,
  [exit(Pid, kill) || {{pid, _}, Pid} <- ets:tab2list(play)],
  flush().

flush() -> receive _ -> flush() after 0 -> ok end.

%% All acts are in the supervisor's mailbox, in order, before it looks at the first.
batch(Supervisor, Acts, Results) ->
  Lives = is_process_alive(Supervisor),
  Lives andalso sys:suspend(Supervisor),
  Asked = lists:flatmap(fun(Act) -> act(Supervisor, Lives, Act) end, Acts),
  Lives andalso sys:resume(Supervisor),
  [catch supervisor:count_children(Supervisor) || _ <- lists:seq(1, 24)],
  All = Results ++ [answer(A) || A <- Asked],
  Trace = [What || {_, What} <- lists:sort([{N, What} || {{trace, N}, What} <- ets:tab2list(play)])],
  Now = case catch supervisor:which_children(Supervisor) of
    List when is_list(List) -> [{Id, is_pid(Pid)} || {Id, Pid, _, _} <- List];
    _ -> ended
  end,
  io:format("~s~n", [json({Trace, All, Now})]),
  All.

act(_, _, {fail, Id, Times}) -> ets:insert(play, {{fail, Id}, Times}), [];
act(Supervisor, Lives, {'end', Id, Reason}) ->
  Pid = case ets:lookup(play, {pid, Id}) of [{_, P}] -> P; [] -> undefined end,
  case is_pid(Pid) andalso is_process_alive(Pid) of
    true ->
      Ref = monitor(process, Pid),
      Pid ! {die, Reason},
      receive {'DOWN', Ref, _, _, _} -> ok end,
      Lives andalso arrived(Supervisor, Pid);
    false -> ok
  end,
  [];
act(_, false, _) -> [ended];
act(Supervisor, true, {start, Id, Restart}) -> [call(Supervisor, {start_child, spec(Id, Restart)})];
act(Supervisor, true, {stop, Id}) ->
  Asked = call(Supervisor, {terminate_child, Id}),
  _ = call(Supervisor, {delete_child, Id}),
  [Asked].

arrived(Supervisor, Pid) ->
  {messages, Messages} = process_info(Supervisor, messages),
  case lists:any(fun({'EXIT', From, _}) -> From =:= Pid; (_) -> false end, Messages) of
    true -> ok;
    false -> erlang:yield(), arrived(Supervisor, Pid)
  end.

call(Supervisor, Request) ->
  Ref = make_ref(),
  Supervisor ! {'$gen_call', {self(), Ref}, Request},
  Ref.

answer(ended) -> ended;
answer(Ref) ->
  receive
    {Ref, {ok, _}} -> started;
    {Ref, ok} -> stopped;
    {Ref, {error, not_found}} -> 'no such child';
    {Ref, {error, {already_started, _}}} -> present;
    {Ref, {error, already_present}} -> present;
    {Ref, {error, _}} -> failed
  after 0 -> ended
  end.

trace(What, Id) -> ets:insert(play, {{trace, erlang:unique_integer([monotonic])}, {What, Id}}).

%% Called in the supervisor.
start(Id) ->
  case ets:lookup(play, {fail, Id}) of
    [{_, Times}] when Times > 0 ->
      ets:insert(play, {{fail, Id}, Times - 1}),
      trace(fail, Id),
      {error, no_luck};
    _ ->
      trace(start, Id),
      Supervisor = self(),
      Ref = make_ref(),
      Pid = spawn_link(fun() -> process_flag(trap_exit, true), Supervisor ! Ref, child(Supervisor, Id) end),
      receive Ref -> ok end,
      ets:insert(play, {{pid, Id}, Pid}),
      {ok, Pid}
  end.

child(Supervisor, Id) ->
  receive
    {die, Reason} -> exit(Reason);
    {'EXIT', Supervisor, shutdown} -> trace(stop, Id), exit(shutdown)
  end.

json({Trace, Results, Now}) ->
  Text = fun(Format, Terms) -> lists:flatten(io_lib:format(Format, Terms)) end,
  List = fun(Items) -> "[" ++ lists:join(",", Items) ++ "]" end,
  Children = case Now of
    ended -> "null";
    _ -> List([Text("\"~s~s\"", [Id, case Runs of true -> "+"; false -> "-" end]) || {Id, Runs} <- lists:reverse(Now)])
  end,
  ["[", List([Text("\"~s ~s\"", [What, Id]) || {What, Id} <- Trace]), ",",
   List([Text("\"~s\"", [Result]) || Result <- Results]), ",", Children, "]"].
