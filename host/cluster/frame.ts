/**
 * Frames: what nodes of a cluster send each other. A frame has a header of 48 bytes, little endian, and a payload.
 *
 *     0 version (u8) · 1 kind (u8) · 2 flags (u8) · 4 session (u32) · 8 session of the receiver (u32)
 *     16 epoch (f64) · 24 epoch of the receiver (f64) · 32 number (f64) · 40 acknowledged (f64)
 *
 * The *epoch* says which incarnation of a node has sent it, the *session* which link. Both only grow.
 */

/** Nodes with other versions are refused: they know other frames, or other records. */
export const VERSION = 1;

/** Opens a link. */
export const HELLO = 1;
/** Records (mail/outbox.ts). Each has the next number. */
export const DATA = 2;
/** Says what has arrived. Its number is that of the last DATA. */
export const ACK = 3;
/** As ACK, and asks for all that has not arrived. */
export const ASK = 4;
/** To all nodes: the sender is there. */
export const BEACON = 5;
/** To all nodes: the sender leaves. */
export const BYE = 6;

/** A flag of DATA: its records go on in the next one. */
export const MORE = 1;
/** A flag of ACK and ASK: the sender waits for an acknowledgement. */
export const WAITS = 2;

export const HEADER_BYTES = 48;
/** NATS servers take 1 MiB; short ones let others pass. */
export const MAX_FRAME_BYTES = 64 * 1024;
export const MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - HEADER_BYTES;

export interface Frame {
  readonly kind: number;
  readonly flags: number;
  readonly session: number;
  readonly peerSession: number;
  readonly epoch: number;
  readonly peerEpoch: number;
  readonly number: number;
  readonly acknowledged: number;
  /** Shows the bytes that came. */
  readonly payload: Uint8Array;
}

/** A frame with this payload. `stamp` writes the rest of its header. */
export function newFrame(kind: number, flags: number, number: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  bytes[0] = VERSION;
  bytes[1] = kind;
  bytes[2] = flags;
  new DataView(bytes.buffer).setFloat64(32, number, true);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** Writes what may have changed since the frame was made or sent last. */
export function stamp(
  bytes: Uint8Array<ArrayBuffer>,
  session: number,
  peerSession: number,
  epoch: number,
  peerEpoch: number,
  acknowledged: number,
): void {
  const view = new DataView(bytes.buffer);
  view.setUint32(4, session, true);
  view.setUint32(8, peerSession, true);
  view.setFloat64(16, epoch, true);
  view.setFloat64(24, peerEpoch, true);
  view.setFloat64(40, acknowledged, true);
}

/** The version of the bytes that a node has sent. */
export function versionOf(bytes: Uint8Array): number {
  return bytes[0] ?? 0;
}

/** Reads a frame. Undefined where the bytes are none of this version. */
export function frameFrom(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_FRAME_BYTES || bytes[0] !== VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const [kind, flags] = [bytes[1], bytes[2]];
  const [epoch, peerEpoch, number, acknowledged] = [16, 24, 32, 40].map(at => view.getFloat64(at, true));
  const isWhole = [epoch, peerEpoch, number, acknowledged].every(each => Number.isSafeInteger(each) && each >= 0);
  if (kind < HELLO || kind > BYE || !isWhole || epoch === 0) return undefined;
  const session = view.getUint32(4, true);
  const peerSession = view.getUint32(8, true);
  // Node's clients give a Buffer, whose `slice` copies nothing.
  const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES, bytes.length - HEADER_BYTES);
  return { kind, flags, session, peerSession, epoch, peerEpoch, number, acknowledged, payload };
}
