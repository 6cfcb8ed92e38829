/**
 * Images outside of the kernel: as bytes that can be stored and sent, and back. Such bytes are a
 * stranger's. Every one of them is checked before the kernel's memory changes, and a loaded image is
 * nothing that a guest's own code could not have made of its memory and globals.
 *
 * The format, all numbers without a sign and little-endian:
 *
 *     0   "ISOPIMG" and a 0
 *     8   the version of this format; at 12, that of the ABI
 *     16  SHA-256 of the module, 32 bytes; at 48, of its first state
 *     80  CRC-32 of all that follows
 *     84  pages; at 88, the store limit; at 92, the number of lines
 *     96  how its actor has parked: image-parked.ts. The rest begins behind that.
 *         The words of the lines, padding, and the words that differ: as in kernel/image.ts
 *
 * The hashes say whether the image fits; they are no signature. The CRC finds damage, not malice.
 */
import {
  IMAGE_HEADER,
  IMAGE_LIMIT,
  IMAGE_LINES,
  IMAGE_MAX_BYTES,
  IMAGE_MAX_PAGES,
  IMAGE_PAGES,
  IMAGE_STATE,
  LINE_BYTES,
  LINE_MASK,
  STATE_GLOBALS,
  STATE_LIMIT,
  STATE_PAGES,
  STATE_SCRATCH,
} from "../kernel/image-words.ts";
import { PAGE_BYTES } from "../wire/abi.ts";
import { ImageError } from "../wire/errors.ts";
import { crc32 } from "./crc.ts";
import { imageLength } from "./image-bytes.ts";
import { type Parked, parkedBytes, parkedBytesAt, readParked, writeParked } from "./image-parked.ts";
import type { Kernel, Recorded } from "./kernel.ts";

type AnyKernel = Kernel<Recorded>;

/** SHA-256 of what an image belongs to, 32 bytes each. */
export interface ImageOrigin {
  /** Of the module as it was rewritten. */
  readonly module: Uint8Array;
  /** Of `firstStateBytes`. */
  readonly firstState: Uint8Array;
}

const MAGIC = new TextEncoder().encode("ISOPIMG\0");
const FORMAT = 1;
const ABI = 1;
const VERSION_AT = 8;
const MODULE_AT = 16;
const FIRST_STATE_AT = 48;
const CRC_AT = 80;
const PAGES_AT = 84;
const LIMIT_AT = 88;
const LINES_AT = 92;
const PARKED_AT = 96;
const WORD_BYTES = 8;

/** An image as bytes. */
export function exportImage(
  kernel: AnyKernel,
  image: number,
  origin: ImageOrigin,
  parked: Parked,
): Uint8Array<ArrayBuffer> {
  const begin = image >>> 0;
  const content = kernel.bytes.subarray(begin + IMAGE_HEADER, begin + imageLength(kernel, image));
  const from = PARKED_AT + parkedBytes(parked);
  const bytes = new Uint8Array(from + content.length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(VERSION_AT, FORMAT, true);
  view.setUint32(VERSION_AT + 4, ABI, true);
  bytes.set(origin.module, MODULE_AT);
  bytes.set(origin.firstState, FIRST_STATE_AT);
  view.setUint32(PAGES_AT, kernel.word(image + IMAGE_PAGES), true);
  view.setUint32(LIMIT_AT, kernel.word(image + IMAGE_LIMIT), true);
  view.setUint32(LINES_AT, kernel.word(image + IMAGE_LINES), true);
  writeParked(bytes, PARKED_AT, parked);
  bytes.set(content, from);
  view.setUint32(CRC_AT, crc32(bytes.subarray(PAGES_AT)), true);
  return bytes;
}

/**
 * Puts an image into the kernel's memory. `state`: the first state of the module that it is for.
 *
 * @param maxPages the size of memory that the actor may have
 * @returns the address of the image. `dropImage` gives it back
 * @throws {ImageError} where the bytes are no image, or one of another module, state or version
 * @throws RangeError where there is no memory left
 */
export function importImage(
  kernel: AnyKernel,
  state: number,
  bytes: Uint8Array,
  origin: ImageOrigin,
  maxPages = IMAGE_MAX_PAGES,
): number {
  // The bytes may be changed while they are read, if another thread shares them.
  const own = bytes.slice();
  const view = new DataView(own.buffer);
  const from = checkOrigin(own, origin);
  checkContent(view, from, {
    leastPages: kernel.word(state + STATE_PAGES),
    mostPages: Math.min(maxPages, IMAGE_MAX_PAGES),
    globals: kernel.word(state + STATE_GLOBALS),
    scratch: kernel.word(state + STATE_SCRATCH),
  });
  const image = kernel.call.takeImage(IMAGE_HEADER + own.length - from);
  if (image === 0) throw new RangeError("there is no memory left for an image");
  const limit = Math.max(view.getUint32(LIMIT_AT, true), kernel.word(state + STATE_LIMIT) >>> 0);
  const pages = view.getUint32(PAGES_AT, true);
  kernel.bytes.set(own.subarray(from), (image >>> 0) + IMAGE_HEADER);
  kernel.setWord(image + IMAGE_LIMIT, Math.min(limit, pages * PAGE_BYTES));
  kernel.setWord(image + IMAGE_PAGES, pages);
  kernel.setWord(image + IMAGE_LINES, view.getUint32(LINES_AT, true));
  kernel.setWord(image + IMAGE_STATE, state);
  return image;
}

/**
 * Checks the versions, the CRC, and that the image is of this origin; of a `firstState` that is not known yet,
 * nothing. Answers where the lines begin.
 *
 * @throws {ImageError}
 */
export function checkOrigin(bytes: Uint8Array, origin: Pick<ImageOrigin, "module"> & Partial<ImageOrigin>): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < PARKED_AT || !isAt(bytes, 0, MAGIC)) throw new ImageError("these bytes are no image");
  const format = view.getUint32(VERSION_AT, true);
  if (format !== FORMAT) {
    throw new ImageError(`the image has version ${format} of the format, and this host reads version ${FORMAT}`);
  }
  const abi = view.getUint32(VERSION_AT + 4, true);
  if (abi !== ABI) throw new ImageError(`the image is of version ${abi} of the ABI, and this host has version ${ABI}`);
  if (!isAt(bytes, MODULE_AT, origin.module)) {
    throw new ImageError("the image is of another module: load the module that its actor ran");
  }
  if (origin.firstState !== undefined && !isAt(bytes, FIRST_STATE_AT, origin.firstState)) {
    throw new ImageError(
      "the image is of the same code with another first state: use the module that it was derived from",
    );
  }
  if (view.getUint32(CRC_AT, true) !== crc32(bytes.subarray(PAGES_AT))) throw new ImageError("the image is damaged");
  const from = PARKED_AT + parkedBytesAt(view, PARKED_AT);
  const most = from + IMAGE_MAX_BYTES - IMAGE_HEADER;
  if (bytes.length > most) throw new ImageError(`the image has ${bytes.length} bytes, and the longest has ${most}`);
  return from;
}

