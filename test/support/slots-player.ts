/** Plays steps on the kernel's slots and on a plain list, and compares: for tests without guests. */
import { fc } from "@fast-check/vitest";
import { formatPid, pidFromWords, placeOf } from "../../host/wire/pid.ts";
import { type Kernel, kernel } from "./kernel-functions.ts";
import { audit, insist, kernelMemory, readQueue, setWord, word } from "./kernel-memory.ts";
import * as W from "./words.ts";

const THREAD = 5;
const NODE = 201;
const CANARY = 0x5b5b5b5b;

const some = fc.nat(2000);
export const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("open" as const), many: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("end" as const), many: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("hide" as const), which: some }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("close" as const), which: some }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("use" as const), which: some, length: fc.nat(5000) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Where the slots begin, and how much memory there is. */
export const settings = fc.record({
  fresh: fc.constantFrom(0, 1000, W.MAX_SLOTS - 300),
  last: fc.constantFrom(0, 1022, W.LAST_GENERATION - 2, W.LAST_GENERATION - 1, W.LAST_GENERATION),
  pages: fc.constantFrom(2, 10, undefined),
});
export type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never;

/** A slot that has had an actor. */
interface Slot {
  readonly record: number;
  generation: number;
  users: number;
}

export class SlotsPlayer {
  readonly memory: WebAssembly.Memory;
  readonly #kernel: Kernel;
  readonly #settings: Settings;
  readonly #slots = new Map<number, Slot>();
  /** Slots in use, hidden, and at rest, in the order in which they became so. */
  readonly live: number[] = [];
  readonly #hidden: number[] = [];
  readonly #rest: number[] = [];
  #fresh: number;

  /** `called` is told the name of each function of the host before it runs. */
  constructor(given: Settings, used: Kernel = kernel, called: (name: string) => void = () => undefined) {
    this.#settings = given;
    this.#kernel = used;
    this.#fresh = given.fresh;
    this.memory = given.pages === undefined ? kernelMemory() : smallMemory(given.pages);
    used.useMemories(this.memory, new WebAssembly.Memory({ initial: 0 }));
    used.useOutside({
      hostHeadroom: () => called("hostHeadroom"),
      hostCall: () => setWord(this.memory, W.CALLED, 1),
      hostSeed: () => {
        called("hostSeed");
        // More than 17 bits: the others mean nothing.
        const first = word(this.memory, W.FRESH_SLOT) & ~(W.RECORDS_IN_BLOCK - 1);
        const seeds = new Int32Array(this.memory.buffer, W.STAGING, W.RECORDS_IN_BLOCK);
        for (let i = 0; i < W.RECORDS_IN_BLOCK; i++)
          seeds[i] = this.#lastBefore(first + i) | (first << W.GENERATION_BITS);
      },
    });
    setWord(this.memory, W.FRESH_SLOT, given.fresh);
    setWord(this.memory, W.PLACE, placeOf(THREAD, NODE));
  }

  /** The random number at which the generations of a slot begin. */
  #lastBefore(slot: number): number {
    return (this.#settings.last + (slot % 3) * 1000) & W.LAST_GENERATION;
  }

  play(given: Step): void {
    switch (given.do) {
      case "open":
        for (let i = 0; i < given.many; i++) this.#open();
        break;
      case "end":
        for (let i = 0; i < given.many && this.live.length > 0; i++) {
          this.#hide((i * 7) % this.live.length);
          this.#close(this.#hidden.length - 1);
        }
        break;
      case "hide":
        if (this.live.length > 0) this.#hide(given.which % this.live.length);
        break;
      case "close":
        if (this.#hidden.length > 0) this.#close(given.which % this.#hidden.length);
        break;
      case "use":
        if (this.live.length > 0) this.#use(this.live[given.which % this.live.length], given.length);
        break;
    }
  }

  /** The slot that comes next; undefined: all are taken. */
  get #next(): number | undefined {
    const areAllTaken = this.#fresh === W.MAX_SLOTS;
    if (this.#rest.length > 1024 || (areAllTaken && this.#rest.length > 0)) return this.#rest[0];
    return areAllTaken ? undefined : this.#fresh;
  }

  #open(): void {
    const slot = this.#next;
    const isFresh = slot === this.#fresh;
    const hasRecord = slot !== undefined && this.#kernel.recordAt(slot) !== 0;
    const record = this.#kernel.open();
    if (record === 0) {
      insist(slot === undefined || !hasRecord, "a slot is free, and was not given");
      insist(slot === undefined || this.#settings.pages !== undefined, "there was memory enough");
      return;
    }
    insist(slot !== undefined, "a slot was given that is in use");
    const { generation, users } = this.#slots.get(slot) ?? { generation: this.#lastBefore(slot), users: 0 };
    const now = { record, generation: generation === W.LAST_GENERATION ? 1 : generation + 1, users: users + 1 };
    this.#slots.set(slot, now);
    if (isFresh) this.#fresh++;
    else this.#rest.shift();
    this.live.push(slot);
    insist(this.pidOf(slot) === `<${NODE}.${THREAD}.${slot}.${now.generation}>`, `slot ${slot} is ${this.pidOf(slot)}`);
    const cold = word(this.memory, record + W.COLD);
    const isZero = (from: number, count: number) =>
      new Int32Array(this.memory.buffer, from, count).every(value => value === 0);
    insist(isZero(record + W.STATE, (W.NEXT - W.STATE) / 4), "a record keeps words of another actor");
    insist(isZero(record + W.HEAD, (W.COLD - W.HEAD) / 4), "a record keeps words of another actor");
    insist(isZero(cold + W.COLD_OF_ACTOR, (W.COLD_BYTES - W.COLD_OF_ACTOR) / 4), "a cold block keeps words");
  }

  #hide(at: number): void {
    const [slot] = this.live.splice(at, 1);
    this.#hidden.push(slot);
    // Hiding twice is hiding once.
    for (let i = 0; i < 2; i++) this.#kernel.hide(this.recordOf(slot));
  }

