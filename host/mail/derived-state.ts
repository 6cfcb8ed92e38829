/** The first state of a derived module, made of an image, and the image of an actor that has not changed it. */
import {
  IMAGE_HEADER,
  IMAGE_LIMIT,
  IMAGE_LINES,
  IMAGE_PAGES,
  IMAGE_STATE,
  STATE_LIMIT,
  STATE_PAGES,
} from "../kernel/image-words.ts";
import { PAGE_BYTES } from "../wire/abi.ts";
import type { Kernel, Recorded } from "./kernel.ts";

/**
 * Makes a first state of an image, which stays. `dropState` gives it back.
 *
 * @param storeLimit up to where its actors may have written; -1: they may have written everywhere
 * @returns its address
 * @throws RangeError where there is no memory left
 */
export function deriveState(kernel: Kernel<Recorded>, image: number, storeLimit: number): number {
  const state = kernel.call.derive(image, storeLimit);
  if (state === 0) throw new RangeError("there is no memory left for a first state");
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
