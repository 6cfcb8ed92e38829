import { guestScenario } from "../scenario.ts";

/** The mailbox holds so many messages that are not wanted. */
export const selectiveRef = guestScenario({
  name: "selective-ref",
  summary: "calls, whose answers are waited for by their refs, with other messages in the mailbox",
  operation: "a request and its reply",
  parameters: { depth: 10_000, calls: 10_000 },
  sweep: { along: "depth", points: [{ depth: 1 }, { depth: 10 }, { depth: 100 }, { depth: 1000 }, { depth: 10_000 }] },
  guest: "selective",
  entry: "by_ref",
  operations: ({ calls }) => calls,
});

export const selectiveTag = guestScenario({
  name: "selective-tag",
  summary: "the last of many messages is the one with the tag",
  operation: "a message looked at",
  parameters: { depth: 10_000, scans: 100 },
  sweep: { along: "depth", points: scansOf(10, 100, 1000, 10_000) },
  guest: "selective",
  entry: "by_tag",
  operations: ({ depth, scans }) => depth * scans,
});

export const selectivePredicate = guestScenario({
  name: "selective-predicate",
  summary: "the last of many messages is the one that the guest's predicate wants",
  operation: "a message looked at",
  parameters: { depth: 10_000, scans: 100 },
  sweep: { along: "depth", points: scansOf(10, 100, 1000, 10_000) },
  guest: "selective",
  entry: "by_predicate",
  operations: ({ depth, scans }) => depth * scans,
});

/** Points of a sweep at each of which as many messages are looked at. */
function scansOf(...depths: readonly number[]): { depth: number; scans: number }[] {
  return depths.map(depth => ({ depth, scans: Math.round(1_000_000 / depth) }));
}
