/** The actor that makes the calls of `runtime.call`. */

import { Actor, type Services } from "../actor/actor.ts";
import { hostSpec } from "../actor/spec.ts";
import { DEAD, PARKED, WANT_MATCH } from "../kernel/words.ts";
import { ClosedError } from "../wire/errors.ts";
import type { RuntimeLimits } from "../wire/limits.ts";
import { Calls } from "./calls.ts";

export class CallActor {
  readonly actor: Actor;
  readonly calls: Calls;

  constructor(record: number, services: Services, limits: RuntimeLimits) {
    // Its mailbox has the Downs of its calls, with the bytes of their reasons.
    this.actor = Actor.begin(record, hostSpec({ ...limits, mailboxBytes: 2 ** 28 }), services);
    this.calls = new Calls(this.actor);
    this.actor.extra.host = {
      // Its mailbox gets nothing but the Downs of its calls.
      turn: () => {
        this.calls.collect();
        if (this.actor.state !== DEAD) this.actor.state = PARKED;
      },
      answered: (ref, bytes) => this.calls.answer(ref, bytes),
      ended: () => this.calls.stop(new ClosedError("the runtime was stopped before the call was answered")),
    };
    // Every guest that was called knows the actor's pid, and must not be able to end it.
    this.actor.immune = true;
    // Every item goes to the mailbox and wakes the actor.
    this.actor.want = WANT_MATCH;
    this.actor.state = PARKED;
  }
}
