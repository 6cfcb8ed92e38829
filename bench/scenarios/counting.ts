import { guestScenario } from "../scenario.ts";

export const counting = guestScenario({
  name: "counting",
  summary: "Savina: one actor counts the increments of another",
  operation: "an increment counted",
  parameters: { messages: 1_000_000 },
  guest: "counting",
  operations: ({ messages }) => messages,
});
