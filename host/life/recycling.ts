/**
 * Unused instances, reset for the next actor of the module. A new instance takes the engine 50 to
 * 100 µs; resetting the memory and the globals takes about 2 µs (x64, Node 26). Only instances
 * whose whole state these are can be reset (module/recyclable.ts), and only if the embedder has not
 * seen their memory.
 */

import type { Services } from "../actor/actor.ts";
import type { Instance } from "../actor/body.ts";
import { type Account, KEPT } from "../mail/account.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { GLOBAL_BYTES } from "../module/trim.ts";

/**
 * How many instances of one module are kept. Each has touched all of its memory, which a new one
 * has not.
 */
const MAX_KEPT = 64;
/** Resetting a larger memory takes as long as making a new instance. */
const MAX_BYTES = 4 * 65_536;

/** The state in which each new instance of a module begins. */
interface Beginning {
  readonly byteLength: number;
  /** The memory from its first byte that is not 0 to its last, and the address of the first. */
  readonly image: Uint8Array;
  readonly imageAt: number;
  /** All mutable globals, as `isopod:globals` writes them. */
  readonly globals: Uint8Array;
}

/**
 * A module's unused instances. Their bytes are counted in an object of its own, which outlives the
 * module.
 */
interface Rest {
  readonly instances: Instance[];
  readonly counted: { bytes: number };
}

export class Recycling {
  readonly #account: Account;
  /** By module; undefined if its instances cannot be reset. */
  #beginnings = new WeakMap<GuestModule, Beginning | undefined>();
  #rest = new WeakMap<GuestModule, Rest>();
  /** The bytes of every module that has unused instances. */
  readonly #counted = new Set<Rest["counted"]>();
  readonly #onModuleGone = new FinalizationRegistry<Rest["counted"]>(counted => this.#forget(counted));

  constructor({ account }: Services) {
    this.#account = account;
  }

  /** An unused instance that is in its first state; undefined if none fits. */
  take(module: GuestModule, entry: string, maximumPages: number): Instance | undefined {
    const rest = this.#rest.get(module);
    const last = rest?.instances.at(-1);
    if (rest === undefined || last?.maximumPages !== maximumPages || last.entry !== entry) return undefined;
    rest.instances.pop();
    this.#count(rest, -bytesOf(module, last));
    return last;
  }

  /**
   * Saves the state of a module's first instance, before any of its code has run. Later ones are
   * reset to it.
   */
  remember(module: GuestModule, instance: Instance): void {
    if (!this.#beginnings.has(module)) this.#beginnings.set(module, beginningOf(module, instance));
  }

  /** Resets the instance of an ended actor and keeps it. The actor's frames must be gone. */
  give(instance: Instance): void {
    const { module } = instance;
    if (module === null || instance.isHeld) return;
    const beginning = this.#beginnings.get(module);
    if (beginning === undefined) return;
    const rest = this.#rest.get(module) ?? this.#newRest(module);
    if (rest.instances.length >= MAX_KEPT || !putBack(instance, beginning)) return;
    const bytes = bytesOf(module, instance);
    if (!this.#account.admits(KEPT, bytes)) return;
    rest.instances.push(instance);
    this.#count(rest, bytes);
  }

  /** Drops all unused instances, because the engine or a limit refuses memory. */
  drop(): void {
    this.#rest = new WeakMap();
    for (const counted of [...this.#counted]) this.#forget(counted);
  }

  clear(): void {
    this.drop();
    this.#beginnings = new WeakMap();
  }

  #newRest(module: GuestModule): Rest {
    const rest = { instances: [], counted: { bytes: 0 } };
    this.#rest.set(module, rest);
    this.#counted.add(rest.counted);
    this.#onModuleGone.register(module, rest.counted, rest.counted);
    return rest;
  }

  #count({ counted }: Rest, bytes: number): void {
    counted.bytes += bytes;
    this.#account.add(KEPT, bytes);
  }

  #forget(counted: Rest["counted"]): void {
    this.#counted.delete(counted);
    this.#onModuleGone.unregister(counted);
    this.#account.add(KEPT, -counted.bytes);
    counted.bytes = 0;
  }
}

/** The bytes that the account counts for an unused instance. */
function bytesOf(module: GuestModule, { bytes }: Instance): number {
  return bytes.u8.length + module.instanceBytes;
}

function beginningOf(module: GuestModule, { moveGlobals, bytes }: Instance): Beginning | undefined {
  const { u8 } = bytes;
  const { movableGlobals } = module;
  if (movableGlobals === undefined || u8.length > MAX_BYTES || u8.length < GLOBAL_BYTES * movableGlobals)
    return undefined;
  let end = u8.length;
  while (end > 0 && u8[end - 1] === 0) end--;
  let imageAt = 0;
  while (imageAt < end && u8[imageAt] === 0) imageAt++;
  const image = u8.slice(imageAt, end);
  moveGlobals?.(0, 1);
  const globals = u8.slice(0, GLOBAL_BYTES * movableGlobals);
  u8.fill(0, 0, globals.length);
  u8.set(image, imageAt);
  return { byteLength: u8.length, image, imageAt, globals };
}

/** Resets an instance. False if its memory has grown, because a memory cannot shrink. */
function putBack({ moveGlobals, bytes }: Instance, { byteLength, image, imageAt, globals }: Beginning): boolean {
  bytes.refresh();
  const { u8 } = bytes;
  if (u8.length !== byteLength) return false;
  if (moveGlobals !== null) {
    u8.set(globals);
    moveGlobals(0, 0);
  }
  u8.fill(0);
  u8.set(image, imageAt);
  return true;
}
