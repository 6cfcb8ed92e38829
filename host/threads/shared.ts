/**
 * The memory that all threads of a runtime share, where the engine allows it: a line of words for each thread,
 * a ring for each ordered pair of threads, and the table of names. Only words that this file and its users name are
 * ever touched by two threads, and each by atomic operations.
 */

/** Bytes of a line of the processor's cache. What different threads write has lines of its own. */
const LINE_BYTES = 64;

/** Bytes of records that a ring holds. */
export const RING_BYTES = 256 * 1024;
/** Three lines: how much was written, how much was read, and whether the writer waits for room. */
const RING_HEADER = 3 * LINE_BYTES;

export class SharedSpace {
  readonly buffer: SharedArrayBuffer;
  readonly threads: number;
  readonly words: Int32Array;
  readonly bytes: Uint8Array;

  constructor(buffer: SharedArrayBuffer, threads: number) {
    this.buffer = buffer;
    this.threads = threads;
    this.words = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  /** New shared memory; undefined where the engine has none, as in pages that are not isolated. */
  static create(threads: number): SharedSpace | undefined {
    if (typeof SharedArrayBuffer !== "function" || globalThis.crossOriginIsolated === false) return undefined;
    return new SharedSpace(new SharedArrayBuffer(ringsEnd(threads) + NAMES_BYTES), threads);
  }

  /** The index of the word in which a thread says how it sleeps (bell.ts). */
  bellOf(thread: number): number {
    return (thread * LINE_BYTES) >> 2;
  }

  /** Where the ring from one thread to another begins. */
  ringOf(from: number, to: number): number {
    const among = to < from ? to : to - 1;
    return this.threads * LINE_BYTES + (from * (this.threads - 1) + among) * (RING_HEADER + RING_BYTES);
  }

  /** The index of the lock of the table of names. */
  get namesLock(): number {
    return ringsEnd(this.threads) >> 2;
  }

  /** The index of the first word of a name. */
  nameAt(index: number): number {
    return ((ringsEnd(this.threads) + LINE_BYTES) >> 2) + index * NAME_WORDS;
  }
}

function ringsEnd(threads: number): number {
  return threads * LINE_BYTES + threads * (threads - 1) * (RING_HEADER + RING_BYTES);
}

/** Names that all threads together may have. */
export const NAMES = 16_384;
/** Words of one name: whether it is taken, its hash, its owner's pid, its length, and its bytes. */
export const NAME_WORDS = 5 + 64;
const NAMES_BYTES = LINE_BYTES + NAMES * NAME_WORDS * 4;

/** One ring: a stream of bytes from one thread to one other. The counts of bytes go round at 2^32. */
export class Ring {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #written: number;
  readonly #read: number;
  readonly #waits: number;

  constructor(space: SharedSpace, at: number) {
    this.#words = space.words;
    this.#written = at >> 2;
    this.#read = (at + LINE_BYTES) >> 2;
    this.#waits = (at + 2 * LINE_BYTES) >> 2;
    this.#bytes = space.bytes.subarray(at + RING_HEADER, at + RING_HEADER + RING_BYTES);
  }

  /** Bytes that were written and not read. */
  get size(): number {
    return (Atomics.load(this.#words, this.#written) - Atomics.load(this.#words, this.#read)) >>> 0;
  }

  /** Writes the first of these bytes, as many as there is room for, and publishes them. Answers how many. */
  write(bytes: Uint8Array): number {
    const written = this.#words[this.#written];
    const room = RING_BYTES - ((written - Atomics.load(this.#words, this.#read)) >>> 0);
    const length = Math.min(room, bytes.length);
    if (length === 0) return 0;
    const at = (written >>> 0) % RING_BYTES;
    const first = Math.min(length, RING_BYTES - at);
    this.#bytes.set(length === bytes.length && first === length ? bytes : bytes.subarray(0, first), at);
    if (first < length) this.#bytes.set(bytes.subarray(first, length), 0);
    Atomics.store(this.#words, this.#written, (written + length) | 0);
    return length;
  }

  /** Takes at most so many bytes, as a copy; undefined if there are none. */
  read(most: number): Uint8Array<ArrayBuffer> | undefined {
    const read = this.#words[this.#read];
    const length = Math.min(most, (Atomics.load(this.#words, this.#written) - read) >>> 0);
    if (length === 0) return undefined;
    const at = (read >>> 0) % RING_BYTES;
    const first = Math.min(length, RING_BYTES - at);
    const taken = new Uint8Array(length);
    taken.set(this.#bytes.subarray(at, at + first));
    if (first < length) taken.set(this.#bytes.subarray(0, length - first), first);
    Atomics.store(this.#words, this.#read, (read + length) | 0);
    return taken;
  }

  /** The writer says that it waits for room. It looks for room once more afterwards. */
  wait(): void {
    Atomics.store(this.#words, this.#waits, 1);
  }

  /** Whether the writer has waited for room. Called by the reader, after it has read. */
  hasWaited(): boolean {
    return Atomics.load(this.#words, this.#waits) !== 0 && Atomics.exchange(this.#words, this.#waits, 0) !== 0;
  }
}
