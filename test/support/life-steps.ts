/** Random lives of actors: spawns, turns, ends, and what the host does in between. */
import { fc } from "@fast-check/vitest";

/** What a guest does in its turn. Actors are named by their place among those that are there. */
export type Act =
  | { readonly do: "write"; readonly at: number; readonly length: number }
  | { readonly do: "global"; readonly which: number; readonly value: number }
  | { readonly do: "grow" | "fill" }
  | { readonly do: "spawn"; readonly child: number; readonly flags: number; readonly args: number }
  | { readonly do: "send"; readonly to: number; readonly length: number }
  | { readonly do: "monitor" | "link" | "kill"; readonly of: number }
  | { readonly do: "trap"; readonly on: number };

/** A turn: what its guest does, and how it stops. */
export interface Turn {
  readonly acts: readonly Act[];
  readonly stops: "parks" | "returns" | "yields";
}

export type LifeStep =
  | { readonly do: "found"; readonly spec: number; readonly args: number }
  | { readonly do: "run"; readonly turns: readonly Turn[] }
  | { readonly do: "end"; readonly of: number; readonly isKilled: boolean }
  | { readonly do: "tell"; readonly many: number }
  | { readonly do: "post"; readonly to: number; readonly length: number }
  | { readonly do: "pin" | "leave"; readonly of: number }
  | { readonly do: "tick"; readonly ms: number }
  | { readonly do: "hostTakes"; readonly of: number; readonly laterMs: number }
  | { readonly do: "dropFree"; readonly pool: number }
  | { readonly do: "watch"; readonly isWatched: boolean }
  | { readonly do: "refs"; readonly many: number };

const who = fc.nat(20);
const short = fc.nat(60);
const just = <T extends string>(...what: T[]) => fc.constantFrom(...what);

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: just("write"), at: fc.nat(60_000), length: fc.nat(300) }) },
  { weight: 6, arbitrary: fc.record({ do: just("global"), which: fc.nat(9), value: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.record({ do: just("grow", "fill", "fill") }) },
  {
    weight: 30,
    arbitrary: fc.record({
      ...{ do: just("spawn"), child: fc.nat(6), args: fc.oneof(fc.constant(0), short, fc.constant(120)) },
      flags: fc.constantFrom(0, 1, 2, 1, 2, 3),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: just("send"), to: who, length: short }) },
  { weight: 10, arbitrary: fc.record({ do: just("monitor", "link"), of: who }) },
  { weight: 1, arbitrary: fc.record({ do: just("kill"), of: who }) },
  { weight: 8, arbitrary: fc.record({ do: just("trap"), on: fc.constantFrom(0, 1, 1) }) },
);

const turn: fc.Arbitrary<Turn> = fc.record({
  acts: fc.array(act, { maxLength: 5 }),
  stops: fc.constantFrom("parks", "parks", "parks", "parks", "returns", "yields"),
});

export const lifeStep: fc.Arbitrary<LifeStep> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: just("found"), spec: fc.nat(3), args: short }) },
  { weight: 20, arbitrary: fc.record({ do: just("run"), turns: fc.array(turn, { minLength: 1, maxLength: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ do: just("end"), of: who, isKilled: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: just("tell"), many: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 9, arbitrary: fc.record({ do: just("post"), to: who, length: short }) },
  { weight: 1, arbitrary: fc.record({ do: just("pin"), of: who }) },
  { weight: 3, arbitrary: fc.record({ do: just("leave"), of: who }) },
  { weight: 2, arbitrary: fc.record({ do: just("tick"), ms: fc.constantFrom(1, 400, 1000, 5000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: just("hostTakes"), of: who, laterMs: fc.constantFrom(0, 10, 999, 1000, 3000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: just("dropFree"), pool: fc.nat(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: just("watch"), isWatched: fc.constantFrom(true, false, false, false, false, false) }),
  },
  { weight: 4, arbitrary: fc.record({ do: just("refs"), many: fc.nat(9) }) },
);

/** How many instances each of the two pools may have. */
export const sizes = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }));
