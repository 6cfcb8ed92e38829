/**
 * A guest's `spawn` of a module that it has spawned before. The host decides what a name and an entry
 * mean for actors of a spec, and the kernel keeps that as the spec's children.
 */

import { classFor, give, take } from "./arena.ts";
import {
  CHILD_ENTRY_LENGTH,
  CHILD_HEADER,
  CHILD_NAME_LENGTH,
  CHILD_SPEC,
  CHILDREN,
  ENDING,
  FOUNDER,
  METER_BEGAN,
  METER_USED,
  NEXT_CHILD,
  SIZE,
  SPAWNS,
  SPEC_CAPACITY,
  SPEC_FLAGS,
  SPEC_INFO,
  SPEC_MAX_BYTES,
  SPEC_MAX_FAMILY,
  SPEC_MAX_MESSAGE_BYTES,
  SPEC_MAX_MESSAGES,
  SPEC_MAX_SPAWNS,
  SPEC_POINTER,
  SPEC_WANT,
  SPEC_WANTED,
  USERS,
  WRITTEN,
} from "./life-words.ts";
import { add, below, copyIn, count, fits, guestIs, guestStore2, isInside, load, store, store2 } from "./memory.ts";
import { hostCall, hostCharge, hostSpawn } from "./outside.ts";
import { enqueue } from "./queue.ts";
import { recordAt } from "./records.ts";
import { drawRef, mayAct, mayAsk, mayTie } from "./request.ts";
import { me } from "./self.ts";
import { MAX_SLOTS, SLOTS_AT_REST } from "./slot-words.ts";
import { open } from "./slots.ts";
import { addLink, addMonitor, prepareTie } from "./ties.ts";
import {
  ACTOR_BYTES,
  ARGS,
  BODY,
  BYTES_OF_ARGUMENTS,
  BYTES_OF_INSTANCES,
  BYTES_OF_TIES,
  CALLED,
  CAPACITY,
  COLD,
  COPIED_SHIFT,
  FAMILY,
  FLAGS,
  FRESH_SLOT,
  GUESTS,
  HANDLER_CAPACITY,
  HANDLER_INFO,
  HANDLER_POINTER,
  HI,
  INFO,
  KEPT_HEADER,
  LO,
  MAX_ACTORS,
  MAX_ALL_BYTES,
  MAX_BYTES,
  MAX_HEAP_BYTES,
  MAX_INSIDE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGES,
  NOW,
  OTHER_BYTES,
  PARENT_LO,
  PARKED,
  PAYS,
  POINTER,
  REFS_LEFT,
  REST_LENGTH,
  SECOND_MS,
  SPARE_ARGUMENTS,
  SPAWN_LINK,
  SPAWN_MONITOR,
  SPAWN_PRICE,
  SPAWNED,
  SPEC,
  STARTED,
  STATE,
  WANT,
  WANTED,
  WATCHED,
} from "./words.ts";

const RESULT_BYTES = 16;
/** NOW is never so far behind the host's clock. */
const LONGEST_TURN_MS = 3_600_000;

