/**
 * What a guest is told when it has spent its reductions: a new budget, to give way, or that it ends.
 *
 * A guest gets its budget in pieces, and asks for the next one. It is stopped when it asks after it has
 * got all that its turn allows. So no turn resets anything in the guest. A guest has then spent at least
 * its limit, and at most one piece more, which was left from an earlier turn.
 *
 * The clock is read between two pieces. A turn that has used its time gives way, or is ended, too. What
 * one reduction takes is bounded (module/weights.ts), except for code that waits for memory or computes
 * with denormal numbers.
 */

import type { Actor } from "../actor/actor.ts";
import { budgetOf } from "../actor/budget.ts";
import { crashOf } from "../actor/fault.ts";
import type { Judge, TurnBudget } from "../actor/reductions.ts";
import { ASKING, BUDGET, DEAD, EXITING, PREEMPTED, STARTED, TURNS_LEFT } from "../kernel/words.ts";
import { YIELD_END } from "../wire/abi.ts";
import { restoreMemory, returnStack, saveMemory, takeStack } from "./preempted-stack.ts";
import { UNLIMITED } from "./reduction-policy.ts";

/**
 * The largest piece. To ask for one takes 100 ns, reading the clock included. A piece lasts 7 µs in an
 * empty loop, 15 µs or more in most code, and about 2 ms where each load misses the caches (x64,
 * Node 26).
 */
export const PIECE = 10_000;

/** The longest turn of a guest that can give way. */
export const SLICE_MS = 2;

/**
 * A piece counts as at most this part of a limit that ends an actor. So an actor does not end because the
 * system did not let the thread run during one piece.
 */
const MOST_OF_LIMIT = 1 / 4;

/**
 * The judge of every runtime, and the only place where a clock decides about a guest. A recording can
 * write down its verdicts, and a simulation can have a judge that only counts.
 */
export const byCountAndClock: Judge = (spent, most, tookMs, mostMs) => {
  if (spent >= most) return "count";
  return tookMs >= mostMs ? "clock" : "on";
};

/** What `yield` answers a guest that waits by JSPI and has to give way. */
const GIVE_WAY = 0;

/**
 * What the import `yield` answers: a new budget (more than 0), YIELD_END, or that the guest has to give
 * way: 0, or with Asyncify minus the bytes that its stack may cover.
 */
export function nextBudget(actor: Actor): number {
  const { spec, limits, preempted, instance } = actor;
  const { reductions } = spec;
  // Notices memory growth during a long turn.
  instance.bytes.refresh();
  if (reductions === null || actor.state === DEAD || actor.restraint === EXITING) return YIELD_END;
  if (reductions.policy === "off") {
    actor.given += UNLIMITED;
    return UNLIMITED;
  }
  const budget = budgetOf(actor);
  if (preempted?.rewinding) restoreMemory(actor, preempted);
  else if (preempted !== null && preempted.room > 0) return cut(actor, "it was told to give way, and went on");
  const elapsedMs = elapsed(actor, budget);
  if (actor.restraint === ASKING) return nextBudgetOfPredicate(actor, budget, elapsedMs);
  const { mayPark, services } = actor;
  const yields = reductions.policy === "yield" && mayPark;
  const most = mayPark ? reductions.perTurn : limits.handlerReductions;
  const limit = actor.has(STARTED) ? "turnMs" : "startMs";
  const mostMs = yields ? SLICE_MS : limits[limit];
  budget.tookMs += yields ? elapsedMs : Math.min(elapsedMs, mostMs * MOST_OF_LIMIT);
  const verdict = services.judge(budget.granted, most, budget.tookMs, mostMs);
  if (verdict === "on") {
    const piece = Math.min(most - budget.granted, PIECE);
    // The first piece of a turn may be little of it, because what was left of the one before is used up first.
    const isLong = budget.granted > 0 || isDue(actor, budget.lastMs);
    // A guest that asks before it has spent its budget wants to give way: its turn gets nothing more.
    budget.granted = yields && (instance.counter?.value ?? 0) >= 0 ? most : budget.granted + piece;
    actor.given += piece;
    if (!yields && isLong) {
      // The event loop comes next.
      actor.setWord(BUDGET, 0);
      services.scheduler.lookSoon();
      services.kernel.setWord(TURNS_LEFT, 0);
    }
    return piece;
  }
  if (verdict === "clock") services.counters.turnsCut++;
  if (yields) return giveWay(actor);
  const where = mayPark ? "in one turn, and its policy is kill" : "where it cannot be preempted";
  if (verdict === "clock") return cutByClock(actor, "it", budget.tookMs, where, limit);
  return cut(
    actor,
    mayPark
      ? `it has spent the ${most} of one turn (reductions.perTurn), and its policy is kill`
      : `it has spent ${most} where it cannot be preempted (limit handlerReductions)`,
  );
}

