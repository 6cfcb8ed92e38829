/**
 * Messages with a structure: text, JSON and CBOR as bytes and back. The core knows bytes only; whoever wants more loads this file, as `isopod/codec`.
 * Of npm it needs `cborg`, which whoever wants this installs.
 *
 * Guarantee: whatever bytes a guest has sent, decoding them ends soon, with a value of the codec's type or a DecodeError. It changes no prototype, and what
 * it answers has bounds: {@link MAX_DEPTH} and {@link MAX_ITEMS}.
 *
 * ```ts
 * mailbox.send(pid, json.encode({ add: [1, 2] }));
 * const item = await mailbox.receive();
 * if (item?.kind === "message") console.log(decodeMessage(json, item));
 * ```
 */
import { decode, encode, type Token, Tokenizer, Type } from "cborg";
import { shown } from "../wire/checks.ts";
import { IsopodError } from "../wire/errors.ts";
import type { Message, TimerItem } from "../wire/message.ts";
import { formatPid } from "../wire/pid.ts";

/** Values of one type as the bytes of a message. */
export interface Codec<T> {
  /** Throws a TypeError where the value is none that the format has. */
  encode(value: T): Uint8Array;
  /** Throws a DecodeError where the bytes are none of `encode`'s. The value keeps nothing of `bytes`. */
  decode(bytes: Uint8Array): T;
}

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What CBOR can say here: JSON's values, bytes, and whole numbers up to 64 bits. */
export type Cbor =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Cbor[]
  | { readonly [key: string]: Cbor };

/** So many arrays and maps may be in one another: whoever goes through them by recursion does not run out of stack. */
export const MAX_DEPTH = 100;

/** So many values may be in one message: a byte of a message may be an object of the host, which takes fifty times as much. */
export const MAX_ITEMS = 1_000_000;

/** Bytes that are not what a codec reads. Nothing was taken but the message that they came in. */
export class DecodeError extends IsopodError {
  constructor(message: string, options?: ErrorOptions) {
    super("ISOPOD_DECODE", message, options);
  }
}

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8. Other bytes are refused; half a surrogate pair is sent as U+FFFD. */
export const text: Codec<string> = {
  encode(value) {
    if (typeof value !== "string") throw new TypeError(`a text is a string, not ${shown(value)}`);
    return encoder.encode(value);
  },
  decode(bytes) {
    try {
      return strictDecoder.decode(bytes);
    } catch (error) {
      throw new DecodeError("it is not UTF-8", { cause: error });
    }
  },
};

/** JSON as UTF-8. What JSON.stringify leaves out or makes null is left out or null; of a key that comes twice the last is taken, as everywhere. */
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
 * CBOR (RFC 8949), read in guests by `CborReader` and written by `CborWriter`. Numbers that are whole and safe are sent as whole numbers, all others as floats; a whole number
 * beyond 2^53 comes as a bigint, and is sent as one. Refused are tags, lengths that are not said, keys that are no text, and keys that come twice.
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
      // Of a Buffer, byte strings would be views and no copies.
      const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      return decode(plain, { ...strict, tokenizer: new BoundedTokenizer(plain, strict) }) as Cbor;
    } catch (error) {
      if (error instanceof DecodeError) throw error;
      throw new DecodeError(`it is not CBOR: ${reasonIn(error)}`, { cause: error });
    }
  },
};

/**
 * A codec for values of one shape: `check` answers what it was given as a `T`, or throws, as do the parsers of schema libraries. Without it a value
 * from a guest may be anything that the format can say.
 */
export function checked<T, U>(codec: Codec<U>, check: (value: unknown) => T): Codec<T> {
  return {
    // To TypeScript an interface is no Json, though its values are; where they are not, `encode` says so.
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

/** The value in an item that was received. Throws a DecodeError that says which message of whom it was. */
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

/** Throws where a text has more brackets in one another, or more values, than may be. It may be anything. */
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

const tooDeep = () => new DecodeError(`more than ${MAX_DEPTH} arrays and maps are in one another`);
const tooMany = () => new DecodeError(`there are more than ${MAX_ITEMS.toLocaleString("en")} values in it`);

/** All of them, for the tokenizer knows no defaults. */
const strict = {
  allowBigInt: true,
  allowIndefinite: false,
  allowUndefined: true,
  coerceUndefinedToNull: true,
  rejectDuplicateMapKeys: true,
};

/** Ends what is too deep, or too much, before a value is made of it; and text that is not UTF-8. */
class BoundedTokenizer extends Tokenizer {
  /** How many items the arrays and maps that are open still wait for, the innermost last. */
  readonly #open: number[] = [];
  #items = 0;

  override next(): Token {
    if (++this.#items > MAX_ITEMS) throw tooMany();
    const begin = this.pos();
    const token = super.next();
    // What the decoder could not read it has replaced.
    if (Type.equals(token.type, Type.string) && token.value.includes("\ufffd")) this.#mustBeUtf8(begin);
    const innermost = this.#open.length - 1;
    if (innermost >= 0) this.#open[innermost]--;
    if (Type.equals(token.type, Type.array)) this.#open.push(token.value);
    else if (Type.equals(token.type, Type.map)) this.#open.push(2 * token.value);
    if (this.#open.length > MAX_DEPTH) throw tooDeep();
    while (this.#open.at(-1) === 0) this.#open.pop();
    return token;
  }

  /** The text whose head is at `begin`, and which ends where the next item begins. */
  #mustBeUtf8(begin: number): void {
    const minor = this.data[begin] & 31;
    const headBytes = minor < 24 ? 1 : 1 + 2 ** (minor - 24);
    text.decode(this.data.subarray(begin + headBytes, this.pos()));
  }
}
