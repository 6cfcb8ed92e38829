/**
 * A walk over the live actors. It reads the words of their records, and looks up the actor of a record
 * only when it is asked to. A record keeps its place while its actor lives, so a walk in pieces meets
 * each actor once that lives throughout.
 */
import type { Actor } from "../actor/actor.ts";
import {
  FLAGS,
  HI,
  LO,
  PARKED,
  READY,
  RECORD_BLOCKS,
  RECORD_BYTES,
  RECORDS_IN_BLOCK,
  RUNNING,
  STATE,
  TAKES_MESSAGES,
} from "../kernel/words.ts";
import type { Actors } from "../mail/actors.ts";
import type { Kernel } from "../mail/kernel.ts";
import { MAX_SLOTS, type Pid, pidFromWords, slotOf } from "../wire/pid.ts";
import type { ActorInfo } from "./actor-info.ts";

const BLOCKS = MAX_SLOTS / RECORDS_IN_BLOCK;
const states = { [READY]: "ready", [RUNNING]: "running", [PARKED]: "parked" } as const;

export class LiveActors {
  readonly #kernel: Kernel<Actor>;
  readonly #actors: Actors<Actor>;

  constructor(kernel: Kernel<Actor>, actors: Actors<Actor>) {
    this.#kernel = kernel;
    this.#actors = actors;
  }

  /**
   * Calls `visit` with their records, in the order of their slots, from the slot of a pid on, until it
   * returns false. `words` is the kernel's memory, for a visitor that reads and makes nothing. Measured:
   * a count of a million actors takes two thirds of the time that it takes with `word`.
   */
  each(visit: (record: number, words: Int32Array) => boolean, from: Pid = 0): void {
    const kernel = this.#kernel;
    const slot = slotOf(from);
    for (let block = Math.floor(slot / RECORDS_IN_BLOCK); block < BLOCKS; block++) {
      const first = kernel.word(RECORD_BLOCKS + block * 4);
      if (first === 0) continue;
      for (let i = Math.max(0, slot - block * RECORDS_IN_BLOCK); i < RECORDS_IN_BLOCK; i++) {
        const record = first + i * RECORD_BYTES;
        const words = kernel.words;
        const hi = words[(record + HI) >>> 2];
        // -1: its actor has ended. 0 and 0: it has had none.
        if (hi < 0 || (hi === 0 && words[(record + LO) >>> 2] === 0)) continue;
        if (!visit(record, words)) return;
      }
    }
  }

  word(record: number, place: number): number {
    return this.#kernel.word(record + place);
  }

  pidAt(record: number): Pid {
    return pidFromWords(this.word(record, LO), this.word(record, HI));
  }

  /** The actor of a record. Undefined while the actor is being made. */
  actorAt(record: number): Actor | undefined {
    return this.#actors.get(this.word(record, LO), this.word(record, HI));
  }

  isAlive(lo: number, hi: number): boolean {
    return this.#actors.get(lo, hi) !== undefined;
  }

  /** Whether it is a guest, and not one of the host's own actors. */
  isGuestAt(record: number): boolean {
    // Guests have the flag, except while their start functions run.
    return (this.word(record, FLAGS) & TAKES_MESSAGES) !== 0 || (this.actorAt(record)?.module ?? null) !== null;
  }

  stateAt(record: number): ActorInfo["state"] {
    const state = this.word(record, STATE);
    return state === RUNNING && !this.isGuestAt(record) ? "idle" : states[state as keyof typeof states];
  }
}
