/** How an import ends its caller: the reason is noted first, then thrown, so that a guest which catches exceptions cannot live on. */
import { type Actor, LEAVING } from "./actor.ts";
import type { ExitReason } from "./message.ts";
import { stackOf } from "./reason.ts";

/** Thrown through a guest to unwind it. Never leaves the scheduler. */
export class Unwind extends Error {}

/** Crashes the actor whose turn it is. */
export function fault(actor: Actor, message: string): never {
  const unwind = new Unwind(message);
  return leave(actor, crashOf(actor, message, unwind), unwind);
}

/** The reason of a crash by the actor's own fault, which is noted with it. */
export function crashOf(actor: Actor, message: string, cause: unknown = new Unwind(message)): ExitReason {
  actor.atFault ||= actor.leaving === null;
  return { kind: "crashed", message, stack: stackOf(cause) };
}

/** Ends the actor whose turn it is; the first reason holds. */
export function leave(actor: Actor, reason: ExitReason, unwind = new Unwind(reason.kind)): never {
  actor.leaving ??= reason;
  actor.restraint = LEAVING;
  throw unwind;
}
