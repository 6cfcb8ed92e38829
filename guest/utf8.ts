/**
 * Strings of AssemblyScript are UTF-16; the ABI uses UTF-8. An outgoing text is encoded into one
 * buffer, which is reused, so that sending or logging a text allocates nothing. The text stays
 * there until the next `encode`.
 */

/** The address of the text that was encoded last. */
export let ptr: usize = 0;

/** Bytes of the buffer at `ptr`. */
let cap: i32 = 0;

/**
 * Encodes `text` at `ptr`, and returns its length in bytes. Half a surrogate pair becomes U+FFFD.
 */
export function encode(text: string): i32 {
  const length = String.UTF8.byteLength(text);
  if (length > cap) {
    if (cap > 0) heap.free(ptr);
    cap = max<i32>(length, max<i32>(64, cap * 2));
    ptr = heap.alloc(cap);
  }
  write(text, ptr);
  return length;
}

/**
 * Writes `text` at `at`, where `String.UTF8.byteLength(text)` bytes have room. Half a surrogate
 * pair becomes U+FFFD.
 */
export function write(text: string, at: usize): void {
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, at, false, String.UTF8.ErrorMode.REPLACE);
}

/**
 * Whether the `length` bytes at `ptr` are UTF-8. The decoder of AssemblyScript does not check that.
 */
export function isValid(ptr: usize, length: i32): bool {
  const end = ptr + length;
  while (ptr < end) {
    const lead = load<u8>(ptr++);
    if (lead < 0x80) continue;
    const more: i32 = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
    if (more === 0 || ((end - ptr) as i32) < more) return false;
    // The second byte tells overlong encodings, halves of surrogate pairs, and values beyond
    // U+10FFFF.
    const second = load<u8>(ptr);
    const least: u8 = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const most: u8 = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    for (let i = 1; i < more; i++) {
      if ((load<u8>(ptr + i) & 0xc0) !== 0x80) return false;
    }
    ptr += more;
  }
  return true;
}
