/**
 * Specs: what actors that are spawned alike have in common. A spec is one object for all of them,
 * and a block of words in the kernel, where each of their records has its address.
 */
import {
  CHILD_ENTRY_LENGTH,
  CHILD_HEADER,
  CHILD_NAME_LENGTH,
  CHILD_SPEC,
  CHILDREN,
  MAX_TIES,
  NEXT_CHILD,
  POOL,
  SPEC_BYTES,
  SPEC_CAPACITY,
  SPEC_INFO,
  SPEC_MAX_BYTES,
  SPEC_MAX_FAMILY,
  SPEC_MAX_MESSAGE_BYTES,
  SPEC_MAX_MESSAGES,
  SPEC_MAX_SPAWNS,
  SPEC_POINTER,
  SPEC_WANT,
  SPEC_WANTED,
  USERS,
} from "../kernel/life-words.ts";
import type { Parked } from "../mail/image-parked.ts";
import type { Kernel } from "../mail/kernel.ts";
import type { GuestModule } from "../module/guest-module.ts";
import type { Granted } from "../wire/grants.ts";
import type { Limits, ReductionPolicy, WayName } from "../wire/limits.ts";

/** What becomes of an actor that has spent the reductions of its turn. */
export interface TurnPolicy {
  readonly policy: ReductionPolicy;
  readonly perTurn: number;
}

/** What actors of a derived module begin as. */
export interface Template {
  /** The name of the derived module. */
  readonly name: string;
  /** What its actors are written in; undefined: what the module was compiled from. */
  readonly language: "javascript" | undefined;
  /** Writes the places of the sources into a stack. */
  readonly inSources: ((stack: string) => string) | undefined;
  /** Where the kernel has their first state. */
  readonly state: number;
  /** How the image's actor waited. */
  readonly parked: Parked;
  /** They begin their entry anew, and do not wait at first. Handlers always wait. */
  readonly beginsEntry: boolean;
}

/** What an actor is spawned as. */
export interface Spec {
  /** Null for the host's own actors, which have no guest. */
  readonly module: GuestModule | null;
  /** Null if it begins with its module's own first state. */
  readonly template: Template | null;
  /** The export that it runs; empty for the host's own. */
  readonly entry: string;
  /** How it waits. */
  readonly way: WayName | "host";
  readonly limits: Limits;
  /** What its guest may do; null for the host's own, which may do everything. */
  readonly granted: Granted | null;
  /** Null if its module does not count reductions. */
  readonly reductions: TurnPolicy | null;
  /** What happens to it is recorded. */
  readonly isRecorded: boolean;
}

/** The name of the module that an actor was spawned of; undefined for the host's own. */
export function moduleNameOf({ module, template }: Spec): string | undefined {
  return template?.name ?? module?.name;
}

/** The spec of an actor of the host. */
export function hostSpec(limits: Limits): Spec {
  return {
    module: null,
    template: null,
    entry: "",
    way: "host",
    limits,
    granted: null,
    reductions: null,
    isRecorded: false,
  };
}

const encoder = new TextEncoder();
const MAX_WORD = 2 ** 31 - 1;

