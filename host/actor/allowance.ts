/**
 * What a guest was granted when it was spawned, and what it and its family have used of their
 * limits. Memory, mailboxes and ties keep their bounds elsewhere.
 */

import type { Granted } from "../wire/grants.ts";
import type { HostContext } from "../wire/host-functions.ts";
import type { Limits } from "../wire/limits.ts";

const SECOND_MS = 1000;

/** An amount per second. A second begins with the first use after the last one is over. */
export class Meter {
  #beganMs = Number.NEGATIVE_INFINITY;
  #used = 0;

  /**
   * Takes an amount. False, and nothing is taken, if that would be more than `most` in this second.
   */
  take(nowMs: number, amount: number, most: number): boolean {
    if (nowMs - this.#beganMs >= SECOND_MS) {
      this.#beganMs = nowMs;
      this.#used = 0;
    }
    if (this.#used + amount > most) return false;
    this.#used += amount;
    return true;
  }

  /** Whether this second's amount is used up. */
  isSpent(nowMs: number, most: number): boolean {
    return nowMs - this.#beganMs < SECOND_MS && this.#used >= most;
  }
}

/**
 * An actor that the host has spawned, and all its descendants. The founder's limits bound them
 * together.
 */
export class Family {
  readonly limits: Limits;
  /** Live actors. */
  size = 0;
  /** Actors that have ended and still have their instance. */
  ending = 0;
  readonly spawns = new Meter();
  readonly logged = new Meter();
  /** Messages tagged with a ref that the sender may not answer. */
  readonly wrongRefs = new Meter();
  /** Uses of pids that no actor ever had. */
  unknownPids = 0;
  /**
   * Timers to other actors whose setters have ended, and their payload bytes. Without a bound, each
   * actor of a chain could leave as many.
   */
  orphanTimers = 0;
  orphanTimerBytes = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }
}

/** What one guest was granted, and what it has used. */
export class Allowance {
  readonly granted: Granted;
  readonly family: Family;
  /** The size of its memory when it was last looked at. */
  memoryBytes = 0;
  /** The bytes that the account counts for its instance. */
  instanceBytes = 0;
  /** The embedder has seen its memory and may keep it, so its instance is not used again. */
  memoryWasHeld = false;
  /** Payload bytes of its timers. */
  timerBytes = 0;
  /** Calls of the embedder's functions that have not settled. */
  hostCalls = 0;
  /** What the embedder's functions get; made by the first call. */
  context: HostContext | null = null;
  /** Aborts the signal of `context` when the actor has ended. */
  end: (() => void) | null = null;

  constructor(granted: Granted, family: Family) {
    this.granted = granted;
    this.family = family;
  }
}

/**
 * Whether a guest may log a line of so many bytes in this second, and takes them. An empty line
 * costs one.
 */
export function mayLog({ family }: Allowance, limits: Limits, nowMs: number, bytes: number): boolean {
  return family.logged.take(nowMs, bytes + 1, Math.min(limits.logBytesPerSecond, family.limits.logBytesPerSecond));
}
