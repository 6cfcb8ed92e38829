/** Actors and families as they should be, for tests of pools, spawns and ends. */
import type { Turn } from "./life-steps.ts";
import { CHILDREN, isDerived, type State } from "./life-world.ts";

/** A message or a signal. */
export interface Item {
  readonly kind: number;
  readonly from: readonly [number, number];
  readonly ref: number;
  readonly reason: number;
  readonly payload: Uint8Array;
}

export interface Family {
  readonly at: number;
  readonly founder: number;
  size: number;
  ending: number;
  beganMs: number;
  used: number;
}

export interface LifeActor extends State {
  readonly slot: number;
  readonly record: number;
  readonly pid: readonly [number, number];
  readonly spec: number;
  readonly family: Family;
  readonly parent: readonly [number, number];
  readonly bornMs: number;
  readonly args: Uint8Array;
  readonly mailbox: Item[];
  traps: boolean;
  /** Its end is recorded, and not told. */
  isEnding: boolean;
  isStarted: boolean;
  isWaiting: boolean;
  isPreempted: boolean;
  isPinned: boolean;
  isGrown: boolean;
  /** It is to end with its turn. */
  isExiting: boolean;
  turn: Turn | undefined;
  /** Its entry has returned, and whether the kernel can end it. */
  returned: "to the kernel" | "to the host" | undefined;
}

/** What an actor is when it begins. That of a derived module waits. */
export function newLife(
  given: Pick<LifeActor, "slot" | "record" | "pid" | "spec" | "family" | "parent" | "bornMs" | "args">,
  { bytes, globals }: State,
): LifeActor {
  return {
    ...given,
    ...{ bytes: bytes.slice(), globals: [...globals], mailbox: [], traps: false, isEnding: false },
    ...{ isStarted: isDerived(given.spec), isWaiting: isDerived(given.spec) },
    ...{ isPreempted: false, isPinned: false, isGrown: false, isExiting: false },
    ...{ turn: undefined, returned: undefined },
  };
}

/** How many spawns this second has had. A second that has begun later than now is this one. */
export function spawnsOf({ beganMs, used }: Family, nowMs: number): number {
  return nowMs - beganMs < 1000 ? used : 0;
}

export function takeSpawn(family: Family, nowMs: number): void {
  const used = spawnsOf(family, nowMs);
  if (used === 0) family.beganMs = nowMs;
  family.used = used + 1;
}

/** How many actors, families and children have a spec. */
export function usersOf(spec: number, actors: readonly LifeActor[], families: Iterable<Family>): number {
  const ofActors = actors.filter(actor => actor.spec === spec).length;
  const ofFamilies = [...families].filter(({ founder }) => founder === spec).length;
  // Each of the four specs has all children.
  const ofChildren = 4 * CHILDREN.filter(([, , child]) => child === spec).length;
  return ofActors + ofFamilies + ofChildren;
}

/** The length of an image: of each 8 bytes that differ, and of each 64 bytes that have some. */
export function imageLength(actor: State, first: State): number {
  const was = new BigUint64Array(first.bytes.slice().buffer);
  const is = new BigUint64Array(actor.bytes.slice().buffer);
  let words = 0;
  let lines = 0;
  let line = -1;
  for (let i = 0; i < is.length; i++) {
    if (is[i] === (was[i] ?? 0n)) continue;
    words++;
    if (i >> 3 !== line) lines++;
    line = i >> 3;
  }
  const differing = actor.globals.filter((value, i) => value !== first.globals[i]).length;
  if (differing > 0) lines++;
  return 24 + ((4 * lines + 7) & -8) + 8 * (words + differing);
}
