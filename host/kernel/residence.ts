/** How the actor of a port comes into its instance, and leaves it. */
import { readGlobals } from "./globals.ts";
import { saveWith } from "./image.ts";
import { dropImage } from "./image-blocks.ts";
import { GLOBALS_KEPT, IMAGE_LIMIT, IMAGE_MAX_PAGES, STATE_GLOBALS, STATE_LIMIT, STATE_PAGES } from "./image-words.ts";
import {
  CLEAN,
  CONDITION,
  HAS_LIMIT,
  IN_STATE,
  LIMIT_SLACK,
  OCCUPANT,
  OF_POOL,
  PAGES,
  PENDING,
  SPEC_STATE,
  WRITTEN,
} from "./life-words.ts";
import { below, count, guestPages, load, store } from "./memory.ts";
import { free } from "./pool.ts";
import { beginIn, loadImage, reset, resetSaved } from "./restore.ts";
import { BODY, DEAD, FLAGS, HIBERNATED, LOADED, PINNED, RESIDENT, SPEC, STATE } from "./words.ts";

/** An actor's turn begins in an instance that it has just been given: its image is loaded. */
export function enter(instance: i32): void {
  if (load((instance + CONDITION) | 0) !== CLEAN) return;
  const image = load((instance + PENDING) | 0);
  if (image === 0) {
    const state = load((load((load((instance + OCCUPANT) | 0) + SPEC) | 0) + SPEC_STATE) | 0);
    store((instance + WRITTEN) | 0, load((state + STATE_LIMIT) | 0));
    beginIn(instance, state);
    return;
  }
  store((instance + WRITTEN) | 0, load((image + IMAGE_LIMIT) | 0));
  loadImage(instance, image);
  count(LOADED);
  // In this order: where the stack ends in between, the image is dropped with its actor's instance.
  dropImage(image);
  store((instance + PENDING) | 0, 0);
}

/**
 * The end of the part of the instance's memory that may have changed. Reads the globals. A guest may only
 * raise its limit.
 */
function changedIn(instance: i32, pool: i32): i32 {
  readGlobals(load((load((instance + IN_STATE) | 0) + STATE_GLOBALS) | 0));
  if (load((pool + HAS_LIMIT) | 0) === 0) return -1;
  const written = load((instance + WRITTEN) | 0);
  const end = (load(GLOBALS_KEPT) + LIMIT_SLACK) | 0;
  // The sum may wrap: then the limit is beyond every memory.
  if (below(end, LIMIT_SLACK)) return -1;
  return below(end, written) ? written : end;
}

/** The actor leaves the instance: its state becomes an image. False: that is too long, and it stays for life. */
export function leave(instance: i32): bool {
  const record = load((instance + OCCUPANT) | 0);
  const pool = load((instance + OF_POOL) | 0);
  let image = load((instance + PENDING) | 0);
  if (load((instance + CONDITION) | 0) !== CLEAN) {
    // Its load was interrupted, so it has ended, and that is not told yet.
    if (image !== 0) dropImage(image);
    store((instance + PENDING) | 0, 0);
    image = saveWith(load((instance + IN_STATE) | 0), changedIn(instance, pool));
    if (image === 0 && load((record + STATE) | 0) === DEAD) return leaveNothing(instance, record);
    if (image === 0) {
      store((record + FLAGS) | 0, load((record + FLAGS) | 0) | PINNED);
      return false;
    }
    resetSaved(instance, image);
    count(HIBERNATED);
  }
  store((instance + PENDING) | 0, 0);
  store((record + BODY) | 0, image);
  store((record + FLAGS) | 0, load((record + FLAGS) | 0) & ~RESIDENT);
  store((instance + PAGES) | 0, guestPages());
  free(instance, pool);
  return true;
}

/**
 * The same for an actor that has ended, whose state is too long for an image. No one needs it. False: the
 * memory is too large to be reset.
 */
function leaveNothing(instance: i32, record: i32): bool {
  if (below(IMAGE_MAX_PAGES, guestPages())) return false;
  store((instance + PAGES) | 0, guestPages());
  recycle(instance);
  store((record + BODY) | 0, 0);
  store((record + FLAGS) | 0, load((record + FLAGS) | 0) & ~RESIDENT);
  return true;
}

/** Whether the instance can serve another actor: a memory cannot shrink. */
// @inline
export function isReusable(instance: i32): bool {
  const state = load((instance + IN_STATE) | 0);
  return guestPages() === load((state + STATE_PAGES) | 0);
}

/** The actor has ended, and its frames are gone: its instance is free for the next one. */
export function recycle(instance: i32): void {
  const pool = load((instance + OF_POOL) | 0);
  if (load((instance + CONDITION) | 0) !== CLEAN) reset(instance, changedIn(instance, pool));
  const image = load((instance + PENDING) | 0);
  if (image !== 0) dropImage(image);
  store((instance + PENDING) | 0, 0);
  free(instance, pool);
}
