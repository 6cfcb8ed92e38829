/** An actor's budget of reductions in the turn that goes on, and what the host charges to it. */
import { ITEMS_A_TURN, TURN } from "../mail/slots.ts";
import type { Actor } from "./actor.ts";
import type { Reductions } from "./reductions.ts";

/** What an import costs the host at the least, but for those of messages and receives: half a microsecond. */
export const CALL_REDUCTIONS = 100;

/** An import has cost the host as much as so many reductions. The guest pays at once: its next loop head asks for more. */
export function charge(actor: Actor, amount: number): void {
  const { reductions } = actor;
  const counter = reductions?.counter;
  if (reductions == null || counter == null || amount === 0) return;
  const left = Math.max(0, counter.value);
  // Below nothing stands what its code owes, until it asks.
  counter.value = Math.min(counter.value, Math.max(0, left - amount));
  // What the counter does not hold is taken from what the turn may still have.
  renew(actor, reductions);
  const beyond = Math.max(0, amount - left);
  reductions.granted += beyond;
  reductions.given += beyond;
}

/** What was given in another turn, or for another item, counts no more. */
export function renew({ services }: Actor, reductions: Reductions): void {
  const turn = services.slots.store.words[TURN];
  if (reductions.turn === turn) return;
  reductions.granted = 0;
  reductions.tookMs = 0;
  reductions.lastMs = -1;
  if (Math.floor(reductions.turn / ITEMS_A_TURN) !== Math.floor(turn / ITEMS_A_TURN)) {
    reductions.asked = 0;
    reductions.askedMs = 0;
  }
  reductions.turn = turn;
}
