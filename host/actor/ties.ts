/** What ties an actor to others. Data only; between/ changes it. */
import type { Timer } from "../time/timers.ts";
import type { Actor } from "./actor.ts";

/** One monitor: one Down, unless it is taken back before. A request in flight is one, too. */
export interface Monitor {
  readonly ref: number;
  readonly watcher: Actor;
  /** Whose end is told, and who alone may answer the ref. Another, where the request was handed on. */
  target: Actor;
  /** An answer was accepted. There is one for each ref. */
  isAnswered: boolean;
  /** The pid of the actor that handed the request on, to which its answer is addressed. 0, 0: nobody did. */
  viaLo: number;
  viaHi: number;
}

/** A timer that has not fired. */
export interface PendingTimer {
  readonly timer: Timer;
  readonly toItself: boolean;
  /** Of its payload. */
  readonly bytes: number;
  /** The ties of its setter; null after the setter has ended. */
  ties: Ties | null;
}

/** What ties an actor to others. Most actors have none; those that have, have few: each set is made when it is needed. */
export class Ties {
  /** Exits come as items instead of ending it. */
  trapsExits = false;
  /** Both sides hold the other. */
  links: Set<Actor> | null = null;
  /** While its end is told: those that were linked to it. */
  wereLinked: Set<Actor> | null = null;
  /** Its own monitors, by ref. */
  monitors: Map<number, Monitor> | null = null;
  /** How many of them have refs that the switch has used. */
  unfolded = 0;
  /** Monitors of it. */
  watchers: Set<Monitor> | null = null;
  /** Requests that were handed on to it, by ref. */
  handedOn: Map<number, Monitor> | null = null;
  /** Its live refs that are no monitor's, and whether each was answered. */
  refs: Map<number, boolean> | null = null;
  /** Timers that it set and that have not fired, by ref. Those that nobody else would get end with it. */
  timers: Map<number, PendingTimer> | null = null;
  names: Set<string> | null = null;
  groups: Set<string> | null = null;
}
