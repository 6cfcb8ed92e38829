/**
 * Rewrites a module so that the host can bound what its instances allocate: the memory becomes an
 * import, and the tables get maxima. Modules that could allocate without a limit are refused.
 *
 * Guarantee: what the engine allocates for an instance, and for compiling the code
 * (code-bounds.ts), is bounded. Code is not changed, and the indices of functions, tables, globals
 * and memories stay the same.
 */
import { LIMIT_EXPORT } from "../wire/abi.ts";
import { CodeBounds } from "./code-bounds.ts";
import type { Copies } from "./copies.ts";
import { type Cursor, Undecodable } from "./cursor.ts";
import {
  type ExportDeclaration,
  eachType,
  Form,
  type ImportDeclaration,
  Kind,
  type Limits,
  readElementSegment,
  readExport,
  readGlobalType,
  readImport,
  readLimits,
  readTag,
  type TableDeclaration,
  type TypeDeclaration,
} from "./declarations.ts";
import { Exceptions } from "./exceptions.ts";
import { walk } from "./instructions.ts";
import { functionName } from "./name-section.ts";
import { Output } from "./output.ts";
import { HEADER_BYTES, orderedSectionsOf, type Part, Section, sectionsOf } from "./sections.ts";
import { Tables } from "./tables.ts";
import { Unconfinable } from "./unconfinable.ts";
import { INDEXED, V128, valueTypeName } from "./value-type.ts";
import { IGNORE } from "./visitor.ts";

/** What a module may have. */
export interface Confinement {
  /** Elements of all its tables together, and as many in all its element segments. */
  readonly tableElements: number;
}

/**
 * How many of each a module may have. The engine allocates something for each of them in each
 * instance, which no limit counts. The comments say what the maximum costs an instance (V8 14,
 * x64).
 */
const MAX_COUNTS: Readonly<Record<number, readonly [max: number, what: string]>> = {
  [Section.import]: [1_000, "imports"], // 0.1 MiB, 0.5 ms
  [Section.function]: [100_000, "functions"], // 1.5 MiB, 2 ms
  [Section.table]: [100, "tables"], // 0.1 MiB, 0.1 ms
  [Section.global]: [10_000, "globals"], // 0.1 MiB, 0.2 ms
  [Section.export]: [10_000, "exports"], // 3.5 MiB, 19 ms
  [Section.element]: [10_000, "element segments"], // 0.1 MiB, 1.4 ms
  [Section.data]: [50_000, "data segments"], // 0.5 ms; Go makes some 30,000
};
/** Types cost the process instead: V8 keeps every distinct type for ever, and aborts at 2,000,000. */
const MAX_TYPES = 10_000;
/**
 * A custom section can be three bytes long, and other readers of the module may keep something for
 * each.
 */
const MAX_SECTIONS = 1_000;

/** References to what a guest cannot create while it runs. */
const BOUNDED = [INDEXED, 0x6f, 0x70, 0x72, 0x73]; // extern, func, noextern, nofunc

/** The name of a section that says where the code is, which is no longer true. */
const STALE = new TextEncoder().encode("\x10sourceMappingURL");
const ENV_MEMORY = new TextEncoder().encode("\x03env\x06memory\x02");

interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Answers the module with its memory imported as `env.memory`, of the same limits, and with a
 * maximum for each table. Bytes that are no valid module stay invalid, or are refused.
 *
 * @param copies learns what was copied where, if the module is changed
 * @returns `bytes` itself where nothing is to be changed
 * @throws {Unconfinable} where the module could allocate without a limit, has too much of
 * something, or uses a part of the format that isopod does not know
 */
export function confine(bytes: Uint8Array, limits: Confinement, copies?: Copies): Uint8Array<ArrayBufferLike> {
  try {
    return new Confiner(bytes, limits.tableElements, copies).confine();
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    throw new Unconfinable(error.message, { cause: error });
  }
}

/** Whether a module that was confined had a memory of its own. */
export function declaresMemory(bytes: Uint8Array): boolean {
  for (const { id, body } of sectionsOf(bytes)) if (id === Section.memory) return body.u32() > 0;
  return false;
}

class Confiner {
  readonly #bytes: Uint8Array;
  readonly #copies: Copies | undefined;
  readonly #code = new CodeBounds();
  readonly #exceptions = new Exceptions();
  readonly #tables: Tables;
  #memories = 0;
  /** Where the limits of the module's own memory stand. */
  #ownMemory: Range | undefined;
  /** Elements of all segments that an instance keeps. */
  #elements = 0;

  constructor(bytes: Uint8Array, tableElements: number, copies: Copies | undefined) {
    this.#bytes = bytes;
    this.#tables = new Tables(tableElements);
    this.#copies = copies;
  }

