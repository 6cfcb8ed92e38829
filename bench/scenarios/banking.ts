import { guestScenario } from "../harness/guest-scenario.ts";

export const banking = guestScenario({
  name: "banking",
  summary: "Savina: accounts that call one another to move money",
  operation: "a transaction, which is four messages",
  parameters: { accounts: 1000, transactions: 50_000 },
  guest: "banking",
  peerFile: "requests",
  operations: ({ transactions }) => transactions,
});
