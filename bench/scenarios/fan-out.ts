import { guestScenario } from "../harness/guest-scenario.ts";
import { share } from "../harness/round.ts";

export const fanOut = guestScenario({
  name: "fan-out",
  summary: "one actor sends to many",
  operation: "a message received",
  parameters: { receivers: 1000, messages: 200_000 },
  guest: "fan-out",
  peerFile: "messages",
  operations: ({ receivers, messages }) => receivers * share(messages, receivers),
});
