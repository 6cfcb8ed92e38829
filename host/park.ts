/**
 * The ways of blocking that are plain calls: handlers, which never block, and Asyncify, where the guest's stack goes into its own memory.
 * Both give the actor its turn and are back when it is over. The third way, JSPI, has stacks of its own: see jspi.ts.
 */
import { type Actor, Restraint, State, type Way } from "./actor.ts";
import { fault } from "./fault.ts";
import { ORDER } from "./mailbox.ts";
import { RECEIVE_PARK } from "./message.ts";
import { goOn, yielded } from "./preempt.ts";
import { look, park, proceed } from "./receive.ts";

/** Items that an actor may take in one turn before the others get theirs. */
const TURN_BUDGET = 64;

/** Begins a turn. The first one runs the guest's `_start`. */
export function beginTurn(actor: Actor): void {
  actor.budget = TURN_BUDGET;
  if (actor.reductions !== null) {
    actor.reductions.granted = 0;
    actor.reductions.asked = 0;
  }
  if (actor.started) return;
  actor.started = true;
  actor.guest?.start?.();
}

/** `handle(n)`: called once per item, the window already filled. */
export const handlerWay: Way = {
  name: "handler",

  resume(actor) {
    const first = !actor.started;
    beginTurn(actor);
    let length = first ? nextItem(actor) : actor.result === RECEIVE_PARK ? look(actor) : actor.result;
    const handle = actor.guest?.handle as (length: number) => void;
    const { mailbox } = actor;
    while (length !== RECEIVE_PARK && actor.restraint === Restraint.none) {
      actor.result = RECEIVE_PARK;
      if (actor.reductions !== null) actor.reductions.granted = 0;
      if (length > actor.capacity) handleLong(actor, handle, length);
      else handle(length);
      if (mailbox.count === 0) {
        useHandlerWindow(actor);
        length = RECEIVE_PARK;
      } else if (--actor.budget > 0) {
        length = nextItem(actor);
      } else {
        useHandlerWindow(actor);
        if (actor.restraint === Restraint.none) {
          actor.wake();
          return true;
        }
      }
    }
    if (actor.restraint === Restraint.none) actor.state = State.parked;
    else actor.services.end(actor, actor.leaving ?? { kind: "killed" });
    return true;
  },

  discard() {},
};

/** Receives inside `handle` may have used windows of their own. */
function useHandlerWindow(actor: Actor): void {
  actor.info = actor.handlerInfo;
  actor.pointer = actor.handlerPointer;
  actor.capacity = actor.handlerCapacity;
  actor.want = 0;
  actor.held = false;
}

function nextItem(actor: Actor): number {
  useHandlerWindow(actor);
  return look(actor);
}

/** An item longer than the window: the handler has to take it itself, or it would be handed the same item for ever. */
function handleLong(actor: Actor, handle: (length: number) => void, length: number): void {
  const { mailbox, handlerCapacity } = actor;
  const order = mailbox.word(mailbox.first(), ORDER);
  handle(length);
  if (mailbox.count > 0 && mailbox.word(mailbox.first(), ORDER) === order) {
    fault(
      actor,
      `handle left an item of ${length} bytes that is longer than its window of ${handlerCapacity}: take it with recv and a larger window`,
    );
  }
}

/** The export `resume:E` of a module that our transform has instrumented: one call a turn. */
export const asyncifyWay: Way = {
  name: "asyncify",

  resume(actor) {
    const first = !actor.started;
    beginTurn(actor);
    let result = 0;
    if (first) actor.mayPark = true;
    else if (actor.yielded) result = goOn(actor);
    else {
      result = proceed(actor);
      if (result === RECEIVE_PARK) return true;
    }
    const waits = actor.restraint === Restraint.none ? enter(actor, result) : RETURNED;
    if (waits === PARKED && actor.restraint === Restraint.none) park(actor);
    else if (waits === YIELDED && actor.restraint === Restraint.none) yielded(actor);
    else actor.services.end(actor, actor.leaving ?? { kind: "normal" });
    return true;
  },

  // The stack is bytes in the guest's memory and goes with it.
  discard() {},
};

// What `resume:E` answers.
const RETURNED = 0;
const PARKED = 1;
const YIELDED = 2;

/** Runs the guest until it parks, gives way, or its entry returns. A module that never does the former has no `resume:E`. */
function enter(actor: Actor, result: number): number {
  const guest = actor.guest;
  if (guest?.resume != null) return guest.resume(result);
  guest?.entry?.();
  return RETURNED;
}
