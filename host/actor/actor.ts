/**
 * One actor, and the first file of the room host/actor/: an actor's state, its budget, its
 * receives, its belongings, and how it crashes. The room imports module/, mail/, time/ and wire/. It
 * guarantees that each piece of an actor's state has one home, and that a fault ends this actor
 * only: the reason is noted on the actor before anything is thrown through its guest.
 *
 * All actors have this one shape, whichever way they block, so that the engine keeps code for many
 * actors fast. The state machine:
 *
 *     ready ──turn──▶ running ──receive finds nothing──▶ parked ──item or timeout──▶ ready
 *       ▲                │
 *       └─budget spent───┘   (items, or reductions: turns/preempt.ts)       any ──end──▶ dead
 */

import { TABLE_INDEX } from "../kernel/life-words.ts";
import {
  BODY,
  BORN,
  COLD,
  ENDED_RECORD,
  FOR_EVER,
  GIVEN,
  HAS_EXTRA,
  MAX_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGES,
  OVER,
  PARKED,
  READY,
  RESIDENT,
  RUNNING,
  SPEC,
  STATE,
  TIMED,
  TIMED_BY_HOST,
  TIMED_BY_KERNEL,
  TIMEOUT,
} from "../kernel/words.ts";
import type { Account } from "../mail/account.ts";
import type { Bytes } from "../mail/bytes.ts";
import type { Kernel } from "../mail/kernel.ts";
import { Mailbox } from "../mail/mailbox.ts";
import type { Clock } from "../time/clock.ts";
import type { Runnable, Scheduler } from "../time/scheduler.ts";
import { Timer, type Timers } from "../time/timers.ts";
import type { Counters, DeadLetter } from "../wire/events.ts";
import type { WayName } from "../wire/limits.ts";
import type { ExitReason } from "../wire/message.ts";
import type { Pid } from "../wire/pid.ts";
import { Belongings } from "./belongings.ts";
import type { Answer, GuestExports, Instance, InstanceTable } from "./body.ts";
import { Extra, NO_EXTRA } from "./extra.ts";
import { Identity } from "./identity.ts";
import type { MessageNotes } from "./message-notes.ts";
import type { Judge, Preempted, TurnBudget } from "./reductions.ts";
import type { Spec, Specs } from "./spec.ts";
import type { SpilledStack } from "./spilled-stack.ts";
import type { Taping } from "./taping.ts";
import type { Transit } from "./transit.ts";

/** How guests wait, and get the turns that the kernel leaves to the host. */
export interface Way {
  /**
   * Gives the actor a turn. False: the turn continues on a stack of its own, and tells the
   * scheduler when it is over.
   */
  resume(actor: Actor): boolean;
  /** Drops what the way holds for an actor that has ended. */
  discard(actor: Actor): void;
}

/** The ways of guests. turns/plain.ts and turns/jspi.ts have them. */
export type Ways = Readonly<Record<WayName, Way>>;

/** What is known of actors beside the words of their records. */
export interface Actors {
  readonly specs: Specs;
  readonly instances: InstanceTable;
  /** By the address of the record. */
  readonly extras: Map<number, Extra>;
}

/** What turns and waits need: the clock, the scheduler, the timers, and the kernel. */
export interface TurnServices extends Actors {
  readonly ways: Ways;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly timers: Timers;
  readonly kernel: Kernel<Actor>;
  /** Decides whether a turn continues that asks for more reductions. */
  readonly judge: Judge;
  /** What the actor that runs has spent in its turn. */
  readonly budget: TurnBudget;
  /** Called when the turn of an actor is over that has a stack of its own. */
  resumed(actor: Actor): void;
}

/** The runtime's counts: events, and bytes of memory. */
export interface Accounting {
  readonly counters: Counters;
  readonly account: Account;
}

