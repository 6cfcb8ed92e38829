/**
 * Reads CBOR (RFC 8949) from senders that are not trusted. No bytes make it crash or read outside
 * of them. When the next item is not what the caller asks for, the reader *fails*: from then on it
 * returns zeros and empty values. So the caller needs to check `failed` only once, at the end.
 *
 * Tags, indefinite lengths, and simple values other than false, true, null and undefined also make
 * it fail.
 */

import { copyOf } from "./bytes";
import { DOUBLE, FALSE, HALF, Major, NULL, SINGLE, TRUE, UNDEFINED } from "./cbor-writer";
import { Message } from "./message";
import { Pid } from "./pid";
import { Reader } from "./reader";
import * as utf8 from "./utf8";

/** The type of the next item. */
export enum CborKind {
  /** No item is left, or it cannot be read. */
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
 * Reads items from front to back. The elements of an array or a map follow its head:
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

  /** The argument of the last head. */
  private value: u64 = 0;

  /** The lower five bits of the last head's first byte. */
  private minor: u8 = 0;

  private broken: bool = false;

  constructor(bytes: Uint8Array | null = null) {
    this.bytes = new Reader(bytes);
  }

  /** Begins with the payload of a message. It is valid until the next receive. */
  read(message: Message): CborReader {
    return this.aim(message.ptr, message.available);
  }

  /** Begins again with `length` bytes at `ptr`, which the caller keeps alive. */
  aim(ptr: usize, length: i32): CborReader {
    this.bytes.aim(ptr, length);
    this.broken = false;
    return this;
  }

  /** Whether an item was not what the caller asked for. */
  get failed(): bool {
    return this.broken;
  }

  /** Whether all bytes were read, and every item was what the caller asked for. */
  get complete(): bool {
    return !this.broken && this.bytes.left === 0;
  }

  /** Makes the reader fail. For values that are CBOR, but of no use to the guest. */
  fail(): void {
    this.broken = true;
    this.bytes.aim(0, 0);
  }

  /** The type of the next item. Reads nothing. */
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

  /** A whole number from 0 up, also one beyond i64. */
  uint(): u64 {
    return this.expect(Major.Unsigned) ? this.value : 0;
  }

  /** A pid, which is a whole number. */
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

  /** Whether the next item is null or undefined. Reads the item only then. */
  nil(): bool {
    if (this.kind !== CborKind.Null) return false;
    this.bytes.take(1);
    return true;
  }

  /** A text. Invalid UTF-8 also makes the reader fail. */
  text(): string {
    const length = this.sized(Major.Text);
    const at = this.bytes.take(length);
    if (utf8.isValid(at, length)) return String.UTF8.decodeUnsafe(at, length);
    this.fail();
    return "";
  }

  /** A copy of a byte string. */
  byteString(): Uint8Array {
    const length = this.sized(Major.Bytes);
    return copyOf(this.bytes.take(length), length);
  }

  /** The number of elements that follow. Never more than the bytes that are left. */
  array(): i32 {
    return this.sized(Major.Array);
  }

  /** The number of pairs of key and value that follow. Never more than the bytes that are left. */
  map(): i32 {
    const pairs = this.sized(Major.Map);
    if (pairs <= this.bytes.left / 2) return pairs;
    return this.nothing() as i32;
  }

  /** Skips the next item with all its content. */
  skip(): void {
    // Never more than the bytes that are left, so the loop ends.
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

  /**
   * Reads the head of an item into `value` and `minor`. Returns its major type, or -1 after a
   * failure.
   */
  private head(): i32 {
    if (this.bytes.left === 0) return this.noHead();
    const first = this.bytes.u8();
    const minor: u8 = first & 31;
    this.minor = minor;
    this.value = minor;
    if (minor < 24) return first >> 5;
    // 28 to 30 are reserved; 31 is an indefinite length.
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

  /** The length or the count in a head of this type. It fails where fewer bytes are left. */
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
