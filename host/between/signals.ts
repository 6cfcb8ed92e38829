/**
 * Signals along links and monitors. The semantics are Erlang's (reference manual, "Processes"): an
 * actor that ends signals the actors that are linked to it and those that monitor it, after
 * everything else that it sent them.
 */

import type { Actor } from "../actor/actor.ts";
import type { PendingTimer } from "../actor/belongings.ts";
import { ORPHAN_TIMER_BYTES, ORPHAN_TIMERS } from "../kernel/life-words.ts";
import { MONITOR, TIE_KIND, TIE_REF, WAS_LINKED } from "../kernel/tie-words.ts";
import { DEAD, EXITING, IS_AWAY, RUNNING, TRAPS_EXITS } from "../kernel/words.ts";
import { TIMERS } from "../mail/account.ts";
import { TIMER_BYTES } from "../wire/memory-use.ts";
import { EXIT, type ExitReason, ReasonCode } from "../wire/message.ts";
import { bytesFor, sendDown } from "./down.ts";
import { areLinked } from "./links.ts";
import { ownerOf, partnerOf, targetOf, tieWord } from "./ties.ts";

/** Sends an exit signal. `isOfLink`: the sender has ended, and was linked to the receiver. */
export function exitSignal(to: Actor, fromLo: number, fromHi: number, reason: ExitReason, isOfLink = false): void {
  const { transit } = to.services;
  if (transit?.carries(to, fromLo, fromHi)) transit.exit(fromLo, fromHi, to, reason, isOfLink);
  else takeExitSignal(to, fromLo, fromHi, reason);
}

/** Kills an actor for another one, or for the host's code. */
export function kill(to: Actor, fromLo: number, fromHi: number): void {
  const { transit } = to.services;
  if (transit?.carries(to, fromLo, fromHi)) transit.kill(fromLo, fromHi, to);
  else endFromOutside(to, { kind: "killed" });
}

/**
 * An exit signal arrives, by Erlang's rules. An actor that traps exits gets an Exit item.
 * Otherwise `normal` is ignored, unless an actor sends it to itself, and every other reason ends
 * the receiver. A kill cannot be trapped: it takes `kill`.
 */
export function takeExitSignal(to: Actor, fromLo: number, fromHi: number, reason: ExitReason): void {
  if (to.state === DEAD || to.immune) return;
  if (to.has(TRAPS_EXITS)) {
    const bytes = bytesFor(to, reason);
    to.services.kernel.deliver(to.record, EXIT, 0, fromLo, fromHi, 0, ReasonCode[reason.kind], bytes);
  } else if (reason.kind !== "normal" || (to.lo === fromLo && to.hi === fromHi)) {
    endFromOutside(to, reason);
  }
}

/**
 * Ends an actor. If it is in the middle of its turn, it ends at its next import or with the turn.
 */
export function endFromOutside(actor: Actor, reason: ExitReason): void {
  if (actor.immune) return;
  if (actor.state === RUNNING && actor.module !== null) {
    if (actor.exiting === null) actor.exiting = reason;
    actor.restraint = EXITING;
  } else {
    actor.services.end(actor, reason);
  }
}

/**
 * Removes the ties of an actor that has ended and signals the actors at their other ends, at most
 * `most` of them. Returns how many more it could have signalled, or -1 if some are left. Those may
 * remove their ties until they are signalled.
 */
export function announceEnd(actor: Actor, reason: ExitReason, most: number): number {
  let left = most;
  for (const [ref, pending] of actor.belongings?.timers ?? []) {
    if (left-- <= 0) return -1;
    actor.belongings?.timers?.delete(ref);
    orphanTimer(actor, pending);
  }
  left = announceToLinked(actor, reason, left);
  if (left >= 0) left = announceToWatchers(actor, reason, left);
  // What its links were, its watchers needed.
  const { call } = actor.services.kernel;
  while (left >= 0 && call.firstTie(actor.record) !== 0) {
    if (left-- > 0) call.dropTie(call.firstTie(actor.record));
  }
  if (left >= 0) if (actor.belongings !== null) actor.extra.belongings = null;
  return left;
}

/** Removes the actor's own monitors, and signals those that are linked to it. */
function announceToLinked(actor: Actor, reason: ExitReason, most: number): number {
  const { lo, hi, record, services } = actor;
  const { call } = services.kernel;
  const hasWatchers = call.firstWatcher(record) !== 0;
  let left = most;
  for (let tie = call.firstTie(record); tie !== 0; tie = call.firstTie(record)) {
    const kind = tieWord(actor, tie, TIE_KIND);
    if (kind === WAS_LINKED) break;
    if (left-- <= 0) return -1;
    if (kind === MONITOR) {
      const ref = tieWord(actor, tie, TIE_REF);
      const target = targetOf(actor, tie);
      call.dropTie(tie);
      if (target.has(IS_AWAY)) services.transit?.forget(actor, ref, target);
      continue;
    }
    const partner = partnerOf(actor, tie);
    if (hasWatchers) call.loosenLink(tie, record);
    else call.dropTie(tie);
    try {
      exitSignal(partner, lo, hi, reason, true);
    } catch (error) {
      couldNotTake(partner, error);
    }
  }
  return left;
}

/** Tells the actors that monitor it. */
function announceToWatchers(actor: Actor, reason: ExitReason, most: number): number {
  const { lo, hi, record, services } = actor;
  const { call } = services.kernel;
  let left = most;
  for (let tie = call.firstWatcher(record); tie !== 0; tie = call.firstWatcher(record)) {
    if (left-- <= 0) return -1;
    const watcher = ownerOf(actor, tie);
    const ref = tieWord(actor, tie, TIE_REF);
    const isFull = mayKnowWhy(watcher, actor);
    call.dropTie(tie);
    try {
      if (watcher.state !== DEAD) sendDown(watcher, lo, hi, ref, reason, isFull);
    } catch (error) {
      couldNotTake(watcher, error);
    }
  }
  return left;
}

/** Removes all ties of an ended actor and tells no one. */
export function dropTies({ record, services }: Actor): void {
  const { call } = services.kernel;
  for (let tie = call.firstTie(record); tie !== 0; tie = call.firstTie(record)) call.dropTie(tie);
  for (let tie = call.firstWatcher(record); tie !== 0; tie = call.firstWatcher(record)) call.dropTie(tie);
}

/**
 * Whether a watcher learns more than the kind of an end: the host, the actor's family, and actors
 * that were linked to it, or may link to any.
 */
export function mayKnowWhy(watcher: Actor, ended: Actor): boolean {
  const { granted, family } = watcher;
  // The rest is known where it lives.
  if (watcher.has(IS_AWAY)) return areLinked(watcher, ended);
  if (granted === null || granted.kill || family?.address === ended.family?.address) return true;
  return areLinked(watcher, ended);
}

/**
 * Cancels a timer of an ended actor to itself. One to another actor stays, and counts for the
 * family.
 */
function orphanTimer({ services, family }: Actor, pending: PendingTimer): void {
  pending.owner = null;
  if (pending.toItself) {
    services.timers.cancel(pending.timer);
    services.account.add(TIMERS, -TIMER_BYTES - pending.bytes);
  } else if (family !== null) {
    family.add(ORPHAN_TIMERS, 1);
    family.add(ORPHAN_TIMER_BYTES, pending.bytes);
  }
}

/**
 * Ends a receiver that could not take a signal because memory or stack ran out. The others get
 * theirs.
 */
function couldNotTake(receiver: Actor, error: unknown): void {
  receiver.services.end(receiver, receiver.services.describe(receiver, error));
}
