/** Codecs convert values to the bytes of messages, and back. `isopod/codec` has those for JSON and CBOR. */
import { shown } from "./checks.ts";
import { IsopodError } from "./errors.ts";

/** Converts values of one type to the bytes of a message, and back. */
export interface Codec<T> {
  /** Throws a TypeError where the format cannot express the value. */
  encode(value: T): Uint8Array;
  /**
   * Throws a DecodeError where the bytes are not in the format. The value shares no memory with
   * `bytes`.
   */
  decode(bytes: Uint8Array): T;
}

/**
 * The bytes are not in the format of the codec. The message that they came in has been received.
 */
export class DecodeError extends IsopodError {
  constructor(message: string, options?: ErrorOptions) {
    super("ISOPOD_DECODE", message, options);
  }
}

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8. Decoding refuses other bytes; encoding replaces half a surrogate pair with U+FFFD. */
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
