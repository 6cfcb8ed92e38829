/** What the host keeps about the reductions of one actor, and who decides when its turn is over. */

import type { ReductionPolicy } from "../wire/limits.ts";

/** The reductions of an actor whose module counts them. */
export class Reductions {
  readonly policy: ReductionPolicy;
  readonly perTurn: number;
  /** The guest's own counter, if the module exports it. */
  counter: { value: number } | null = null;
  /** What it was granted in the turn `turn`; for a handler, for one item of it. */
  granted = 0;
  /** How long that turn has run, as far as the clock was looked at. */
  tookMs = 0;
  /** What its predicates were granted in that turn, and how long they ran. */
  asked = 0;
  askedMs = 0;
  /** When it last asked for more in that turn, on the runtime's clock; -1: not yet. */
  lastMs = -1;
  /** The values of the words TURN and ITEM (mail/slots.ts) in that turn, for that item. */
  turn = 0;
  item = 0;
  /** All that it was ever granted or charged. Above 2^31 it is a double. */
  given = 0;
  /**
   * Above 0: it was told to give way and has not yet done so. The bytes of memory that its stack
   * may cover.
   */
  room = 0;
  /** While it waits: its stack. While it rewinds: the bytes of memory that the stack covers. */
  frames: Uint8Array | null = null;
  /** It goes back to where it was preempted. */
  rewinding = false;

  constructor(policy: ReductionPolicy, perTurn: number) {
    this.policy = policy;
    this.perTurn = perTurn;
  }
}

/** Whether a turn continues, and if not, what has decided that. */
export type Verdict = "on" | "count" | "clock";

/**
 * Decides about a turn that asks for more: it was granted `spent` reductions of `most`, and has
 * taken `tookMs` of `mostMs`.
 */
export type Judge = (spent: number, most: number, tookMs: number, mostMs: number) => Verdict;
