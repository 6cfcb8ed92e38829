/**
 * Groups: any number of actors under one name (Erlang: `pg`). A group exists while it has members.
 * An actor that ends has left its groups before any link or monitor reports its end.
 */

import * as actor from "./actor";
import { Pid } from "./pid";
import * as utf8 from "./utf8";

/**
 * Makes the caller a member. A second join changes nothing. False without the grant `register`, or
 * in too many groups.
 */
export function join(group: string): bool {
  const length = utf8.encode(group);
  return actor.join(utf8.ptr, length) === 1;
}

/** Ends the membership of the caller. False where it was no member. */
export function leave(group: string): bool {
  const length = utf8.encode(group);
  return actor.leave(utf8.ptr, length) !== 0;
}

/** The members, in the order in which they joined. Empty without the grant `lookup`. */
export function members(group: string): StaticArray<Pid> {
  const length = utf8.encode(group);
  // No actor joins or leaves in between, because this is one turn.
  const count = max(0, actor.members(utf8.ptr, length, 0, 0));
  const pids = new StaticArray<Pid>(count);
  actor.members(utf8.ptr, length, changetype<usize>(pids), count);
  return pids;
}

/**
 * Sends to every member but the caller. Returns how many mailboxes accepted the message; 0 without
 * the grant `lookup`.
 */
export function broadcast(group: string, bytes: Uint8Array, tag: i32 = 0): i32 {
  const length = utf8.encode(group);
  return max(0, actor.broadcast(utf8.ptr, length, tag, bytes.dataStart, bytes.length));
}
