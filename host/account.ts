/**
 * What the guests of a runtime have, and what the host and the engine keep for them, in bytes. Each kind of it is counted before it is given, except the growth
 * of a memory, which WebAssembly does not announce: that is seen at the end of each turn, and within a long turn whenever the guest asks for reductions.
 *
 * Two totals have a limit: `allMailboxBytes` holds what waits to be received, `allMemoryBytes` holds everything else.
 */
import { type Actor, LEAVING } from "./actor.ts";
import { crashOf } from "./fault.ts";
import { CROWDED, type Store } from "./slots.ts";

// Kinds. Those of `allMailboxBytes` come last.
/** Memories of guests. */
export const MEMORIES = 0;
/** What the engine keeps of an instance beside its memory, tables included, and what the host keeps of its actor. */
export const INSTANCES = 1;
/** What guests were given as their `args`. */
export const ARGUMENTS = 2;
/** Stacks of guests that wait by JSPI, and those that Asyncify has put aside. */
export const STACKS = 3;
/** Links, monitors, refs, names, groups, and calls of the embedder's functions. */
export const TIES = 4;
/** Instances and stacks that nobody uses, and that others may use again. Given back where room is short. */
export const KEPT = 5;
/** Rings of mailboxes, headers and free room included. */
export const MAILBOXES = 6;
/** Timers that have not fired, with their payloads. */
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

/** Bytes by what they are for; see docs/security.md. */
export interface MemoryUse {
  /** Counted against `allMemoryBytes`. */
  readonly memories: number;
  readonly instances: number;
  readonly arguments: number;
  readonly stacks: number;
  readonly ties: number;
  /** Instances and stacks that wait for their next actor; given back where room is short. */
  readonly kept: number;
  /** Counted against `allMailboxBytes`. */
  readonly mailboxes: number;
  readonly timers: number;
}

/** Measured, of V8 14 on x64: a handler's instance has 6 KB, a fiber's imports 5 KB more, a monitor 140 bytes, a name of 255 letters 640, a timer 590. */
export const INSTANCE_BYTES = 10_240;
export const FIBER_BYTES = 8_192;
export const TIE_BYTES = 192;
export const TIMER_BYTES = 640;
/** What a name, a group or a call of an embedder's function counts as. */
export const TIES_OF_NAME = 4;
/** So many ties are a part of INSTANCE_BYTES. */
export const FREE_TIES = 8;
/** The stack of a guest that waits by JSPI: V8 reserves 984 KiB, the guest decides how many of them it touches, and nobody else can see that. */
export const STACK_BYTES = 2 ** 20;

/** Instances and ties are objects of JavaScript's heap, which ends the process where it is full: they may have this part of `allMemoryBytes` at most. */
const HEAP_SHARE = 1 / 4;

/** So much of ended actors' memories the engine may not know of. */
const TELL_BYTES = 2 ** 24;

export class Account {
  readonly #maxMemoryBytes: number;
  readonly #maxMailboxBytes: number;
  readonly #bytes = new Float64Array(TIMERS + 1);
  #memoryBytes = 0;
  #mailboxBytes = 0;
  /** What grown memories of actors that have ended had more than at first, since the engine was told. */
  #unknownBytes = 0;
  #told: Store | null = null;
  /** Gives back what is KEPT. */
  reclaim: () => void = () => {};

  constructor(maxMemoryBytes = Number.POSITIVE_INFINITY, maxMailboxBytes = Number.POSITIVE_INFINITY) {
    this.#maxMemoryBytes = maxMemoryBytes;
    this.#maxMailboxBytes = maxMailboxBytes;
  }

  get maxMailboxBytes(): number {
    return this.#maxMailboxBytes;
  }

  /** From now on the word CROWDED of `store` says whether mailboxes have more than they may. */
  tell(store: Store): void {
    this.#told = store;
  }

  get use(): MemoryUse {
    const [memories, instances, ofArguments, stacks, ties, kept, mailboxes, timers] = this.#bytes;
    return { memories, instances, arguments: ofArguments, stacks, ties, kept, mailboxes, timers };
  }

  /** Whether so many bytes more may be given. */
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

  /** So many bytes are given, or taken back where they are fewer than 0. */
  add(kind: Kind, bytes: number): void {
    this.#bytes[kind] += bytes;
    if (kind < MAILBOXES) {
      this.#memoryBytes += bytes;
      return;
    }
    this.#mailboxBytes += bytes;
    if (this.#told !== null) this.#told.words[CROWDED] = this.#mailboxBytes > this.#maxMailboxBytes ? 1 : 0;
  }

  /** An actor's memory has so many bytes now. One that has grown beyond what all may have ends by it. */
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
      `its memory has grown to ${bytes} bytes, and no more are left of the ${this.#maxMemoryBytes} that all actors together may have (limit allMemoryBytes)`,
    );
    actor.restraint = LEAVING;
  }

  /** An actor begins; `admits` was asked. */
  begin({ allowance, args, way }: Actor, instanceBytes: number): void {
    if (allowance === null) return;
    allowance.instanceBytes = instanceBytes;
    this.add(INSTANCES, instanceBytes);
    this.add(ARGUMENTS, args.length);
    if (way.name === "jspi") this.add(STACKS, STACK_BYTES);
  }

  /** It has ended: nothing is kept for it, but timers for others. */
  end(actor: Actor): void {
    const { allowance, args, way, reductions, module } = actor;
    if (allowance === null) return;
    this.#grownAndGone(allowance.memoryBytes - (module?.initialBytes ?? 0));
    this.setMemory(actor, 0);
    this.add(INSTANCES, -allowance.instanceBytes);
    this.add(ARGUMENTS, -args.length);
    if (way.name === "jspi") this.add(STACKS, -STACK_BYTES);
    this.add(STACKS, -(reductions?.frames?.length ?? 0));
    this.add(TIES, -TIE_BYTES * (allowance.ties - FREE_TIES));
  }

  /**
   * V8 (14) does not know of what memories grow by, so it sees no reason to look for those that nobody needs any more: 40 actors that grow to 16 MiB and crash
   * left 600 MB behind. Of an array it knows.
   */
  #grownAndGone(bytes: number): void {
    this.#unknownBytes += bytes;
    if (this.#unknownBytes < TELL_BYTES) return;
    const told = this.#unknownBytes;
    this.#unknownBytes = 0;
    try {
      // Nobody touches it, so it takes no memory.
      new ArrayBuffer(told);
    } catch {
      // The engine has looked by itself.
    }
  }

  /**
   * Whether an actor may have so many ties. They are counted in steps, each twice as large as the one before, so that those which come and go change nothing
   * here.
   */
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
