/** Links (Erlang: `link/1`). When one of two linked actors ends, the other gets an exit signal. */

import type { Actor } from "../actor/actor.ts";
import { LINK } from "../kernel/tie-words.ts";
import { IS_AWAY } from "../kernel/words.ts";
import { noMemory, partnerOf, tiesOfKind } from "./ties.ts";

/** Whether two live actors are linked. */
export function areLinked(a: Actor, b: Actor): boolean {
  return a.services.kernel.call.findLink(a.record, b.record) !== 0;
}

/** Links two live actors. A pair has one link, and an actor is never linked to itself. */
export function link(a: Actor, b: Actor): void {
  if (a.is(b) || areLinked(a, b)) return;
  if (a.services.kernel.call.linkBoth(a.record, b.record) === 0) noMemory();
  a.services.transit?.linked(a, b);
}

/** Removes a link. An Exit that is in the mailbox already stays there. */
export function unlink(a: Actor, b: Actor): void {
  const { kernel, transit } = a.services;
  const tie = kernel.call.findLink(a.record, b.record);
  if (tie !== 0) kernel.call.dropTie(tie);
  if (b.has(IS_AWAY)) transit?.unlinked(a, b.lo, b.hi);
}

/** Removes a link to an actor that has ended, but whose end is not told yet, or is under way. */
export function unlinkEnded(actor: Actor, lo: number, hi: number): void {
  const { kernel, transit } = actor.services;
  const { call } = kernel;
  transit?.unlinked(actor, lo, hi);
  for (const tie of tiesOfKind(actor, LINK)) {
    const partner = partnerOf(actor, tie);
    if (partner.lo === lo && partner.hi === hi) call.dropTie(tie);
  }
}
