/**
 * Pools of instances: actors of a pool take turns in its instances. An actor that has one is resident.
 * The state of the others is an image, or their module's first state (image.ts). When all instances of a
 * pool are taken, the next turn takes one from an actor that has not run for long.
 *
 * The loop calls these functions. None of a guest's frames is on the stack then.
 */

import { IMAGE_PAGES, STATE_PAGES } from "./image-words.ts";
import {
  FREE_INSTANCE,
  INSTANCES_MADE,
  MOST_INSTANCES,
  NEXT_FREE,
  NEXT_IN_POOL,
  NEXT_TO_LEAVE,
  OCCUPANT,
  PAGES,
  PENDING,
  POOL,
  SPEC_STATE,
  TABLE_INDEX,
  USED,
  USED_IN_POOL,
} from "./life-words.ts";
import { load, store } from "./memory.ts";
import { callLeave } from "./outside.ts";
import { BODY, FLAGS, PINNED, RESIDENT, RUNNING, SPEC, STATE } from "./words.ts";

/**
 * Gives an actor an instance of its pool, whose memory has the size of the actor's. False: there is
 * none, and the host has to make one. The actor's turn loads its image.
 */
export function settle(record: i32): bool {
  const spec = load((record + SPEC) | 0);
  const pool = load((spec + POOL) | 0);
  const image = load((record + BODY) | 0);
  const pages = load(image === 0 ? (load((spec + SPEC_STATE) | 0) + STATE_PAGES) | 0 : (image + IMAGE_PAGES) | 0);
  let place = freeOf(pool, pages);
  if (place === 0 && load((pool + FREE_INSTANCE) | 0) === 0 && isFull(pool) && vacate(pool))
    place = freeOf(pool, pages);
  if (place === 0) return false;
  const instance = load(place);
  store(place, load((instance + NEXT_FREE) | 0));
  store((instance + OCCUPANT) | 0, record);
  store((instance + PENDING) | 0, load((record + BODY) | 0));
  store((record + BODY) | 0, instance);
  store((record + FLAGS) | 0, load((record + FLAGS) | 0) | RESIDENT);
  return true;
}

/** The word that has the first free instance of this size; 0: there is none. */
// @inline
function freeOf(pool: i32, pages: i32): i32 {
  let place = (pool + FREE_INSTANCE) | 0;
  while (load(place) !== 0 && load((load(place) + PAGES) | 0) !== pages) place = (load(place) + NEXT_FREE) | 0;
  return load(place) === 0 ? 0 : place;
}

/** Whether it may have no more instances. */
// @inline
function isFull(pool: i32): bool {
  return load((pool + INSTANCES_MADE) | 0) >= load((pool + MOST_INSTANCES) | 0);
}

/**
 * Makes an actor leave its instance. It goes round the pool, and passes an instance over that was used
 * since it came by last. False: no actor can leave.
 */
export function vacate(pool: i32): bool {
  for (let left = load((pool + INSTANCES_MADE) | 0) << 1; left > 0; left = (left - 1) | 0) {
    const instance = load((pool + NEXT_TO_LEAVE) | 0);
    store((pool + NEXT_TO_LEAVE) | 0, load((instance + NEXT_IN_POOL) | 0));
    const used = load((instance + USED) | 0);
    if ((used & USED_IN_POOL) !== 0) store((instance + USED) | 0, used & ~USED_IN_POOL);
    else if (mayLeave(load((instance + OCCUPANT) | 0)) && isLeft(instance)) return true;
  }
  return false;
}

/** Whether an actor can leave its instance: it is not in its turn, and the host does not hold it there. */
export function mayLeave(record: i32): bool {
  if (record === 0 || (load((record + FLAGS) | 0) & (RESIDENT | PINNED)) !== RESIDENT) return false;
  return load((record + STATE) | 0) !== RUNNING;
}

/** An instance in its first state is free for the next actor. */
export function free(instance: i32, pool: i32): void {
  store((instance + OCCUPANT) | 0, 0);
  store((instance + NEXT_FREE) | 0, load((pool + FREE_INSTANCE) | 0));
  store((pool + FREE_INSTANCE) | 0, instance);
}

function isLeft(instance: i32): bool {
  return callLeave(instance, (load((instance + TABLE_INDEX) | 0) + 1) | 0) !== 0;
}
