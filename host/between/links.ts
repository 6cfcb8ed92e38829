/** Links (Erlang: `link/1`). When one of two linked actors ends, the other gets an exit signal. */

import type { Actor } from "../actor/actor.ts";
import { tiesOf } from "./requests.ts";

/** Links two live actors. A pair has one link, and an actor is never linked to itself. */
export function link(a: Actor, b: Actor): void {
  if (a === b) return;
  const [mine, theirs] = [tiesOf(a), tiesOf(b)];
  mine.links ??= new Set();
  theirs.links ??= new Set();
  mine.links.add(b);
  theirs.links.add(a);
}

/** Removes a link. An Exit that is in the mailbox already stays there. */
export function unlink(a: Actor, b: Actor): void {
  a.ties?.links?.delete(b);
  b.ties?.links?.delete(a);
}

/** Removes a link to an actor that has ended, but whose end is not told yet. */
export function unlinkEnded(actor: Actor, lo: number, hi: number): void {
  for (const partner of actor.ties?.links ?? []) if (partner.lo === lo && partner.hi === hi) unlink(actor, partner);
}
