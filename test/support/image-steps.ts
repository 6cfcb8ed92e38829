/** Random first states of modules, and steps of actors that take turns in instances. */
import fc from "fast-check";
import { type Guest, type ImageStep, INSTANCES } from "./image-player.ts";

const PAGE_BYTES = 65_536;

/** Places near the beginning, where guests have all they have, or anywhere. */
const place = fc.oneof(
  { weight: 6, arbitrary: fc.nat(9000) },
  { weight: 2, arbitrary: fc.nat(2 * PAGE_BYTES) },
  { weight: 1, arbitrary: fc.constantFrom(0, PAGE_BYTES - 1, PAGE_BYTES, 2 * PAGE_BYTES - 1) },
);
const content = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 9 }),
  fc.uint8Array({ minLength: 1, maxLength: 200 }),
  fc.nat(300).map(length => new Uint8Array(length + 1)),
);
/** Doubles whose bits survive a JavaScript number. */
const value = fc.oneof(fc.constant(0), fc.double({ noNaN: true }));

/** A first state in few words, because a memory is long to print. */
export interface FirstState {
  readonly pages: number;
  readonly parts: readonly (readonly [at: number, bytes: Uint8Array])[];
  readonly globals: number[];
  readonly limit: number;
  readonly scratch: number;
}

export const firstState: fc.Arbitrary<FirstState> = fc.record({
  pages: fc.constantFrom(1, 1, 2),
  parts: fc.array(fc.tuple(place, content), { maxLength: 6 }),
  globals: fc.oneof(fc.array(value, { maxLength: 30 }), fc.constant<number[]>([])),
  limit: fc.nat(6000),
  scratch: fc.constantFrom(0, 0, 0, 64, 320, 4096, PAGE_BYTES),
});

export function guestIn({ pages, parts, globals, limit, scratch }: FirstState): Guest {
  const bytes = new Uint8Array(pages * PAGE_BYTES);
  for (const [at, part] of parts) bytes.set(part, at % (bytes.length - part.length));
  return { bytes, globals: [...globals], limit, scratch };
}

const of = fc.nat(INSTANCES - 1);
const which = fc.nat(9);
const one = (...what: ("leave" | "saveOnly" | "keepOnly" | "end" | "grow" | "derive")[]) =>
  fc.record({ do: fc.constantFrom(...what), of });

export const imageStep: fc.Arbitrary<ImageStep> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("spawn" as const), of, which }) },
  { weight: 4, arbitrary: one("leave") },
  { weight: 2, arbitrary: one("saveOnly", "keepOnly", "end") },
  { weight: 2, arbitrary: one("grow", "derive") },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("enter" as const), of, which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), of, which }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("write" as const), of, at: place, bytes: content }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("global" as const), of, which: fc.nat(40), value }) },
);
