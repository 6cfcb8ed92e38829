/**
 * Looks at the runtime, shared by requests that ask for the same. Each look is a walk over all actors
 * at most, and makes a page.
 *
 * Guarantee: looks take at most a twentieth of the thread, for any number of actors and clients.
 */
import type { Runtime, Snapshot, Totals } from "../../index.ts";

/** The thread is free of looks for this many times what the last one took; a look is valid as long. */
const SHARE = 20;
/** And at least this long. */
const LEAST_MS = 100;

interface Look {
  readonly seen: Promise<unknown>;
  /** Infinity until it was made. */
  untilMs: number;
}

/** The runtime as a whole, without a list. */
export interface Whole extends Snapshot {
  readonly totals: Totals;
}

export class Looks {
  readonly #runtime: Runtime;
  /** By what is looked at. */
  readonly #looks = new Map<string, Look>();
  /** From then on the next look is within the share. */
  #freeMs = 0;
  /** The last look that was asked for. Each one waits for those before it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  whole(): Promise<Whole> {
    return this.take("whole", runtime => ({ ...runtime.snapshot({ most: 0 }), totals: runtime.totals() }));
  }

  /** What was last seen of this name, or is seen now if that is too old. Equal names see the same. */
  take<T>(name: string, see: (runtime: Runtime) => T): Promise<T> {
    const nowMs = performance.now();
    for (const [other, { untilMs }] of this.#looks) if (untilMs <= nowMs) this.#looks.delete(other);
    const known = this.#looks.get(name);
    if (known !== undefined) return known.seen as Promise<T>;
    const seen = this.#last.then(async () => {
      await this.#untilFree();
      const beganMs = performance.now();
      try {
        return see(this.#runtime);
      } finally {
        const endedMs = performance.now();
        const pauseMs = (endedMs - beganMs) * SHARE;
        this.#freeMs = endedMs + pauseMs;
        look.untilMs = endedMs + Math.max(LEAST_MS, pauseMs);
      }
    });
    const look: Look = { seen, untilMs: Number.POSITIVE_INFINITY };
    this.#looks.set(name, look);
    this.#last = seen.catch(() => {});
    return seen;
  }

  async #untilFree(): Promise<void> {
    for (let waitMs = this.#freeMs - performance.now(); waitMs > 0; waitMs = this.#freeMs - performance.now()) {
      await new Promise(resolve => setTimeout(resolve, waitMs).unref());
    }
  }
}
