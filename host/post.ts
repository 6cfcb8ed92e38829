/** Sending a message, whoever sends it: the receiver's bounds, the counters, the dead letters, and then `deliver`. */
import type { Actor, Services } from "./actor.ts";
import type { Bytes } from "./bytes.ts";
import { SEND_ACCEPTED, SEND_FULL, SEND_NO_ACTOR, SEND_TOO_LARGE, TIMER } from "./message.ts";
import { type Pid, pidFromWords } from "./pid.ts";
import { deliver } from "./receive.ts";
import { demonitor, isLiveRef } from "./signals.ts";

/** A message that nobody will receive. */
export interface DeadLetter {
  /** Who sent it; 0 is the host. */
  readonly from: Pid;
  readonly to: Pid;
  readonly tag: number;
  readonly length: number;
  /** There is no such actor; a bound of its mailbox; nobody waits for this answer any more; its receiver ended before it took it. */
  readonly why: "noproc" | "mailbox full" | "too large" | "late reply" | "left behind";
}

/** Sends a message or a timer's item; answers as the import `send`. The payload must lie inside `source`. */
export function post(
  services: Services,
  fromLo: number,
  fromHi: number,
  to: Actor | undefined,
  toLo: number,
  toHi: number,
  kind: number,
  tag: number,
  ref: number,
  source: Bytes,
  index: number,
  length: number,
): number {
  // What the runtime itself waits for are answers, which no timer brings.
  if (kind === TIMER && to?.immune)
    return post(services, fromLo, fromHi, undefined, toLo, toHi, kind, tag, ref, source, index, length);
  const status = admission(to, tag, length);
  // Counted after what may end a guest's stack.
  if (status !== SEND_ACCEPTED || to === undefined) {
    const why = whyRefused(to, status);
    services.deadLetter(pidFromWords(fromLo, fromHi), pidFromWords(toLo, toHi), tag, length, why);
    services.counters.sent++;
    return status;
  }
  deliver(to, kind, tag, fromLo, fromHi, ref, 0, source, index, length);
  services.counters.sent++;
  // A call has one answer. More would fill a mailbox that refuses none.
  if (to.immune) demonitor(to, tag, false);
  return SEND_ACCEPTED;
}

/** In words, why a message was not admitted. */
export function whyRefused(to: Actor | undefined, status: number): DeadLetter["why"] {
  if (status === SEND_FULL) return "mailbox full";
  if (status === SEND_TOO_LARGE) return "too large";
  return to === undefined ? "noproc" : "late reply";
}

/** Whether a message may enter a mailbox. */
export function admission(to: Actor | undefined, tag: number, bytes: number): number {
  // The runtime's own takes answers only.
  if (to === undefined || (to.immune && tag >= 0)) return SEND_NO_ACTOR;
  if (bytes > to.limits.messageBytes) return SEND_TOO_LARGE;
  if (!hasRoom(to, bytes)) return SEND_FULL;
  // A negative tag is a ref: without it, the answer came too late.
  return tag >= 0 || isLiveRef(to, tag) ? SEND_ACCEPTED : SEND_NO_ACTOR;
}

/** Whether an actor's mailbox takes one more item of so many bytes. Signals are asked about where a guest causes them; they are never refused once they are caused. */
export function hasRoom({ mailbox, limits }: Actor, bytes: number): boolean {
  return (
    mailbox.count < limits.mailboxMessages && mailbox.bytes + bytes <= limits.mailboxBytes && mailbox.mayTake(bytes)
  );
}
