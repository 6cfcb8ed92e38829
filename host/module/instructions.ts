/**
 * Walks WebAssembly instructions, byte by byte, and tells a visitor what they do. It knows the
 * instructions of WebAssembly 2.0 with tail calls, exceptions (both generations), typed function
 * references, atomics and relaxed SIMD. It refuses all others, because an instruction of unknown
 * length could hide a loop.
 */

import { readBlockType } from "./block-type.ts";
import { type Cursor, hex } from "./cursor.ts";
import { readAtomic, readMiscellaneous, readVector, skipMemoryArgument, unknown } from "./prefixed.ts";
import { readValueType } from "./value-type.ts";
import type { Visitor } from "./visitor.ts";
import { weights } from "./weights.ts";

const NO_HANDLERS: readonly number[] = [];

/** Walks an expression, or the code of a function, up to its own `end`. */
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
      if (opcode >= 0x36) visitor.writes?.(from);
      skipMemoryArgument(cursor);
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
        cursor.each(() => readValueType(cursor));
        continue;
      case 0x23: // global.get
        visitor.globalIndex(cursor.u32());
        continue;
      case 0x24: {
        // global.set
        const index = cursor.u32();
        visitor.globalIndex(index);
        visitor.setsGlobal?.(index, from);
        continue;
      }
      case 0x20: // local.get
      case 0x21: // local.set
      case 0x22: // local.tee
      case 0x25: // table.get
      case 0x3f: // memory.size
      case 0x40: // memory.grow
        cursor.u32();
        continue;
      case 0x26: // table.set
        visitor.changesInstance();
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
        ticks += readMiscellaneous(cursor, visitor, from);
        continue;
      case 0xfd:
        ticks += readVector(cursor, visitor, from);
        continue;
      case 0xfe:
        ticks += readAtomic(cursor, visitor, from);
        continue;
    }
    // Control flow, and opcodes that are not known.
    flow?.run(ticks);
    ticks = 0;
    switch (opcode) {
      case 0x02: {
        // block
        const type = readBlockType(cursor);
        depth++;
        flow?.block(type);
        break;
      }
      case 0x03: {
        // loop
        const type = readBlockType(cursor);
        depth++;
        flow?.loop(type);
        break;
      }
      case 0x04: {
        // if
        const type = readBlockType(cursor);
        depth++;
        flow?.if(type);
        break;
      }
      case 0x06: {
        // try
        const type = readBlockType(cursor);
        depth++;
        flow?.try(type, NO_HANDLERS);
        break;
      }
      case 0x1f: {
        // try_table
        const type = readBlockType(cursor);
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
