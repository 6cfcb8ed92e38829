import { guestScenario } from "../harness/guest-scenario.ts";

export const big = guestScenario({
  name: "big",
  summary: "Savina: actors that ping one another at random",
  operation: "a ping or a pong received",
  parameters: { actors: 120, pings: 20_000 },
  guest: "big",
  peerFile: "crowd",
  operations: ({ actors, pings }) => 2 * actors * pings,
});
