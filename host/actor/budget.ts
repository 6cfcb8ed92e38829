/** An actor's budget of reductions in the current turn, and what the host charges to it. */
import { ITEM, TURN } from "../mail/slots.ts";
import type { Actor } from "./actor.ts";
import type { Reductions } from "./reductions.ts";

/**
 * What an import costs at least, except those that send and receive: about half a microsecond of
 * the host's time.
 */
export const CALL_REDUCTIONS = 100;

/**
 * Charges an actor for work of the host. The guest pays at once: if its counter runs out, its next
 * loop head asks for more.
 */
export function charge(actor: Actor, amount: number): void {
  const { reductions } = actor;
  const counter = reductions?.counter;
  if (reductions == null || counter == null || amount === 0) return;
  const left = Math.max(0, counter.value);
  // A negative counter is what its code owes, until it asks.
  counter.value = Math.min(counter.value, Math.max(0, left - amount));
  // What the counter does not cover is taken from the rest of the turn's budget.
  renew(actor, reductions);
  const beyond = Math.max(0, amount - left);
  reductions.granted += beyond;
  reductions.given += beyond;
}

/** Forgets what was granted in an earlier turn, or for an earlier item. */
export function renew({ services }: Actor, reductions: Reductions): void {
  const { words } = services.slots.store;
  const turn = words[TURN];
  const item = words[ITEM];
  if (reductions.turn === turn && reductions.item === item) return;
  reductions.granted = 0;
  reductions.tookMs = 0;
  reductions.lastMs = -1;
  if (reductions.turn !== turn) {
    reductions.asked = 0;
    reductions.askedMs = 0;
  }
  reductions.turn = turn;
  reductions.item = item;
}
