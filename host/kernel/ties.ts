/**
 * Ties: links and monitors, a block of 64 bytes each. A request in flight is a monitor. Each tie is in
 * two rings, one for each of its actors, from the oldest to the newest: signals go out in the order in
 * which ties were made. TIES of an actor has its links and its own monitors, WATCHERS the monitors that
 * others have of it.
 *
 * A place in a ring is an address inside of the tie's block, so a ring needs not know what the ties in
 * it are. All ties but an actor's newest monitor stand in the index (buckets.ts): a request that is
 * answered before the next one is made never touches the index.
 *
 * | operation | cost |
 * |---|---|
 * | addMonitor, addLink, dropTie, delegateTie | O(1) |
 */
import { classFor, take } from "./arena.ts";
import { bucketOfDelegated, bucketOfMonitor, bucketOfPair, INDEX_BYTES, wordBefore } from "./buckets.ts";
import { add, clear, load, store, store2 } from "./memory.ts";
import {
  BEFORE,
  BEHIND,
  LINK,
  MONITOR,
  NEXT_DELEGATED,
  NEXT_IN_BUCKET,
  NOT_INDEXED,
  OTHER_PLACE,
  OWN_PLACE,
  TIE_ANSWERED,
  TIE_BYTES,
  TIE_KIND,
  TIE_OTHER,
  TIE_OWNER,
  TIE_REF,
  WAS_LINKED,
} from "./tie-words.ts";
import { BYTES_OF_TIES, COLD, FREE_BLOCKS, SPARE_TIE, TIE_COUNT, TIE_INDEX, TIES, WATCHERS } from "./words.ts";

/** Takes what the next tie needs. False: there is no memory, and nothing has changed. */
// @inline
export function prepareTie(): bool {
  return load(SPARE_TIE) !== 0 || fillSpare();
}

function fillSpare(): bool {
  if (load(TIE_INDEX) === 0) {
    const index = take(classFor(INDEX_BYTES));
    if (index === 0) return false;
    clear(index, INDEX_BYTES);
    store(TIE_INDEX, index);
  }
  const block = take(classFor(TIE_BYTES));
  if (block === 0) return false;
  store((block + NEXT_DELEGATED) | 0, NOT_INDEXED);
  store(SPARE_TIE, block);
  return true;
}

/** The tie that an actor has made last, if it does not stand in the index: its own monitor. 0: it does. */
// @inline
function newestOutside(first: i32): i32 {
  if (first === 0) return 0;
  const newest = load((first + BEFORE) | 0) & -TIE_BYTES;
  return load((newest + NEXT_IN_BUCKET) | 0) === NOT_INDEXED ? newest : 0;
}

// @inline
function bucketFor(newest: i32): i32 {
  return newest === 0 ? 0 : bucketOfMonitor(load((newest + TIE_OWNER) | 0), load((newest + TIE_REF) | 0));
}

/** Adds a monitor. `prepareTie` has taken what it needs. */
// @inline
export function addMonitor(owner: i32, target: i32, ref: i32): void {
  const tie = load(SPARE_TIE);
  const mine = load((owner + COLD) | 0);
  const its = load((target + COLD) | 0);
  const myFirst = load((mine + TIES) | 0);
  const itsFirst = load((its + WATCHERS) | 0);
  const newest = newestOutside(myFirst);
  const bucket = bucketFor(newest);
  const myPlace = (tie + OWN_PLACE) | 0;
  const itsPlace = (tie + OTHER_PLACE) | 0;
  store(SPARE_TIE, 0);
  store2((tie + TIE_KIND) | 0, MONITOR, ref);
  store2((tie + TIE_OWNER) | 0, owner, target);
  store2((tie + TIE_ANSWERED) | 0, 0, NOT_INDEXED);
  if (newest !== 0) {
    store((newest + NEXT_IN_BUCKET) | 0, load(bucket));
    store(bucket, newest);
  }
  if (myFirst === 0) {
    store2(myPlace, myPlace, myPlace);
    store((mine + TIES) | 0, myPlace);
  } else {
    const last = load((myFirst + BEFORE) | 0);
    store2(myPlace, myFirst, last);
    store((last + BEHIND) | 0, myPlace);
    store((myFirst + BEFORE) | 0, myPlace);
  }
  if (itsFirst === 0) {
    store2(itsPlace, itsPlace, itsPlace);
    store((its + WATCHERS) | 0, itsPlace);
  } else {
    const last = load((itsFirst + BEFORE) | 0);
    store2(itsPlace, itsFirst, last);
    store((last + BEHIND) | 0, itsPlace);
    store((itsFirst + BEFORE) | 0, itsPlace);
  }
  store((mine + TIE_COUNT) | 0, (load((mine + TIE_COUNT) | 0) + 1) | 0);
  add(BYTES_OF_TIES, TIE_BYTES);
}

