/** What the host knows of a module that it has rewritten itself. It has read everything from the bytes. */
import { sha256 } from "../wire/sha256.ts";
import { FACTS_SECTION, type ModuleFacts } from "./facts.ts";
import { type Footprint, footprintOf } from "./footprint.ts";
import type { ExportType, ImportType } from "./interface.ts";
import type { Limited } from "./limited.ts";
import { isRecyclable } from "./recyclable.ts";
import { withTrimmedEntries } from "./trimmed-entries.ts";

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
