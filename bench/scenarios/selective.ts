import { guestScenario } from "../harness/guest-scenario.ts";
import type { Beside, Scenario, Sweep } from "../harness/scenario.ts";

/** Numbers of messages in the mailbox before the wanted one. */
const depths = [0, 10, 100, 1000, 10_000];

/** The same calls with an empty mailbox, in the same rounds. */
const emptyMailbox: Beside = {
  name: "empty mailbox",
  prepare: parameters => selectiveRef.prepare({ ...parameters, depth: 0 }, "process"),
};

export const selectiveRef: Scenario = guestScenario({
  name: "selective-ref",
  summary: "calls with 10,000 other messages in the mailbox",
  operation: "a request and its reply",
  parameters: { depth: 10_000, calls: 10_000 },
  sweep: { ...byDepth(depth => ({ depth })), beside: [emptyMailbox] },
  guest: "selective",
  peerFile: "selective",
  entry: "by_ref",
  operations: ({ calls }) => calls,
});

export const selectiveTag = guestScenario({
  name: "selective-tag",
  summary: "receives by a tag, behind 10,000 other messages",
  operation: "a message sent to itself and received from behind all others",
  parameters: { depth: 10_000, scans: 100 },
  sweep: byDepth(scansAt),
  guest: "selective",
  peerFile: "selective",
  entry: "by_tag",
  operations: ({ scans }) => scans,
});

export const selectivePredicate = guestScenario({
  name: "selective-predicate",
  summary: "receives by a predicate, behind 10,000 other messages",
  operation: "a message sent to itself and received from behind all others",
  parameters: { depth: 10_000, scans: 100 },
  sweep: byDepth(scansAt),
  guest: "selective",
  peerFile: "selective",
  entry: "by_predicate",
  operations: ({ scans }) => scans,
});

function byDepth(at: (depth: number) => Sweep["points"][number]): Sweep {
  return { along: "depth", points: depths.map(at), styles: ["process"], peers: ["erlang"] };
}

/** So many scans that about a million messages are looked at. */
function scansAt(depth: number): { depth: number; scans: number } {
  return { depth, scans: Math.min(100_000, Math.round(1_000_000 / Math.max(1, depth))) };
}
