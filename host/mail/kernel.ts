/**
 * The kernel of a runtime as the host uses it, and the first file of the room host/mail/: the kernel,
 * mailboxes, the account of memory, and the stack's headroom. The room imports kernel/ and wire/.
 * It guarantees that each word of an actor has one home, in the kernel's memory, and that bytes
 * are counted before they are used.
 */

import { ITEM_HEADER, KIND, LENGTH, OUTSIDE } from "../kernel/mail-words.ts";
import { LAST_GENERATION, LOW_GENERATION_BITS, SLOT_MASK } from "../kernel/slot-words.ts";
import {
  ALWAYS_ROOM_BYTES,
  ARENA,
  ARENA_END,
  BLOCK_SHIFT,
  CHECKS_IMAGES,
  COLD,
  CURRENT,
  DEAD,
  ENDED_RECORD,
  GENERATION,
  HI,
  ITEM_BYTES,
  LO,
  MAX_INSIDE_BYTES,
  MAX_ITEM_BYTES,
  PLACE,
  RECORD_BLOCKS,
  RECORD_BYTES,
  RECORD_SHIFT,
  RECORDS_IN_BLOCK,
  STAGING,
  STATE,
} from "../kernel/words.ts";
import { headroomFunction, needHeadroom, prepareHeadroom } from "./headroom.ts";
import { checks, strayed } from "./image-checks.ts";
import { kernelModule, newMemory } from "./kernel-module.ts";
import { Payloads } from "./payloads.ts";

/** What has a record in the kernel. */
export interface Recorded {
  readonly lo: number;
  readonly hi: number;
  /** The address of its record. */
  readonly record: number;
}

const MAX_WORD = 2 ** 32 - 1;

/** The kernel's functions that the host calls. kernel/kernel.ts has them. */
interface Functions {
  deliver(
    to: number,
    kind: number,
    tag: number,
    fromLo: number,
    fromHi: number,
    ref: number,
    reason: number,
    length: number,
    payload: number,
    isBound: number,
  ): number;
  run(turns: number): number;
  runTimed(turns: number): number;
  turnOf(record: number): number;
  settle(record: number): number;
  vacate(pool: number): number;
  descend(calls: number): number;
  begin(record: number): void;
  countSent(record: number): number;
  enqueue(record: number): void;
  open(): number;
  hide(record: number): void;
  close(record: number): void;
  take(sizeClass: number): number;
  give(block: number, sizeClass: number): void;
  classFor(bytes: number): number;
  outboxFor(lo: number, hi: number): number;
  openOutbox(hi: number, sizeClass: number): number;
  closeOutbox(outbox: number): void;
  first(record: number): number;
  from(record: number, position: number): number;
  next(record: number, position: number): number;
  findRef(record: number, position: number, ref: number): number;
  startFor(record: number, ref: number): number;
  remove(record: number, position: number): void;
  mayTake(record: number, size: number): number;
  sizeFor(length: number): number;
  mark(record: number, ref: number): void;
  unmark(record: number, ref: number): void;
  watch(owner: number, target: number, ref: number): number;
  linkBoth(owner: number, other: number): number;
  findMonitor(owner: number, ref: number): number;
  findLink(a: number, b: number): number;
  findDelegated(target: number, ref: number): number;
  firstTie(record: number): number;
  firstWatcher(record: number): number;
  dropTie(tie: number): void;
  loosenLink(tie: number, ended: number): void;
  delegateTie(tie: number, to: number, viaLo: number, viaHi: number): void;
  takeImage(length: number): number;
  dropImage(image: number): void;
  derive(image: number, limit: number): number;
  dropState(state: number): void;
}

/** What the module imports of the host and an instance for turns never calls. */
const unused = () => {
  throw new Error("only ports call this");
};

export class Kernel<T extends Recorded = Recorded> {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The function that gives the actor of a slot its turn, by slot. */
  readonly turns: WebAssembly.Table;
  readonly call: Functions;
  readonly payloads = new Payloads();
  /** Called when the run queue is no longer empty. */
  onCall: () => void = () => {};
  /** Called when a turn begins that is to be timed, with its record; with 0 when it is over. */
  onTimed: (record: number) => void = () => {};
  #words: Int32Array;
  #bytes: Uint8Array;
  #doubles: Float64Array;
  /** Makes a look at an actor. */
  view: (lo: number, hi: number, record: number) => T = () => {
    throw new Error("this kernel has no actors");
  };
  /** The actor that was looked at last, because most looks are at the actor whose turn it is. */
  #last: T | undefined;
  /** The one before it: in a call of the host, looks at the caller and the callee alternate. */
  #before: T | undefined;
  readonly #random: () => number;

