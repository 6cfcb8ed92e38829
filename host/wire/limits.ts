/**
 * Limits: what one actor, and all actors together, may use. Every limit has a safe default.
 * docs/security.md says what happens beyond each.
 */

import { type Checks, checkOptions, checksOf, wholeNumber } from "./checks.ts";

/** Limits of one actor. A guest's child never has more than its parent. */
export interface Limits {
  /** Pages of 64 KiB to which its memory may grow. */
  readonly memoryPages: number;
  /** The length in bytes of the longest message that it accepts. For a longer one `send` answers -2. */
  readonly messageBytes: number;
  /**
   * Items in its mailbox, saved ones included. Beyond, `send` answers -1. Signals are never
   * refused.
   */
  readonly mailboxMessages: number;
  /** Bytes of payloads in its mailbox. Also bytes of the payloads of all timers that it has set. */
  readonly mailboxBytes: number;
  /**
   * Reductions of one `handle`, of `_start` or of a start function, and of a turn with the policy
   * `kill`.
   */
  readonly handlerReductions: number;
  /** Reductions of all predicates in one turn. */
  readonly predicateReductions: number;
  /**
   * Milliseconds of one `handle`, of all predicates in one turn, and of a turn with the policy
   * `kill`, where reductions are counted.
   */
  readonly turnMs: number;
  /** Milliseconds of `_start`, or of a start function, where reductions are counted. */
  readonly startMs: number;
  /**
   * Live actors of its family: an actor that the host has spawned, with all its descendants. The
   * limit of that actor, the founder, counts.
   */
  readonly familyActors: number;
  /** Spawns of its family in one second. The founder's limit counts. */
  readonly spawnsPerSecond: number;
  /** Timers that it has set and that have not fired yet. */
  readonly timers: number;
  /** Links, monitors and refs together. */
  readonly ties: number;
  /** Names and groups together. */
  readonly names: number;
  /** Bytes of the lines that its family logs in one second. The founder's limit counts. */
  readonly logBytesPerSecond: number;
  /**
   * Guesses of its family: pids that it uses and that no actor ever had. The founder's limit
   * counts.
   */
  readonly unknownPids: number;
  /** Calls of asynchronous functions of the embedder, asked ones too, that have not settled. */
  readonly hostCalls: number;
}

/** Limits of a runtime: for each of its actors, and for all together. */
export interface RuntimeLimits extends Limits {
  /** Live actors, host mailboxes included. A further spawn is refused. */
  readonly actors: number;
  /**
   * Live actors that wait by JSPI. Engines abort at some 13,000. Each also counts 1 MiB in
   * `allMemoryBytes`.
   */
  readonly fibers: number;
  /** Instances of one module, in which its actors take turns. */
  readonly instances: number;
  /**
   * Instances of all modules together, because engines abort where they run out of memories. The
   * spawn of an actor that would need one more is refused. Actors that share take turns in fewer.
   */
  readonly allInstances: number;
  /** Bytes of one module. */
  readonly moduleBytes: number;
  /** Elements of all tables of one instance. */
  readonly tableElements: number;
  /**
   * Bytes that all guests use, or that are kept for them: memories, instances, tables, arguments,
   * stacks and ties.
   */
  readonly allMemoryBytes: number;
  /** Bytes of all mailboxes, headers and free room included, and of all pending timers. */
  readonly allMailboxBytes: number;
}

const INSTANCES = 1_024;
/** Chromium gives all pages of a site, and their workers, about 120 memories. */
const INSTANCES_IN_BROWSERS = 32;

/**
 * The limit `instances` of a runtime that sets none. Browsers begin their user agent with `Mozilla/`,
 * in pages and in workers. Node, Bun and Deno do not.
 */
export function defaultInstances(userAgent: string | undefined): number {
  return userAgent?.startsWith("Mozilla/") === true ? INSTANCES_IN_BROWSERS : INSTANCES;
}

/** The limits of a runtime that sets none. */
export const defaultLimits: RuntimeLimits = {
  memoryPages: 256,
  messageBytes: 16 * 2 ** 20,
  mailboxMessages: 1_000_000,
  mailboxBytes: 64 * 2 ** 20,
  handlerReductions: 50_000_000,
  predicateReductions: 20_000_000,
  turnMs: 10,
  startMs: 100,
  familyActors: 1_000,
  spawnsPerSecond: 10_000,
  timers: 10_000,
  ties: 10_000,
  names: 100,
  logBytesPerSecond: 65_536,
  unknownPids: 100,
  hostCalls: 100,
  actors: 2 ** 20,
  fibers: 8_000,
  instances: defaultInstances(globalThis.navigator?.userAgent),
  allInstances: 12_000,
  moduleBytes: 8 * 2 ** 20,
  tableElements: 100_000,
  allMemoryBytes: 4 * 2 ** 30,
  allMailboxBytes: 2 ** 30,
};

