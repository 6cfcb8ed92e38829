/**
 * For tests of programs that use isopod, as `isopod/test`: a clock that a test moves by hand, and a way to wait until nothing has anything to do. A test
 * with both needs no sleep, and sees the same order in every run.
 *
 * ```ts
 * const clock = new ManualClock();
 * const runtime = new Runtime({ clock });
 * // …
 * await clock.advance(5_000);   // every timer of these five seconds has fired, and every actor has had the turns that came of it
 * ```
 */

import type { Runtime } from "./runtime.ts";
import { type Clock, systemClock } from "./time/clock.ts";
import { IsopodError } from "./wire/errors.ts";
import { formatPid } from "./wire/pid.ts";

interface Wake {
  readonly atMs: number;
  readonly wake: () => void;
}

/** After so many turns of the event loop something is taken to run without end. */
const MOST_TURNS = 1_000;

/** Time stands still until a test moves it. Turns of the event loop go on by themselves. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #wakes = new Set<Wake>();
  /** Turns that a runtime has asked the event loop for, and has not had. */
  #deferred = 0;

  now(): number {
    return this.#nowMs;
  }

  /** How many wakes it was asked for, and has neither given nor been told to forget. */
  get waits(): number {
    return this.#wakes.size;
  }

  wake(delayMs: number, wake: () => void): () => void {
    const entry = { atMs: this.#nowMs + Math.max(0, delayMs), wake };
    this.#wakes.add(entry);
    return () => void this.#wakes.delete(entry);
  }

  defer(run: () => void): void {
    this.#deferred++;
    systemClock.defer(() => {
      this.#deferred--;
      run();
    });
  }

  /**
   * Moves time on. What is due fires in the order of its time, and before each step, and after the last one, all actors have their turns: what they set
   * meanwhile fires, too, where it is due by then. One at a time: await it before the next.
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#until(ms);
    await this.#turns();
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#fire(next);
      await this.#turns();
    }
    this.#nowMs = untilMs;
  }

  /**
   * Moves time on while nobody has a turn, as if the host had held the thread for so long. What is due fires in the order of its time, and is dealt with in
   * turns to come.
   */
  jump(ms: number): void {
    const untilMs = this.#until(ms);
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) this.#fire(next);
    this.#nowMs = untilMs;
  }

  #until(ms: number): number {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw new RangeError(`a clock goes on by 0 ms or more, not ${ms}`);
    return this.#nowMs + ms;
  }

  #fire(next: Wake): void {
    this.#wakes.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.wake();
  }

  /** The first that is due by then, in the order of setting where several are. */
  #next(untilMs: number): Wake | undefined {
    let next: Wake | undefined;
    for (const entry of this.#wakes) {
      if (entry.atMs <= untilMs && (next === undefined || entry.atMs < next.atMs)) next = entry;
    }
    return next;
  }

  async #turns(): Promise<void> {
    let left = MOST_TURNS;
    // The first one is for promises, and for what they ask for.
    do await turnOfEventLoop();
    while (this.#deferred > 0 && left-- > 0);
    if (left < 0)
      throw new IsopodError("ISOPOD_UNSETTLED", `actors still run after ${MOST_TURNS} turns of the event loop`);
  }
}

/**
 * Resolves when no actor of a runtime is ready to run: all of them wait for messages, timers, or functions of yours that take their time. Rejects where
 * that does not come about, because some actors wake each other without end. (With a manual clock such actors never let go of the thread: their time is
 * never over.)
 */
export async function settle(runtime: Runtime): Promise<void> {
  let quiet = 0;
  for (let left = MOST_TURNS; left > 0; left--) {
    await turnOfEventLoop();
    quiet = runtime.isBusy ? 0 : quiet + 1;
    // What promises have asked for in the one is ready in the next.
    if (quiet === 2) return;
  }
  const { actors } = runtime.snapshot();
  const busy = actors.filter(({ state }) => state === "ready" || state === "running").map(({ pid }) => formatPid(pid));
  const who = busy.length === 0 ? "" : `: ${busy.slice(0, 10).join(", ")}`;
  throw new IsopodError("ISOPOD_UNSETTLED", `actors still run after ${MOST_TURNS} turns of the event loop${who}`);
}

/** The next macrotask, in every engine. */
function turnOfEventLoop(): Promise<void> {
  return new Promise(resolve => systemClock.defer(resolve));
}
