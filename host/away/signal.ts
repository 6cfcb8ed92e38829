/**
 * What actors of different threads and nodes send each other, as records of an outbox (mail/outbox.ts). Erlang
 * calls all of it signals, messages too, and so do we. A record has ten words and a payload:
 *
 *     kind · tag · sender (lo, hi) · ref · reason · length of the payload · order · receiver (lo, hi)
 *
 * | kind | tag | ref | payload |
 * |---|---|---|---|
 * | MESSAGE, TIMER | as in a mailbox | as in a mailbox | the message |
 * | DOWN | 1: the watcher may know the whole reason | of the monitor | of the reason |
 * | EXIT, LINK_EXIT, KILL | | | of the reason |
 * | MONITORED, DEMONITORED | | of the monitor | |
 * | LINKED | | | |
 * | UNLINKED, UNLINK_SEEN | | number of the unlink | |
 * | DELEGATED, to the asker of a request | of the message | of the request | the pid of who shall answer, and the message |
 * | HANDED_ON, from the asker | of the message | of the request | the pid of who has handed it on, and the message |
 */
import { LENGTH, OUTGOING_HEADER } from "../kernel/mail-words.ts";

export { DOWN, EXIT, MESSAGE, TIMER } from "../kernel/mail-words.ts";
/** An exit signal of an actor that has ended, along a link. */
export const LINK_EXIT = 5;
export const KILL = 6;
export const MONITORED = 7;
export const DEMONITORED = 8;
export const LINKED = 9;
/** The link is removed. Links that the other side has made before it has seen this are removed with it. */
export const UNLINKED = 10;
export const UNLINK_SEEN = 11;
/** Who was asked asks the asker's place to hand the request on. */
export const DELEGATED = 12;
export const HANDED_ON = 13;

/** Bytes of a pid in a payload. */
export const PID_BYTES = 8;

/** One signal that has arrived. */
export interface Signal {
  readonly kind: number;
  readonly tag: number;
  readonly fromLo: number;
  readonly fromHi: number;
  readonly ref: number;
  readonly reason: number;
  readonly toLo: number;
  readonly toHi: number;
  readonly bytes: Uint8Array;
}

/** The signals of a carrier's bytes, in order, up to the first one that is not whole. They show the bytes: copy what you keep. */
export function* signalsOf(records: Uint8Array): Generator<Signal> {
  const isAligned = records.byteOffset % 4 === 0;
  const u8 = isAligned ? records : records.slice();
  const words = new Int32Array(u8.buffer, u8.byteOffset, u8.length >> 2);
  let at = 0;
  while (at + OUTGOING_HEADER <= u8.length) {
    const [kind, tag, fromLo, fromHi, ref, reason, , , toLo, toHi] = words.subarray(
      at >> 2,
      (at + OUTGOING_HEADER) >> 2,
    );
    const length = words[(at + LENGTH) >> 2] >>> 0;
    const begin = at + OUTGOING_HEADER;
    if (begin + length > u8.length) return;
    const bytes = u8.subarray(begin, begin + length);
    yield { kind, tag, fromLo, fromHi, ref, reason, toLo, toHi, bytes };
    at = begin + Math.ceil(length / 8) * 8;
  }
}

/** A payload that begins with the pid of an actor. */
export function withPid({ lo, hi }: { readonly lo: number; readonly hi: number }, bytes: Uint8Array): Uint8Array {
  const payload = new Uint8Array(PID_BYTES + bytes.length);
  payload.set(new Uint8Array(Int32Array.of(lo, hi).buffer));
  payload.set(bytes, PID_BYTES);
  return payload;
}

/** The words of the pid that a payload begins with; undefined where it is too short. */
export function pidIn(bytes: Uint8Array): readonly [lo: number, hi: number] | undefined {
  if (bytes.length < PID_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [view.getInt32(0, true), view.getInt32(4, true)];
}
