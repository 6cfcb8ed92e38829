/**
 * The items of a mailbox, and the first file of the room host/wire/: the types, codes and limits that
 * all rooms share. The room imports nothing and has no state of a runtime, so every room may import it.
 *
 * Here: items as JavaScript sees them, and the codes that stand for them in guest memory.
 */
import type { Pid } from "./pid.ts";

/** One item of a mailbox. Messages, downs and exits share one order of arrival. */
export type Received = Message | Down | Exit | TimerItem;

/** Bytes that an actor or the host sent. */
export interface Message {
  readonly kind: "message";
  /** The sender; 0 is the host. */
  readonly from: Pid;
  /** Travels with the message; from 0 up it is the sender's own. */
  readonly tag: number;
  /** Not 0: the sender waits for an answer that bears this ref. */
  readonly ref: number;
  readonly bytes: Uint8Array;
}

/** What was to be sent later is here. */
export interface TimerItem {
  readonly kind: "timer";
  /** Who set it. */
  readonly from: Pid;
  readonly tag: number;
  /** The timer's, where its receiver has set it; else 0. */
  readonly ref: number;
  readonly bytes: Uint8Array;
}

/** A monitored actor has ended. Sent once per monitor. */
export interface Down {
  readonly kind: "down";
  readonly from: Pid;
  readonly ref: number;
  readonly reason: ExitReason;
}

/** A linked actor has ended, told to one that traps exits. */
export interface Exit {
  readonly kind: "exit";
  readonly from: Pid;
  readonly reason: ExitReason;
}

/** Why an actor ended. Erlang's reasons; `crashed` carries what a trap left behind, `custom` the actor's own bytes. */
export type ExitReason =
  | { readonly kind: "normal" }
  | { readonly kind: "shutdown" }
  | { readonly kind: "killed" }
  | { readonly kind: "crashed"; readonly message: string; readonly stack: string }
  | { readonly kind: "noproc" }
  | { readonly kind: "noconnection" }
  | { readonly kind: "custom"; readonly bytes: Uint8Array };

/** A reason as the embedder may give it: the bytes of `custom` may be a text, which goes as UTF-8. */
export type GivenReason = ExitReason | { readonly kind: "custom"; readonly bytes: string };

/** `info.kind`, the first word of what the host writes into a window. 0 marks a dead record in a mailbox. */
export const MESSAGE = 1;
export const DOWN = 2;
export const EXIT = 3;
export const TIMER = 4;

/** Whether the counters count an item: messages, now or later, are; signals are not. */
export function isCounted(kind: number): boolean {
  return kind === MESSAGE || kind === TIMER;
}

/** `info.reason` and the first parameter of `exit`. */
export const ReasonCode = {
  normal: 0,
  shutdown: 1,
  killed: 2,
  crashed: 3,
  noproc: 4,
  noconnection: 5,
  custom: 6,
} as const satisfies Record<ExitReason["kind"], number>;

/** An exit reason's bytes at most: every link and every monitor gets a copy, which no bound of a mailbox refuses. */
export const MAX_REASON_BYTES = 4_096;

/** What `send` answers. */
export const SEND_ACCEPTED = 1;
export const SEND_NO_ACTOR = 0;
export const SEND_FULL = -1;
export const SEND_TOO_LARGE = -2;

/** What every import answers that the caller was not granted, and that a limit of the caller's stands against. */
export const NOT_GRANTED = -100;
export const OVER_LIMIT = -101;

/** Refs are below this, so that none looks like a status. */
export const GREATEST_REF = -1024;

/** What a receive answers other than a length. */
export const RECEIVE_TIMEOUT = -1;
export const RECEIVE_PARK = -2;
