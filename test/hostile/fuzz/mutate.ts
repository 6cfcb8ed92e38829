/**
 * Damage to a module's bytes: some of it blind, some of it in the right place, so that what is
 * wrong is what the bytes say and not their frame.
 */
import fc from "fast-check";
import { HEADER, section, u32 } from "./encode.ts";

/** Places are taken modulo what there is. */
export type Mutation =
  | { readonly do: "flip"; readonly at: number; readonly bit: number }
  | { readonly do: "cut"; readonly at: number; readonly length: number }
  | { readonly do: "end"; readonly at: number }
  | { readonly do: "insert"; readonly at: number; readonly bytes: readonly number[] }
  | { readonly do: "duplicate"; readonly which: number }
  | { readonly do: "drop"; readonly which: number }
  | { readonly do: "swap"; readonly which: number; readonly other: number }
  | { readonly do: "byte"; readonly which: number; readonly at: number; readonly value: number }
  | {
      readonly do: "number";
      readonly which: number;
      readonly at: number;
      readonly value: number;
      readonly padded: boolean;
    };

const place = fc.nat(100_000);
const byte = fc.nat(255);
const number = fc.oneof(
  fc.nat(20),
  fc.constantFrom(
    63,
    64,
    127,
    128,
    16_383,
    65_535,
    65_536,
    65_537,
    10_000_000,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
  ),
);

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("flip" as const), at: place, bit: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), at: place, length: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end" as const), at: place }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("insert" as const), at: place, bytes: fc.array(byte, { maxLength: 8 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("duplicate" as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("swap" as const), which: fc.nat(20), other: fc.nat(20) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("byte" as const), which: fc.nat(20), at: place, value: byte }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("number" as const),
      which: fc.nat(20),
      at: place,
      value: number,
      padded: fc.boolean(),
    }),
  },
);

export function mutate(bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array<ArrayBuffer> {
  let damaged = [...bytes];
  for (const mutation of mutations) damaged = apply(damaged, mutation);
  return Uint8Array.from(damaged);
}

function apply(bytes: number[], mutation: Mutation): number[] {
  if (bytes.length === 0) return bytes;
  if (mutation.do === "flip") return replaced(bytes, mutation.at, 1, old => [old[0] ^ (1 << mutation.bit)]);
  if (mutation.do === "cut") return replaced(bytes, mutation.at, mutation.length, () => []);
  if (mutation.do === "end") return bytes.slice(0, mutation.at % bytes.length);
  if (mutation.do === "insert") return replaced(bytes, mutation.at, 0, () => mutation.bytes);
  const sections = sectionsOf(bytes);
  if (sections === undefined || sections.length === 0) return bytes;
  return [...HEADER, ...inSections(sections, mutation).flatMap(({ id, body }) => section(id, body))];
}

interface Section {
  readonly id: number;
  readonly body: readonly number[];
}

type OfSections = Extract<Mutation, { readonly which: number }>;

function inSections(sections: readonly Section[], mutation: OfSections): readonly Section[] {
  const index = mutation.which % sections.length;
  const { id, body } = sections[index];
  if (mutation.do === "duplicate") return sections.toSpliced(index, 0, sections[index]);
  if (mutation.do === "drop") return sections.toSpliced(index, 1);
  if (mutation.do === "swap") {
    const other = mutation.other % sections.length;
    return sections.with(index, sections[other]).with(other, sections[index]);
  }
  if (body.length === 0) return sections;
  if (mutation.do === "byte") {
    return sections.with(index, { id, body: replaced(body, mutation.at, 1, () => [mutation.value]) });
  }
  const at = mutation.at % body.length;
  const length = body.slice(at).findIndex(next => next < 0x80) + 1;
  return sections.with(index, { id, body: replaced(body, at, length, () => leb(mutation.value, mutation.padded)) });
}

/** A number in no more bytes than it needs, or in five, which is allowed too. */
function leb(value: number, padded: boolean): number[] {
  const bytes = u32(value);
  if (!padded || bytes.length >= 5) return bytes;
  return [...bytes.map(byte => byte | 0x80), ...Array(4 - bytes.length).fill(0x80), 0];
}

function replaced(
  bytes: readonly number[],
  place: number,
  length: number,
  by: (old: readonly number[]) => readonly number[],
): number[] {
  const at = place % bytes.length;
  return [...bytes.slice(0, at), ...by(bytes.slice(at, at + length)), ...bytes.slice(at + length)];
}

/** Undefined where the bytes do not divide into sections. */
function sectionsOf(bytes: readonly number[]): Section[] | undefined {
  const sections: Section[] = [];
  for (let at = HEADER.length; at < bytes.length; ) {
    const id = bytes[at++];
    let size = 0;
    for (let scale = 1, more = true; more; scale *= 0x80) {
      const next = bytes[at++];
      if (next === undefined) return undefined;
      size += (next & 0x7f) * scale;
      more = next >= 0x80;
    }
    if (at + size > bytes.length) return undefined;
    sections.push({ id, body: bytes.slice(at, at + size) });
    at += size;
  }
  return sections;
}
