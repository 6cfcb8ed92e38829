/** Who an actor is: its pid, what it was spawned as, its family, its parent, and its arguments. */
import { ARGS, BORN, FAMILY, PARENT_HI, PARENT_LO, SPEC } from "../kernel/words.ts";
import { kept } from "../mail/kept.ts";
import type { Kernel, Recorded } from "../mail/kernel.ts";
import type { GuestModule } from "../module/guest-module.ts";
import type { Granted } from "../wire/grants.ts";
import type { Limits } from "../wire/limits.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";
import { Family } from "./family.ts";
import { ActorRecord } from "./record.ts";
import type { Spec, Specs } from "./spec.ts";

export abstract class Identity extends ActorRecord {
  /** What it was spawned as. */
  readonly spec: Spec;
  readonly #kernel: Kernel<Recorded>;
  readonly #specs: Specs;

  constructor(lo: number, hi: number, record: number, kernel: Kernel<Recorded>, specs: Specs) {
    super(lo, hi, record, kernel);
    this.spec = specs.at(kernel.word(record + SPEC));
    this.#kernel = kernel;
    this.#specs = specs;
  }

  get pid(): Pid {
    return pidFromWords(this.lo, this.hi);
  }

  get parent(): Pid {
    return pidFromWords(this.parentLo, this.parentHi);
  }

  /** Whether this looks at the same actor. */
  is(other: Identity): boolean {
    return this.lo === other.lo && this.hi === other.hi;
  }

  get module(): GuestModule | null {
    return this.spec.module;
  }

  get limits(): Limits {
    return this.spec.limits;
  }

  /** What its guest may do; null for the host's own actors, which may do everything. */
  get granted(): Granted | null {
    return this.spec.granted;
  }

  /** The export that it runs; empty for the host's own actors. */
  get entry(): string {
    return this.spec.entry;
  }

  /** Its family; null for the host's own actors. */
  get family(): Family | null {
    const address = this.coldWord(FAMILY);
    return address === 0 ? null : new Family(address, this.#kernel, this.#specs);
  }

  /** What its spawn gave it; empty after its end. */
  get args(): Uint8Array {
    return kept(this.#kernel, this.coldWord(ARGS));
  }

  /** When it was made, on the runtime's clock, in whole milliseconds. */
  get bornMs(): number {
    return this.coldWord(BORN);
  }

  /** The words of its parent's pid: the guest that spawned it, or the host's supervisor. 0, 0: the host. */
  get parentLo(): number {
    return this.coldWord(PARENT_LO);
  }

  get parentHi(): number {
    return this.coldWord(PARENT_HI);
  }

  setParent(lo: number, hi: number): void {
    this.setColdWord(PARENT_LO, lo);
    this.setColdWord(PARENT_HI, hi);
  }
}
