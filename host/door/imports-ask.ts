/**
 * The import `ask`: a guest asks a function of the embedder by its full name, and has a ref at once. The answer is a
 * message of pid 0 that is tagged with the ref. An error that the function throws crashes the guest that has asked it,
 * and no one else.
 */

import type { Actor, Services } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { crashOf, exit } from "../actor/fault.ts";
import { countCalls } from "../actor/memory.ts";
import { checkRange, copyOut } from "../actor/ranges.ts";
import { mayAsk } from "../between/post.ts";
import { deliverAnswer, settleQuestion } from "../between/questions.ts";
import { addRef, newRef } from "../between/refs.ts";
import { endFromOutside } from "../between/signals.ts";
import { mayQuestion } from "../between/tie-limits.ts";
import { COPIED_SHIFT, DEAD } from "../kernel/words.ts";
import { type CallOut, isPromise } from "../time/call-out.ts";
import type { Import } from "../wire/abi.ts";
import { allOf, mayImport } from "../wire/grants.ts";
import type { AnsweringHostFunction, FailingHostFunction, HostFunction, HostImports } from "../wire/host-functions.ts";
import { type ExitReason, NOT_GRANTED, OVER_LIMIT } from "../wire/message.ts";
import { payloadFrom } from "../wire/payload.ts";
import { callerOf, shortTextOf } from "./caller.ts";
import { contextOf } from "./context.ts";
import type { Denied } from "./denials.ts";
import type { Log } from "./log.ts";
import { isEnd, messageOf, watchLate } from "./thrown.ts";

/** What `ask` answers if it asks nothing. Refs are negative. */
const AskRefusal = { noFunction: 0, tooLarge: 2 } as const;

/** A function of the embedder that guests ask. */
interface Asked {
  readonly to: AnsweringHostFunction;
  /** The pattern for all functions of its module, as grants have it: `db.*`. */
  readonly all: string;
}

/** By full name: `db.get`. */
export type AskedFunctions = ReadonlyMap<string, Asked>;

/** Whether guests ask this function, and do not import it. */
export function isAsked(
  given: HostFunction | FailingHostFunction | AnsweringHostFunction,
): given is AnsweringHostFunction {
  return typeof given === "object" && given !== null && "answer" in given;
}

/** The functions of the embedder that guests ask. Throws a TypeError for one that cannot be asked. */
export function askedFunctions(modules: HostImports): AskedFunctions {
  const asked = new Map<string, Asked>();
  for (const [module, functions] of Object.entries(modules)) {
    for (const [name, given] of Object.entries(functions)) {
      if (!isAsked(given)) continue;
      const full = `${module}.${name}`;
      if (typeof given.answer !== "function") throw new TypeError(`imports: answer of ${full} is not a function`);
      if ("run" in given) throw new TypeError(`imports: ${full} has both run and answer; guests import or ask it`);
      if (asked.has(full)) throw new TypeError(`imports: there are two functions of the name ${full}`);
      asked.set(full, { to: given, all: `${module}.*` });
    }
  }
  return asked;
}

export function askImports(
  services: Services,
  callOut: CallOut,
  functions: AskedFunctions,
  log: Log,
  denied: Denied,
): Record<string, Import> {
  return {
    ask(name, nameLength, pointer, length) {
      const actor = callerOf(services, "ask");
      checkRange(actor, "ask", "the name", name, nameLength);
      checkRange(actor, "ask", "the request", pointer, length);
      const full = shortTextOf(actor, "ask", "the name", name, nameLength);
      const asked = functions.get(full);
      const { granted } = actor;
      if (granted === null || !mayImport(granted, full, asked?.all ?? allOf(full))) {
        // Names that no function has are the guest's to make up, so they are told as one.
        denied(actor, asked === undefined ? "ask" : full);
        return NOT_GRANTED;
      }
      if (asked === undefined) return AskRefusal.noFunction;
      const size = length >>> 0;
      if (size > actor.limits.messageBytes) return AskRefusal.tooLarge;
      if (!mayQuestion(actor, size) || !mayAsk(actor)) return OVER_LIMIT;
      charge(actor, size >>> COPIED_SHIFT);
      const ref = newRef(actor);
      let answer: ReturnType<AnsweringHostFunction["answer"]>;
      let bytes: Uint8Array | undefined;
      try {
        answer = asked.to.answer(contextOf(actor, granted, log), copyOut(actor, pointer, length));
        if (!isPromise(answer)) bytes = payloadFrom(answer);
      } catch (error) {
        return exit(actor, failed(actor, full, error));
      } finally {
        // The function may have spawned a guest, whose start function has run.
        services.kernel.current = actor;
      }
      // The function may have ended the actor.
      if (actor.exiting !== null) {
        if (bytes === undefined) watchLate(callOut, full, answer);
        return exit(actor, actor.exiting);
      }
      if (bytes !== undefined) deliverAnswer(actor, ref, bytes);
      else callOut.watch(full, whenSettled(actor, ref, full, size, answer));
      return ref;
    },
  };
}

/** Waits for an answer and delivers it. An error that comes when the actor no longer waits is thrown on. */
function whenSettled(actor: Actor, ref: number, full: string, size: number, answer: unknown): Promise<void> {
  const question = { to: full };
  addRef(actor, ref, question);
  countCalls(actor, 1, size);
  const settle = () => {
    if (actor.hostCalls > 0) countCalls(actor, -1, -size);
    return settleQuestion(actor, ref, question);
  };
  // A promise of the engine settles once, and never at once. The function's own thenable might not.
  return Promise.resolve(answer).then(
    value => {
      const isAwaited = settle();
      try {
        const bytes = payloadFrom(value as Uint8Array);
        if (isAwaited) deliverAnswer(actor, ref, bytes);
        else if (actor.state !== DEAD) actor.services.deadLetter(0, actor.pid, ref, bytes.length, "late reply");
      } catch (error) {
        if (!isAwaited) throw error;
        endFromOutside(actor, failed(actor, full, error));
      }
    },
    error => {
      if (settle() || (actor.exiting !== null && actor.state !== DEAD)) {
        endFromOutside(actor, failed(actor, full, error));
      } else if (!isEnd(error)) throw error;
    },
  );
}

/** Why an actor ends whose question has failed. */
function failed(actor: Actor, full: string, error: unknown): ExitReason {
  return actor.exiting ?? crashOf(actor, `${full}: ${messageOf(error)}`, error);
}
