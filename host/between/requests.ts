/**
 * Requests in flight that the switch keeps in the records of those who wait (slots.ts): a ref and a monitor each, without an object. Whoever looks at
 * an actor's ties finds monitors in their place.
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

/** Makes a monitor of an actor's own request, and of all others to its callee: they will be told of its end in the order in which they have asked. */
export function unfold(actor: Actor): void {
  const { words } = actor.store;
  if (words[actor.at + CALL_REF] !== 0) unfoldCallers(actor.services.slots.userAt(words[actor.at + CALLEE]) as Actor);
}

/** Makes monitors of the requests to an actor, before somebody looks at its watchers. */
export function unfoldCallers(callee: Actor): void {
  const { slots } = callee.services;
  const { words } = callee.store;
  let caller = words[callee.at + FIRST_CALLER];
  if (caller === 0) return;
  words[callee.at + FIRST_CALLER] = 0;
  // The last one has asked first.
  for (let next = caller; next !== 0; next = words[(next >> 2) + NEXT_CALLER]) caller = next;
  for (; caller !== 0; caller = words[(caller >> 2) + PREVIOUS_CALLER]) {
    const watcher = slots.userAt(caller) as Actor;
    const ref = words[watcher.at + CALL_REF];
    words[watcher.at + CALL_REF] = 0;
    // It has a tie more than the host has counted.
    words[watcher.at + MAY_REQUEST] = 0;
    watcher.mailbox.mark(ref, words[watcher.at + CALL_MARK]);
    adoptMonitor(watcher, callee, ref, words[watcher.at + CALL_ANSWERED] !== 0);
  }
}

/** An actor's ties, its request among them; null where it has none. The switch makes no further request of it until `permitRequests`. */
export function allTies(actor: Actor): Ties | null {
  unfold(actor);
  actor.store.words[actor.at + MAY_REQUEST] = 0;
  return actor.ties;
}

/** The same; an actor that has none gets an object for them. */
export function tiesOf(actor: Actor): Ties {
  actor.ties = allTies(actor) ?? new Ties();
  return actor.ties;
}
