/**
 * Predicates of selective receive, and the exports by which the host calls them.
 *
 * The host calls `match` while the guest waits in a receive. The two calls share state only in
 * globals.
 */

import { LENGTH, Message, shown } from "./message";
import * as window from "./window";

/**
 * A predicate with state: it tells which item a receive takes. AssemblyScript has no closures, so a
 * subclass keeps what it compares with in its fields.
 *
 * A predicate sees every kind of item, and each item once per receive. It may compute and allocate.
 * If it sends, receives or exits, the host crashes the actor.
 */
export abstract class Matcher {
  abstract matches(message: Message): bool;
}

/**
 * The predicate number that means `matcher`. No function has it, because the table of functions
 * begins at 1.
 */
export const MATCHER: i32 = 0;

/** The predicate behind MATCHER. It stays until the next one. */
let matcher: Matcher | null = null;

export function setMatcher(wanted: Matcher): void {
  matcher = wanted;
}

/**
 * Tells the host whether a receive takes the candidate in the window.
 *
 * `isopod build` exports it from guests that need it. With plain asc, write
 * `export { match, matchFirst as match_first } from "isopod/guest"`.
 *
 * @param predicate MATCHER, or the index of a function
 * @returns 1 or 0
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
 * As `match`, for many candidates at once, which lie in the window one after another. The host
 * prefers it, because most of the cost of a candidate is the call into the guest. Exported as
 * `match_first`.
 *
 * @returns the offset of the first candidate that the receive takes, or -1
 */
export function matchFirst(predicate: i32, first: usize, bytes: i32): i32 {
  const end = first + bytes;
  const found =
    predicate === MATCHER ? firstOfMatcher(first, end, HEADER_BYTES) : firstOfFunction(predicate, first, end);
  return found < end ? ((found - first) as i32) : -1;
}

/** The size of `info`, which precedes each payload. */
const HEADER_BYTES: usize = 32;

/** The offset at which a record to skip has its own length. */
const PASSED: usize = 4;

// There are two loops. Asyncify has to assume that a call through a table may park, and makes the
// code around it slower.

/**
 * The only place that calls a Matcher, so that the compiler can inline it into the loop.
 *
 * @param toPayload offset of the payload in each record
 */
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
      // Comparing with the last length lets the processor continue with the next item. A sum would
      // wait for the load.
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
