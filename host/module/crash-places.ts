/**
 * Says of a crash where in the guest's sources it happened, from the frames of its stack and the module's source map.
 *
 * Guarantee: a place that is named is the one that the map names for exactly that instruction. Of frames that are no code of this module, or that the
 * map does not know, nothing is said. All of it happens when an actor has crashed, and only of modules that were loaded with a map.
 */

import type { ExitReason } from "../wire/message.ts";
import type { Copies } from "./copies.ts";
import { type ImportDeclaration, Kind, readImport } from "./declarations.ts";
import { eachBody, Section, sectionsOf } from "./sections.ts";

/** Looks up a byte of a module in its source map. Answers the place as `file:line:column`, from 1, or undefined where the map names none. */
export type Lookup = (offset: number) => string | undefined;

/** Reads a source map, which is JSON. `isopod/source-map` has one. */
export type ReadSourceMap = (json: string) => Lookup;

type Crash = Extract<ExitReason, { kind: "crashed" }>;

/** The engines' names for a frame of WebAssembly, behind whatever URL the engine made up for the module. */
const FRAME = /(?:wasm:\/\/[^\s:]*:)?wasm-function\[(\d+)\]:0x([0-9a-f]+)/;
/** What is not of the guest's author: AssemblyScript's library, and ours. */
const LIBRARY = /^~lib\//;
/** Of the library what AssemblyScript calls by itself. */
const RUNTIME = /^~lib\/rt\//;
/** How an `abort` says where it was. A guest makes the message: only its end is looked at, so that a long one costs no more. */
const ABORTED_AT = / \(([^()]+):\d+:\d+\)$/;

export class CrashPlaces {
  readonly #read: () => Lookup;
  /** Since the first crash. */
  #lookup: Lookup | undefined;
  /** Back through what the host did to the module, the last change first. */
  readonly #changes: readonly Copies[];
  /** By function of the module's own: where its body begins and, after the last one, where that ends. */
  readonly #bodies: number[] = [];
  #importedFunctions = 0;

  /**
   * @param read reads the source map that was made with the module as it was before all changes; called at the first crash
   * @param bytes the valid module as it runs
   */
  constructor(read: () => Lookup, bytes: Uint8Array, changes: readonly Copies[]) {
    this.#read = read;
    this.#changes = changes;
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
   * The crash with its place: behind the message, unless an abort has said it, and in each frame of the stack that is the module's own. Where the library
   * failed, who called it is said, too.
   */
  ofCrash(reason: Crash): Crash {
    this.#lookup ??= this.#read();
    const lines = reason.stack.split("\n");
    const places = lines.map(line => this.#placeOf(line));
    const stack = lines.map((line, i) => (places[i] === undefined ? line : lineWith(line, places[i]))).join("\n");
    const first = lines.findIndex(line => FRAME.test(line));
    const end = lines.findIndex((line, i) => i > first && !FRAME.test(line));
    // Between the host's import and the guest stand frames of the switch.
    const innermost = places.slice(first, end < 0 ? undefined : end).find(place => place !== undefined);
    const own = places.find(place => place !== undefined && !LIBRARY.test(place));
    return { kind: "crashed", message: messageWith(reason.message, innermost, own), stack };
  }

  #placeOf(line: string): string | undefined {
    const [, index, hex] = FRAME.exec(line) ?? [];
    if (index === undefined || hex === undefined) return undefined;
    const offset = Number.parseInt(hex, 16);
    const body = Number(index) - this.#importedFunctions;
    // A function of the embedder's may itself run a module, whose frames look the same.
    if (!(offset >= this.#bodies[body] && offset < this.#bodies[body + 1])) return undefined;
    const source = this.#changes.reduce<number | undefined>(
      (at, copies) => (at === undefined ? undefined : copies.sourceOf(at)),
      offset,
    );
    return source === undefined ? undefined : this.#lookup?.(source);
  }
}

function messageWith(message: string, innermost: string | undefined, own: string | undefined): string {
  const from = own === undefined ? "" : `, from ${own}`;
  const aborted = ABORTED_AT.exec(message.slice(-300))?.[1];
  if (aborted !== undefined) return LIBRARY.test(aborted) ? `${message.slice(0, -1)}${from})` : message;
  if (innermost === undefined) return message;
  // Where memory or a stack is full, a line of the runtime's explains nothing.
  if (own !== undefined && RUNTIME.test(innermost)) return `${message} (${own})`;
  return `${message} (${innermost}${LIBRARY.test(innermost) ? from : ""})`;
}

function lineWith(line: string, place: string): string {
  return line.replace(FRAME, (_, index, offset) => `${place} wasm-function[${index}]:0x${offset}`);
}
