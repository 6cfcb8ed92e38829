/**
 * The entries of a module: the exported functions with which an actor can begin, and how an actor
 * that begins with one waits. A name that is no entry, or a way in which the module cannot wait,
 * throws a SpawnError that says what there is.
 */
import { ENTRY_TYPE, GIVES_WAY_EXPORT, INITIALIZE, resumeExport, START } from "../wire/abi.ts";
import { SpawnError } from "../wire/errors.ts";
import type { ReductionPolicy, WayName } from "../wire/limits.ts";
import { hasJspi } from "./engine.ts";
import type { ExportType } from "./interface.ts";

/** A message names no more entries than this. */
const MAX_NAMED = 20;
const NO_ENTRIES = [START, INITIALIZE, "match", "match_first", GIVES_WAY_EXPORT];

/** What a module imports of `actor`, as far as it decides how an actor waits. */
export interface WaitImports {
  readonly park: boolean;
  readonly yield: boolean;
}

export class Entries {
  readonly names: readonly string[];
  readonly #module: string;
  readonly #exports: ReadonlyMap<string, ExportType>;
  readonly #imports: WaitImports;

  /** @param module the module's name, for messages */
  constructor(module: string, exports: ReadonlyMap<string, ExportType>, imports: WaitImports) {
    this.#module = module;
    this.#exports = exports;
    this.#imports = imports;
    this.names = entryNames(exports);
  }

  /** The entry of an actor for which no entry is named. */
  get default(): string {
    const found = ["run", "handle"].find(name => this.#exports.has(name));
    if (found !== undefined) return found;
    // A WASI command has nothing else.
    return this.names[0] === START ? START : "run";
  }

  /**
   * How an actor with this entry waits.
   *
   * @param asked the way that the embedder wants, if any
   * @param policy an actor that only has to wait in order to give way waits by JSPI, where the
   * engine has it
   */
  wayOf(entry: string, asked: WayName | undefined, policy: ReductionPolicy): WayName {
    const found = isCollector(entry, this.#exports) ? undefined : this.#exports.get(entry);
    const module = this.#module;
    if (found?.kind !== "function") throw new SpawnError(`${module} exports no function ${entry}; ${this.#list()}`);
    if (entry === "handle") {
      if (asked === undefined || asked === "handler") return "handler";
      throw new SpawnError(`${module}: the entry handle is a handler and cannot wait by ${asked}; name another entry`);
    }
    if (found.signature !== undefined && found.signature !== ENTRY_TYPE) {
      throw new SpawnError(
        `${module}: the entry ${entry} has type ${found.signature}; an entry has type ${ENTRY_TYPE}`,
      );
    }
    if (asked === "handler") throw new SpawnError(`${module}: only the entry handle can be a handler, not ${entry}`);
    const unwinds = this.#exports.has(resumeExport(entry));
    const suspends = !unwinds && this.#imports.park;
    if (asked === "asyncify" && suspends) {
      throw new SpawnError(
        `${module} was not built with isopod's transform, so it cannot wait by asyncify; build it with isopod build, or ask for jspi`,
      );
    }
    if (asked === "jspi" && unwinds) {
      throw new SpawnError(
        `${module} was built with isopod's transform and waits by asyncify; build it with --park jspi to use jspi`,
      );
    }
    if (suspends) return "jspi";
    const givesWay = policy === "yield" && this.#imports.yield && !unwinds && hasJspi();
    return asked ?? (givesWay ? "jspi" : "asyncify");
  }

  #list(): string {
    const { names } = this;
    const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : "";
    return `its entries are ${names.slice(0, MAX_NAMED).join(", ")}${more}`;
  }
}

function entryNames(exports: ReadonlyMap<string, ExportType>): readonly string[] {
  const names: string[] = [];
  for (const { name, kind, signature } of exports.values()) {
    if (kind !== "function" || NO_ENTRIES.includes(name) || name.startsWith("__")) continue;
    const canBeEntry = signature === ENTRY_TYPE || (signature === undefined && !name.includes(":"));
    if (name === "handle" || canBeEntry) names.push(name);
  }
  // _start runs first in each actor. A WASI command has only that; in AssemblyScript it is never an
  // entry.
  const isCommand = exports.get(START)?.kind === "function" && !exports.has("__new");
  return names.length === 0 && isCommand ? [START] : names;
}

/** AssemblyScript exports its garbage collector, which has the type of an entry. */
export function isCollector(name: string, exports: { has(name: string): boolean }): boolean {
  return name === "__collect" && exports.has("__new");
}
