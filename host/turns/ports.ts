/**
 * Ports: what guests call of the kernel. Each guest has an instance of the kernel's module, whose second
 * memory is the guest's. It sends, receives and gives turns, and asks the host, before it has changed
 * anything, for what the host decides.
 */

import type { Actor } from "../actor/actor.ts";
import { type GuestExports, type Instance, NOBODY, type Port } from "../actor/body.ts";
import { charge } from "../actor/budget.ts";
import { fault } from "../actor/fault.ts";
import type { Spec } from "../actor/spec.ts";
import {
  GIVES_WAY,
  HANDLER_CAPACITY,
  HAS_MATCH,
  HAS_MATCH_FIRST,
  HAS_START,
  IS_HANDLER,
  KNOWS_PARK,
  PAYS,
  RUNS_ONCE,
  TAKES_TURNS,
} from "../kernel/words.ts";
import type { Kernel } from "../mail/kernel.ts";
import { kernelWith } from "../mail/kernel-module.ts";
import type { Import } from "../wire/abi.ts";
import type { ImportObject } from "../wire/host-functions.ts";
import { RECEIVE_PARK } from "../wire/message.ts";
import { gateBytes } from "./gate-module.ts";
import { resumePreempted } from "./preempt.ts";

/** The functions of `actor` that a port has, and their names there. */
const PORT_NAMES = {
  send: "send",
  request: "request",
  link: "link",
  unlink: "unlink",
  monitor: "monitor",
  demonitor: "demonitor",
  spawn: "spawn",
  trap_exit: "trapExit",
  recv: "recv",
  recv_tag: "recvTag",
  recv_match: "recvMatch",
} as const;
type PortName = keyof typeof PORT_NAMES;
export const PORT_IMPORTS = Object.keys(PORT_NAMES) as PortName[];

/** What the host uses of each port. An export takes the engine some 300 bytes, so only fibers have all. */
const FOR_TURNS = ["me", "guest", "turn", "enter", "leave", "recycle", "keepFirstState"];
const FOR_FIBERS = ["me", "guest", "turn", "proceed", "park"];

/** A new port, with what its guest imports of it. No one needs that when the guest is there. */
export interface NewPort {
  readonly port: Port;
  readonly imports: Readonly<Record<string, Import>>;
}

type Functions = Readonly<Record<string, Import>>;

/** What guests import, by module, without a step into JavaScript before the host's own function. */
export interface Gate {
  readonly actor: Functions;
  readonly env: Functions;
}

let gateModule: WebAssembly.Module | undefined;
/** Modules of ports by what they export. */
const modules = new Map<string, WebAssembly.Module>();

export class Ports {
  readonly #kernel: Kernel<Actor>;
  /** Functions of ports and guests that need the host, by "module.name". */
  readonly #shared: Functions;
  /** Whether the host has compiled the kernel itself: then it may compile modules with fewer exports. */
  readonly #mayCompile: boolean;
  readonly gate: Gate;

