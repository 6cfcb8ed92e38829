/** Answers the page's requests. No answer has more than a page of anything. */

import {
  type ActorInfo,
  type ActorOrder,
  formatPid,
  type Pid,
  parsePid,
  type Runtime,
  type TurnWindow,
} from "../../index.ts";
import {
  type ActorDetail,
  type ActorPage,
  type ActorRef,
  type EndedDetail,
  type EventRow,
  eventFilters,
  type Overview,
  type SortKey,
  type TreePage,
  type TreeRow,
} from "../../web/observer/protocol.ts";
import { engineName } from "../engine.ts";
import type { History } from "./history.ts";
import type { Looks } from "./looks.ts";
import { Rates } from "./rates.ts";
import { cut, itemRow, labelOf, refTo, rowOf } from "./rows.ts";
import type { Samples } from "./samples.ts";
import { type Shares, shareOf } from "./shares.ts";
import type { Talk } from "./talk.ts";

const ITEMS_SHOWN = 50;
const EVENTS_SHOWN = 50;
/** How many actors a list has at most: as many as `Runtime.snapshot` shows. */
const MOST = 1_000;
const MOST_IN_TREE = 100;
/** Of links, of monitors, of names and so on. */
const REFS_SHOWN = 100;

export interface ListOptions {
  /** The actor at which the page begins, if the rows are in the order of pids. 0: with the first one. */
  readonly at: Pid;
  readonly count: number;
  /** See `ActorFilter.text`. */
  readonly filter: string;
}

export interface ActorListOptions extends ListOptions {
  /** The index of the first row in its page. */
  readonly from: number;
  readonly sort: SortKey;
  readonly isDescending: boolean;
}

/** The field of ActorInfo that each key sorts by, and whether it holds words, which begin with A. */
const orders: Readonly<Record<SortKey, readonly [order: ActorOrder, isWord: boolean]>> = {
  pid: ["pid", true],
  name: ["names", true],
  module: ["module", true],
  state: ["state", true],
  items: ["mailboxItems", false],
  bytes: ["mailboxBytes", false],
  rate: ["arrivals", false],
  cpu: ["turnMs", false],
  reductions: ["reductions", false],
  memory: ["memoryBytes", false],
  resident: ["resident", false],
  image: ["imageBytes", false],
  links: ["links", false],
  age: ["ageMs", false],
};

export class View {
  readonly #runtime: Runtime;
  readonly #looks: Looks;
  readonly #samples: Samples;
  readonly #history: History;
  readonly #shares: Shares;
  readonly #talk: Talk;
  readonly #rates = new Rates();
  readonly #beganMs = performance.now();

  constructor(runtime: Runtime, looks: Looks, samples: Samples, history: History, shares: Shares, talk: Talk) {
    this.#runtime = runtime;
    this.#looks = looks;
    this.#samples = samples;
    this.#history = history;
    this.#shares = shares;
    this.#talk = talk;
  }

  async overview(after: number): Promise<Overview> {
    const { counters, runQueue, memory, totals } = await this.#looks.whole();
    const turns = this.#shares.look();
    const cpu = shareOf(turns, turns?.turnsMs);
    this.#talk.look();
    return {
      nowMs: Date.now(),
      observedMs: performance.now() - this.#beganMs,
      process: `process ${process.pid}, ${engineName()}`,
      counters,
      guests: this.#runtime.size,
      actors: totals.actors,
      states: totals.states,
      runQueue,
      mailboxItems: totals.mailboxItems,
      mailboxBytes: totals.mailboxBytes,
      memoryBytes: memory.memories,
      samples: this.#samples.after(after),
      crashes: this.#history.crashes,
      ...(cpu !== undefined && { cpu }),
      followed: this.#talk.followed,
    };
  }

