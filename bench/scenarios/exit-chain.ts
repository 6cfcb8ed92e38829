import { guestScenario } from "../harness/guest-scenario.ts";

export const exitChain = guestScenario({
  name: "exit-chain",
  summary: "an exit signal that ends a chain of linked actors",
  operation: "an actor ended by the exit signal of the one before it, and its Down received",
  parameters: { actors: 2000 },
  guest: "exit-chain",
  peerFile: "links",
  operations: ({ actors }) => actors,
});
