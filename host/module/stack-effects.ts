/**
 * The effect of each instruction on the operand stack: how many values it puts there, less those
 * that it takes. Calls, blocks, branches and `throw` are not in the table, because their effect
 * depends on their immediates.
 */
import type { Cursor } from "./cursor.ts";

type Row = readonly [first: number, last: number, effect: number];

/** An opcode that is in no row has the effect 0. */
function table(size: number, rows: readonly Row[]): Int8Array {
  const effects = new Int8Array(size);
  for (const [first, last, effect] of rows) effects.fill(effect, first, last + 1);
  return effects;
}

const PLAIN = table(256, [
  [0x1a, 0x1a, -1], // drop
  [0x1b, 0x1c, -2], // select
  [0x20, 0x20, 1], // local.get
  [0x21, 0x21, -1], // local.set
  [0x23, 0x23, 1], // global.get
  [0x24, 0x24, -1], // global.set
  [0x26, 0x26, -2], // table.set
  [0x36, 0x3e, -2], // stores
  [0x3f, 0x3f, 1], // memory.size
  [0x41, 0x44, 1], // constants
  [0x46, 0x4f, -1], // i32, compared
  [0x51, 0x66, -1], // i64, f32 and f64, compared
  [0x6a, 0x78, -1], // i32, of two operands
  [0x7c, 0x8a, -1], // i64
  [0x92, 0x98, -1], // f32
  [0xa0, 0xa6, -1], // f64
  [0xd0, 0xd0, 1], // ref.null
  [0xd2, 0xd2, 1], // ref.func
  [0xd3, 0xd3, -1], // ref.eq
]);

const MISCELLANEOUS = table(18, [
  [8, 8, -3], // memory.init
  [10, 12, -3], // memory.copy, memory.fill, table.init
  [14, 14, -3], // table.copy
  [15, 15, -1], // table.grow
  [16, 16, 1], // table.size
  [17, 17, -3], // table.fill
]);

const VECTOR = table(0x114, [
  [11, 11, -2], // v128.store
  [12, 12, 1], // v128.const
  [13, 14, -1], // shuffle, swizzle
  [23, 23, -1], // replace_lane, six times
  [26, 26, -1],
  [28, 28, -1],
  [30, 30, -1],
  [32, 32, -1],
  [34, 34, -1],
  [35, 76, -1], // comparisons
  [78, 81, -1], // and, andnot, or, xor
  [82, 82, -2], // bitselect
  [84, 87, -1], // load_lane
  [88, 91, -2], // store_lane
  [101, 102, -1], // i8x16: narrow
  [107, 115, -1], // shifts, sums, differences
  [118, 121, -1], // least, greatest
  [123, 123, -1], // avgr_u
  [130, 130, -1], // i16x8: q15mulr_sat_s
  [133, 134, -1], // narrow
  [139, 147, -1],
  [149, 153, -1],
  [155, 159, -1], // avgr_u, extmul
  [171, 174, -1], // i32x4
  [177, 177, -1],
  [181, 186, -1],
  [188, 191, -1], // extmul
  [203, 206, -1], // i64x2
  [209, 209, -1],
  [213, 223, -1],
  [228, 235, -1], // f32x4
  [240, 247, -1], // f64x2
  [0x100, 0x100, -1], // relaxed swizzle
  [0x105, 0x10c, -2], // relaxed madd, nmadd, laneselect
  [0x10d, 0x112, -1], // relaxed min, max, q15mulr, dot
  [0x113, 0x113, -2], // relaxed dot and add
]);

const ATOMIC = table(0x4f, [
  [0, 0, -1], // notify
  [1, 2, -2], // wait
  [0x17, 0x1d, -2], // stores
  [0x1e, 0x47, -1], // read, modify, write
  [0x48, 0x4e, -2], // cmpxchg
]);

const PREFIXED: Readonly<Record<number, Int8Array>> = { 252: MISCELLANEOUS, 253: VECTOR, 254: ATOMIC };

/**
 * The effect of an instruction. The cursor stands behind the first byte of the opcode, and stays
 * there.
 */
export function stackEffect(opcode: number, cursor: Cursor): number {
  if (opcode < 0xfc) return PLAIN[opcode];
  const { at } = cursor;
  const effect = PREFIXED[opcode]?.[cursor.u32()] ?? 0;
  cursor.at = at;
  return effect;
}
