/**
 * The caller of an import, and the arguments that need a check: text, exit reasons, other actors.
 * An actor that may not call now crashes. No other actor's call throws because of it.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { exit, fault } from "../actor/fault.ts";
import { checkRange, copyOut } from "../actor/ranges.ts";
import { ASKING, FREE } from "../kernel/words.ts";
import { type ExitReason, MAX_REASON_BYTES, ReasonCode } from "../wire/message.ts";
import { reasonFrom } from "../wire/reason.ts";
import { textIn } from "./known-texts.ts";

/**
 * The actor that calls an import. It crashes if it may not call now; `name` is the import, for the
 * message.
 */
export function callerOf(services: Services, name: string): Actor {
  const actor = services.kernel.current;
  if (actor === null) throw new Error(`${name} was called while no actor has its turn`);
  if (actor.restraint !== FREE) refuse(actor, name);
  return actor;
}

function refuse(actor: Actor, name: string): never {
  if (actor.restraint === ASKING) {
    return fault(
      actor,
      `a predicate may not call ${name}: it may compute, and call self_lo, self_hi, args, now, log and seed`,
    );
  }
  return exit(actor, { kind: "killed" });
}

/** As `callerOf`, for the few imports that a predicate may call, too. */
export function anyCallerOf(services: Services, name: string): Actor {
  const actor = services.kernel.current;
  if (actor?.restraint === ASKING) return actor;
  return callerOf(services, name);
}

/** Text in the guest's memory. Crashes the guest if it is not inside. */
export function textOf(actor: Actor, name: string, what: string, pointer: number, length: number): string {
  checkRange(actor, name, what, pointer, length);
  return textIn(actor.bytes.u8, pointer >>> 0, length >>> 0);
}

/** The longest name of a module, an entry or a function of the embedder. */
const MAX_NAME_BYTES = 1024;

/** The same, of a name: no more than its first 1,024 bytes. */
export function shortTextOf(actor: Actor, name: string, what: string, pointer: number, length: number): string {
  return textOf(actor, name, what, pointer, Math.min(length >>> 0, MAX_NAME_BYTES));
}

const nothing = new Uint8Array(0);

const sent: readonly number[] = [ReasonCode.normal, ReasonCode.shutdown, ReasonCode.custom];

/**
 * The exit reason that a guest sends to another actor: normal, shutdown or custom. The others are
 * the host's to send.
 */
export function signalReason(actor: Actor, name: string, code: number, pointer: number, length: number): ExitReason {
  if (sent.includes(code)) return exitReason(actor, name, code, pointer, length);
  return fault(
    actor,
    `${name}: the reason is ${code}; a guest may send 0 (normal), 1 (shutdown), 2 (killed) or 6 (its own bytes)`,
  );
}

/** The exit reason that a guest ends with. It may be any, for example one that it has received. */
export function exitReason(actor: Actor, name: string, code: number, pointer: number, length: number): ExitReason {
  const greatest = ReasonCode.custom;
  if (code < 0 || code > greatest) return fault(actor, `${name}: the reason is ${code}; reasons are 0 to ${greatest}`);
  if (code !== ReasonCode.crashed && code !== ReasonCode.custom) return reasonFrom(code, nothing);
  if (length >>> 0 > MAX_REASON_BYTES) {
    return fault(
      actor,
      `${name}: a reason has at most ${MAX_REASON_BYTES} bytes, not ${length >>> 0}: send the rest as a message`,
    );
  }
  return reasonFrom(code, copyOut(actor, pointer, length));
}

/** Whether `other` is the actor itself or a child of it. */
export function isOwn(actor: Actor, other: Actor): boolean {
  return other.is(actor) || (other.parentLo === actor.lo && other.parentHi === actor.hi);
}
