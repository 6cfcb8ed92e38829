/**
 * For tests: whether a guest's memory beyond what images and resets look at is as in the first state.
 * With the word CHECKS_IMAGES, each save and each reset asks.
 */
import { lineOfRoot, rootOf } from "./first-state.ts";
import { LINE_BYTES, STATE_HEADER, STATE_LINES, STATE_LINES_AT } from "./image-words.ts";
import { guestLineIs, load } from "./memory.ts";
import { hostStrayed } from "./outside.ts";

/** Calls the host, which throws, where the memory differs from the first state. */
export function checkBeyond(state: i32, from: i32, end: i32): void {
  const root = rootOf(state);
  const last = (state + STATE_HEADER + (load((state + STATE_LINES) | 0) << 2)) | 0;
  let word = (state + STATE_HEADER) | 0;
  let line = (state + load((state + STATE_LINES_AT) | 0)) | 0;
  for (; word !== last && load(word) < from; word = (word + 4) | 0) line = (line + LINE_BYTES) | 0;
  for (let at = from; at < end; at = (at + LINE_BYTES) | 0) {
    const isDerived = word !== last && load(word) === at;
    if (!guestLineIs(at, isDerived ? line : lineOfRoot(root, at))) hostStrayed(at);
    if (isDerived) {
      word = (word + 4) | 0;
      line = (line + LINE_BYTES) | 0;
    }
  }
}
