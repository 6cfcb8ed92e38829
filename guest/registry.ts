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
}

/** Gives an actor, usually the caller, a name. An actor may have several. */
export function register(name: string, pid: Pid = self()): Registered {
  const length = utf8.encode(name);
  return actor.register(utf8.ptr, length, pid as i32, (pid >> 32) as i32);
}

/** Frees a name, whoever has it. False where nobody has. */
export function unregister(name: string): bool {
  const length = utf8.encode(name);
  return actor.unregister(utf8.ptr, length) !== 0;
}

/** Who has the name; 0 is nobody. */
export function whereis(name: string): Pid {
  const result = memory.data(8, 8);
  const length = utf8.encode(name);
  return actor.whereis(utf8.ptr, length, result) !== 0 ? load<u64>(result) : 0;
}

/** Sends to whoever has the name; `Sent.NoActor` where nobody has. */
export function sendNamed(name: string, bytes: Uint8Array, tag: i32 = 0): Sent {
  const length = utf8.encode(name);
  return actor.send_named(utf8.ptr, length, tag, bytes.dataStart, bytes.length);
}
