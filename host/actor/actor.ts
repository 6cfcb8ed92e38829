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

import {
  FOR_EVER,
  MAX_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGES,
  MAX_TIES,
  OVER,
  PARKED,
  READY,
  RECEIVED,
  RUNNING,
  SENT,
  TIMED,
  TIMED_BY_HOST,
  TIMED_BY_KERNEL,
  TIMEOUT,
} from "../kernel/words.ts";
import type { Account } from "../mail/account.ts";
import type { Bytes, Owner } from "../mail/bytes.ts";
import type { Kernel } from "../mail/kernel.ts";
import { Mailbox } from "../mail/mailbox.ts";
import type { GuestModule } from "../module/guest-module.ts";
import type { Clock } from "../time/clock.ts";
import type { Runnable, Scheduler } from "../time/scheduler.ts";
import { Timer, type Timers } from "../time/timers.ts";
import type { Counters, DeadLetter } from "../wire/events.ts";
import type { Limits } from "../wire/limits.ts";
import type { ExitReason } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";
import type { Allowance } from "./allowance.ts";
import type { Answer, GuestExports, Instance, Port } from "./body.ts";
import { ActorRecord } from "./record.ts";
import type { Judge, Reductions } from "./reductions.ts";
import type { SpilledStack } from "./spilled-stack.ts";

/** A message to be sent later, whose timer has not fired. */
export interface PendingTimer {
  readonly timer: Timer;
  /** The setter is the receiver. */
  readonly toItself: boolean;
  /** The length of its payload. */
  readonly bytes: number;
  /** What the actor has that set it; null after that has ended. */
  owner: Belongings | null;
}

/**
 * What an actor has beside its links and monitors. Most actors have little or nothing, so each part is
 * made when it is needed.
 */
export class Belongings {
  /** Its live refs of `make_ref`, and whether each was answered. */
  refs: Map<number, boolean> | null = null;
  /** The timers that it has set and that have not fired, by ref. Timers to itself end with it. */
  timers: Map<number, PendingTimer> | null = null;
  names: Set<string> | null = null;
  groups: Set<string> | null = null;
}

/** What an actor has, to add to it. */
export function belongingsOf(actor: Actor): Belongings {
  actor.belongings ??= new Belongings();
  return actor.belongings;
}

const MAX_WORD = 2 ** 32 - 1;

/**
 * How an actor waits, and gets the turns that the kernel leaves to the host. turns/plain.ts and
 * turns/jspi.ts implement it, and host mailboxes do.
 */
export interface Way {
  readonly name: "handler" | "asyncify" | "jspi" | "host";
  /**
   * Gives the actor a turn. False: the turn continues on a stack of its own, and tells the
   * scheduler when it is over.
   */
  resume(actor: Actor): boolean;
  /** Drops what the way holds for an actor that has ended. */
  discard(actor: Actor): void;
}

/** What turns and waits need: the clock, the scheduler, the timers, and the kernel. */
export interface TurnServices {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly timers: Timers;
  readonly kernel: Kernel<Actor>;
  /** Decides whether a turn continues that asks for more reductions. */
  readonly judge: Judge;
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
  /** Ends the actor for this reason. None of its frames may be on the stack. */
  end(actor: Actor, reason: ExitReason): void;
  /** The exit reason for an exception that came out of the actor's code. */
  describe(actor: Actor, error: unknown): ExitReason;
  /** The actor's memory has this size now. */
  memoryGrown(actor: Actor, bytes: number): void;
  /** Counts a message that no actor will receive, and tells the embedder. */
  deadLetter(from: Pid, to: Pid, tag: number, length: number, why: DeadLetter["why"]): void;
}

/** What an actor uses of its runtime. */
export interface Services extends TurnServices, Accounting, Reports {
  /** A number in [0, 1), from the runtime's source of randomness. */
  random(): number;
}

/** The counters, with what the kernel has counted. */
export function totals({ counters, kernel }: Pick<Services, "counters" | "kernel">): Counters {
  return {
    ...counters,
    sent: counters.sent + kernel.double(SENT),
    received: counters.received + kernel.double(RECEIVED),
  };
}

export class Actor extends ActorRecord implements Runnable, Owner {
  readonly services: Services;
  readonly mailbox: Mailbox;
  readonly module: GuestModule | null;
  readonly way: Way;
  /** What its spawn gave it; empty after its end. */
  args: Uint8Array;
  readonly limits: Limits;

