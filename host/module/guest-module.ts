/**
 * A guest module: compiled once, checked against the ABI when it is loaded, instantiated for each actor. What the check lets
 * through can still crash its own actor, but cannot fail in a way that has no name.
 */

import { STACK_BYTES, STACKS_OF_EXCEPTIONS } from "../actor/account.ts";
import type { Actor, GuestExports } from "../actor/actor.ts";
import type { Import } from "../door/caller.ts";
import type { HostImport } from "../door/host-functions.ts";
import type { Instance } from "../life/recycling.ts";
import { Bytes } from "../mail/bytes.ts";
import { hasJspi } from "../turns/jspi.ts";
import type { ReductionPolicy } from "../turns/preempt.ts";
import { type NewPort, PORT_IMPORTS, type Port } from "../turns/switch.ts";
import {
  ENTRY_TYPE,
  GLOBALS_EXPORT,
  LEFT_EXPORT,
  resumeExport,
  YIELD_EXPORT,
} from "../wire/abi.ts";
import { LimitError, LoadError, SpawnError } from "../wire/errors.ts";
import type { ExitReason } from "../wire/message.ts";
import { reasonOfThrown } from "../wire/reason.ts";
import { checkInterface, type Offers } from "./check.ts";
import { confine, declaresMemory } from "./confine.ts";
import { Copies } from "./copies.ts";
import { countReductions } from "./count.ts";
import { type CountedModules, notAccepted } from "./counted.ts";
import { Undecodable } from "./cursor.ts";
import { ELEMENT_BYTES, type Footprint, footprintOf } from "./footprint.ts";
import type { ExportType, ImportType } from "./interface.ts";
import { Places, type ReadSourceMap } from "./places.ts";
import { isMemoryAndGlobals } from "./recyclable.ts";
import { HEADER_BYTES } from "./sections.ts";
import { type Compiled, compileTrimmed, isOfAssemblyScript } from "./trim.ts";
import { Unconfinable } from "./unconfinable.ts";

/** The ways in which a guest can wait for its next item. */
export type WayName = "handler" | "asyncify" | "jspi";

