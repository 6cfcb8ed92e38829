/**
 * Blocking by JSPI (WebAssembly JavaScript Promise Integration), for modules that our transform has not instrumented: the engine keeps each
 * parked guest on a stack of its own. Such a stack is called a fiber here; when an entry returns, its fiber takes the next actor.
 *
 * A fiber's frames may outlive its actor (a killed guest is unwound by an exception, and could catch it), so each actor's
 * imports are bound to it: they never act for the actor whose turn it happens to be.
 */

import type { Actor, Way } from "../actor/actor.ts";
import { fault, Unwind } from "../actor/fault.ts";
import { park, proceed } from "../actor/receive.ts";
import { type Account, KEPT } from "../mail/account.ts";
import { DEAD, FREE, RUNNING } from "../mail/states.ts";
import { END } from "../module/counter.ts";
import { engine, hasJspi } from "../module/engine.ts";
import type { Import } from "../wire/abi.ts";
import { LimitError, SpawnError } from "../wire/errors.ts";
import type { ImportObject } from "../wire/host-functions.ts";
import { STACK_BYTES } from "../wire/memory-use.ts";
import { RECEIVE_PARK } from "../wire/message.ts";
import { beginTurn } from "./plain.ts";
import { spent, yielded } from "./preempt.ts";

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

/**
 * (import "gate" "check" (func)) (import "gate" "wait" (func (result i32))) (func (export "park") (result i32) (call $check) (call $wait))
 *
 * The engine refuses to suspend where it cannot before it calls anything of ours; so what says why, and ends the actor, is called first.
 */
// biome-ignore format: as the sections lie
const gateCode = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x08, 0x02, 0x60, 0x00, 0x00, 0x60, 0x00, 0x01, 0x7f,
  0x02, 0x1a, 0x02, 0x04, 0x67, 0x61, 0x74, 0x65, 0x05, 0x63, 0x68, 0x65, 0x63, 0x6b, 0x00, 0x00,
  0x04, 0x67, 0x61, 0x74, 0x65, 0x04, 0x77, 0x61, 0x69, 0x74, 0x00, 0x01,
  0x03, 0x02, 0x01, 0x01,
  0x07, 0x08, 0x01, 0x04, 0x70, 0x61, 0x72, 0x6b, 0x00, 0x02,
  0x0a, 0x08, 0x01, 0x06, 0x00, 0x10, 0x00, 0x10, 0x01, 0x0b,
]);

/**
 * (import "gate" "spent" (func (result i32))) (import "gate" "wait" (func (result i32)))
 * (func (export "yield") (result i32) (local i32)
 *   (if (result i32) (i32.eqz (local.tee 0 (call $spent))) (then (call $wait)) (else (local.get 0))))
 *
 * The engine suspends at each call of what can suspend; most calls of `yield` shall not.
 */
// biome-ignore format: as the sections lie
const yieldCode = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f,
  0x02, 0x1a, 0x02, 0x04, 0x67, 0x61, 0x74, 0x65, 0x05, 0x73, 0x70, 0x65, 0x6e, 0x74, 0x00, 0x00,
  0x04, 0x67, 0x61, 0x74, 0x65, 0x04, 0x77, 0x61, 0x69, 0x74, 0x00, 0x00,
  0x03, 0x02, 0x01, 0x00,
  0x07, 0x09, 0x01, 0x05, 0x79, 0x69, 0x65, 0x6c, 0x64, 0x00, 0x02,
  0x0a, 0x13, 0x01, 0x11, 0x01, 0x01, 0x7f, 0x10, 0x00, 0x22, 0x00, 0x45, 0x04, 0x7f, 0x10, 0x01, 0x05, 0x20, 0x00, 0x0b, 0x0b,
]);

/** How many fibers are kept for reuse. A fiber keeps every page that its stack has ever touched. */
const MOST_AT_REST = 32;

/** What a suspended frame waits with. */
interface Waiting {
  resolve(result?: number): void;
  reject(error: Error): void;
}

