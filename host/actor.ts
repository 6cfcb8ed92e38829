/**
 * One actor: its pid, its state, its mailbox, the window it waits with, and its guest. All actors have this one shape, whatever their
 * way of blocking, so that code which meets thousands of them stays fast. The state machine:
 *
 *     ready ──turn──▶ running ──receive finds nothing──▶ parked ──item or timeout──▶ ready        any ──end──▶ dead
 *       ▲                │
 *       └─budget spent───┘   (items, or reductions: preempt.ts)
 */
import type { Allowance } from "./allowance.ts";
import type { Bytes } from "./bytes.ts";
import type { Clock } from "./clock.ts";
import type { GuestModule } from "./guest.ts";
import type { Inspection } from "./inspection.ts";
import type { Limits, RuntimeLimits } from "./limits.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MemoryAccount } from "./memory-account.ts";
import { type ExitReason, RECEIVE_PARK } from "./message.ts";
import type { Notices } from "./notices.ts";
import { type Pid, pidFromWords } from "./pid.ts";
import type { DeadLetter } from "./post.ts";
import { type Reductions, stackTooLong } from "./preempt.ts";
import type { Instance, Recycling } from "./recycling.ts";
import type { Runnable, Scheduler } from "./scheduler.ts";
import type { Ties } from "./signals.ts";
import { Timer, type Timers } from "./timers.ts";

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

/** What a function of the embedder's will answer. */
export interface Answer {
  settled: boolean;
  value: number;
}

/** How an actor gets its turns and blocks: the one interface that the ways of `park.ts` stand behind. */
export interface Way {
  readonly name: "handler" | "asyncify" | "jspi" | "host";
  /** Gives the actor a turn. False: the turn goes on by itself, on a stack of its own, and the scheduler is told when it is over. */
  resume(actor: Actor): boolean;
  /** The actor ended without its turn: whatever the way holds for it is let go. */
  discard(actor: Actor): void;
}

/** The guest's side as the host calls it. The exports that a way does not need are null. */
export interface GuestExports {
  /** `handle(n)`. */
  readonly handle: ((length: number) => void) | null;
  /** `resume:E`: 1 the guest parked, 2 it gave way, 0 the entry returned. */
  readonly resume: ((result: number) => number) | null;
  /** The entry itself. */
  readonly entry: (() => void) | null;
  readonly match: ((predicate: number, pointer: number, length: number) => number) | null;
  readonly start: (() => void) | null;
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
  readonly memory: MemoryAccount;
  readonly recycling: Recycling;
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

/** Totals since the runtime began. Doubles, so that counting never allocates. */
export interface Counters {
  /** Messages accepted into a mailbox or a window. */
  sent: number;
  /** Messages taken out by their receiver. */
  received: number;
  /** Messages refused, or left in the mailbox of an actor that ended. */
  dead: number;
  /** Guests. */
  spawned: number;
  /** Guests and host mailboxes. */
  ended: number;
}

export class Actor implements Runnable {
  readonly lo: number;
  readonly hi: number;
  readonly services: Services;
  readonly mailbox: Mailbox;
  readonly module: GuestModule | null;
  readonly way: Way;
  readonly args: Uint8Array;
  readonly limits: Limits;

  /** Running from its birth: what its start function brings about reaches it when it first waits. */
  state: State = RUNNING;
  restraint: Restraint = FREE;
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
  /** The first turn has begun. */
  started = false;
  /** A receive may answer -2: in the entry of a process, not in handlers and start functions. */
  mayPark = false;

  // The window and the receive that was last called, or that the actor is parked in.
  info = 0;
  pointer = 0;
  capacity = 0;
  // The window that a handler registered; its receives may use others.
  handlerInfo = 0;
  handlerPointer = 0;
  handlerCapacity = 0;

  want: Want = WANT_ANY;
  /** The tag, the ref or the predicate, as `want` says. */
  wanted = 0;
  /** The last receive answered -2, and `park` is to follow. */
  waiting = false;
  /** The item at the save pointer matched but did not fit: the next receive of the same kind takes it without asking again. */
  held = false;
  /** What `park` will return; RECEIVE_PARK while that is still to be looked for. */
  result: number = RECEIVE_PARK;
  /** When the receive is over, on the clock's scale; Infinity: never. */
  deadlineMs = Number.POSITIVE_INFINITY;
  /** The deadline has passed while parked. */
  expired = false;
  /** Made with the first receive that has a timeout. */
  timer: Timer | null = null;
  /** The answer that it waits for, or was to wait for, with `WANT_ANSWER`. */
  answer: Answer | null = null;
  /** What ties it to others; null while nothing does. */
  ties: Ties | null = null;
  /** What its guest is allowed; null for the host's own, which may do everything. */
  allowance: Allowance | null = null;
  /** Items that it may still take in this turn. */
  budget = 0;
  /** What its guest may compute; null where the guest does not count it. */
  reductions: Reductions | null = null;
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
    this.bornMs = services.clock.now();
  }

  get pid(): Pid {
    return pidFromWords(this.lo, this.hi);
  }

  /** Parked → ready. */
  wake(): void {
    this.services.scheduler.push(this);
    this.state = READY;
  }

  run(): boolean {
    // It may have ended while it stood in the queue.
    if (this.state !== READY) return true;
    this.state = RUNNING;
    this.services.current = this;
    return this.way.resume(this);
  }

  failed(error: unknown): void {
    this.atFault ||= this.leaving === null;
    this.services.end(this, this.leaving ?? stackTooLong(this) ?? this.services.describe(error));
  }

  /** Sets the timer of the receive it parks in, where that has a deadline. */
  armDeadline(): void {
    if (this.deadlineMs === Number.POSITIVE_INFINITY) return;
    this.timer ??= new Timer(() => this.#deadlinePassed());
    if (!this.timer.isSet) this.services.timers.set(this.timer, this.deadlineMs);
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
