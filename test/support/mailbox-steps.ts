/** Steps on the mailboxes of a few actors, at random. */
import fc from "fast-check";
import * as W from "./words.ts";

export const ACTORS = 4;

const length = fc.oneof(
  { weight: 6, arbitrary: fc.nat(80) },
  { weight: 3, arbitrary: fc.nat(3000) },
  { weight: 1, arbitrary: fc.nat(W.MAX_INSIDE_BYTES) },
  { weight: 1, arbitrary: fc.constantFrom(0, W.MAX_INSIDE_BYTES) },
);
// The first has as many steps as all others.
const actor = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: ACTORS - 1 }));
const to = actor;
const tag = fc.nat(4);
const which = fc.nat(11);
const kind = fc.constantFrom(W.MESSAGE, W.MESSAGE, W.DOWN, W.EXIT, W.TIMER);

const arbitraries = {
  deliver: fc.record({ do: fc.constant("deliver" as const), to, kind, tag, length, isBound: fc.boolean() }),
  burst: fc.record({ do: fc.constant("burst" as const), to, many: fc.nat(40), length: fc.nat(100) }),
  deliverOutside: fc.record({ do: fc.constant("deliverOutside" as const), to, kind, tag, length: fc.nat(1 << 20) }),
  answer: fc.record({ do: fc.constant("answer" as const), to, kind, which, length: fc.nat(80) }),
  send: fc.record({ do: fc.constant("send" as const), from: actor, to, tag, length }),
  takeFirst: fc.record({ do: fc.constant("takeFirst" as const), of: actor, many: fc.integer({ min: 1, max: 12 }) }),
  takeTag: fc.record({ do: fc.constant("takeTag" as const), of: actor, tag }),
  takeRef: fc.record({ do: fc.constant("takeRef" as const), of: actor, which }),
  takeAt: fc.record({
    do: fc.constant("takeAt" as const),
    of: actor,
    at: fc.nat(200),
    many: fc.integer({ min: 1, max: 25 }),
  }),
  look: fc.record({ do: fc.constant("look" as const), of: actor, many: fc.nat(20) }),
  rewind: fc.record({ do: fc.constant("rewind" as const), of: actor }),
  park: fc.record({ do: fc.constant("park" as const), of: actor, want: fc.nat(3), tag, which }),
  mark: fc.record({ do: fc.constant("mark" as const), of: actor, many: fc.integer({ min: 1, max: 4 }) }),
  receive: fc.record({
    ...{ do: fc.constant("receive" as const), of: actor, want: fc.nat(3), tag, which },
    capacity: fc.oneof(fc.nat(100), fc.constant(W.MAX_INSIDE_BYTES)),
  }),
  request: fc.record({ do: fc.constant("request" as const), from: actor, to, tag, length: fc.nat(200) }),
  monitor: fc.record({ do: fc.constant("monitor" as const), from: actor, to }),
  link: fc.record({ do: fc.constant("link" as const), from: actor, to }),
  unlink: fc.record({ do: fc.constant("unlink" as const), from: actor, to }),
  trapExit: fc.record({ do: fc.constant("trapExit" as const), of: actor, on: fc.nat(1) }),
  delegate: fc.record({ do: fc.constant("delegate" as const), of: actor, which, by: actor }),
  reply: fc.record({
    ...{ do: fc.constant("reply" as const), of: actor, which, length: fc.nat(80) },
    // -1: the one that was asked.
    by: fc.oneof(fc.constant(-1), actor),
  }),
  demonitor: fc.record({ do: fc.constant("demonitor" as const), of: actor, which }),
  unmark: fc.record({ do: fc.constant("unmark" as const), of: actor, which }),
  flush: fc.record({ do: fc.constant("flush" as const), of: actor, which }),
  end: fc.record({ do: fc.constant("end" as const), of: actor }),
};

export type Step = {
  [Name in keyof typeof arbitraries]: (typeof arbitraries)[Name] extends fc.Arbitrary<infer S> ? S : never;
}[keyof typeof arbitraries];

const weights: Readonly<Record<keyof typeof arbitraries, number>> = {
  deliver: 12,
  burst: 3,
  deliverOutside: 1,
  answer: 4,
  send: 8,
  takeFirst: 5,
  takeTag: 4,
  takeRef: 3,
  takeAt: 8,
  look: 4,
  rewind: 1,
  park: 2,
  mark: 2,
  receive: 3,
  request: 2,
  monitor: 1,
  link: 1,
  unlink: 0.5,
  trapExit: 0.2,
  delegate: 0.5,
  reply: 1.5,
  demonitor: 1.5,
  unmark: 1,
  flush: 2,
  end: 0.2,
};

export const step: fc.Arbitrary<Step> = fc.oneof(
  ...Object.entries(arbitraries).map(([name, arbitrary]) => ({
    weight: weights[name as keyof typeof arbitraries] * 10,
    arbitrary: arbitrary as fc.Arbitrary<Step>,
  })),
);
