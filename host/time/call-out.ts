/**
 * Calls of the embedder's callbacks. What a callback throws, and what a promise that it returns rejects with, is reported and goes no further: no
 * actor and no supervisor meets it, nobody loses a turn, and nothing is left uncaught.
 */

/** Is told of an error in a callback of the embedder's, and of which one. */
export type OnError = (error: unknown, callback: string) => void;

export class CallOut {
  readonly #onError: OnError;

  constructor(onError: OnError = report) {
    this.#onError = onError;
  }

  /** `callback`: its name, for the report. */
  run(callback: string, call: () => unknown): void {
    try {
      this.watch(callback, call());
    } catch (error) {
      this.failed(callback, error);
    }
  }

  /** A callback has returned this, and nobody else waits for it. */
  watch(callback: string, returned: unknown): void {
    if (isPromise(returned)) Promise.resolve(returned).then(undefined, error => this.failed(callback, error));
  }

  failed(callback: string, error: unknown): void {
    try {
      this.#onError(error, callback);
    } catch (worse) {
      report(error, callback);
      report(worse, "onError");
    }
  }
}

/** May throw where `value` throws when it is looked at. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/**
 * Pages report errors with `reportError`, where their tools look for them. Deno has that too, but ends the program by it, so everywhere else it is
 * the console.
 */
function report(error: unknown, callback: string): void {
  try {
    if (typeof document !== "undefined" && typeof reportError === "function") reportError(error);
    else console.error(`isopod: ${callback} failed:`, error);
  } catch {
    // What was thrown cannot even be shown, or there is no console.
  }
}
