/**
 * Counts a guest's reductions: rewrites a module so that it cannot compute for long without calling `actor.yield`.
 *
 * A global of the module's own counts down. The heads of loops, the prologues of functions, and long parts of code behind a branch take from it what their instructions
 * weigh; where it is below nothing, a head calls `yield`, and adds what that answers. Works on the bytes alone, in one pass, so it runs wherever the host
 * runs and takes no instruction that it does not know: what could hide a loop is refused.
 *
 * Guarantee: on every path at least what was run has been charged (paths.ts), by the weights of weights.ts; and each 64 bytes, or element of a table, that a bulk
 * instruction touches.
 */
import { LEFT_EXPORT } from "../wire/abi.ts";
import type { Copies } from "./copies.ts";
import {
  Cursor,
  type FunctionType,
  NOTHING_TYPE,
  ONE_RESULT_TYPE,
  Undecodable,
  type Visitor,
  walk,
} from "./instructions.ts";
import { Output } from "./output.ts";
import { Paths } from "./paths.ts";
import { Kind, SECTION_ORDER, Section } from "./sections.ts";
import { IMPORT_TICKS, TICKS, TICKS_PER_VALUE } from "./weights.ts";

/** What `yield` answers where the actor is to end: the module traps, which no guest can catch. */
export const END = -(2 ** 31);

/** 2 to this many bytes are one reduction more. */
const BYTES_SHIFT = 6;
/** An element of a table is 2 to this many reductions. */
const ELEMENT_SHIFT = 7;
/** More elements than this have no table. */
const MOST_ELEMENTS = 2 ** 23;

const I32 = 0x7f;
const FUNCTION = 0x60;
/** Where the code has moved, these say what is no longer true. */
const STALE = /^(sourceMappingURL|metadata\.code\.|\.debug_|reloc\.|external_debug_info)/;

/**
 * The module with its reductions counted. It imports `actor.yield` of type `() -> i32`, beside what it imported before.
 *
 * @param bytes a module that the engine has validated
 * @param copies learns which of its bytes went where
 * @throws {Undecodable} where it uses a part of WebAssembly that is not known here (garbage collection, 64-bit memories)
 */
export function countReductions(bytes: Uint8Array, copies?: Copies): Uint8Array<ArrayBuffer> {
  return new Rewriter(bytes, copies).rewrite();
}

interface Part {
  readonly id: number;
  readonly from: number;
  readonly to: number;
}

class Rewriter {
  readonly #bytes: Uint8Array;
  readonly #out: Output;
  #types = 0;
  readonly #typeAt: FunctionType[] = [];
  /** By function, the imported ones first: its type. */
  readonly #typeOf: number[] = [];
  /** The types that are `() -> i32`. */
  readonly #yieldTypes = new Set<number>();
  #importedFunctions = 0;
  #functions = 0;
  #globals = 0;
  /** `actor.yield`, where the module imports it itself. */
  #yield = -1;
  /** By how much the module's own functions move. */
  #shift = 0;

  constructor(bytes: Uint8Array, copies: Copies | undefined) {
    this.#bytes = bytes;
    this.#out = new Output(bytes.length + (bytes.length >>> 2) + 256, copies);
  }

