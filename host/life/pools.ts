/**
 * The pools of a runtime: for each module, entry and maximum of memory, the instances that its actors
 * take turns in (kernel/pool.ts). Only actors whose whole state is their memory and their globals can
 * share instances (module/recyclable.ts).
 */
import type { Services } from "../actor/actor.ts";
import type { Instance } from "../actor/body.ts";
import { MAX_IMAGE_MEMORY } from "../actor/residence.ts";
import type { Spec, Template } from "../actor/spec.ts";
import { STATE_ROOT, STATE_USERS } from "../kernel/image-words.ts";
import {
  FIRST_STATE,
  FREE_INSTANCE,
  HAS_LIMIT,
  IN_STATE,
  INSTANCES_MADE,
  MOST_INSTANCES,
  NEXT_FREE,
  NEXT_IN_POOL,
  NEXT_TO_LEAVE,
  OCCUPANT,
  OF_POOL,
  PAGES,
  POOL_BYTES,
  TABLE_INDEX,
} from "../kernel/life-words.ts";
import { FLAGS, PINNED } from "../kernel/words.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { PAGE_BYTES } from "../wire/abi.ts";

/** No store limit: everything in the memory can have changed. */
const NO_LIMIT = -1;

/** What `keepFirstState` answers instead of an address. */
const NO_MEMORY = 0;
const TOO_LARGE = 1;

/** One pool. */
export class Pool {
  /** Where the kernel has its words. */
  readonly address: number;
  /** The FLAGS of its actors that their guest decides. */
  flags = 0;
  readonly #services: Services;
  readonly #most: number;
  readonly #storeLimit: number;
  readonly #scratch: number;
  /** The module has data in its scratch memory, which no actor finds there. */
  #hasDataInScratch = false;

  /** `storeLimit`: that of the first state; undefined: everything in the memory can have changed. */
  constructor(services: Services, most: number, { storeLimit, scratch }: Pick<GuestModule, "storeLimit" | "scratch">) {
    this.address = services.kernel.newBlock(POOL_BYTES);
    this.#services = services;
    this.#most = most;
    this.#set(MOST_INSTANCES, most);
    this.#storeLimit = storeLimit ?? NO_LIMIT;
    this.#scratch = scratch;
    this.#set(HAS_LIMIT, storeLimit === undefined ? 0 : 1);
  }

