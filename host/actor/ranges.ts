/**
 * Ranges of a guest's memory. Every pointer from a guest is checked here before it is used, and a
 * wrong one crashes its guest.
 */

import { WRITTEN } from "../kernel/life-words.ts";
import { BODY, RESIDENT } from "../kernel/words.ts";
import type { Actor } from "./actor.ts";
import { fault } from "./fault.ts";

const nothing = new Uint8Array(0);

/** The bytes of a pid where a guest wants one: its two words. */
export const PID_BYTES = 8;

/**
 * Crashes the actor if a range is not inside its memory. `name` is the import, `what` the
 * parameter.
 */
export function checkRange(actor: Actor, name: string, what: string, pointer: number, length: number): void {
  actor.bytes.refresh();
  if (length !== 0 && !actor.bytes.holds(pointer, length)) {
    if (actor.bytes.memory === null)
      fault(actor, `${name}: ${what} cannot be used, because the actor's memory is gone`);
    fault(actor, outside(actor, name, what, pointer, length));
  }
}

/** The message for a range that is not inside an actor's memory. */
export function outside({ bytes }: Actor, name: string, what: string, pointer: number, length: number): string {
  const end = (pointer >>> 0) + (length >>> 0);
  return `${name}: ${what} at ${pointer >>> 0}..${end} is outside the memory of ${bytes.u8.length} bytes`;
}

/** Crashes the actor if the window of a receive is not inside its memory. */
export function checkWindow(actor: Actor, name: string, info: number, pointer: number, capacity: number): void {
  checkRange(actor, name, "the window", pointer, capacity);
  if (info === 0) return;
  if ((info & 3) !== 0) fault(actor, `${name}: info at ${info >>> 0} is not a multiple of 4`);
  checkRange(actor, name, "info", info, 32);
}

/** A copy of a range that has been checked. */
export function copyOut(actor: Actor, pointer: number, length: number): Uint8Array {
  if (length === 0) return nothing;
  return actor.bytes.u8.slice(pointer >>> 0, (pointer >>> 0) + (length >>> 0));
}

/** Notes that the host writes to a range of the guest's memory, wherever the guest has its store limit. */
export function noteWrite(actor: Actor, end: number): void {
  const { kernel } = actor.services;
  const place = actor.word(BODY) + WRITTEN;
  if (actor.has(RESIDENT) && kernel.word(place) >>> 0 < end) kernel.setWord(place, end);
}

/** Writes words, byte by byte because the address may be any. The range must have been checked. */
export function writeWords(actor: Actor, pointer: number, words: readonly number[]): void {
  actor.bytes.refresh();
  const at = pointer >>> 0;
  noteWrite(actor, at + 4 * words.length);
  words.forEach((word, i) => {
    for (let byte = 0; byte < 4; byte++) actor.bytes.u8[at + 4 * i + byte] = word >>> (8 * byte);
  });
}
