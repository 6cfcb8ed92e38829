/**
 * Reads the parts of a WebAssembly binary in order: bytes, numbers, names, lists. A cursor never
 * reads past its end. Bytes that end too soon, or are not what they must be, throw Undecodable.
 */

/**
 * The bytes use a part of the format that the host does not know, or end too soon. The message says
 * where.
 */
export class Undecodable extends Error {}

export class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end;
  }

  /** Answers a cursor for the next bytes only, and continues behind them. */
  take(length: number): Cursor {
    const from = this.at;
    this.skip(length);
    return new Cursor(this.bytes, from, this.at);
  }

  fail(why: string): never {
    throw new Undecodable(`${why} (at byte ${this.at})`);
  }

  byte(): number {
    if (this.at >= this.#end) this.fail("ends too soon");
    return this.bytes[this.at++];
  }

  skip(length: number): void {
    if (length > this.#end - this.at) this.fail("ends too soon");
    this.at += length;
  }

  u32(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value < 2 ** 32 ? value : this.fail("has a number beyond 32 bits");
    }
    return this.fail("has a number beyond 32 bits");
  }

  /** A signed number of 32 bits. */
  s32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return shift < 25 ? (value << (25 - shift)) >> (25 - shift) : value;
    }
    return this.fail("has a number beyond 32 bits");
  }

  /** The next number, without taking it: for example the length of a list. */
  peekU32(): number {
    const { at } = this;
    const value = this.u32();
    this.at = at;
    return value;
  }

  /** A number of up to 64 bits. Beyond 2^53 it is not exact. */
  u64(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return this.fail("has a number beyond 64 bits");
  }

  /** Skips a number that takes at most so many bytes. */
  skipNumber(maxBytes: number): void {
    for (let i = 0; i < maxBytes; i++) if (this.byte() < 0x80) return;
    this.fail("has too long a number");
  }

  name(): string {
    const length = this.u32();
    const start = this.at;
    this.skip(length);
    return new TextDecoder().decode(this.bytes.subarray(start, this.at));
  }

  /**
   * Reads a list: calls `read` once for each element. `read` must take at least one byte, so a
   * false count ends with the bytes.
   */
  each(read: () => void): void {
    for (let left = this.u32(); left > 0; left--) read();
  }
}

export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
