/**
 * The queue of calls to the embedder's callbacks and listeners, in the order in which the events
 * happened. Notices wait while actors have their turns, and are delivered between two turns on the
 * host's own stack. A guest may cause one when little of its own stack is left.
 *
 * Ends are always told. Log lines, dead letters and changes of names are bounded, because a guest
 * can cause any number of them: beyond `MAX_WAITING` of a kind they are dropped and counted.
 */
import { CallOut } from "./call-out.ts";

/** The kinds of notices that a guest can cause as often as it likes. */
const FLOODS = ["log", "dead-letter", "name"] as const;
export type Flood = (typeof FLOODS)[number];

/** How many notices of one bounded kind wait at most. */
export const MAX_WAITING = 10_000;

interface Notice {
  readonly flood: Flood | undefined;
  readonly tell: () => void;
}

export class Notices {
  readonly callOut: CallOut;
  /** How many calls of `hold` are open. Above 0, guests may be on the stack. */
  #holds = 0;
  #waiting: Notice[] = [];
  readonly #floods: Record<Flood, { waiting: number; dropped: number }> = {
    log: { waiting: 0, dropped: 0 },
    "dead-letter": { waiting: 0, dropped: 0 },
    name: { waiting: 0, dropped: 0 },
  };
  #isTelling = false;
  /** Called before each notice is added, to add those that belong before it. */
  onAdding: (() => void) | null = null;
  /** Called for each notice that has to wait. */
  onAdded: (() => void) | null = null;
  /** Called between two turns with the number of notices of a kind that were dropped. */
  onDropped: ((flood: Flood, count: number) => void) | null = null;

  constructor(callOut = new CallOut()) {
    this.callOut = callOut;
  }

  /** Whether guests may be on the stack. */
  get areHeld(): boolean {
    return this.#holds > 0;
  }

  get areWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Calls `tell` in order: at once if no guest is on the stack and no other notice is being told.
   * `tell` must not throw. A notice with a `flood` may be dropped.
   */
  add(tell: () => void, flood?: Flood): void {
    this.onAdding?.();
    const count = flood === undefined ? undefined : this.#floods[flood];
    if (count !== undefined && count.waiting >= MAX_WAITING) {
      count.dropped++;
      return;
    }
    this.#waiting.push({ flood, tell });
    // Last, because the lines above may exhaust a guest's stack.
    if (count !== undefined) count.waiting++;
    if (this.#holds === 0) this.flush();
    else this.onAdded?.();
  }

  /** Guests begin to run. Call `release` when they have stopped. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    if (--this.#holds === 0) this.flush();
  }

  /** Delivers all waiting notices. Call it between two turns. */
  flush(): void {
    // A notice that a callback causes comes after those that wait already.
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      while (this.#waiting.length > 0) {
        for (const { flood, tell } of this.#waiting.splice(0)) {
          if (flood !== undefined) this.#floods[flood].waiting--;
          tell();
        }
        for (const flood of FLOODS) this.#tellDropped(flood);
      }
    } finally {
      this.#isTelling = false;
    }
  }

  #tellDropped(flood: Flood): void {
    const count = this.#floods[flood];
    const { dropped } = count;
    if (dropped === 0) return;
    count.dropped = 0;
    this.onDropped?.(flood, dropped);
  }
}
