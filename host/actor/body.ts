/** What an actor's guest runs in, as the host sees it: its exports, its instance, and the port through which it sends and receives. Types only. */
import type { Bytes } from "../mail/bytes.ts";

/** The guest's side as the host calls it. The exports that a way does not need are null. */
export interface GuestExports {
  /** `handle(n)`. */
  readonly handle: ((length: number) => void) | null;
  /** `resume:E`: 1 the guest parked, 2 it gave way, 0 the entry returned. */
  readonly resume: ((result: number) => number) | null;
  /** The entry itself. */
  readonly entry: (() => void) | null;
  readonly match: ((predicate: number, pointer: number, length: number) => number) | null;
  /** The same of many items; only the switch calls it. */
  readonly matchFirst: ((predicate: number, pointer: number, bytes: number) => number) | null;
  readonly start: (() => void) | null;
  /** The module imports `park`. */
  readonly parks: boolean;
}

/** What stands between a guest and its runtime. */
export interface Port {
  /** Three entries: what a turn calls, `match` and `match_first`. */
  readonly guest: WebAssembly.Table;
  /** Whose guest it is, as the byte address of the record. */
  readonly me: { value: number };
  readonly turn: () => number;
}

/** An instance as it was made: nothing of it has run. */
export interface Instance {
  readonly exports: WebAssembly.Exports;
  readonly bytes: Bytes;
  readonly entry: string;
  readonly guest: GuestExports;
  /** `isopod:globals`; null where it has none that change. */
  readonly moveGlobals: ((at: number, toMemory: number) => void) | null;
  /** Null where the switch has nothing to do with it. */
  readonly port: Port | null;
  /** What its memory may grow to. */
  readonly maximumPages: number;
}

/** What a function of the embedder's will answer. */
export interface Answer {
  settled: boolean;
  value: number;
}
