/**
 * What the account of memory counts for actors: instances with their memories, arguments, stacks and
 * ties.
 */

import { EXITING } from "../kernel/words.ts";
import { ARGUMENTS, INSTANCES, MEMORIES, STACKS, TIES } from "../mail/account.ts";
import { FREE_TIES, STACK_BYTES, TIE_BYTES } from "../wire/memory-use.ts";
import type { Actor, Services } from "./actor.ts";
import type { Instance } from "./body.ts";
import { crashOf } from "./fault.ts";

/**
 * Counts the size of an instance's memory. The actor whose memory has grown beyond `allMemoryBytes` is
 * marked to end.
 */
export function setMemory({ account, kernel }: Services, instance: Instance, bytes: number): void {
  const grown = bytes - instance.memoryBytes;
  const isAdmitted = grown <= 0 || account.admits(MEMORIES, grown);
  instance.memoryBytes = bytes;
  account.add(MEMORIES, grown);
  const actor = isAdmitted ? null : kernel.userAt(instance.record);
  if (actor === null) return;
  if (actor.exiting === null)
    actor.exiting = crashOf(
      actor,
      `its memory has grown to ${bytes} bytes, and all actors together may use ${account.maxMemoryBytes} (limit allMemoryBytes)`,
    );
  actor.restraint = EXITING;
}

/** Counts a new actor's arguments and stack. The caller has asked `account.admits` before. */
export function countSpawn({ args, spec, services }: Actor): void {
  const { account } = services;
  account.add(ARGUMENTS, args.length);
  if (spec.way === "jspi") account.add(STACKS, spec.module?.stackBytes ?? STACK_BYTES);
}

/** Takes an ended actor out of the account. Only its timers to other actors stay counted. */
export function countEnd({ args, spec, preempted, spilledStack, extra, services }: Actor): void {
  if (spec.granted === null) return;
  const { account } = services;
  account.add(ARGUMENTS, -args.length);
  if (spec.way === "jspi") account.add(STACKS, -(spec.module?.stackBytes ?? STACK_BYTES));
  account.add(STACKS, -(preempted?.frames?.length ?? 0) - (spilledStack?.countedBytes ?? 0));
  account.add(TIES, -TIE_BYTES * (extra.countedTies - FREE_TIES));
}

/** Takes an instance out of the account that no actor will use again. */
export function countInstanceEnd(services: Services, instance: Instance): void {
  const { account } = services;
  account.noteGarbage(instance.memoryBytes - (instance.module?.initialBytes ?? 0));
  setMemory(services, instance, 0);
  account.add(INSTANCES, -instance.instanceBytes);
  instance.instanceBytes = 0;
}

/**
 * Whether an actor may have so many ties, and counts them. It counts in powers of two, so that a
 * tie that comes and goes costs nothing.
 */
export function mayHaveTies(actor: Actor, ties: number): boolean {
  if (actor.granted === null) return true;
  const { countedTies } = actor;
  if (ties <= countedTies && (ties > countedTies / 4 || countedTies === FREE_TIES)) return true;
  const { account } = actor.services;
  let counted = FREE_TIES;
  while (counted < ties) counted *= 2;
  const bytes = TIE_BYTES * (counted - countedTies);
  if (bytes > 0 && !account.admits(TIES, bytes)) return false;
  account.add(TIES, bytes);
  actor.extra.countedTies = counted;
  return true;
}
