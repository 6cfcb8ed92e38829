/**
 * Links, monitors, refs, and the signals that travel along them. The semantics are Erlang's (reference manual, "Processes"): an actor that
 * ends tells those linked to it and those that monitor it, after everything else that it ever sent them.
 */

import { TIMER_BYTES, TIMERS } from "../actor/account.ts";
import { type Actor, DEAD, LEAVING, RUNNING, type Services } from "../actor/actor.ts";
import { deliver } from "../actor/receive.ts";
import { type Monitor, type PendingTimer, Ties } from "../actor/ties.ts";
import { Bytes } from "../mail/bytes.ts";
import { CALL_REF } from "../mail/slots.ts";
import type { Timer } from "../time/timers.ts";
import { DOWN, EXIT, type ExitReason, GREATEST_REF, isCounted, MESSAGE, ReasonCode } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import { reasonBytes } from "../wire/reason.ts";
import { unfoldCallers } from "./requests.ts";

const noBytes = new Uint8Array(0);

export function tiesOf(actor: Actor): Ties {
  actor.ties ??= new Ties();
  return actor.ties;
}

/**
 * A fresh ref: a negative number, unguessable, so that no actor can answer in another's place. Its mark lets a receive by ref
 * skip what was in the mailbox before (Erlang: `make_ref`, and the receive marker that its compiler sets).
 */
export function makeRef(actor: Actor): number {
  const ties = tiesOf(actor);
  ties.refs ??= new Map();
  const ref = newRef(actor);
  ties.refs.set(ref, false);
  return ref;
}

/** A ref, which is not live before something is made of it. */
export function newRef(actor: Actor): number {
  let ref: number;
  do ref = drawRef(actor.services);
  while (isLiveRef(actor, ref) || actor.knownTies?.timers?.has(ref));
  actor.mailbox.mark(ref);
  return ref;
}

/** The host's refs are even numbers, the switch's are odd ones. */
function drawRef(services: Services): number {
  return GREATEST_REF - 2 * Math.floor(services.random() * 2 ** 29);
}

/** A ref for the switch to use. */
export function drawSwitchRef(services: Services): number {
  return drawRef(services) - 1;
}

/** Whether an actor has such a ref, answered or not. */
function isLiveRef(actor: Actor, ref: number): boolean {
  if (actor.store.words[actor.at + CALL_REF] === ref) return true;
  const { knownTies } = actor;
  return knownTies !== null && (knownTies.monitors?.has(ref) || knownTies.refs?.has(ref) || false);
}

/** Nobody waits for the ref any more: later messages that bear it are dropped before the mailbox. */
export function dropRef(actor: Actor, ref: number): boolean {
  actor.mailbox.unmark(ref);
  return actor.ties?.refs?.delete(ref) ?? false;
}

/** Links two live actors; one link a pair, however often it is asked for. An actor is not linked to itself. */
export function link(a: Actor, b: Actor): void {
  if (a === b) return;
  const [mine, theirs] = [tiesOf(a), tiesOf(b)];
  mine.links ??= new Set();
  theirs.links ??= new Set();
  mine.links.add(b);
  theirs.links.add(a);
}

/** Takes a link back. An exit that is in the mailbox already stays there. */
export function unlink(a: Actor, b: Actor): void {
  a.knownTies?.links?.delete(b);
  b.knownTies?.links?.delete(a);
}

/** Takes back a link to an actor that has ended, and has not told of it yet. */
export function unlinkEnded(actor: Actor, lo: number, hi: number): void {
  for (const partner of actor.knownTies?.links ?? [])
    if (partner.lo === lo && partner.hi === hi) unlink(actor, partner);
}

/** Monitors an actor; undefined stands for a dead one, whose Down comes at once with the reason noproc. */
export function monitor(watcher: Actor, target: Actor | undefined, targetLo: number, targetHi: number): number {
  const ref = newRef(watcher);
  if (target === undefined) {
    sendDown(watcher, targetLo, targetHi, ref, { kind: "noproc" });
    return ref;
  }
  // Those that the switch has made of it came before.
  unfoldCallers(target);
  target.knownTies ??= new Ties();
  add(newMonitor(ref, watcher, target), tiesOf(watcher), target.knownTies);
  return ref;
}

/** A monitor that the switch has made, when somebody looks at the ties of one of the two. */
export function adoptMonitor(watcher: Actor, target: Actor, ref: number, isAnswered: boolean): void {
  watcher.knownTies ??= new Ties();
  target.knownTies ??= new Ties();
  watcher.knownTies.unfolded++;
  add({ ...newMonitor(ref, watcher, target), isAnswered }, watcher.knownTies, target.knownTies);
}

function newMonitor(ref: number, watcher: Actor, target: Actor): Monitor {
  return { ref, watcher, target, isAnswered: false, viaLo: 0, viaHi: 0 };
}

function add(made: Monitor, mine: Ties, theirs: Ties): void {
  mine.monitors ??= new Map();
  theirs.watchers ??= new Set();
  mine.monitors.set(made.ref, made);
  theirs.watchers.add(made);
}

/** An actor's own monitor is no more. */
function forget(ties: Ties | null, ref: number): void {
  if (ties?.monitors?.delete(ref) && (ref & 1) !== 0) ties.unfolded--;
}

/** The actor at the other end of a monitor knows of it no more. */
export function release(made: Monitor): void {
  const ties = made.target.knownTies;
  ties?.watchers?.delete(made);
  if (ties?.handedOn?.get(made.ref) === made) ties.handedOn.delete(made.ref);
}

