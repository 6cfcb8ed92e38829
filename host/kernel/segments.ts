/**
 * The segments of a mailbox, each a block of the arena. They begin with 64 bytes, and each further one is
 * as large as all before it, up to 2 KiB, or as an item needs.
 */
import { bytesOf, classFor, takeForItems } from "./arena.ts";
import { IS_LINK, ITEMS_END, LINK_BYTES, NEXT_SEGMENT, SEGMENT_HEADER, SIZE_CLASS } from "./mail-words.ts";
import { below, load, store, store2 } from "./memory.ts";
import {
  ALWAYS_ROOM_BYTES,
  FREE_BLOCKS,
  HEAD,
  ITEM_BYTES,
  LAST_SEGMENT,
  LIMIT,
  MAX_ITEM_BYTES,
  ROOM,
  SAVED,
  TAIL,
} from "./words.ts";

/** Segments of 2 KiB are the largest, unless long items need larger ones: the window of the guest library has as much. */
const LARGEST_CLASS = 5;
/** Of items shorter than this, four fit into one segment. */
const FOUR_FIT = 4000;
/** The longest item that the smallest segment holds. */
const SMALL_ITEM = 40;

/**
 * Where the next item goes, of so many bytes; 0: there is no room. `isBound`: the limit
 * `allMailboxBytes` counts, unless the mailbox is small.
 */
// @inline
export function reserve(to: i32, size: i32, isBound: bool): i32 {
  const tail = load((to + TAIL) | 0);
  if (!below(load((to + LIMIT) | 0), (tail + size) | 0)) return tail;
  const segment = load(FREE_BLOCKS);
  if (tail !== 0 || size > SMALL_ITEM || segment === 0) return addSegment(to, size, isBound);
  // The commonest case: the first segment of an empty mailbox, for a short item. As `addSegment` does.
  const first = (segment + SEGMENT_HEADER) | 0;
  store(FREE_BLOCKS, load(segment));
  store2((segment + SIZE_CLASS) | 0, 0, 0);
  store2((segment + ITEMS_END) | 0, 0, 0);
  store2((to + HEAD) | 0, first, segment);
  store2((to + ROOM) | 0, 64, 0);
  store((to + SAVED) | 0, first);
  store((to + LAST_SEGMENT) | 0, segment);
  store2((to + TAIL) | 0, first, (segment + 64 - LINK_BYTES) | 0);
  return first;
}

/** The class of the segment that is added for an item of so many bytes. */
function nextClass(to: i32, size: i32): i32 {
  const needed = classFor((size + SEGMENT_HEADER + LINK_BYTES) | 0);
  const room = load((to + ROOM) | 0);
  if (room === 0) return needed;
  // Four items fit into a segment, if they are not too long: else up to half of it would be free.
  const most = size < FOUR_FIT ? classFor(((size << 2) + SEGMENT_HEADER + LINK_BYTES) | 0) : needed;
  let sizeClass = needed;
  while ((sizeClass < LARGEST_CLASS || sizeClass < most) && bytesOf(sizeClass) <= room) sizeClass = (sizeClass + 1) | 0;
  return sizeClass;
}

/** Whether the limit `allMailboxBytes` allows an item of so many bytes. */
// @inline
export function mayTake(to: i32, size: i32): bool {
  if (!below(load((to + LIMIT) | 0), (load((to + TAIL) | 0) + size) | 0)) return true;
  return mayAdd(to, bytesOf(nextClass(to, size)));
}

function mayAdd(to: i32, bytes: i32): bool {
  if (!below(ALWAYS_ROOM_BYTES, (load((to + ROOM) | 0) + bytes) | 0)) return true;
  return !below(load(MAX_ITEM_BYTES), (load(ITEM_BYTES) + bytes) | 0);
}

function addSegment(to: i32, size: i32, isBound: bool): i32 {
  const sizeClass = nextClass(to, size);
  const bytes = bytesOf(sizeClass);
  if (isBound && !mayAdd(to, bytes)) return 0;
  const segment = takeForItems(sizeClass);
  if (segment === 0) return 0;
  const tail = load((to + TAIL) | 0);
  const first = (segment + SEGMENT_HEADER) | 0;
  store2((segment + SIZE_CLASS) | 0, sizeClass, 0);
  store2((segment + ITEMS_END) | 0, 0, 0);
  if (tail === 0) {
    store2((to + HEAD) | 0, first, segment);
    store((to + SAVED) | 0, first);
  } else {
    const last = load((to + LAST_SEGMENT) | 0);
    store2(tail, IS_LINK, first);
    store((last + NEXT_SEGMENT) | 0, segment);
    store((last + ITEMS_END) | 0, tail);
    // "Nothing is behind the save pointer" stays true.
    if (load((to + SAVED) | 0) === tail) store((to + SAVED) | 0, first);
  }
  store((to + LAST_SEGMENT) | 0, segment);
  store((to + ROOM) | 0, (load((to + ROOM) | 0) + bytes) | 0);
  store2((to + TAIL) | 0, first, (segment + bytes - LINK_BYTES) | 0);
  return first;
}
