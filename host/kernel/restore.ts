/**
 * Puts an actor's state into an instance, and a first state back.
 *
 * `instance` is where the kernel has the two words of the instance. CONDITION is CLEAN only if its memory
 * and globals are those of the first state IN_STATE, with zeros where the memory has grown. `beginIn`
 * and `loadImage` make it DIRTY before the first byte of an actor is written. The last store of a reset, and
 * nothing else, makes it CLEAN again. So where the stack ends in between, it stays DIRTY: it can be
 * reset, or must be dropped, and no actor gets it.
 */
import { bytesOfGlobals, globalsOf, lineOf } from "./first-state.ts";
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
  LINE_MASK,
  PAGES_WORD_SHIFT,
  STATE_FROM,
  STATE_GLOBALS,
  STATE_HEADER,
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
  if (load((instance + IN_STATE) | 0) === state) return;
  store((instance + CONDITION) | 0, DIRTY);
  reset(instance, state, 0);
}

/**
 * Puts a first state into an instance: that of its actor's module. `limit`: the highest store limit that
 * its actor had; where a load was interrupted, that of its image. An instance whose memory has grown beyond
 * what images have stays DIRTY.
 */
export function reset(instance: i32, state: i32, limit: i32): void {
  const pages = guestPages();
  if (below(IMAGE_MAX_PAGES, pages)) return;
  const globals = load((state + STATE_GLOBALS) | 0);
  const from = load((state + STATE_FROM) | 0);
  const until = load((state + STATE_UNTIL) | 0);
  // What can differ: all below the limit, what is left of the first state before, and globals that an
  // interrupted call has left in the memory.
  let end = endOfLines(limit, pages << PAGE_SHIFT);
  end = greatest(end, greatest(load((load((instance + IN_STATE) | 0) + STATE_UNTIL) | 0), bytesOfGlobals(globals)));
  if (load(CHECKS_IMAGES) !== 0) checkBeyond(load((instance + IN_STATE) | 0), end, pages << PAGE_SHIFT);
  writeGlobals(globalsOf(state), globals);
  const scratch = load((state + STATE_SCRATCH) | 0);
  clearScratch(scratch);
  if (from > scratch) guestClear(scratch, (from - scratch) | 0);
  copyOut(from, (state + STATE_HEADER) | 0, (until - from) | 0);
  if (end > until) guestClear(until, (end - until) | 0);
  store2((instance + CONDITION) | 0, CLEAN, state);
}

/** The same where the actor's state was saved as this image, and it has not run since. */
export function resetSaved(instance: i32, image: i32): void {
  const state = load((image + IMAGE_STATE) | 0);
  const end = load((image + IMAGE_PAGES) | 0) << PAGES_WORD_SHIFT;
  const last = (image + IMAGE_HEADER + (load((image + IMAGE_LINES) | 0) << 2)) | 0;
  writeGlobals(globalsOf(state), load((state + STATE_GLOBALS) | 0));
  for (let line = (image + IMAGE_HEADER) | 0; line !== last && load(line) < end; line = (line + 4) | 0) {
    const to = addressOf(load(line));
    guestLineOut(to, lineOf(state, to));
  }
  clearScratch(load((state + STATE_SCRATCH) | 0));
  store2((instance + CONDITION) | 0, CLEAN, state);
}

/** Makes the scratch memory zeros again. Most of it is: to look costs less than to write. */
function clearScratch(end: i32): void {
  let at = 0;
  while (at < end && guestIsZero(at)) at = (at + ZERO_BYTES) | 0;
  if (at < end) guestClear(at, (end - at) | 0);
}

// @inline
function copyLines(to: i32, from: i32, bytes: i32): void {
  for (let at = 0; at < bytes; at = (at + 8) | 0) copy2(to + at, from + at);
}

// @inline
function greatest(one: i32, other: i32): i32 {
  return one > other ? one : other;
}
