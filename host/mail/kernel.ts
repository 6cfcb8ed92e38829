/**
 * The kernel of a runtime as the host uses it, and the first file of the room host/mail/: the kernel,
 * mailboxes, the account of memory, and the stack's headroom. The room imports kernel/ and wire/.
 * It guarantees that each word of an actor has one home, in the kernel's memory, and that bytes
 * are counted before they are used.
 */
import { kernel as base64 } from "../kernel/binary.ts";
import {
  ALWAYS_ROOM_BYTES,
  ARENA,
  ARENA_END,
  COLD,
  CURRENT,
  DEAD,
  ENDED_RECORD,
  FIRST_PAGES,
  HI,
  ITEM_BYTES,
  ITEM_HEADER,
  KIND,
  LENGTH,
  MAX_INSIDE_BYTES,
  MAX_ITEM_BYTES,
  OUTSIDE,
  RECORD_BYTES,
  STAGING,
  STATE,
} from "../kernel/words.ts";
import { EngineError } from "../wire/errors.ts";
import { needHeadroom, prepareHeadroom } from "./headroom.ts";
import { Payloads } from "./payloads.ts";

/** What has a record in the kernel. */
export interface Recorded {
  readonly lo: number;
  readonly hi: number;
  /** The address of its record. */
  record: number;
}

const MAX_PAGES = 65_534;
const MAX_WORD = 2 ** 32 - 1;

let compiled: WebAssembly.Module | undefined;

/** The kernel's module, compiled once. Throws an EngineError where the engine cannot run it. */
export function kernelModule(): WebAssembly.Module {
  compiled ??= compile();
  return compiled;
}

/** The kernel's binary. */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  return bytesOf(base64);
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), character => character.charCodeAt(0));
}

function compile(): WebAssembly.Module {
  try {
    return new WebAssembly.Module(kernelBytes());
  } catch (cause) {
    const needs =
      "isopod needs WebAssembly with several memories for one module (Node 22, Chrome 120, Firefox 125, Safari 26, Deno 1.44 or Bun 1.3, or newer)";
    throw new EngineError(`${needs}; this engine refuses the kernel: ${(cause as Error).message}`, { cause });
  }
}

function newMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MAX_PAGES });
  } catch (cause) {
    const why =
      "the engine has no memory left for another runtime (Chromium allows a page about 120 memories): stop some, and their actors";
    throw new EngineError(`${why}: ${(cause as Error).message}`, { cause });
  }
}

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
  descend(calls: number): number;
  begin(record: number): void;
  countSent(record: number): number;
  enqueue(record: number): void;
  claim(lo: number, hi: number): number;
  release(record: number): void;
  first(record: number): number;
  from(record: number, position: number): number;
  next(record: number, position: number): number;
  findRef(record: number, position: number, ref: number): number;
  startFor(record: number, ref: number): number;
  remove(record: number, position: number): void;
  mayTake(record: number, size: number): number;
  sizeFor(length: number): number;
  mark(record: number, ref: number): void;
  markAt(record: number, ref: number, position: number): void;
  unmark(record: number, ref: number): void;
  takeImage(length: number): number;
  dropImage(image: number): void;
}

/** What the module imports of the host and an instance for turns never calls. */
const unused = () => {
  throw new Error("only ports call this");
};

export class Kernel<T extends Recorded> {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The function that gives the actor of a slot its turn, by slot. */
  readonly turns: WebAssembly.Table;
  readonly call: Functions;
  readonly payloads = new Payloads();
  /** Called when the run queue is no longer empty. */
  onCall: () => void = () => {};
  #words: Int32Array;
  #bytes: Uint8Array;
  #doubles: Float64Array;
  /** By the address of the record. */
  readonly #users = new Map<number, T>();
  /** The actor that was looked up last, because most look-ups are of the actor whose turn it is. */
  #last: T | undefined;

  /**
   * @param module the compiled kernel; by default it is compiled here
   * @param maxItemBytes what all mailboxes and timers together may use
   */
  constructor(module = kernelModule(), maxItemBytes = Number.POSITIVE_INFINITY) {
    if (!WebAssembly.Module.exports(module).some(({ name }) => name === "deliver")) {
      throw new TypeError("a runtime: kernel is another module than isopod/kernel.wasm");
    }
    this.module = module;
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
    this.#words = new Int32Array(this.memory.buffer);
    this.#bytes = new Uint8Array(this.memory.buffer);
    this.#doubles = new Float64Array(this.memory.buffer);
    this.setWord(ARENA_END, ARENA);
    this.setWord(MAX_ITEM_BYTES, Math.min(maxItemBytes, MAX_WORD) | 0);
    this.setWord(ENDED_RECORD + HI, -1);
    this.setWord(ENDED_RECORD + STATE, DEAD);
    this.setWord(ENDED_RECORD + COLD, ENDED_RECORD + RECORD_BYTES);
  }

  /** What every instance of the module calls of the host. */
  readonly gate = {
    "host.call": () => this.onCall(),
    "host.drop": (payload: number) => this.#drop(payload),
    "host.headroom": needHeadroom,
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

  /** The actor whose turn it is, or was last. */
  get current(): T | null {
    const record = this.word(CURRENT);
    return record === 0 ? null : this.userAt(record);
  }

  set current(user: T | null) {
    this.setWord(CURRENT, user === null ? 0 : user.record);
  }

  /** Whose record is at an address. */
  userAt(record: number): T | null {
    if (this.#last?.record === record) return this.#last;
    const user = this.#users.get(record);
    if (user !== undefined) this.#last = user;
    return user ?? null;
  }

  /** Gives a record to what has just been given its pid. */
  claim(user: T): void {
    const record = this.call.claim(user.lo, user.hi);
    if (record === 0) throw new RangeError("the engine has no memory left for another actor");
    user.record = record;
    this.#users.set(record, user);
  }

  /** An actor has ended, and its record is free for another. From now on its words are those of a dead one. */
  release(user: T): void {
    this.call.release(user.record);
    this.#users.delete(user.record);
    if (this.#last === user) this.#last = undefined;
    if (this.word(CURRENT) === user.record) this.setWord(CURRENT, 0);
    user.record = ENDED_RECORD;
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
