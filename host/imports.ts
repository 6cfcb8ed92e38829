/**
 * The imports of `actor` and `env` as docs/abi.md describes them. One set of functions serves every guest of a runtime: they ask whose
 * turn it is. Here guest pointers come in, and here each is checked before it is used.
 */
import { type Actor, Restraint, type Services, Want } from "./actor.ts";
import { fault, leave } from "./fault.ts";
import { type ExitReason, ItemKind, ReasonCode, SendStatus } from "./message.ts";
import type { PidTable } from "./pid.ts";
import { deliver, receive } from "./receive.ts";

export type LogLevel = "debug" | "info" | "warning" | "error";
const logLevels: readonly LogLevel[] = ["debug", "info", "warning", "error"];

/** What the imports need beyond the services that every actor has. */
export interface ImportHooks {
  readonly actors: PidTable<Actor>;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: (actor: Actor, level: LogLevel, text: string) => void;
  /** The text of an AssemblyScript string in a guest's memory. */
  readonly readString: (memory: WebAssembly.Memory, pointer: number) => string;
  /** Milliseconds on the clock when the runtime began. */
  readonly beganMs: number;
}

/** A function that a guest may import. */
export type Import = (...words: number[]) => number | undefined;

const decoder = new TextDecoder();
/** More of an abort's message than this says nothing more. */
const MAX_ABORT_CHARACTERS = 2000;

/** The caller of an import. `name` appears in the message where it may not call it now. */
function callerOf(services: Services, name: string): Actor {
  const actor = services.current;
  if (actor === null) throw new Error(`${name} was called while no actor has its turn`);
  if (actor.restraint !== Restraint.none) refuse(actor, name);
  return actor;
}

function refuse(actor: Actor, name: string): never {
  if (actor.restraint === Restraint.asking) {
    return fault(
      actor,
      `a predicate may not call ${name}: it may compute, and call self_lo, self_hi, args, now and log`,
    );
  }
  return leave(actor, { kind: "killed" });
}

/** As `callerOf`, for the few imports that a predicate may call. */
function askedOf(services: Services, name: string): Actor {
  const actor = services.current;
  if (actor?.restraint === Restraint.asking) return actor;
  return callerOf(services, name);
}

function checkRange(actor: Actor, name: string, what: string, pointer: number, length: number): void {
  actor.bytes.refresh();
  if (length !== 0 && !actor.bytes.holds(pointer, length)) {
    const end = (pointer >>> 0) + (length >>> 0);
    fault(
      actor,
      `${name}: ${what} at ${pointer >>> 0}..${end} is outside the memory of ${actor.bytes.u8.length} bytes`,
    );
  }
}

function setWindow(actor: Actor, name: string, info: number, pointer: number, capacity: number): void {
  checkRange(actor, name, "the window", pointer, capacity);
  if (info !== 0) {
    if ((info & 3) !== 0) fault(actor, `${name}: info at ${info >>> 0} is not a multiple of 4`);
    checkRange(actor, name, "info", info, 32);
  }
  actor.info = info >>> 0;
  actor.pointer = pointer >>> 0;
  actor.capacity = capacity >>> 0;
}

function copyOut(actor: Actor, pointer: number, length: number): Uint8Array {
  return actor.bytes.u8.slice(pointer >>> 0, (pointer >>> 0) + (length >>> 0));
}

/** The functions of `actor`, by name. `park` is the one that JSPI wraps; elsewhere it is only ever called to be refused. */
export function actorImports(services: Services, hooks: ImportHooks): Record<string, Import> {
  const { actors } = hooks;
  const { counters } = services;

  return {
    send(lo, hi, tag, pointer, length) {
      const from = callerOf(services, "send");
      counters.sent++;
      checkRange(from, "send", "the payload", pointer, length);
      const to = actors.get(lo, hi);
      // A negative tag is a ref, and nobody waits for one.
      if (to === undefined || tag < 0) return refused(SendStatus.noSuchActor);
      const bytes = length >>> 0;
      if (bytes > to.limits.messageBytes) return refused(SendStatus.tooLarge);
      const { mailbox } = to;
      if (mailbox.count >= to.limits.mailboxMessages || mailbox.bytes + bytes > to.limits.mailboxBytes) {
        return refused(SendStatus.mailboxFull);
      }
      deliver(to, ItemKind.message, tag, from.lo, from.hi, 0, 0, from.bytes, bytes === 0 ? 0 : pointer >>> 0, bytes);
      return SendStatus.accepted;
    },

    recv(info, pointer, capacity, timeoutMs) {
      const actor = callerOf(services, "recv");
      setWindow(actor, "recv", info, pointer, capacity);
      return receive(actor, Want.any, 0, timeoutMs);
    },

    recv_tag(info, pointer, capacity, timeoutMs, tag) {
      const actor = callerOf(services, "recv_tag");
      setWindow(actor, "recv_tag", info, pointer, capacity);
      return receive(actor, Want.tag, tag, timeoutMs);
    },

    recv_match(info, pointer, capacity, timeoutMs, predicate) {
      const actor = callerOf(services, "recv_match");
      setWindow(actor, "recv_match", info, pointer, capacity);
      return receive(actor, Want.match, predicate, timeoutMs);
    },

    park() {
      const actor = callerOf(services, "park");
      return fault(actor, "park: handlers, predicates and start functions cannot wait; poll with recv(…, 0) instead");
    },

    window(info, pointer, capacity) {
      const actor = callerOf(services, "window");
      setWindow(actor, "window", info, pointer, capacity);
      actor.handlerInfo = actor.info;
      actor.handlerPointer = actor.pointer;
      actor.handlerCapacity = actor.capacity;
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

    now: () => services.clock.now() - hooks.beganMs,

    log(level, pointer, length) {
      const actor = askedOf(services, "log");
      checkRange(actor, "log", "the text", pointer, length);
      hooks.log(actor, logLevels[level] ?? "info", decoder.decode(copyOut(actor, pointer, length)));
      return undefined;
    },
  };

  function refused(status: number): number {
    counters.dead++;
    return status;
  }
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
    seed: () => hooks.random() * Number.MAX_SAFE_INTEGER,
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

function exitReason(actor: Actor, code: number, pointer: number, length: number): ExitReason {
  if (code === ReasonCode.normal) return { kind: "normal" };
  if (code === ReasonCode.shutdown) return { kind: "shutdown" };
  if (code === ReasonCode.custom) return { kind: "custom", bytes: copyOut(actor, pointer, length) };
  return fault(actor, `exit: the reason is ${code}; a guest may give 0 (normal), 1 (shutdown) or 6 (its own bytes)`);
}
