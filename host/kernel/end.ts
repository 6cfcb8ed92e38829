/**
 * The end of an actor whose entry has returned, if there is nothing in it that the host has to do. All
 * others are the host's: life/ends.ts.
 */

import { classFor, give } from "./arena.ts";
import { deliver } from "./delivery.ts";
import { OF_POOL, SIZE, USERS } from "./life-words.ts";
import { DOWN, EXIT } from "./mail-words.ts";
import { add, count, load, store, store2 } from "./memory.ts";
import { isReusable, recycle } from "./residence.ts";
import { close, hide } from "./slots.ts";
import { MONITOR, TIE_BYTES, TIE_KIND, TIE_OTHER, TIE_OWNER, TIE_REF } from "./tie-words.ts";
import { dropTie } from "./ties.ts";
import {
  ACTOR_BYTES,
  ARGS,
  BODY,
  BYTES_OF_ARGUMENTS,
  BYTES_OF_INSTANCES,
  COLD,
  COUNT,
  CURRENT,
  DEAD,
  END_SHIFT,
  ENDED,
  ENDS_ENTRIES,
  ENDS_LENGTH,
  ENDS_LIST,
  ENDS_WAITING,
  FAMILY,
  FLAGS,
  GUESTS,
  HAS_EXTRA,
  HI,
  IS_AWAY,
  KEPT_HEADER,
  LO,
  OTHER_BYTES,
  PINNED,
  SPEC,
  STATE,
  TELLS_ENDS,
  TIES,
  TRAPS_EXITS,
  TURNS_LEFT,
  WATCHERS,
} from "./words.ts";

/** With more ties, the host tells the end in pieces. */
const TIES_AT_ONCE = 64;

/**
 * Ends the actor, whose turn it is and whose frames are gone, with the reason normal. False: the host
 * has to end it. What was told already is told.
 */
export function end(record: i32): bool {
  if (!isPlain(record)) return false;
  const cold = load((record + COLD) | 0);
  for (let left = TIES_AT_ONCE; load((cold + TIES) | 0) !== 0; left = (left - 1) | 0) {
    if (left === 0 || !endTie(record, load((cold + TIES) | 0) & -TIE_BYTES)) return false;
  }
  for (let left = TIES_AT_ONCE; load((cold + WATCHERS) | 0) !== 0; left = (left - 1) | 0) {
    if (left === 0 || !tellWatcher(record, load((cold + WATCHERS) | 0) & -TIE_BYTES)) return false;
  }
  const args = load((cold + ARGS) | 0);
  if (args !== 0) {
    const length = load(args);
    give(args, classFor((KEPT_HEADER + length) | 0));
    add(BYTES_OF_ARGUMENTS, (0 - length) | 0);
    add(OTHER_BYTES, (0 - length) | 0);
  }
  const spec = load((record + SPEC) | 0);
  const family = load((cold + FAMILY) | 0);
  if (load(TELLS_ENDS) !== 0) note(record, spec);
  const instance = load((record + BODY) | 0);
  store((spec + USERS) | 0, (load((spec + USERS) | 0) - 1) | 0);
  store((family + SIZE) | 0, (load((family + SIZE) | 0) - 1) | 0);
  store(GUESTS, (load(GUESTS) - 1) | 0);
  add(BYTES_OF_INSTANCES, (0 - ACTOR_BYTES) | 0);
  add(OTHER_BYTES, (0 - ACTOR_BYTES) | 0);
  count(ENDED);
  store((record + STATE) | 0, DEAD);
  hide(record);
  store(CURRENT, 0);
  recycle(instance);
  close(record);
  return true;
}

/** The host hears of the end when the loop returns, which is soon if the list is half full. */
function note(record: i32, spec: i32): void {
  const length = load(ENDS_LENGTH);
  const entry = (ENDS_LIST + (length << END_SHIFT)) | 0;
  store2(entry, load((record + LO) | 0), load((record + HI) | 0));
  store((entry + 8) | 0, spec);
  store(ENDS_LENGTH, (length + 1) | 0);
  if (length >= ENDS_ENTRIES >> 1) store(TURNS_LEFT, 0);
}

/** Whether the host has nothing to do with its end, and it is not the last one of its spec or its family. */
function isPlain(record: i32): bool {
  if (load(ENDS_WAITING) !== 0 || load((record + COUNT) | 0) !== 0) return false;
  if (load(ENDS_LENGTH) === ENDS_ENTRIES) return false;
  if ((load((record + FLAGS) | 0) & (HAS_EXTRA | PINNED)) !== 0) return false;
  const instance = load((record + BODY) | 0);
  if (load((instance + OF_POOL) | 0) === 0 || !isReusable(instance)) return false;
  const cold = load((record + COLD) | 0);
  if ((load((cold + ARGS) | 0) & 1) !== 0) return false;
  return load((load((record + SPEC) | 0) + USERS) | 0) > 1 && load((load((cold + FAMILY) | 0) + SIZE) | 0) > 1;
}

/**
 * Removes a link or an own monitor of the actor. A linked actor that traps exits is told. False: there is no
 * memory, or the other actor lives elsewhere.
 */
function endTie(record: i32, tie: i32): bool {
  if (load((tie + TIE_KIND) | 0) === MONITOR) {
    if (isAway(load((tie + TIE_OTHER) | 0))) return false;
  } else {
    const owner = load((tie + TIE_OWNER) | 0);
    const partner = owner === record ? load((tie + TIE_OTHER) | 0) : owner;
    const flags = load((partner + FLAGS) | 0);
    if ((flags & IS_AWAY) !== 0) return false;
    if ((flags & TRAPS_EXITS) !== 0 && !signal(record, partner, EXIT, 0)) return false;
  }
  dropTie(tie);
  return true;
}

function tellWatcher(record: i32, tie: i32): bool {
  const watcher = load((tie + TIE_OWNER) | 0);
  if (isAway(watcher) || !signal(record, watcher, DOWN, load((tie + TIE_REF) | 0))) return false;
  dropTie(tie);
  return true;
}

function signal(from: i32, to: i32, kind: i32, ref: i32): bool {
  return deliver(to, kind, 0, load((from + LO) | 0), load((from + HI) | 0), ref, 0, 0, 0, false);
}

// @inline
function isAway(record: i32): bool {
  return (load((record + FLAGS) | 0) & IS_AWAY) !== 0;
}
