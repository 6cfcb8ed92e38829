/**
 * Who calls an import, and what it hands over. Here every pointer that comes from a guest is checked before it is used, and an actor that may not
 * call now is told so: by its crash, never by an exception in somebody else's call.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { fault, leave } from "../actor/fault.ts";
import { checkRange, copyOut } from "../actor/ranges.ts";
import { RESTRAINT } from "../mail/slots.ts";
import { ASKING, FREE } from "../mail/states.ts";
import { type ExitReason, MAX_REASON_BYTES, ReasonCode } from "../wire/message.ts";
import { reasonFrom } from "../wire/reason.ts";
import { textIn } from "./known-texts.ts";

/** The caller of an import. `name` appears in the message where it may not call it now. */
export function callerOf(services: Services, name: string): Actor {
  const actor = services.slots.current;
  if (actor === null) throw new Error(`${name} was called while no actor has its turn`);
  if (actor.store.words[actor.at + RESTRAINT] !== FREE) refuse(actor, name);
  return actor;
}

function refuse(actor: Actor, name: string): never {
  if (actor.restraint === ASKING) {
    return fault(
      actor,
      `a predicate may not call ${name}: it may compute, and call self_lo, self_hi, args, now, log and seed`,
    );
  }
  return leave(actor, { kind: "killed" });
}

/** As `callerOf`, for the few imports that a predicate may call. */
export function askedOf(services: Services, name: string): Actor {
  const actor = services.slots.current;
  if (actor?.restraint === ASKING) return actor;
  return callerOf(services, name);
}

/** Text that the guest hands over. */
export function textOf(actor: Actor, name: string, what: string, pointer: number, length: number): string {
  checkRange(actor, name, what, pointer, length);
  return textIn(actor.bytes.u8, pointer >>> 0, length >>> 0);
}

const nothing = new Uint8Array(0);

const sent: readonly number[] = [ReasonCode.normal, ReasonCode.shutdown, ReasonCode.custom];

/** A reason that a guest sends to another while it lives, other than killed: what it says of itself, and nothing that only the host can know. */
export function signalReason(actor: Actor, name: string, code: number, pointer: number, length: number): ExitReason {
  if (sent.includes(code)) return exitReason(actor, name, code, pointer, length);
  return fault(
    actor,
    `${name}: the reason is ${code}; a guest may send 0 (normal), 1 (shutdown), 2 (killed) or 6 (its own bytes)`,
  );
}

/** A reason that a guest ends for. It may be any, also one that the guest has received from another. */
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

/** Whether an actor is the caller itself or its own child. */
export function isOwn(actor: Actor, other: Actor): boolean {
  return other === actor || (other.parentLo === actor.lo && other.parentHi === actor.hi);
}
