/**
 * Marks: where a mailbox ended when a ref was made. No item before that bears the ref, so a receive
 * by ref begins there. A mailbox keeps the marks of its eight newest refs.
 */
import { classFor, give, take } from "./arena.ts";
import { clear, copy, load, store, store2 } from "./memory.ts";
import { CALL_MARK, CALL_REF, COLD, MARKS, TAIL } from "./words.ts";

/** A ref and a position each, the oldest first. A free one is all zeros. */
const MARK_BYTES = 8;
const BLOCK_BYTES = 64;
const LAST = 56;

/** A ref is made. If there is no memory for its mark, it has none. */
export function mark(me: i32, ref: i32): void {
  markAt(me, ref, load((me + TAIL) | 0));
}

/** The same for a ref that was made when the mailbox ended at a position. */
export function markAt(me: i32, ref: i32, position: i32): void {
  // An empty mailbox needs none: its first item can be the one.
  if (position === 0) return;
  let block = load((me + MARKS) | 0);
  if (block === 0) {
    block = take(classFor(BLOCK_BYTES));
    if (block === 0) return;
    clear(block, BLOCK_BYTES);
    store((me + MARKS) | 0, block);
  }
  let place = 0;
  while (place < BLOCK_BYTES && load((block + place) | 0) !== 0) place = (place + MARK_BYTES) | 0;
  if (place === BLOCK_BYTES) {
    copy(block, (block + MARK_BYTES) | 0, LAST);
    place = LAST;
  }
  store2((block + place) | 0, ref, position);
}

/** A ref is dead. */
export function unmark(me: i32, ref: i32): void {
  const block = load((me + MARKS) | 0);
  if (block === 0) return;
  let place = 0;
  while (place < BLOCK_BYTES && load((block + place) | 0) !== ref) place = (place + MARK_BYTES) | 0;
  if (place === BLOCK_BYTES) return;
  copy((block + place) | 0, (block + place + MARK_BYTES) | 0, (LAST - place) | 0);
  store2((block + LAST) | 0, 0, 0);
}

/** Where the mailbox ended when a ref was made; 0: no one knows. */
export function markOf(me: i32, ref: i32): i32 {
  if (load((load((me + COLD) | 0) + CALL_REF) | 0) === ref) return load((me + CALL_MARK) | 0);
  const block = load((me + MARKS) | 0);
  if (block === 0) return 0;
  for (let place = 0; place < BLOCK_BYTES; place = (place + MARK_BYTES) | 0) {
    if (load((block + place) | 0) === ref) return load((block + place + 4) | 0);
  }
  return 0;
}

/** What stood at a position stands at another one. */
export function moveMarks(me: i32, position: i32, to: i32): void {
  const block = load((me + MARKS) | 0);
  for (let place = 4; place < BLOCK_BYTES; place = (place + MARK_BYTES) | 0) {
    if (load((block + place) | 0) === position) store((block + place) | 0, to);
  }
}

/** Forgets all marks. */
export function dropMarks(me: i32): void {
  const block = load((me + MARKS) | 0);
  if (block === 0) return;
  give(block, classFor(BLOCK_BYTES));
  store((me + MARKS) | 0, 0);
}
