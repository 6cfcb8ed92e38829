/**
 * The two ends of a monitor: the watcher's `monitors` and the target's `watchers`. This file adds
 * to both and removes from each.
 */
import type { Actor } from "../actor/actor.ts";
import { type Monitor, Ties } from "../actor/ties.ts";

export function newMonitor(ref: number, watcher: Actor, target: Actor): Monitor {
  return { ref, watcher, target, isAnswered: false, viaLo: 0, viaHi: 0 };
}

export function addMonitor(made: Monitor, mine: Ties, theirs: Ties): void {
  mine.monitors ??= new Map();
  theirs.watchers ??= new Set();
  mine.monitors.set(made.ref, made);
  theirs.watchers.add(made);
}

/** Adds the monitor of a request that the kernel has made. */
export function adoptMonitor(watcher: Actor, target: Actor, ref: number, isAnswered: boolean): void {
  watcher.ties ??= new Ties();
  target.ties ??= new Ties();
  watcher.ties.unfolded++;
  addMonitor({ ...newMonitor(ref, watcher, target), isAnswered }, watcher.ties, target.ties);
}

/** Removes a monitor from its watcher's ties. */
export function removeFromWatcher(ties: Ties | null, ref: number): void {
  if (ties?.monitors?.delete(ref) && (ref & 1) !== 0) ties.unfolded--;
}

/** Removes a monitor from its target's ties. */
export function removeFromTarget(made: Monitor): void {
  const ties = made.target.ties;
  ties?.watchers?.delete(made);
  if (ties?.delegated?.get(made.ref) === made) ties.delegated.delete(made.ref);
}
