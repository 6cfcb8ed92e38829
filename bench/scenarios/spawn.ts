import { guestScenario } from "../scenario.ts";

export const spawn = guestScenario({
  name: "spawn",
  summary: "actors born, run, ended and seen to end, one after the other",
  operation: "an actor born, run, ended and seen to end",
  parameters: { count: 20_000 },
  guest: "spawn",
  operations: ({ count }) => count,
});

export const spawnStorm = guestScenario({
  name: "spawn-storm",
  summary: "the same, all born before the first is looked after",
  operation: "an actor born, run, ended and seen to end",
  parameters: { count: 10_000 },
  guest: "spawn",
  entry: "storm",
  operations: ({ count }) => count,
});
