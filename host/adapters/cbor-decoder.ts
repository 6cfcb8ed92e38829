/** Reads a value of CBOR (RFC 8949). Each of its values is bounded before it is made. */
import { DecodeError, text } from "../wire/codec.ts";
import {
  ARRAY,
  BYTE_STRING,
  type Cbor,
  FALSE,
  MAP,
  MAX_DEPTH,
  MAX_ITEMS,
  NEGATIVE,
  NULL,
  SIMPLE,
  TEXT,
  TRUE,
  UNSIGNED,
} from "./cbor-types.ts";

const UNDEFINED = 23;
const HALF = 25;
const SINGLE = 26;
const DOUBLE = 27;
/** Up to this length, texts that are ASCII are read without TextDecoder. */
const SHORT_TEXT = 24;

export function tooDeep(): DecodeError {
  return new DecodeError(`more than ${MAX_DEPTH} arrays and maps are nested`);
}

export function tooMany(): DecodeError {
  return new DecodeError(`it contains more than ${MAX_ITEMS.toLocaleString("en")} values`);
}

function notCbor(why: string): DecodeError {
  return new DecodeError(`it is not CBOR: ${why}`);
}

/** The value of all bytes. Keeps nothing of them. */
export function decodeCbor(bytes: Uint8Array): Cbor {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.left > 0) throw notCbor("something follows the value");
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #items = 0;
  /** The low five bits of the head that was read last. */
  #minor = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  value(depth: number): Cbor {
    if (++this.#items > MAX_ITEMS) throw tooMany();
    const major = this.#major();
    switch (major) {
      case UNSIGNED:
        return this.#argument();
      case NEGATIVE: {
        const argument = this.#argument();
        if (typeof argument === "number" && argument < Number.MAX_SAFE_INTEGER) return -1 - argument;
        return -1n - BigInt(argument);
      }
      case BYTE_STRING:
        // With a Buffer, `slice` would be a view.
        return new Uint8Array(this.#take(this.#length()));
      case TEXT:
        return this.#text();
      case ARRAY: {
        if (depth === MAX_DEPTH) throw tooDeep();
        const array: Cbor[] = [];
        for (let left = this.#length(); left > 0; left--) array.push(this.value(depth + 1));
        return array;
      }
      case MAP:
        if (depth === MAX_DEPTH) throw tooDeep();
        return this.#map(depth);
      case SIMPLE:
        return this.#simple();
      default:
        throw notCbor("it has a tag");
    }
  }

  /** Reads the first byte of a head. */
  #major(): number {
    if (this.left === 0) throw notCbor("it ends too soon");
    const first = this.#bytes[this.#at++];
    this.#minor = first & 31;
    return first >> 5;
  }

  /** Reads the rest of a head: a number, which is a bigint beyond 2^53. */
  #argument(): number | bigint {
    const minor = this.#minor;
    if (minor < 24) return minor;
    if (minor > 27) throw notCbor("it has a length that is not given in advance");
    const size = 1 << (minor - 24);
    if (this.left < size) throw notCbor("it ends too soon");
    if (minor === 27) {
      const number = this.#word() * 2 ** 32 + this.#word();
      if (number <= Number.MAX_SAFE_INTEGER) return number;
      this.#at -= 8;
      return (BigInt(this.#word()) << 32n) | BigInt(this.#word());
    }
    if (minor === 26) return this.#word();
    const first = this.#bytes[this.#at++];
    return size === 1 ? first : (first << 8) | this.#bytes[this.#at++];
  }

  #word(): number {
    const bytes = this.#bytes;
    const at = this.#at;
    this.#at = at + 4;
    return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  }

  /** A length, of bytes or of values that take a byte each. */
  #length(): number {
    const length = this.#argument();
    if (length > this.left) throw notCbor("it ends too soon");
    return Number(length);
  }

  #take(length: number): Uint8Array {
    const begin = this.#at;
    this.#at = begin + length;
    return this.#bytes.subarray(begin, this.#at);
  }

  #text(): string {
    const length = this.#length();
    const end = this.#at + length;
    if (length <= SHORT_TEXT) {
      let read = "";
      for (let at = this.#at; ; at++) {
        if (at === end) {
          this.#at = end;
          return read;
        }
        const byte = this.#bytes[at];
        if (byte > 0x7f) break;
        read += String.fromCharCode(byte);
      }
    }
    return text.decode(this.#take(length));
  }

  #map(depth: number): Cbor {
    const map: Record<string, Cbor> = {};
    for (let left = this.#length(); left > 0; left--) {
      if (++this.#items > MAX_ITEMS) throw tooMany();
      if (this.#major() !== TEXT) throw notCbor("a key is not a text");
      const key = this.#text();
      if (Object.hasOwn(map, key)) throw notCbor(`the key ${JSON.stringify(key)} comes twice`);
      const value = this.value(depth + 1);
      if (key !== "__proto__") map[key] = value;
      else Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
    }
    return map;
  }

  #simple(): Cbor {
    const minor = this.#minor;
    if (minor === FALSE || minor === TRUE) return minor === TRUE;
    if (minor === NULL || minor === UNDEFINED) return null;
    if (minor < HALF || minor > DOUBLE) throw notCbor("it has a simple value that is not supported");
    const size = 1 << (minor - 24);
    if (this.left < size) throw notCbor("it ends too soon");
    const { buffer, byteOffset, length } = this.#take(size);
    const view = new DataView(buffer, byteOffset, length);
    if (minor === SINGLE) return view.getFloat32(0);
    return minor === DOUBLE ? view.getFloat64(0) : half(view.getUint16(0));
  }
}

/** A float of two bytes. */
function half(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (fraction + 1024) * 2 ** (exponent - 25);
}
