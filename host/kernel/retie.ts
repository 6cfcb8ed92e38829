/** Changes of ties that there are: when one of the two actors ends, and when a request is delegated. */

import { bucketOfDelegated, wordBefore } from "./buckets.ts";
import { load, store, store2 } from "./memory.ts";
import {
  BEFORE,
  BEHIND,
  NEXT_DELEGATED,
  NOT_INDEXED,
  OTHER_PLACE,
  OWN_PLACE,
  TIE_BYTES,
  TIE_KIND,
  TIE_OTHER,
  TIE_OWNER,
  TIE_REF,
  VIA_LO,
  WAS_LINKED,
} from "./tie-words.ts";
import { COLD, TIE_COUNT, TIES, WATCHERS } from "./words.ts";

/** The oldest of an actor's links and own monitors; 0: it has none. */
export function firstTie(record: i32): i32 {
  return load((load((record + COLD) | 0) + TIES) | 0) & -TIE_BYTES;
}

/** The oldest monitor that another actor has of this one; 0: there is none. */
export function firstWatcher(record: i32): i32 {
  return load((load((record + COLD) | 0) + WATCHERS) | 0) & -TIE_BYTES;
}

/**
 * The partner of an ended actor has been told, and is no longer linked. The tie becomes the last one
 * of the ended actor's, so that its watchers can be told what linked actors may know.
 */
export function loosenLink(tie: i32, ended: i32): void {
  const isOwner = load((tie + TIE_OWNER) | 0) === ended;
  const partner = load((tie + (isOwner ? TIE_OTHER : TIE_OWNER)) | 0);
  const mine = load((ended + COLD) | 0);
  const its = load((partner + COLD) | 0);
  const myPlace = (tie + (isOwner ? OWN_PLACE : OTHER_PLACE)) | 0;
  const itsPlace = (tie + (isOwner ? OTHER_PLACE : OWN_PLACE)) | 0;
  const behind = load((itsPlace + BEHIND) | 0);
  const before = load((itsPlace + BEFORE) | 0);
  store((tie + TIE_KIND) | 0, WAS_LINKED);
  store((before + BEHIND) | 0, behind);
  store((behind + BEFORE) | 0, before);
  if (load((its + TIES) | 0) === itsPlace) store((its + TIES) | 0, behind === itsPlace ? 0 : behind);
  store2(itsPlace, itsPlace, itsPlace);
  store((its + TIE_COUNT) | 0, (load((its + TIE_COUNT) | 0) - 1) | 0);
  store((mine + TIE_COUNT) | 0, (load((mine + TIE_COUNT) | 0) - 1) | 0);
  store((mine + TIES) | 0, load((myPlace + BEHIND) | 0));
}

/** Makes another actor the target of a monitor: it alone may answer the ref now. The actor of this pid has delegated it. */
export function delegateTie(tie: i32, to: i32, viaLo: i32, viaHi: i32): void {
  const ref = load((tie + TIE_REF) | 0);
  const other = load((tie + TIE_OTHER) | 0);
  const its = load((other + COLD) | 0);
  const theirs = load((to + COLD) | 0);
  const isDelegated = load((tie + NEXT_DELEGATED) | 0) !== NOT_INDEXED;
  const delegated = isDelegated ? wordBefore(bucketOfDelegated(other, ref), tie, NEXT_DELEGATED) : 0;
  const bucket = bucketOfDelegated(to, ref);
  const place = (tie + OTHER_PLACE) | 0;
  const behind = load((place + BEHIND) | 0);
  const before = load((place + BEFORE) | 0);
  if (delegated !== 0) store(delegated, load((tie + NEXT_DELEGATED) | 0));
  store((before + BEHIND) | 0, behind);
  store((behind + BEFORE) | 0, before);
  if (load((its + WATCHERS) | 0) === place) store((its + WATCHERS) | 0, behind === place ? 0 : behind);
  const first = load((theirs + WATCHERS) | 0);
  if (first === 0) {
    store2(place, place, place);
    store((theirs + WATCHERS) | 0, place);
  } else {
    const last = load((first + BEFORE) | 0);
    store2(place, first, last);
    store((last + BEHIND) | 0, place);
    store((first + BEFORE) | 0, place);
  }
  store((tie + TIE_OTHER) | 0, to);
  store2((tie + VIA_LO) | 0, viaLo, viaHi);
  store((tie + NEXT_DELEGATED) | 0, load(bucket));
  store(bucket, tie);
}
