/**
 * What a guest is told that has spent its reductions: a new budget, to give way to others, or its end. The budgets are handed out in pieces, and no turn has to
 * reset anything in the guest: an actor is cut off when it asks again after it was given all that its turn may have. So it has spent at least its limit,
 * and at most a piece more, left over from an earlier turn.
 *
 * Between two pieces the clock is looked at. A turn that has used its time gives way, or is ended, too: what a reduction takes is bounded (module/weights.ts) but for
 * what waits for memory, or computes with denormals.
 *
 * A guest of the Asyncify way gives way by writing its stack over its own memory. The host saves what is there before, and takes the stack out
 * after: no guest needs room of its own for it, and while it waits its memory is as the guest knows it.
 */

import type { Actor } from "../actor/actor.ts";
import { renew } from "../actor/budget.ts";
import { crashOf } from "../actor/fault.ts";
import type { Judge, Reductions } from "../actor/reductions.ts";
import { STACKS } from "../mail/account.ts";
import { SWITCHED, TURNS_LEFT } from "../mail/slots.ts";
import { ASKING, DEAD, EXITING } from "../mail/states.ts";
import { TAKES_TURNS } from "../mail/switch/bits.ts";
import { STACK, YIELD_END } from "../wire/abi.ts";
import { type ExitReason, RECEIVE_PARK } from "../wire/message.ts";
import { UNLIMITED } from "./reduction-policy.ts";

/**
 * The most that is given at once. A guest asks, and the clock is looked at, in 100 ns; a piece takes 7 µs in an empty loop, 15 µs or more in most code, and at
 * most some 2 ms where each load misses the caches (x64, Node 26).
 */
export const PIECE = 10_000;

/** What a turn takes at most that can go on later. */
export const SLICE_MS = 2;

/**
 * No piece counts as more than this part of a limit that ends an actor: one that the system kept from running does not end for that. It takes several pieces, each
 * of which was long.
 */
const MOST_OF_LIMIT = 1 / 4;

/** The judge of every runtime. The one place where a clock decides about a guest: a recording would write down its verdicts, a simulation have another that asks the count alone. */
export const byCountAndClock: Judge = (spent, most, tookMs, mostMs) => {
  if (spent >= most) return "count";
  return tookMs >= mostMs ? "clock" : "on";
};

/** "Give way", as the import of the JSPI way answers it. With Asyncify: minus the bytes that the stack may cover. */
export const GIVE_WAY = 0;

const STACK_BEGIN = STACK + 8;

/** A stack that is longer than this is its guest's crash; engines' own stacks end at some 1 MiB. */
export const MAX_STACK_BYTES = 512 * 1024;
const saved = new Uint8Array(MAX_STACK_BYTES);

/** What the import `yield` answers: a new budget (more than 0), YIELD_END, or that the actor shall give way (0 or less). */
export function nextBudget(actor: Actor): number {
  const { reductions, limits, bytes } = actor;
  // Notices memory growth during a long turn.
  bytes.refresh();
  if (reductions === null || actor.state === DEAD || actor.restraint === EXITING) return YIELD_END;
  if (reductions.policy === "off") {
    reductions.given += UNLIMITED;
    return UNLIMITED;
  }
  renew(actor, reductions);
  if (reductions.rewinding) putBack(actor, reductions);
  else if (reductions.room > 0) return cut(actor, "it was told to give way, and went on");
  const elapsedMs = elapsed(actor, reductions);
  if (actor.restraint === ASKING) return nextBudgetOfPredicate(actor, reductions, elapsedMs);
  const { mayPark, services } = actor;
  const yields = reductions.policy === "yield" && mayPark;
  const most = mayPark ? reductions.perTurn : limits.handlerReductions;
  const limit = actor.started ? "turnMs" : "startMs";
  const mostMs = yields ? SLICE_MS : limits[limit];
  reductions.tookMs += yields ? elapsedMs : Math.min(elapsedMs, mostMs * MOST_OF_LIMIT);
  const verdict = services.judge(reductions.granted, most, reductions.tookMs, mostMs);
  if (verdict === "on") {
    const piece = Math.min(most - reductions.granted, PIECE);
    // Who asks before it has spent what it had wants to give way: its next question is the last of its turn.
    reductions.granted = yields && (reductions.counter?.value ?? 0) >= 0 ? most : reductions.granted + piece;
    reductions.given += piece;
    if (!yields) {
      // Its turn is a long one already.
      actor.budget = 0;
      services.scheduler.lookSoon();
      services.slots.store.words[TURNS_LEFT] = 0;
    }
    return piece;
  }
  if (verdict === "clock") services.counters.turnsCut++;
  if (yields) return giveWay(actor, reductions);
  const where = mayPark ? "in one turn, and its policy is kill" : "where it cannot be preempted";
  if (verdict === "clock") return cutByClock(actor, "it", reductions.tookMs, where, limit);
  return cut(
    actor,
    mayPark
      ? `it has spent the ${most} of one turn (reductions.perTurn), and its policy is kill`
      : `it has spent ${most} where it cannot be preempted (limit handlerReductions)`,
  );
}

