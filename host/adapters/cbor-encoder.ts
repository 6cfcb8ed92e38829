/** Writes a value as CBOR (RFC 8949). Whole numbers and lengths take as few bytes as they can. */
import {
  ARRAY,
  BYTE_STRING,
  FALSE,
  MAP,
  MAX_DEPTH,
  NEGATIVE,
  NULL,
  SIMPLE,
  TEXT,
  TRUE,
  UNSIGNED,
} from "./cbor-types.ts";

const SINGLE_HEAD = 0xfa;
const DOUBLE_HEAD = 0xfb;
/** Up to this length, texts that are ASCII are written without TextEncoder. */
const SHORT_TEXT = 64;
/** A writer that has grown beyond this is not used again. */
const KEPT_BYTES = 65_536;

const utf8 = new TextEncoder();
/** The writer that no call uses. A getter of a value may encode another one meanwhile. */
let idle: Writer | undefined;

/** Throws a TypeError or a RangeError for what CBOR does not have. */
export function encodeCbor(value: unknown): Uint8Array<ArrayBuffer> {
  const writer = idle ?? new Writer();
  idle = undefined;
  writer.begin();
  writer.value(value, 0);
  const bytes = writer.toBytes();
  if (writer.capacity <= KEPT_BYTES) idle = writer;
  return bytes;
}

class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  /** Always at most the capacity. */
  #length = 0;

  get capacity(): number {
    return this.#bytes.length;
  }

  begin(): void {
    this.#length = 0;
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  value(value: unknown, depth: number): void {
    if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#text(value);
    else if (typeof value === "boolean") this.#head(SIMPLE, value ? TRUE : FALSE);
    else if (value === null || value === undefined) this.#head(SIMPLE, NULL);
    else if (typeof value === "object") this.#object(value, depth);
    else if (typeof value === "bigint") this.#bigint(value);
    else throw new TypeError(`there is no ${typeof value} in CBOR`);
  }

  /** Where so many bytes more begin. */
  #more(bytes: number): number {
    const begin = this.#length;
    const length = begin + bytes;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = length;
    return begin;
  }

  /** A head. `argument`: a whole number from 0 to 2^53. */
  #head(major: number, argument: number): void {
    const high = major << 5;
    if (argument < 24) {
      const at = this.#more(1);
      this.#bytes[at] = high | argument;
    } else if (argument < 0x100) {
      const at = this.#more(2);
      this.#bytes[at] = high | 24;
      this.#bytes[at + 1] = argument;
    } else if (argument < 0x1_0000) {
      const at = this.#more(3);
      this.#bytes[at] = high | 25;
      this.#view.setUint16(at + 1, argument);
    } else if (argument < 0x1_0000_0000) {
      const at = this.#more(5);
      this.#bytes[at] = high | 26;
      this.#view.setUint32(at + 1, argument);
    } else {
      const at = this.#more(9);
      this.#bytes[at] = high | 27;
      this.#view.setUint32(at + 1, argument / 2 ** 32);
      this.#view.setUint32(at + 5, argument);
    }
  }

  #number(number: number): void {
    if (Number.isSafeInteger(number)) {
      if (number >= 0) this.#head(UNSIGNED, number);
      else this.#head(NEGATIVE, -1 - number);
    } else if (Object.is(Math.fround(number), number)) {
      const at = this.#more(5);
      this.#bytes[at] = SINGLE_HEAD;
      this.#view.setFloat32(at + 1, number);
    } else {
      const at = this.#more(9);
      this.#bytes[at] = DOUBLE_HEAD;
      this.#view.setFloat64(at + 1, number);
    }
  }

  #bigint(number: bigint): void {
    const argument = number < 0n ? -1n - number : number;
    const major = number < 0n ? NEGATIVE : UNSIGNED;
    if (argument <= Number.MAX_SAFE_INTEGER) {
      this.#head(major, Number(argument));
      return;
    }
    if (argument >= 2n ** 64n) throw new RangeError("a bigint has more than 64 bits");
    const at = this.#more(9);
    this.#bytes[at] = (major << 5) | 27;
    this.#view.setBigUint64(at + 1, argument);
  }

  #text(text: string): void {
    const { length } = text;
    if (length <= SHORT_TEXT) {
      const before = this.#length;
      this.#head(TEXT, length);
      const begin = this.#more(length);
      for (let i = 0; ; i++) {
        if (i === length) return;
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        this.#bytes[begin + i] = unit;
      }
      this.#length = before;
    }
    this.#run(TEXT, utf8.encode(text));
  }

  #run(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.length);
    const at = this.#more(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #object(value: object, depth: number): void {
    if (ArrayBuffer.isView(value)) {
      this.#run(BYTE_STRING, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (value instanceof ArrayBuffer) {
      this.#run(BYTE_STRING, new Uint8Array(value));
    } else if (depth === MAX_DEPTH) {
      // One that contains itself ends here, too.
      throw new RangeError(`more than ${MAX_DEPTH} arrays and maps are nested`);
    } else if (Array.isArray(value)) {
      // A getter may change it.
      const { length } = value;
      this.#head(ARRAY, length);
      for (let i = 0; i < length; i++) this.value(value[i], depth + 1);
    } else {
      this.#map(value as Readonly<Record<string, unknown>>, depth);
    }
  }

  /** Properties that are undefined are left out. */
  #map(map: Readonly<Record<string, unknown>>, depth: number): void {
    const prototype = Object.getPrototypeOf(map);
    if (prototype !== Object.prototype && prototype !== null) {
      const kind = Object.prototype.toString.call(map).slice("[object ".length, -1);
      if (kind !== "Object") throw new TypeError(`there is no ${kind} in CBOR`);
    }
    const entries = Object.entries(map).filter(([, value]) => value !== undefined);
    this.#head(MAP, entries.length);
    for (const [key, value] of entries) {
      this.#text(key);
      this.value(value, depth + 1);
    }
  }
}
