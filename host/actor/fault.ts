/**
 * How an import ends its caller. The reason is noted on the actor first, then an exception is
 * thrown, so a guest that catches the exception ends all the same.
 */

import { EXITING } from "../kernel/words.ts";
import type { ExitReason } from "../wire/message.ts";
import { stackOf } from "../wire/reason.ts";
import type { Actor } from "./actor.ts";

/** Thrown through a guest to unwind its frames. It never leaves the scheduler. */
export class Unwind extends Error {}

/**
 * Thrown at an actor that is ending already. There is one for all: a guest could catch it, keep it
 * and call again, and each call would take memory.
 */
export const ENDING = new Unwind("the actor is ending");

/** Crashes the actor whose turn it is. */
export function fault(actor: Actor, message: string): never {
  if (actor.exiting !== null) return exit(actor, actor.exiting);
  const unwind = new Unwind(message);
  return exit(actor, crashOf(actor, message, unwind), unwind);
}

/**
 * The exit reason of a crash. Notes that it is the actor's own fault, unless it is ending already.
 */
export function crashOf(actor: Actor, message: string, cause: unknown = new Unwind(message)): ExitReason {
  if (actor.exiting === null) actor.atFault = true;
  return { kind: "crashed", message, stack: placeOf(actor) || stackOf(cause) };
}

const MAX_PLACE_BYTES = 1024;
const decoder = new TextDecoder();

/** Where the guest has noted that it is, in the frames of its own program. Empty where it notes nothing. */
function placeOf(actor: Actor): string {
  const { bytes, guest } = actor.instance;
  if (guest.place === 0) return "";
  const noted = bytes.u8.subarray(guest.place, guest.place + MAX_PLACE_BYTES);
  const end = noted.indexOf(0);
  return decoder.decode(end < 0 ? noted : noted.subarray(0, end));
}

/** Ends the actor whose turn it is. If it is ending already, the first reason holds. */
export function exit(actor: Actor, reason: ExitReason, unwind?: Unwind): never {
  const isEnding = actor.exiting !== null;
  if (!isEnding) actor.exiting = reason;
  actor.restraint = EXITING;
  throw isEnding ? ENDING : (unwind ?? new Unwind(reason.kind));
}
