/**
 * What is between a sender and the receiver's mailbox in a simulation (host/simulation/). In every other
 * runtime an item has arrived when it is sent, and there is no transit.
 */
import type { ExitReason } from "../wire/message.ts";

/** Keeps what was sent until it arrives. `Actor` is an actor; what goes to the sender itself never comes here. */
export interface Transit<Actor> {
  /** A message or a timer's item that was accepted. The bytes are the sender's. */
  message(fromLo: number, fromHi: number, to: Actor, kind: number, tag: number, ref: number, bytes: Uint8Array): void;
  /** A Down. `isFull`: with the bytes of the exit reason. */
  down(fromLo: number, fromHi: number, to: Actor, ref: number, reason: ExitReason, isFull: boolean): void;
  /** An exit signal. `isOfLink`: the sender has ended, and was linked to the receiver. */
  exit(fromLo: number, fromHi: number, to: Actor, reason: ExitReason, isOfLink: boolean): void;
  /** A kill by an actor or by the host's code. */
  kill(fromLo: number, fromHi: number, to: Actor): void;
  /** A monitor is removed: no Down of this ref comes any more. */
  forget(to: Actor, ref: number): void;
  /** A link is removed: it brings no exit signal any more. */
  unlinked(to: Actor, fromLo: number, fromHi: number): void;
}
