/** Refs: numbers that tell answers apart (Erlang: `make_ref/0`). */

import type { Actor, Services } from "../actor/actor.ts";
import { CALL_REF } from "../mail/slots.ts";
import { GREATEST_REF } from "../wire/message.ts";
import { allTies, tiesOf } from "./requests.ts";
/**
 * A fresh ref: a negative number, unguessable, so that no actor can answer in another's place. Its mark lets a receive by ref
 * skip what was in the mailbox before (Erlang: `make_ref`, and the receive marker that its compiler sets).
 */
export function makeRef(actor: Actor): number {
  const ties = tiesOf(actor);
  ties.refs ??= new Map();
  const ref = newRef(actor);
  ties.refs.set(ref, false);
  return ref;
}

/** A ref, which is not live before something is made of it. */
export function newRef(actor: Actor): number {
  let ref: number;
  do ref = drawRef(actor.services);
  while (isLiveRef(actor, ref) || actor.ties?.timers?.has(ref));
  actor.mailbox.mark(ref);
  return ref;
}

/** The host's refs are even numbers, the switch's are odd ones. */
function drawRef({ random }: Pick<Services, "random">): number {
  return GREATEST_REF - 2 * Math.floor(random() * 2 ** 29);
}

/** A ref for the switch to use. */
export function drawSwitchRef(services: Pick<Services, "random">): number {
  return drawRef(services) - 1;
}

/** Whether an actor has such a ref, answered or not. */
function isLiveRef(actor: Actor, ref: number): boolean {
  if (actor.store.words[actor.at + CALL_REF] === ref) return true;
  const { ties } = actor;
  return ties !== null && (ties.monitors?.has(ref) || ties.refs?.has(ref) || false);
}

/** Nobody waits for the ref any more: later messages that bear it are dropped before the mailbox. */
export function dropRef(actor: Actor, ref: number): boolean {
  actor.mailbox.unmark(ref);
  return allTies(actor)?.refs?.delete(ref) ?? false;
}
