import type { ReductionPolicy } from "../wire/limits.ts";

/** What the host keeps of an actor whose module counts its reductions. */
export class Reductions {
  readonly policy: ReductionPolicy;
  readonly perTurn: number;
  /** The guest's own counter, where it exports that. */
  counter: { value: number } | null = null;
  /** What it was given in the turn that `turn` says; to a handler, for that item. */
  granted = 0;
  tookMs = 0;
  /** What its predicates were given in that turn. */
  asked = 0;
  askedMs = 0;
  /** When it last asked in that turn, on the runtime's clock; -1: it has not. */
  lastMs = -1;
  /** As the word TURN of slots.ts. */
  turn = 0;
  /** All that it was ever given, or made to pay beyond that. A double. */
  given = 0;
  /** It was told to give way and has still to do so; the bytes that its stack may cover. */
  room = 0;
  /** While it waits: its stack. While it goes back on that: what lay in the stack's place. */
  frames: Uint8Array | null = null;
  rewinding = false;

  constructor(policy: ReductionPolicy, perTurn: number) {
    this.policy = policy;
    this.perTurn = perTurn;
  }
}

/** Whether a turn goes on, and if not, what has decided that. */
export type Verdict = "on" | "count" | "clock";

/** Decides about a turn that asks for more: it was given `spent` reductions of `most`, and has taken `tookMs` of `mostMs`. */
export type Judge = (spent: number, most: number, tookMs: number, mostMs: number) => Verdict;