/** Takes a monitor back. False where there is none: its Down was sent, or it never was. `flush` takes such a Down out of the mailbox. */
export function demonitor(watcher: Actor, ref: number, flush: boolean): boolean {
  const made = watcher.ties?.monitors?.get(ref);
  if (made !== undefined) {
    release(made);
    forget(watcher.knownTies, ref);
  }
  if (flush) flushRef(watcher, ref);
  watcher.mailbox.unmark(ref);
  return made !== undefined;
}

/** Takes out what bears a dead ref: its Down, an answer that came together with it, the timer's item. */
function flushRef(actor: Actor, ref: number): void {
  // What bears no ref has 0 there.
  if (ref > GREATEST_REF) return;
  const removed = actor.mailbox.removeRef(MESSAGE, ref);
  // One may have been the item that a receive found too long for its window.
  if (removed.length > 0) actor.held = false;
  for (const { kind, fromLo, fromHi, length } of removed) {
    if (isCounted(kind)) actor.services.deadLetter(pidFromWords(fromLo, fromHi), actor.pid, ref, length, "late reply");
  }
}

/** The bytes of a reason, or none if the receiver's mailbox has no room for them. The signal itself is never refused. */
function bytesFor({ module, mailbox, limits }: Actor, reason: ExitReason): Uint8Array {
  const bytes = reasonBytes(reason, module !== null);
  return mailbox.bytes + bytes.length <= limits.mailboxBytes && mailbox.mayTake(bytes.length) ? bytes : noBytes;
}

/** `isFull`: with the bytes of the reason, not its kind alone. */
function sendDown(
  watcher: Actor,
  fromLo: number,
  fromHi: number,
  ref: number,
  reason: ExitReason,
  isFull = true,
): void {
  const bytes = isFull ? bytesFor(watcher, reason) : noBytes;
  deliver(watcher, DOWN, 0, fromLo, fromHi, ref, ReasonCode[reason.kind], Bytes.ofPayload(bytes), 0, bytes.length);
}

/**
 * An exit signal arrives. Erlang's table: one that traps exits gets it as an item; else `normal` is ignored, unless an actor sends it to itself,
 * and every other reason ends the receiver too. `kill` does not come this way: it cannot be trapped, see `endFromOutside`.
 */
export function exitSignal(to: Actor, fromLo: number, fromHi: number, reason: ExitReason): void {
  if (to.state === DEAD || to.immune) return;
  if (to.knownTies?.trapsExits) {
    const bytes = bytesFor(to, reason);
    deliver(to, EXIT, 0, fromLo, fromHi, 0, ReasonCode[reason.kind], Bytes.ofPayload(bytes), 0, bytes.length);
  } else if (reason.kind !== "normal" || (to.lo === fromLo && to.hi === fromHi)) {
    endFromOutside(to, reason);
  }
}

/** Ends an actor that may have its turn just now: then its frames unwind at its next import, or it ends with its turn. */
export function endFromOutside(actor: Actor, reason: ExitReason): void {
  if (actor.immune) return;
  if (actor.state === RUNNING && actor.module !== null) {
    actor.leaving ??= reason;
    actor.restraint = LEAVING;
  } else {
    actor.services.end(actor, reason);
  }
}

/**
 * Cuts the ties of an actor that has ended, and tells those at their other ends: so many at most. Answers how many more it might have told, or
 * -1 where there are others, who can take their ties back until they are told.
 */
export function announceEnd(actor: Actor, reason: ExitReason, most: number): number {
  const { ties } = actor;
  if (ties === null) return most;
  const { lo, hi } = actor;
  let left = most;
  for (const [ref, pending] of ties.timers ?? []) {
    if (left-- <= 0) return -1;
    ties.timers?.delete(ref);
    leaveBehind(actor, pending);
  }
  for (const [ref, made] of ties.monitors ?? []) {
    if (left-- <= 0) return -1;
    ties.monitors?.delete(ref);
    release(made);
  }
  for (const partner of ties.links ?? []) {
    if (left-- <= 0) return -1;
    ties.links?.delete(partner);
    partner.knownTies?.links?.delete(actor);
    if (ties.watchers !== null) ties.wereLinked = (ties.wereLinked ?? new Set()).add(partner);
    try {
      exitSignal(partner, lo, hi, reason);
    } catch (error) {
      couldNotTake(partner, error);
    }
  }
  for (const made of ties.watchers ?? []) {
    if (left-- <= 0) return -1;
    const { watcher, ref } = made;
    release(made);
    forget(watcher.knownTies, ref);
    const isFull = mayKnowWhy(watcher, actor, ties);
    try {
      if (watcher.state !== DEAD) sendDown(watcher, lo, hi, ref, reason, isFull);
    } catch (error) {
      couldNotTake(watcher, error);
    }
  }
  actor.ties = null;
  return left;
}

/** Whether a watcher is told more than the kind of an end: the host, the actor's own family, and who is or may be linked to it. */
function mayKnowWhy(watcher: Actor, ended: Actor, ties: Ties): boolean {
  const { allowance } = watcher;
  if (allowance === null || allowance.granted.kill || allowance.family === ended.allowance?.family) return true;
  return ties.wereLinked?.has(watcher) ?? false;
}

/** A timer of an actor that has ended: others still get theirs. */
function leaveBehind({ services, allowance }: Actor, pending: PendingTimer): void {
  pending.ties = null;
  if (pending.toItself) {
    services.timers.cancel(pending.timer);
    services.account.add(TIMERS, -TIMER_BYTES - pending.bytes);
  } else if (allowance !== null) {
    allowance.family.orphanTimers++;
    allowance.family.orphanTimerBytes += pending.bytes;
  }
}

/** One receiver that cannot take a signal, for want of memory or of stack, ends for it; the others get theirs. */
function couldNotTake(receiver: Actor, error: unknown): void {
  receiver.services.end(receiver, receiver.services.describe(error));
}
