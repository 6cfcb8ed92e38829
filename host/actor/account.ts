/**
 * The account of memory: how many bytes guests use, and how many the host and the engine keep for them, by kind. The host asks `admits` before it gives, then
 * calls `add`. The growth of a memory is the one exception, because WebAssembly does not announce it. The host notices growth at the end of each turn, and
 * during a long turn each time the guest asks for reductions.
 *
 * Two totals have a limit: `allMailboxBytes` counts items that wait to be received, `allMemoryBytes` counts everything else.
 */

import { CROWDED, type Store } from "../mail/slots.ts";
import { type Actor, LEAVING } from "./actor.ts";
import { crashOf } from "./fault.ts";

// Kinds. Those that count against `allMailboxBytes` come last.
/** Memories of guests. */
export const MEMORIES = 0;
/** Instances without their memories, tables included, and the host's objects for each actor. */
export const INSTANCES = 1;
/** The bytes that `args` returns. */
export const ARGUMENTS = 2;
/** Stacks of guests that wait by JSPI, and stacks that the host saves while an Asyncify guest gives way, or waits deep in a recursion. */
export const STACKS = 3;
/** Links, monitors, refs, names, groups, and pending calls of the embedder's functions. */
export const TIES = 4;
/** Instances and stacks that wait for reuse. The host drops them when the limit would otherwise refuse something. */
export const KEPT = 5;
/** Rings of mailboxes, including headers and free room. */
export const MAILBOXES = 6;
/** Pending timers with their payloads. */
export const TIMERS = 7;
export type Kind =
  | typeof MEMORIES
  | typeof INSTANCES
  | typeof ARGUMENTS
  | typeof STACKS
  | typeof TIES
  | typeof KEPT
  | typeof MAILBOXES
  | typeof TIMERS;

/** Memory in use, in bytes. Mailboxes and timers count against `allMailboxBytes`, everything else against `allMemoryBytes`. */
export interface MemoryUse {
  /** Memories of guests. */
  readonly memories: number;
  /** Instances without their memories, tables included, and the host's objects for each actor. Estimated. */
  readonly instances: number;
  /** Arguments of live actors. */
  readonly arguments: number;
  /** Stacks of guests that wait by JSPI (1 MiB each, 28 where the guest has exceptions), and stacks saved for guests that give way, or wait deep in a recursion. */
  readonly stacks: number;
  /** Links, monitors, refs, names, groups, and pending calls of the embedder's functions. Estimated. */
  readonly ties: number;
  /** Instances and stacks that wait for reuse. The host drops them when the limit would otherwise refuse something. */
  readonly kept: number;
  /** Mailboxes, including headers and free room. */
  readonly mailboxes: number;
  /** Pending timers with their payloads. */
  readonly timers: number;
}

// Estimates. Measured on V8 14, x64: 6 KB for a handler's instance and actor, 5 KB more with JSPI, 140 bytes for a monitor, 640 for a name of 255 letters,
// 590 for a timer.
export const INSTANCE_BYTES = 8_192;
export const FIBER_BYTES = 8_192;
export const TIE_BYTES = 192;
export const TIMER_BYTES = 640;
/** A name, a group or a pending call counts as this many ties. */
export const TIES_OF_NAME = 4;
/** INSTANCE_BYTES includes this many ties. */
export const FREE_TIES = 8;
/** The stack of a guest that waits by JSPI. V8 reserves 984 KiB; the host cannot see how much of it the guest has touched. */
export const STACK_BYTES = 2 ** 20;
/** A stack of a guest that has exceptions counts so many times: what its frames hold of them takes 27 MiB at most (docs/security.md). */
export const STACKS_OF_EXCEPTIONS = 28;

/** The part of `allMemoryBytes` that instances and ties may use. They are objects in JavaScript's heap, and a full heap ends the process. */
const HEAP_SHARE = 1 / 4;

/** How many bytes of memories that have grown may become garbage before the host tells the engine. */
const TELL_BYTES = 2 ** 24;

export class Account {
  readonly #maxMemoryBytes: number;
  readonly #maxMailboxBytes: number;
  readonly #bytes = new Float64Array(TIMERS + 1);
  #memoryBytes = 0;
  #mailboxBytes = 0;
  /** By how much the memories of ended actors had grown, since the host last told the engine. */
  #grownGarbageBytes = 0;
  #told: Store | null = null;
  /** Drops everything of the kind KEPT. */
  reclaim: () => void = () => {};

  constructor(maxMemoryBytes = Number.POSITIVE_INFINITY, maxMailboxBytes = Number.POSITIVE_INFINITY) {
    this.#maxMemoryBytes = maxMemoryBytes;
    this.#maxMailboxBytes = maxMailboxBytes;
  }

  get maxMailboxBytes(): number {
    return this.#maxMailboxBytes;
  }

