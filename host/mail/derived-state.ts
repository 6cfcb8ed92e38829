/** The first state of a derived module, made of an image, and the image of an actor that has not changed it. */
import {
  IMAGE_HEADER,
  IMAGE_LIMIT,
  IMAGE_LINES,
  IMAGE_PAGES,
  IMAGE_STATE,
  LINE_BYTES,
  STATE_FROM,
  STATE_GLOBALS,
  STATE_HEADER,
  STATE_LIMIT,
  STATE_PAGES,
  STATE_SCRATCH,
  STATE_UNTIL,
} from "../kernel/image-words.ts";
import { PAGE_BYTES } from "../wire/abi.ts";
import { imageMemoryBytes, readImage, readImageGlobals } from "./image-bytes.ts";
import type { Kernel, Recorded } from "./kernel.ts";

const GLOBAL_BYTES = 8;

/**
 * Makes a first state of an image. `dropImage` gives it back.
 *
 * @param storeLimit up to where its actors may have written; -1: they may have written everywhere
 * @returns its address
 * @throws RangeError where there is no memory left
 */
export function deriveState(kernel: Kernel<Recorded>, image: number, storeLimit: number): number {
  const memoryBytes = imageMemoryBytes(kernel, image);
  const memory = readImage(kernel, image, 0, memoryBytes);
  const globals = readImageGlobals(kernel, image);
  const scratch = kernel.word(kernel.word(image + IMAGE_STATE) + STATE_SCRATCH);
  const [from, until] = usedLines(memory, scratch);
  const length = STATE_HEADER + until - from + LINE_BYTES * Math.ceil(globals.length / LINE_BYTES);
  const state = kernel.call.takeImage(Math.max(length, IMAGE_HEADER));
  if (state === 0) throw new RangeError("there is no memory left for a first state");
  kernel.bytes.fill(0, (state >>> 0) + STATE_HEADER, (state >>> 0) + length);
  kernel.setWord(state + STATE_LIMIT, storeLimit);
  kernel.setWord(state + STATE_PAGES, memoryBytes / PAGE_BYTES);
  kernel.setWord(state + STATE_FROM, from);
  kernel.setWord(state + STATE_UNTIL, until);
  kernel.setWord(state + STATE_SCRATCH, scratch);
  kernel.setWord(state + STATE_GLOBALS, globals.length / GLOBAL_BYTES);
  kernel.bytes.set(memory.subarray(from, until), (state >>> 0) + STATE_HEADER);
  kernel.bytes.set(globals, (state >>> 0) + STATE_HEADER + until - from);
  return state;
}

/**
 * Makes the image of an actor that is as its first state: no line differs. `dropImage` gives it back.
 *
 * @returns its address
 * @throws RangeError where there is no memory left
 */
export function imageOfState(kernel: Kernel<Recorded>, state: number): number {
  const image = kernel.call.takeImage(IMAGE_HEADER);
  if (image === 0) throw new RangeError("there is no memory left for an image");
  const pages = kernel.word(state + STATE_PAGES);
  kernel.setWord(image + IMAGE_LIMIT, Math.min(kernel.word(state + STATE_LIMIT) >>> 0, pages * PAGE_BYTES));
  kernel.setWord(image + IMAGE_PAGES, pages);
  kernel.setWord(image + IMAGE_STATE, state);
  kernel.setWord(image + IMAGE_LINES, 0);
  return image;
}

/** Where the first line begins that is not all zeros, and where the last one ends. Below `scratch` all are. */
function usedLines(memory: Uint8Array, scratch: number): readonly [from: number, until: number] {
  const first = memory.findIndex(byte => byte !== 0);
  if (first < 0) return [scratch, scratch];
  const last = memory.findLastIndex(byte => byte !== 0);
  return [first - (first % LINE_BYTES), last - (last % LINE_BYTES) + LINE_BYTES];
}
