/**
 * The kernel's memory and the guest's, for AssemblyScript: the same functions as in memory.ts.
 * Memory 0 is the kernel's. What touches the guest's is an import that compile.ts replaces by the
 * instructions in its name.
 */

/** Up to this length 8 bytes at a time are faster than `memory.copy`. */
const LOOP_MAX_BYTES: u32 = 64;

@inline function pair(first: i32, second: i32): i64 {
  return (<i64>(<u32>first)) | ((<i64>second) << 32);
}

@inline export function load(address: i32): i32 {
  return i32.load(address);
}

@inline export function store(address: i32, value: i32): void {
  i32.store(address, value);
}

@inline export function store2(address: i32, first: i32, second: i32): void {
  i64.store(address, pair(first, second));
}

@inline export function copy2(to: i32, from: i32): void {
  i64.store(to, i64.load(from));
}

@inline export function are2(address: i32, first: i32, second: i32): bool {
  return i64.load(address) == pair(first, second);
}

@inline export function count(address: i32): void {
  f64.store(address, f64.load(address) + 1);
}

@inline export function add(address: i32, amount: i32): void {
  f64.store(address, f64.load(address) + <f64>amount);
}

@inline export function fits(address: i32, other: i32, amount: i32, limit: i32): bool {
  return f64.load(address) + f64.load(other) + <f64>amount <= f64.load(limit);
}

@inline export function times(a: i32, b: i32): i32 {
  return a * b;
}

@inline export function copy(to: i32, from: i32, length: i32): void {
  memory.copy(to, from, length);
}

@inline export function clear(address: i32, length: i32): void {
  memory.fill(address, 0, length);
}

@inline export function pages(): i32 {
  return memory.size();
}

@inline export function grow(by: i32): bool {
  return memory.grow(by) != -1;
}

@inline export function below(a: i32, b: i32): bool {
  return <u32>a < <u32>b;
}

@external("instruction", "memory.size $guest") export declare function guestPages(): i32;

@inline export function isInside(pointer: i32, length: i32): bool {
  return length == 0 || <u64>(<u32>pointer) + <u64>(<u32>length) <= <u64>(<u32>guestPages()) << 16;
}

@external("instruction", "memory.copy $kernel $guest") declare function copyAllIn(to: i32, pointer: i32, length: i32): void;
@external("instruction", "memory.copy $guest $kernel") declare function copyAllOut(pointer: i32, from: i32, length: i32): void;
@external("instruction", "i64.load $guest align=1") declare function guestLoad64(pointer: i32): i64;
@external("instruction", "i32.load $guest align=1") export declare function guestLoad32(pointer: i32): i32;
@external("instruction", "i32.load16_u $guest align=1") declare function guestLoad16(pointer: i32): i32;
@external("instruction", "i32.load8_u $guest") export declare function guestLoad8(pointer: i32): i32;
@external("instruction", "i64.store $guest align=1") declare function guestStore64(pointer: i32, value: i64): void;
@external("instruction", "i32.store $guest align=1") export declare function guestStore32(pointer: i32, value: i32): void;
@external("instruction", "i32.store16 $guest align=1") declare function guestStore16(pointer: i32, value: i32): void;
@external("instruction", "i32.store8 $guest") export declare function guestStore8(pointer: i32, value: i32): void;
@external("instruction", "i64.store $guest align=4") declare function guestStorePair(pointer: i32, value: i64): void;

export function guestIs(pointer: i32, at: i32, length: i32): bool {
  for (let i = 0; i < length; i++) {
    if (guestLoad8(pointer + i) != i32.load8_u(at + i)) return false;
  }
  return true;
}

export function copyIn(to: i32, pointer: i32, length: i32): void {
  if (<u32>length > LOOP_MAX_BYTES) {
    copyAllIn(to, pointer, length);
    return;
  }
  const end = to + (length & -8);
  while (to != end) {
    i64.store(to, guestLoad64(pointer), 0, 1);
    to += 8;
    pointer += 8;
  }
  if ((length & 4) != 0) {
    i32.store(to, guestLoad32(pointer), 0, 1);
    to += 4;
    pointer += 4;
  }
  if ((length & 2) != 0) {
    i32.store16(to, guestLoad16(pointer), 0, 1);
    to += 2;
    pointer += 2;
  }
  if ((length & 1) != 0) i32.store8(to, guestLoad8(pointer));
}

