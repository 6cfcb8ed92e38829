/**
 * Requests in flight that the switch keeps in the records of the actors that wait (mail/slots.ts):
 * a ref and a monitor each, without an object. *Unfolding* turns them into monitors. `allTies` and
 * `tiesOf` unfold first, so JavaScript always sees monitors.
 */
import { type Actor, Ties } from "../actor/actor.ts";
import {
  CALL_ANSWERED,
  CALL_MARK,
  CALL_REF,
  CALLEE,
  FIRST_CALLER,
  MAY_REQUEST,
  NEXT_CALLER,
  PREVIOUS_CALLER,
} from "../mail/slots.ts";
import { adoptMonitor } from "./ties.ts";

/**
 * Makes a monitor of an actor's own request, and of all others to its callee, in the order in which
 * they were made.
 */
export function unfold(actor: Actor): void {
  const { words } = actor.store;
  if (words[actor.at + CALL_REF] !== 0) unfoldCallers(actor.services.slots.userAt(words[actor.at + CALLEE]) as Actor);
}

/** Makes monitors of the requests to an actor. Call it before its watchers are read. */
export function unfoldCallers(callee: Actor): void {
  const { slots } = callee.services;
  const { words } = callee.store;
  let caller = words[callee.at + FIRST_CALLER];
  if (caller === 0) return;
  words[callee.at + FIRST_CALLER] = 0;
  // The list begins with the newest request: go to the oldest.
  for (let next = caller; next !== 0; next = words[(next >> 2) + NEXT_CALLER]) caller = next;
  for (; caller !== 0; caller = words[(caller >> 2) + PREVIOUS_CALLER]) {
    const watcher = slots.userAt(caller) as Actor;
    const ref = words[watcher.at + CALL_REF];
    words[watcher.at + CALL_REF] = 0;
    // The caller has one tie more than the host has counted.
    words[watcher.at + MAY_REQUEST] = 0;
    watcher.mailbox.mark(ref, words[watcher.at + CALL_MARK]);
    adoptMonitor(watcher, callee, ref, words[watcher.at + CALL_ANSWERED] !== 0);
  }
}

/**
 * An actor's ties, its request included; null if it has none. The switch makes no further request
 * for it until `permitRequests`.
 */
export function allTies(actor: Actor): Ties | null {
  unfold(actor);
  actor.store.words[actor.at + MAY_REQUEST] = 0;
  return actor.ties;
}

/** As `allTies`, but makes the object if the actor has none. */
export function tiesOf(actor: Actor): Ties {
  actor.ties = allTies(actor) ?? new Ties();
  return actor.ties;
}