/** What an actor reports to its runtime. */
export interface Reports {
  readonly follows: MessageNotes<Actor>;
  /** Ends the actor for this reason. None of its frames may be on the stack. */
  end(actor: Actor, reason: ExitReason): void;
  /** Loads an actor that has no instance, so that the host can use its memory. Throws a LimitError. */
  bringIn(actor: Actor): void;
  /** The same, for life: no other actor gets its memory. */
  pin(actor: Actor): void;
  /** The exit reason for an exception that came out of the actor's code. */
  describe(actor: Actor, error: unknown): ExitReason;
  /** Counts a message that no actor will receive, and tells the embedder. */
  deadLetter(from: Pid, to: Pid, tag: number, length: number, why: DeadLetter["why"]): void;
}

/** What an actor uses of its runtime. */
export interface Services extends TurnServices, Accounting, Reports {
  /** What does not arrive at once goes here; null: all does. */
  transit: Transit<Actor> | null;
  /** What records actors, or plays a recording; null: nothing does. */
  readonly taping: Taping<Actor> | null;
  /** A number in [0, 1), from the runtime's source of randomness. */
  random(): number;
}

export class Actor extends Identity implements Runnable {
  readonly services: Services;
  readonly mailbox: Mailbox;
  constructor(lo: number, hi: number, record: number, services: Services) {
    const { kernel, specs } = services;
    super(lo, hi, record, kernel, specs);
    this.services = services;
    this.mailbox = new Mailbox(kernel, this);
  }

  /**
   * A new actor in the record that its pid has been given. It counts as running until its spawn is
   * over, so items that its start function causes wait in its mailbox.
   */
  static begin(record: number, spec: Spec, services: Services): Actor {
    const { kernel, specs, clock } = services;
    const { limits } = spec;
    const cold = kernel.word(record + COLD);
    kernel.setWord(record + SPEC, specs.use(spec));
    kernel.setWord(cold + BORN, Math.floor(clock.now()));
    kernel.setWord(record + MAX_MESSAGES, limits.mailboxMessages);
    kernel.setWord(record + MAX_BYTES, limits.mailboxBytes);
    kernel.setWord(record + MAX_MESSAGE_BYTES, limits.messageBytes);
    kernel.setWord(record + STATE, RUNNING);
    return kernel.userAt(record) as Actor;
  }

  /** What its guest runs in; without memory and exports where there is none. */
  get instance(): Instance {
    const { kernel, instances } = this.services;
    return this.has(RESIDENT) ? instances.at(kernel.word(this.word(BODY) + TABLE_INDEX)) : instances.none;
  }

  /** The guest's memory. */
  get bytes(): Bytes {
    return this.instance.bytes;
  }

  get guest(): GuestExports {
    return this.instance.guest;
  }

  /** All reductions that it was ever granted or charged. */
  get given(): number {
    return this.services.kernel.double(this.word(COLD) + GIVEN);
  }

  set given(value: number) {
    this.services.kernel.setDouble(this.word(COLD) + GIVEN, value);
  }

