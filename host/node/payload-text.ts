/**
 * Payloads as people write and read them: text, JSON, values or hex. `isopod run` and the observer share
 * this. What is read here comes from guests, so it still needs `escapeControls` before it is shown.
 */
import { type Cbor, cbor } from "../adapters/codec.ts";

/**
 * How a payload is written. `json` is sent as the text that it is. `value` is sent as CBOR, as typed
 * messages are: what is JSON as its value, all else as a text.
 */
export const PAYLOAD_FORMATS = ["text", "json", "value", "hex"] as const;
export type PayloadFormat = (typeof PAYLOAD_FORMATS)[number];

/** Bytes with more than one control character in this many count as binary. */
const TEXT_TO_CONTROLS = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A text is not in the format that was named. The message says where. */
export class FormatError extends Error {}

/** Throws a FormatError. Hex digits come in pairs, and white space between the pairs means nothing. */
export function payloadOf(text: string, format: PayloadFormat): Uint8Array<ArrayBuffer> {
  if (format === "hex") return bytesOfHex(text);
  if (format === "json") checkJson(text);
  if (format === "value") return new Uint8Array(cbor.encode(valueOfText(text)));
  return encoder.encode(text);
}

function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new FormatError(`it is not JSON: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** The value of a JSON text. Any other text is its own value. */
export function valueOfText(text: string): Cbor {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A value as JSON in one line. Bytes are hex digits, and whole numbers beyond 2^53 are digits, too. */
export function jsonOf(value: Cbor): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Uint8Array) return hexOf(part);
    return typeof part === "bigint" ? String(part) : part;
  });
}

/** The value that the bytes are CBOR of. Undefined where they are not. */
export function valueIn(bytes: Uint8Array): Cbor | undefined {
  try {
    return cbor.decode(bytes);
  } catch {
    return undefined;
  }
}

function bytesOfHex(text: string): Uint8Array<ArrayBuffer> {
  const words = text.split(/\s+/).filter(word => word !== "");
  for (const word of words) {
    if (/^([0-9a-f]{2})*$/i.test(word)) continue;
    throw new FormatError(`it is not hex: ${JSON.stringify(word)}; a byte is two digits, for example 0a ff`);
  }
  const digits = words.join("");
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join(" ");
}

/**
 * The bytes as text, without a character that was cut at the end if `isCut`. Undefined where they
 * are not UTF-8, or have many control characters.
 */
export function textOf(bytes: Uint8Array, isCut = false): string | undefined {
  const most = isCut ? Math.min(3, bytes.length - 1) : 0;
  for (let cut = 0; cut <= most; cut++) {
    try {
      const text = decoder.decode(bytes.subarray(0, bytes.length - cut));
      const controls = text.match(/(?![\t\n\r])\p{Cc}/gu)?.length ?? 0;
      return controls * TEXT_TO_CONTROLS > text.length ? undefined : text;
    } catch {
      // The last character may have been cut: try with one byte less.
    }
  }
  return undefined;
}
