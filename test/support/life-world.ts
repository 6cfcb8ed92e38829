/**
 * What the host has made for actors that take turns in pools of instances: two modules with a pool for
 * each, and two that are derived from the first one, a spec for each of the four, and the names by which
 * their actors spawn others. For tests of the kernel.
 */
import { HostBlocks } from "./host-blocks.ts";
import type { Kernel } from "./kernel-functions.ts";
import { insist, kernelMemory, seedGenerations, setWord, takeAllOtherSlots, word } from "./kernel-memory.ts";
import * as W from "./words.ts";

const PAGE_BYTES = 65_536;
/** By spec: the pages of its first state. An actor of the last two can have more than an image may. */
const PAGES = [1, 3, 1, 2];
/** By spec: where the first state has bytes that are not 0, up to which its store limit goes. */
const USED: readonly (readonly number[])[] = [
  [10, 3000],
  [10, 3000, 85_400],
  [10, 900, 3000, 5000],
  [10, 2000, 70_000],
];
const LIMITS = [4000, -1, 6000, 71_000];
export const SLOTS = 20;
export const MOST_IN_FAMILY = 8;
export const MOST_SPAWNS = 6;
export const MOST_TIES = 5;
export const MOST_MESSAGES = 20;
export const MOST_MESSAGE_BYTES = 100;
/** What each spec's actors spawn: the name, the entry and the spec. */
export const CHILDREN: readonly (readonly [name: string, entry: string, spec: number])[] = [
  ["one", "", 0],
  ["two", "", 1],
  ["tw", "o", 0],
  ["one", "again", 1],
  ["three", "", 2],
  ["four", "", 3],
];
/** How the actors of a derived module have parked. */
export const WINDOW = { info: 64, pointer: 128, capacity: 64 };

/** The module, and the pool, of a spec's actors. */
export const moduleOf = (spec: number): number => (isDerived(spec) ? 0 : spec);
export const isDerived = (spec: number): boolean => spec > 1;

type Outside = Parameters<Kernel["useOutside"]>[0];

/** A memory and globals. */
export interface State {
  bytes: Uint8Array;
  globals: number[];
}

export interface Instance {
  readonly at: number;
  readonly index: number;
  readonly memory: WebAssembly.Memory;
  readonly module: number;
  globals: number[];
}

/** The first global of the first module's guests is the store limit, an i32. The others are doubles. */
export function encode(globals: readonly number[], module: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * globals.length));
  globals.forEach((value, i) => {
    if (module === 0 && i === 0) view.setInt32(0, value, true);
    else view.setFloat64(8 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}

export function decode(bytes: Uint8Array, module: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, i) =>
    module === 0 && i === 0 ? view.getInt32(0, true) : view.getFloat64(8 * i, true),
  );
}

export class LifeWorld {
  readonly memory = kernelMemory();
  readonly kernel: Kernel;
  readonly blocks: HostBlocks;
  readonly first: readonly State[];
  /** By module: the addresses of the pools. */
  readonly pools: number[] = [];
  /** The addresses of the specs, and by spec those of the first states. */
  readonly specs: number[] = [];
  readonly states: number[] = [];
  /** By their place in the table of turns, halved. */
  readonly instances: (Instance | undefined)[] = [];
  /** The record of each slot. */
  readonly records: number[];
  current: Instance | undefined;
  /** Called where the guest's `isopod:globals` is. */
  onGlobals: () => void = () => undefined;
  readonly #ownMemory = new WebAssembly.Memory({ initial: 1 });

  /** `outside`: what stands for the host and the guests. */
  constructor(sizes: readonly number[], used: Kernel, outside: Outside) {
    this.kernel = used;
    this.blocks = new HostBlocks(this.memory, used);
    this.enterKernel();
    used.useOutside({
      hostHeadroom: () => undefined,
      hostSeed: () => seedGenerations(this.memory, 7 << 10),
      callGlobals: (at, toMemory) => this.#callGlobals(at, toMemory),
      ...outside,
    });
    this.first = PAGES.map((pages, spec) => {
      const bytes = new Uint8Array(pages * PAGE_BYTES);
      for (const at of USED[spec]) bytes.fill(0x11 + spec, at, at + 50);
      return { bytes, globals: [moduleOf(spec) === 0 ? LIMITS[spec] : 1, 2 + spec, 3] };
    });
    this.records = Array.from({ length: SLOTS }, () => used.open());
    for (const record of this.records) {
      used.hide(record);
      used.close(record);
    }
    takeAllOtherSlots(this.memory);
    this.set(W.MAX_ACTORS, W.MAX_SLOTS);
    this.set(W.TELLS_ENDS, 1);
    for (const [module, size] of sizes.entries()) this.#addModule(module, size);
    for (const spec of PAGES.keys()) if (isDerived(spec)) this.#derive(spec);
    for (const spec of this.specs) for (const child of CHILDREN) this.#adopt(spec, ...child);
  }

