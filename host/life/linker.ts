/** Instantiates guest modules: each with a memory, a port, and the imports that it names. */
import type { Actor, Services } from "../actor/actor.ts";
import type { Instance } from "../actor/body.ts";
import { setMemory } from "../actor/memory.ts";
import type { GuestImports } from "../actor/taping.ts";
import { Bytes } from "../mail/bytes.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { type NewPort, PORT_IMPORTS, type Ports } from "../turns/ports.ts";
import { type Import, PAGE_BYTES } from "../wire/abi.ts";
import { LimitError, SpawnError } from "../wire/errors.ts";
import type { ImportObject } from "../wire/host-functions.ts";
import { reasonOfThrown } from "../wire/reason.ts";

export class Linker {
  readonly #services: Services;
  readonly #ports: Ports;
  readonly #imports: ImportObject;
  readonly #drop: () => void;

  /** `imports`: what all guests import that do not wait by JSPI. `drop` gives memories of unused instances back. */
  constructor(services: Services, ports: Ports, imports: ImportObject, drop: () => void) {
    this.#services = services;
    this.#ports = ports;
    this.#imports = imports;
    this.#drop = drop;
  }

  /** The exports of a new instance with its memory and its port. Throws a SpawnError or a LimitError. */
  link(actor: Actor, instance: Instance, module: GuestModule, bound?: ImportObject): WebAssembly.Exports {
    for (;;) {
      const memory = this.#newMemory(actor, module);
      instance.bytes = Bytes.ofMemory(memory, instance);
      setMemory(this.#services, instance, instance.bytes.u8.length);
      try {
        const made = this.#ports.portOf(
          actor,
          memory,
          PORT_IMPORTS.filter(name => module.importsActor(name)),
          bound,
        );
        instance.port = made.port;
        return this.#instantiate(actor, instance, module, bound ?? this.#imports, memory, made);
      } catch (error) {
        // The memory type of a module that was compiled elsewhere is unknown. The engine refuses
        // too small a memory before anything runs.
        const guessed = module.memoryType === undefined;
        const tooSmall = guessed && error instanceof SpawnError && /memory/i.test(String(error.cause));
        if (!tooSmall || !module.guessMorePages(actor.limits.memoryPages)) throw error;
      }
    }
  }

  #instantiate(
    caller: Actor,
    instance: Instance,
    module: GuestModule,
    { actor, env, host }: ImportObject,
    memory: WebAssembly.Memory,
    made: NewPort,
  ): WebAssembly.Exports {
    const { gate } = this.#ports;
    const isShared = caller.spec.way !== "jspi";
    // The functions of WebAssembly have fixed types. A module that imports them with other types gets
    // functions of JavaScript.
    let imports = !module.hasKnownTypes
      ? { ...host, actor: { ...actor, ...inJavaScript(made.imports) }, env: { ...env, memory } }
      : {
          ...host,
          actor: { ...(isShared ? gate.actor : actor), ...made.imports },
          env: { ...(isShared ? gate.env : env), memory },
        };
    const { taping } = this.#services;
    if (taping !== null && caller.spec.isRecorded) {
      const taped = taping.bind(caller, made.port, imports as GuestImports);
      imports = taped.imports as typeof imports;
      instance.port = { ...made.port, turn: taped.turn };
    }
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
      this.#drop();
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

/** The same functions, which take any types. */
function inJavaScript(functions: Readonly<Record<string, Import>>): Readonly<Record<string, Import>> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, run]): [string, Import] => [name, (...words) => run(...words)]),
  );
}

/** The most pages that the memory of an actor may have. */
export function maximumPages({ limits }: Actor, { memoryType }: GuestModule): number {
  return Math.min(limits.memoryPages, memoryType?.maximumPages ?? limits.memoryPages);
}
