/**
 * How many items a second come to each actor. The kernel's counts are noted once a second, as long as
 * someone looks at the list.
 */
import type { ActorInfo, Arrivals, Runtime } from "../../index.ts";

/** The least time that a rate is about. */
const LEAST_MS = 1000;
/** The most. After a longer time without a look, rates are unknown until the next second. */
const MOST_MS = 5000;

/** Counts, and when they were noted, by the clock of the machine. */
interface Note {
  readonly arrivals: Arrivals;
  readonly atMs: number;
}

export class Rates {
  #before: Note | undefined;
  #newest: Note | undefined;

  /** To be called at each look. Returns what rates are counted from; undefined where they are unknown. */
  note(runtime: Runtime): Arrivals | undefined {
    const nowMs = performance.now();
    const ageMs = this.#newest === undefined ? Number.POSITIVE_INFINITY : nowMs - this.#newest.atMs;
    if (ageMs >= LEAST_MS) {
      this.#before = ageMs < MOST_MS ? this.#newest : undefined;
      const { arrivals } = runtime.snapshot({ most: 0, keepArrivals: true });
      this.#newest = arrivals && { arrivals, atMs: nowMs };
    }
    return this.#before?.arrivals;
  }

  /** @param info of a snapshot since what `note` has returned, in the same look */
  of({ arrivals, ageMs }: ActorInfo): number | undefined {
    if (this.#before === undefined) return undefined;
    const ms = performance.now() - this.#before.atMs;
    // The rate of an actor that is younger is about its life, and not about a time before that.
    return (arrivals * 1000) / Math.max(LEAST_MS, Math.min(ms, ageMs));
  }
}
