/**
 * Snapshots of a runtime, and the first file of the room host/observe/: what those outside see. The
 * room imports javascript/ and the rooms before it. It guarantees that a look makes plain data,
 * that it takes nothing out of a mailbox and changes no actor, and that it costs nothing while no
 * one looks.
 */

import type { Accounting, Actor, TurnServices } from "../actor/actor.ts";
import { totals } from "../actor/counters.ts";
import { QUEUE_LENGTH } from "../kernel/words.ts";
import type { Actors } from "../mail/actors.ts";
import type { Runnable } from "../time/scheduler.ts";
import { checkOptions, checksOf, flag, oneOf, pid, wholeNumberOrForever } from "../wire/checks.ts";
import type { Counters } from "../wire/events.ts";
import type { MemoryUse } from "../wire/memory-use.ts";
import type { Pid } from "../wire/pid.ts";
import { type ActorFilter, filterChecks, type Matches, matcherOf, parentOf } from "./actor-filter.ts";
import { type ActorInfo, infoOf } from "./actor-info.ts";
import { type ActorOrder, actorOrders, First, type Known } from "./actor-order.ts";
import { type Arrivals, ArrivalTable, arrivalsAt, checkArrivals } from "./arrivals.ts";
import { LiveActors } from "./live-actors.ts";
import { type Places, Supervision } from "./supervision.ts";
import { type Totals, totalsOf } from "./totals.ts";
import { checkTurns, type TurnWindow } from "./turn-times.ts";

/** The state of a runtime at one moment. */
export interface Snapshot {
  /** When it was made, on the runtime's clock. */
  readonly atMs: number;
  readonly counters: Readonly<Counters>;
  /** Actors that wait for a turn. */
  readonly runQueue: number;
  /** Memory in use, as the limits `allMemoryBytes` and `allMailboxBytes` count it. */
  readonly memory: MemoryUse;
  /**
   * Live actors, host mailboxes included: the page that was asked for. Unless `most` says otherwise it
   * has at most 1,000.
   */
  readonly actors: readonly ActorInfo[];
  /**
   * The actor at which the next page begins; undefined where this is the last one. Pass it as `from`.
   * An order other than `pid` has no next page.
   */
  readonly next: Pid | undefined;
  /** What `since` of a later snapshot takes. Undefined unless `SnapshotOptions.keepArrivals` asks for it. */
  readonly arrivals: Arrivals | undefined;
}

/** Which live actors a snapshot shows. */
export interface SnapshotOptions extends ActorFilter {
  /**
   * Where the page begins: `Snapshot.next` of the page before. If you ask for one page after another,
   * each actor that lives throughout is in one of them. Default 0: with the first actor.
   */
  readonly from?: Pid;
  /** How many actors at most. Infinity: all. Default 1,000, which takes about a millisecond. */
  readonly most?: number;
  /**
   * The field that the actors are ordered by: words from A to Z, numbers from the greatest down. One
   * walk over all actors finds the first `most`. Default `pid`, the order of the slots.
   */
  readonly order?: ActorOrder;
  /** Turns the order around. Default false. */
  readonly reverse?: boolean;
  /** `Snapshot.arrivals` of an earlier snapshot: `ActorInfo.arrivals` counts from then on. */
  readonly since?: Arrivals;
  /** Fills in `Snapshot.arrivals`, with one walk over all actors. Default false. */
  readonly keepArrivals?: boolean;
  /** What `TurnTimes.read` has returned: fills in `ActorInfo.turnMs`. The order `turnMs` needs it. */
  readonly turns?: TurnWindow;
  /** Fills in `ActorInfo.children`, with one walk over all actors. Default false. */
  readonly countChildren?: boolean;
}

const snapshotTable = checksOf<SnapshotOptions>({
  ...filterChecks,
  from: pid,
  most: wholeNumberOrForever(0, 2 ** 31),
  order: oneOf(...actorOrders),
  reverse: flag,
  since: checkArrivals,
  keepArrivals: flag,
  turns: checkTurns,
  countChildren: flag,
});

function checkSnapshot(options: SnapshotOptions): void {
  checkOptions("snapshot", options, snapshotTable);
  const { from = 0, order = "pid", reverse = false, turns } = options;
  if (order === "turnMs" && turns === undefined) {
    throw new TypeError("snapshot: the order turnMs needs turns: what `read` of `timeTurns()` has returned");
  }
  if (from === 0 || (order === "pid" && !reverse)) return;
  throw new TypeError("snapshot: from is for the order of pids: other orders have one page, as long as most");
}

/** How many actors a snapshot shows, unless it is told. */
const PAGE = 1_000;

export class Snapshots {
  readonly #services: TurnServices & Accounting;
  readonly supervision = new Supervision();
  readonly #live: LiveActors;
  readonly #probe: Runnable;
  /** When the probe was put into the run queue, and the promises that wait for it. */
  #probedAtMs = 0;
  #probing: ((delayMs: number | undefined) => void)[] = [];

