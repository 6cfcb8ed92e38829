/** What ties an actor to others: links, monitors, refs, timers, names and groups. */
import type { Timer } from "../time/timers.ts";
import type { Actor } from "./actor.ts";

/**
 * One monitor: it brings one Down, unless it is taken back before. A request in flight is a
 * monitor, too.
 */
export interface Monitor {
  readonly ref: number;
  readonly watcher: Actor;
  /**
   * Whose end causes the Down, and who alone may answer the ref. Changes when a request is
   * delegated.
   */
  target: Actor;
  /** An answer was accepted. A ref takes one. */
  isAnswered: boolean;
  /**
   * The pid of the actor that delegated the request; the answer is addressed to it. 0, 0: not
   * delegated.
   */
  viaLo: number;
  viaHi: number;
}

/** A message to be sent later, whose timer has not fired. */
export interface PendingTimer {
  readonly timer: Timer;
  /** The setter is the receiver. */
  readonly toItself: boolean;
  /** The length of its payload. */
  readonly bytes: number;
  /** The ties of the actor that set it; null after that has ended. */
  ties: Ties | null;
}

/**
 * What ties an actor to others. Most actors have few ties or none, so each set is made when it is
 * needed.
 */
export class Ties {
  /** Exit signals come as items and do not end it. */
  trapsExits = false;
  /** The actors it is linked to. Both sides hold the other. */
  links: Set<Actor> | null = null;
  /** While its end is told: the actors that were linked to it. */
  wereLinked: Set<Actor> | null = null;
  /** Its own monitors, by ref. */
  monitors: Map<number, Monitor> | null = null;
  /** How many of its monitors have a ref of the switch (an odd one). */
  unfolded = 0;
  /** The monitors that others have of it. */
  watchers: Set<Monitor> | null = null;
  /** The requests that were delegated to it, by ref. */
  delegated: Map<number, Monitor> | null = null;
  /** Its live refs of `make_ref`, and whether each was answered. */
  refs: Map<number, boolean> | null = null;
  /** The timers that it has set and that have not fired, by ref. Timers to itself end with it. */
  timers: Map<number, PendingTimer> | null = null;
  names: Set<string> | null = null;
  groups: Set<string> | null = null;
}
