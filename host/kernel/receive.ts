/** A guest's receives. */

import { isCounted, sizeFor, sizeOf } from "./items.ts";
import { WRITTEN } from "./life-words.ts";
import { IS_DEAD, IS_LINK, KIND, LENGTH, SEGMENT_HEADER, TAG } from "./mail-words.ts";
import { first, takeOut, tidy } from "./mailbox.ts";
import { below, count, isInside, load, store, store2 } from "./memory.ts";
import { hostCharge, hostRecv, hostRecvMatch, hostRecvTag } from "./outside.ts";
import { findRef, findTag, from, startFor } from "./search.ts";
import { me } from "./self.ts";
import { ask, askMany, endOfMany, least, segmentBehind, show } from "./window.ts";
import {
  BODY,
  BUDGET,
  CAPACITY,
  COPIED_SHIFT,
  COUNT,
  CURRENT,
  ELSEWHERE,
  FLAGS,
  FOR_EVER,
  FREE,
  HAS_MATCH,
  HAS_MATCH_FIRST,
  HEAD,
  HELD,
  INFO,
  IS_HANDLER,
  KNOWS_PARK,
  MAY_PARK,
  NOT_WAITING,
  OVER,
  PARK,
  PASSED_SHIFT,
  PAYS,
  RECEIVED,
  RESTRAINT,
  SAVED,
  SEGMENT,
  TAIL,
  TIMED,
  TIMED_BY_KERNEL,
  TIMEOUT,
  TIMEOUT_OVER,
  WANT,
  WANT_ANY,
  WANT_MATCH,
  WANT_REF,
  WANT_TAG,
  WANTED,
  WINDOW_MOVED,
} from "./words.ts";

/** How many bytes of items a predicate is asked about in one turn, if the actor can wait. */
const ASKED_BYTES_A_TURN = 262_144;
/** How many bytes of items `match_first` is shown first; each time after that, twice as many. */
const FIRST_ROOM = 512;
/** Up to this many: no segment has more. */
const MOST_ROOM = 65_536;
/** A poll that finds nothing counts as so many items, so that a guest that polls in vain gives way soon. */
const EMPTY_POLL = 16;
/** The bytes of `info`. */
const INFO_BYTES = 32;

/** As docs/abi.md says. */
export function recv(info: i32, pointer: i32, capacity: i32, timeout: i32): i32 {
  const answer = receive(info, pointer, capacity, timeout, WANT_ANY, 0);
  return answer === ELSEWHERE ? hostRecv(info, pointer, capacity, timeout) : answer;
}

/** As docs/abi.md says. A negative tag is a ref. */
export function recvTag(info: i32, pointer: i32, capacity: i32, timeout: i32, tag: i32): i32 {
  const answer = receive(info, pointer, capacity, timeout, tag < 0 ? WANT_REF : WANT_TAG, tag);
  return answer === ELSEWHERE ? hostRecvTag(info, pointer, capacity, timeout, tag) : answer;
}

/** As docs/abi.md says. */
export function recvMatch(info: i32, pointer: i32, capacity: i32, timeout: i32, predicate: i32): i32 {
  const has = (load((me + FLAGS) | 0) & HAS_MATCH) !== 0;
  const answer = has ? receive(info, pointer, capacity, timeout, WANT_MATCH, predicate) : ELSEWHERE;
  return answer === ELSEWHERE ? hostRecvMatch(info, pointer, capacity, timeout, predicate) : answer;
}

/** ELSEWHERE: the actor may not receive so, and the host says why. */
// @inline
function receive(info: i32, pointer: i32, capacity: i32, timeout: i32, want: i32, wanted: i32): i32 {
  const self = me;
  if (load(CURRENT) !== self || load((self + RESTRAINT) | 0) !== FREE) return ELSEWHERE;
  if (!isInside(pointer, capacity) || (info & 3) !== 0 || !isInside(info, INFO_BYTES)) return ELSEWHERE;
  noteWindow(self, info, pointer, capacity);
  const flags = load((self + FLAGS) | 0);
  const polls = timeout === 0 || (flags & MAY_PARK) === 0;
  const isAgain =
    load((self + HELD) | 0) !== 0 && load((self + WANT) | 0) === want && load((self + WANTED) | 0) === wanted;
  const begin = want === WANT_REF ? startFor(self, wanted) : load((self + HEAD) | 0);
  // An actor that has used its turn gives way: before a receive, whatever the mailbox holds, and
  // after a poll that has found nothing.
  const budget = load((self + BUDGET) | 0);
  const looks = polls || budget > 0;
  if ((flags & IS_HANDLER) !== 0) store((self + FLAGS) | 0, flags | WINDOW_MOVED);
  store2((self + INFO) | 0, info, pointer);
  store2((self + CAPACITY) | 0, capacity, looks ? (budget - 1) | 0 : budget);
  store2((self + WANT) | 0, want, wanted);
  store2((self + HELD) | 0, isAgain ? 1 : 0, NOT_WAITING);
  if (!isAgain) store((self + SAVED) | 0, begin);
  if (looks) {
    const length = look(!polls);
    if (length !== PARK) return length;
    if (polls && (budget > 0 || (flags & (MAY_PARK | KNOWS_PARK)) !== (MAY_PARK | KNOWS_PARK))) {
      store((self + BUDGET) | 0, (load((self + BUDGET) | 0) - EMPTY_POLL + 1) | 0);
      return TIMEOUT_OVER;
    }
  }
  if (timeout > 0) store((self + TIMEOUT) | 0, timeout);
  store((self + TIMED) | 0, polls ? OVER : timeout < 0 ? FOR_EVER : TIMED_BY_KERNEL);
  return PARK;
}

