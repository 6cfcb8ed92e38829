import { type Beside, guestScenario, type Scenario, type Sweep } from "../scenario.ts";

/** The mailbox holds so many messages that are not wanted; they came before the one that is. */
const depths = [0, 10, 100, 1000, 10_000];

/** What waiting for a reply costs where nothing else is there, in the same rounds. */
const emptyMailbox: Beside = {
  name: "empty mailbox",
  prepare: parameters => selectiveRef.prepare({ ...parameters, depth: 0 }, "process"),
};

export const selectiveRef: Scenario = guestScenario({
  name: "selective-ref",
  summary: "calls, whose answers are waited for by their refs, behind other messages",
  operation: "a request and its reply",
  parameters: { depth: 10_000, calls: 10_000 },
  sweep: { ...byDepth(depth => ({ depth })), beside: [emptyMailbox] },
  guest: "selective",
  entry: "by_ref",
  operations: ({ calls }) => calls,
});

export const selectiveTag = guestScenario({
  name: "selective-tag",
  summary: "receives of the message with a tag, behind other messages",
  operation: "a message sent to oneself and received from behind all others",
  parameters: { depth: 10_000, scans: 100 },
  sweep: byDepth(scansAt),
  guest: "selective",
  entry: "by_tag",
  operations: ({ scans }) => scans,
});

export const selectivePredicate = guestScenario({
  name: "selective-predicate",
  summary: "receives of the message that the guest's predicate wants, behind other messages",
  operation: "a message sent to oneself and received from behind all others",
  parameters: { depth: 10_000, scans: 100 },
  sweep: byDepth(scansAt),
  guest: "selective",
  entry: "by_predicate",
  operations: ({ scans }) => scans,
});

function byDepth(at: (depth: number) => Sweep["points"][number]): Sweep {
  return { along: "depth", points: depths.map(at), styles: ["process"], peers: ["erlang"] };
}

/** At each depth about as many messages are looked at. */
function scansAt(depth: number): { depth: number; scans: number } {
  return { depth, scans: Math.min(100_000, Math.round(1_000_000 / Math.max(1, depth))) };
}