/** Links two actors that are not linked. `prepareTie` has taken what it needs. */
// @inline
export function addLink(owner: i32, other: i32): void {
  const tie = load(SPARE_TIE);
  const mine = load((owner + COLD) | 0);
  const its = load((other + COLD) | 0);
  const myFirst = load((mine + TIES) | 0);
  const itsFirst = load((its + TIES) | 0);
  const myNewest = newestOutside(myFirst);
  const itsNewest = newestOutside(itsFirst);
  const myBucket = bucketFor(myNewest);
  const itsBucket = bucketFor(itsNewest);
  const bucket = bucketOfPair(owner, other);
  const myPlace = (tie + OWN_PLACE) | 0;
  const itsPlace = (tie + OTHER_PLACE) | 0;
  store(SPARE_TIE, 0);
  store2((tie + TIE_KIND) | 0, LINK, 0);
  store2((tie + TIE_OWNER) | 0, owner, other);
  if (myNewest !== 0) {
    store((myNewest + NEXT_IN_BUCKET) | 0, load(myBucket));
    store(myBucket, myNewest);
  }
  if (itsNewest !== 0) {
    store((itsNewest + NEXT_IN_BUCKET) | 0, load(itsBucket));
    store(itsBucket, itsNewest);
  }
  store2((tie + TIE_ANSWERED) | 0, 0, load(bucket));
  store(bucket, tie);
  if (myFirst === 0) {
    store2(myPlace, myPlace, myPlace);
    store((mine + TIES) | 0, myPlace);
  } else {
    const last = load((myFirst + BEFORE) | 0);
    store2(myPlace, myFirst, last);
    store((last + BEHIND) | 0, myPlace);
    store((myFirst + BEFORE) | 0, myPlace);
  }
  if (itsFirst === 0) {
    store2(itsPlace, itsPlace, itsPlace);
    store((its + TIES) | 0, itsPlace);
  } else {
    const last = load((itsFirst + BEFORE) | 0);
    store2(itsPlace, itsFirst, last);
    store((last + BEHIND) | 0, itsPlace);
    store((itsFirst + BEFORE) | 0, itsPlace);
  }
  store((mine + TIE_COUNT) | 0, (load((mine + TIE_COUNT) | 0) + 1) | 0);
  store((its + TIE_COUNT) | 0, (load((its + TIE_COUNT) | 0) + 1) | 0);
  add(BYTES_OF_TIES, TIE_BYTES);
}

/** Makes a monitor for the host. False: there is no memory. */
export function watch(owner: i32, target: i32, ref: i32): bool {
  if (!prepareTie()) return false;
  addMonitor(owner, target, ref);
  return true;
}

/** Links two actors for the host, which are not linked. False: there is no memory. */
export function linkBoth(owner: i32, other: i32): bool {
  if (!prepareTie()) return false;
  addLink(owner, other);
  return true;
}

/** Removes a tie from both actors. */
// @inline
export function dropTie(tie: i32): void {
  const kind = load((tie + TIE_KIND) | 0);
  const ref = load((tie + TIE_REF) | 0);
  const owner = load((tie + TIE_OWNER) | 0);
  const other = load((tie + TIE_OTHER) | 0);
  const mine = load((owner + COLD) | 0);
  const its = load((other + COLD) | 0);
  const isIndexed = load((tie + NEXT_IN_BUCKET) | 0) !== NOT_INDEXED;
  const isDelegated = load((tie + NEXT_DELEGATED) | 0) !== NOT_INDEXED;
  let indexed = 0;
  if (isIndexed) {
    const bucket = kind === MONITOR ? bucketOfMonitor(owner, ref) : bucketOfPair(owner, other);
    indexed = wordBefore(bucket, tie, NEXT_IN_BUCKET);
  }
  const delegated = isDelegated ? wordBefore(bucketOfDelegated(other, ref), tie, NEXT_DELEGATED) : 0;
  const myPlace = (tie + OWN_PLACE) | 0;
  const itsPlace = (tie + OTHER_PLACE) | 0;
  const myRing = (mine + TIES) | 0;
  const itsRing = (its + (kind === MONITOR ? WATCHERS : TIES)) | 0;
  const mineBehind = load((myPlace + BEHIND) | 0);
  const itsBehind = load((itsPlace + BEHIND) | 0);
  if (indexed !== 0) store(indexed, load((tie + NEXT_IN_BUCKET) | 0));
  if (delegated !== 0) store(delegated, load((tie + NEXT_DELEGATED) | 0));
  if (mineBehind === myPlace) {
    if (load(myRing) === myPlace) store(myRing, 0);
  } else {
    store((load((myPlace + BEFORE) | 0) + BEHIND) | 0, mineBehind);
    store((mineBehind + BEFORE) | 0, load((myPlace + BEFORE) | 0));
    if (load(myRing) === myPlace) store(myRing, mineBehind);
  }
  if (itsBehind === itsPlace) {
    if (load(itsRing) === itsPlace) store(itsRing, 0);
  } else {
    store((load((itsPlace + BEFORE) | 0) + BEHIND) | 0, itsBehind);
    store((itsBehind + BEFORE) | 0, load((itsPlace + BEFORE) | 0));
    if (load(itsRing) === itsPlace) store(itsRing, itsBehind);
  }
  if (kind !== WAS_LINKED) store((mine + TIE_COUNT) | 0, (load((mine + TIE_COUNT) | 0) - 1) | 0);
  if (kind === LINK) store((its + TIE_COUNT) | 0, (load((its + TIE_COUNT) | 0) - 1) | 0);
  add(BYTES_OF_TIES, (0 - TIE_BYTES) | 0);
  if (load(SPARE_TIE) === 0) {
    if (delegated !== 0) store((tie + NEXT_DELEGATED) | 0, NOT_INDEXED);
    store(SPARE_TIE, tie);
  } else {
    store(tie, load(FREE_BLOCKS));
    store(FREE_BLOCKS, tie);
  }
}
