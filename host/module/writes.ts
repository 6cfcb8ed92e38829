/**
 * The instructions that write memory: how many bytes each writes, and what it takes from the stack.
 * `walk` tells where one stands (instructions.ts), and `readWrite` reads it.
 */
import type { Cursor } from "./cursor.ts";
import { F32, F64, I32, I64, V128 } from "./value-type.ts";

/** An instruction that writes memory. Below its operands lies the address. */
export interface Write {
  /** It writes up to so many bytes behind its address. Of a bulk instruction, 0. */
  readonly end: number;
  /** The types of the operands above the address. The topmost is last. */
  readonly operands: readonly number[];
  /** The topmost operand is the number of bytes. */
  readonly isBulk: boolean;
}

type Row = readonly [bytes: number, ...operands: number[]];

/** From 0x36 on. */
const PLAIN: readonly Row[] = [
  [4, I32],
  [8, I64],
  [4, F32],
  [8, F64],
  [1, I32],
  [2, I32],
  [1, I64],
  [2, I64],
  [4, I64],
];
const FIRST_PLAIN = 0x36;

const V128_STORE = 11;
/** The first of the four stores of a lane. */
const FIRST_LANE = 88;

/** From 0x17 on: the stores, then seven of each kind in the same order. */
const ATOMIC: readonly Row[] = [
  [4, I32],
  [8, I64],
  [1, I32],
  [2, I32],
  [1, I64],
  [2, I64],
  [4, I64],
];
const FIRST_ATOMIC = 0x17;
/** The first that compares, so it takes two values. */
const FIRST_EXCHANGE = 0x48;

const BULK: Write = { end: 0, operands: [I32, I32], isBulk: true };

/** Reads an instruction of which `walk` has told that it writes memory. Only its end is not read. */
export function readWrite(cursor: Cursor): Write {
  const opcode = cursor.byte();
  const [bytes, ...operands] = opcode < 0xfc ? PLAIN[opcode - FIRST_PLAIN] : rowOf(opcode, cursor.u32());
  return bytes === 0 ? BULK : { end: bytes + offsetAt(cursor), operands, isBulk: false };
}

function rowOf(prefix: number, opcode: number): Row {
  if (prefix === 0xfc) return [0];
  if (prefix === 0xfd) return [opcode === V128_STORE ? 16 : 1 << (opcode - FIRST_LANE), V128];
  const [bytes, type] = ATOMIC[(opcode - FIRST_ATOMIC) % ATOMIC.length];
  return opcode < FIRST_EXCHANGE ? [bytes, type] : [bytes, type, type];
}

/** Reads the argument of an instruction that accesses memory. */
function offsetAt(cursor: Cursor): number {
  // Bit 6 of the alignment says that the index of a memory follows.
  if ((cursor.u32() & 0x40) !== 0) cursor.u32();
  return cursor.u32();
}
