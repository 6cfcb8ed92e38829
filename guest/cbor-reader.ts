/**
 * Reads CBOR (RFC 8949) that anybody may have sent. Whatever the bytes are, it neither crashes nor reads outside of them: what is not as it was asked for
 * makes the reader *failed*, and from then on it answers zeros and nothings. So one look at `failed` at the end is enough.
 *
 * Tags, indefinite lengths and simple values other than false, true, null and undefined make it fail too.
 */

import { DOUBLE, FALSE, HALF, Major, NULL, SINGLE, TRUE, UNDEFINED } from "./cbor-writer";
import { Message } from "./message";
import { Pid } from "./pid";
import { Reader } from "./reader";
import * as utf8 from "./utf8";

/** What the next item is. */
export enum CborKind {
  /** Nothing is left, or what is there cannot be read. */
  None = 0,
  Int = 1,
  Float = 2,
  Text = 3,
  Bytes = 4,
  Array = 5,
  Map = 6,
  Bool = 7,
  Null = 8,
}

/**
 * Goes through items from front to back, and into arrays and maps as it meets them:
 *
 * ```ts
 * reader.read(message);
 * for (let i = reader.map(); i > 0; i--) {
 *   const key = reader.text();
 *   if (key == "a") a = reader.int();
 *   else reader.skip();
 * }
 * if (!reader.complete) ...
 * ```
 */
export class CborReader {
  private bytes: Reader;

  /** The argument of the head that was read last. */
  private value: u64 = 0;

  /** The lower five bits of that head's first byte. */
  private minor: u8 = 0;

  private broken: bool = false;

  constructor(bytes: Uint8Array | null = null) {
    this.bytes = new Reader(bytes);
  }

  /** Begins with the payload of a message, which is valid until the next receive. */
  read(message: Message): CborReader {
    return this.aim(message.ptr, message.available);
  }

  /** Begins anew with the `length` bytes at `ptr`, which the caller keeps alive. */
  aim(ptr: usize, length: i32): CborReader {
    this.bytes.aim(ptr, length);
    this.broken = false;
    return this;
  }

  /** Something was not as it was asked for. */
  get failed(): bool {
    return this.broken;
  }

  /** All was read, and all was as it was asked for. */
  get complete(): bool {
    return !this.broken && this.bytes.left === 0;
  }

  /** Says so itself: of a value that is CBOR, but not what the guest can use. */
  fail(): void {
    this.broken = true;
    this.bytes.aim(0, 0);
  }

  /** What comes next; reads nothing. */
  get kind(): CborKind {
    if (this.bytes.left === 0) return CborKind.None;
    const first = load<u8>(this.bytes.take(0));
    switch ((first >> 5) as i32) {
      case Major.Unsigned:
      case Major.Negative:
        return CborKind.Int;
      case Major.Bytes:
        return CborKind.Bytes;
      case Major.Text:
        return CborKind.Text;
      case Major.Array:
        return CborKind.Array;
      case Major.Map:
        return CborKind.Map;
      case Major.Tag:
        return CborKind.None;
      default:
        return simpleKind(first & 31);
    }
  }

  /** A whole number. */
  int(): i64 {
    const major = this.head();
    if (major > Major.Negative || (this.value as i64) < 0) return this.nothing();
    return major === Major.Negative ? ~(this.value as i64) : (this.value as i64);
  }

  /** A whole number from 0 up, also above what an i64 holds. */
  uint(): u64 {
    return this.expect(Major.Unsigned) ? this.value : 0;
  }

  /** A whole number that is a pid. */
  pid(): Pid {
    return this.uint();
  }

  /** A number, whole or not. */
  float(): f64 {
    const major = this.head();
    if (major === Major.Unsigned) return this.value as f64;
    if (major === Major.Negative) return -1 - (this.value as f64);
    if (major === Major.Simple) {
      if (this.minor === HALF) return halfFloat(this.value as u32);
      if (this.minor === SINGLE) return reinterpret<f32>(this.value as u32) as f64;
      if (this.minor === DOUBLE) return reinterpret<f64>(this.value);
    }
    return this.nothing() as f64;
  }

