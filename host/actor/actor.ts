/**
 * One actor: its pid, its state, its mailbox, the window it waits with, and its guest. All actors have this one shape, whatever their
 * way of blocking, so that code which meets thousands of them stays fast. The state machine:
 *
 *     ready ──turn──▶ running ──receive finds nothing──▶ parked ──item or timeout──▶ ready        any ──end──▶ dead
 *       ▲                │
 *       └─budget spent───┘   (items, or reductions: preempt.ts)
 */

import type { Account } from "../mail/account.ts";
import type { Bytes, Owner } from "../mail/bytes.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import {
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
import type { Aside } from "./aside.ts";
import type { Answer, GuestExports, Instance } from "./body.ts";
import { ActorRecord } from "./record.ts";
import type { Judge, Reductions } from "./reductions.ts";

/** One monitor: one Down, unless it is taken back before. A request in flight is one, too. */
export interface Monitor {
  readonly ref: number;
  readonly watcher: Actor;
  /** Whose end is told, and who alone may answer the ref. Another, where the request was handed on. */
  target: Actor;
  /** An answer was accepted. There is one for each ref. */
  isAnswered: boolean;
  /** The pid of the actor that handed the request on, to which its answer is addressed. 0, 0: nobody did. */
  viaLo: number;
  viaHi: number;
}

/** A timer that has not fired. */
export interface PendingTimer {
  readonly timer: Timer;
  readonly toItself: boolean;
  /** Of its payload. */
  readonly bytes: number;
  /** The ties of its setter; null after the setter has ended. */
  ties: Ties | null;
}

/** What ties an actor to others. Most actors have none; those that have, have few: each set is made when it is needed. */
export class Ties {
  /** Exits come as items instead of ending it. */
  trapsExits = false;
  /** Both sides hold the other. */
  links: Set<Actor> | null = null;
  /** While its end is told: those that were linked to it. */
  wereLinked: Set<Actor> | null = null;
  /** Its own monitors, by ref. */
  monitors: Map<number, Monitor> | null = null;
  /** How many of them have refs that the switch has used. */
  unfolded = 0;
  /** Monitors of it. */
  watchers: Set<Monitor> | null = null;
  /** Requests that were handed on to it, by ref. */
  handedOn: Map<number, Monitor> | null = null;
  /** Its live refs that are no monitor's, and whether each was answered. */
  refs: Map<number, boolean> | null = null;
  /** Timers that it set and that have not fired, by ref. Those that nobody else would get end with it. */
  timers: Map<number, PendingTimer> | null = null;
  names: Set<string> | null = null;
  groups: Set<string> | null = null;
}

/** How an actor gets its turns and blocks: the one interface that the ways of `park.ts` stand behind. */
export interface Way {
  readonly name: "handler" | "asyncify" | "jspi" | "host";
  /** Gives the actor a turn. False: the turn goes on by itself, on a stack of its own, and the scheduler is told when it is over. */
  resume(actor: Actor): boolean;
  /** The actor ended without its turn: whatever the way holds for it is let go. */
  discard(actor: Actor): void;
}

/** What turns and waits take: the clock, the run queue, the timers, and the records that the switch shares. */
export interface TurnServices {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly timers: Timers;
  readonly slots: Slots<Actor>;
  /** Decides whether a turn that asks for more reductions goes on. */
  readonly judge: Judge;
}

/** What is counted: events, and bytes of memory. */
export interface Books {
  readonly counters: Counters;
  readonly account: Account;
}

/** What an actor reports to its runtime. */
export interface Reports {
  /** The actor has ended for this reason. */
  end(actor: Actor, reason: ExitReason): void;
  /** What an exception means that came out of the actor's code. */
  describe(actor: Actor, error: unknown): ExitReason;
  /** The actor's memory has this size now. */
  memoryGrown(actor: Actor, bytes: number): void;
  /** A message that no actor will receive. */
  deadLetter(from: Pid, to: Pid, tag: number, length: number, why: DeadLetter["why"]): void;
}

/** What every actor uses of its runtime. */
export interface Services extends TurnServices, Books, Reports {
  /** A number in [0, 1), from the runtime's source of randomness. */
  random(): number;
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

export class Actor extends ActorRecord implements Runnable, Owner {
  readonly services: Services;
  readonly mailbox: Mailbox;
  readonly module: GuestModule | null;
  readonly way: Way;
  /** Empty after it has ended. */
  args: Uint8Array;
  readonly limits: Limits;

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
  /** Its ties, except the request that the switch keeps in its record: `allTies` has that, too. */
  ties: Ties | null = null;
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
    // Running from its birth: what its start function brings about reaches it when it first waits.
    this.state = RUNNING;
    this.result = RECEIVE_PARK;
    words[this.at + MAY_REQUEST] = limits.ties > 0 ? 1 : 0;
    mailbox.liveAt(this.store, this.at);
    this.bornMs = services.clock.now();
  }

  /** When the receive is over, on the clock's scale; Infinity: never. */
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

  /** A timeout of the switch, which has no clock, begins now. */
  startTimeout(): void {
    if (this.store.words[this.at + TIMED] === TIMED_BY_SWITCH) this.deadlineMs = this.deadlineMs;
  }

  /** For its `Bytes`. */
  memoryGrown(bytes: number): void {
    this.services.memoryGrown(this, bytes);
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
    this.services.end(this, this.leaving ?? this.services.describe(this, error));
  }

  /** Sets the timer of the receive it parks in, where that has a deadline. */
  armDeadline(): void {
    this.startTimeout();
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
