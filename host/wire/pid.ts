/**
 * Pids, and the table that gives them out. A pid names one actor. Its slot is used again, but with
 * another generation, and only after many other slots were. No code outside this file knows how the
 * bits of a pid are laid out.
 *
 * A pid is a safe integer of 53 bits. At the boundary with guests, and in hot code, it is two
 * words, `lo` and `hi`. Both stay below 2^30, because engines keep larger integers on the heap:
 *
 *     hi: node (8) · thread (6) · generation, high part (7)      lo: generation, low part (10) · slot (20)
 */

/**
 * Names an actor. A safe integer, unique within its node. 0 is the host. Print it with {@link
 * formatPid}.
 */
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

/**
 * How many other slots are freed before a slot is used again. With the generations, a pid returns
 * after 134 million spawns at the earliest.
 */
const SLOTS_AT_REST = 1024;
/**
 * How many of a slot's last users `wasIssued` remembers. They are few beside all generations, so a
 * guess rarely looks like one of them.
 */
const USERS_REMEMBERED = 1024;

/** The most actors that a table can hold at a time. */
export const MAX_SLOTS = SLOT_MASK + 1;

/** The slot of a pid, from its low word. */
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
 * Formats a pid as text: `<node.thread.slot.generation>`, for example `<0.0.7.1>`. Erlang prints
 * `<0.42.0>`. The two further parts say on which thread the actor lives and which user of its slot
 * it is. 0 is `<host>`.
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

/** Reads a pid from the text of {@link formatPid}. Returns undefined where the text is not a pid. */
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

/** An entry of a table: an object that has its own pid as words. */
export interface Addressed {
  readonly lo: number;
  readonly hi: number;
}

/**
 * The live actors by pid. A lookup is one array load and two compares. A pid of an actor that has
 * ended finds nothing, even where its slot is in use again. The generations of each slot begin at a
 * random number, so known pids say nothing about others.
 */
export class PidTable<T extends Addressed> {
  readonly thread: number;
  readonly node: number;
  /** By slot. Undefined for a slot at rest. */
  readonly #slots: (T | undefined)[] = [];
  /** By slot: the generation of its present or last user, from 1 up. */
  readonly #generations: number[] = [];
  /** By slot: how many users it has had. */
  readonly #users: number[] = [];
  readonly #random: () => number;
  /** Slots at rest, the longest resting first. Only entries from `#restHead` on are live. */
  #rest: number[] = [];
  #restHead = 0;
  #size = 0;

  /** @param random gives a number in [0, 1), from which the generations begin */
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
   * Adds the entry that `make` returns for a new pid. Throws a RangeError where all {@link
   * MAX_SLOTS} slots are taken. Where `make` throws, the table stays as it was.
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

  /**
   * Hides an entry: its pid finds nothing from now on. Its slot stays in use until `release`. This
   * is one store, which needs no stack.
   */
  hide(entry: T): void {
    this.#slots[entry.lo & SLOT_MASK] = undefined;
  }

  /** Frees the slot of a hidden entry. Call it once. */
  release(entry: T): void {
    this.#rest.push(entry.lo & SLOT_MASK);
    this.#size--;
  }

  /**
   * Whether a pid that finds nothing belonged to an actor before. False: the table never gave it
   * out, or its slot has had 1,024 other users since.
   */
  wasIssued(lo: number, hi: number): boolean {
    const last = this.#generations[lo & SLOT_MASK];
    const place = hiOf(0, this.thread, this.node) >> HIGH_GENERATION_BITS;
    if (last === undefined || hi >> HIGH_GENERATION_BITS !== place || lo >>> WORD_BITS !== 0) return false;
    const generation =
      ((hi & HIGH_GENERATION_MASK) << LOW_GENERATION_BITS) | ((lo >>> SLOT_BITS) & LOW_GENERATION_MASK);
    // After the last generation comes 1, not 0.
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
