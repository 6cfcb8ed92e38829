/**
 * Refs: numbers that the host makes for one actor, below 0 and not to be guessed. A monitor, a timer and a request have one
 * each; one of `makeRef` is for answers of one's own kind. A message tagged with a ref is accepted only while the ref is live,
 * and waiting for it (`receiveTag`) never looks at what was in the mailbox before the ref was made.
 */

import * as actor from "./actor";
import { refFrom } from "./status";

/**
 * Names a monitor, a timer, or an answer that is waited for. 0 is none: what should have made one has made nothing, because a limit of the
 * actor's stands against it (`ties`, `timers`), or its mailbox is full of items that it has asked for.
 */
export type Ref = i32;

/** A fresh ref, live until it is dropped; 0 where a limit stands against it. */
export function makeRef(): Ref {
  return refFrom(actor.make_ref());
}

/**
 * Nobody waits for the ref any more: messages that come later are refused, `Sent.NoActor`. Those that are in the mailbox
 * stay there. False where there is no such ref of `makeRef`.
 */
export function dropRef(ref: Ref): bool {
  return actor.drop_ref(ref) !== 0;
}
