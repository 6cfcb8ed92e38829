/**
 * The instances of guests: each with its memory, its imports, its port and its exports. Most actors share
 * those of a pool (pools.ts); others have one of their own.
 */
import type { Actor, Services } from "../actor/actor.ts";
import { type GuestExports, Instance } from "../actor/body.ts";
import { countInstanceEnd, mustAdmit, setMemory } from "../actor/memory.ts";
import {
  CONDITION,
  DIRTY,
  INSTANCE_BYTES,
  OCCUPANT,
  OF_POOL,
  POOL,
  SPEC_FLAGS,
  TABLE_INDEX,
} from "../kernel/life-words.ts";
import { BODY, FLAGS, MAY_END, PINNED, RESIDENT, SPEC, TAKES_MESSAGES } from "../kernel/words.ts";
import { INSTANCES } from "../mail/account.ts";
import { Bytes } from "../mail/bytes.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { flagsOf, type NewPort, PORT_IMPORTS, type Ports } from "../turns/ports.ts";
import { GLOBALS_EXPORT, type Import, INITIALIZE, LEFT_EXPORT, PAGE_BYTES, resumeExport, START } from "../wire/abi.ts";
import { LimitError, SpawnError } from "../wire/errors.ts";
import type { ImportObject } from "../wire/host-functions.ts";
import { FIBER_BYTES } from "../wire/memory-use.ts";
import { reasonOfThrown } from "../wire/reason.ts";
import { type Pool, Pools } from "./pools.ts";

export class Instances {
  readonly #services: Services;
  readonly #ports: Ports;
  readonly #pools: Pools;
  readonly #imports: ImportObject;
  /** Modules whose exported counter of reductions is a mutable i32, as it must be. */
  readonly #countRightly = new WeakSet<GuestModule>();

