/**
 * Calls the embedder's callbacks. An error that a callback throws, or that its promise rejects
 * with, is reported to `onError` and goes no further: no actor, supervisor or turn is affected, and
 * nothing stays uncaught.
 */

/** Receives an error of one of the embedder's callbacks, and the name of that callback. */
export type OnError = (error: unknown, callback: string) => void;

export class CallOut {
  readonly #onError: OnError;

  constructor(onError: OnError = report) {
    this.#onError = onError;
  }

  /** Calls a callback. `callback` is its name, for the report. */
  run(callback: string, call: () => unknown): void {
    try {
      this.watch(callback, call());
    } catch (error) {
      this.failed(callback, error);
    }
  }

  /** Reports the rejection of what a callback has returned, which no one else awaits. */
  watch(callback: string, returned: unknown): void {
    if (isPromise(returned)) Promise.resolve(returned).then(undefined, error => this.failed(callback, error));
  }

  /** Reports an error of the callback with this name. Never throws. */
  failed(callback: string, error: unknown): void {
    try {
      this.#onError(error, callback);
    } catch (worse) {
      report(error, callback);
      report(worse, "onError");
    }
  }
}

/** Whether a value has a `then`. Throws where a getter or a proxy of the value throws. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/**
 * The default `onError`. In pages it calls `reportError`, where developer tools look for errors.
 * Everywhere else it writes to the console, because Deno's `reportError` ends the program.
 */
function report(error: unknown, callback: string): void {
  try {
    if (typeof document !== "undefined" && typeof reportError === "function") reportError(error);
    else console.error(`isopod: ${callback} failed:`, error);
  } catch {
    // The error cannot be converted to text, or there is no console.
  }
}
