/**
 * Keeps a module below its store limit: rewrites its code so that each instruction that writes
 * memory traps where it would write at the limit or behind it.
 *
 * Guarantee: code of the module changes no memory from the limit on, and can only raise the limit.
 * Below the limit, and in all else, the module does what it did before. Indices stay the same. The
 * host may set the limit too, to no less than its first value.
 *
 * A load is not checked. Behind the limit lies what lay there in the first state of the module,
 * which every actor of the module may know.
 */
import { LEFT_EXPORT, LIMIT_EXPORT } from "../wire/abi.ts";
import { LoadError } from "../wire/errors.ts";
import type { Copies } from "./copies.ts";
import { Cursor } from "./cursor.ts";
import { eachType, Kind, readExport, readGlobalType, readImport, readLocals } from "./declarations.ts";
import { walk } from "./instructions.ts";
import { Output } from "./output.ts";
import { eachBody, HEADER_BYTES, Section, sectionsOf } from "./sections.ts";
import { isStale } from "./stale.ts";
import { I32 } from "./value-type.ts";
import { IGNORE } from "./visitor.ts";
import { type LimitGlobal, Temporaries, writeCheck, writeMaximum } from "./write-checks.ts";
import { readWrite, type Write } from "./writes.ts";

const I32_CONST = 0x41;

/** An instruction that code comes before. Without `write`, it sets the limit. */
interface Place {
  readonly at: number;
  readonly write: Write | undefined;
}

/**
 * The limit of a module; undefined where the module exports none. Throws a LoadError where the
 * export is not what it has to be.
 */
export function storeLimitOf(name: string, bytes: Uint8Array): LimitGlobal | undefined {
  const exported = new Map<string, number>();
  for (const { id, body } of sectionsOf(bytes)) {
    if (id !== Section.export) continue;
    body.each(() => {
      const found = readExport(body);
      exported.set(found.name, found.kind === Kind.global ? found.index : -1);
    });
  }
  const index = exported.get(LIMIT_EXPORT);
  if (index === undefined) return undefined;
  const first = index < 0 ? undefined : firstValueOf(bytes, index);
  if (first === undefined) {
    throw new LoadError(
      `${name} exports ${LIMIT_EXPORT}, but not as a mutable global of type i32 that begins with a constant; the host uses this name`,
    );
  }
  if (exported.get(LEFT_EXPORT) === index) {
    throw new LoadError(`${name} exports one global as ${LIMIT_EXPORT} and as ${LEFT_EXPORT}, which the host lowers`);
  }
  return { index, first };
}

/** Undefined where the module does not define the global, or not as a mutable i32 with a constant. */
function firstValueOf(bytes: Uint8Array, index: number): number | undefined {
  let next = 0;
  let first: number | undefined;
  for (const { id, body } of sectionsOf(bytes)) {
    if (id === Section.import) {
      body.each(() => {
        if (readImport(body).kind === Kind.global) next++;
      });
    } else if (id === Section.global) {
      body.each(() => {
        const { type, isMutable } = readGlobalType(body);
        const { at } = body;
        walk(body, IGNORE);
        if (next++ === index && type === I32 && isMutable) first = constantAt(new Cursor(bytes, at, body.at));
      });
    }
  }
  return first;
}

function constantAt(expression: Cursor): number | undefined {
  if (expression.byte() !== I32_CONST) return undefined;
  const value = expression.s32();
  // Then comes the end, unless the expression computes.
  expression.skip(1);
  return expression.isAtEnd ? value >>> 0 : undefined;
}

/**
 * @param bytes a module that was confined and that the engine accepts
 * @param copies learns what was copied where
 */
export function limitStores(bytes: Uint8Array, limit: LimitGlobal, copies?: Copies): Uint8Array<ArrayBuffer> {
  return new StoreLimiter(bytes, limit, copies).rewrite();
}

class StoreLimiter {
  readonly #bytes: Uint8Array;
  readonly #limit: LimitGlobal;
  readonly #out: Output;
  /** How many parameters each type has. */
  readonly #parameters: number[] = [];
  /** The type of each function that the module defines. */
  readonly #functions: number[] = [];

  constructor(bytes: Uint8Array, limit: LimitGlobal, copies: Copies | undefined) {
    this.#bytes = bytes;
    this.#limit = limit;
    this.#out = new Output(bytes.length + (bytes.length >>> 1), copies);
  }

  rewrite(): Uint8Array<ArrayBuffer> {
    const out = this.#out;
    out.copy(this.#bytes, 0, HEADER_BYTES);
    for (const { id, body, from, to } of sectionsOf(this.#bytes)) {
      if (id === Section.code) {
        this.#code(body);
        continue;
      }
      if (id === Section.type) eachType(body, ({ parameters }) => this.#parameters.push(parameters.length));
      else if (id === Section.function) body.each(() => this.#functions.push(body.u32()));
      else if (id === Section.custom && isStale(body.name())) continue;
      out.copy(this.#bytes, from, to);
    }
    return out.finish();
  }

  #code(code: Cursor): void {
    const out = this.#out;
    out.begin(Section.code);
    out.u32(code.peekU32());
    let index = 0;
    eachBody(code, body => this.#body(body, this.#parameters[this.#functions[index++]]));
    out.end();
  }

  #body(body: Cursor, parameters: number): void {
    const out = this.#out;
    const from = body.at;
    const locals = readLocals(body);
    const instructions = body.at;
    const temporaries = new Temporaries(parameters + locals);
    const places = this.#placesIn(body, temporaries);
    out.beginBody();
    const groups = new Cursor(this.#bytes, from);
    out.u32(groups.u32() + temporaries.groups);
    out.copy(this.#bytes, groups.at, instructions);
    temporaries.declare(out);
    let copied = instructions;
    for (const { at, write } of places) {
      out.copy(this.#bytes, copied, at);
      copied = at;
      if (write === undefined) writeMaximum(out, this.#limit, temporaries);
      else writeCheck(out, this.#limit, write, temporaries);
    }
    out.copy(this.#bytes, copied, body.at);
    out.endBody();
  }

  /** Where code is to be inserted. Asks for the locals that it needs. */
  #placesIn(body: Cursor, temporaries: Temporaries): readonly Place[] {
    const places: Place[] = [];
    walk(body, {
      ...IGNORE,
      writes: at => {
        const write = readWrite(new Cursor(this.#bytes, at));
        temporaries.need(write.operands);
        places.push({ at, write });
      },
      setsGlobal: (index, at) => {
        if (index !== this.#limit.index) return;
        temporaries.need([]);
        places.push({ at, write: undefined });
      },
    });
    return places;
  }
}
