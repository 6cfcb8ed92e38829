/**
 * What guests run in, as the host sees it: instances with their exports, and the ports by which they
 * send and receive.
 */
import { Bytes, type Owner } from "../mail/bytes.ts";

/**
 * The exports that the host calls. Those that the guest lacks, or its way does not need, are null.
 */
export interface GuestExports {
  /** `handle(n)`. */
  readonly handle: ((length: number) => void) | null;
  /** `resume:E`. It answers 1: the guest parked; 2: it gave way; 0: the entry returned. */
  readonly resume: ((result: number) => number) | null;
  /** The entry itself. */
  readonly entry: (() => void) | null;
  readonly match: ((predicate: number, pointer: number, length: number) => number) | null;
  /** As `match`, about many items at once. */
  readonly matchFirst: ((predicate: number, pointer: number, bytes: number) => number) | null;
  readonly start: (() => void) | null;
  /** `isopod:globals`. */
  readonly globals: ((at: number, toMemory: number) => void) | null;
  /** Where the guest notes in which line of its own program it is; 0: it does not. */
  readonly place: number;
  /** The module imports `park`. */
  readonly parks: boolean;
  /** `send` may answer 2: the module exports `isopod:gives_way`, and the entry can park. */
  readonly givesWay: boolean;
}

/** A turn, and the function by which an actor leaves. */
const PLACES = 2;

/** What a guest calls of the kernel, which is an instance of the kernel's module for each guest. */
export interface Port {
  /** Functions of the guest: the one that a turn calls, `match`, `match_first`, `isopod:globals`, and the start function. */
  readonly guest: WebAssembly.Table;
  /** The address of its actor's record. */
  readonly me: { value: number };
  /** Runs one turn of an actor. The kernel's loop calls it. */
  readonly turn: (record: number) => number;
  /** Loads the image of the actor that has been given the instance. */
  readonly enter: (instance: number) => void;
  /** The actor of the instance leaves it. The kernel calls it. 0: it cannot. */
  readonly leave: (instance: number) => number;
  /** The actor of the instance has ended. */
  readonly recycle: (instance: number) => void;
  /** Keeps the state of the instance as a first state: its address, or why there is none. */
  readonly keepFirstState: (limit: number, globals: number, scratch: number) => number;
  /** What a parked process is told; PARK: it waits further. */
  readonly proceed: () => number;
  /** The process has called `park`. 0: it waits for the host, or not at all. */
  readonly park: () => number;
}

/** The value of a port's `me` after its actor has ended: no record has this address. */
export const NOBODY = 1;

const NO_EXPORTS: GuestExports = {
  handle: null,
  resume: null,
  entry: null,
  match: null,
  matchFirst: null,
  start: null,
  globals: null,
  place: 0,
  parks: false,
  givesWay: false,
};

/** What actors run in, one after another. */
export class Instance implements Owner {
  /** Where the kernel has its words. */
  readonly address: number;
  readonly #onGrown: (instance: Instance, bytes: number) => void;
  bytes = Bytes.none();
  guest = NO_EXPORTS;
  port: Port | null = null;
  /** The guest's own counter of reductions, if the module exports it. */
  counter: { value: number } | null = null;
  /** What the account counts for its memory, and for all else. */
  memoryBytes = 0;
  instanceBytes = 0;
  /** The bytes that its memory began with. */
  firstBytes = 0;

  constructor(address: number, onGrown: (instance: Instance, bytes: number) => void) {
    this.address = address;
    this.#onGrown = onGrown;
  }

  /** Called by its `Bytes` when the memory has another size. */
  memoryGrown(bytes: number): void {
    this.#onGrown(this, bytes);
  }
}

/** What an actor without an instance has. */
const NO_INSTANCE = new Instance(0, () => {});

/** The instances of a runtime, by their place in the kernel's table of turns. */
export class InstanceTable {
  readonly #instances: Instance[] = [];
  readonly #free: number[] = [];

  /** What an actor without an instance has. */
  readonly none = NO_INSTANCE;

  /** How many there are. */
  get size(): number {
    return this.#instances.length - this.#free.length;
  }

  at(index: number): Instance {
    return this.#instances[index / PLACES];
  }

  /** How many places there are. */
  get places(): number {
    return this.#instances.length;
  }

  /** The instance at a place of those; `none` where it is free. */
  nth(place: number): Instance {
    return this.#instances[place];
  }

  /** Its place in the table of turns: each instance has two. */
  add(instance: Instance): number {
    const at = this.#free.pop() ?? this.#instances.length;
    this.#instances[at] = instance;
    return at * PLACES;
  }

  remove(index: number): void {
    this.#instances[index / PLACES] = NO_INSTANCE;
    this.#free.push(index / PLACES);
  }
}

/** What a function of the embedder will answer. */
export interface Answer {
  settled: boolean;
  value: number;
}
