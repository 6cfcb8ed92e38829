/** The live actors by pid. The kernel gives out the pids (kernel/slots.ts) and knows which are alive. */

import { GENERATION_BITS, LAST_GENERATION, MAX_SLOTS } from "../kernel/slot-words.ts";
import { COLD, FRESH_SLOT, GENERATION, HI, LO, PLACE, REST_LENGTH } from "../kernel/words.ts";
import { generationOf, isOfPlace } from "../wire/pid.ts";
import type { Kernel, Recorded } from "./kernel.ts";

/**
 * Finds an actor by the words of its pid. The pid of an actor that has ended finds nothing, even where
 * its slot is in use again. The generations of each slot begin at a random number, so known pids say
 * nothing about others.
 */
export class Actors<T extends Recorded> {
  readonly #kernel: Kernel<T>;
  /** What stands for the actor of a pid that lives on another thread or node; undefined: nothing leads there. */
  elsewhere: (lo: number, hi: number) => T | undefined = () => undefined;

  /** Records that are open, and that no actor has: other threads may spawn with their pids. */
  lent = 0;
  /** The record that the next actor gets; 0: a new one. */
  next = 0;

  constructor(kernel: Kernel<T>) {
    this.#kernel = kernel;
  }

  /** Slots in use. */
  get size(): number {
    return this.#kernel.word(FRESH_SLOT) - this.#kernel.word(REST_LENGTH) - this.lent;
  }

  /** An actor that lives here, or what stands for one that does not. */
  get(lo: number, hi: number): T | undefined {
    return this.here(lo, hi) ?? this.elsewhere(lo, hi);
  }

  /** An actor that lives here. */
  here(lo: number, hi: number): T | undefined {
    const kernel = this.#kernel;
    const record = kernel.recordAt(lo);
    if (record === 0 || kernel.word(record + LO) !== lo || kernel.word(record + HI) !== hi) return undefined;
    return kernel.userAt(record) ?? undefined;
  }

  /**
   * Adds what `make` returns for the record of a new actor. Throws a RangeError where all
   * {@link MAX_SLOTS} slots are taken, or the engine has no memory left. Where `make` throws, no one has
   * the pid, and its slot is free.
   */
  add(make: (record: number) => T): T {
    const kernel = this.#kernel;
    const record = this.next || kernel.call.open();
    this.next = 0;
    if (record === 0) {
      if (this.size === MAX_SLOTS) throw new RangeError(`all ${MAX_SLOTS} actor slots are taken`);
      throw new RangeError("the engine has no memory left for another actor");
    }
    try {
      return make(record);
    } catch (error) {
      kernel.call.hide(record);
      kernel.close(record);
      throw error;
    }
  }

  /**
   * Whether a pid that finds nothing belonged to an actor before. False: the kernel never gave it out,
   * or its slot has had 1,024 other users since.
   */
  wasIssued(lo: number, hi: number): boolean {
    const kernel = this.#kernel;
    const record = kernel.recordAt(lo);
    if (record === 0 || !isOfPlace(lo, hi, kernel.word(PLACE))) return false;
    const history = kernel.word(kernel.word(record + COLD) + GENERATION);
    const generation = generationOf(lo, hi);
    // After the last generation comes 1, not 0.
    const before = ((history & LAST_GENERATION) - generation + LAST_GENERATION) % LAST_GENERATION;
    return generation > 0 && before < history >> GENERATION_BITS;
  }

  [Symbol.iterator](): Generator<T> {
    return this.from(0);
  }

  /** The live actors whose slots are not below this one, in the order of their slots. */
  *from(slot: number): Generator<T> {
    const kernel = this.#kernel;
    for (let at = slot; at < kernel.word(FRESH_SLOT); at++) {
      const record = kernel.recordAt(at);
      if (record === 0 || kernel.word(record + HI) < 0) continue;
      const actor = kernel.userAt(record);
      if (actor !== null) yield actor;
    }
  }
}
