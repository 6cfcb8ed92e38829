/** A guest's `send`. */

import { findDelegated, findMonitor } from "./buckets.ts";
import { wake } from "./delivery.ts";
import { sizeFor } from "./items.ts";
import { ITEM_HEADER, MESSAGE } from "./mail-words.ts";
import { append } from "./mailbox.ts";
import { are2, below, copyIn, count, isInside, load, store, store2 } from "./memory.ts";
import { depart, isElsewhere } from "./outbox.ts";
import { hostCharge, hostSend } from "./outside.ts";
import { recordAt } from "./records.ts";
import { reserve } from "./segments.ts";
import { me } from "./self.ts";
import { TIE_ANSWERED, TIE_OTHER } from "./tie-words.ts";
import {
  ACCEPTED,
  ACCEPTED_GIVE_WAY,
  BYTES,
  COPIED_SHIFT,
  COUNT,
  CURRENT,
  FLAGS,
  FREE,
  GIVES_WAY,
  GIVING_WAY,
  HI,
  LO,
  MAX_BYTES,
  MAX_INSIDE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGES,
  MAY_PARK,
  NOT_WAITING,
  PAYS,
  RESTRAINT,
  SENT,
  SENT_IN_TURN,
  TAKES_MESSAGES,
  TIMED,
  TURN_SENDS,
} from "./words.ts";

/** As docs/abi.md says. */
export function send(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32 {
  const to = recordAt(lo);
  if (!isPlain(to, lo, hi, pointer, length)) {
    // Of a request that was delegated, the host knows the asker.
    const isFree = isElsewhere(hi) && (tag >= 0 || findDelegated(me, tag) === 0);
    if (!isFree || !depart(lo, hi, tag, 0, pointer, length)) return hostSend(lo, hi, tag, pointer, length);
    return tag >= 0 ? countSent(me) : ACCEPTED;
  }
  if (tag < 0) return answer(to, lo, hi, tag, pointer, length);
  if (!post(to, tag, 0, pointer, length)) return hostSend(lo, hi, tag, pointer, length);
  return countSent(me);
}

/** Whether a message can go to the actor of a record without the host: its bounds allow it. */
// @inline
export function isPlain(to: i32, lo: i32, hi: i32, pointer: i32, length: i32): bool {
  const self = me;
  if (to === 0 || !are2(to, lo, hi)) return false;
  if (load(CURRENT) !== self || load((self + RESTRAINT) | 0) !== FREE) return false;
  // Of an actor whose messages are the host's, all are: those that it sends, too.
  if ((load((to + FLAGS) | 0) & load((self + FLAGS) | 0) & TAKES_MESSAGES) === 0) return false;
  if (below(MAX_INSIDE_BYTES, length) || below(load((to + MAX_MESSAGE_BYTES) | 0), length)) return false;
  if (!below(load((to + COUNT) | 0), load((to + MAX_MESSAGES) | 0))) return false;
  if (below(load((to + MAX_BYTES) | 0), (load((to + BYTES) | 0) + length) | 0)) return false;
  return isInside(pointer, length);
}

/**
 * Answers a request, or a monitor. Each takes one answer, of the actor that was asked. What else a ref
 * may be is the host's to judge.
 */
function answer(to: i32, lo: i32, hi: i32, ref: i32, pointer: i32, length: i32): i32 {
  const tie = findMonitor(to, ref);
  if (tie === 0 || load((tie + TIE_OTHER) | 0) !== me || load((tie + TIE_ANSWERED) | 0) !== 0) {
    return hostSend(lo, hi, ref, pointer, length);
  }
  if (!post(to, ref, 0, pointer, length)) return hostSend(lo, hi, ref, pointer, length);
  store((tie + TIE_ANSWERED) | 0, 1);
  return ACCEPTED;
}

/** Puts a message into a mailbox. False: there is no room, and nothing has changed. */
// @inline
export function post(to: i32, tag: i32, ref: i32, pointer: i32, length: i32): bool {
  const self = me;
  const price = (length >>> COPIED_SHIFT) | 0;
  if (price !== 0 && (load((self + FLAGS) | 0) & PAYS) !== 0) hostCharge(price);
  const size = sizeFor(length);
  const place = reserve(to, size, true);
  if (place === 0) return false;
  const isPassed = wake(to, MESSAGE, tag, ref);
  // The padding: a guest may be shown it, and other actors' bytes may lie there.
  if ((length & 7) !== 0) store2((place + size - 8) | 0, 0, 0);
  copyIn((place + ITEM_HEADER) | 0, pointer, length);
  append(to, place, MESSAGE, tag, load((self + LO) | 0), load((self + HI) | 0), ref, 0, length, isPassed);
  count(SENT);
  return true;
}

/**
 * Counts a message that was accepted, and says what `send` answers. Between a -2 and its `park` it
 * never asks the sender to give way.
 */
// @inline
export function countSent(from: i32): i32 {
  const sent = (load(SENT_IN_TURN) + 1) | 0;
  store(SENT_IN_TURN, sent);
  if (sent < TURN_SENDS) return ACCEPTED;
  if ((load((from + FLAGS) | 0) & (GIVES_WAY | MAY_PARK)) !== (GIVES_WAY | MAY_PARK)) return ACCEPTED;
  const timed = load((from + TIMED) | 0);
  if (timed !== NOT_WAITING && timed !== GIVING_WAY) return ACCEPTED;
  store((from + TIMED) | 0, GIVING_WAY);
  return ACCEPTED_GIVE_WAY;
}
