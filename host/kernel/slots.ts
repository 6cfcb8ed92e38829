/**
 * Gives out slots, and with them records and pids. A pid names one actor: its slot is used again, but
 * with another generation, and only after 1,024 other slots were freed.
 *
 * An actor's record is opened, hidden when the actor has ended, and closed when nothing of the actor is
 * needed any more.
 */
import { clearMailbox } from "./mailbox.ts";
import { clear, load, store, store2 } from "./memory.ts";
import { addRecords, recordAt } from "./records.ts";
import {
  GENERATION_BITS,
  LAST_GENERATION,
  LOW_GENERATION_BITS,
  LOW_GENERATION_MASK,
  MAX_SLOTS,
  SLOT_BITS,
  SLOT_MASK,
  SLOTS_AT_REST,
  USERS_REMEMBERED,
} from "./slot-words.ts";
import {
  COLD,
  COLD_BYTES,
  COLD_OF_ACTOR,
  FRESH_SLOT,
  GENERATION,
  HI,
  LO,
  NEXT,
  NEXT_AT_REST,
  PLACE,
  RECORD_BYTES,
  REST_FIRST,
  REST_LAST,
  REST_LENGTH,
} from "./words.ts";

/**
 * The record of a new actor. All its words are 0, but its pid, where its cold block is, and its place
 * in the run queue, where the slot's last actor may have left the record. The cold block keeps the words
 * of the slot. 0: all slots are taken, or there is no memory.
 */
export function open(): i32 {
  const resting = load(REST_LENGTH);
  const fresh = load(FRESH_SLOT);
  const isReused = resting > SLOTS_AT_REST || (fresh === MAX_SLOTS && resting > 0);
  if (!isReused && fresh === MAX_SLOTS) return 0;
  const record = isReused ? load(REST_FIRST) : recordAt(fresh);
  if (record === 0) return addRecords(fresh) ? open() : 0;
  const slot = isReused ? ~load((record + LO) | 0) & SLOT_MASK : fresh;
  const cold = load((record + COLD) | 0);
  const history = load((cold + GENERATION) | 0);
  const last = history & LAST_GENERATION;
  const generation = last === LAST_GENERATION ? 1 : (last + 1) | 0;
  const users = history >> GENERATION_BITS;
  const now = users === USERS_REMEMBERED ? users : (users + 1) | 0;
  const next = load((record + NEXT) | 0);
  if (isReused) {
    store(REST_FIRST, load((cold + NEXT_AT_REST) | 0));
    store(REST_LENGTH, (resting - 1) | 0);
  } else {
    store(FRESH_SLOT, (fresh + 1) | 0);
  }
  clear(record, RECORD_BYTES);
  clear((cold + COLD_OF_ACTOR) | 0, (COLD_BYTES - COLD_OF_ACTOR) | 0);
  store((cold + GENERATION) | 0, (now << GENERATION_BITS) | generation);
  store((record + NEXT) | 0, next);
  store((record + COLD) | 0, cold);
  store((record + LO) | 0, ((generation & LOW_GENERATION_MASK) << SLOT_BITS) | slot);
  store((record + HI) | 0, load(PLACE) | (generation >> LOW_GENERATION_BITS));
  return record;
}

/** The actor has ended: its pid finds nothing from now on. Its slot stays in use. */
export function hide(record: i32): void {
  if (load((record + HI) | 0) < 0) return;
  store2((record + LO) | 0, ~load((record + LO) | 0), -1);
}

/** Gives back what a hidden record has. Its slot rests. Call it once; it needs headroom. */
export function close(record: i32): void {
  clearMailbox(record);
  const length = load(REST_LENGTH);
  if (length === 0) store(REST_FIRST, record);
  else store((load((load(REST_LAST) + COLD) | 0) + NEXT_AT_REST) | 0, record);
  store(REST_LAST, record);
  store(REST_LENGTH, (length + 1) | 0);
}
