/**
 * Makes the instance of a new actor: its memory, its imports, its port and its exports. Unused
 * instances are kept for the next actors (recycling.ts).
 */
import type { Actor, Services } from "../actor/actor.ts";
import { type GuestExports, Instance } from "../actor/body.ts";
import { countInstanceEnd, setMemory } from "../actor/memory.ts";
import { BODY } from "../kernel/words.ts";
import { INSTANCES } from "../mail/account.ts";
import { Bytes } from "../mail/bytes.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { type NewPort, PORT_IMPORTS, type Ports } from "../turns/ports.ts";
import { GLOBALS_EXPORT, type Import, INITIALIZE, LEFT_EXPORT, PAGE_BYTES, resumeExport, START } from "../wire/abi.ts";
import { LimitError, SpawnError } from "../wire/errors.ts";
import type { ImportObject } from "../wire/host-functions.ts";
import { FIBER_BYTES } from "../wire/memory-use.ts";
import { reasonOfThrown } from "../wire/reason.ts";
import { Recycling } from "./recycling.ts";

export class Instances {
  readonly #services: Services;
  readonly #recycling: Recycling;
  readonly #ports: Ports;
  /** Modules whose exported counter of reductions is a mutable i32, as it must be. */
  readonly #countRightly = new WeakSet<GuestModule>();

  constructor(services: Services, ports: Ports) {
    this.#services = services;
    this.#recycling = new Recycling(services);
    this.#ports = ports;
  }

