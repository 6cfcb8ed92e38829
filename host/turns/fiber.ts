/**
 * A fiber: a stack that the engine keeps for a guest that waits by JSPI. When the guest's entry returns,
 * the fiber serves the next actor.
 */

import type { Actor } from "../actor/actor.ts";
import { Unwind } from "../actor/fault.ts";
import { engine } from "../module/engine.ts";

/**
 * (import "fiber" "next" (func)) (import "fiber" "table" (table 1 funcref))
 * (func (export "loop") (loop (call_indirect (i32.const 0)) (call $next) (br 0)))
 *
 * All WebAssembly, because a JavaScript frame between the promise and `park` cannot be suspended.
 */
// biome-ignore format: as the sections lie
const fiberCode = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x04, 0x01, 0x60, 0x00, 0x00,
  0x02, 0x1e, 0x02, 0x05, 0x66, 0x69, 0x62, 0x65, 0x72, 0x04, 0x6e, 0x65, 0x78, 0x74, 0x00, 0x00,
  0x05, 0x66, 0x69, 0x62, 0x65, 0x72, 0x05, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x01, 0x70, 0x00, 0x01,
  0x03, 0x02, 0x01, 0x00,
  0x07, 0x08, 0x01, 0x04, 0x6c, 0x6f, 0x6f, 0x70, 0x00, 0x01,
  0x0a, 0x10, 0x01, 0x0e, 0x00, 0x03, 0x40, 0x41, 0x00, 0x11, 0x00, 0x00, 0x10, 0x00, 0x0c, 0x00, 0x0b, 0x0b,
]);

let fiberModule: WebAssembly.Module | undefined;

/** What a suspended frame waits with. */
interface Waiting {
  resolve(result?: number): void;
  reject(error: Error): void;
}

export class Fiber {
  /** The actor whose entry runs on it, until its frames are gone, even if it has ended. Null: none. */
  actor: Actor | null = null;
  waiting: Waiting | null = null;
  readonly #table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  readonly #loop: () => void;
  /** Its frames are gone, by an exception or a trap. */
  readonly #onLost: (fiber: Fiber, error: unknown) => void;

  constructor(onReturned: (fiber: Fiber) => boolean, onLost: (fiber: Fiber, error: unknown) => void) {
    const { Suspending, promising } = engine;
    if (Suspending === undefined || promising === undefined) throw new Error("this engine has no JSPI");
    this.#onLost = onLost;
    const next = new Suspending(() => {
      // A fiber that is not kept ends by an exception.
      return onReturned(this) ? this.wait() : Promise.reject(new Unwind("no actor needs this stack"));
    });
    fiberModule ??= new WebAssembly.Module(fiberCode);
    const instance = new WebAssembly.Instance(fiberModule, {
      fiber: { next, table: this.#table },
    } as unknown as WebAssembly.Imports);
    this.#loop = promising(instance.exports.loop as () => void);
  }

  /** Suspends the frames that call this through a Suspending import. */
  wait(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  run(actor: Actor, entry: () => void): void {
    this.actor = actor;
    this.#table.set(0, entry);
    if (this.waiting === null) (this.#loop() as unknown as Promise<void>).catch(error => this.#onLost(this, error));
    else this.resume();
  }

  /** Its actor is done: nothing of it is kept. */
  rest(): void {
    this.actor = null;
    this.#table.set(0, null);
  }

  resume(result?: number): void {
    const { waiting } = this;
    this.waiting = null;
    waiting?.resolve(result);
  }

  /** Unwinds the frames. A promise that is dropped instead would keep its stack for ever. */
  unwind(why: string): void {
    const { waiting } = this;
    this.waiting = null;
    waiting?.reject(new Unwind(why));
  }
}
