import { guestScenario } from "../scenario.ts";

export const forkJoinThroughput = guestScenario({
  name: "fork-join-throughput",
  summary: "Savina: actors that compute a sine for each message",
  operation: "a message computed on",
  parameters: { actors: 60, messages: 10_000 },
  guest: "fork-join",
  entry: "throughput",
  operations: ({ actors, messages }) => actors * messages,
});

export const forkJoinCreate = guestScenario({
  name: "fork-join-create",
  summary: "Savina: actors born for one message, all before the first is looked after",
  operation: "an actor born, sent a message, computing and ended",
  parameters: { workers: 10_000 },
  note: "10,000 workers where Savina has 40,000: all are alive at once, and the ceiling is 12,000 or 30,000 actors",
  guest: "fork-join",
  entry: "create",
  operations: ({ workers }) => workers,
});
