import { guestScenario, share } from "../scenario.ts";

export const fanOut = guestScenario({
  name: "fan-out",
  summary: "one actor sends to many",
  operation: "a message received",
  parameters: { receivers: 1000, messages: 200_000 },
  guest: "fan-out",
  operations: ({ receivers, messages }) => receivers * share(messages, receivers),
});
