/**
 * Counts a guest's reductions: rewrites a module so that it cannot compute for long without calling `actor.yield`.
 *
 * Guarantee: on every path, at least what was run has been charged (paths.ts), by the weights of weights.ts. A bulk instruction is charged for
 * each 64 bytes, or each element of a table, that it touches.
 *
 * The heads of loops, the prologues of functions, and long parts of code behind a branch charge a counter (counter.ts). Works on the bytes
 * alone, in one pass, so it runs wherever the host runs. Instructions that it does not know could hide a loop, so it refuses them.
 */
import { LEFT_EXPORT } from "../wire/abi.ts";
import { type Arity, arityOfBlock } from "./block-type.ts";
import type { Copies } from "./copies.ts";
import { Counter, NEW_FUNCTIONS, NEW_TYPES } from "./counter.ts";
import { type Cursor, Undecodable } from "./cursor.ts";
import {
  type ExportDeclaration,
  eachType,
  Form,
  Kind,
  type Limits,
  readElementSegment,
  readExport,
  readGlobalType,
  readImport,
  readLimits,
  readLocals,
  readTable,
  type TypeDeclaration,
} from "./declarations.ts";
import { Edits } from "./edits.ts";
import { walk } from "./instructions.ts";
import { moveNames, NAME_SECTION } from "./name-section.ts";
import { Output } from "./output.ts";
import { Paths } from "./paths.ts";
import { eachBody, HEADER_BYTES, orderedSectionsOf, type Part, SECTION_ORDER, Section } from "./sections.ts";
import { I32 } from "./value-type.ts";
import { IGNORE, type Visitor } from "./visitor.ts";
import { IMPORT_TICKS, TICKS, TICKS_PER_VALUE } from "./weights.ts";

/** Custom sections that say where the code is, which is no longer true after it has moved. */
const STALE = /^(sourceMappingURL|metadata\.code\.|\.debug_|reloc\.|external_debug_info)/;
/** The number of a function's first charge. */
const PROLOGUE = 0;

/**
 * The module with its reductions counted. It imports `actor.yield` of type `() -> i32`, beside what it imported before.
 *
 * @param bytes a module that the engine has validated
 * @param copies learns which of its bytes went where
 * @throws {Undecodable} where it uses a part of WebAssembly that is not known here (garbage collection, 64-bit memories)
 */
export function countReductions(bytes: Uint8Array, copies?: Copies): Uint8Array<ArrayBuffer> {
  return new Rewriter(bytes, survey(bytes), copies).rewrite();
}

/** What a module has, as far as the indices of what is added depend on it. */
interface Survey {
  readonly types: readonly Arity[];
  /** The type of each function, the imported ones first. */
  readonly typeOf: readonly number[];
  readonly importedFunctions: number;
  readonly globals: number;
  /** The index of `actor.yield`, where the module imports it itself. */
  readonly yield: number | undefined;
}

function survey(bytes: Uint8Array): Survey {
  const types: Arity[] = [];
  const yieldTypes = new Set<number>();
  const typeOf: number[] = [];
  let importedFunctions = 0;
  let globals = 0;
  let yieldIndex: number | undefined;
  for (const { id, body } of orderedSectionsOf(bytes)) {
    if (id === Section.type) {
      eachType(body, type => {
        if (isYieldType(type, body)) yieldTypes.add(types.length);
        types.push({ parameters: type.parameters.length, results: type.results.length });
      });
    } else if (id === Section.import) {
      body.each(() => {
        const { module, name, kind, type, limits } = readImport(body);
        if (limits !== undefined) refuse64(body, limits, kind === Kind.table ? "table" : "memory");
        if (kind === Kind.global) globals++;
        if (kind !== Kind.function) return;
        if (module === "actor" && name === "yield") {
          if (!yieldTypes.has(type)) body.fail("imports actor.yield with a type that is not () -> i32");
          yieldIndex = importedFunctions;
        }
        importedFunctions++;
        typeOf.push(type);
      });
    } else if (id === Section.function) body.each(() => typeOf.push(body.u32()));
    else if (id === Section.memory) body.each(() => refuse64(body, readLimits(body, "memory"), "memory"));
    else if (id === Section.global) globals += body.u32();
  }
  return { types, typeOf, importedFunctions, globals, yield: yieldIndex };
}

/** Whether it is `() -> i32`. */
function isYieldType({ form, isPlain, parameters, results }: TypeDeclaration, cursor: Cursor): boolean {
  if (form !== Form.function || !isPlain) {
    cursor.fail("has types of garbage collection, whose reductions are not counted yet");
  }
  return parameters.length === 0 && results.length === 1 && results[0] === I32;
}

