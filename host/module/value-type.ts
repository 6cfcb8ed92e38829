/**
 * The types of values in a WebAssembly binary: numbers, vectors and references. A type that isopod
 * does not know is refused, never guessed.
 */
import { type Cursor, hex } from "./cursor.ts";

/** The types of numbers, and of vectors of them, are one byte each. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
const NUMBERS = ["v128", "f64", "f32", "i64", "i32"];

/**
 * The first of the named reference types. The byte of such a type stands alone, or behind 0x63 or
 * 0x64.
 */
export const EXCEPTION = 0x69;
const REFERENCES = "exn array struct i31 eq any extern func none noextern nofunc noexn".split(" ");
/**
 * Stands for a reference to a type of the module, by its index. It is a type of functions, because
 * confine.ts refuses all others.
 */
export const INDEXED = 0;

/** Answers the byte of a number type or of a named reference type, or INDEXED. */
export function readValueType(cursor: Cursor): number {
  const byte = cursor.byte();
  if (byte >= V128 && byte <= I32) return byte;
  const isLong = byte === 0x63 || byte === 0x64;
  // A signed number: named types are below 0. The sign is a bit of the last byte.
  const type = isLong ? cursor.u32() : byte;
  if (isLong && (cursor.bytes[cursor.at - 1] & 0x40) === 0) return INDEXED;
  if (REFERENCES[type - EXCEPTION] === undefined) cursor.fail(`has the type ${hex(type)}, which isopod does not know`);
  return type;
}

/** As the text format has it: `i32`, `(ref extern)`. */
export function valueTypeName(type: number): string {
  return NUMBERS[type - V128] ?? `(ref ${REFERENCES[type - EXCEPTION] ?? "func"})`;
}
