/**
 * Signals along links and monitors. The semantics are Erlang's (reference manual, "Processes"): an
 * actor that ends signals the actors that are linked to it and those that monitor it, after
 * everything else that it sent them.
 */

import type { Actor } from "../actor/actor.ts";
import type { PendingTimer, Ties } from "../actor/ties.ts";
import { DEAD, EXITING, ORPHAN_TIMER_BYTES, ORPHAN_TIMERS, RUNNING } from "../kernel/words.ts";
import { TIMERS } from "../mail/account.ts";
import { TIMER_BYTES } from "../wire/memory-use.ts";
import { EXIT, type ExitReason, ReasonCode } from "../wire/message.ts";
import { bytesFor, sendDown } from "./down.ts";
import { allTies } from "./requests.ts";
import { removeFromTarget, removeFromWatcher } from "./ties.ts";

/**
 * Delivers an exit signal, by Erlang's rules. An actor that traps exits gets an Exit item.
 * Otherwise `normal` is ignored, unless an actor sends it to itself, and every other reason ends
 * the receiver. A kill cannot be trapped: it takes `endFromOutside`.
 */
export function exitSignal(to: Actor, fromLo: number, fromHi: number, reason: ExitReason): void {
  if (to.state === DEAD || to.immune) return;
  if (to.ties?.trapsExits) {
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
  const ties = allTies(actor);
  if (ties === null) return most;
  const { lo, hi } = actor;
  let left = most;
  for (const [ref, pending] of ties.timers ?? []) {
    if (left-- <= 0) return -1;
    ties.timers?.delete(ref);
    orphanTimer(actor, pending);
  }
  for (const [ref, made] of ties.monitors ?? []) {
    if (left-- <= 0) return -1;
    ties.monitors?.delete(ref);
    removeFromTarget(made);
  }
  for (const partner of ties.links ?? []) {
    if (left-- <= 0) return -1;
    ties.links?.delete(partner);
    partner.ties?.links?.delete(actor);
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
    removeFromTarget(made);
    removeFromWatcher(watcher.ties, ref);
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

/**
 * Whether a watcher learns more than the kind of an end: the host, the actor's family, and actors
 * that are or may be linked to it.
 */
function mayKnowWhy(watcher: Actor, ended: Actor, ties: Ties): boolean {
  const { granted, family } = watcher;
  if (granted === null || granted.kill || family?.address === ended.family?.address) return true;
  return ties.wereLinked?.has(watcher) ?? false;
}

/**
 * Cancels a timer of an ended actor to itself. One to another actor stays, and counts for the
 * family.
 */
function orphanTimer({ services, family }: Actor, pending: PendingTimer): void {
  pending.ties = null;
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
