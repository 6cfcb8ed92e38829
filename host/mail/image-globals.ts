/** Changes the globals of an image, which no code of its guest's has set. */
import {
  IMAGE_HEADER,
  IMAGE_LIMIT,
  IMAGE_LINES,
  IMAGE_PAGES,
  IMAGE_STATE,
  LINE_ADDRESS_SHIFT,
  LINE_BYTES,
} from "../kernel/image-words.ts";
import { eachWord, globalsOf, imageMemoryBytes } from "./image-bytes.ts";
import type { Kernel, Recorded } from "./kernel.ts";

const WORD_BYTES = 8;

/**
 * Puts an image with other globals in the place of one.
 *
 * @param globals 8 bytes each, as `readImageGlobals` answers them
 * @param limit the store limit of its actor, as the kernel knows it
 * @returns its address. The address of the old one is no longer valid
 * @throws RangeError where there is no memory left
 */
export function withGlobals(kernel: Kernel<Recorded>, image: number, globals: Uint8Array, limit: number): number {
  const end = imageMemoryBytes(kernel, image);
  const state = kernel.word(image + IMAGE_STATE);
  const first = globalsOf(kernel, state);
  const words: (readonly [address: number, bytes: Uint8Array])[] = [];
  eachWord(kernel, image, (address, bytes) => {
    if (address < end) words.push([address, bytes.slice()]);
  });
  for (let at = 0; at < globals.length; at += WORD_BYTES) {
    const bytes = globals.subarray(at, at + WORD_BYTES);
    if (bytes.some((byte, i) => byte !== first[at + i])) words.push([end + at, bytes]);
  }
  const masks = new Map<number, number>();
  for (const [address] of words) {
    const line = address - (address % LINE_BYTES);
    masks.set(line, (masks.get(line) ?? 0) | (1 << ((address - line) / WORD_BYTES)));
  }
  const wordsAt = IMAGE_HEADER + WORD_BYTES * Math.ceil(masks.size / 2);
  const made = kernel.call.takeImage(wordsAt + WORD_BYTES * words.length);
  if (made === 0) throw new RangeError("there is no memory left for an image");
  kernel.setWord(made + wordsAt - 4, 0);
  [...masks].forEach(([line, mask], i) => {
    kernel.setWord(made + IMAGE_HEADER + 4 * i, (line << LINE_ADDRESS_SHIFT) | mask);
  });
  words.forEach(([, bytes], i) => {
    kernel.bytes.set(bytes, (made >>> 0) + wordsAt + WORD_BYTES * i);
  });
  kernel.setWord(made + IMAGE_LIMIT, limit);
  kernel.setWord(made + IMAGE_PAGES, kernel.word(image + IMAGE_PAGES));
  kernel.setWord(made + IMAGE_LINES, masks.size);
  kernel.setWord(made + IMAGE_STATE, state);
  kernel.call.dropImage(image);
  return made;
}
