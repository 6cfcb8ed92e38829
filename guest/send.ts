/**
 * Sending. The host copies the bytes before the call returns, so the guest may reuse them at once.
 * No function allocates, except `sendText` for a text that is longer than all before it.
 *
 * No function waits for the receiver. In a loop that sends and does not receive, a process gives
 * the other actors their turns after 256 messages, before the call returns (transform/floods.ts).
 * The mailbox and the window stay as they are.
 *
 * Guarantee: messages from one actor to another arrive in the order in which they were sent (as in
 * Erlang).
 */

import * as actor from "./actor";
import { FROM, LENGTH, Message, REF, TAG } from "./message";
import { Pid } from "./pid";
import { Ref } from "./ref";
import * as utf8 from "./utf8";
import * as window from "./window";

/** The result of sending. Only with `Accepted` is the message in the mailbox. */
export enum Sent {
  Accepted = 1,
  /** There is no such actor, or the tag is a ref that is not live any more. */
  NoActor = 0,
  /** The receiver's mailbox is full. */
  Full = -1,
  /** The message is larger than the host permits. */
  TooLarge = -2,
  /** The grant `lookup` is missing. Only for sending by name. */
  NotGranted = -100,
}

/**
 * Sends bytes.
 *
 * @param tag a number from 0 up that the receiver gets with the bytes, or the ref of the request
 * that this answers
 */
export function send(to: Pid, bytes: Uint8Array, tag: i32 = 0): Sent {
  return sendRaw(to, bytes.dataStart, bytes.length, tag);
}

/** Sends a text as UTF-8. */
export function sendText(to: Pid, text: string, tag: i32 = 0): Sent {
  const length = utf8.encode(text);
  return sendRaw(to, utf8.ptr, length, tag);
}

/** Sends a message that has only a tag. */
export function sendTag(to: Pid, tag: i32): Sent {
  return sendRaw(to, 0, 0, tag);
}

/**
 * Sends the payload and the tag of a received message to another actor, directly from the window. A
 * request is passed on: `to` answers it, and when `to` ends, the caller gets the Down. A request
 * that goes back to its sender is a plain message.
 *
 * @returns `Sent.NoActor` also where the caller does not wait for the answer any more
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

/** Passes a request of `caller` on to `to`, with `length` bytes of memory as payload. */
export function delegateRaw(caller: Pid, ref: Ref, to: Pid, ptr: usize, length: i32, tag: i32 = 0): Sent {
  return actor.delegate(caller as i32, (caller >> 32) as i32, ref, to as i32, (to >> 32) as i32, tag, ptr, length);
}

/** Sends `length` bytes of memory. Crashes where they are outside of the memory. */
export function sendRaw(to: Pid, ptr: usize, length: i32, tag: i32 = 0): Sent {
  return actor.send(to as i32, (to >> 32) as i32, tag, ptr, length);
}
