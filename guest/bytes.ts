/**
 * Byte arrays and raw memory, for the rest of the library.
 */

/** A copy of `length` bytes at `ptr`. */
export function copyOf(ptr: usize, length: i32): Uint8Array {
  const copy = new Uint8Array(length);
  memory.copy(copy.dataStart, ptr, length);
  return copy;
}

/** The address of the bytes; 0 for null. */
export function ptrOf(bytes: Uint8Array | null): usize {
  return bytes === null ? 0 : bytes.dataStart;
}

/** The number of the bytes; 0 for null. */
export function lengthOf(bytes: Uint8Array | null): i32 {
  return bytes === null ? 0 : bytes.length;
}
