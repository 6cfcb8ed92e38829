/**
 * The part of an exported image that says how its actor has parked: the entry that it runs, its window,
 * what it waits for, and for how long. These words are a stranger's: each is checked as the import that
 * sets it would check it.
 */
import {
  HAS_START,
  MAY_PARK,
  STARTED,
  TRAPS_EXITS,
  WANT_ANY,
  WANT_MATCH,
  WANT_REF,
  WANT_TAG,
} from "../kernel/words.ts";
import { ImageError } from "../wire/errors.ts";

/** How an actor has parked. */
export interface Parked {
  /** The export that it runs. */
  readonly entry: string;
  /** A handler parks between two items; any other actor in a receive. */
  readonly isHandler: boolean;
  readonly trapsExits: boolean;
  /** The window of the receive, or of the handler. */
  readonly info: number;
  readonly pointer: number;
  readonly capacity: number;
  readonly want: number;
  readonly wanted: number;
  /** What remains of its timeout, in whole milliseconds; FOR_EVER: it has none. */
  readonly timeoutMs: number;
}

export const FOR_EVER = -1;
const IS_HANDLER = 1;
const DOES_TRAP_EXITS = 2;
/** The words before the entry's text. */
const WORDS = 8;
const MAX_ENTRY_BYTES = 1024;
const INFO_BYTES = 32;

/** How many bytes the part takes, in whole words of 8 bytes. */
export function parkedBytes({ entry }: Parked): number {
  return lengthFor(new TextEncoder().encode(entry).length);
}

/** The same, of an exported image. */
export function parkedBytesAt(view: DataView, at: number): number {
  if (view.byteLength < at + 4 * WORDS) throw new ImageError("these bytes are no image");
  const bytes = view.getUint32(at + 4 * (WORDS - 1), true);
  if (bytes > MAX_ENTRY_BYTES || view.byteLength < at + lengthFor(bytes)) {
    throw new ImageError(
      `the image has the name of an entry of ${bytes} bytes, and the longest has ${MAX_ENTRY_BYTES}`,
    );
  }
  return lengthFor(bytes);
}

export function writeParked(bytes: Uint8Array, at: number, parked: Parked): void {
  const { entry, isHandler, trapsExits, info, pointer, capacity, want, wanted, timeoutMs } = parked;
  const text = new TextEncoder().encode(entry);
  if (text.length > MAX_ENTRY_BYTES) {
    throw new ImageError(`the name of its entry has more than ${MAX_ENTRY_BYTES} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const kind = (isHandler ? IS_HANDLER : 0) | (trapsExits ? DOES_TRAP_EXITS : 0);
  const words = [kind, info, pointer, capacity, want, wanted, timeoutMs, text.length];
  for (const [i, word] of words.entries()) view.setInt32(at + 4 * i, word, true);
  bytes.set(text, at + 4 * WORDS);
}

/** Reads the part. Only the length is checked. */
export function readParked(bytes: Uint8Array, at: number): Parked {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  parkedBytesAt(view, at);
  const unsigned = (i: number) => view.getUint32(at + 4 * i, true);
  const text = bytes.subarray(at + 4 * WORDS, at + 4 * WORDS + unsigned(WORDS - 1));
  return {
    entry: new TextDecoder().decode(text),
    isHandler: (unsigned(0) & IS_HANDLER) !== 0,
    trapsExits: (unsigned(0) & DOES_TRAP_EXITS) !== 0,
    info: unsigned(1),
    pointer: unsigned(2),
    capacity: unsigned(3),
    want: unsigned(4),
    wanted: view.getInt32(at + 20, true),
    timeoutMs: view.getInt32(at + 24, true),
  };
}

/**
 * Checks all but the entry.
 *
 * @param memoryBytes the memory of the image's actor
 * @param hasMatch its module exports `match`
 * @throws {ImageError} that says which word is wrong
 */
export function checkParked(parked: Parked, memoryBytes: number, hasMatch: boolean): void {
  const { isHandler, info, pointer, capacity, want, wanted, timeoutMs } = parked;
  const wrong = (what: string) => new ImageError(`the image's ${what}`);
  if (pointer + capacity > memoryBytes) {
    throw wrong(`window at ${pointer}..${pointer + capacity} is outside its memory of ${memoryBytes} bytes`);
  }
  if ((info & 3) !== 0) throw wrong(`info at ${info} is not a multiple of 4`);
  if (info !== 0 && info + INFO_BYTES > memoryBytes)
    throw wrong(`info at ${info} is outside its memory of ${memoryBytes} bytes`);
  if (timeoutMs < FOR_EVER) throw wrong(`timeout is ${timeoutMs}`);
  if (isHandler && (want !== WANT_ANY || wanted !== 0 || timeoutMs !== FOR_EVER)) {
    throw wrong("actor is a handler, and waits in a receive");
  }
  const isRight =
    want === WANT_ANY ||
    (want === WANT_MATCH && hasMatch) ||
    (want === WANT_TAG && wanted >= 0) ||
    (want === WANT_REF && wanted < 0);
  if (!isRight) throw wrong(`actor waits for what no receive of its module waits for (${want}, ${wanted})`);
}

/** The end of the memory that the kernel may write to for the actor. */
export function endOfWindow({ info, pointer, capacity }: Parked): number {
  return Math.max(info === 0 ? 0 : info + INFO_BYTES, pointer + capacity);
}

/** The flags of an actor that begins as one that had parked. */
export function parkedFlags({ isHandler, trapsExits }: Parked): number {
  return STARTED | (isHandler ? 0 : MAY_PARK) | (trapsExits ? TRAPS_EXITS : 0);
}

/** The flags of an actor of a derived module, whose base's actors begin with `flags`. Its start function has run. */
export function derivedFlags(flags: number, parked: Parked, beginsEntry: boolean): number {
  const more = parkedFlags(parked);
  return beginsEntry ? (flags & ~HAS_START) | (more & TRAPS_EXITS) : flags | more;
}

function lengthFor(entryBytes: number): number {
  return 4 * WORDS + 8 * Math.ceil(entryBytes / 8);
}
