/** The types of functions that the embedder offers to guests, and of what they receive. Types only. */
import type { Import } from "./abi.ts";
import type { LogLevel } from "./events.ts";
import type { GivenReason } from "./message.ts";
import type { Pid } from "./pid.ts";

/** The guest that calls a function of the embedder. All calls of one actor get the same object. */
export interface HostContext {
  /** The actor that calls. */
  readonly pid: Pid;
  /** The name of the actor's module. */
  readonly module: string;
  /** Is aborted when the actor has ended. */
  readonly signal: AbortSignal;
  /**
   * The guest's memory, for libraries that need all of it. After the memory has grown, its `buffer`
   * is another one.
   */
  readonly memory: WebAssembly.Memory;
  /**
   * Copies `length` bytes of the guest's memory. A range outside the memory crashes the guest.
   * After the actor has ended, the copy is empty.
   */
  read(pointer: number, length: number): Uint8Array;
  /** Reads UTF-8 text from the guest's memory. Invalid bytes are replaced. Otherwise as `read`. */
  text(pointer: number, length: number): string;
  /**
   * Writes bytes, or text as UTF-8, to the guest's memory: at most `capacity` bytes. Returns the
   * whole length in bytes. A range outside the memory crashes the guest. After the actor has ended,
   * nothing is written.
   */
  write(pointer: number, bytes: Uint8Array | string, capacity?: number): number;
  /** Ends the actor with this reason. */
  exit(reason: GivenReason): never;
  /** Whether the guest has this grant. */
  may(grant: "kill" | "register" | "lookup" | "log" | "clock" | "random"): boolean;
  /**
   * Logs a line as if the guest had logged it. Returns false where the guest lacks the grant, or
   * has logged too much in this second.
   */
  log(text: string, level?: LogLevel): boolean;
}

/**
 * A function that guests may call. It gets the guest's arguments: numbers, and bigints where a
 * parameter is an i64. Where it returns a promise, the answer is an i32.
 */
export type HostFunction = (context: HostContext, ...args: never[]) => HostAnswer | PromiseLike<HostAnswer>;

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is one, too
export type HostAnswer = number | bigint | undefined | void;

/**
 * A function with a status for failures. Where the function throws or rejects, the guest gets the
 * status instead of crashing.
 */
export interface FailingHostFunction {
  readonly run: HostFunction;
  readonly failStatus: number;
}

/**
 * A function that guests do not import, but ask with `actor.ask`: a guest gives its full name, for example
 * `db.get`, and bytes. The answer comes to it as a message, whenever it is ready, so a guest may have asked
 * several questions. `answering` of `isopod/codec` makes such a function of one that takes and returns values.
 */
export interface AnsweringHostFunction {
  /**
   * The bytes of the answer, or a text as UTF-8. Where it throws or rejects, the guest crashes. An answer is dropped
   * if the guest does not wait for it any more, or has ended: `context.signal` tells that.
   *
   * @param request a copy of what the guest has asked
   */
  answer(context: HostContext, request: Uint8Array): Uint8Array | string | PromiseLike<Uint8Array | string>;
}

/**
 * Functions by module and name, as guests import or ask them:
 * `{ db: { get(context, pointer, length) {…} } }`.
 */
export type HostImports = Readonly<
  Record<string, Readonly<Record<string, HostFunction | FailingHostFunction | AnsweringHostFunction>>>
>;

/** A function as a guest calls it. */
export type HostImport = (...words: (number | bigint)[]) => number | bigint | undefined;

/** The import object of one actor, without its memory. */
export interface ImportObject {
  readonly actor: Readonly<Record<string, Import>>;
  readonly env: Readonly<Record<string, Import>>;
  /** The embedder's functions, by module and name. */
  readonly host: Readonly<Record<string, Readonly<Record<string, HostImport>>>>;
}