  confine(): Uint8Array<ArrayBufferLike> {
    for (const part of this.#parts()) this.#survey(part);
    if (this.#memories > 1) {
      throw new Unconfinable(`has ${this.#memories === 2 ? "two" : this.#memories} memories; an actor has one`);
    }
    const areCut = this.#tables.cut();
    this.#tables.checkElements(this.#elements, `has element segments of ${this.#elements} elements`);
    return this.#ownMemory !== undefined || areCut ? this.#rewrite(this.#ownMemory) : this.#bytes;
  }

  *#parts(): Generator<Part> {
    let count = 0;
    for (const part of orderedSectionsOf(this.#bytes)) {
      if (++count > MAX_SECTIONS) throw new Unconfinable(`has more than ${MAX_SECTIONS} sections`);
      yield part;
    }
  }

  #survey({ id, body }: Part): void {
    const [max, what] = MAX_COUNTS[id] ?? [];
    if (max !== undefined) {
      const count = body.peekU32();
      if (count > max) throw new Unconfinable(`has ${count} ${what}; a module may have ${max}`);
    }
    if (id === Section.type) eachType(body, type => this.#type(type));
    else if (id === Section.import) body.each(() => this.#import(readImport(body)));
    else if (id === Section.function) body.each(() => this.#code.functions.push(body.u32()));
    else if (id === Section.table) body.each(() => this.#tables.read(body, checkTable));
    else if (id === Section.memory) body.each(() => this.#memory(body));
    else if (id === Section.tag) body.each(() => this.#tag(readTag(body)));
    else if (id === Section.global) body.each(() => this.#global(body));
    else if (id === Section.export) body.each(() => this.#export(readExport(body)));
    else if (id === Section.element) {
      body.each(() => {
        this.#elements += readElementSegment(body, IGNORE);
      });
    } else if (id === Section.code) this.#code.check(body, index => functionName(this.#bytes, index));
    else return;
    if (!body.isAtEnd) body.fail("has a section that goes on after its end");
  }

  #type({ form, parameters, results }: TypeDeclaration): void {
    if (form !== Form.function) {
      throw new Unconfinable("has types of garbage collection (struct, array), whose memory no limit can bound");
    }
    const { types } = this.#code;
    this.#exceptions.addType(parameters);
    if (types.push({ parameters: parameters.length, results: results.length }) > MAX_TYPES) {
      throw new Unconfinable(`has more than ${MAX_TYPES} types`);
    }
  }

  #import({ kind, type, limits }: ImportDeclaration): void {
    if (kind === Kind.function) this.#code.imports(type);
    else if (kind === Kind.tag) this.#tag(type);
    else if (kind === Kind.memory) this.#memories++;
    if (limits !== undefined) refuseLimits(limits, kind === Kind.table ? "table" : "memory");
  }

  #memory(body: Cursor): void {
    const from = body.at;
    refuseLimits(readLimits(body, "memory"), "memory");
    this.#memories++;
    this.#ownMemory = { from, to: body.at };
  }

  #global(body: Cursor): void {
    refuseHolder("global", readGlobalType(body).type);
    walk(body, IGNORE);
  }

  #export({ name }: ExportDeclaration): void {
    if (name === LIMIT_EXPORT) this.#code.isLimited = true;
  }

  #tag(type: number): void {
    this.#exceptions.checkTag(type);
    this.#code.tags.push(type);
  }

  #rewrite(memory: Range | undefined): Uint8Array<ArrayBuffer> {
    const out = new Output(this.#bytes.length + 2048, this.#copies);
    out.copy(this.#bytes, 0, HEADER_BYTES);
    let toImport = memory;
    for (const part of this.#parts()) {
      const isImports = part.id === Section.import;
      // Only types and custom sections stand before imports.
      if (toImport !== undefined && part.id > Section.type) {
        this.#writeImports(out, toImport, isImports ? part : undefined);
        toImport = undefined;
        if (isImports) continue;
      }
      if (part.id === Section.table) this.#tables.write(out, this.#bytes);
      else if (part.id !== Section.memory && !isStale(part)) out.copy(this.#bytes, part.from, part.to);
    }
    return out.finish();
  }

  #writeImports(out: Output, memory: Range, own: Part | undefined): void {
    out.begin(Section.import);
    out.u32((own?.body.u32() ?? 0) + 1);
    if (own !== undefined) out.copy(this.#bytes, own.body.at, own.to);
    out.put(...ENV_MEMORY);
    out.copy(this.#bytes, memory.from, memory.to);
    out.end();
  }
}

function checkTable(table: TableDeclaration): void {
  refuseHolder("table", table.type);
  refuseLimits(table, "table");
}

/** A guest could keep in it any number of objects that it creates. */
function refuseHolder(what: "table" | "global", type: number): void {
  if (BOUNDED.includes(type) || type >= V128) return;
  throw new Unconfinable(
    `has a ${what} of the type ${valueTypeName(type)}, which can hold exceptions or objects of garbage collection, whose memory no limit can bound`,
  );
}

function refuseLimits({ isShared, is64 }: Limits, what: "memory" | "table"): void {
  if (is64) throw new Unconfinable(`has a 64-bit ${what}; build it for wasm32`);
  if (isShared) throw new Unconfinable(`has a shared ${what}; an actor's ${what} is its own`);
}

function isStale({ id, body }: Part): boolean {
  return id === Section.custom && STALE.every((byte, i) => body.bytes[body.at + i] === byte);
}
