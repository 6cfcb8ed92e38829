/**
 * The types of values in a WebAssembly binary: numbers, vectors and references. A type that is not
 * known here is refused, never guessed.
 */
import { type Cursor, hex } from "./cursor.ts";

/** The types of numbers, and of vectors of them, are one byte each. */
export const I32 = 0x7f;
export const V128 = 0x7b;
const NUMBERS = ["v128", "f64", "f32", "i64", "i32"];

/**
 * The types of references that have names, from this on. Their byte stands alone, or behind 0x63 or
 * 0x64.
 */
export const EXCEPTION = 0x69;
const REFERENCES = "exn array struct i31 eq any extern func none noextern nofunc noexn".split(" ");
/**
 * Stands for a reference to a type by its index. It is a function's, because confine.ts refuses all
 * other types.
 */
export const INDEXED = 0;

/** Answers the byte of a number's type, the byte of a reference's type that has a name, or INDEXED. */
export function readValueType(cursor: Cursor): number {
  const byte = cursor.byte();
  if (byte >= V128 && byte <= I32) return byte;
  const isLong = byte === 0x63 || byte === 0x64;
  // A signed number, whose sign is a bit of its last byte: the types that have names are below 0.
  const type = isLong ? cursor.u32() : byte;
  if (isLong && (cursor.bytes[cursor.at - 1] & 0x40) === 0) return INDEXED;
  if (REFERENCES[type - EXCEPTION] === undefined) cursor.fail(`has the type ${hex(type)}, which is not known here`);
  return type;
}

/** As the text format has it: `i32`, `(ref extern)`. */
export function valueTypeName(type: number): string {
  return NUMBERS[type - V128] ?? `(ref ${REFERENCES[type - EXCEPTION] ?? "func"})`;
}
