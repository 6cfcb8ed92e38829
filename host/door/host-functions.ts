/**
 * Functions that the embedder offers to guests, beside the imports of `actor`. They answer at once
 * or by a promise. A guest waits for a promise with `park`, as it waits for an item. An error that
 * a function throws crashes the guest that has called it, and no one else.
 */

import type { Actor, Services } from "../actor/actor.ts";
import type { Answer } from "../actor/body.ts";
import { CALL_REDUCTIONS, charge } from "../actor/budget.ts";
import { crashOf, exit, fault } from "../actor/fault.ts";
import { countCalls } from "../actor/memory.ts";
import { endFromOutside } from "../between/signals.ts";
import { mayCall } from "../between/tie-limits.ts";
import { DEAD, PARKED, WANT_ANSWER } from "../kernel/words.ts";
import { needHeadroom } from "../mail/headroom.ts";
import { type CallOut, isPromise } from "../time/call-out.ts";
import { checkWhole } from "../wire/checks.ts";
import { mayImport } from "../wire/grants.ts";
import type { FailingHostFunction, HostFunction, HostImport, HostImports } from "../wire/host-functions.ts";
import { type ExitReason, NOT_GRANTED, OVER_LIMIT, RECEIVE_PARK } from "../wire/message.ts";
import { callerOf } from "./caller.ts";
import { contextOf } from "./context.ts";
import type { Denied } from "./denials.ts";
import { isAsked } from "./imports-ask.ts";
import type { Log } from "./log.ts";
import { isEnd, messageOf, watchLate } from "./thrown.ts";

const RESERVED = ["actor", "env"];

/**
 * The functions as guests import them. Throws a TypeError for a value that is not a function, or a
 * module name that isopod uses.
 */
export function hostImports(
  services: Services,
  callOut: CallOut,
  modules: HostImports,
  log: Log,
  denied: Denied,
): Readonly<Record<string, Readonly<Record<string, HostImport>>>> {
  return Object.fromEntries(
    Object.entries(modules).map(([module, functions]) => {
      if (RESERVED.includes(module)) {
        throw new TypeError(`imports: the module name ${module} is isopod's own; choose another`);
      }
      const wrapped = Object.entries(functions).flatMap(([name, given]) =>
        isAsked(given) ? [] : [[name, hostImport(services, callOut, module, name, given, log, denied)]],
      );
      return [module, Object.fromEntries(wrapped)];
    }),
  );
}

function hostImport(
  services: Services,
  callOut: CallOut,
  module: string,
  name: string,
  given: HostFunction | FailingHostFunction,
  log: Log,
  denied: Denied,
): HostImport {
  const { run, failStatus } = typeof given === "function" ? { run: given, failStatus: undefined } : given;
  const full = `${module}.${name}`;
  const all = `${module}.*`;
  if (typeof run !== "function") {
    throw new TypeError(`imports: ${full} is not a function, and has no function run or answer`);
  }
  if (failStatus !== undefined) checkWhole(failStatus, `failStatus of ${full}`, "imports", -(2 ** 31), 2 ** 31 - 1);

  return (...words) => {
    const actor = callerOf(services, full);
    const { granted } = actor;
    if (granted === null || !mayImport(granted, full, all)) {
      denied(actor, full);
      return status(actor, NOT_GRANTED);
    }
    if (!mayCall(actor)) return status(actor, OVER_LIMIT);
    needHeadroom();
    charge(actor, CALL_REDUCTIONS);
    let answer: ReturnType<HostFunction>;
    let takesTime: boolean;
    try {
      answer = run(contextOf(actor, granted, log), ...(words as never[]));
      takesTime = isPromise(answer);
    } catch (error) {
      const result = failed(error);
      return typeof result === "number" ? result : exit(actor, result);
    } finally {
      // The function may have spawned a guest, whose start function has run.
      services.kernel.current = actor;
    }
    // The function may have ended the actor.
    if (actor.exiting !== null) {
      if (takesTime) watchLate(callOut, full, answer);
      return exit(actor, actor.exiting);
    }
    if (!takesTime) return answer as number | bigint | undefined;
    const settle = awaitAnswer(actor);
    const settled = (result: number | ExitReason): boolean => {
      if (actor.hostCalls > 0) countCalls(actor, -1);
      return settle(result);
    };
    countCalls(actor, 1);
    // A promise of the engine settles once, and never at once. The function's own thenable might
    // not.
    const late = Promise.resolve(answer).then(
      value => void settled(answered(value)),
      error => {
        if (!settled(failed(error)) && !isEnd(error)) throw error;
      },
    );
    // An error that comes when the actor no longer waits goes to `onError`.
    callOut.watch(full, late);
    if (!actor.mayPark) {
      return fault(actor, `${full} returned a promise, and handlers, start functions and predicates cannot wait`);
    }
    return status(actor, RECEIVE_PARK);

    function failed(error: unknown): number | ExitReason {
      return actor.exiting ?? failStatus ?? crashOf(actor, `${full}: ${messageOf(error)}`, error);
    }

    function answered(value: unknown): number | ExitReason {
      if (value !== undefined && typeof value !== "number") {
        return crashOf(actor, `${full}: its promise resolved to a value that is not a number`);
      }
      const word = (value ?? 0) | 0;
      return word === RECEIVE_PARK ? crashOf(actor, `${full}: it answered -2, which tells a guest to wait`) : word;
    }
  };

  /** A status, which needs a caller that imports the function with an i32 result. */
  function status(actor: Actor, word: number): number {
    if (actor.module?.expectsWord(module, name) !== false) return word;
    return fault(actor, `${full} answered ${word}: the guest must import it with the result i32`);
  }
}

/**
 * Makes the guest wait for an answer, not for an item. Returns the function that settles it with
 * the answer, or with the exit reason of the actor. That returns false if the actor no longer
 * waits.
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
      const ends = isAwaited || actor.exiting !== null;
      if (ends) endFromOutside(actor, result);
      return ends;
    }
    answer.settled = true;
    answer.value = result;
    if (isAwaited && actor.state === PARKED) actor.wake();
    return isAwaited;
  };
}
