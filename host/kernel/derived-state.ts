/**
 * The first state of a derived module: the lines that differ from the first state of the module itself, its
 * root, each in full, and all globals. So a module with a large first state has thousands of derived ones.
 * One that is derived from a derived one differs from the same root.
 *
 * Only the host calls these functions. They make sure of headroom first.
 */
import { bytesOfGlobals, globalsOf, lineOfRoot, rootOf } from "./first-state.ts";
import { addressOf, wordsOf } from "./image.ts";
import { dropImage, takeImage } from "./image-blocks.ts";
import {
  IMAGE_HEADER,
  IMAGE_LINES,
  IMAGE_PAGES,
  IMAGE_STATE,
  LINE_BYTES,
  LINE_MASK,
  PAGES_WORD_SHIFT,
  STATE_FROM,
  STATE_GLOBALS,
  STATE_GLOBALS_AT,
  STATE_HEADER,
  STATE_LIMIT,
  STATE_LINES,
  STATE_LINES_AT,
  STATE_PAGES,
  STATE_ROOT,
  STATE_SCRATCH,
  STATE_UNTIL,
  STATE_USERS,
} from "./image-words.ts";
import { bitsIn, copy, copy2, lineDiffers, load, lowestBit, store } from "./memory.ts";
import { hostHeadroom } from "./outside.ts";

/** Behind every line. */
const NO_LINE = 0x7fffffff;

/**
 * Makes a first state of an image. `limit`: up to where its actors may have written; -1: everywhere. Answers
 * where it is; 0: there is no memory. The image stays.
 */
export function derive(image: i32, limit: i32): i32 {
  hostHeadroom();
  const state = load((image + IMAGE_STATE) | 0);
  const globals = load((state + STATE_GLOBALS) | 0);
  const most = merge(state, image, 0);
  const linesAt = (STATE_HEADER + (most << 2) + 63) & -64;
  const globalsAt = (linesAt + (most << 6)) | 0;
  const made = takeImage((globalsAt + bytesOfGlobals(globals)) | 0);
  if (made === 0) return 0;
  const root = rootOf(state);
  store((made + STATE_ROOT) | 0, root);
  store((root + STATE_USERS) | 0, (load((root + STATE_USERS) | 0) + 1) | 0);
  store((made + STATE_LIMIT) | 0, limit);
  store((made + STATE_PAGES) | 0, load((image + IMAGE_PAGES) | 0));
  store((made + STATE_FROM) | 0, 0);
  store((made + STATE_UNTIL) | 0, 0);
  store((made + STATE_GLOBALS) | 0, globals);
  store((made + STATE_SCRATCH) | 0, load((state + STATE_SCRATCH) | 0));
  store((made + STATE_GLOBALS_AT) | 0, globalsAt);
  store((made + STATE_LINES_AT) | 0, linesAt);
  store((made + STATE_LINES) | 0, merge(state, image, made));
  copy(globalsOf(made), globalsOf(state), bytesOfGlobals(globals));
  setGlobals(image, made);
  return made;
}

/** Gives the block of a first state back. A root stays as long as another pool or a derived state needs it. */
export function dropState(state: i32): void {
  hostHeadroom();
  const root = rootOf(state);
  const users = (load((root + STATE_USERS) | 0) - 1) | 0;
  store((root + STATE_USERS) | 0, users);
  if (root !== state) dropImage(state);
  if (users === 0) dropImage(root);
}

/**
 * Writes the lines of an image's actor that differ from the root to a new state. Without one (0), counts those
 * that may. Answers how many they are.
 */
function merge(state: i32, image: i32, made: i32): i32 {
  const root = rootOf(state);
  const end = load((image + IMAGE_PAGES) | 0) << PAGES_WORD_SHIFT;
  const lastOfState = (state + STATE_HEADER + (load((state + STATE_LINES) | 0) << 2)) | 0;
  const lastOfImage = (image + IMAGE_HEADER + (load((image + IMAGE_LINES) | 0) << 2)) | 0;
  let ofState = (state + STATE_HEADER) | 0;
  let line = (state + load((state + STATE_LINES_AT) | 0)) | 0;
  let ofImage = (image + IMAGE_HEADER) | 0;
  let word = wordsOf(image);
  let count = 0;
  while (true) {
    const inState = ofState === lastOfState ? NO_LINE : load(ofState);
    const isOver = ofImage === lastOfImage || load(ofImage) >= end;
    const inImage = isOver ? NO_LINE : addressOf(load(ofImage));
    const address = inState < inImage ? inState : inImage;
    if (address === NO_LINE) return count;
    if (made === 0) {
      count = (count + 1) | 0;
    } else {
      const first = lineOfRoot(root, address);
      const to = (made + load((made + STATE_LINES_AT) | 0) + (count << 6)) | 0;
      copy(to, inState === address ? line : first, LINE_BYTES);
      if (inImage === address) {
        for (let rest = load(ofImage) & LINE_MASK; rest !== 0; rest &= rest - 1) {
          copy2(to + (lowestBit(rest) << 3), word);
          word = (word + 8) | 0;
        }
      }
      if (lineDiffers(to, first) !== 0) {
        store((made + STATE_HEADER + (count << 2)) | 0, address);
        count = (count + 1) | 0;
      }
    }
    if (inState === address) {
      ofState = (ofState + 4) | 0;
      line = (line + LINE_BYTES) | 0;
    }
    if (inImage === address) ofImage = (ofImage + 4) | 0;
  }
}

/** Sets those globals of a new state that differ in an image. */
function setGlobals(image: i32, made: i32): void {
  const end = load((image + IMAGE_PAGES) | 0) << PAGES_WORD_SHIFT;
  const last = (image + IMAGE_HEADER + (load((image + IMAGE_LINES) | 0) << 2)) | 0;
  let word = wordsOf(image);
  for (let line = (image + IMAGE_HEADER) | 0; line !== last; line = (line + 4) | 0) {
    const mask = load(line) & LINE_MASK;
    if (load(line) < end) {
      word = (word + (bitsIn(mask) << 3)) | 0;
      continue;
    }
    const to = (globalsOf(made) + addressOf((load(line) - end) | 0)) | 0;
    for (let rest = mask; rest !== 0; rest &= rest - 1) {
      copy2(to + (lowestBit(rest) << 3), word);
      word = (word + 8) | 0;
    }
  }
}
