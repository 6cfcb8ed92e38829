/** Links and monitors as they should be, and as the kernel's memory has them. */

import { insist, word } from "./kernel-memory.ts";
import * as W from "./words.ts";

/** A tie of two actors, each named by its number. `ref` is 0 for a link. */
export interface Tie {
  readonly kind: number;
  readonly ref: number;
  readonly owner: number;
  other: number;
  isAnswered: boolean;
  /** The pid of the actor that has delegated the request. */
  via: readonly [number, number];
}

/** Actors with their ties in the order in which they were made. */
export class TieModel {
  /** By actor: its links and its own monitors. */
  readonly ties: Tie[][];
  /** By actor: the monitors that others have of it. */
  readonly watchers: Tie[][];

  constructor(actors: number) {
    this.ties = Array.from({ length: actors }, () => []);
    this.watchers = Array.from({ length: actors }, () => []);
  }

  add(kind: number, owner: number, other: number, ref: number): void {
    const tie: Tie = { kind, ref, owner, other, isAnswered: false, via: [0, 0] };
    this.ties[owner].push(tie);
    if (kind === W.LINK) this.ties[other].push(tie);
    else this.watchers[other].push(tie);
  }

  remove(tie: Tie): void {
    for (const list of [...this.ties, ...this.watchers]) if (list.includes(tie)) list.splice(list.indexOf(tie), 1);
  }

  delegate(tie: Tie, to: number, via: readonly [number, number]): void {
    const { watchers } = this;
    watchers[tie.other].splice(watchers[tie.other].indexOf(tie), 1);
    watchers[to].push(tie);
    tie.other = to;
    tie.via = via;
  }

  linkOf(a: number, b: number): Tie | undefined {
    return this.ties[a].find(({ kind, owner, other }) => kind === W.LINK && owner + other === a + b);
  }

  monitorOf(owner: number, ref: number): Tie | undefined {
    return this.ties[owner].find(tie => tie.kind === W.MONITOR && tie.ref === ref);
  }

  monitorsOf(owner: number): Tie[] {
    return this.ties[owner].filter(({ kind }) => kind === W.MONITOR);
  }
}

/** What a ring of an actor has: the addresses of ties. Throws where the ring is broken. */
export function readRing(memory: WebAssembly.Memory, record: number, list: number): number[] {
  const first = word(memory, word(memory, record + W.COLD) + list);
  const found: number[] = [];
  for (let place = first; place !== 0 && (found.length === 0 || place !== first); ) {
    insist(found.length < 200_000, "a ring does not end");
    const behind = word(memory, place + W.BEHIND);
    insist(word(memory, behind + W.BEFORE) === place, "a place in a ring is not before the one behind it");
    found.push(place & -W.TIE_BYTES);
    place = behind;
  }
  return found;
}

/** The addresses of all ties of these actors, each once. */
export function allTies(memory: WebAssembly.Memory, records: readonly number[]): Set<number> {
  return new Set(records.flatMap(record => [W.TIES, W.WATCHERS].flatMap(list => readRing(memory, record, list))));
}

/** The blocks that ties use, beside their own. */
export function blocksOfTies(memory: WebAssembly.Memory, records: readonly number[]) {
  const one = (at: number, bytes: number, what: string) => (at === 0 ? [] : [{ at, bytes, what }]);
  return [
    ...one(word(memory, W.TIE_INDEX), 131_072, "the index of ties"),
    ...one(word(memory, W.SPARE_TIE), W.TIE_BYTES, "the spare tie"),
    ...[...allTies(memory, records)].map(at => ({ at, bytes: W.TIE_BYTES, what: "a tie" })),
  ];
}

/** The second half of the index has delegated requests. */
const HALF_BYTES = 65_536;

