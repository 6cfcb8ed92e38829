/**
 * The index of ties: finds a monitor by its watcher and ref, and a link by its two actors, in a time
 * that does not depend on how many there are. It is one block of buckets, made with the first tie.
 * Each bucket is a chain through the blocks of its ties. A second half of the block has delegated
 * requests, by the actor that is to answer.
 *
 * Which bucket it is depends on two words that no guest knows, so no guest can fill one on purpose.
 */
import { are2, below, load, times } from "./memory.ts";
import {
  BEFORE,
  MONITOR,
  NEXT_DELEGATED,
  NEXT_IN_BUCKET,
  TIE_BYTES,
  TIE_KIND,
  TIE_OTHER,
  TIE_OWNER,
} from "./tie-words.ts";
import { COLD, TIE_INDEX, TIE_SECRET, TIES } from "./words.ts";

export const INDEX_BYTES = 131_072;
/** Where the buckets of delegated requests begin. */
const DELEGATED = 65_536;
/** A product has 32 bits, and the highest 14 are the number of a bucket. */
const BUCKET_SHIFT = 18;

// @inline
function bucketOf(a: i32, b: i32): i32 {
  const mixed = (times(a, load(TIE_SECRET)) + times(b, load(TIE_SECRET + 4))) | 0;
  return (load(TIE_INDEX) + ((mixed >>> BUCKET_SHIFT) << 2)) | 0;
}

// @inline
export function bucketOfMonitor(owner: i32, ref: i32): i32 {
  return bucketOf(owner, ref);
}

// @inline
export function bucketOfPair(a: i32, b: i32): i32 {
  return below(a, b) ? bucketOf(a, b) : bucketOf(b, a);
}

// @inline
export function bucketOfDelegated(target: i32, ref: i32): i32 {
  return (bucketOf(target, ref) + DELEGATED) | 0;
}

/** The word that says where a tie is: its bucket, or the link of another tie in the chain. */
export function wordBefore(bucket: i32, tie: i32, link: i32): i32 {
  let at = bucket;
  while (load(at) !== tie) at = (load(at) + link) | 0;
  return at;
}

/**
 * An actor's own monitor by its ref; 0: there is none. An actor's newest tie is looked at first: only
 * others need the index.
 */
// @inline
export function findMonitor(owner: i32, ref: i32): i32 {
  const first = load((load((owner + COLD) | 0) + TIES) | 0);
  let tie = 0;
  if (first !== 0) {
    const last = load((first + BEFORE) | 0);
    const newest = last & -TIE_BYTES;
    if (are2((newest + TIE_KIND) | 0, MONITOR, ref) && load((newest + TIE_OWNER) | 0) === owner) tie = newest;
    else if (last !== first) tie = lookUp(owner, ref);
  }
  return tie;
}

function lookUp(owner: i32, ref: i32): i32 {
  let tie = load(bucketOfMonitor(owner, ref));
  while (tie !== 0) {
    if (are2((tie + TIE_KIND) | 0, MONITOR, ref) && load((tie + TIE_OWNER) | 0) === owner) return tie;
    tie = load((tie + NEXT_IN_BUCKET) | 0);
  }
  return 0;
}

/** The link of two actors, or what was their link; 0: there is none. */
export function findLink(a: i32, b: i32): i32 {
  if (load((load((a + COLD) | 0) + TIES) | 0) === 0) return 0;
  let tie = load(bucketOfPair(a, b));
  while (tie !== 0) {
    if (load((tie + TIE_KIND) | 0) !== MONITOR) {
      if (are2((tie + TIE_OWNER) | 0, a, b) || are2((tie + TIE_OWNER) | 0, b, a)) return tie;
    }
    tie = load((tie + NEXT_IN_BUCKET) | 0);
  }
  return 0;
}

/** The request of a ref that was delegated to an actor; 0: there is none. */
export function findDelegated(target: i32, ref: i32): i32 {
  if (load(TIE_INDEX) === 0) return 0;
  let tie = load(bucketOfDelegated(target, ref));
  while (tie !== 0) {
    if (are2((tie + TIE_KIND) | 0, MONITOR, ref) && load((tie + TIE_OTHER) | 0) === target) return tie;
    tie = load((tie + NEXT_DELEGATED) | 0);
  }
  return 0;
}
