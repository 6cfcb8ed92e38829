/** Shows items to the guest, in the window of its receive, and asks its predicate. */
import { sizeOf } from "./items.ts";
import {
  FROM_LO,
  HAS_OUTSIDE,
  IS_DEAD,
  IS_LINK,
  ITEM_HEADER,
  ITEMS_END,
  KIND,
  LENGTH,
  OUTSIDE,
  REF,
  SEGMENT_HEADER,
  TAG,
} from "./mail-words.ts";
import { below, copyOut, guestCopy2, guestStore2, load, store } from "./memory.ts";
import { callMatch, callMatchFirst, hostAstray, hostDoomed, hostShow } from "./outside.ts";
import { me, noticeGrowth } from "./self.ts";
import { ASKING, CAPACITY, DEAD_ITEMS, FREE, INFO, POINTER, RESTRAINT, TAIL, WANTED } from "./words.ts";

/** The lesser of two numbers without a sign. */
// @inline
export function least(a: i32, b: i32): i32 {
  return below(a, b) ? a : b;
}

/** Writes an item into the window, or as much of it as there is room for. */
// @inline
export function show(at: i32, kind: i32, length: i32, shown: i32): void {
  const self = me;
  const info = load((self + INFO) | 0);
  const pointer = load((self + POINTER) | 0);
  if ((kind & OUTSIDE) !== 0) hostShow(load((at + ITEM_HEADER) | 0), pointer, shown);
  if (info !== 0) {
    guestStore2(info, kind & ~OUTSIDE, load((at + TAG) | 0));
    guestCopy2((info + FROM_LO) | 0, (at + FROM_LO) | 0);
    guestCopy2((info + REF) | 0, (at + REF) | 0);
    guestStore2((info + LENGTH) | 0, length, 0);
  }
  if ((kind & OUTSIDE) === 0) copyOut(pointer, (at + ITEM_HEADER) | 0, shown);
}

/** Asks the predicate about one item. */
export function ask(at: i32): bool {
  const self = me;
  const length = load((at + LENGTH) | 0);
  const shown = least(length, load((self + CAPACITY) | 0));
  show(at, load((at + KIND) | 0), length, shown);
  store((self + RESTRAINT) | 0, ASKING);
  const answer = callMatch(load((self + WANTED) | 0), load((self + POINTER) | 0), shown);
  noticeGrowth();
  if (load((self + RESTRAINT) | 0) !== ASKING) hostDoomed();
  store((self + RESTRAINT) | 0, FREE);
  return answer !== 0;
}

/**
 * Where the items end that the guest can be shown at once, from an item on: they lie side by side,
 * and are at most so many bytes. Less than two are none: then this is `at`. `segment`: the one that
 * begins with the item; 0: it does not begin one.
 */
export function endOfMany(at: i32, segment: i32, room: i32): i32 {
  const self = me;
  const most = least(room, load((self + CAPACITY) | 0));
  const tail = load((self + TAIL) | 0);
  // The last one that is shown must be an item, so a dead one needs the walk.
  if (segment !== 0 && load((segment + HAS_OUTSIDE) | 0) === 0 && load((self + DEAD_ITEMS) | 0) === 0) {
    const itsEnd = load((segment + ITEMS_END) | 0);
    const end = itsEnd === 0 ? tail : itsEnd;
    if (!below(most, (end - at) | 0)) return end;
  }
  const limit = (at + most) | 0;
  let end = at;
  let place = at;
  let found = 0;
  while (place !== tail && below(place, limit)) {
    const kind = load((place + KIND) | 0);
    if (kind === IS_LINK || (kind & OUTSIDE) !== 0) break;
    if (kind === IS_DEAD) {
      place = (place + load((place + TAG) | 0)) | 0;
    } else {
      place = (place + sizeOf(place)) | 0;
      if (below(limit, place)) break;
      found = (found + 1) | 0;
      end = place;
    }
  }
  return found < 2 ? at : end;
}

/** Asks which of the items between two positions is wanted first; 0: none is. */
export function askMany(at: i32, end: i32): i32 {
  const self = me;
  const info = load((self + INFO) | 0);
  const pointer = load((self + POINTER) | 0);
  const length = (end - at) | 0;
  // What stands in `info` is no longer the item whose payload is in the window: a crash report
  // shall not say so.
  if (info !== 0) guestStore2(info, 0, 0);
  copyOut(pointer, at, length);
  store((self + RESTRAINT) | 0, ASKING);
  const answer = callMatchFirst(load((self + WANTED) | 0), pointer, length);
  noticeGrowth();
  if (load((self + RESTRAINT) | 0) !== ASKING) hostDoomed();
  store((self + RESTRAINT) | 0, FREE);
  if (answer < 0) return 0;
  // A guest may answer anything. What goes on has to be one of the items.
  let place = at;
  while (place !== end) {
    const isDead = load((place + KIND) | 0) === IS_DEAD;
    if (!isDead && ((place - at) | 0) === answer) return place;
    place = (place + (isDead ? load((place + TAG) | 0) : sizeOf(place))) | 0;
  }
  hostAstray();
  return 0;
}

/** The segment whose first item is here; 0: no segment that is known. */
export function segmentBehind(link: i32): i32 {
  return load((link + KIND) | 0) === IS_LINK ? (load((link + TAG) | 0) - SEGMENT_HEADER) | 0 : 0;
}
