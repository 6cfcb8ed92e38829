/** How much memory all guests of a runtime have together. Growth is noticed when the host next looks at a memory: at the latest with its actor's next import or item. */
import { type Actor, LEAVING } from "./actor.ts";
import { crashOf } from "./fault.ts";

export class MemoryAccount {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  admits(bytes: number): boolean {
    return this.#bytes + bytes <= this.#maxBytes;
  }

  /** An actor's memory has so many bytes now; 0: it has ended. What of its stack was put aside is added. One that has grown beyond what all may have ends by it. */
  set(actor: Actor, memoryBytes: number): void {
    const { allowance, aside } = actor;
    if (allowance === null) return;
    const bytes = memoryBytes + (aside?.bytes ?? 0);
    const grown = bytes - allowance.memoryBytes;
    allowance.memoryBytes = bytes;
    this.#bytes += grown;
    if (grown <= 0 || this.#bytes <= this.#maxBytes) return;
    actor.leaving ??= crashOf(
      actor,
      `its memory has grown to ${bytes} bytes, and all of them together may have ${this.#maxBytes} (limit allMemoryBytes)`,
    );
    actor.restraint = LEAVING;
  }
}
