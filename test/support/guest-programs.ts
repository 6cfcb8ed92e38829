/** What guests do that are written in TypeScript, and what happens to them meanwhile: at random. */
import fc from "fast-check";
import type { Item } from "./kernel-items.ts";
import * as W from "./words.ts";

const index = fc.nat(3);
const length = fc.oneof({ weight: 6, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(5000) });
const tag = fc.nat(3);
const which = fc.nat(5);

const receive = fc.record({
  do: fc.constant("receive" as const),
  how: fc.constantFrom("any" as const, "tag" as const, "ref" as const, "match" as const, "match" as const),
  tag,
  which,
  predicate: fc.nat(31),
  info: fc.nat(9),
  pointer: fc.integer({ min: 1000, max: 20_000 }),
  capacity: fc.oneof({ weight: 2, arbitrary: fc.nat(70) }, { weight: 3, arbitrary: fc.nat(6000) }),
  timeoutMs: fc.oneof(fc.constant(0), fc.constant(-1), fc.integer({ min: 1, max: 50 })),
});
export type Receive = typeof receive extends fc.Arbitrary<infer R> ? R : never;

const command = fc.oneof(
  { weight: 10, arbitrary: receive },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const), receive, times: fc.nat(60) }) },
  // The same receive, with room for all that it may find.
  { weight: 3, arbitrary: fc.record({ do: fc.constant("again" as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("send" as const), to: index, tag, length }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("flood" as const), to: index, many: fc.integer({ min: 200, max: 300 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("request" as const), to: index, tag, length }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("answer" as const), which, length }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("demonitor" as const), which, flush: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("monitor" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("spend" as const), left: fc.nat(2) }) },
);
export type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

/** Processes, but the third, which is a handler. The second has no `match_first`. */
export const programs: fc.Arbitrary<Command[][]> = fc.array(
  fc.array(command, { minLength: 5, maxLength: 60, size: "large" }),
  {
    minLength: 4,
    maxLength: 4,
  },
);

export const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("deliver" as const),
      to: index,
      kind: fc.constantFrom(W.MESSAGE, W.MESSAGE, W.MESSAGE, W.TIMER, W.EXIT),
      tag,
      length,
      isOutside: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
      many: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 5 }) }, fc.integer({ min: 1, max: 120 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("down" as const), to: index, which, length: fc.nat(40) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("run" as const),
      turns: fc.integer({ min: 1, max: 40 }),
      isTimed: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), byMs: fc.nat(30) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A poll that takes any item. */
export const WIDE: Receive = {
  ...{ do: "receive", how: "any", tag: 0, which: 0, predicate: 0, info: 1, pointer: 1111, capacity: 30_000 },
  timeoutMs: 0,
};

/** What a predicate wants: something of the header, or of the bytes that it is shown. */
export function wants(predicate: number, item: Item, shown: Uint8Array): boolean {
  const parameter = predicate >> 2;
  switch (predicate & 3) {
    case 0:
      return shown.length > 0 && (shown[0] & 7) === parameter;
    case 1:
      return item.tag === parameter;
    case 2:
      return item.payload.length > parameter * 20;
    default:
      // All but one of four tags, or nothing.
      return parameter < 4 && item.tag !== parameter;
  }
}
