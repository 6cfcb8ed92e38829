/** One end, from when it is recorded until it is told. */

import type { Actor } from "../actor/actor.ts";
import { HANDED_HI, HANDED_KIND, HANDED_LO, HANDED_TAG } from "../mail/slots.ts";
import { READY } from "../kernel/words.ts";
import { type ExitReason, isCounted, RECEIVE_PARK, type Received } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";

/** A message in the window of an actor that had no turn to take it. */
interface Handed {
  readonly from: Pid;
  readonly tag: number;
  readonly length: number;
}

/** An end that is recorded and not yet told. */
export interface Ending {
  readonly actor: Actor;
  reason: ExitReason;
  /** False if its spawn has failed, so no one knew the actor. */
  readonly wasAlive: boolean;
  /** The names that it had; the first is its oldest. */
  readonly names: readonly string[];
  /** The place of the next dead letter in its mailbox. */
  letter: number;
  /** The message that was put into its window; null if there is none. */
  handed: Handed | null;
  /** The item that it had taken last, if it crashed by its own fault. */
  lastReceived: Received | undefined;
  /** Its mailbox and its instance are released. */
  isReleased: boolean;
}

/** The record of an actor that ends now. */
export function endingOf(actor: Actor, reason: ExitReason, wasAlive: boolean): Ending {
  return {
    actor,
    reason,
    wasAlive,
    names: [...(actor.ties?.names ?? [])],
    letter: actor.mailbox.first(),
    handed: handedTo(actor),
    lastReceived: undefined,
    isReleased: false,
  };
}

/**
 * The message or timer's item that was put into the window of an actor that still waits for its
 * turn.
 */
function handedTo(actor: Actor): Handed | null {
  const { store, at, state, result } = actor;
  const { words } = store;
  if (state !== READY || result === RECEIVE_PARK || !isCounted(words[at + HANDED_KIND])) return null;
  return {
    from: pidFromWords(words[at + HANDED_LO], words[at + HANDED_HI]),
    tag: words[at + HANDED_TAG],
    length: result,
  };
}
