/**
 * Functions that the embedder offers to guests, beside those of `actor`. They may answer at once or by a promise; a guest waits for the latter
 * with `park`, as it waits for an item. What they throw is the guest's affair, never a throw in anybody else's call.
 */

import { type Actor, DEAD, PARKED, type Services, WANT_ANSWER } from "../actor/actor.ts";
import { type Allowance, mayLog } from "../actor/allowance.ts";
import type { Answer } from "../actor/body.ts";
import { crashOf, fault, leave, Unwind } from "../actor/fault.ts";
import { COPIED_SHIFT } from "../actor/receive.ts";
import { endFromOutside } from "../between/signals.ts";
import { needHeadroom } from "../mail/headroom.ts";
import { isPromise } from "../time/call-out.ts";
import { CALL_REDUCTIONS, charge } from "../turns/preempt.ts";
import { checkWhole } from "../wire/checks.ts";
import type { LogLevel } from "../wire/events.ts";
import { mayImport } from "../wire/grants.ts";
import type {
  FailingHostFunction,
  HostContext,
  HostFunction,
  HostImport,
  HostImports,
} from "../wire/host-functions.ts";
import { type ExitReason, type GivenReason, NOT_GRANTED, OVER_LIMIT, RECEIVE_PARK } from "../wire/message.ts";
import { payloadFrom } from "../wire/payload.ts";
import type { Pid } from "../wire/pid.ts";
import { reasonGiven } from "../wire/reason.ts";
import { callerOf, copyOut, mayCall, outside } from "./caller.ts";

/** What functions of the embedder need beyond the services. */
interface HostHooks {
  readonly log: Log;
  /** The actor was answered -100. */
  readonly denied: (actor: Actor, name: string) => void;
}

type Log = (actor: Actor, level: LogLevel, text: string) => void;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const RESERVED = ["actor", "env"];

/** The functions as guests call them. Throws a TypeError where one is none, or has a name of isopod's own. */
export function hostImports(
  services: Services,
  modules: HostImports,
  hooks: HostHooks,
): Readonly<Record<string, Readonly<Record<string, HostImport>>>> {
  return Object.fromEntries(
    Object.entries(modules).map(([module, functions]) => {
      if (RESERVED.includes(module)) {
        throw new TypeError(`imports: the module name ${module} is isopod's own; choose another`);
      }
      const wrapped = Object.entries(functions).map(([name, given]) => [
        name,
        hostImport(services, module, name, given, hooks),
      ]);
      return [module, Object.fromEntries(wrapped)];
    }),
  );
}

function hostImport(
  services: Services,
  module: string,
  name: string,
  given: HostFunction | FailingHostFunction,
  { log, denied }: HostHooks,
): HostImport {
  const { run, failStatus } = typeof given === "function" ? { run: given, failStatus: undefined } : given;
  const full = `${module}.${name}`;
  if (typeof run !== "function") throw new TypeError(`imports: ${full} is no function, and has none as run`);
  if (failStatus !== undefined) checkWhole(failStatus, `failStatus of ${full}`, "imports", -(2 ** 31), 2 ** 31 - 1);

  return (...words) => {
    const actor = callerOf(services, full);
    const { allowance } = actor;
    if (allowance === null || !mayImport(allowance.granted, module, name)) {
      denied(actor, full);
      return status(actor, NOT_GRANTED);
    }
    if (!mayCall(actor)) return status(actor, OVER_LIMIT);
    needHeadroom();
    charge(actor, CALL_REDUCTIONS);
    let answer: ReturnType<HostFunction>;
    let takesTime: boolean;
    try {
      answer = run(contextOf(actor, allowance, log), ...(words as never[]));
      takesTime = isPromise(answer);
    } catch (error) {
      const result = failed(error);
      return typeof result === "number" ? result : leave(actor, result);
    } finally {
      // It may have run another guest's start function.
      services.current = actor;
    }
    // It was ended meanwhile, by itself or by what it asked for.
    if (actor.leaving !== null) return leave(actor, actor.leaving);
    if (!takesTime) return answer as number | bigint | undefined;
    const settle = awaitAnswer(actor);
    const settled = (result: number | ExitReason): boolean => {
      allowance.hostCalls--;
      return settle(result);
    };
    allowance.hostCalls++;
    // Of the engine's own, which settle once and later.
    const late = Promise.resolve(answer).then(
      value => void settled(answered(value)),
      error => {
        if (!settled(failed(error)) && !isEnd(error)) throw error;
      },
    );
    // Where nobody waits for it any more, the embedder is told.
    services.notices.callOut.watch(full, late);
    if (!actor.mayPark) {
      return fault(actor, `${full} takes its time, and handlers, start functions and predicates cannot wait`);
    }
    return status(actor, RECEIVE_PARK);

    function failed(error: unknown): number | ExitReason {
      return actor.leaving ?? failStatus ?? crashOf(actor, `${full}: ${messageOf(error)}`, error);
    }

    function answered(value: unknown): number | ExitReason {
      if (value !== undefined && typeof value !== "number") {
        return crashOf(actor, `${full}: its promise gave what is no number`);
      }
      const word = (value ?? 0) | 0;
      return word === RECEIVE_PARK ? crashOf(actor, `${full}: it answered -2, which tells a guest to wait`) : word;
    }
  };

  /** What only a caller understands that expects an i32. */
  function status(actor: Actor, word: number): number {
    if (actor.module?.expectsWord(module, name) !== false) return word;
    return fault(actor, `${full} answers ${word}, for which the guest has to import it with the result i32`);
  }
}

