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
import { bytesOf, classFor, giveOfItems, takeForItems } from "./arena.ts";
import { dropMarks, markOf, moveMarks } from "./marks.ts";
import { below, copy, load, store, store2 } from "./memory.ts";
import { hostDrop, hostHeadroom } from "./outside.ts";
import {
  BYTES,
  CALL_MARK,
  COUNT,
  DEAD_COUNT,
  DEAD_ITEMS,
  FREE_BLOCKS,
  FROM_LO,
  HAS_OUTSIDE,
  HEAD,
  HELD,
  IS_DEAD,
  IS_LINK,
  ITEM_BYTES,
  ITEM_HEADER,
  ITEMS_END,
  KIND,
  LAST_SEGMENT,
  LENGTH,
  LIMIT,
  LINK_BYTES,
  MARKS,
  MAX_ITEM_BYTES,
  MESSAGE,
  NEXT_SEGMENT,
  ORDERED,
  OUTSIDE,
  REF,
  ROOM,
  SAVED,
  SEGMENT,
  SEGMENT_HEADER,
  SIZE_CLASS,
  TAG,
  TAIL,
  TIMER,
} from "./words.ts";

/** Segments of 4 KiB are the largest, unless an item needs a larger one. */
const LARGEST_CLASS = 6;
/** A mailbox of this size is never refused its room: a flood of one shall not silence the others. */
const ALWAYS_ROOM_BYTES = 65_536;
/** The longest item that the smallest segment holds. */
const SMALL_ITEM = 40;
/** So few dead items are not worth a compaction. */
const DEAD_TOLERATED = 16;

/** The bytes of an item with a payload of so many bytes. */
// @inline
export function sizeFor(length: i32): i32 {
  return (length + 39) & -8;
}

/** The bytes of an item. */
// @inline
export function sizeOf(position: i32): i32 {
  if ((load((position + KIND) | 0) & OUTSIDE) !== 0) return (ITEM_HEADER + 8) | 0;
  return (load((position + LENGTH) | 0) + 39) & -8;
}

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
  let sizeClass = needed;
  while (sizeClass < LARGEST_CLASS && bytesOf(sizeClass) <= room) sizeClass = (sizeClass + 1) | 0;
  return sizeClass;
}

/** Whether the limit `allMailboxBytes` allows an item of so many bytes. */
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
  const size = (kind & OUTSIDE) !== 0 ? (ITEM_HEADER + 8) | 0 : (length + 39) & -8;
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

/** The first item at or behind a position; 0: there is none. */
export function from(me: i32, position: i32): i32 {
  const tail = load((me + TAIL) | 0);
  let at = position;
  while (at !== tail) {
    const kind = load((at + KIND) | 0);
    if (kind === IS_LINK) at = load((at + TAG) | 0);
    else if (kind === IS_DEAD) at = behindDead(me, at);
    else return at;
  }
  return 0;
}

/**
 * The place behind a dead item. Dead items that follow it are joined to it, so that the next walk passes
 * them in one step; not where the save pointer or a mark may stand.
 */
function behindDead(me: i32, at: i32): i32 {
  const tail = load((me + TAIL) | 0);
  let behind = (at + load((at + TAG) | 0)) | 0;
  if (load((me + MARKS) | 0) !== 0) return behind;
  const saved = load((me + SAVED) | 0);
  const mark = load((me + CALL_MARK) | 0);
  while (behind !== tail && behind !== saved && behind !== mark && load((behind + KIND) | 0) === IS_DEAD) {
    const next = (behind + load((behind + TAG) | 0)) | 0;
    const joined = (load((at + DEAD_COUNT) | 0) + load((behind + DEAD_COUNT) | 0)) | 0;
    store2(at, IS_DEAD, (next - at) | 0);
    store((at + DEAD_COUNT) | 0, joined);
    behind = next;
  }
  return behind;
}

