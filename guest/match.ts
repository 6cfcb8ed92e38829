/**
 * Predicates of selective receive, and the one export behind which they all stand.
 *
 * The host runs `match` in the guest while the guest waits in a receive; all that survives between the two is in globals.
 */

import { current, Message } from "./message";

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
 * `isopod build` exports it from guests that need it; with plain asc say `export { match } from "isopod/guest"`.
 */
export function match(predicate: i32, _ptr: usize, _length: i32): i32 {
  return (predicate === MATCHER ? matcherWants(current) : call_indirect<bool>(predicate, current)) ? 1 : 0;
}

function matcherWants(candidate: Message): bool {
  const asked = matcher;
  if (asked === null) return false;
  return asked.matches(candidate);
}
