/**
 * Finds where in the guest's sources a crash happened, from the frames of its stack and the
 * module's source map.
 *
 * Guarantee: a place that is named is the one that the map names for exactly that instruction. A
 * frame that is not of this module, or that the map does not know, gets no place. The map is read
 * at the first crash of the module.
 */

import type { ExitReason } from "../wire/message.ts";
import type { Copies } from "./copies.ts";
import { type ImportDeclaration, Kind, readImport } from "./declarations.ts";
import { eachBody, Section, sectionsOf } from "./sections.ts";

/**
 * Looks up a byte of a module in its source map. Answers `file:line:column`, counted from 1.
 * Undefined where the map names no place.
 */
export type Lookup = (offset: number) => string | undefined;

/** Reads a source map, which is JSON. `isopod/source-map` exports one. */
export type ReadSourceMap = (json: string) => Lookup;

type Crash = Extract<ExitReason, { kind: "crashed" }>;

/** How engines name a frame of WebAssembly. The URL before it is made up by the engine. */
const FRAME = /(?:wasm:\/\/[^\s:]*:)?wasm-function\[(\d+)\]:0x([0-9a-f]+)/;
/** Sources of libraries: AssemblyScript's and ours. */
const LIBRARY = /^~lib\//;
/** The part of the library that AssemblyScript's compiler calls. */
const RUNTIME = /^~lib\/rt\//;
/** How engines say that `unreachable` was executed. */
const UNREACHABLE = /unreachable/i;
/** The message of a crash where the guest wrote behind its store limit. */
const BEHIND_LIMIT = "store limit: it wrote to memory that its allocator has not given out";
/**
 * How `abort` says where it was called. Only the end of the message is searched, because a guest
 * decides how long the message is.
 */
const ABORTED_AT = / \(([^()]+):\d+:\d+\)$/;

export class CrashPlaces {
  readonly #read: (() => Lookup) | undefined;
  /** Present since the first crash. */
  #lookup: Lookup | undefined;
  /** What the host changed in the module, the last change first. */
  readonly changes: readonly Copies[];
  /** The change that has put in the checks of stores, which is one of them. */
  readonly #limit: Copies | undefined;
  /** Where the body of each function begins, and where the last one ends. Without imported functions. */
  readonly #bodies: number[] = [];
  #importedFunctions = 0;

  /**
   * @param read reads the source map, which belongs to the module before all changes; called at the
   * first crash; undefined where there is no source map
   * @param bytes the valid module as it runs
   */
  constructor(
    read: (() => Lookup) | undefined,
    bytes: Uint8Array,
    changes: readonly Copies[],
    limit: Copies | undefined,
  ) {
    this.#read = read;
    this.changes = changes;
    this.#limit = limit;
    for (const { id, body: section, to } of sectionsOf(bytes)) {
      if (id === Section.import) section.each(() => this.#countImport(readImport(section)));
      if (id !== Section.code) continue;
      eachBody(section, body => this.#bodies.push(body.at));
      this.#bodies.push(to);
    }
  }

  #countImport({ kind }: ImportDeclaration): void {
    if (kind === Kind.function) this.#importedFunctions++;
  }

  /**
   * The crash with its place: behind the message, unless an abort has said it, and in each frame of
   * the module. Where a library failed, the message also names its caller.
   */
  ofCrash(reason: Crash): Crash {
    const lines = reason.stack.split("\n");
    const message = this.#messageOf(reason.message, lines);
    if (this.#read === undefined) return { ...reason, message };
    this.#lookup ??= this.#read();
    const places = lines.map(line => this.#placeOf(line));
    const stack = lines.map((line, i) => (places[i] === undefined ? line : lineWith(line, places[i]))).join("\n");
    const first = lines.findIndex(line => FRAME.test(line));
    const end = lines.findIndex((line, i) => i > first && !FRAME.test(line));
    // The frames of the kernel stand between those of the host's import and of the guest.
    const innermost = places.slice(first, end < 0 ? undefined : end).find(place => place !== undefined);
    const own = places.find(place => place !== undefined && !LIBRARY.test(place));
    return { kind: "crashed", message: messageWith(message, innermost, own), stack };
  }

  /** The message, or what it means where a check of a store has trapped. */
  #messageOf(message: string, lines: readonly string[]): string {
    const limit = this.#limit;
    if (limit === undefined || !UNREACHABLE.test(message)) return message;
    const innermost = lines.find(line => FRAME.test(line));
    // WebKit does not say where it was.
    if (innermost === undefined) return `${message}, or ${BEHIND_LIMIT}`;
    const offset = this.#offsetOf(innermost);
    if (offset === undefined) return message;
    const at = sourceOf(offset, this.changes.slice(0, this.changes.indexOf(limit)));
    return at !== undefined && limit.isAdded(at) ? BEHIND_LIMIT : message;
  }

  #placeOf(line: string): string | undefined {
    const offset = this.#offsetOf(line);
    const source = offset === undefined ? undefined : sourceOf(offset, this.changes);
    return source === undefined ? undefined : this.#lookup?.(source);
  }

  /** The offset that a frame names in the module as it runs. Undefined where it is not of this module. */
  #offsetOf(line: string): number | undefined {
    const [, index, hex] = FRAME.exec(line) ?? [];
    if (index === undefined || hex === undefined) return undefined;
    const offset = Number.parseInt(hex, 16);
    const body = Number(index) - this.#importedFunctions;
    // A function of the embedder may run another module, whose frames look the same.
    return offset >= this.#bodies[body] && offset < this.#bodies[body + 1] ? offset : undefined;
  }
}

/** The offset before these changes, the last of which is the first in the list. */
function sourceOf(offset: number, changes: readonly Copies[]): number | undefined {
  return changes.reduce<number | undefined>(
    (at, copies) => (at === undefined ? undefined : copies.sourceOf(at)),
    offset,
  );
}

function messageWith(message: string, innermost: string | undefined, own: string | undefined): string {
  const from = own === undefined ? "" : `, from ${own}`;
  const aborted = ABORTED_AT.exec(message.slice(-300))?.[1];
  if (aborted !== undefined) return LIBRARY.test(aborted) ? `${message.slice(0, -1)}${from})` : message;
  if (innermost === undefined) return message;
  // Where memory or the stack is full, a line of AssemblyScript's runtime explains nothing.
  if (own !== undefined && RUNTIME.test(innermost)) return `${message} (${own})`;
  return `${message} (${innermost}${LIBRARY.test(innermost) ? from : ""})`;
}

function lineWith(line: string, place: string): string {
  return line.replace(FRAME, (_, index, offset) => `${place} wasm-function[${index}]:0x${offset}`);
}
