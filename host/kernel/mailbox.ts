/**
 * Mailboxes: the items of an actor, in order of arrival. Items are taken from the front or, by
 * selective receive, from anywhere; the rest stay in order.
 *
 * A mailbox is a chain of segments. Each holds whole items side by side. Where its items end, and
 * another segment follows, is a *link*: a word IS_LINK and the place of the next segment's first
 * item. An empty mailbox has no segment. An item that is taken from the middle becomes a dead item.
 * A compaction removes the dead items before they are more than the live ones.
 *
 * A *position* is the address of an item, a dead item, a link, or TAIL. Items move in a compaction
 * only. The save pointer and the marks of refs are positions that move along.
 *
 * | operation | cost |
 * |---|---|
 * | reserve and append, first, remove | amortized O(1) |
 * | from, findTag, findRef | one or two loads for each item that is passed |
 */
import { giveOfItems } from "./arena.ts";
import { compact } from "./compaction.ts";
import { sizeFor, sizeOf } from "./items.ts";
import {
  DEAD_COUNT,
  FROM_LO,
  IS_DEAD,
  IS_LINK,
  ITEM_HEADER,
  KIND,
  LENGTH,
  NEXT_SEGMENT,
  OUTSIDE,
  REF,
  SEGMENT_HEADER,
  SIZE_CLASS,
  TAG,
} from "./mail-words.ts";
import { dropMarks, moveMarks } from "./marks.ts";
import { load, store, store2 } from "./memory.ts";
import { hostDrop, hostHeadroom } from "./outside.ts";
import { from, next } from "./search.ts";
import {
  BYTES,
  COUNT,
  DEAD_ITEMS,
  FLAGS,
  FREE_BLOCKS,
  HAS_MARKS,
  HEAD,
  HELD,
  ITEM_BYTES,
  LAST_SEGMENT,
  ORDERED,
  ROOM,
  SAVED,
  SEGMENT,
  TAIL,
} from "./words.ts";

/** So few dead items are not worth a compaction. */
const DEAD_TOLERATED = 16;

/**
 * Appends the item at TAIL, the place that `reserve` has found for it. Its payload is there. If it is
 * passed over, the save pointer goes behind it.
 */
// @inline
export function append(
  to: i32,
  place: i32,
  kind: i32,
  tag: i32,
  fromLo: i32,
  fromHi: i32,
  ref: i32,
  reason: i32,
  length: i32,
  isPassed: bool,
): void {
  const size = (kind & OUTSIDE) !== 0 ? sizeFor(8) : sizeFor(length);
  const ordered = load((to + ORDERED) | 0);
  const tail = (place + size) | 0;
  store2((place + KIND) | 0, kind, tag);
  store2((place + FROM_LO) | 0, fromLo, fromHi);
  store2((place + REF) | 0, ref, reason);
  store2((place + LENGTH) | 0, length, ordered);
  store((to + ORDERED) | 0, (ordered + 1) | 0);
  store((to + TAIL) | 0, tail);
  if (isPassed) store((to + SAVED) | 0, tail);
  store2((to + COUNT) | 0, (load((to + COUNT) | 0) + 1) | 0, (load((to + BYTES) | 0) + length) | 0);
}

/**
 * The first item of a mailbox that is not empty. HEAD passes the dead items before it, and the
 * segments that they were in are given back.
 */
// @inline
export function first(me: i32): i32 {
  while (true) {
    const head = load((me + HEAD) | 0);
    const kind = load((head + KIND) | 0);
    if (kind === IS_LINK) {
      leaveSegment(me, head);
    } else if (kind === IS_DEAD) {
      const behind = (head + load((head + TAG) | 0)) | 0;
      passed(me, head, behind);
      store((me + DEAD_ITEMS) | 0, (load((me + DEAD_ITEMS) | 0) - load((head + DEAD_COUNT) | 0)) | 0);
      store((me + HEAD) | 0, behind);
    } else {
      return head;
    }
  }
}

/**
 * HEAD is at a link: gives the first segment back, and goes to the next one. Where a stack has ended
 * in `tidy`, there are segments before the one with the link. They are given back before.
 */
function leaveSegment(me: i32, link: i32): void {
  const segment = load((me + SEGMENT) | 0);
  const following = load((segment + NEXT_SEGMENT) | 0);
  const sizeClass = load((segment + SIZE_CLASS) | 0);
  const behind = load((link + TAG) | 0);
  const head = ((following + SEGMENT_HEADER) | 0) === behind ? behind : link;
  if (head === behind) passed(me, link, behind);
  giveOfItems(segment, sizeClass);
  store2((me + HEAD) | 0, head, following);
  store((me + ROOM) | 0, (load((me + ROOM) | 0) - (64 << sizeClass)) | 0);
}

/** HEAD is going to pass a position: what stands there goes along. */
function passed(me: i32, position: i32, behind: i32): void {
  if ((load((me + FLAGS) | 0) & HAS_MARKS) !== 0) moveMarks(me, position, behind);
  if (load((me + SAVED) | 0) === position) store((me + SAVED) | 0, behind);
}