/** The kernel may write to a window, wherever the guest has its store limit. */
// @inline
function noteWindow(self: i32, info: i32, pointer: i32, capacity: i32): void {
  const instance = load((self + BODY) | 0);
  const end = (pointer + capacity) | 0;
  const infoEnd = (info + INFO_BYTES) | 0;
  const last = below(end, infoEnd) ? infoEnd : end;
  if (below(load((instance + WRITTEN) | 0), last)) store((instance + WRITTEN) | 0, last);
}

/**
 * Goes on from the save pointer to the first item that is wanted, and takes it. PARK: there is none.
 * With `inPieces` it is PARK, too, if a predicate has had its time in this turn; then the save pointer
 * is before TAIL.
 */
// @inline
export function look(inPieces: bool): i32 {
  const self = me;
  if (load((self + COUNT) | 0) === 0) {
    // The stack of a sender that ended may have left empty segments.
    store((self + SAVED) | 0, load((self + TAIL) | 0));
    return PARK;
  }
  return load((self + WANT) | 0) === WANT_ANY ? takeFirst() : search(inPieces);
}

/** Takes the first item of a mailbox that is not empty. */
function takeFirst(): i32 {
  return takeItem(first(me));
}

/** The same as `look`, for a receive that does not take any item, and a mailbox that is not empty. */
function search(inPieces: bool): i32 {
  const self = me;
  const want = load((self + WANT) | 0);
  const saved = load((self + SAVED) | 0);
  const wanted = load((self + WANTED) | 0);
  let at = 0;
  if (want === WANT_TAG) at = findTag(self, saved, wanted);
  else if (want === WANT_REF) at = findRef(self, saved, wanted);
  else at = load((self + HELD) | 0) !== 0 ? saved : findMatch(inPieces);
  if (at === 0 && want !== WANT_MATCH) store((self + SAVED) | 0, load((self + TAIL) | 0));
  if ((load((self + FLAGS) | 0) & PAYS) !== 0) {
    const price = (passedBytes(saved, at === 0 ? load((self + SAVED) | 0) : at) >>> PASSED_SHIFT) | 0;
    if (price !== 0) hostCharge(price);
  }
  return at === 0 ? PARK : takeItem(at);
}

/** Writes an item into the window, and takes it out of the mailbox unless it is longer. */
// @inline
function takeItem(at: i32): i32 {
  const self = me;
  const length = load((at + LENGTH) | 0);
  const capacity = load((self + CAPACITY) | 0);
  const shown = least(length, capacity);
  const kind = load((at + KIND) | 0);
  const price = (shown >>> COPIED_SHIFT) | 0;
  if (price !== 0 && (load((self + FLAGS) | 0) & PAYS) !== 0) hostCharge(price);
  show(at, kind, length, shown);
  if (below(capacity, length)) {
    store((self + SAVED) | 0, at);
    store((self + HELD) | 0, 1);
    return length;
  }
  const counts = isCounted(kind);
  takeOut(self, at);
  if (counts) count(RECEIVED);
  if (load((self + TAIL) | 0) !== 0) tidy(self);
  return length;
}

/** The bytes of an item with its payload, also where the host keeps that. */
function bytesAt(position: i32): i32 {
  return sizeFor(load((position + LENGTH) | 0));
}

/** The bytes of the items and dead items between two positions. */
function passedBytes(position: i32, end: i32): i32 {
  let bytes = 0;
  let at = position;
  while (at !== end) {
    const kind = load((at + KIND) | 0);
    if (kind === IS_LINK) {
      at = load((at + TAG) | 0);
    } else {
      const size = kind === IS_DEAD ? load((at + TAG) | 0) : sizeOf(at);
      bytes = (bytes + (kind === IS_DEAD ? size : bytesAt(at))) | 0;
      at = (at + size) | 0;
    }
  }
  return bytes;
}

/**
 * Asks the predicate about the items from the save pointer on: first about one, then, if the guest
 * has `match_first`, about as many at once as double each time. What is shown for nothing is at most
 * as much as what was asked about.
 */
function findMatch(inPieces: bool): i32 {
  const self = me;
  const hasMany = (load((self + FLAGS) | 0) & HAS_MATCH_FIRST) !== 0;
  const tail = load((self + TAIL) | 0);
  let left = ASKED_BYTES_A_TURN;
  let room = 0;
  let at = from(self, load((self + SAVED) | 0));
  let segment = ((at - SEGMENT_HEADER) | 0) === load((self + SEGMENT) | 0) ? load((self + SEGMENT) | 0) : 0;
  while (at !== 0) {
    store((self + SAVED) | 0, at);
    if (inPieces && left <= 0) return 0;
    const end = room === 0 ? at : endOfMany(at, segment, room);
    let behind = end;
    if (end === at) {
      if (ask(at)) return at;
      left = (left - bytesAt(at)) | 0;
      behind = (at + sizeOf(at)) | 0;
    } else {
      const found = askMany(at, end);
      if (found !== 0) return found;
      left = (left - (end - at)) | 0;
    }
    if (hasMany && room < MOST_ROOM) room = room === 0 ? FIRST_ROOM : room << 1;
    segment = behind === tail ? 0 : segmentBehind(behind);
    at = from(self, behind);
    if (((at - SEGMENT_HEADER) | 0) !== segment) segment = 0;
  }
  store((self + SAVED) | 0, tail);
  return 0;
}
