/** The orders of a snapshot, and the first actors in one: one walk, which keeps no more than it shows. */

import type { Actor } from "../actor/actor.ts";
import { imageBytesOf, isResident, memoryBytesOf } from "../actor/residence.ts";
import { moduleNameOf } from "../actor/spec.ts";
import { tiesOfKind } from "../between/ties.ts";
import { LINK } from "../kernel/tie-words.ts";
import { BYTES, COUNT } from "../kernel/words.ts";
import { slotOf } from "../wire/pid.ts";
import { reductionsOf } from "./actor-info.ts";
import { type Arrivals, arrivalsAt } from "./arrivals.ts";
import type { LiveActors } from "./live-actors.ts";
import type { TurnWindow } from "./turn-times.ts";

/**
 * The field of ActorInfo that a snapshot is ordered by; of `names` it is the first one. An actor that
 * has no such field comes last among words, and is the least of numbers. Equals stay in the order of
 * their slots.
 */
export type ActorOrder =
  | "pid"
  | "names"
  | "module"
  | "state"
  | "mailboxItems"
  | "mailboxBytes"
  | "arrivals"
  | "turnMs"
  | "memoryBytes"
  | "resident"
  | "imageBytes"
  | "reductions"
  | "links"
  | "ageMs";

type Key = string | number;

/** What was seen of all actors before. */
export interface Known {
  readonly since?: Arrivals | undefined;
  readonly turns?: TurnWindow | undefined;
}

interface Field {
  /** Words go from A to Z, numbers from the greatest down. */
  readonly isWord: boolean;
  of(live: LiveActors, record: number, known: Known): Key;
}

const fields: Readonly<Record<ActorOrder, Field>> = {
  pid: { isWord: true, of: (live, record) => slotOf(live.pidAt(record)) },
  names: { isWord: true, of: byActor(({ belongings }) => firstOf(belongings?.names)) },
  module: { isWord: true, of: byActor(({ spec }) => moduleNameOf(spec) ?? LAST) },
  state: { isWord: true, of: (live, record) => live.stateAt(record) },
  mailboxItems: { isWord: false, of: (live, record) => live.word(record, COUNT) },
  mailboxBytes: { isWord: false, of: (live, record) => live.word(record, BYTES) },
  arrivals: { isWord: false, of: (live, record, { since }) => arrivalsAt(live, record, since) },
  turnMs: { isWord: false, of: (live, record, { turns }) => turns?.of(live.pidAt(record)) ?? 0 },
  memoryBytes: { isWord: false, of: byActor(actor => memoryBytesOf(actor) ?? -1) },
  resident: { isWord: false, of: byActor(actor => Number(isResident(actor) ?? -1)) },
  imageBytes: { isWord: false, of: byActor(actor => imageBytesOf(actor) ?? -1) },
  reductions: { isWord: false, of: byActor(actor => reductionsOf(actor) ?? -1) },
  links: { isWord: false, of: byActor(actor => tiesOfKind(actor, LINK).length) },
  ageMs: { isWord: false, of: byActor(({ bornMs }) => -bornMs) },
};

export const actorOrders = Object.keys(fields) as ActorOrder[];

/** No word comes after it. */
const LAST = "\uffff";

function firstOf(words: ReadonlySet<string> | null | undefined): string {
  for (const word of words ?? []) return word;
  return LAST;
}

function byActor(key: (actor: Actor) => Key): Field["of"] {
  return (live, record) => {
    const actor = live.actorAt(record);
    return actor === undefined ? LAST : key(actor);
  };
}

interface Entry {
  key: Key;
  record: number;
  /** Its place in the walk. Equal keys stay in the order of the walk. */
  place: number;
}

/** Keeps the records that come first in an order. */
export class First {
  readonly #live: LiveActors;
  readonly #keyOf: Field["of"];
  readonly #ascends: boolean;
  readonly #most: number;
  readonly #known: Known;
  /** A heap: each entry comes after those at 2i + 1 and 2i + 2. The last in the order is at 0. */
  readonly #heap: Entry[] = [];
  #places = 0;

  constructor(live: LiveActors, order: ActorOrder, isReversed: boolean, most: number, known: Known) {
    const { isWord, of } = fields[order];
    this.#live = live;
    this.#keyOf = of;
    this.#ascends = isWord !== isReversed;
    this.#most = most;
    this.#known = known;
  }

  add(record: number): void {
    const heap = this.#heap;
    const key = this.#keyOf(this.#live, record, this.#known);
    const place = this.#places++;
    if (heap.length < this.#most) this.#rise({ key, record, place });
    else if (heap.length > 0 && this.#isKeyAfter(heap[0].key, key)) this.#sink({ key, record, place });
  }

  /** The records in the order. */
  records(): number[] {
    return this.#heap.sort((a, b) => (this.#isAfter(a, b) ? 1 : -1)).map(({ record }) => record);
  }

  #rise(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.#isAfter(heap[above], entry)) break;
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = entry;
  }

  /** Puts an entry in the place of the last one. */
  #sink(entry: Entry): void {
    const heap = this.#heap;
    let at = 0;
    for (let below = 1; below < heap.length; below = at * 2 + 1) {
      if (below + 1 < heap.length && this.#isAfter(heap[below + 1], heap[below])) below++;
      if (this.#isAfter(entry, heap[below])) break;
      heap[at] = heap[below];
      at = below;
    }
    heap[at] = entry;
  }

  #isAfter(a: Entry, b: Entry): boolean {
    return a.key === b.key ? a.place > b.place : this.#isKeyAfter(a.key, b.key);
  }

  #isKeyAfter(a: Key, b: Key): boolean {
    return this.#ascends ? a > b : a < b;
  }
}
