/**
 * Changes to AssemblyScript's allocator, made in its source before it is compiled. A small guest touches little of its memory: there is less room for the lists of
 * free blocks, and the heap begins with what is left of its first page. As it is, it writes to the last bytes of all memory before the first block is taken.
 * And where memory cannot grow, the host is told so, instead of a trap that says nothing.
 *
 * Each change replaces text that is in the pinned version exactly once, and leaves every line where it was.
 */
import * as asc from "assemblyscript/asc";
import { ABORTED_FOR_MEMORY } from "../../host/wire/abi.ts";

const FILE = "rt/tlsf";

const CHANGES: readonly (readonly [from: string, to: string])[] = [
  // 8 lists for each power of two instead of 16: 872 bytes instead of 1,572. Blocks are looked for in sizes an eighth apart instead of a sixteenth.
  ["@inline const SL_BITS: u32 = 4;", "@inline const SL_BITS: u32 = 3;"],
  // What is left of a page of the processor's, but never less than some blocks.
  [
    "    addMemory(root, memStart, <u64>memory.size() << 16);\n",
    "    ALL = <usize>memory.size() << 16; addMemory(root, memStart, <u64>min<usize>(ALL, (memStart + 256 + 4095) & ~4095));\n",
  ],
  [
    "@lazy export let ROOT: Root = changetype<Root>(0); // unsafe initializion below\n",
    "@lazy export let ROOT: Root = changetype<Root>(0); @lazy let ALL: usize = 0;\n",
  ],
  [
    "    if (memory.grow(pagesNeeded) < 0) unreachable();\n",
    `    if (memory.grow(pagesNeeded) < 0) { abort(null, null, pagesNeeded, ${ABORTED_FOR_MEMORY}); unreachable(); }\n`,
  ],
  // Then as much again as there is, until all that there was at first belongs to the heap; only then does memory grow. There is no tail where the heap
  // begins so near the end that nothing of that memory is its own.
  [
    "  // Here, both rounding performed in searchBlock ...\n",
    "  for (let tail = changetype<usize>(GETTAIL(root)); tail != 0 && tail + BLOCK_OVERHEAD < ALL; tail = changetype<usize>(GETTAIL(root))) { const end = tail + BLOCK_OVERHEAD; addMemory(root, end, <u64>min<usize>(ALL, (2 * end - __heap_base + 4095) & ~4095)); if (searchBlock(root, size)) return; }\n",
  ],
];

/** asc has one library for the whole process; a second call changes nothing. */
export function shrinkAllocator(): void {
  const text = asc.libraryFiles[FILE];
  if (text.includes(CHANGES[0][1])) return;
  asc.libraryFiles[FILE] = CHANGES.reduce((changed, [from, to]) => {
    if (changed.split(from).length !== 2)
      throw new Error(`assemblyscript's ${FILE} is another than the one that is known here`);
    return changed.replace(from, () => to);
  }, text);
}
