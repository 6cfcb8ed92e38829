/** ABI 1 as data: the names and types of docs/abi.md, to check modules against. */

export const actorImportTypes: Readonly<Record<string, Signature>> = {
  send: "(i32, i32, i32, i32, i32) -> i32",
  recv: "(i32, i32, i32, i32) -> i32",
  recv_tag: "(i32, i32, i32, i32, i32) -> i32",
  recv_match: "(i32, i32, i32, i32, i32) -> i32",
  park: "() -> i32",
  yield: "() -> i32",
  stack_out: "(i32, i32) -> ()",
  stack_in: "(i32) -> ()",
  window: "(i32, i32, i32) -> ()",
  self_lo: "() -> i32",
  self_hi: "() -> i32",
  args: "(i32, i32) -> i32",
  exit: "(i32, i32, i32) -> ()",
  spawn: "(i32, i32, i32, i32, i32, i32, i32, i32) -> i32",
  parent: "(i32) -> i32",
  link: "(i32, i32) -> i32",
  unlink: "(i32, i32) -> i32",
  trap_exit: "(i32) -> i32",
  exit_to: "(i32, i32, i32, i32, i32) -> i32",
  monitor: "(i32, i32) -> i32",
  demonitor: "(i32, i32) -> i32",
  request: "(i32, i32, i32, i32, i32) -> i32",
  delegate: "(i32, i32, i32, i32, i32, i32, i32, i32) -> i32",
  make_ref: "() -> i32",
  drop_ref: "(i32) -> i32",
  ask: "(i32, i32, i32, i32) -> i32",
  send_after: "(i32, i32, i32, i32, i32, i32) -> i32",
  cancel_timer: "(i32) -> i32",
  register: "(i32, i32, i32, i32) -> i32",
  unregister: "(i32, i32) -> i32",
  whereis: "(i32, i32, i32) -> i32",
  send_named: "(i32, i32, i32, i32, i32) -> i32",
  join: "(i32, i32) -> i32",
  leave: "(i32, i32) -> i32",
  members: "(i32, i32, i32, i32) -> i32",
  broadcast: "(i32, i32, i32, i32, i32) -> i32",
  now: "() -> f64",
  epoch: "() -> f64",
  log: "(i32, i32, i32) -> i32",
};

/**
 * The values of `column` in `env.abort` where `message` and `file` are 0. 1: the memory cannot grow
 * by `line` pages. 2: a stack of `line` bytes is full.
 */
export const ABORTED_FOR_MEMORY = 1;
export const ABORTED_FOR_STACK = 2;

export const envImportTypes: Readonly<Record<string, Signature>> = {
  abort: "(i32, i32, i32, i32) -> ()",
  seed: "() -> f64",
};

/**
 * Imports that AssemblyScript's library expects from JavaScript, by the beginning of their names,
 * and what a guest uses instead.
 */
const foreign: readonly (readonly [beginning: string, instead: string])[] = [
  ["console.", "write lines with log() of isopod/guest"],
  ["trace", "write lines with log() of isopod/guest"],
  ["Date.", "ask for the time with now() of isopod/guest"],
  ["performance.", "ask for the time with now() of isopod/guest"],
  ["process.", "end with exit() of isopod/guest, and get arguments with argsText()"],
  ["crypto.", "use Math.random(), which the host grants with `random`"],
];

/** What a guest uses instead of this import from `env`. Undefined where isopod has no advice. */
export function insteadOf(name: string): string | undefined {
  return foreign.find(([beginning]) => name.startsWith(beginning))?.[1];
}

export const ENTRY_TYPE: Signature = "() -> ()";
export const RESUME_TYPE: Signature = "(i32) -> i32";

/** What `yield` answers an actor that is to end: its module traps, which no guest can catch. */
export const YIELD_END = -(2 ** 31);

/**
 * The export of a module that can unwind its stack where it calls `yield`. The module calls this
 * function in place of the import.
 */
export const YIELD_EXPORT = "isopod:yield";
/** The export of a module that counts its reductions: a mutable global, how many are left. */
export const LEFT_EXPORT = "isopod:left";
/**
 * The export of a module whose allocator tells how far it has come: a mutable global, the store
 * limit. A module that the host has rewritten traps where it writes at a greater address.
 */
export const LIMIT_EXPORT = "isopod:limit";
/**
 * The export of a module that keeps nothing below an address from one turn to the next: an immutable global, that
 * address.
 */
export const SCRATCH_EXPORT = "isopod:scratch";
/** The export of a module that notes where it is: an immutable global, the address of a text that ends with a 0. */
export const PLACE_EXPORT = "isopod:place";
/** The most bytes that a module can have changed from its store limit on. */
export const LIMIT_SLACK = 64;
/**
 * The export of a module whose `resume:E` continues E where this mutable global is not 0, and begins E where it is
 * 0. The host sets it to 0 where actors begin their entry on the memory of an image.
 */
export const PARKED_EXPORT = "isopod:parked";
/** The export of a module that calls `park` where `send` answers 2. Its kind and value do not matter. */
export const GIVES_WAY_EXPORT = "isopod:gives_way";
/**
 * The export that the host adds to a module that it compiles. `(at, toMemory)` copies all mutable
 * globals to the memory at `at`, 8 bytes each, or from there.
 */
export const GLOBALS_EXPORT = "isopod:globals";
/** Exports that have a meaning for the host in every module. */
export const exportTypes: Readonly<Record<string, Signature>> = {
  run: ENTRY_TYPE,
  handle: "(i32) -> ()",
  match: "(i32, i32, i32) -> i32",
  match_first: "(i32, i32, i32) -> i32",
  _start: ENTRY_TYPE,
  _initialize: ENTRY_TYPE,
  [YIELD_EXPORT]: "() -> i32",
};

/**
 * The address where the stack of a guest that waits by Asyncify is written and read: a word for its
 * top, a word for its end, then the frames.
 */
export const STACK = 16;

/** The name of the export that begins and continues an entry of a module that waits by Asyncify. */
export function resumeExport(entry: string): string {
  return `resume:${entry}`;
}

/** A function that a guest may import. Its parameters are words; a result of undefined is no result. */
export type Import = (...words: number[]) => number | undefined;

/** For example `(i32, i32) -> i32`. */
export type Signature = string;

/** The export that runs before an entry, as AssemblyScript and commands of WASI name it. */
export const START = "_start";
/** The name of the same export in libraries of WASI. */
export const INITIALIZE = "_initialize";

/** A page of WebAssembly's memory. */
export const PAGE_BYTES = 65_536;
