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
    checkWhole(value, "value", "u8", 0, 2 ** 8 - 1);
    const at = this.#room(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    checkWhole(value, "value", "u16", 0, 2 ** 16 - 1);
    const at = this.#room(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    checkWhole(value, "value", "u32", 0, 2 ** 32 - 1);
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  i32(value: number): this {
    checkWhole(value, "value", "i32", -(2 ** 31), 2 ** 31 - 1);
    const at = this.#room(4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  u64(value: bigint): this {
    if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value) throw notIn64("u64", value);
    const at = this.#room(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  i64(value: bigint): this {
    if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) throw notIn64("i64", value);
    const at = this.#room(8);
    this.#view.setBigInt64(at, value, true);
    return this;
  }

  f32(value: number): this {
    mustBeNumber("f32", value);
    const at = this.#room(4);
    this.#view.setFloat32(at, value, true);
    return this;
  }

  f64(value: number): this {
    mustBeNumber("f64", value);
    const at = this.#room(8);
    this.#view.setFloat64(at, value, true);
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

  /** Appends so many bytes, and returns where they begin. The buffer and its view may be others afterwards. */
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

function mustBeNumber(name: string, value: number): void {
  if (typeof value !== "number") throw new TypeError(`${name} takes a number, not ${shown(value)}`);
}

function notIn64(name: string, value: unknown): Error {
  if (typeof value !== "bigint") return new TypeError(`${name} takes a bigint, not ${shown(value)}`);
  return new RangeError(`${name} has 64 bits, and ${value} needs more`);
}
