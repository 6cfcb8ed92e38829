/** Refs: numbers that identify an answer, a Down or a timer (Erlang: `make_ref/0`). */

import { type Actor, belongingsOf, type Services } from "../actor/actor.ts";
import { countRefs } from "../actor/memory.ts";
import { REF_BITS, REFS, REFS_DRAWN, REFS_LEFT, TIE_COUNT } from "../kernel/words.ts";
import { GREATEST_REF } from "../wire/message.ts";

/** With at most so many live refs and timers, `REF_BITS` is made anew for each. */
const EXACT_BITS = 16;

/**
 * A new live ref: a random negative number. Its mark lets a receive by ref skip the items that were
 * in the mailbox before (Erlang: the receive marker that its compiler sets).
 */
export function makeRef(actor: Actor): number {
  const ref = newRef(actor);
  const belongings = belongingsOf(actor);
  belongings.refs ??= new Map();
  belongings.refs.set(ref, false);
  actor.setColdWord(TIE_COUNT, actor.coldWord(TIE_COUNT) + 1);
  countRefs(actor, 1);
  noteRef(actor, ref);
  return ref;
}

/**
 * A new ref that is not live yet: the caller makes a monitor, a timer or an entry of `refs` with
 * it.
 */
export function newRef(actor: Actor): number {
  let ref: number;
  do ref = drawRef(actor.services);
  while (isLive(actor, ref));
  actor.mailbox.mark(ref);
  return ref;
}

/** A number of 30 random bits, as a ref. */
function drawRef({ random }: Pick<Services, "random">): number {
  return GREATEST_REF - Math.floor(random() * 2 ** 30);
}

/** Draws refs for the monitors that the kernel makes, if it has used up those that it had. */
export function drawRefs(services: Pick<Services, "random" | "kernel">): void {
  const { kernel } = services;
  if (kernel.word(REFS_LEFT) > 0) return;
  const { words } = kernel;
  for (let i = 0; i < REFS_DRAWN; i++) words[(REFS >> 2) + i] = drawRef(services);
  kernel.setWord(REFS_LEFT, REFS_DRAWN);
}

/** Whether an actor has this ref, answered or not. */
function isLive(actor: Actor, ref: number): boolean {
  const { refs, timers } = actor.belongings ?? {};
  if (refs?.has(ref) || timers?.has(ref)) return true;
  return actor.services.kernel.call.findMonitor(actor.record, ref) !== 0;
}

/**
 * Notes a ref of `make_ref` or a timer for the kernel, which draws refs itself: two of an actor must
 * not be equal. The bits of dead ones may stay, so the kernel may leave a ref to the host for nothing.
 */
export function noteRef(actor: Actor, ref: number): void {
  const { refs, timers } = actor.belongings ?? {};
  const isExact = (refs?.size ?? 0) + (timers?.size ?? 0) <= EXACT_BITS;
  let bits = isExact ? 0 : actor.coldWord(REF_BITS);
  if (isExact) for (const map of [refs, timers]) for (const live of map?.keys() ?? []) bits |= 1 << (live & 31);
  actor.setColdWord(REF_BITS, bits | (1 << (ref & 31)));
}

/** Ends a ref: later answers to it are dropped before the mailbox. False if it was not live. */
export function dropRef(actor: Actor, ref: number): boolean {
  actor.mailbox.unmark(ref);
  if (!actor.belongings?.refs?.delete(ref)) return false;
  actor.setColdWord(TIE_COUNT, actor.coldWord(TIE_COUNT) - 1);
  countRefs(actor, -1);
  return true;
}
