/** Reads what a `Writer` has written, here or in a guest: little-endian values without padding. */
import { shown } from "./checks.ts";
import { DecodeError, text } from "./codec.ts";
import type { Pid } from "./pid.ts";

/** Reads values from front to back. Throws a DecodeError where the bytes end before the value. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #next = 0;

  constructor(bytes: Uint8Array) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`a Reader reads a Uint8Array, not ${shown(bytes)}`);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The number of bytes that are left to read. */
  get left(): number {
    return this.#bytes.length - this.#next;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** One byte; 0 is false. */
  bool(): boolean {
    return this.u8() !== 0;
  }

  /** A u64. Throws a DecodeError where it is no pid. */
  pid(): Pid {
    const value = Number(this.u64());
    if (!Number.isSafeInteger(value)) throw new DecodeError(`${value} is not a pid`);
    return value;
  }

  /** A copy of bytes that follow their length. */
  bytes(): Uint8Array<ArrayBuffer> {
    const length = this.u32();
    const at = this.#take(length);
    return new Uint8Array(this.#bytes.subarray(at, at + length));
  }

  /** A text that follows its length in bytes. Throws a DecodeError where it is not UTF-8. */
  text(): string {
    return text.decode(this.bytes());
  }

  #take(size: number): number {
    const at = this.#next;
    if (size > this.left) throw new DecodeError(`${size} bytes were to be read, and ${this.left} are left`);
    this.#next += size;
    return at;
  }
}
