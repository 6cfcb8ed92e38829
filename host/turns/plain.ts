/**
 * Turns by plain calls, and the first file of the room host/turns/: how an actor gets a turn, waits
 * and gives way. The room imports between/ and the rooms before it. It guarantees that one actor
 * runs at a time, that a turn ends after a bounded number of items (and of reductions, if the guest
 * counts them), and that all ways, with and without the switch, give the same results.
 *
 * Two ways are plain calls, which return when the turn is over: handlers, which never block, and
 * Asyncify, which unwinds the guest's stack into the guest's memory. JSPI has stacks of its own:
 * jspi.ts.
 */

import type { Actor, Way } from "../actor/actor.ts";
import { crashOf, fault } from "../actor/fault.ts";
import { enterEntry } from "../actor/give-way.ts";
import { look, park, proceed } from "../actor/receive.ts";
import { ORDER } from "../mail/mailbox.ts";
import {
  BUDGET,
  CAPACITY,
  COUNT,
  HANDLER_CAPACITY,
  HANDLER_INFO,
  HANDLER_POINTER,
  HELD,
  INFO,
  ITEM,
  MAY_SEND,
  POINTER,
  RESTRAINT,
  RESULT,
  SENDS_LEFT,
  STATE,
  SWITCHED,
  TURN,
  TURN_BUDGET,
  WANT,
} from "../mail/slots.ts";
import { ASKING, FREE, PARKED, WANT_ANY } from "../mail/states.ts";
import { TAKES_TURNS } from "../mail/switch/bits.ts";
import { type ExitReason, RECEIVE_PARK } from "../wire/message.ts";
import { resumePreempted, suspendPreempted } from "./preempt.ts";

/** Begins a turn. The first one runs the guest's `_start`. */
export function beginTurn(actor: Actor): void {
  const { words } = actor.store;
  words[actor.at + BUDGET] = TURN_BUDGET;
  words[actor.at + SENDS_LEFT] = words[actor.at + MAY_SEND];
  nextTurn(actor);
  if (actor.started) return;
  if (actor.switchable) words[actor.at + SWITCHED] |= TAKES_TURNS;
  actor.guest?.start?.();
  actor.bytes.refresh();
  actor.started = true;
}

function nextTurn({ services }: Actor): void {
  services.slots.store.words[TURN]++;
}

/** `handle(n)`: called once per item, the window already filled. */
export const handlerWay: Way = {
  name: "handler",

  resume(actor) {
    const { store, at } = actor;
    const result = store.words[at + RESULT];
    const handle = actor.guest?.handle;
    if (handle == null || !actor.started || result === RECEIVE_PARK) return serveMailbox(actor);
    // The commonest turn, kept short (a tenth of a message): one item, which is in the window already, and nothing behind it.
    store.words[at + BUDGET] = TURN_BUDGET;
    store.words[at + RESULT] = RECEIVE_PARK;
    nextTurn(actor);
    handle(result);
    actor.bytes.refresh();
    const { words } = store;
    if (words[at + COUNT] > 0 || words[at + RESTRAINT] !== FREE) return serveMailbox(actor);
    useHandlerWindow(actor);
    words[at + STATE] = PARKED;
    return true;
  },

  discard() {},
};

type Handle = (length: number) => void;

/** A turn: hands over what the mailbox holds, as far as the budget reaches. The first one runs the guest's `_start`. */
export function serveMailbox(actor: Actor): true {
  beginTurn(actor);
  let length = nextItem(actor);
  const handle = actor.guest?.handle as Handle;
  while (length !== RECEIVE_PARK) {
    actor.result = RECEIVE_PARK;
    actor.services.slots.store.words[ITEM]++;
    if (length > actor.capacity) handleLong(actor, handle, length);
    else handle(length);
    actor.bytes.refresh();
    if (actor.mailbox.count > 0 && --actor.budget <= 0 && actor.restraint === FREE) {
      useHandlerWindow(actor);
      actor.countItems();
      actor.wake();
      return true;
    }
    length = nextItem(actor);
  }
  actor.countItems();
  if (actor.restraint === FREE) actor.state = PARKED;
  else actor.services.end(actor, reasonOf(actor, "killed"));
  return true;
}

/** Receives inside `handle` may have used windows of their own. */
function useHandlerWindow({ store, at }: Actor): void {
  const { words } = store;
  words[at + INFO] = words[at + HANDLER_INFO];
  words[at + POINTER] = words[at + HANDLER_POINTER];
  words[at + CAPACITY] = words[at + HANDLER_CAPACITY];
  words[at + WANT] = WANT_ANY;
  words[at + HELD] = 0;
}

/** Takes the next item into the handler's window; none where the actor is to end. */
function nextItem(actor: Actor): number {
  useHandlerWindow(actor);
  return actor.restraint === FREE ? look(actor, false) : RECEIVE_PARK;
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
    if (first) enterEntry(actor);
    else if (actor.isPreempted) result = resumePreempted(actor);
    else {
      result = proceed(actor);
      if (result === RECEIVE_PARK) return true;
    }
    endTurn(actor, actor.store.words[actor.at + RESTRAINT] === FREE ? enter(actor, result) : STOPPED_RETURNED);
    return true;
  },

  // The stack is bytes in the guest's memory and goes with it.
  discard() {},
};

// How the guest stopped: what `resume:E` answers.
const STOPPED_RETURNED = 0;
const STOPPED_PARKED = 1;
const STOPPED_YIELDED = 2;

/** The turn of a process is over, as `resume:E` has answered. */
export function endTurn(actor: Actor, how: number): void {
  actor.bytes.refresh();
  if (how === STOPPED_PARKED && actor.store.words[actor.at + RESTRAINT] === FREE) park(actor);
  else if (how === STOPPED_YIELDED && actor.restraint === FREE) suspendPreempted(actor);
  else actor.services.end(actor, reasonOf(actor, "normal"));
}

/** Why an actor ends with its turn; `otherwise` where nothing says so. */
function reasonOf(actor: Actor, otherwise: "killed" | "normal"): ExitReason {
  // The switch does not see what its predicate threw, and the guest has caught it: nothing else can be caught.
  if (actor.restraint === ASKING && actor.exiting === null) return crashOf(actor, "stack overflow in a predicate");
  return actor.exiting ?? { kind: otherwise };
}

/** Runs the guest until it parks, gives way, or its entry returns. A module that never does the former has no `resume:E`. */
function enter(actor: Actor, result: number): number {
  const guest = actor.guest;
  if (guest?.resume != null) return guest.resume(result);
  guest?.entry?.();
  return STOPPED_RETURNED;
}
