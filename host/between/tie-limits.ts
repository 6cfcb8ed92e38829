/** How many ties an actor may have, by its own limits and by `allMemoryBytes`. */
import type { Actor } from "../actor/actor.ts";
import { TIE_BYTES } from "../kernel/tie-words.ts";
import { TIE_COUNT } from "../kernel/words.ts";
import { TIES } from "../mail/account.ts";
import { NAME_BYTES, REF_BYTES } from "../wire/memory-use.ts";

/** Whether an actor may have `more` further links and monitors. */
export function mayTie(actor: Actor, more = 1): boolean {
  return (actor.coldWord(TIE_COUNT) >>> 0) + more <= actor.limits.ties && hasMemory(actor, more * TIE_BYTES);
}

/** Whether an actor may have another ref. */
export function mayMakeRef(actor: Actor): boolean {
  return actor.coldWord(TIE_COUNT) >>> 0 < actor.limits.ties && hasMemory(actor, REF_BYTES);
}

/** Whether an actor may have another name or group. */
export function mayBeNamed(actor: Actor): boolean {
  const { belongings, limits } = actor;
  const count = (belongings?.names?.size ?? 0) + (belongings?.groups?.size ?? 0);
  return count < limits.names && hasMemory(actor, NAME_BYTES);
}

/** Whether an actor may have another pending call of a function of the embedder. */
export function mayCall(actor: Actor): boolean {
  return actor.hostCalls < actor.limits.hostCalls && hasMemory(actor, NAME_BYTES);
}

/** Whether an actor may ask the embedder a question of so many bytes: a pending call, and a ref. */
export function mayQuestion(actor: Actor, bytes: number): boolean {
  const { hostCalls, askedBytes, limits } = actor;
  if (hostCalls >= limits.hostCalls || askedBytes + bytes > limits.mailboxBytes) return false;
  return actor.coldWord(TIE_COUNT) >>> 0 < limits.ties && hasMemory(actor, NAME_BYTES + REF_BYTES + bytes);
}

/** Whether `allMemoryBytes` allows so many further bytes of ties. */
function hasMemory({ spec, services }: Actor, bytes: number): boolean {
  return spec.granted === null || services.account.admits(TIES, bytes);
}
