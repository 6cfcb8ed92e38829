/**
 * A guest module: compiled once, checked against the ABI when it is loaded, instantiated for each actor. What the check lets
 * through can still crash its own actor, but cannot fail in a way that has no name.
 */
import {
  actorImportTypes,
  ENTRY_TYPE,
  envImportTypes,
  exportTypes,
  RESUME_TYPE,
  resumeExport,
  YIELD_EXPORT,
} from "./abi.ts";
import type { Actor, GuestExports } from "./actor.ts";
import { type ExportType, type ImportType, readInterface } from "./binary.ts";
import { Bytes } from "./bytes.ts";
import type { Import } from "./caller.ts";
import { type CountedModules, notAccepted } from "./counted.ts";
import { LoadError, SpawnError } from "./errors.ts";
import { hasJspi } from "./jspi.ts";
import type { ReductionPolicy } from "./preempt.ts";

/** The ways in which a guest can wait for its next item. */
export type WayName = "handler" | "asyncify" | "jspi";

/** The import object of one actor, but for its memory. */
export interface ImportObject {
  readonly actor: Readonly<Record<string, Import>>;
  readonly env: Readonly<Record<string, Import>>;
}

const PAGE_BYTES = 65_536;

export class GuestModule {
  /** For people: the file's name, or what the embedder called it. */
  readonly name: string;
  readonly module: WebAssembly.Module;
  readonly #imports: readonly ImportType[];
  readonly #exports: ReadonlyMap<string, ExportType>;
  readonly #memoryImport: ImportType | undefined;
  /** The code that asks for reductions is the host's, added after whatever could unwind its stack. */
  readonly #countedHere: boolean;
  /** Pages that a module whose types are unknown is given at first; doubled until they are enough. */
  #guessedPages = 1;

  private constructor(name: string, module: WebAssembly.Module, bytes: Uint8Array | undefined, countedHere = false) {
    this.name = name;
    this.#countedHere = countedHere;
    this.module = module;
    const known = bytes === undefined ? undefined : readInterface(bytes);
    this.#imports = known?.imports ?? WebAssembly.Module.imports(module);
    this.#exports = new Map((known?.exports ?? WebAssembly.Module.exports(module)).map(e => [e.name, e]));
    this.#memoryImport = this.#imports.find(i => i.kind === "memory");
    this.#checkImports();
    this.#checkExports();
  }