  /** `imports`: what all guests import that do not wait by JSPI. `most`: the limit `instances`. */
  constructor(services: Services, ports: Ports, imports: ImportObject, most: number) {
    this.#services = services;
    this.#ports = ports;
    this.#imports = imports;
    this.#pools = new Pools(services, most, pool => {
      this.#dropFree(pool);
      pool.end();
    });
  }

  /**
   * Makes sure that a new actor can have an instance. If actors like it share instances, it gets one with
   * its first turn. Otherwise it gets its own, whose start function runs. Throws a SpawnError that says
   * what the module asked for and did not get.
   */
  prepare(actor: Actor, module: GuestModule, bound?: ImportObject): void {
    const { kernel } = this.#services;
    const spec = actor.word(SPEC);
    const pool = this.#pools.for(actor.spec, maximumPages(actor, module));
    if (pool !== undefined && (kernel.word(spec + POOL) !== 0 || this.#begin(pool, actor, module))) {
      actor.setWord(FLAGS, actor.word(FLAGS) | kernel.word(spec + SPEC_FLAGS));
      return;
    }
    const instance = this.#make(actor, module, bound);
    kernel.setWord(instance.address + CONDITION, DIRTY);
    kernel.setWord(instance.address + OCCUPANT, actor.record);
    actor.setWord(BODY, instance.address);
    actor.setWord(FLAGS, actor.word(FLAGS) | RESIDENT | PINNED | flagsOf(actor.spec, instance));
  }

  /** Gives a pool an instance for an actor that needs one; if it can have none, another actor has to leave. Throws a SpawnError. */
  provide(actor: Actor): void {
    const { module } = actor;
    const pool = module === null ? undefined : this.#pools.for(actor.spec, maximumPages(actor, module));
    if (module === null || pool === undefined) throw new Error("an actor without a pool has its own instance");
    if (pool.hasRoom) {
      try {
        pool.add(this.#make(actor, module), module.movableGlobals ?? 0);
        return;
      } catch (error) {
        if (!(error instanceof LimitError) || pool.made === 0) throw error;
      }
    }
    pool.close();
  }

  /** Takes the instance of an ended actor back, whose frames must be gone, and drops its image. */
  give(actor: Actor): void {
    const { kernel } = this.#services;
    const body = actor.word(BODY);
    if (body === 0) return;
    if (!actor.has(RESIDENT)) {
      kernel.call.dropImage(body);
    } else {
      const { instance } = actor;
      const isShared = kernel.word(body + OF_POOL) !== 0;
      instance.bytes.refresh();
      if (isShared && !instance.isHeld && instance.bytes.u8.length === instance.firstBytes)
        instance.port?.recycle(body);
      else this.#discard(instance);
    }
    actor.setWord(BODY, 0);
    actor.setFlag(RESIDENT, false);
  }

  /** Drops the instances that no actor has, because the engine or a limit refuses memory. */
  drop(): void {
    for (const pool of this.#pools) this.#dropFree(pool);
  }

  #dropFree(pool: Pool): void {
    for (let free = pool.takeFree(); free !== undefined; free = pool.takeFree()) this.#discard(free);
  }

  /** Makes the first instance of a pool. False: its actors cannot share. */
  #begin(pool: Pool, actor: Actor, module: GuestModule): boolean {
    const { kernel } = this.#services;
    const spec = actor.word(SPEC);
    const instance = pool.made === 0 ? this.#make(actor, module) : undefined;
    if (instance !== undefined) {
      if (!pool.add(instance, module.movableGlobals ?? 0)) {
        this.#discard(instance);
        this.#pools.refuse(module);
        return false;
      }
      // Actors of other grants share it.
      pool.flags = flagsOf(actor.spec, instance) & ~MAY_END;
    }
    kernel.setWord(spec + POOL, pool.address);
    kernel.setWord(spec + SPEC_FLAGS, pool.flags | (actor.granted?.kill === true ? MAY_END : 0) | TAKES_MESSAGES);
    return true;
  }

  /** A new instance. The module's own start function runs, which may call imports. */
  #make(actor: Actor, module: GuestModule, bound?: ImportObject): Instance {
    const { kernel, instances, account } = this.#services;
    const instanceBytes = module.instanceBytes + (bound === undefined ? 0 : FIBER_BYTES);
    mustAdmit(this.#services, module, instanceBytes, module.initialBytes);
    const instance = new Instance(kernel.newBlock(INSTANCE_BYTES), (grown, bytes) =>
      setMemory(this.#services, grown, bytes),
    );
    const index = instances.add(instance);
    kernel.setWord(instance.address + TABLE_INDEX, index);
    kernel.setWord(instance.address + OCCUPANT, actor.record);
    instance.instanceBytes = instanceBytes;
    account.add(INSTANCES, instanceBytes);
    // Its start function finds its memory.
    const before = [actor.word(BODY), actor.word(FLAGS)] as const;
    actor.setWord(BODY, instance.address);
    actor.setFlag(RESIDENT, true);
    try {
      const exports = this.#linkWithMemory(actor, instance, module, bound);
      if (module.exportsCounter) instance.counter = this.#counterOf(module, exports[LEFT_EXPORT]);
      instance.guest = guestExports(module, exports, actor.entry);
      instance.firstBytes = instance.bytes.u8.length;
      this.#ports.connect(instance, index, actor.spec);
      return instance;
    } catch (error) {
      this.#discard(instance);
      throw error;
    } finally {
      kernel.setWord(instance.address + OCCUPANT, 0);
      actor.setWord(BODY, before[0]);
      actor.setFlag(RESIDENT, (before[1] & RESIDENT) !== 0);
    }
  }

  /** No actor gets the instance any more. */
  #discard(instance: Instance): void {
    const { kernel, instances } = this.#services;
    const { address } = instance;
    const pool = kernel.word(address + OF_POOL);
    for (const each of this.#pools) if (each.address === pool) each.remove(address);
    this.#ports.disconnect(instance, kernel.word(address + TABLE_INDEX));
    instances.remove(kernel.word(address + TABLE_INDEX));
    countInstanceEnd(this.#services, instance);
    kernel.giveBlock(address, INSTANCE_BYTES);
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

  #linkWithMemory(actor: Actor, instance: Instance, module: GuestModule, bound?: ImportObject): WebAssembly.Exports {
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
        return this.#link(actor, module, bound ?? this.#imports, memory, made);
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
    globals: functionOf(exports, GLOBALS_EXPORT),
    start: entry === START ? null : (functionOf(exports, START) ?? functionOf(exports, INITIALIZE)),
    parks,
    givesWay: module.givesWay && (parks || resume !== null),
  } as GuestExports;
}

function functionOf(exports: WebAssembly.Exports, name: string): CallableFunction | null {
  const found = exports[name];
  return typeof found === "function" ? found : null;
}
