/**
 * Predicates of selective receive, and the one export behind which they all stand.
 *
 * The host runs `match` in the guest while the guest waits in a receive; all that survives between the two is in globals.
 */

import { LENGTH, Message, shown } from "./message";
import * as window from "./window";

/**
 * Says which item a receive wants. AssemblyScript has no closures; what the predicate compares with is in its fields.
 *
 * A predicate sees every kind of item, each once per receive. It may compute and allocate, but not send, receive or exit:
 * the host crashes the actor.
 */
export abstract class Matcher {
  abstract matches(message: Message): bool;
}

/** The predicate number that stands for `matcher`. No function has it: the table of functions begins at 1. */
export const MATCHER: i32 = 0;

/** Asked where the predicate number is MATCHER. Stays until another takes its place. */
let matcher: Matcher | null = null;

export function setMatcher(wanted: Matcher): void {
  matcher = wanted;
}

/**
 * The export that the host asks: is the candidate in the window wanted? `predicate` is MATCHER or a function's index.
 *
 * `isopod build` exports it from guests that need it; with plain asc say `export { match, matchFirst as match_first } from "isopod/guest"`.
 */
export function match(predicate: i32, ptr: usize, _length: i32): i32 {
  const info = window.info;
  return (
    predicate === MATCHER
      ? firstOfMatcher(info, info + 1, ptr - info) === info
      : call_indirect<bool>(predicate, shown())
  )
    ? 1
    : 0;
}

/**
 * As `match`, of many items at once, which lie in the window one behind the other: the offset of the first that is wanted, or -1. The host asks so where
 * it can, because most of what a candidate costs is the way into the guest. Exported as `match_first`.
 */
export function matchFirst(predicate: i32, first: usize, bytes: i32): i32 {
  const end = first + bytes;
  const found =
    predicate === MATCHER ? firstOfMatcher(first, end, HEADER_BYTES) : firstOfFunction(predicate, first, end);
  return found < end ? ((found - first) as i32) : -1;
}

/** What precedes the payload of each: `info`. */
const HEADER_BYTES: usize = 32;

/** Where a record that is to be passed over has its own length. */
const PASSED: usize = 4;

// Two loops, because one that calls through a table may park as far as Asyncify can see, and is made slower for it.

/** `toPayload`: how far behind its first byte the payload of each item begins. The one place that calls a Matcher, so that its code can become part of the loop. */
function firstOfMatcher(first: usize, end: usize, toPayload: usize): usize {
  const asked = matcher;
  if (asked === null) return end;
  const room = window.ptr;
  const candidate = shown();
  let at = first;
  let length = -1;
  let size: usize = 0;
  while (at < end) {
    if (load<u32>(at) !== 0) {
      window.show(at, at + toPayload);
      if (asked.matches(candidate)) break;
      // A guess that is compared lets the processor go ahead to the next; a sum would have it wait for the load.
      const itsLength = load<i32>(at, LENGTH);
      if (itsLength !== length) {
        length = itsLength;
        size = sizeOf(length);
      }
      at += size;
    } else {
      at += load<u32>(at, PASSED);
    }
  }
  window.show(window.info, room);
  return at;
}

function firstOfFunction(predicate: i32, first: usize, end: usize): usize {
  const room = window.ptr;
  const candidate = shown();
  let at = first;
  while (at < end) {
    if (load<u32>(at) !== 0) {
      window.show(at, at + HEADER_BYTES);
      if (call_indirect<bool>(predicate, candidate)) break;
      at += sizeOf(load<i32>(at, LENGTH));
    } else {
      at += load<u32>(at, PASSED);
    }
  }
  window.show(window.info, room);
  return at;
}

/** Payloads are padded to 8 bytes. */
function sizeOf(length: i32): usize {
  return HEADER_BYTES + ((length + 7) & ~7);
}
