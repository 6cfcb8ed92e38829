/** Sends a message of a guest: charges it, posts it, and counts an answer that misses its ref. */

import type { Actor } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { missedRef } from "../between/guesses.ts";
import { post } from "../between/post.ts";
import { COPIED_SHIFT } from "../kernel/words.ts";
import { MESSAGE, SEND_ACCEPTED, SEND_NO_ACTOR } from "../wire/message.ts";

/**
 * Sends bytes of a guest's memory, which have been checked. `ref` is the ref to answer with, or 0.
 */
export function sendMessage(
  from: Actor,
  to: Actor | undefined,
  toLo: number,
  toHi: number,
  tag: number,
  ref: number,
  pointer: number,
  length: number,
): number {
  const { services, bytes } = from;
  const size = length >>> 0;
  charge(from, size >>> COPIED_SHIFT);
  const payload = bytes.u8.subarray(pointer >>> 0, (pointer >>> 0) + size);
  const status = post(services, from, from.lo, from.hi, to, toLo, toHi, MESSAGE, tag, ref, payload);
  if (tag < 0 && status === SEND_NO_ACTOR) missedRef(from);
  return status;
}

/** What `send` and `send_named` answer: after many messages in a turn, the sender has to give way. */
export function countSent({ services, record }: Actor, status: number, tag: number): number {
  return status === SEND_ACCEPTED && tag >= 0 ? services.kernel.call.countSent(record) : status;
}
