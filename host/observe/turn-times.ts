/**
 * How long the turns of each guest take: an estimate, made only while somebody asks for it. Reading the
 * clock around each turn would cost more than a short turn, so short turns are sampled. One of about so
 * many is timed, chosen at random, and counts as often. Long turns are the ones that matter, and a sample
 * of few long turns says little. So an actor that had one has each of its turns timed, for as long as
 * that costs one percent of what they take.
 *
 * Guarantee: a short turn is timed with a chance that is known before it begins, so no order of turns
 * distorts an estimate. A long turn never counts more than once, because it may be a pause of the process.
 */

import type { Actor } from "../actor/actor.ts";
import { FLAGS, HAS_LONG_TURNS, UNTIMED } from "../kernel/words.ts";
import type { Kernel } from "../mail/kernel.ts";
import type { Clock } from "../time/clock.ts";
import { type Check, shown } from "../wire/checks.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";

/** Short turns are timed so often. */
const EVERY_MS = 0.01;
/** One of so many is timed at least. */
const MOST_APART = 4096;
/** A turn from this length on is long. */
const LONG_MS = 0.02;
/** What the timing of an actor's turns may cost, as a part of what they take. */
const SHARE = 0.01;
/** And what it costs, in milliseconds a turn. */
const PRICE_MS = 0.0002;
/** For so many turns an actor's past pays at most. */
const MOST_PAID = 1000;
/** Of so many actors the times are kept apart. It bounds the memory. */
const MOST_ACTORS = 100_000;
/** How often the clock is read to find out what reading it takes. */
const CLOCK_READS = 64;

/** How long turns took in a span of time. */
export interface TurnWindow {
  /** The length of the span, in milliseconds. */
  readonly ms: number;
  /** Of that, the turns of all guests, those that have ended included. */
  readonly turnsMs: number;
  /** Of that, the turns of one guest. 0 where it had none that was timed. */
  of(pid: Pid): number;
}

/** Times the turns of guests until `stop`. */
export interface TurnTimes {
  /** What was since the last call, or since the timing began. */
  read(): TurnWindow;
  stop(): void;
}

/** Estimates in milliseconds, by pid. */
class Window implements TurnWindow {
  readonly #beganMs: number;
  readonly #byPid = new Map<Pid, number>();
  ms = 0;
  turnsMs = 0;

  constructor(nowMs: number) {
    this.#beganMs = nowMs;
  }

  of(pid: Pid): number {
    return this.#byPid.get(pid) ?? 0;
  }

  add(pid: Pid, ms: number): void {
    this.turnsMs += ms;
    const before = this.#byPid.get(pid);
    if (before !== undefined || this.#byPid.size < MOST_ACTORS) this.#byPid.set(pid, (before ?? 0) + ms);
  }

  end(nowMs: number): this {
    this.ms = nowMs - this.#beganMs;
    return this;
  }
}

export class TurnClock {
  readonly #kernel: Kernel<Actor>;
  readonly #clock: Clock;
  /** What each user of the times has collected since it looked last. */
  readonly #windows = new Map<TurnTimes, Window>();
  /** What one reading of the clock takes. */
  #readingMs = 0;
  /** The record of the actor whose turn is being timed; 0: none is. */
  #record = 0;
  #lo = 0;
  #hi = 0;
  /** Whether it stands for others. */
  #isSample = false;
  #beganMs = 0;
  /** When a short turn was timed last, and one of how many is. */
  #sampledMs = 0;
  #apart = 1;
  /** For how many turns each actor with long turns has paid, by pid. */
  readonly #paid = new Map<Pid, number>();
  /** The state of the generator of random numbers. Never 0. */
  #random = 0x9e3779b9 | 0;
  /** Whether turns are timed. */
  isOn = false;

