/**
 * From a sender's bytes to a receiver's window: delivery, and the receive family. An item goes straight into the window of a receiver that
 * is parked for it, else through the mailbox; either way each receiver sees one order. Nothing here runs a guest but its predicate.
 */

import { type Bytes, copyBytes } from "../mail/bytes.ts";
import { FROM_HI, FROM_LO, KIND, LENGTH, type Mailbox, NONE, REASON, REF, TAG } from "../mail/mailbox.ts";
import {
  BUDGET,
  CAPACITY,
  COUNT,
  EMPTY_POLL,
  GIVING_WAY,
  HANDED_HI,
  HANDED_KIND,
  HANDED_LO,
  HANDED_TAG,
  HEAD,
  HELD,
  INFO,
  MAX_MESSAGE_BYTES,
  MAY_PARK,
  POINTER,
  RESULT,
  SAVED,
  STATE,
  TAIL,
  TIMED,
  WAITING,
  WANT,
  WANTED,
} from "../mail/slots.ts";
import {
  ASKING,
  EXITING,
  FREE,
  PARKED,
  READY,
  WANT_ANSWER,
  WANT_ANY,
  WANT_MATCH,
  WANT_REF,
  WANT_TAG,
  type Want,
} from "../mail/states.ts";
import {
  isCounted,
  MESSAGE,
  RECEIVE_PARK,
  RECEIVE_TIMEOUT,
  type Received,
  SEND_ACCEPTED,
  TIMER,
} from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import { receivedFrom } from "../wire/reason.ts";
import type { Actor } from "./actor.ts";
import { charge } from "./budget.ts";
import { fault } from "./fault.ts";

/** Whether an item would go straight into an actor's window: it is parked for such an item, and there is room. */
function takesAtOnce(to: Actor, kind: number, tag: number, ref: number, length: number): boolean {
  const { words } = to.store;
  const { at } = to;
  if (words[at + STATE] !== PARKED || length > words[at + CAPACITY] >>> 0) return false;
  return words[at + WANT] === WANT_ANY || wants(to, kind, tag, ref);
}

/** Whether the receive that an actor is in takes such an item without asking the guest. */
function wants(to: Actor, kind: number, tag: number, ref: number): boolean {
  const { words } = to.store;
  const want = words[to.at + WANT];
  if (want === WANT_ANY) return true;
  const wanted = words[to.at + WANTED];
  if (want === WANT_TAG) return isCounted(kind) && tag === wanted;
  return want === WANT_REF && (kind === MESSAGE ? tag : ref) === wanted;
}

/**
 * Brings an item to an actor that is alive; its bounds have been looked at. The payload must lie inside `source`.
 *
 * The sender's stack may end anywhere in here. So what may throw comes first: the item is delivered whole or not at all.
 */
export function deliver(
  to: Actor,
  kind: number,
  tag: number,
  fromLo: number,
  fromHi: number,
  ref: number,
  reason: number,
  source: Bytes,
  index: number,
  length: number,
): void {
  if (takesAtOnce(to, kind, tag, ref, length)) {
    // Parked, it has looked at all that its mailbox holds: nothing can be overtaken. One copy instead of two.
    const { words } = to.store;
    const { at, bytes } = to;
    if (to.switchable) to.mailbox.prepare(length);
    bytes.refresh();
    const info = words[at + INFO] >>> 0;
    if (info !== 0) writeInfo(bytes, info, kind, tag, fromLo, fromHi, ref, reason, length);
    copyBytes(source, index, bytes, words[at + POINTER] >>> 0, length);
    to.wake();
    if (isCounted(kind)) to.services.counters.received++;
    words[at + HANDED_KIND] = kind;
    words[at + HANDED_TAG] = tag;
    words[at + HANDED_LO] = fromLo;
    words[at + HANDED_HI] = fromHi;
    words[at + RESULT] = length;
    return;
  }
  const parked = to.store.words[to.at + STATE] === PARKED;
  const looks = parked && (to.want === WANT_MATCH || wants(to, kind, tag, ref));
  // A turn for nothing does no harm; an item without a turn would wait for the next one.
  if (looks) to.wake();
  to.mailbox.push(kind, tag, fromLo, fromHi, ref, reason, source, index, length);
  if (parked && !looks) to.mailbox.saved = to.mailbox.tail;
}