/** Takes an item out. The save pointer stays before the items that it was before. */
export function remove(me: i32, position: i32): void {
  takeOut(me, position);
  tidy(me);
}

/** The same, but leaves work to `tidy`. Once the item is out, this calls nothing. */
// @inline
export function takeOut(me: i32, position: i32): void {
  if ((load((position + KIND) | 0) & OUTSIDE) !== 0) dropPayload(position);
  const hasMarks = (load((me + FLAGS) | 0) & HAS_MARKS) !== 0;
  if (hasMarks && load((me + COUNT) | 0) === 1) dropMarks(me);
  if (position === load((me + SAVED) | 0)) store((me + HELD) | 0, 0);
  const count = (load((me + COUNT) | 0) - 1) | 0;
  if (count === 0) {
    takeLast(me);
    return;
  }
  const size = sizeOf(position);
  const behind = (position + size) | 0;
  const bytes = (load((me + BYTES) | 0) - load((position + LENGTH) | 0)) | 0;
  if (position === load((me + HEAD) | 0)) {
    passed(me, position, behind);
    store2((me + COUNT) | 0, count, bytes);
    store((me + HEAD) | 0, behind);
  } else if (behind === load((me + TAIL) | 0)) {
    if (hasMarks) moveMarks(me, behind, position);
    store2((me + COUNT) | 0, count, bytes);
    store((me + TAIL) | 0, position);
    if (load((me + SAVED) | 0) === behind) store((me + SAVED) | 0, position);
  } else {
    store2((me + COUNT) | 0, count, bytes);
    store2(position, IS_DEAD, size);
    store((position + DEAD_COUNT) | 0, 1);
    store((me + DEAD_ITEMS) | 0, (load((me + DEAD_ITEMS) | 0) + 1) | 0);
  }
}

/**
 * Takes the last item out of a mailbox. If it has one segment, as most have, that is given back at once:
 * these are the words of `giveOfItems`, because a call could be where the stack ends.
 */
// @inline
function takeLast(me: i32): void {
  const segment = load((me + SEGMENT) | 0);
  const tail = load((me + TAIL) | 0);
  store2((me + COUNT) | 0, 0, 0);
  if (segment === load((me + LAST_SEGMENT) | 0)) {
    const sizeClass = load((segment + SIZE_CLASS) | 0);
    const list = (FREE_BLOCKS + (sizeClass << 2)) | 0;
    store(segment, load(list));
    store(list, segment);
    if (sizeClass !== 0) store(ITEM_BYTES, (load(ITEM_BYTES) - (64 << sizeClass)) | 0);
    store2((me + TAIL) | 0, 0, 0);
    store2((me + HEAD) | 0, 0, 0);
    store2((me + ROOM) | 0, 0, 0);
    store((me + SAVED) | 0, 0);
  } else {
    store((me + HEAD) | 0, tail);
    store((me + SAVED) | 0, tail);
    store((me + DEAD_ITEMS) | 0, 0);
  }
}

/** After items were taken out: gives the segments of an empty mailbox back, or removes dead items. */
export function tidy(me: i32): void {
  const count = load((me + COUNT) | 0);
  if (count === 0) {
    if (load((me + TAIL) | 0) !== 0) giveSegments(me);
    return;
  }
  const dead = load((me + DEAD_ITEMS) | 0);
  if (dead > DEAD_TOLERATED && dead > count) compact(me);
}

/** The host drops the payload of an item that is going to be taken out, which needs headroom. */
function dropPayload(position: i32): void {
  hostHeadroom();
  hostDrop(load((position + ITEM_HEADER) | 0));
  // A predicate may be shown what is left of the item.
  store((position + ITEM_HEADER) | 0, 0);
}

/** Gives all segments of an empty mailbox back. */
function giveSegments(me: i32): void {
  while (true) {
    const segment = load((me + SEGMENT) | 0);
    const following = load((segment + NEXT_SEGMENT) | 0);
    const sizeClass = load((segment + SIZE_CLASS) | 0);
    giveOfItems(segment, sizeClass);
    if (following === 0) break;
    store((me + SEGMENT) | 0, following);
    store((me + ROOM) | 0, (load((me + ROOM) | 0) - (64 << sizeClass)) | 0);
  }
  store2((me + TAIL) | 0, 0, 0);
  store2((me + HEAD) | 0, 0, 0);
  store((me + ROOM) | 0, 0);
  store((me + SAVED) | 0, 0);
}

/** Takes every item out, and gives all segments back. Needs headroom. */
export function clearMailbox(me: i32): void {
  if (load((me + TAIL) | 0) === 0) return;
  for (let at = from(me, load((me + HEAD) | 0)); at !== 0; at = next(me, at)) {
    if ((load((at + KIND) | 0) & OUTSIDE) !== 0) hostDrop(load((at + ITEM_HEADER) | 0));
  }
  if ((load((me + FLAGS) | 0) & HAS_MARKS) !== 0) dropMarks(me);
  store2((me + COUNT) | 0, 0, 0);
  giveSegments(me);
  store((me + DEAD_ITEMS) | 0, 0);
}
