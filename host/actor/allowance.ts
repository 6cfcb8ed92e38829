/** What a guest was allowed with its spawn, and what it has used of that. Bounds that are kept elsewhere (memory, mailbox, ties) are not here. */

import type { Granted } from "../wire/grants.ts";
import type { HostContext } from "../wire/host-functions.ts";
import type { Limits } from "../wire/limits.ts";
import { FREE_TIES } from "../wire/memory-use.ts";

const SECOND_MS = 1000;

/** So much in each second that begins with its first use. */
export class Meter {
  #beganMs = Number.NEGATIVE_INFINITY;
  #used = 0;

  /** Takes an amount, where the second's worth allows it. */
  take(nowMs: number, amount: number, most: number): boolean {
    if (nowMs - this.#beganMs >= SECOND_MS) {
      this.#beganMs = nowMs;
      this.#used = 0;
    }
    if (this.#used + amount > most) return false;
    this.#used += amount;
    return true;
  }

  /** Whether the second's worth is used up. */
  isSpent(nowMs: number, most: number): boolean {
    return nowMs - this.#beganMs < SECOND_MS && this.#used >= most;
  }
}

/** An actor that the host has spawned, and all that came of it. What bounds them together is the founder's limits. */
export class Family {
  readonly limits: Limits;
  /** Live actors. */
  size = 0;
  /** Actors that have ended, and still have their instance. */
  ending = 0;
  readonly spawns = new Meter();
  readonly logged = new Meter();
  /** Messages tagged with refs that were not theirs to answer. */
  readonly wrongRefs = new Meter();
  /** Pids that they used and no actor ever had. */
  unknownPids = 0;
  /** Timers for others whose setters have ended, and their payload bytes: else each of a chain of actors could leave as many. */
  orphanTimers = 0;
  orphanTimerBytes = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }
}

export class Allowance {
  readonly granted: Granted;
  readonly family: Family;
  /** Of its memory, as it was last seen. */
  memoryBytes = 0;
  /** What the account counts for its instance. */
  instanceBytes = 0;
  /** How many ties the account counts: at least as many as it has. */
  ties = FREE_TIES;
  /** The embedder was handed its memory, and may keep it. */
  memoryWasHeld = false;
  /** Payload bytes of its timers. */
  timerBytes = 0;
  /** Calls of the embedder's functions that have not settled. */
  hostCalls = 0;
  /** What the embedder's functions know it by; made with the first call. */
  context: HostContext | null = null;
  /** Tells them that it has ended. */
  end: (() => void) | null = null;

  constructor(granted: Granted, family: Family) {
    this.granted = granted;
    this.family = family;
  }
}

/** Takes what a line of the log costs, an empty one too, from what its family may log in this second. */
export function mayLog({ family }: Allowance, limits: Limits, nowMs: number, bytes: number): boolean {
  return family.logged.take(nowMs, bytes + 1, Math.min(limits.logBytesPerSecond, family.limits.logBytesPerSecond));
}