  /** Compiles bytes. Throws a LoadError where they are no module or break the ABI. */
  static async compile(name: string, bytes: Uint8Array): Promise<GuestModule> {
    let module: WebAssembly.Module;
    try {
      module = await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>);
    } catch (error) {
      throw notAccepted(name, error);
    }
    return new GuestModule(name, module, bytes);
  }

  /** The same of a module whose reductions the host counts. */
  static async counted(name: string, bytes: Uint8Array, known: CountedModules): Promise<GuestModule> {
    const counted = await known.get(name, bytes);
    return new GuestModule(name, counted.module, counted.bytes, true);
  }

  /** Takes a module that is compiled already. Without its bytes, types are checked by the engine only, at spawn. */
  static of(name: string, module: WebAssembly.Module): GuestModule {
    return new GuestModule(name, module, undefined);
  }

  /** The entry where nobody names one. */
  get defaultEntry(): string {
    return this.#exports.has("run") || !this.#exports.has("handle") ? "run" : "handle";
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
    return way === "jspi" || (way === "asyncify" && !this.#countedHere && this.#exports.has(YIELD_EXPORT));
  }

  /** How a guest with this entry waits. Where it need not for its receives, `policy` says whether it has to for giving way. Throws a SpawnError where there is no such entry, or it cannot wait so. */
  wayOf(entry: string, asked: WayName | undefined, policy: ReductionPolicy = "off"): WayName {
    const found = this.#exports.get(entry);
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

  #importsActor(name: string): boolean {
    return this.#imports.some(i => i.module === "actor" && i.name === name);
  }

  /**
   * Makes the actor's instance: sets its memory and its exports. Runs the module's start function, if it has one.
   * Throws a SpawnError that says what the module asked for and did not get.
   */
  instantiate(actor: Actor, entry: string, imports: ImportObject): void {
    const exports =
      this.#memoryImport === undefined ? this.#link(actor, imports, undefined) : this.#linkWithMemory(actor, imports);
    if (this.#memoryImport === undefined) actor.bytes = Bytes.ofMemory(exports.memory as WebAssembly.Memory);
    actor.guest = {
      handle: entry === "handle" ? functionOf(exports, "handle") : null,
      entry: functionOf(exports, entry),
      resume: functionOf(exports, resumeExport(entry)),
      match: functionOf(exports, "match"),
      start: functionOf(exports, "_start"),
    } as GuestExports;
  }

  #linkWithMemory(actor: Actor, imports: ImportObject): WebAssembly.Exports {
    for (;;) {
      const memory = this.#newMemory(actor);
      actor.bytes = Bytes.ofMemory(memory);
      try {
        return this.#link(actor, imports, memory);
      } catch (error) {
        // A module that came compiled does not tell what it needs, but the engine refuses too small a memory before anything runs.
        const guessed = this.#memoryImport?.memory === undefined;
        const tooSmall = guessed && error instanceof SpawnError && /memory/i.test(String(error.cause));
        if (!tooSmall || this.#guessedPages >= actor.limits.memoryPages) throw error;
        this.#guessedPages = Math.min(this.#guessedPages * 2, actor.limits.memoryPages);
      }
    }
  }

  #link(caller: Actor, { actor, env }: ImportObject, memory: WebAssembly.Memory | undefined): WebAssembly.Exports {
    const imports = { actor, env: memory === undefined ? env : { abort: env.abort, seed: env.seed, memory } };
    try {
      return new WebAssembly.Instance(this.module, imports as WebAssembly.Imports).exports;
    } catch (error) {
      const { leaving } = caller;
      const thrown = error instanceof Error ? error.message : String(error);
      const why = leaving?.kind === "crashed" ? leaving.message : thrown;
      const what = error instanceof WebAssembly.LinkError ? "does not fit the ABI" : "failed while it was instantiated";
      throw new SpawnError(`${this.name} ${what}: ${why}`, { cause: error });
    }
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
    const maximum = Math.min(quota, type?.maximumPages ?? quota);
    try {
      return new WebAssembly.Memory({ initial, maximum });
    } catch (error) {
      throw new SpawnError(`the engine has no memory left for another actor of ${this.name}: end some first`, {
        cause: error,
      });
    }
  }

  #checkImports(): void {
    for (const { module, name, kind, signature, memory } of this.#imports) {
      const full = `${module}.${name}`;
      if (module === "env" && name === "memory" && kind === "memory") {
        this.#checkMemory(memory);
        continue;
      }
      const types = module === "actor" ? actorImportTypes : module === "env" ? envImportTypes : undefined;
      const expected = types !== undefined && Object.hasOwn(types, name) ? types[name] : undefined;
      if (expected === undefined) {
        throw new LoadError(
          `${this.name} imports ${full} (a ${kind}), which isopod does not offer; it offers ${offers(module)}`,
        );
      }
      if (kind !== "function")
        throw new LoadError(`${this.name} imports ${full} as a ${kind}; it is a function ${expected}`);
      if (signature !== undefined && signature !== expected) {
        throw new LoadError(`${this.name} imports ${full} with type ${signature}; it has type ${expected}`);
      }
    }
  }

  #checkExports(): void {
    for (const [name, expected] of Object.entries(exportTypes)) this.#checkExport(name, expected);
    for (const name of this.#exports.keys()) if (name.startsWith("resume:")) this.#checkExport(name, RESUME_TYPE);
    const memory = this.#exports.get("memory");
    if (this.#memoryImport === undefined && memory?.kind !== "memory") {
      throw new LoadError(
        `${this.name} has no memory that the host can reach; import it as env.memory or export it as memory`,
      );
    }
    if (memory?.kind === "memory") this.#checkMemory(memory.memory);
    if (this.#entryNames().length === 0) {
      throw new LoadError(
        `${this.name} has nothing to run: export run of type ${ENTRY_TYPE} or handle of type ${exportTypes.handle}`,
      );
    }
  }

  #checkExport(name: string, expected: string): void {
    const found = this.#exports.get(name);
    if (found === undefined) return;
    if (found.kind !== "function")
      throw new LoadError(`${this.name} exports ${name} as a ${found.kind}; it must be a function ${expected}`);
    if (found.signature !== undefined && found.signature !== expected) {
      throw new LoadError(`${this.name} exports ${name} with type ${found.signature}; it must have type ${expected}`);
    }
  }

  #checkMemory(memory: ImportType["memory"]): void {
    if (memory?.shared) throw new LoadError(`${this.name} has a shared memory; an actor's memory is its own`);
    if (memory?.is64) throw new LoadError(`${this.name} has a 64-bit memory; build it for wasm32`);
  }

  #entryNames(): string[] {
    const names: string[] = [];
    for (const { name, kind, signature } of this.#exports.values()) {
      if (kind !== "function" || name === "_start" || name.startsWith("__") || name === "match") continue;
      if (name === "handle" || signature === ENTRY_TYPE || (signature === undefined && !name.includes(":")))
        names.push(name);
    }
    return names;
  }

  #entries(): string {
    const names = this.#entryNames();
    return `its entries are ${names.join(", ")}`;
  }
}

function functionOf(exports: WebAssembly.Exports, name: string): CallableFunction | null {
  const found = exports[name];
  return typeof found === "function" ? found : null;
}

function offers(module: string): string {
  if (module === "actor") return Object.keys(actorImportTypes).join(", ");
  if (module === "env") return `memory, ${Object.keys(envImportTypes).join(", ")}`;
  return "the modules actor and env (see docs/abi.md)";
}
