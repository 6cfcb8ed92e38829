/**
 * The imports about the caller itself: its pid, its arguments, its end, the clock, its log and its
 * parked stack.
 */

import type { Services } from "../actor/actor.ts";
import { charge } from "../actor/budget.ts";
import { exit } from "../actor/fault.ts";
import { checkRange, noteWrite } from "../actor/ranges.ts";
import { COPIED_SHIFT } from "../kernel/words.ts";
import { nextBudget } from "../turns/preempt.ts";
import { stackIn, stackOut } from "../turns/spill.ts";
import type { Import } from "../wire/abi.ts";
import type { LogLevel } from "../wire/events.ts";
import { NOT_GRANTED, OVER_LIMIT } from "../wire/message.ts";
import { anyCallerOf, callerOf, exitReason, textOf } from "./caller.ts";
import type { Denied } from "./denials.ts";
import { type Log, mayLog } from "./log.ts";

const logLevels: readonly LogLevel[] = ["debug", "info", "warning", "error"];

/** When the runtime began. */
export interface Began {
  /** By its clock. */
  readonly ms: number;
  /** Milliseconds since 1970. */
  readonly date: number;
}

/** The imports that change at most one thing. */
export function selfImports(services: Services, began: Began, denied: Denied): Record<string, Import> {
  return {
    yield() {
      const actor = services.kernel.current;
      if (actor === null) throw new Error("yield was called while no actor has its turn");
      return nextBudget(actor);
    },

    self_lo: () => anyCallerOf(services, "self_lo").lo,

    self_hi: () => anyCallerOf(services, "self_hi").hi,

    args(pointer, capacity) {
      const actor = anyCallerOf(services, "args");
      checkRange(actor, "args", "the room", pointer, capacity);
      const { args } = actor;
      const length = Math.min(args.length, capacity >>> 0);
      charge(actor, length >>> COPIED_SHIFT);
      noteWrite(actor, (pointer >>> 0) + length);
      // `subarray` would give a short array an ArrayBuffer outside of the heap, which stays: use
      // the whole array if it fits.
      if (length > 0) actor.bytes.u8.set(length === args.length ? args : args.subarray(0, length), pointer >>> 0);
      return args.length;
    },

    exit(code, pointer, length) {
      const actor = callerOf(services, "exit");
      checkRange(actor, "exit", "the reason", pointer, length);
      return exit(actor, exitReason(actor, "exit", code, pointer, length));
    },

    now() {
      const actor = anyCallerOf(services, "now");
      if (actor.granted?.clock !== false) return services.clock.now() - began.ms;
      denied(actor, "now");
      return NOT_GRANTED;
    },

    epoch() {
      const actor = anyCallerOf(services, "epoch");
      if (actor.granted?.clock !== false) return began.date;
      denied(actor, "epoch");
      return NOT_GRANTED;
    },
  };
}

/** The imports that change more than one thing: the parts of a long parked stack, and the log. */
export function outputImports(services: Services, log: Log): Record<string, Import> {
  return {
    stack_out(room, need) {
      stackOut(callerOf(services, "stack_out"), room, need);
      return undefined;
    },

    stack_in(room) {
      stackIn(callerOf(services, "stack_in"), room);
      return undefined;
    },

    log(level, pointer, length) {
      const actor = anyCallerOf(services, "log");
      checkRange(actor, "log", "the text", pointer, length);
      if (actor.granted?.log !== true) return NOT_GRANTED;
      const bytes = length >>> 0;
      if (!mayLog(actor, bytes)) return OVER_LIMIT;
      charge(actor, bytes >>> COPIED_SHIFT);
      log(actor, logLevels[level] ?? "info", textOf(actor, "log", "the text", pointer, length));
      return 1;
    },
  };
}
