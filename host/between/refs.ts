/** Refs: numbers that identify an answer, a Down or a timer (Erlang: `make_ref/0`). */

import type { Actor, Services } from "../actor/actor.ts";
import type { Question } from "../actor/belongings.ts";
import { countRefs } from "../actor/memory.ts";
import { REFS, REFS_DRAWN, REFS_LEFT, TIE_COUNT } from "../kernel/words.ts";
import { GREATEST_REF } from "../wire/message.ts";

/** A new live ref, which any actor may answer once. */
export function makeRef(actor: Actor): number {
  const ref = newRef(actor);
  addRef(actor, ref, false);
  return ref;
}

/** Makes a new ref live, without an answer or with a question to the embedder. */
export function addRef(actor: Actor, ref: number, use: false | Question): void {
  const belongings = actor.ownBelongings;
  belongings.refs ??= new Map();
  belongings.refs.set(ref, use);
  actor.setColdWord(TIE_COUNT, actor.coldWord(TIE_COUNT) + 1);
  countRefs(actor, 1);
}

/**
 * A new ref that is not live yet: the caller makes a monitor, a timer or an entry of `refs` with
 * it. It is a random negative number. Its mark lets a receive by ref skip the items that were in the
 * mailbox before (Erlang: the receive marker that its compiler sets).
 */
export function newRef(actor: Actor): number {
  let ref: number;
  do ref = drawRef(actor.services);
  while (isLive(actor, ref));
  actor.mailbox.mark(ref);
  return ref;
}

/** The host's refs are even numbers, the kernel's are odd, so none of the one is one of the other. */
function drawRef({ random }: Pick<Services, "random">): number {
  return GREATEST_REF - 2 * Math.floor(random() * 2 ** 29);
}

/** Draws refs for the monitors that the kernel makes, if it has used up those that it had. */
export function drawRefs(services: Pick<Services, "random" | "kernel">): void {
  const { kernel } = services;
  if (kernel.word(REFS_LEFT) > 0) return;
  const { words } = kernel;
  for (let i = 0; i < REFS_DRAWN; i++) words[(REFS >> 2) + i] = drawRef(services) - 1;
  kernel.setWord(REFS_LEFT, REFS_DRAWN);
}

/** Whether an actor has this ref, answered or not. */
function isLive(actor: Actor, ref: number): boolean {
  const { refs, timers } = actor.belongings ?? {};
  if (refs?.has(ref) || timers?.has(ref)) return true;
  return actor.services.kernel.call.findMonitor(actor.record, ref) !== 0;
}

/** Ends a ref: later answers to it are dropped before the mailbox. False if it was not live. */
export function dropRef(actor: Actor, ref: number): boolean {
  actor.mailbox.unmark(ref);
  return endRef(actor, ref);
}

/** The same, for a ref whose answer comes now: a receive by ref still begins at its mark. */
export function endRef(actor: Actor, ref: number): boolean {
  if (!actor.belongings?.refs?.delete(ref)) return false;
  actor.setColdWord(TIE_COUNT, actor.coldWord(TIE_COUNT) - 1);
  countRefs(actor, -1);
  return true;
}
