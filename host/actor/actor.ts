/**
 * One actor: its pid, its state, its mailbox, the window it waits with, and its guest. All actors have this one shape, whatever their
 * way of blocking, so that code which meets thousands of them stays fast. The state machine:
 *
 *     ready ──turn──▶ running ──receive finds nothing──▶ parked ──item or timeout──▶ ready        any ──end──▶ dead
 *       ▲                │
 *       └─budget spent───┘   (items, or reductions: preempt.ts)
 */

import { unfold } from "../between/requests.ts";
import type { Recycling } from "../life/recycling.ts";
import type { Bytes, Owner } from "../mail/bytes.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import {
  BUDGET,
  CALL_REF,
  CAPACITY,
  HANDLER_CAPACITY,
  HANDLER_INFO,
  HANDLER_POINTER,
  HELD,
  INFO,
  MAX_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGES,
  MAY_PARK,
  MAY_REQUEST,
  NOWHERE,
  POINTER,
  RECEIVED,
  RESTRAINT,
  RESULT,
  type Recorded,
  SENT,
  type Slots,
  STATE,
  type Store,
  TIMED,
  TIMED_BY_HOST,
  TIMED_BY_SWITCH,
  TIMEOUT,
  WAITING,
  WANT,
  WANTED,
} from "../mail/slots.ts";
import type { GuestModule } from "../module/guest-module.ts";
import type { Clock } from "../time/clock.ts";
import type { Inspection } from "../time/inspection.ts";
import type { Notices } from "../time/notices.ts";
import type { Runnable, Scheduler } from "../time/scheduler.ts";
import { Timer, type Timers } from "../time/timers.ts";
import { stackTooLong } from "../turns/preempt.ts";
import type { Switch } from "../turns/switch.ts";
import type { Counters, DeadLetter } from "../wire/events.ts";
import type { Limits, RuntimeLimits } from "../wire/limits.ts";
import { type ExitReason, RECEIVE_PARK } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";
import type { Account } from "./account.ts";
import type { Allowance } from "./allowance.ts";
import type { Aside } from "./aside.ts";
import type { Answer, GuestExports, Instance } from "./body.ts";
import type { Judge, Reductions } from "./reductions.ts";
import type { Ties } from "./ties.ts";

// Plain constants here and in message.ts: engines fold these, but load the members of constant objects, which costs a tenth of a message.

/** Where an actor is in its life. */
export const READY = 0;
export const RUNNING = 1;
export const PARKED = 2;
export const DEAD = 3;
export type State = typeof READY | typeof RUNNING | typeof PARKED | typeof DEAD;

/** What a receive is after. */
export const WANT_ANY = 0;
export const WANT_TAG = 1;
export const WANT_MATCH = 2;
export const WANT_REF = 3;
/** No item: the answer of a function of the embedder's. */
export const WANT_ANSWER = 4;
export type Want = typeof WANT_ANY | typeof WANT_TAG | typeof WANT_MATCH | typeof WANT_REF | typeof WANT_ANSWER;

/** What keeps an actor from calling imports: nothing; its predicate is being asked; it is to end, and `leaving` says why. */
export const FREE = 0;
export const ASKING = 1;
export const LEAVING = 2;
export type Restraint = typeof FREE | typeof ASKING | typeof LEAVING;

/** How an actor gets its turns and blocks: the one interface that the ways of `park.ts` stand behind. */
export interface Way {
  readonly name: "handler" | "asyncify" | "jspi" | "host";
  /** Gives the actor a turn. False: the turn goes on by itself, on a stack of its own, and the scheduler is told when it is over. */
  resume(actor: Actor): boolean;
  /** The actor ended without its turn: whatever the way holds for it is let go. */
  discard(actor: Actor): void;
}

/** What an actor needs from its runtime. */
export interface Services {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly timers: Timers;
  readonly limits: RuntimeLimits;
  readonly counters: Counters;
  readonly notices: Notices;
  readonly inspection: Inspection;
  readonly account: Account;
  readonly recycling: Recycling;
  readonly slots: Slots<Actor>;
  /** Decides whether a turn that asks for more goes on. */
  readonly judge: Judge;
  /** Null where the engine cannot have one, or the embedder wants none. */
  switch: Switch | null;
  /** Whose turn it is, or was last. Imports ask it who is calling. */
  current: Actor | null;
  /** The actor has ended for this reason. */
  end(actor: Actor, reason: ExitReason): void;
  /** A message that nobody will receive. */
  deadLetter(from: Pid, to: Pid, tag: number, length: number, why: DeadLetter["why"]): void;
  /** A number in [0, 1), from the runtime's source of randomness. */
  random(): number;
  /** What a guest's exception means. */
  describe(error: unknown): ExitReason;
}

