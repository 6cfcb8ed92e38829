/**
 * Outboxes: messages to actors of another thread or another node. The host opens an outbox for each
 * place that it has a carrier for, and empties it. Without one, no message leaves the kernel.
 */
import { bytesOf, give, take } from "./arena.ts";
import { sizeFor } from "./items.ts";
import {
  FROM_LO,
  ITEM_HEADER,
  KIND,
  LENGTH,
  MESSAGE,
  NEXT_OUTBOX,
  OUTBOX_CLASS,
  OUTBOX_END,
  OUTBOX_HEADER,
  OUTBOX_ORDERED,
  OUTBOX_PLACE,
  OUTBOX_TAIL,
  OUTGOING_HEADER,
  REF,
  TO_LO,
} from "./mail-words.ts";
import { below, copy2, copyIn, count, isInside, load, store, store2 } from "./memory.ts";
import { hostCharge } from "./outside.ts";
import { me } from "./self.ts";
import { HI_BITS, HIGH_GENERATION_BITS, LO_BITS, NODE_BITS, SLOT_BITS, THREAD_BITS } from "./slot-words.ts";
import {
  COPIED_SHIFT,
  CURRENT,
  FLAGS,
  FREE,
  LO,
  MAX_INSIDE_BYTES,
  OUTBOXES,
  PAYS,
  PLACE,
  RESTRAINT,
  SENT,
  TURNS_LEFT,
} from "./words.ts";

/** Whether a pid with this second word is of another thread or node, or no pid at all. */
// @inline
export function isElsewhere(hi: i32): bool {
  return (hi ^ load(PLACE)) >> HIGH_GENERATION_BITS !== 0;
}

/**
 * Puts a message of a guest into the outbox that leads to its receiver. False: the host has to do it,
 * because there is no such outbox, or no room, and nothing has changed.
 */
export function depart(lo: i32, hi: i32, tag: i32, ref: i32, pointer: i32, length: i32): bool {
  const self = me;
  if (load(CURRENT) !== self || load((self + RESTRAINT) | 0) !== FREE) return false;
  const outbox = outboxFor(lo, hi);
  if (outbox === 0 || below(MAX_INSIDE_BYTES, length) || !isInside(pointer, length)) return false;
  const at = load((outbox + OUTBOX_TAIL) | 0);
  const end = (at + sizeFor(length) + OUTGOING_HEADER - ITEM_HEADER) | 0;
  const last = load((outbox + OUTBOX_END) | 0);
  if (below(last, end)) return false;
  const price = (length >>> COPIED_SHIFT) | 0;
  if (price !== 0 && (load((self + FLAGS) | 0) & PAYS) !== 0) hostCharge(price);
  const order = load((outbox + OUTBOX_ORDERED) | 0);
  // The padding leaves the process.
  if ((length & 7) !== 0) store2((end - 8) | 0, 0, 0);
  copyIn((at + OUTGOING_HEADER) | 0, pointer, length);
  store2((at + KIND) | 0, MESSAGE, tag);
  copy2((at + FROM_LO) | 0, (self + LO) | 0);
  store2((at + REF) | 0, ref, 0);
  store2((at + LENGTH) | 0, length, order);
  store2((at + TO_LO) | 0, lo, hi);
  store((outbox + OUTBOX_ORDERED) | 0, (order + 1) | 0);
  store((outbox + OUTBOX_TAIL) | 0, end);
  count(SENT);
  // Half full: the host comes back after this turn, and the carrier empties it.
  if (below((last - end) | 0, (end - outbox) | 0)) store(TURNS_LEFT, 0);
  return true;
}

/** The outbox that leads to the actor of a pid; 0: there is none, or it is no pid. */
export function outboxFor(lo: i32, hi: i32): i32 {
  if ((lo & ~LO_BITS) !== 0 || (hi & ~HI_BITS) !== 0) return 0;
  // No pid has the generation 0.
  if (lo >> SLOT_BITS === 0 && (hi & ((1 << HIGH_GENERATION_BITS) - 1)) === 0) return 0;
  const place = placeFor(hi);
  let outbox = load(OUTBOXES);
  while (outbox !== 0 && load((outbox + OUTBOX_PLACE) | 0) !== place) outbox = load((outbox + NEXT_OUTBOX) | 0);
  return outbox;
}

/** Where a record for a pid leads: to another thread of this node, or to another node as a whole. */
function placeFor(hi: i32): i32 {
  if (((hi ^ load(PLACE)) & NODE_BITS) !== 0) return hi & NODE_BITS;
  return hi & (NODE_BITS | THREAD_BITS);
}

/**
 * Opens an outbox in a block of this size class, for the place of pids with this second word. 0: there is
 * no memory. It needs headroom.
 */
export function openOutbox(hi: i32, sizeClass: i32): i32 {
  const outbox = take(sizeClass);
  if (outbox === 0) return 0;
  store((outbox + NEXT_OUTBOX) | 0, load(OUTBOXES));
  store((outbox + OUTBOX_PLACE) | 0, placeFor(hi));
  store((outbox + OUTBOX_CLASS) | 0, sizeClass);
  store((outbox + OUTBOX_END) | 0, (outbox + bytesOf(sizeClass)) | 0);
  store((outbox + OUTBOX_TAIL) | 0, (outbox + OUTBOX_HEADER) | 0);
  store((outbox + OUTBOX_ORDERED) | 0, 0);
  store(OUTBOXES, outbox);
  return outbox;
}

/** Closes an outbox, with the records in it. It needs headroom. */
export function closeOutbox(outbox: i32): void {
  const following = load((outbox + NEXT_OUTBOX) | 0);
  let before = OUTBOXES;
  while (load(before) !== outbox) before = (load(before) + NEXT_OUTBOX) | 0;
  store(before, following);
  give(outbox, load((outbox + OUTBOX_CLASS) | 0));
}
