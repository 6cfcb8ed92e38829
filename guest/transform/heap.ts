/**
 * Changes AssemblyScript's allocator and collector in their sources, before they are compiled. A
 * small guest then touches little of its memory. The lists of free blocks are smaller. The heap
 * begins small and grows in small steps; the original writes to the last bytes of all memory before
 * it takes the first block. The collector begins after 1 KiB of objects. When memory cannot grow,
 * the host gets a message; the original traps without one. The allocator raises the store limit
 * (limit.ts) before it uses memory.
 *
 * Guarantee: each change replaces text that occurs exactly once in the pinned version, and moves no
 * line.
 */
import * as asc from "assemblyscript/asc";
import { ABORTED_FOR_MEMORY } from "../../host/wire/abi.ts";

type Change = readonly [from: string, to: string];

/** The allocator of every runtime but `stub`. */
const ALLOCATOR: readonly Change[] = [
  // 8 lists for each power of two instead of 16, which takes 872 bytes instead of 1,572. The size
  // classes are coarser.
  ["@inline const SL_BITS: u32 = 4;", "@inline const SL_BITS: u32 = 3;"],
  // The heap begins with 256 bytes behind the lists.
  [
    "    addMemory(root, memStart, <u64>memory.size() << 16);\n",
    "    ALL = <usize>memory.size() << 16; addMemory(root, memStart, <u64>min<usize>(ALL, memStart + 256));\n",
  ],
  [
    "@lazy export let ROOT: Root = changetype<Root>(0); // unsafe initializion below\n",
    "@lazy export let ROOT: Root = changetype<Root>(0); @lazy let ALL: usize = 0; @lazy let LIMIT: usize = 0;\n",
  ],
  // The store limit is the end of the heap. First it is the end of the lists.
  ["  root.flMap = 0;\n", "  LIMIT = rootOffset + ROOT_SIZE; root.flMap = 0;\n"],
  ["  end &= ~AL_MASK;\n", "  end &= ~AL_MASK; LIMIT = max(LIMIT, end);\n"],
  [
    "    if (memory.grow(pagesNeeded) < 0) unreachable();\n",
    `    if (memory.grow(pagesNeeded) < 0) { abort(null, null, pagesNeeded, ${ABORTED_FOR_MEMORY}); unreachable(); }\n`,
  ],
  // Then the heap grows by a quarter and 256 bytes at a time, until it has all of the initial
  // memory. Only then does memory grow. The end of the heap is written at each step, so small steps
  // keep it close to the blocks. There is no tail where the heap begins so close to the end of
  // memory that it has none of it.
  [
    "  // Here, both rounding performed in searchBlock ...\n",
    "  for (let tail = changetype<usize>(GETTAIL(root)); tail != 0 && tail + BLOCK_OVERHEAD < ALL; tail = changetype<usize>(GETTAIL(root))) { const end = tail + BLOCK_OVERHEAD; addMemory(root, end, <u64>min<usize>(ALL, end + ((end - __heap_base) >> 2) + 256)); if (searchBlock(root, size)) return; }\n",
  ],
];

/** The allocator of the runtime `stub`. Its blocks may end below the limit again. */
const STUB: readonly Change[] = [
  ["@lazy let offset: usize = startOffset;\n", "@lazy let offset: usize = startOffset; @lazy let LIMIT: usize = 0;\n"],
  ["  offset = newOffset;\n", "  offset = newOffset; LIMIT = max(LIMIT, newOffset);\n"],
];

/** The collector of the runtime `incremental`. `minimal` collects only when it is called. */
const COLLECTOR: readonly Change[] = [
  // The first threshold is what every later one is where no object lives: 1,024 bytes. The original
  // begins with half of the memory behind the static data, which is some 30 KB.
  [
    "@lazy let threshold: usize = ((<usize>memory.size() << 16) - __heap_base) >> 1;",
    "@lazy let threshold: usize = GRANULARITY;",
  ],
];

/** asc has one library for the whole process, so a second call changes nothing. */
export function shrinkHeap(): void {
  change("rt/tlsf", ALLOCATOR);
  change("rt/stub", STUB);
  change("rt/itcms", COLLECTOR);
}

function change(file: string, changes: readonly Change[]): void {
  const text = asc.libraryFiles[file];
  if (text.includes(changes[0][1])) return;
  asc.libraryFiles[file] = changes.reduce((changed, [from, to]) => {
    if (changed.split(from).length !== 2)
      throw new Error(`${file} of assemblyscript is not the version that isopod knows: install the pinned version`);
    return changed.replace(from, () => to);
  }, text);
}
