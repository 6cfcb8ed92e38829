/**
 * Makes it possible to bound what a guest allocates: rewrites a module so that its memory comes from the host, and so that its tables together stay within a
 * limit. What would allocate in ways that no limit holds is refused.
 *
 * Changes sections only, never code: the indices of functions, tables, globals and memories stay what they are. What code may need is bounded by `code-bounds.ts`.
 */
import { CodeBounds } from "./code-bounds.ts";
import type { Copies } from "./copies.ts";
import { type Cursor, Undecodable } from "./cursor.ts";
import {
  eachType,
  Form,
  type ImportDeclaration,
  Kind,
  type Limits,
  readElementSegment,
  readGlobalType,
  readImport,
  readLimits,
  readTable,
  readTag,
  type TypeDeclaration,
} from "./declarations.ts";
import { walk } from "./instructions.ts";
import { functionName } from "./name-section.ts";
import { Output } from "./output.ts";
import { HEADER_BYTES, orderedSectionsOf, type Part, Section, sectionsOf } from "./sections.ts";
import { Unconfinable } from "./unconfinable.ts";
import { EXCEPTION, INDEXED, V128, valueTypeName } from "./value-type.ts";
import { IGNORE } from "./visitor.ts";

/** What a module may have. */
export interface Confinement {
  /** Elements of all its tables together, and as many in all its element segments. */
  readonly tableElements: number;
}

/** How many of each a module may have: the engine makes something of them for each instance, which no quota counts. Behind each, what so many cost one (V8 14, x64). */
const MAX_COUNTS: Readonly<Record<number, readonly [most: number, what: string]>> = {
  [Section.import]: [1_000, "imports"], // 0.1 MiB, 0.5 ms
  [Section.function]: [100_000, "functions"], // 1.5 MiB, 2 ms
  [Section.table]: [100, "tables"], // 0.1 MiB, 0.1 ms
  [Section.global]: [10_000, "globals"], // 0.1 MiB, 0.2 ms
  [Section.export]: [10_000, "exports"], // 3.5 MiB, 19 ms
  [Section.element]: [10_000, "element segments"], // 0.1 MiB, 1.4 ms
  [Section.data]: [50_000, "data segments"], // 0.5 ms; Go makes some 30,000
};
/** They cost no instance, but the process: V8 keeps every distinct type for ever, and aborts at 2,000,000. */
const MAX_TYPES = 10_000;
/**
 * A guest keeps as many exceptions as its stack has room for references to them: 126,000 in the 984 KiB that V8 gives it. Each takes 56 bytes of the engine's heap,
 * and four times as many as it carries, so that they take 27 MB together.
 */
const MAX_EXCEPTION_BYTES = 40;
/** By the byte of a type: how many bytes an exception carries for each of its parameters. */
const BYTES: Readonly<Record<number, number>> = { 127: 4, 126: 8, 125: 4, 124: 8, 123: 16 };
const REFERENCE_BYTES = 4;
/** A custom section may be three bytes long, and whoever reads the module next may keep something for each. */
const MAX_SECTIONS = 1_000;

/** What a guest cannot make more of by running. */
const BOUNDED = [INDEXED, 0x6f, 0x70, 0x72, 0x73]; // extern, func, noextern, nofunc

/** Where a sourceMappingURL says that the code is, it is no longer. */
const STALE = new TextEncoder().encode("\x10sourceMappingURL");
const ENV_MEMORY = new TextEncoder().encode("\x03env\x06memory\x02");

/** A stretch of the module's bytes. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** A table of the module's own. */
interface Table {
  /** Its type, with what says that an expression follows. */
  readonly type: Range;
  readonly initial: number;
  maximum: number;
  /** The value of its elements; often of no bytes. */
  readonly expression: Range;
}

