/**
 * SHA-256 (FIPS 180-4), at once. The engines' own digest answers by a promise, and pages without a secure
 * context have none.
 */

const BLOCK_BYTES = 64;
/** A block ends with the length of all bytes, in bits, as 8 bytes. */
const LENGTH_BYTES = 8;

/** The first 32 bits of the fractional part of a root of a prime. */
const fraction = (root: number) => (root - Math.floor(root)) * 2 ** 32;
const primes = firstPrimes(64);
/** Of the cube roots of the first 64 primes. */
const ROUNDS = Uint32Array.from(primes, prime => fraction(Math.cbrt(prime)));
/** Of the square roots of the first 8. */
const BEGIN = Uint32Array.from(primes.slice(0, 8), prime => fraction(Math.sqrt(prime)));

/** The digest of bytes: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const hash = BEGIN.slice();
  const words = new Uint32Array(64);
  const whole = bytes.length - (bytes.length % BLOCK_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < whole; at += BLOCK_BYTES) addBlock(hash, words, view, at);
  const rest = bytes.subarray(whole);
  const last = new Uint8Array(rest.length + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES);
  last.set(rest);
  last[rest.length] = 0x80;
  const lastView = new DataView(last.buffer);
  lastView.setBigUint64(last.length - LENGTH_BYTES, BigInt(bytes.length) * 8n);
  for (let at = 0; at < last.length; at += BLOCK_BYTES) addBlock(hash, words, lastView, at);
  const digest = new DataView(new ArrayBuffer(32));
  for (const [i, word] of hash.entries()) digest.setUint32(4 * i, word);
  return new Uint8Array(digest.buffer);
}

function addBlock(hash: Uint32Array, w: Uint32Array, view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const [early, late] = [w[i - 15], w[i - 2]];
    const s0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const s1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  let [a, b, c, d, e, f, g, h] = hash;
  for (let i = 0; i < 64; i++) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const one = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) hash[i] += value;
}

/** A word, turned to the right. */
function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every(prime => n % prime !== 0)) found.push(n);
  return found;
}
