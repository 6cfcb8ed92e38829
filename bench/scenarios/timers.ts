import { guestScenario } from "../scenario.ts";

export const timers = guestScenario({
  name: "timers",
  summary: "timers set at once, due within a span; how late they come",
  operation: "a timer set and fired",
  parameters: { timers: 5000, spanMs: 100 },
  paced: true,
  guest: "timers",
  operations: ({ timers }) => timers,
});
