/**
 * `isopod/codec`: converts texts, JSON and CBOR to the bytes of messages, and back. The core itself
 * knows only bytes.
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
import { type Codec, DecodeError, text } from "../wire/codec.ts";
import type { Message, TimerItem } from "../wire/message.ts";
import { formatPid } from "../wire/pid.ts";
import { decodeCbor, tooDeep, tooMany } from "./cbor-decoder.ts";
import { encodeCbor } from "./cbor-encoder.ts";
import { type Cbor, MAX_DEPTH, MAX_ITEMS } from "./cbor-types.ts";

export { type Codec, DecodeError, text } from "../wire/codec.ts";
export { answering } from "./answering.ts";
export { type Cbor, MAX_DEPTH, MAX_ITEMS } from "./cbor-types.ts";

/** The values of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

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
      return encodeCbor(value);
    } catch (error) {
      throw new TypeError(`it cannot be CBOR: ${reasonIn(error)}`, { cause: error });
    }
  },
  decode: decodeCbor,
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
  return error instanceof Error ? error.message : String(error);
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
