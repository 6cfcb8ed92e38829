/**
 * Waiting by JSPI (WebAssembly JavaScript Promise Integration), for modules that our transform has not
 * changed. The engine keeps each parked guest on a stack of its own, a fiber. When an entry returns, its
 * fiber serves the next actor.
 *
 * The frames on a fiber can outlive their actor: a guest that is killed is unwound by an exception, which
 * it could catch. So the imports of each actor are bound to that actor, and never act for another one.
 */

import type { Actor, Way } from "../actor/actor.ts";
import type { Port } from "../actor/body.ts";
import { fault, Unwind } from "../actor/fault.ts";
import { DEAD, FREE, RUNNING, STARTED } from "../kernel/words.ts";
import { type Account, KEPT } from "../mail/account.ts";
import { engine, hasJspi } from "../module/engine.ts";
import { YIELD_END } from "../wire/abi.ts";
import { compileRefusal } from "../wire/compile-refusal.ts";
import { LimitError, SpawnError } from "../wire/errors.ts";
import type { ImportObject } from "../wire/host-functions.ts";
import { STACK_BYTES } from "../wire/memory-use.ts";
import { RECEIVE_PARK } from "../wire/message.ts";
import type { Pid } from "../wire/pid.ts";
import { Fiber } from "./fiber.ts";
import { parkGate, yieldGate } from "./gates.ts";
import { startGuest, waitForAnswer } from "./plain.ts";
import { nextBudget, suspendPreempted } from "./preempt.ts";

/** How many fibers are kept for reuse. A fiber keeps every page that its stack has ever touched. */
const MOST_AT_REST = 32;

export class JspiWay implements Way {
  readonly #maxFibers: number;
  readonly #account: Account;
  /** By pid. */
  readonly #fibers = new Map<Pid, Fiber>();
  readonly #resting: Fiber[] = [];
  /** Actors that will need a fiber, or have one. */
  #users = 0;
  #stopped = false;
  /** Why the engine compiles nothing, if so. Asked at the first spawn. */
  #refusal: { readonly why: string | undefined } | undefined;

  constructor(maxFibers: number, account: Account) {
    this.#maxFibers = maxFibers;
    this.#account = account;
  }

  /** Asked before a spawn. Throws a SpawnError where this engine cannot run the actor, or would abort. */
  admit(name: string): void {
    if (!hasJspi()) {
      throw new SpawnError(
        `${name} waits by JSPI, which this engine does not have: use one that has it (Node 24.20, Chrome 137 or newer), or build it with isopod build and without --park jspi, which needs none`,
      );
    }
    this.#refusal ??= { why: compileRefusal()?.message };
    if (this.#refusal.why !== undefined) {
      throw new SpawnError(
        `${name} waits by JSPI, for which isopod compiles small modules, and this engine compiles no WebAssembly at run time (${this.#refusal.why}): build it with isopod build and without --park jspi`,
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
    const ask = () => {
      if (actor.state === DEAD) return YIELD_END;
      actor.services.kernel.current = actor;
      return nextBudget(actor);
    };
    bound.yield = ask;
    if (Suspending !== undefined) {
      // Most calls of `yield` get more reductions, and must not suspend.
      if (actor.spec.reductions !== null) bound.yield = yieldGate(ask, new Suspending(() => this.#yield(actor)));
      const check = () => {
        if (actor.state === DEAD) throw new Unwind("its actor has ended");
        actor.bytes.refresh();
        if (actor.restraint !== FREE || !actor.mayPark) refuse();
      };
      bound.park = parkGate(check, new Suspending(() => this.#park(actor)));
    }
    const host = Object.entries(shared.host).map(([module, functions]) => [module, bindAll(actor, functions)]);
    return { actor: bound, env: bindAll(actor, shared.env), host: Object.fromEntries(host) };
  }

  resume(actor: Actor): boolean {
    const fiber = this.#fibers.get(actor.pid);
    const port = actor.instance.port as Port;
    actor.services.kernel.call.begin(actor.record);
    if (fiber !== undefined) {
      const result = port.proceed();
      if (result === RECEIVE_PARK) return true;
      fiber.resume(result);
      return false;
    }
    if (!actor.has(STARTED)) startGuest(actor);
    if (actor.restraint !== FREE) {
      actor.services.end(actor, actor.exiting ?? { kind: "killed" });
      return true;
    }
    const entry = actor.guest.entry;
    if (entry == null) return fault(actor, "it has no entry");
    const taken = this.#takeResting() ?? this.#newFiber();
    this.#fibers.set(actor.pid, taken);
    taken.run(actor, entry);
    // A new fiber runs the guest at once, up to its first park. A reused one goes on in a microtask.
    return actor.state !== RUNNING;
  }

  discard(actor: Actor): void {
    this.#users--;
    const fiber = this.#fibers.get(actor.pid);
    this.#fibers.delete(actor.pid);
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
    return new Fiber(
      fiber => this.#returned(fiber),
      (fiber, error) => this.#lost(fiber, error),
    );
  }

  #park(actor: Actor): Promise<unknown> {
    const fiber = this.#fibers.get(actor.pid) as Fiber;
    if (actor.instance.port?.park() === 0) waitForAnswer(actor);
    actor.services.resumed(actor);
    return fiber.wait();
  }

  #yield(actor: Actor): Promise<unknown> {
    const fiber = this.#fibers.get(actor.pid) as Fiber;
    suspendPreempted(actor);
    actor.services.resumed(actor);
    return fiber.wait();
  }

  /** The entry has returned, and the fiber calls `next`. Returns whether the fiber is kept for reuse. */
  #returned(fiber: Fiber): boolean {
    const actor = fiber.actor as Actor;
    fiber.rest();
    this.#fibers.delete(actor.pid);
    if (actor.state !== DEAD) actor.services.end(actor, actor.exiting ?? { kind: "normal" });
    actor.services.resumed(actor);
    if (this.#stopped || this.#resting.length >= MOST_AT_REST || !this.#account.admits(KEPT, STACK_BYTES)) return false;
    this.#account.add(KEPT, STACK_BYTES);
    this.#resting.push(fiber);
    return true;
  }

  #lost(fiber: Fiber, error: unknown): void {
    const { actor } = fiber;
    if (actor === null) return;
    fiber.actor = null;
    this.#fibers.delete(actor.pid);
    if (actor.state !== DEAD) actor.failed(error);
    actor.services.resumed(actor);
  }
}

function bindAll<T extends (...words: never[]) => unknown>(
  actor: Actor,
  functions: Readonly<Record<string, T>>,
): Record<string, T> {
  const bind = (run: T) =>
    ((...words) => {
      if (actor.state === DEAD) throw new Unwind("its actor has ended");
      actor.services.kernel.current = actor;
      return run(...words);
    }) as T;
  return Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, bind(run)]));
}
