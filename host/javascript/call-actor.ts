/** The actor that makes the calls of `runtime.call`. */

import { Actor, type Services } from "../actor/actor.ts";
import { hostSpec } from "../actor/spec.ts";
import { DEAD, PARKED, WANT_MATCH } from "../kernel/words.ts";
import { NONE } from "../mail/mailbox.ts";
import { ClosedError } from "../wire/errors.ts";
import type { RuntimeLimits } from "../wire/limits.ts";
import { MESSAGE } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import { Calls } from "./calls.ts";

export class CallActor {
  readonly actor: Actor;
  readonly calls: Calls;

  constructor(record: number, services: Services, runtimeLimits: RuntimeLimits) {
    // Answers that a call waits for are never refused. Each pending call bounds their number by
    // one.
    const limits = { ...runtimeLimits, mailboxMessages: 2 ** 28, mailboxBytes: 2 ** 28 };
    this.actor = Actor.begin(record, hostSpec(limits), services);
    this.calls = new Calls(this.actor);
    this.actor.extra.host = {
      turn: () => this.#turn(),
      answered: (ref, bytes) => this.calls.answer(ref, bytes),
      ended: () => this.calls.stop(new ClosedError("the runtime was stopped before the call was answered")),
    };
    // Every guest that was called knows the actor's pid, and must not be able to end it.
    this.actor.immune = true;
    // Every item goes to the mailbox and wakes the actor.
    this.actor.want = WANT_MATCH;
    this.actor.state = PARKED;
  }

  #turn(): void {
    this.calls.collect();
    // Whoever was called knows the pid, and may send more to it.
    const { mailbox, pid, services } = this.actor;
    for (let at = mailbox.first(); at !== NONE; at = mailbox.first()) {
      const { kind, tag, fromLo, fromHi, length } = mailbox.item(at);
      mailbox.remove(at);
      if (kind === MESSAGE) services.deadLetter(pidFromWords(fromLo, fromHi), pid, tag, length, "late reply");
    }
    if (this.actor.state !== DEAD) this.actor.state = PARKED;
  }
}
