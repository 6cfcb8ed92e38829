/**
 * Counts a guest's reductions: rewrites a module so that it cannot compute for long without calling
 * `actor.yield`.
 *
 * Guarantee: on every path, at least what was run has been charged (paths.ts), by the weights of
 * weights.ts. In a module with a store limit, a store is charged with its check, wherever it is
 * counted. A bulk instruction is charged for each 64 bytes, or each element of a table, that it
 * touches.
 *
 * A counter is charged (counter.ts) at the heads of loops, in the prologues of functions, and in
 * long parts of code behind a branch. The rewriter works on the bytes alone, in one pass, so it
 * runs wherever the host runs. It refuses instructions that it does not know, because they could
 * hide a loop.
 */
import { LEFT_EXPORT, LIMIT_EXPORT } from "../wire/abi.ts";
import { arityOfBlock } from "./block-type.ts";
import type { Copies } from "./copies.ts";
import { Counter, NEW_FUNCTIONS, NEW_TYPES } from "./counter.ts";
import { type Cursor, Undecodable } from "./cursor.ts";
import {
  type ExportDeclaration,
  Kind,
  readElementSegment,
  readExport,
  readGlobalType,
  readLocals,
  readTable,
} from "./declarations.ts";
import { Edits } from "./edits.ts";
import { hasExport } from "./exports.ts";
import { IndexSpaces, refuse64 } from "./index-spaces.ts";
import { walk } from "./instructions.ts";
import { moveNames, NAME_SECTION } from "./name-section.ts";
import { Output } from "./output.ts";
import { Paths } from "./paths.ts";
import { eachBody, HEADER_BYTES, orderedSectionsOf, type Part, SECTION_ORDER, Section } from "./sections.ts";
import { isStale } from "./stale.ts";
import { I32 } from "./value-type.ts";
import { IGNORE, type Visitor } from "./visitor.ts";
import { CHECK_TICKS, IMPORT_TICKS, TICKS, TICKS_PER_VALUE } from "./weights.ts";

/** The first site of a function. */
const PROLOGUE = 0;

/**
 * Answers the module with its reductions counted. It imports `actor.yield` of type `() -> i32`,
 * beside what it imported before.
 *
 * @param bytes a module that the engine has validated
 * @param copies learns what was copied where
 * @throws {Undecodable} where it uses a part of WebAssembly that isopod does not know (garbage
 * collection, 64-bit memories)
 */
export function countReductions(bytes: Uint8Array, copies?: Copies): Uint8Array<ArrayBuffer> {
  return new Rewriter(bytes, copies).rewrite();
}

/** What a section gets behind its own elements: how many, and what writes them. */
type Addition = readonly [count: number, write: () => void];
const NOTHING: Addition = [0, () => {}];

class Rewriter {
  readonly #bytes: Uint8Array;
  readonly #out: Output;
  readonly #own: IndexSpaces;
  readonly #counter: Counter;
  /** The host will put checks before its stores. */
  readonly #isLimited: boolean;
  /** By section. */
  readonly #additions: Partial<Record<number, Addition>>;

