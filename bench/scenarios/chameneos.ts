import { guestScenario } from "../harness/guest-scenario.ts";

export const chameneos = guestScenario({
  name: "chameneos",
  summary: "Savina: creatures that meet in pairs and change colour",
  operation: "a meeting, which is four messages",
  parameters: { chameneos: 100, meetings: 200_000 },
  guest: "chameneos",
  peerFile: "chameneos",
  operations: ({ meetings }) => meetings,
});
