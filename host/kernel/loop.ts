/** Gives actors their turns, one after another, in the order of the run queue. */

import { POOL, TABLE_INDEX, USED, USED_BY_CLOCK, USED_IN_POOL } from "./life-words.ts";
import { load, store } from "./memory.ts";
import { callTurn, hostHeadroom, hostTimed } from "./outside.ts";
import { settle } from "./pool.ts";
import { dequeue } from "./queue.ts";
import {
  BODY,
  BUDGET,
  CURRENT,
  FLAGS,
  HAS_LONG_TURNS,
  HI,
  NO_INSTANCE,
  NOTHING,
  QUEUE_LENGTH,
  READY,
  RESIDENT,
  SPEC,
  STATE,
  TAKES_TURNS,
  TURN_ITEMS,
  TURNS_LEFT,
  UNTIMED,
  WHOLE_TURN,
} from "./words.ts";

/** So many items of a turn, as a power of two, count as a turn. */
const ITEMS_SHIFT = 6;

/**
 * Gives at most so many turns. Answers where the host has to go on: the address of a record, and in
 * its low seven bits what is left to do; 0: nowhere.
 */
export function run(turns: i32): i32 {
  // Between two turns no frame of a guest is on the stack: this is enough for all of them.
  hostHeadroom();
  store(TURNS_LEFT, turns);
  while (load(QUEUE_LENGTH) > 0 && load(TURNS_LEFT) > 0) {
    store(TURNS_LEFT, (load(TURNS_LEFT) - 1) | 0);
    const record = dequeue();
    // It may have ended while it waited, and another actor may have its record.
    if (load((record + STATE) | 0) !== READY || load((record + HI) | 0) < 0) continue;
    const left = turnOf(record);
    if (left !== NOTHING) return record | left;
  }
  return 0;
}

/**
 * As `run`, and tells the host when a turn begins that is to be timed, and when it is over. What is left of
 * a turn, the host times. A function of its own, so that turns which nobody times cost nothing more.
 */
export function runTimed(turns: i32): i32 {
  hostHeadroom();
  store(TURNS_LEFT, turns);
  while (load(QUEUE_LENGTH) > 0 && load(TURNS_LEFT) > 0) {
    store(TURNS_LEFT, (load(TURNS_LEFT) - 1) | 0);
    const record = dequeue();
    if (load((record + STATE) | 0) !== READY || load((record + HI) | 0) < 0) continue;
    const isTimed = (load((record + FLAGS) | 0) & HAS_LONG_TURNS) !== 0 || load(UNTIMED) === 0;
    if (isTimed) hostTimed(record);
    else store(UNTIMED, (load(UNTIMED) - 1) | 0);
    const left = turnOf(record);
    if (left !== NOTHING) return record | left;
    if (isTimed) hostTimed(0);
  }
  return 0;
}

/** Gives an actor that is ready its turn, wherever it stands in the run queue. */
export function turnOf(record: i32): i32 {
  // Where the stack ends from here on, this actor ends, and not the one that ran before.
  store(CURRENT, record);
  if ((load((record + FLAGS) | 0) & (TAKES_TURNS | RESIDENT)) !== (TAKES_TURNS | RESIDENT)) {
    const flags = load((record + FLAGS) | 0);
    if ((flags & RESIDENT) === 0 && load((load((record + SPEC) | 0) + POOL) | 0) !== 0 && !settle(record))
      return NO_INSTANCE;
    if ((flags & TAKES_TURNS) === 0) return WHOLE_TURN;
  }
  const instance = load((record + BODY) | 0);
  store((instance + USED) | 0, USED_BY_CLOCK | USED_IN_POOL);
  const left = callTurn(record, load((instance + TABLE_INDEX) | 0));
  // A turn of many items counts as several.
  const turns = ((TURN_ITEMS - load((record + BUDGET) | 0)) | 0) >> ITEMS_SHIFT;
  if (turns !== 0) store(TURNS_LEFT, (load(TURNS_LEFT) - turns) | 0);
  return left;
}
