/** One end, from when it is recorded until it is told. */

import type { Actor } from "../actor/actor.ts";
import type { ExitReason, Received } from "../wire/message.ts";
import type { Recording } from "../wire/recording.ts";

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
  /** The item that it had taken last, if it crashed by its own fault. */
  lastReceived: Received | undefined;
  /** What was recorded of it, if it crashed by its own fault. */
  recording: Recording | undefined;
  /** Its mailbox and its instance are released. */
  isReleased: boolean;
}

/** The record of an actor that ends now. */
export function endingOf(actor: Actor, reason: ExitReason, wasAlive: boolean): Ending {
  return {
    actor,
    reason,
    wasAlive,
    names: [...(actor.belongings?.names ?? [])],
    letter: actor.mailbox.first(),
    lastReceived: undefined,
    recording: undefined,
    isReleased: false,
  };
}
