/**
 * Who calls an import, and what it hands over. Here every pointer that comes from a guest is checked before it is used, and an actor that may not
 * call now is told so: by its crash, never by an exception in somebody else's call.
 */
import { TIES_OF_NAME } from "../actor/account.ts";
import { type Actor, ASKING, FREE, type Services } from "../actor/actor.ts";
import { fault, leave } from "../actor/fault.ts";
import { CAPACITY, INFO, POINTER, RESTRAINT } from "../mail/slots.ts";
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

export function checkRange(actor: Actor, name: string, what: string, pointer: number, length: number): void {
  actor.bytes.refresh();
  if (length !== 0 && !actor.bytes.holds(pointer, length)) {
    if (actor.bytes.memory === null) fault(actor, `${name}: ${what} is in a memory that is gone`);
    fault(actor, outside(actor, name, what, pointer, length));
  }
}

/** In words, that a range is not in an actor's memory. */
export function outside({ bytes }: Actor, name: string, what: string, pointer: number, length: number): string {
  const end = (pointer >>> 0) + (length >>> 0);
  return `${name}: ${what} at ${pointer >>> 0}..${end} is outside the memory of ${bytes.u8.length} bytes`;
}

export function checkWindow(actor: Actor, name: string, info: number, pointer: number, capacity: number): void {
  checkRange(actor, name, "the window", pointer, capacity);
  if (info === 0) return;
  if ((info & 3) !== 0) fault(actor, `${name}: info at ${info >>> 0} is not a multiple of 4`);
  checkRange(actor, name, "info", info, 32);
}

/** Sets the window of a receive. */
export function setWindow(actor: Actor, name: string, info: number, pointer: number, capacity: number): void {
  checkWindow(actor, name, info, pointer, capacity);
  const { words } = actor.store;
  words[actor.at + INFO] = info;
  words[actor.at + POINTER] = pointer;
  words[actor.at + CAPACITY] = capacity;
}

/** Whether an actor is the caller itself or its own child. */
export function isOwn(actor: Actor, other: Actor): boolean {
  return other === actor || (other.parentLo === actor.lo && other.parentHi === actor.hi);
}

/** Whether an actor may have so many more links, monitors and refs. */
export function mayTie(actor: Actor, more = 1): boolean {
  const { ties, limits } = actor;
  const count = (ties?.links?.size ?? 0) + (ties?.monitors?.size ?? 0) + (ties?.refs?.size ?? 0) + more;
  return count <= limits.ties && haveRoom(actor, more);
}

/** Whether an actor may have another name or group. */
export function mayBeNamed(actor: Actor): boolean {
  const { knownTies, limits } = actor;
  const count = (knownTies?.names?.size ?? 0) + (knownTies?.groups?.size ?? 0);
  return count < limits.names && haveRoom(actor, TIES_OF_NAME);
}

/** Whether an actor may have another pending call of an embedder's function. */
export function mayCall(actor: Actor): boolean {
  return (actor.allowance?.hostCalls ?? 0) < actor.limits.hostCalls && haveRoom(actor, TIES_OF_NAME);
}

/** Whether the limit `allMemoryBytes` allows so many more ties. */
function haveRoom(actor: Actor, more: number): boolean {
  const { knownTies: ties, allowance, services } = actor;
  const plain = (ties?.links?.size ?? 0) + (ties?.monitors?.size ?? 0) + (ties?.refs?.size ?? 0);
  const long = (ties?.names?.size ?? 0) + (ties?.groups?.size ?? 0) + (allowance?.hostCalls ?? 0);
  return services.account.mayHaveTies(actor, plain + long * TIES_OF_NAME + more);
}

export function copyOut(actor: Actor, pointer: number, length: number): Uint8Array {
  if (length === 0) return nothing;
  return actor.bytes.u8.slice(pointer >>> 0, (pointer >>> 0) + (length >>> 0));
}

/** Text that the guest hands over. */
export function textOf(actor: Actor, name: string, what: string, pointer: number, length: number): string {
  checkRange(actor, name, what, pointer, length);
  return textIn(actor.bytes.u8, pointer >>> 0, length >>> 0);
}

const nothing = new Uint8Array(0);

/** Writes words where the guest wants them: any address will do, so byte by byte. The range must have been checked. */
export function writeWords(actor: Actor, pointer: number, words: readonly number[]): void {
  actor.bytes.refresh();
  const at = pointer >>> 0;
  words.forEach((word, i) => {
    for (let byte = 0; byte < 4; byte++) actor.bytes.u8[at + 4 * i + byte] = word >>> (8 * byte);
  });
}

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
