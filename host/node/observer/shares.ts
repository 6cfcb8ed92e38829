/**
 * Which share of the thread each guest's turns take. Turns are timed as long as someone looks at the
 * page, and a while after.
 */
import type { Runtime, TurnTimes, TurnWindow } from "../../index.ts";

/** The least time that a share is about. */
const LEAST_MS = 1000;
/** The most. After so long without a look, no turn is timed any more. */
const MOST_MS = 5000;

export class Shares {
  readonly #runtime: Runtime;
  #times: TurnTimes | undefined;
  /** When `#times` was read, by the clock of the machine. */
  #readMs = 0;
  #window: TurnWindow | undefined;
  #end: NodeJS.Timeout | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** To be called at each look. Returns the last window; undefined in the first second. */
  look(): TurnWindow | undefined {
    clearTimeout(this.#end);
    this.#end = setTimeout(() => this.stop(), MOST_MS).unref();
    const nowMs = performance.now();
    if (this.#times === undefined) {
      this.#times = this.#runtime.timeTurns();
      this.#readMs = nowMs;
    } else if (nowMs - this.#readMs >= LEAST_MS) {
      this.#window = this.#times.read();
      this.#readMs = nowMs;
    }
    return this.#window;
  }

  stop(): void {
    clearTimeout(this.#end);
    this.#times?.stop();
    this.#times = this.#window = undefined;
  }
}

/** From 0 to 1. Undefined where it is not known. */
export function shareOf(window: TurnWindow | undefined, turnMs: number | undefined): number | undefined {
  if (window === undefined || turnMs === undefined || window.ms === 0) return undefined;
  return Math.min(1, turnMs / window.ms);
}
