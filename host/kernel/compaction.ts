/** Removes the dead items of a mailbox. */
import { bytesOf, giveOfItems } from "./arena.ts";
import { sizeOf } from "./items.ts";
import {
  HAS_OUTSIDE,
  IS_DEAD,
  IS_LINK,
  ITEMS_END,
  KIND,
  LINK_BYTES,
  NEXT_SEGMENT,
  OUTSIDE,
  SEGMENT_HEADER,
  SIZE_CLASS,
  TAG,
} from "./mail-words.ts";
import { MARK_BYTES, MARKS_BYTES } from "./marks.ts";
import { below, copy, load, store, store2 } from "./memory.ts";
import { hostHeadroom } from "./outside.ts";
import { COLD, DEAD_ITEMS, FLAGS, HAS_MARKS, HEAD, LAST_SEGMENT, MARKS, ROOM, SAVED, SEGMENT, TAIL } from "./words.ts";

/**
 * Moves the live items together, within their segments, and gives the segments back that are free
 * then. Items only move forward, so nothing is overwritten that is still to be read.
 */
export function compact(me: i32): void {
  hostHeadroom();
  const tail = load((me + TAIL) | 0);
  const saved = load((me + SAVED) | 0);
  // Marks are in the order of the mailbox, so the next one to pass is enough to know.
  let marks = (load((me + FLAGS) | 0) & HAS_MARKS) !== 0 ? load((load((me + COLD) | 0) + MARKS) | 0) : 0;
  const marksEnd = (marks + MARKS_BYTES) | 0;
  let mark = marks !== 0 ? load((marks + 4) | 0) : 0;
  let segment = load((me + SEGMENT) | 0);
  let limit = endOf(segment);
  let at = load((me + HEAD) | 0);
  let to = (segment + SEGMENT_HEADER) | 0;
  store((me + HEAD) | 0, to);
  while (true) {
    if (at === saved) store((me + SAVED) | 0, to);
    while (at === mark) {
      store((marks + 4) | 0, to);
      marks = (marks + MARK_BYTES) | 0;
      mark = marks !== marksEnd ? load((marks + 4) | 0) : 0;
    }
    if (at === tail) break;
    const kind = load((at + KIND) | 0);
    if (kind === IS_LINK) {
      at = load((at + TAG) | 0);
    } else if (kind === IS_DEAD) {
      at = (at + load((at + TAG) | 0)) | 0;
    } else {
      const size = sizeOf(at);
      while (below(limit, (to + size) | 0)) {
        const following = load((segment + NEXT_SEGMENT) | 0);
        store2(to, IS_LINK, (following + SEGMENT_HEADER) | 0);
        store((segment + ITEMS_END) | 0, to);
        segment = following;
        limit = endOf(segment);
        to = (segment + SEGMENT_HEADER) | 0;
      }
      if ((kind & OUTSIDE) !== 0) store((segment + HAS_OUTSIDE) | 0, 1);
      copy(to, at, size);
      to = (to + size) | 0;
      at = (at + size) | 0;
    }
  }
  store2((me + TAIL) | 0, to, limit);
  store((me + LAST_SEGMENT) | 0, segment);
  store((me + DEAD_ITEMS) | 0, 0);
  let spare = load((segment + NEXT_SEGMENT) | 0);
  store((segment + NEXT_SEGMENT) | 0, 0);
  store((segment + ITEMS_END) | 0, 0);
  while (spare !== 0) {
    const following = load((spare + NEXT_SEGMENT) | 0);
    const sizeClass = load((spare + SIZE_CLASS) | 0);
    giveOfItems(spare, sizeClass);
    store((me + ROOM) | 0, (load((me + ROOM) | 0) - (64 << sizeClass)) | 0);
    spare = following;
  }
}

/** Where the items of a segment must end. */
function endOf(segment: i32): i32 {
  return (segment + bytesOf(load((segment + SIZE_CLASS) | 0)) - LINK_BYTES) | 0;
}
