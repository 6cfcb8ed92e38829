/**
 * Messages to be sent later. They come as items of the kind Timer, which no message can imitate; one that is set for another
 * is sent also where its setter has ended by then. For a receive that shall not wait for ever, see `…Within` in mailbox.ts.
 */

import * as actor from "./actor";
import { Pid } from "./pid";
import { Ref } from "./ref";
import { refFrom } from "./status";

/**
 * Sends bytes in `delayMs`. Returns the timer's ref, for `cancelTimer`; the item bears it where it comes back to the caller
 * (`message.ref`, `receiveTag(ref)`). Returns 0, and no timer is set, where a limit stands against it.
 */
export function sendAfter(delayMs: u32, to: Pid, bytes: Uint8Array | null = null, tag: i32 = 0): Ref {
  const ptr: usize = bytes === null ? 0 : bytes.dataStart;
  const length = bytes === null ? 0 : bytes.length;
  return refFrom(actor.send_after(delayMs, to as i32, (to >> 32) as i32, tag, ptr, length));
}

/** False where it has fired, and its item may be in the mailbox; was cancelled before; or is not the caller's. */
export function cancelTimer(ref: Ref): bool {
  return actor.cancel_timer(ref) !== 0;
}