/** The specs of a runtime that actors have. */
export class Specs {
  readonly #kernel: Kernel;
  readonly #byAddress = new Map<number, Spec>();
  readonly #addresses = new Map<string, number>();
  /** Numbers of modules, and texts of limits and grants. */
  readonly #keys = new WeakMap<object, string>();
  #lastKey = 0;
  /** Called when a spec has lost its last user. That is always the host's doing: the kernel leaves such ends to it. */
  onDropped: () => void = () => undefined;
  /** Called when nobody of a family is left, with its address, which another one may get. */
  onFamilyGone: (address: number) => void = () => undefined;
  /** The names and entries of children, by the address of the parent. */
  readonly #adopted = new Map<number, Set<string>>();

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
    this.#remove(address);
    this.onDropped();
  }

  /** Whether actors have a spec like this. */
  some(isLike: (spec: Spec) => boolean): boolean {
    for (const spec of this.#byAddress.values()) if (isLike(spec)) return true;
    return false;
  }

  #remove(address: number): void {
    this.#dropChildren(address);
    this.#addresses.delete(this.#keyOf(this.at(address)));
    this.#byAddress.delete(address);
    this.#kernel.giveBlock(address, SPEC_BYTES);
  }

  #add(key: string, spec: Spec): number {
    const address = this.#kernel.newBlock(SPEC_BYTES);
    const { limits, template } = spec;
    const words: readonly (readonly [place: number, value: number])[] = [
      [MAX_TIES, limits.ties],
      [SPEC_MAX_MESSAGES, limits.mailboxMessages],
      [SPEC_MAX_BYTES, limits.mailboxBytes],
      [SPEC_MAX_MESSAGE_BYTES, limits.messageBytes],
      [SPEC_MAX_FAMILY, limits.familyActors],
      [SPEC_MAX_SPAWNS, limits.spawnsPerSecond],
    ];
    for (const [place, value] of words) this.#kernel.setWord(address + place, Math.min(value, MAX_WORD));
    if (template !== null) this.#addParked(address, template.parked);
    this.#byAddress.set(address, spec);
    this.#addresses.set(key, address);
    return address;
  }

  #addParked(address: number, { info, pointer, capacity, want, wanted }: Parked): void {
    const words = [info, pointer, capacity, want, wanted];
    [SPEC_INFO, SPEC_POINTER, SPEC_CAPACITY, SPEC_WANT, SPEC_WANTED].forEach((place, i) => {
      this.#kernel.setWord(address + place, words[i]);
    });
  }

  /**
   * Notes what actors of a spec spawn by a name and an entry, so that the kernel can do it. Names that
   * a guest makes up are not noted, because only those that are defined can be spawned.
   */
  adopt(parent: number, name: string, entry: string, child: number): void {
    const kernel = this.#kernel;
    const key = `${name}\n${entry}`;
    const known = this.#adopted.get(parent) ?? new Set();
    if (kernel.word(child + POOL) === 0 || known.has(key)) return;
    this.#adopted.set(parent, known.add(key));
    const [nameBytes, entryBytes] = [encoder.encode(name), encoder.encode(entry)];
    const place = kernel.newBlock(CHILD_HEADER + nameBytes.length + entryBytes.length);
    kernel.setWord(place + CHILD_SPEC, this.use(this.at(child)));
    kernel.setWord(place + CHILD_NAME_LENGTH, nameBytes.length);
    kernel.setWord(place + CHILD_ENTRY_LENGTH, entryBytes.length);
    kernel.bytes.set(nameBytes, place + CHILD_HEADER);
    kernel.bytes.set(entryBytes, place + CHILD_HEADER + nameBytes.length);
    kernel.setWord(place + NEXT_CHILD, kernel.word(parent + CHILDREN));
    kernel.setWord(parent + CHILDREN, place);
  }

  /** A name means something else from now on. */
  forgetChildren(): void {
    for (const address of [...this.#byAddress.keys()]) if (this.#byAddress.has(address)) this.#dropChildren(address);
  }

  #dropChildren(parent: number): void {
    const kernel = this.#kernel;
    this.#adopted.delete(parent);
    for (let child = kernel.word(parent + CHILDREN); child !== 0; child = kernel.word(parent + CHILDREN)) {
      const spec = kernel.word(child + CHILD_SPEC);
      const length = kernel.word(child + CHILD_NAME_LENGTH) + kernel.word(child + CHILD_ENTRY_LENGTH);
      kernel.setWord(parent + CHILDREN, kernel.word(child + NEXT_CHILD));
      kernel.giveBlock(child, CHILD_HEADER + length);
      this.drop(spec);
    }
  }

  #keyOf({ module, template, entry, way, limits, granted, reductions, isRecorded }: Spec): string {
    const policy = reductions === null ? "" : `${reductions.policy} ${reductions.perTurn}`;
    return [
      module === null ? "" : this.#keyFor(module, this.#next),
      template === null ? "" : this.#keyFor(template, this.#next),
      entry,
      way,
      this.#keyFor(limits, valuesOf),
      granted === null ? "" : this.#keyFor(granted, valuesOf),
      policy,
      isRecorded,
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
