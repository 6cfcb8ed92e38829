import { guestScenario } from "../harness/guest-scenario.ts";

export const threadRing = guestScenario({
  name: "thread-ring",
  summary: "Savina: a token goes round a ring of actors",
  operation: "a hop of the token",
  parameters: { actors: 100, hops: 100_000 },
  guest: "thread-ring",
  peerFile: "messages",
  operations: ({ hops }) => hops,
});
