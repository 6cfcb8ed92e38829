/**
 * What is between a sender and the receiver's mailbox, where that is more than a call: in a simulation
 * (host/simulation/) and to actors of other threads and nodes (host/away/). Elsewhere there is no transit, and
 * an item has arrived when it is sent.
 */
import type { ExitReason } from "../wire/message.ts";

/** Brings what was sent to where it arrives. `Actor` is an actor. */
export interface Transit<Actor> {
  /** Whether all that actors send each other comes here, so that nothing passes by the host. */
  readonly takesAll: boolean;
  /** Whether what the actor of these words sends to `to` comes here. The functions below take only that. */
  carries(to: Actor, fromLo: number, fromHi: number): boolean;
  /** Whether a message with so many bytes may be sent to an actor elsewhere. */
  hasRoom(to: Actor, bytes: number): boolean;
  /** A message or a timer's item that was accepted. The bytes are the sender's. */
  message(fromLo: number, fromHi: number, to: Actor, kind: number, tag: number, ref: number, bytes: Uint8Array): void;
  /** A Down. `isFull`: with the bytes of the exit reason. */
  down(fromLo: number, fromHi: number, to: Actor, ref: number, reason: ExitReason, isFull: boolean): void;
  /** An exit signal. `isOfLink`: the sender has ended, and was linked to the receiver. */
  exit(fromLo: number, fromHi: number, to: Actor, reason: ExitReason, isOfLink: boolean): void;
  /** A kill by an actor or by the host's code. */
  kill(fromLo: number, fromHi: number, to: Actor): void;
  /** A monitor is made. */
  monitored(watcher: Actor, target: Actor, ref: number): void;
  /** A monitor is removed: no Down of this ref comes any more. `target`: undefined if there was no such monitor. */
  forget(watcher: Actor, ref: number, target: Actor | undefined): void;
  /** Two actors are linked, by the first one. */
  linked(actor: Actor, other: Actor): void;
  /** A link of an actor is removed: it brings no exit signal any more. */
  unlinked(actor: Actor, otherLo: number, otherHi: number): void;
  /** `by` hands on a request of an actor elsewhere, whose place decides. The bytes are the sender's. */
  delegated(by: Actor, asker: Actor, ref: number, to: Actor, tag: number, bytes: Uint8Array): void;
  /** A request is handed on by `by` to an actor elsewhere, which alone may answer now. The bytes are the sender's. */
  handedOn(by: Actor, asker: Actor, ref: number, to: Actor, tag: number, bytes: Uint8Array): void;
}
