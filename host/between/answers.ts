/**
 * Who may answer a ref. The ref of a request or a monitor is answered by the actor that was asked,
 * or by the one to which that actor delegated the request. A ref of `make_ref` is answered by any
 * actor that was told it. Each ref takes one answer. Other senders do not learn whether the ref
 * exists.
 */

import type { Actor } from "../actor/actor.ts";
import { type Monitor, Ties } from "../actor/ties.ts";
import { CALL_ANSWERED, CALL_REF, CALLEE } from "../kernel/words.ts";
import { mayGuessRefs } from "./guesses.ts";
import { allTies, unfoldCallers } from "./requests.ts";
import { removeFromTarget } from "./ties.ts";

/** Whether a message of `from` (null: the host) that is tagged with a ref is accepted. */
export function mayAnswer(from: Actor | null, to: Actor, ref: number): boolean {
  if (to.coldWord(CALL_REF) === ref) {
    return from !== null && to.coldWord(CALL_ANSWERED) === 0 && to.coldWord(CALLEE) === from.record;
  }
  const { ties } = to;
  if (ties === null) return false;
  const made = ties.monitors?.get(ref);
  if (made !== undefined) return !made.isAnswered && made.target === from;
  return ties.refs?.get(ref) === false && mayGuessRefs(from);
}

/** Notes that an answer was accepted: the ref takes no other. */
export function answered(actor: Actor, ref: number): void {
  if (actor.coldWord(CALL_REF) === ref) {
    actor.setColdWord(CALL_ANSWERED, 1);
    return;
  }
  const { ties } = actor;
  const made = ties?.monitors?.get(ref);
  if (made !== undefined) made.isAnswered = true;
  else if (ties?.refs?.has(ref)) ties.refs.set(ref, true);
}

/**
 * The receiver of an answer that is addressed to `to`. If `to` delegated the request, that is the
 * asker, whether `to` is alive or dead.
 */
export function askerOf(
  from: Actor,
  to: Actor | undefined,
  toLo: number,
  toHi: number,
  ref: number,
): Actor | undefined {
  return delegatedTo(from, toLo, toHi, ref)?.watcher ?? to;
}

/**
 * The unanswered request `ref` to an actor. It came from `asker`, or was delegated by the actor of
 * the asker's pid.
 */
export function requestTo(
  actor: Actor,
  asker: Actor | undefined,
  askerLo: number,
  askerHi: number,
  ref: number,
): Monitor | undefined {
  const found = (asker && allTies(asker))?.monitors?.get(ref);
  const made = found?.target === actor ? found : delegatedTo(actor, askerLo, askerHi, ref);
  return made?.isAnswered === false ? made : undefined;
}

/**
 * Delegates a request: `to` alone may answer now, and its end causes the Down. False if `to` has
 * another request of that ref.
 */
export function reassign(made: Monitor, by: Actor, to: Actor): boolean {
  const other = to.ties?.delegated?.get(made.ref);
  if (other !== undefined && other !== made) return false;
  // The requests that the kernel has made to `to` came before.
  unfoldCallers(to);
  removeFromTarget(made);
  made.target = to;
  made.viaLo = by.lo;
  made.viaHi = by.hi;
  to.ties ??= new Ties();
  to.ties.watchers ??= new Set();
  to.ties.watchers.add(made);
  to.ties.delegated ??= new Map();
  to.ties.delegated.set(made.ref, made);
  return true;
}

function delegatedTo(actor: Actor, viaLo: number, viaHi: number, ref: number): Monitor | undefined {
  const made = actor.ties?.delegated?.get(ref);
  return made?.viaLo === viaLo && made.viaHi === viaHi ? made : undefined;
}