/** The item behind one; 0: there is none. */
export function next(me: i32, position: i32): i32 {
  return from(me, (position + sizeOf(position)) | 0);
}

/** The first message or timer's item with this tag at or behind a position; 0: there is none. */
export function findTag(me: i32, position: i32, tag: i32): i32 {
  const tail = load((me + TAIL) | 0);
  let at = position;
  while (at !== tail) {
    const kind = load((at + KIND) | 0);
    if (kind === IS_LINK) {
      at = load((at + TAG) | 0);
    } else if (kind === IS_DEAD) {
      at = behindDead(me, at);
    } else {
      if (load((at + TAG) | 0) === tag && isCounted(kind)) return at;
      at = (at + sizeOf(at)) | 0;
    }
  }
  return 0;
}

/** The first item at or behind a position that bears a ref; 0: there is none. */
export function findRef(me: i32, position: i32, ref: i32): i32 {
  const tail = load((me + TAIL) | 0);
  let at = position;
  while (at !== tail) {
    const kind = load((at + KIND) | 0);
    if (kind === IS_LINK) {
      at = load((at + TAG) | 0);
    } else if (kind === IS_DEAD) {
      at = behindDead(me, at);
    } else {
      if (load((at + (isMessage(kind) ? TAG : REF)) | 0) === ref) return at;
      at = (at + sizeOf(at)) | 0;
    }
  }
  return 0;
}

/** Where the items begin among which one can be that bears a ref. */
export function startFor(me: i32, ref: i32): i32 {
  const mark = markOf(me, ref);
  return mark !== 0 ? mark : load((me + HEAD) | 0);
}

function isMessage(kind: i32): bool {
  return (kind & ~OUTSIDE) === MESSAGE;
}

/** Whether the counters count an item: a message, or a timer's. */
// @inline
export function isCounted(kind: i32): bool {
  return (kind & ~(OUTSIDE | MESSAGE | TIMER)) === 0;
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
 * in `empty`, there are segments before the one with the link. They are given back before.
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
  if (load((me + MARKS) | 0) !== 0) moveMarks(me, position, behind);
  if (load((me + CALL_MARK) | 0) === position) store((me + CALL_MARK) | 0, behind);
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
  if (load((me + MARKS) | 0) !== 0 && load((me + COUNT) | 0) === 1) dropMarks(me);
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
  } else if (behind === load((me + TAIL) | 0) && load((me + MARKS) | 0) === 0) {
    store2((me + COUNT) | 0, count, bytes);
    store((me + TAIL) | 0, position);
    if (load((me + SAVED) | 0) === behind) store((me + SAVED) | 0, position);
    if (load((me + CALL_MARK) | 0) === behind) store((me + CALL_MARK) | 0, position);
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
  store((me + CALL_MARK) | 0, 0);
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
  if (load((me + MARKS) | 0) !== 0) dropMarks(me);
  store2((me + COUNT) | 0, 0, 0);
  giveSegments(me);
  store((me + DEAD_ITEMS) | 0, 0);
  store((me + CALL_MARK) | 0, 0);
}

/**
 * Moves the live items together, within their segments, and gives the segments back that are free
 * then. Items only move forward, so nothing is overwritten that is still to be read.
 */
function compact(me: i32): void {
  hostHeadroom();
  const tail = load((me + TAIL) | 0);
  const saved = load((me + SAVED) | 0);
  const mark = load((me + CALL_MARK) | 0);
  const hasMarks = load((me + MARKS) | 0) !== 0;
  let segment = load((me + SEGMENT) | 0);
  let limit = endOf(segment);
  let at = load((me + HEAD) | 0);
  let to = (segment + SEGMENT_HEADER) | 0;
  store((me + HEAD) | 0, to);
  while (true) {
    if (at === saved) store((me + SAVED) | 0, to);
    if (at === mark) store((me + CALL_MARK) | 0, to);
    if (hasMarks) moveMarks(me, at, to);
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
