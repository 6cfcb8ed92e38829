/** Links (Erlang: `link/1`): two actors, each of which ends when the other does, or is told. */

import type { Actor } from "../actor/actor.ts";
import { tiesOf } from "./requests.ts";
/** Links two live actors; one link a pair, however often it is asked for. An actor is not linked to itself. */
export function link(a: Actor, b: Actor): void {
  if (a === b) return;
  const [mine, theirs] = [tiesOf(a), tiesOf(b)];
  mine.links ??= new Set();
  theirs.links ??= new Set();
  mine.links.add(b);
  theirs.links.add(a);
}

/** Takes a link back. An exit that is in the mailbox already stays there. */
export function unlink(a: Actor, b: Actor): void {
  a.ties?.links?.delete(b);
  b.ties?.links?.delete(a);
}

/** Takes back a link to an actor that has ended, and has not told of it yet. */
export function unlinkEnded(actor: Actor, lo: number, hi: number): void {
  for (const partner of actor.ties?.links ?? []) if (partner.lo === lo && partner.hi === hi) unlink(actor, partner);
}