  get(address: number): number {
    return word(this.memory, address);
  }

  set(address: number, value: number): void {
    setWord(this.memory, address, value);
  }

  add(address: number, change: number): void {
    this.set(address, this.get(address) + change);
  }

  double(address: number): number {
    return new Float64Array(this.memory.buffer)[address / 8];
  }

  addDouble(address: number, change: number): void {
    new Float64Array(this.memory.buffer)[address / 8] += change;
  }

  /** The kernel as the port of an instance. */
  port(instance: Instance): Kernel {
    this.current = instance;
    this.kernel.useMemories(this.memory, instance.memory);
    return this.kernel;
  }

  enterKernel(): Kernel {
    this.kernel.useMemories(this.memory, this.#ownMemory);
    return this.kernel;
  }

  at(address: number): Instance {
    const found = this.instances.find(instance => instance?.at === address);
    insist(found !== undefined, "an actor is in an instance that there is not");
    return found;
  }

  /** The guest's `isopod:globals`. */
  #callGlobals(at: number, toMemory: number): void {
    this.onGlobals();
    const instance = this.current as Instance;
    const { memory, globals, module } = instance;
    const bytes = new Uint8Array(memory.buffer, at, 8 * globals.length);
    if (toMemory === 0) instance.globals = decode(bytes, module);
    else bytes.set(encode(globals, module));
  }

  #addModule(module: number, size: number): void {
    const pool = this.blocks.take(W.POOL_BYTES, "a pool");
    this.pools.push(pool);
    this.set(pool + W.MOST_INSTANCES, size);
    this.set(pool + W.HAS_LIMIT, module === 0 ? 1 : 0);
    this.states.push(this.#keep(module, this.makeInstance(module)));
    this.set(pool + W.FIRST_STATE, this.states[module]);
    this.set(this.at(this.get(pool + W.FREE_INSTANCE)).at + W.IN_STATE, this.states[module]);
    this.#addSpec(module, 0);
  }

