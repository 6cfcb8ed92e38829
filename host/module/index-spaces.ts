/**
 * The index spaces of a module: what each index stands for, and what it becomes when the import of
 * `actor.yield` is added. Types, functions and globals that are added come behind the module's own.
 */
import type { Arity } from "./block-type.ts";
import type { Cursor } from "./cursor.ts";
import { eachType, Form, Kind, type Limits, readImport, readLimits, type TypeDeclaration } from "./declarations.ts";
import { orderedSectionsOf, Section } from "./sections.ts";
import { I32 } from "./value-type.ts";

export class IndexSpaces {
  readonly types: Arity[] = [];
  /** The type of each function, the imported ones first. */
  readonly functions: number[] = [];
  importedFunctions = 0;
  globals = 0;
  /** The types that are `() -> i32`. */
  readonly #yieldTypes = new Set<number>();
  #yield: number | undefined;

  /**
   * Throws Undecodable where the module has types of garbage collection, or 64-bit memories or
   * tables.
   */
  constructor(bytes: Uint8Array) {
    for (const { id, body } of orderedSectionsOf(bytes)) {
      if (id === Section.type) eachType(body, type => this.#addType(body, type));
      else if (id === Section.import) body.each(() => this.#addImport(body));
      else if (id === Section.function) body.each(() => this.functions.push(body.u32()));
      else if (id === Section.memory) body.each(() => refuse64(body, readLimits(body, "memory"), "memory"));
      else if (id === Section.global) this.globals += body.u32();
    }
  }

  /**
   * By how much the module's own functions move: by one, unless the module imports `actor.yield`
   * already.
   */
  get shift(): number {
    return this.#yield === undefined ? 1 : 0;
  }

  get yield(): number {
    return this.#yield ?? this.importedFunctions;
  }

  /** The new index of a function. */
  moved(cursor: Cursor, index: number): number {
    // Otherwise a module could call what is only added here.
    if (index >= this.functions.length) cursor.fail(`names the function ${index}, which it does not have`);
    return index < this.importedFunctions ? index : index + this.shift;
  }

  checkGlobal(cursor: Cursor, index: number): void {
    if (index >= this.globals) cursor.fail(`names the global ${index}, which it does not have`);
  }

  #addType(body: Cursor, { form, isPlain, parameters, results }: TypeDeclaration): void {
    if (form !== Form.function || !isPlain) {
      body.fail("has types of garbage collection, whose reductions are not counted yet");
    }
    const isYield = parameters.length === 0 && results.length === 1 && results[0] === I32;
    if (isYield) this.#yieldTypes.add(this.types.length);
    this.types.push({ parameters: parameters.length, results: results.length });
  }

  #addImport(body: Cursor): void {
    const { module, name, kind, type, limits } = readImport(body);
    if (limits !== undefined) refuse64(body, limits, kind === Kind.table ? "table" : "memory");
    if (kind === Kind.global) this.globals++;
    if (kind !== Kind.function) return;
    if (module === "actor" && name === "yield") {
      if (!this.#yieldTypes.has(type)) body.fail("imports actor.yield with a type that is not () -> i32");
      this.#yield = this.importedFunctions;
    }
    this.importedFunctions++;
    this.functions.push(type);
  }
}

export function refuse64(cursor: Cursor, { is64 }: Limits, what: "table" | "memory"): void {
  if (is64) cursor.fail(`has a 64-bit ${what}; build it for wasm32`);
}