  #word(place: number): number {
    return this.#services.kernel.word(this.address + place);
  }

  #set(place: number, value: number): void {
    this.#services.kernel.setWord(this.address + place, value);
  }

  get made(): number {
    return this.#word(INSTANCES_MADE);
  }

  /** Whether the limit allows another instance. */
  get hasRoom(): boolean {
    return this.made < this.#most;
  }

  /** There are no more instances than these: actors have to leave. False: that is so already, or there are none. */
  close(): boolean {
    const { made } = this;
    if (made === 0 || made >= this.#word(MOST_INSTANCES)) return false;
    this.#set(MOST_INSTANCES, made);
    return true;
  }

  /** Adds a new instance, which no actor has. False: its first state cannot be kept. */
  add(instance: Instance, globals: number): boolean {
    const { kernel } = this.#services;
    const scratch = instance.bytes.u8.subarray(0, this.#scratch);
    if (this.made === 0) this.#hasDataInScratch = scratch.some(byte => byte !== 0);
    if (this.#hasDataInScratch) scratch.fill(0);
    if (this.#word(FIRST_STATE) === 0) {
      const state = instance.port?.keepFirstState(this.#storeLimit, globals, this.#scratch) ?? NO_MEMORY;
      if (state === NO_MEMORY || state === TOO_LARGE) return false;
      this.#set(FIRST_STATE, state);
    }
    const { address } = instance;
    kernel.setWord(address + IN_STATE, this.#word(FIRST_STATE));
    kernel.setWord(address + OF_POOL, this.address);
    kernel.setWord(address + PAGES, instance.bytes.u8.length / PAGE_BYTES);
    kernel.setWord(address + NEXT_FREE, this.#word(FREE_INSTANCE));
    const next = this.#word(NEXT_TO_LEAVE);
    kernel.setWord(address + NEXT_IN_POOL, next === 0 ? address : kernel.word(next + NEXT_IN_POOL));
    if (next === 0) this.#set(NEXT_TO_LEAVE, address);
    else kernel.setWord(next + NEXT_IN_POOL, address);
    this.#set(FREE_INSTANCE, address);
    this.#set(INSTANCES_MADE, this.made + 1);
    return true;
  }

  /** The first state that its instances begin in; 0: there is none yet. */
  get firstState(): number {
    return this.#word(FIRST_STATE);
  }

  /** Its instances begin in the first state that another pool, or a derived module, of the same module has. */
  share(state: number): void {
    const { kernel } = this.#services;
    kernel.setWord(state + STATE_USERS, kernel.word(state + STATE_USERS) + 1);
    this.#set(FIRST_STATE, state);
  }

  /** The instances that are in this first state. */
  in(state: number): Instance[] {
    const { kernel, instances } = this.#services;
    const found: Instance[] = [];
    let address = this.#word(NEXT_TO_LEAVE);
    for (let left = this.made; left > 0; left--) {
      if (kernel.word(address + IN_STATE) === state) found.push(instances.at(kernel.word(address + TABLE_INDEX)));
      address = kernel.word(address + NEXT_IN_POOL);
    }
    return found;
  }

  /** Its module is gone, and so are its instances: gives back what the kernel keeps. */
  end(): void {
    const { call } = this.#services.kernel;
    const state = this.#word(FIRST_STATE);
    if (state !== 0) call.dropState(state);
    this.#services.kernel.giveBlock(this.address, POOL_BYTES);
  }

  /** Takes the instances out of the circle whose actors keep them. */
  removePinned(): void {
    const { kernel } = this.#services;
    let address = this.#word(NEXT_TO_LEAVE);
    for (let left = this.made; left > 0; left--) {
      const next = kernel.word(address + NEXT_IN_POOL);
      if ((kernel.word(kernel.word(address + OCCUPANT) + FLAGS) & PINNED) !== 0) this.remove(address);
      address = next;
    }
  }

  /** Takes an instance out of the circle, which is not free. */
  remove(address: number): void {
    const { kernel } = this.#services;
    let before = address;
    while (kernel.word(before + NEXT_IN_POOL) !== address) before = kernel.word(before + NEXT_IN_POOL);
    const next = kernel.word(address + NEXT_IN_POOL);
    kernel.setWord(address + OF_POOL, 0);
    kernel.setWord(before + NEXT_IN_POOL, next);
    if (this.#word(NEXT_TO_LEAVE) === address) this.#set(NEXT_TO_LEAVE, next === address ? 0 : next);
    this.#set(INSTANCES_MADE, this.made - 1);
    this.#set(MOST_INSTANCES, this.#most);
  }

  /** Takes a free instance, which has to be removed; undefined: there is none. */
  takeFree(): Instance | undefined {
    return this.#takeFreeAt(this.address + FREE_INSTANCE);
  }

  /** Takes this free instance, which has to be removed. */
  takeThis({ address }: Instance): Instance | undefined {
    const { kernel } = this.#services;
    let place = this.address + FREE_INSTANCE;
    while (kernel.word(place) !== address && kernel.word(place) !== 0) place = kernel.word(place) + NEXT_FREE;
    return this.#takeFreeAt(place);
  }

  #takeFreeAt(place: number): Instance | undefined {
    const { kernel, instances } = this.#services;
    const address = kernel.word(place);
    if (address === 0) return undefined;
    kernel.setWord(place, kernel.word(address + NEXT_FREE));
    return instances.at(kernel.word(address + TABLE_INDEX));
  }
}

export class Pools {
  readonly #services: Services;
  readonly #most: number;
  #pools = new WeakMap<GuestModule, Map<string, Pool>>();
  /** All pools. A pool does not keep its module. */
  readonly #all = new Set<Pool>();
  readonly #onModuleGone: FinalizationRegistry<Pool>;
  /** Modules whose first state cannot be kept. */
  readonly #refused = new WeakSet<GuestModule>();

  /** `onGone` gets the pools of modules that are gone, to drop their instances. */
  constructor(services: Services, most: number, onGone: (pool: Pool) => void) {
    this.#services = services;
    this.#most = most;
    this.#onModuleGone = new FinalizationRegistry(pool => {
      this.#all.delete(pool);
      onGone(pool);
    });
  }

  /** Takes the pools of a module away, whose actors have ended. */
  *take(module: GuestModule): Generator<Pool> {
    for (const pool of this.#pools.get(module)?.values() ?? []) {
      this.#onModuleGone.unregister(pool);
      this.#all.delete(pool);
      yield pool;
    }
    this.#pools.delete(module);
  }

  /** The pool for actors of a spec; undefined: each of them has an instance of its own. */
  for({ module, template, entry, way, isRecorded }: Spec, maximumPages: number): Pool | undefined {
    if (module === null || way === "jspi" || !isShareable(module) || this.#refused.has(module)) return undefined;
    let pools = this.#pools.get(module);
    if (pools === undefined) {
      pools = new Map();
      this.#pools.set(module, pools);
    }
    const key = `${maximumPages} ${isRecorded} ${entry}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = new Pool(this.#services, this.#most, module);
      const state =
        this.#rootOf(template) || [...pools.values()].find(({ firstState }) => firstState !== 0)?.firstState;
      if (state !== undefined) pool.share(state);
      pools.set(key, pool);
      this.#all.add(pool);
      this.#onModuleGone.register(module, pool, pool);
    }
    return pool;
  }

  /** The first state of the module that a template was derived from; 0: there is no template. */
  #rootOf(template: Template | null): number {
    return template === null ? 0 : this.#services.kernel.word(template.state + STATE_ROOT);
  }

  refuse(module: GuestModule): void {
    this.#refused.add(module);
  }

  /** Largest first. Of pools of a size, the one comes last that was given first before. */
  *bySize(): Generator<Pool> {
    for (const pool of [...this.#all].sort((a, b) => b.made - a.made)) {
      // They are sorted as they lie here.
      this.#all.delete(pool);
      this.#all.add(pool);
      yield pool;
    }
  }

  [Symbol.iterator](): IterableIterator<Pool> {
    return this.#all.values();
  }
}

function isShareable(module: GuestModule): boolean {
  return module.movableGlobals !== undefined && module.initialBytes <= MAX_IMAGE_MEMORY;
}
