import { guestScenario } from "../scenario.ts";

export const spawn = guestScenario({
  name: "spawn",
  summary: "actors born, run, ended and seen to end, one after the other",
  operation: "an actor born, run, ended and seen to end",
  parameters: { count: 20_000 },
  guest: "spawn",
  operations: ({ count }) => count,
});
