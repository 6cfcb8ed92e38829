/**
 * The receiving half of a host mailbox: an actor without a guest, whose items a promise or a
 * function of JavaScript takes.
 */

import { Actor, type Services } from "../actor/actor.ts";
import { hostSpec } from "../actor/spec.ts";
import { DEAD, PARKED, RUNNING, WANT_MATCH } from "../kernel/words.ts";
import { NONE } from "../mail/mailbox.ts";
import type { State } from "../mail/states.ts";
import type { CallOut } from "../time/call-out.ts";
import { checkOptions, checksOf, having, millisecondsOrForever } from "../wire/checks.ts";
import { ClosedError, IsopodError } from "../wire/errors.ts";
import type { RuntimeLimits } from "../wire/limits.ts";
import type { Received } from "../wire/message.ts";
import { formatPid, type Pid, pidFromWords } from "../wire/pid.ts";
import { receivedFrom } from "../wire/reason.ts";
import { type CallOptions, Calls } from "./calls.ts";

/** Options of `receive` and `receiveMatch`. */
export interface ReceiveOptions {
  /**
   * Milliseconds after which the receive resolves to undefined. 0 polls. Without it, the receive
   * waits for ever.
   */
  readonly timeoutMs?: number;
  /** Aborts the receive: it rejects with the signal's reason. No item is lost. */
  readonly signal?: AbortSignal;
}

const receiveChecks = checksOf<ReceiveOptions>({
  timeoutMs: millisecondsOrForever,
  signal: having("addEventListener", "throwIfAborted"),
});

/** A receive that waits. */
interface Pending {
  readonly matches: ((item: Received) => boolean) | undefined;
  resolve(item: Received | undefined): void;
  reject(error: unknown): void;
}

/** Receives items for one host mailbox. At most one receive waits at a time. */
export class Inbox {
  /** The actor that represents the mailbox in the runtime. */
  readonly actor: Actor;
  readonly #callOut: CallOut;
  readonly #calls: Calls;
  #pending: Pending | undefined;
  #act: (() => boolean) | undefined;
  /** True while a predicate is asked. A receive inside it would move the save pointer. */
  #looking = false;

  constructor(record: number, services: Services, limits: RuntimeLimits, callOut: CallOut) {
    this.actor = Actor.begin(record, hostSpec(limits), services);
    this.actor.extra.host = { turn: () => this.#turn(), ended: () => this.#ended() };
    // It wants items by predicate, so that every item goes to the mailbox. It is running, so that
    // no item wakes it until it waits.
    this.actor.want = WANT_MATCH;
    this.actor.state = RUNNING;
    this.#callOut = callOut;
    this.#calls = new Calls(this.actor);
  }

  get #isOpen(): boolean {
    return this.actor.state !== DEAD;
  }

