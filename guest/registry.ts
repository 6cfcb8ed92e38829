/**
 * The registry: names of live actors. When an actor ends, its names are free before any link or
 * monitor reports its end. So an actor that receives a Down or an Exit can register the name again
 * at once.
 */

import * as actor from "./actor";
import { Pid } from "./pid";
import { self } from "./process";
import { Sent } from "./send";
import * as utf8 from "./utf8";

/** The result of `register`. */
export enum Registered {
  Done = 1,
  /** There is no such actor. */
  NoActor = 0,
  /** An actor has the name already. */
  Taken = -1,
  /** The grant `register` is missing, or the actor is neither the caller nor its own child. */
  NotGranted = -100,
  /** The actor has reached its limit of names, or the name is longer than 255 bytes. */
  Limit = -101,
}

/** Gives a name to an actor. An actor may have several names. */
export function register(name: string, pid: Pid = self()): Registered {
  const length = utf8.encode(name);
  return actor.register(utf8.ptr, length, pid as i32, (pid >> 32) as i32);
}

/**
 * Frees a name of the caller or of its own child. False where neither has it, and without the grant
 * `register`.
 */
export function unregister(name: string): bool {
  const length = utf8.encode(name);
  return actor.unregister(utf8.ptr, length) === 1;
}

/** The actor with this name. 0 where there is none, and without the grant `lookup`. */
export function whereis(name: string): Pid {
  const result = memory.data(8, 8);
  const length = utf8.encode(name);
  return actor.whereis(utf8.ptr, length, result) === 1 ? load<u64>(result) : 0;
}

/** Sends to the actor with this name. `Sent.NoActor` where there is none. */
export function sendNamed(name: string, bytes: Uint8Array, tag: i32 = 0): Sent {
  const length = utf8.encode(name);
  return actor.send_named(utf8.ptr, length, tag, bytes.dataStart, bytes.length);
}
