/**
 * The place for attacks: a runtime with default limits and a manual clock, and a witness that must
 * always be served. Guests are loaded as untrusted ones are, from bytes and with counted
 * reductions.
 */

import type { LoadOptions, Pid, RuntimeOptions, SpawnOptions } from "../../host/index.ts";
import { Stage } from "../support/player.ts";
import { guest } from "../support/wat.ts";

export class Arena extends Stage {
  #witness: Pid = 0;

  /** The witness is an echo: a handler that was granted nothing. */
  static async open(options: RuntimeOptions = {}): Promise<Arena> {
    const arena = new Arena({ grants: {}, ...options });
    arena.#witness = await arena.echo();
    return arena;
  }

  get witness(): Pid {
    return this.#witness;
  }

  /** The witness's pid, as two words for a WAT body: `(i32.const lo) (i32.const hi)`. */
  get witnessWords(): string {
    return `(i32.const ${this.#witness % 2 ** 32}) (i32.const ${Math.floor(this.#witness / 2 ** 32)})`;
  }

  /** Loads a WAT body (test/support/wat.ts declares what it imports), or bytes, with counted reductions. */
  async load(body: string | Uint8Array, given: LoadOptions & { readonly memory?: string } = {}) {
    const { memory, ...options } = given;
    const bytes = typeof body === "string" ? guest(body, memory) : body;
    return this.runtime.load(bytes, { name: "attacker", reductions: "count", ...options });
  }

  /** Loads and spawns an attacker. */
  async attack(body: string | Uint8Array, options: SpawnOptions = {}, load = {}): Promise<Pid> {
    return this.runtime.spawn(await this.load(body, load), options);
  }

  /** So many words of the notes that were sent, or those that came. */
  async words(count: number): Promise<number[]> {
    const words: number[] = [];
    for (let settled = 0; words.length < count && settled < 100; ) {
      if (this.boss.size > 0) {
        words.push(...(await this.notes()));
      } else {
        await this.settle();
        settled++;
      }
    }
    return words;
  }

  /** Whether the witness still answers. Call it while the attack goes on, and after it. */
  served(): Promise<boolean> {
    return this.answers(this.#witness);
  }
}
