/** Timers behind one host timer: a binary heap by due time, so that setting and cancelling cost O(log n) and firing looks at the due ones only. */
import type { Clock } from "./clock.ts";

/** So many that are due fire before the event loop has its turn again. */
const FIRED_AT_ONCE = 1_024;

/** Something that can be due. Kept by its owner and used again and again. */
export class Timer {
  /** When to fire, on the clock's scale in ms. */
  dueMs = 0;
  /** Set in the same millisecond, timers fire in the order in which they were set. */
  order = 0;
  /** Place in the heap; -1 while not set. */
  index = -1;
  readonly fire: () => void;

  constructor(fire: () => void) {
    this.fire = fire;
  }

  get isSet(): boolean {
    return this.index >= 0;
  }
}

export class Timers {
  readonly #clock: Clock;
  /** A binary min-heap: no timer is due before its parent at `(i - 1) >> 1`. */
  readonly #heap: Timer[] = [];
  #order = 0;
  /** When the host timer will wake us; Infinity while there is none. Never later than the first timer. */
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #cancelWake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Sets a timer, or sets it anew. */
  set(timer: Timer, dueMs: number): void {
    // In the heap it would be neither before nor after any other, and nothing would fire any more.
    if (Number.isNaN(dueMs)) throw new RangeError("a time in milliseconds is needed, not NaN");
    if (timer.isSet) this.#detach(timer);
    timer.dueMs = dueMs;
    timer.order = this.#order++;
    this.#heap.push(timer);
    this.#rise(timer, this.#heap.length - 1);
    this.#arm();
  }

  /** Takes a timer back. False where it was not set: it has fired, or never was. */
  cancel(timer: Timer): boolean {
    if (!timer.isSet) return false;
    this.#detach(timer);
    // The host timer stays: waking for nothing once costs less than moving it with every receive that ends early.
    if (this.#heap.length === 0) this.#disarm();
    return true;
  }

  /** Takes every timer back. */
  clear(): void {
    for (const timer of this.#heap) timer.index = -1;
    this.#heap.length = 0;
    this.#disarm();
  }

  readonly #wake = (): void => {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.#cancelWake = undefined;
    const now = this.#clock.now();
    let left = FIRED_AT_ONCE;
    for (let first = this.#heap[0]; first !== undefined && first.dueMs <= now && left > 0; first = this.#heap[0]) {
      this.#detach(first);
      first.fire();
      left--;
    }
    this.#arm();
  };

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs >= this.#wakeAtMs) return;
    this.#disarm();
    this.#wakeAtMs = first.dueMs;
    // Host timers may be early by a fraction of a millisecond; then `#wake` finds nothing due and arms again.
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
