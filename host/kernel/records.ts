/**
 * The records of all actors: 128 bytes each, in blocks of 512, found by the slot of a pid. Each has a
 * cold block, for what neither messages nor turns look at.
 */
import { classFor, give, take } from "./arena.ts";
import { clear, load, store } from "./memory.ts";
import { hostHeadroom, hostSeed } from "./outside.ts";
import { LAST_GENERATION, SLOT_MASK } from "./slot-words.ts";
import {
  BLOCK_SHIFT,
  COLD,
  COLD_SHIFT,
  GENERATION,
  RECORD_BLOCKS,
  RECORD_SHIFT,
  RECORDS_IN_BLOCK,
  STAGING,
} from "./words.ts";

/** The slot of the pid with this first word. */
// @inline
export function slotOf(lo: i32): i32 {
  return lo & SLOT_MASK;
}

/** Where the record for a pid's first word is; 0: there never was one. Its pid may be another one. */
// @inline
export function recordAt(lo: i32): i32 {
  const slot = lo & SLOT_MASK;
  const block = load((RECORD_BLOCKS + ((slot >> BLOCK_SHIFT) << 2)) | 0);
  if (block === 0) return 0;
  return (block + ((slot & (RECORDS_IN_BLOCK - 1)) << RECORD_SHIFT)) | 0;
}

/**
 * Adds the block of 512 records that a slot has its record in, each with its cold block. The generations
 * of their slots begin at random numbers. False: there is no memory.
 */
export function addRecords(slot: i32): bool {
  hostHeadroom();
  hostSeed();
  const entry = (RECORD_BLOCKS + ((slot >> BLOCK_SHIFT) << 2)) | 0;
  // The embedder's source of random numbers may have made actors.
  if (load(entry) !== 0) return true;
  const bytes = RECORDS_IN_BLOCK << RECORD_SHIFT;
  const records = take(classFor(bytes));
  if (records === 0) return false;
  const cold = take(classFor(RECORDS_IN_BLOCK << COLD_SHIFT));
  if (cold === 0) {
    give(records, classFor(bytes));
    return false;
  }
  clear(records, bytes);
  for (let i = 0; i < RECORDS_IN_BLOCK; i = (i + 1) | 0) {
    const block = (cold + (i << COLD_SHIFT)) | 0;
    store((records + (i << RECORD_SHIFT) + COLD) | 0, block);
    store((block + GENERATION) | 0, load((STAGING + (i << 2)) | 0) & LAST_GENERATION);
  }
  store(entry, records);
  return true;
}
