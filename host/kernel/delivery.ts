/** Brings an item of the host to an actor: a message, a signal or a timer's item. */
import { sizeFor } from "./items.ts";
import { HAS_OUTSIDE, ITEM_HEADER, MESSAGE, OUTSIDE, TIMER } from "./mail-words.ts";
import { append } from "./mailbox.ts";
import { copy, load, store, store2 } from "./memory.ts";
import { enqueue } from "./queue.ts";
import { reserve } from "./segments.ts";
import {
  LAST_SEGMENT,
  PARKED,
  STAGING,
  STATE,
  WANT,
  WANT_ANY,
  WANT_MATCH,
  WANT_REF,
  WANT_TAG,
  WANTED,
} from "./words.ts";

/**
 * Wakes an actor if it is parked in a receive that such an item may end. True: it is parked, and
 * passes the item over.
 *
 * Parked, it has looked at all other items. A turn for nothing does no harm; an item without a turn
 * would wait for the next one.
 */
// @inline
export function wake(to: i32, kind: i32, tag: i32, ref: i32): bool {
  if (load((to + STATE) | 0) !== PARKED) return false;
  const want = load((to + WANT) | 0);
  if (want === WANT_ANY || want === WANT_MATCH) {
    enqueue(to);
    return false;
  }
  const wanted = load((to + WANTED) | 0);
  const isWanted =
    want === WANT_TAG
      ? (kind === MESSAGE || kind === TIMER) && tag === wanted
      : want === WANT_REF && (kind === MESSAGE ? tag : ref) === wanted;
  if (isWanted) enqueue(to);
  return !isWanted;
}

/**
 * Brings an item to an actor that is alive. Its payload lies in the staging area, unless `payload`
 * says where the host keeps it. False: there is no room, and nothing has changed. `isBound`: the
 * limit `allMailboxBytes` counts.
 */
export function deliver(
  to: i32,
  kind: i32,
  tag: i32,
  fromLo: i32,
  fromHi: i32,
  ref: i32,
  reason: i32,
  length: i32,
  payload: i32,
  isBound: bool,
): bool {
  const inside = payload === 0 ? length : 8;
  const size = sizeFor(inside);
  const place = reserve(to, size, isBound);
  if (place === 0) return false;
  const isPassed = wake(to, kind, tag, ref);
  // The padding: a guest may be shown it, and other actors' bytes may lie there.
  store2((place + size - 8) | 0, 0, 0);
  if (payload === 0) {
    copy((place + ITEM_HEADER) | 0, STAGING, length);
    append(to, place, kind, tag, fromLo, fromHi, ref, reason, length, isPassed);
  } else {
    store((place + ITEM_HEADER) | 0, payload);
    store((load((to + LAST_SEGMENT) | 0) + HAS_OUTSIDE) | 0, 1);
    append(to, place, kind | OUTSIDE, tag, fromLo, fromHi, ref, reason, length, isPassed);
  }
  return true;
}