/** The import object of one actor, but for its memory. */
export interface ImportObject {
  readonly actor: Readonly<Record<string, Import>>;
  readonly env: Readonly<Record<string, Import>>;
  /** The embedder's, by module and name. */
  readonly host: Readonly<Record<string, Readonly<Record<string, HostImport>>>>;
}

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
const START = "_start";
/** What libraries of WASI export in its place. */
const INITIALIZE = "_initialize";
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
  /** Its counter of reductions was found to be what it has to be. */
  #countsRightly = false;
  #places: Places | undefined;
  #portImports: readonly string[] | undefined;
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
    return this.#importsActor("yield");
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
    const suspends = !unwinds && this.#importsActor("park");
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

  /** What a port offers has one type; a function of the host's takes what it is given. */
  get #hasKnownTypes(): boolean {
    return this.#imports.every(({ kind, signature }) => kind !== "function" || signature !== undefined);
  }

  /** What it imports of what a port does. */
  get #ofPort(): readonly string[] {
    this.#portImports ??= PORT_IMPORTS.filter(name => this.#importsActor(name));
    return this.#portImports;
  }

  #importsActor(name: string): boolean {
    return this.#ofActor.has(name);
  }

  /**
   * Makes the actor's instance: sets its memory and its exports. Runs the module's start function, if it has one.
   * Throws a SpawnError that says what the module asked for and did not get.
   */
  instantiate(actor: Actor, entry: string, imports: ImportObject): void {
    const { account, recycling } = actor.services;
    const isShared = actor.way.name !== "jspi";
    const used = isShared ? recycling.take(this, entry, this.#maximumPages(actor)) : undefined;
    if (used !== undefined) {
      actor.bytes = used.bytes;
      used.bytes.owner = actor;
      account.setMemory(actor, used.bytes.u8.length);
    }
    if (used?.port != null) used.port.me.value = actor.at << 2;
    const made = used ?? this.#linkWithMemory(actor, imports);
    const { exports, port } = made;
    if (this.#exports.has(LEFT_EXPORT)) {
      const counter = this.#counterOf(exports[LEFT_EXPORT]);
      if (actor.reductions !== null) actor.reductions.counter = counter;
    }
    const guest = used?.guest ?? this.#guestExports(exports, entry);
    actor.guest = guest;
    // The imports of one that waits by JSPI are bound to it.
    if (!isShared) return;
    actor.instance = used ?? {
      exports,
      bytes: actor.bytes,
      entry,
      guest,
      moveGlobals: functionOf(exports, GLOBALS_EXPORT) as Instance["moveGlobals"],
      port,
      maximumPages: this.#maximumPages(actor),
    };
    if (port !== null) actor.services.switch?.begin(actor, port);
    if (used === undefined) recycling.remember(this, actor.instance);
  }

  #guestExports(exports: WebAssembly.Exports, entry: string): GuestExports {
    return {
      handle: entry === "handle" ? functionOf(exports, "handle") : null,
      entry: functionOf(exports, entry),
      resume: functionOf(exports, resumeExport(entry)),
      match: functionOf(exports, "match"),
      matchFirst: functionOf(exports, "match_first"),
      start: entry === START ? null : (functionOf(exports, START) ?? functionOf(exports, INITIALIZE)),
      parks: this.#importsActor("park"),
    } as GuestExports;
  }

  /** Whatever the export is, the host must be able to read and write it without a surprise. */
  #counterOf(left: WebAssembly.ExportValue): { value: number } {
    if (this.#countsRightly && left instanceof WebAssembly.Global) return left;
    try {
      if (left instanceof WebAssembly.Global) {
        const before = left.value;
        left.value = 0.5;
        this.#countsRightly = left.value === 0;
        left.value = before;
        if (this.#countsRightly) return left;
      }
    } catch {
      // It is constant, or an i64.
    }
    throw new SpawnError(
      `${this.name} exports ${LEFT_EXPORT}, which is the host's, and not as a mutable global of type i32`,
    );
  }

  #linkWithMemory(actor: Actor, imports: ImportObject): Linked {
    for (;;) {
      const memory = this.#newMemory(actor);
      actor.bytes = Bytes.ofMemory(memory, actor);
      actor.services.account.setMemory(actor, actor.bytes.u8.length);
      try {
        // Those that wait by JSPI have imports of their own.
        const isSwitched = this.#hasKnownTypes && actor.way.name !== "jspi";
        const made = isSwitched ? (actor.services.switch?.portOf(actor, memory, this.#ofPort) ?? null) : null;
        return { exports: this.#link(actor, imports, memory, made), port: made?.port ?? null };
      } catch (error) {
        // A module that came compiled does not tell what it needs, but the engine refuses too small a memory before anything runs.
        const guessed = this.#memoryImport?.memory === undefined;
        const tooSmall = guessed && error instanceof SpawnError && /memory/i.test(String(error.cause));
        if (!tooSmall || this.#guessedPages >= actor.limits.memoryPages) throw error;
        this.#guessedPages = Math.min(this.#guessedPages * 2, actor.limits.memoryPages);
      }
    }
  }

  #link(
    caller: Actor,
    { actor, env, host }: ImportObject,
    memory: WebAssembly.Memory,
    port: NewPort | null,
  ): WebAssembly.Exports {
    const gate = port === null ? null : caller.services.switch?.gate;
    const imports = {
      ...host,
      actor: port === null ? actor : { ...(gate?.actor ?? actor), ...port.imports },
      env: { ...(gate?.env ?? env), memory },
    };
    try {
      return new WebAssembly.Instance(this.module, imports as WebAssembly.Imports).exports;
    } catch (error) {
      const { leaving } = caller;
      const thrown =
        error instanceof WebAssembly.LinkError ? undefined : this.located(leaving ?? reasonOfThrown(error));
      const why = thrown?.kind === "crashed" ? thrown.message : String((error as Error).message);
      const what = error instanceof WebAssembly.LinkError ? "does not fit the ABI" : "failed while it was instantiated";
      throw new SpawnError(`${this.name} ${what}: ${why}`, { cause: error });
    }
  }

  #maximumPages({ limits }: Actor): number {
    return Math.min(limits.memoryPages, this.#memoryImport?.memory?.maximumPages ?? limits.memoryPages);
  }

  #newMemory(actor: Actor): WebAssembly.Memory {
    const quota = actor.limits.memoryPages;
    const type = this.#memoryImport?.memory;
    const initial = type?.initialPages ?? this.#guessedPages;
    if (initial > quota) {
      throw new SpawnError(
        `${this.name} needs ${initial} pages of memory (${initial * PAGE_BYTES} bytes) to start, and its limit memoryPages is ${quota}`,
      );
    }
    const maximum = this.#maximumPages(actor);
    try {
      return new WebAssembly.Memory({ initial, maximum });
    } catch {
      // Chromium has some 120 for a page: those that are kept for later are needed now.
      actor.services.recycling.drop();
    }
    try {
      return new WebAssembly.Memory({ initial, maximum });
    } catch (error) {
      throw new LimitError(`the engine has no memory left for another actor of ${this.name}: end some first`, {
        cause: error,
      });
    }
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

/** A new instance's exports, and what is between it and its runtime. */
interface Linked {
  readonly exports: WebAssembly.Exports;
  readonly port: Port | null;
}

function functionOf(exports: WebAssembly.Exports, name: string): CallableFunction | null {
  const found = exports[name];
  return typeof found === "function" ? found : null;
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
