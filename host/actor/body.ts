/**
 * What an actor's guest runs in, as the host sees it: its exports, its instance, and the port by
 * which it sends and receives.
 */
import type { Bytes } from "../mail/bytes.ts";

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

/** An instance that can be used by one actor after another. */
export interface Instance {
  readonly exports: WebAssembly.Exports;
  readonly bytes: Bytes;
  readonly entry: string;
  readonly guest: GuestExports;
  /** `isopod:globals`; null if the module has no mutable globals. */
  readonly moveGlobals: ((at: number, toMemory: number) => void) | null;
  readonly port: Port;
  /** The most pages that its memory may have. */
  readonly maximumPages: number;
}

/** What a function of the embedder will answer. */
export interface Answer {
  settled: boolean;
  value: number;
}
