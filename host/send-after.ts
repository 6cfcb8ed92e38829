/** Messages to be sent later (Erlang: `erlang:send_after/3`). They come as items of the kind timer, which no message can imitate. */
import type { Actor } from "./actor.ts";
import { Bytes } from "./bytes.ts";
import { admission, whyRefused } from "./imports.ts";
import { SEND_ACCEPTED, TIMER } from "./message.ts";
import type { Pid } from "./pid.ts";
import { deliver } from "./receive.ts";
import { dropRef, makeRef, tiesOf } from "./signals.ts";
import { Timer } from "./timers.ts";

/**
 * Sends `payload` in `delayMs` to `toPid`, also where the sender has ended before (so does Erlang). Returns the timer's
 * ref, which the item bears if it comes back to its sender.
 */
export function sendAfter(
  from: Actor,
  delayMs: number,
  toPid: Pid,
  find: (pid: Pid) => Actor | undefined,
  tag: number,
  payload: Uint8Array,
): number {
  const { services } = from;
  const ties = tiesOf(from);
  const ref = makeRef(from);
  // A ref of a timer is not one to answer with.
  ties.refs?.delete(ref);
  const timer = new Timer(() => {
    ties.timers?.delete(ref);
    const to = find(toPid);
    services.counters.sent++;
    const status = admission(to, tag, payload.length);
    if (to === undefined || status !== SEND_ACCEPTED) {
      services.deadLetter(from.pid, toPid, tag, payload.length, whyRefused(to, status));
      return;
    }
    const { lo, hi } = from;
    deliver(to, TIMER, tag, lo, hi, to === from ? ref : 0, 0, Bytes.ofPayload(payload), 0, payload.length);
  });
  ties.timers ??= new Map();
  ties.timers.set(ref, { timer, toItself: toPid === from.pid });
  services.timers.set(timer, services.clock.now() + delayMs);
  return ref;
}

/** False where the timer has fired, was cancelled, or never was. */
export function cancelTimer(from: Actor, ref: number): boolean {
  const pending = from.ties?.timers?.get(ref);
  if (pending === undefined) return false;
  from.ties?.timers?.delete(ref);
  dropRef(from, ref);
  return from.services.timers.cancel(pending.timer);
}
