import { guestScenario } from "../harness/guest-scenario.ts";

export const timers = guestScenario({
  name: "timers",
  summary: "timers that are set at once, and how late they fire",
  operation: "a timer set and fired",
  parameters: { timers: 5000, spanMs: 100 },
  paced: true,
  guest: "timers",
  operations: ({ timers }) => timers,
});
