/**
 * Builds a payload of JSON. It writes commas and colons itself. The caller closes what it opens,
 * and writes keys only in objects. docs/messages.md says how to read JSON.
 */

import { Pid } from "./pid";
import * as utf8 from "./utf8";
import { Writer } from "./writer";

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const BACKSLASH: u8 = 0x5c;

/**
 * `writer.reset().object().key("sum").int(sum).key("of").array().int(a).int(b).endArray().endObject().send(to)`
 */
export class JsonWriter {
  private out: Writer;

  /** Whether the next value needs a comma before it. */
  private follows: bool = false;

  /** @param capacity initial size of the buffer, in bytes */
  constructor(capacity: i32 = 64) {
    this.out = new Writer(capacity);
  }

  /** Begins a new payload in the same buffer. */
  reset(): JsonWriter {
    this.out.reset();
    this.follows = false;
    return this;
  }

  object(): JsonWriter {
    return this.open("{");
  }

  endObject(): JsonWriter {
    return this.close("}");
  }

  array(): JsonWriter {
    return this.open("[");
  }

  endArray(): JsonWriter {
    return this.close("]");
  }

  key(name: string): JsonWriter {
    this.text(name);
    this.out.u8(COLON);
    this.follows = false;
    return this;
  }

  text(value: string): JsonWriter {
    this.separate();
    this.out.u8(QUOTE);
    let begin = 0;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit >= 0x20 && unit !== QUOTE && unit !== BACKSLASH) continue;
      this.plain(value.substring(begin, i));
      this.escape(unit);
      begin = i + 1;
    }
    this.plain(value.substring(begin));
    this.out.u8(QUOTE);
    return this;
  }

  /** JavaScript reads whole numbers exactly up to 2^53. */
  int(value: i64): JsonWriter {
    return this.word(`${value}`);
  }

  /** Infinities and NaN become null, because JSON has none. */
  float(value: f64): JsonWriter {
    return this.word(F64.isFinite(value) ? `${value}` : "null");
  }

  bool(value: bool): JsonWriter {
    return this.word(value ? "true" : "false");
  }

  nil(): JsonWriter {
    return this.word("null");
  }

  /** Sends the payload, and leaves the writer as it is. Returns as `send` does. */
  send(to: Pid, tag: i32 = 0): i32 {
    return this.out.send(to, tag);
  }

  /** A copy of the payload. */
  toBytes(): Uint8Array {
    return this.out.toBytes();
  }

  /** Writes the comma between two values. */
  private separate(): void {
    if (this.follows) this.out.u8(COMMA);
    this.follows = true;
  }

  private open(bracket: string): JsonWriter {
    this.word(bracket);
    this.follows = false;
    return this;
  }

  private close(bracket: string): JsonWriter {
    this.plain(bracket);
    this.follows = true;
    return this;
  }

  private word(word: string): JsonWriter {
    this.separate();
    this.plain(word);
    return this;
  }

  private escape(unit: i32): void {
    this.out.u8(BACKSLASH);
    if (unit < 0x20) this.plain(`u00${unit >> 4}${"0123456789abcdef".charAt(unit & 15)}`);
    else this.out.u8(unit as u8);
  }

  /** Half a surrogate pair becomes U+FFFD. */
  private plain(text: string): void {
    utf8.write(text, this.out.room(String.UTF8.byteLength(text)));
  }
}
