/** The turns of a port's actor: what it does before its guest runs, and after. */

import { end } from "./end.ts";
import { CLEAN, CONDITION } from "./life-words.ts";
import { ORDER } from "./mail-words.ts";
import { first } from "./mailbox.ts";
import { below, load, store } from "./memory.ts";
import { callEntry, callHandle, callResume, callStart, hostAnswer, hostDisarm, hostGoOn, hostLeft } from "./outside.ts";
import { enqueue } from "./queue.ts";
import { look } from "./receive.ts";
import { enter } from "./residence.ts";
import { become, me, noticeGrowth } from "./self.ts";
import {
  ACCEPTED,
  BODY,
  BUDGET,
  CAPACITY,
  COLD,
  COUNT,
  CURRENT,
  FLAGS,
  FREE,
  GIVING_WAY,
  HANDLER_CAPACITY,
  HANDLER_INFO,
  HANDLER_POINTER,
  HAS_START,
  HELD,
  INFO,
  IS_HANDLER,
  MAY_PARK,
  NOT_WAITING,
  NOTHING,
  OVER,
  PARK,
  PARKED,
  POINTER,
  PREEMPTED,
  RESTRAINT,
  RETURNED,
  RUNNING,
  RUNS_ONCE,
  SAVED,
  SENT_IN_TURN,
  STARTED,
  STATE,
  STOPPED,
  TAIL,
  TIMED,
  TIMED_BY_HOST,
  TIMED_BY_KERNEL,
  TIMED_ENTRIES,
  TIMED_LENGTH,
  TIMED_LIST,
  TIMEOUT_OVER,
  TURN,
  TURN_ITEMS,
  TURN_STEP,
  TURNS_LEFT,
  WANT,
  WANT_ANSWER,
  WANT_ANY,
  WINDOW_MOVED,
} from "./words.ts";

/** What `resume:E` answers if the guest has parked, or has given way. All else: its entry has returned. */
const HAS_RETURNED = 0;
const HAS_PARKED = 1;
const HAS_YIELDED = 2;

/** A turn begins: what an actor may use in one is its own again. */
// @inline
export function begin(record: i32): void {
  store(CURRENT, record);
  store((record + STATE) | 0, RUNNING);
  store((record + BUDGET) | 0, TURN_ITEMS);
  store(SENT_IN_TURN, 0);
  store(TURN, ((load(TURN) & -TURN_STEP) + TURN_STEP) | 0);
}

/** Gives the actor its turn. Answers what is left to the host. */
export function turn(self: i32): i32 {
  become(self);
  begin(self);
  const instance = load((self + BODY) | 0);
  if (load((instance + CONDITION) | 0) === CLEAN) enter(instance);
  const isFirst = (load((self + FLAGS) | 0) & STARTED) === 0;
  if (isFirst) start(self);
  if ((load((self + FLAGS) | 0) & IS_HANDLER) !== 0) return turnOfHandler();
  if (load((self + RESTRAINT) | 0) !== FREE) return RETURNED;
  const result = isFirst ? 0 : proceed();
  if (result === PARK) return NOTHING;
  const left = resume(self, result);
  noticeGrowth();
  const isFree = load((self + RESTRAINT) | 0) === FREE;
  if (left !== HAS_PARKED || !isFree) {
    if (left === HAS_PARKED || left === HAS_YIELDED) return (RETURNED + left) | 0;
    return isFree && end(self) ? NOTHING : RETURNED;
  }
  return park() ? NOTHING : (RETURNED + HAS_PARKED) | 0;
}

/** Runs the guest's code. Answers as `resume:E`. */
// @inline
function resume(self: i32, result: i32): i32 {
  if ((load((self + FLAGS) | 0) & RUNS_ONCE) === 0) return callResume(result);
  callEntry();
  return HAS_RETURNED;
}

/** The first turn runs the guest's start function. */
function start(self: i32): void {
  if ((load((self + FLAGS) | 0) & HAS_START) !== 0) {
    callStart();
    noticeGrowth();
  }
  const flags = load((self + FLAGS) | 0);
  store((self + FLAGS) | 0, flags | ((flags & IS_HANDLER) === 0 ? STARTED | MAY_PARK : STARTED));
}