  /** What few actors have, to read. */
  get #known(): Readonly<Extra> {
    return this.has(HAS_EXTRA) ? (this.services.extras.get(this.record) as Extra) : NO_EXTRA;
  }

  /** What few actors have, made where it has nothing of it yet. */
  get extra(): Extra {
    if (this.has(HAS_EXTRA)) return this.services.extras.get(this.record) as Extra;
    const extra = new Extra();
    if (this.record === ENDED_RECORD) return extra;
    this.services.extras.set(this.record, extra);
    this.setFlag(HAS_EXTRA, true);
    return extra;
  }

  get exiting(): ExitReason | null {
    return this.#known.exiting;
  }

  set exiting(value: ExitReason | null) {
    this.extra.exiting = value;
  }

  get atFault(): boolean {
    return this.#known.atFault;
  }

  set atFault(value: boolean) {
    this.extra.atFault = value;
  }

  get immune(): boolean {
    return this.#known.immune;
  }

  set immune(value: boolean) {
    this.extra.immune = value;
  }

  get answer(): Answer | null {
    return this.#known.answer;
  }

  set answer(value: Answer | null) {
    this.extra.answer = value;
  }

  /** Its refs, timers, names and groups; null if it has none. Its links and monitors are in the kernel. */
  get belongings(): Belongings | null {
    return this.#known.belongings;
  }

  /** The same, to add to it. */
  get ownBelongings(): Belongings {
    const { extra } = this;
    extra.belongings ??= new Belongings();
    return extra.belongings;
  }

  get spilledStack(): SpilledStack | null {
    return this.#known.spilledStack;
  }

  set spilledStack(value: SpilledStack | null) {
    this.extra.spilledStack = value;
  }

  get preempted(): Preempted | null {
    return this.#known.preempted;
  }

  set preempted(value: Preempted | null) {
    this.extra.preempted = value;
  }

  get hostCalls(): number {
    return this.#known.hostCalls;
  }

  get askedBytes(): number {
    return this.#known.askedBytes;
  }

  get timerBytes(): number {
    return this.#known.timerBytes;
  }

  /** When its receive times out, on the runtime's clock; Infinity: never. */
  get deadlineMs(): number {
    const timed = this.word(TIMED);
    if (timed === TIMED_BY_KERNEL) return this.services.clock.now() + this.word(TIMEOUT);
    return timed === TIMED_BY_HOST || timed === OVER ? this.#known.deadlineMs : Number.POSITIVE_INFINITY;
  }

  set deadlineMs(value: number) {
    if (value !== Number.POSITIVE_INFINITY) this.extra.deadlineMs = value;
    this.setWord(TIMED, value === Number.POSITIVE_INFINITY ? FOR_EVER : TIMED_BY_HOST);
  }

  /** The deadline has passed. */
  get expired(): boolean {
    return this.word(TIMED) === OVER;
  }

  /** Starts a timeout that the kernel has noted, because the kernel has no clock. */
  startTimeout(): void {
    if (this.word(TIMED) === TIMED_BY_KERNEL) this.deadlineMs = this.deadlineMs;
  }

  /** Makes a parked actor ready: it gets a turn. */
  wake(): void {
    this.services.kernel.call.enqueue(this.record);
  }

  /** One turn, if the actor is ready: it may have ended while it was in the run queue. */
  run(): boolean {
    if (this.state !== READY) return true;
    this.state = RUNNING;
    this.services.kernel.current = this;
    const { way } = this.spec;
    if (way !== "host") return this.services.ways[way].resume(this);
    this.#known.host?.turn();
    return true;
  }

  /** Drops what its way of waiting holds for it, because it has ended. */
  discard(): void {
    const { way } = this.spec;
    if (way === "host") this.#known.host?.ended();
    else this.services.ways[way].discard(this);
  }

  /** Its turn threw: it ends. */
  failed(error: unknown): void {
    if (this.exiting === null) this.atFault = true;
    this.services.end(this, this.exiting ?? this.services.describe(this, error));
  }

  /** Sets the timer of the receive that it parks in, if that has a deadline. */
  armDeadline(): void {
    this.startTimeout();
    if (this.word(TIMED) !== TIMED_BY_HOST) return;
    const { extra } = this;
    extra.timer ??= new Timer(() => this.#deadlinePassed());
    if (!extra.timer.isSet) this.services.timers.set(extra.timer, extra.deadlineMs);
  }

  disarmDeadline(): void {
    const { timer } = this.#known;
    if (timer?.isSet) this.services.timers.cancel(timer);
  }

  #deadlinePassed(): void {
    if (this.word(TIMED) !== TIMED_BY_HOST) return;
    // Its next turn looks once more: an item beats a deadline.
    this.setWord(TIMED, OVER);
    if (this.state === PARKED) this.wake();
  }
}
