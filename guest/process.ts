/**
 * The calling actor: its pid, parent and arguments, how it ends, its clock and its log.
 */

import * as actor from "./actor";
import { Reason } from "./message";
import { Pid } from "./pid";
import { ExitReason } from "./reason";
import * as utf8 from "./utf8";

/** The importance of a log line. */
export enum Level {
  Debug = 0,
  Info = 1,
  Warning = 2,
  Error = 3,
}

/** The actor's own pid, kept after the first call, because it never changes. 0 before. */
let own: Pid = 0;

/** The actor's own pid. */
export function self(): Pid {
  if (own === 0) own = ((actor.self_hi() as u32 as u64) << 32) | (actor.self_lo() as u32 as u64);
  return own;
}

/**
 * The actor that has spawned this one, or the host's supervisor that has started it. 0 is the host.
 * The parent may have ended. An actor is not linked to its parent by itself.
 */
export function parent(): Pid {
  const result = memory.data(8, 8);
  return actor.parent(result) === 1 ? load<u64>(result) : 0;
}

/** The bytes given at spawn. Each call returns a new copy. */
export function args(): Uint8Array {
  const length = actor.args(0, 0);
  const bytes = new Uint8Array(length);
  actor.args(bytes.dataStart, length);
  return bytes;
}

/** The bytes given at spawn, decoded as UTF-8. */
export function argsText(): string {
  const bytes = args();
  return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
}

/**
 * Ends the actor for the reason normal, as returning from `run` does. Does not return; nor do the
 * next four functions.
 */
export function exit(): void {
  actor.exit(Reason.Normal, 0, 0);
  unreachable();
}

/** Ends the actor for the reason shutdown, which means that it was asked to stop. */
export function shutdown(): void {
  actor.exit(Reason.Shutdown, 0, 0);
  unreachable();
}

/**
 * Ends the actor for a reason of its own: at most 4,096 bytes, which its links and monitors get.
 */
export function exitWith(reason: Uint8Array): void {
  actor.exit(Reason.Own, reason.dataStart, reason.length);
  unreachable();
}

/** As `exitWith`, with a text as UTF-8. */
export function exitText(reason: string): void {
  const length = utf8.encode(reason);
  actor.exit(Reason.Own, utf8.ptr, length);
  unreachable();
}

/** Ends the actor for a reason that it has received in a Down or an Exit. */
export function exitFor(reason: ExitReason): void {
  const bytes = reason.bytes();
  actor.exit(reason.kind, bytes.dataStart, bytes.length);
  unreachable();
}

/**
 * Milliseconds since the runtime began, with fractions. It never goes back. -100 without the grant
 * `clock`.
 */
export function now(): f64 {
  return actor.now();
}

/**
 * The date on which the runtime began, in milliseconds since 1970 (UTC). `epoch() + now()` is the date. -100 without
 * the grant `clock`.
 */
export function epoch(): f64 {
  return actor.epoch();
}

/**
 * Gives a log line to the host. False without the grant `log`, and where the actor has logged too
 * much in this second.
 */
export function log(text: string, level: Level = Level.Info): bool {
  const length = utf8.encode(text);
  return actor.log(level, utf8.ptr, length) === 1;
}
