/**
 * The kernel's memory and the guest's, for the kernel as TypeScript. `memory.as.ts` has the same
 * functions for AssemblyScript, where each is one or two instructions. Addresses and words are i32.
 *
 * Tests run the kernel on this file, with memories of their own: see `useMemories`.
 */

const PAGE_BYTES = 65_536;

let words = new Int32Array(0);
let bytes = new Uint8Array(0);
let doubles = new Float64Array(0);
let kernel: WebAssembly.Memory | null = null;
let guest: WebAssembly.Memory | null = null;
let guestWords = new Int32Array(0);

/** The memories that the functions below use from now on. */
export function useMemories(ofKernel: WebAssembly.Memory, ofGuest: WebAssembly.Memory): void {
  kernel = ofKernel;
  guest = ofGuest;
  refresh();
}

/** A memory that has grown has another buffer. */
function refresh(): void {
  const { buffer } = kernel as WebAssembly.Memory;
  words = new Int32Array(buffer);
  bytes = new Uint8Array(buffer);
  doubles = new Float64Array(buffer);
}

/** A word of the kernel's memory. All addresses of words are multiples of 4. */
export function load(address: i32): i32 {
  return words[address >>> 2];
}

export function store(address: i32, value: i32): void {
  words[address >>> 2] = value;
}

/** Two words side by side, at a multiple of 8. */
export function store2(address: i32, first: i32, second: i32): void {
  words[address >>> 2] = first;
  words[(address >>> 2) + 1] = second;
}

/** Two words of the kernel's memory, from one multiple of 8 to another. */
export function copy2(to: i32, from: i32): void {
  words[to >>> 2] = words[from >>> 2];
  words[(to >>> 2) + 1] = words[(from >>> 2) + 1];
}

/** Whether two words side by side, at a multiple of 8, are these. */
export function are2(address: i32, first: i32, second: i32): bool {
  return words[address >>> 2] === first && words[(address >>> 2) + 1] === second;
}

/** Adds one to a double. */
export function count(address: i32): void {
  doubles[address >>> 3]++;
}

/** Adds a number to a double. */
export function add(address: i32, amount: i32): void {
  doubles[address >>> 3] += amount;
}

/** Whether two doubles and a number are together at most a third double. */
export function fits(address: i32, other: i32, amount: i32, limit: i32): bool {
  return doubles[address >>> 3] + doubles[other >>> 3] + amount <= doubles[limit >>> 3];
}

/** The product of two words, modulo 2^32. */
export function times(a: i32, b: i32): i32 {
  return Math.imul(a, b);
}

/** Within the kernel's memory. The ranges may overlap. */
export function copy(to: i32, from: i32, length: i32): void {
  bytes.copyWithin(to >>> 0, from >>> 0, (from >>> 0) + length);
}

/** Makes bytes of the kernel's memory 0. */
export function clear(address: i32, length: i32): void {
  bytes.fill(0, address >>> 0, (address >>> 0) + length);
}

/** The size of the kernel's memory in pages of 64 KiB. */
export function pages(): i32 {
  return bytes.length / PAGE_BYTES;
}

/** Grows the kernel's memory. False: the engine refuses, and nothing has changed. */
export function grow(by: i32): bool {
  try {
    kernel?.grow(by);
  } catch {
    return false;
  }
  refresh();
  return true;
}

/** Whether one number is less than another, both without a sign. */
export function below(a: i32, b: i32): bool {
  return a >>> 0 < b >>> 0;
}

/** The size of the guest's memory in pages of 64 KiB. */
export function guestPages(): i32 {
  return (guest as WebAssembly.Memory).buffer.byteLength / PAGE_BYTES;
}

/** Whether bytes lie inside the guest's memory, or are none. Both numbers have no sign. */
export function isInside(pointer: i32, length: i32): bool {
  return length >>> 0 === 0 || (pointer >>> 0) + (length >>> 0) <= (guest as WebAssembly.Memory).buffer.byteLength;
}

/** Whether bytes of the guest's memory are the same as some of the kernel's. */
export function guestIs(pointer: i32, at: i32, length: i32): bool {
  const theirs = new Uint8Array((guest as WebAssembly.Memory).buffer);
  for (let i = 0; i < length; i++) if (theirs[(pointer >>> 0) + i] !== bytes[(at >>> 0) + i]) return false;
  return true;
}

/** From the guest's memory to the kernel's. */
export function copyIn(to: i32, pointer: i32, length: i32): void {
  if (length === 0) return;
  bytes.set(new Uint8Array((guest as WebAssembly.Memory).buffer, pointer >>> 0, length), to >>> 0);
}

