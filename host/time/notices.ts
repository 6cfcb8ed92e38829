/**
 * What the embedder's callbacks and listeners are told, in one order: that in which it happened. While actors have their turns notices wait, and are
 * told between two turns, on the host's own stack: a guest may cause one when hardly any of its stack is left.
 *
 * Ends are always told. Of what a guest can cause without end, a turn can cause so many notices of a kind; the rest is counted.
 */
import { CallOut } from "./call-out.ts";

/** What a guest can cause as often as it likes. */
const FLOODS = ["log", "dead-letter", "name"] as const;
export type Flood = (typeof FLOODS)[number];

/** So many notices of a kind that can be a flood wait at a time. */
export const MAX_WAITING = 10_000;

interface Notice {
  readonly flood: Flood | undefined;
  readonly tell: () => void;
}

export class Notices {
  readonly callOut: CallOut;
  /** Guests are on the stack so many times. */
  #holds = 0;
  #waiting: Notice[] = [];
  readonly #floods: Record<Flood, { waiting: number; dropped: number }> = {
    log: { waiting: 0, dropped: 0 },
    "dead-letter": { waiting: 0, dropped: 0 },
    name: { waiting: 0, dropped: 0 },
  };
  #isTelling = false;
  /** Is told of each one that waits. */
  onAdded: (() => void) | null = null;
  /** Says, between two turns, that so many notices of a kind were dropped. */
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
   * Calls `tell` when its turn has come: at once where no guest is on the stack and no other notice is being told. It must not throw. `flood`: it is one of
   * those that may be dropped.
   */
  add(tell: () => void, flood?: Flood): void {
    const count = flood === undefined ? undefined : this.#floods[flood];
    if (count !== undefined && count.waiting >= MAX_WAITING) {
      count.dropped++;
      return;
    }
    this.#waiting.push({ flood, tell });
    // After what may end a guest's stack.
    if (count !== undefined) count.waiting++;
    if (this.#holds === 0) this.flush();
    else this.onAdded?.();
  }

  /** Guests begin to run; `release` says when they have stopped. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    if (--this.#holds === 0) this.flush();
  }

  /** Between two turns. */
  flush(): void {
    // A callback has caused another notice: that comes after those that wait.
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
