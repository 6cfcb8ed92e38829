/**
 * Parked stacks that are longer than their room in the guest's memory. A guest hands over its frames when
 * the room is full, and gets them back, the last first, when the room is empty. So a guest can wait as
 * deep in a recursion as it can be preempted.
 *
 * Guarantee: the frames of an actor count in `allMemoryBytes`, are at most {@link MAX_STACK_BYTES}, and
 * are dropped when the actor ends.
 */

import type { Actor } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { fault } from "../actor/fault.ts";
import { checkRange, noteWrite } from "../actor/ranges.ts";
import { PART_BYTES, SpilledStack } from "../actor/spilled-stack.ts";
import { COPIED_SHIFT } from "../kernel/words.ts";
import { STACKS } from "../mail/account.ts";
import { MAX_STACK_BYTES, stackTooLong } from "./preempted-stack.ts";

/** A room begins with two words: the top of the stack in it, and its end. */
const HEADER_BYTES = 8;

/** The import `stack_out`: takes the frames out of the room, so that a frame of `need` bytes fits into it. */
export function stackOut(actor: Actor, room: number, need: number): void {
  const preempted = stackTooLong(actor);
  if (preempted?.kind === "crashed") fault(actor, preempted.message);
  const { begin, top, end } = roomAt(actor, "stack_out", room);
  if (top < begin || top > end) fault(actor, `stack_out: a top of ${top} is not between ${begin} and ${end}`);
  const length = top - begin;
  const spilled = actor.spilledStack ?? new SpilledStack();
  if (spilled.bytes + length > MAX_STACK_BYTES) {
    fault(
      actor,
      `a receive waits too deep in a recursion: a stack of more than ${MAX_STACK_BYTES} bytes cannot be put aside; return before you wait, or build it with --park jspi`,
    );
  }
  if (begin + (need >>> 0) > end) {
    fault(
      actor,
      `a function keeps ${need >>> 0} bytes of variables while it waits, and the stack's room holds ${end - begin}: divide the function`,
    );
  }
  if (length === 0) return;
  charge(actor, length >>> COPIED_SHIFT);
  const { account } = actor.services;
  if (!account.admits(STACKS, length + PART_BYTES)) {
    fault(
      actor,
      `its stack cannot be put aside while it waits: all actors together have used up the limit allMemoryBytes`,
    );
  }
  spilled.parts.push(actor.bytes.u8.slice(begin, top));
  spilled.bytes += length;
  actor.spilledStack = spilled;
  account.add(STACKS, length + PART_BYTES);
  noteWrite(actor, begin);
  actor.bytes.i32[room >>> 2] = begin;
}

/** The import `stack_in`: writes the frames that were taken out last back into the room. */
export function stackIn(actor: Actor, room: number): void {
  const { begin, end } = roomAt(actor, "stack_in", room);
  const { spilledStack: spilled } = actor;
  const part = spilled?.parts.at(-1);
  if (spilled === null || part === undefined) throw fault(actor, "stack_in: no frames were put aside");
  if (begin + part.length > end) fault(actor, `stack_in: ${part.length} bytes do not fit into the room`);
  charge(actor, part.length >>> COPIED_SHIFT);
  noteWrite(actor, end);
  actor.bytes.u8.set(part, begin);
  actor.bytes.i32[room >>> 2] = begin + part.length;
  spilled.parts.pop();
  spilled.bytes -= part.length;
  actor.services.account.add(STACKS, -part.length - PART_BYTES);
}

function roomAt(actor: Actor, name: string, room: number): { begin: number; top: number; end: number } {
  if ((room & 3) !== 0) fault(actor, `${name}: the room at ${room >>> 0} is not a multiple of 4`);
  checkRange(actor, name, "the room", room, HEADER_BYTES);
  const words = actor.bytes.i32;
  const end = words[(room >>> 2) + 1] >>> 0;
  const begin = (room >>> 0) + HEADER_BYTES;
  if (end < begin || end > actor.bytes.u8.length) fault(actor, `${name}: a room from ${begin} to ${end} is none`);
  return { begin, top: words[room >>> 2] >>> 0, end };
}
