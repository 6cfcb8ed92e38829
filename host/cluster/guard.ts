/**
 * What a guest node may send: messages and monitors to actors that are exported, answers to what it was asked, and
 * the ends of its own actors. All else is dropped and counted, and so are messages beyond its limits.
 */
import {
  ANSWER,
  ASK,
  DEMONITORED,
  DOWN,
  LINK_EXIT,
  MESSAGE,
  MONITORED,
  REFUSAL,
  type Signal,
  signalsOf,
  TIMER,
  UNLINK_SEEN,
  UNLINKED,
} from "../away/signal.ts";
import { OUTGOING_HEADER } from "../kernel/mail-words.ts";
import type { Clock } from "../time/clock.ts";

/** What one guest node may use of this one. */
export interface GuestLimits {
  /** Messages and monitors in one second. */
  readonly messagesPerSecond: number;
  /** Bytes of messages in one second. */
  readonly bytesPerSecond: number;
  /** Monitors and open requests at a time. */
  readonly ties: number;
}

export class Guard {
  readonly #limits: GuestLimits;
  readonly #clock: Clock;
  readonly #isExported: (lo: number, hi: number) => boolean;
  /** Refs of its monitors here. */
  readonly #ties = new Set<string>();
  #secondMs = Number.NEGATIVE_INFINITY;
  #messages = 0;
  #bytes = 0;
  #denied = 0;

  constructor(limits: GuestLimits, clock: Clock, isExported: (lo: number, hi: number) => boolean) {
    this.#limits = limits;
    this.#clock = clock;
    this.#isExported = isExported;
  }

  /** Signals that were dropped since this was asked last. */
  takeDenied(): number {
    const denied = this.#denied;
    this.#denied = 0;
    return denied;
  }

  /** The records that it may send, of those that have come. */
  admitted(records: Uint8Array): Uint8Array {
    const kept: Uint8Array[] = [];
    let all = 0;
    let whole = 0;
    for (const signal of signalsOf(records)) {
      const size = OUTGOING_HEADER + Math.ceil(signal.bytes.length / 8) * 8;
      whole++;
      if (this.#may(signal)) kept.push(records.subarray(all, all + size));
      else this.#denied++;
      all += size;
    }
    if (kept.length === whole) return records;
    const bytes = new Uint8Array(kept.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const each of kept) {
      bytes.set(each, at);
      at += each.length;
    }
    return bytes;
  }

  /** What leaves for it. A Down ends its monitor. */
  leaving(records: Uint8Array): void {
    if (this.#ties.size === 0) return;
    for (const { kind, ref, toLo, toHi } of signalsOf(records)) {
      if (kind === DOWN) this.#ties.delete(tieOf(toLo, toHi, ref));
    }
  }

  /** Its link has ended. */
  forget(): void {
    this.#ties.clear();
  }

  #may({ kind, tag, fromLo, fromHi, toLo, toHi, ref, bytes }: Signal): boolean {
    // Pid 0 is the host, which actors may trust.
    if (fromLo === 0 && fromHi === 0) return false;
    if (kind === DOWN || kind === LINK_EXIT || kind === UNLINKED || kind === UNLINK_SEEN) return true;
    if (kind === DEMONITORED) {
      this.#ties.delete(tieOf(fromLo, fromHi, ref));
      return true;
    }
    if (kind === ANSWER || kind === REFUSAL) return true;
    if (kind !== MESSAGE && kind !== TIMER && kind !== MONITORED && kind !== ASK) return false;
    if (!this.#hasRoom(bytes.length)) return false;
    // Each request asks who it is from.
    if (kind === ASK) return true;
    // An answer, which only whoever was asked can give.
    if (kind === MESSAGE && tag < 0) return true;
    if (!this.#isExported(toLo, toHi)) return false;
    if (kind === MONITORED) {
      if (this.#ties.size >= this.#limits.ties) return false;
      this.#ties.add(tieOf(fromLo, fromHi, ref));
    }
    return true;
  }

  #hasRoom(length: number): boolean {
    const now = this.#clock.now();
    if (now - this.#secondMs >= 1_000) {
      this.#secondMs = now;
      this.#messages = 0;
      this.#bytes = 0;
    }
    this.#messages++;
    this.#bytes += length;
    return this.#messages <= this.#limits.messagesPerSecond && this.#bytes <= this.#limits.bytesPerSecond;
  }
}

const tieOf = (lo: number, hi: number, ref: number): string => `${lo} ${hi} ${ref}`;