function refuse64(cursor: Cursor, { is64 }: Limits, what: "table" | "memory"): void {
  if (is64) cursor.fail(`has a 64-bit ${what}; build it for wasm32`);
}

/** How many elements a section gets behind its own, and what writes them. */
type Addition = readonly [count: number, write: () => void];
const NOTHING: Addition = [0, () => {}];

class Rewriter {
  readonly #bytes: Uint8Array;
  readonly #out: Output;
  readonly #own: Survey;
  /** By how much the module's own functions move: by one, where the import of `yield` is new. */
  readonly #shift: number;
  readonly #counter: Counter;
  /** By section. */
  readonly #additions: Partial<Record<number, Addition>>;

  constructor(bytes: Uint8Array, own: Survey, copies: Copies | undefined) {
    this.#bytes = bytes;
    this.#out = new Output(bytes.length + (bytes.length >>> 2) + 256, copies);
    this.#own = own;
    this.#shift = own.yield === undefined ? 1 : 0;
    const counter = new Counter(this.#out, {
      type: own.types.length,
      yield: own.yield ?? own.importedFunctions,
      function: own.typeOf.length + this.#shift,
      global: own.globals,
    });
    this.#counter = counter;
    this.#additions = {
      [Section.type]: [NEW_TYPES, () => counter.types()],
      [Section.import]: [this.#shift, () => this.#shift > 0 && counter.yieldImport()],
      [Section.function]: [NEW_FUNCTIONS, () => counter.functions()],
      [Section.global]: [1, () => counter.global()],
      [Section.export]: [1, () => counter.globalExport()],
      [Section.code]: [NEW_FUNCTIONS, () => counter.bodies()],
    };
  }

  rewrite(): Uint8Array<ArrayBuffer> {
    const out = this.#out;
    out.copy(this.#bytes, 0, HEADER_BYTES);
    let next = 0;
    for (const part of orderedSectionsOf(this.#bytes)) {
      if (part.id === Section.custom) {
        this.#custom(part);
        continue;
      }
      // A section that the module does not have, and that something is added to, comes in its place.
      for (; SECTION_ORDER[next] !== part.id; next++) this.#missing(SECTION_ORDER[next]);
      next++;
      out.begin(part.id);
      this.#section(part);
      out.end();
    }
    for (; next < SECTION_ORDER.length; next++) this.#missing(SECTION_ORDER[next]);
    return out.finish();
  }

  #missing(id: number): void {
    const [count, write] = this.#additions[id] ?? NOTHING;
    if (count === 0) return;
    this.#out.begin(id);
    this.#out.u32(count);
    write();
    this.#out.end();
  }

  #section({ id, body, bodyFrom, to }: Part): void {
    if (id === Section.start) this.#out.u32(this.#moved(body, body.u32()));
    else if (id === Section.export) this.#exports(body);
    else if (id === Section.type || id === Section.import || id === Section.function) this.#list(id, body, to);
    else if (id === Section.table) this.#list(id, body, to, edits => this.#table(body, edits));
    else if (id === Section.global) this.#list(id, body, to, edits => this.#global(body, edits));
    else if (id === Section.element) {
      this.#list(id, body, to, edits => readElementSegment(body, this.#constant(body, edits)));
    } else if (id === Section.code) this.#code(body);
    else this.#out.copy(this.#bytes, bodyFrom, to);
  }

  /** Copies a list with what changes in its elements, and adds to it. */
  #list(id: number, body: Cursor, to: number, editElement?: (edits: Edits) => void): void {
    const [more, add] = this.#additions[id] ?? NOTHING;
    const count = body.u32();
    this.#out.u32(count + more);
    const edits = new Edits(this.#out, this.#bytes, body.at);
    if (editElement !== undefined) for (let left = count; left > 0; left--) editElement(edits);
    edits.finish(to);
    add();
  }

  /** Where a function is now. */
  #moved(cursor: Cursor, index: number): number {
    // Otherwise a module could call what is only added here.
    if (index >= this.#own.typeOf.length) cursor.fail(`names the function ${index}, which it does not have`);
    return index < this.#own.importedFunctions ? index : index + this.#shift;
  }

  #checkGlobal(cursor: Cursor, index: number): void {
    if (index >= this.#own.globals) cursor.fail(`names the global ${index}, which it does not have`);
  }

  #moveFunction(cursor: Cursor, edits: Edits): void {
    const from = cursor.at;
    const index = this.#moved(cursor, cursor.u32());
    edits.replace(from, cursor.at, index);
  }

  /** Moves the functions that a constant expression names. */
  #constant(cursor: Cursor, edits: Edits): Visitor {
    return {
      ...IGNORE,
      functionIndex: (index, from) => edits.replace(from, cursor.at, this.#moved(cursor, index)),
      globalIndex: index => this.#checkGlobal(cursor, index),
    };
  }

  #table(body: Cursor, edits: Edits): void {
    const table = readTable(body);
    refuse64(body, table, "table");
    if (table.isFilled) walk(body, this.#constant(body, edits));
  }

  #global(body: Cursor, edits: Edits): void {
    readGlobalType(body);
    walk(body, this.#constant(body, edits));
  }

  #exports(body: Cursor): void {
    const kept: (ExportDeclaration & { readonly from: number })[] = [];
    body.each(() => {
      const from = body.at;
      const found = readExport(body);
      // A module that was counted before goes on counting for itself.
      if (found.name !== LEFT_EXPORT) kept.push({ ...found, from });
    });
    const out = this.#out;
    out.u32(kept.length + 1);
    for (const { from, nameTo, kind, index } of kept) {
      out.copy(this.#bytes, from, nameTo);
      out.put(kind);
      if (kind === Kind.global) this.#checkGlobal(body, index);
      out.u32(kind === Kind.function ? this.#moved(body, index) : index);
    }
    this.#counter.globalExport();
  }

  #code(code: Cursor): void {
    this.#out.u32(code.peekU32() + NEW_FUNCTIONS);
    const { types, typeOf } = this.#own;
    let index = this.#own.importedFunctions;
    eachBody(code, body => {
      const type = types[typeOf[index++]] ?? body.fail("has code of no function");
      this.#body(body, type.parameters);
    });
    this.#counter.bodies();
  }

  #body(body: Cursor, parameters: number): void {
    const out = this.#out;
    out.beginBody();
    const own = body.at;
    // One local more, behind the function's own.
    out.u32(body.u32() + 1);
    const groups = body.at;
    body.at = own;
    const locals = readLocals(body);
    out.copy(this.#bytes, groups, body.at);
    out.put(1, I32);
    const edits = new Edits(out, this.#bytes, body.at);
    this.#decideCharges(body, edits, locals);
    if (!body.isAtEnd) body.fail("has a function that goes on after its end");
    edits.finish(body.at, {
      charge: (reductions, isHead) => this.#counter.charge(reductions, parameters + locals, isHead),
      chargeBulk: ofTable => this.#counter.chargeBulk(ofTable),
    });
    out.endBody();
  }

  /** Finds what is to change in a function's instructions. */
  #decideCharges(body: Cursor, edits: Edits, locals: number): void {
    const { types, typeOf, importedFunctions } = this.#own;
    const places = {
      here: (isHead: boolean) => edits.charge(body.at, isHead),
      pay: (place: number, reductions: number) => edits.decide(place, reductions),
    };
    const paths = new Paths(places, locals, type => arityOfBlock(body, types, type));
    let calls = false;
    walk(body, {
      ...this.#constant(body, edits),
      flow: paths,
      call: (index, type) => {
        calls = true;
        const called = types[type < 0 ? typeOf[index] : type] ?? body.fail("calls something of no type");
        if (type < 0 && index < importedFunctions) paths.run(IMPORT_TICKS);
        paths.run((called.parameters + called.results) * TICKS_PER_VALUE);
      },
      bulk: (from, ofTable) => edits.chargeBulk(from, ofTable),
    });
    // A function that costs less, and calls nothing, is paid by its caller.
    if (calls || paths.paysApart || paths.left > TICKS) edits.decide(PROLOGUE, 1 + Math.floor(paths.left / TICKS));
  }

  #custom({ body, bodyFrom, to }: Part): void {
    const name = body.name();
    if (STALE.test(name)) return;
    const out = this.#out;
    const before = out.length;
    out.begin(Section.custom);
    out.copy(this.#bytes, bodyFrom, body.at);
    if (name !== NAME_SECTION) out.copy(this.#bytes, body.at, to);
    else {
      try {
        moveNames(out, body, (cursor, edits) => this.#moveFunction(cursor, edits));
      } catch (error) {
        // Wrong names are worth nothing, and are no error.
        if (!(error instanceof Undecodable)) throw error;
        out.forget(before);
        return;
      }
    }
    out.end();
  }
}
