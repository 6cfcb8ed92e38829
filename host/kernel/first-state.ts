/**
 * A module's first state: what its instances begin with, before any code of them has run. Images are
 * the difference from it. It is one block of the arena: a header, the lines of 64 bytes from the first
 * that is not all zeros to the last, and the globals, padded to lines. Scratch memory counts as zeros.
 *
 * The first state of a derived module is a difference from it: derived-state.ts.
 */
import { classFor } from "./arena.ts";
import { readGlobals } from "./globals.ts";
import { takeCounted } from "./image-blocks.ts";
import {
  BLOCK_CLASS,
  GLOBALS_KEPT,
  GLOBALS_MAX,
  IMAGE_MAX_PAGES,
  LINE_BYTES,
  NO_MEMORY,
  STATE_FROM,
  STATE_GLOBALS,
  STATE_GLOBALS_AT,
  STATE_HEADER,
  STATE_LENGTH,
  STATE_LIMIT,
  STATE_LINES,
  STATE_LINES_AT,
  STATE_PAGES,
  STATE_ROOT,
  STATE_SCRATCH,
  STATE_UNTIL,
  STATE_USERS,
  TOO_LARGE,
} from "./image-words.ts";
import { below, copy, copyIn, guestIsZero, guestLineIs, guestPages, load, store } from "./memory.ts";
import { ZEROS } from "./words.ts";

const PAGE_SHIFT = 16;
const ZERO_BYTES = 256;

/**
 * Keeps the state of the port's instance. `limit`: its store limit. `scratch`: the end of its scratch memory.
 * Answers where the first state is; NO_MEMORY; or TOO_LARGE for images: then its actors keep their instances.
 */
export function keepFirstState(limit: i32, globals: i32, scratch: i32): i32 {
  const pages = guestPages();
  if (below(IMAGE_MAX_PAGES, pages) || below(GLOBALS_MAX, globals)) return TOO_LARGE;
  if (pages === 0 && globals !== 0) return TOO_LARGE;
  const from = firstUsed(scratch, pages << PAGE_SHIFT);
  const until = endOfUsed(from, pages << PAGE_SHIFT);
  const used = (until - from) | 0;
  const globalBytes = bytesOfGlobals(globals);
  const length = (STATE_HEADER + used + globalBytes) | 0;
  readGlobals(globals);
  const sizeClass = classFor(length);
  const state = takeCounted(sizeClass);
  if (state === 0) return NO_MEMORY;
  store((state + BLOCK_CLASS) | 0, sizeClass);
  store((state + STATE_LENGTH) | 0, length);
  store((state + STATE_LIMIT) | 0, limit);
  store((state + STATE_PAGES) | 0, pages);
  store((state + STATE_ROOT) | 0, 0);
  store((state + STATE_FROM) | 0, from);
  store((state + STATE_UNTIL) | 0, until);
  store((state + STATE_GLOBALS) | 0, globals);
  store((state + STATE_SCRATCH) | 0, scratch);
  store((state + STATE_GLOBALS_AT) | 0, (STATE_HEADER + used) | 0);
  store((state + STATE_LINES) | 0, 0);
  store((state + STATE_LINES_AT) | 0, 0);
  store((state + STATE_USERS) | 0, 1);
  copyIn((state + STATE_HEADER) | 0, from, used);
  copy((state + STATE_HEADER + used) | 0, GLOBALS_KEPT, globalBytes);
  return state;
}

/** The bytes of the lines that have room for so many globals. */
// @inline
export function bytesOfGlobals(globals: i32): i32 {
  return ((globals << 3) + 63) & -64;
}

/** The first state of the module of a state. */
// @inline
export function rootOf(state: i32): i32 {
  const root = load((state + STATE_ROOT) | 0);
  return root === 0 ? state : root;
}

/** Where the first state has the globals. */
// @inline
export function globalsOf(state: i32): i32 {
  return (state + load((state + STATE_GLOBALS_AT) | 0)) | 0;
}

/** Where a root has a line of the guest's memory. */
// @inline
export function lineOfRoot(root: i32, pointer: i32): i32 {
  const from = load((root + STATE_FROM) | 0);
  const place = (pointer - from) | 0;
  return below(place, (load((root + STATE_UNTIL) | 0) - from) | 0) ? (root + STATE_HEADER + place) | 0 : ZEROS;
}

/** The first line behind `begin` that is not all zeros; `begin`: all are. */
function firstUsed(begin: i32, end: i32): i32 {
  const last = (end - ZERO_BYTES) | 0;
  let at = begin;
  while (at <= last && guestIsZero(at)) at = (at + ZERO_BYTES) | 0;
  while (at !== end && guestLineIs(at, ZEROS)) at = (at + LINE_BYTES) | 0;
  return at === end ? begin : at;
}

/** The end of the last line that is not all zeros. */
function endOfUsed(from: i32, end: i32): i32 {
  let at = end;
  while (at !== from && guestLineIs((at - LINE_BYTES) | 0, ZEROS)) at = (at - LINE_BYTES) | 0;
  return at;
}
