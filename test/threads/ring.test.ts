/** A ring gives what was written, in order and whole; a way carries records of any length through it. */
import { fc, test as law } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { Bell } from "../../host/threads/bell.ts";
import { RingWay } from "../../host/threads/ring-way.ts";
import { RING_BYTES, Ring, SharedSpace } from "../../host/threads/shared.ts";
import type { Port } from "../../host/threads/way.ts";

function pair() {
  const space = SharedSpace.create(2) as SharedSpace;
  const port: Port = { onmessage: null, postMessage: () => undefined, close: () => undefined };
  const arrived: Uint8Array[] = [];
  const rings = [new Ring(space, space.ringOf(0, 1)), new Ring(space, space.ringOf(1, 0))] as const;
  const way = (here: number, arrive: (records: Uint8Array) => void) => {
    const [out, into] = here === 0 ? rings : [rings[1], rings[0]];
    const bell = new Bell(space.words, space.bellOf(1 - here));
    return new RingWay(
      [out, into],
      bell,
      port,
      arrive,
      () => undefined,
      () => undefined,
    );
  };
  return { from: way(0, () => undefined), to: way(1, records => arrived.push(records.slice())), arrived };
}

/** A record with so many bytes of payload, and a mark. */
function record(mark: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(40 + Math.ceil(length / 8) * 8).fill(mark & 255);
  new Int32Array(bytes.buffer).set([1, mark, 0, 0, 0, 0, length, 0, 0, 0]);
  return bytes;
}

const marks = (arrived: readonly Uint8Array[]) =>
  arrived.flatMap(bytes => {
    const words = new Int32Array(bytes.buffer);
    const found: number[] = [];
    for (let at = 0; at < bytes.length; at += 40 + Math.ceil(words[(at + 24) >> 2] / 8) * 8) {
      const length = words[(at + 24) >> 2];
      const mark = words[(at + 4) >> 2];
      expect(bytes.subarray(at + 40, at + 40 + length).every(byte => byte === (mark & 255))).toBe(true);
      found.push(mark);
    }
    return found;
  });

test("a record longer than a ring goes in pieces, and what stands behind it waits", () => {
  const { from, to, arrived } = pair();
  from.carry(record(1, 8));
  from.carry(record(2, 3 * RING_BYTES));
  from.carry(record(3, 100));
  for (let i = 0; i < 200; i++) {
    to.poll();
    from.poll();
  }
  expect(marks(arrived)).toEqual([1, 2, 3]);
});

test("a carrier says that it is not ready while a mebibyte waits", () => {
  const { from, to } = pair();
  expect(from.isReady).toBe(true);
  for (let i = 0; i < 6; i++) from.carry(record(i, RING_BYTES));
  expect(from.isReady).toBe(false);
  for (let i = 0; i < 200; i++) {
    to.poll();
    from.poll();
  }
  expect(from.isReady).toBe(true);
  expect(from.isNeeded()).toBe(false);
});

law.prop([fc.array(fc.oneof(fc.nat(64), fc.nat(20_000)), { maxLength: 200 }), fc.array(fc.nat(3), { maxLength: 200 })])(
  "records arrive whole and in order, whoever is slow",
  (lengths, steps) => {
    const { from, to, arrived } = pair();
    const left = lengths.map((length, mark) => record(mark, length));
    for (const step of steps) {
      const next = step < 2 ? left.shift() : undefined;
      if (next !== undefined) from.carry(next);
      else if (step === 2) to.poll();
      else from.poll();
    }
    for (const next of left) from.carry(next);
    while (to.isNeeded() || from.isNeeded()) {
      to.poll();
      from.poll();
    }
    expect(marks(arrived)).toEqual(lengths.map((_, mark) => mark));
  },
);
