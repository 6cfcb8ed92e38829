import type { Services } from "../actor/actor.ts";
import { mayLog } from "../actor/allowance.ts";
import { charge } from "../actor/budget.ts";
import { leave } from "../actor/fault.ts";
import { checkRange } from "../actor/ranges.ts";
import { COPIED_SHIFT } from "../actor/receive.ts";
import { stackIn, stackOut } from "../turns/aside.ts";
import { spent } from "../turns/preempt.ts";
import type { Import } from "../wire/abi.ts";
import type { LogLevel } from "../wire/events.ts";
import { NOT_GRANTED, OVER_LIMIT } from "../wire/message.ts";
import { askedOf, callerOf, exitReason, textOf } from "./caller.ts";
import type { Denied } from "./denials.ts";
import type { Log } from "./log.ts";

const logLevels: readonly LogLevel[] = ["debug", "info", "warning", "error"];

/** Answers at once, from what the host knows of the caller. */
export function selfImports(services: Services, beganMs: number, denied: Denied): Record<string, Import> {
  return {
    yield() {
      const actor = services.slots.current;
      if (actor === null) throw new Error("yield was called while no actor has its turn");
      return spent(actor);
    },

    self_lo: () => askedOf(services, "self_lo").lo,

    self_hi: () => askedOf(services, "self_hi").hi,

    args(pointer, capacity) {
      const actor = askedOf(services, "args");
      checkRange(actor, "args", "the room", pointer, capacity);
      const { args } = actor;
      const length = Math.min(args.length, capacity >>> 0);
      charge(actor, length >>> COPIED_SHIFT);
      // Of a short array the engine makes a buffer, which stays, where another is made of it.
      if (length > 0) actor.bytes.u8.set(length === args.length ? args : args.subarray(0, length), pointer >>> 0);
      return args.length;
    },

    exit(code, pointer, length) {
      const actor = callerOf(services, "exit");
      checkRange(actor, "exit", "the reason", pointer, length);
      return leave(actor, exitReason(actor, "exit", code, pointer, length));
    },

    now() {
      const actor = askedOf(services, "now");
      if (actor.allowance?.granted.clock !== false) return services.clock.now() - beganMs;
      denied(actor, "now");
      return NOT_GRANTED;
    },
  };
}

/** A parked stack that is longer than its room, and lines of text: these change more than one thing. */
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
      const actor = askedOf(services, "log");
      const { allowance } = actor;
      checkRange(actor, "log", "the text", pointer, length);
      if (allowance === null || !allowance.granted.log) return NOT_GRANTED;
      const bytes = length >>> 0;
      // An empty line is one, too.
      if (!mayLog(allowance, actor.limits, services.clock.now(), bytes)) return OVER_LIMIT;
      charge(actor, bytes >>> COPIED_SHIFT);
      log(actor, logLevels[level] ?? "info", textOf(actor, "log", "the text", pointer, length));
      return 1;
    },
  };
}
