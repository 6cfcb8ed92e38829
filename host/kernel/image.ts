/**
 * An image: what an actor's memory and globals differ from its module's first state. It is one block of
 * the arena, however many lines differ: a header, a word for each line of 64 bytes that differs, and the words of 8 bytes that
 * differ in them. The lines are in order, those of the globals behind those of the memory.
 *
 * Only the guest's own code, which stores below the store limit, and the host, which raises it, change
 * its memory. So what lies beyond the limit is as in the first state. Scratch memory is in no image.
 */
import { bytesOfGlobals, globalsOf, lineOfRoot, rootOf } from "./first-state.ts";
import { readGlobals } from "./globals.ts";
import { takeImage } from "./image-blocks.ts";
import { checkBeyond } from "./image-check.ts";
import {
  FOUND,
  GLOBALS_KEPT,
  IMAGE_HEADER,
  IMAGE_LIMIT,
  IMAGE_LINES,
  IMAGE_MAX_PAGES,
  IMAGE_PAGES,
  IMAGE_STATE,
  LINE_ADDRESS_SHIFT,
  LINE_BYTES,
  LINE_MASK,
  STATE_FROM,
  STATE_GLOBALS,
  STATE_HEADER,
  STATE_LINES,
  STATE_LINES_AT,
  STATE_SCRATCH,
  STATE_UNTIL,
} from "./image-words.ts";
import {
  below,
  bitsIn,
  copy2,
  guestChunkIs,
  guestIsZero,
  guestLineDiffers,
  guestLineIs,
  guestPages,
  guestTake2,
  lineDiffers,
  load,
  lowestBit,
  store,
} from "./memory.ts";
import { CHECKS_IMAGES, ZEROS } from "./words.ts";

const PAGE_SHIFT = 16;
/** So many bytes are compared at once. */
const CHUNK_BYTES = 256;

/**
 * Saves the state of the actor in the port's instance. `limit`: its store limit. Answers where the image
 * is; 0: it is longer than a block, or there is no memory, and the actor keeps its instance. The
 * instance stays as it is, also if the stack ends in here.
 */
export function save(state: i32, limit: i32): i32 {
  readGlobals(load((state + STATE_GLOBALS) | 0));
  return saveWith(state, limit);
}

/** The same where the instance's globals have been read. */
export function saveWith(state: i32, limit: i32): i32 {
  const pages = guestPages();
  if (below(IMAGE_MAX_PAGES, pages)) return 0;
  const end = endOfLines(limit, pages << PAGE_SHIFT);
  if (load(CHECKS_IMAGES) !== 0) checkBeyond(state, end, pages << PAGE_SHIFT);
  const foundInMemory = findInMemory(state, end);
  const found = findInGlobals(state, pages << PAGE_SHIFT, foundInMemory);
  const image = takeImage(lengthFor(found));
  if (image === 0) return 0;
  // From here on nothing is called, or the block would be lost where the stack ends.
  const lineBytes = (found - FOUND) | 0;
  store((image + IMAGE_LIMIT) | 0, below(limit, end) ? limit : end);
  store((image + IMAGE_PAGES) | 0, pages);
  store((image + IMAGE_LINES) | 0, lineBytes >> 2);
  let line = (image + IMAGE_HEADER) | 0;
  let to = (line + (((lineBytes + 7) | 0) & -8)) | 0;
  // The padding, or the last line's word until that is written.
  store(to - 4, 0);
  for (let at = FOUND; at !== foundInMemory; at = (at + 4) | 0) {
    const word = load(at);
    const from = (word >>> LINE_ADDRESS_SHIFT) & -LINE_BYTES;
    store(line, word);
    line = (line + 4) | 0;
    for (let rest = word & LINE_MASK; rest !== 0; rest &= rest - 1) {
      guestTake2(to, from + (lowestBit(rest) << 3));
      to = (to + 8) | 0;
    }
  }
  const globals = (GLOBALS_KEPT - (pages << PAGE_SHIFT)) | 0;
  for (let at = foundInMemory; at !== found; at = (at + 4) | 0) {
    const word = load(at);
    const from = (globals + ((word >>> LINE_ADDRESS_SHIFT) & -LINE_BYTES)) | 0;
    store(line, word);
    line = (line + 4) | 0;
    for (let rest = word & LINE_MASK; rest !== 0; rest &= rest - 1) {
      copy2(to, from + (lowestBit(rest) << 3));
      to = (to + 8) | 0;
    }
  }
  store((image + IMAGE_STATE) | 0, state);
  return image;
}

/** Where the words of an image begin. */
// @inline
export function wordsOf(image: i32): i32 {
  return (image + IMAGE_HEADER + (((load((image + IMAGE_LINES) | 0) << 2) + 7) & -8)) | 0;
}

/** The address of a line, from its word. */
// @inline
export function addressOf(line: i32): i32 {
  return (line >>> LINE_ADDRESS_SHIFT) & -LINE_BYTES;
}

/** The end of the lines below a store limit. */
// @inline
export function endOfLines(limit: i32, end: i32): i32 {
  return below(limit, end) ? (limit + 63) & -64 : end;
}

