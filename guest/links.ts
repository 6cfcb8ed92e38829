/**
 * What ties actors to each other's ends. A link works both ways: the end of one is an exit signal for the other, which ends
 * it too unless the reason is normal or it traps exits. A monitor works one way and ends nobody: its watcher gets one Down.
 * Both come behind everything that the one who ended had sent before. The semantics are Erlang's.
 */

import * as actor from "./actor";
import { Reason } from "./message";
import { Pid } from "./pid";
import { Ref } from "./ref";
import { refFrom } from "./status";

/**
 * Links the caller with an actor; one link a pair, however often it is asked for. False where there is no such actor: an exit
 * signal with the reason noproc has come from it, which ends a caller that does not trap exits. False also for actors other
 * than its own children without the grant `kill`, and where either has as many ties as its limits allow.
 */
export function link(pid: Pid): bool {
  return actor.link(pid as i32, (pid >> 32) as i32) === 1;
}

/** Takes the link back, from both sides; an Exit that is in the mailbox already stays there. False: no such actor. */
export function unlink(pid: Pid): bool {
  return actor.unlink(pid as i32, (pid >> 32) as i32) !== 0;
}

/** Whether exit signals come as items of the kind Exit instead of ending the caller. Returns what was before. */
export function trapExit(on: bool = true): bool {
  return actor.trap_exit(on ? 1 : 0) !== 0;
}

/**
 * Sends an exit signal as if the caller had ended for that reason. `reason`: Normal, Shutdown, Killed, or Own, whose bytes
 * are `bytes`; the others crash the caller. False where there is no such actor, for actors other than itself and its own
 * children without the grant `kill`, and where it traps exits and its mailbox is full.
 */
export function exitTo(pid: Pid, reason: Reason = Reason.Shutdown, bytes: Uint8Array | null = null): bool {
  const ptr: usize = bytes === null ? 0 : bytes.dataStart;
  const length = bytes === null ? 0 : bytes.length;
  return actor.exit_to(pid as i32, (pid >> 32) as i32, reason, ptr, length) === 1;
}

/** Ends an actor at once, whether it traps exits or not; those linked to it get the reason killed. False: no such actor. */
export function kill(pid: Pid): bool {
  return exitTo(pid, Reason.Killed);
}

/**
 * Asks for one Down when the actor ends; where there is no such actor it comes at once, with the reason noproc. Each monitor
 * has a ref of its own, which its Down bears: `receiveTag(ref)` waits for just that. A monitor of oneself never tells anything.
 * Returns 0, and there is no monitor, where a limit stands against it.
 */
export function monitor(pid: Pid): Ref {
  return refFrom(actor.monitor(pid as i32, (pid >> 32) as i32));
}

/** Whether an actor is alive: a monitor that is taken back at once. True also where `monitor` returns 0, so that it cannot be known. */
export function isAlive(pid: Pid): bool {
  const ref = monitor(pid);
  return ref === 0 || demonitor(ref, true);
}

/**
 * Takes a monitor back. `flush`: its Down is also taken out of the mailbox, should it be there already, so that none is
 * received after this. False where the Down was sent before. The message last received stays as it is.
 */
export function demonitor(ref: Ref, flush: bool = false): bool {
  return actor.demonitor(ref, flush ? 1 : 0) !== 0;
}
