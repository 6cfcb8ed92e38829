/** What the embedder is told: the counters, and one type for each event. Types only. */
import type { Grants } from "./grants.ts";
import type { ExitReason, Received } from "./message.ts";
import type { Pid } from "./pid.ts";
import type { Recording } from "./recording.ts";

/** The level of a log line. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** Totals since the runtime began. They are doubles, so that counting never allocates. */
export interface Counters {
  /** Messages accepted into a mailbox or a window. */
  sent: number;
  /** Messages that their receiver has taken. */
  received: number;
  /** Messages that were refused, or that were still in the mailbox when their receiver ended. */
  dead: number;
  /** Calls of guests that were not granted, and pids and refs that guests guessed. */
  denied: number;
  /**
   * Log lines, dead letters and changes of names that were not told, because one turn caused too
   * many.
   */
  untold: number;
  /** Guests that were spawned. */
  spawned: number;
  /** Guests and host mailboxes that have ended. */
  ended: number;
  /** How often an actor has left its instance, and its state has become an image (docs/hibernation.md). */
  hibernated: number;
  /** How often an image was loaded into an instance. */
  loaded: number;
  /** Turns that the clock has ended early: the actor gave way, or crashed (docs/reductions.md). */
  turnsCut: number;
}

/** A message that no actor will receive. */
export interface DeadLetter {
  /** The sender; 0 is the host. */
  readonly from: Pid;
  readonly to: Pid;
  readonly tag: number;
  readonly length: number;
  /**
   * Why the message was not received. `noproc`: there is no such actor. `mailbox full`,
   * `too large`: a limit of the receiver's mailbox. `late reply`: no actor waits for this answer,
   * or not from this sender. `left behind`: the receiver ended before it took the message.
   */
  readonly why: "noproc" | "mailbox full" | "too large" | "late reply" | "left behind";
}

/** An actor's end, as `onExit` is told of it. */
export interface ActorExit {
  readonly pid: Pid;
  /** The module's name. Undefined for a host mailbox. */
  readonly module: string | undefined;
  /** The name under which the actor was registered. Absent where it had none. */
  readonly name?: string;
  readonly reason: ExitReason;
  /**
   * For a crash that the host has seen: the item that the actor took last, as far as its window
   * still shows it, with at most 1 KiB of its payload.
   */
  readonly lastReceived?: Received;
  /** For a crash of an actor that was recorded: what `isopod replay` plays (docs/replay.md). */
  readonly recording?: Recording;
}

/** A guest called an import that it is not granted. */
export interface Denial {
  readonly pid: Pid;
  /** The module's name. */
  readonly module: string;
  /** The import that it called: `log`, or a function of the embedder, `db.get`. */
  readonly call: string;
  /** The grant that would permit the call. */
  readonly grant: keyof Grants;
}

/**
 * A supervisor's report: a child has ended without being asked to, or could not be started again.
 * The reason of a crash has its stack. `RuntimeOptions.onExit` tells what the child received last.
 */
export interface ChildReport {
  readonly supervisor: Pid;
  readonly id: string;
  /** The child that has ended. Undefined where a start failed, so that there was no process. */
  readonly pid: Pid | undefined;
  readonly reason: ExitReason;
  /** What the supervisor does: start the child again, leave it ended, or end itself. */
  readonly action: "restart" | "leave" | "give up";
}

/**
 * An event of a runtime. `atMs` is the time on the runtime's clock, in milliseconds. `number`
 * counts the events from 1, in the order in which they happened and are told. An actor's end is
 * told after the dead letters of its mailbox.
 */
export type InspectEvent = { readonly number: number; readonly atMs: number } & (
  | {
      readonly kind: "spawn";
      readonly pid: Pid;
      /** The module's name. Undefined for a host mailbox. */
      readonly module: string | undefined;
      readonly entry: string | undefined;
      /** The actor that has spawned it; 0 is the host. */
      readonly parent: Pid;
    }
  /** `names` are the names that the actor had until its end. They are free again. */
  | ({ readonly kind: "exit"; readonly names: readonly string[] } & ActorExit)
  | ({ readonly kind: "dead-letter" } & DeadLetter)
  | { readonly kind: "log"; readonly pid: Pid; readonly level: LogLevel; readonly text: string }
  | { readonly kind: "register" | "unregister"; readonly name: string; readonly pid: Pid }
  /**
   * A supervisor of the host has started or stopped a child. An end without being asked is a
   * `report`.
   */
  | {
      readonly kind: "child";
      readonly supervisor: Pid;
      readonly id: string;
      readonly pid: Pid;
      readonly what: "started" | "stopped";
    }
  /**
   * A child of a supervisor of the host has ended without being asked to, or could not be started
   * again.
   */
  | { readonly kind: "report"; readonly report: ChildReport }
  /**
   * One turn caused more log lines, dead letters or changes of names than are told. `count` were
   * dropped.
   */
  | { readonly kind: "dropped"; readonly what: "log" | "dead-letter" | "name"; readonly count: number }
);

/** The kind of an event. */
export type InspectKind = InspectEvent["kind"];