/** The counters, with what the switch has counted by itself. */
export function totals({ counters, slots }: Pick<Services, "counters" | "slots">): Counters {
  const { doubles } = slots;
  return {
    ...counters,
    sent: counters.sent + doubles[SENT >> 1],
    received: counters.received + doubles[RECEIVED >> 1],
  };
}

export class Actor implements Runnable, Recorded, Owner {
  readonly lo: number;
  readonly hi: number;
  readonly services: Services;
  readonly mailbox: Mailbox;
  readonly module: GuestModule | null;
  readonly way: Way;
  /** Empty after it has ended. */
  args: Uint8Array;
  readonly limits: Limits;

  // Where its words are (slots.ts).
  store: Store = NOWHERE;
  at = 0;

  /** Why it is to end at the next chance; set with `LEAVING`. */
  leaving: ExitReason | null = null;
  /** It ends by its own fault: what it received last belongs into the report. */
  atFault = false;
  /** Part of the runtime: no signal reaches it, whoever knows its pid. */
  immune = false;

  /** The guest's memory; set once, when it is instantiated. */
  bytes: Bytes;
  guest: GuestExports | null = null;
  /** What its guest runs in, where another actor may use that after it. */
  instance: Instance | null = null;
  /** Once it has begun, the switch may give it its turns. */
  switchable = false;
  /** The guest's start function and its `_start` are done. */
  started = false;
  #deadlineMs = Number.POSITIVE_INFINITY;
  /** The deadline has passed while parked. */
  expired = false;
  /** Made with the first receive that has a timeout. */
  timer: Timer | null = null;
  /** The answer that it waits for, or was to wait for, with `WANT_ANSWER`. */
  answer: Answer | null = null;
  /** What ties it to others, but for requests that the switch has in its record; see `ties`. */
  knownTies: Ties | null = null;
  /** Its parent's pid as words: who spawned it, or the host's supervisor that started it. 0, 0: the host. */
  parentLo = 0;
  parentHi = 0;
  /** What its guest is allowed; null for the host's own, which may do everything. */
  allowance: Allowance | null = null;
  /** What its guest may compute; null where the guest does not count it. */
  reductions: Reductions | null = null;
  /** What of its parked stack is not in its memory. */
  aside: Aside | null = null;
  /** It gave way in the middle of its code: its next turn goes on there, whatever its mailbox holds. */
  yielded = false;
  /** The export that it runs; a host's own has none. */
  entry = "";
  /** On the runtime's clock. */
  readonly bornMs: number;

  constructor(
    lo: number,
    hi: number,
    services: Services,
    mailbox: Mailbox,
    module: GuestModule | null,
    way: Way,
    args: Uint8Array,
    limits: Limits,
    bytes: Bytes,
  ) {
    this.lo = lo;
    this.hi = hi;
    this.services = services;
    this.mailbox = mailbox;
    this.module = module;
    this.way = way;
    this.args = args;
    this.limits = limits;
    this.bytes = bytes;
    services.slots.claim(this);
    const { words } = this.store;
    words[this.at + MAX_MESSAGES] = limits.mailboxMessages;
    words[this.at + MAX_BYTES] = limits.mailboxBytes;
    words[this.at + MAX_MESSAGE_BYTES] = limits.messageBytes;
    // Running from its birth: what its start function brings about reaches it when it first waits.
    this.state = RUNNING;
    this.result = RECEIVE_PARK;
    words[this.at + MAY_REQUEST] = limits.ties > 0 ? 1 : 0;
    mailbox.liveAt(this.store, this.at);
    this.bornMs = services.clock.now();
  }

  get state(): State {
    return this.store.words[this.at + STATE] as State;
  }
  set state(value: State) {
    this.store.words[this.at + STATE] = value;
  }

  get restraint(): Restraint {
    return this.store.words[this.at + RESTRAINT] as Restraint;
  }
  set restraint(value: Restraint) {
    this.store.words[this.at + RESTRAINT] = value;
  }

  /** A receive may answer -2: in the entry of a process, not in handlers and start functions. */
  get mayPark(): boolean {
    return this.store.words[this.at + MAY_PARK] !== 0;
  }
  set mayPark(value: boolean) {
    this.store.words[this.at + MAY_PARK] = value ? 1 : 0;
  }

  /** The window and the receive that was last called, or that the actor is parked in. */
  get info(): number {
    return this.store.words[this.at + INFO] >>> 0;
  }
  set info(value: number) {
    this.store.words[this.at + INFO] = value;
  }

  get pointer(): number {
    return this.store.words[this.at + POINTER] >>> 0;
  }
  set pointer(value: number) {
    this.store.words[this.at + POINTER] = value;
  }

  get capacity(): number {
    return this.store.words[this.at + CAPACITY] >>> 0;
  }
  set capacity(value: number) {
    this.store.words[this.at + CAPACITY] = value;
  }

  /** The window that a handler registered; its receives may use others. */
  get handlerInfo(): number {
    return this.store.words[this.at + HANDLER_INFO] >>> 0;
  }
  set handlerInfo(value: number) {
    this.store.words[this.at + HANDLER_INFO] = value;
  }

