%% Savina's requests: processes that ask another process while more requests wait in their
%% mailboxes. They receive the reply by selective receive. The reference is made in the same
%% function, so the receive skips all earlier messages (the receive marker, an optimisation of the
%% compiler).
-module(peer_requests).
-export([banking/1, log_map/1]).

-define(BALANCE, 1000000).

%% The round is the teller. Money only goes from lower to higher accounts, so no two accounts wait
%% for each other.
banking(#{accounts := Accounts, transactions := Transactions}) ->
    {Elapsed, Completed} = peer_round:timed(fun() ->
        Pids = [spawn_behind_queue(fun() -> account(?BALANCE) end) || _ <- lists:seq(1, Accounts)],
        order(list_to_tuple(Pids), Transactions, 123456),
        Count = length([receive completed -> ok end || _ <- lists:seq(1, Transactions)]),
        [Pid ! {close, self()} || Pid <- Pids],
        Total = Accounts * ?BALANCE,
        Total = lists:sum([receive {Pid, Balance} -> Balance end || Pid <- Pids]),
        Count
    end),
    #{operations => Transactions, check => Completed, elapsed => Elapsed}.

order(_Accounts, 0, _Random) ->
    ok;
order(Accounts, Left, Random0) ->
    Size = tuple_size(Accounts),
    Random1 = random(Random0),
    Source = Random1 rem max(1, Size div 10 * 8),
    Random2 = random(Random1),
    Target = Source + max(1, Random2 rem (Size - Source)),
    Random3 = random(Random2),
    element(Source + 1, Accounts) ! {transfer, self(), element(Target + 1, Accounts), Random3 rem 1000},
    order(Accounts, Left - 1, Random3).

account(Balance) ->
    receive
        {transfer, Teller, Target, Amount} ->
            Reference = make_ref(),
            Target ! {deposit, self(), Reference, Amount},
            receive {Reference, ok} -> Teller ! completed end,
            account(Balance - Amount);
        {deposit, From, Reference, Amount} ->
            From ! {Reference, ok},
            account(Balance + Amount);
        {close, From} ->
            From ! {self(), Balance}
    end.

random(Value) -> (Value * 1309 + 13849) band 65535.

%% The round is the master: it asks each worker for all terms at once. Each worker asks a computer
%% for one after another.
log_map(#{terms := Terms, series := Series}) ->
    {Elapsed, Computed} = peer_round:timed(fun() ->
        Workers = [{worker(I), I} || I <- lists:seq(0, Series - 1)],
        request(Workers, Terms),
        lists:sum([result(Worker, I, Terms) || {Worker, I} <- Workers])
    end),
    #{operations => Terms * Series, check => Computed, elapsed => Elapsed}.

worker(I) ->
    spawn_behind_queue(fun() -> series(computer(rate(I)), start(I), 0) end).

rate(I) -> 3.46 + I * 0.0025.
start(I) -> I * 0.0025.

request(Workers, 0) ->
    [Worker ! {result, self()} || {Worker, _} <- Workers];
request(Workers, Left) ->
    [Worker ! next || {Worker, _} <- Workers],
    request(Workers, Left - 1).

result(Worker, I, Terms) ->
    receive
        {Worker, Term, Computed} ->
            Term = straight(rate(I), start(I), Terms),
            Computed
    end.

straight(_Rate, Term, 0) -> Term;
straight(Rate, Term, Left) -> straight(Rate, Rate * Term * (1 - Term), Left - 1).

series(Computer, Term, Computed) ->
    receive
        next ->
            Reference = make_ref(),
            Computer ! {compute, self(), Reference, Term},
            receive {Reference, Next} -> series(Computer, Next, Computed + 1) end;
        {result, From} ->
            From ! {self(), Term, Computed}
    end.

computer(Rate) ->
    spawn_link(fun() -> compute(Rate) end).

compute(Rate) ->
    receive
        {compute, From, Reference, Term} ->
            From ! {Reference, Rate * Term * (1 - Term)},
            compute(Rate)
    end.

%% A process whose mailbox is off the heap, because many messages wait in it and a collection would
%% copy them. Banking takes two thirds of the time that it takes with messages on the heap, log-map
%% an eighth. Other scenarios gain nothing.
spawn_behind_queue(Function) ->
    spawn_opt(Function, [link, {message_queue_data, off_heap}]).
