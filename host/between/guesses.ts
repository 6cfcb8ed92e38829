/**
 * Guesses: pids and refs that a guest makes up, or tries one after the other. A pid or a ref is told, never guessed, so they count as
 * denials of the guest's family, cost more and more, and come to an end.
 */

import type { Actor } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { fault } from "../actor/fault.ts";
import type { PidTable } from "../wire/pid.ts";

/** What the first unknown pid costs beyond the call; the second costs twice as much, and so on. */
const UNKNOWN_PID_REDUCTIONS = 1_000;
/** So many answers of a family may miss their ref in a second; the rest of it, refs of `make_ref` take no answer of that family. Late answers are such. */
const WRONG_REFS_PER_SECOND = 1_000;

/** The actor that a guest names, or undefined where there is none. */
export function lookUp(caller: Actor, actors: PidTable<Actor>, lo: number, hi: number): Actor | undefined {
  return actors.get(lo, hi) ?? missed(caller, actors, lo, hi);
}

function missed(caller: Actor, actors: PidTable<Actor>, lo: number, hi: number): undefined {
  const { allowance, services } = caller;
  // 0 is the host, and an actor that has ended is no guess.
  if (allowance === null || (lo === 0 && hi === 0) || actors.wasIssued(lo, hi)) return undefined;
  const { family } = allowance;
  family.unknownPids++;
  services.counters.denied++;
  charge(caller, family.unknownPids * UNKNOWN_PID_REDUCTIONS);
  if (family.unknownPids > family.limits.unknownPids) {
    fault(
      caller,
      `its family has used more than ${family.limits.unknownPids} pids that no actor ever had (limit unknownPids): a pid is told, not made up`,
    );
  }
  return undefined;
}

/** An actor has sent what answers no ref, or none that is its to answer. */
export function missedRef({ allowance, services }: Actor): void {
  if (allowance === null) return;
  services.counters.denied++;
  allowance.family.wrongRefs.take(services.clock.now(), 1, WRONG_REFS_PER_SECOND);
}

/** Whether an actor, or the host, may answer refs that anybody may who was told them. */
export function mayGuessRefs(from: Actor | null): boolean {
  const { family } = from?.allowance ?? {};
  if (from === null || family === undefined) return true;
  return !family.wrongRefs.isSpent(from.services.clock.now(), WRONG_REFS_PER_SECOND);
}
