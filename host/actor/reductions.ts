/** What the host keeps about the reductions of the actor that runs, and who decides when its turn is over. */

/** What an actor has spent in the turn `turn`; for a handler, for one item of it. There is one for all, because one actor runs at a time. */
export class TurnBudget {
  /** The record of the actor, and the value of the word TURN (kernel/words.ts) in that turn. */
  record = 0;
  turn = 0;
  granted = 0;
  /** How long that turn has run, as far as the clock was looked at. */
  tookMs = 0;
  /** What its predicates were granted in that turn, and how long they ran. */
  asked = 0;
  askedMs = 0;
  /** When it last asked for more in that turn, on the runtime's clock; -1: not yet. */
  lastMs = -1;
}

/** An actor that is preempted, or is told to give way. */
export class Preempted {
  /**
   * Above 0: it was told to give way and has not yet done so. The bytes of memory that its stack
   * may cover.
   */
  room = 0;
  /** While it waits: its stack. While it rewinds: the bytes of memory that the stack covers. */
  frames: Uint8Array | null = null;
  /** It goes back to where it was preempted. */
  rewinding = false;
}

/** Whether a turn continues, and if not, what has decided that. */
export type Verdict = "on" | "count" | "clock";

/**
 * Decides about a turn that asks for more: it was granted `spent` reductions of `most`, and has
 * taken `tookMs` of `mostMs`.
 */
export type Judge = (spent: number, most: number, tookMs: number, mostMs: number) => Verdict;
