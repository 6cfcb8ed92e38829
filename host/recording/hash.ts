/** A hash of 128 bits that tells memories apart. It is fast, and no one who wants to can be kept from making two alike. */
const SEEDS = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const;

export function hashOf(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let [a, b, c, d] = SEEDS as readonly number[];
  for (const part of parts) {
    a = Math.imul(a ^ part.length, SEEDS[1]);
    const view = new DataView(part.buffer, part.byteOffset, part.length);
    const whole = part.length & ~15;
    for (let at = 0; at < whole; at += 16) {
      a = mixed(a, view.getInt32(at, true));
      b = mixed(b, view.getInt32(at + 4, true));
      c = mixed(c, view.getInt32(at + 8, true));
      d = mixed(d, view.getInt32(at + 12, true));
    }
    for (let at = whole; at < part.length; at++) a = mixed(a, part[at]);
    [a, b, c, d] = [mixed(a, b), mixed(b, c), mixed(c, d), mixed(d, a)];
  }
  return new Uint8Array(Int32Array.of(mixed(a, d), mixed(b, a), mixed(c, b), mixed(d, c)).buffer);
}

function mixed(hash: number, word: number): number {
  const next = Math.imul(hash ^ word, 0x9e3779b1);
  return next ^ (next >>> 15);
}

export const HASH_BYTES = 16;

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
}
