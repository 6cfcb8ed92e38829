/**
 * The globals of a guest pass through its memory, because only the guest's own code can reach them:
 * `isopod:globals`, which module/trim.ts adds, and which calls nothing. If the stack ends in that call,
 * it ends before its first store.
 */

import { BYTES_KEPT, GLOBALS_KEPT, LINE_BYTES } from "./image-words.ts";
import { guestLineIn, guestLineOut, store2 } from "./memory.ts";
import { callGlobals } from "./outside.ts";

/** Where `isopod:globals` reads and writes. */
const PLACE = 0;
const TO_MEMORY = 1;
const FROM_MEMORY = 0;

/**
 * Copies so many globals to GLOBALS_KEPT, padded with zeros to whole lines. The guest's memory is as
 * before, also if the stack ends in here.
 */
export function readGlobals(globals: i32): void {
  const end = globals << 3;
  if (end === 0) return;
  keepPlace(end);
  callGlobals(PLACE, TO_MEMORY);
  for (let at = 0; at < end; at = (at + LINE_BYTES) | 0) {
    guestLineIn(GLOBALS_KEPT + at, PLACE + at);
    guestLineOut(PLACE + at, BYTES_KEPT + at);
  }
  // Behind the last global are bytes of the guest's memory.
  for (let at = end; (at & (LINE_BYTES - 1)) !== 0; at = (at + 8) | 0) store2(GLOBALS_KEPT + at, 0, 0);
}

/**
 * Sets so many globals to those at an address. If the stack ends in here, they lie in the guest's memory
 * where its own bytes were.
 */
export function writeGlobals(from: i32, globals: i32): void {
  const end = globals << 3;
  if (end === 0) return;
  keepPlace(end);
  for (let at = 0; at < end; at = (at + LINE_BYTES) | 0) guestLineOut(PLACE + at, from + at);
  callGlobals(PLACE, FROM_MEMORY);
  for (let at = 0; at < end; at = (at + LINE_BYTES) | 0) guestLineOut(PLACE + at, BYTES_KEPT + at);
}

// @inline
function keepPlace(end: i32): void {
  for (let at = 0; at < end; at = (at + LINE_BYTES) | 0) guestLineIn(BYTES_KEPT + at, PLACE + at);
}
