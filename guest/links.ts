/**
 * Links and monitors, by which an actor learns of another's end. The semantics are Erlang's.
 *
 * A link works in both directions. When one actor ends, the other gets an exit signal. The signal
 * ends it too, unless the reason is normal or it traps exits. A monitor works in one direction: its
 * owner gets one Down, and does not end. Exit signals and Downs arrive after all messages that the
 * ended actor had sent before.
 */

import * as actor from "./actor";
import { lengthOf, ptrOf } from "./bytes";
import { Reason } from "./message";
import { Pid } from "./pid";
import { Ref } from "./ref";
import { refFrom } from "./status";

/**
 * Links the caller with an actor. A second link between the same two changes nothing.
 *
 * A link to a dead actor sends the caller an exit signal with the reason noproc, which ends it
 * unless it traps exits.
 *
 * @returns false where there is no such actor; where it is not the caller's own child and the grant
 * `kill` is missing; and where one of the two has reached its limit `ties`
 */
export function link(pid: Pid): bool {
  return actor.link(pid as i32, (pid >> 32) as i32) === 1;
}

/**
 * Removes the link, for both actors. An Exit that is already in the mailbox stays there. False
 * where there is no such actor.
 */
export function unlink(pid: Pid): bool {
  return actor.unlink(pid as i32, (pid >> 32) as i32) !== 0;
}

/**
 * Sets whether exit signals arrive as items of the kind Exit, instead of ending the caller (Erlang:
 * `trap_exit`). Returns the setting before.
 */
export function trapExit(on: bool = true): bool {
  return actor.trap_exit(on ? 1 : 0) !== 0;
}

/**
 * Sends an exit signal, as if the caller had ended for that reason (Erlang: `exit/2`).
 *
 * @param reason Normal, Shutdown, Killed, or Own; any other crashes the caller
 * @param bytes the reason's bytes, for Own
 * @returns false where there is no such actor; where it is neither the caller nor its own child and
 * the grant `kill` is missing; and where it traps exits and its mailbox is full
 */
export function exitTo(pid: Pid, reason: Reason = Reason.Shutdown, bytes: Uint8Array | null = null): bool {
  return actor.exit_to(pid as i32, (pid >> 32) as i32, reason, ptrOf(bytes), lengthOf(bytes)) === 1;
}

/**
 * Ends an actor at once, even if it traps exits. Its linked actors get the reason killed. Returns
 * as `exitTo` does.
 */
export function kill(pid: Pid): bool {
  return exitTo(pid, Reason.Killed);
}

/**
 * Asks for one Down when the actor ends (Erlang: a monitor of a dead process answers noproc). For a
 * dead actor the Down comes at once, with the reason noproc. A monitor of the caller itself never
 * sends a Down.
 *
 * @returns the monitor's ref, which its Down has as `ref`, so that `receiveTag(ref)` waits for it;
 * 0 where the caller has reached a limit, and there is no monitor
 */
export function monitor(pid: Pid): Ref {
  return refFrom(actor.monitor(pid as i32, (pid >> 32) as i32));
}

/**
 * Whether an actor is alive. True also where it cannot be known, because the caller has reached a
 * limit.
 */
export function isAlive(pid: Pid): bool {
  const ref = monitor(pid);
  return ref === 0 || demonitor(ref, true);
}

/**
 * Removes a monitor. The current message stays valid.
 *
 * @param flush also removes its Down from the mailbox, so that none is received after this call
 * @returns false where the Down was sent before
 */
export function demonitor(ref: Ref, flush: bool = false): bool {
  return actor.demonitor(ref, flush ? 1 : 0) !== 0;
}
