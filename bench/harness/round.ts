/**
 * One round of a scenario, as the actors measured it. Isopod's guests and the peers in other
 * languages answer with the same figures.
 */

/** The parameters of a scenario by name. All are whole numbers. */
export type Parameters = Readonly<Record<string, number>>;

export interface Round {
  /** The number of operations that the round had to do. */
  readonly operations: number;
  readonly elapsedMs: number;
  /**
   * The number of operations that the actors counted. It equals `operations`; otherwise the round
   * is an error.
   */
  readonly check: number;
  /** Scenario memory: the bytes of one parked actor. */
  readonly bytesEach?: number;
  /** A peer's ping-pong: whether the sender's bytes were copied, moved or shared. */
  readonly payload?: "copied" | "moved" | "shared";
  /** The times of single operations, if the scenario measures them. */
  readonly samplesNs?: readonly number[];
}

/** A scenario that is ready to be played: its guests are compiled, or its peer runs. */
export interface Prepared {
  /**
   * Plays one round. Only one round may run at a time. Rejects if the actors fail or their count is
   * wrong.
   */
  round(): Promise<Round>;
  stop(): Promise<void>;
}

/** A round that takes longer than this has failed. */
export const ROUND_LIMIT_MS = 60_000;

/** The part of a total that each actor does, rounded down. Guests and peers compute the same. */
export function share(total: number, actors: number): number {
  return Math.max(1, Math.floor(total / actors));
}
