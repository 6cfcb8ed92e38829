/**
 * Pids and the table that hands them out. A pid names one actor for ever: its slot is used again, but under another
 * generation, and only after many other slots were. Nothing outside this file knows how a pid's bits are laid out.
 *
 * A pid is a safe integer of 53 bits. At the guests' boundary and in hot code it is two words, `lo` and `hi`. Both stay below 2^30, for
 * engines keep integers beyond that on the heap:
 *
 *     hi: node (8) · thread (6) · generation, high part (7)      lo: generation, low part (10) · slot (20)
 */

/** Names an actor. A safe integer, unique within its node; 0 is nobody. Print it with {@link formatPid}. */
export type Pid = number;

const WORD_BITS = 30;
const SLOT_BITS = 20;
const SLOT_MASK = (1 << SLOT_BITS) - 1;
const LOW_GENERATION_BITS = 10;
const LOW_GENERATION_MASK = (1 << LOW_GENERATION_BITS) - 1;
const HIGH_GENERATION_BITS = 7;
const HIGH_GENERATION_MASK = (1 << HIGH_GENERATION_BITS) - 1;
const GENERATIONS = 1 << (LOW_GENERATION_BITS + HIGH_GENERATION_BITS);
const THREAD_BITS = 6;
const THREAD_MASK = (1 << THREAD_BITS) - 1;
const NODE_MASK = 0xff;
const TWO_TO_32 = 2 ** 32;

/** So many other slots are freed before a slot is used again: with the generations, a pid returns after 134 million spawns at the earliest. */
const SLOTS_AT_REST = 1024;
/** A slot's last users that `wasIssued` remembers. Few beside all generations, so that a guess does not look like one of them. */
const USERS_REMEMBERED = 1024;

/** The most actors that one table can hold at a time. */
export const MAX_SLOTS = SLOT_MASK + 1;

/** Which place in tables by slot a pid's low word stands for. */
export function slotOf(lo: number): number {
  return lo & SLOT_MASK;
}

export function pidFromWords(lo: number, hi: number): Pid {
  return hi * TWO_TO_32 + (lo >>> 0);
}

export function lowWord(pid: Pid): number {
  return pid | 0;
}

export function highWord(pid: Pid): number {
  return Math.floor(pid / TWO_TO_32) | 0;
}

/**
 * A pid as text: `<node.thread.slot.generation>`, for example `<0.0.7.1>`.
 * Erlang prints `<0.42.0>`; two parts more say which thread it lives on and which user of its slot it is.
 */
export function formatPid(pid: Pid): string {
  if (pid === 0) return "<host>";
  const lo = lowWord(pid);
  const hi = highWord(pid);
  const generation = ((hi & HIGH_GENERATION_MASK) << LOW_GENERATION_BITS) | (lo >> SLOT_BITS);
  const thread = (hi >> HIGH_GENERATION_BITS) & THREAD_MASK;
  const node = (hi >> (HIGH_GENERATION_BITS + THREAD_BITS)) & NODE_MASK;
  return `<${node}.${thread}.${lo & SLOT_MASK}.${generation}>`;
}

/** The pid that {@link formatPid} printed so, or undefined where the text is no pid. */
export function parsePid(text: string): Pid | undefined {
  const parts = /^<(\d+)\.(\d+)\.(\d+)\.(\d+)>$/.exec(text);
  if (parts === null) return undefined;
  const [node, thread, slot, generation] = parts.slice(1).map(Number) as [number, number, number, number];
  if (node > NODE_MASK || thread > THREAD_MASK || slot > SLOT_MASK || generation < 1 || generation >= GENERATIONS) {
    return undefined;
  }
  return pidFromWords(loOf(slot, generation), hiOf(generation, thread, node));
}

function loOf(slot: number, generation: number): number {
  return ((generation & LOW_GENERATION_MASK) << SLOT_BITS) | slot;
}

function hiOf(generation: number, thread: number, node: number): number {
  return (((node << THREAD_BITS) | thread) << HIGH_GENERATION_BITS) | (generation >> LOW_GENERATION_BITS);
}

/** What a table holds: something that knows its own pid as words. */
export interface Addressed {
  readonly lo: number;
  readonly hi: number;
}