  /**
   * @param module the compiled kernel; by default it is compiled here
   * @param maxItemBytes what all mailboxes and timers together may use
   * @param random gives a number in [0, 1), from which the generations of slots begin
   */
  constructor(module = kernelModule(), maxItemBytes = Number.POSITIVE_INFINITY, random = Math.random) {
    if (!WebAssembly.Module.exports(module).some(({ name }) => name === "deliver")) {
      throw new TypeError("a runtime: kernel is another module than isopod/kernel.wasm");
    }
    this.module = module;
    this.#random = random;
    this.memory = newMemory();
    this.turns = new WebAssembly.Table({ element: "anyfunc", initial: 64 });
    const gate = Object.fromEntries(
      WebAssembly.Module.imports(module)
        .filter(({ module }) => module === "gate")
        .map(({ name }) => [name, unused]),
    );
    this.call = new WebAssembly.Instance(module, {
      kernel: { memory: this.memory, turns: this.turns },
      // No function of the host's uses a guest's memory.
      guest: { memory: this.memory },
      gate: { ...gate, ...this.gate },
    } as WebAssembly.Imports).exports as unknown as Functions;
    prepareHeadroom(this.call.descend);
    this.gate["host.headroom"] = headroomFunction();
    this.#words = new Int32Array(this.memory.buffer);
    this.#bytes = new Uint8Array(this.memory.buffer);
    this.#doubles = new Float64Array(this.memory.buffer);
    this.setWord(ARENA_END, ARENA);
    if (checks.images) this.setWord(CHECKS_IMAGES, 1);
    this.setWord(MAX_ITEM_BYTES, Math.min(maxItemBytes, MAX_WORD) | 0);
    this.setWord(ENDED_RECORD + HI, -1);
    this.setWord(ENDED_RECORD + STATE, DEAD);
    this.setWord(ENDED_RECORD + COLD, ENDED_RECORD + RECORD_BYTES);
  }

  /** What every instance of the module calls of the host. */
  readonly gate: Record<string, (payload: number) => void> = {
    "host.call": () => this.onCall(),
    "host.drop": (payload: number) => this.#drop(payload),
    "host.headroom": needHeadroom,
    "host.seed": () => this.#seed(),
    "host.strayed": strayed,
    "host.timed": (record: number) => this.onTimed(record),
  };

  /** The memory as words. It may have grown since the last call, so do not keep it. */
  get words(): Int32Array {
    if (this.#words.length === 0) this.#refresh();
    return this.#words;
  }

  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#bytes;
  }

