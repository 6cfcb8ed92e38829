/**
 * Monitors (Erlang: `monitor/2`). Each brings one Down when the target ends. A request in flight is
 * a monitor, too.
 */

import type { Actor } from "../actor/actor.ts";
import { NONE } from "../mail/mailbox.ts";
import { GREATEST_REF, isCounted } from "../wire/message.ts";
import { pidFromWords } from "../wire/pid.ts";
import { sendDown } from "./down.ts";
import { newRef } from "./refs.ts";
import { noMemory, targetOf } from "./ties.ts";

/**
 * Monitors an actor and returns the ref. Without a target, the Down comes at once with the exit
 * reason noproc.
 */
export function monitor(watcher: Actor, target: Actor | undefined, targetLo: number, targetHi: number): number {
  const ref = newRef(watcher);
  const { kernel, transit } = watcher.services;
  if (target === undefined) {
    sendDown(watcher, targetLo, targetHi, ref, { kind: "noproc" });
  } else {
    if (kernel.call.watch(watcher.record, target.record, ref) === 0) noMemory();
    transit?.monitored(watcher, target, ref);
  }
  return ref;
}

/**
 * Removes a monitor. False if there is none: its Down was delivered, or it never existed. `flush`
 * removes such a Down from the mailbox.
 */
export function demonitor(watcher: Actor, ref: number, flush: boolean): boolean {
  const { kernel, transit } = watcher.services;
  const tie = kernel.call.findMonitor(watcher.record, ref);
  const target = tie === 0 || transit === null ? undefined : targetOf(watcher, tie);
  if (tie !== 0) kernel.call.dropTie(tie);
  transit?.forget(watcher, ref, target);
  if (flush) flushRef(watcher, ref);
  watcher.mailbox.unmark(ref);
  return tie !== 0;
}

/**
 * Removes the items of a dead ref from the mailbox: its Down, an answer that came with it, a
 * timer's item.
 */
function flushRef(actor: Actor, ref: number): void {
  // Only a valid ref: items without a ref have 0 there.
  if (ref > GREATEST_REF) return;
  const { mailbox, services, pid } = actor;
  for (let at = mailbox.findRef(ref); at !== NONE; at = mailbox.findRef(ref)) {
    const { kind, fromLo, fromHi, length } = mailbox.item(at);
    mailbox.remove(at);
    // It may have been the one that was too long for a receive's window.
    actor.held = false;
    if (isCounted(kind)) services.deadLetter(pidFromWords(fromLo, fromHi), pid, ref, length, "late reply");
  }
}
