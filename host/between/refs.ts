/** Refs: numbers that identify an answer, a Down or a timer (Erlang: `make_ref/0`). */

import type { Actor, Services } from "../actor/actor.ts";
import { CALL_REF, REFS, REFS_DRAWN, REFS_LEFT } from "../kernel/words.ts";
import { GREATEST_REF } from "../wire/message.ts";
import { allTies, tiesOf } from "./requests.ts";

/**
 * A new live ref: a random negative number. Its mark lets a receive by ref skip the items that were
 * in the mailbox before (Erlang: the receive marker that its compiler sets).
 */
export function makeRef(actor: Actor): number {
  const ties = tiesOf(actor);
  ties.refs ??= new Map();
  const ref = newRef(actor);
  ties.refs.set(ref, false);
  return ref;
}

/**
 * A new ref that is not live yet: the caller makes a monitor, a timer or an entry of `refs` with
 * it.
 */
export function newRef(actor: Actor): number {
  let ref: number;
  do ref = drawRef(actor.services);
  while (isLiveRef(actor, ref) || actor.ties?.timers?.has(ref));
  actor.mailbox.mark(ref);
  return ref;
}

/** The host's refs are even numbers, the kernel's are odd. */
function drawRef({ random }: Pick<Services, "random">): number {
  return GREATEST_REF - 2 * Math.floor(random() * 2 ** 29);
}

/** Draws refs for the requests that the kernel makes, if it has used up those that it had. */
export function drawRequestRefs(services: Pick<Services, "random" | "kernel">): void {
  const { kernel } = services;
  if (kernel.word(REFS_LEFT) > 0) return;
  const { words } = kernel;
  for (let i = 0; i < REFS_DRAWN; i++) words[(REFS >> 2) + i] = drawRef(services) - 1;
  kernel.setWord(REFS_LEFT, REFS_DRAWN);
}

/** Whether an actor has this ref, answered or not. */
function isLiveRef(actor: Actor, ref: number): boolean {
  if (actor.coldWord(CALL_REF) === ref) return true;
  const { ties } = actor;
  return ties !== null && (ties.monitors?.has(ref) || ties.refs?.has(ref) || false);
}

/** Ends a ref: later answers to it are dropped before the mailbox. False if it was not live. */
export function dropRef(actor: Actor, ref: number): boolean {
  actor.mailbox.unmark(ref);
  return allTies(actor)?.refs?.delete(ref) ?? false;
}