/** Of a predicate, which cannot give way. */
function nextBudgetOfPredicate(actor: Actor, reductions: Reductions, elapsedMs: number): number {
  const { limits, services } = actor;
  const { predicateReductions, turnMs } = limits;
  reductions.askedMs += Math.min(elapsedMs, turnMs * MOST_OF_LIMIT);
  const verdict = services.judge(reductions.asked, predicateReductions, reductions.askedMs, turnMs);
  if (verdict === "on") {
    const piece = Math.min(predicateReductions - reductions.asked, PIECE);
    reductions.asked += piece;
    reductions.given += piece;
    return piece;
  }
  if (verdict === "clock") {
    services.counters.turnsCut++;
    return cutByClock(actor, "its predicates", reductions.askedMs, "in one turn", "turnMs");
  }
  return cut(actor, `its predicates have spent the ${predicateReductions} of one turn (limit predicateReductions)`);
}

/** Since it last asked. What came before its first question in a turn is not known, and less than a piece. */
function elapsed({ services }: Actor, reductions: Reductions): number {
  const nowMs = services.clock.now();
  const { lastMs } = reductions;
  reductions.lastMs = nowMs;
  return lastMs < 0 ? 0 : nowMs - lastMs;
}

/** The actor crashes, by a trap: an exception it could catch, again and again. */
function cut(actor: Actor, why: string): number {
  actor.exiting ??= crashOf(actor, `reductions: ${why}`);
  actor.restraint = EXITING;
  return YIELD_END;
}

function cutByClock(actor: Actor, who: string, tookMs: number, where: string, limit: "turnMs" | "startMs"): number {
  const took = `${who} ${who === "it" ? "has" : "have"} run for ${tookMs.toFixed(1)} ms by the clock`;
  return cut(actor, `${took} ${where} (limit ${limit}: ${actor.limits[limit]})`);
}

function giveWay(actor: Actor, reductions: Reductions): number {
  if (actor.way.name === "jspi") return GIVE_WAY;
  const { bytes } = actor;
  bytes.refresh();
  const length = Math.min(bytes.u8.length, saved.length);
  if (length <= STACK_BEGIN) return cut(actor, "it has no memory that its stack could be written to");
  saved.set(bytes.u8.subarray(0, length));
  reductions.room = length;
  return -length;
}

/** Why an actor trapped that was writing its stack over its memory; null where it was not. */
export function stackTooLong(actor: Actor): ExitReason | null {
  const { reductions } = actor;
  if (reductions === null || reductions.room === 0 || actor.exiting !== null) return null;
  return crashOf(
    actor,
    `reductions: it has spent its turn, and its stack is longer than the ${reductions.room} bytes that can be put aside`,
  );
}

/** The actor has unwound its stack, or ended its turn in a way of its own: it goes to the end of the queue. */
export function suspendPreempted(actor: Actor): void {
  const { reductions, bytes } = actor;
  if (reductions !== null && reductions.room > 0) {
    bytes.refresh();
    const top = bytes.i32[STACK >>> 2] >>> 0;
    // Only our transform's code is sure to have written what is meant to be there.
    if (top >= STACK_BEGIN && top <= reductions.room) {
      const { account } = actor.services;
      if (!account.admits(STACKS, top - STACK)) {
        const why = `its stack of ${top - STACK} bytes cannot be put aside: all actors together have used up the limit allMemoryBytes`;
        actor.services.end(actor, crashOf(actor, why));
        return;
      }
      account.add(STACKS, top - STACK);
      reductions.frames = bytes.u8.slice(STACK, top);
      bytes.u8.set(saved.subarray(STACK, top), STACK);
    }
    reductions.room = 0;
  }
  actor.isPreempted = true;
  // What was in its window, it has taken.
  actor.result = RECEIVE_PARK;
  // The turn that goes on there is none for the switch.
  actor.store.words[actor.at + SWITCHED] &= ~TAKES_TURNS;
  actor.services.scheduler.lookSoon();
  actor.wake();
}

/** Begins the turn after that: the stack is where it was written. Answers the new budget, for guests that unwind in a way of their own. */
export function resumePreempted(actor: Actor): number {
  actor.isPreempted = false;
  if (actor.switchable) actor.store.words[actor.at + SWITCHED] |= TAKES_TURNS;
  const { reductions } = actor;
  if (reductions === null) return PIECE;
  if (reductions.frames !== null) {
    exchange(actor, reductions);
    reductions.rewinding = true;
    return 0;
  }
  return nextBudget(actor);
}

/** The stack is the engine's again: memory becomes what it was. */
function putBack(actor: Actor, reductions: Reductions): void {
  reductions.rewinding = false;
  exchange(actor, reductions);
  actor.services.account.add(STACKS, -(reductions.frames?.length ?? 0));
  reductions.frames = null;
}

function exchange({ bytes }: Actor, reductions: Reductions): void {
  const { frames } = reductions;
  if (frames === null) return;
  bytes.refresh();
  const there = bytes.u8.slice(STACK, STACK + frames.length);
  bytes.u8.set(frames, STACK);
  reductions.frames = there;
}
