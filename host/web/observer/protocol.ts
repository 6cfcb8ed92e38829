/** What the observer's server says and its page and `isopod top` read: JSON, as types only. Pids are text, as `formatPid` prints them; times are milliseconds. */
import type { ActorInfo, Counters, LogLevel, WaitingItem } from "../../index.ts";

/** A look at a runtime, at most so many a second as cost a twentieth of it. */
export interface Overview {
  /** Since 1970. */
  readonly nowMs: number;
  /** How long it has been observed. */
  readonly observedMs: number;
  readonly process: string;
  readonly counters: Counters;
  readonly guests: number;
  readonly actors: number;
  readonly runQueue: number;
  readonly mailboxItems: number;
  readonly mailboxBytes: number;
  readonly memoryBytes: number;
  /** Those that the asker has not had yet, oldest first. */
  readonly samples: readonly Sample[];
  /** How many ends other than normal and shutdown there were. */
  readonly crashes: number;
}

/** What one second was like. */
export interface Sample {
  /** Counts up; what to ask after. */
  readonly index: number;
  readonly atMs: number;
  readonly sentPerSecond: number;
  readonly receivedPerSecond: number;
  readonly deadPerSecond: number;
  readonly spawnedPerSecond: number;
  readonly endedPerSecond: number;
  /** How long probes waited in the run queue: the median and the longest; null where none came back. */
  readonly queueMedianMs: number | null;
  readonly queueMaxMs: number | null;
  /** How late the latest of the observer's own timers was. */
  readonly timerMaxMs: number;
}

/** Part of a sorted and filtered list. */
export interface Page<T> {
  /** Of the whole list. */
  readonly total: number;
  /** The first row's place in it. */
  readonly from: number;
  readonly rows: readonly T[];
}

export interface ActorPage extends Page<ActorRow> {
  /** Live actors, whatever the filter. */
  readonly alive: number;
  /** Whether any actor's reductions are counted. */
  readonly hasReductions: boolean;
}

/** By what the list of actors can be sorted. */
export const sortKeys = [
  "pid",
  "name",
  "module",
  "state",
  "items",
  "bytes",
  "reductions",
  "memory",
  "links",
  "age",
] as const;
export type SortKey = (typeof sortKeys)[number];

export interface ActorRow {
  readonly pid: string;
  readonly name: string;
  readonly kind: ActorInfo["kind"];
  readonly module?: string;
  readonly entry?: string;
  readonly state: ActorInfo["state"];
  /** In words, what it waits for. */
  readonly waits?: string;
  readonly items: number;
  readonly bytes: number;
  readonly reductions?: number;
  readonly memory?: number;
  readonly links: number;
  readonly ageMs: number;
}

export interface TreeRow extends ActorRow {
  readonly depth: number;
  /** Its id among its supervisor's children. */
  readonly id?: string;
  readonly strategy?: string;
  /** Since the observer began. */
  readonly restarts: number;
}

export interface ActorRef {
  readonly pid: string;
  readonly label: string;
}

export interface ActorDetail extends ActorRow {
  readonly groups: readonly string[];
  readonly names: readonly string[];
  readonly way?: string;
  readonly timers: number;
  readonly strategy?: string;
  readonly parent?: ActorRef;
  readonly supervisor?: ActorRef & { readonly id: string };
  readonly linkedTo: readonly ActorRef[];
  readonly monitors: readonly ActorRef[];
  readonly monitoredBy: readonly ActorRef[];
  /** The first of them. */
  readonly mailbox: readonly ItemRow[];
  readonly events: readonly EventRow[];
}

/** What is known of an actor that has ended. */
export interface EndedDetail {
  readonly pid: string;
  readonly ended?: EndRow;
  /** Who has one of its names now. */
  readonly successors: readonly ActorRef[];
  readonly events: readonly EventRow[];
}

export interface ItemRow {
  readonly kind: WaitingItem["kind"];
  readonly from: ActorRef;
  readonly tag: number;
  readonly ref: number;
  readonly reason?: string;
  readonly length: number;
  readonly payload: Payload;
}

/** The first bytes of something. */
export interface Payload {
  readonly hex: string;
  /** Where the bytes are text. */
  readonly text?: string;
  /** There are more than these. */
  readonly cut: boolean;
}

/** An end other than normal and shutdown. */
export interface EndRow {
  readonly index: number;
  readonly atMs: number;
  readonly pid: string;
  readonly name: string;
  readonly module?: string;
  readonly kind: string;
  readonly reason: string;
  readonly stack: string;
  readonly last?: ItemRow;
  /** Whose child it was, and what its supervisor has done about it. */
  readonly child?: { readonly id: string; readonly supervisor: string; readonly action: string };
}

export interface EventRow {
  readonly index: number;
  readonly atMs: number;
  readonly kind: "spawn" | "exit" | "dead-letter" | "log" | "register" | "unregister" | "child" | "report";
  readonly level?: LogLevel;
  readonly pid: string;
  readonly text: string;
}
