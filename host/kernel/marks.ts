/**
 * Marks: where a mailbox ended when a ref was made. No item before that bears the ref, so a receive
 * by ref begins there. A mailbox keeps the marks of its eight newest refs. HAS_MARKS says that it
 * has a block for them, so that no one looks at its cold block for nothing.
 */
import { classFor, take } from "./arena.ts";
import { clear, copy, load, store, store2 } from "./memory.ts";
import { COLD, FLAGS, FREE_BLOCKS, HAS_MARKS, MARKS, TAIL } from "./words.ts";

/** A ref and a position each, the oldest first: they are in the order of the mailbox. A free one is all zeros. */
export const MARK_BYTES = 8;
export const MARKS_BYTES = 64;
const LAST = 56;

/** A ref is made. If there is no memory for its mark, it has none. */
export function mark(me: i32, ref: i32): void {
  prepareMark(me);
  placeMark(me, ref);
}

/** Makes room for the next mark. An empty mailbox needs none: its first item can be the one. */
// @inline
export function prepareMark(me: i32): void {
  if (load((me + TAIL) | 0) !== 0 && (load((me + FLAGS) | 0) & HAS_MARKS) === 0) addMarks(me);
}

function addMarks(me: i32): void {
  const block = take(classFor(MARKS_BYTES));
  if (block === 0) return;
  clear(block, MARKS_BYTES);
  store((load((me + COLD) | 0) + MARKS) | 0, block);
  store((me + FLAGS) | 0, load((me + FLAGS) | 0) | HAS_MARKS);
}

/** The same as `mark`, if there is room. */
// @inline
export function placeMark(me: i32, ref: i32): void {
  if (load((me + TAIL) | 0) !== 0 && (load((me + FLAGS) | 0) & HAS_MARKS) !== 0) writeMark(me, ref);
}

function writeMark(me: i32, ref: i32): void {
  const block = load((load((me + COLD) | 0) + MARKS) | 0);
  let place = 0;
  while (place < MARKS_BYTES && load((block + place) | 0) !== 0) place = (place + MARK_BYTES) | 0;
  if (place === MARKS_BYTES) {
    copy(block, (block + MARK_BYTES) | 0, LAST);
    place = LAST;
  }
  store2((block + place) | 0, ref, load((me + TAIL) | 0));
}

/** A ref is dead. */
// @inline
export function unmark(me: i32, ref: i32): void {
  if ((load((me + FLAGS) | 0) & HAS_MARKS) !== 0) eraseMark(me, ref);
}

function eraseMark(me: i32, ref: i32): void {
  const block = load((load((me + COLD) | 0) + MARKS) | 0);
  let place = 0;
  while (place < MARKS_BYTES && load((block + place) | 0) !== ref) place = (place + MARK_BYTES) | 0;
  if (place === MARKS_BYTES) return;
  copy((block + place) | 0, (block + place + MARK_BYTES) | 0, (LAST - place) | 0);
  store2((block + LAST) | 0, 0, 0);
}

/** Where the mailbox ended when a ref was made; 0: no one knows. */
// @inline
export function markOf(me: i32, ref: i32): i32 {
  return (load((me + FLAGS) | 0) & HAS_MARKS) === 0 ? 0 : findMark(me, ref);
}

function findMark(me: i32, ref: i32): i32 {
  const block = load((load((me + COLD) | 0) + MARKS) | 0);
  for (let place = 0; place < MARKS_BYTES; place = (place + MARK_BYTES) | 0) {
    if (load((block + place) | 0) === ref) return load((block + place + 4) | 0);
  }
  return 0;
}

/** Whether a mark stands at a position of a mailbox that has a block of marks. */
export function isMarked(me: i32, position: i32): bool {
  const block = load((load((me + COLD) | 0) + MARKS) | 0);
  let place = 0;
  while (place < MARKS_BYTES && load((block + place) | 0) !== 0) {
    if (load((block + place + 4) | 0) === position) return true;
    place = (place + MARK_BYTES) | 0;
  }
  return false;
}

/** What stood at a position stands at another one. */
export function moveMarks(me: i32, position: i32, to: i32): void {
  const block = load((load((me + COLD) | 0) + MARKS) | 0);
  for (let place = 4; place < MARKS_BYTES; place = (place + MARK_BYTES) | 0) {
    if (load((block + place) | 0) === position) store((block + place) | 0, to);
  }
}

/** Forgets all marks, of a mailbox that has a block of them. */
export function dropMarks(me: i32): void {
  const cold = load((me + COLD) | 0);
  const list = (FREE_BLOCKS + (classFor(MARKS_BYTES) << 2)) | 0;
  const block = load((cold + MARKS) | 0);
  store((me + FLAGS) | 0, load((me + FLAGS) | 0) & ~HAS_MARKS);
  store((cold + MARKS) | 0, 0);
  store(block, load(list));
  store(list, block);
}
