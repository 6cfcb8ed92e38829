import { type Clock, systemClock } from "../host/clock.ts";

/** Time stands still until a test moves it; turns of the event loop go on by themselves. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #wakes = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  wake(delayMs: number, wake: () => void): () => void {
    const entry = { atMs: this.#nowMs + Math.max(0, delayMs), wake };
    this.#wakes.add(entry);
    return () => void this.#wakes.delete(entry);
  }

  defer(run: () => void): void {
    systemClock.defer(run);
  }

  /** Moves time on and fires what is due, in order of its time; what that asks for is fired too where it is due by then. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      let next: { readonly atMs: number; readonly wake: () => void } | undefined;
      for (const entry of this.#wakes) {
        if (entry.atMs <= untilMs && (next === undefined || entry.atMs < next.atMs)) next = entry;
      }
      if (next === undefined) break;
      this.#wakes.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
    this.#nowMs = untilMs;
  }
}

/** Resolves in a later macrotask, in every engine. */
export function macrotask(): Promise<void> {
  return new Promise(resolve => systemClock.defer(resolve));
}
