/**
 * Changes AssemblyScript's allocator in its source, before it is compiled. A small guest then
 * touches little of its memory: the lists of free blocks are smaller, and the heap begins with the
 * rest of the first page. The original writes to the last bytes of all memory before it takes the
 * first block. When memory cannot grow, the host gets a message; the original traps without one.
 *
 * Guarantee: each change replaces text that occurs exactly once in the pinned version, and moves no
 * line.
 */
import * as asc from "assemblyscript/asc";
import { ABORTED_FOR_MEMORY } from "../../host/wire/abi.ts";

const FILE = "rt/tlsf";

const CHANGES: readonly (readonly [from: string, to: string])[] = [
  // 8 lists for each power of two instead of 16, which takes 872 bytes instead of 1,572. The size
  // classes are coarser.
  ["@inline const SL_BITS: u32 = 4;", "@inline const SL_BITS: u32 = 3;"],
  // The heap begins with the rest of a page of the processor (4 KiB), and with at least 256 bytes.
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
  // Then the heap doubles, until it has all of the initial memory. Only then does memory grow.
  // There is no tail where the heap begins so close to the end of memory that it has none of it.
  [
    "  // Here, both rounding performed in searchBlock ...\n",
    "  for (let tail = changetype<usize>(GETTAIL(root)); tail != 0 && tail + BLOCK_OVERHEAD < ALL; tail = changetype<usize>(GETTAIL(root))) { const end = tail + BLOCK_OVERHEAD; addMemory(root, end, <u64>min<usize>(ALL, (2 * end - __heap_base + 4095) & ~4095)); if (searchBlock(root, size)) return; }\n",
  ],
];

/** asc has one library for the whole process, so a second call changes nothing. */
export function shrinkAllocator(): void {
  const text = asc.libraryFiles[FILE];
  if (text.includes(CHANGES[0][1])) return;
  asc.libraryFiles[FILE] = CHANGES.reduce((changed, [from, to]) => {
    if (changed.split(from).length !== 2)
      throw new Error(`${FILE} of assemblyscript is not the version that isopod knows: install the pinned version`);
    return changed.replace(from, () => to);
  }, text);
}
