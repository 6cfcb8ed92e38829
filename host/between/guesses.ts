/**
 * Guesses: pids and refs that a guest makes up or tries one after another. They count as denials,
 * and their number is bounded for each family. Each unknown pid costs more reductions than the one
 * before.
 */

import type { Actor } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { fault } from "../actor/fault.ts";
import { UNKNOWN_PIDS, WRONG_REFS } from "../kernel/life-words.ts";
import type { Actors } from "../mail/actors.ts";

/**
 * What a family's first unknown pid costs beside the call. The second costs twice as much, the
 * third three times.
 */
const UNKNOWN_PID_REDUCTIONS = 1_000;
/**
 * How many answers of a family may miss their ref in a second. After that, refs of `make_ref` take
 * no answer of the family until the second is over. Late answers count.
 */
const WRONG_REFS_PER_SECOND = 1_000;

/** The actor of a pid that a guest uses; undefined if there is none. */
export function lookUp(caller: Actor, actors: Actors<Actor>, lo: number, hi: number): Actor | undefined {
  return actors.get(lo, hi) ?? missed(caller, actors, lo, hi);
}

function missed(caller: Actor, actors: Actors<Actor>, lo: number, hi: number): undefined {
  const { family, services } = caller;
  // Pid 0 is the host, and the pid of an actor that has ended is not a guess.
  if (family === null || (lo === 0 && hi === 0) || actors.wasIssued(lo, hi)) return undefined;
  family.add(UNKNOWN_PIDS, 1);
  const guesses = family.count(UNKNOWN_PIDS);
  services.counters.denied++;
  charge(caller, guesses * UNKNOWN_PID_REDUCTIONS);
  if (guesses > family.limits.unknownPids) {
    fault(
      caller,
      `its family has used more than ${family.limits.unknownPids} pids that no actor ever had (limit unknownPids): a pid is told, not made up`,
    );
  }
  return undefined;
}

/** Counts an answer whose ref does not exist, or that the actor may not answer. */
export function missedRef({ family, services }: Actor): void {
  if (family === null) return;
  services.counters.denied++;
  family.take(WRONG_REFS, services.clock.now(), 1, WRONG_REFS_PER_SECOND);
}

/** Whether an actor (null: the host) may answer refs of `make_ref`. */
export function mayGuessRefs(from: Actor | null): boolean {
  const family = from?.family ?? null;
  if (from === null || family === null) return true;
  return !family.isSpent(WRONG_REFS, from.services.clock.now(), WRONG_REFS_PER_SECOND);
}
