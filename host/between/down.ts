/** The Down of a monitor, and the bytes of the exit reason that a signal carries. */

import type { Actor } from "../actor/actor.ts";
import { DOWN, type ExitReason, ReasonCode } from "../wire/message.ts";
import { reasonBytes } from "../wire/reason.ts";

const noBytes = new Uint8Array(0);

/** Sends a Down. Without `isFull` it has the kind of the exit reason and no bytes. */
export function sendDown(
  watcher: Actor,
  fromLo: number,
  fromHi: number,
  ref: number,
  reason: ExitReason,
  isFull = true,
): void {
  const { transit } = watcher.services;
  if (transit?.carries(watcher, fromLo, fromHi)) transit.down(fromLo, fromHi, watcher, ref, reason, isFull);
  else takeDown(watcher, fromLo, fromHi, ref, reason, isFull);
}

/** A Down comes into its watcher's mailbox. */
export function takeDown(
  watcher: Actor,
  fromLo: number,
  fromHi: number,
  ref: number,
  reason: ExitReason,
  isFull: boolean,
): void {
  const bytes = isFull ? bytesFor(watcher, reason) : noBytes;
  watcher.services.kernel.deliver(watcher.record, DOWN, 0, fromLo, fromHi, ref, ReasonCode[reason.kind], bytes);
}

/**
 * The bytes of an exit reason, or none if the receiver's mailbox has no room for them. The signal
 * itself is never refused.
 */
export function bytesFor({ module, mailbox, limits }: Actor, reason: ExitReason): Uint8Array {
  const bytes = reasonBytes(reason, module !== null);
  return mailbox.bytes + bytes.length <= limits.mailboxBytes && mailbox.mayTake(bytes.length) ? bytes : noBytes;
}
