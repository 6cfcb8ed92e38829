/**
 * Reads images and first states without an instance: the memory and the globals of a hibernated actor.
 * kernel/image.ts and kernel/first-state.ts write them.
 */
import {
  IMAGE_HEADER,
  IMAGE_LENGTH,
  IMAGE_LIMIT,
  IMAGE_LINES,
  IMAGE_PAGES,
  IMAGE_STATE,
  LINE_ADDRESS_SHIFT,
  LINE_BYTES,
  LINE_MASK,
  STATE_FROM,
  STATE_GLOBALS,
  STATE_GLOBALS_AT,
  STATE_HEADER,
  STATE_LINES,
  STATE_LINES_AT,
  STATE_PAGES,
  STATE_ROOT,
  STATE_UNTIL,
} from "../kernel/image-words.ts";
import { PAGE_BYTES } from "../wire/abi.ts";
import type { Kernel, Recorded } from "./kernel.ts";

type AnyKernel = Kernel<Recorded>;

const WORD_BYTES = 8;
/** The header of what is hashed: pages, the number of globals, and where the lines begin and end. */
const HASHED_HEADER = 16;

/** The bytes of an image, without those of its block that it does not use. */
export function imageLength(kernel: AnyKernel, image: number): number {
  return kernel.word(image + IMAGE_LENGTH);
}

/** The size of the memory of the actor of an image, in bytes. */
export function imageMemoryBytes(kernel: AnyKernel, image: number): number {
  return kernel.word(image + IMAGE_PAGES) * PAGE_BYTES;
}

/** The store limit of the actor of an image. */
export function imageLimit(kernel: AnyKernel, image: number): number {
  return kernel.word(image + IMAGE_LIMIT);
}

/** The end of the last word of the memory that differs from the first state. */
export function endOfWords(kernel: AnyKernel, image: number): number {
  const end = imageMemoryBytes(kernel, image);
  let last = 0;
  eachWord(kernel, image, address => {
    if (address < end) last = address + WORD_BYTES;
  });
  return last;
}

/**
 * A copy of bytes of the actor's memory. It takes as long as the image has lines.
 *
 * @throws RangeError where they are not all in its memory
 */
export function readImage(kernel: AnyKernel, image: number, at: number, length: number): Uint8Array<ArrayBuffer> {
  const end = imageMemoryBytes(kernel, image);
  if (!Number.isInteger(at) || !Number.isInteger(length) || at < 0 || length < 0 || at + length > end) {
    throw new RangeError(`${length} bytes at ${at} are not in the actor's memory of ${end} bytes`);
  }
  const bytes = new Uint8Array(length);
  copyState(bytes, at, kernel, kernel.word(image + IMAGE_STATE));
  eachWord(kernel, image, (address, word) => copyPart(bytes, at, word, address));
  return bytes;
}

/** A copy of the actor's globals, 8 bytes each, as `isopod:globals` writes them. */
export function readImageGlobals(kernel: AnyKernel, image: number): Uint8Array<ArrayBuffer> {
  const state = kernel.word(image + IMAGE_STATE);
  const globals = globalsOf(kernel, state).slice();
  const end = imageMemoryBytes(kernel, image);
  eachWord(kernel, image, (address, word) => {
    if (address >= end) globals.set(word, address - end);
  });
  return globals;
}

/**
 * A copy of what the hash of a first state is taken from: pages, memory and globals. That of a derived module is as
 * if it were the first state of the module itself.
 */
export function firstStateBytes(kernel: AnyKernel, state: number): Uint8Array<ArrayBuffer> {
  const memory = new Uint8Array(kernel.word(state + STATE_PAGES) * PAGE_BYTES);
  copyState(memory, 0, kernel, state);
  const [from, until] = usedLines(memory);
  const lines = memory.subarray(from, until);
  const globals = globalsOf(kernel, state);
  const bytes = new Uint8Array(HASHED_HEADER + lines.length + globals.length);
  const view = new DataView(bytes.buffer);
  [kernel.word(state + STATE_PAGES), kernel.word(state + STATE_GLOBALS), from, until].forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  bytes.set(lines, HASHED_HEADER);
  bytes.set(globals, HASHED_HEADER + lines.length);
  return bytes;
}

/** Where the first line begins that is not all zeros, and where the last one ends. */
function usedLines(memory: Uint8Array<ArrayBuffer>): readonly [from: number, until: number] {
  const words = new Int32Array(memory.buffer);
  const first = 4 * words.findIndex(word => word !== 0);
  if (first < 0) return [0, 0];
  const last = 4 * words.findLastIndex(word => word !== 0);
  return [first - (first % LINE_BYTES), last - (last % LINE_BYTES) + LINE_BYTES];
}

/** Calls with each word of an image, and its address: in the memory, or behind its end for globals. */
export function eachWord(kernel: AnyKernel, image: number, call: (address: number, word: Uint8Array) => void): void {
  const { bytes } = kernel;
  const begin = image >>> 0;
  const count = kernel.word(image + IMAGE_LINES);
  let from = begin + IMAGE_HEADER + 4 * (count + (count & 1));
  for (let i = 0; i < count; i++) {
    const line = kernel.word(image + IMAGE_HEADER + 4 * i);
    const address = (line >>> LINE_ADDRESS_SHIFT) & -LINE_BYTES;
    for (let place = 0; place < WORD_BYTES; place++) {
      if ((line & LINE_MASK & (1 << place)) === 0) continue;
      call(address + WORD_BYTES * place, bytes.subarray(from, from + WORD_BYTES));
      from += WORD_BYTES;
    }
  }
}

/** Copies the part of a first state's memory that lies at `at`. The target has zeros. */
function copyState(target: Uint8Array, at: number, kernel: AnyKernel, state: number): void {
  const { bytes } = kernel;
  const root = kernel.word(state + STATE_ROOT) || state;
  const from = kernel.word(root + STATE_FROM);
  const begin = (root >>> 0) + STATE_HEADER;
  copyPart(target, at, bytes.subarray(begin, begin + kernel.word(root + STATE_UNTIL) - from), from);
  let line = (state >>> 0) + kernel.word(state + STATE_LINES_AT);
  for (let i = 0; i < kernel.word(state + STATE_LINES); i++, line += LINE_BYTES) {
    copyPart(target, at, bytes.subarray(line, line + LINE_BYTES), kernel.word(state + STATE_HEADER + 4 * i));
  }
}

/** The globals of a first state, as they lie there. */
export function globalsOf(kernel: AnyKernel, state: number): Uint8Array {
  const begin = (state >>> 0) + kernel.word(state + STATE_GLOBALS_AT);
  return kernel.bytes.subarray(begin, begin + WORD_BYTES * kernel.word(state + STATE_GLOBALS));
}

/** Copies as much of `part`, which lies at `address`, as is in `target`, which lies at `at`. */
function copyPart(target: Uint8Array, at: number, part: Uint8Array, address: number): void {
  const from = Math.max(at, address);
  const until = Math.min(at + target.length, address + part.length);
  if (from < until) target.set(part.subarray(from - address, until - address), from - at);
}