/** As docs/abi.md says. */
export function spawn(
  name: i32,
  nameLength: i32,
  entry: i32,
  entryLength: i32,
  args: i32,
  argsLength: i32,
  flags: i32,
  result: i32,
): i32 {
  const self = me;
  const child = mayAct(self) ? childFor(self, name, nameLength, entry, entryLength) : 0;
  if (child === 0 || !isPlain(self, args, argsLength, flags, result)) {
    return hostSpawn(name, nameLength, entry, entryLength, args, argsLength, flags, result);
  }
  const family = load((load((self + COLD) | 0) + FAMILY) | 0);
  const isMonitor = flags === SPAWN_MONITOR;
  const ref = isMonitor ? drawRef(self) : 0;
  if ((isMonitor && ref === 0) || (flags !== 0 && !prepareTie()) || !prepareArguments(args, argsLength)) {
    return hostSpawn(name, nameLength, entry, entryLength, args, argsLength, flags, result);
  }
  // Not before, because the host charges for a spawn that is left to it.
  if ((load((self + FLAGS) | 0) & PAYS) !== 0) hostCharge((SPAWN_PRICE + (argsLength >>> COPIED_SHIFT)) | 0);
  const used = spawnsOf(family);
  // `enqueue` calls it otherwise.
  if (load(CALLED) === 0) hostCall();
  const record = open();
  if (record === 0) return hostSpawn(name, nameLength, entry, entryLength, args, argsLength, flags, result);
  // From here on nothing is called: a call could be where the stack ends.
  if (used === 0) store((family + SPAWNS + METER_BEGAN) | 0, load(NOW));
  store((family + SPAWNS + METER_USED) | 0, (used + 1) | 0);
  begin(record, child, family, self);
  if (argsLength !== 0) {
    store((load((record + COLD) | 0) + ARGS) | 0, load(SPARE_ARGUMENTS));
    store(SPARE_ARGUMENTS, 0);
    add(BYTES_OF_ARGUMENTS, argsLength);
    add(OTHER_BYTES, argsLength);
  }
  if (flags === SPAWN_LINK) addLink(self, record);
  if (isMonitor) {
    store(REFS_LEFT, (load(REFS_LEFT) - 1) | 0);
    addMonitor(self, record, ref);
  }
  const instance = load((self + BODY) | 0);
  const end = (result + RESULT_BYTES) | 0;
  if (below(load((instance + WRITTEN) | 0), end)) store((instance + WRITTEN) | 0, end);
  guestStore2(result, load((record + LO) | 0), load((record + HI) | 0));
  guestStore2((result + 8) | 0, ref, 0);
  // The actor of a derived module waits already.
  if ((load((record + FLAGS) | 0) & STARTED) === 0) enqueue(record);
  return 1;
}

/** Keeps a copy of the arguments, in a block that the next spawn gives back if this one fails. False: there is no memory. */
function prepareArguments(args: i32, length: i32): bool {
  if (length === 0) return true;
  const spare = load(SPARE_ARGUMENTS);
  if (spare !== 0) {
    const spareClass = classFor((KEPT_HEADER + load(spare)) | 0);
    store(SPARE_ARGUMENTS, 0);
    give(spare, spareClass);
  }
  const block = take(classFor((KEPT_HEADER + length) | 0));
  if (block === 0) return false;
  store(block, length);
  store(SPARE_ARGUMENTS, block);
  copyIn((block + KEPT_HEADER) | 0, args, length);
  return true;
}

/** The spec of the child that a name and an entry mean for an actor; 0: the host has to say. */
function childFor(self: i32, name: i32, nameLength: i32, entry: i32, entryLength: i32): i32 {
  let child = load((load((self + SPEC) | 0) + CHILDREN) | 0);
  while (child !== 0) {
    const text = (child + CHILD_HEADER) | 0;
    if (
      load((child + CHILD_NAME_LENGTH) | 0) === nameLength &&
      load((child + CHILD_ENTRY_LENGTH) | 0) === entryLength &&
      isInside(name, nameLength) &&
      isInside(entry, entryLength) &&
      guestIs(name, text, nameLength) &&
      guestIs(entry, (text + nameLength) | 0, entryLength)
    ) {
      return load((child + CHILD_SPEC) | 0);
    }
    child = load((child + NEXT_CHILD) | 0);
  }
  return 0;
}

