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

/** How many message classes may lie inside each other: a limit of the stack. */
export const MAX_DEPTH: i32 = 32;

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
 *   if (reader.key("a")) a = reader.int();
 *   else reader.skipPair();
 * }
 * if (!reader.complete) ...
 * ```
 */
export class CborReader {
  private bytes: Reader;

  /** The argument of the last head. */
  private argument: u64 = 0;

  /** The lower five bits of the last head's first byte. */
  private minor: u8 = 0;

  private broken: bool = false;

  /** The key that `key` has found last. */
  private found: string = "";

  /** How many message classes are being read, one inside the other. */
  private depth: i32 = 0;

  /** How many objects `value` has made since the last `aim`. */
  private made: i32 = 0;

  /**
   * How many objects `value` makes of one message: texts, byte strings, arrays and message classes.
   * One byte of a message can become an object of a hundred bytes, so the reader fails beyond that.
   */
  maxObjects: i32 = 10_000;

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
    this.found = "";
    this.depth = 0;
    this.made = 0;
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

  /** The key that `key` has found last. After a failure: at or behind which key it was. */
  get lastKey(): string {
    return this.found;
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
    if (major > Major.Negative || (this.argument as i64) < 0) return this.nothing();
    return major === Major.Negative ? ~(this.argument as i64) : (this.argument as i64);
  }

  /** A whole number from 0 up, also one beyond i64. */
  uint(): u64 {
    return this.expect(Major.Unsigned) ? this.argument : 0;
  }

  /** A pid, which is a whole number. */
  pid(): Pid {
    return this.uint();
  }

  /** A number, whole or not. */
  float(): f64 {
    const major = this.head();
    if (major === Major.Unsigned) return this.argument as f64;
    if (major === Major.Negative) return -1 - (this.argument as f64);
    if (major === Major.Simple) {
      if (this.minor === HALF) return halfFloat(this.argument as u32);
      if (this.minor === SINGLE) return reinterpret<f32>(this.argument as u32) as f64;
      if (this.minor === DOUBLE) return reinterpret<f64>(this.argument);
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

  /**
   * Whether the next item is this text. Reads the item only then. For the keys of a map; allocates
   * nothing.
   */
  key(name: string): bool {
    const at = this.bytes.take(0);
    const left = this.bytes.left as u64;
    if (left === 0 || load<u8>(at) >> 5 !== Major.Text) return false;
    const minor = load<u8>(at) & 31;
    if (minor > 25) return false; // a length beyond 65,535, which no key has
    const head: u64 = minor < 24 ? 1 : minor === 24 ? 2 : 3;
    if (left < head) return false;
    const length = (minor < 24 ? minor : minor === 24 ? load<u8>(at, 1) : bswap<u16>(load<u16>(at, 1))) as i32;
    // A unit of UTF-16 has one to three bytes.
    if (name.length > length || name.length * 3 < length) return false;
    if (head + (length as u64) > left) return false;
    if (utf8.encode(name) !== length || memory.compare(utf8.ptr, at + (head as usize), length) !== 0) return false;
    this.bytes.take((head as u32) + length);
    this.found = name;
    return true;
  }

  /**
   * A value of any type that a message can have: a bool, a number, a string, a `Uint8Array`, a
   * message class (structure.ts), an array of these, and a reference that may be null. A number
   * that does not fit into its type makes the reader fail.
   */
  value<T>(): T {
    if (isNullable<T>()) {
      if (this.nil()) return changetype<T>(0);
      return this.value<nonnull<T>>();
    } else if (isBoolean<T>()) {
      return this.bool() as T;
    } else if (isInteger<T>() && !isReference<T>()) {
      return isSigned<T>() ? this.signed<T>() : this.unsigned<T>();
    } else if (isFloat<T>()) {
      return this.float() as T;
    } else {
      if (++this.made > this.maxObjects) this.fail();
      if (isString<T>()) return changetype<T>(this.text());
      if (idof<T>() === idof<Uint8Array>()) return changetype<T>(this.byteString());
      if (isArray<T>()) return this.list<T>();
      return this.structure<T>();
    }
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

  /** Skips a key and its value. */
  skipPair(): void {
    this.skip();
    this.skip();
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

  private signed<T>(): T {
    const value = this.int();
    const fitting = value as T;
    if ((fitting as i64) === value) return fitting;
    this.fail();
    return 0 as T;
  }

  private unsigned<T>(): T {
    const value = this.uint();
    const fitting = value as T;
    if ((fitting as u64) === value) return fitting;
    this.fail();
    return 0 as T;
  }

  private list<T>(): T {
    const list = instantiate<T>(0);
    for (let left = this.array(); left > 0 && !this.broken; left--) {
      // @ts-expect-error: only AssemblyScript knows that T is an array.
      list.push(this.value<valueof<T>>());
    }
    return list;
  }

  private structure<T>(): T {
    const structure = instantiate<T>();
    // @ts-expect-error: the transform has added the method.
    if (isDefined(structure.decode)) {
      if (++this.depth > MAX_DEPTH) this.fail();
      // @ts-expect-error
      structure.decode(this);
      this.depth--;
    } else {
      ERROR(
        "no message has such a value: it is neither a bool, a number, a string, a Uint8Array, a class marked @message, nor an array of these",
      );
    }
    return structure;
  }

  /**
   * Reads the head of an item into `argument` and `minor`. Returns its major type, or -1 after a
   * failure.
   */
  private head(): i32 {
    if (this.bytes.left === 0) return this.noHead();
    const first = this.bytes.u8();
    const minor: u8 = first & 31;
    this.minor = minor;
    this.argument = minor;
    if (minor < 24) return first >> 5;
    // 28 to 30 are reserved; 31 is an indefinite length.
    if (minor > 27) return this.noHead();
    const size = 1 << (minor - 24);
    if (this.bytes.left < size) return this.noHead();
    const at = this.bytes.take(size);
    if (size === 1) this.argument = load<u8>(at);
    else if (size === 2) this.argument = bswap<u16>(load<u16>(at));
    else if (size === 4) this.argument = bswap<u32>(load<u32>(at));
    else this.argument = bswap<u64>(load<u64>(at));
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
    if (this.expect(major) && this.argument <= (this.bytes.left as u64)) return this.argument as i32;
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