  get handlerPointer(): number {
    return this.store.words[this.at + HANDLER_POINTER] >>> 0;
  }
  set handlerPointer(value: number) {
    this.store.words[this.at + HANDLER_POINTER] = value;
  }

  get handlerCapacity(): number {
    return this.store.words[this.at + HANDLER_CAPACITY] >>> 0;
  }
  set handlerCapacity(value: number) {
    this.store.words[this.at + HANDLER_CAPACITY] = value;
  }

  /** When the receive is over, on the clock's scale; Infinity: never. */
  get deadlineMs(): number {
    const { words } = this.store;
    const timed = words[this.at + TIMED];
    if (timed === 0) return Number.POSITIVE_INFINITY;
    // The switch has no clock: its timeouts begin when the host first asks.
    if (timed === TIMED_BY_SWITCH) this.deadlineMs = this.services.clock.now() + words[this.at + TIMEOUT];
    return this.#deadlineMs;
  }
  set deadlineMs(value: number) {
    this.#deadlineMs = value;
    this.store.words[this.at + TIMED] = value === Number.POSITIVE_INFINITY ? 0 : TIMED_BY_HOST;
  }

  /**
   * What ties it to others; null while nothing does. Whoever asks may change it: the switch makes no request more until the host permits it. Who looks at
   * its watchers calls `unfoldCallers` before.
   */
  get ties(): Ties | null {
    const { words } = this.store;
    if (words[this.at + CALL_REF] !== 0) unfold(this);
    words[this.at + MAY_REQUEST] = 0;
    return this.knownTies;
  }
  set ties(ties: Ties | null) {
    this.knownTies = ties;
  }

  get want(): Want {
    return this.store.words[this.at + WANT] as Want;
  }
  set want(value: Want) {
    this.store.words[this.at + WANT] = value;
  }

  /** The tag, the ref or the predicate, as `want` says. */
  get wanted(): number {
    return this.store.words[this.at + WANTED];
  }
  set wanted(value: number) {
    this.store.words[this.at + WANTED] = value;
  }

  /** The last receive answered -2, and `park` is to follow. */
  get waiting(): boolean {
    return this.store.words[this.at + WAITING] !== 0;
  }
  set waiting(value: boolean) {
    this.store.words[this.at + WAITING] = value ? 1 : 0;
  }

  /** The item at the save pointer matched but did not fit: the next receive of the same kind takes it without asking again. */
  get held(): boolean {
    return this.store.words[this.at + HELD] !== 0;
  }
  set held(value: boolean) {
    this.store.words[this.at + HELD] = value ? 1 : 0;
  }

  /** What `park` will return; RECEIVE_PARK while that is still to be looked for. */
  get result(): number {
    return this.store.words[this.at + RESULT];
  }
  set result(value: number) {
    this.store.words[this.at + RESULT] = value;
  }

  /** Items that it may still take in this turn. */
  get budget(): number {
    return this.store.words[this.at + BUDGET];
  }
  set budget(value: number) {
    this.store.words[this.at + BUDGET] = value;
  }

  /** For its `Bytes`. */
  memoryGrown(bytes: number): void {
    this.services.account.setMemory(this, bytes);
  }

  get pid(): Pid {
    return pidFromWords(this.lo, this.hi);
  }

  get parent(): Pid {
    return pidFromWords(this.parentLo, this.parentHi);
  }

  /** Parked → ready. */
  wake(): void {
    this.services.scheduler.push(this);
    this.store.words[this.at + STATE] = READY;
  }

  run(): boolean {
    // It may have ended while it stood in the queue.
    const { words } = this.store;
    if (words[this.at + STATE] !== READY) return true;
    words[this.at + STATE] = RUNNING;
    this.services.slots.current = this;
    return this.way.resume(this);
  }

  failed(error: unknown): void {
    this.atFault ||= this.leaving === null;
    this.services.end(this, this.leaving ?? stackTooLong(this) ?? this.services.describe(error));
  }

  /** Sets the timer of the receive it parks in, where that has a deadline. */
  armDeadline(): void {
    if (this.deadlineMs === Number.POSITIVE_INFINITY) return;
    this.timer ??= this.#newTimer();
    if (!this.timer.isSet) this.services.timers.set(this.timer, this.deadlineMs);
  }

  /** Apart, because a function that makes closures allocates for them also where it makes none. */
  #newTimer(): Timer {
    return new Timer(() => this.#deadlinePassed());
  }

  disarmDeadline(): void {
    if (this.timer?.isSet) this.services.timers.cancel(this.timer);
  }

  #deadlinePassed(): void {
    // Where an item came first the receive is decided, and the item wins.
    if (this.result !== RECEIVE_PARK) return;
    this.expired = true;
    if (this.state === PARKED) this.wake();
  }
}
