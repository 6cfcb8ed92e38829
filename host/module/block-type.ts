/** The types of blocks: what a block takes and leaves on the operand stack. */
import type { Cursor } from "./cursor.ts";
import { readValueType } from "./value-type.ts";

/** How many values a function, or a block, takes and leaves. */
export interface Arity {
  readonly parameters: number;
  readonly results: number;
}

/** Types of blocks that have no index: without values, and with one result. */
const NO_VALUES = -1;
const ONE_RESULT = -2;
const ARITY_OF_NO_VALUES: Arity = { parameters: 0, results: 0 };
const ARITY_OF_ONE_RESULT: Arity = { parameters: 0, results: 1 };

/** Answers a number that `arityOfBlock` takes. */
export function readBlockType(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at];
  if (byte === 0x40) {
    cursor.skip(1);
    return NO_VALUES;
  }
  // A signed number: what is negative is a type of a value.
  if (byte > 0x40 && byte < 0x80) {
    readValueType(cursor);
    return ONE_RESULT;
  }
  return cursor.u32();
}

/** @param types of the module, by index */
export function arityOfBlock(cursor: Cursor, types: readonly Arity[], type: number): Arity {
  if (type === NO_VALUES) return ARITY_OF_NO_VALUES;
  if (type === ONE_RESULT) return ARITY_OF_ONE_RESULT;
  return types[type] ?? cursor.fail(`has a block of the type ${type}, which it does not have`);
}