/** The ties in one half of the index. */
function readIndex(memory: WebAssembly.Memory, half: number, link: number): number[] {
  const index = word(memory, W.TIE_INDEX);
  if (index === 0) return [];
  const found: number[] = [];
  const buckets = new Int32Array(memory.buffer, index + half, HALF_BYTES / 4);
  // Plain, because almost all of the 16,384 buckets are empty, and a law looks after each step.
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    for (let tie = buckets[bucket]; tie !== 0; tie = word(memory, tie + link)) found.push(tie);
  }
  return found;
}

const sorted = (ties: Iterable<number>) => [...ties].sort((a, b) => a - b).join();

/** What differs from the model; undefined: nothing. */
export function differenceOfTies(
  memory: WebAssembly.Memory,
  records: readonly number[],
  model: TieModel,
): string | undefined {
  const show = (at: number) => {
    const of = (place: number) => word(memory, at + place);
    const [owner, other] = [records.indexOf(of(W.TIE_OWNER)), records.indexOf(of(W.TIE_OTHER))];
    const via = of(W.NEXT_DELEGATED) === W.NOT_INDEXED ? [0, 0] : [of(W.VIA_LO), of(W.VIA_HI)];
    return [of(W.TIE_KIND), of(W.TIE_REF), owner, other, of(W.TIE_ANSWERED), ...via].join();
  };
  const expected = ({ kind, ref, owner, other, isAnswered, via }: Tie) =>
    [kind, ref, owner, other, isAnswered ? 1 : 0, ...via].join();
  for (const [index, record] of records.entries()) {
    for (const [list, ties] of [
      [W.TIES, model.ties[index]],
      [W.WATCHERS, model.watchers[index]],
    ] as const) {
      const stored = readRing(memory, record, list).map(show).join("; ");
      const wanted = ties.map(expected).join("; ");
      if (stored !== wanted) return `actor ${index} has the ties ${stored}, and should have ${wanted}`;
    }
  }
  return undefined;
}

/** Compares with the model all that the kernel knows of ties. `find`: the kernel's own searches. */
export function checkTies(
  memory: WebAssembly.Memory,
  records: readonly number[],
  model: TieModel,
  find: {
    findMonitor(owner: number, ref: number): number;
    findLink(a: number, b: number): number;
    findDelegated(target: number, ref: number): number;
  },
): void {
  const difference = differenceOfTies(memory, records, model);
  insist(difference === undefined, difference ?? "");
  const all = allTies(memory, records);
  const bytes = new Float64Array(memory.buffer)[W.BYTES_OF_TIES / 8];
  insist(bytes === all.size * W.TIE_BYTES, `${bytes} bytes are counted for ${all.size} ties`);
  const isIn = (link: number) => [...all].filter(tie => word(memory, tie + link) !== W.NOT_INDEXED);
  insist(sorted(readIndex(memory, 0, W.NEXT_IN_BUCKET)) === sorted(isIn(W.NEXT_IN_BUCKET)), "the index has other ties");
  const delegated = readIndex(memory, HALF_BYTES, W.NEXT_DELEGATED);
  insist(sorted(delegated) === sorted(isIn(W.NEXT_DELEGATED)), "the index has other delegated requests");
  records.forEach((record, index) => {
    const count = word(memory, word(memory, record + W.COLD) + W.TIE_COUNT);
    insist(count === model.ties[index].length, `actor ${index} counts ${count} ties`);
    for (const [place, at] of readRing(memory, record, W.TIES).entries()) {
      const { kind, ref, owner, other, via } = model.ties[index][place];
      const found = kind === W.LINK ? find.findLink(records[other], records[owner]) : find.findMonitor(record, ref);
      insist(found === at, `the tie ${place} of actor ${index} is not found`);
      const target = find.findDelegated(records[other], ref);
      insist(via.join() === "0,0" || target === at, "a delegated request is not found");
    }
    insist(find.findMonitor(record, -77) === 0, "a monitor is found that never was");
    insist(find.findLink(record, record) === 0, "an actor is linked to itself");
  });
}
