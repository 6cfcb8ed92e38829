/** The types of blocks: what a block takes and leaves on the operand stack. */
import type { Cursor } from "./cursor.ts";
import { readValueType } from "./value-type.ts";

/** How many values a function, or a block, takes and leaves. */
export interface Arity {
  readonly parameters: number;
  readonly results: number;
}

/** For the block types that are not an index. */
const NO_VALUES = -1;
const ONE_RESULT = -2;
const ARITY_OF_NO_VALUES: Arity = { parameters: 0, results: 0 };
const ARITY_OF_ONE_RESULT: Arity = { parameters: 0, results: 1 };

/** Answers the index of a type, or one of the numbers above; `arityOfBlock` takes both. */
export function readBlockType(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at];
  if (byte === 0x40) {
    cursor.skip(1);
    return NO_VALUES;
  }
  // A signed number. A negative one is the type of the only result.
  if (byte > 0x40 && byte < 0x80) {
    readValueType(cursor);
    return ONE_RESULT;
  }
  return cursor.u32();
}

/** @param types the types of the module, by index */
export function arityOfBlock(cursor: Cursor, types: readonly Arity[], type: number): Arity {
  if (type === NO_VALUES) return ARITY_OF_NO_VALUES;
  if (type === ONE_RESULT) return ARITY_OF_ONE_RESULT;
  return types[type] ?? cursor.fail(`has a block of the type ${type}, which it does not have`);
}
