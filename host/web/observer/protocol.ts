/**
 * The JSON that the observer's server sends to its page and to `isopod top`. Pids are texts, as
 * `formatPid` prints them. Times are in milliseconds.
 */
import type { ActorInfo, Counters, FollowedMessage, InspectKind, LogLevel, Totals, WaitingItem } from "../../index.ts";

/** The runtime as a whole. */
export interface Overview {
  /** Since 1970. */
  readonly nowMs: number;
  /** How long the observer has been running. */
  readonly observedMs: number;
  readonly process: string;
  readonly counters: Counters;
  readonly guests: number;
  readonly actors: number;
  /** How many of them are in each state. */
  readonly states: Totals["states"];
  readonly runQueue: number;
  readonly mailboxItems: number;
  readonly mailboxBytes: number;
  readonly memoryBytes: number;
  /** The samples after the one that the request names, the oldest first. */
  readonly samples: readonly Sample[];
  /** How many exits had a reason other than normal and shutdown. */
  readonly crashes: number;
  /** The share of the thread that the turns of all guests take, from 0 to 1. Absent in the first second. */
  readonly cpu?: number;
  /** The pids of the actors that are followed. */
  readonly followed: readonly string[];
}

/** The rates and delays of one second. */
export interface Sample {
  /** Counts up. The next request names it, to get only later samples. */
  readonly index: number;
  readonly atMs: number;
  readonly sentPerSecond: number;
  readonly receivedPerSecond: number;
  readonly deadPerSecond: number;
  readonly spawnedPerSecond: number;
  readonly endedPerSecond: number;
  /**
   * How long probes waited in the run queue: the median and the longest. Null where no probe came
   * back.
   */
  readonly queueMedianMs: number | null;
  readonly queueMaxMs: number | null;
  /** The longest delay of the observer's own timers. */
  readonly timerMaxMs: number;
}

/** Part of a list. */
export interface Page<T> {
  /** Rows of the whole list. */
  readonly total: number;
  /** The index of the first row in the list. */
  readonly from: number;
  readonly rows: readonly T[];
}

/**
 * Part of the list of actors: at most 1,000, which are sorted and filtered by the server. In the order
 * of pids, another list may follow.
 */
export interface ActorPage extends Page<ActorRow> {
  /** All live actors. */
  readonly alive: number;
  /** Those that the filter shows, in this list and in others. */
  readonly matching: number;
  /** The pid at which the next list begins. */
  readonly next?: string;
  /** Whether any actor's reductions are counted. */
  readonly hasReductions: boolean;
}

/** Actors that stand below one. */
export interface TreePage {
  /** How many there are. */
  readonly total: number;
  readonly rows: readonly TreeRow[];
  /** The pid at which the next page begins. */
  readonly next?: string;
}

/** Crashes, the newest first. Equal ones, of one module and for one reason, are one row. */
export interface EndPage {
  readonly rows: readonly EndGroup[];
  /** Whether older ones are kept. */
  readonly hasOlder: boolean;
}

/** The keys that the list of actors can be sorted by. */
export const sortKeys = [
  "pid",
  "name",
  "module",
  "state",
  "items",
  "bytes",
  "rate",
  "cpu",
  "reductions",
  "memory",
  "resident",
  "image",
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
  readonly language?: NonNullable<ActorInfo["language"]>;
  readonly state: ActorInfo["state"];
  /** What it waits for, in words. */
  readonly waits?: string;
  readonly items: number;
  readonly bytes: number;
  /** How many items came to its mailbox in each of the last seconds. Only in the list of actors, from its second second on. */
  readonly rate?: number;
  /**
   * The share of the thread that its turns take, from 0 to 1, lately: an estimate. Only of guests, and from the
   * second second on.
   */
  readonly cpu?: number;
  readonly reductions?: number;
  readonly memory?: number;
  /** Whether it has an instance. Absent for the host's own. */
  readonly resident?: boolean;
  /** Why it keeps its instance. */
  readonly pinned?: string;
  /** The bytes of its image, if it has no instance. */
  readonly image?: number;
  readonly links: number;
  readonly ageMs: number;
}

export interface TreeRow extends ActorRow {
  /** How many actors stand below it. */
  readonly children: number;
  /** Its id among its supervisor's children. */
  readonly id?: string;
  readonly strategy?: string;
  /** Its restarts since the observer began. */
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
  /** The first items of the mailbox. */
  readonly mailbox: readonly ItemRow[];
  /** Its last messages, the oldest first. Absent if it is not followed. */
  readonly messages?: readonly MessageRow[];
  readonly events: readonly EventRow[];
}

/** An actor that has ended. */
export interface EndedDetail {
  readonly pid: string;
  readonly ended?: EndRow;
  /** The actors that have its names now. */
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

/** A message that an actor which is followed has sent, or was sent. */
export interface MessageRow {
  /** Counts the messages of all actors that are followed. Between two rows, others may not be kept any more. */
  readonly number: number;
  readonly atMs: number;
  readonly from: ActorRef;
  readonly to: ActorRef;
  readonly kind: FollowedMessage["kind"];
  readonly tag: number;
  readonly ref: number;
  readonly length: number;
  readonly payload: Payload;
  /** Why it was not accepted. */
  readonly refused?: string;
}

/** The last messages of all actors that are followed, the oldest first. */
export interface MessagePage {
  /** In the order in which a reader began to follow them. */
  readonly followed: readonly ActorRef[];
  readonly rows: readonly MessageRow[];
}

export interface FollowResult {
  /** Why the actor is not followed. */
  readonly error?: string;
}

/** The first bytes of a payload. */
export interface Payload {
  readonly hex: string;
  /** The bytes as text. Absent where they are not text. */
  readonly text?: string;
  /** Whether the payload is longer. */
  readonly cut: boolean;
}

/** An exit with a reason other than normal and shutdown. */
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
  /** The name for the file of its recording, which can be saved. */
  readonly recording?: string;
  /** Its id and supervisor, if it was a child, and what the supervisor did. */
  readonly child?: { readonly id: string; readonly supervisor: string; readonly action: string };
}

/** The newest of equal crashes. */
export interface EndGroup extends EndRow {
  /** How many are kept. */
  readonly times: number;
  readonly firstMs: number;
  /** The pids of others, the newest first; not more than a few. */
  readonly others: readonly string[];
}

/** What the list of events can be narrowed to. */
export const eventFilters = {
  log: ["log"],
  spawns: ["spawn"],
  ends: ["exit"],
  "dead letters": ["dead-letter"],
  names: ["register", "unregister"],
  supervisors: ["child", "report"],
} as const;

export interface EventRow {
  readonly index: number;
  readonly atMs: number;
  readonly kind: InspectKind;
  readonly level?: LogLevel;
  readonly pid: string;
  /** The actor's name, or else its module. Absent where that is not known, or stands in the text. */
  readonly label?: string;
  readonly text: string;
}

/** What a reader sends to an actor. */
export interface SendRequest {
  readonly text: string;
  /**
   * What the text is: itself, JSON that is checked and sent as it is, JSON or a text that is sent as CBOR, or
   * bytes as hex digits.
   */
  readonly format: "text" | "json" | "value" | "hex";
  readonly tag: number;
  /** Whether an answer is waited for. */
  readonly isCall: boolean;
}

/** What has become of it. Without an error and an answer, a message was accepted. */
export interface SendResult {
  readonly answer?: Payload;
  /** How long the answer took. */
  readonly tookMs?: number;
  /** Why there is no answer, or why the message was not accepted. */
  readonly error?: string;
}