/**
 * The live actors by pid. Looking up is one array load and two compares; a pid of a dead actor finds nothing, even where its
 * slot is in use again. The generations of each slot begin at a random number, so that knowing some pids tells nothing of others.
 */
export class PidTable<T extends Addressed> {
  readonly thread: number;
  readonly node: number;
  /** By slot. The entry of a slot at rest is undefined. */
  readonly #slots: (T | undefined)[] = [];
  /** By slot: the generation of its present or last user, from 1 up. */
  readonly #generations: number[] = [];
  /** By slot: how many users it has had. */
  readonly #users: number[] = [];
  readonly #random: () => number;
  /** Slots at rest, longest first, from `#restHead` on. */
  #rest: number[] = [];
  #restHead = 0;
  #size = 0;

  /** `random`: a number in [0, 1), from which the generations begin. */
  constructor(random: () => number = Math.random, thread = 0, node = 0) {
    this.#random = random;
    this.thread = thread;
    this.node = node;
  }

  /** Slots in use. */
  get size(): number {
    return this.#size;
  }

  get(lo: number, hi: number): T | undefined {
    const entry = this.#slots[lo & SLOT_MASK];
    return entry !== undefined && entry.lo === lo && entry.hi === hi ? entry : undefined;
  }

  /**
   * Puts what `make` returns for a new pid into the table.
   * Throws a RangeError where all {@link MAX_SLOTS} slots are taken; what `make` throws leaves the table as it was.
   */
  add(make: (lo: number, hi: number) => T): T {
    const slot = this.#nextSlot();
    const last = this.#generations[slot] ?? Math.floor(this.#random() * (GENERATIONS - 1));
    const generation = last + 1 < GENERATIONS ? last + 1 : 1;
    this.#generations[slot] = generation;
    this.#users[slot] = (this.#users[slot] ?? 0) + 1;
    try {
      const entry = make(loOf(slot, generation), hiOf(generation, this.thread, this.node));
      this.#slots[slot] = entry;
      this.#size++;
      return entry;
    } catch (error) {
      this.#slots[slot] = undefined;
      this.#rest.push(slot);
      throw error;
    }
  }

  /** From now on the entry's pid finds nothing. Its slot stays in use until `release`. One store, which needs no stack. */
  hide(entry: T): void {
    this.#slots[entry.lo & SLOT_MASK] = undefined;
  }

  /** The slot of an entry that was hidden is free. To be called once. */
  release(entry: T): void {
    this.#rest.push(entry.lo & SLOT_MASK);
    this.#size--;
  }

  /** Whether a pid that finds nothing was one's before. False: the table never gave it out, or so long ago that others had its slot 1,024 times since. */
  wasIssued(lo: number, hi: number): boolean {
    const last = this.#generations[lo & SLOT_MASK];
    const place = hiOf(0, this.thread, this.node) >> HIGH_GENERATION_BITS;
    if (last === undefined || hi >> HIGH_GENERATION_BITS !== place || lo >>> WORD_BITS !== 0) return false;
    const generation =
      ((hi & HIGH_GENERATION_MASK) << LOW_GENERATION_BITS) | ((lo >>> SLOT_BITS) & LOW_GENERATION_MASK);
    // Generation 0 is left out when they begin anew.
    const before = (last - generation + GENERATIONS - 1) % (GENERATIONS - 1);
    return generation > 0 && before < Math.min(this.#users[lo & SLOT_MASK] ?? 0, USERS_REMEMBERED);
  }

  *[Symbol.iterator](): Generator<T> {
    for (const entry of this.#slots) if (entry !== undefined) yield entry;
  }

  #nextSlot(): number {
    const resting = this.#rest.length - this.#restHead;
    const fresh = this.#slots.length;
    if (resting > SLOTS_AT_REST || (fresh === MAX_SLOTS && resting > 0)) {
      const slot = this.#rest[this.#restHead++] as number;
      if (this.#restHead >= SLOTS_AT_REST) {
        this.#rest = this.#rest.slice(this.#restHead);
        this.#restHead = 0;
      }
      return slot;
    }
    if (fresh === MAX_SLOTS) throw new RangeError(`all ${MAX_SLOTS} actor slots are taken`);
    this.#slots.push(undefined);
    return fresh;
  }
}
