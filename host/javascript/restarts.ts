/** How often a supervisor may restart its children, and how long it waits before a restart. */
import type { SupervisorOptions } from "./child.ts";

const DEFAULT_MAX_BACKOFF_MS = 30_000;

/** Counts the restarts of one supervisor within its period. */
export class Restarts {
  readonly #options: SupervisorOptions;
  /** The times of the restarts within the period, oldest first. */
  #times: number[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Counts a restart. Returns false where the intensity does not allow it. */
  mayHaveAnother(nowMs: number): boolean {
    const { periodMs = 5000, intensity = 1 } = this.#options;
    this.#times = this.#times.filter(then => nowMs - then <= periodMs);
    this.#times.push(nowMs);
    return this.#times.length <= intensity;
  }

  /** How long the restart that was counted last waits, in milliseconds; undefined without back-off. */
  get delayMs(): number | undefined {
    const { backoff } = this.#options;
    if (backoff === undefined) return undefined;
    const { initialMs, factor = 2, maxMs = DEFAULT_MAX_BACKOFF_MS } = backoff;
    return Math.min(maxMs, initialMs * factor ** (this.#times.length - 1));
  }
}
