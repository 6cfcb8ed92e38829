/**
 * Time as the core sees it. All time comes from a `Clock`, so that a test or a simulation can
 * replace it.
 */

/** A source of time and of turns of the event loop. */
export interface Clock {
  /** Milliseconds since some fixed moment, with fractions; never goes back. */
  now(): number;
  /**
   * Milliseconds since 1970 (UTC), as `Date.now()`. A runtime asks once, when it begins. Its actors' dates are this
   * and what `now()` has gone on since. Default: `now()`.
   */
  date?(): number;
  /** Calls `wake` once, not before `delayMs` have passed. Returns a function that cancels it. */
  wake(delayMs: number, wake: () => void): () => void;
  /** Calls `run` in a later macrotask, after timers and I/O. */
  defer(run: () => void): void;
}

/** The longest delay that `setTimeout` supports. A longer wait wakes early and is set again. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The engine's own clock: `performance.now`, `setTimeout`, and the cheapest macrotask there is. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  wake(delayMs, wake) {
    const timer = setTimeout(wake, Math.min(Math.max(0, delayMs), MAX_TIMEOUT_MS));
    return () => clearTimeout(timer);
  },
  defer: run => deferred(run),
};

/** Made by the first call, because some engines have neither of these, and importing does nothing. */
let deferred = (run: () => void): void => {
  deferred = macrotask();
  deferred(run);
};

function macrotask(): (run: () => void) => void {
  // Browsers have no setImmediate, and their setTimeout waits 4 ms once nested; a message port does
  // not wait.
  if (typeof setImmediate === "function") return run => void setImmediate(run);
  if (typeof MessageChannel !== "function") return run => void setTimeout(run);
  const channel = new MessageChannel();
  const waiting: (() => void)[] = [];
  channel.port1.onmessage = () => waiting.shift()?.();
  return run => {
    waiting.push(run);
    channel.port2.postMessage(null);
  };
}
