/**
 * Receiving. Each function comes twice: plain, it waits for ever and always returns a message; `…Within` waits for so many
 * milliseconds (0: not at all, negative: for ever) and returns null when they are over.
 *
 * All return a view of the one window (see message.ts): what they return is valid until the next receive. A payload
 * of any length arrives whole. Where nothing is to be waited for, in `handle` and at a module's top level, every receive is
 * a poll: use `…Within(0)` there. A process that polls in a loop lets others have their turns after each 64 receives, in a poll
 * that finds nothing; `…Within` with a time, or without, is the better way to wait.
 */

import * as actor from "./actor";
import { MATCHER, Matcher, match, matchFirst, setMatcher } from "./match";
import { fresh, Message } from "./message";
import * as window from "./window";

/** Answers of the receiving imports that are no lengths. */
export const TIMEOUT: i32 = -1;
export const PARK: i32 = -2;

/** Room for a predicate's candidates, of which the host shows as many at a time as have room. */
const SCAN_BYTES: i32 = 2048;

/** Takes the next item of any kind, in order of arrival. */
export function receive(): Message {
  return arrived(take(-1));
}

export function receiveWithin(timeoutMs: i32): Message | null {
  return inTime(take(timeoutMs));
}

/**
 * Takes the first message, or item of a timer, tagged `tag`; or where `tag` is a ref the first item of any kind that bears it: an answer, a Down,
 * a timer. Everything else stays, in order. Costs no call into the guest, and with a ref no look at older mail.
 */
export function receiveTag(tag: i32): Message {
  return arrived(takeTag(tag, -1));
}

export function receiveTagWithin(tag: i32, timeoutMs: i32): Message | null {
  return inTime(takeTag(tag, timeoutMs));
}

/** Takes the first item that `matcher` wants; everything else stays, in order. */
export function receiveMatch(matcher: Matcher): Message {
  setMatcher(matcher);
  return arrived(takeMatch(MATCHER, -1));
}

export function receiveMatchWithin(matcher: Matcher, timeoutMs: i32): Message | null {
  setMatcher(matcher);
  return inTime(takeMatch(MATCHER, timeoutMs));
}

/** As `receiveMatch`, for predicates that need nothing but the message: `receiveWhere(message => message.length === 0)`. */
export function receiveWhere(predicate: (message: Message) => bool): Message {
  return arrived(takeMatch(predicate.index, -1));
}

export function receiveWhereWithin(predicate: (message: Message) => bool, timeoutMs: i32): Message | null {
  return inTime(takeMatch(predicate.index, timeoutMs));
}

// An item that does not fit stays where it is, so the second try finds it without waiting.

function take(timeoutMs: i32): i32 {
  let n = actor.recv(window.info, window.ptr, window.cap, timeoutMs);
  if (n === PARK) n = actor.park();
  while (n > window.cap) {
    window.grow(n);
    n = actor.recv(window.info, window.ptr, window.cap, 0);
  }
  return n;
}

function takeTag(tag: i32, timeoutMs: i32): i32 {
  let n = actor.recv_tag(window.info, window.ptr, window.cap, timeoutMs, tag);
  if (n === PARK) n = actor.park();
  while (n > window.cap) {
    window.grow(n);
    n = actor.recv_tag(window.info, window.ptr, window.cap, 0, tag);
  }
  return n;
}

function takeMatch(predicate: i32, timeoutMs: i32): i32 {
  // Nothing in the guest calls these two. The references make the compiler compile them, here and in no guest without this call.
  match;
  matchFirst;
  // The candidates are shown in the window.
  window.expire();
  if (window.cap < SCAN_BYTES) window.grow(SCAN_BYTES);
  let n = actor.recv_match(window.info, window.ptr, window.cap, timeoutMs, predicate);
  if (n === PARK) n = actor.park();
  while (n > window.cap) {
    window.grow(n);
    n = actor.recv_match(window.info, window.ptr, window.cap, 0, predicate);
  }
  return n;
}

function arrived(n: i32): Message {
  if (n === TIMEOUT) throw new Error("receive: there is no waiting here; poll with receiveWithin(0)");
  return fresh();
}

function inTime(n: i32): Message | null {
  return n === TIMEOUT ? null : fresh();
}
