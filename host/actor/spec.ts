/**
 * Specs: what actors that are spawned alike have in common. A spec is one object for all of them,
 * and a block of words in the kernel, where each of their records has its address.
 */
import { MAX_TIES, SPEC_BYTES, USERS } from "../kernel/words.ts";
import type { Kernel } from "../mail/kernel.ts";
import type { GuestModule } from "../module/guest-module.ts";
import type { Granted } from "../wire/grants.ts";
import type { Limits, ReductionPolicy, WayName } from "../wire/limits.ts";

/** What becomes of an actor that has spent the reductions of its turn. */
export interface TurnPolicy {
  readonly policy: ReductionPolicy;
  readonly perTurn: number;
}

/** What an actor is spawned as. */
export interface Spec {
  /** Null for the host's own actors, which have no guest. */
  readonly module: GuestModule | null;
  /** The export that it runs; empty for the host's own. */
  readonly entry: string;
  /** How it waits. */
  readonly way: WayName | "host";
  readonly limits: Limits;
  /** What its guest may do; null for the host's own, which may do everything. */
  readonly granted: Granted | null;
  /** Null if its module does not count reductions. */
  readonly reductions: TurnPolicy | null;
}

/** The spec of an actor of the host. */
export function hostSpec(limits: Limits): Spec {
  return { module: null, entry: "", way: "host", limits, granted: null, reductions: null };
}

const MAX_WORD = 2 ** 31 - 1;

/** The specs of a runtime that actors have. */
export class Specs {
  readonly #kernel: Kernel;
  readonly #byAddress = new Map<number, Spec>();
  readonly #addresses = new Map<string, number>();
  /** Numbers of modules, and texts of limits and grants. */
  readonly #keys = new WeakMap<object, string>();
  #lastKey = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  at(address: number): Spec {
    return this.#byAddress.get(address) as Spec;
  }

  /** Counts a user of a spec, and answers where its words are. Equal specs have one address. */
  use(spec: Spec): number {
    const key = this.#keyOf(spec);
    const address = this.#addresses.get(key) ?? this.#add(key, spec);
    this.#kernel.setWord(address + USERS, this.#kernel.word(address + USERS) + 1);
    return address;
  }

  /** A user is gone. A spec without users is dropped, so that its module can be. */
  drop(address: number): void {
    const users = this.#kernel.word(address + USERS) - 1;
    this.#kernel.setWord(address + USERS, users);
    if (users > 0) return;
    this.#addresses.delete(this.#keyOf(this.at(address)));
    this.#byAddress.delete(address);
    this.#kernel.giveBlock(address, SPEC_BYTES);
  }

  #add(key: string, spec: Spec): number {
    const address = this.#kernel.newBlock(SPEC_BYTES);
    this.#kernel.setWord(address + MAX_TIES, Math.min(spec.limits.ties, MAX_WORD));
    this.#byAddress.set(address, spec);
    this.#addresses.set(key, address);
    return address;
  }

  #keyOf({ module, entry, way, limits, granted, reductions }: Spec): string {
    const policy = reductions === null ? "" : `${reductions.policy} ${reductions.perTurn}`;
    return [
      module === null ? "" : this.#keyFor(module, this.#next),
      entry,
      way,
      this.#keyFor(limits, valuesOf),
      granted === null ? "" : this.#keyFor(granted, valuesOf),
      policy,
    ].join("\n");
  }

  #keyFor<T extends object>(thing: T, make: (thing: T) => string): string {
    let key = this.#keys.get(thing);
    if (key === undefined) {
      key = make(thing);
      this.#keys.set(thing, key);
    }
    return key;
  }

  readonly #next = (): string => String(++this.#lastKey);
}

/** All that a limit or a grant says, as text. */
function valuesOf(thing: object): string {
  return Object.values(thing)
    .map(value => (value instanceof Set ? `{${JSON.stringify([...value])}}` : String(value)))
    .join();
}
