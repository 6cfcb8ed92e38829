/**
 * What an actor counts in the account of memory: its memory, instance, arguments, stack and ties.
 */

import { EXITING } from "../kernel/words.ts";
import { ARGUMENTS, INSTANCES, MEMORIES, STACKS, TIES } from "../mail/account.ts";
import { NAME_BYTES, REF_BYTES, STACK_BYTES } from "../wire/memory-use.ts";
import type { Actor } from "./actor.ts";
import { crashOf } from "./fault.ts";

/**
 * Counts the size of an actor's memory. An actor whose memory has grown beyond `allMemoryBytes` is
 * marked to end.
 */
export function setMemory(actor: Actor, bytes: number): void {
  const { allowance, services } = actor;
  if (allowance === null) return;
  const { account } = services;
  const grown = bytes - allowance.memoryBytes;
  const isAdmitted = grown <= 0 || account.admits(MEMORIES, grown);
  allowance.memoryBytes = bytes;
  account.add(MEMORIES, grown);
  if (isAdmitted) return;
  actor.exiting ??= crashOf(
    actor,
    `its memory has grown to ${bytes} bytes, and all actors together may use ${account.maxMemoryBytes} (limit allMemoryBytes)`,
  );
  actor.restraint = EXITING;
}

/** Counts a new actor. The caller has asked `account.admits` before. */
export function countSpawn({ allowance, args, way, module, services }: Actor, instanceBytes: number): void {
  if (allowance === null) return;
  const { account } = services;
  allowance.instanceBytes = instanceBytes;
  account.add(INSTANCES, instanceBytes);
  account.add(ARGUMENTS, args.length);
  if (way.name === "jspi") account.add(STACKS, module?.stackBytes ?? STACK_BYTES);
}

/** Takes an ended actor out of the account. Only its timers to other actors stay counted. */
export function countEnd(actor: Actor): void {
  const { allowance, args, way, reductions, module, spilledStack, services } = actor;
  if (allowance === null) return;
  const { account } = services;
  account.noteGarbage(allowance.memoryBytes - (module?.initialBytes ?? 0));
  setMemory(actor, 0);
  account.add(INSTANCES, -allowance.instanceBytes);
  account.add(ARGUMENTS, -args.length);
  if (way.name === "jspi") account.add(STACKS, -(module?.stackBytes ?? STACK_BYTES));
  account.add(STACKS, -(reductions?.frames?.length ?? 0) - (spilledStack?.countedBytes ?? 0));
  countRefs(actor, -(actor.belongings?.refs?.size ?? 0));
  // A call that settles from now on finds none.
  countCalls(actor, -allowance.hostCalls);
}

/** Counts so many more refs of `make_ref`. The kernel counts links and monitors. */
export function countRefs({ allowance, services }: Actor, more: number): void {
  if (allowance !== null) services.account.add(TIES, more * REF_BYTES);
}

/** Counts so many more names and groups. */
export function countNames({ allowance, services }: Actor, more: number): void {
  if (allowance !== null) services.account.add(TIES, more * NAME_BYTES);
}

/** Counts so many more pending calls of functions of the embedder. */
export function countCalls({ allowance, services }: Actor, more: number): void {
  if (allowance === null) return;
  allowance.hostCalls += more;
  services.account.add(TIES, more * NAME_BYTES);
}
