/**
 * `isopod/codec`: converts texts, JSON and CBOR to the bytes of messages, and back. The core itself
 * knows only bytes. The package `cborg` becomes part of it in the build.
 *
 * Guarantee: decoding any bytes takes bounded time. It returns a value of the codec's type, or
 * throws a DecodeError. It changes no prototype. The value has at most {@link MAX_DEPTH} levels and
 * {@link MAX_ITEMS} values.
 *
 * ```ts
 * mailbox.send(pid, json.encode({ add: [1, 2] }));
 * const item = await mailbox.receive();
 * if (item?.kind === "message") console.log(decodeMessage(json, item));
 * ```
 */
import { decode, encode, type Token, Tokenizer, Type } from "cborg";
import { type Codec, DecodeError, text } from "../wire/codec.ts";
import type { Message, TimerItem } from "../wire/message.ts";
import { formatPid } from "../wire/pid.ts";

export { type Codec, DecodeError, text } from "../wire/codec.ts";
export { answering } from "./answering.ts";

/** The values of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The values of CBOR that are supported: those of JSON, bytes, and whole numbers of up to 64 bits.
 */
export type Cbor =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Cbor[]
  | { readonly [key: string]: Cbor };

/**
 * How many arrays and maps may be nested. Code that walks a value recursively does not overflow its
 * stack.
 */
export const MAX_DEPTH = 100;

/**
 * How many values one message may contain. One byte of a message can become an object, which takes
 * 50 times as much memory.
 */
export const MAX_ITEMS = 1_000_000;

const encoder = new TextEncoder();

/**
 * JSON as UTF-8, with the rules of JSON.stringify and JSON.parse. The last of two equal keys wins.
 */
export const json: Codec<Json> = {
  encode(value) {
    const written: string | undefined = JSON.stringify(value);
    if (written === undefined) throw new TypeError(`JSON has no ${typeof value}`);
    return encoder.encode(written);
  },
  decode(bytes) {
    const written = text.decode(bytes);
    boundJson(written);
    try {
      return JSON.parse(written) as Json;
    } catch (error) {
      throw new DecodeError(`it is not JSON: ${reasonIn(error)}`, { cause: error });
    }
  },
};

/**
 * CBOR (RFC 8949). Guests read it with `CborReader` and write it with `CborWriter`.
 *
 * Safe integers are sent as whole numbers, all other numbers as floats. Whole numbers beyond 2^53
 * are bigints in both directions. Decoding refuses tags, indefinite lengths, keys that are not
 * texts, and duplicate keys.
 */
export const cbor: Codec<Cbor> = {
  encode(value) {
    try {
      return encode(value, { ignoreUndefinedProperties: true });
    } catch (error) {
      throw new TypeError(`it cannot be CBOR: ${reasonIn(error)}`, { cause: error });
    }
  },
  decode(bytes) {
    try {
      // With a Buffer, byte strings would be views and not copies.
      const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      return decode(plain, { ...strict, tokenizer: new BoundedTokenizer(plain, strict) }) as Cbor;
    } catch (error) {
      if (error instanceof DecodeError) throw error;
      throw new DecodeError(`it is not CBOR: ${reasonIn(error)}`, { cause: error });
    }
  },
};

/**
 * A codec for values of one shape. Without it, a value from a guest may be anything that the format
 * can express.
 *
 * @param check returns the decoded value as a `T`, or throws; parsers of schema libraries do that
 */
export function checked<T, U>(codec: Codec<U>, check: (value: unknown) => T): Codec<T> {
  return {
    // For TypeScript, no interface is a Json, although its values may be. `encode` throws where
    // they are not.
    encode: value => codec.encode(value as unknown as U),
    decode(bytes) {
      const value = codec.decode(bytes);
      try {
        return check(value);
      } catch (error) {
        throw new DecodeError(`it is not what was expected: ${reasonIn(error)}`, { cause: error });
      }
    },
  };
}

/** The value in a received item. Throws a DecodeError that names the message and its sender. */
export function decodeMessage<T>(codec: Codec<T>, item: Message | TimerItem): T {
  try {
    return codec.decode(item.bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { kind, from, tag, bytes } = item;
    const whose = from === 0 ? "the host" : formatPid(from);
    throw new DecodeError(`a ${kind} of ${bytes.length} bytes from ${whose}, tagged ${tag}: ${error.message}`, {
      cause: error,
    });
  }
}

function reasonIn(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^CBOR (de|en)code error: /, "") : String(error);
}

/**
 * Throws where a text has too many nested brackets or too many values. The text need not be JSON.
 */
function boundJson(written: string): void {
  let depth = 0;
  let items = 1;
  let quoted = false;
  for (let i = 0; i < written.length; i++) {
    const unit = written.charCodeAt(i);
    if (quoted) {
      if (unit === BACKSLASH) i++;
      else if (unit === QUOTE) quoted = false;
    } else if (unit === QUOTE) quoted = true;
    else if (unit === OPEN_ARRAY || unit === OPEN_OBJECT) {
      items++;
      if (++depth > MAX_DEPTH) throw tooDeep();
    } else if (unit === CLOSE_ARRAY || unit === CLOSE_OBJECT) depth--;
    else if (unit === COMMA) items++;
    if (items > MAX_ITEMS) throw tooMany();
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const tooDeep = () => new DecodeError(`more than ${MAX_DEPTH} arrays and maps are nested`);
const tooMany = () => new DecodeError(`it contains more than ${MAX_ITEMS.toLocaleString("en")} values`);

/** All options, because the tokenizer has no defaults. */
const strict = {
  allowBigInt: true,
  allowIndefinite: false,
  allowUndefined: true,
  coerceUndefinedToNull: true,
  rejectDuplicateMapKeys: true,
};

/**
 * Throws at values that are nested too deep, at too many values, and at invalid UTF-8, before cborg
 * makes a value of them.
 */
class BoundedTokenizer extends Tokenizer {
  /** For each open array or map, how many items are still to come. The innermost is the last. */
  readonly #open: number[] = [];
  #items = 0;

  override next(): Token {
    if (++this.#items > MAX_ITEMS) throw tooMany();
    const begin = this.pos();
    const token = super.next();
    // The decoder replaces invalid bytes with U+FFFD.
    if (Type.equals(token.type, Type.string) && token.value.includes("\ufffd")) this.#mustBeUtf8(begin);
    const innermost = this.#open.length - 1;
    if (innermost >= 0) this.#open[innermost]--;
    if (Type.equals(token.type, Type.array)) this.#open.push(token.value);
    else if (Type.equals(token.type, Type.map)) this.#open.push(2 * token.value);
    if (this.#open.length > MAX_DEPTH) throw tooDeep();
    while (this.#open.at(-1) === 0) this.#open.pop();
    return token;
  }

  /** Checks the text whose head is at `begin`. It ends where the next item begins. */
  #mustBeUtf8(begin: number): void {
    const minor = this.data[begin] & 31;
    const headBytes = minor < 24 ? 1 : 1 + 2 ** (minor - 24);
    text.decode(this.data.subarray(begin + headBytes, this.pos()));
  }
}
