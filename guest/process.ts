/**
 * The actor itself: its pid, what it was given, how it ends, its clock and its log.
 */

import * as actor from "./actor";
import { Reason } from "./message";
import { Pid } from "./pid";
import { ExitReason } from "./reason";
import * as utf8 from "./utf8";

/** How much a line of the log matters. */
export enum Level {
  Debug = 0,
  Info = 1,
  Warning = 2,
  Error = 3,
}

/** The actor's own pid, once it was asked for: it never changes. */
let own: Pid = 0;

/** The actor's own pid. */
export function self(): Pid {
  if (own === 0) own = ((actor.self_hi() as u32 as u64) << 32) | (actor.self_lo() as u32 as u64);
  return own;
}

/**
 * Who has spawned this actor, or the supervisor of the host's that has started it; it may have ended. 0: the host. Nothing ties an actor to
 * its parent unless it was linked or monitored.
 */
export function parent(): Pid {
  const result = memory.data(8, 8);
  return actor.parent(result) === 1 ? load<u64>(result) : 0;
}

/** The bytes given at spawn; a new copy each time. */
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

/** Ends the actor, reason `normal`, as returning from `run` does. Does not return, nor do the other four. */
export function exit(): void {
  actor.exit(Reason.Normal, 0, 0);
  unreachable();
}

/** Ends the actor, reason `shutdown`: it was asked to stop. */
export function shutdown(): void {
  actor.exit(Reason.Shutdown, 0, 0);
  unreachable();
}

/** Ends the actor for a reason of its own, which links and monitors get. */
export function exitWith(reason: Uint8Array): void {
  actor.exit(Reason.Own, reason.dataStart, reason.length);
  unreachable();
}

/** Ends the actor for a reason of its own, as UTF-8. */
export function exitText(reason: string): void {
  const length = utf8.encode(reason);
  actor.exit(Reason.Own, utf8.ptr, length);
  unreachable();
}

/** Ends the actor for a reason that it has received, in a Down or an Exit, as if that had been its own end. */
export function exitFor(reason: ExitReason): void {
  const bytes = reason.bytes();
  actor.exit(reason.kind, bytes.dataStart, bytes.length);
  unreachable();
}

/** Milliseconds since the runtime began, with fractions; never goes back. -100 without the grant `clock`. */
export function now(): f64 {
  return actor.now();
}

/** Gives a line of text to the host. False without the grant `log`, and where it has logged too much in this second. */
export function log(text: string, level: Level = Level.Info): bool {
  const length = utf8.encode(text);
  return actor.log(level, utf8.ptr, length) === 1;
}
