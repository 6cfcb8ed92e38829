/**
 * The account of memory: how many bytes guests use, and how many the host and the engine keep for them,
 * by kind. The host asks `admits` before it gives memory, and then calls `add`. Only the growth of a
 * memory comes unasked, because WebAssembly does not announce it. The host notices it at the end of each
 * turn, and during a long turn each time the guest asks for reductions.
 *
 * The numbers are in the kernel's memory, where the kernel counts links, monitors and images itself. Two totals
 * have a limit: `allMailboxBytes` counts items that wait to be received, `allMemoryBytes`
 * counts everything else.
 */
import {
  BYTES_BY_KIND,
  BYTES_OF_INSTANCES,
  BYTES_OF_TIES,
  IMAGE_BYTES,
  MAX_ALL_BYTES,
  MAX_HEAP_BYTES,
  OTHER_BYTES,
} from "../kernel/words.ts";
import type { MemoryUse } from "../wire/memory-use.ts";
import type { Kernel, Recorded } from "./kernel.ts";

// Kinds. Those that count against `allMailboxBytes` come last.
/** Memories of guests. */
export const MEMORIES = 0;
/** Instances without their memories, tables included, and the host's objects for each actor. */
export const INSTANCES = 1;
/** The bytes that `args` returns. */
export const ARGUMENTS = 2;
/**
 * Stacks of guests that wait by JSPI, and stacks that the host keeps for Asyncify guests that were
 * preempted, or wait deep in a recursion.
 */
export const STACKS = 3;
/** Links, monitors, refs, names, groups, and pending calls of the embedder's functions. The kernel counts the first two. */
export const TIES = 4;
/** Instances and stacks that wait for reuse. The host drops them before the limit refuses anything. */
export const KEPT = 5;
/** Segments of mailboxes, including headers and free room. The kernel counts them. */
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

/**
 * The part of `allMemoryBytes` that instances and ties may use. Most of them are objects in
 * JavaScript's heap, and a full heap ends the process.
 */
const HEAP_SHARE = 1 / 4;

/** How many bytes of memories that have grown may become garbage before the host tells the engine. */
const TELL_BYTES = 2 ** 24;

export class Account {
  readonly #maxMemoryBytes: number;
  readonly #kernel: Kernel<Recorded>;
  /** By how much the memories of ended actors had grown, since the host last told the engine. */
  #grownGarbageBytes = 0;
  /** Drops everything of the kind KEPT, and the instances that no actor has. */
  reclaim: () => void = () => {};

  /** `kernel` counts what has the limit `allMailboxBytes`. */
  constructor(maxMemoryBytes: number, kernel: Kernel<Recorded>) {
    this.#maxMemoryBytes = maxMemoryBytes;
    this.#kernel = kernel;
    kernel.setDouble(MAX_ALL_BYTES, maxMemoryBytes);
    kernel.setDouble(MAX_HEAP_BYTES, maxMemoryBytes * HEAP_SHARE);
  }

  get maxMemoryBytes(): number {
    return this.#maxMemoryBytes;
  }

  get use(): MemoryUse {
    const timers = this.#of(TIMERS);
    return {
      memories: this.#of(MEMORIES),
      instances: this.#of(INSTANCES),
      arguments: this.#of(ARGUMENTS),
      stacks: this.#of(STACKS),
      ties: this.#of(TIES),
      kept: this.#of(KEPT),
      mailboxes: this.#kernel.itemBytes - timers,
      timers,
      images: this.#kernel.word(IMAGE_BYTES) >>> 0,
    };
  }

  /** Whether the limits allow so many more bytes of a kind. */
  admits(kind: Kind, bytes: number): boolean {
    if (kind >= MAILBOXES) return this.#kernel.admitsItemBytes(bytes);
    const kernel = this.#kernel;
    const heapBytes = kernel.double(BYTES_OF_INSTANCES) + kernel.double(BYTES_OF_TIES);
    if ((kind === INSTANCES || kind === TIES) && heapBytes + bytes > kernel.double(MAX_HEAP_BYTES)) return false;
    if (this.#memoryBytes + bytes <= this.#maxMemoryBytes) return true;
    if (kind === KEPT) return false;
    this.reclaim();
    return this.#memoryBytes + bytes <= this.#maxMemoryBytes;
  }

  #of(kind: Kind): number {
    return this.#kernel.double(BYTES_BY_KIND + 8 * kind);
  }

  get #memoryBytes(): number {
    return this.#kernel.double(OTHER_BYTES) + this.#of(TIES);
  }

  /** Counts bytes that were given, or taken back where the number is negative. */
  add(kind: Kind, bytes: number): void {
    const kernel = this.#kernel;
    const place = BYTES_BY_KIND + 8 * kind;
    kernel.setDouble(place, kernel.double(place) + bytes);
    if (kind >= MAILBOXES) kernel.addItemBytes(bytes);
    else if (kind !== TIES) kernel.setDouble(OTHER_BYTES, kernel.double(OTHER_BYTES) + bytes);
  }

  /**
   * A memory that has grown becomes garbage. V8 (14) counts only a memory's first size, so it collects
   * grown ones too late: 40 actors that grew to 16 MiB and crashed left 600 MB in the process. V8 does
   * count arrays, so an array of the same size makes it collect.
   */
  noteGarbage(grownBytes: number): void {
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
}