/**
 * The guest waits for an answer instead of an item. Returns what settles that: with the answer, or with the reason for which it ends; false where it
 * does not wait any more.
 */
function awaitAnswer(actor: Actor): (result: number | ExitReason) => boolean {
  const answer: Answer = { settled: false, value: 0 };
  actor.want = WANT_ANSWER;
  actor.held = false;
  actor.waiting = true;
  actor.deadlineMs = Number.POSITIVE_INFINITY;
  actor.answer = answer;
  return result => {
    if (actor.state === DEAD) return false;
    const isAwaited = actor.want === WANT_ANSWER && actor.answer === answer;
    if (typeof result !== "number") {
      const ends = isAwaited || actor.leaving !== null;
      if (ends) endFromOutside(actor, result);
      return ends;
    }
    answer.settled = true;
    answer.value = result;
    if (isAwaited && actor.state === PARKED) actor.wake();
    return isAwaited;
  };
}

/** Whether it says no more than that the actor has ended: its signal was aborted, or its context has ended it. */
function isEnd(error: unknown): boolean {
  return error instanceof Unwind || (error instanceof DOMException && error.name === "AbortError");
}

/** Anything may be thrown, also what throws when it is looked at. */
function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "it threw what cannot be shown";
  }
}

function contextOf(actor: Actor, allowance: Allowance, log: Log): HostContext {
  allowance.context ??= new Context(actor, allowance, log);
  return allowance.context;
}

class Context implements HostContext {
  readonly pid: Pid;
  readonly module: string;
  readonly #actor: Actor;
  readonly #allowance: Allowance;
  readonly #log: Log;
  #controller: AbortController | undefined;

  constructor(actor: Actor, allowance: Allowance, log: Log) {
    this.pid = actor.pid;
    this.module = actor.module?.name ?? "";
    this.#actor = actor;
    this.#allowance = allowance;
    this.#log = log;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      if (this.#actor.bytes.memory === null) controller.abort();
      else this.#allowance.end = () => controller.abort();
    }
    return this.#controller.signal;
  }

  get memory(): WebAssembly.Memory {
    const { memory } = this.#actor.bytes;
    this.#allowance.memoryWasHeld = true;
    if (memory === null) throw new Error("the actor has ended, and its memory with it");
    return memory;
  }

  read(pointer: number, length: number): Uint8Array {
    if (length >>> 0 === 0 || this.#isOver) return new Uint8Array(0);
    this.#check("what it reads", pointer, length);
    charge(this.#actor, length >>> COPIED_SHIFT);
    return copyOut(this.#actor, pointer, length);
  }

  text(pointer: number, length: number): string {
    return decoder.decode(this.read(pointer, length));
  }

  write(pointer: number, given: Uint8Array | string, capacity?: number): number {
    const bytes = payloadFrom(given);
    return this.#write(pointer, bytes, capacity ?? bytes.length);
  }

  #write(pointer: number, bytes: Uint8Array, capacity: number): number {
    const length = Math.min(bytes.length, capacity >>> 0);
    if (length === 0 || this.#isOver) return bytes.length;
    this.#check("what it writes", pointer, length);
    charge(this.#actor, length >>> COPIED_SHIFT);
    this.#actor.bytes.u8.set(bytes.subarray(0, length), pointer >>> 0);
    return bytes.length;
  }

  get #isOver(): boolean {
    return this.#actor.state === DEAD;
  }

  exit(reason: GivenReason): never {
    return this.#end(reasonGiven(reason, "exit"));
  }

  #check(what: string, pointer: number, length: number): void {
    const actor = this.#actor;
    actor.bytes.refresh();
    if (actor.bytes.holds(pointer, length)) return;
    this.#end(crashOf(actor, outside(actor, "a function of the embedder", what, pointer, length)));
  }

  /** Whoever has the turn now: a function that takes its time runs when it likes. */
  #end(reason: ExitReason): never {
    endFromOutside(this.#actor, reason);
    throw new Unwind(`the actor has ended: ${reason.kind}`);
  }

  may(grant: Parameters<HostContext["may"]>[0]): boolean {
    return this.#allowance.granted[grant];
  }

  log(text: string, level: LogLevel = "info"): boolean {
    const { services, limits } = this.#actor;
    if (!this.may("log")) return false;
    const bytes = encoder.encode(text).length;
    charge(this.#actor, CALL_REDUCTIONS + (bytes >>> COPIED_SHIFT));
    if (!mayLog(this.#allowance, limits, services.clock.now(), bytes)) return false;
    this.#log(this.#actor, level, text);
    return true;
  }
}
