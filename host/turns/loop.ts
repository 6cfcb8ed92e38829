/**
 * Gives actors their turns: as soon as the kernel's run queue is not empty, the loop asks the scheduler
 * for a turn of its own, in which it lets the kernel give many.
 */

import type { Actor, TurnServices } from "../actor/actor.ts";
import {
  CALLED,
  NO_INSTANCE,
  NOTHING,
  NOW,
  OUTBOXES,
  PARKED,
  QUEUE_LENGTH,
  READY,
  RETURNED,
  STOPPED,
  TIMED_LENGTH,
  TIMED_LIST,
  TURNS_LEFT,
  WHOLE_TURN,
} from "../kernel/words.ts";
import type { Notices } from "../time/notices.ts";
import type { Runnable } from "../time/scheduler.ts";
import { endTurn, stopHandler } from "./plain.ts";

/** Turns between two looks at what else waits for the thread. */
const TURNS = 128;
/** The low bits of what the kernel's `run` answers. */
const WHAT = 127;

/** What the loop needs of the room host/life/. */
export interface Lives {
  /** Turns begin: notes who wants to hear of spawns and ends. */
  begin(): void;
  /** Tells the embedder of ends that the kernel has told to all others. */
  tellEnds(): void;
  /** Makes an instance for an actor that needs one, or has another actor leave. May throw. */
  provide(actor: Actor): void;
  /** Actors had turns, so some may be resident. */
  ran(): void;
}

/** What times turns, if somebody asks for it. */
export interface TurnTimer {
  readonly isOn: boolean;
  /** The turn is over, if it is one that is timed. */
  end(): void;
}

/** In a simulation: says whose turn is next. */
export interface Driver {
  /** Takes the record of an actor that is ready out of the run queue, and answers its address. */
  next(): number;
}

export class Loop implements Runnable {
  readonly #services: TurnServices;
  readonly #lives: Lives;
  readonly #timer: TurnTimer;
  /** Null: the kernel gives turns in the order of its queue, and the loop asks for them by itself. */
  readonly #driver: Driver | null;
  /** Called when actors have had some turns, if there are ways to other threads and nodes. */
  onTurns: () => void = () => {};
  /** The actor whose turn continues on a stack of its own. */
  #away: Actor | null = null;

  constructor(services: TurnServices, notices: Notices, timer: TurnTimer, lives: Lives, driver: Driver | null) {
    this.#lives = lives;
    this.#timer = timer;
    this.#driver = driver;
    this.#services = services;
    const { kernel, scheduler } = services;
    kernel.onCall = () => {
      if (driver === null) scheduler.push(this);
      kernel.setWord(CALLED, 1);
    };
    // The embedder is told between two turns.
    notices.onAdded = () => kernel.setWord(TURNS_LEFT, 0);
  }

  /** Some turns; in a simulation one. */
  run(): boolean {
    const { kernel, scheduler, clock } = this.#services;
    // A round, if others wait for the thread.
    const turns = scheduler.length > 0 ? Math.min(TURNS, kernel.word(QUEUE_LENGTH)) : TURNS;
    kernel.setWord(NOW, Math.floor(clock.now()));
    this.#lives.begin();
    const isTimed = this.#timer.isOn;
    const answer = this.#driver === null ? this.#many(turns, isTimed) : this.#one(this.#driver.next());
    this.#lives.tellEnds();
    this.#lives.ran();
    scheduler.tookTurns(turns - kernel.word(TURNS_LEFT) - 1);
    if (answer !== 0 && !this.finish(answer)) return false;
    if (isTimed) this.#timer.end();
    this.#again();
    return true;
  }

  failed(error: unknown): void {
    try {
      this.#services.kernel.current?.failed(error);
    } finally {
      this.#timer.end();
      this.#again();
    }
  }

  /** The turn of an actor that had a stack of its own is over. */
  resumed(actor: Actor): void {
    if (this.#away?.is(actor) !== true) return;
    this.#away = null;
    this.#timer.end();
    this.#again();
    this.#services.scheduler.resumed(this);
  }

  /** Nothing runs any more. */
  stop(): void {
    const { kernel } = this.#services;
    kernel.setWord(QUEUE_LENGTH, 0);
    kernel.setWord(TURNS_LEFT, 0);
  }

  #many(turns: number, isTimed: boolean): number {
    const { call } = this.#services.kernel;
    return isTimed ? call.runTimed(turns) : call.run(turns);
  }

  /** Gives one turn. Answers as the kernel's `run`. */
  #one(record: number): number {
    const { kernel } = this.#services;
    kernel.setWord(TURNS_LEFT, 0);
    const left = kernel.call.turnOf(record);
    return left === NOTHING ? 0 : record | left;
  }

  /** Does what the kernel has left of a turn, as its `run` answers it. False: the turn continues on a stack of its own. */
  finish(left: number): boolean {
    return this.#finishTurn(this.#services.kernel.userAt(left & ~WHAT) as Actor, left & WHAT);
  }

  #finishTurn(actor: Actor, what: number): boolean {
    if (what === WHOLE_TURN) {
      const isOver = actor.run();
      if (!isOver) this.#away = actor;
      return isOver;
    }
    if (what === NO_INSTANCE) return this.#provide(actor);
    if (what === STOPPED) stopHandler(actor);
    else endTurn(actor, what - RETURNED);
    return true;
  }

  /** The actor cannot have its turn yet: there is no instance for it. */
  #provide(actor: Actor): boolean {
    try {
      this.#lives.provide(actor);
    } catch (error) {
      actor.failed(error);
      return true;
    }
    const what = this.#services.kernel.call.turnOf(actor.record);
    return what === NOTHING || this.#finishTurn(actor, what);
  }

  /** Sets the timers of those who have parked with a timeout since the host was here last. */
  #armDeadlines(): void {
    const { kernel } = this.#services;
    const length = kernel.word(TIMED_LENGTH);
    kernel.setWord(TIMED_LENGTH, 0);
    for (let i = 0; i < length; i++) {
      const actor = kernel.userAt(kernel.word(TIMED_LIST + 4 * i));
      // An actor that is ready may have been woken by an item that it does not want: its time goes on.
      if (actor?.state === PARKED || actor?.state === READY) actor.armDeadline();
    }
  }

  #again(): void {
    const { kernel, scheduler } = this.#services;
    if (kernel.word(TIMED_LENGTH) > 0) this.#armDeadlines();
    if (kernel.word(OUTBOXES) !== 0) this.onTurns();
    if (this.#driver !== null) return;
    if (kernel.word(QUEUE_LENGTH) > 0) scheduler.push(this);
    else kernel.setWord(CALLED, 0);
  }
}
