import { guestScenario } from "../harness/guest-scenario.ts";

export const logMap = guestScenario({
  name: "log-map",
  summary: "Savina: terms of series, requested one after another",
  operation: "a term computed: a request and its reply",
  parameters: { terms: 25_000, series: 10 },
  guest: "log-map",
  peerFile: "requests",
  operations: ({ terms, series }) => terms * series,
});
