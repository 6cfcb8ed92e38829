/**
 * What the host knows of a module that the engine has compiled: its imports and exports with their
 * types, and what its instances have. The host has read it from the module's bytes, or it is what our
 * tools have noted in the module (trusted.ts). Of a stranger's compiled module, little is known.
 */
import { resumeExport } from "../wire/abi.ts";
import { sha256 } from "../wire/sha256.ts";
import { type Footprint, footprintOf } from "./footprint.ts";
import type { ExportType, ImportType } from "./interface.ts";
import type { Limited } from "./limited.ts";
import { isRecyclable } from "./recyclable.ts";

/** The section in which our tools note the facts of a module. */
export const FACTS_SECTION = "isopod:facts";

export interface ModuleFacts {
  readonly module: WebAssembly.Module;
  readonly imports: readonly ImportType[];
  /** Before trimming, where that is known. */
  readonly exports: readonly ExportType[];
  readonly footprint: Footprint;
  /** Its memory was its own before it was made an import. */
  readonly ownsMemory: boolean;
  /** The first value of its store limit. Undefined where an instance may change all of its memory. */
  readonly storeLimit: number | undefined;
  /** Below this address, an instance has nothing that matters between two turns. */
  readonly scratch: number;
  /** Which of its movable globals counts the reductions that are left; -1: none does. */
  readonly leftGlobal: number;
  /** Which of them is not 0 where the stack of its entry is parked; -1: none tells. */
  readonly parkedGlobal: number;
  /**
   * How many globals make up, with the memory, the whole state of an instance. Undefined where an
   * instance has other state, or globals that cannot be put back.
   */
  readonly movableGlobals: number | undefined;
  /** SHA-256 of the bytes that the engine has compiled. Undefined where its actors keep their instances. */
  readonly hash: Uint8Array | undefined;
}

/** A module that the host has rewritten itself. */
export class RewrittenModule implements ModuleFacts {
  readonly module: WebAssembly.Module;
  readonly imports: readonly ImportType[];
  readonly exports: readonly ExportType[];
  readonly footprint: Footprint;
  readonly ownsMemory: boolean;
  readonly storeLimit: number | undefined;
  readonly scratch: number;
  readonly leftGlobal: number;
  readonly parkedGlobal: number;
  readonly #globals: number;
  /** Present until `movableGlobals` is read, because that reads all code. */
  #code: Uint8Array | undefined;
  #movableGlobals: number | undefined;
  /** Present until `hash` is read. */
  #content: Uint8Array | undefined;
  #hash: Uint8Array | undefined;

  constructor(
    { module, interface: known, bytes, globals, left, parked, limit, scratch }: Limited,
    ownsMemory: boolean,
  ) {
    this.module = module;
    this.imports = known?.imports ?? WebAssembly.Module.imports(module);
    const exports = known?.exports ?? WebAssembly.Module.exports(module);
    // Our tools have trimmed it, although the host does not believe what else they say.
    const isTrimmed = WebAssembly.Module.customSections(module, FACTS_SECTION).length > 0;
    this.exports = isTrimmed ? withTrimmedEntries(exports) : exports;
    this.footprint = footprintOf(bytes);
    this.ownsMemory = ownsMemory;
    this.storeLimit = limit?.first;
    this.scratch = scratch;
    this.leftGlobal = left;
    this.parkedGlobal = parked;
    this.#globals = globals;
    this.#code = globals < 0 ? undefined : bytes;
    this.#content = this.#code;
  }

  get movableGlobals(): number | undefined {
    if (this.#code !== undefined && isRecyclable(this.#code)) this.#movableGlobals = this.#globals;
    this.#code = undefined;
    return this.#movableGlobals;
  }

  get hash(): Uint8Array | undefined {
    if (this.#content !== undefined && this.movableGlobals !== undefined) this.#hash = sha256(this.#content);
    this.#content = undefined;
    return this.#hash;
  }
}

/** A module that came compiled. Only the engine checks its types, at spawn. */
export function factsOfStranger(module: WebAssembly.Module): ModuleFacts {
  return {
    module,
    imports: WebAssembly.Module.imports(module),
    exports: withTrimmedEntries(WebAssembly.Module.exports(module)),
    footprint: footprintOf(undefined),
    ownsMemory: false,
    storeLimit: undefined,
    scratch: 0,
    leftGlobal: -1,
    parkedGlobal: -1,
    movableGlobals: undefined,
    hash: undefined,
  };
}

const RESUME = resumeExport("");

/**
 * A module that another host has trimmed no longer exports its entries, only the functions that
 * resume them.
 */
function withTrimmedEntries(exports: readonly ExportType[]): ExportType[] {
  const names = new Set(exports.map(({ name }) => name));
  const entries = exports.filter(({ name }) => name.startsWith(RESUME)).map(({ name }) => name.slice(RESUME.length));
  const missing = entries.filter(entry => !names.has(entry));
  return [...exports, ...missing.map((name): ExportType => ({ name, kind: "function" }))];
}
