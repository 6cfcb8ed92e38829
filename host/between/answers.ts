/**
 * Who may answer a ref. The ref of a request or a monitor is answered by the actor that was asked,
 * or by the one to which that actor delegated the request. A ref of `make_ref` is answered by any
 * actor that was told it, and one of `ask` by nobody but the function that was asked (questions.ts). Each ref takes one answer. Other senders do not learn whether the ref
 * exists.
 */

import type { Actor } from "../actor/actor.ts";
import { TIE_ANSWERED, TIE_OTHER, VIA_HI, VIA_LO } from "../kernel/tie-words.ts";
import { DEAD } from "../kernel/words.ts";
import { mayGuessRefs } from "./guesses.ts";
import { ownerOf, tieWord } from "./ties.ts";

/** Whether a message of `from` (null: the host) that is tagged with a ref is accepted. */
export function mayAnswer(from: Actor | null, to: Actor, ref: number): boolean {
  const tie = to.services.kernel.call.findMonitor(to.record, ref);
  if (tie === 0) return to.belongings?.refs?.get(ref) === false && mayGuessRefs(from);
  return from !== null && isOpen(to, tie) && tieWord(to, tie, TIE_OTHER) === from.record;
}

/** Whether a monitor still takes an answer. */
function isOpen(actor: Actor, tie: number): boolean {
  return tieWord(actor, tie, TIE_ANSWERED) === 0;
}

/** Notes that an answer was accepted: the ref takes no other. */
export function answered(actor: Actor, ref: number): void {
  const { kernel } = actor.services;
  const tie = kernel.call.findMonitor(actor.record, ref);
  if (tie !== 0) kernel.setWord(tie + TIE_ANSWERED, 1);
  else if (actor.belongings?.refs?.has(ref)) actor.belongings.refs.set(ref, true);
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
  const tie = delegatedTo(from, toLo, toHi, ref);
  if (tie === 0) return to;
  const asker = ownerOf(from, tie);
  return asker.state === DEAD ? undefined : asker;
}

/**
 * The tie of the unanswered request `ref` to an actor; 0: there is none. It came from `asker`, or was
 * delegated by the actor of the asker's pid.
 */
export function requestTo(
  actor: Actor,
  asker: Actor | undefined,
  askerLo: number,
  askerHi: number,
  ref: number,
): number {
  const found = asker === undefined ? 0 : actor.services.kernel.call.findMonitor(asker.record, ref);
  const isIts = found !== 0 && tieWord(actor, found, TIE_OTHER) === actor.record;
  const tie = isIts ? found : delegatedTo(actor, askerLo, askerHi, ref);
  return tie !== 0 && isOpen(actor, tie) ? tie : 0;
}

/**
 * Delegates a request: `to` alone may answer now, and its end causes the Down. False if `to` has
 * another request of that ref.
 */
export function reassign(tie: number, ref: number, by: Actor, to: Actor): boolean {
  const { call } = by.services.kernel;
  const other = call.findDelegated(to.record, ref);
  if (other !== 0 && other !== tie) return false;
  call.delegateTie(tie, to.record, by.lo, by.hi);
  return true;
}

function delegatedTo(actor: Actor, viaLo: number, viaHi: number, ref: number): number {
  const tie = actor.services.kernel.call.findDelegated(actor.record, ref);
  if (tie === 0) return 0;
  return tieWord(actor, tie, VIA_LO) === viaLo && tieWord(actor, tie, VIA_HI) === viaHi ? tie : 0;
}
