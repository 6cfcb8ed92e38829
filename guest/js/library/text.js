/** TextEncoder and TextDecoder, for UTF-8 alone. */
import * as native from "isopod:native";

export class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    return native.encode(`${text}`, true);
  }

  encodeInto(text, target) {
    const bytes = native.encode(`${text}`, true);
    let written = Math.min(bytes.length, target.length);
    // No character is cut.
    if (written < bytes.length) while ((bytes[written] & 0xc0) === 0x80) written--;
    target.set(bytes.subarray(0, written));
    return { read: native.decodeUtf8(bytes.subarray(0, written)).length, written };
  }
}

const labels = "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8".split(" ");
const nothing = new Uint8Array(0);

export class TextDecoder {
  #fatal;
  #ignoreBOM;
  /** The bytes that begin a character whose other bytes have not come. */
  #left = nothing;
  /** Whether something of the text has come, so that no byte order mark can come any more. */
  #hasBegun = false;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!labels.includes(`${label}`.trim().toLowerCase()))
      throw new RangeError(`TextDecoder has only utf-8, not ${label}`);
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
  }

  get encoding() {
    return "utf-8";
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = nothing, { stream = false } = {}) {
    let bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    if (this.#left.length > 0) {
      const all = new Uint8Array(this.#left.length + bytes.length);
      all.set(this.#left);
      all.set(bytes, this.#left.length);
      bytes = all;
    }
    const end = bytes.length - (stream ? native.unfinishedUtf8(bytes) : 0);
    this.#left = end < bytes.length ? bytes.slice(end) : nothing;
    const text = native.decodeUtf8(bytes.subarray(0, end), this.#fatal);
    const hasBegun = this.#hasBegun;
    this.#hasBegun = stream && text !== undefined && (hasBegun || text !== "");
    if (text === undefined) {
      this.#left = nothing;
      throw new TypeError("the bytes are not UTF-8");
    }
    return !hasBegun && !this.#ignoreBOM && text.startsWith("\ufeff") ? text.slice(1) : text;
  }
}
