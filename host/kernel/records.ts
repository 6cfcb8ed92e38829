/**
 * The records of all actors: 128 bytes each, in blocks of 512, found by the slot of a pid. Each has a
 * cold block, for what neither messages nor turns look at.
 */
import { classFor, give, take } from "./arena.ts";
import { clearMailbox } from "./mailbox.ts";
import { clear, load, store } from "./memory.ts";
import { COLD, COLD_BYTES, HI, LO, NEXT, RECORD_BLOCKS, RECORD_BYTES, RECORDS_IN_BLOCK } from "./words.ts";

/** The bits of a pid's first word that are its slot. */
const SLOT_MASK = 0xfffff;
const BLOCK_SHIFT = 9;
const RECORD_SHIFT = 7;
const COLD_SHIFT = 7;

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
 * Gives the record of its slot to a new actor. All its words are 0, but its pid, where its cold block
 * is, and its place in the run queue, where the slot's last actor may have left the record. 0: there
 * is no memory.
 */
export function claim(lo: i32, hi: i32): i32 {
  const slot = lo & SLOT_MASK;
  const entry = (RECORD_BLOCKS + ((slot >> BLOCK_SHIFT) << 2)) | 0;
  if (load(entry) === 0 && !addBlock(entry)) return 0;
  const record = (load(entry) + ((slot & (RECORDS_IN_BLOCK - 1)) << RECORD_SHIFT)) | 0;
  const next = load((record + NEXT) | 0);
  const cold = load((record + COLD) | 0);
  clear(record, RECORD_BYTES);
  clear(cold, COLD_BYTES);
  store((record + NEXT) | 0, next);
  store((record + COLD) | 0, cold);
  store((record + LO) | 0, lo);
  store((record + HI) | 0, hi);
  return record;
}

/** Adds 512 records, each with its cold block. False: there is no memory. */
function addBlock(entry: i32): bool {
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
    store((records + (i << RECORD_SHIFT) + COLD) | 0, (cold + (i << COLD_SHIFT)) | 0);
  }
  store(entry, records);
  return true;
}

/** The actor has ended: gives back what its record has. No pid has its words from now on. */
export function release(record: i32): void {
  store((record + LO) | 0, 0);
  store((record + HI) | 0, -1);
  clearMailbox(record);
}
