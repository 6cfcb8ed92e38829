/**
 * The instances of guests: each with its memory, its imports, its port and its exports. Most actors share
 * those of a pool (pools.ts); others have one of their own.
 */
import type { Actor, Services } from "../actor/actor.ts";
import { Instance } from "../actor/body.ts";
import { countInstanceEnd, mustAdmit, setMemory } from "../actor/memory.ts";
import { memoryBytesOf } from "../actor/residence.ts";
import { STATE_PAGES } from "../kernel/image-words.ts";
import {
  CONDITION,
  DIRTY,
  INSTANCE_BYTES,
  OCCUPANT,
  OF_POOL,
  POOL,
  SPEC_FLAGS,
  SPEC_STATE,
  TABLE_INDEX,
} from "../kernel/life-words.ts";
import { BODY, FLAGS, MAY_END, PINNED, RESIDENT, SPEC, TAKES_MESSAGES } from "../kernel/words.ts";
import { INSTANCES } from "../mail/account.ts";
import { needHeadroom } from "../mail/headroom.ts";
import { derivedFlags } from "../mail/image-parked.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { flagsOf, type Ports } from "../turns/ports.ts";
import { LEFT_EXPORT, PAGE_BYTES } from "../wire/abi.ts";
import { LimitError, SpawnError } from "../wire/errors.ts";
import type { ImportObject } from "../wire/host-functions.ts";
import type { RuntimeLimits } from "../wire/limits.ts";
import { FIBER_BYTES } from "../wire/memory-use.ts";
import { guestExports, isMutableWord } from "./guest-exports.ts";
import { Linker, maximumPages } from "./linker.ts";
import { type Pool, Pools } from "./pools.ts";

export class Instances {
  readonly #services: Services;
  readonly #ports: Ports;
  readonly #pools: Pools;
  readonly #linker: Linker;
  /** The limit `allInstances`. */
  readonly #most: number;
  /** Modules whose exported counter of reductions is a mutable i32, as it must be. */
  readonly #countRightly = new WeakSet<GuestModule>();

  /** `imports`: what all guests import that do not wait by JSPI. */
  constructor(services: Services, ports: Ports, imports: ImportObject, limits: RuntimeLimits) {
    this.#services = services;
    this.#ports = ports;
    this.#linker = new Linker(services, ports, imports, () => this.drop());
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
      else if (!pool.close() && !this.#makeRoom()) throw error;
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
      const firstBytes = kernel.word(this.#stateOf(actor) + STATE_PAGES) * PAGE_BYTES;
      if (isShared && instance.bytes.u8.length === firstBytes) instance.port?.recycle(body);
      else this.#discard(instance);
    }
    actor.setWord(BODY, 0);
    actor.setFlag(RESIDENT, false);
  }

  /**
   * Drops the instances that no actor has, because the engine or a limit refuses memory. The last one that actors
   * share stays: those of any module can take turns in its place, and no actor that keeps its instance gets it.
   */
  drop(): void {
    let shared = 0;
    for (const pool of this.#pools) shared += pool.made;
    for (const pool of this.#pools) {
      for (; shared > 1; shared--) {
        const free = pool.takeFree();
        if (free === undefined) break;
        this.#discard(free);
      }
    }
  }

  /**
   * An instance that actors share goes: one that no actor has, or else one of the largest pool, whose actor
   * hibernates. False: no actor can leave.
   */
  #makeRoom(): boolean {
    for (const pool of this.#pools) {
      const free = pool.takeFree();
      if (free === undefined) continue;
      this.#discard(free);
      return true;
    }
    // An embedder's function may spawn, called by a guest that has hardly any stack left.
    needHeadroom();
    for (const pool of this.#pools.bySize()) {
      if (this.#services.kernel.call.vacate(pool.address) === 0) continue;
      this.#dropFree(pool);
      return true;
    }
    return false;
  }

  /** Frees what the kernel has for a module that no actor has any more. */
  dropPools(module: GuestModule): void {
    for (const pool of this.#pools.take(module)) {
      this.#dropFree(pool);
      pool.end();
    }
  }

  /** Frees the first state of a derived module that no actor has any more. */
  dropState(state: number): void {
    const { kernel } = this.#services;
    for (const pool of this.#pools) {
      for (const instance of pool.in(state)) {
        // An actor of another module may have ended in it before it began there.
        if (kernel.word(instance.address + OCCUPANT) !== 0) instance.port?.leave(instance.address);
        const free = pool.takeThis(instance);
        if (free !== undefined) this.#discard(free);
      }
    }
    kernel.call.dropState(state);
  }

  #dropFree(pool: Pool): void {
    for (let free = pool.takeFree(); free !== undefined; free = pool.takeFree()) this.#discard(free);
  }

  /** Makes the first instance of a pool. False: its actors cannot share. */
  #begin(pool: Pool, actor: Actor, module: GuestModule): boolean {
    const { kernel } = this.#services;
    const spec = actor.word(SPEC);
    const instance = pool.made === 0 ? this.#makeFirst(actor, module) : undefined;
    if (instance !== undefined) {
      if (!pool.add(instance, module.movableGlobals ?? 0)) {
        this.#discard(instance);
        this.#pools.refuse(module);
        return false;
      }
      pool.flags = flagsOf(actor.spec, instance);
    }
    const { template } = actor.spec;
    kernel.setWord(spec + POOL, pool.address);
    kernel.setWord(spec + SPEC_STATE, template?.state ?? pool.firstState);
    const { flags } = pool;
    const first = template === null ? flags : derivedFlags(flags, template.parked, template.beginsEntry);
    kernel.setWord(spec + SPEC_FLAGS, first | grantFlags(actor) | TAKES_MESSAGES);
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
    const bytes = Math.max(module.initialBytes, memoryBytesOf(actor) ?? 0);
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
      const exports = this.#linker.link(actor, instance, module, bound);
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

  /**
   * The first instance of a pool. Actors of others have to leave theirs if the engine or `allInstances` refuses
   * one. Throws a LimitError where `allMemoryBytes` does.
   */
  #makeFirst(actor: Actor, module: GuestModule): Instance {
    mustAdmit(this.#services, module, module.instanceBytes, module.initialBytes);
    for (;;) {
      try {
        return this.#make(actor, module);
      } catch (error) {
        if (!(error instanceof LimitError) || !this.#makeRoom()) throw error;
      }
    }
  }

  /** The first state of an actor that shares instances; 0: it has its own. */
  #stateOf(actor: Actor): number {
    return this.#services.kernel.word(actor.word(SPEC) + SPEC_STATE);
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
