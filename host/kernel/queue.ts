/** The run queue: records in the order of their turns, each with the address of the next. */
import { load, store } from "./memory.ts";
import { hostCall } from "./outside.ts";
import { CALLED, LAST_IN_QUEUE, NEXT, QUEUE_FIRST, QUEUE_LAST, QUEUE_LENGTH, READY, STATE } from "./words.ts";

/**
 * Makes an actor ready, and puts it at the end of the queue. If it stands there already, it keeps its
 * place: a record that waits in the queue may belong to the next actor of its slot by now.
 */
// @inline
export function enqueue(record: i32): void {
  if (load(CALLED) === 0) hostCall();
  store((record + STATE) | 0, READY);
  if (load((record + NEXT) | 0) !== 0) return;
  store((record + NEXT) | 0, LAST_IN_QUEUE);
  if (load(QUEUE_LENGTH) === 0) store(QUEUE_FIRST, record);
  else store((load(QUEUE_LAST) + NEXT) | 0, record);
  store(QUEUE_LAST, record);
  store(QUEUE_LENGTH, (load(QUEUE_LENGTH) + 1) | 0);
}

/** Takes the first record out of the queue, which must not be empty. */
// @inline
export function dequeue(): i32 {
  const record = load(QUEUE_FIRST);
  store(QUEUE_FIRST, load((record + NEXT) | 0));
  store((record + NEXT) | 0, 0);
  store(QUEUE_LENGTH, (load(QUEUE_LENGTH) - 1) | 0);
  return record;
}
