/** The embedder's own functions for guests: what the embedder writes, and what it is given. Types only. */
import type { Import } from "./abi.ts";
import type { LogLevel } from "./events.ts";
import type { GivenReason } from "./message.ts";
import type { Pid } from "./pid.ts";

/** A guest as the embedder's functions see it: the same object for all calls of one actor. */
export interface HostContext {
  /** Who calls. */
  readonly pid: Pid;
  /** The name of its module. */
  readonly module: string;
  /** Aborted when the actor has ended. */
  readonly signal: AbortSignal;
  /** The guest's memory, for libraries that need all of it. Its buffer is another after the memory has grown. */
  readonly memory: WebAssembly.Memory;
  /** A copy of the guest's bytes. A range outside its memory is the guest's crash. When the actor has ended there are none. */
  read(pointer: number, length: number): Uint8Array;
  /** The same as text; what is no UTF-8 is replaced. */
  text(pointer: number, length: number): string;
  /** Writes at most `capacity` of the bytes, or of a text as UTF-8; returns how many there were. A range outside the memory is the guest's crash. When the actor has ended nothing is written. */
  write(pointer: number, bytes: Uint8Array | string, capacity?: number): number;
  /** Ends the caller for this reason. */
  exit(reason: GivenReason): never;
  /** Whether the guest was granted this. */
  may(grant: "kill" | "register" | "lookup" | "log" | "clock" | "random"): boolean;
  /** A line for `onLog`, as if the guest had logged it. False where it may not, or has logged too much in this second. */
  log(text: string, level?: LogLevel): boolean;
}

/** Gets what the guest passed: numbers, and bigints where its parameter is an i64. Answers of promises are i32. */
export type HostFunction = (context: HostContext, ...args: never[]) => HostAnswer | PromiseLike<HostAnswer>;

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is one, too
export type HostAnswer = number | bigint | undefined | void;

/** A function with a status that the guest gets, instead of crashing, where the function throws or rejects. */
export interface FailingHostFunction {
  readonly run: HostFunction;
  readonly failStatus: number;
}

/** By module and name, as guests import them: `{ db: { get(context, pointer, length) {…} } }`. */
export type HostImports = Readonly<Record<string, Readonly<Record<string, HostFunction | FailingHostFunction>>>>;

/** What a guest calls. */
export type HostImport = (...words: (number | bigint)[]) => number | bigint | undefined;

/** The import object of one actor, but for its memory. */
export interface ImportObject {
  readonly actor: Readonly<Record<string, Import>>;
  readonly env: Readonly<Record<string, Import>>;
  /** The embedder's, by module and name. */
  readonly host: Readonly<Record<string, Readonly<Record<string, HostImport>>>>;
}
