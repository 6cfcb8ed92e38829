/** How many ties an actor may have, by its own limits and by `allMemoryBytes`. */
import type { Actor } from "../actor/actor.ts";
import { mayHaveTies } from "../actor/memory.ts";
import { MAY_REQUEST } from "../kernel/words.ts";
import { TIES_OF_NAME } from "../wire/memory-use.ts";
import { allTies } from "./requests.ts";

/** Whether an actor may have `more` further links, monitors and refs. */
export function mayTie(actor: Actor, more = 1): boolean {
  const ties = allTies(actor);
  const count = (ties?.links?.size ?? 0) + (ties?.monitors?.size ?? 0) + (ties?.refs?.size ?? 0) + more;
  return count <= actor.limits.ties && haveRoom(actor, more);
}

/** Whether an actor may have another name or group. */
export function mayBeNamed(actor: Actor): boolean {
  const { ties, limits } = actor;
  const count = (ties?.names?.size ?? 0) + (ties?.groups?.size ?? 0);
  return count < limits.names && haveRoom(actor, TIES_OF_NAME);
}

/** Whether an actor may have another pending call of a function of the embedder. */
export function mayCall(actor: Actor): boolean {
  return actor.hostCalls < actor.limits.hostCalls && haveRoom(actor, TIES_OF_NAME);
}

/** Whether `allMemoryBytes` allows `more` further ties. */
function haveRoom(actor: Actor, more: number): boolean {
  const { ties, hostCalls } = actor;
  const plain = (ties?.links?.size ?? 0) + (ties?.monitors?.size ?? 0) + (ties?.refs?.size ?? 0);
  const long = (ties?.names?.size ?? 0) + (ties?.groups?.size ?? 0) + hostCalls;
  return mayHaveTies(actor, plain + long * TIES_OF_NAME + more);
}

/** Lets the kernel make the actor's next request, until `allTies` is called. */
export function permitRequests(actor: Actor): void {
  const ties = allTies(actor);
  // The kernel's refs are random, too: none may be live, because two could be equal.
  if (mayTie(actor) && (ties === null || ties.unfolded === 0)) actor.setFlag(MAY_REQUEST, true);
}
