/**
 * Requests in flight that the kernel keeps: a ref and a monitor each, without an object. *Unfolding* turns them into monitors. `allTies` and
 * `tiesOf` unfold first, so JavaScript always sees monitors.
 */
import type { Actor } from "../actor/actor.ts";
import { Ties } from "../actor/ties.ts";
import { CALL_ANSWERED, CALL_MARK, CALL_REF, CALLEE, FIRST_CALLER, MAY_REQUEST, NEXT_CALLER } from "../kernel/words.ts";
import { adoptMonitor } from "./ties.ts";

/**
 * Makes a monitor of an actor's own request, and of all others to its callee, in the order in which
 * they were made.
 */
export function unfold(actor: Actor): void {
  if (actor.coldWord(CALL_REF) !== 0) unfoldCallers(actor.services.kernel.userAt(actor.coldWord(CALLEE)) as Actor);
}

/** Makes monitors of the requests to an actor. Call it before its watchers are read. */
export function unfoldCallers(callee: Actor): void {
  const { kernel } = callee.services;
  if (callee.coldWord(FIRST_CALLER) === 0) return;
  // The list begins with the newest request: the oldest is to come first.
  const callers: Actor[] = [];
  for (let record = callee.coldWord(FIRST_CALLER); record !== 0; ) {
    const caller = kernel.userAt(record) as Actor;
    callers.unshift(caller);
    record = caller.coldWord(NEXT_CALLER);
  }
  callee.setColdWord(FIRST_CALLER, 0);
  for (const watcher of callers) {
    const ref = watcher.coldWord(CALL_REF);
    watcher.mailbox.markAt(ref, watcher.word(CALL_MARK));
    watcher.setColdWord(CALL_REF, 0);
    // The caller has one tie more than the host has counted.
    watcher.setFlag(MAY_REQUEST, false);
    adoptMonitor(watcher, callee, ref, watcher.coldWord(CALL_ANSWERED) !== 0);
  }
}

/**
 * An actor's ties, its request included; null if it has none. The kernel makes no further request
 * for it until `permitRequests`.
 */
export function allTies(actor: Actor): Ties | null {
  unfold(actor);
  actor.setFlag(MAY_REQUEST, false);
  return actor.ties;
}

/** As `allTies`, but makes the object if the actor has none. */
export function tiesOf(actor: Actor): Ties {
  const ties = allTies(actor) ?? new Ties();
  actor.ties = ties;
  return ties;
}
