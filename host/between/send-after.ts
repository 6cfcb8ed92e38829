/**
 * Messages to be sent later (Erlang: `erlang:send_after/3`). They come as items of the kind timer,
 * which a message cannot imitate.
 */

import type { Actor } from "../actor/actor.ts";
import type { PendingTimer } from "../actor/belongings.ts";
import type { Family } from "../actor/family.ts";
import { ORPHAN_TIMER_BYTES, ORPHAN_TIMERS } from "../kernel/life-words.ts";
import { TIMERS } from "../mail/account.ts";
import { Timer } from "../time/timers.ts";
import { TIMER_BYTES } from "../wire/memory-use.ts";
import { TIMER } from "../wire/message.ts";
import { highWord, lowWord, type Pid } from "../wire/pid.ts";
import { post } from "./post.ts";
import { dropRef, newRef } from "./refs.ts";

/**
 * Sends `payload` to `toPid` in `delayMs`, also if the sender has ended by then (so does Erlang).
 * Returns the timer's ref. An item to the sender itself has that ref.
 */
export function sendAfter(
  from: Actor,
  delayMs: number,
  toPid: Pid,
  find: (pid: Pid) => Actor | undefined,
  tag: number,
  payload: Uint8Array,
): number {
  // The timer may outlive its setter, so its closure must not keep the setter in memory.
  const { services, family, lo, hi, pid } = from;
  const toItself = toPid === pid;
  const belongings = from.ownBelongings;
  // This ref is not in `refs`, so it takes no answer.
  const ref = newRef(from);
  const timer = new Timer(() => {
    pending.owner?.timers?.delete(ref);
    services.account.add(TIMERS, -TIMER_BYTES - payload.length);
    const setter = find(pid);
    paidBack(setter, family, pending);
    const to = find(toPid);
    const itsRef = toItself ? ref : 0;
    post(services, setter ?? null, lo, hi, to, lowWord(toPid), highWord(toPid), TIMER, tag, itsRef, payload);
  });
  belongings.timers ??= new Map();
  from.extra.timerBytes += payload.length;
  services.account.add(TIMERS, TIMER_BYTES + payload.length);
  const pending: PendingTimer = { timer, toItself, bytes: payload.length, owner: belongings };
  belongings.timers.set(ref, pending);
  services.timers.set(timer, services.clock.now() + delayMs);
  return ref;
}

function paidBack(setter: Actor | undefined, family: Family | null, { bytes, owner }: PendingTimer): void {
  if (owner !== null) {
    if (setter !== undefined) setter.extra.timerBytes -= bytes;
  } else if (family !== null) {
    family.add(ORPHAN_TIMERS, -1);
    family.add(ORPHAN_TIMER_BYTES, -bytes);
    family.dropIfGone();
  }
}

/** Cancels a timer. False if it has fired, was cancelled, or never existed. */
export function cancelTimer(from: Actor, ref: number): boolean {
  const pending = from.belongings?.timers?.get(ref);
  if (pending === undefined) return false;
  from.belongings?.timers?.delete(ref);
  from.extra.timerBytes -= pending.bytes;
  from.services.account.add(TIMERS, -TIMER_BYTES - pending.bytes);
  dropRef(from, ref);
  return from.services.timers.cancel(pending.timer);
}
