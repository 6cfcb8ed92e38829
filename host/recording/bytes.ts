/** Writes and reads what a log is made of. */
import { ReplayError } from "./replay-error.ts";

/** Collects bytes. Numbers are LEB128; those with a sign have it in the lowest bit. */
export class LogBytes {
  #bytes: number[] = [];

  byte(value: number): this {
    this.#bytes.push(value & 255);
    return this;
  }

  number(value: number): this {
    let rest = value >>> 0;
    for (; rest > 127; rest >>>= 7) this.#bytes.push((rest & 127) | 128);
    this.#bytes.push(rest);
    return this;
  }

  signed(value: number): this {
    return this.number(value < 0 ? ~(value << 1) : value << 1);
  }

  all(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}

/** Reads bytes that nobody trusts. Throws a ReplayError behind their end. */
export class LogReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end;
  }

  byte(): number {
    if (this.isAtEnd) throw new ReplayError("the log ends in the middle of an operation");
    return this.#bytes[this.at++];
  }

  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    throw new ReplayError("the log has a number that does not end");
  }

  signed(): number {
    const value = this.number();
    return (value & 1) !== 0 ? ~(value >>> 1) : value >>> 1;
  }

  /** A view of so many bytes. */
  take(length: number): Uint8Array {
    if (length > this.#end - this.at) throw new ReplayError("the log ends in the middle of an operation");
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}