  constructor(kernel: Kernel<Actor>, clock: Clock) {
    this.#kernel = kernel;
    this.#clock = clock;
    kernel.onTimed = record => {
      if (record === 0) this.end();
      else this.#begin(record);
    };
  }

  start(): TurnTimes {
    const now = () => this.#clock.now();
    const times: TurnTimes = {
      read: () => {
        const window = this.#windows.get(times)?.end(now());
        if (window === undefined) return new Window(now());
        this.#windows.set(times, new Window(now()));
        return window;
      },
      stop: () => {
        this.#windows.delete(times);
        this.isOn = this.#windows.size > 0;
        if (!this.isOn) this.#paid.clear();
      },
    };
    if (!this.isOn) this.#readingMs = this.#timeOfReading();
    this.#windows.set(times, new Window(now()));
    this.isOn = true;
    return times;
  }

  /** The turn is over, if it is one that is timed. */
  end(): void {
    const record = this.#record;
    if (record === 0) return;
    this.#record = 0;
    const nowMs = this.#clock.now();
    const ms = Math.max(0, nowMs - this.#beganMs - this.#readingMs);
    const pid = pidFromWords(this.#lo, this.#hi);
    const isLong = ms >= LONG_MS;
    const times = this.#isSample && !isLong ? this.#apart : 1;
    for (const window of this.#windows.values()) window.add(pid, ms * times);
    if (isLong || !this.#isSample) this.#pay(record, pid, ms);
    if (this.#isSample) this.#choose(nowMs);
  }

  #begin(record: number): void {
    const { words } = this.#kernel;
    this.#record = record;
    this.#lo = words[record >>> 2];
    this.#hi = words[(record >>> 2) + 1];
    this.#isSample = (words[(record + FLAGS) >>> 2] & HAS_LONG_TURNS) === 0;
    this.#beganMs = this.#clock.now();
  }

  /** Chooses the next short turn that is timed: any of the next ones, and about one of `#apart`. */
  #choose(nowMs: number): void {
    const isOften = nowMs - this.#sampledMs < EVERY_MS;
    this.#sampledMs = nowMs;
    this.#apart = isOften ? Math.min(this.#apart * 2, MOST_APART) : Math.max(this.#apart >> 1, 1);
    // xorshift: the chance of a turn must not depend on the order of the others.
    let random = this.#random;
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    this.#random = random;
    this.#kernel.setWord(UNTIMED, (random >>> 0) % (2 * this.#apart - 1));
  }

  /** A turn of an actor with long turns pays for the timing of its next ones, or uses up what it has paid. */
  #pay(record: number, pid: Pid, ms: number): void {
    const { words } = this.#kernel;
    const at = record >>> 2;
    const flags = (record + FLAGS) >>> 2;
    const paid = (this.#paid.get(pid) ?? 0) - 1 + (ms * SHARE) / PRICE_MS;
    // It may have ended in this turn.
    const isAlive = words[at] === this.#lo && words[at + 1] === this.#hi;
    if (isAlive && paid >= 1) {
      // Entries of actors that were killed stay. Those of others come back with their next long turn.
      if (this.#paid.size >= MOST_ACTORS) this.#paid.clear();
      this.#paid.set(pid, Math.min(paid, MOST_PAID));
      words[flags] |= HAS_LONG_TURNS;
      return;
    }
    this.#paid.delete(pid);
    if (isAlive) words[flags] &= ~HAS_LONG_TURNS;
  }

  #timeOfReading(): number {
    let least = Number.POSITIVE_INFINITY;
    let before = this.#clock.now();
    for (let left = CLOCK_READS; left > 0; left--) {
      const nowMs = this.#clock.now();
      least = Math.min(least, nowMs - before);
      before = nowMs;
    }
    return least;
  }
}

export const checkTurns: Check = (value, name, where) => {
  if (value instanceof Window) return;
  throw new TypeError(`${where}: ${name} is what \`read\` of \`timeTurns()\` has returned, not ${shown(value)}`);
};
