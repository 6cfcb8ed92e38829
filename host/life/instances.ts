/**
 * The instances of guests: each with its memory, its imports, its port and its exports. Most actors share
 * those of a pool (pools.ts); others have one of their own.
 */
import type { Actor, Services } from "../actor/actor.ts";
import { Instance } from "../actor/body.ts";
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
import { needHeadroom } from "../mail/headroom.ts";
import { imageMemoryBytes } from "../mail/image-bytes.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { flagsOf, type NewPort, PORT_IMPORTS, type Ports } from "../turns/ports.ts";
import { type Import, LEFT_EXPORT, PAGE_BYTES } from "../wire/abi.ts";
import { LimitError, SpawnError } from "../wire/errors.ts";
import type { ImportObject } from "../wire/host-functions.ts";
import type { RuntimeLimits } from "../wire/limits.ts";
import { FIBER_BYTES } from "../wire/memory-use.ts";
import { reasonOfThrown } from "../wire/reason.ts";
import { guestExports, isMutableWord } from "./guest-exports.ts";
import { type Pool, Pools } from "./pools.ts";

export class Instances {
  readonly #services: Services;
  readonly #ports: Ports;
  readonly #pools: Pools;
  readonly #imports: ImportObject;
  /** The limit `allInstances`. */
  readonly #most: number;
  /** Modules whose exported counter of reductions is a mutable i32, as it must be. */
  readonly #countRightly = new WeakSet<GuestModule>();

  /** `imports`: what all guests import that do not wait by JSPI. */
  constructor(services: Services, ports: Ports, imports: ImportObject, limits: RuntimeLimits) {
    this.#services = services;
    this.#ports = ports;
    this.#imports = imports;
    this.#most = limits.allInstances;
    this.#pools = new Pools(services, limits.instances, pool => {
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
    actor.setWord(FLAGS, actor.word(FLAGS) | RESIDENT | PINNED | flagsOf(actor.spec, instance) | grantFlags(actor));
  }

  /**
   * Gives an actor an instance of its pool, where no actor can leave one of the right size. Throws a
   * SpawnError or a LimitError.
   */
  provide(actor: Actor): void {
    const { kernel } = this.#services;
    const { module } = actor;
    const pool = module === null ? undefined : this.#pools.for(actor.spec, maximumPages(actor, module));
    if (module === null || pool === undefined) throw new Error("an actor without a pool has its own instance");
    while (kernel.call.settle(actor.record) === 0) this.#add(pool, actor, module);
  }

  /** Adds an instance for an actor to a pool. If it can have none, another actor has to leave. */
  #add(pool: Pool, actor: Actor, module: GuestModule): void {
    if (!pool.hasRoom) {
      // A memory of another size cannot be used. An actor that stays for life does not count.
      const free = pool.takeFree();
      if (free !== undefined) this.#discard(free);
      else pool.removePinned();
    }
    try {
      // It is one more than the limit if the embedder uses the memory of one actor in the turn of another.
      pool.add(this.#make(actor, module), module.movableGlobals ?? 0);
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      const free = pool.takeFree();
      if (free !== undefined) this.#discard(free);
      else if (!pool.close()) throw error;
    }
  }

  /** Loads an actor that has no instance, so that the host can use its memory outside of its turn. */
  bringIn(actor: Actor): void {
    if (actor.has(RESIDENT)) return;
    needHeadroom();
    if (this.#services.kernel.call.settle(actor.record) === 0) this.provide(actor);
    actor.instance.port?.enter(actor.word(BODY));
  }

  /** The same, for life: the instance leaves its pool, because the embedder may keep its memory. */
  pin(actor: Actor): void {
    this.bringIn(actor);
    actor.setFlag(PINNED, true);
    this.#poolOf(actor.instance)?.remove(actor.word(BODY));
  }

  #poolOf({ address }: Instance): Pool | undefined {
    const pool = this.#services.kernel.word(address + OF_POOL);
    if (pool !== 0) for (const each of this.#pools) if (each.address === pool) return each;
    return undefined;
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
      if (isShared && instance.bytes.u8.length === instance.firstBytes) instance.port?.recycle(body);
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
      pool.flags = flagsOf(actor.spec, instance);
    }
    kernel.setWord(spec + POOL, pool.address);
    kernel.setWord(spec + SPEC_FLAGS, pool.flags | grantFlags(actor) | TAKES_MESSAGES);
    return true;
  }

  /** A new instance. The module's own start function runs, which may call imports. */
  #make(actor: Actor, module: GuestModule, bound?: ImportObject): Instance {
    const { kernel, instances, account } = this.#services;
    const instanceBytes = module.instanceBytes + (bound === undefined ? 0 : FIBER_BYTES);
    if (instances.size >= this.#most) this.drop();
    if (instances.size >= this.#most) {
      throw new LimitError(
        `${this.#most} instances are in use already: end some actors first, or raise the limit allInstances`,
      );
    }
    // The memory of an actor that comes back may have grown.
    const bytes = Math.max(module.initialBytes, this.#bytesOf(actor));
    mustAdmit(this.#services, module, instanceBytes, bytes);
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
      growTo(instance, module, bytes);
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

  /** The size of the memory of an actor that has left its instance; 0: its module's first state says it. */
  #bytesOf(actor: Actor): number {
    const image = actor.has(RESIDENT) ? 0 : actor.word(BODY);
    return image === 0 ? 0 : imageMemoryBytes(this.#services.kernel, image);
  }

  /** No actor gets the instance any more. */
  #discard(instance: Instance): void {
    const { kernel, instances } = this.#services;
    const { address } = instance;
    this.#poolOf(instance)?.remove(address);
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

/** The FLAGS that its grants decide: others of its pool may have other ones. */
const grantFlags = ({ granted }: Actor): number => (granted?.kill === true ? MAY_END : 0);

/** Makes the memory of a new instance as large as that of the actor that it is for. */
function growTo({ bytes }: Instance, module: GuestModule, wanted: number): void {
  const missing = wanted - bytes.u8.length;
  if (missing <= 0) return;
  try {
    bytes.memory?.grow(missing / PAGE_BYTES);
  } catch (cause) {
    throw new LimitError(`the engine has no memory left for an actor of ${module.name}: end some first`, { cause });
  }
  bytes.refresh();
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
