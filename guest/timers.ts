/**
 * Timers: messages that are sent later (Erlang: `erlang:send_after`). They arrive as items of the
 * kind Timer, which no sender can forge. A timer for another actor fires even if its setter has
 * ended by then. For a receive with a time limit, see `…Within` in mailbox.ts.
 */

import * as actor from "./actor";
import { lengthOf, ptrOf } from "./bytes";
import { Pid } from "./pid";
import { Ref } from "./ref";
import { refFrom } from "./status";

/**
 * Sends bytes to an actor after `delayMs` milliseconds.
 *
 * @returns the timer's ref, for `cancelTimer`; 0 where the caller has reached a limit, and no timer
 * is set. A timer that the caller sets for itself arrives with this ref as `message.ref`, so that
 * `receiveTag(ref)` waits for it.
 */
export function sendAfter(delayMs: u32, to: Pid, bytes: Uint8Array | null = null, tag: i32 = 0): Ref {
  return refFrom(actor.send_after(delayMs, to as i32, (to >> 32) as i32, tag, ptrOf(bytes), lengthOf(bytes)));
}

/**
 * Cancels a timer. False where it has fired, was cancelled before, or belongs to another actor. A
 * fired timer may be in the mailbox.
 */
export function cancelTimer(ref: Ref): bool {
  return actor.cancel_timer(ref) !== 0;
}