/** The length of an image of the lines that were found. */
function lengthFor(found: i32): i32 {
  let words = 0;
  for (let at = FOUND; at !== found; at = (at + 4) | 0) words = (words + bitsIn(load(at) & LINE_MASK)) | 0;
  return (IMAGE_HEADER + (((found - FOUND + 7) & -8) | 0) + (words << 3)) | 0;
}

/** Writes the words of the lines that differ to FOUND. Answers where they end. */
function findInMemory(state: i32, end: i32): i32 {
  const root = rootOf(state);
  const scratch = load((state + STATE_SCRATCH) | 0);
  const last = (state + STATE_HEADER + (load((state + STATE_LINES) | 0) << 2)) | 0;
  let at = below(scratch, end) ? scratch : end;
  let line = (state + load((state + STATE_LINES_AT) | 0)) | 0;
  let found = FOUND;
  // What a derived state has beyond the actor's limit is as it was.
  for (let word = (state + STATE_HEADER) | 0; word !== last && load(word) < end; word = (word + 4) | 0) {
    const address = load(word);
    if (at !== address) found = findInRoot(root, at, address, found);
    if (!guestLineIs(address, line)) {
      store(found, (address << LINE_ADDRESS_SHIFT) | guestLineDiffers(address, line));
      found = (found + 4) | 0;
    }
    at = (address + LINE_BYTES) | 0;
    line = (line + LINE_BYTES) | 0;
  }
  return at === end ? found : findInRoot(root, at, end, found);
}

/** The same for a part of the memory that should be as in a root. */
function findInRoot(root: i32, from: i32, end: i32, found: i32): i32 {
  const first = load((root + STATE_FROM) | 0);
  const until = load((root + STATE_UNTIL) | 0);
  let next = found;
  let at = from;
  if (at < first) {
    const stop = lesser(first, end);
    next = findInZeros(at, stop, next);
    at = stop;
  }
  if (at < lesser(until, end)) {
    const stop = lesser(until, end);
    next = findInLines(at, stop, lineOfRoot(root, at), next);
    at = stop;
  }
  return at === end ? next : findInZeros(at, end, next);
}

/** The same for a part of the memory where the first state has zeros. */
function findInZeros(from: i32, end: i32, found: i32): i32 {
  let next = found;
  let at = skipZeros(from, end);
  while (at !== end) {
    const rest = (end - at) | 0;
    const stop = rest < CHUNK_BYTES ? end : (at + CHUNK_BYTES) | 0;
    for (; at !== stop; at = (at + LINE_BYTES) | 0) {
      if (!guestLineIs(at, ZEROS)) {
        store(next, (at << LINE_ADDRESS_SHIFT) | guestLineDiffers(at, ZEROS));
        next = (next + 4) | 0;
      }
    }
    at = skipZeros(at, end);
  }
  return next;
}

/** Where something else than zeros may be; less than 256 bytes are not looked at. */
function skipZeros(from: i32, end: i32): i32 {
  const last = (end - CHUNK_BYTES) | 0;
  let at = from;
  while (at <= last && guestIsZero(at)) at = (at + CHUNK_BYTES) | 0;
  return at;
}

/** The same for a part of the memory that the first state has at `lines`. */
function findInLines(from: i32, end: i32, lines: i32, found: i32): i32 {
  const ahead = (lines - from) | 0;
  let next = found;
  let at = skipSame(from, end, ahead);
  while (at !== end) {
    const rest = (end - at) | 0;
    const stop = rest < CHUNK_BYTES ? end : (at + CHUNK_BYTES) | 0;
    for (; at !== stop; at = (at + LINE_BYTES) | 0) {
      if (!guestLineIs(at, ahead + at)) {
        store(next, (at << LINE_ADDRESS_SHIFT) | guestLineDiffers(at, ahead + at));
        next = (next + 4) | 0;
      }
    }
    at = skipSame(at, end, ahead);
  }
  return next;
}

/** Where something else may be than so far ahead; less than 256 bytes are not looked at. */
function skipSame(from: i32, end: i32, ahead: i32): i32 {
  const last = (end - CHUNK_BYTES) | 0;
  let at = from;
  while (at <= last && guestChunkIs(at, (ahead + at) | 0)) at = (at + CHUNK_BYTES) | 0;
  return at;
}

/** The same for the globals, whose lines have the addresses from `address` on. */
function findInGlobals(state: i32, address: i32, found: i32): i32 {
  const globals = load((state + STATE_GLOBALS) | 0);
  const bytes = bytesOfGlobals(globals);
  const first = globalsOf(state);
  let next = found;
  for (let place = 0; place < bytes; place = (place + LINE_BYTES) | 0) {
    const differs = lineDiffers((GLOBALS_KEPT + place) | 0, (first + place) | 0);
    if (differs !== 0) {
      store(next, ((address + place) << LINE_ADDRESS_SHIFT) | differs);
      next = (next + 4) | 0;
    }
  }
  return next;
}

// @inline
function lesser(one: i32, other: i32): i32 {
  return one < other ? one : other;
}
