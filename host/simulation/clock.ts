/** The clock of a simulation: time passes when the simulation says so, and nothing runs by itself. */
import type { Clock } from "../time/clock.ts";

export class SimulatedClock implements Clock {
  #nowMs = 0;
  #wake: (() => void) | undefined;
  #deferred: (() => void) | undefined;

  now(): number {
    return this.#nowMs;
  }

  /** The runtime asks for one wake at a time. */
  wake(_delayMs: number, wake: () => void): () => void {
    this.#wake = wake;
    return () => {
      if (this.#wake === wake) this.#wake = undefined;
    };
  }

  defer(run: () => void): void {
    this.#deferred = run;
  }

  /** Runs what the scheduler has planned, until it plans nothing more. */
  drain(): void {
    for (let run = this.#deferred; run !== undefined; run = this.#deferred) {
      this.#deferred = undefined;
      run();
    }
  }

  /** Moves time on, and wakes whoever waits. */
  moveTo(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Time begins anew, and what was planned runs then. */
  restart(): void {
    this.#nowMs = 0;
    this.#wake = undefined;
    this.drain();
  }
}
