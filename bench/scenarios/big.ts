import { guestScenario } from "../scenario.ts";

export const big = guestScenario({
  name: "big",
  summary: "Savina: actors that ping one another at random",
  operation: "a ping or a pong received",
  parameters: { actors: 120, pings: 20_000 },
  guest: "big",
  operations: ({ actors, pings }) => 2 * actors * pings,
});