  constructor(bytes: Uint8Array, copies: Copies | undefined) {
    this.#bytes = bytes;
    this.#isLimited = hasExport(bytes, LIMIT_EXPORT);
    this.#out = new Output(bytes.length + (bytes.length >>> 2) + 256, copies);
    const own = new IndexSpaces(bytes);
    this.#own = own;
    const counter = new Counter(this.#out, {
      type: own.types.length,
      yield: own.yield,
      function: own.functions.length + own.shift,
      global: own.globals,
    });
    this.#counter = counter;
    this.#additions = {
      [Section.type]: [NEW_TYPES, () => counter.types()],
      [Section.import]: [own.shift, () => own.shift > 0 && counter.yieldImport()],
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
    if (id === Section.start) this.#out.u32(this.#own.moved(body, body.u32()));
    else if (id === Section.export) this.#exports(body);
    else if (id === Section.type || id === Section.import || id === Section.function) this.#list(id, body, to);
    else if (id === Section.table) this.#list(id, body, to, edits => this.#table(body, edits));
    else if (id === Section.global) this.#list(id, body, to, edits => this.#global(body, edits));
    else if (id === Section.element) {
      this.#list(id, body, to, edits => readElementSegment(body, this.#constant(body, edits)));
    } else if (id === Section.code) this.#code(body);
    else this.#out.copy(this.#bytes, bodyFrom, to);
  }

  /** Copies a list with the changes in its elements, and adds to it. */
  #list(id: number, body: Cursor, to: number, editElement?: (edits: Edits) => void): void {
    const [more, add] = this.#additions[id] ?? NOTHING;
    const count = body.u32();
    this.#out.u32(count + more);
    const edits = new Edits(this.#out, this.#bytes, body.at);
    if (editElement !== undefined) for (let left = count; left > 0; left--) editElement(edits);
    edits.finish(to);
    add();
  }

  #moveFunction(cursor: Cursor, edits: Edits): void {
    const from = cursor.at;
    const index = this.#own.moved(cursor, cursor.u32());
    edits.replace(from, cursor.at, index);
  }

  /** For constant expressions: moves the functions that they name. */
  #constant(cursor: Cursor, edits: Edits): Visitor {
    return {
      ...IGNORE,
      functionIndex: (index, from) => edits.replace(from, cursor.at, this.#own.moved(cursor, index)),
      globalIndex: index => this.#own.checkGlobal(cursor, index),
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
      if (kind === Kind.global) this.#own.checkGlobal(body, index);
      out.u32(kind === Kind.function ? this.#own.moved(body, index) : index);
    }
    this.#counter.globalExport();
  }

  #code(code: Cursor): void {
    this.#out.u32(code.peekU32() + NEW_FUNCTIONS);
    const { types, functions } = this.#own;
    let index = this.#own.importedFunctions;
    eachBody(code, body => {
      const type = types[functions[index++]] ?? body.fail("has code of no function");
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

  /** Puts into `edits` what is to change in a function's instructions. */
  #decideCharges(body: Cursor, edits: Edits, locals: number): void {
    const { types, functions, importedFunctions } = this.#own;
    const sites = {
      add: (isHead: boolean) => edits.addSite(body.at, isHead),
      charge: (site: number, reductions: number) => edits.charge(site, reductions),
    };
    const paths = new Paths(sites, locals, type => arityOfBlock(body, types, type));
    let calls = false;
    walk(body, {
      ...this.#constant(body, edits),
      flow: paths,
      call: (index, type) => {
        calls = true;
        const called = types[type < 0 ? functions[index] : type] ?? body.fail("calls something of no type");
        if (type < 0 && index < importedFunctions) paths.run(IMPORT_TICKS);
        paths.run((called.parameters + called.results) * TICKS_PER_VALUE);
      },
      writes: () => {
        if (this.#isLimited) paths.run(CHECK_TICKS);
      },
      bulk: (from, ofTable) => edits.chargeBulk(from, ofTable),
    });
    // A function that costs less, and calls nothing, is charged by its caller.
    if (calls || paths.chargesParts || paths.debt > TICKS) edits.charge(PROLOGUE, 1 + Math.floor(paths.debt / TICKS));
  }

  #custom({ body, bodyFrom, to }: Part): void {
    const name = body.name();
    if (isStale(name)) return;
    const out = this.#out;
    const before = out.length;
    out.begin(Section.custom);
    out.copy(this.#bytes, bodyFrom, body.at);
    if (name !== NAME_SECTION) out.copy(this.#bytes, body.at, to);
    else {
      try {
        moveNames(out, body, (cursor, edits) => this.#moveFunction(cursor, edits));
      } catch (error) {
        // Wrong names are dropped, and are no error.
        if (!(error instanceof Undecodable)) throw error;
        out.forget(before);
        return;
      }
    }
    out.end();
  }
}
