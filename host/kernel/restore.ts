/**
 * Puts an actor's state into an instance, and the first state back.
 *
 * `instance` is where the kernel has the words of the instance, of which only CONDITION matters here. It
 * is CLEAN if the instance is in its module's first state, whose memory may have grown since. `load`
 * makes it DIRTY before the first byte of an actor is written. The last store of a reset, and nothing
 * else, makes it CLEAN again. So where the stack ends in between, the instance stays DIRTY: it can be
 * reset, or must be dropped, but no actor gets it. An actor that runs has a DIRTY instance.
 */
import { bytesOfGlobals, globalsOf, lineOf } from "./first-state.ts";
import { writeGlobals } from "./globals.ts";
import { addressOf, endOfLines, wordsOf } from "./image.ts";
import {
  below,
  copy2,
  copyOut,
  guestClear,
  guestCopy2,
  guestLineOut,
  guestPages,
  load,
  lowestBit,
  store,
} from "./memory.ts";
import {
  CLEAN,
  CONDITION,
  DIRTY,
  GLOBALS_KEPT,
  IMAGE_HEADER,
  IMAGE_LINES,
  IMAGE_PAGES,
  IMAGE_STATE,
  LINE_MASK,
  PAGES_WORD_SHIFT,
  STATE_FROM,
  STATE_GLOBALS,
  STATE_HEADER,
  STATE_UNTIL,
} from "./words.ts";

const PAGE_SHIFT = 16;

/**
 * Puts the actor of an image into a clean instance of its module. False: the instance's memory has
 * another size, and nothing has changed.
 */
export function loadImage(instance: i32, image: i32): bool {
  const pages = load((image + IMAGE_PAGES) | 0);
  if (guestPages() !== pages) return false;
  const state = load((image + IMAGE_STATE) | 0);
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

/**
 * Puts the first state back into an instance. `limit`: the highest store limit that its actor had. Where a
 * load was interrupted, that of its image.
 */
export function reset(instance: i32, state: i32, limit: i32): void {
  const globals = load((state + STATE_GLOBALS) | 0);
  const changed = endOfLines(limit, guestPages() << PAGE_SHIFT);
  // An interrupted load leaves globals in the memory, maybe beyond the limit.
  const place = bytesOfGlobals(globals);
  const end = below(changed, place) ? place : changed;
  const from = load((state + STATE_FROM) | 0);
  const until = load((state + STATE_UNTIL) | 0);
  writeGlobals(globalsOf(state), globals);
  guestClear(0, below(from, end) ? from : end);
  if (below(from, end)) copyOut(from, (state + STATE_HEADER) | 0, ((below(until, end) ? until : end) - from) | 0);
  if (below(until, end)) guestClear(until, (end - until) | 0);
  store((instance + CONDITION) | 0, CLEAN);
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
  store((instance + CONDITION) | 0, CLEAN);
}

// @inline
function copyLines(to: i32, from: i32, bytes: i32): void {
  for (let at = 0; at < bytes; at = (at + 8) | 0) copy2(to + at, from + at);
}