export function copyOut(pointer: i32, from: i32, length: i32): void {
  if (<u32>length > LOOP_MAX_BYTES) {
    copyAllOut(pointer, from, length);
    return;
  }
  const end = pointer + (length & -8);
  while (pointer != end) {
    guestStore64(pointer, i64.load(from, 0, 1));
    pointer += 8;
    from += 8;
  }
  if ((length & 4) != 0) {
    guestStore32(pointer, i32.load(from, 0, 1));
    pointer += 4;
    from += 4;
  }
  if ((length & 2) != 0) {
    guestStore16(pointer, i32.load16_u(from, 0, 1));
    pointer += 2;
    from += 2;
  }
  if ((length & 1) != 0) guestStore8(pointer, i32.load8_u(from));
}

@inline export function guestStore2(pointer: i32, first: i32, second: i32): void {
  guestStorePair(pointer, pair(first, second));
}

@inline export function guestCopy2(pointer: i32, from: i32): void {
  guestStorePair(pointer, i64.load(from));
}

@external("instruction", "v128.load $guest align=1") declare function guestLoad128(pointer: i32): v128;
@external("instruction", "memory.fill $guest") declare function guestFill(pointer: i32, value: i32, length: i32): void;

@external("instruction", "v128.store $guest align=1") declare function guestStore128(pointer: i32, value: v128): void;

@inline function guestFour(pointer: i32): v128 {
  return v128.or(v128.or(guestLoad128(pointer), guestLoad128(pointer + 16)), v128.or(guestLoad128(pointer + 32), guestLoad128(pointer + 48)));
}

@inline export function guestIsZero(pointer: i32): bool {
  return !v128.any_true(v128.or(v128.or(guestFour(pointer), guestFour(pointer + 64)), v128.or(guestFour(pointer + 128), guestFour(pointer + 192))));
}

@inline function difference(pointer: i32, at: i32): v128 {
  return v128.xor(guestLoad128(pointer), v128.load(at));
}

@inline function lineDifference(pointer: i32, at: i32): v128 {
  return v128.or(
    v128.or(difference(pointer, at), difference(pointer + 16, at + 16)),
    v128.or(difference(pointer + 32, at + 32), difference(pointer + 48, at + 48)),
  );
}

@inline export function guestChunkIs(pointer: i32, at: i32): bool {
  return !v128.any_true(
    v128.or(
      v128.or(lineDifference(pointer, at), lineDifference(pointer + 64, at + 64)),
      v128.or(lineDifference(pointer + 128, at + 128), lineDifference(pointer + 192, at + 192)),
    ),
  );
}

@inline export function guestLineIs(pointer: i32, at: i32): bool {
  return !v128.any_true(lineDifference(pointer, at));
}

@inline function guestSame(pointer: i32, at: i32): i32 {
  return i64x2.bitmask(i64x2.eq(guestLoad128(pointer), v128.load(at)));
}

@inline export function guestLineDiffers(pointer: i32, at: i32): i32 {
  return (guestSame(pointer, at) | (guestSame(pointer + 16, at + 16) << 2) | (guestSame(pointer + 32, at + 32) << 4) | (guestSame(pointer + 48, at + 48) << 6)) ^ 255;
}

@inline function same(one: i32, other: i32): i32 {
  return i64x2.bitmask(i64x2.eq(v128.load(one), v128.load(other)));
}

@inline export function lineDiffers(one: i32, other: i32): i32 {
  return (same(one, other) | (same(one + 16, other + 16) << 2) | (same(one + 32, other + 32) << 4) | (same(one + 48, other + 48) << 6)) ^ 255;
}

@inline export function guestLineIn(to: i32, pointer: i32): void {
  v128.store(to, guestLoad128(pointer));
  v128.store(to + 16, guestLoad128(pointer + 16));
  v128.store(to + 32, guestLoad128(pointer + 32));
  v128.store(to + 48, guestLoad128(pointer + 48));
}

@inline export function guestLineOut(pointer: i32, from: i32): void {
  guestStore128(pointer, v128.load(from));
  guestStore128(pointer + 16, v128.load(from + 16));
  guestStore128(pointer + 32, v128.load(from + 32));
  guestStore128(pointer + 48, v128.load(from + 48));
}

@inline export function guestTake2(to: i32, pointer: i32): void {
  i64.store(to, guestLoad64(pointer));
}

@inline export function guestClear(pointer: i32, length: i32): void {
  guestFill(pointer, 0, length);
}

@inline export function bitsIn(value: i32): i32 {
  return popcnt<i32>(value);
}

@inline export function lowestBit(value: i32): i32 {
  return ctz<i32>(value);
}
