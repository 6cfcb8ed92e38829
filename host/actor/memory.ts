/**
 * What the account of memory counts for actors: instances with their memories, arguments, stacks and
 * ties.
 */

import { OCCUPANT } from "../kernel/life-words.ts";
import { ACTOR_BYTES, EXITING } from "../kernel/words.ts";
import { ARGUMENTS, INSTANCES, MEMORIES, STACKS, TIES } from "../mail/account.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { LimitError } from "../wire/errors.ts";
import { NAME_BYTES, REF_BYTES, STACK_BYTES } from "../wire/memory-use.ts";
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
  const actor = isAdmitted ? null : kernel.userAt(kernel.word(instance.address + OCCUPANT));
  if (actor === null) return;
  if (actor.exiting === null)
    actor.exiting = crashOf(
      actor,
      `its memory has grown to ${bytes} bytes, and all actors together may use ${account.maxMemoryBytes} (limit allMemoryBytes)`,
    );
  actor.restraint = EXITING;
}

/**
 * Throws a LimitError if the limit `allMemoryBytes` does not admit so many bytes in the heap and elsewhere.
 */
export function mustAdmit({ account }: Services, module: GuestModule, heapBytes: number, otherBytes: number): void {
  const bytes = heapBytes + otherBytes;
  if (account.admits(MEMORIES, bytes) && account.admits(INSTANCES, heapBytes)) return;
  throw new LimitError(
    `${module.name} needs ${bytes} bytes to start, but all actors together have almost used up the limit allMemoryBytes: end some first, or raise it`,
  );
}

/** Counts a new actor with its arguments and stack. The caller has asked `account.admits` before. */
export function countSpawn({ args, spec, services }: Actor): void {
  const { account } = services;
  account.add(INSTANCES, ACTOR_BYTES);
  account.add(ARGUMENTS, args.length);
  if (spec.way === "jspi") account.add(STACKS, spec.module?.stackBytes ?? STACK_BYTES);
}

/** Takes an ended actor out of the account. Only its timers to other actors stay counted. */
export function countEnd(actor: Actor): void {
  const { args, spec, preempted, spilledStack, services } = actor;
  if (spec.granted === null) return;
  const { account } = services;
  account.add(INSTANCES, -ACTOR_BYTES);
  account.add(ARGUMENTS, -args.length);
  if (spec.way === "jspi") account.add(STACKS, -(spec.module?.stackBytes ?? STACK_BYTES));
  account.add(STACKS, -(preempted?.frames?.length ?? 0) - (spilledStack?.countedBytes ?? 0));
  countRefs(actor, -(actor.belongings?.refs?.size ?? 0));
  // A call that settles from now on finds none.
  countCalls(actor, -actor.hostCalls, -actor.askedBytes);
}

/** Takes an instance out of the account that no actor will use again. */
export function countInstanceEnd(services: Services, instance: Instance): void {
  const { account } = services;
  account.noteGarbage(instance.memoryBytes - instance.firstBytes);
  setMemory(services, instance, 0);
  account.add(INSTANCES, -instance.instanceBytes);
  instance.instanceBytes = 0;
}

/** Counts so many more refs of `make_ref` and `ask`. The kernel counts links and monitors. */
export function countRefs({ spec, services }: Actor, more: number): void {
  if (spec.granted !== null) services.account.add(TIES, more * REF_BYTES);
}

/** Counts so many more names and groups. */
export function countNames({ spec, services }: Actor, more: number): void {
  if (spec.granted !== null) services.account.add(TIES, more * NAME_BYTES);
}

/** Counts so many more pending calls of functions of the embedder, with the bytes of their requests. */
export function countCalls(actor: Actor, more: number, bytes = 0): void {
  if (actor.granted === null || more === 0) return;
  actor.extra.hostCalls += more;
  actor.extra.askedBytes += bytes;
  actor.services.account.add(TIES, more * NAME_BYTES + bytes);
}