  /** `drawRefs` gives the kernel new refs for monitors. */
  constructor(kernel: Kernel<Actor>, imports: ImportObject, drawRefs: () => void, mayCompile: boolean) {
    this.#kernel = kernel;
    this.#mayCompile = mayCompile;
    const { actor, env } = imports as { actor: Functions; env: Functions };
    // There was stack enough for more than `drawRefs`.
    const drawing =
      (run: Import): Import =>
      (...words) => {
        const answer = run(...words);
        drawRefs();
        return answer;
      };
    const { request, monitor, spawn } = actor;
    const all = {
      actor: { ...actor, request: drawing(request), monitor: drawing(monitor), spawn: drawing(spawn) },
      env,
      host: this.#hostFunctions(() => kernel.current as Actor),
    };
    this.#shared = mayCompile ? gated(all) : flat(all);
    const functionsOf = (module: string, names: object) =>
      Object.fromEntries(Object.keys(names).map(name => [name, this.#shared[`${module}.${name}`]]));
    this.gate = { actor: functionsOf("actor", actor), env: functionsOf("env", env) };
  }

  /** What a port asks of the host beside the imports of guests. */
  #hostFunctions(caller: () => Actor): Functions {
    const functions: Record<string, (...words: number[]) => unknown> = {
      grown: () => caller().bytes.refresh(),
      charge: reductions => charge(caller(), reductions),
      doomed: () => fault(caller(), "ended while its predicate was asked"),
      astray: () => fault(caller(), "match_first answered where no item begins"),
      left: length => leftLong(caller(), length),
      show: (payload, pointer, length) => show(this.#kernel, caller(), payload, pointer, length),
      goOn: () => resumePreempted(caller()),
      answer: () => takeAnswer(caller()),
      disarm: () => caller().disarmDeadline(),
      ...Object.fromEntries(Object.entries(this.#kernel.gate).map(([name, run]) => [name.slice("host.".length), run])),
    };
    return functions as Functions;
  }

  /**
   * The port for the guest that is going to be made with this memory, and that imports these functions
   * of `actor`. `bound`: the imports that a guest that waits by JSPI has for its own.
   */
  portOf(actor: Actor, memory: WebAssembly.Memory, names: readonly PortName[], bound?: ImportObject): NewPort {
    const exported = [...(bound === undefined ? FOR_TURNS : FOR_FIBERS), ...names.map(name => PORT_NAMES[name])];
    const gate =
      bound === undefined
        ? this.#shared
        : flat({ ...(bound as unknown as Record<string, Functions>), host: this.#hostFunctions(() => actor) });
    const { exports } = new WebAssembly.Instance(this.#moduleFor(exported), {
      kernel: { memory: this.#kernel.memory, turns: this.#kernel.turns },
      guest: { memory },
      gate,
    } as WebAssembly.Imports);
    const port = exports as unknown as Port;
    port.me.value = actor.record;
    return { port, imports: Object.fromEntries(names.map(name => [name, exports[PORT_NAMES[name]] as Import])) };
  }

  #moduleFor(names: readonly string[]): WebAssembly.Module {
    if (!this.#mayCompile) return this.#kernel.module;
    const key = names.join();
    let module = modules.get(key);
    if (module === undefined) {
      module = new WebAssembly.Module(kernelWith(names));
      modules.set(key, module);
    }
    return module;
  }

  /** An instance is there: its port learns what the guest exports, and the kernel finds it in the table. */
  connect({ guest, port }: Instance, index: number, { way }: Spec): void {
    if (port === null) throw new Error("an instance without a port has no turns");
    const { turns } = this.#kernel;
    if (index + 1 >= turns.length) turns.grow(turns.length);
    turns.set(index, port.turn);
    turns.set(index + 1, port.leave ?? null);
    const functions = [calledOf(way, guest), guest.match, guest.matchFirst];
    for (const [i, exported] of [...functions, guest.globals, guest.start].entries()) port.guest.set(i, exported);
  }

  /** An instance is dropped: its port acts for no one, and nothing of its guest is kept. */
  disconnect({ port }: Instance, index: number): void {
    if (port !== null) port.me.value = NOBODY;
    this.#kernel.turns.set(index, null);
    this.#kernel.turns.set(index + 1, null);
  }
}

/** What a turn calls. */
function calledOf(way: Spec["way"], guest: GuestExports): CallableFunction | null {
  return way === "handler" ? guest.handle : (guest.resume ?? guest.entry);
}

/** The FLAGS of an actor that its guest decides, and whose way and entry are those of the spec. */
export function flagsOf({ way, reductions }: Spec, { guest, counter }: Instance): number {
  const flags: readonly (readonly [flag: number, isSet: boolean])[] = [
    [IS_HANDLER, way === "handler"],
    [TAKES_TURNS, way !== "jspi" && calledOf(way, guest) !== null],
    [RUNS_ONCE, way === "asyncify" && guest.resume === null],
    [HAS_MATCH, guest.match !== null],
    [HAS_MATCH_FIRST, guest.matchFirst !== null],
    [HAS_START, guest.start !== null],
    [KNOWS_PARK, guest.parks],
    [PAYS, reductions !== null && counter !== null],
    [GIVES_WAY, guest.givesWay],
  ];
  return flags.reduce((all, [flag, isSet]) => (isSet ? all | flag : all), 0);
}

/** The functions by "module.name", as exports of an instance. */
function gated(modulesOf: Readonly<Record<string, Functions>>): Functions {
  gateModule ??= new WebAssembly.Module(gateBytes());
  return new WebAssembly.Instance(gateModule, modulesOf as WebAssembly.Imports).exports as unknown as Functions;
}

function flat(modulesOf: Readonly<Record<string, Functions>>): Functions {
  return Object.fromEntries(
    Object.entries(modulesOf).flatMap(([module, functions]) =>
      Object.entries(functions).map(([name, run]) => [`${module}.${name}`, run] as const),
    ),
  );
}

function leftLong(actor: Actor, length: number): never {
  const capacity = actor.coldWord(HANDLER_CAPACITY) >>> 0;
  return fault(
    actor,
    `handle left an item of ${length >>> 0} bytes that is longer than its window of ${capacity}: take it with recv and a larger window`,
  );
}

/** Writes the beginning of a payload that the host keeps into the guest's memory. */
function show({ payloads }: Kernel<Actor>, { bytes }: Actor, payload: number, pointer: number, length: number): void {
  bytes.refresh();
  bytes.u8.set(payloads.get(payload).subarray(0, length >>> 0), pointer >>> 0);
}

/** The answer of the embedder's function that an actor waits for; RECEIVE_PARK: there is none yet. */
function takeAnswer(actor: Actor): number {
  const { answer } = actor;
  if (answer?.settled !== true) return RECEIVE_PARK;
  actor.answer = null;
  return answer.value;
}
