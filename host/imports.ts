/**
 * The imports of `actor` and `env` as docs/abi.md describes them. One set of functions serves every guest of a runtime: they ask whose
 * turn it is. Here are those of messages and of the actor itself; the others are in imports-*.ts.
 */
import { type Actor, type Services, WANT_ANY, WANT_MATCH, WANT_REF, WANT_TAG } from "./actor.ts";
import { askedOf, callerOf, checkRange, checkWindow, exitReason, type Import, setWindow, textOf } from "./caller.ts";
import { fault, leave } from "./fault.ts";
import { nameImports } from "./imports-names.ts";
import { refImports } from "./imports-refs.ts";
import { signalImports } from "./imports-signals.ts";
import { MESSAGE, SEND_ACCEPTED, SEND_FULL, SEND_NO_ACTOR, SEND_TOO_LARGE } from "./message.ts";
import { type PidTable, pidFromWords } from "./pid.ts";
import { spent } from "./preempt.ts";
import { deliver, handOver, receive } from "./receive.ts";
import type { Registry } from "./registry.ts";
import type { DeadLetter } from "./runtime.ts";
import { isLiveRef } from "./signals.ts";

export type LogLevel = "debug" | "info" | "warning" | "error";
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
}

/** More of an abort's message than this says nothing more. */
const MAX_ABORT_CHARACTERS = 2000;

/** The functions of `actor`, by name. `park` is the one that JSPI wraps; elsewhere it is only ever called to be refused. */
export function actorImports(services: Services, hooks: ImportHooks): Record<string, Import> {
  const { actors } = hooks;

  return {
    send(lo, hi, tag, pointer, length) {
      const from = callerOf(services, "send");
      checkRange(from, "send", "the payload", pointer, length);
      const to = actors.get(lo, hi);
      const bytes = length >>> 0;
      if (to !== undefined && handOver(from, to, tag, bytes === 0 ? 0 : pointer >>> 0, bytes)) return SEND_ACCEPTED;
      return sendMessage(from, to, lo, hi, tag, 0, pointer, length);
    },

    recv(info, pointer, capacity, timeoutMs) {
      const actor = callerOf(services, "recv");
      setWindow(actor, "recv", info, pointer, capacity);
      return receive(actor, WANT_ANY, 0, timeoutMs);
    },

    recv_tag(info, pointer, capacity, timeoutMs, tag) {
      const actor = callerOf(services, "recv_tag");
      setWindow(actor, "recv_tag", info, pointer, capacity);
      return receive(actor, tag < 0 ? WANT_REF : WANT_TAG, tag, timeoutMs);
    },

    recv_match(info, pointer, capacity, timeoutMs, predicate) {
      const actor = callerOf(services, "recv_match");
      setWindow(actor, "recv_match", info, pointer, capacity);
      if (actor.guest?.match == null) {
        return fault(actor, "recv_match needs the module to export match(predicate, ptr, len) -> i32");
      }
      return receive(actor, WANT_MATCH, predicate, timeoutMs);
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
      if (length > 0) actor.bytes.u8.set(args.subarray(0, length), pointer >>> 0);
      return args.length;
    },

    exit(code, pointer, length) {
      const actor = callerOf(services, "exit");
      checkRange(actor, "exit", "the reason", pointer, length);
      return leave(actor, exitReason(actor, code, pointer, length));
    },

    now() {
      askedOf(services, "now");
      return services.clock.now() - hooks.beganMs;
    },

    log(level, pointer, length) {
      const actor = askedOf(services, "log");
      hooks.log(actor, logLevels[level] ?? "info", textOf(actor, "log", "the text", pointer, length));
      return undefined;
    },

    ...signalImports(services, hooks),
    ...nameImports(services, hooks),
    ...refImports(services, hooks),
  };
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
  from.services.counters.sent++;
  const bytes = length >>> 0;
  const status = admission(to, tag, bytes);
  if (status !== SEND_ACCEPTED || to === undefined) {
    from.services.deadLetter(from.pid, pidFromWords(toLo, toHi), tag, bytes, whyRefused(to, status));
    return status;
  }
  deliver(to, MESSAGE, tag, from.lo, from.hi, ref, 0, from.bytes, bytes === 0 ? 0 : pointer >>> 0, bytes);
  return SEND_ACCEPTED;
}

/** In words, why a message was not admitted. */
export function whyRefused(to: Actor | undefined, status: number): DeadLetter["why"] {
  if (status === SEND_FULL) return "mailbox full";
  if (status === SEND_TOO_LARGE) return "too large";
  return to === undefined ? "noproc" : "late reply";
}

/** Whether a message may enter a mailbox. */
export function admission(to: Actor | undefined, tag: number, bytes: number): number {
  // The runtime's own takes answers only.
  if (to === undefined || (to.immune && tag >= 0)) return SEND_NO_ACTOR;
  if (bytes > to.limits.messageBytes) return SEND_TOO_LARGE;
  const { mailbox, limits } = to;
  if (mailbox.count >= limits.mailboxMessages || mailbox.bytes + bytes > limits.mailboxBytes) {
    return SEND_FULL;
  }
  // A negative tag is a ref: without it, the answer came too late.
  return tag >= 0 || isLiveRef(to, tag) ? SEND_ACCEPTED : SEND_NO_ACTOR;
}

/** The functions of `env`, which AssemblyScript's own runtime asks for. */
export function envImports(services: Services, hooks: ImportHooks): Record<string, Import> {
  return {
    abort(message, file, line, column) {
      const actor = services.current;
      if (actor === null) throw new Error("abort was called while no actor has its turn");
      const text = stringAt(actor, message) ?? "abort";
      const where = stringAt(actor, file);
      return fault(actor, where === undefined ? text : `${text} (${where}:${line}:${column})`);
    },
    seed() {
      askedOf(services, "seed");
      return services.random() * Number.MAX_SAFE_INTEGER;
    },
  };

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
