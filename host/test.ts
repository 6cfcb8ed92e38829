/**
 * For tests of programs that use isopod, as `isopod/test`: a clock that a test moves by hand, and
 * `settle`, which waits until no actor has anything to do. With both, a test needs no sleep, and
 * sees the same order in every run.
 *
 * ```ts
 * const clock = new ManualClock();
 * const runtime = new Runtime({ clock });
 * // …
 * await clock.advance(5_000);   // all timers of these five seconds have fired, and their actors have had their turns
 * ```
 *
 * `explore` plays a program in many orders, and finds the one that fails (docs/testing.md).
 */

import type { Runtime } from "./runtime.ts";

import { type Clock, systemClock } from "./time/clock.ts";
import { IsopodError } from "./wire/errors.ts";
import { formatPid } from "./wire/pid.ts";

export { explore, simulate } from "./simulate.ts";
export {
  type Explored,
  type ExploreOptions,
  type Program,
  type SimulateOptions,
  SimulationError,
} from "./simulate-options.ts";

interface Wake {
  readonly atMs: number;
  readonly wake: () => void;
}

/** After this many turns of the event loop, actors are taken to run without end. */
const MOST_TURNS = 1_000;

/**
 * A clock for tests. Its time changes only by `advance` and `jump`. Turns of the event loop go on
 * by themselves.
 */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #wakes = new Set<Wake>();
  /** Turns of the event loop that a runtime has asked for and has not had yet. */
  #deferred = 0;

  now(): number {
    return this.#nowMs;
  }

  /** The number of pending wakes: asked for, not given, not cancelled. */
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
   * Moves time on by `ms` milliseconds. Timers that are due fire in the order of their times.
   * Before each step, and after the last one, all actors have their turns. Timers that they set
   * meanwhile fire, too, where they are due by then. Await one call before the next. Throws a
   * RangeError where `ms` is negative or not finite, and an IsopodError of the code
   * `ISOPOD_UNSETTLED` where actors run without end.
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
   * Moves time on by `ms` milliseconds while no actor has a turn, as if the host had held the
   * thread. Timers that are due fire in the order of their times, and are handled in later turns.
   * Throws a RangeError where `ms` is negative or not finite.
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

  /** The first wake that is due by then. Of several at one time, the one that was set first. */
  #next(untilMs: number): Wake | undefined {
    let next: Wake | undefined;
    for (const entry of this.#wakes) {
      if (entry.atMs <= untilMs && (next === undefined || entry.atMs < next.atMs)) next = entry;
    }
    return next;
  }

  async #turns(): Promise<void> {
    let left = MOST_TURNS;
    // The first turn is for promises, and for what they ask for.
    do await turnOfEventLoop();
    while (this.#deferred > 0 && left-- > 0);
    if (left < 0)
      throw new IsopodError("ISOPOD_UNSETTLED", `actors still run after ${MOST_TURNS} turns of the event loop`);
  }
}

/**
 * Resolves when no actor of a runtime is ready to run: all wait for messages, timers, or
 * asynchronous functions of yours. Rejects with an IsopodError of the code `ISOPOD_UNSETTLED` where
 * some actors wake each other without end. With a manual clock such actors keep the thread, because
 * their slice of time never ends.
 */
export async function settle(runtime: Runtime): Promise<void> {
  let quiet = 0;
  for (let left = MOST_TURNS; left > 0; left--) {
    await turnOfEventLoop();
    quiet = runtime.isBusy ? 0 : quiet + 1;
    // What promises ask for in one turn is ready in the next.
    if (quiet === 2) return;
  }
  const busy = (["running", "ready"] as const).flatMap(state => runtime.snapshot({ state, most: 10 }).actors);
  const who =
    busy.length === 0
      ? ""
      : `: ${busy
          .slice(0, 10)
          .map(({ pid }) => formatPid(pid))
          .join(", ")}`;
  throw new IsopodError("ISOPOD_UNSETTLED", `actors still run after ${MOST_TURNS} turns of the event loop${who}`);
}

/** The next macrotask, in every engine. */
function turnOfEventLoop(): Promise<void> {
  return new Promise(resolve => systemClock.defer(resolve));
}
