/** The state of a recorded actor: a hash of its memory and globals, and images of it that are exact. */
import type { Actor } from "../actor/actor.ts";
import { hashOf } from "./hash.ts";

const TO_MEMORY = 1;
const FROM_MEMORY = 0;

/** A hash of the memory and the globals of an actor that has an instance. Its guest must not be on the stack. */
export function stateHash(actor: Actor): Uint8Array<ArrayBuffer> {
  const { bytes, module } = actor;
  bytes.refresh();
  const globals = globalsOf(actor);
  return hashOf(bytes.u8.subarray(module?.scratch ?? 0), globals);
}

/** The globals of an actor that has an instance, 8 bytes each. Empty where they cannot be moved. */
function globalsOf(actor: Actor): Uint8Array {
  const { module, bytes, guest } = actor;
  const length = 8 * (module?.movableGlobals ?? 0);
  if (length === 0 || guest.globals === null) return new Uint8Array(0);
  const kept = bytes.u8.slice(0, length);
  guest.globals(0, TO_MEMORY);
  const globals = bytes.u8.slice(0, length);
  bytes.u8.set(kept);
  return globals;
}

/** Gives an actor that has an instance exactly these globals. */
export function setGlobals(actor: Actor, globals: Uint8Array): void {
  const { bytes, guest } = actor;
  if (globals.length === 0 || guest.globals === null) return;
  bytes.refresh();
  const kept = bytes.u8.slice(0, globals.length);
  bytes.u8.set(globals);
  guest.globals(0, FROM_MEMORY);
  bytes.u8.set(kept);
}

/** Where an image has what depends on the clock: its CRC, and what is left of a timeout. */
const OF_THE_CLOCK = [
  [80, 84],
  [120, 124],
] as const;

/** A hash of an image, without the clock. */
export function imageHash(image: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = image.slice();
  for (const [from, to] of OF_THE_CLOCK) copy.fill(0, from, to);
  return hashOf(copy);
}

/** What an actor has of reductions: those of its counter, and all that it was granted beyond. */
export interface Paid {
  readonly left: number;
  readonly given: number;
}

export function paidBy(actor: Actor): Paid {
  return { left: Math.max(0, actor.instance.counter?.value ?? 0), given: actor.given };
}

/** What an actor was charged since. */
export function chargedSince(actor: Actor, before: Paid): number {
  const now = paidBy(actor);
  return Math.max(0, before.left - now.left) + (now.given - before.given);
}