  #refresh(): void {
    const { buffer } = this.memory;
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }

  word(address: number): number {
    return this.words[address >>> 2];
  }

  setWord(address: number, value: number): void {
    this.words[address >>> 2] = value;
  }

  double(address: number): number {
    if (this.#doubles.length === 0) this.#refresh();
    return this.#doubles[address >>> 3];
  }

  setDouble(address: number, value: number): void {
    if (this.#doubles.length === 0) this.#refresh();
    this.#doubles[address >>> 3] = value;
  }

  /** The actor whose turn it is, or was last. */
  get current(): T | null {
    const record = this.word(CURRENT);
    return record === 0 ? null : this.userAt(record);
  }

  set current(user: T | null) {
    this.setWord(CURRENT, user === null ? 0 : user.record);
  }

  /** A look at the actor whose record is at an address; null if the actor has ended. */
  userAt(record: number): T | null {
    const { words } = this;
    const [lo, hi] = [words[record >>> 2], words[(record >>> 2) + 1]];
    const last = this.#last;
    // The pid of an actor elsewhere may have had another record before.
    if (last?.lo === lo && last.hi === hi && last.record === record) return last;
    if (hi < 0) return null;
    const before = this.#before;
    this.#before = last;
    this.#last = before?.lo === lo && before.hi === hi && before.record === record ? before : this.view(lo, hi, record);
    return this.#last;
  }

  /** A look at an actor whose end is recorded and not told yet: it is dead, and has its pid. */
  endedAt(record: number): T {
    const generation = this.word(this.word(record + COLD) + GENERATION) & LAST_GENERATION;
    return this.view(~this.word(record + LO), this.word(PLACE) | (generation >> LOW_GENERATION_BITS), record);
  }

  /** A block of so many bytes, at most 128 KiB, all zeros. */
  newBlock(bytes: number): number {
    const block = this.call.take(this.call.classFor(bytes));
    if (block === 0) throw new RangeError("the engine has no memory left for another actor");
    this.bytes.fill(0, block >>> 0, (block >>> 0) + bytes);
    return block;
  }

  giveBlock(block: number, bytes: number): void {
    this.call.give(block, this.call.classFor(bytes));
  }

  /** The record of a pid's slot; 0: no actor has had it. The pid may be another one. */
  recordAt(lo: number): number {
    const slot = lo & SLOT_MASK;
    const block = this.word(RECORD_BLOCKS + (slot >> BLOCK_SHIFT) * 4);
    return block === 0 ? 0 : block + ((slot & (RECORDS_IN_BLOCK - 1)) << RECORD_SHIFT);
  }

  /** Frees a hidden record. */
  close(record: number): void {
    this.call.close(record);
    if (this.word(CURRENT) === record) this.setWord(CURRENT, 0);
  }

  #seed(): void {
    // The embedder's source may use the kernel, so nothing is written before all are drawn.
    const drawn = Array.from({ length: RECORDS_IN_BLOCK }, () => this.#random() * LAST_GENERATION);
    this.words.set(drawn, STAGING >> 2);
  }

  /**
   * Brings an item to a live actor, whose bounds have been looked at. The item is delivered whole or not
   * at all. Throws a RangeError if the engine has no memory left.
   */
  deliver(
    to: number,
    kind: number,
    tag: number,
    fromLo: number,
    fromHi: number,
    ref: number,
    reason: number,
    bytes: Uint8Array,
  ): void {
    const { length } = bytes;
    if (length <= MAX_INSIDE_BYTES) {
      this.bytes.set(bytes, STAGING);
      if (this.call.deliver(to, kind, tag, fromLo, fromHi, ref, reason, length, 0, 0) !== 0) return;
    } else {
      const payload = this.payloads.keep(bytes);
      this.addItemBytes(length);
      if (this.call.deliver(to, kind, tag, fromLo, fromHi, ref, reason, length, payload, 0) !== 0) return;
      this.#drop(payload);
    }
    throw new RangeError("the engine has no memory left for an item");
  }

  /** Whether the limit of all mailboxes allows an item with so many bytes of payload. */
  mayTake(to: number, length: number): boolean {
    if (length > MAX_INSIDE_BYTES) return this.#mayKeep(length) && this.call.mayTake(to, this.call.sizeFor(8)) !== 0;
    return this.call.mayTake(to, this.call.sizeFor(length)) !== 0;
  }

  /** The payload of an item, as it lies there: copy what you keep. */
  payload(position: number): Uint8Array {
    if ((this.word(position + KIND) & OUTSIDE) !== 0) return this.payloads.get(this.word(position + ITEM_HEADER));
    const begin = (position >>> 0) + ITEM_HEADER;
    return this.bytes.subarray(begin, begin + this.word(position + LENGTH));
  }

  /** Bytes of all mailboxes and timers. */
  get itemBytes(): number {
    return this.word(ITEM_BYTES) >>> 0;
  }

  /** Counts bytes of timers and kept payloads. */
  addItemBytes(bytes: number): void {
    this.setWord(ITEM_BYTES, this.word(ITEM_BYTES) + bytes);
  }

  /** Whether so many further bytes are within the limit. */
  admitsItemBytes(bytes: number): boolean {
    return this.itemBytes + bytes <= this.word(MAX_ITEM_BYTES) >>> 0;
  }

  #mayKeep(length: number): boolean {
    return length <= ALWAYS_ROOM_BYTES || this.admitsItemBytes(length);
  }

  #drop(payload: number): void {
    this.addItemBytes(-this.payloads.get(payload).length);
    this.payloads.drop(payload);
  }
}
