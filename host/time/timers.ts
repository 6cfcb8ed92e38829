/**
 * Timers behind one host timer. A binary heap by due time: setting and cancelling cost O(log n),
 * and firing looks only at those that are due.
 *
 * Timers fire in a turn of their own, behind all runnables that were ready when the host timer
 * came. So if the host has held the thread past a deadline, items that were sent in time come
 * first.
 */
import type { Clock } from "./clock.ts";
import type { Runnable, Scheduler } from "./scheduler.ts";

/** How many due timers fire before others have their turns. */
const FIRED_AT_ONCE = 1_024;

/** One timer. Its owner keeps it and may set it again and again. */
export class Timer {
  /** When to fire, on the clock's scale in ms. */
  dueMs = 0;
  /** Timers that are due at the same time fire in this order: that in which they were set. */
  order = 0;
  /** Its place in the heap; -1 while it is not set. */
  index = -1;
  readonly fire: () => void;

  constructor(fire: () => void) {
    this.fire = fire;
  }

  get isSet(): boolean {
    return this.index >= 0;
  }
}

export class Timers implements Runnable {
  readonly #clock: Clock;
  readonly #scheduler: Pick<Scheduler, "push">;
  readonly #onError: (error: unknown) => void;
  /** A binary min-heap: no timer is due before its parent at `(i - 1) >> 1`. */
  readonly #heap: Timer[] = [];
  #order = 0;
  /** When the host timer fires; Infinity while there is none. Never later than the first timer. */
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #cancelWake: (() => void) | undefined;

  /** It is in the run queue. */
  #isQueued = false;

  /** `onError` receives what a timer throws. The others fire all the same. */
  constructor(clock: Clock, scheduler: Pick<Scheduler, "push">, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#onError = onError;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** When the first timer is due; Infinity: none is set. */
  get nextMs(): number {
    return this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Sets a timer, or moves it to another time. */
  set(timer: Timer, dueMs: number): void {
    // NaN compares with nothing: it would break the order of the heap, and no timer would fire.
    if (Number.isNaN(dueMs)) throw new RangeError("the time of a timer must be a number of milliseconds, not NaN");
    if (timer.isSet) this.#detach(timer);
    timer.dueMs = dueMs;
    timer.order = this.#order++;
    this.#heap.push(timer);
    this.#rise(timer, this.#heap.length - 1);
    this.#arm();
  }

  /** Cancels a timer. False if it was not set: it has fired, or never was set. */
  cancel(timer: Timer): boolean {
    if (!timer.isSet) return false;
    this.#detach(timer);
    // The host timer stays. One wake in vain costs less than moving it with each receive that ends
    // early.
    if (this.#heap.length === 0) this.#disarm();
    return true;
  }

  /** Cancels all timers. */
  clear(): void {
    for (const timer of this.#heap) timer.index = -1;
    this.#heap.length = 0;
    this.#disarm();
  }

  /** One turn: fires the timers that are due. */
  run(): boolean {
    this.#isQueued = false;
    const now = this.#clock.now();
    let left = FIRED_AT_ONCE;
    try {
      for (let first = this.#heap[0]; first !== undefined && first.dueMs <= now && left > 0; first = this.#heap[0]) {
        this.#detach(first);
        left--;
        first.fire();
      }
    } finally {
      const first = this.#heap[0];
      if (first !== undefined && first.dueMs <= now) this.#queue();
      else this.#arm();
    }
    return true;
  }

  failed(error: unknown): void {
    this.#onError(error);
  }

  readonly #wake = (): void => {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.#cancelWake = undefined;
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > this.#clock.now()) this.#arm();
    else this.#queue();
  };

  #queue(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#scheduler.push(this);
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs >= this.#wakeAtMs || this.#isQueued) return;
    this.#disarm();
    this.#wakeAtMs = first.dueMs;
    // Host timers may be early by a fraction of a millisecond. Then `#wake` finds nothing due and
    // arms again.
    this.#cancelWake = this.#clock.wake(Math.max(0, Math.ceil(first.dueMs - this.#clock.now())), this.#wake);
  }

  #disarm(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
  }

  #detach(timer: Timer): void {
    const heap = this.#heap;
    const last = heap.pop() as Timer;
    const index = timer.index;
    timer.index = -1;
    if (last === timer) return;
    if (index > 0 && before(last, heap[(index - 1) >> 1])) this.#rise(last, index);
    else this.#sink(last, index);
  }

  #rise(timer: Timer, from: number): void {
    const heap = this.#heap;
    let index = from;
    while (index > 0) {
      const up = (index - 1) >> 1;
      const parent = heap[up];
      if (!before(timer, parent)) break;
      heap[index] = parent;
      parent.index = index;
      index = up;
    }
    heap[index] = timer;
    timer.index = index;
  }

  #sink(timer: Timer, from: number): void {
    const heap = this.#heap;
    let index = from;
    for (;;) {
      let down = 2 * index + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && before(heap[down + 1], heap[down])) down++;
      const child = heap[down];
      if (!before(child, timer)) break;
      heap[index] = child;
      child.index = index;
      index = down;
    }
    heap[index] = timer;
    timer.index = index;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
