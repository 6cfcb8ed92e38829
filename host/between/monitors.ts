/** Monitors (Erlang: `monitor/2`): one Down for each, when the other actor ends. A request in flight is a monitor, too. */

import { type Actor, Ties } from "../actor/actor.ts";
import { GREATEST_REF, isCounted, MESSAGE } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import { sendDown } from "./down.ts";
import { newRef } from "./refs.ts";
import { allTies, tiesOf, unfoldCallers } from "./requests.ts";
import { addMonitor, forget, newMonitor, release } from "./ties.ts";
/** Monitors an actor; undefined stands for a dead one, whose Down comes at once with the reason noproc. */
export function monitor(watcher: Actor, target: Actor | undefined, targetLo: number, targetHi: number): number {
  const ref = newRef(watcher);
  if (target === undefined) {
    sendDown(watcher, targetLo, targetHi, ref, { kind: "noproc" });
    return ref;
  }
  // Those that the switch has made of it came before.
  unfoldCallers(target);
  target.ties ??= new Ties();
  addMonitor(newMonitor(ref, watcher, target), tiesOf(watcher), target.ties);
  return ref;
}

/** Takes a monitor back. False where there is none: its Down was sent, or it never was. `flush` takes such a Down out of the mailbox. */
export function demonitor(watcher: Actor, ref: number, flush: boolean): boolean {
  const made = allTies(watcher)?.monitors?.get(ref);
  if (made !== undefined) {
    release(made);
    forget(watcher.ties, ref);
  }
  if (flush) flushRef(watcher, ref);
  watcher.mailbox.unmark(ref);
  return made !== undefined;
}

/** Takes out what bears a dead ref: its Down, an answer that came together with it, the timer's item. */
function flushRef(actor: Actor, ref: number): void {
  // What bears no ref has 0 there.
  if (ref > GREATEST_REF) return;
  const removed = actor.mailbox.removeRef(MESSAGE, ref);
  // One may have been the item that a receive found too long for its window.
  if (removed.length > 0) actor.held = false;
  for (const { kind, fromLo, fromHi, length } of removed) {
    if (isCounted(kind)) actor.services.deadLetter(pidFromWords(fromLo, fromHi), actor.pid, ref, length, "late reply");
  }
}
