/**
 * Refs: numbers below 0 that the host makes for one actor, and that cannot be guessed (Erlang:
 * references and aliases). Each monitor, timer and request has one. `makeRef` makes one for answers
 * in a protocol of your own. A message with a ref as its tag is accepted only while the ref is
 * live. `receiveTag(ref)` never looks at items older than the ref.
 */

import * as actor from "./actor";
import { refFrom } from "./status";

/**
 * Names a monitor, a timer or an expected answer. 0 is no ref. A function returns 0 where it has
 * made nothing, because the actor has reached a limit (`ties`, `timers`), or its mailbox is full of
 * items that it has asked for.
 */
export type Ref = i32;

/** A new ref, live until it is dropped. 0 where the actor has reached a limit. */
export function makeRef(): Ref {
  return refFrom(actor.make_ref());
}

/**
 * Ends a ref of `makeRef`. Later messages with this tag are refused, and their senders get
 * `Sent.NoActor`. Messages that are already in the mailbox stay there. False where there is no such
 * ref.
 */
export function dropRef(ref: Ref): bool {
  return actor.drop_ref(ref) !== 0;
}
