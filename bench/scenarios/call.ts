import { guestScenario } from "../scenario.ts";

export const call = guestScenario({
  name: "call",
  summary: "a client that calls a server and waits for each answer",
  operation: "a call answered",
  parameters: { calls: 50_000 },
  guest: "call",
  operations: ({ calls }) => calls,
});
