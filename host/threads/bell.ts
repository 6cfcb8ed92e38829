/**
 * How a thread sleeps, and how others wake it. Each thread has a word in shared memory, its *bell*:
 *
 * | bell | the thread | who has something for it |
 * |---|---|---|
 * | 0 | is awake, and looks at its rings before it sleeps | does nothing |
 * | 1 | waits in `Atomics.wait` for a short time, or looks once more before it does | sets 0 and notifies |
 * | 2 | has left the thread to the event loop | sets 0 and posts a message |
 *
 * Guarantee: what was written to a ring before `ring` is looked at, without polling. Nothing spins.
 * test/threads/bell.test.ts plays all interleavings.
 */

export const AWAKE = 0;
export const WAITS = 1;
export const ASLEEP = 2;

/** The longest time in `Atomics.wait`, in which the event loop stands still. */
const MOST_MS = 1;

export class Bell {
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** Called by others when they have written. True: the thread sleeps in its event loop, so a message must be posted. */
  ring(): boolean {
    if (Atomics.load(this.#words, this.#at) === AWAKE) return false;
    const was = Atomics.exchange(this.#words, this.#at, AWAKE);
    if (was === WAITS) Atomics.notify(this.#words, this.#at);
    return was === ASLEEP;
  }

  /**
   * Called by the thread itself, when it has nothing to do. False: there is something to look at. True: it sleeps in
   * its event loop, and a message wakes it.
   *
   * @param isNeeded looks at the rings
   * @param mostMs how long it may hold the thread; 0 where `Atomics.wait` is forbidden
   */
  rest(isNeeded: () => boolean, mostMs: number): boolean {
    const words = this.#words;
    Atomics.store(words, this.#at, mostMs > 0 ? WAITS : ASLEEP);
    if (isNeeded()) {
      Atomics.store(words, this.#at, AWAKE);
      return false;
    }
    if (mostMs <= 0) return true;
    Atomics.wait(words, this.#at, WAITS, Math.min(MOST_MS, mostMs));
    // Whoever has written since the look above has set the bell to 0.
    return Atomics.compareExchange(words, this.#at, WAITS, ASLEEP) === WAITS;
  }
}