  #close(at: number): void {
    const [slot] = this.#hidden.splice(at, 1);
    this.#rest.push(slot);
    this.#kernel.close(this.recordOf(slot));
  }

  /** An actor gets an item, waits for its turn, and has a cold block full of words. */
  #use(slot: number, length: number): void {
    const record = this.recordOf(slot);
    this.#kernel.enqueue(record);
    this.#kernel.deliver(record, W.MESSAGE, 1, 0, 0, 0, 0, length, 0, false);
    const cold = word(this.memory, record + W.COLD);
    new Int32Array(this.memory.buffer, cold + W.COLD_OF_ACTOR, (W.COLD_BYTES - W.COLD_OF_ACTOR) / 4).fill(CANARY);
    // It has neither ties nor marks.
    for (const block of [W.TIES, W.WATCHERS, W.MARKS]) setWord(this.memory, cold + block, 0);
  }

  recordOf(slot: number): number {
    return this.#slots.get(slot)?.record ?? 0;
  }

  pidOf(slot: number): string {
    const record = this.recordOf(slot);
    return formatPid(pidFromWords(word(this.memory, record + W.LO), word(this.memory, record + W.HI)));
  }

  /** Compares all that is stored with the lists. */
  check(): void {
    const at = (address: number) => word(this.memory, address);
    insist(at(W.FRESH_SLOT) === this.#fresh, "another slot is the lowest that no actor has had");
    const rest: number[] = [];
    for (let record = at(W.REST_FIRST); rest.length < at(W.REST_LENGTH); ) {
      rest.push(record);
      if (rest.length === at(W.REST_LENGTH)) insist(record === at(W.REST_LAST), "REST_LAST is not the last");
      else record = at(at(record + W.COLD) + W.NEXT_AT_REST);
    }
    insist(rest.join() === this.#rest.map(slot => this.recordOf(slot)).join(), "other slots rest");
    for (const slot of this.live) {
      const { record, generation } = this.#slots.get(slot) as Slot;
      insist(this.#kernel.recordAt(slot) === record, "a slot has another record");
      insist(this.pidOf(slot) === `<${NODE}.${THREAD}.${slot}.${generation}>`, "an actor has another pid");
    }
    for (const slot of [...this.#hidden, ...this.#rest]) {
      const record = this.recordOf(slot);
      insist(at(record + W.HI) === -1, "an actor that has ended has a pid");
      insist((at(record + W.LO) & W.SLOT_MASK) !== slot, "words can be found that no pid has");
    }
    for (const { record, generation, users } of this.#slots.values()) {
      const history = at(at(record + W.COLD) + W.GENERATION);
      insist((history & W.LAST_GENERATION) === generation, "a slot has another generation");
      insist(history >> W.GENERATION_BITS === Math.min(users, 1024), "a slot has had another number of actors");
    }
    audit(
      this.memory,
      [...this.#slots.values()].map(({ record }) => record),
    );
    insist(new Set(readQueue(this.memory)).size === at(W.QUEUE_LENGTH), "a record waits twice");
  }
}

/** A memory that cannot grow, with so many pages for the arena. */
function smallMemory(ofArena: number): WebAssembly.Memory {
  const pages = W.FIRST_PAGES + ofArena;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  setWord(memory, W.ARENA_END, W.ARENA);
  setWord(memory, W.MAX_ITEM_BYTES, 2 ** 30);
  return memory;
}
