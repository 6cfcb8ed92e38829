// SHA-256 of 256 KiB, 64 bytes at a time. Its state is in arrays.

const K: StaticArray<u32> = constants();
const state = new StaticArray<u32>(8);
const words = new StaticArray<u32>(64);
const input = new StaticArray<u8>(4096);

export function run(): void {
  for (let i = 0; i < input.length; i++) input[i] = <u8>(i * 7);
  state[0] = 0x6a09e667;
  state[1] = 0xbb67ae85;
  state[2] = 0x3c6ef372;
  state[3] = 0xa54ff53a;
  state[4] = 0x510e527f;
  state[5] = 0x9b05688c;
  state[6] = 0x1f83d9ab;
  state[7] = 0x5be0cd19;
  for (let round = 0; round < 64; round++) {
    for (let at = 0; at < input.length; at += 64) block(at);
  }
  if (state[0] === 0) unreachable();
}

function block(at: i32): void {
  for (let i = 0; i < 16; i++) {
    const byte = at + i * 4;
    words[i] =
      ((<u32>input[byte]) << 24) |
      ((<u32>input[byte + 1]) << 16) |
      ((<u32>input[byte + 2]) << 8) |
      <u32>input[byte + 3];
  }
  for (let i = 16; i < 64; i++) {
    const early = words[i - 15];
    const late = words[i - 2];
    const s0 = rotr<u32>(early, 7) ^ rotr<u32>(early, 18) ^ (early >> 3);
    const s1 = rotr<u32>(late, 17) ^ rotr<u32>(late, 19) ^ (late >> 10);
    words[i] = words[i - 16] + s0 + words[i - 7] + s1;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + K[i] + words[i];
    const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/** The first 32 bits of the fractions of the cube roots of the first 64 primes. */
function constants(): StaticArray<u32> {
  const found = new StaticArray<u32>(64);
  let count = 0;
  for (let n = 2; count < 64; n++) {
    let isPrime = true;
    for (let i = 2; i * i <= n; i++) if (n % i === 0) isPrime = false;
    if (!isPrime) continue;
    const root = Math.cbrt(n);
    found[count++] = <u32>((root - Math.floor(root)) * 4294967296.0);
  }
  return found;
}
