import { guestScenario } from "../harness/guest-scenario.ts";

export const spawn = guestScenario({
  name: "spawn",
  summary: "actors that are spawned and end, one after the other",
  operation: "an actor spawned, run and ended, and its Down received",
  parameters: { count: 20_000 },
  guest: "spawn",
  peerFile: "lives",
  operations: ({ count }) => count,
});

export const spawnStorm = guestScenario({
  name: "spawn-storm",
  summary: "the same, but all are spawned before the first Down",
  operation: "an actor spawned, run and ended, and its Down received",
  parameters: { count: 10_000 },
  guest: "spawn",
  peerFile: "lives",
  entry: "storm",
  operations: ({ count }) => count,
});
