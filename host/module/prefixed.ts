/**
 * Reads the instructions whose opcode has two parts: a prefix and a number. Those that read one
 * begin behind the prefix, and answer the weight of the instruction.
 */
import type { Cursor } from "./cursor.ts";
import type { Visitor } from "./visitor.ts";
import { weights } from "./weights.ts";

export function skipMemoryArgument(cursor: Cursor): void {
  // Bit 6 of the alignment says that the index of a memory follows.
  if ((cursor.u32() & 0x40) !== 0) cursor.u32();
  cursor.skipNumber(10);
}

export function readMiscellaneous(cursor: Cursor, visitor: Visitor, from: number): number {
  const opcode = cursor.u32();
  const weight = weights.miscellaneous[opcode] ?? 0;
  if (opcode <= 7) return weight; // saturating truncations
  switch (opcode) {
    case 8: // memory.init
    case 10: // memory.copy
      visitor.writes?.(from);
      visitor.bulk(from, false);
      cursor.u32();
      cursor.u32();
      break;
    case 12: // table.init
    case 14: // table.copy
      visitor.bulk(from, true);
      visitor.changesInstance();
      cursor.u32();
      cursor.u32();
      break;
    case 11: // memory.fill
      visitor.writes?.(from);
      visitor.bulk(from, false);
      cursor.u32();
      break;
    case 15: // table.grow
      // Charged like bytes: few tables grow far, none beyond its limit, and growth that is refused
      // costs nothing.
      visitor.bulk(from, false);
      visitor.changesInstance();
      cursor.u32();
      break;
    case 17: // table.fill
      visitor.bulk(from, true);
      visitor.changesInstance();
      cursor.u32();
      break;
    case 9: // data.drop
    case 13: // elem.drop
      visitor.changesInstance();
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

export function readVector(cursor: Cursor, visitor: Visitor, from: number): number {
  const opcode = cursor.u32();
  if (opcode === 11 || (opcode >= 88 && opcode <= 91)) visitor.writes?.(from);
  if (opcode <= 11 || opcode === 92 || opcode === 93) skipMemoryArgument(cursor);
  else if (opcode === 12 || opcode === 13) cursor.skip(16);
  else if (opcode >= 21 && opcode <= 34) cursor.skip(1);
  else if (opcode >= 84 && opcode <= 91) {
    skipMemoryArgument(cursor);
    cursor.skip(1);
  } else if (opcode > 0x113) unknown(cursor, `0xfd ${opcode}`);
  return weights.vector[opcode];
}

export function readAtomic(cursor: Cursor, visitor: Visitor, from: number): number {
  const opcode = cursor.u32();
  if (opcode === 3) cursor.skip(1);
  else if (opcode <= 2 || (opcode >= 0x10 && opcode <= 0x4e)) {
    if (opcode >= 0x17) visitor.writes?.(from);
    skipMemoryArgument(cursor);
  } else unknown(cursor, `0xfe ${opcode}`);
  return weights.atomic[opcode];
}

export function unknown(cursor: Cursor, opcode: string): never {
  return cursor.fail(`uses the instruction ${opcode}, which isopod does not know`);
}