/**
 * `deliver` for the commonest case, a guest's message to a guest that waits for any item: 7 % less a message than by way of the ten parameters
 * (ping-pong of two handlers, median ratio of eight alternating rounds, x64, Node 26). False where it is another case, and nothing was done.
 */
export function handOver(from: Actor, to: Actor, tag: number, index: number, length: number): boolean {
  const { words: mine } = to.store;
  const { at, bytes } = to;
  if (mine[at + STATE] !== PARKED || mine[at + WANT] !== WANT_ANY || tag < 0) return false;
  if (length > mine[at + CAPACITY] >>> 0 || length > mine[at + MAX_MESSAGE_BYTES]) return false;
  // The switch has left it to us for want of a ring.
  if (to.switchable) to.mailbox.prepare(length);
  const info = mine[at + INFO] >>> 0;
  bytes.refresh();
  if (info !== 0) {
    const words = bytes.i32;
    const word = info >>> 2;
    words[word] = MESSAGE;
    words[word + 1] = tag;
    words[word + 2] = from.lo;
    words[word + 3] = from.hi;
    words[word + 4] = 0;
    words[word + 5] = 0;
    words[word + 6] = length;
    words[word + 7] = 0;
  }
  copyBytes(from.bytes, index, bytes, mine[at + POINTER] >>> 0, length);
  const { scheduler, counters } = to.services;
  scheduler.push(to);
  mine[at + STATE] = READY;
  mine[at + HANDED_KIND] = MESSAGE;
  mine[at + HANDED_TAG] = tag;
  mine[at + HANDED_LO] = from.lo;
  mine[at + HANDED_HI] = from.hi;
  mine[at + RESULT] = length;
  counters.sent++;
  counters.received++;
  return true;
}

/** A receive by the actor whose turn it is; its window is set and checked. Answers as the ABI says: a length, -1 or -2. */
export function receive(actor: Actor, want: Want, wanted: number, timeoutMs: number): number {
  const { words } = actor.store;
  const { at } = actor;
  const again = words[at + HELD] !== 0 && words[at + WANT] === want && words[at + WANTED] === wanted;
  words[at + WANT] = want;
  words[at + WANTED] = wanted;
  words[at + WAITING] = 0;
  if (!again) {
    words[at + HELD] = 0;
    words[at + SAVED] = words[at + HEAD];
  }
  const poll = timeoutMs === 0 || words[at + MAY_PARK] === 0;
  // Where the budget is spent the others get their turns first: before a receive, whatever the mailbox holds; after a poll that has found nothing.
  const isSpent = words[at + BUDGET] <= 0;
  if (!isSpent || poll) {
    words[at + BUDGET]--;
    const length = look(actor, !poll);
    if (length !== RECEIVE_PARK) return length;
    if (poll && !(isSpent && canPark(actor))) {
      words[at + BUDGET] -= EMPTY_POLL - 1;
      return RECEIVE_TIMEOUT;
    }
  }
  actor.waiting = true;
  if (poll) actor.deadlineMs = OVER;
  else actor.deadlineMs = timeoutMs < 0 ? Number.POSITIVE_INFINITY : actor.services.clock.now() + timeoutMs;
  return RECEIVE_PARK;
}

/** The deadline of a poll: it does not wait, but looks once more in its next turn. */
const OVER = Number.NEGATIVE_INFINITY;

/** Whether the guest knows `park`, and may call it where it is. */
function canPark({ mayPark, guest }: Actor): boolean {
  return mayPark && guest?.parks === true;
}

