/**
 * A guest module: compiled once, checked against the ABI when it is loaded, instantiated for each actor. What the check lets
 * through can still crash its own actor, but cannot fail in a way that has no name.
 */

import { ENTRY_TYPE, INITIALIZE, LEFT_EXPORT, resumeExport, START, YIELD_EXPORT } from "../wire/abi.ts";
import { LoadError, SpawnError } from "../wire/errors.ts";
import type { ReductionPolicy, WayName } from "../wire/limits.ts";
import { STACK_BYTES, STACKS_OF_EXCEPTIONS } from "../wire/memory-use.ts";
import type { ExitReason } from "../wire/message.ts";
import { checkInterface, type Offers } from "./check.ts";
import { confine, declaresMemory } from "./confine.ts";
import { Copies } from "./copies.ts";
import { countReductions } from "./count.ts";
import { type CountedModules, notAccepted } from "./counted.ts";
import { Undecodable } from "./cursor.ts";
import { hasJspi } from "./engine.ts";
import { ELEMENT_BYTES, type Footprint, footprintOf } from "./footprint.ts";
import type { ExportType, ImportType } from "./interface.ts";
import { Places, type ReadSourceMap } from "./places.ts";
import { isMemoryAndGlobals } from "./recyclable.ts";
import { HEADER_BYTES } from "./sections.ts";
import { type Compiled, compileTrimmed, isOfAssemblyScript } from "./trim.ts";
import { Unconfinable } from "./unconfinable.ts";

/** What a runtime asks of the modules that it loads. */
export interface LoadRules {
  readonly tableElements: number;
  readonly offers: Offers;
  /** Without it crashes name no places. */
  readonly readSourceMap: ReadSourceMap | undefined;
}

const PAGE_BYTES = 65_536;
/** More in a message help nobody. */
const ENTRIES_NAMED = 20;
const RESUME = resumeExport("");
const NO_ENTRIES = [START, INITIALIZE, "match", "match_first"];

export class GuestModule {
  /** For people: the file's name, or what the embedder called it. */
  readonly name: string;
  readonly module: WebAssembly.Module;
  readonly #imports: readonly ImportType[];
  /** Names of what it imports from `actor`. */
  readonly #ofActor: ReadonlySet<string>;
  readonly #exports: Map<string, ExportType>;
  readonly #memoryImport: ImportType | undefined;
  /** The code that asks for reductions is the host's, added after whatever could unwind its stack. */
  readonly #isCountedHere: boolean;
  /** Until `movableGlobals` was asked for. */
  #bytes: Uint8Array | undefined;
  #movableGlobals: number | undefined;
  readonly #footprint: Footprint;
  #places: Places | undefined;
  #entriesFound: readonly string[] | undefined;
  /** Pages that a module whose types are unknown is given at first; doubled until they are enough. */
  #guessedPages = 1;

