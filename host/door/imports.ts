/**
 * The imports of `actor` and `env` as docs/abi.md describes them. One set of functions serves every guest of a runtime: they ask whose
 * turn it is. Here are those of messages and of the actor itself; the others are in imports-*.ts.
 */

import { type Actor, LEAVING, type Services, WANT_ANY, WANT_MATCH, WANT_REF, WANT_TAG } from "../actor/actor.ts";
import { mayLog } from "../actor/allowance.ts";
import { ENDING, fault, leave } from "../actor/fault.ts";
import { COPIED_SHIFT, handOver, receive } from "../actor/receive.ts";
import { lookUp, missedRef } from "../between/guesses.ts";
import type { Registry } from "../between/names.ts";
import { post } from "../between/post.ts";
import { needHeadroom } from "../mail/headroom.ts";
import { stackIn, stackOut } from "../turns/aside.ts";
import { CALL_REDUCTIONS, charge, spent } from "../turns/preempt.ts";
import { ABORTED_FOR_MEMORY, ABORTED_FOR_STACK, type Import } from "../wire/abi.ts";
import type { LogLevel } from "../wire/events.ts";
import { type ExitReason, MESSAGE, NOT_GRANTED, OVER_LIMIT, SEND_ACCEPTED, SEND_NO_ACTOR } from "../wire/message.ts";
import type { PidTable } from "../wire/pid.ts";
import { askedOf, callerOf, checkRange, checkWindow, exitReason, setWindow, textOf } from "./caller.ts";
import { nameImports } from "./imports-names.ts";
import { refImports } from "./imports-refs.ts";
import { signalImports } from "./imports-signals.ts";

const logLevels: readonly LogLevel[] = ["debug", "info", "warning", "error"];

/** What the imports need beyond the services that every actor has. */
export interface ImportHooks {
  readonly actors: PidTable<Actor>;
  readonly registry: Registry;
  /** Spawns a module by its name, if the parent may; else answers the status of the import `spawn`. */
  readonly spawn: (parent: Actor, name: string, entry: string, args: Uint8Array) => Actor | number;
  readonly log: (actor: Actor, level: LogLevel, text: string) => void;
  /** The text of an AssemblyScript string in a guest's memory. */
  readonly readString: (memory: WebAssembly.Memory, pointer: number) => string;
  /** Milliseconds on the clock when the runtime began. */
  readonly beganMs: number;
  /** The actor was answered -100. */
  readonly denied: (actor: Actor, name: string) => void;
}

const PAGE_BYTES = 65_536;

/** More of an abort's message than this says nothing more. */
const MAX_ABORT_CHARACTERS = 2000;

/** The functions of `actor`, by name. `park` is the one that JSPI wraps; elsewhere it is only ever called to be refused. */
export function actorImports(services: Services, hooks: ImportHooks): Record<string, Import> {
  const { actors } = hooks;

  return {
    send(lo, hi, tag, pointer, length) {
      try {
        const from = callerOf(services, "send");
        checkRange(from, "send", "the payload", pointer, length);
        const to = lookUp(from, actors, lo, hi);
        const bytes = length >>> 0;
        if (to !== undefined && handOver(from, to, tag, bytes === 0 ? 0 : pointer >>> 0, bytes)) {
          if (from.reductions !== null) charge(from, bytes >>> COPIED_SHIFT);
          return SEND_ACCEPTED;
        }
        return sendMessage(from, to, lo, hi, tag, 0, pointer, length);
      } catch (error) {
        throw doomed(services.current, error);
      }
    },

    recv(info, pointer, capacity, timeoutMs) {
      try {
        const actor = callerOf(services, "recv");
        setWindow(actor, "recv", info, pointer, capacity);
        return receive(actor, WANT_ANY, 0, timeoutMs);
      } catch (error) {
        throw doomed(services.current, error);
      }
    },

    recv_tag(info, pointer, capacity, timeoutMs, tag) {
      try {
        const actor = callerOf(services, "recv_tag");
        setWindow(actor, "recv_tag", info, pointer, capacity);
        return receive(actor, tag < 0 ? WANT_REF : WANT_TAG, tag, timeoutMs);
      } catch (error) {
        throw doomed(services.current, error);
      }
    },

    recv_match(info, pointer, capacity, timeoutMs, predicate) {
      try {
        const actor = callerOf(services, "recv_match");
        setWindow(actor, "recv_match", info, pointer, capacity);
        if (actor.guest?.match == null) {
          return fault(actor, "recv_match needs the module to export match(predicate, ptr, len) -> i32");
        }
        return receive(actor, WANT_MATCH, predicate, timeoutMs);
      } catch (error) {
        throw doomed(services.current, error);
      }
    },

    park() {
      const actor = callerOf(services, "park");
      return fault(actor, "park: handlers, predicates and start functions cannot wait; poll with recv(…, 0) instead");
    },

    yield() {
      const actor = services.current;
      if (actor === null) throw new Error("yield was called while no actor has its turn");
      return spent(actor);
    },

    window(info, pointer, capacity) {
      const actor = callerOf(services, "window");
      checkWindow(actor, "window", info, pointer, capacity);
      actor.handlerInfo = info >>> 0;
      actor.handlerPointer = pointer >>> 0;
      actor.handlerCapacity = capacity >>> 0;
      return undefined;
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
      if (actor.allowance?.granted.clock !== false) return services.clock.now() - hooks.beganMs;
      hooks.denied(actor, "now");
      return NOT_GRANTED;
    },

    ...withHeadroom(services, hooks, {
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
        hooks.log(actor, logLevels[level] ?? "info", textOf(actor, "log", "the text", pointer, length));
        return 1;
      },
      ...signalImports(services, hooks),
      ...nameImports(services, hooks),
      ...refImports(services, hooks),
    }),
  };
}

