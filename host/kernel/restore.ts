/**
 * Puts an actor's state into an instance, and a first state back.
 *
 * `instance` is where the kernel has the two words of the instance. CONDITION is CLEAN only if its memory
 * and globals are those of the first state IN_STATE, with zeros where the memory has grown. `beginIn`
 * and `loadImage` make it DIRTY before the first byte of an actor is written. The last store of a reset, and
 * nothing else, makes it CLEAN again. So where the stack ends in between, it stays DIRTY: it can be
 * reset, or must be dropped, and no actor gets it.
 */
import { bytesOfGlobals, globalsOf, lineOfRoot, rootOf } from "./first-state.ts";
import { writeGlobals } from "./globals.ts";
import { addressOf, endOfLines, wordsOf } from "./image.ts";
import { checkBeyond } from "./image-check.ts";
import {
  GLOBALS_KEPT,
  IMAGE_HEADER,
  IMAGE_LINES,
  IMAGE_MAX_PAGES,
  IMAGE_PAGES,
  IMAGE_STATE,
  LINE_BYTES,
  LINE_MASK,
  PAGES_WORD_SHIFT,
  STATE_FROM,
  STATE_GLOBALS,
  STATE_HEADER,
  STATE_LINES,
  STATE_LINES_AT,
  STATE_PAGES,
  STATE_SCRATCH,
  STATE_UNTIL,
} from "./image-words.ts";
import { CLEAN, CONDITION, DIRTY, IN_STATE } from "./life-words.ts";
import {
  below,
  copy2,
  copyOut,
  guestClear,
  guestCopy2,
  guestIsZero,
  guestLineOut,
  guestPages,
  load,
  lowestBit,
  store,
  store2,
} from "./memory.ts";
import { CHECKS_IMAGES } from "./words.ts";

const PAGE_SHIFT = 16;
const ZERO_BYTES = 256;
/** Up to this length a part is cleared without a look. */
const CLEARED_BYTES = 16_384;
/** So much is cleared from the first bytes on that are not zeros. */
const CLEARED_AT_ONCE = 4096;

/**
 * Gives a clean instance to a new actor, in the first state of its module. False: the instance's memory
 * has another size, and nothing has changed.
 */
export function beginIn(instance: i32, state: i32): bool {
  if (guestPages() !== load((state + STATE_PAGES) | 0)) return false;
  prepare(instance, state);
  store((instance + CONDITION) | 0, DIRTY);
  return true;
}

/** Gives a clean instance to the actor of an image. False: as `beginIn`. */
export function loadImage(instance: i32, image: i32): bool {
  const pages = load((image + IMAGE_PAGES) | 0);
  if (guestPages() !== pages) return false;
  const state = load((image + IMAGE_STATE) | 0);
  prepare(instance, state);
  const globals = load((state + STATE_GLOBALS) | 0);
  copyLines(GLOBALS_KEPT, globalsOf(state), bytesOfGlobals(globals));
  const end = pages << PAGES_WORD_SHIFT;
  const last = (image + IMAGE_HEADER + (load((image + IMAGE_LINES) | 0) << 2)) | 0;
  let line = (image + IMAGE_HEADER) | 0;
  let from = wordsOf(image);
  store((instance + CONDITION) | 0, DIRTY);
  for (; line !== last && load(line) < end; line = (line + 4) | 0) {
    const word = load(line);
    const to = addressOf(word);
    for (let rest = word & LINE_MASK; rest !== 0; rest &= rest - 1) {
      guestCopy2(to + (lowestBit(rest) << 3), from);
      from = (from + 8) | 0;
    }
  }
  for (; line !== last; line = (line + 4) | 0) {
    const word = load(line);
    const to = (GLOBALS_KEPT + addressOf((word - end) | 0)) | 0;
    for (let rest = word & LINE_MASK; rest !== 0; rest &= rest - 1) {
      copy2(to + (lowestBit(rest) << 3), from);
      from = (from + 8) | 0;
    }
  }
  writeGlobals(GLOBALS_KEPT, globals);
  return true;
}

/** Puts another first state into a clean instance, unless it is in this one. */
// @inline
function prepare(instance: i32, state: i32): void {
  const before = load((instance + IN_STATE) | 0);
  if (before !== state) exchange(instance, before, state);
}

/**
 * Puts another first state of the same module into a clean instance. Only the lines are touched by which the two
 * differ from their root. The limit of an actor is not below that of its first state, so all lines of that are
 * below the limit where this is interrupted.
 */
function exchange(instance: i32, before: i32, state: i32): void {
  const root = rootOf(before);
  store((instance + CONDITION) | 0, DIRTY);
  const last = (before + STATE_HEADER + (load((before + STATE_LINES) | 0) << 2)) | 0;
  for (let word = (before + STATE_HEADER) | 0; word !== last; word = (word + 4) | 0) {
    guestLineOut(load(word), lineOfRoot(root, load(word)));
  }
  putLinesOf(state);
  writeGlobals(globalsOf(state), load((state + STATE_GLOBALS) | 0));
  store2((instance + CONDITION) | 0, CLEAN, state);
}

