import { guestScenario } from "../harness/guest-scenario.ts";

export const forkJoinThroughput = guestScenario({
  name: "fork-join-throughput",
  summary: "Savina: actors that compute a sine for each message",
  operation: "a message received and its sine computed",
  parameters: { actors: 60, messages: 10_000 },
  guest: "fork-join",
  peerFile: "crowd",
  entry: "throughput",
  operations: ({ actors, messages }) => actors * messages,
});

export const forkJoinCreate = guestScenario({
  name: "fork-join-create",
  summary: "Savina: actors that each compute a sine and end",
  operation: "an actor spawned, sent a message, and its Down received",
  parameters: { workers: 40_000 },
  guest: "fork-join",
  peerFile: "crowd",
  entry: "create",
  operations: ({ workers }) => workers,
});
