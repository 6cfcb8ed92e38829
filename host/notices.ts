/**
 * What the embedder's callbacks are told. A guest may cause a notice when hardly any of its stack is left, and a callback that failed for want of
 * it would be an uncaught error of the host's: so while actors have their turns notices wait, and are told between turns.
 */
import { callOut } from "./call-out.ts";

/** What one turn may cause; more are not told. */
const MAX_WAITING = 10_000;

export class Notices {
  /** Guests are on the stack so many times. */
  #holds = 0;
  #waiting: (() => void)[] = [];
  /** Is told of each one that waits. */
  onAdded: (() => void) | null = null;

  /** Whether guests may be on the stack. */
  get areHeld(): boolean {
    return this.#holds > 0;
  }

  get areWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Calls `tell` soon: at once where no guest is on the stack. What it throws is the embedder's own, and stops nothing. */
  add(tell: () => void): void {
    if (this.#holds === 0) callOut(tell);
    else if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push(tell);
      this.onAdded?.();
    }
  }

  /** Guests begin to run; `release` says when they have stopped. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    if (--this.#holds === 0) this.flush();
  }

  /** Between two turns. */
  flush(): void {
    while (this.#waiting.length > 0) for (const tell of this.#waiting.splice(0)) callOut(tell);
  }
}
