/**
 * Keeps a module below its store limit: rewrites its code so that each instruction that writes
 * memory traps where it would write beyond the limit.
 *
 * Guarantee: code of the module changes no memory from LIMIT_SLACK bytes behind the limit on, and
 * can only raise the limit. Below the limit, and in all else, the module does what it did before.
 * Indices stay the same. The host may set the limit too, to no less than its first value.
 *
 * A load is not checked. Behind the limit lies what lay there in the first state of the module,
 * which every actor of the module may know.
 */
import { LEFT_EXPORT, LIMIT_EXPORT } from "../wire/abi.ts";
import { LoadError } from "../wire/errors.ts";
import { constantOf, exportedGlobals } from "./constants.ts";
import type { Copies } from "./copies.ts";
import { Cursor } from "./cursor.ts";
import { eachType, readLocals } from "./declarations.ts";
import { walk } from "./instructions.ts";
import { Output } from "./output.ts";
import { eachBody, HEADER_BYTES, Section, sectionsOf } from "./sections.ts";
import { isStale } from "./stale.ts";
import { IGNORE } from "./visitor.ts";
import { checkTopmost, type LimitGlobal, Temporaries, trapBeyond, writeCheck, writeMaximum } from "./write-checks.ts";
import { readWrite, type Write } from "./writes.ts";

/** Where code is put in, and what it is for. */
interface Place {
  readonly at: number;
  /** Undefined where the instruction sets the limit. */
  readonly write: Write | undefined;
  /** What is on top of the stack there: the instruction's operands, its address, or neither. */
  readonly top: "operands" | "address" | "neither";
}

/** An instruction that was read. */
interface Read {
  readonly at: number;
  readonly opcode: number;
}
const NOTHING_READ: Read = { at: 0, opcode: 0 };

const [LOCAL_GET, LOCAL_TEE, GLOBAL_GET] = [0x20, 0x22, 0x23];
/** The constants. */
const [FIRST_CONST, LAST_CONST] = [0x41, 0x44];

/**
 * The limit of a module; undefined where the module exports none. Throws a LoadError where the
 * export is not what it has to be.
 */
export function storeLimitOf(name: string, bytes: Uint8Array): LimitGlobal | undefined {
  const exported = exportedGlobals(bytes);
  const index = exported.get(LIMIT_EXPORT);
  if (index === undefined) return undefined;
  const first = constantOf(bytes, index, true);
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
    for (const { at, write, top } of places) {
      out.copy(this.#bytes, copied, at);
      copied = at;
      if (write === undefined) writeMaximum(out, this.#limit, temporaries);
      else if (top === "operands") writeCheck(out, this.#limit, write, temporaries);
      else if (top === "address") checkTopmost(out, this.#limit, write, temporaries);
      else {
        // The instruction that follows pushes the address, and changes nothing.
        const address = new Cursor(this.#bytes, at);
        out.indexed(address.byte(), address.u32());
        trapBeyond(out, this.#limit, write);
      }
    }
    out.copy(this.#bytes, copied, body.at);
    out.endBody();
  }

  /** Where code is to be inserted. Asks for the locals that it needs. */
  #placesIn(body: Cursor, temporaries: Temporaries): readonly Place[] {
    const places: Place[] = [];
    // The last instructions, the newest first.
    let read: readonly Read[] = Array(4).fill(NOTHING_READ);
    walk(body, {
      ...IGNORE,
      instruction: opcode => {
        read = [{ at: body.at - 1, opcode }, ...read.slice(0, 3)];
      },
      writes: at => {
        const write = readWrite(new Cursor(this.#bytes, at));
        const place = placeOf(at, write, read.slice(1));
        if (place.top !== "neither") temporaries.need(place.top === "operands" ? write.operands : []);
        places.push(place);
      },
      setsGlobal: (index, at) => {
        if (index !== this.#limit.index) return;
        temporaries.need([]);
        places.push({ at, write: undefined, top: "operands" });
      },
    });
    return places;
  }
}

/**
 * Where a check of a write has the fewest bytes. Where the value is computed by one instruction, or
 * by one and a `local.tee`, the check can come before it. Where an instruction like that pushes the
 * address, too, the check pushes the address itself.
 *
 * @param before the instructions before the write, the last one first
 */
function placeOf(at: number, write: Write, before: readonly Read[]): Place {
  if (write.operands.length !== 1) return { at, write, top: "operands" };
  const ofValue = before[0].opcode === LOCAL_TEE ? 2 : 1;
  const value = before[ofValue - 1];
  if (!isPlain(value.opcode)) return { at, write, top: "operands" };
  const address = before[ofValue];
  const isAgain = address.opcode === LOCAL_GET || address.opcode === GLOBAL_GET;
  return isAgain ? { at: address.at, write, top: "neither" } : { at: value.at, write, top: "address" };
}

/** Whether an instruction takes nothing, pushes one value, and does nothing else. */
function isPlain(opcode: number): boolean {
  return opcode === LOCAL_GET || opcode === GLOBAL_GET || (opcode >= FIRST_CONST && opcode <= LAST_CONST);
}