const COUNT = 2 ** 48;
/** The most bytes of a mailbox, and of a message. */
const MAILBOX = 2 ** 28;
const greatest: RuntimeLimits = {
  memoryPages: 65_536,
  messageBytes: MAILBOX,
  mailboxMessages: MAILBOX,
  mailboxBytes: MAILBOX,
  handlerReductions: COUNT,
  predicateReductions: COUNT,
  turnMs: COUNT,
  startMs: COUNT,
  familyActors: COUNT,
  spawnsPerSecond: COUNT,
  timers: COUNT,
  ties: COUNT,
  names: COUNT,
  logBytesPerSecond: COUNT,
  unknownPids: COUNT,
  hostCalls: COUNT,
  actors: 2 ** 20,
  fibers: 2 ** 20,
  instances: 2 ** 20,
  allInstances: 2 ** 20,
  moduleBytes: COUNT,
  tableElements: 10_000_000,
  allMemoryBytes: COUNT,
  allMailboxBytes: COUNT,
};

const checks = checksOf<RuntimeLimits>(
  Object.fromEntries(
    Object.entries(greatest).map(([name, most]) => [name, wholeNumber(0, most)]),
  ) as unknown as Checks<RuntimeLimits>,
);

const ofRuntime = [
  "actors",
  "fibers",
  "instances",
  "allInstances",
  "moduleBytes",
  "tableElements",
  "allMemoryBytes",
  "allMailboxBytes",
];

/**
 * The limits of a runtime: the defaults with some replaced. Throws a RangeError that names a limit
 * whose value is not a whole number in its range, and a TypeError for an unknown limit.
 */
export function runtimeLimits(changes: Partial<RuntimeLimits> = {}): RuntimeLimits {
  checkOptions("limits", changes, checks);
  return { ...defaultLimits, ...defined(changes) };
}

/**
 * The limits of an actor. Throws as `runtimeLimits` does, and a RangeError where a limit of the
 * runtime is among the changes.
 */
export function limitsFrom(base: Limits, changes?: Partial<Limits>): Limits {
  if (changes === undefined) return base;
  checkOptions("limits", changes, checks);
  const wrong = Object.keys(changes).find(name => ofRuntime.includes(name));
  if (wrong !== undefined)
    throw new RangeError(`${wrong} is a limit of the runtime, not of an actor: set it in RuntimeOptions`);
  const changed = defined(changes);
  // Most actors have the same limits, and share one object.
  return Object.keys(changed).length === 0 ? base : { ...base, ...changed };
}

/** The limits of one actor alone, as a spawn takes them. */
export function ofActor(limits: Limits): Limits {
  return Object.fromEntries(Object.entries(limits).filter(([name]) => !ofRuntime.includes(name))) as unknown as Limits;
}

/** The lesser value of each limit. */
export function lesserOf(a: Limits, b: Limits): Limits {
  if (a === b) return a;
  const names = Object.keys(a) as (keyof Limits)[];
  if (names.every(name => a[name] <= b[name])) return a;
  const least: Record<string, number> = {};
  for (const name of names) least[name] = Math.min(a[name], b[name]);
  return least as unknown as Limits;
}

function defined<T extends object>(changes: T): T {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as T;
}

/** How a guest waits for its next item. */
export type WayName = "handler" | "asyncify" | "jspi";

/** What happens to an actor that has spent the reductions of its turn. */
export type ReductionPolicy = "yield" | "kill" | "off";

/** How the reductions of an actor are limited, where its module counts them. */
export interface ReductionOptions {
  /**
   * `yield`: the actor goes on in a later turn. `kill`: it crashes. `off`: it goes on. Default:
   * `yield` where it can wait in the middle of its code, else `kill`.
   */
  readonly policy?: ReductionPolicy;
  /**
   * Reductions that its entry may spend in one turn. Default: 200,000 (about a millisecond) with
   * `yield`, the limit `handlerReductions` with `kill`.
   */
  readonly perTurn?: number;
}