/**
 * Puts an instance back into its first state. `limit`: the highest store limit that its actor had; where a load
 * was interrupted, that of its image. An instance whose memory has grown beyond what images have stays DIRTY.
 */
export function reset(instance: i32, limit: i32): void {
  const pages = guestPages();
  if (below(IMAGE_MAX_PAGES, pages)) return;
  const state = load((instance + IN_STATE) | 0);
  const globals = load((state + STATE_GLOBALS) | 0);
  const scratch = load((state + STATE_SCRATCH) | 0);
  // What can differ: all below the limit, and globals that an interrupted call has left in the memory.
  const end = greatest(endOfLines(limit, pages << PAGE_SHIFT), bytesOfGlobals(globals));
  if (load(CHECKS_IMAGES) !== 0) checkBeyond(state, end, pages << PAGE_SHIFT);
  writeGlobals(globalsOf(state), globals);
  if (scratch !== 0) putZeros(0, scratch);
  if (scratch < end) putRoot(rootOf(state), scratch, end);
  putLinesOf(state);
  store2((instance + CONDITION) | 0, CLEAN, state);
}

/** The same where the actor's state was saved as this image, and it has not run since. */
export function resetSaved(instance: i32, image: i32): void {
  const state = load((image + IMAGE_STATE) | 0);
  const root = rootOf(state);
  const end = load((image + IMAGE_PAGES) | 0) << PAGES_WORD_SHIFT;
  const last = (image + IMAGE_HEADER + (load((image + IMAGE_LINES) | 0) << 2)) | 0;
  const lastOfState = (state + STATE_HEADER + (load((state + STATE_LINES) | 0) << 2)) | 0;
  let ofState = (state + STATE_HEADER) | 0;
  let lineOfState = (state + load((state + STATE_LINES_AT) | 0)) | 0;
  writeGlobals(globalsOf(state), load((state + STATE_GLOBALS) | 0));
  for (let line = (image + IMAGE_HEADER) | 0; line !== last && load(line) < end; line = (line + 4) | 0) {
    const to = addressOf(load(line));
    for (; ofState !== lastOfState && load(ofState) < to; ofState = (ofState + 4) | 0) {
      lineOfState = (lineOfState + LINE_BYTES) | 0;
    }
    const isOfState = ofState !== lastOfState && load(ofState) === to;
    guestLineOut(to, isOfState ? lineOfState : lineOfRoot(root, to));
  }
  const scratch = load((state + STATE_SCRATCH) | 0);
  if (scratch !== 0) putZeros(0, scratch);
  store2((instance + CONDITION) | 0, CLEAN, state);
}

/** Puts the lines of a derived state into the memory. */
function putLinesOf(state: i32): void {
  const last = (state + STATE_HEADER + (load((state + STATE_LINES) | 0) << 2)) | 0;
  let line = (state + load((state + STATE_LINES_AT) | 0)) | 0;
  for (let word = (state + STATE_HEADER) | 0; word !== last; word = (word + 4) | 0) {
    guestLineOut(load(word), line);
    line = (line + LINE_BYTES) | 0;
  }
}

/** Puts a part of a root into the memory. */
function putRoot(root: i32, from: i32, end: i32): void {
  const first = load((root + STATE_FROM) | 0);
  const until = load((root + STATE_UNTIL) | 0);
  let at = from;
  if (at < first) {
    const stop = lesser(first, end);
    putZeros(at, stop);
    at = stop;
  }
  if (at < lesser(until, end)) {
    const stop = lesser(until, end);
    copyOut(at, lineOfRoot(root, at), (stop - at) | 0);
    at = stop;
  }
  if (at < end) putZeros(at, end);
}

/**
 * Makes a part of the memory zeros again. Most of a large part is: to look costs less than to write, and gives
 * pages that were never written to no memory.
 */
function putZeros(from: i32, end: i32): void {
  if (((end - from) | 0) <= CLEARED_BYTES) {
    guestClear(from, (end - from) | 0);
    return;
  }
  const last = (end - ZERO_BYTES) | 0;
  let at = from;
  while (at !== end) {
    if (at <= last && guestIsZero(at)) {
      at = (at + ZERO_BYTES) | 0;
      continue;
    }
    const stop = ((end - at) | 0) < CLEARED_AT_ONCE ? end : (at + CLEARED_AT_ONCE) | 0;
    guestClear(at, (stop - at) | 0);
    at = stop;
  }
}

// @inline
function copyLines(to: i32, from: i32, bytes: i32): void {
  for (let at = 0; at < bytes; at = (at + 8) | 0) copy2(to + at, from + at);
}

// @inline
function greatest(one: i32, other: i32): i32 {
  return one > other ? one : other;
}

// @inline
function lesser(one: i32, other: i32): i32 {
  return one < other ? one : other;
}