const OVERFLOW: ExitReason = { kind: "crashed", message: "stack overflow in an import", stack: "" };
const WRONG_TYPE: ExitReason = {
  kind: "crashed",
  message: "an import was called with a value of a wrong type",
  stack: "",
};

/**
 * An import did not come to its end: its caller ends, also where it catches what was thrown. This calls nothing, because the reason may be that
 * there is no stack left to do so.
 */
function doomed(actor: Actor | null, error: unknown): unknown {
  if (actor === null) return error;
  if (actor.restraint === LEAVING) return ENDING;
  actor.atFault = true;
  actor.leaving = error instanceof TypeError ? WRONG_TYPE : OVERFLOW;
  actor.restraint = LEAVING;
  return error;
}

/** Imports that change more than one thing: they find enough of the stack, or do nothing. */
function withHeadroom(services: Services, hooks: ImportHooks, imports: Record<string, Import>): Record<string, Import> {
  return Object.fromEntries(
    Object.entries(imports).map(([name, run]) => {
      const steady: Import = (a, b, c, d, e, f, g, h) => {
        try {
          needHeadroom();
          if (services.current !== null) charge(services.current, CALL_REDUCTIONS);
          const answer = run(a, b, c, d, e, f, g, h);
          if (answer === NOT_GRANTED && services.current !== null) hooks.denied(services.current, name);
          return answer;
        } catch (error) {
          throw doomed(services.current, error);
        }
      };
      return [name, steady];
    }),
  );
}

/** Sends a guest's bytes, which lie inside its memory. `ref` is what the receiver shall answer with, or 0. */
export function sendMessage(
  from: Actor,
  to: Actor | undefined,
  toLo: number,
  toHi: number,
  tag: number,
  ref: number,
  pointer: number,
  length: number,
): number {
  const { services, bytes } = from;
  const size = length >>> 0;
  if (from.reductions !== null) charge(from, size >>> COPIED_SHIFT);
  const index = size === 0 ? 0 : pointer >>> 0;
  const status = post(services, from, from.lo, from.hi, to, toLo, toHi, MESSAGE, tag, ref, bytes, index, size);
  if (tag < 0 && status === SEND_NO_ACTOR) missedRef(from);
  return status;
}

/** More frames than engines note: between the guest's code and its abort may be many of its library's. */
const FRAMES_NOTED = 40;

function faultInside(actor: Actor, message: string): never {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES_NOTED;
  try {
    return fault(actor, message);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function outOfMemory({ bytes, limits }: Actor, pages: number): string {
  bytes.refresh();
  const has = bytes.u8.length / PAGE_BYTES;
  if (has + pages > limits.memoryPages) return `memoryPages: ${limits.memoryPages} reached`;
  return `its memory of ${has} pages cannot grow by ${pages}`;
}

function outOfStack(bytes: number): string {
  return `stack overflow: the ${bytes >>> 0} bytes for references to objects are full; build it with a larger --stack`;
}

/** The functions of `env`, which AssemblyScript's own runtime asks for. */
export function envImports(services: Services, hooks: ImportHooks): Record<string, Import> {
  return {
    abort(message, file, line, column) {
      const actor = services.current;
      if (actor === null) throw new Error("abort was called while no actor has its turn");
      return faultInside(actor, wordsOf(actor, message, file, line, column));
    },
    seed() {
      const { allowance } = askedOf(services, "seed");
      return allowance?.granted.random === false ? 0 : services.random() * Number.MAX_SAFE_INTEGER;
    },
  };

  function wordsOf(actor: Actor, message: number, file: number, line: number, column: number): string {
    if (message === 0 && file === 0) {
      if (column === ABORTED_FOR_MEMORY) return outOfMemory(actor, line);
      if (column === ABORTED_FOR_STACK) return outOfStack(line);
    }
    const text = stringAt(actor, message) ?? "abort";
    const where = stringAt(actor, file);
    return where === undefined ? text : `${text} (${where}:${line}:${column})`;
  }

  /** Both pointers come from the guest: a wrong one may cost the text, nothing else. */
  function stringAt(actor: Actor, pointer: number): string | undefined {
    if (pointer === 0 || actor.bytes.memory === null) return undefined;
    try {
      return hooks.readString(actor.bytes.memory, pointer).slice(0, MAX_ABORT_CHARACTERS);
    } catch {
      return undefined;
    }
  }
}
