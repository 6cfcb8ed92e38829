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

/** Whether the `length` bytes at `ptr` are UTF-8: what the decoder makes of others is nonsense. */
export function isValid(ptr: usize, length: i32): bool {
  const end = ptr + length;
  while (ptr < end) {
    const lead = load<u8>(ptr++);
    if (lead < 0x80) continue;
    const more: i32 = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
    if (more === 0 || ((end - ptr) as i32) < more) return false;
    // That it is longer than it need be, half a surrogate pair, or beyond U+10FFFF shows in the second byte.
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
