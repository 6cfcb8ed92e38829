/** What the kernel does where its memory has no room left. */
import { beforeEach, expect, test } from "vitest";
import { kernel } from "../support/kernel-functions.ts";
import { audit, kernelMemory, readMailbox, setWord, word } from "../support/kernel-memory.ts";
import * as W from "../support/words.ts";

beforeEach(() => kernel.useOutside({ hostHeadroom: () => undefined, hostSeed: () => undefined }));

const KIB128 = 131_072;
const MIB = 1_048_576;

const bring = (record: number, length: number) => kernel.deliver(record, W.MESSAGE, 1, 0, 0, 0, 0, length, 0, false);

test("a mailbox that the engine refuses memory is as it was, and has room again once others have less", () => {
  const pages = W.FIRST_PAGES + 6;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  setWord(memory, W.ARENA_END, W.ARENA);
  kernel.useMemories(memory, new WebAssembly.Memory({ initial: 0 }));
  const records = [1, 2, 3].map(() => kernel.open());
  for (const record of records) setWord(memory, record + W.STATE, W.RUNNING);
  let accepted = 0;
  while (bring(records[accepted % 2], 9000)) accepted++;
  expect(accepted).toBeGreaterThan(10);
  const before = new Uint8Array(memory.buffer.slice(0));
  expect(bring(records[0], 9000) || bring(records[1], 9000)).toBe(false);
  expect(Buffer.compare(before, new Uint8Array(memory.buffer))).toBe(0);
  audit(memory, records);
  kernel.hide(records[1]);
  kernel.close(records[1]);
  expect(bring(records[0], 9000)).toBe(true);
  audit(memory, records);
});

test("the memory grows by what is needed where an eighth more is refused", () => {
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 34 });
  setWord(memory, W.ARENA_END, 32 * 65_536);
  kernel.useMemories(memory, new WebAssembly.Memory({ initial: 0 }));
  expect(kernel.open()).not.toBe(0);
  expect(memory.buffer.byteLength).toBe(34 * 65_536);
});

test("the arena ends before 4 GiB, where addresses begin at 0 again", () => {
  const memory = kernelMemory();
  setWord(memory, W.ARENA_END, -131_072);
  kernel.useMemories(memory, new WebAssembly.Memory({ initial: 0 }));
  expect(kernel.open()).toBe(0);
  expect(word(memory, W.ARENA_END)).toBe(-131_072);
});

test("blocks of more than 128 KiB are new where no larger one is free, and are halved for smaller ones", () => {
  const memory = kernelMemory();
  kernel.useMemories(memory, new WebAssembly.Memory({ initial: 0 }));
  const classes = [17, 0, 12, 11, 16];
  const blocks = classes.map(sizeClass => kernel.take(sizeClass));
  const end = word(memory, W.ARENA_END);
  expect(blocks.map(at => at - W.ARENA)).toEqual([
    0,
    8 * MIB,
    8 * MIB + KIB128,
    8 * MIB + 3 * KIB128,
    8 * MIB + 4 * KIB128,
  ]);
  expect(end).toBe(blocks[4] + 4 * MIB);
  for (const [i, at] of blocks.entries()) kernel.give(at, classes[i]);
  const parts = Array.from({ length: 8 }, () => kernel.take(14));
  expect(word(memory, W.ARENA_END)).toBe(end);
  expect(new Set(parts).size).toBe(8);
  for (const at of parts) kernel.give(at, 14);
  expect(kernel.take(17)).toBe(end);
});

test("a small mailbox gets its room, whatever all have; a larger one gets none beyond the limit", () => {
  const memory = kernelMemory(0);
  kernel.useMemories(memory, new WebAssembly.Memory({ initial: 0 }));
  const [small, large] = [1, 2].map(() => kernel.open());
  for (const record of [small, large]) setWord(memory, record + W.STATE, W.RUNNING);
  const bound = (record: number, length: number) => kernel.deliver(record, W.MESSAGE, 1, 0, 0, 0, 0, length, 0, true);
  let accepted = 0;
  while (bound(large, 1000)) accepted++;
  expect(word(memory, large + W.ROOM)).toBeLessThanOrEqual(65_536);
  expect(accepted).toBeGreaterThan(40);
  expect(bound(small, W.MAX_INSIDE_BYTES)).toBe(true);
  expect(readMailbox(memory, small).items.length).toBe(1);
  expect(bound(small, 1)).toBe(false);
});
