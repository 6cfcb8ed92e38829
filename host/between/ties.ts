/** Both ends of a monitor know of it. Here they come to know of it, and forget it. */
import { type Actor, type Monitor, Ties } from "../actor/actor.ts";

export function newMonitor(ref: number, watcher: Actor, target: Actor): Monitor {
  return { ref, watcher, target, isAnswered: false, viaLo: 0, viaHi: 0 };
}

export function addMonitor(made: Monitor, mine: Ties, theirs: Ties): void {
  mine.monitors ??= new Map();
  theirs.watchers ??= new Set();
  mine.monitors.set(made.ref, made);
  theirs.watchers.add(made);
}

/** A monitor that the switch has made, when somebody looks at the ties of one of the two. */
export function adoptMonitor(watcher: Actor, target: Actor, ref: number, isAnswered: boolean): void {
  watcher.ties ??= new Ties();
  target.ties ??= new Ties();
  watcher.ties.unfolded++;
  addMonitor({ ...newMonitor(ref, watcher, target), isAnswered }, watcher.ties, target.ties);
}

/** An actor's own monitor is no more. */
export function forget(ties: Ties | null, ref: number): void {
  if (ties?.monitors?.delete(ref) && (ref & 1) !== 0) ties.unfolded--;
}

/** The actor at the other end of a monitor knows of it no more. */
export function release(made: Monitor): void {
  const ties = made.target.ties;
  ties?.watchers?.delete(made);
  if (ties?.handedOn?.get(made.ref) === made) ties.handedOn.delete(made.ref);
}
