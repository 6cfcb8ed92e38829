/**
 * A guest that sends many messages in one turn gives way. Otherwise it would fill the mailboxes of
 * its receivers before they have had a turn.
 *
 * Only a guest that asks for it (it exports `isopod:gives_way`) hears of this, where it may park.
 */

import { FOR_ANSWER, GIVING_WAY, MAY_SEND, SENDS_A_TURN, SENDS_LEFT, WAITING } from "../mail/slots.ts";
import { SEND_ACCEPTED, SEND_GIVE_WAY } from "../wire/message.ts";
import type { Actor } from "./actor.ts";

/** The actor is in its entry from now on. There it may park, and so give way. */
export function enterEntry(actor: Actor): void {
  actor.mayPark = true;
  if (actor.guest?.givesWay !== true) return;
  const { words } = actor.store;
  words[actor.at + MAY_SEND] = SENDS_A_TURN;
  words[actor.at + SENDS_LEFT] = SENDS_A_TURN;
}

/** What `send` and `send_named` answer. Answers to refs are not counted, because somebody waits for each. */
export function statusFor(from: Actor, status: number, tag: number): number {
  return status === SEND_ACCEPTED && tag >= 0 ? accepted(from) : status;
}

/** Counts a message that was accepted, and answers what `send` answers. */
export function accepted(from: Actor): number {
  const { words } = from.store;
  const { at } = from;
  const left = words[at + SENDS_LEFT];
  if (left === 0) return SEND_ACCEPTED;
  if (left > 1) {
    words[at + SENDS_LEFT] = left - 1;
    return SEND_ACCEPTED;
  }
  // `park` is for what has answered -2.
  if (words[at + WAITING] === FOR_ANSWER) return SEND_ACCEPTED;
  words[at + WAITING] = GIVING_WAY;
  return SEND_GIVE_WAY;
}
