/** The imports that make refs, requests and timers, and that hand a request on. */

import type { Actor, Services } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { checkRange, copyOut } from "../actor/ranges.ts";
import { delegate } from "../between/delegate.ts";
import { lookUp, missedRef } from "../between/guesses.ts";
import { monitor } from "../between/monitors.ts";
import { admission, mayAsk } from "../between/post.ts";
import { dropRef, makeRef } from "../between/refs.ts";
import { cancelTimer, sendAfter } from "../between/send-after.ts";
import { mayMakeRef, mayTie } from "../between/tie-limits.ts";
import { ORPHAN_TIMER_BYTES, ORPHAN_TIMERS } from "../kernel/life-words.ts";
import { COPIED_SHIFT } from "../kernel/words.ts";
import { TIMERS } from "../mail/account.ts";
import type { Actors } from "../mail/actors.ts";
import type { Import } from "../wire/abi.ts";
import { TIMER_BYTES } from "../wire/memory-use.ts";
import { MESSAGE, OVER_LIMIT, SEND_ACCEPTED, SEND_FULL, SEND_NO_ACTOR, SEND_TOO_LARGE } from "../wire/message.ts";
import { highWord, lowWord, type Pid, pidFromWords } from "../wire/pid.ts";
import { callerOf } from "./caller.ts";
import { sendMessage } from "./send.ts";

/** What setting a timer costs: it is sorted among all others. */
const TIMER_REDUCTIONS = 50;

/** What `request` answers if it makes no ref. Refs are negative. */
const RequestRefusal = { mailboxFull: 1, tooLarge: 2 } as const;

export function refImports(services: Services, actors: Actors<Actor>): Record<string, Import> {
  const find = (pid: Pid) => actors.get(lowWord(pid), highWord(pid));

  return {
    make_ref() {
      const actor = callerOf(services, "make_ref");
      return mayMakeRef(actor) && mayAsk(actor) ? makeRef(actor) : OVER_LIMIT;
    },

    drop_ref(ref) {
      return dropRef(callerOf(services, "drop_ref"), ref) ? 1 : 0;
    },

    request(lo, hi, tag, pointer, length) {
      const from = callerOf(services, "request");
      checkRange(from, "request", "the payload", pointer, length);
      const to = lookUp(from, actors, lo, hi);
      const status = admission(from, to, MESSAGE, tag, 0, length >>> 0);
      if (status === SEND_FULL) return RequestRefusal.mailboxFull;
      if (status === SEND_TOO_LARGE) return RequestRefusal.tooLarge;
      if (!mayTie(from) || !mayAsk(from)) return OVER_LIMIT;
      // The monitor first: the receiver could not end before the message, but the ref must be live
      // when its answer comes.
      const ref = monitor(from, status === SEND_ACCEPTED ? to : undefined, lo, hi);
      sendMessage(from, to, lo, hi, tag, ref, pointer, length);
      return ref;
    },

    delegate(lo, hi, ref, toLo, toHi, tag, pointer, length) {
      const by = callerOf(services, "delegate");
      checkRange(by, "delegate", "the payload", pointer, length);
      const asker = lookUp(by, actors, lo, hi);
      const to = lookUp(by, actors, toLo, toHi);
      const size = length >>> 0;
      charge(by, size >>> COPIED_SHIFT);
      const payload = by.bytes.u8.subarray(pointer >>> 0, (pointer >>> 0) + size);
      const status = delegate(services, by, asker, lo, hi, ref, to, tag, payload);
      if (status === SEND_NO_ACTOR) missedRef(by);
      return status;
    },

    send_after(delayMs, lo, hi, tag, pointer, length) {
      const from = callerOf(services, "send_after");
      checkRange(from, "send_after", "the payload", pointer, length);
      const toItself = lo === from.lo && hi === from.hi;
      if (!maySetTimer(from, length >>> 0, toItself) || (toItself && !mayAsk(from))) return OVER_LIMIT;
      charge(from, TIMER_REDUCTIONS + ((length >>> 0) >>> COPIED_SHIFT));
      return sendAfter(from, delayMs >>> 0, pidFromWords(lo, hi), find, tag, copyOut(from, pointer, length));
    },

    cancel_timer(ref) {
      return cancelTimer(callerOf(services, "cancel_timer"), ref) ? 1 : 0;
    },
  };
}

function maySetTimer(
  { belongings, limits, family, timerBytes, services }: Actor,
  bytes: number,
  toItself: boolean,
): boolean {
  if (family === null) return true;
  if ((belongings?.timers?.size ?? 0) >= limits.timers || timerBytes + bytes > limits.mailboxBytes) return false;
  if (!services.account.admits(TIMERS, TIMER_BYTES + bytes)) return false;
  // Timers for itself end with it.
  return (
    toItself ||
    (family.count(ORPHAN_TIMERS) < family.limits.timers &&
      family.count(ORPHAN_TIMER_BYTES) <= family.limits.mailboxBytes)
  );
}
