/**
 * What of a turn is the host's, and the first file of the room host/turns/: how an actor gets a turn,
 * waits and gives way. The room imports between/ and the rooms before it. It guarantees that one actor
 * runs at a time, and that a turn ends after a bounded number of items (and of reductions, if the guest
 * counts them). The kernel gives the turns (kernel/turn.ts).
 *
 * Handlers never wait, and Asyncify unwinds the guest's stack into the guest's memory, so their turns are
 * plain calls, which return when the turn is over. JSPI has stacks of its own: jspi.ts.
 */

import type { Actor, Way } from "../actor/actor.ts";
import { crashOf, fault } from "../actor/fault.ts";
import { ASKING, FREE, IS_HANDLER, MAY_PARK, PARKED, STARTED, WANT_ANSWER } from "../kernel/words.ts";
import type { ExitReason } from "../wire/message.ts";
import { suspendPreempted } from "./preempt.ts";

/** The first turn: runs the guest's `_start` or `_initialize`. */
export function startGuest(actor: Actor): void {
  actor.guest.start?.();
  actor.bytes.refresh();
  actor.setFlag(STARTED, true);
  if (!actor.has(IS_HANDLER)) actor.setFlag(MAY_PARK, true);
}

/** `handle(n)`: called once for each item. All of its turns are the kernel's. */
export const handlerWay: Way = {
  resume(actor) {
    return fault(actor, "it has no export handle");
  },
  discard() {},
};

/**
 * The export `resume:E` of a module that our transform has instrumented: one call a turn. Modules without
 * it never park, and their entry has one turn. All of these turns are the kernel's.
 */
export const asyncifyWay: Way = {
  resume(actor) {
    return fault(actor, `it has no entry ${actor.entry}`);
  },
  // The stack is bytes in the guest's memory and goes with it.
  discard() {},
};

// How the guest stopped: what `resume:E` answers.
const HAS_PARKED = 1;
const HAS_YIELDED = 2;

/** The turn of a process is over, as `resume:E` has answered, and the kernel has left its end to the host. */
export function endTurn(actor: Actor, how: number): void {
  actor.bytes.refresh();
  if (how === HAS_PARKED && actor.restraint === FREE) waitForAnswer(actor);
  else if (how === HAS_YIELDED && actor.restraint === FREE) suspendPreempted(actor);
  else actor.services.end(actor, reasonOf(actor, "normal"));
}

/** A handler is to end: its item is handled. */
export function stopHandler(actor: Actor): void {
  actor.bytes.refresh();
  actor.services.end(actor, reasonOf(actor, "killed"));
}

/** The guest has parked, and no item ends its wait, but the answer of a function of the embedder. */
export function waitForAnswer(actor: Actor): void {
  if (!actor.waiting || actor.want !== WANT_ANSWER) {
    fault(actor, "park was called without a receive that had answered -2, or a send that had answered 2");
  }
  if (actor.answer?.settled) actor.wake();
  else actor.state = PARKED;
}

/** Why an actor ends with its turn; `otherwise` where nothing says so. */
function reasonOf(actor: Actor, otherwise: "killed" | "normal"): ExitReason {
  // The kernel does not see what its predicate threw, and the guest has caught it: nothing else can be
  // caught.
  if (actor.restraint === ASKING && actor.exiting === null) return crashOf(actor, "stack overflow in a predicate");
  return actor.exiting ?? { kind: otherwise };
}