  get #counter(): number {
    return this.#globals;
  }
  /** Asks for a new budget. */
  get #spent(): number {
    return this.#functions + this.#shift;
  }
  /** Charges for n bytes, and answers n. */
  get #bytesCharged(): number {
    return this.#spent + 1;
  }
  /** Charges for n elements of a table, and answers n. */
  get #elementsCharged(): number {
    return this.#spent + 2;
  }

  rewrite(): Uint8Array<ArrayBuffer> {
    const parts = this.#parts();
    const own = (id: number) => parts.find(part => part.id === id);
    this.#survey(own);
    const out = this.#out;
    out.copy(this.#bytes, 0, 8);
    let next = 0;
    for (const part of parts) {
      if (part.id === Section.custom) {
        this.#custom(part);
        continue;
      }
      // What the module has no section for, and gets something into, comes in its place.
      for (; SECTION_ORDER[next] !== part.id; next++) this.#missing(SECTION_ORDER[next]);
      next++;
      this.#section(part);
    }
    for (; next < SECTION_ORDER.length; next++) this.#missing(SECTION_ORDER[next]);
    return out.finish();
  }

  #parts(): Part[] {
    const cursor = new Cursor(this.#bytes);
    cursor.skip(8);
    const parts: Part[] = [];
    let last = -1;
    while (!cursor.isAtEnd) {
      const id = cursor.byte();
      const size = cursor.u32();
      const from = cursor.at;
      cursor.skip(size);
      parts.push({ id, from, to: cursor.at });
      if (id === Section.custom) continue;
      const place = SECTION_ORDER.indexOf(id);
      if (place < 0) cursor.fail(`has a section ${id}, which is not known here`);
      if (place <= last) cursor.fail("has sections out of order");
      last = place;
    }
    return parts;
  }

  #cursor(part: Part): Cursor {
    return new Cursor(this.#bytes, part.from, part.to);
  }

  /** Counts what there is, because the new indices come behind. */
  #survey(own: (id: number) => Part | undefined): void {
    const types = own(Section.type);
    if (types !== undefined) {
      const cursor = this.#cursor(types);
      cursor.each(() => this.#type(cursor));
    }
    const imports = own(Section.import);
    if (imports !== undefined) {
      const cursor = this.#cursor(imports);
      cursor.each(() => this.#import(cursor));
    }
    const functions = own(Section.function);
    if (functions !== undefined) {
      const cursor = this.#cursor(functions);
      cursor.each(() => this.#typeOf.push(cursor.u32()));
    }
    this.#functions = this.#typeOf.length;
    const globals = own(Section.global);
    if (globals !== undefined) this.#globals += this.#cursor(globals).u32();
    const memories = own(Section.memory);
    if (memories !== undefined) {
      const cursor = this.#cursor(memories);
      cursor.each(() => this.#limits(cursor));
    }
    if (this.#yield < 0) {
      this.#yield = this.#importedFunctions;
      this.#shift = 1;
    }
  }

  #type(cursor: Cursor): void {
    if (cursor.byte() !== FUNCTION)
      cursor.fail("has types of garbage collection, whose reductions are not counted yet");
    const lists = [0, 0];
    let result = 0;
    for (const list of [0, 1]) {
      cursor.each(() => {
        result = cursor.valueType();
        lists[list]++;
      });
    }
    if (lists[0] === 0 && lists[1] === 1 && result === I32) this.#yieldTypes.add(this.#types);
    this.#typeAt.push({ parameters: lists[0], results: lists[1] });
    this.#types++;
  }

  #import(cursor: Cursor): void {
    const module = cursor.name();
    const name = cursor.name();
    const kind = cursor.byte();
    if (kind === Kind.function) {
      const type = cursor.u32();
      if (module === "actor" && name === "yield") {
        if (!this.#yieldTypes.has(type)) cursor.fail("imports actor.yield with a type that is not () -> i32");
        this.#yield = this.#importedFunctions;
      }
      this.#importedFunctions++;
      this.#typeOf.push(type);
    } else if (kind === Kind.table) {
      cursor.valueType();
      this.#limits(cursor);
    } else if (kind === Kind.memory) {
      this.#limits(cursor);
    } else if (kind === Kind.global) {
      cursor.valueType();
      cursor.byte();
      this.#globals++;
    } else if (kind === Kind.tag) {
      cursor.byte();
      cursor.u32();
    } else {
      cursor.fail(`imports something of kind ${kind}, which is not known here`);
    }
  }

  #limits(cursor: Cursor): void {
    const flags = cursor.byte();
    if (flags > 3) cursor.fail("has a 64-bit memory or table, or one of a kind that is not known here");
    cursor.u32();
    if ((flags & 1) !== 0) cursor.u32();
  }

  #section(part: Part): void {
    const { id } = part;
    const cursor = this.#cursor(part);
    const out = this.#out;
    out.begin(id);
    if (id === Section.type) this.#longer(cursor, 3, () => this.#newTypes());
    else if (id === Section.import) this.#longer(cursor, this.#shift, () => this.#newImport());
    else if (id === Section.function) this.#longer(cursor, 3, () => this.#newFunctions());
    else if (id === Section.global) {
      const count = cursor.u32();
      out.u32(count + 1);
      const edits = new Edits(out, this.#bytes, cursor.at);
      for (let i = 0; i < count; i++) {
        cursor.valueType();
        cursor.byte();
        this.#constant(cursor, edits);
      }
      edits.finish(part.to);
      this.#newGlobal();
    } else if (id === Section.table) this.#tables(cursor, part);
    else if (id === Section.export) this.#exports(cursor);
    else if (id === Section.start) out.u32(this.#moved(cursor, cursor.u32()));
    else if (id === Section.element) this.#elements(cursor, part);
    else if (id === Section.code) this.#code(cursor);
    else out.copy(this.#bytes, part.from, part.to);
    out.end();
  }

  /** A section that the module does not have, and needs now. */
  #missing(id: number): void {
    const out = this.#out;
    const additions: Partial<Record<number, readonly [number, () => void]>> = {
      [Section.type]: [3, () => this.#newTypes()],
      [Section.import]: [this.#shift, () => this.#newImport()],
      [Section.function]: [3, () => this.#newFunctions()],
      [Section.global]: [1, () => this.#newGlobal()],
      [Section.export]: [1, () => this.#newExport()],
      [Section.code]: [3, () => this.#newCode()],
    };
    const [count, write] = additions[id] ?? [0, () => {}];
    if (count === 0) return;
    out.begin(id);
    out.u32(count);
    write();
    out.end();
  }

  /** Copies a vector and appends to it. */
  #longer(cursor: Cursor, by: number, append: () => void): void {
    this.#out.u32(cursor.u32() + by);
    const from = cursor.at;
    while (!cursor.isAtEnd) cursor.at++;
    this.#out.copy(this.#bytes, from, cursor.at);
    if (by > 0) append();
  }

  #newTypes(): void {
    this.#out.put(FUNCTION, 0, 1, I32); // yield
    this.#out.put(FUNCTION, 0, 0); // spent
    this.#out.put(FUNCTION, 1, I32, 1, I32); // bulk
  }

  #newImport(): void {
    for (const name of ["actor", "yield"]) this.#out.name(name);
    this.#out.put(Kind.function);
    this.#out.u32(this.#types);
  }

  #newFunctions(): void {
    this.#out.u32(this.#types + 1);
    this.#out.u32(this.#types + 2);
    this.#out.u32(this.#types + 2);
  }

  /** Nothing is left in the beginning: so the host says what the first budget is, too. */
  #newGlobal(): void {
    this.#out.put(I32, 1, 0x41, 0, 0x0b);
  }

  /** The host takes from the counter what imports cost it. */
  #newExport(): void {
    this.#out.name(LEFT_EXPORT);
    this.#out.put(Kind.global);
    this.#out.u32(this.#counter);
  }

  #newCode(): void {
    const out = this.#out;
    // (func $spent (local $more i32) (loop $again
    //   (if (i32.eq (local.tee $more (call $yield)) (i32.const END)) (then (unreachable)))
    //   (global.set $counter (i32.add (global.get $counter) (local.get $more)))
    //   (br_if $again (i32.lt_s (global.get $counter) (i32.const 0)))))
    // A trap and not an exception, because a guest could catch an exception again and again. What is owed is paid from what comes.
    out.beginBody();
    out.put(1, 1, I32, 0x03, 0x40, 0x10);
    out.u32(this.#yield);
    out.put(0x22, 0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x78, 0x46, 0x04, 0x40, 0x00, 0x0b);
    out.indexed(0x23, this.#counter);
    out.put(0x20, 0, 0x6a);
    out.indexed(0x24, this.#counter);
    out.indexed(0x23, this.#counter);
    out.put(0x41, 0, 0x48, 0x0d, 0, 0x0b, 0x0b);
    out.endBody();
    // (i32.shr_u (local.get $n) (i32.const …))
    this.#newCharge(() => out.put(0x20, 0, 0x41, BYTES_SHIFT, 0x76));
    // (i32.shl (select (local.get $n) (i32.const …) (i32.lt_u (local.get $n) (i32.const …))) (i32.const …))
    this.#newCharge(() => {
      out.put(0x20, 0, 0x41);
      out.s32(MOST_ELEMENTS);
      out.put(0x20, 0, 0x41);
      out.s32(MOST_ELEMENTS);
      out.put(0x49, 0x1b, 0x41, ELEMENT_SHIFT, 0x74);
    });
  }

  /** (func (param $n i32) (result i32) …charge the price… (local.get $n)) */
  #newCharge(price: () => void): void {
    const out = this.#out;
    out.beginBody();
    out.put(1, 1, I32);
    out.indexed(0x23, this.#counter);
    price();
    out.put(0x6b);
    this.#check(1);
    out.put(0x20, 0, 0x0b);
    out.endBody();
  }

  /** (i32.sub (global.get $counter) (i32.const reductions)), and what `#check` writes; or the counter is set, and the next head will check it. */
  #charge(reductions: number, local: number, isHead: boolean): void {
    const out = this.#out;
    out.indexed(0x23, this.#counter);
    out.put(0x41);
    out.s32(reductions);
    out.put(0x6b);
    if (isHead) this.#check(local);
    else out.indexed(0x24, this.#counter);
  }

  /**
   * (global.set $counter (local.tee $left …)) (if (i32.lt_s (local.get $left) (i32.const 0)) (then (call $spent)))
   *
   * Reading the global again instead costs a tight loop half its time (V8 14, x64).
   */
  #check(local: number): void {
    const out = this.#out;
    out.indexed(0x22, local);
    out.indexed(0x24, this.#counter);
    out.indexed(0x20, local);
    out.put(0x41, 0, 0x48, 0x04, 0x40, 0x10);
    out.u32(this.#spent);
    out.put(0x0b);
  }

  /** Where a function is now. */
  #moved(cursor: Cursor, index: number): number {
    // Or a module could call, or set, what is only added here.
    if (index >= this.#functions) cursor.fail(`names the function ${index}, which it does not have`);
    return index < this.#importedFunctions ? index : index + this.#shift;
  }

  #global(cursor: Cursor, index: number): void {
    if (index >= this.#globals) cursor.fail(`names the global ${index}, which it does not have`);
  }

  /** A constant expression. */
  #constant(cursor: Cursor, edits: Edits): void {
    const nothing = () => {};
    walk(cursor, {
      call: nothing,
      bulk: nothing,
      lasts: nothing,
      functionIndex: (index, from) => edits.replace(from, cursor.at, this.#moved(cursor, index)),
      globalIndex: index => this.#global(cursor, index),
    });
  }

  #functionIndex(cursor: Cursor, edits: Edits): void {
    const from = cursor.at;
    const index = cursor.u32();
    edits.replace(from, cursor.at, this.#moved(cursor, index));
  }

  #tables(cursor: Cursor, part: Part): void {
    const edits = new Edits(this.#out, this.#bytes, part.from);
    cursor.each(() => {
      // 0x40 0x00: what follows the type is the value of its elements.
      const filled = this.#bytes[cursor.at] === 0x40;
      if (filled) cursor.skip(2);
      cursor.valueType();
      this.#limits(cursor);
      if (filled) this.#constant(cursor, edits);
    });
    edits.finish(part.to);
  }

  #exports(cursor: Cursor): void {
    const kept: { readonly from: number; readonly to: number; readonly kind: number; readonly index: number }[] = [];
    cursor.each(() => {
      const from = cursor.at;
      const name = cursor.name();
      const to = cursor.at;
      const kind = cursor.byte();
      const index = cursor.u32();
      // One that was counted before counts on, for itself.
      if (name !== LEFT_EXPORT) kept.push({ from, to, kind, index });
    });
    const out = this.#out;
    out.u32(kept.length + 1);
    for (const { from, to, kind, index } of kept) {
      out.copy(this.#bytes, from, to);
      out.put(kind);
      if (kind === Kind.global) this.#global(cursor, index);
      out.u32(kind === Kind.function ? this.#moved(cursor, index) : index);
    }
    this.#newExport();
  }

  #elements(cursor: Cursor, part: Part): void {
    const edits = new Edits(this.#out, this.#bytes, part.from);
    cursor.each(() => {
      const flags = cursor.u32();
      if (flags > 7) cursor.fail("has elements of a kind that is not known here");
      const [passive, explicit, expressions] = [flags & 1, flags & 2, flags & 4];
      if (!passive) {
        if (explicit) cursor.u32();
        this.#constant(cursor, edits);
      }
      if (passive || explicit) {
        if (expressions) cursor.valueType();
        else cursor.byte();
      }
      cursor.each(() => {
        if (expressions) this.#constant(cursor, edits);
        else this.#functionIndex(cursor, edits);
      });
    });
    edits.finish(part.to);
  }

  #code(cursor: Cursor): void {
    const count = cursor.u32();
    this.#out.u32(count + 3);
    for (let i = 0; i < count; i++) {
      const size = cursor.u32();
      const type = this.#typeAt[this.#typeOf[this.#importedFunctions + i]] ?? cursor.fail("has code of no function");
      this.#body(cursor.within(size), type.parameters);
      cursor.skip(size);
    }
    this.#newCode();
  }

  #body(cursor: Cursor, parameters: number): void {
    const out = this.#out;
    out.beginBody();
    // A local more, behind the function's own.
    const groups = cursor.u32();
    out.u32(groups + 1);
    const from = cursor.at;
    let locals = 0;
    for (let i = 0; i < groups; i++) {
      locals += cursor.u32();
      cursor.valueType();
    }
    out.copy(this.#bytes, from, cursor.at);
    out.put(1, I32);
    const edits = new Edits(out, this.#bytes, cursor.at);
    const places = {
      here: (isHead: boolean) => edits.charge(cursor.at, isHead),
      pay: (place: number, reductions: number) => edits.decide(place, reductions),
    };
    const paths = new Paths(places, locals, type => this.#blockType(cursor, type));
    let calls = false;
    const nothing = () => {};
    const visitor: Visitor = {
      flow: paths,
      call: (index, type) => {
        calls = true;
        const called = this.#typeAt[type < 0 ? this.#typeOf[index] : type];
        if (called === undefined) cursor.fail("calls something of no type");
        if (type < 0 && index < this.#importedFunctions) paths.run(IMPORT_TICKS);
        paths.run((called.parameters + called.results) * TICKS_PER_VALUE);
      },
      functionIndex: (index, from) => edits.replace(from, cursor.at, this.#moved(cursor, index)),
      globalIndex: index => this.#global(cursor, index),
      bulk: (from, ofTable) => edits.bulk(from, ofTable),
      lasts: nothing,
    };
    walk(cursor, visitor);
    if (!cursor.isAtEnd) cursor.fail("has a function that goes on after its end");
    // What is cheaper, and asks nobody, is paid by its caller.
    if (calls || paths.paysApart || paths.left > TICKS) edits.decide(PROLOGUE, 1 + Math.floor(paths.left / TICKS));
    edits.finish(
      cursor.at,
      (reductions, isHead) => this.#charge(reductions, parameters + locals, isHead),
      ofTable => {
        out.put(0x10);
        out.u32(ofTable ? this.#elementsCharged : this.#bytesCharged);
      },
    );
    out.endBody();
  }

  #blockType(cursor: Cursor, type: number): FunctionType {
    if (type === NOTHING_TYPE) return NOTHING;
    if (type === ONE_RESULT_TYPE) return ONE_RESULT;
    return this.#typeAt[type] ?? cursor.fail("has a block of no type");
  }

  #custom(part: Part): void {
    const cursor = this.#cursor(part);
    const name = cursor.name();
    if (STALE.test(name)) return;
    const out = this.#out;
    const before = out.length;
    out.begin(Section.custom);
    out.copy(this.#bytes, part.from, cursor.at);
    if (name !== "name") out.copy(this.#bytes, cursor.at, part.to);
    else {
      try {
        this.#names(cursor);
      } catch (error) {
        // Nobody validates names; wrong ones are worth nothing, and no error.
        if (!(error instanceof Undecodable)) throw error;
        out.forget(before);
        return;
      }
    }
    out.end();
  }

  /** The names of functions, and of what is in them: 1 functions, 2 locals, 3 labels. */
  #names(section: Cursor): void {
    const out = this.#out;
    while (!section.isAtEnd) {
      const id = section.byte();
      const size = section.u32();
      const cursor = section.within(size);
      const from = cursor.at;
      section.skip(size);
      out.begin(id);
      const edits = new Edits(out, this.#bytes, from);
      if (id >= 1 && id <= 3) {
        cursor.each(() => {
          this.#functionIndex(cursor, edits);
          if (id === 1) cursor.name();
          else {
            cursor.each(() => {
              cursor.u32();
              cursor.name();
            });
          }
        });
      }
      edits.finish(section.at);
      out.end();
    }
  }
}

const NOTHING: FunctionType = { parameters: 0, results: 0 };
const ONE_RESULT: FunctionType = { parameters: 0, results: 1 };

/** The number of a function's first edit. */
const PROLOGUE = 0;

const HEAD = 0;
const PART = 1;
const BYTES = 2;
const ELEMENTS = 3;
const REPLACE = 4;

/** What is to change in a range of bytes, in the order of its places. The bytes between are copied. */
class Edits {
  readonly #out: Output;
  readonly #bytes: Uint8Array;
  readonly #from: number;
  readonly #kinds: number[] = [];
  readonly #places: number[] = [];
  readonly #ends: number[] = [];
  /** Of a charge: how much, known only later; none where it is 0. Of a replacement: the new index. */
  readonly #values: number[] = [];

  constructor(out: Output, bytes: Uint8Array, from: number) {
    this.#out = out;
    this.#bytes = bytes;
    this.#from = from;
  }

  /** A charge at this place; answers its number. */
  charge(at: number, isHead: boolean): number {
    return this.#add(isHead ? HEAD : PART, at, at, 0);
  }

  decide(charge: number, reductions: number): void {
    this.#values[charge] = reductions;
  }

  bulk(at: number, ofTable: boolean): void {
    this.#add(ofTable ? ELEMENTS : BYTES, at, at, 0);
  }

  replace(from: number, to: number, index: number): void {
    this.#add(REPLACE, from, to, index);
  }

  #add(kind: number, from: number, to: number, value: number): number {
    this.#kinds.push(kind);
    this.#places.push(from);
    this.#ends.push(to);
    return this.#values.push(value) - 1;
  }

  finish(
    to: number,
    charge: (reductions: number, isHead: boolean) => void = () => {},
    bulk: (ofTable: boolean) => void = () => {},
  ): void {
    let from = this.#from;
    for (let i = 0; i < this.#kinds.length; i++) {
      const kind = this.#kinds[i];
      if (kind <= PART && this.#values[i] === 0) continue;
      this.#out.copy(this.#bytes, from, this.#places[i]);
      if (kind === REPLACE) this.#out.u32(this.#values[i]);
      else if (kind <= PART) charge(this.#values[i], kind === HEAD);
      else bulk(kind === ELEMENTS);
      from = this.#ends[i];
    }
    this.#out.copy(this.#bytes, from, to);
  }
}
