/**
 * How many items have come to each actor: since its spawn, or since an earlier moment. The kernel counts
 * them in any case, to tell items apart, so it costs nothing until someone looks.
 */
import { HI, LO, ORDERED } from "../kernel/words.ts";
import { type Check, shown } from "../wire/checks.ts";
import { slotOf } from "../wire/pid.ts";
import type { LiveActors } from "./live-actors.ts";

/** How many items had come to each live actor at one moment. Pass it as `SnapshotOptions.since`. */
export interface Arrivals {
  /** When it was made, on the runtime's clock. */
  readonly atMs: number;
}

/** Words for each slot: those of its actor's pid, and how many items had come. */
const ENTRY = 3;

export class ArrivalTable implements Arrivals {
  readonly atMs: number;
  /** By slot. All zeros: the slot had no actor. */
  #entries = new Int32Array(1024 * ENTRY);

  constructor(live: LiveActors, atMs: number) {
    this.atMs = atMs;
    live.each((record, words) => {
      const at = record >>> 2;
      const lo = words[at + (LO >>> 2)];
      const entry = slotOf(lo) * ENTRY;
      if (entry >= this.#entries.length) this.#grow(entry + ENTRY);
      this.#entries[entry] = lo;
      this.#entries[entry + 1] = words[at + (HI >>> 2)];
      this.#entries[entry + 2] = words[at + (ORDERED >>> 2)];
      return true;
    });
  }

  /** 0 for an actor that was not alive. */
  countOf(lo: number, hi: number): number {
    const entry = slotOf(lo) * ENTRY;
    const entries = this.#entries;
    return entries[entry] === lo && entries[entry + 1] === hi ? entries[entry + 2] : 0;
  }

  #grow(length: number): void {
    const entries = new Int32Array(Math.max(this.#entries.length * 2, length));
    entries.set(this.#entries);
    this.#entries = entries;
  }
}

export const checkArrivals: Check = (value, name, where) => {
  if (value instanceof ArrivalTable) return;
  throw new TypeError(`${where}: ${name} is the \`arrivals\` of an earlier snapshot, not ${shown(value)}`);
};

/** How many items have come to the actor of a record, modulo 2^32. */
export function arrivalsAt(live: LiveActors, record: number, since: Arrivals | undefined): number {
  const before = since instanceof ArrivalTable ? since.countOf(live.word(record, LO), live.word(record, HI)) : 0;
  return (live.word(record, ORDERED) - before) >>> 0;
}