/** Hands the handler one item after the other. */
function turnOfHandler(): i32 {
  const self = me;
  while (true) {
    if (load((self + RESTRAINT) | 0) !== FREE) return STOPPED;
    useHandlerWindow();
    const length = look(false);
    if (length === PARK) break;
    store(TURN, (load(TURN) + 1) | 0);
    if (below(load((self + CAPACITY) | 0), length)) handleLong(length);
    else callHandle(length);
    noticeGrowth();
    if (load((self + COUNT) | 0) > 0 && load((self + RESTRAINT) | 0) === FREE) {
      const budget = (load((self + BUDGET) | 0) - 1) | 0;
      store((self + BUDGET) | 0, budget);
      if (budget <= 0) {
        useHandlerWindow();
        enqueue(self);
        return NOTHING;
      }
    }
  }
  store((self + STATE) | 0, PARKED);
  return NOTHING;
}

/** Receives inside `handle` may have used windows of their own. */
// @inline
function useHandlerWindow(): void {
  const self = me;
  const flags = load((self + FLAGS) | 0);
  if ((flags & WINDOW_MOVED) === 0) return;
  const cold = load((self + COLD) | 0);
  store((self + INFO) | 0, load((cold + HANDLER_INFO) | 0));
  store((self + POINTER) | 0, load((cold + HANDLER_POINTER) | 0));
  store((self + CAPACITY) | 0, load((cold + HANDLER_CAPACITY) | 0));
  store((self + WANT) | 0, WANT_ANY);
  store((self + HELD) | 0, 0);
  store((self + FLAGS) | 0, flags & ~WINDOW_MOVED);
}

/**
 * An item is longer than the window. The handler has to take it by a receive, or it would be handed
 * the same item for ever.
 */
function handleLong(length: i32): void {
  const self = me;
  const order = load((first(self) + ORDER) | 0);
  store((self + HELD) | 0, 0);
  callHandle(length);
  if (load((self + COUNT) | 0) > 0 && load((first(self) + ORDER) | 0) === order) hostLeft(length);
}

/**
 * Ends the wait of a parked process: what its `park` returns. PARK: its wait goes on, or it has got
 * another turn.
 */
// @inline
export function proceed(): i32 {
  const self = me;
  if ((load((self + FLAGS) | 0) & PREEMPTED) !== 0) return hostGoOn();
  if (load((self + TIMED) | 0) === GIVING_WAY) {
    store((self + TIMED) | 0, NOT_WAITING);
    return ACCEPTED;
  }
  let result = 0;
  if (load((self + WANT) | 0) === WANT_ANSWER) {
    result = hostAnswer();
    if (result === PARK) {
      store((self + STATE) | 0, PARKED);
      return PARK;
    }
  } else {
    result = look(true);
    if (result === PARK) {
      if (load((self + SAVED) | 0) !== load((self + TAIL) | 0) || load((self + TIMED) | 0) !== OVER) {
        park();
        return PARK;
      }
      result = TIMEOUT_OVER;
    }
  }
  if (load((self + TIMED) | 0) === TIMED_BY_HOST) hostDisarm();
  store((self + TIMED) | 0, NOT_WAITING);
  return result;
}

/**
 * The process has called `park`. It waits, or goes to the end of the run queue if it has not looked at
 * all items. False: it is not in a receive that waits, or waits for the host, and nothing was done.
 */
// @inline
export function park(): bool {
  const self = me;
  const timed = load((self + TIMED) | 0);
  if (timed === NOT_WAITING) return false;
  if (timed === GIVING_WAY) {
    enqueue(self);
    return true;
  }
  if (load((self + WANT) | 0) === WANT_ANSWER) return false;
  if (timed === OVER || load((self + SAVED) | 0) !== load((self + TAIL) | 0)) {
    enqueue(self);
    return true;
  }
  store((self + STATE) | 0, PARKED);
  if (timed !== TIMED_BY_KERNEL) return true;
  const length = load(TIMED_LENGTH);
  store((TIMED_LIST + (length << 2)) | 0, self);
  store(TIMED_LENGTH, (length + 1) | 0);
  // There is no room for another one: the host comes back after this turn.
  if (length >= ((TIMED_ENTRIES - 1) | 0)) store(TURNS_LEFT, 0);
  return true;
}
