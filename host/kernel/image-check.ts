/**
 * For tests: whether a guest's memory beyond what images and resets look at is as in the first state.
 * With the word CHECKS_IMAGES, each save and each reset asks.
 */
import { lineOf } from "./first-state.ts";
import { LINE_BYTES } from "./image-words.ts";
import { guestLineIs } from "./memory.ts";
import { hostStrayed } from "./outside.ts";

/** Calls the host, which throws, where the memory differs from the first state. */
export function checkBeyond(state: i32, from: i32, end: i32): void {
  for (let at = from; at < end; at = (at + LINE_BYTES) | 0) if (!guestLineIs(at, lineOf(state, at))) hostStrayed(at);
}