/**
 * The module with its memory imported as `env.memory`, of the same limits, and with a maximum for each table. Of several tables the later ones are cut first.
 * What is no valid module on the way in is none on the way out, or refused.
 *
 * @param copies learns what was copied where, if the module is changed
 * @returns `bytes` itself where nothing is to be changed
 * @throws {Unconfinable} where the module has what no limit holds, too much of something, or a part of the format that is not known here
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
  readonly #tableElements: number;
  readonly #code = new CodeBounds();
  /** Types of functions with an exception among their parameters. */
  readonly #ofExceptions = new Set<number>();
  /** By type: the bytes of its parameters. */
  readonly #parameterBytes: number[] = [];
  #memories = 0;
  /** The limits of the memory that the module makes itself. */
  #ownMemory: Range | undefined;
  readonly #tables: Table[] = [];
  /** Elements of all segments that an instance has. */
  #elements = 0;

  readonly #copies: Copies | undefined;

  constructor(bytes: Uint8Array, tableElements: number, copies: Copies | undefined) {
    this.#copies = copies;
    this.#bytes = bytes;
    this.#tableElements = tableElements;
  }

  confine(): Uint8Array<ArrayBufferLike> {
    for (const part of this.#parts()) this.#survey(part);
    if (this.#memories > 1) {
      throw new Unconfinable(`has ${this.#memories === 2 ? "two" : this.#memories} memories; an actor has one`);
    }
    const areCut = this.#cutTables();
    this.#within(this.#elements, `has element segments of ${this.#elements} elements`);
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
    const [most, what] = MAX_COUNTS[id] ?? [];
    if (most !== undefined) {
      const count = body.peekU32();
      if (count > most) throw new Unconfinable(`has ${count} ${what}; a module may have ${most}`);
    }
    if (id === Section.type) eachType(body, type => this.#type(type));
    else if (id === Section.import) body.each(() => this.#import(readImport(body)));
    else if (id === Section.function) body.each(() => this.#code.functions.push(body.u32()));
    else if (id === Section.table) body.each(() => this.#table(body));
    else if (id === Section.memory) body.each(() => this.#memory(body));
    else if (id === Section.tag) body.each(() => this.#tag(readTag(body)));
    else if (id === Section.global) body.each(() => this.#global(body));
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
      throw new Unconfinable("has types of garbage collection (struct, array), whose memory no limit holds");
    }
    const { types } = this.#code;
    if (parameters.includes(EXCEPTION)) this.#ofExceptions.add(types.length);
    this.#parameterBytes.push(parameters.reduce((sum, type) => sum + (BYTES[type] ?? REFERENCE_BYTES), 0));
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

  #table(body: Cursor): void {
    const from = body.at;
    const table = readTable(body);
    refuseHolder("table", table.type);
    refuseLimits(table, "table");
    const limitsTo = body.at;
    if (table.isFilled) walk(body, IGNORE);
    const { initial, maximum, typeTo } = table;
    const [type, expression] = [
      { from, to: typeTo },
      { from: limitsTo, to: body.at },
    ];
    this.#tables.push({ type, initial, maximum, expression });
  }

  #global(body: Cursor): void {
    refuseHolder("global", readGlobalType(body).type);
    walk(body, IGNORE);
  }

  #tag(type: number): void {
    if (this.#ofExceptions.has(type)) {
      throw new Unconfinable("has a tag whose exceptions hold exceptions, a chain that no limit holds");
    }
    const bytes = this.#parameterBytes[type];
    if (bytes > MAX_EXCEPTION_BYTES) {
      throw new Unconfinable(
        `has a tag whose exceptions carry ${bytes} bytes; an exception may carry ${MAX_EXCEPTION_BYTES}, and the address of what is more`,
      );
    }
    this.#code.tags.push(type);
  }

  #within(elements: number, what: string): void {
    if (elements <= this.#tableElements) return;
    throw new Unconfinable(`${what}, and the limit tableElements is ${this.#tableElements}`);
  }

  /** Gives the tables their maxima. Answers whether any is new. */
  #cutTables(): boolean {
    const initial = this.#tables.reduce((sum, table) => sum + table.initial, 0);
    this.#within(initial, `needs tables of ${initial} elements to start`);
    let room = this.#tableElements - initial;
    let areCut = false;
    for (const table of this.#tables) {
      const maximum = Math.min(table.maximum, table.initial + room);
      room -= maximum - table.initial;
      if (maximum !== table.maximum) areCut = true;
      table.maximum = maximum;
    }
    return areCut;
  }

  #rewrite(memory: Range | undefined): Uint8Array<ArrayBuffer> {
    const out = new Output(this.#bytes.length + 64 + 16 * this.#tables.length, this.#copies);
    out.copy(this.#bytes, 0, HEADER_BYTES);
    let toImport = memory;
    for (const part of this.#parts()) {
      const isImports = part.id === Section.import;
      // Only types, and custom sections, stand before imports.
      if (toImport !== undefined && part.id > Section.type) {
        this.#writeImports(out, toImport, isImports ? part : undefined);
        toImport = undefined;
        if (isImports) continue;
      }
      if (part.id === Section.table) this.#writeTables(out);
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

  #writeTables(out: Output): void {
    out.begin(Section.table);
    out.u32(this.#tables.length);
    for (const { type, initial, maximum, expression } of this.#tables) {
      out.copy(this.#bytes, type.from, type.to);
      out.put(1);
      out.u32(initial);
      out.u32(maximum);
      out.copy(this.#bytes, expression.from, expression.to);
    }
    out.end();
  }
}

/** A table or a global, into which a guest may put what it made. */
function refuseHolder(what: "table" | "global", type: number): void {
  if (BOUNDED.includes(type) || type >= V128) return;
  throw new Unconfinable(
    `has a ${what} of the type ${valueTypeName(type)}, which can hold exceptions or objects of garbage collection, and their memory no limit holds`,
  );
}

function refuseLimits({ isShared, is64 }: Limits, what: "memory" | "table"): void {
  if (is64) throw new Unconfinable(`has a 64-bit ${what}; build it for wasm32`);
  if (isShared) throw new Unconfinable(`has a shared ${what}; an actor's ${what} is its own`);
}

function isStale({ id, body }: Part): boolean {
  return id === Section.custom && STALE.every((byte, i) => body.bytes[body.at + i] === byte);
}
