/** The values that CBOR carries, their bounds, and the first bytes of their encodings. */

/**
 * The values of CBOR that are supported: those of JSON, bytes, and whole numbers of up to 64 bits.
 */
export type Cbor =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Cbor[]
  | { readonly [key: string]: Cbor };

/**
 * How many arrays and maps may be nested. Code that walks a value recursively does not overflow its
 * stack.
 */
export const MAX_DEPTH = 100;

/**
 * How many values one message may contain. One byte of a message can become an object, which takes
 * 50 times as much memory.
 */
export const MAX_ITEMS = 1_000_000;

// The major types, in the upper three bits of a head.
export const UNSIGNED = 0;
export const NEGATIVE = 1;
export const BYTE_STRING = 2;
export const TEXT = 3;
export const ARRAY = 4;
export const MAP = 5;
export const SIMPLE = 7;

// Simple values, in the lower five bits.
export const FALSE = 20;
export const TRUE = 21;
export const NULL = 22;
