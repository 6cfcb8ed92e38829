/**
 * The pids that this thread lends to others, which may spawn actors with them. A lent pid has a slot, and finds nothing
 * until its actor begins.
 */
import { HI, LO, MAX_ACTORS } from "../kernel/words.ts";
import type { Parts } from "../parts.ts";
import { highWord, lowWord, type Pid, pidFromWords } from "../wire/pid.ts";

export class LentPids {
  readonly #parts: Parts;
  /** The records, by pid. */
  readonly #records = new Map<Pid, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Lends a pid. Undefined: there is no slot. */
  lend(): Pid | undefined {
    const { kernel } = this.#parts.services;
    const record = kernel.call.open();
    if (record === 0) return undefined;
    const pid = pidFromWords(kernel.word(record + LO), kernel.word(record + HI));
    kernel.call.hide(record);
    this.#records.set(pid, record);
    this.#count(1);
    return pid;
  }

  /** Begins an actor with a pid that was lent. If `begin` throws, nobody has the pid any more, and its slot is free. */
  use<T>(pid: Pid, begin: () => T): T | undefined {
    const { actors, services } = this.#parts;
    const { kernel } = services;
    const record = this.#records.get(pid);
    if (record === undefined) return undefined;
    this.#records.delete(pid);
    this.#count(-1);
    kernel.setWord(record + LO, lowWord(pid));
    kernel.setWord(record + HI, highWord(pid));
    actors.next = record;
    try {
      return begin();
    } finally {
      // It was refused before it had its record.
      if (actors.next !== 0) {
        kernel.call.hide(record);
        kernel.close(record);
        actors.next = 0;
      }
    }
  }

  /** Lent pids take slots, but are no actors: the limit of actors is as before. */
  #count(change: number): void {
    const { actors, services } = this.#parts;
    const { kernel } = services;
    actors.lent += change;
    kernel.setWord(MAX_ACTORS, kernel.word(MAX_ACTORS) + change);
  }
}