  bool(): bool {
    if (this.expect(Major.Simple) && (this.minor === TRUE || this.minor === FALSE)) return this.minor === TRUE;
    this.fail();
    return false;
  }

  /** Whether null or undefined comes next; only then it is read. */
  nil(): bool {
    if (this.kind !== CborKind.Null) return false;
    this.bytes.take(1);
    return true;
  }

  /** Fails also where it is no UTF-8. */
  text(): string {
    const length = this.sized(Major.Text);
    const at = this.bytes.take(length);
    if (utf8.isValid(at, length)) return String.UTF8.decodeUnsafe(at, length);
    this.fail();
    return "";
  }

  /** A copy. */
  byteString(): Uint8Array {
    const length = this.sized(Major.Bytes);
    const copy = new Uint8Array(length);
    memory.copy(copy.dataStart, this.bytes.take(length), length);
    return copy;
  }

  /** How many values follow; never more than there are bytes left. */
  array(): i32 {
    return this.sized(Major.Array);
  }

  /** How many pairs of a key and a value follow; never more than there are bytes left. */
  map(): i32 {
    const pairs = this.sized(Major.Map);
    if (pairs <= this.bytes.left / 2) return pairs;
    return this.nothing() as i32;
  }

  /** Passes the next item with all that is in it. */
  skip(): void {
    // Never more than there are bytes left, so this ends.
    let items: i64 = 1;
    while (items-- > 0 && !this.broken) {
      switch (this.kind) {
        case CborKind.Array:
          items += this.array();
          break;
        case CborKind.Map:
          items += (this.map() as i64) * 2;
          break;
        case CborKind.Text:
          this.bytes.take(this.sized(Major.Text));
          break;
        case CborKind.Bytes:
          this.bytes.take(this.sized(Major.Bytes));
          break;
        case CborKind.None:
          this.fail();
          break;
        default:
          this.head();
      }
    }
  }

  /** Reads the head of an item into `value` and `minor`; after a failure the answer is no major type. */
  private head(): i32 {
    if (this.bytes.left === 0) return this.noHead();
    const first = this.bytes.u8();
    const minor: u8 = first & 31;
    this.minor = minor;
    this.value = minor;
    if (minor < 24) return first >> 5;
    // 28 to 31 are reserved, or lengths that are not said.
    if (minor > 27) return this.noHead();
    const size = 1 << (minor - 24);
    if (this.bytes.left < size) return this.noHead();
    const at = this.bytes.take(size);
    if (size === 1) this.value = load<u8>(at);
    else if (size === 2) this.value = bswap<u16>(load<u16>(at));
    else if (size === 4) this.value = bswap<u32>(load<u32>(at));
    else this.value = bswap<u64>(load<u64>(at));
    return first >> 5;
  }

  private noHead(): i32 {
    this.fail();
    return -1;
  }

  private expect(major: Major): bool {
    if (this.head() === major) return true;
    this.fail();
    return false;
  }

  /** The length of an item of that type, or how much is in it: at least a byte for each must be left. */
  private sized(major: Major): i32 {
    if (this.expect(major) && this.value <= (this.bytes.left as u64)) return this.value as i32;
    return this.nothing() as i32;
  }

  private nothing(): i64 {
    this.fail();
    return 0;
  }
}

function simpleKind(minor: u8): CborKind {
  if (minor === FALSE || minor === TRUE) return CborKind.Bool;
  if (minor === NULL || minor === UNDEFINED) return CborKind.Null;
  if (minor >= HALF && minor <= DOUBLE) return CborKind.Float;
  return CborKind.None;
}

/** 1 bit sign, 5 bits exponent, 10 bits fraction. */
function halfFloat(bits: u32): f64 {
  const sign = bits & 0x8000 ? -1.0 : 1.0;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) as f64;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  // 2 to the exponent, as the bits of a double.
  return sign * (1 + fraction / 1024) * reinterpret<f64>(((exponent as u64) - 15 + 1023) << 52);
}