  private constructor(
    name: string,
    compiled: Pick<Compiled, "module"> & Partial<Compiled>,
    { offers }: LoadRules,
    { ownsMemory = false, isCountedHere = false } = {},
  ) {
    const { module, bytes, globals = -1, interface: known } = compiled;
    this.name = name;
    this.module = module;
    this.#isCountedHere = isCountedHere;
    this.#bytes = globals < 0 ? undefined : bytes;
    this.#movableGlobals = globals < 0 ? undefined : globals;
    this.#footprint = footprintOf(bytes);
    this.#imports = known?.imports ?? WebAssembly.Module.imports(module);
    this.#ofActor = new Set(this.#imports.filter(i => i.module === "actor").map(i => i.name));
    this.#exports = new Map((known?.exports ?? WebAssembly.Module.exports(module)).map(e => [e.name, e]));
    this.#memoryImport = this.#imports.find(i => i.kind === "memory");
    for (const name of [...this.#exports.keys()]) {
      const entry = name.startsWith(RESUME) ? name.slice(RESUME.length) : name;
      // A module that a host of ours has compiled has it no longer.
      if (bytes === undefined && !this.#exports.has(entry)) this.#exports.set(entry, { name: entry, kind: "function" });
    }
    const [imports, exports, entries] = [this.#imports, this.#exports, this.#entryNames()];
    checkInterface({ name, imports, exports, ownsMemory, entries }, offers);
  }

  /** Compiles bytes. Throws a LoadError where they are no module or break the ABI. With a source map of theirs, crashes say where they were. */
  static async compile(name: string, bytes: Uint8Array, rules: LoadRules, sourceMap?: string): Promise<GuestModule> {
    const confined = await confinedModule(name, bytes, rules);
    try {
      const compiled = await compileTrimmed(confined.bytes);
      const module = new GuestModule(name, compiled, rules, confined);
      return module.#mapped(sourceMap, rules, compiled, confined.changes);
    } catch (error) {
      throw error instanceof LoadError ? error : notAccepted(name, error);
    }
  }

  /** The same of a module whose reductions the host counts. */
  static async counted(
    name: string,
    bytes: Uint8Array,
    rules: LoadRules,
    known: CountedModules,
    sourceMap?: string,
  ): Promise<GuestModule> {
    const confined = await confinedModule(name, bytes, rules);
    const compiled = await known.get(name, confined.bytes);
    const module = new GuestModule(name, compiled, rules, { ...confined, isCountedHere: true });
    if (sourceMap === undefined) return module;
    // Once more, because what is known from before is known without it.
    const moved = new Copies();
    countReductions(confined.bytes, moved);
    return module.#mapped(sourceMap, rules, compiled, [moved, ...confined.changes]);
  }

  #mapped(
    sourceMap: string | undefined,
    { readSourceMap }: LoadRules,
    { bytes, copies }: Compiled,
    before: readonly Copies[],
  ): this {
    if (sourceMap === undefined || readSourceMap === undefined) return this;
    const functions = this.#imports.filter(({ kind }) => kind === "function").length;
    const changes = copies === undefined ? before : [copies, ...before];
    this.#places = new Places(() => readSourceMap(sourceMap), bytes, changes, functions);
    return this;
  }

  /** Takes a module that is compiled already. Without its bytes, types are checked by the engine only, at spawn. */
  static of(name: string, module: WebAssembly.Module, rules: LoadRules): GuestModule {
    return new GuestModule(name, { module }, rules);
  }

  /** A crash of its code, with its place in the sources if it was loaded with a source map. */
  located(reason: ExitReason): ExitReason {
    if (reason.kind !== "crashed" || this.#places === undefined) return reason;
    try {
      return this.#places.ofCrash(reason);
    } catch {
      // A map that is none, or no stack left: the crash is one all the same.
      return reason;
    }
  }

  /** How many globals are, with the memory, all the state of an instance; undefined where there is more, or they cannot be put back. */
  get movableGlobals(): number | undefined {
    if (this.#bytes === undefined) return this.#movableGlobals;
    if (!isMemoryAndGlobals(this.#bytes)) this.#movableGlobals = undefined;
    this.#bytes = undefined;
    return this.#movableGlobals;
  }

  /** Of the memory that it begins with, as far as that is known. */
  get initialBytes(): number {
    return (this.#memoryImport?.memory?.initialPages ?? this.#guessedPages) * PAGE_BYTES;
  }

  /** How many bytes each instance takes at most, beside its memory. Estimated. */
  get instanceBytes(): number {
    const { fixedBytes, firstElements, mostElements } = this.#footprint;
    // Tables grow only in modules with code that writes to tables. Ask last: it reads all code.
    const grows = mostElements > firstElements && this.movableGlobals === undefined;
    return fixedBytes + ELEMENT_BYTES * (grows ? mostElements : firstElements);
  }

  /** How many bytes the stack of an actor of it counts that waits by JSPI. */
  get stackBytes(): number {
    return STACK_BYTES * (this.#footprint.hasExceptions ? STACKS_OF_EXCEPTIONS : 1);
  }

  /** The entry where nobody names one. */
  get defaultEntry(): string {
    const found = ["run", "handle"].find(name => this.#exports.has(name));
    if (found !== undefined) return found;
    // A command of WASI has nothing else.
    return this.#entryNames()[0] === START ? START : "run";
  }

  hasEntry(name: string): boolean {
    return this.#entryNames().includes(name);
  }

  /** It imports `yield`, and so, if it was rewritten for it, calls that when it has computed for long. */
  get isCounted(): boolean {
    return this.importsActor("yield");
  }

  /** Whether a guest of this way can wait where it calls `yield`. */
  canYield(way: WayName): boolean {
    return way === "jspi" || (way === "asyncify" && !this.#isCountedHere && this.#exports.has(YIELD_EXPORT));
  }

  /** How a guest with this entry waits. Where it need not for its receives, `policy` says whether it has to for giving way. Throws a SpawnError where there is no such entry, or it cannot wait so. */
  wayOf(entry: string, asked: WayName | undefined, policy: ReductionPolicy = "off"): WayName {
    const found = isOfAssemblyScript(entry, this.#exports) ? undefined : this.#exports.get(entry);
    if (found?.kind !== "function")
      throw new SpawnError(`${this.name} exports no function ${entry}; ${this.#entries()}`);
    if (entry === "handle") {
      if (asked !== undefined && asked !== "handler") {
        throw new SpawnError(
          `${this.name}: the entry handle is a handler and cannot wait by ${asked}; name another entry`,
        );
      }
      return "handler";
    }
    if (found.signature !== undefined && found.signature !== ENTRY_TYPE) {
      throw new SpawnError(
        `${this.name}: the entry ${entry} has type ${found.signature}; an entry has type ${ENTRY_TYPE}`,
      );
    }
    if (asked === "handler") throw new SpawnError(`${this.name}: only the entry handle can be a handler, not ${entry}`);
    const unwinds = this.#exports.has(resumeExport(entry));
    const suspends = !unwinds && this.importsActor("park");
    if (asked === "asyncify" && suspends) {
      throw new SpawnError(
        `${this.name} was not built with isopod's transform, so it cannot wait by asyncify; build it with isopod build, or ask for jspi`,
      );
    }
    if (asked === "jspi" && unwinds) {
      throw new SpawnError(
        `${this.name} was built with isopod's transform and waits by asyncify; build it with --park jspi to use jspi`,
      );
    }
    if (suspends) return "jspi";
    const gives = policy === "yield" && this.isCounted && !unwinds && hasJspi();
    return asked ?? (gives ? "jspi" : "asyncify");
  }

  /** Whether it imports a function of the embedder's with the result i32; undefined where its types are unknown. */
  expectsWord(module: string, name: string): boolean | undefined {
    const found = this.#imports.find(i => i.module === module && i.name === name);
    return found?.signature?.endsWith("-> i32");
  }

  /** The types of all imported functions are known: they are not where a module came compiled. */
  get hasKnownTypes(): boolean {
    return this.#imports.every(({ kind, signature }) => kind !== "function" || signature !== undefined);
  }

  /** It exports a counter of reductions. */
  get exportsCounter(): boolean {
    return this.#exports.has(LEFT_EXPORT);
  }

  /** Pages of the memory that it imports; undefined where that type is unknown. */
  get memoryType(): ImportType["memory"] {
    return this.#memoryImport?.memory;
  }

  /** Pages that a module whose types are unknown is given at first. */
  get guessedPages(): number {
    return this.#guessedPages;
  }

  /** The guess was too small. False where `most` pages were too few. */
  guessMorePages(most: number): boolean {
    if (this.#guessedPages >= most) return false;
    this.#guessedPages = Math.min(this.#guessedPages * 2, most);
    return true;
  }

  importsActor(name: string): boolean {
    return this.#ofActor.has(name);
  }

  #entryNames(): readonly string[] {
    this.#entriesFound ??= this.#findEntries();
    return this.#entriesFound;
  }

  #findEntries(): string[] {
    const names: string[] = [];
    // It comes first in each actor; where there is nothing else, it is all.
    for (const { name, kind, signature } of this.#exports.values()) {
      if (kind !== "function" || NO_ENTRIES.includes(name) || name.startsWith("__")) continue;
      if (name === "handle" || signature === ENTRY_TYPE || (signature === undefined && !name.includes(":")))
        names.push(name);
    }
    // In AssemblyScript it is what comes before an entry, and none itself.
    const isProgram = this.#exports.get(START)?.kind === "function" && !this.#exports.has("__new");
    return names.length === 0 && isProgram ? [START] : names;
  }

  #entries(): string {
    const names = this.#entryNames();
    const more = names.length > ENTRIES_NAMED ? ` and ${names.length - ENTRIES_NAMED} more` : "";
    return `its entries are ${names.slice(0, ENTRIES_NAMED).join(", ")}${more}`;
  }
}

interface Confined {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What was copied where, if it was changed. */
  readonly changes: readonly Copies[];
  readonly ownsMemory: boolean;
}

/** The module with its memory imported and its tables bounded. */
async function confinedModule(name: string, bytes: Uint8Array, { tableElements }: LoadRules): Promise<Confined> {
  const copies = new Copies();
  try {
    const confined = confine(bytes, { tableElements }, copies) as Uint8Array<ArrayBuffer>;
    if (confined === bytes) return { bytes: confined, changes: [], ownsMemory: false };
    return { bytes: confined, changes: [copies], ownsMemory: declaresMemory(bytes) };
  } catch (error) {
    if (!(error instanceof Unconfinable)) throw error;
    // What is no module at all, the engine says best, from the first 8 bytes. It must not see more: some types stay with the process for ever, and it takes whatever the rest needs.
    if (error.cause instanceof Undecodable) {
      await WebAssembly.compile(new Uint8Array(bytes.subarray(0, HEADER_BYTES))).catch(worse => {
        throw notAccepted(name, worse);
      });
    }
    throw new LoadError(`${name} ${error.message}`, { cause: error });
  }
}
