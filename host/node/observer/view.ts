/** Answers the page's requests. No answer has more than a page of anything. */

import { type ActorInfo, type ActorOrder, formatPid, type Pid, parsePid, type Runtime } from "../../index.ts";
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
import { cut, itemRow, labelOf, rowOf } from "./rows.ts";
import type { Samples } from "./samples.ts";

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
  readonly #rates = new Rates();
  readonly #beganMs = performance.now();

  constructor(runtime: Runtime, looks: Looks, samples: Samples, history: History) {
    this.#runtime = runtime;
    this.#looks = looks;
    this.#samples = samples;
    this.#history = history;
  }

  async overview(after: number): Promise<Overview> {
    const { counters, runQueue, memory, totals } = await this.#looks.whole();
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
    };
  }

  async actors({ at, from, count, filter, sort, isDescending }: ActorListOptions): Promise<ActorPage> {
    const { totals } = await this.#looks.whole();
    const [order, isWord] = orders[sort];
    const reverse = isDescending === isWord;
    const begin = order === "pid" && !reverse ? at : 0;
    const page = await this.#looks.take(JSON.stringify(["actors", begin, filter, order, reverse]), runtime => {
      const since = this.#rates.note(runtime);
      const which = { from: begin, most: MOST, text: filter, order, reverse, ...(since && { since }) };
      const { actors, next } = runtime.snapshot(which);
      const isWhole = next === undefined && begin === 0 && actors.length < MOST;
      const matching = filter === "" ? undefined : isWhole ? actors.length : runtime.totals({ text: filter }).actors;
      const rates = actors.map(actor => this.#rates.of(actor));
      return { actors, rates, next, matching };
    });
    return {
      total: page.actors.length,
      from,
      rows: page.actors.slice(from, from + count).map((actor, i) => rowOf(actor, page.rates[from + i])),
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
      const { actors, next } = runtime.snapshot({ ...below, from: at, most, countChildren: true });
      const isWhole = next === undefined && at === 0;
      return {
        total: isWhole ? actors.length : runtime.totals(below).actors,
        rows: [...actors].sort(byId).map(actor => this.#treeRow(actor)),
        ...(next !== undefined && { next: formatPid(next) }),
      };
    });
  }

  #treeRow(actor: ActorInfo): TreeRow {
    const { supervisor, strategy, children = 0 } = actor;
    return {
      ...rowOf(actor),
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
    const { groups, names, way, timers, strategy, supervisor, parent } = info;
    return {
      ...rowOf(info),
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
    if (pid === 0) return { pid: formatPid(0), label: "" };
    const info = this.#runtime.info(pid);
    return { pid: formatPid(pid), label: info === undefined ? "ended" : labelOf(info) };
  }
}

/** By the id at the supervisor, so that a restarted child keeps its place in its page. */
function byId(a: ActorInfo, b: ActorInfo): number {
  return ids.compare(a.supervisor?.id ?? "", b.supervisor?.id ?? "");
}
const ids = new Intl.Collator("en", { numeric: true });
