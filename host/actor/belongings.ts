/** What an actor has beside its links and monitors: refs, timers, names and groups. */
import type { Timer } from "../time/timers.ts";

/** A message to be sent later, whose timer has not fired. */
export interface PendingTimer {
  readonly timer: Timer;
  /** The setter is the receiver. */
  readonly toItself: boolean;
  /** The length of its payload. */
  readonly bytes: number;
  /** What the actor has that set it; null after that has ended. */
  owner: Belongings | null;
}

/** A question to a function of the embedder, whose answer has not come. */
export interface Question {
  /** The function: `db.get`. */
  readonly to: string;
}

/**
 * What an actor has beside its links and monitors. Most actors have little or nothing, so each part is
 * made when it is needed.
 */
export class Belongings {
  /** Its live refs of `make_ref`, and whether each was answered; its live refs of `ask`, and their questions. */
  refs: Map<number, boolean | Question> | null = null;
  /** The timers that it has set and that have not fired, by ref. Timers to itself end with it. */
  timers: Map<number, PendingTimer> | null = null;
  names: Set<string> | null = null;
  groups: Set<string> | null = null;
}
