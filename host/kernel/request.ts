/** A guest's `request`, and what all calls that make or remove ties ask first. */

import { findMonitor } from "./buckets.ts";
import { sizeFor } from "./items.ts";
import { MAX_TIES } from "./life-words.ts";
import { placeMark, prepareMark } from "./marks.ts";
import { are2, below, fits, load, store } from "./memory.ts";
import { hostCharge, hostRequest } from "./outside.ts";
import { recordAt } from "./records.ts";
import { mayTake } from "./segments.ts";
import { me } from "./self.ts";
import { isPlain, post } from "./send.ts";
import { TIE_BYTES } from "./tie-words.ts";
import { addMonitor, prepareTie } from "./ties.ts";
import {
  BYTES,
  BYTES_OF_INSTANCES,
  BYTES_OF_TIES,
  COLD,
  COUNT,
  CURRENT,
  FLAGS,
  FREE,
  MAX_ALL_BYTES,
  MAX_BYTES,
  MAX_HEAP_BYTES,
  MAX_MESSAGES,
  OTHER_BYTES,
  PAYS,
  REFS,
  REFS_LEFT,
  RESTRAINT,
  SPEC,
  TAKES_MESSAGES,
  TIE_COUNT,
  TIE_PRICE,
  TIES,
} from "./words.ts";

/** The record of the live actor of a pid; 0: there is none, or the caller may not make or remove ties now. */
// @inline
export function partner(lo: i32, hi: i32): i32 {
  const self = me;
  const to = recordAt(lo);
  // No live actor has a negative word there; records of the dead have.
  if (to === 0 || hi < 0 || !are2(to, lo, hi)) return 0;
  return mayAct(self) ? to : 0;
}

/** Whether the actor may call now. In its spawn it calls the host, which charges it. */
// @inline
export function mayAct(self: i32): bool {
  if (load(CURRENT) !== self || load((self + RESTRAINT) | 0) !== FREE) return false;
  return (load((self + FLAGS) | 0) & TAKES_MESSAGES) !== 0;
}

/** Whether the limits allow an actor one more tie. */
// @inline
export function mayTie(record: i32): bool {
  const cold = load((record + COLD) | 0);
  if (!below(load((cold + TIE_COUNT) | 0), load((load((record + SPEC) | 0) + MAX_TIES) | 0))) return false;
  return (
    fits(BYTES_OF_TIES, BYTES_OF_INSTANCES, TIE_BYTES, MAX_HEAP_BYTES) &&
    fits(BYTES_OF_TIES, OTHER_BYTES, TIE_BYTES, MAX_ALL_BYTES)
  );
}

/** Whether the actor may cause a Down for itself: there is room for one. */
// @inline
export function mayAsk(self: i32): bool {
  if (!below(load((self + COUNT) | 0), load((self + MAX_MESSAGES) | 0))) return false;
  if (below(load((self + MAX_BYTES) | 0), load((self + BYTES) | 0))) return false;
  return mayTake(self, sizeFor(0));
}

/**
 * A ref for the actor's next monitor; 0: none was drawn, or it may be live. Refs are random, so two
 * of one actor may be equal.
 */
// @inline
export function drawRef(self: i32): i32 {
  const left = load(REFS_LEFT);
  let ref = 0;
  if (left !== 0) {
    ref = load((REFS + ((left - 1) << 2)) | 0);
    if (load((load((self + COLD) | 0) + TIES) | 0) !== 0 && isTaken(self, ref)) ref = 0;
  }
  return ref;
}

/** Whether a ref is live. The next one is drawn then. The host's own refs are even, and these are odd. */
function isTaken(self: i32, ref: i32): bool {
  if (findMonitor(self, ref) === 0) return false;
  store(REFS_LEFT, (load(REFS_LEFT) - 1) | 0);
  return true;
}

/** Charges the actor for a call that makes or removes a tie. */
// @inline
export function pay(self: i32, reductions: i32): void {
  if ((load((self + FLAGS) | 0) & PAYS) !== 0) hostCharge(reductions);
}

/** As docs/abi.md says. */
export function request(lo: i32, hi: i32, tag: i32, pointer: i32, length: i32): i32 {
  const self = me;
  const to = recordAt(lo);
  const flags = load((self + FLAGS) | 0);
  if (!isPlain(to, lo, hi, pointer, length) || (flags & TAKES_MESSAGES) === 0 || tag < 0 || to === self) {
    return hostRequest(lo, hi, tag, pointer, length);
  }
  if (!mayTie(self) || !mayAsk(self)) return hostRequest(lo, hi, tag, pointer, length);
  const ref = drawRef(self);
  if (ref === 0 || !prepareTie()) return hostRequest(lo, hi, tag, pointer, length);
  if ((flags & PAYS) !== 0) {
    if (!mayTake(to, sizeFor(length))) return hostRequest(lo, hi, tag, pointer, length);
    hostCharge(TIE_PRICE);
  }
  prepareMark(self);
  // The ref is used up, also if the stack ends before the tie is made: the receiver knows it.
  store(REFS_LEFT, (load(REFS_LEFT) - 1) | 0);
  if (!post(to, tag, ref, pointer, length)) return hostRequest(lo, hi, tag, pointer, length);
  addMonitor(self, to, ref);
  placeMark(self, ref);
  return ref;
}
