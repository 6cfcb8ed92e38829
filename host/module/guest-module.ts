/**
 * The room host/module/: a guest module is read, checked, confined, trimmed, counted and mapped to
 * its source. It imports host/wire/ only.
 *
 * Guarantee: actors of a module that was loaded from bytes allocate within their limits, and import
 * nothing but what docs/abi.md and the embedder offer. Such a module can crash its own actor, with
 * a reason that says why; it cannot harm another, or the host.
 *
 * The way of a module is loader.ts, source.ts, rewriter.ts, confine.ts, code-bounds.ts, count.ts,
 * store-limit.ts, trim.ts, check.ts and this file. They read bytes by cursor.ts, sections.ts, declarations.ts
 * and instructions.ts. What rewriter.ts imports is loaded when a program first needs it.
 */
import { GIVES_WAY_EXPORT, LEFT_EXPORT, PAGE_BYTES, YIELD_EXPORT } from "../wire/abi.ts";
import type { ReductionPolicy, WayName } from "../wire/limits.ts";
import { ELEMENT_BYTES, STACK_BYTES, STACKS_OF_EXCEPTIONS } from "../wire/memory-use.ts";
import type { ExitReason } from "../wire/message.ts";
import { checkInterface, type Offers } from "./check.ts";
import type { Copies } from "./copies.ts";
import type { CrashPlaces } from "./crash-places.ts";
import { Entries } from "./entries.ts";
import type { ModuleFacts } from "./facts.ts";
import type { ExportType, MemoryType } from "./interface.ts";

/** How the module was made, where that is not evident from its facts. */
interface Making {
  /** The host counted its reductions, so the code that calls `yield` cannot unwind the stack. */
  readonly isCountedHere?: boolean;
  readonly places?: CrashPlaces | undefined;
}

/** What other threads need to know of a module. */
export let factsOf: (module: GuestModule) => [ModuleFacts, Making];

/** A module that can be spawned: compiled once, and checked against the ABI. */
export class GuestModule {
  /** For messages: the file's name, or the one that the embedder gave. */
  readonly name: string;
  readonly module: WebAssembly.Module;
  /**
   * Pages of the memory that it imports. Undefined where that type is unknown, because the module
   * came compiled.
   */
  readonly memoryType: MemoryType | undefined;
  /** The types of all imported functions are known. They are not where a stranger's module came compiled. */
  readonly hasKnownTypes: boolean;
  readonly #facts: ModuleFacts;
  /** Names of what it imports from `actor`. */
  readonly #actorImports: ReadonlySet<string>;
  readonly #exports: ReadonlyMap<string, ExportType>;
  readonly #entries: Entries;
  readonly #making: Making;
  #guessedPages = 1;