/** Whether no limit forbids it, and the host does not want to hear of it. */
function isPlain(self: i32, args: i32, argsLength: i32, flags: i32, result: i32): bool {
  if (load(WATCHED) !== 0 || below(SPAWN_MONITOR, flags)) return false;
  if (!isInside(args, argsLength) || !isInside(result, RESULT_BYTES)) return false;
  if (below(MAX_INSIDE_BYTES, argsLength) || below(load((self + MAX_MESSAGE_BYTES) | 0), argsLength)) return false;
  if (flags !== 0 && (!mayTie(self) || !mayAsk(self))) return false;
  if (!below((load(FRESH_SLOT) - load(REST_LENGTH)) | 0, load(MAX_ACTORS))) return false;
  // For a new block of records the embedder's source of random numbers is asked, which may do anything.
  if (load(REST_LENGTH) <= SLOTS_AT_REST && load(FRESH_SLOT) !== MAX_SLOTS && recordAt(load(FRESH_SLOT)) === 0)
    return false;
  const bytes = (ACTOR_BYTES + argsLength) | 0;
  if (!fits(BYTES_OF_TIES, BYTES_OF_INSTANCES, bytes, MAX_HEAP_BYTES)) return false;
  if (!fits(BYTES_OF_TIES, OTHER_BYTES, bytes, MAX_ALL_BYTES)) return false;
  const family = load((load((self + COLD) | 0) + FAMILY) | 0);
  const founder = load((family + FOUNDER) | 0);
  const most = load((founder + SPEC_MAX_FAMILY) | 0);
  const size = load((family + SIZE) | 0);
  // Without a sign: twice the limit may be beyond 2^31.
  if (!below(size, most) || !below((size + load((family + ENDING) | 0)) | 0, most << 1)) return false;
  return below(spawnsOf(family), load((founder + SPEC_MAX_SPAWNS) | 0));
}

/**
 * How many spawns of a family this second has had. The host has a clock, so its spawns may have begun a
 * second after NOW. Otherwise a guest with a long turn could begin one as often as it likes.
 */
function spawnsOf(family: i32): i32 {
  const ago = (load(NOW) - load((family + SPAWNS + METER_BEGAN) | 0)) | 0;
  const isThisOne = below((ago + LONGEST_TURN_MS) | 0, LONGEST_TURN_MS + SECOND_MS);
  return isThisOne ? load((family + SPAWNS + METER_USED) | 0) : 0;
}

/** Makes the record that has been opened that of a new actor. */
// @inline
function begin(record: i32, spec: i32, family: i32, parent: i32): void {
  const cold = load((record + COLD) | 0);
  store2((cold + PARENT_LO) | 0, load((parent + LO) | 0), load((parent + HI) | 0));
  store2((cold + FAMILY) | 0, family, load(NOW));
  store((record + SPEC) | 0, spec);
  store((record + MAX_MESSAGES) | 0, load((spec + SPEC_MAX_MESSAGES) | 0));
  store((record + MAX_BYTES) | 0, load((spec + SPEC_MAX_BYTES) | 0));
  store((record + MAX_MESSAGE_BYTES) | 0, load((spec + SPEC_MAX_MESSAGE_BYTES) | 0));
  const flags = load((spec + SPEC_FLAGS) | 0);
  store((record + FLAGS) | 0, flags);
  if ((flags & STARTED) !== 0) park(record, cold, spec);
  store((spec + USERS) | 0, (load((spec + USERS) | 0) + 1) | 0);
  store((family + SIZE) | 0, (load((family + SIZE) | 0) + 1) | 0);
  store(GUESTS, (load(GUESTS) + 1) | 0);
  add(BYTES_OF_INSTANCES, ACTOR_BYTES);
  add(OTHER_BYTES, ACTOR_BYTES);
  count(SPAWNED);
}

/** The actor of a derived module begins as the one of its image had parked. */
// @inline
function park(record: i32, cold: i32, spec: i32): void {
  const info = load((spec + SPEC_INFO) | 0);
  const pointer = load((spec + SPEC_POINTER) | 0);
  const capacity = load((spec + SPEC_CAPACITY) | 0);
  store((record + INFO) | 0, info);
  store((record + POINTER) | 0, pointer);
  store((record + CAPACITY) | 0, capacity);
  store((record + WANT) | 0, load((spec + SPEC_WANT) | 0));
  store((record + WANTED) | 0, load((spec + SPEC_WANTED) | 0));
  // Only handlers use these.
  store((cold + HANDLER_INFO) | 0, info);
  store((cold + HANDLER_POINTER) | 0, pointer);
  store((cold + HANDLER_CAPACITY) | 0, capacity);
  store((record + STATE) | 0, PARKED);
}
