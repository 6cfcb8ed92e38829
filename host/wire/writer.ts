/**
 * Builds arguments and messages: little-endian values one after another, without padding, as `Writer` of
 * the guest library does. `Reader` of both reads them.
 */
import { checkPid, checkWhole, shown } from "./checks.ts";
import type { Pid } from "./pid.ts";

const encoder = new TextEncoder();

/** Appends values: `new Writer().pid(boss).u32(3).text("name").toBytes()`. Numbers out of range are RangeErrors. */
export class Writer {
  #buffer = new Uint8Array(64);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;

  /** A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length);
  }

  /** Bytes written since the last `reset`. */
  get length(): number {
    return this.#length;
  }

  /** Begins anew, in the same buffer. */
  reset(): this {
    this.#length = 0;
    return this;
  }

  u8(value: number): this {
    return this.#whole("u8", value, 0, 2 ** 8 - 1, 1, at => this.#view.setUint8(at, value));
  }

  u16(value: number): this {
    return this.#whole("u16", value, 0, 2 ** 16 - 1, 2, at => this.#view.setUint16(at, value, true));
  }

  u32(value: number): this {
    return this.#whole("u32", value, 0, 2 ** 32 - 1, 4, at => this.#view.setUint32(at, value, true));
  }

  i32(value: number): this {
    return this.#whole("i32", value, -(2 ** 31), 2 ** 31 - 1, 4, at => this.#view.setInt32(at, value, true));
  }

  u64(value: bigint): this {
    if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value) throw notIn64("u64", value);
    this.#view.setBigUint64(this.#room(8), value, true);
    return this;
  }

  i64(value: bigint): this {
    if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) throw notIn64("i64", value);
    this.#view.setBigInt64(this.#room(8), value, true);
    return this;
  }

  f32(value: number): this {
    this.#view.setFloat32(this.#room(4), number("f32", value), true);
    return this;
  }

  f64(value: number): this {
    this.#view.setFloat64(this.#room(8), number("f64", value), true);
    return this;
  }

  /** One byte, 0 or 1. */
  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  /** A u64. */
  pid(value: Pid): this {
    checkPid(value);
    return this.u64(BigInt(value));
  }

  /** A u32 with the length, then the bytes. */
  bytes(value: Uint8Array): this {
    if (!(value instanceof Uint8Array)) throw new TypeError(`bytes takes a Uint8Array, not ${shown(value)}`);
    this.u32(value.length);
    const at = this.#room(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  /** A u32 with the length in bytes, then the text as UTF-8. Half a surrogate pair becomes U+FFFD. */
  text(value: string): this {
    if (typeof value !== "string") throw new TypeError(`text takes a string, not ${shown(value)}`);
    return this.bytes(encoder.encode(value));
  }

  #whole(name: string, value: number, least: number, most: number, size: number, set: (at: number) => void): this {
    checkWhole(value, "value", name, least, most);
    set(this.#room(size));
    return this;
  }

  /** Appends so many bytes, and returns where they begin. */
  #room(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#buffer.length));
      larger.set(this.#buffer);
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

function number(name: string, value: number): number {
  if (typeof value !== "number") throw new TypeError(`${name} takes a number, not ${shown(value)}`);
  return value;
}

function notIn64(name: string, value: unknown): Error {
  if (typeof value !== "bigint") return new TypeError(`${name} takes a bigint, not ${shown(value)}`);
  return new RangeError(`${name} has 64 bits, and ${value} needs more`);
}