/** From the kernel's memory to the guest's. */
export function copyOut(pointer: i32, from: i32, length: i32): void {
  if (length === 0) return;
  new Uint8Array((guest as WebAssembly.Memory).buffer).set(
    bytes.subarray(from >>> 0, (from >>> 0) + length),
    pointer >>> 0,
  );
}

/** A byte of the guest's memory. */
export function guestLoad8(pointer: i32): i32 {
  return new DataView((guest as WebAssembly.Memory).buffer).getUint8(pointer >>> 0);
}

export function guestStore8(pointer: i32, value: i32): void {
  new DataView((guest as WebAssembly.Memory).buffer).setUint8(pointer >>> 0, value);
}

/** A word of the guest's memory, at any address. */
export function guestLoad32(pointer: i32): i32 {
  return new DataView((guest as WebAssembly.Memory).buffer).getInt32(pointer >>> 0, true);
}

export function guestStore32(pointer: i32, value: i32): void {
  new DataView((guest as WebAssembly.Memory).buffer).setInt32(pointer >>> 0, value, true);
}

/** Two words side by side in the guest's memory, at a multiple of 4. */
export function guestStore2(pointer: i32, first: i32, second: i32): void {
  const view = new DataView((guest as WebAssembly.Memory).buffer);
  view.setInt32(pointer >>> 0, first, true);
  view.setInt32((pointer >>> 0) + 4, second, true);
}

/** Two words side by side, from the kernel's memory to the guest's. */
export function guestCopy2(pointer: i32, from: i32): void {
  guestStore2(pointer, words[from >>> 2], words[(from >>> 2) + 1]);
}

/** The guest's memory as words. It may have grown, or be another guest's. */
function wordsOfGuest(): Int32Array {
  const { buffer } = guest as WebAssembly.Memory;
  if (guestWords.buffer !== buffer) guestWords = new Int32Array(buffer);
  return guestWords;
}

/** Whether 256 bytes of the guest's memory are 0. They begin at a multiple of 4, like all lines. */
export function guestIsZero(pointer: i32): bool {
  const first = pointer >>> 2;
  return !wordsOfGuest()
    .subarray(first, first + 64)
    .some(word => word !== 0);
}

/** Whether 256 bytes of the guest's memory are the same as some of the kernel's. */
export function guestChunkIs(pointer: i32, at: i32): bool {
  const guestLines = wordsOfGuest();
  for (let i = 0; i < 64; i++) if (guestLines[(pointer >>> 2) + i] !== words[(at >>> 2) + i]) return false;
  return true;
}

/** Whether a line of 64 bytes in the guest's memory is the same as one in the kernel's. */
export function guestLineIs(pointer: i32, at: i32): bool {
  return guestLineDiffers(pointer, at) === 0;
}

/** Which words of 8 bytes of a line in the guest's memory are others than those of one in the kernel's, as bits. */
export function guestLineDiffers(pointer: i32, at: i32): i32 {
  const guestLine = wordsOfGuest();
  let mask = 0;
  for (let i = 0; i < 16; i++) {
    if (guestLine[(pointer >>> 2) + i] !== words[(at >>> 2) + i]) mask |= 1 << (i >> 1);
  }
  return mask;
}

/** Which words of 8 bytes of two lines in the kernel's memory differ, as bits. */
export function lineDiffers(one: i32, other: i32): i32 {
  let mask = 0;
  for (let i = 0; i < 16; i++) {
    if (words[(one >>> 2) + i] !== words[(other >>> 2) + i]) mask |= 1 << (i >> 1);
  }
  return mask;
}

/** A line from the guest's memory to the kernel's. */
export function guestLineIn(to: i32, pointer: i32): void {
  copyIn(to, pointer, 64);
}

/** A line from the kernel's memory to the guest's. */
export function guestLineOut(pointer: i32, from: i32): void {
  copyOut(pointer, from, 64);
}

/** Two words side by side, from the guest's memory to the kernel's. */
export function guestTake2(to: i32, pointer: i32): void {
  copyIn(to, pointer, 8);
}

/** Makes bytes of the guest's memory 0. */
export function guestClear(pointer: i32, length: i32): void {
  new Uint8Array((guest as WebAssembly.Memory).buffer).fill(0, pointer >>> 0, (pointer >>> 0) + (length >>> 0));
}

/** How many bits of a number are 1. */
export function bitsIn(value: i32): i32 {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}

/** The place of the lowest bit of a number that is 1. The number is not 0. */
export function lowestBit(value: i32): i32 {
  return 31 - Math.clz32(value & -value);
}