  /** Keeps the word CROWDED of `store` up to date from now on. */
  tell(store: Store): void {
    this.#told = store;
  }

  get use(): MemoryUse {
    const [memories, instances, ofArguments, stacks, ties, kept, mailboxes, timers] = this.#bytes;
    return { memories, instances, arguments: ofArguments, stacks, ties, kept, mailboxes, timers };
  }

  /** Whether the limits allow so many more bytes of a kind. */
  admits(kind: Kind, bytes: number): boolean {
    if (kind >= MAILBOXES) return this.#mailboxBytes + bytes <= this.#maxMailboxBytes;
    if ((kind === INSTANCES || kind === TIES) && this.#heapBytes + bytes > this.#maxMemoryBytes * HEAP_SHARE)
      return false;
    if (this.#memoryBytes + bytes <= this.#maxMemoryBytes) return true;
    if (kind === KEPT || this.#bytes[KEPT] === 0) return false;
    this.reclaim();
    return this.#memoryBytes + bytes <= this.#maxMemoryBytes;
  }

  get #heapBytes(): number {
    return this.#bytes[INSTANCES] + this.#bytes[TIES];
  }

  /** Counts bytes that were given, or taken back where the number is negative. */
  add(kind: Kind, bytes: number): void {
    this.#bytes[kind] += bytes;
    if (kind < MAILBOXES) {
      this.#memoryBytes += bytes;
      return;
    }
    this.#mailboxBytes += bytes;
    if (this.#told !== null) this.#told.words[CROWDED] = this.#mailboxBytes > this.#maxMailboxBytes ? 1 : 0;
  }

  /** Sets the size of an actor's memory. An actor whose memory has grown beyond the limit is marked to end. */
  setMemory(actor: Actor, bytes: number): void {
    const { allowance } = actor;
    if (allowance === null) return;
    const grown = bytes - allowance.memoryBytes;
    const isAdmitted = grown <= 0 || this.admits(MEMORIES, grown);
    allowance.memoryBytes = bytes;
    this.add(MEMORIES, grown);
    if (isAdmitted) return;
    actor.leaving ??= crashOf(
      actor,
      `its memory has grown to ${bytes} bytes, and all actors together may use ${this.#maxMemoryBytes} (limit allMemoryBytes)`,
    );
    actor.restraint = LEAVING;
  }

  /** Counts a new actor. The caller has asked `admits` before. */
  begin({ allowance, args, way, module }: Actor, instanceBytes: number): void {
    if (allowance === null) return;
    allowance.instanceBytes = instanceBytes;
    this.add(INSTANCES, instanceBytes);
    this.add(ARGUMENTS, args.length);
    if (way.name === "jspi") this.add(STACKS, module?.stackBytes ?? STACK_BYTES);
  }

  /** Counts an ended actor no more. Only its timers for other actors remain. */
  end(actor: Actor): void {
    const { allowance, args, way, reductions, module, aside } = actor;
    if (allowance === null) return;
    this.#leave(allowance.memoryBytes - (module?.initialBytes ?? 0));
    this.setMemory(actor, 0);
    this.add(INSTANCES, -allowance.instanceBytes);
    this.add(ARGUMENTS, -args.length);
    if (way.name === "jspi") this.add(STACKS, -(module?.stackBytes ?? STACK_BYTES));
    this.add(STACKS, -(reductions?.frames?.length ?? 0) - (aside?.countedBytes ?? 0));
    this.add(TIES, -TIE_BYTES * (allowance.ties - FREE_TIES));
  }

  /**
   * A memory that has grown becomes garbage. V8 (14) counts a memory's first size only, so it collects grown ones too late: 40 actors that grew to 16 MiB and
   * crashed left 600 MB in the process. V8 does count arrays, so an array of the same size makes it collect.
   */
  #leave(grownBytes: number): void {
    this.#grownGarbageBytes += grownBytes;
    if (this.#grownGarbageBytes < TELL_BYTES) return;
    const bytes = this.#grownGarbageBytes;
    this.#grownGarbageBytes = 0;
    try {
      // Nothing touches it, so the system gives it no pages.
      new ArrayBuffer(bytes);
    } catch {
      // The engine has collected before it refused.
    }
  }

  /** Whether an actor may have so many ties. They are counted in steps of powers of two, so that a tie that comes and goes costs nothing. */
  mayHaveTies({ allowance }: Actor, ties: number): boolean {
    if (allowance === null) return true;
    if (ties <= allowance.ties && (ties > allowance.ties / 4 || allowance.ties === FREE_TIES)) return true;
    let counted = FREE_TIES;
    while (counted < ties) counted *= 2;
    const bytes = TIE_BYTES * (counted - allowance.ties);
    if (bytes > 0 && !this.admits(TIES, bytes)) return false;
    this.add(TIES, bytes);
    allowance.ties = counted;
    return true;
  }
}
