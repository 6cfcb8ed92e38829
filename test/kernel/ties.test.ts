/** Many links and monitors: each is found, made and removed in a time that does not depend on their number. */
import { describe, expect, test } from "vitest";
import { compiledKernel } from "../support/compiled-kernel.ts";
import { HostBlocks } from "../support/host-blocks.ts";
import { kernel as source } from "../support/kernel-functions.ts";
import { audit, kernelMemory, seedGenerations, setWord, word } from "../support/kernel-memory.ts";
import { readRing } from "../support/kernel-ties.ts";
import * as W from "../support/words.ts";

const MANY = 100_000;
const BUCKETS = 16_384;

/** Two actors in a new memory. */
function open(kernel: typeof source) {
  const memory = kernelMemory();
  kernel.useMemories(memory, new WebAssembly.Memory({ initial: 1 }));
  const hostSeed = () => seedGenerations(memory, ((3 << 10) | 9) - 1);
  kernel.useOutside({ hostHeadroom: () => undefined, hostMonitor: () => 1, hostSeed });
  const blocks = new HostBlocks(memory, kernel);
  const [watcher, target] = [1, 2].map(() => {
    const record = kernel.open();
    setWord(memory, record + W.FLAGS, W.TAKES_MESSAGES);
    setWord(memory, record + W.SPEC, blocks.specWith(0));
    return record;
  });
  return { memory, watcher, target, blocks };
}

/** How many ties are in the fullest bucket. */
function longestChain(memory: WebAssembly.Memory): number {
  const index = word(memory, W.TIE_INDEX);
  let longest = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    let length = 0;
    for (let tie = word(memory, index + bucket * 4); tie !== 0; tie = word(memory, tie + W.NEXT_IN_BUCKET)) length++;
    longest = Math.max(longest, length);
  }
  return longest;
}

describe.each([
  ["TypeScript", () => source],
  ["WebAssembly", compiledKernel],
])("in %s", (_, make) => {
  test("an actor can have 100,000 monitors of another, in the order in which they were made", () => {
    const kernel = make();
    const { memory, watcher, target, blocks } = open(kernel);
    // Side by side: the most regular refs that there can be.
    const refs = Array.from({ length: MANY }, (_, i) => -5000 - i);
    for (const ref of refs) kernel.watch(watcher, target, ref);
    // 6.1 are in a bucket on average.
    expect(longestChain(memory)).toBeLessThan(40);
    expect(word(memory, word(memory, watcher + W.COLD) + W.TIE_COUNT)).toBe(MANY);
    const ties = readRing(memory, watcher, W.TIES);
    expect(ties.map(tie => word(memory, tie + W.TIE_REF))).toEqual(refs);
    expect(readRing(memory, target, W.WATCHERS)).toEqual(ties);
    expect(refs.every((ref, i) => kernel.findMonitor(watcher, ref) === ties[i])).toBe(true);
    // Every second one goes, from both ends of its chain.
    refs.forEach((ref, i) => {
      if (i % 2 === 0) kernel.dropTie(kernel.findMonitor(watcher, ref));
    });
    expect(refs.map(ref => kernel.findMonitor(watcher, ref) !== 0)).toEqual(refs.map((_, i) => i % 2 === 1));
    for (let tie = kernel.firstWatcher(target); tie !== 0; tie = kernel.firstWatcher(target)) kernel.dropTie(tie);
    expect(kernel.firstTie(watcher)).toBe(0);
    expect(new Float64Array(memory.buffer)[W.BYTES_OF_TIES / 8]).toBe(0);
    audit(memory, [watcher, target], [], blocks.all);
  });

  test("the index depends on a secret: the same ties stand elsewhere in it", () => {
    const kernel = make();
    const placesWith = (secret: readonly [number, number]) => {
      const { memory, watcher, target } = open(kernel);
      secret.forEach((value, i) => {
        setWord(memory, W.TIE_SECRET + 4 * i, value);
      });
      for (let i = 0; i < 100; i++) kernel.watch(watcher, target, -5000 - i);
      const index = word(memory, W.TIE_INDEX);
      return Array.from({ length: BUCKETS }, (_, bucket) => word(memory, index + bucket * 4) !== 0).flatMap(
        (isUsed, bucket) => (isUsed ? [bucket] : []),
      );
    };
    expect(placesWith([0x2c1b3c6d, 0x297a2d39])).not.toEqual(placesWith([0x1b873593, 0x4cf5ad43]));
  });

  test("a monitor beyond the account of memory, or the limit ties, is left to the host, and nothing has changed", () => {
    const kernel = make();
    const { memory, watcher, target } = open(kernel);
    kernel.become(watcher);
    setWord(memory, W.CURRENT, watcher);
    for (const limit of [W.MAX_MESSAGES, W.MAX_BYTES]) setWord(memory, watcher + limit, 100);
    const doubles = new Float64Array(memory.buffer);
    const ask = () => {
      setWord(memory, W.REFS_LEFT, 1);
      setWord(memory, W.REFS, -3000 - doubles[W.BYTES_OF_TIES / 8]);
      return kernel.monitor(word(memory, target + W.LO), word(memory, target + W.HI));
    };
    expect(ask()).toBe(1);
    setWord(memory, word(memory, watcher + W.SPEC) + W.MAX_TIES, 3);
    expect(ask()).toBe(-3000);
    doubles[W.BYTES_OF_INSTANCES / 8] = 1000;
    doubles[W.MAX_HEAP_BYTES / 8] = 1127;
    expect(ask()).toBe(1);
    doubles[W.MAX_HEAP_BYTES / 8] = 1128;
    doubles[W.OTHER_BYTES / 8] = 5000;
    doubles[W.MAX_ALL_BYTES / 8] = 5127;
    expect(ask()).toBe(1);
    expect(readRing(memory, watcher, W.TIES).length).toBe(1);
    doubles[W.MAX_ALL_BYTES / 8] = 5128;
    expect(ask()).toBe(-3064);
  });
});