/** The guest has parked: it waits, or gets another turn at once where its mailbox holds items that it has not looked at, or it gives way. */
export function park(actor: Actor): void {
  const { words } = actor.store;
  const { at } = actor;
  if (words[at + WAITING] === 0) {
    fault(actor, "park was called without a receive that had answered -2, or a send that had answered 2");
  }
  actor.countItems();
  if (words[at + WAITING] === GIVING_WAY) {
    words[at + RESULT] = SEND_ACCEPTED;
    // There is no item in its window.
    words[at + HANDED_KIND] = 0;
    actor.wake();
    return;
  }
  words[at + RESULT] = RECEIVE_PARK;
  actor.expired = actor.deadlineMs === OVER;
  const nothingYet = words[at + WANT] === WANT_ANSWER ? !actor.answer?.settled : words[at + SAVED] === words[at + TAIL];
  if (!nothingYet || actor.expired) {
    actor.wake();
    return;
  }
  words[at + STATE] = PARKED;
  if (words[at + TIMED] !== 0) actor.armDeadline();
}

/** At the beginning of a parked actor's turn: what `park` shall return. RECEIVE_PARK: nothing yet, it stays parked. */
export function proceed(actor: Actor): number {
  let result: number = actor.store.words[actor.at + RESULT];
  if (actor.store.words[actor.at + WAITING] === GIVING_WAY) {
    actor.store.words[actor.at + WAITING] = 0;
    return result;
  }
  if (actor.store.words[actor.at + WANT] === WANT_ANSWER) {
    if (!actor.answer?.settled) {
      actor.state = PARKED;
      return RECEIVE_PARK;
    }
    result = actor.answer.value;
    actor.answer = null;
  } else if (result === RECEIVE_PARK) {
    result = look(actor, true);
    if (result === RECEIVE_PARK) {
      if (actor.mailbox.saved !== actor.mailbox.tail) {
        actor.wake();
        return RECEIVE_PARK;
      }
      if (!actor.expired) {
        actor.state = PARKED;
        actor.armDeadline();
        return RECEIVE_PARK;
      }
      result = RECEIVE_TIMEOUT;
    }
  }
  actor.disarmDeadline();
  actor.expired = false;
  actor.store.words[actor.at + WAITING] = 0;
  return result;
}

/** 2 to this many bytes of a mailbox that a receive passes over (an item has 32 and its payload), and of a payload that is copied, are one reduction, some 5 ns. */
const PASSED_SHIFT = 5;
export const COPIED_SHIFT = 6;

/** A predicate is asked about so many items in one turn, where the actor can wait for another turn. */
const ASKED_A_TURN = 4_096;

/**
 * Goes on from the save pointer to the first item that is wanted and takes it; RECEIVE_PARK where there is none. With `inPieces` also where its turn has been long
 * enough: then the save pointer is not at the mailbox's end.
 */
export function look(actor: Actor, inPieces: boolean): number {
  const mailbox = actor.mailbox;
  const { words } = actor.store;
  const me = actor.at;
  if (words[me + COUNT] === 0) return RECEIVE_PARK;
  const saved = words[me + SAVED];
  const want = words[me + WANT];
  let at: number;
  if (want === WANT_ANY) at = words[me + HEAD];
  else if (want === WANT_TAG) at = mailbox.findTag(saved, words[me + WANTED]);
  else if (want === WANT_REF) at = mailbox.findRef(saved, MESSAGE, words[me + WANTED]);
  else at = findMatch(actor, mailbox, inPieces ? ASKED_A_TURN : Number.POSITIVE_INFINITY);
  // Where it is to go on in another turn, `findMatch` has left the save pointer there.
  const isPaused = at === NONE && want === WANT_MATCH && mailbox.saved !== mailbox.tail;
  if (actor.reductions !== null) {
    charge(actor, ((at !== NONE ? at : isPaused ? mailbox.saved : mailbox.tail) - saved) >>> PASSED_SHIFT);
  }
  if (at === NONE) {
    if (!isPaused) mailbox.saved = mailbox.tail;
    return RECEIVE_PARK;
  }
  return take(actor, mailbox, at);
}

/** Writes an item into the window and takes it out of the mailbox, unless it is longer than the window. */
function take(actor: Actor, mailbox: Mailbox, at: number): number {
  const length = mailbox.word(at, LENGTH);
  show(actor, mailbox, at, length);
  if (actor.reductions !== null) charge(actor, Math.min(length, actor.capacity) >>> COPIED_SHIFT);
  if (length > actor.capacity) {
    mailbox.saved = at;
    actor.held = true;
    return length;
  }
  const counts = isCounted(mailbox.word(at, KIND));
  actor.store.words[actor.at + HELD] = 0;
  mailbox.remove(at);
  // Counted after what may end the guest's stack.
  if (counts) actor.services.counters.received++;
  return length;
}

