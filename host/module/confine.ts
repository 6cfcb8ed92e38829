/**
 * Makes it possible to bound what a guest allocates: rewrites a module so that its memory comes from the host, and so that its tables together stay within a
 * limit. What would allocate in ways that no limit holds is refused.
 *
 * Changes sections only, never code: the indices of functions, tables, globals and memories stay what they are. What code may need is bounded by `code-bounds.ts`.
 */
import { CodeBounds } from "./code-bounds.ts";
import type { Copies } from "./copies.ts";
import { functionName } from "./function-name.ts";
import { Cursor, hex, Undecodable, type Visitor, walk } from "./instructions.ts";
import { Output } from "./output.ts";
import { Kind, SECTION_ORDER, Section } from "./sections.ts";
import { Unconfinable } from "./unconfinable.ts";

/** What a module may have. */
export interface Confinement {
  /** Elements of all its tables together, and as many in all its element segments. */
  readonly tableElements: number;
}

/** How many of each a module may have: the engine makes something of them for each instance, which no quota counts. Behind each, what so many cost one (V8 14, x64). */
const MOST: Readonly<Record<number, readonly [most: number, what: string]>> = {
  [Section.import]: [1_000, "imports"], // 0.1 MiB, 0.5 ms
  [Section.function]: [100_000, "functions"], // 1.5 MiB, 2 ms
  [Section.table]: [100, "tables"], // 0.1 MiB, 0.1 ms
  [Section.global]: [10_000, "globals"], // 0.1 MiB, 0.2 ms
  [Section.export]: [10_000, "exports"], // 3.5 MiB, 19 ms
  [Section.element]: [10_000, "element segments"], // 0.1 MiB, 1.4 ms
  [Section.data]: [50_000, "data segments"], // 0.5 ms; Go makes some 30,000
};
/** They cost no instance, but the process: V8 keeps every distinct type for ever, and aborts at 2,000,000. */
const MOST_TYPES = 10_000;
/**
 * A guest keeps as many exceptions as its stack has room for references to them: 126,000 in the 984 KiB that V8 gives it. Each takes 56 bytes of the engine's heap,
 * and four times as many as it carries, so that they take 27 MB together.
 */
const MOST_EXCEPTION_BYTES = 40;
/** By the byte of a type: how many bytes an exception carries for each of its parameters. */
const BYTES: Readonly<Record<number, number>> = { 127: 4, 126: 8, 125: 4, 124: 8, 123: 16 };
const REFERENCE_BYTES = 4;
/** A custom section may be three bytes long, and whoever reads the module next may keep something for each. */
const MOST_SECTIONS = 1_000;

const Form = { function: 0x60, struct: 0x5f, array: 0x5e, sub: 0x50, subFinal: 0x4f, recursive: 0x4e } as const;
/** The types of references that have names, from 0x69 on. Their byte stands alone or behind 0x63 or 0x64. */
const REFERENCES = "exn array struct i31 eq any extern func none noextern nofunc noexn".split(" ");
const EXCEPTION = 0x69;
/** Stands for a reference to a type by its index: to a function, since there are no other types. */
const INDEXED = 0;
/** What a guest cannot make more of by running. */
const BOUNDED = [INDEXED, 0x6f, 0x70, 0x72, 0x73]; // extern, func, noextern, nofunc
const V128 = 0x7b;
const I32 = 0x7f;

/** Where a sourceMappingURL says that the code is, it is no longer. */
const STALE = new TextEncoder().encode("\x10sourceMappingURL");
const ENV_MEMORY = new TextEncoder().encode("\x03env\x06memory\x02");

/** A stretch of the module's bytes. */
interface Range {
  readonly from: number;
  readonly to: number;
}