/** Whether the event loop is due. It depends on the clock, and the actor can tell: a recording writes it down. */
function isDue(actor: Actor, nowMs: number): boolean {
  const { scheduler, taping } = actor.services;
  const due = scheduler.isDue(nowMs);
  return taping !== null && actor.spec.isRecorded ? taping.due(actor, due) : due;
}

/** The same for a predicate, which cannot give way. */
function nextBudgetOfPredicate(actor: Actor, budget: TurnBudget, elapsedMs: number): number {
  const { limits, services } = actor;
  const { predicateReductions, turnMs } = limits;
  budget.askedMs += Math.min(elapsedMs, turnMs * MOST_OF_LIMIT);
  const verdict = services.judge(budget.asked, predicateReductions, budget.askedMs, turnMs);
  if (verdict === "on") {
    const piece = Math.min(predicateReductions - budget.asked, PIECE);
    budget.asked += piece;
    actor.given += piece;
    return piece;
  }
  if (verdict === "clock") {
    services.counters.turnsCut++;
    return cutByClock(actor, "its predicates", budget.askedMs, "in one turn", "turnMs");
  }
  return cut(actor, `its predicates have spent the ${predicateReductions} of one turn (limit predicateReductions)`);
}

/** The time since the guest last asked in this turn. Before its first question it has used less than a piece. */
function elapsed({ services }: Actor, budget: TurnBudget): number {
  const nowMs = services.clock.now();
  const { lastMs } = budget;
  budget.lastMs = nowMs;
  return lastMs < 0 ? 0 : nowMs - lastMs;
}

/** Crashes the actor by a trap. It could catch an exception, again and again. */
function cut(actor: Actor, why: string): number {
  if (actor.exiting === null) actor.exiting = crashOf(actor, `reductions: ${why}`);
  actor.restraint = EXITING;
  return YIELD_END;
}

function cutByClock(actor: Actor, who: string, tookMs: number, where: string, limit: "turnMs" | "startMs"): number {
  const took = `${who} ${who === "it" ? "has" : "have"} run for ${tookMs.toFixed(1)} ms by the clock`;
  return cut(actor, `${took} ${where} (limit ${limit}: ${actor.limits[limit]})`);
}

function giveWay(actor: Actor): number {
  if (actor.spec.way === "jspi") return GIVE_WAY;
  const room = saveMemory(actor);
  return room === 0 ? cut(actor, "it has no memory that its stack could be written to") : -room;
}

/**
 * The guest has given way: by unwinding its stack, or in a way of its own. The actor goes to the end of
 * the run queue, unless its stack cannot be kept; then it crashes.
 */
export function suspendPreempted(actor: Actor): void {
  if (!takeStack(actor)) return;
  actor.setFlag(PREEMPTED, true);
  actor.services.scheduler.lookSoon();
  actor.wake();
}

/**
 * Begins the turn in which a preempted guest goes on. Answers its new budget, or 0 where its stack is
 * back in its memory and is to be rewound.
 */
export function resumePreempted(actor: Actor): number {
  actor.setFlag(PREEMPTED, false);
  if (actor.spec.reductions === null) return PIECE;
  return returnStack(actor) ? 0 : nextBudget(actor);
}
