/**
 * Outboxes: how messages leave for another thread or another node. Guests write records into an outbox,
 * in the kernel's memory (kernel/outbox.ts). Its carrier is called when the actors of this thread have had
 * some turns, and takes the records away. Records of one sender stay in order.
 */

import { OUTBOX_HEADER, OUTBOX_TAIL, OUTGOING_HEADER } from "../kernel/mail-words.ts";
import { MAX_INSIDE_BYTES, PLACE } from "../kernel/words.ts";
import { SEND_FULL, SEND_TOO_LARGE } from "../wire/message.ts";
import { isOfPlace, placeOf } from "../wire/pid.ts";
import type { Kernel, Recorded } from "./kernel.ts";

/** Brings records to another place. */
export interface Carrier {
  /**
   * Called after some turns while there are records in the outbox. It takes them, or leaves them until
   * the next call. Senders are told that the outbox is full as long as it is.
   */
  carry(outbox: Outbox): void;
}

/** The size classes of the kernel's arena. */
const SMALLEST_BYTES = 64;
const LARGEST_CLASS = 11;
/** The first word of some pid. */
const ANY_LO = 1 << 20;

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

  /** Bytes of the records in it. */
  get size(): number {
    if (this.#address === 0) return 0;
    return this.#kernel.word(this.#address + OUTBOX_TAIL) - this.#address - OUTBOX_HEADER;
  }

  /** The longest message that it can take when it is empty. */
  get maxLength(): number {
    return Math.min(MAX_INSIDE_BYTES, this.#bytes - OUTBOX_HEADER - OUTGOING_HEADER);
  }

  /**
   * Takes all records, in order, as bytes of their own. Each has ten words and a payload, which is
   * padded to 8 bytes (kernel/words.ts).
   */
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
    return outbox;
  }

  /** Closes an outbox. Records in it are dropped, and messages to its place find no actor. */
  close(outbox: Outbox): void {
    if (!this.#open.delete(outbox.address)) return;
    this.#kernel.call.closeOutbox(outbox.address);
    outbox.closed();
  }

  /** The outboxes that have records. */
  *filled(): Generator<Outbox> {
    for (const outbox of [...this.#open.values()]) if (outbox.size > 0) yield outbox;
  }

  /**
   * What `send` answers to a message that the kernel has not put into its outbox; undefined where there
   * is no outbox for the receiver.
   */
  refusal(lo: number, hi: number, length: number): number | undefined {
    if (this.#open.size === 0) return undefined;
    const outbox = this.#open.get(this.#kernel.call.outboxFor(lo, hi));
    if (outbox === undefined) return undefined;
    return length > outbox.maxLength ? SEND_TOO_LARGE : SEND_FULL;
  }
}