/** Asks the predicate about each item from the save pointer on, at most so many. */
function findMatch(actor: Actor, mailbox: Mailbox, most: number): number {
  // What was found before, and did not fit, was asked about already.
  if (actor.held) return mailbox.saved;
  let left = most;
  for (let at = mailbox.from(mailbox.saved); at !== NONE; at = mailbox.next(mailbox.saved)) {
    // The save pointer, not `at`, is moved along should the mailbox be rebuilt meanwhile.
    mailbox.saved = at;
    if (left-- === 0) return NONE;
    if (ask(actor, mailbox, at)) return mailbox.saved;
  }
  mailbox.saved = mailbox.tail;
  return NONE;
}

function ask(actor: Actor, mailbox: Mailbox, at: number): boolean {
  const match = actor.guest?.match;
  if (match == null) return false;
  const length = mailbox.word(at, LENGTH);
  show(actor, mailbox, at, length);
  actor.restraint = ASKING;
  let answer: number;
  try {
    answer = match(actor.wanted, actor.pointer, Math.min(length, actor.capacity));
  } catch (error) {
    // A guest may catch what comes out of its own predicate by way of our import; it ends all the same.
    actor.atFault ||= actor.exiting === null;
    actor.exiting ??= actor.services.describe(actor, error);
    actor.restraint = EXITING;
    throw error;
  }
  actor.bytes.refresh();
  if (actor.exiting !== null) return fault(actor, "ended while its predicate was asked");
  actor.restraint = FREE;
  return answer !== 0;
}

/** Writes an item, or as much of it as has room, into the window. */
function show(actor: Actor, mailbox: Mailbox, at: number, length: number): void {
  const { bytes, store } = actor;
  bytes.refresh();
  const info = store.words[actor.at + INFO] >>> 0;
  const capacity = store.words[actor.at + CAPACITY] >>> 0;
  if (info !== 0) {
    writeInfo(
      bytes,
      info,
      mailbox.word(at, KIND),
      mailbox.word(at, TAG),
      mailbox.word(at, FROM_LO),
      mailbox.word(at, FROM_HI),
      mailbox.word(at, REF),
      mailbox.word(at, REASON),
      length,
    );
  }
  const pointer = store.words[actor.at + POINTER] >>> 0;
  mailbox.copyPayload(at, bytes, pointer, length < capacity ? length : capacity);
}

/** More of a payload than this is not kept for a crash report. */
const REPORTED_BYTES = 1024;

/** What the window of an actor still shows of the item that it took last; undefined where it never took one, or asked for no `info`. */
export function lastSeen(actor: Actor): Received | undefined {
  if (actor.info === 0) return undefined;
  actor.bytes.refresh();
  const words = actor.bytes.i32.subarray(actor.info >>> 2, (actor.info >>> 2) + 8);
  const [kind, tag, fromLo, fromHi, ref, reason, length] = words;
  // The guest may have used the place for something else since, and so may the switch, which asks predicates in it.
  if (words[7] !== 0 || kind < MESSAGE || kind > TIMER || length < 0) return undefined;
  const shown = Math.min(length, actor.capacity, REPORTED_BYTES);
  const bytes = actor.bytes.u8.slice(actor.pointer, actor.pointer + shown);
  try {
    return receivedFrom(kind, tag, pidFromWords(fromLo, fromHi), ref, reason, bytes);
  } catch {
    return undefined;
  }
}

function writeInfo(
  bytes: Bytes,
  info: number,
  kind: number,
  tag: number,
  fromLo: number,
  fromHi: number,
  ref: number,
  reason: number,
  length: number,
): void {
  const words = bytes.i32;
  const word = info >>> 2;
  words[word] = kind;
  words[word + 1] = tag;
  words[word + 2] = fromLo;
  words[word + 3] = fromHi;
  words[word + 4] = ref;
  words[word + 5] = reason;
  words[word + 6] = length;
  words[word + 7] = 0;
}
