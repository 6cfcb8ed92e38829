/**
 * Sending. The host copies the bytes before any of these returns, so the guest may use them again at once; none of them
 * allocates (`sendText` only where a text is longer than every one before it), none blocks.
 *
 * What one actor sends another arrives in the order sent.
 */

import * as actor from "./actor";
import { FROM, LENGTH, Message, REF, TAG } from "./message";
import { Pid } from "./pid";
import { Ref } from "./ref";
import * as utf8 from "./utf8";
import * as window from "./window";

/** What the functions that send return. Nothing was queued unless it is `Accepted`. */
export enum Sent {
  Accepted = 1,
  /** There is no such actor, or the tag is a ref that nobody waits for any more. */
  NoActor = 0,
  /** The receiver's mailbox is full. */
  Full = -1,
  /** The message is larger than the host permits. */
  TooLarge = -2,
  /** By name only: the grant `lookup` is missing. */
  NotGranted = -100,
}

/** Sends bytes. `tag`: a number that travels along, from 0 up, or the ref of a request that is being answered (`reply`). */
export function send(to: Pid, bytes: Uint8Array, tag: i32 = 0): Sent {
  return sendRaw(to, bytes.dataStart, bytes.length, tag);
}

/** Sends a text as UTF-8. */
export function sendText(to: Pid, text: string, tag: i32 = 0): Sent {
  const length = utf8.encode(text);
  return sendRaw(to, utf8.ptr, length, tag);
}

/** Sends a message that is nothing but its tag. */
export function sendTag(to: Pid, tag: i32): Sent {
  return sendRaw(to, 0, 0, tag);
}

/**
 * Sends the payload and the tag of a received message on, straight from where it was received. A request is handed on: from now on
 * `to` answers it, and its end is the caller's Down. `Sent.NoActor`: nobody waits for an answer to it any more.
 */
export function forward(to: Pid, message: Message): Sent {
  const info = message.info;
  const from = load<Pid>(info, FROM);
  const ref = load<i32>(info, REF);
  const tag = load<i32>(info, TAG);
  const length = load<i32>(info, LENGTH);
  const asked = ref !== 0 && to !== from;
  return asked ? delegateRaw(from, ref, to, window.ptr, length, tag) : sendRaw(to, window.ptr, length, tag);
}

/** Hands a request of `caller`, known by its ref, on to `to`: with `length` bytes of memory. */
export function delegateRaw(caller: Pid, ref: Ref, to: Pid, ptr: usize, length: i32, tag: i32 = 0): Sent {
  return actor.delegate(caller as i32, (caller >> 32) as i32, ref, to as i32, (to >> 32) as i32, tag, ptr, length);
}

/** Sends `length` bytes of memory. Crashes where they are outside of it. */
export function sendRaw(to: Pid, ptr: usize, length: i32, tag: i32 = 0): Sent {
  return actor.send(to as i32, (to >> 32) as i32, tag, ptr, length);
}
