/**
 * Builds a payload of CBOR (RFC 8949). Its values name their types, so the reader needs no
 * description of the format. `reset` reuses the buffer. On the host, `cbor` of `isopod/codec` reads
 * and writes the same format.
 */

import { Reply } from "./call";
import { Pid } from "./pid";
import * as utf8 from "./utf8";
import { Writer } from "./writer";

/** The major type: the upper three bits of an item's first byte. */
export enum Major {
  Unsigned = 0,
  Negative = 1,
  Bytes = 2,
  Text = 3,
  Array = 4,
  Map = 5,
  Tag = 6,
  Simple = 7,
}

/** The lower five bits of `Major.Simple`. */
export const FALSE: u8 = 20;
export const TRUE: u8 = 21;
export const NULL: u8 = 22;
export const UNDEFINED: u8 = 23;
export const HALF: u8 = 25;
export const SINGLE: u8 = 26;
export const DOUBLE: u8 = 27;

/**
 * Appends values, and sends them from its own buffer:
 *
 * ```ts
 * writer.reset().map(2).text("sum").int(sum).text("of").array(2).int(a).int(b).send(to);
 * ```
 */
export class CborWriter {
  private out: Writer;

  /** @param capacity initial size of the buffer, in bytes */
  constructor(capacity: i32 = 64) {
    this.out = new Writer(capacity);
  }

  /** Bytes written since the last `reset`. */
  get length(): i32 {
    return this.out.length;
  }

  /** Begins a new payload in the same buffer. */
  reset(): CborWriter {
    this.out.reset();
    return this;
  }

  int(value: i64): CborWriter {
    return value < 0 ? this.head(Major.Negative, ~value as u64) : this.head(Major.Unsigned, value as u64);
  }

  /** A whole number from 0 up; also a pid. */
  uint(value: u64): CborWriter {
    return this.head(Major.Unsigned, value);
  }

  /** Five bytes where that is exact, else nine. */
  float(value: f64): CborWriter {
    const single = value as f32;
    const fits = (single as f64) === value || F64.isNaN(value);
    this.simple(fits ? SINGLE : DOUBLE);
    if (fits) this.out.u32(bswap<u32>(reinterpret<u32>(single)));
    else this.out.u64(bswap<u64>(reinterpret<u64>(value)));
    return this;
  }

  bool(value: bool): CborWriter {
    return this.simple(value ? TRUE : FALSE);
  }

  nil(): CborWriter {
    return this.simple(NULL);
  }

  bytes(value: Uint8Array): CborWriter {
    this.head(Major.Bytes, value.length as u64);
    memory.copy(this.out.room(value.length), value.dataStart, value.length);
    return this;
  }

  /** Half a surrogate pair becomes U+FFFD. */
  text(value: string): CborWriter {
    const length = String.UTF8.byteLength(value);
    this.head(Major.Text, length as u64);
    utf8.write(value, this.out.room(length));
    return this;
  }

  /** A value of any type that `CborReader.value` reads. */
  value<T>(value: T): CborWriter {
    if (isNullable<T>()) {
      if (value === null) return this.nil();
      return this.value<nonnull<T>>(changetype<nonnull<T>>(value));
    } else if (isBoolean<T>()) {
      return this.bool(value as bool);
    } else if (isInteger<T>() && !isReference<T>()) {
      return isSigned<T>() ? this.int(value as i64) : this.uint(value as u64);
    } else if (isFloat<T>()) {
      return this.float(value as f64);
    } else if (isString<T>()) {
      return this.text(changetype<string>(value));
    } else if (idof<T>() === idof<Uint8Array>()) {
      return this.bytes(changetype<Uint8Array>(value));
    } else if (isArray<T>()) {
      return this.list<T>(value);
    } else {
      return this.structure<T>(value);
    }
  }

  /** Begins an array. The next `count` values are its elements. */
  array(count: i32): CborWriter {
    return this.head(Major.Array, count as u32 as u64);
  }

  /**
   * Begins a map. The next `pairs` pairs are its entries; each is a key, which is a text, and a
   * value.
   */
  map(pairs: i32): CborWriter {
    return this.head(Major.Map, pairs as u32 as u64);
  }

  /** Sends the payload, and leaves the writer as it is. Returns as `send` does. */
  send(to: Pid, tag: i32 = 0): i32 {
    return this.out.send(to, tag);
  }

  /** Calls an actor with the payload, as the function `call` does. */
  call(to: Pid, timeoutMs: i32 = 5000, tag: i32 = 0): Reply {
    return this.out.call(to, timeoutMs, tag);
  }

  /** A copy of the payload. */
  toBytes(): Uint8Array {
    return this.out.toBytes();
  }

  private list<T>(list: T): CborWriter {
    // @ts-expect-error: only AssemblyScript knows that T is an array.
    const length: i32 = list.length;
    this.array(length);
    // @ts-expect-error
    for (let i = 0; i < length; i++) this.value<valueof<T>>(list[i]);
    return this;
  }

  private structure<T>(structure: T): CborWriter {
    // @ts-expect-error: the transform has added the method.
    if (isDefined(structure.encode)) structure.encode(this);
    else
      ERROR(
        "no message has such a value: it is neither a bool, a number, a string, a Uint8Array, a class marked @message, nor an array of these",
      );
    return this;
  }

  private simple(value: u8): CborWriter {
    this.out.u8(((Major.Simple as u8) << 5) | value);
    return this;
  }

  /** The head of an item, in as few bytes as possible. CBOR is big-endian. */
  private head(major: Major, value: u64): CborWriter {
    const first = (major as u8) << 5;
    if (value < 24) this.out.u8(first | (value as u8));
    else if (value <= 0xff) this.out.u8(first | 24).u8(value as u8);
    else if (value <= 0xffff) this.out.u8(first | 25).u16(bswap<u16>(value as u16));
    else if (value <= 0xffffffff) this.out.u8(first | 26).u32(bswap<u32>(value as u32));
    else this.out.u8(first | 27).u64(bswap<u64>(value));
    return this;
  }
}
