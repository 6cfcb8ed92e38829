/**
 * The stack of a guest that Asyncify preempts. The guest writes the stack over its own memory, so it needs
 * no room for it. The host saves that memory before, takes the stack out after, and writes both back when
 * the guest goes on. While the guest waits, its memory is as the guest left it.
 */
import type { Actor } from "../actor/actor.ts";
import { crashOf } from "../actor/fault.ts";
import { noteWrite } from "../actor/ranges.ts";
import { Preempted } from "../actor/reductions.ts";
import { STACKS } from "../mail/account.ts";
import { STACK } from "../wire/abi.ts";
import type { ExitReason } from "../wire/message.ts";

const STACK_BEGIN = STACK + 8;

/** The longest stack that the host keeps. The stacks of engines end at about 1 MiB. */
export const MAX_STACK_BYTES = 512 * 1024;
const saved = new Uint8Array(MAX_STACK_BYTES);

/** Saves the memory that the stack may cover. Answers how many bytes these are; 0: there are none. */
export function saveMemory(actor: Actor): number {
  const { bytes } = actor;
  bytes.refresh();
  const length = Math.min(bytes.u8.length, saved.length);
  if (length <= STACK_BEGIN) return 0;
  saved.set(bytes.u8.subarray(0, length));
  const preempted = actor.preempted ?? new Preempted();
  preempted.room = length;
  actor.preempted = preempted;
  return length;
}

/**
 * Takes the stack out of the guest's memory, if the guest has written one. Where the account does not
 * admit its bytes, the actor crashes, and the answer is false.
 */
export function takeStack(actor: Actor): boolean {
  const { preempted, bytes, services } = actor;
  if (preempted === null || preempted.room === 0) return true;
  bytes.refresh();
  const top = bytes.i32[STACK >>> 2] >>> 0;
  // Only code of our transform is sure to have written a stack here.
  if (top >= STACK_BEGIN && top <= preempted.room) {
    const { account } = services;
    if (!account.admits(STACKS, top - STACK)) {
      const why = `its stack of ${top - STACK} bytes cannot be put aside: all actors together have used up the limit allMemoryBytes`;
      services.end(actor, crashOf(actor, why));
      return false;
    }
    account.add(STACKS, top - STACK);
    preempted.frames = bytes.u8.slice(STACK, top);
    noteWrite(actor, top);
    bytes.u8.set(saved.subarray(STACK, top), STACK);
  }
  preempted.room = 0;
  return true;
}

/** Writes the stack back into the guest's memory, which is kept meanwhile. False where there is none. */
export function returnStack(actor: Actor): boolean {
  const { preempted } = actor;
  if (preempted === null || preempted.frames === null) return false;
  exchange(actor, preempted);
  preempted.rewinding = true;
  return true;
}

/** The guest has rewound its stack: its memory becomes what it was. */
export function restoreMemory(actor: Actor, preempted: Preempted): void {
  preempted.rewinding = false;
  exchange(actor, preempted);
  actor.services.account.add(STACKS, -(preempted.frames?.length ?? 0));
  preempted.frames = null;
}

/** Exchanges `frames` with what lies in their place. */
function exchange(actor: Actor, preempted: Preempted): void {
  const { bytes } = actor;
  const { frames } = preempted;
  if (frames === null) return;
  bytes.refresh();
  const there = bytes.u8.slice(STACK, STACK + frames.length);
  noteWrite(actor, STACK + frames.length);
  bytes.u8.set(frames, STACK);
  preempted.frames = there;
}

/** Why an actor has trapped while it wrote its stack over its memory; null where it did not. */
export function stackTooLong(actor: Actor): ExitReason | null {
  const { preempted } = actor;
  if (preempted === null || preempted.room === 0 || actor.exiting !== null) return null;
  return crashOf(
    actor,
    `reductions: it has spent its turn, and its stack is longer than the ${preempted.room} bytes that can be put aside`,
  );
}
