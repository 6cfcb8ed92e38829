/** Answers the page's requests from snapshots of the runtime. */

import { type ActorInfo, formatPid, type Pid, type Runtime } from "../../index.ts";
import type {
  ActorDetail,
  ActorPage,
  ActorRef,
  EndedDetail,
  Overview,
  Page,
  SortKey,
  TreeRow,
} from "../../web/observer/protocol.ts";
import { engineName } from "../engine.ts";
import type { History } from "./history.ts";
import { itemRow, labelOf, rowOf } from "./rows.ts";
import type { Samples } from "./samples.ts";
import type { Snapshots } from "./snapshots.ts";

const ITEMS_SHOWN = 50;
const EVENTS_SHOWN = 50;
/** Of links, of monitors and so on. */
const REFS_SHOWN = 100;

export interface ListOptions {
  readonly from: number;
  readonly count: number;
  /**
   * In lower case. Rows match where the pid, a name, the module, the entry or the state contains
   * it.
   */
  readonly filter: string;
}

export class View {
  readonly #runtime: Runtime;
  readonly #snapshots: Snapshots;
  readonly #samples: Samples;
  readonly #history: History;
  readonly #beganMs = performance.now();

  constructor(runtime: Runtime, snapshots: Snapshots, samples: Samples, history: History) {
    this.#runtime = runtime;
    this.#snapshots = snapshots;
    this.#samples = samples;
    this.#history = history;
  }

  overview(after: number): Overview {
    const { counters, runQueue, actors } = this.#snapshots.take();
    const sum = (of: (actor: ActorInfo) => number) => actors.reduce((total, actor) => total + of(actor), 0);
    return {
      nowMs: Date.now(),
      observedMs: performance.now() - this.#beganMs,
      process: `process ${process.pid}, ${engineName()}`,
      counters,
      guests: this.#runtime.size,
      actors: actors.length,
      runQueue,
      mailboxItems: sum(actor => actor.mailboxItems),
      mailboxBytes: sum(actor => actor.mailboxBytes),
      memoryBytes: sum(actor => actor.memoryBytes ?? 0),
      samples: this.#samples.after(after),
      crashes: this.#history.crashes,
    };
  }

  actors(options: ListOptions, sort: SortKey, descending: boolean): ActorPage {
    const { actors } = this.#snapshots.take();
    const found = actors.filter(actor => contains(actor, options.filter));
    const key = keys[sort];
    const sign = descending ? -1 : 1;
    // Rows with equal keys stay in the order of the slots.
    if (key !== undefined) found.sort((a, b) => sign * compare(key(a), key(b)));
    else if (descending) found.reverse();
    const page = pageOf(found, options);
    const hasReductions = actors.some(({ reductions }) => reductions !== undefined);
    return { ...page, rows: page.rows.map(rowOf), alive: actors.length, hasReductions };
  }

  /** Each supervisor with its children, each guest with the actors that it has spawned. */
  tree(options: ListOptions): Page<TreeRow> {
    const { actors } = this.#snapshots.take();
    const alive = new Set(actors.map(({ pid }) => pid));
    const below = Map.groupBy(actors, actor => parentOf(actor, alive));
    const flat: { readonly actor: ActorInfo; readonly depth: number }[] = [];
    // No recursion: a chain of spawns may be long.
    const stack = (below.get(0) ?? []).map(actor => ({ actor, depth: 0 })).reverse();
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      flat.push(next);
      for (const child of (below.get(next.actor.pid) ?? []).sort(byId).reverse()) {
        stack.push({ actor: child, depth: next.depth + 1 });
      }
    }
    const page = pageOf(
      flat.filter(({ actor }) => contains(actor, options.filter)),
      options,
    );
    return { ...page, rows: page.rows.map(({ actor, depth }) => this.#treeRow(actor, depth)) };
  }

  #treeRow(actor: ActorInfo, depth: number): TreeRow {
    const { supervisor, strategy } = actor;
    return {
      ...rowOf(actor),
      depth,
      ...(supervisor && { id: supervisor.id }),
      ...(strategy && { strategy }),
      restarts: supervisor === undefined ? 0 : this.#history.restartsOf(supervisor.pid, supervisor.id),
    };
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
      groups,
      names,
      ...(way && { way }),
      timers,
      ...(strategy && { strategy }),
      ...(parent !== 0 && { parent: this.#refTo(parent) }),
      ...(supervisor && { supervisor: { ...this.#refTo(supervisor.pid), id: supervisor.id } }),
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
    const info = this.#snapshots.byPid().get(pid) ?? this.#runtime.info(pid);
    return { pid: formatPid(pid), label: info === undefined ? "ended" : labelOf(info) };
  }
}

const keys: Readonly<Partial<Record<SortKey, (actor: ActorInfo) => string | number>>> = {
  name: labelOf,
  module: ({ module, kind }) => module ?? kind,
  state: ({ state }) => state,
  items: ({ mailboxItems }) => mailboxItems,
  bytes: ({ mailboxBytes }) => mailboxBytes,
  reductions: ({ reductions }) => reductions ?? -1,
  memory: ({ memoryBytes }) => memoryBytes ?? -1,
  links: ({ links }) => links.length,
  age: ({ ageMs }) => ageMs,
};

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function contains(actor: ActorInfo, filter: string): boolean {
  if (filter === "") return true;
  const { pid, names, groups, module, entry, kind, state } = actor;
  const words = [formatPid(pid), ...names, ...groups, module, entry, kind, state];
  return words.some(word => word?.toLowerCase().includes(filter));
}

/** By the id at the supervisor, so that a restarted child keeps its place. */
function byId(a: ActorInfo, b: ActorInfo): number {
  return ids.compare(a.supervisor?.id ?? "", b.supervisor?.id ?? "");
}
const ids = new Intl.Collator("en", { numeric: true });

function pageOf<T>(list: readonly T[], { from, count }: ListOptions): Page<T> {
  return { total: list.length, from, rows: list.slice(from, from + count) };
}

/**
 * The actor below which the tree shows it: its supervisor, or else its parent. 0 where neither is
 * alive.
 */
function parentOf({ supervisor, parent }: ActorInfo, alive: ReadonlySet<Pid>): Pid {
  if (supervisor !== undefined && alive.has(supervisor.pid)) return supervisor.pid;
  return alive.has(parent) ? parent : 0;
}