  /**
   * Gives the actor an instance: one that was used before, or a new one, whose start function runs.
   * Throws a SpawnError that says what the module asked for and did not get.
   */
  make(actor: Actor, module: GuestModule, imports: ImportObject): void {
    const { entry } = actor;
    const maximum = maximumPages(actor, module);
    // The imports of an actor that waits by JSPI are bound to it, so its instance serves no other.
    const isShared = actor.spec.way !== "jspi";
    const used = isShared ? this.#recycling.take(module, entry, maximum) : undefined;
    const instance =
      used ?? new Instance(module, entry, maximum, (grown, bytes) => setMemory(this.#services, grown, bytes));
    this.#services.instances.add(instance);
    instance.record = actor.record;
    actor.setWord(BODY, instance.number);
    instance.instanceBytes = module.instanceBytes + (isShared ? 0 : FIBER_BYTES);
    this.#services.account.add(INSTANCES, instance.instanceBytes);
    if (used === undefined) {
      const exports = this.#linkWithMemory(actor, instance, module, imports);
      if (module.exportsCounter) instance.counter = this.#counterOf(module, exports[LEFT_EXPORT]);
      instance.guest = guestExports(module, exports, entry);
      instance.moveGlobals = functionOf(exports, GLOBALS_EXPORT) as Instance["moveGlobals"];
      if (isShared) this.#recycling.remember(module, instance);
    } else {
      setMemory(this.#services, instance, instance.bytes.u8.length);
    }
    this.#ports.begin(actor, instance);
  }

  /**
   * Keeps the instance of an ended actor for the next, if it can be used again. Its frames must be
   * gone.
   */
  give(actor: Actor): void {
    const { instance } = actor;
    if (instance.number === 0) return;
    this.#ports.end(actor, instance);
    actor.setWord(BODY, 0);
    instance.record = 0;
    this.#services.instances.remove(instance);
    countInstanceEnd(this.#services, instance);
    if (actor.spec.way !== "jspi") this.#recycling.give(instance);
  }

  /** Drops the unused instances, because the engine or a limit refuses memory. */
  drop(): void {
    this.#recycling.drop();
  }

  /** Drops everything, because the runtime has stopped. */
  clear(): void {
    this.#recycling.clear();
  }

  /**
   * The exported counter, if the host can read and write it as an i32. Throws a SpawnError if not.
   */
  #counterOf(module: GuestModule, left: WebAssembly.ExportValue): { value: number } {
    if (left instanceof WebAssembly.Global && (this.#countRightly.has(module) || isMutableWord(left))) {
      this.#countRightly.add(module);
      return left;
    }
    throw new SpawnError(
      `${module.name} exports ${LEFT_EXPORT}, but not as a mutable global of type i32; the host uses this name`,
    );
  }

  #linkWithMemory(actor: Actor, instance: Instance, module: GuestModule, imports: ImportObject): WebAssembly.Exports {
    for (;;) {
      const memory = this.#newMemory(actor, module);
      instance.bytes = Bytes.ofMemory(memory, instance);
      setMemory(this.#services, instance, instance.bytes.u8.length);
      try {
        const bound = actor.spec.way === "jspi" ? imports : undefined;
        const made = this.#ports.portOf(
          actor,
          memory,
          PORT_IMPORTS.filter(name => module.importsActor(name)),
          bound,
        );
        instance.port = made.port;
        return this.#link(actor, module, imports, memory, made);
      } catch (error) {
        // The memory type of a module that was compiled elsewhere is unknown. The engine refuses
        // too small a memory before anything runs.
        const guessed = module.memoryType === undefined;
        const tooSmall = guessed && error instanceof SpawnError && /memory/i.test(String(error.cause));
        if (!tooSmall || !module.guessMorePages(actor.limits.memoryPages)) throw error;
      }
    }
  }

  #link(
    caller: Actor,
    module: GuestModule,
    { actor, env, host }: ImportObject,
    memory: WebAssembly.Memory,
    made: NewPort,
  ): WebAssembly.Exports {
    const { gate } = this.#ports;
    const isShared = caller.spec.way !== "jspi";
    // The functions of WebAssembly have fixed types. A module that imports them with other types gets
    // functions of JavaScript.
    const imports = !module.hasKnownTypes
      ? { ...host, actor: { ...actor, ...inJavaScript(made.imports) }, env: { ...env, memory } }
      : {
          ...host,
          actor: { ...(isShared ? gate.actor : actor), ...made.imports },
          env: { ...(isShared ? gate.env : env), memory },
        };
    try {
      return new WebAssembly.Instance(module.module, imports as WebAssembly.Imports).exports;
    } catch (error) {
      const { exiting } = caller;
      const thrown =
        error instanceof WebAssembly.LinkError ? undefined : module.located(exiting ?? reasonOfThrown(error));
      const why = thrown?.kind === "crashed" ? thrown.message : String((error as Error).message);
      const what = error instanceof WebAssembly.LinkError ? "does not fit the ABI" : "failed while it was instantiated";
      throw new SpawnError(`${module.name} ${what}: ${why}`, { cause: error });
    }
  }

  #newMemory(actor: Actor, module: GuestModule): WebAssembly.Memory {
    const quota = actor.limits.memoryPages;
    const initial = module.memoryType?.initialPages ?? module.guessedPages;
    if (initial > quota) {
      throw new SpawnError(
        `${module.name} needs ${initial} pages of memory (${initial * PAGE_BYTES} bytes) to start, and its limit memoryPages is ${quota}`,
      );
    }
    const maximum = maximumPages(actor, module);
    try {
      return new WebAssembly.Memory({ initial, maximum });
    } catch {
      // Chromium allows a page about 120 memories, so release those of unused instances and try
      // again.
      this.drop();
    }
    try {
      return new WebAssembly.Memory({ initial, maximum });
    } catch (error) {
      throw new LimitError(`the engine has no memory left for another actor of ${module.name}: end some first`, {
        cause: error,
      });
    }
  }
}

/** Whether a global is a mutable i32. Its value stays. */
function isMutableWord(global: WebAssembly.Global): boolean {
  try {
    const before = global.value;
    global.value = 0.5;
    const isWord = global.value === 0;
    global.value = before;
    return isWord;
  } catch {
    // It is immutable, or an i64.
    return false;
  }
}

/** The same functions, which take any types. */
function inJavaScript(functions: Readonly<Record<string, Import>>): Readonly<Record<string, Import>> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, run]): [string, Import] => [name, (...words) => run(...words)]),
  );
}

function maximumPages({ limits }: Actor, { memoryType }: GuestModule): number {
  return Math.min(limits.memoryPages, memoryType?.maximumPages ?? limits.memoryPages);
}

function guestExports(module: GuestModule, exports: WebAssembly.Exports, entry: string): GuestExports {
  const parks = module.importsActor("park");
  const resume = functionOf(exports, resumeExport(entry));
  return {
    handle: entry === "handle" ? functionOf(exports, "handle") : null,
    entry: functionOf(exports, entry),
    resume,
    match: functionOf(exports, "match"),
    matchFirst: functionOf(exports, "match_first"),
    start: entry === START ? null : (functionOf(exports, START) ?? functionOf(exports, INITIALIZE)),
    parks,
    givesWay: module.givesWay && (parks || resume !== null),
  } as GuestExports;
}

function functionOf(exports: WebAssembly.Exports, name: string): CallableFunction | null {
  const found = exports[name];
  return typeof found === "function" ? found : null;
}
