/** Dead items: what is left of an item that was taken from the middle of a mailbox. */
import { beforeEach, expect, test } from "vitest";
import { type Kernel, kernel } from "../support/kernel-functions.ts";
import { kernelMemory, readMailbox, word } from "../support/kernel-memory.ts";
import * as W from "../support/words.ts";

let memory: WebAssembly.Memory;
let record: number;

beforeEach(() => {
  memory = kernelMemory();
  kernel.useMemories(memory, new WebAssembly.Memory({ initial: 1 }));
  kernel.useOutside({ hostHeadroom: () => undefined, hostSeed: () => undefined });
  record = kernel.open();
});

const arrives = (tag: number) => kernel.deliver(record, W.MESSAGE, tag, 0, 0, 0, 0, 8, 0, false);
const find = (tag: number): number => (kernel as Kernel).findTag(record, word(memory, record + W.HEAD), tag);

/** How many dead items a walk passes one by one. */
function deadRuns(): number {
  let runs = 0;
  for (let at = word(memory, record + W.HEAD); at !== word(memory, record + W.TAIL); ) {
    const kind = word(memory, at + W.KIND);
    if (kind === W.IS_DEAD) runs++;
    at = kind === W.IS_LINK ? word(memory, at + W.TAG) : at + (kind === W.IS_DEAD ? word(memory, at + W.TAG) : 40);
  }
  return runs;
}

test("dead items side by side become one, so that a walk behind an item that stays passes them at once", () => {
  arrives(1);
  for (let i = 0; i < 400; i++) arrives(2);
  for (let i = 0; i < 150; i++) kernel.remove(record, find(2));
  expect(find(2)).not.toBe(0);
  const { dead, items, segments } = readMailbox(memory, record);
  expect([dead, items.length]).toEqual([150, 251]);
  // A link ends a run.
  expect(deadRuns()).toBeLessThanOrEqual(segments.length);
});

test("dead items are not joined where the save pointer stands", () => {
  for (const tag of [1, 2, 2, 2, 2, 3]) arrives(tag);
  // The last of them, which lies in one segment with the one before.
  const saved = kernel.next(record, kernel.next(record, kernel.next(record, find(2))));
  kernel.remove(record, find(2));
  kernel.remove(record, find(2));
  new Int32Array(memory.buffer)[(record + W.SAVED) >> 2] = saved;
  kernel.remove(record, find(2));
  kernel.remove(record, find(2));
  find(3);
  kernel.remove(record, find(1));
  expect(kernel.first(record)).toBe(find(3));
  // It has gone along with the front of the mailbox, and is at no place that was given back.
  expect(word(memory, record + W.SAVED)).toBe(word(memory, record + W.HEAD));
  expect(kernel.from(record, word(memory, record + W.SAVED))).toBe(find(3));
});
