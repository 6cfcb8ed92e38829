/** One item of a mailbox: its size, and its kind. */

import { KIND, LENGTH, MESSAGE, OUTSIDE, TIMER } from "./mail-words.ts";
import { load } from "./memory.ts";

/** The bytes of an item with a payload of so many bytes. */
// @inline
export function sizeFor(length: i32): i32 {
  return (length + 39) & -8;
}

/** The bytes of an item. */
// @inline
export function sizeOf(position: i32): i32 {
  if ((load((position + KIND) | 0) & OUTSIDE) !== 0) return sizeFor(8);
  return sizeFor(load((position + LENGTH) | 0));
}

export function isMessage(kind: i32): bool {
  return (kind & ~OUTSIDE) === MESSAGE;
}

/** Whether the counters count an item: a message, or a timer's. */
// @inline
export function isCounted(kind: i32): bool {
  return (kind & ~(OUTSIDE | MESSAGE | TIMER)) === 0;
}
