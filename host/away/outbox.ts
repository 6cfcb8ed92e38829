/**
 * Outboxes: how messages leave for another thread or another node. Guests write records into an outbox,
 * in the kernel's memory (kernel/outbox.ts). Its carrier is called when the actors of this thread have had
 * some turns, and takes the records away. Records of one sender stay in order.
 */

import { OUTBOX_END, OUTBOX_HEADER, OUTBOX_ORDERED, OUTBOX_TAIL, OUTGOING_HEADER } from "../kernel/mail-words.ts";
import { MAX_INSIDE_BYTES, PLACE } from "../kernel/words.ts";
import type { Kernel, Recorded } from "../mail/kernel.ts";
import { isOfPlace, placeOf } from "../wire/pid.ts";

/** Brings records to another place. */
export interface Carrier {
  /**
   * False: it is behind. Messages then wait in the outbox, and when that is full, their senders are told. The
   * carrier calls `Outbox.flush` when it is ready again.
   */
  readonly isReady: boolean;
  /**
   * Takes records, in order. Each has ten words and a payload, which is padded to 8 bytes (kernel/mail-words.ts).
   * Called after some turns if it is ready. Signals are never refused, so it is called for them in any case.
   */
  carry(records: Uint8Array<ArrayBuffer>): void;
}

/** The size classes of the kernel's arena. */
const SMALLEST_BYTES = 64;
const LARGEST_CLASS = 11;
/** The first word of some pid. */
const ANY_LO = 1 << 20;

/** Bytes of a record with so many bytes of payload. */
export function recordBytes(length: number): number {
  return OUTGOING_HEADER + Math.ceil(length / 8) * 8;
}

/** The records that wait for one carrier. */
export class Outbox {
  readonly carrier: Carrier;
  readonly #kernel: Kernel<Recorded>;
  /** Its address in the kernel's memory; 0: it is closed. */
  #address: number;
  /** Bytes of its block. */
  readonly #bytes: number;

  constructor(kernel: Kernel<Recorded>, carrier: Carrier, address: number, bytes: number) {
    this.carrier = carrier;
    this.#kernel = kernel;
    this.#address = address;
    this.#bytes = bytes;
  }

  /** Where it is in the kernel's memory. */
  get address(): number {
    return this.#address;
  }

  word(place: number): number {
    return this.#kernel.word(this.#address + place);
  }

  /** Bytes of the records in it. */
  get size(): number {
    if (this.#address === 0) return 0;
    return this.word(OUTBOX_TAIL) - this.#address - OUTBOX_HEADER;
  }

  /** The longest message that it can take when it is empty. */
  get maxLength(): number {
    return Math.min(MAX_INSIDE_BYTES, this.#bytes - OUTBOX_HEADER - OUTGOING_HEADER);
  }

  /** Whether a message with so many bytes may be sent: there is room for it, or the carrier takes what is here. */
  hasRoom(length: number): boolean {
    return this.carrier.isReady || (length <= this.maxLength && this.#fits(recordBytes(length)));
  }

  #fits(bytes: number): boolean {
    return this.word(OUTBOX_TAIL) + bytes <= this.word(OUTBOX_END);
  }

  /** Adds a record of the host's. If there is no room, the carrier gets all that is here first. */
  put(
    kind: number,
    tag: number,
    fromLo: number,
    fromHi: number,
    ref: number,
    reason: number,
    toLo: number,
    toHi: number,
    bytes: Uint8Array,
  ): void {
    if (this.#address === 0) return;
    const { length } = bytes;
    const size = recordBytes(length);
    if (!this.#fits(size) && this.size > 0) this.carrier.carry(this.take());
    const order = this.word(OUTBOX_ORDERED);
    this.#kernel.setWord(this.#address + OUTBOX_ORDERED, order + 1);
    const words = [kind, tag, fromLo, fromHi, ref, reason, length, order, toLo, toHi];
    if (this.#fits(size)) {
      const tail = this.word(OUTBOX_TAIL);
      this.#kernel.words.set(words, tail >>> 2);
      const begin = (tail >>> 0) + OUTGOING_HEADER;
      this.#kernel.bytes.set(bytes, begin);
      this.#kernel.bytes.fill(0, begin + length, (tail >>> 0) + size);
      this.#kernel.setWord(this.#address + OUTBOX_TAIL, tail + size);
    } else {
      const record = new Uint8Array(size);
      new Int32Array(record.buffer, 0, words.length).set(words);
      record.set(bytes, OUTGOING_HEADER);
      this.carrier.carry(record);
    }
  }

  /** Gives the carrier what is here, if it is ready. */
  flush(): void {
    if (this.size > 0 && this.carrier.isReady) this.carrier.carry(this.take());
  }

  /** Takes all records, in order, as bytes of their own. */
  take(): Uint8Array<ArrayBuffer> {
    if (this.#address === 0) return new Uint8Array(0);
    const begin = (this.#address >>> 0) + OUTBOX_HEADER;
    const taken = this.#kernel.bytes.slice(begin, begin + this.size) as Uint8Array<ArrayBuffer>;
    this.#kernel.setWord(this.#address + OUTBOX_TAIL, this.#address + OUTBOX_HEADER);
    return taken;
  }

  /** Called when its memory is given back. */
  closed(): void {
    this.#address = 0;
  }
}

/** The outboxes of one kernel. */
export class Outboxes {
  readonly #kernel: Kernel<Recorded>;
  /** By address. */
  readonly #open = new Map<number, Outbox>();
  /** All open outboxes. */
  list: readonly Outbox[] = [];

  constructor(kernel: Kernel<Recorded>) {
    this.#kernel = kernel;
  }

  /**
   * Opens the outbox for a thread of this node, or for all threads of another node. From now on, messages
   * to actors there go to the carrier. Throws an Error where that outbox is open, or the place is this
   * one, and a RangeError where the engine has no memory left, or the outbox would be too large.
   *
   * @param bytes what it takes of the kernel's memory, at most 128 KiB; rounded up to a power of two
   */
  open(thread: number, node: number, carrier: Carrier, bytes = SMALLEST_BYTES << LARGEST_CLASS): Outbox {
    const { call } = this.#kernel;
    const hi = placeOf(thread, node);
    if (isOfPlace(0, hi, this.#kernel.word(PLACE)) || call.outboxFor(ANY_LO, hi) !== 0) {
      throw new Error(`thread ${thread} of node ${node} can have no other outbox`);
    }
    const sizeClass = Math.max(0, Math.ceil(Math.log2(bytes / SMALLEST_BYTES)));
    if (sizeClass > LARGEST_CLASS) throw new RangeError(`an outbox of ${bytes} bytes: it has at most 128 KiB`);
    const address = call.openOutbox(hi, sizeClass);
    if (address === 0) throw new RangeError("the engine has no memory left for another outbox");
    const outbox = new Outbox(this.#kernel, carrier, address, SMALLEST_BYTES << sizeClass);
    this.#open.set(address, outbox);
    this.list = [...this.#open.values()];
    return outbox;
  }

  /** Closes an outbox. Records in it are dropped, and messages to its place find no actor. */
  close(outbox: Outbox): void {
    if (!this.#open.delete(outbox.address)) return;
    this.list = [...this.#open.values()];
    this.#kernel.call.closeOutbox(outbox.address);
    outbox.closed();
  }

  /** The outbox that leads to the actor of a pid; undefined where there is none. */
  of(lo: number, hi: number): Outbox | undefined {
    return this.#open.get(this.#kernel.call.outboxFor(lo, hi));
  }
}
