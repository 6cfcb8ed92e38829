/**
 * Sends a message, and is the first file of the room host/between/: messages, links, monitors,
 * refs, names and timers between actors. The room imports actor/, mail/, time/ and wire/. It
 * guarantees Erlang's order (what one actor sends another arrives in that order, and its end after
 * it), that only the actor that was asked can answer, and that no tie outlives its actor.
 *
 * `post` checks the receiver's bounds, delivers the item, and counts it. A message that is refused
 * becomes a dead letter.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { IS_AWAY } from "../kernel/words.ts";
import type { DeadLetter } from "../wire/events.ts";
import { MAX_REASON_BYTES, SEND_ACCEPTED, SEND_FULL, SEND_NO_ACTOR, SEND_TOO_LARGE, TIMER } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import { answered, askerOf, mayAnswer } from "./answers.ts";

/** So many items that it has asked for a large mailbox may hold where all mailboxes together have no more room. */
const ASKED_IN_A_CROWD = 64;

/**
 * Sends a message or a timer's item; answers as the import `send`. `from`: null is the host, or an
 * actor that has set a timer and ended.
 */
export function post(
  services: Services,
  from: Actor | null,
  fromLo: number,
  fromHi: number,
  to: Actor | undefined,
  toLo: number,
  toHi: number,
  kind: number,
  tag: number,
  ref: number,
  bytes: Uint8Array,
): number {
  const { length } = bytes;
  const { counters, follows } = services;
  // The host's calls wait in promises, and it hands on no request.
  const isCall = to?.immune === true;
  const receiver = tag < 0 && from !== null && !isCall ? askerOf(from, to, toLo, toHi, tag) : to;
  const status = admission(from, receiver, kind, tag, ref, length);
  // Counted after what may end a guest's stack.
  if (status !== SEND_ACCEPTED || receiver === undefined) {
    const why = whyRefused(receiver, status);
    services.deadLetter(pidFromWords(fromLo, fromHi), pidFromWords(toLo, toHi), tag, length, why);
    counters.sent++;
    if (follows.areWanted) follows.note(fromLo, fromHi, toLo, toHi, kind, tag, ref, bytes, status, receiver);
    return status;
  }
  const { transit } = services;
  const isUnderWay = transit?.carries(receiver, fromLo, fromHi) === true;
  if (isUnderWay) transit.message(fromLo, fromHi, receiver, kind, tag, ref, bytes);
  else arrive(receiver, kind, tag, fromLo, fromHi, ref, bytes);
  counters.sent++;
  if (tag < 0 && (isUnderWay || !isCall)) answered(receiver, tag);
  if (follows.areWanted) follows.note(fromLo, fromHi, toLo, toHi, kind, tag, ref, bytes, status, receiver);
  return SEND_ACCEPTED;
}

/** A message that is accepted comes into a mailbox. The host's calls wait in promises: each has its answer now, and is over. */
export function arrive(
  to: Actor,
  kind: number,
  tag: number,
  fromLo: number,
  fromHi: number,
  ref: number,
  bytes: Uint8Array,
): void {
  if (to.immune) to.extra.host?.answered?.(tag, bytes);
  else to.services.kernel.deliver(to.record, kind, tag, fromLo, fromHi, ref, 0, bytes);
}

/** In words, why a message was not admitted. */
export function whyRefused(to: Actor | undefined, status: number): DeadLetter["why"] {
  if (status === SEND_FULL) return "mailbox full";
  if (status === SEND_TOO_LARGE) return "too large";
  return to === undefined ? "noproc" : "late reply";
}

/** Whether an item may enter a mailbox. `ref`: the item's own, not 0 for a timer that comes back to its setter. */
export function admission(
  from: Actor | null,
  to: Actor | undefined,
  kind: number,
  tag: number,
  ref: number,
  bytes: number,
): number {
  if (to === undefined) return SEND_NO_ACTOR;
  // The runtime's own takes answers only, and no timer brings one.
  const { immune } = to;
  if (immune && (tag >= 0 || kind === TIMER)) return SEND_NO_ACTOR;
  // First of all, so that a stranger is answered the same for every ref.
  if (tag < 0 && !mayAnswer(from, to, tag)) return SEND_NO_ACTOR;
  if (bytes > to.limits.messageBytes) return SEND_TOO_LARGE;
  if (immune) return SEND_ACCEPTED;
  const isAskedFor = tag < 0 || (kind === TIMER && ref !== 0);
  return (isAskedFor ? hasRoomForAnswer(to, bytes) : hasRoom(to, bytes)) ? SEND_ACCEPTED : SEND_FULL;
}

/** Whether an actor's mailbox takes one more item of so many bytes, or what leads there if the actor lives elsewhere. */
export function hasRoom(to: Actor, bytes: number): boolean {
  const { mailbox, limits } = to;
  if (to.has(IS_AWAY)) return to.services.transit?.hasRoom(to, bytes) === true;
  return (
    mailbox.count < limits.mailboxMessages && mailbox.bytes + bytes <= limits.mailboxBytes && mailbox.mayTake(bytes)
  );
}

/**
 * The same of an item that the actor has asked for: others may have filled its mailbox, so its count does not matter, and its bytes may be a message more.
 * `mayAsk` bounds how many there are.
 */
export function hasRoomForAnswer(to: Actor, bytes: number): boolean {
  const { mailbox, limits } = to;
  // It is refused where it arrives.
  if (to.has(IS_AWAY)) return true;
  if (mailbox.bytes + bytes > limits.mailboxBytes + limits.messageBytes) return false;
  // A short one is taken as signals are, also where all mailboxes together have no more room.
  return bytes <= MAX_REASON_BYTES || mailbox.mayTake(bytes);
}

/**
 * Whether an actor may cause one more item for itself, a Down, an answer or a timer's: in a mailbox that is full there may be as many of
 * them as it may have ties and timers. Signals are never refused once they are caused.
 */
export function mayAsk(actor: Actor): boolean {
  const { mailbox, limits } = actor;
  if (hasRoom(actor, 0)) return true;
  const most = Math.min(limits.ties + limits.timers, mailbox.mayTake(0) ? Number.POSITIVE_INFINITY : ASKED_IN_A_CROWD);
  return mailbox.countAsked(most) < most;
}
