import { guestScenario } from "../scenario.ts";

export const logMap = guestScenario({
  name: "log-map",
  summary: "Savina: series of numbers, each term asked for while requests for the next ones wait",
  operation: "a term computed: a request and its reply",
  parameters: { terms: 25_000, series: 10 },
  guest: "log-map",
  operations: ({ terms, series }) => terms * series,
});