  async receive(matches: Pending["matches"], options: ReceiveOptions): Promise<Received | undefined> {
    checkOptions("receive", options, receiveChecks);
    const { timeoutMs, signal } = options;
    const actor = this.actor;
    if (actor.state === DEAD) throw this.closed();
    signal?.throwIfAborted();
    if (this.#pending !== undefined || this.#looking) throw this.#busy();
    this.#calls.collect();
    actor.mailbox.rewind();
    const item = this.#look(matches);
    if (item !== undefined || timeoutMs === 0) return item;

    const { clock } = actor.services;
    actor.deadlineMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + timeoutMs;
    const received = new Promise<Received | undefined>((resolve, reject) => {
      this.#pending = { matches, resolve, reject };
    });
    const onAbort = () => this.#settle()?.reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    actor.state = PARKED;
    actor.armDeadline();
    return received.finally(() => signal?.removeEventListener("abort", onAbort));
  }

  /** Takes the next item, where there is one now; else returns undefined. */
  poll(): Received | undefined {
    if (this.#looking) throw this.#busy();
    // Items that are left until the end is told are dead letters.
    if (!this.#isOpen) return undefined;
    this.#calls.collect();
    const { mailbox } = this.actor;
    const at = mailbox.first();
    return at === NONE ? undefined : this.#take(at, this.#read(at));
  }

  /** Calls an actor. The answer is no item of the mailbox, so any receive may wait meanwhile. */
  call(to: Actor | undefined, callee: Pid | string, bytes: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    if (!this.#isOpen) return Promise.reject(this.closed());
    const answer = this.#calls.call(to, callee, bytes, options);
    if (this.actor.state === RUNNING) this.actor.state = this.#atRest;
    return answer;
  }

  /** Calls `act`, in a turn of the actor, when items have come that no receive waits for. */
  onArrival(act: () => boolean): void {
    this.#act = act;
    if (this.actor.state !== RUNNING) return;
    this.actor.state = PARKED;
    if (this.actor.mailbox.count > 0) this.actor.wake();
  }

  /** A turn: an item has arrived, or the time is over. */
  #turn(): void {
    const actor = this.actor;
    const pending = this.#pending;
    this.#calls.collect();
    if (pending === undefined) {
      actor.state = this.#atRest;
      if (this.#arrived() && actor.state === PARKED) actor.wake();
      return;
    }
    let item: Received | undefined;
    try {
      item = this.#look(pending.matches);
    } catch (error) {
      this.#settle()?.reject(error);
      return;
    }
    if (item !== undefined || actor.expired) this.#settle()?.resolve(item);
    else actor.state = PARKED;
  }

  /** Whether `onArrival` wants another turn. */
  #arrived(): boolean {
    let answer: unknown;
    this.#callOut.run("onArrival", () => {
      answer = this.#act?.();
      return answer;
    });
    return answer === true;
  }

  /** Takes the first wanted item at or behind the save pointer. */
  #look(matches: Pending["matches"]): Received | undefined {
    const { mailbox } = this.actor;
    for (let at = mailbox.from(mailbox.saved); at !== NONE; at = mailbox.next(mailbox.saved)) {
      // `matches` may change this mailbox. Then the save pointer moves along.
      mailbox.saved = at;
      const item = this.#read(at);
      if (matches !== undefined && !this.#ask(matches, item)) continue;
      return this.#take(mailbox.saved, item);
    }
    mailbox.passAll();
    return undefined;
  }

  #take(at: number, item: Received): Received {
    if (item.kind === "message" || item.kind === "timer") this.actor.services.counters.received++;
    this.actor.mailbox.remove(at);
    return item;
  }

  #ask(matches: (item: Received) => boolean, item: Received): boolean {
    this.#looking = true;
    try {
      return matches(item);
    } finally {
      this.#looking = false;
    }
  }

  #read(at: number): Received {
    const { mailbox } = this.actor;
    const { kind, tag, fromLo, fromHi, ref, reason } = mailbox.item(at);
    return receivedFrom(kind, tag, pidFromWords(fromLo, fromHi), ref, reason, mailbox.payload(at));
  }

  /** Ends the receive that waits, and returns it. */
  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    this.actor.disarmDeadline();
    if (this.actor.state !== DEAD) this.actor.state = this.#atRest;
    return pending;
  }

  /**
   * The state while no receive waits: parked where `onArrival` was called, or an answer is to come, so that an
   * arrival gives the mailbox a turn.
   */
  get #atRest(): State {
    return this.#act === undefined && !this.#calls.arePending ? RUNNING : PARKED;
  }

  #ended(): void {
    this.#calls.stop(this.closed());
    this.#settle()?.reject(this.closed());
  }

  #busy(): IsopodError {
    const text = `host mailbox ${formatPid(this.actor.pid)} is receiving already: await that receive, or abort it`;
    return new IsopodError("ISOPOD_BUSY", text);
  }

  closed(): ClosedError {
    return new ClosedError(`host mailbox ${formatPid(this.actor.pid)} is closed`);
  }
}
