/** What the embedder is told: the counters, and one type for each thing that can happen. Types only. */
import type { Grants } from "./grants.ts";
import type { ExitReason, Received } from "./message.ts";
import type { Pid } from "./pid.ts";

export type LogLevel = "debug" | "info" | "warning" | "error";

/** Totals since the runtime began. Doubles, so that counting never allocates. */
export interface Counters {
  /** Messages accepted into a mailbox or a window. */
  sent: number;
  /** Messages taken out by their receiver. */
  received: number;
  /** Messages refused, or left behind by an actor that ended. */
  dead: number;
  /** Calls of guests that were not granted, and pids and refs that they guessed. */
  denied: number;
  /** Lines, dead letters and names that `onLog`, `onDeadLetter` and listeners were not told of, because one turn had caused too many. */
  untold: number;
  /** Guests. */
  spawned: number;
  /** Guests and host mailboxes. */
  ended: number;
  /** Turns that the clock has cut short: the actor gave way, or crashed (docs/reductions.md). */
  turnsCut: number;
}

/** A message that nobody will receive. */
export interface DeadLetter {
  /** Who sent it; 0 is the host. */
  readonly from: Pid;
  readonly to: Pid;
  readonly tag: number;
  readonly length: number;
  /** There is no such actor; a bound of its mailbox; nobody waits for this answer, or not from this sender; its receiver ended before it took it. */
  readonly why: "noproc" | "mailbox full" | "too large" | "late reply" | "left behind";
}

/** An actor's end, as the host observes it. */
export interface ActorExit {
  readonly pid: Pid;
  /** The module's name, or undefined for a host mailbox. */
  readonly module: string | undefined;
  /** Under which it was registered; absent where it had no name. */
  readonly name?: string;
  readonly reason: ExitReason;
  /** Of a crash: the item that the actor took last, as far as its window still shows it, up to 1 KiB of its payload. */
  readonly lastReceived?: Received;
}

/** A guest called what it is not granted. */
export interface Denial {
  readonly pid: Pid;
  /** The module's name. */
  readonly module: string;
  /** What it called: `log`, or a function of the embedder's, `db.get`. */
  readonly call: string;
  /** What would permit it. */
  readonly grant: keyof Grants;
}

/**
 * A child has ended unasked, or could not be started again. The reason of a crash carries its stack; `RuntimeOptions.onExit` tells what it
 * received last.
 */
export interface ChildReport {
  readonly supervisor: Pid;
  readonly id: string;
  /** Who has ended; undefined where a start failed and there was nobody. */
  readonly pid: Pid | undefined;
  readonly reason: ExitReason;
  /** What the supervisor does about it. */
  readonly action: "restart" | "leave" | "give up";
}

/**
 * Something that has happened; `atMs` is on the runtime's clock. `number`: events of a runtime are numbered from 1, in the order in which they happened
 * and are told. An end happens, in this order, when it is told: after the dead letters of the actor's mailbox.
 */
export type InspectEvent = { readonly number: number; readonly atMs: number } & (
  | {
      readonly kind: "spawn";
      readonly pid: Pid;
      /** Undefined for a host mailbox. */
      readonly module: string | undefined;
      readonly entry: string | undefined;
      /** Who has spawned it; 0 is the host. */
      readonly parent: Pid;
    }
  /** `names` are those that it had to its end; they are free again. */
  | ({ readonly kind: "exit"; readonly names: readonly string[] } & ActorExit)
  | ({ readonly kind: "dead-letter" } & DeadLetter)
  | { readonly kind: "log"; readonly pid: Pid; readonly level: LogLevel; readonly text: string }
  | { readonly kind: "register" | "unregister"; readonly name: string; readonly pid: Pid }
  /** A supervisor of the host's has started a child, or has stopped it. What ends unasked is told by `report`. */
  | {
      readonly kind: "child";
      readonly supervisor: Pid;
      readonly id: string;
      readonly pid: Pid;
      readonly what: "started" | "stopped";
    }
  /** A child of a supervisor of the host's has ended unasked, or could not be started again. */
  | { readonly kind: "report"; readonly report: ChildReport }
  /** One turn has caused more lines, dead letters, or names than are told: so many of them were dropped. */
  | { readonly kind: "dropped"; readonly what: "log" | "dead-letter" | "name"; readonly count: number }
);

export type InspectKind = InspectEvent["kind"];
