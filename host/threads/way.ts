/**
 * The way from one thread to another and back: it carries the records of an outbox, and hands over what arrives. There are two: message ports, which
 * work everywhere, and rings in shared memory.
 */
import type { Carrier } from "../away/outbox.ts";

/** Takes whole records. */
export type Arrive = (records: Uint8Array) => void;

export interface Way extends Carrier {
  /** Hands over some of what has arrived, and sends what had to wait. True: it has done something. */
  poll(): boolean;
  /** Whether `poll` would do something. */
  isNeeded(): boolean;
  /** The other thread is lost: hands over all that it had sent. Nothing arrives afterwards. */
  drain(): void;
  /** Wakes the other thread in any case. */
  wake(): void;
}

/** What the two kinds of ports have in common: those of pages, and those of Node. */
export interface Port {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown, transfer?: never[]): void;
  close(): void;
  unref?(): void;
}

/** What may wait in memory for the other thread before messages are refused. */
export const WINDOW_BYTES = 1 << 20;