  constructor(services: TurnServices & Accounting, actors: Actors<Actor>) {
    this.#services = services;
    this.#live = new LiveActors(services.kernel, actors);
    this.#probe = this.#makeProbe();
  }

  snapshot(options: SnapshotOptions): Snapshot {
    checkSnapshot(options);
    const { clock, kernel, account } = this.#services;
    const { from = 0, most = PAGE, order = "pid", reverse = false, countChildren = false } = options;
    const known = { since: options.since, turns: options.turns };
    const matches = matcherOf(options, this.#live, this.supervision);
    const isPaged = order === "pid" && !reverse;
    const [records, next] = isPaged
      ? this.#page(from, most, matches)
      : [this.#first(new First(this.#live, order, reverse, most, known), matches), undefined];
    const found = records.map(record => this.#live.actorAt(record)).filter(actor => actor !== undefined);
    const atMs = clock.now();
    const places: Places = found.length === 0 ? new Map() : this.supervision.places();
    const counts = countChildren ? this.#countChildren(found, places) : undefined;
    const actors = found.map(actor => {
      return this.#infoOf(actor, atMs, places.get(actor.pid), counts?.get(actor.pid), known);
    });
    const arrivals = options.keepArrivals ? new ArrivalTable(this.#live, atMs) : undefined;
    const runQueue = kernel.word(QUEUE_LENGTH);
    return { atMs, counters: totals(this.#services), runQueue, memory: account.use, actors, next, arrivals };
  }

  totals(filter: ActorFilter): Totals {
    checkOptions("totals", filter, filterChecks);
    return totalsOf(this.#live, this.supervision, matcherOf(filter, this.#live, this.supervision));
  }

  infoOf(actor: Actor): ActorInfo {
    return this.#infoOf(actor, this.#services.clock.now(), this.supervision.placeOf(actor.pid));
  }

  #infoOf(
    actor: Actor,
    nowMs: number,
    supervisor: ActorInfo["supervisor"],
    children?: number,
    { since, turns }: Known = {},
  ): ActorInfo {
    const kind = this.supervision.kindOf(actor);
    const strategy = this.supervision.strategyOf(actor.pid);
    const arrivals = arrivalsAt(this.#live, actor.record, since);
    const turnMs = actor.module === null ? undefined : turns?.of(actor.pid);
    return infoOf(actor, nowMs, { kind, supervisor, strategy, children, arrivals, turnMs });
  }

  /**
   * Milliseconds that an actor which becomes ready now waits for its turn; undefined if the runtime
   * stops before.
   */
  queueDelay(): Promise<number | undefined> {
    return new Promise(resolve => {
      this.#probing.push(resolve);
      if (this.#probing.length > 1) return;
      this.#probedAtMs = this.#services.clock.now();
      this.#services.scheduler.push(this.#probe);
    });
  }

  stop(): void {
    for (const resolve of this.#probing.splice(0)) resolve(undefined);
  }

  /**
   * The probe is not an actor. An actor with another way would keep engines from inlining the call
   * of `way.resume`: 10 % of a message in a program whose guests have one way (ping-pong of two
   * handlers, x64, Node 26). A runnable of another kind costs nothing that could be measured.
   */
  #makeProbe(): Runnable {
    return {
      run: () => {
        const delayMs = this.#services.clock.now() - this.#probedAtMs;
        for (const resolve of this.#probing.splice(0)) resolve(delayMs);
        return true;
      },
      failed() {},
    };
  }

  /** One page in the order of the slots, and where the next one begins. */
  #page(from: Pid, most: number, matches: Matches | undefined): [records: number[], next: Pid | undefined] {
    const live = this.#live;
    const records: number[] = [];
    let next: Pid | undefined;
    live.each(record => {
      if (live.actorAt(record) === undefined || matches?.(record) === false) return true;
      if (records.length === most) next = live.pidAt(record);
      else records.push(record);
      return next === undefined;
    }, from);
    return [records, next];
  }

  #first(first: First, matches: Matches | undefined): number[] {
    this.#live.each(record => {
      if (matches?.(record) !== false) first.add(record);
      return true;
    });
    return first.records();
  }

  /** How many actors stand below each of these. */
  #countChildren(actors: readonly Actor[], places: Places): ReadonlyMap<Pid, number> {
    const live = this.#live;
    const counts = new Map<Pid, number>(actors.map(({ pid }) => [pid, 0]));
    live.each(record => {
      const actor = live.actorAt(record);
      const parent = actor === undefined ? 0 : parentOf(actor, live, places);
      const count = parent === 0 ? undefined : counts.get(parent);
      if (count !== undefined) counts.set(parent, count + 1);
      return true;
    });
    return counts;
  }
}
