/**
 * What has happened since the observer began: the last abnormal exits, and the last events of all
 * kinds.
 */

import {
  type ChildReport,
  formatPid,
  formatReason,
  formatReport,
  type InspectEvent,
  type InspectKind,
  type Pid,
  type Recording,
  type Runtime,
} from "../../index.ts";
import type { EndGroup, EndPage, EndRow, EventRow } from "../../web/observer/protocol.ts";
import { cut, receivedRow, refTo } from "./rows.ts";

const ENDS_KEPT = 200;
/** A recording may have megabytes. */
const RECORDINGS_KEPT = 20;
const EVENTS_KEPT = 1000;
/** Of each kind. It bounds the work that a guest can cause. */
const EVENTS_A_SECOND = 200;
const TEXT_LENGTH = 2000;
const STACK_LENGTH = 8000;
/** How many crashes and events one answer has. */
const ENDS_A_PAGE = 50;
const EVENTS_A_PAGE = 300;
/** How many pids a group of equal crashes names. */
const OTHERS_SHOWN = 20;
/** How many children have their restarts counted. */
const CHILDREN_KEPT = 10_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class History {
  readonly ends: EndRow[] = [];
  readonly events: EventRow[] = [];
  /** How many exits were abnormal: neither normal nor shutdown. */
  crashes = 0;
  readonly #restarts = new Map<string, number>();
  /**
   * By pid: a supervisor's report about an exit that has not been told yet. The report may come
   * before or after the exit.
   */
  readonly #reports = new Map<Pid, ChildReport>();
  /** What the actors were called that have ended last, by pid. */
  readonly #labels = new Map<string, string>();
  /** The recordings of the last crashes that have one, by the index of the crash. */
  readonly #recordings = new Map<number, Recording>();
  readonly #runtime: Runtime;
  readonly #stop: () => void;
  #index = 0;
  /** How many events of each kind came in this second. */
  readonly #seen = new Map<InspectKind, number>();
  #secondMs = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#stop = runtime.inspect(
      event => this.#take(event),
      kind => this.#hasRoom(kind),
    );
  }

  restartsOf(supervisor: Pid, id: string): number {
    return this.#restarts.get(`${supervisor} ${id}`) ?? 0;
  }

  /** The recording of a crash. Undefined where it has none, or it is kept no more. */
  recordingOf(index: number): Recording | undefined {
    return this.#recordings.get(index);
  }

  /** The newest groups of crashes that are older than one, a page of them. */
  endsBefore(index: number, filter: string): EndPage {
    const groups = new Map<string, Mutable<EndGroup>>();
    for (const end of this.ends.toReversed()) {
      if (!contains([end.pid, end.name, end.module, end.reason], filter)) continue;
      const key = JSON.stringify([end.module, end.reason]);
      const group = groups.get(key);
      if (group === undefined) {
        groups.set(key, { ...end, times: 1, firstMs: end.atMs, others: [] });
        continue;
      }
      group.times++;
      group.firstMs = end.atMs;
      if (group.others.length < OTHERS_SHOWN) group.others = [...group.others, end.pid];
    }
    const found = [...groups.values()].filter(group => group.index < index);
    return { rows: found.slice(0, ENDS_A_PAGE), hasOlder: found.length > ENDS_A_PAGE };
  }

  /**
   * The events after one, the oldest first. If they are more than a page, the newest of them.
   *
   * @param kinds undefined: all
   * @param labelOf what a live actor is called; undefined if it has ended
   */
  eventsAfter(
    index: number,
    filter: string,
    kinds: readonly InspectKind[] | undefined,
    labelOf: (pid: string) => string | undefined,
  ): EventRow[] {
    const labels = new Map<string, string | undefined>();
    const found: EventRow[] = [];
    for (let at = this.events.length - 1; at >= 0 && found.length < EVENTS_A_PAGE; at--) {
      const event = this.events[at];
      if (event.index <= index) break;
      if (kinds !== undefined && !kinds.includes(event.kind)) continue;
      const { pid, kind, level, text } = event;
      if (!labels.has(pid)) labels.set(pid, labelOf(pid) ?? this.#labels.get(pid));
      const label = labels.get(pid);
      if (!contains([pid, kind, level, text, label], filter)) continue;
      found.push(label === undefined || text.startsWith(label) ? event : { ...event, label });
    }
    return found.reverse();
  }

  /** What an actor was called that has ended lately. */
  endedLabel(pid: string): string | undefined {
    return this.#labels.get(pid);
  }

  eventsOf(pid: string, most: number): EventRow[] {
    return this.events.filter(event => event.pid === pid).slice(-most);
  }

  stop(): void {
    this.#stop();
  }

  #hasRoom(kind: InspectKind): boolean {
    const secondMs = Math.floor(performance.now() / 1000);
    if (secondMs !== this.#secondMs) this.#seen.clear();
    this.#secondMs = secondMs;
    return (this.#seen.get(kind) ?? 0) < EVENTS_A_SECOND;
  }

  #take(event: InspectEvent): void {
    const { kind } = event;
    this.#seen.set(kind, (this.#seen.get(kind) ?? 0) + 1);
    if (kind === "report") this.#report(event.report);
    if (kind === "exit") this.#end(event);
    const pid = subjectOf(event);
    const row = {
      index: ++this.#index,
      atMs: Date.now(),
      kind,
      pid: formatPid(pid),
      text: textOf(event).slice(0, TEXT_LENGTH),
    };
    keep(this.events, kind === "log" ? { ...row, kind, level: event.level } : row, EVENTS_KEPT);
  }

  #end({ pid, module, names, reason, lastReceived, recording }: InspectEvent & { readonly kind: "exit" }): void {
    this.#labels.set(formatPid(pid), cut(names[0] ?? module ?? "a mailbox"));
    if (this.#labels.size > EVENTS_KEPT) this.#labels.delete(this.#labels.keys().next().value ?? "");
    if (reason.kind === "normal" || reason.kind === "shutdown") return;
    this.crashes++;
    const report = this.#reports.get(pid);
    this.#reports.delete(pid);
    const row: EndRow = {
      index: this.crashes,
      atMs: Date.now(),
      pid: formatPid(pid),
      name: cut(names.join(", ")),
      ...(module !== undefined && { module: cut(module) }),
      kind: reason.kind,
      reason: formatReason(reason).slice(0, TEXT_LENGTH),
      stack: reason.kind === "crashed" ? reason.stack.slice(0, STACK_LENGTH) : "",
      ...(lastReceived && { last: receivedRow(lastReceived, from => refTo(this.#runtime, from, "")) }),
      ...(recording && { recording: recording.name }),
      ...(report && { child: childOf(report) }),
    };
    if (recording !== undefined) this.#keepRecording(recording);
    keep(this.ends, row, ENDS_KEPT);
  }

  /** Keeps the recording of the last crash. A page that offers an older one is told that it is gone. */
  #keepRecording(recording: Recording): void {
    this.#recordings.set(this.crashes, recording);
    if (this.#recordings.size <= RECORDINGS_KEPT) return;
    const oldest = this.#recordings.keys().next().value ?? 0;
    this.#recordings.delete(oldest);
    const at = this.ends.findLastIndex(({ index }) => index === oldest);
    if (at < 0) return;
    const { recording: _, ...without } = this.ends[at];
    this.ends[at] = without;
  }

  #report(report: ChildReport): void {
    const { pid, supervisor, id, action } = report;
    const child = `${supervisor} ${id}`;
    if (action === "restart") this.#restarts.set(child, (this.#restarts.get(child) ?? 0) + 1);
    if (this.#restarts.size > CHILDREN_KEPT) this.#restarts.delete(this.#restarts.keys().next().value ?? "");
    if (pid === undefined) return;
    const at = this.ends.findLastIndex(end => end.pid === formatPid(pid));
    if (at >= 0) this.ends[at] = { ...this.ends[at], child: childOf(report) };
    else this.#reports.set(pid, report);
    if (this.#reports.size > ENDS_KEPT) this.#reports.delete(this.#reports.keys().next().value ?? 0);
  }
}

/**
 * The actor that an event is about. For a failed start it is the supervisor, because there was no
 * child.
 */
function subjectOf(event: InspectEvent): Pid {
  if (event.kind === "report") return event.report.pid ?? event.report.supervisor;
  if (event.kind === "dropped") return 0;
  return event.kind === "dead-letter" ? event.to : event.pid;
}

function childOf({ id, supervisor, action }: ChildReport): NonNullable<EndRow["child"]> {
  return { id: cut(id), supervisor: formatPid(supervisor), action };
}

function contains(words: readonly (string | undefined)[], filter: string): boolean {
  return filter === "" || words.some(word => word?.toLowerCase().includes(filter));
}

function keep<T>(list: T[], row: T, most: number): void {
  list.push(row);
  if (list.length > most) list.shift();
}

function textOf(event: InspectEvent): string {
  switch (event.kind) {
    case "spawn":
      return `${event.module ?? "a mailbox"}${event.parent === 0 ? "" : `, by ${formatPid(event.parent)}`}`;
    case "exit":
      return `${event.module ?? "a mailbox"}: ${formatReason(event.reason)}`;
    case "dropped":
      return `${event.count} of the kind ${event.what}`;
    case "dead-letter":
      return `${event.why}: ${event.length} bytes, tag ${event.tag}, from ${formatPid(event.from)}`;
    case "log":
      return event.text;
    case "child":
      return `child ${event.id} of ${formatPid(event.supervisor)}: ${event.what}`;
    case "report":
      return formatReport(event.report);
    default:
      return event.name;
  }
}
