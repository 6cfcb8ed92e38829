/** The tape: one memory, with a reel for each recorded actor of a runtime. */
import {
  REEL_AT,
  REEL_BYTES,
  REEL_LOG,
  REEL_RESTS,
  REEL_SEEN,
  REEL_SENDERS,
  REEL_TAIL,
  SENDERS_BYTES,
} from "../kernel/tape-words.ts";
import { PAGE_BYTES } from "../wire/abi.ts";

const MOST_PAGES = 16_384;

export class Reels {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  /** Those that no actor has. The first one is no actor's: nothing lies at address 0. */
  readonly #free: number[] = [];
  #next = REEL_BYTES;
  #words = new Int32Array(0);
  #bytes = new Uint8Array(0);

  get #views(): { words: Int32Array; bytes: Uint8Array } {
    if (this.#words.length === 0) {
      this.#words = new Int32Array(this.memory.buffer);
      this.#bytes = new Uint8Array(this.memory.buffer);
    }
    return { words: this.#words, bytes: this.#bytes };
  }

  word(address: number): number {
    return this.#views.words[address >>> 2];
  }

  setWord(address: number, value: number): void {
    this.#views.words[address >>> 2] = value;
  }

  /** An empty reel of an actor whose items nobody has seen; undefined: the engine has no memory for one. */
  take(): number | undefined {
    const reel = this.#free.pop() ?? this.#new();
    if (reel === undefined) return undefined;
    this.setWord(reel + REEL_AT, reel + REEL_LOG);
    this.setWord(reel + REEL_SEEN, 0);
    this.setWord(reel + REEL_TAIL, 0);
    this.setWord(reel + REEL_RESTS, 0);
    this.forgetSenders(reel);
    return reel;
  }

  #new(): number | undefined {
    const reel = this.#next;
    if (reel + REEL_BYTES > this.memory.buffer.byteLength) {
      try {
        this.memory.grow(Math.max(1, this.memory.buffer.byteLength / PAGE_BYTES / 4));
      } catch {
        return undefined;
      }
    }
    this.#next += REEL_BYTES;
    return reel;
  }

  give(reel: number): void {
    this.#free.push(reel);
  }

  /** No sender is known any more. */
  forgetSenders(reel: number): void {
    this.#views.bytes.fill(0, reel + REEL_SENDERS, reel + REEL_SENDERS + SENDERS_BYTES);
  }

  /** Takes the bytes of the log out of a reel. */
  empty(reel: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#views.bytes.slice(reel + REEL_LOG, this.word(reel + REEL_AT)) as Uint8Array<ArrayBuffer>;
    this.setWord(reel + REEL_AT, reel + REEL_LOG);
    return bytes;
  }

  /** Adds bytes to the log in a reel. False: there is no room for them. */
  add(reel: number, bytes: Uint8Array): boolean {
    const at = this.word(reel + REEL_AT);
    if (at + bytes.length > reel + REEL_BYTES) return false;
    this.#views.bytes.set(bytes, at);
    this.setWord(reel + REEL_AT, at + bytes.length);
    return true;
  }
}
