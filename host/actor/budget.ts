/** An actor's budget of reductions in the current turn, and what the host charges to it. */
import { CURRENT, TURN, TURN_STEP } from "../kernel/words.ts";
import type { Actor } from "./actor.ts";
import type { TurnBudget } from "./reductions.ts";

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
  if (actor.spec.reductions === null || amount === 0) return;
  const { counter } = actor.instance;
  if (counter === null) return;
  const left = Math.max(0, counter.value);
  // A negative counter is what its code owes, until it asks.
  counter.value = Math.min(counter.value, Math.max(0, left - amount));
  // What the counter does not cover is taken from the rest of the turn's budget.
  const beyond = Math.max(0, amount - left);
  if (actor.services.kernel.word(CURRENT) === actor.record) budgetOf(actor).granted += beyond;
  actor.given += beyond;
}

/** What an actor has spent in its turn. What was granted in an earlier one, or for an earlier item, is forgotten. */
export function budgetOf({ services, record }: Actor): TurnBudget {
  const { budget, kernel } = services;
  const turn = kernel.word(TURN);
  if (budget.turn === turn && budget.record === record) return budget;
  budget.granted = 0;
  budget.tookMs = 0;
  budget.lastMs = -1;
  if (budget.record !== record || Math.floor(budget.turn / TURN_STEP) !== Math.floor(turn / TURN_STEP)) {
    budget.asked = 0;
    budget.askedMs = 0;
  }
  budget.turn = turn;
  budget.record = record;
  return budget;
}
