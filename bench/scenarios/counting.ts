import { guestScenario } from "../harness/guest-scenario.ts";

export const counting = guestScenario({
  name: "counting",
  summary: "Savina: one actor counts the increments of another",
  operation: "an increment counted",
  parameters: { messages: 1_000_000 },
  guest: "counting",
  peerFile: "messages",
  operations: ({ messages }) => messages,
});
