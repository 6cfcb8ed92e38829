/**
 * The names of all threads, in shared memory: at once, and each for one actor. One lock guards all changes. Each change
 * is one store at its end, so a thread that is lost within one leaves the table whole.
 */
import { highWord, lowWord, type Pid, pidFromWords, threadOf } from "../wire/pid.ts";
import { NAMES, type SharedSpace } from "./shared.ts";

const FREE = 0;
const TAKEN = 1;
/** It was taken before, so names behind it may have their place because of it. */
const REMOVED = 2;

const HASH = 1;
const LO = 2;
const HI = 3;
const LENGTH = 4;
const BYTES = 5;

/** Whoever has the lock for so long is lost: a change takes a microsecond. */
const LOCK_MS = 1_000;

const encoder = new TextEncoder();

export class NameTable {
  readonly #space: SharedSpace;
  readonly #thread: number;

  constructor(space: SharedSpace, thread: number) {
    this.#space = space;
    this.#thread = thread;
  }

  /** Gives a name to an actor. False: another one has it, or there is no room for further names. */
  claim(name: string, pid: Pid): boolean {
    return this.#locked(() => {
      const bytes = encoder.encode(name);
      const found = this.#find(bytes);
      if (found.taken >= 0) return this.#ownerAt(found.taken) === pid;
      if (found.free < 0) return false;
      const { words } = this.#space;
      const at = found.free;
      words[at + HASH] = hashOf(bytes);
      words[at + LO] = lowWord(pid);
      words[at + HI] = highWord(pid);
      words[at + LENGTH] = bytes.length;
      this.#space.bytes.set(bytes, (at + BYTES) * 4);
      Atomics.store(words, at, TAKEN);
      return true;
    });
  }

  /** Frees a name, if the owner is of this thread. */
  release(name: string, thread: number): void {
    this.#locked(() => {
      const { taken } = this.#find(encoder.encode(name));
      if (taken >= 0 && threadOf(highWord(this.#ownerAt(taken))) === thread) {
        Atomics.store(this.#space.words, taken, REMOVED);
      }
    });
  }

  /** The actor that has a name. */
  find(name: string): Pid | undefined {
    return this.#locked(() => {
      const { taken } = this.#find(encoder.encode(name));
      return taken < 0 ? undefined : this.#ownerAt(taken);
    });
  }

  /** Frees the names of a thread that is lost. */
  lose(thread: number): void {
    this.#locked(() => {
      const { words } = this.#space;
      for (let i = 0; i < NAMES; i++) {
        const at = this.#space.nameAt(i);
        if (words[at] === TAKEN && threadOf(words[at + HI]) === thread) Atomics.store(words, at, REMOVED);
      }
    });
  }

  /** Where a name is, and where it would go; -1: nowhere. */
  #find(name: Uint8Array): { taken: number; free: number } {
    const { words } = this.#space;
    const hash = hashOf(name);
    let free = -1;
    for (let i = 0; i < NAMES; i++) {
      const at = this.#space.nameAt(((hash >>> 0) + i) % NAMES);
      const state = words[at];
      if (state !== TAKEN && free < 0) free = at;
      if (state === FREE) return { taken: -1, free };
      if (state === TAKEN && words[at + HASH] === hash && this.#isAt(at, name)) return { taken: at, free };
    }
    return { taken: -1, free };
  }

  #isAt(at: number, name: Uint8Array): boolean {
    const { words, bytes } = this.#space;
    const begin = (at + BYTES) * 4;
    return words[at + LENGTH] === name.length && name.every((byte, i) => bytes[begin + i] === byte);
  }

  #ownerAt(at: number): Pid {
    const { words } = this.#space;
    return pidFromWords(words[at + LO], words[at + HI]);
  }

  #locked<T>(act: () => T): T {
    const { words, namesLock } = this.#space;
    const me = this.#thread + 1;
    let holder = Atomics.compareExchange(words, namesLock, 0, me);
    for (const endMs = performance.now() + LOCK_MS; holder !== 0; ) {
      const isLost = performance.now() > endMs;
      const next = Atomics.compareExchange(words, namesLock, isLost ? holder : 0, me);
      if (next === 0 || (isLost && next === holder)) break;
      holder = next;
    }
    try {
      return act();
    } finally {
      Atomics.compareExchange(words, namesLock, me, 0);
    }
  }
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
