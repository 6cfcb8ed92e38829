/**
 * Links and monitors as the host sees them: blocks of words in the kernel (kernel/ties.ts). A tie is
 * the address of its block. 0 is none.
 */
import type { Actor } from "../actor/actor.ts";
import { BEHIND, TIE_BYTES, TIE_KIND, TIE_OTHER, TIE_OWNER } from "../kernel/tie-words.ts";
import { TIES, WATCHERS } from "../kernel/words.ts";

/** A word of a tie. */
export function tieWord({ services }: Actor, tie: number, place: number): number {
  return services.kernel.word(tie + place);
}

/** The actor that has made a tie: the watcher of a monitor. */
export function ownerOf(actor: Actor, tie: number): Actor {
  return atRecord(actor, tieWord(actor, tie, TIE_OWNER));
}

/** The target of a monitor. */
export function targetOf(actor: Actor, tie: number): Actor {
  return atRecord(actor, tieWord(actor, tie, TIE_OTHER));
}

/** The actor at the other end of a link. */
export function partnerOf(actor: Actor, tie: number): Actor {
  const owner = tieWord(actor, tie, TIE_OWNER);
  return owner === actor.record ? targetOf(actor, tie) : atRecord(actor, owner);
}

function atRecord({ services }: Actor, record: number): Actor {
  const { kernel } = services;
  return kernel.userAt(record) ?? kernel.endedAt(record);
}

/** The actor's links, or its own monitors, in the order in which they were made. */
export function tiesOfKind(actor: Actor, kind: number): number[] {
  return ring(actor, TIES).filter(tie => tieWord(actor, tie, TIE_KIND) === kind);
}

/** The monitors that others have of an actor, in the order in which they were made. */
export function watchersOf(actor: Actor): number[] {
  return ring(actor, WATCHERS);
}

function ring(actor: Actor, list: typeof TIES | typeof WATCHERS): number[] {
  const { kernel } = actor.services;
  const found: number[] = [];
  const first = actor.coldWord(list);
  if (first === 0) return found;
  let place = first;
  do {
    found.push(place & -TIE_BYTES);
    place = kernel.word(place + BEHIND);
  } while (place !== first);
  return found;
}

/** The engine has no memory left for a tie. */
export function noMemory(): never {
  throw new RangeError("the engine has no memory left for a link or a monitor");
}