  /** The exit reason of an actor that is about to end; set together with `EXITING`. */
  exiting: ExitReason | null = null;
  /** It ends by its own fault, so the report says what it received last. */
  atFault = false;
  /** It is part of the runtime: no signal reaches it, and it takes answers only. */
  immune = false;

  /** The guest's memory; set when it is instantiated. */
  bytes: Bytes;
  guest: GuestExports | null = null;
  /** What its guest calls; null for the host's own actors. */
  port: Port | null = null;
  /** The instance, if another actor may use it afterwards. */
  instance: Instance | null = null;
  #deadlineMs = Number.POSITIVE_INFINITY;
  /** The timer of its receives; made by the first receive that has to wait for a timeout. */
  timer: Timer | null = null;
  /** The answer of the embedder's function that it waits for, with `WANT_ANSWER`. */
  answer: Answer | null = null;
  /** Its refs, timers, names and groups; null if it has none. Its links and monitors are in the kernel. */
  belongings: Belongings | null = null;
  /**
   * The words of its parent's pid: the guest that spawned it, or the host's supervisor. 0, 0: the
   * host.
   */
  parentLo = 0;
  parentHi = 0;
  /** What its guest may do; null for the host's own actors, which may do everything. */
  allowance: Allowance | null = null;
  /** How much its guest may compute; null if its module does not count reductions. */
  reductions: Reductions | null = null;
  /** The part of its parked stack that is not in its memory. */
  spilledStack: SpilledStack | null = null;
  /** The export that it runs; empty for the host's own actors. */
  entry = "";
  /** When it was made, on the runtime's clock. */
  readonly bornMs: number;

  constructor(
    lo: number,
    hi: number,
    services: Services,
    module: GuestModule | null,
    way: Way,
    args: Uint8Array,
    limits: Limits,
    bytes: Bytes,
  ) {
    super(lo, hi, services.kernel);
    this.services = services;
    this.mailbox = new Mailbox(services.kernel, this);
    this.module = module;
    this.way = way;
    this.args = args;
    this.limits = limits;
    this.bytes = bytes;
    services.kernel.claim(this);
    this.setWord(MAX_MESSAGES, limits.mailboxMessages);
    this.setWord(MAX_BYTES, limits.mailboxBytes);
    this.setWord(MAX_MESSAGE_BYTES, limits.messageBytes);
    // It counts as running until its spawn is over, so items that its start function causes wait in
    // its mailbox.
    this.state = RUNNING;
    this.setColdWord(MAX_TIES, Math.min(limits.ties, MAX_WORD));
    this.bornMs = services.clock.now();
  }

  /** When its receive times out, on the runtime's clock; Infinity: never. */
  get deadlineMs(): number {
    const timed = this.word(TIMED);
    if (timed === TIMED_BY_KERNEL) return this.services.clock.now() + this.word(TIMEOUT);
    return timed === TIMED_BY_HOST || timed === OVER ? this.#deadlineMs : Number.POSITIVE_INFINITY;
  }
  set deadlineMs(value: number) {
    this.#deadlineMs = value;
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

  /** Called by its `Bytes` when the memory has another size. */
  memoryGrown(bytes: number): void {
    this.services.memoryGrown(this, bytes);
  }

  get pid(): Pid {
    return pidFromWords(this.lo, this.hi);
  }

  get parent(): Pid {
    return pidFromWords(this.parentLo, this.parentHi);
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
    return this.way.resume(this);
  }

  /** Its turn threw: it ends. */
  failed(error: unknown): void {
    this.atFault ||= this.exiting === null;
    this.services.end(this, this.exiting ?? this.services.describe(this, error));
  }

  /** Sets the timer of the receive that it parks in, if that has a deadline. */
  armDeadline(): void {
    this.startTimeout();
    if (this.word(TIMED) !== TIMED_BY_HOST) return;
    this.timer ??= this.#newTimer();
    if (!this.timer.isSet) this.services.timers.set(this.timer, this.deadlineMs);
  }

  /** Apart, because a function that can make a closure allocates a context at each call. */
  #newTimer(): Timer {
    return new Timer(() => this.#deadlinePassed());
  }

  disarmDeadline(): void {
    if (this.timer?.isSet) this.services.timers.cancel(this.timer);
  }

  #deadlinePassed(): void {
    if (this.word(TIMED) !== TIMED_BY_HOST) return;
    // Its next turn looks once more: an item beats a deadline.
    this.setWord(TIMED, OVER);
    if (this.state === PARKED) this.wake();
  }
}