  static {
    factsOf = module => [module.#facts, module.#making];
  }

  /** Throws a LoadError where the module breaks the ABI. */
  constructor(name: string, facts: ModuleFacts, offers: Offers, making: Making = {}) {
    const { module, imports, ownsMemory } = facts;
    this.name = name;
    this.module = module;
    this.#facts = facts;
    this.#making = making;
    this.memoryType = imports.find(({ kind }) => kind === "memory")?.memory;
    this.hasKnownTypes = imports.every(({ kind, signature }) => kind !== "function" || signature !== undefined);
    this.#actorImports = new Set(imports.filter(found => found.module === "actor").map(found => found.name));
    const exports = new Map(facts.exports.map(found => [found.name, found]));
    this.#exports = exports;
    this.#entries = new Entries(name, exports, { park: this.importsActor("park"), yield: this.isCounted });
    checkInterface({ name, imports, exports, ownsMemory, entries: this.#entries.names }, offers);
  }

  /**
   * The first value of its store limit. An instance changes no memory from LIMIT_SLACK bytes behind
   * its global `isopod:limit` on. Undefined where it may change all of its memory.
   */
  get storeLimit(): number | undefined {
    return this.#facts.storeLimit;
  }

  /** The end of its scratch memory, which holds nothing from one turn to the next; 0: it has none. */
  get scratch(): number {
    return this.#facts.scratch;
  }

  /** Which of its movable globals counts the reductions that are left; -1: none does. */
  get leftGlobal(): number {
    return this.#facts.leftGlobal;
  }

  /** Which of its movable globals is not 0 where the stack of its entry is parked; -1: none tells. */
  get parkedGlobal(): number {
    return this.#facts.parkedGlobal;
  }

  /**
   * The reason with the place of the crash in the guest's sources, if the module was loaded with a
   * source map.
   */
  located(reason: ExitReason): ExitReason {
    if (reason.kind !== "crashed" || this.#making.places === undefined) return reason;
    try {
      return this.#making.places.ofCrash(reason);
    } catch {
      // The map is invalid, or no stack is left. It is a crash all the same.
      return reason;
    }
  }

  /** What the host has copied where in the module, the last change first: for a debugger, whose map is of the original. */
  get changes(): readonly Copies[] {
    return this.#making.places?.changes ?? [];
  }

  /**
   * How many globals make up, with the memory, the whole state of an instance. Undefined where an
   * instance has other state, or globals that cannot be put back.
   */
  get movableGlobals(): number | undefined {
    return this.#facts.movableGlobals;
  }

  /**
   * SHA-256 of the bytes that the engine has compiled: those of the module as the host, or the tools, have
   * rewritten it. Undefined where its actors keep their instances.
   */
  get hash(): Uint8Array | undefined {
    return this.#facts.hash;
  }

  /** Bytes of the memory that an instance begins with. Of a module that came compiled, a guess. */
  get initialBytes(): number {
    return (this.memoryType?.initialPages ?? this.#guessedPages) * PAGE_BYTES;
  }

  /** How many bytes each instance takes at most, beside its memory. Estimated. */
  get instanceBytes(): number {
    const { fixedBytes, firstElements, mostElements } = this.#facts.footprint;
    // Tables grow only in modules with code that writes to tables. Ask last, because that reads all code.
    const grows = mostElements > firstElements && this.movableGlobals === undefined;
    return fixedBytes + ELEMENT_BYTES * (grows ? mostElements : firstElements);
  }

  /** How many bytes count for the stack of an actor that waits by JSPI. */
  get stackBytes(): number {
    return STACK_BYTES * (this.#facts.footprint.hasExceptions ? STACKS_OF_EXCEPTIONS : 1);
  }

  /** The entry of an actor for which no entry is named. */
  get defaultEntry(): string {
    return this.#entries.default;
  }

  hasEntry(name: string): boolean {
    return this.#entries.names.includes(name);
  }

  /**
   * How an actor with this entry waits. Throws a SpawnError where there is no such entry, or it
   * cannot wait in the way that is asked for.
   *
   * @param policy an actor that waits for nothing, but has to give way, waits by JSPI where the
   * engine has it
   */
  wayOf(entry: string, asked: WayName | undefined, policy: ReductionPolicy = "off"): WayName {
    return this.#entries.wayOf(entry, asked, policy);
  }

  /**
   * It imports `yield`. If it was rewritten to count its reductions, it calls `yield` when it has
   * computed for long.
   */
  get isCounted(): boolean {
    return this.importsActor("yield");
  }

  /** Whether an actor that waits in this way can also wait where it calls `yield`. */
  canYield(way: WayName): boolean {
    const unwindsForYield = this.#making.isCountedHere !== true && this.#exports.has(YIELD_EXPORT);
    return way === "jspi" || (way === "asyncify" && unwindsForYield);
  }

  /** It calls `park` where `send` answers 2. */
  get givesWay(): boolean {
    return this.#exports.has(GIVES_WAY_EXPORT);
  }

  /** It exports a counter of reductions. */
  get exportsCounter(): boolean {
    return this.#exports.has(LEFT_EXPORT);
  }

  importsActor(name: string): boolean {
    return this.#actorImports.has(name);
  }

  /**
   * Whether it imports a function of the embedder with the result i32. Undefined where its types
   * are unknown.
   */
  expectsWord(module: string, name: string): boolean | undefined {
    const found = this.#facts.imports.find(found => found.module === module && found.name === name);
    return found?.signature?.endsWith("-> i32");
  }

  /** Pages that an instance gets at first where the type of the memory is unknown. */
  get guessedPages(): number {
    return this.#guessedPages;
  }

  /** Doubles the guess, up to `most` pages. False where `most` pages were too few. */
  guessMorePages(most: number): boolean {
    if (this.#guessedPages >= most) return false;
    this.#guessedPages = Math.min(this.#guessedPages * 2, most);
    return true;
  }
}