/** How the actor of an image has parked. `checkOrigin` has looked at the bytes, and no one at these words. */
export function parkedOf(bytes: Uint8Array): Parked {
  return readParked(bytes, PARKED_AT);
}

interface Bounds {
  readonly leastPages: number;
  readonly mostPages: number;
  readonly globals: number;
  readonly scratch: number;
}

/** Checks everything behind the hashes. */
function checkContent(view: DataView, from: number, { leastPages, mostPages, globals, scratch }: Bounds): void {
  const pages = view.getUint32(PAGES_AT, true);
  if (pages < leastPages || pages > mostPages) {
    throw new ImageError(
      `the image has a memory of ${pages} pages, which is not between ${leastPages} and ${mostPages}`,
    );
  }
  const end = pages * PAGE_BYTES;
  const limit = view.getUint32(LIMIT_AT, true);
  if (limit > end) throw new ImageError(`the image has a store limit of ${limit}, and a memory of ${end} bytes`);
  const lines = view.getUint32(LINES_AT, true);
  const wordsAt = from + WORD_BYTES * Math.ceil(lines / 2);
  if (wordsAt > view.byteLength) throw new ImageError(`the image has fewer bytes than its ${lines} lines need`);
  let words = 0;
  let last = -1;
  for (let i = 0; i < lines; i++) {
    const line = view.getUint32(from + 4 * i, true);
    const address = Math.floor(line / (LINE_MASK + 1)) * LINE_BYTES;
    const mask = line & LINE_MASK;
    if (address < scratch) throw new ImageError(`the line at ${address} of the image is in scratch memory`);
    if (address <= last) throw new ImageError(`line ${i} of the image is not behind the one before`);
    checkLine(address, mask, limit, end, globals);
    for (let rest = mask; rest !== 0; rest &= rest - 1) words++;
    last = address;
  }
  if ((lines & 1) !== 0 && view.getUint32(wordsAt - 4, true) !== 0)
    throw new ImageError("the image's padding is not 0");
  const length = wordsAt + WORD_BYTES * words;
  if (length !== view.byteLength) {
    throw new ImageError(`the image has ${view.byteLength} bytes, and its lines say ${length}`);
  }
}

function checkLine(address: number, mask: number, limit: number, end: number, globals: number): void {
  if (mask === 0) throw new ImageError(`the line at ${address} of the image has no words`);
  if (address < end) {
    if (address >= limit)
      throw new ImageError(`the line at ${address} of the image is beyond its store limit of ${limit}`);
    return;
  }
  const first = (address - end) / WORD_BYTES;
  const count = globals - first;
  if (count < WORD_BYTES && mask >= 1 << Math.max(count, 0)) {
    throw new ImageError(`the image has more globals than its module, which has ${globals}`);
  }
}

function isAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}