  /** Its first state is made in an instance that no actor gets. */
  #derive(spec: number): void {
    const instance = this.makeInstance(0, PAGES[spec]);
    new Uint8Array(instance.memory.buffer).set(this.first[spec].bytes);
    instance.globals = [...this.first[spec].globals];
    const image = this.port(instance).save(this.states[0], -1);
    const state = this.kernel.derive(image, LIMITS[spec]);
    insist(state !== 0, "a state is not derived");
    this.kernel.dropImage(image);
    this.states.push(state);
    this.dropOne(0);
    this.#addSpec(spec, W.STARTED | W.MAY_PARK);
    const { info, pointer, capacity } = WINDOW;
    const at = this.specs[spec];
    this.set(at + W.SPEC_INFO, info);
    this.set(at + W.SPEC_POINTER, pointer);
    this.set(at + W.SPEC_CAPACITY, capacity);
    this.set(at + W.SPEC_WANT, W.WANT_ANY);
  }

  #keep(spec: number, instance: Instance): number {
    const { globals } = this.first[spec];
    const state = this.port(instance).keepFirstState(LIMITS[spec], globals.length, 0);
    insist(state > W.TOO_LARGE, "a first state is not kept");
    return state;
  }

  #addSpec(at: number, more: number): void {
    const spec = this.blocks.take(W.SPEC_BYTES, "a spec");
    this.specs.push(spec);
    const module = moduleOf(at);
    const flags = W.TAKES_MESSAGES | W.TAKES_TURNS | W.KNOWS_PARK | W.MAY_END | (module === 0 ? W.HAS_START : 0);
    const words: readonly (readonly [place: number, value: number])[] = [
      [W.POOL, this.pools[module]],
      [W.SPEC_STATE, this.states[at]],
      [W.SPEC_FLAGS, flags | more],
      [W.MAX_TIES, MOST_TIES],
      [W.SPEC_MAX_MESSAGES, MOST_MESSAGES],
      [W.SPEC_MAX_BYTES, 100_000],
      [W.SPEC_MAX_MESSAGE_BYTES, MOST_MESSAGE_BYTES],
      [W.SPEC_MAX_FAMILY, MOST_IN_FAMILY],
      [W.SPEC_MAX_SPAWNS, MOST_SPAWNS],
    ];
    for (const [place, value] of words) this.set(spec + place, value);
  }

  /** What a name and an entry mean for the actors of a spec. */
  #adopt(spec: number, name: string, entry: string, child: number): void {
    const block = this.blocks.take(W.CHILD_HEADER + name.length + entry.length, "a child");
    this.set(block + W.CHILD_SPEC, this.specs[child]);
    this.set(block + W.CHILD_NAME_LENGTH, name.length);
    this.set(block + W.CHILD_ENTRY_LENGTH, entry.length);
    new Uint8Array(this.memory.buffer).set(Buffer.from(name + entry), block + W.CHILD_HEADER);
    this.set(block + W.NEXT_CHILD, this.get(spec + W.CHILDREN));
    this.set(spec + W.CHILDREN, block);
    this.add(this.specs[child] + W.USERS, 1);
  }

  /** A new instance, which no actor has. */
  makeInstance(module: number, pages = PAGES[module]): Instance {
    const { bytes, globals } = this.first[module];
    const pool = this.pools[module];
    const memory = new WebAssembly.Memory({ initial: pages, maximum: PAGES[module] + 64 });
    new Uint8Array(memory.buffer).set(bytes);
    const place = this.instances.indexOf(undefined);
    const index = place < 0 ? this.instances.length : place;
    const at = this.blocks.take(W.INSTANCE_BYTES, "an instance");
    const instance: Instance = { at, index, memory, module, globals: [...globals] };
    this.instances[index] = instance;
    const next = this.get(pool + W.NEXT_TO_LEAVE);
    this.set(at + W.TABLE_INDEX, 2 * index);
    this.set(at + W.IN_STATE, this.get(pool + W.FIRST_STATE));
    this.set(at + W.OF_POOL, pool);
    this.set(at + W.PAGES, pages);
    this.set(at + W.NEXT_FREE, this.get(pool + W.FREE_INSTANCE));
    this.set(at + W.NEXT_IN_POOL, next === 0 ? at : this.get(next + W.NEXT_IN_POOL));
    this.set(next === 0 ? pool + W.NEXT_TO_LEAVE : next + W.NEXT_IN_POOL, at);
    this.set(pool + W.FREE_INSTANCE, at);
    this.add(pool + W.INSTANCES_MADE, 1);
    return instance;
  }

  /** The instance is not free: it is dropped. */
  discard(instance: Instance): void {
    if (this.get(instance.at + W.OF_POOL) !== 0) this.remove(instance);
    this.instances[instance.index] = undefined;
    this.blocks.give(instance.at);
  }

  /** Its actor keeps the instance for life: it is no longer one of its pool. */
  remove({ at, module }: Instance): void {
    const pool = this.pools[module];
    let before = at;
    while (this.get(before + W.NEXT_IN_POOL) !== at) before = this.get(before + W.NEXT_IN_POOL);
    const next = this.get(at + W.NEXT_IN_POOL);
    this.set(before + W.NEXT_IN_POOL, next);
    if (this.get(pool + W.NEXT_TO_LEAVE) === at) this.set(pool + W.NEXT_TO_LEAVE, next === at ? 0 : next);
    this.add(pool + W.INSTANCES_MADE, -1);
    this.set(at + W.OF_POOL, 0);
  }

  /** Drops an instance that no actor has. False: there is none. */
  dropOne(module: number): boolean {
    const pool = this.pools[module];
    const at = this.get(pool + W.FREE_INSTANCE);
    if (at === 0) return false;
    this.set(pool + W.FREE_INSTANCE, this.get(at + W.NEXT_FREE));
    this.discard(this.at(at));
    return true;
  }
}
