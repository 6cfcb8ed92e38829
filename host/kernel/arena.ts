/**
 * The arena: blocks of 64 bytes to 8 MiB, in size classes that double. A free block begins with
 * the address of the next free one of its class. A class without a free block halves a larger one, or a
 * new one of 128 KiB. Only first states and images have larger blocks.
 *
 * The arena never gives memory back, and does not join halves again.
 */

import { below, grow, load, pages, store } from "./memory.ts";
import { ARENA_END, FREE_BLOCKS, ITEM_BYTES } from "./words.ts";

const FIRST_SHIFT = 6;
const CLASSES = 18;
/** 128 KiB: as many bytes as are new at once, unless a block has more. */
const NEW_CLASS = 11;
const PAGE_SHIFT = 16;
/** How many pages more than needed the memory grows by: an eighth of what it has. */
const SPARE_SHIFT = 3;

/** The smallest class whose blocks have so many bytes. */
export function classFor(bytes: i32): i32 {
  let sizeClass = 0;
  while (bytesOf(sizeClass) < bytes) sizeClass = (sizeClass + 1) | 0;
  return sizeClass;
}

/** The size of the blocks of a class. */
export function bytesOf(sizeClass: i32): i32 {
  return 1 << ((sizeClass + FIRST_SHIFT) | 0);
}

/** A block, whose bytes may be anything; 0: the engine has no memory left. */
export function take(sizeClass: i32): i32 {
  const list = (FREE_BLOCKS + (sizeClass << 2)) | 0;
  const block = load(list);
  if (block === 0) return halve(sizeClass);
  store(list, load(block));
  return block;
}

/** Gives a block back. */
export function give(block: i32, sizeClass: i32): void {
  const list = (FREE_BLOCKS + (sizeClass << 2)) | 0;
  store(block, load(list));
  store(list, block);
}

/** A block for items: its bytes are counted, unless it is one of the smallest. */
export function takeForItems(sizeClass: i32): i32 {
  const block = take(sizeClass);
  if (block !== 0 && sizeClass !== 0)
    store(ITEM_BYTES, (load(ITEM_BYTES) + (1 << ((sizeClass + FIRST_SHIFT) | 0))) | 0);
  return block;
}

/** Gives such a block back. */
export function giveOfItems(block: i32, sizeClass: i32): void {
  const list = (FREE_BLOCKS + (sizeClass << 2)) | 0;
  store(block, load(list));
  store(list, block);
  if (sizeClass !== 0) store(ITEM_BYTES, (load(ITEM_BYTES) - (1 << ((sizeClass + FIRST_SHIFT) | 0))) | 0);
}

/** Takes a block of a larger class apart, and gives all but its first part back. */
function halve(sizeClass: i32): i32 {
  let from = (sizeClass + 1) | 0;
  while (from < CLASSES && load((FREE_BLOCKS + (from << 2)) | 0) === 0) from = (from + 1) | 0;
  let block = 0;
  if (from < CLASSES) {
    const list = (FREE_BLOCKS + (from << 2)) | 0;
    block = load(list);
    store(list, load(block));
  } else {
    from = sizeClass > NEW_CLASS ? sizeClass : NEW_CLASS;
    block = extend(bytesOf(from));
    if (block === 0) return 0;
  }
  while (from > sizeClass) {
    from = (from - 1) | 0;
    const half = (block + (1 << ((from + FIRST_SHIFT) | 0))) | 0;
    const list = (FREE_BLOCKS + (from << 2)) | 0;
    store(half, load(list));
    store(list, half);
  }
  return block;
}

/** A new block, of whole pages. */
function extend(bytes: i32): i32 {
  const block = load(ARENA_END);
  const end = (block + bytes) | 0;
  // 4 GiB: no block ends there or beyond, because addresses begin at 0 again.
  if (below(end, block)) return 0;
  const missing = ((end >>> PAGE_SHIFT) - pages()) | 0;
  if (missing > 0 && !grow((missing + (pages() >> SPARE_SHIFT)) | 0) && !grow(missing)) return 0;
  store(ARENA_END, end);
  return block;
}
