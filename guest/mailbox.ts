/**
 * Receiving. Each function has two forms. The plain form waits for ever, and always returns a
 * message. The form `…Within` waits for `timeoutMs` milliseconds (0: not at all; negative: for
 * ever), and returns null when they are over.
 *
 * A returned message is a view of the window, valid until the next receive (message.ts). A payload
 * of any length arrives whole.
 *
 * `handle` and the top level of a module cannot wait, so every receive there is a poll: use
 * `…Within(0)`. A process that polls in a loop gives other actors their turns after 64 polls that
 * find nothing. It is better to wait.
 */

import * as actor from "./actor";
import { MATCHER, Matcher, match, matchFirst, setMatcher } from "./match";
import { fresh, Message } from "./message";
import * as window from "./window";

/** Results of the receiving imports that are not lengths. */
export const TIMEOUT: i32 = -1;
export const PARK: i32 = -2;

/** Room for the candidates of a predicate. The host shows as many at a time as fit. */
const SCAN_BYTES: i32 = 2048;

/** Takes the next item of any kind, in order of arrival. */
export function receive(): Message {
  return arrived(take(-1));
}

export function receiveWithin(timeoutMs: i32): Message | null {
  return inTime(take(timeoutMs));
}

/**
 * Takes the first message or timer with this tag. For a ref, takes the first item of any kind with
 * this ref: an answer, a Down or a timer. All other items stay, in order. The host compares the
 * tags, without a call into the guest. For a ref it does not look at older items.
 */
export function receiveTag(tag: i32): Message {
  return arrived(takeTag(tag, -1));
}

export function receiveTagWithin(tag: i32, timeoutMs: i32): Message | null {
  return inTime(takeTag(tag, timeoutMs));
}

/**
 * Takes the first item that `matcher` matches. All other items stay, in order (Erlang: selective
 * receive).
 */
export function receiveMatch(matcher: Matcher): Message {
  setMatcher(matcher);
  return arrived(takeMatch(MATCHER, -1));
}

export function receiveMatchWithin(matcher: Matcher, timeoutMs: i32): Message | null {
  setMatcher(matcher);
  return inTime(takeMatch(MATCHER, timeoutMs));
}

/**
 * As `receiveMatch`, for predicates that need only the message: `receiveWhere(message =>
 * message.length === 0)`.
 */
export function receiveWhere(predicate: (message: Message) => bool): Message {
  return arrived(takeMatch(predicate.index, -1));
}

export function receiveWhereWithin(predicate: (message: Message) => bool, timeoutMs: i32): Message | null {
  return inTime(takeMatch(predicate.index, timeoutMs));
}

// An item that does not fit stays in the mailbox, so the second attempt finds it without waiting.
// There are three functions, because the compiler would include all three imports in every guest if
// they were one.

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
  // No code of the guest calls these two. The references make the compiler include them in guests
  // that come here.
  match;
  matchFirst;
  // The host writes the candidates into the window.
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
  if (n === TIMEOUT) throw new Error("receive: a handler or a start function cannot wait; poll with receiveWithin(0)");
  return fresh();
}

function inTime(n: i32): Message | null {
  return n === TIMEOUT ? null : fresh();
}
