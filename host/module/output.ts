/**
 * Writes a WebAssembly binary, byte by byte. A section or body begins with its size, which is
 * always written with five bytes, because it is not known in advance.
 */
import type { Copies } from "./copies.ts";

export class Output {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  /** Where the sizes stand of the sections and bodies that have not ended. */
  readonly #open: number[] = [];

  /** Learns what `copy` copies. */
  readonly #copies: Copies | undefined;

  constructor(capacity: number, copies?: Copies) {
    this.#bytes = new Uint8Array(capacity);
    this.#copies = copies;
  }

  get length(): number {
    return this.#length;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** Goes back to an earlier length. What was open then must not have been closed since. */
  forget(length: number): void {
    while (this.#open.length > 0 && this.#open[this.#open.length - 1] >= length) this.#open.pop();
    this.#length = length;
    this.#copies?.forget(length);
  }

  begin(id: number): void {
    this.put(id);
    this.beginBody();
  }

  end(): void {
    this.endBody();
  }

  beginBody(): void {
    this.#open.push(this.#length);
    this.put(0, 0, 0, 0, 0);
  }

  endBody(): void {
    const at = this.#open.pop() ?? 0;
    let size = this.#length - at - 5;
    for (let i = 0; i < 5; i++) {
      this.#bytes[at + i] = (size & 0x7f) | (i < 4 ? 0x80 : 0);
      size = Math.floor(size / 128);
    }
  }

  put(...bytes: number[]): void {
    this.#reserve(bytes.length);
    for (const byte of bytes) this.#bytes[this.#length++] = byte;
  }

  name(name: string): void {
    const bytes = new TextEncoder().encode(name);
    this.u32(bytes.length);
    this.put(...bytes);
  }

  u32(value: number): void {
    this.#reserve(5);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  /** Writes a signed number of 32 or 64 bits, from 0 up. */
  signed(value: number): void {
    this.#reserve(10);
    let rest = value;
    for (; rest >= 64; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  /** Writes an instruction with an index. */
  indexed(opcode: number, index: number): void {
    this.put(opcode);
    this.u32(index);
  }

  /** Copies bytes of the module that is rewritten. */
  copy(from: Uint8Array, start: number, end: number): void {
    this.#copies?.note(this.#length, start, end - start);
    this.#reserve(end - start);
    if (end - start > 32) this.#bytes.set(from.subarray(start, end), this.#length);
    else for (let i = start; i < end; i++) this.#bytes[this.#length + i - start] = from[i];
    this.#length += end - start;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const bytes = new Uint8Array((this.#length + more) * 2);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}
