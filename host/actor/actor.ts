/**
 * One actor, and the first file of the room host/actor/: an actor's state, its budget, its
 * receives, its ties, and how it crashes. The room imports module/, mail/, time/ and wire/. It
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

import type { Account } from "../mail/account.ts";
import type { Bytes, Owner } from "../mail/bytes.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import {
  ITEMS_SHIFT,
  MAX_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGES,
  MAY_REQUEST,
  RECEIVED,
  SENT,
  type Slots,
  STATE,
  TIMED,
  TIMED_BY_HOST,
  TIMED_BY_SWITCH,
  TIMEOUT,
  TURN_BUDGET,
} from "../mail/slots.ts";
import { PARKED, READY, RUNNING } from "../mail/states.ts";
import type { GuestModule } from "../module/guest-module.ts";
import type { Clock } from "../time/clock.ts";
import type { Runnable, Scheduler } from "../time/scheduler.ts";
import { Timer, type Timers } from "../time/timers.ts";
import type { Counters, DeadLetter } from "../wire/events.ts";
import type { Limits } from "../wire/limits.ts";
import { type ExitReason, RECEIVE_PARK } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";
import type { Allowance } from "./allowance.ts";
import type { Answer, GuestExports, Instance } from "./body.ts";
import { ActorRecord } from "./record.ts";
import type { Judge, Reductions } from "./reductions.ts";
import type { SpilledStack } from "./spilled-stack.ts";

/**
 * One monitor: it brings one Down, unless it is taken back before. A request in flight is a
 * monitor, too.
 */
export interface Monitor {
  readonly ref: number;
  readonly watcher: Actor;
  /**
   * Whose end causes the Down, and who alone may answer the ref. Changes when a request is
   * delegated.
   */
  target: Actor;
  /** An answer was accepted. A ref takes one. */
  isAnswered: boolean;
  /**
   * The pid of the actor that delegated the request; the answer is addressed to it. 0, 0: not
   * delegated.
   */
  viaLo: number;
  viaHi: number;
}

/** A message to be sent later, whose timer has not fired. */
export interface PendingTimer {
  readonly timer: Timer;
  /** The setter is the receiver. */
  readonly toItself: boolean;
  /** The length of its payload. */
  readonly bytes: number;
  /** The ties of the actor that set it; null after that has ended. */
  ties: Ties | null;
}

/**
 * What ties an actor to others. Most actors have few ties or none, so each set is made when it is
 * needed.
 */
export class Ties {
  /** Exit signals come as items and do not end it. */
  trapsExits = false;
  /** The actors it is linked to. Both sides hold the other. */
  links: Set<Actor> | null = null;
  /** While its end is told: the actors that were linked to it. */
  wereLinked: Set<Actor> | null = null;
  /** Its own monitors, by ref. */
  monitors: Map<number, Monitor> | null = null;
  /** How many of its monitors have a ref of the switch (an odd one). */
  unfolded = 0;
  /** The monitors that others have of it. */
  watchers: Set<Monitor> | null = null;
  /** The requests that were delegated to it, by ref. */
  delegated: Map<number, Monitor> | null = null;
  /** Its live refs of `make_ref`, and whether each was answered. */
  refs: Map<number, boolean> | null = null;
  /** The timers that it has set and that have not fired, by ref. Timers to itself end with it. */
  timers: Map<number, PendingTimer> | null = null;
  names: Set<string> | null = null;
  groups: Set<string> | null = null;
}

/**
 * How an actor gets its turns and blocks. turns/plain.ts and turns/jspi.ts implement it, and host
 * mailboxes do.
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

/**
 * What turns and waits need: the clock, the run queue, the timers, and the records that the switch
 * shares.
 */
export interface TurnServices {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly timers: Timers;
  readonly slots: Slots<Actor>;
  /** Decides whether a turn continues that asks for more reductions. */
  readonly judge: Judge;
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

/** The counters, with what the switch has counted. */
export function totals({ counters, slots }: Pick<Services, "counters" | "slots">): Counters {
  const { doubles } = slots;
  return {
    ...counters,
    sent: counters.sent + doubles[SENT >> 1],
    received: counters.received + doubles[RECEIVED >> 1],
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
  /** The instance, if another actor may use it afterwards. */
  instance: Instance | null = null;
  /** The switch may give it turns after its first one. */
  switchable = false;
  /** Its first turn has run the guest's `_start` or `_initialize`. */
  started = false;
  #deadlineMs = Number.POSITIVE_INFINITY;
  /** The deadline has passed. */
  expired = false;
  /** The timer of its receives; made by the first receive that has to wait for a timeout. */
  timer: Timer | null = null;
  /** The answer of the embedder's function that it waits for, with `WANT_ANSWER`. */
  answer: Answer | null = null;
  /** Its ties, except a request that the switch keeps in its record. `allTies` includes that. */
  ties: Ties | null = null;
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
  /** It was preempted in the middle of its code, and its next turn continues there. */
  isPreempted = false;
  /** The export that it runs; empty for the host's own actors. */
  entry = "";
  /** When it was made, on the runtime's clock. */
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
    super(lo, hi);
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
    // It counts as running until its spawn is over, so items that its start function causes wait in
    // its mailbox.
    this.state = RUNNING;
    this.result = RECEIVE_PARK;
    words[this.at + MAY_REQUEST] = limits.ties > 0 ? 1 : 0;
    mailbox.liveAt(this.store, this.at);
    this.bornMs = services.clock.now();
  }

  /** When its receive times out, on the runtime's clock; Infinity: never. */
  get deadlineMs(): number {
    const { words } = this.store;
    const timed = words[this.at + TIMED];
    if (timed === 0) return Number.POSITIVE_INFINITY;
    return timed === TIMED_BY_SWITCH ? this.services.clock.now() + words[this.at + TIMEOUT] : this.#deadlineMs;
  }
  set deadlineMs(value: number) {
    this.#deadlineMs = value;
    this.store.words[this.at + TIMED] = value === Number.POSITIVE_INFINITY ? 0 : TIMED_BY_HOST;
  }

  /** Starts a timeout that the switch has noted, because the switch has no clock. */
  startTimeout(): void {
    if (this.store.words[this.at + TIMED] === TIMED_BY_SWITCH) this.deadlineMs = this.deadlineMs;
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
    this.services.scheduler.push(this);
    this.store.words[this.at + STATE] = READY;
  }

  /** Its turn is over. One that has taken many items counts as several, so that the scheduler looks at the clock in time. */
  countItems(): void {
    this.services.scheduler.tookTurns((TURN_BUDGET - this.budget) >> ITEMS_SHIFT);
  }

  /** One turn. */
  run(): boolean {
    // It may have ended while it was in the run queue.
    const { words } = this.store;
    if (words[this.at + STATE] !== READY) return true;
    words[this.at + STATE] = RUNNING;
    this.services.slots.current = this;
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
    if (this.deadlineMs === Number.POSITIVE_INFINITY) return;
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
    // An item that came first has decided the receive: an item beats a deadline.
    if (this.result !== RECEIVE_PARK) return;
    this.expired = true;
    if (this.state === PARKED) this.wake();
  }
}
