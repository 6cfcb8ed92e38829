/**
 * Strings of AssemblyScript are UTF-16, those of the ABI UTF-8. A text on its way out is encoded into one buffer that is
 * used again and again, so that sending or logging it allocates nothing; it stands there until the next `encode`.
 */

/** Where the text last encoded stands. */
export let ptr: usize = 0;

/** Bytes of room at `ptr`. */
let cap: i32 = 0;

/** Encodes `text` at `ptr` and returns its length in bytes. Half a surrogate pair becomes U+FFFD. */
export function encode(text: string): i32 {
  const length = String.UTF8.byteLength(text);
  if (length > cap) {
    if (cap > 0) heap.free(ptr);
    cap = max<i32>(length, max<i32>(64, cap * 2));
    ptr = heap.alloc(cap);
  }
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, ptr, false, String.UTF8.ErrorMode.REPLACE);
  return length;
}
