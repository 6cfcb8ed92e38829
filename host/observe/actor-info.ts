/** What those outside see of one live actor, as plain data. */

import type { Actor } from "../actor/actor.ts";
import { imageBytesOf, isResident, leftReductions, memoryBytesOf, pinnedBy } from "../actor/residence.ts";
import { moduleNameOf } from "../actor/spec.ts";
import { ownerOf, partnerOf, targetOf, tiesOfKind, watchersOf } from "../between/ties.ts";
import type { Strategy } from "../javascript/child.ts";
import { LINK, MONITOR } from "../kernel/tie-words.ts";
import { PARKED, READY, RUNNING } from "../kernel/words.ts";
import type { Want } from "../mail/states.ts";
import type { WayName } from "../wire/limits.ts";
import type { Pid } from "../wire/pid.ts";

/** One live actor. */
export interface ActorInfo {
  readonly pid: Pid;
  /**
   * A guest, or one of the host's own: a mailbox, a supervisor, or the actor that waits for
   * `runtime.call`.
   */
  readonly kind: "guest" | "mailbox" | "supervisor" | "calls";
  readonly names: readonly string[];
  readonly groups: readonly string[];
  /** The name of the guest's module; undefined for the host's own. */
  readonly module: string | undefined;
  readonly entry: string | undefined;
  /** Of a guest in a language that its module's engine runs, such as the scripts of `isopod/js`. */
  readonly language: "javascript" | undefined;
  readonly way: WayName | undefined;
  /** `idle`: a host mailbox whose code does not receive at the moment. */
  readonly state: "ready" | "running" | "parked" | "idle";
  /** What a parked guest waits for. */
  readonly waits: Wait | undefined;
  readonly mailboxItems: number;
  /** The bytes of the payloads. */
  readonly mailboxBytes: number;
  /**
   * How many items have come to its mailbox, modulo 2^32: messages, timers and signals. Since it was
   * spawned, or since `SnapshotOptions.since`.
   */
  readonly arrivals: number;
  /**
   * The milliseconds that its turns took in the window of `SnapshotOptions.turns`: an estimate. Undefined
   * without that option, and for the host's own.
   */
  readonly turnMs: number | undefined;
  /** The size of a guest's memory; undefined for the host's own. */
  readonly memoryBytes: number | undefined;
  /** Whether a guest has an instance at the moment; undefined for the host's own. */
  readonly resident: boolean | undefined;
  /**
   * Why a guest keeps its instance, in words. Undefined where it can leave it, or has none
   * (docs/hibernation.md).
   */
  readonly pinned: string | undefined;
  /**
   * The bytes of its image, if a guest has no instance: 0 before its first turn. Undefined where it has an
   * instance.
   */
  readonly imageBytes: number | undefined;
  /**
   * The reductions that it has spent since its spawn; undefined if its module does not count them.
   */
  readonly reductions: number | undefined;
  readonly ageMs: number;
  readonly links: readonly Pid[];
  /** The actors that it monitors, and those that monitor it, once for each monitor. */
  readonly monitors: readonly Pid[];
  readonly monitoredBy: readonly Pid[];
  /** How many timers it has set that have not fired. */
  readonly timers: number;
  /**
   * The guest that has spawned it, or the host's supervisor that has started it, dead or alive. 0
   * is the host.
   */
  readonly parent: Pid;
  /** The host's supervisor whose child it is, and its id there. */
  readonly supervisor: { readonly pid: Pid; readonly id: string } | undefined;
  /** A supervisor's strategy; undefined for other actors. */
  readonly strategy: Strategy | undefined;
  /**
   * How many live actors `SnapshotOptions.parent` finds below it. Undefined unless
   * `SnapshotOptions.countChildren` asks for it.
   */
  readonly children: number | undefined;
}

/** What a parked guest waits for. */
export interface Wait {
  readonly for: "any" | "tag" | "predicate" | "ref" | "answer";
  /** The tag, or the predicate's number. */
  readonly value: number | undefined;
  /** The time until it times out; undefined without a timeout. */
  readonly leftMs: number | undefined;
}

const states = { [READY]: "ready", [RUNNING]: "running", [PARKED]: "parked" } as const;
const wants = ["any", "tag", "predicate", "ref", "answer"] as const satisfies Record<Want, Wait["for"]>;

/** What an actor does not know of itself. */
export type Place = Pick<ActorInfo, "kind" | "supervisor" | "strategy" | "children" | "arrivals" | "turnMs">;

export function infoOf(actor: Actor, nowMs: number, place: Place): ActorInfo {
  const { kind, supervisor, strategy, children, arrivals, turnMs } = place;
  const { pid, parent, module, mailbox, belongings, spec } = actor;
  return {
    pid,
    kind,
    names: listOf(belongings?.names),
    groups: listOf(belongings?.groups),
    module: moduleNameOf(spec),
    entry: module === null ? undefined : actor.entry,
    language: spec.template?.language,
    way: spec.way === "host" ? undefined : spec.way,
    state: module === null && actor.state === RUNNING ? "idle" : states[actor.state as keyof typeof states],
    waits: waitOf(actor, nowMs),
    mailboxItems: mailbox.count,
    mailboxBytes: mailbox.bytes,
    arrivals,
    turnMs,
    memoryBytes: memoryBytesOf(actor),
    resident: isResident(actor),
    pinned: pinnedBy(actor),
    imageBytes: imageBytesOf(actor),
    reductions: reductionsOf(actor),
    ageMs: nowMs - actor.bornMs,
    links: tiesOfKind(actor, LINK).map(tie => partnerOf(actor, tie).pid),
    monitors: tiesOfKind(actor, MONITOR).map(tie => targetOf(actor, tie).pid),
    monitoredBy: watchersOf(actor).map(tie => ownerOf(actor, tie).pid),
    timers: belongings?.timers?.size ?? 0,
    parent,
    supervisor,
    strategy,
    children,
  };
}

/** Many actors have no names and groups: they share one empty list. */
const none: readonly never[] = [];

function listOf<T>(set: ReadonlySet<T> | null | undefined): readonly T[] {
  return set == null || set.size === 0 ? none : [...set];
}

export function reductionsOf(actor: Actor): number | undefined {
  if (actor.spec.reductions === null) return undefined;
  return Math.max(0, actor.given - leftReductions(actor));
}

function waitOf(actor: Actor, nowMs: number): Wait | undefined {
  const { want, wanted, deadlineMs } = actor;
  if (actor.module === null || actor.state !== PARKED) return undefined;
  const what = wants[want];
  return {
    for: what,
    value: what === "tag" || what === "predicate" ? wanted : undefined,
    leftMs: deadlineMs === Number.POSITIVE_INFINITY ? undefined : Math.max(0, deadlineMs - nowMs),
  };
}
