/** The blocks of images and first states, whose bytes are counted. */
import { bytesOf, classFor, take } from "./arena.ts";
import { ALWAYS_KEPT_BYTES, BLOCK_CLASS, IMAGE_MAX_BYTES, IMAGE_STATE } from "./image-words.ts";
import { add, below, fits, load, store, store2 } from "./memory.ts";
import { BYTES_OF_TIES, FREE_BLOCKS, IMAGE_BYTES, MAX_ALL_BYTES, OTHER_BYTES } from "./words.ts";

/** A block for an image of so many bytes, which is not valid yet; 0: there is no memory, or a limit refuses it. */
export function takeImage(length: i32): i32 {
  if (below(IMAGE_MAX_BYTES, length)) return 0;
  const sizeClass = classFor(length);
  const image = takeCounted(sizeClass);
  if (image === 0) return 0;
  store2((image + BLOCK_CLASS) | 0, sizeClass, length);
  store((image + IMAGE_STATE) | 0, 0);
  return image;
}

/** A block whose bytes count as those of images. A small one is never refused by a limit: its actor is counted. */
export function takeCounted(sizeClass: i32): i32 {
  const bytes = bytesOf(sizeClass);
  if (bytes > ALWAYS_KEPT_BYTES && !fits(BYTES_OF_TIES, OTHER_BYTES, bytes, MAX_ALL_BYTES)) return 0;
  const block = take(sizeClass);
  if (block === 0) return 0;
  store(IMAGE_BYTES, (load(IMAGE_BYTES) + bytes) | 0);
  add(OTHER_BYTES, bytes);
  return block;
}

/** Gives the block of an image or a first state back. No image is the difference from that first state. */
export function dropImage(image: i32): void {
  const sizeClass = load((image + BLOCK_CLASS) | 0);
  const bytes = bytesOf(sizeClass);
  const list = (FREE_BLOCKS + (sizeClass << 2)) | 0;
  store(image, load(list));
  store(list, image);
  store(IMAGE_BYTES, (load(IMAGE_BYTES) - bytes) | 0);
  add(OTHER_BYTES, (0 - bytes) | 0);
}
