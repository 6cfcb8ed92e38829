import { guestScenario } from "../harness/guest-scenario.ts";
import { share } from "../harness/round.ts";

export const fanIn = guestScenario({
  name: "fan-in",
  summary: "many actors send to one",
  operation: "a message received",
  parameters: { senders: 1000, messages: 200_000 },
  guest: "fan-in",
  peerFile: "messages",
  operations: ({ senders, messages }) => senders * share(messages, senders),
});
