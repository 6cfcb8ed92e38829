/** How an import ends its caller: the reason is noted first, then thrown, so that a guest which catches exceptions cannot live on. */

import { LEAVING } from "../mail/states.ts";
import type { ExitReason } from "../wire/message.ts";
import { stackOf } from "../wire/reason.ts";
import type { Actor } from "./actor.ts";

/** Thrown through a guest to unwind it. Never leaves the scheduler. */
export class Unwind extends Error {}

/**
 * What an actor is thrown that is ending already. A guest may catch it and keep it, and call again: so there is one for all, and it takes no memory each time.
 */
export const ENDING = new Unwind("the actor is ending");

/** Crashes the actor whose turn it is. */
export function fault(actor: Actor, message: string): never {
  if (actor.leaving !== null) return leave(actor, actor.leaving);
  const unwind = new Unwind(message);
  return leave(actor, crashOf(actor, message, unwind), unwind);
}

/** The reason of a crash by the actor's own fault, which is noted with it. */
export function crashOf(actor: Actor, message: string, cause: unknown = new Unwind(message)): ExitReason {
  actor.atFault ||= actor.leaving === null;
  return { kind: "crashed", message, stack: stackOf(cause) };
}

/** Ends the actor whose turn it is; the first reason holds. */
export function leave(actor: Actor, reason: ExitReason, unwind?: Unwind): never {
  const isEnding = actor.leaving !== null;
  actor.leaving ??= reason;
  actor.restraint = LEAVING;
  throw isEnding ? ENDING : (unwind ?? new Unwind(reason.kind));
}