class Fiber {
  /** Whose entry runs on it; null while it rests. Stays until the frames are gone, even where the actor ended before. */
  actor: Actor | null = null;
  waiting: Waiting | null = null;
  readonly #table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  readonly #loop: () => void;
  /** Its frames are gone, by an exception or a trap. */
  readonly #onLost: (fiber: Fiber, error: unknown) => void;

  constructor(
    module: WebAssembly.Module,
    onReturned: (fiber: Fiber) => boolean,
    onLost: (fiber: Fiber, error: unknown) => void,
  ) {
    const { Suspending, promising } = engine;
    if (Suspending === undefined || promising === undefined) throw new Error("this engine has no JSPI");
    this.#onLost = onLost;
    const next = new Suspending(() => {
      // A fiber that is not kept ends by an exception.
      return onReturned(this) ? this.wait() : Promise.reject(new Unwind("no actor needs this stack"));
    });
    const instance = new WebAssembly.Instance(module, {
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
    else this.goOn();
  }

  /** Its actor is done: nothing of it is kept. */
  rest(): void {
    this.actor = null;
    this.#table.set(0, null);
  }

  goOn(result?: number): void {
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

export class JspiWay implements Way {
  readonly name = "jspi";
  readonly #maxFibers: number;
  readonly #account: Account;
  readonly #fibers = new Map<Actor, Fiber>();
  readonly #resting: Fiber[] = [];
  #fiber: WebAssembly.Module | undefined;
  #gate: WebAssembly.Module | undefined;
  #yieldGate: WebAssembly.Module | undefined;
  /** Actors that will need a fiber, or have one. */
  #users = 0;
  #stopped = false;

  constructor(maxFibers: number, account: Account) {
    this.#maxFibers = maxFibers;
    this.#account = account;
  }

  /** Before an actor is made. Throws a SpawnError where this engine cannot run it, or would abort. */
  admit(name: string): void {
    if (!hasJspi()) {
      throw new SpawnError(
        `${name} waits by JSPI, which this engine does not have: use one that has it (Node 24.20, Chrome 137 or newer), or build it with isopod build and without --park jspi, which needs none`,
      );
    }
    if (this.#users >= this.#maxFibers) {
      throw new LimitError(
        `${name} waits by JSPI, and ${this.#maxFibers} such actors are alive already; engines abort at about 13,000: build it with isopod build, or raise the limit fibers`,
      );
    }
    this.#users++;
  }

  /** The imports of one actor. */
  bind(actor: Actor, shared: ImportObject): ImportObject {
    const bound = bindAll(actor, shared.actor);
    const { Suspending } = engine;
    const refuse = bound.park;
    const tell = () => {
      if (actor.state === DEAD) return END;
      actor.services.slots.current = actor;
      return spent(actor);
    };
    bound.yield = tell;
    if (Suspending !== undefined) {
      if (actor.reductions !== null) {
        const wait = new Suspending(() => this.#yield(actor));
        this.#yieldGate ??= new WebAssembly.Module(yieldCode);
        const gate = { spent: tell, wait };
        const instance = new WebAssembly.Instance(this.#yieldGate, { gate } as unknown as WebAssembly.Imports);
        bound.yield = instance.exports.yield as Import;
      }
      const check = () => {
        if (actor.state === DEAD) throw new Unwind("its actor has ended");
        actor.bytes.refresh();
        if (actor.restraint !== FREE || !actor.mayPark) refuse();
      };
      const wait = new Suspending(() => this.#park(actor));
      this.#gate ??= new WebAssembly.Module(gateCode);
      const gate = new WebAssembly.Instance(this.#gate, { gate: { check, wait } } as unknown as WebAssembly.Imports);
      bound.park = gate.exports.park as Import;
    }
    const host = Object.entries(shared.host).map(([module, functions]) => [module, bindAll(actor, functions)]);
    return { actor: bound, env: bindAll(actor, shared.env), host: Object.fromEntries(host) };
  }

  resume(actor: Actor): boolean {
    const fiber = this.#fibers.get(actor);
    if (fiber !== undefined) {
      beginTurn(actor);
      const result = actor.yielded ? this.#budget(actor) : proceed(actor);
      if (result === RECEIVE_PARK) return true;
      fiber.goOn(result);
      return false;
    }
    beginTurn(actor);
    if (actor.restraint !== FREE) {
      actor.services.end(actor, actor.leaving ?? { kind: "killed" });
      return true;
    }
    actor.mayPark = true;
    const entry = actor.guest?.entry;
    if (entry == null) return fault(actor, "it has no entry");
    const taken = this.#takeResting() ?? this.#newFiber();
    this.#fibers.set(actor, taken);
    taken.run(actor, entry);
    // A new fiber runs the guest at once, up to its first park; one that rested goes on in a microtask.
    return actor.state !== RUNNING;
  }

  discard(actor: Actor): void {
    this.#users--;
    const fiber = this.#fibers.get(actor);
    this.#fibers.delete(actor);
    fiber?.unwind(`actor ${actor.pid} has ended`);
  }

  /** Unwinds all unused fibers and keeps no others. */
  stop(): void {
    this.#stopped = true;
    this.drop();
  }

  /** Unwinds all unused fibers. */
  drop(): void {
    for (let fiber = this.#takeResting(); fiber !== undefined; fiber = this.#takeResting()) {
      fiber.unwind("no actor needs this stack");
    }
  }

  #takeResting(): Fiber | undefined {
    const fiber = this.#resting.pop();
    if (fiber !== undefined) this.#account.add(KEPT, -STACK_BYTES);
    return fiber;
  }

  #newFiber(): Fiber {
    this.#fiber ??= new WebAssembly.Module(fiberCode);
    return new Fiber(
      this.#fiber,
      fiber => this.#returned(fiber),
      (fiber, error) => this.#lost(fiber, error),
    );
  }

  #park(actor: Actor): Promise<unknown> {
    const fiber = this.#fibers.get(actor) as Fiber;
    park(actor);
    actor.services.scheduler.resumed(actor);
    return fiber.wait();
  }

  #yield(actor: Actor): Promise<unknown> {
    const fiber = this.#fibers.get(actor) as Fiber;
    yielded(actor);
    actor.services.scheduler.resumed(actor);
    return fiber.wait();
  }

  #budget(actor: Actor): number {
    actor.yielded = false;
    return spent(actor);
  }

  /** The entry has returned, and the fiber calls `next`. Returns whether the fiber is kept for reuse. */
  #returned(fiber: Fiber): boolean {
    const actor = fiber.actor as Actor;
    fiber.rest();
    this.#fibers.delete(actor);
    if (actor.state !== DEAD) actor.services.end(actor, actor.leaving ?? { kind: "normal" });
    actor.services.scheduler.resumed(actor);
    if (this.#stopped || this.#resting.length >= MOST_AT_REST || !this.#account.admits(KEPT, STACK_BYTES)) return false;
    this.#account.add(KEPT, STACK_BYTES);
    this.#resting.push(fiber);
    return true;
  }

  #lost(fiber: Fiber, error: unknown): void {
    const { actor } = fiber;
    if (actor === null) return;
    fiber.actor = null;
    this.#fibers.delete(actor);
    if (actor.state !== DEAD) actor.failed(error);
    actor.services.scheduler.resumed(actor);
  }
}

function bindAll<T extends (...words: never[]) => unknown>(
  actor: Actor,
  functions: Readonly<Record<string, T>>,
): Record<string, T> {
  const bind = (run: T) =>
    ((...words) => {
      if (actor.state === DEAD) throw new Unwind("its actor has ended");
      actor.services.slots.current = actor;
      return run(...words);
    }) as T;
  return Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, bind(run)]));
}
