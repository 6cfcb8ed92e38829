/**
 * Instances that no actor uses any more, made as new for the next: a new one takes the engine 50 to 100 µs, putting back its memory and its globals
 * some two. Only of modules whose whole state these are (recyclable.ts), and never where anybody outside has held the memory.
 */

import type { Actor } from "../actor/actor.ts";
import type { Instance } from "../actor/body.ts";
import { type Account, KEPT } from "../mail/account.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { GLOBAL_BYTES } from "../module/trim.ts";

/** So many are kept of one module. Each has touched all of its memory, which a new one has not. */
const MAX_KEPT = 64;
/** Putting back a larger memory takes as long as making a new one. */
const MAX_BYTES = 4 * 65_536;

/** Of a module, what each new instance begins with. */
interface Beginning {
  readonly byteLength: number;
  /** The memory from the first byte that is not 0 to the last, and where it begins. */
  readonly image: Uint8Array;
  readonly imageAt: number;
  /** All mutable globals, as `isopod:globals` has them. */
  readonly globals: Uint8Array;
}

/** A module's unused instances. Their bytes are in an object of their own, which outlives the module. */
interface Rest {
  readonly instances: Instance[];
  readonly counted: { bytes: number };
}

export class Recycling {
  readonly #account: Account;
  /** Undefined: its instances cannot be made as new. */
  #beginnings = new WeakMap<GuestModule, Beginning | undefined>();
  #rest = new WeakMap<GuestModule, Rest>();
  /** The bytes of every module that has unused instances. */
  readonly #counted = new Set<Rest["counted"]>();
  readonly #onModuleGone = new FinalizationRegistry<Rest["counted"]>(counted => this.#forget(counted));

  constructor(account: Account) {
    this.#account = account;
  }

  /** One that was used before, and looks as if it had not been. */
  take(module: GuestModule, entry: string, maximumPages: number): Instance | undefined {
    const rest = this.#rest.get(module);
    const last = rest?.instances.at(-1);
    if (rest === undefined || last?.maximumPages !== maximumPages || last.entry !== entry) return undefined;
    rest.instances.pop();
    this.#count(rest, -bytesOf(module, last));
    return last;
  }

  /** A new one, before anything of it has run: what later ones are put back to. */
  remember(module: GuestModule, instance: Instance): void {
    if (!this.#beginnings.has(module)) this.#beginnings.set(module, beginningOf(module, instance));
  }

  /** An actor has ended, and its frames are gone. */
  give(actor: Actor): void {
    const { module, instance, allowance } = actor;
    if (module === null || instance === null || allowance === null || allowance.memoryWasHeld) return;
    const beginning = this.#beginnings.get(module);
    if (beginning === undefined) return;
    // The actor has ended, so its account must not change any more.
    instance.bytes.owner = null;
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

/** How many bytes the account counts for an unused instance. */
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

/** False where its memory has grown, which nothing undoes. */
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