interface Part extends Range {
  readonly id: number;
  readonly body: Cursor;
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
    const cursor = new Cursor(this.#bytes);
    cursor.skip(8);
    let last = -1;
    for (let count = 1; !cursor.isAtEnd; count++) {
      if (count > MOST_SECTIONS) throw new Unconfinable(`has more than ${MOST_SECTIONS} sections`);
      const from = cursor.at;
      const id = cursor.byte();
      const size = cursor.u32();
      const body = cursor.within(size);
      cursor.skip(size);
      if (id !== Section.custom) {
        const place = SECTION_ORDER.indexOf(id);
        if (place < 0) cursor.fail(`has a section ${id}, which is not known here`);
        if (place <= last) cursor.fail("has sections out of order");
        last = place;
      }
      yield { id, body, from, to: cursor.at };
    }
  }

  #survey({ id, body }: Part): void {
    const [most, what] = MOST[id] ?? [];
    if (most !== undefined) {
      const from = body.at;
      const count = body.u32();
      body.at = from;
      if (count > most) throw new Unconfinable(`has ${count} ${what}; a module may have ${most}`);
    }
    if (id === Section.type) body.each(() => this.#typeGroup(body));
    else if (id === Section.import) body.each(() => this.#import(body));
    else if (id === Section.function) body.each(() => this.#code.functions.push(body.u32()));
    else if (id === Section.table) body.each(() => this.#table(body));
    else if (id === Section.memory) body.each(() => this.#memory(body));
    else if (id === Section.tag) body.each(() => this.#tag(body));
    else if (id === Section.global) body.each(() => this.#global(body));
    else if (id === Section.element) body.each(() => this.#segment(body));
    else if (id === Section.code) this.#code.check(body, index => functionName(this.#bytes, index));
    else return;
    if (!body.isAtEnd) body.fail("has a section that goes on after its end");
  }

  /** One type, or several that refer to each other. */
  #typeGroup(body: Cursor): void {
    const form = body.byte();
    if (form === Form.recursive) body.each(() => this.#type(body, body.byte()));
    else this.#type(body, form);
  }

  #type(body: Cursor, form: number): void {
    let inner = form;
    if (form === Form.sub || form === Form.subFinal) {
      body.each(() => body.u32());
      inner = body.byte();
    }
    if (inner === Form.struct || inner === Form.array) {
      throw new Unconfinable("has types of garbage collection (struct, array), whose memory no limit holds");
    }
    if (inner !== Form.function) body.fail(`has a type of the form ${hex(inner)}, which is not known here`);
    const { types } = this.#code;
    let parameters = 0;
    let bytes = 0;
    body.each(() => {
      const type = valueType(body);
      if (type === EXCEPTION) this.#ofExceptions.add(types.length);
      parameters++;
      bytes += BYTES[type] ?? REFERENCE_BYTES;
    });
    let results = 0;
    body.each(() => {
      valueType(body);
      results++;
    });
    this.#parameterBytes.push(bytes);
    if (types.push({ parameters, results }) > MOST_TYPES) throw new Unconfinable(`has more than ${MOST_TYPES} types`);
  }

  #import(body: Cursor): void {
    for (let names = 0; names < 2; names++) body.skip(body.u32());
    const kind = body.byte();
    if (kind === Kind.function) {
      this.#code.imports(body.u32());
    } else if (kind === Kind.table) {
      valueType(body);
      limits(body, "table");
    } else if (kind === Kind.memory) {
      this.#memories++;
      limits(body, "memory");
    } else if (kind === Kind.global) {
      valueType(body);
      body.byte();
    } else if (kind === Kind.tag) {
      this.#tag(body);
    } else {
      body.fail(`imports something of kind ${hex(kind)}, which is not known here`);
    }
  }

  #memory(body: Cursor): void {
    const from = body.at;
    limits(body, "memory");
    this.#memories++;
    this.#ownMemory = { from, to: body.at };
  }

  #table(body: Cursor): void {
    const from = body.at;
    const isFilled = this.#bytes[from] === 0x40;
    if (isFilled) {
      body.skip(1);
      if (body.byte() !== 0) body.fail("has a table of a kind that is not known here");
    }
    holder("table", valueType(body));
    const type = { from, to: body.at };
    const { initial, maximum } = limits(body, "table");
    const afterLimits = body.at;
    if (isFilled) walk(body, NOTHING);
    this.#tables.push({ type, initial, maximum, expression: { from: afterLimits, to: body.at } });
  }

  #global(body: Cursor): void {
    holder("global", valueType(body));
    body.byte();
    walk(body, NOTHING);
  }

  #tag(body: Cursor): void {
    body.byte();
    const type = body.u32();
    if (this.#ofExceptions.has(type)) {
      throw new Unconfinable("has a tag whose exceptions hold exceptions, a chain that no limit holds");
    }
    const bytes = this.#parameterBytes[type];
    if (bytes > MOST_EXCEPTION_BYTES) {
      throw new Unconfinable(
        `has a tag whose exceptions carry ${bytes} bytes; an exception may carry ${MOST_EXCEPTION_BYTES}, and the address of what is more`,
      );
    }
    this.#code.tags.push(type);
  }

  /** The engine keeps a passive segment's elements for each instance, and puts an active one's into a table for each. */
  #segment(body: Cursor): void {
    const flags = body.u32();
    if (flags > 7) body.fail("has elements of a kind that is not known here");
    const [passive, explicit, expressions] = [flags & 1, flags & 2, flags & 4];
    if (!passive) {
      if (explicit) body.u32();
      walk(body, NOTHING);
    }
    if (passive || explicit) {
      if (expressions) valueType(body);
      else body.byte();
    }
    const isDeclared = passive && explicit;
    body.each(() => {
      if (!isDeclared) this.#elements++;
      if (expressions) walk(body, NOTHING);
      else body.u32();
    });
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
    out.copy(this.#bytes, 0, 8);
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

/** What is asked of a constant expression is its end. */
const nothing = () => {};
export const NOTHING: Visitor = {
  functionIndex: nothing,
  call: nothing,
  globalIndex: nothing,
  bulk: nothing,
  lasts: nothing,
};

/** Answers the byte of a number's type, the byte of a reference's that has a name, or INDEXED. */
export function valueType(cursor: Cursor): number {
  const byte = cursor.byte();
  if (byte >= V128 && byte <= I32) return byte;
  const isLong = byte === 0x63 || byte === 0x64;
  // A signed number, whose sign is a bit of its last byte: the types that have names are below 0.
  const type = isLong ? cursor.u32() : byte;
  if (isLong && (cursor.bytes[cursor.at - 1] & 0x40) === 0) return INDEXED;
  if (REFERENCES[type - EXCEPTION] === undefined) cursor.fail(`has the type ${hex(type)}, which is not known here`);
  return type;
}

/** A table or a global, into which a guest may put what it made. */
function holder(what: "table" | "global", type: number): void {
  if (BOUNDED.includes(type) || type >= V128) return;
  throw new Unconfinable(
    `has a ${what} of the type (ref ${REFERENCES[type - EXCEPTION]}), which can hold exceptions or objects of garbage collection, and their memory no limit holds`,
  );
}

export function limits(cursor: Cursor, what: "memory" | "table"): { initial: number; maximum: number } {
  const flags = cursor.byte();
  if (flags > 7) cursor.fail(`has a ${what} of a kind that is not known here`);
  if ((flags & 4) !== 0) throw new Unconfinable(`has a 64-bit ${what}; build it for wasm32`);
  if ((flags & 2) !== 0) throw new Unconfinable(`has a shared ${what}; an actor's ${what} is its own`);
  return { initial: cursor.u32(), maximum: (flags & 1) !== 0 ? cursor.u32() : Number.POSITIVE_INFINITY };
}

function isStale({ id, body }: Part): boolean {
  return id === Section.custom && STALE.every((byte, i) => body.bytes[body.at + i] === byte);
}
