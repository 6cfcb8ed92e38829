/**
 * Walks WebAssembly instructions, byte by byte: how long each is, and where an index stands in it that code which is added to the module
 * would shift. It knows the instructions of WebAssembly 2.0 with tail calls, exceptions (both generations), typed function references,
 * atomics and relaxed SIMD. Whatever else it meets it refuses: an instruction of unknown length could hide a loop.
 */

import { weights } from "./weights.ts";

/** The bytes use a part of the format that is not known here, or end too soon. The message says where. */
export class Undecodable extends Error {}

/** Reads what a binary is made of. Never past its end: what is cut off is Undecodable. */
export class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  #end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end;
  }

  /** The same bytes up to a nearer end. */
  within(length: number): Cursor {
    if (length > this.#end - this.at) this.fail("ends too soon");
    return new Cursor(this.bytes, this.at, this.at + length);
  }

  fail(why: string): never {
    throw new Undecodable(`${why} (at byte ${this.at})`);
  }

  byte(): number {
    if (this.at >= this.#end) this.fail("ends too soon");
    return this.bytes[this.at++];
  }

  skip(length: number): void {
    if (length > this.#end - this.at) this.fail("ends too soon");
    this.at += length;
  }

  u32(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value < 2 ** 32 ? value : this.fail("has a number beyond 32 bits");
    }
    return this.fail("has a number beyond 32 bits");
  }

  /** A number of which only the length matters, at most so many bytes. */
  skipNumber(mostBytes: number): void {
    for (let i = 0; i < mostBytes; i++) if (this.byte() < 0x80) return;
    this.fail("has too long a number");
  }

  name(): string {
    const length = this.u32();
    const start = this.at;
    this.skip(length);
    return new TextDecoder().decode(this.bytes.subarray(start, this.at));
  }

  /** A value type; a reference type may be two numbers. Answers its first byte. */
  valueType(): number {
    const byte = this.byte();
    if (byte === 0x63 || byte === 0x64) this.skipNumber(5);
    else if (byte < 0x40 || byte > 0x7f) this.fail(`has the value type ${hex(byte)}, which is not known here`);
    return byte;
  }

  /** How often to go on; each round reads at least one byte, so a false count ends with the bytes. */
  each(read: () => void): void {
    for (let left = this.u32(); left > 0; left--) read();
  }
}

/** What the walk tells of an instruction. `-1`: there is no such index in it. */
export interface Visitor {
  /** Names a function by the index that stands in the bytes from `from` to the cursor. */
  functionIndex(index: number, from: number): void;
  /** Calls a function by its index, or something of a type. */
  call(functionIndex: number, typeIndex: number): void;
  globalIndex(index: number): void;
  /** Begins, at `from`, an instruction that takes time for each byte, or element of a table, their number topmost on the stack. */
  bulk(from: number, ofTable: boolean): void;
  /** Changes what outlives the memory: a table, or a segment that is dropped. */
  lasts(): void;
  /** Every instruction, before all else that is told of it. The cursor stands behind the opcode's first byte. */
  instruction?(opcode: number): void;
  /** Follows the paths through the code, where somebody wants to know them. */
  readonly flow?: Flow;
}

/** What a block takes and leaves. */
export interface FunctionType {
  readonly parameters: number;
  readonly results: number;
}

/** Types of blocks that have no index: nothing, and one result. */
export const NOTHING_TYPE = -1;
export const ONE_RESULT_TYPE = -2;

/** How control goes through the instructions. Each is told when the cursor is behind the instruction. A depth counts labels from the innermost. */
export interface Flow {
  /** What was walked since the last time weighs so many ticks (weights.ts). Told before anything else here. */
  run(ticks: number): void;
  block(type: number): void;
  loop(type: number): void;
  if(type: number): void;
  /** What is thrown in it goes on at one of these labels, which are counted from outside of it, or at a `catch`. */
  try(type: number, handlers: readonly number[]): void;
  else(): void;
  catch(): void;
  end(): void;
  /** Goes on at one of these labels, which take the same values, or behind the instruction. */
  branch(depths: Iterable<number>): void;
  /** Leaves the function. */
  return(): void;
  /** Never goes on behind the instruction. */
  leave(): void;
}

const NO_HANDLERS: readonly number[] = [];

/** Walks instructions up to the `end` that is the expression's own. */
export function walk(cursor: Cursor, visitor: Visitor): void {
  const { flow } = visitor;
  const tellsEach = visitor.instruction !== undefined;
  let depth = 0;
  let ticks = 0;
  for (;;) {
    const from = cursor.at;
    const opcode = cursor.byte();
    if (tellsEach) visitor.instruction?.(opcode);
    ticks += weights.plain[opcode];
    if (opcode >= 0x45 && opcode <= 0xc4) continue;
    if (opcode >= 0x28 && opcode <= 0x3e) {
      memoryArgument(cursor);
      continue;
    }
    switch (opcode) {
      case 0x01: // nop
      case 0x1a: // drop
      case 0x1b: // select
      case 0xd1: // ref.is_null
      case 0xd3: // ref.eq
      case 0xd4: // ref.as_non_null
        continue;
      case 0x10: // call
        visitor.call(functionIndex(cursor, visitor), -1);
        continue;
      case 0xd2: // ref.func
        functionIndex(cursor, visitor);
        continue;
      case 0x11: // call_indirect
        visitor.call(-1, cursor.u32());
        cursor.u32();
        continue;
      case 0x14: // call_ref
        visitor.call(-1, cursor.u32());
        continue;
      case 0x1c: // select with types
        cursor.each(() => cursor.valueType());
        continue;
      case 0x23: // global.get
      case 0x24: // global.set
        visitor.globalIndex(cursor.u32());
        continue;
      case 0x20: // local.get
      case 0x21: // local.set
      case 0x22: // local.tee
      case 0x25: // table.get
      case 0x3f: // memory.size
      case 0x40: // memory.grow
        cursor.u32();
        continue;
      case 0x26: // table.set
        visitor.lasts();
        cursor.u32();
        continue;
      case 0x41: // i32.const
      case 0xd0: // ref.null
        cursor.skipNumber(5);
        continue;
      case 0x42: // i64.const
        cursor.skipNumber(10);
        continue;
      case 0x43: // f32.const
        cursor.skip(4);
        continue;
      case 0x44: // f64.const
        cursor.skip(8);
        continue;
      case 0xfc:
        ticks += miscellaneous(cursor, visitor, from);
        continue;
      case 0xfd:
        ticks += vector(cursor);
        continue;
      case 0xfe:
        ticks += atomic(cursor);
        continue;
    }
    // Control: the others that are not known end up here, too.
    flow?.run(ticks);
    ticks = 0;
    switch (opcode) {
      case 0x02: {
        // block
        const type = blockType(cursor);
        depth++;
        flow?.block(type);
        break;
      }
      case 0x03: {
        // loop
        const type = blockType(cursor);
        depth++;
        flow?.loop(type);
        break;
      }
      case 0x04: {
        // if
        const type = blockType(cursor);
        depth++;
        flow?.if(type);
        break;
      }
      case 0x06: {
        // try
        const type = blockType(cursor);
        depth++;
        flow?.try(type, NO_HANDLERS);
        break;
      }
      case 0x1f: {
        // try_table
        const type = blockType(cursor);
        const handlers: number[] = [];
        cursor.each(() => {
          if (cursor.byte() < 2) cursor.u32();
          handlers.push(labelIndex(cursor, depth));
        });
        depth++;
        flow?.try(type, handlers);
        break;
      }
      case 0x05: // else
        flow?.else();
        break;
      case 0x07: // catch
        cursor.u32();
        flow?.catch();
        break;
      case 0x19: // catch_all
        flow?.catch();
        break;
      case 0x18: // delegate, which is also an end
        cursor.u32();
        if (--depth < 0) cursor.fail("has a delegate outside of a try");
        flow?.end();
        break;
      case 0x0b: // end
        flow?.end();
        if (--depth < 0) return;
        break;
      case 0x0c: {
        // br
        const label = labelIndex(cursor, depth);
        flow?.branch([label]);
        flow?.leave();
        break;
      }
      case 0x0d: // br_if
      case 0xd5: // br_on_null
      case 0xd6: {
        // br_on_non_null
        const label = labelIndex(cursor, depth);
        flow?.branch([label]);
        break;
      }
      case 0x0e: {
        // br_table
        const labels = new Set<number>();
        cursor.each(() => labels.add(labelIndex(cursor, depth)));
        labels.add(labelIndex(cursor, depth));
        flow?.branch(labels);
        flow?.leave();
        break;
      }
      case 0x0f: // return
        flow?.return();
        break;
      case 0x00: // unreachable
      case 0x0a: // throw_ref
        flow?.leave();
        break;
      case 0x08: // throw
      case 0x09: // rethrow
        cursor.u32();
        flow?.leave();
        break;
      case 0x12: // return_call
        visitor.call(functionIndex(cursor, visitor), -1);
        flow?.return();
        break;
      case 0x13: // return_call_indirect
        visitor.call(-1, cursor.u32());
        cursor.u32();
        flow?.return();
        break;
      case 0x15: // return_call_ref
        visitor.call(-1, cursor.u32());
        flow?.return();
        break;
      default:
        unknown(cursor, hex(opcode));
    }
  }
}

function functionIndex(cursor: Cursor, visitor: Visitor): number {
  const from = cursor.at;
  const index = cursor.u32();
  visitor.functionIndex(index, from);
  return index;
}

function labelIndex(cursor: Cursor, depth: number): number {
  const index = cursor.u32();
  if (index > depth) cursor.fail(`branches to the label ${index}, which it does not have`);
  return index;
}

/** The index of a type, NOTHING_TYPE or ONE_RESULT_TYPE. */
function blockType(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at];
  if (byte === 0x40) {
    cursor.skip(1);
    return NOTHING_TYPE;
  }
  // A signed number: what is negative is a type of a value.
  if (byte > 0x40 && byte < 0x80) {
    cursor.valueType();
    return ONE_RESULT_TYPE;
  }
  return cursor.u32();
}

