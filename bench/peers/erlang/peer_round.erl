%% What all scenarios need for a round.
-module(peer_round).
-export([timed/1, share/2]).

%% The nanoseconds that a function took, and its answer.
timed(Function) ->
    Began = erlang:monotonic_time(nanosecond),
    Answer = Function(),
    {erlang:monotonic_time(nanosecond) - Began, Answer}.

%% What each of so many does of a total.
share(Total, Actors) -> max(1, Total div Actors).
