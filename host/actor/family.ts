/**
 * A family: an actor that the host has spawned, and all its descendants. The founder's limits bound
 * them together. What a family has used is words in the kernel.
 */

import {
  ENDING,
  FAMILY_BYTES,
  FOUNDER,
  type LOGGED,
  METER_BEGAN,
  METER_USED,
  type ORPHAN_TIMER_BYTES,
  ORPHAN_TIMERS,
  SIZE,
  type SPAWNS,
  type UNKNOWN_PIDS,
  type WRONG_REFS,
} from "../kernel/life-words.ts";
import type { Kernel } from "../mail/kernel.ts";
import type { Limits } from "../wire/limits.ts";
import type { Spec, Specs } from "./spec.ts";

const SECOND_MS = 1000;

/** Live actors; actors that have ended and still have their instance; uses of pids that no actor ever had; timers to other actors whose setters have ended, and their payload bytes. */
type Counter = typeof SIZE | typeof ENDING | typeof UNKNOWN_PIDS | typeof ORPHAN_TIMERS | typeof ORPHAN_TIMER_BYTES;

/** What a family may use in each second: spawns, bytes of its log, and messages tagged with a ref that the sender may not answer. */
type Meter = typeof SPAWNS | typeof LOGGED | typeof WRONG_REFS;

/** A look at one family. */
export class Family {
  readonly address: number;
  readonly #kernel: Kernel;
  readonly #specs: Specs;

  constructor(address: number, kernel: Kernel, specs: Specs) {
    this.address = address;
    this.#kernel = kernel;
    this.#specs = specs;
  }

  /** A new family without actors. Call `dropIfGone` if it gets none. */
  static found(spec: Spec, kernel: Kernel, specs: Specs): Family {
    const address = kernel.newBlock(FAMILY_BYTES);
    kernel.setWord(address + FOUNDER, specs.use(spec));
    return new Family(address, kernel, specs);
  }

  /** The limits of the founder. */
  get limits(): Limits {
    return this.#specs.at(this.#kernel.word(this.address + FOUNDER)).limits;
  }

  count(counter: Counter): number {
    return this.#kernel.word(this.address + counter) >>> 0;
  }

  add(counter: Counter, amount: number): void {
    this.#kernel.setWord(this.address + counter, this.count(counter) + amount);
  }

  /**
   * Takes an amount of this second's. False, and nothing is taken, if that would be more than `most`.
   * A second begins with the first use after the last one is over.
   */
  take(meter: Meter, nowMs: number, amount: number, most: number): boolean {
    const used = this.#usedOf(meter, nowMs);
    if (used + amount > most) return false;
    if (used === 0) this.#kernel.setWord(this.address + meter + METER_BEGAN, Math.floor(nowMs));
    this.#kernel.setWord(this.address + meter + METER_USED, used + amount);
    return true;
  }

  /** Whether this second's amount is used up. */
  isSpent(meter: Meter, nowMs: number, most: number): boolean {
    return this.#usedOf(meter, nowMs) >= most;
  }

  #usedOf(meter: Meter, nowMs: number): number {
    const kernel = this.#kernel;
    const agoMs = (Math.floor(nowMs) - kernel.word(this.address + meter + METER_BEGAN)) >>> 0;
    return agoMs < SECOND_MS ? kernel.word(this.address + meter + METER_USED) >>> 0 : 0;
  }

  /** No one of it is left: its words are free for another. */
  dropIfGone(): void {
    if (this.count(SIZE) + this.count(ENDING) + this.count(ORPHAN_TIMERS) > 0) return;
    this.#specs.onFamilyGone(this.address);
    this.#specs.drop(this.#kernel.word(this.address + FOUNDER));
    this.#kernel.giveBlock(this.address, FAMILY_BYTES);
  }
}
