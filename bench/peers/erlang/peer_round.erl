%% Functions for all scenarios.
-module(peer_round).
-export([timed/1, share/2]).

%% The nanoseconds that a function took, and its result.
timed(Function) ->
    Began = erlang:monotonic_time(nanosecond),
    Answer = Function(),
    {erlang:monotonic_time(nanosecond) - Began, Answer}.

%% The part of a total that each process does, rounded down.
share(Total, Actors) -> max(1, Total div Actors).
