/**
 * Names: each stands for one live actor of the runtime. A name is free again before anybody is told that its actor has ended,
 * so whoever acts upon a Down or an Exit can give it to another at once.
 */

import * as actor from "./actor";
import { Pid } from "./pid";
import { self } from "./process";
import { Sent } from "./send";
import * as utf8 from "./utf8";

/** Whether an actor got a name. */
export enum Registered {
  Done = 1,
  /** There is no such actor. */
  NoActor = 0,
  /** Another has the name, or this one has it already. */
  Taken = -1,
  /** The grant `register` is missing, or the actor is neither the caller nor its own child. */
  NotGranted = -100,
  /** It has as many names as its limits allow, or the name is longer than 255 bytes. */
  Limit = -101,
}

/** Gives an actor, usually the caller, a name. An actor may have several. */
export function register(name: string, pid: Pid = self()): Registered {
  const length = utf8.encode(name);
  return actor.register(utf8.ptr, length, pid as i32, (pid >> 32) as i32);
}

/** Frees a name of the caller's or of its own child. False where neither has it, and without the grant `register`. */
export function unregister(name: string): bool {
  const length = utf8.encode(name);
  return actor.unregister(utf8.ptr, length) === 1;
}

/** Who has the name; 0 is nobody, and what is answered without the grant `lookup`. */
export function whereis(name: string): Pid {
  const result = memory.data(8, 8);
  const length = utf8.encode(name);
  return actor.whereis(utf8.ptr, length, result) === 1 ? load<u64>(result) : 0;
}

/** Sends to whoever has the name; `Sent.NoActor` where nobody has. */
export function sendNamed(name: string, bytes: Uint8Array, tag: i32 = 0): Sent {
  const length = utf8.encode(name);
  return actor.send_named(utf8.ptr, length, tag, bytes.dataStart, bytes.length);
}
