/** One end between its recording and its telling. */

import type { Actor } from "../actor/actor.ts";
import { HANDED_HI, HANDED_KIND, HANDED_LO, HANDED_TAG } from "../mail/slots.ts";
import { READY } from "../mail/states.ts";
import { type ExitReason, isCounted, RECEIVE_PARK, type Received } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";

interface Handed {
  readonly from: Pid;
  readonly tag: number;
  readonly length: number;
}

/** An end that was recorded and is still to be told. */
export interface Ending {
  readonly actor: Actor;
  reason: ExitReason;
  /** Others knew the actor. False where its spawn has failed. */
  readonly wasAlive: boolean;
  /** Under which it was registered, first of all. */
  readonly names: readonly string[];
  /** Where the next dead letter is in its mailbox. */
  letter: number;
  /** What was put into its window, and it never had the turn to take; null where there is none. */
  handed: Handed | null;
  lastReceived: Received | undefined;
  /** Its mailbox and its instance are gone. */
  isReleased: boolean;
}

/** What is recorded of an actor that ends now. */
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

/** The message, or what a timer has brought, that was handed to an actor which waits for the turn to take it. */
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