  async actors({ at, from, count, filter, sort, isDescending }: ActorListOptions): Promise<ActorPage> {
    const { totals } = await this.#looks.whole();
    const turns = this.#shares.look();
    const [wanted, isWord] = orders[sort];
    // In the first second, who is busy by items stands in for who is by time.
    const order = wanted === "turnMs" && turns === undefined ? "arrivals" : wanted;
    const reverse = isDescending === isWord;
    const begin = order === "pid" && !reverse ? at : 0;
    const page = await this.#looks.take(JSON.stringify(["actors", begin, filter, order, reverse]), runtime => {
      const since = this.#rates.note(runtime);
      const which = {
        from: begin,
        most: MOST,
        text: filter,
        order,
        reverse,
        ...(since && { since }),
        ...(turns && { turns }),
      };
      const { actors, next } = runtime.snapshot(which);
      const isWhole = next === undefined && begin === 0 && actors.length < MOST;
      const matching = filter === "" ? undefined : isWhole ? actors.length : runtime.totals({ text: filter }).actors;
      const measured = actors.map(actor => ({ rate: this.#rates.of(actor), cpu: shareOf(turns, actor.turnMs) }));
      return { actors, measured, next, matching };
    });
    return {
      total: page.actors.length,
      from,
      rows: page.actors.slice(from, from + count).map((actor, i) => rowOf(actor, page.measured[from + i])),
      alive: totals.actors,
      matching: page.matching ?? totals.actors,
      ...(page.next !== undefined && { next: formatPid(page.next) }),
      hasReductions: totals.counted > 0,
    };
  }

  /**
   * What stands below an actor: the children of a supervisor, or the actors that a guest has spawned. 0:
   * what stands below none. With a filter, all actors that match, wherever they stand.
   */
  async tree(parent: Pid, { at, count, filter }: ListOptions): Promise<TreePage> {
    const below = filter === "" ? { parent } : { text: filter };
    const most = Math.min(count, MOST_IN_TREE);
    return this.#looks.take(JSON.stringify(["tree", below, at, most]), runtime => {
      const turns = this.#shares.look();
      const which = { ...below, from: at, most, countChildren: true, ...(turns && { turns }) };
      const { actors, next } = runtime.snapshot(which);
      const isWhole = next === undefined && at === 0;
      return {
        total: isWhole ? actors.length : runtime.totals(below).actors,
        rows: [...actors].sort(byId).map(actor => this.#treeRow(actor, turns)),
        ...(next !== undefined && { next: formatPid(next) }),
      };
    });
  }

  #treeRow(actor: ActorInfo, turns: TurnWindow | undefined): TreeRow {
    const { supervisor, strategy, children = 0 } = actor;
    return {
      ...rowOf(actor, { cpu: shareOf(turns, actor.turnMs) }),
      children,
      ...(supervisor && { id: cut(supervisor.id) }),
      ...(strategy && { strategy }),
      restarts: supervisor === undefined ? 0 : this.#history.restartsOf(supervisor.pid, supervisor.id),
    };
  }

  /** @param kind a key of `eventFilters`; any other text: all kinds */
  events(after: number, filter: string, kind: string): EventRow[] {
    const kinds = Object.entries(eventFilters).find(([name]) => name === kind)?.[1];
    return this.#history.eventsAfter(after, filter, kinds, text => {
      const info = this.#runtime.info(parsePid(text) ?? 0);
      return info && labelOf(info);
    });
  }

  actor(pid: Pid): ActorDetail | EndedDetail {
    const info = this.#runtime.info(pid);
    const events = this.#history.eventsOf(formatPid(pid), EVENTS_SHOWN);
    if (info === undefined) return this.#ended(formatPid(pid), events);
    const refs = (pids: readonly Pid[]) => pids.slice(0, REFS_SHOWN).map(other => this.#refTo(other));
    const items = this.#runtime.peek(pid, { items: ITEMS_SHOWN, bytes: 256 }) ?? [];
    const { groups, names, way, timers, strategy, supervisor, parent, module } = info;
    const turns = this.#shares.look();
    const messages = this.#talk.of(pid);
    return {
      ...rowOf(info, { cpu: shareOf(turns, module === undefined ? undefined : turns?.of(pid)) }),
      groups: groups.slice(0, REFS_SHOWN).map(cut),
      names: names.slice(0, REFS_SHOWN).map(cut),
      ...(way && { way }),
      timers,
      ...(strategy && { strategy }),
      ...(parent !== 0 && { parent: this.#refTo(parent) }),
      ...(supervisor && { supervisor: { ...this.#refTo(supervisor.pid), id: cut(supervisor.id) } }),
      linkedTo: refs(info.links),
      monitors: refs(info.monitors),
      monitoredBy: refs(info.monitoredBy),
      mailbox: items.map(item => itemRow(item, from => this.#refTo(from))),
      ...(messages && { messages }),
      events,
    };
  }

  #ended(pid: string, events: EndedDetail["events"]): EndedDetail {
    const ended = this.#history.ends.findLast(end => end.pid === pid);
    const heirs = (ended?.name.split(", ") ?? []).map(name => this.#runtime.whereis(name));
    const successors = heirs.filter(heir => heir !== undefined).map(heir => this.#refTo(heir));
    return { pid, ...(ended && { ended }), successors, events };
  }

  #refTo(pid: Pid): ActorRef {
    return refTo(this.#runtime, pid, "ended");
  }
}

/** By the id at the supervisor, so that a restarted child keeps its place in its page. */
function byId(a: ActorInfo, b: ActorInfo): number {
  return ids.compare(a.supervisor?.id ?? "", b.supervisor?.id ?? "");
}
const ids = new Intl.Collator("en", { numeric: true });
