/** The bytes of a message for a reader: a text, a value of CBOR, or hex. */

const decoder = new TextDecoder("utf-8", { fatal: true });
const SHOWN_CHARACTERS = 60;
const SHOWN_BYTES = 16;

/** @param isCbor what scripts send each other; a short text is often valid CBOR, too */
export function contentOf(bytes: Uint8Array, isCbor: boolean): string {
  if (bytes.length === 0) return "an empty message";
  const value = isCbor ? valueIn(bytes) : undefined;
  if (value !== undefined) return shortened(value);
  const text = textOf(bytes);
  if (text !== undefined) return shortened(JSON.stringify(text));
  const hex = Array.from(bytes.subarray(0, SHOWN_BYTES), byte => byte.toString(16).padStart(2, "0")).join(" ");
  return `${hex}${bytes.length > SHOWN_BYTES ? ` … (${bytes.length} bytes)` : ""}`;
}

function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes);
    return /(?![\t\n\r])\p{Cc}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** A value of CBOR in the manner of JSON; undefined: it is none, or one that JSON has no word for. */
function valueIn(bytes: Uint8Array): string | undefined {
  try {
    const values = new Values(bytes);
    const value = values.next();
    return values.isOver ? value : undefined;
  } catch {
    return undefined;
  }
}

class Values {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isOver(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Throws where there is none. */
  next(): string {
    const head = this.#view.getUint8(this.#at++);
    const kind = head >> 5;
    if (kind === 7) return this.#simple(head & 31);
    const count = this.#count(head & 31);
    if (kind === 0) return `${count}`;
    if (kind === 1) return `${-1 - count}`;
    if (kind === 2) return `${this.#take(count).length} bytes`;
    if (kind === 3) return JSON.stringify(decoder.decode(this.#take(count)));
    if (kind === 4) return `[${this.#many(count, () => this.next())}]`;
    if (kind === 5) return `{${this.#many(count, () => `${this.next()}: ${this.next()}`)}}`;
    return this.next();
  }

  #many(count: number, next: () => string): string {
    if (count > this.#bytes.length) throw new RangeError("it has not so many values");
    return Array.from({ length: count }, next).join(", ");
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new RangeError("it has not so many bytes");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #count(head: number): number {
    if (head < 24) return head;
    const at = this.#at;
    if (head === 24) return this.#skip(1, this.#view.getUint8(at));
    if (head === 25) return this.#skip(2, this.#view.getUint16(at));
    if (head === 26) return this.#skip(4, this.#view.getUint32(at));
    if (head === 27) return this.#skip(8, Number(this.#view.getBigUint64(at)));
    throw new RangeError("its length is not known");
  }

  #simple(head: number): string {
    const at = this.#at;
    if (head === 20 || head === 21) return `${head === 21}`;
    if (head === 22) return "null";
    if (head === 23) return "undefined";
    if (head === 25) return `${this.#skip(2, half(this.#view.getUint16(at)))}`;
    if (head === 26) return `${this.#skip(4, this.#view.getFloat32(at))}`;
    if (head === 27) return `${this.#skip(8, this.#view.getFloat64(at))}`;
    throw new RangeError("it has no word");
  }

  #skip(bytes: number, value: number): number {
    this.#at += bytes;
    return value;
  }
}

/** A float of 16 bits. */
function half(word: number): number {
  const exponent = (word >> 10) & 31;
  const fraction = (word & 1023) / 1024;
  const size = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
  const value = exponent < 31 ? size : fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  return word >> 15 === 0 ? value : -value;
}
