/**
 * The items of a mailbox, and the first file of the room host/wire/: the types, codes and limits
 * that all rooms share. The room imports nothing and has no state of a runtime, so every room may
 * import it.
 *
 * Here: items as JavaScript sees them, and the codes that stand for them in guest memory.
 */
import type { Pid } from "./pid.ts";

/** One item of a mailbox. All kinds share one order of arrival. */
export type Received = Message | Down | Exit | TimerItem;

/** A message from an actor or the host. */
export interface Message {
  readonly kind: "message";
  /** The sender; 0 is the host. */
  readonly from: Pid;
  /**
   * A number that travels with the message. The sender chooses tags from 0 up; a negative tag is a
   * ref.
   */
  readonly tag: number;
  /**
   * The ref with which the sender waits for an answer; 0 where it does not wait. Answer with
   * `reply`.
   */
  readonly ref: number;
  readonly bytes: Uint8Array;
}

/** A timer: the item that `sendAfter` has sent (Erlang: `erlang:send_after/3`). */
export interface TimerItem {
  readonly kind: "timer";
  /** The actor that set the timer. */
  readonly from: Pid;
  readonly tag: number;
  /** The ref of the timer, where the receiver itself has set it; else 0. */
  readonly ref: number;
  readonly bytes: Uint8Array;
}

/**
 * A monitored actor has ended. Each monitor gets one Down. Where there was no such actor, the
 * reason is `noproc` (so in Erlang).
 */
export interface Down {
  readonly kind: "down";
  readonly from: Pid;
  readonly ref: number;
  readonly reason: ExitReason;
}

/**
 * An exit signal, for example from a linked actor that has ended. Only an actor that traps exits
 * gets it as an item, and host mailboxes always do.
 */
export interface Exit {
  readonly kind: "exit";
  readonly from: Pid;
  readonly reason: ExitReason;
}

/**
 * Why an actor ended: Erlang's reasons. `crashed` has the message and the stack of a trap. `custom`
 * has the bytes that the actor gave.
 */
export type ExitReason =
  | { readonly kind: "normal" }
  | { readonly kind: "shutdown" }
  | { readonly kind: "killed" }
  | { readonly kind: "crashed"; readonly message: string; readonly stack: string }
  | { readonly kind: "noproc" }
  | { readonly kind: "noconnection" }
  | { readonly kind: "custom"; readonly bytes: Uint8Array };

/**
 * An exit reason as the embedder may give it: the bytes of `custom` may be a text, which is sent as
 * UTF-8.
 */
export type GivenReason = ExitReason | { readonly kind: "custom"; readonly bytes: string };

/** The values of `info.kind`, the first word of a window. In a mailbox 0 marks a dead record. */
export const MESSAGE = 1;
export const DOWN = 2;
export const EXIT = 3;
export const TIMER = 4;

/** Whether the counters count an item. They count messages and timers, but not signals. */
export function isCounted(kind: number): boolean {
  return kind === MESSAGE || kind === TIMER;
}

/** The values of `info.reason` and of the first parameter of `exit`. */
export const ReasonCode = {
  normal: 0,
  shutdown: 1,
  killed: 2,
  crashed: 3,
  noproc: 4,
  noconnection: 5,
  custom: 6,
} as const satisfies Record<ExitReason["kind"], number>;

/**
 * The most bytes of an exit reason. Each link and each monitor gets a copy, which no limit of a
 * mailbox refuses.
 */
export const MAX_REASON_BYTES = 4_096;

/** The answers of `send`. */
export const SEND_ACCEPTED = 1;
/** Accepted, and the sender is to `park`, so that others have their turns. */
export const SEND_GIVE_WAY = 2;
export const SEND_NO_ACTOR = 0;
export const SEND_FULL = -1;
export const SEND_TOO_LARGE = -2;

/**
 * The answers of every import that the caller is not granted, or that a limit of the caller
 * forbids.
 */
export const NOT_GRANTED = -100;
export const OVER_LIMIT = -101;

/** The greatest ref. Refs are far below 0, so that none looks like a status. */
export const GREATEST_REF = -1024;

/** The answers of a receive that are not a length. */
export const RECEIVE_TIMEOUT = -1;
export const RECEIVE_PARK = -2;