function memoryArgument(cursor: Cursor): void {
  // Bit 6 of the alignment says that the number of a memory follows.
  if ((cursor.u32() & 0x40) !== 0) cursor.u32();
  cursor.skipNumber(10);
}

/** Answers the instruction's weight, as the next two do. */
function miscellaneous(cursor: Cursor, visitor: Visitor, from: number): number {
  const opcode = cursor.u32();
  const weight = weights.miscellaneous[opcode] ?? 0;
  if (opcode <= 7) return weight; // saturating truncations
  switch (opcode) {
    case 8: // memory.init
    case 10: // memory.copy
      visitor.bulk(from, false);
      cursor.u32();
      cursor.u32();
      break;
    case 12: // table.init
    case 14: // table.copy
      visitor.bulk(from, true);
      visitor.lasts();
      cursor.u32();
      cursor.u32();
      break;
    case 11: // memory.fill
      visitor.bulk(from, false);
      cursor.u32();
      break;
    case 15: // table.grow
      // Few tables grow far, and none beyond its limit: what is refused costs nothing.
      visitor.bulk(from, false);
      visitor.lasts();
      cursor.u32();
      break;
    case 17: // table.fill
      visitor.bulk(from, true);
      visitor.lasts();
      cursor.u32();
      break;
    case 9: // data.drop
    case 13: // elem.drop
      visitor.lasts();
      cursor.u32();
      break;
    case 16: // table.size
      cursor.u32();
      break;
    default:
      unknown(cursor, `0xfc ${opcode}`);
  }
  return weight;
}

function vector(cursor: Cursor): number {
  const opcode = cursor.u32();
  if (opcode <= 11 || opcode === 92 || opcode === 93) memoryArgument(cursor);
  else if (opcode === 12 || opcode === 13) cursor.skip(16);
  else if (opcode >= 21 && opcode <= 34) cursor.skip(1);
  else if (opcode >= 84 && opcode <= 91) {
    memoryArgument(cursor);
    cursor.skip(1);
  } else if (opcode > 0x113) unknown(cursor, `0xfd ${opcode}`);
  return weights.vector[opcode];
}

function atomic(cursor: Cursor): number {
  const opcode = cursor.u32();
  if (opcode === 3) cursor.skip(1);
  else if (opcode <= 2 || (opcode >= 0x10 && opcode <= 0x4e)) memoryArgument(cursor);
  else unknown(cursor, `0xfe ${opcode}`);
  return weights.atomic[opcode];
}

function unknown(cursor: Cursor, opcode: string): never {
  return cursor.fail(`uses the instruction ${opcode}, which is not known here`);
}

export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
