/**
 * Links, monitors, refs, and the signals that travel along them. The semantics are Erlang's (reference manual, "Processes"): an actor that
 * ends tells those linked to it and those that monitor it, after everything else that it ever sent them.
 */
import { TIMER_BYTES, TIMERS } from "./account.ts";
import { type Actor, DEAD, LEAVING, RUNNING, type Services } from "./actor.ts";
import { Bytes } from "./bytes.ts";
import { DOWN, EXIT, type ExitReason, GREATEST_REF, isCounted, MESSAGE, ReasonCode } from "./message.ts";
import { pidFromWords } from "./pid.ts";
import { reasonBytes } from "./reason.ts";
import { deliver } from "./receive.ts";
import { unfoldCallers } from "./requests.ts";
import { CALL_REF } from "./slots.ts";
import type { Timer } from "./timers.ts";

const noBytes = new Uint8Array(0);

/** One monitor: one Down, unless it is taken back before. */
interface Monitor {
  readonly ref: number;
  readonly watcher: Actor;
  readonly target: Actor;
}

/** A timer that has not fired. */
export interface PendingTimer {
  readonly timer: Timer;
  readonly toItself: boolean;
  /** Of its payload. */
  readonly bytes: number;
  /** The ties of its setter; null after the setter has ended. */
  ties: Ties | null;
}

/** What ties an actor to others. Most actors have none; those that have, have few: each set is made when it is needed. */
export class Ties {
  /** Exits come as items instead of ending it. */
  trapsExits = false;
  /** Both sides hold the other. */
  links: Set<Actor> | null = null;
  /** Its own monitors, by ref. */
  monitors: Map<number, Monitor> | null = null;
  /** How many of them have refs that the switch has used. */
  unfolded = 0;
  /** Monitors of it. */
  watchers: Set<Monitor> | null = null;
  /** Its live refs that are no monitor's. */
  refs: Set<number> | null = null;
  /** Timers that it set and that have not fired, by ref. Those that nobody else would get end with it. */
  timers: Map<number, PendingTimer> | null = null;
  names: Set<string> | null = null;
  groups: Set<string> | null = null;
}

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
  ties.refs ??= new Set();
  const ref = newRef(actor);
  ties.refs.add(ref);
  return ref;
}

function newRef(actor: Actor): number {
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

/** Whether a message tagged with this ref is still waited for. */
export function isLiveRef(actor: Actor, ref: number): boolean {
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
  add({ ref, watcher, target }, tiesOf(watcher), target.knownTies);
  return ref;
}

/** A monitor that the switch has made, when somebody looks at the ties of one of the two. */
export function adoptMonitor(watcher: Actor, target: Actor, ref: number): void {
  watcher.knownTies ??= new Ties();
  target.knownTies ??= new Ties();
  watcher.knownTies.unfolded++;
  add({ ref, watcher, target }, watcher.knownTies, target.knownTies);
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

/** Takes a monitor back. False where there is none: its Down was sent, or it never was. `flush` takes such a Down out of the mailbox. */
export function demonitor(watcher: Actor, ref: number, flush: boolean): boolean {
  const made = watcher.ties?.monitors?.get(ref);
  if (made !== undefined) {
    made.target.knownTies?.watchers?.delete(made);
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

function sendDown(watcher: Actor, fromLo: number, fromHi: number, ref: number, reason: ExitReason): void {
  const bytes = bytesFor(watcher, reason);
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

/** Cuts the ties of an actor that has ended, and tells those at their other ends. */
export function announceEnd(actor: Actor, reason: ExitReason): void {
  const { ties } = actor;
  if (ties === null) return;
  actor.ties = null;
  for (const pending of ties.timers?.values() ?? []) leaveBehind(actor, pending);
  for (const made of ties.monitors?.values() ?? []) made.target.knownTies?.watchers?.delete(made);
  const { lo, hi } = actor;
  for (const partner of ties.links ?? []) {
    partner.knownTies?.links?.delete(actor);
    try {
      exitSignal(partner, lo, hi, reason);
    } catch (error) {
      couldNotTake(partner, error);
    }
  }
  for (const { watcher, ref } of ties.watchers ?? []) {
    forget(watcher.knownTies, ref);
    try {
      sendDown(watcher, lo, hi, ref, reason);
    } catch (error) {
      couldNotTake(watcher, error);
    }
  }
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
