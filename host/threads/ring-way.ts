/**
 * The way through two rings of shared memory, one for each direction. The port only wakes a thread that sleeps in its
 * event loop. Records that are longer than what is free go in pieces; what a full ring does not take waits in a list.
 */

import { recordBytes } from "../away/outbox.ts";
import { LENGTH, OUTGOING_HEADER } from "../kernel/mail-words.ts";
import type { Bell } from "./bell.ts";
import type { Ring } from "./shared.ts";
import { type Arrive, type Port, type Way, WINDOW_BYTES } from "./way.ts";

/** Bytes that are handed over at once, so that a flood does not hold the thread. */
const TAKEN_AT_ONCE = 32 * 1024;

const nothing = new Uint8Array(0);

export class RingWay implements Way {
  readonly #out: Ring;
  readonly #in: Ring;
  /** Of the other thread. */
  readonly #bell: Bell;
  readonly #port: Port;
  readonly #arrive: Arrive;
  readonly #onRoom: () => void;
  /** What the ring had no room for, in order. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** The beginning of a record whose end has not arrived. */
  #pieces: Uint8Array[] = [];
  #piecesBytes = 0;

  /** `onMessage` is called when the other thread wakes this one, `onRoom` when messages are accepted again. */
  constructor(
    [out, into]: readonly [Ring, Ring],
    bell: Bell,
    port: Port,
    arrive: Arrive,
    onRoom: () => void,
    onMessage: () => void,
  ) {
    this.#out = out;
    this.#in = into;
    this.#bell = bell;
    this.#port = port;
    this.#arrive = arrive;
    this.#onRoom = onRoom;
    port.onmessage = onMessage;
  }

  get isReady(): boolean {
    return this.#waitingBytes < WINDOW_BYTES;
  }

  carry(records: Uint8Array): void {
    const written = this.#waitingBytes === 0 ? this.#out.write(records) : 0;
    if (written < records.length) {
      this.#waiting.push(written === 0 ? records : records.subarray(written));
      this.#waitingBytes += records.length - written;
      this.#out.wait();
      // The other thread may have made room in the meantime, and then says nothing.
      if (this.#out.size < RING_HALF) this.#send();
    }
    this.#ring();
  }

  poll(): boolean {
    const sent = this.#waitingBytes > 0 && this.#send();
    if (sent) this.#ring();
    return this.#take() || sent;
  }

  isNeeded(): boolean {
    return this.#in.size > 0 || (this.#waitingBytes > 0 && this.#out.size < RING_HALF);
  }

  drain(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    while (this.#take()) {}
    this.#port.close();
  }

  wake(): void {
    this.#port.postMessage(null);
  }

  #ring(): void {
    if (this.#bell.ring()) this.wake();
  }

  /** Writes what waits. False: there is no room. */
  #send(): boolean {
    const wasReady = this.isReady;
    let sent = 0;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const written = this.#out.write(first);
      sent += written;
      this.#waitingBytes -= written;
      if (written < first.length) {
        this.#waiting[0] = first.subarray(written);
        this.#out.wait();
        break;
      }
      this.#waiting.shift();
    }
    if (!wasReady && this.isReady) this.#onRoom();
    return sent > 0;
  }

  #take(): boolean {
    const bytes = this.#in.read(TAKEN_AT_ONCE);
    if (bytes === undefined) return false;
    if (this.#in.hasWaited()) this.#ring();
    this.#pieces.push(bytes);
    this.#piecesBytes += bytes.length;
    const whole = this.#whole();
    if (whole.length > 0) this.#arrive(whole);
    return true;
  }

  /** Takes the records that have arrived whole. */
  #whole(): Uint8Array {
    const needed = this.#needed();
    if (this.#piecesBytes < needed) return nothing;
    const bytes = this.#pieces.length === 1 ? this.#pieces[0] : joined(this.#pieces, this.#piecesBytes);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    let end = 0;
    while (end + OUTGOING_HEADER <= bytes.length) {
      const next = end + recordBytes(words[(end + LENGTH) >> 2] >>> 0);
      if (next > bytes.length) break;
      end = next;
    }
    this.#pieces = end === bytes.length ? [] : [bytes.subarray(end)];
    this.#piecesBytes = bytes.length - end;
    return bytes.subarray(0, end);
  }

  /** Bytes of the first record, so that the pieces of a long one are joined once. */
  #needed(): number {
    const first = this.#pieces[0];
    if (first.length < OUTGOING_HEADER) return OUTGOING_HEADER;
    return recordBytes(new DataView(first.buffer, first.byteOffset).getUint32(LENGTH, true));
  }
}

const RING_HALF = 128 * 1024;

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
