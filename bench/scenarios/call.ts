import { guestScenario } from "../harness/guest-scenario.ts";

export const call = guestScenario({
  name: "call",
  summary: "a client that calls a server and waits for each reply",
  operation: "a call and its reply",
  parameters: { calls: 50_000 },
  guest: "call",
  operations: ({ calls }) => calls,
});
