/**
 * What guests run in, as the host sees it: instances with their exports, and the ports by which they
 * send and receive.
 */
import { Bytes, type Owner } from "../mail/bytes.ts";
import type { GuestModule } from "../module/guest-module.ts";

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
  /** The module imports `park`. */
  readonly parks: boolean;
  /** `send` may answer 2: the module exports `isopod:gives_way`, and the entry can park. */
  readonly givesWay: boolean;
}

/** What a guest calls of the kernel, which is an instance of the kernel's module for each guest. */
export interface Port {
  /** Three functions of the guest: the one that a turn calls, `match` and `match_first`. */
  readonly guest: WebAssembly.Table;
  /** The address of its actor's record. */
  readonly me: { value: number };
  /** Runs one turn. The kernel's loop calls it. */
  readonly turn: () => number;
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
  parks: false,
  givesWay: false,
};

/** What actors run in, one after another. */
export class Instance implements Owner {
  readonly module: GuestModule | null;
  readonly entry: string;
  /** The most pages that its memory may have. */
  readonly maximumPages: number;
  readonly #onGrown: (instance: Instance, bytes: number) => void;
  /** Its place in the table of instances; 0: it is in none. */
  number = 0;
  /** The record of the actor that it runs; 0: none. */
  record = 0;
  bytes = Bytes.none();
  guest = NO_EXPORTS;
  port: Port | null = null;
  /** The guest's own counter of reductions, if the module exports it. */
  counter: { value: number } | null = null;
  /** `isopod:globals`; null if the module has no mutable globals. */
  moveGlobals: ((at: number, toMemory: number) => void) | null = null;
  /** What the account counts for its memory, and for all else. */
  memoryBytes = 0;
  instanceBytes = 0;
  /** The embedder has seen its memory and may keep it, so no other actor gets it. */
  isHeld = false;

  constructor(
    module: GuestModule | null,
    entry: string,
    maximumPages: number,
    onGrown: (instance: Instance, bytes: number) => void,
  ) {
    this.module = module;
    this.entry = entry;
    this.maximumPages = maximumPages;
    this.#onGrown = onGrown;
  }

  /** Called by its `Bytes` when the memory has another size. */
  memoryGrown(bytes: number): void {
    this.#onGrown(this, bytes);
  }
}

/** The instances of a runtime by number. */
export class InstanceTable {
  readonly #instances: Instance[] = [new Instance(null, "", 0, () => {})];
  readonly #free: number[] = [];

  at(number: number): Instance {
    return this.#instances[number];
  }

  add(instance: Instance): void {
    instance.number = this.#free.pop() ?? this.#instances.length;
    this.#instances[instance.number] = instance;
  }

  remove(instance: Instance): void {
    this.#instances[instance.number] = this.#instances[0];
    this.#free.push(instance.number);
    instance.number = 0;
  }
}

/** What a function of the embedder will answer. */
export interface Answer {
  settled: boolean;
  value: number;
}
