/**
 * Snapshots of a runtime, and the first file of the room host/observe/: what those outside see. The
 * room imports javascript/ and the rooms before it. It guarantees that a look makes plain data,
 * that it takes nothing out of a mailbox and changes no actor, and that it costs nothing while no
 * one looks.
 */

import { type Accounting, type Actor, type TurnServices, totals } from "../actor/actor.ts";
import { ownerOf, partnerOf, targetOf, tiesOfKind, watchersOf } from "../between/ties.ts";
import type { Strategy } from "../javascript/child.ts";
import type { Supervisor } from "../javascript/supervisor.ts";
import { LINK, MONITOR, PARKED, QUEUE_LENGTH, READY, RUNNING } from "../kernel/words.ts";
import type { Actors } from "../mail/actors.ts";
import { NONE } from "../mail/mailbox.ts";
import type { Want } from "../mail/states.ts";
import type { Runnable } from "../time/scheduler.ts";
import { checksOf, wholeNumber } from "../wire/checks.ts";
import type { Counters } from "../wire/events.ts";
import type { WayName } from "../wire/limits.ts";
import type { MemoryUse } from "../wire/memory-use.ts";
import { DOWN, EXIT, type ExitReason, MESSAGE, ReasonCode, type Received } from "../wire/message.ts";
import { type Pid, pidFromWords } from "../wire/pid.ts";

/** The state of a runtime at one moment. */
export interface Snapshot {
  /** When it was made, on the runtime's clock. */
  readonly atMs: number;
  readonly counters: Readonly<Counters>;
  /** Actors that wait for a turn. */
  readonly runQueue: number;
  /** Memory in use, as the limits `allMemoryBytes` and `allMailboxBytes` count it. */
  readonly memory: MemoryUse;
  /** Live actors, host mailboxes included, in the order of their slots. */
  readonly actors: readonly ActorInfo[];
}

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
  readonly way: WayName | undefined;
  /** `idle`: a host mailbox whose code does not receive at the moment. */
  readonly state: "ready" | "running" | "parked" | "idle";
  /** What a parked guest waits for. */
  readonly waits: Wait | undefined;
  readonly mailboxItems: number;
  /** The bytes of the payloads. */
  readonly mailboxBytes: number;
  /** The size of a guest's memory; undefined for the host's own. */
  readonly memoryBytes: number | undefined;
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
}

/** What a parked guest waits for. */
export interface Wait {
  readonly for: "any" | "tag" | "predicate" | "ref" | "answer";
  /** The tag, or the predicate's number. */
  readonly value: number | undefined;
  /** The time until it times out; undefined without a timeout. */
  readonly leftMs: number | undefined;
}

/** An item in a mailbox, which stays there. */
export interface WaitingItem {
  readonly kind: Received["kind"];
  readonly from: Pid;
  readonly tag: number;
  readonly ref: number;
  /** The kind of the exit reason of a Down or an Exit; undefined for other items. */
  readonly reason: ExitReason["kind"] | undefined;
  /** The length of the whole payload. */
  readonly length: number;
  /** The beginning of the payload, as long as was asked for. */
  readonly bytes: Uint8Array;
}

export interface PeekOptions {
  /** How many items at most. Default 20. */
  readonly items?: number;
  /** How many bytes of each payload at most. Default 64. */
  readonly bytes?: number;
}

export const peekChecks = checksOf<PeekOptions>({ items: wholeNumber(0, 2 ** 31), bytes: wholeNumber(0, 2 ** 31) });

const states = { [READY]: "ready", [RUNNING]: "running", [PARKED]: "parked" } as const;
const wants = ["any", "tag", "predicate", "ref", "answer"] as const satisfies Record<Want, Wait["for"]>;
const kinds: Readonly<Record<number, WaitingItem["kind"]>> = { [MESSAGE]: "message", [DOWN]: "down", [EXIT]: "exit" };
const reasons = Object.keys(ReasonCode) as ExitReason["kind"][];

export class Snapshots {
  readonly #services: TurnServices & Accounting;
  readonly #actors: Actors<Actor>;
  /** The host's live supervisors. */
  readonly #supervisors = new Map<Pid, Supervisor>();
  readonly #probe: Runnable;
  /** When the probe was put into the run queue, and the promises that wait for it. */
  #probedAtMs = 0;
  #probing: ((delayMs: number | undefined) => void)[] = [];

  constructor(services: TurnServices & Accounting, actors: Actors<Actor>) {
    this.#services = services;
    this.#actors = actors;
    this.#probe = this.#makeProbe();
  }

  /** Adds a live supervisor. Returns a function to call when it has ended. */
  add(supervisor: Supervisor): () => void {
    this.#supervisors.set(supervisor.pid, supervisor);
    return () => void this.#supervisors.delete(supervisor.pid);
  }

  snapshot(): Snapshot {
    const { clock, kernel, account } = this.#services;
    const atMs = clock.now();
    const children = this.#children();
    const actors: ActorInfo[] = [];
    const runQueue = kernel.word(QUEUE_LENGTH);
    for (const actor of this.#actors) actors.push(this.#infoOf(actor, atMs, children));
    return { atMs, counters: totals(this.#services), runQueue, memory: account.use, actors };
  }

  infoOf(actor: Actor): ActorInfo {
    return this.#infoOf(actor, this.#services.clock.now(), this.#children());
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

  /** The supervisor of each child, by the child's pid. */
  #children(): ReadonlyMap<Pid, ActorInfo["supervisor"]> {
    const found = new Map<Pid, ActorInfo["supervisor"]>();
    for (const supervisor of this.#supervisors.values()) {
      for (const { id, pid } of supervisor.children) if (pid !== undefined) found.set(pid, { pid: supervisor.pid, id });
    }
    return found;
  }

  #infoOf(actor: Actor, nowMs: number, children: ReadonlyMap<Pid, ActorInfo["supervisor"]>): ActorInfo {
    const { pid, parent, module, mailbox, instance, belongings } = actor;
    const supervisor = this.#supervisors.get(pid);
    const kind =
      module !== null ? "guest" : actor.immune ? "calls" : supervisor === undefined ? "mailbox" : "supervisor";
    const left = Math.max(0, instance.counter?.value ?? 0);
    return {
      pid,
      kind,
      names: listOf(belongings?.names),
      groups: listOf(belongings?.groups),
      module: module?.name,
      entry: module === null ? undefined : actor.entry,
      way: actor.spec.way === "host" ? undefined : actor.spec.way,
      state: module === null && actor.state === RUNNING ? "idle" : states[actor.state as keyof typeof states],
      waits: waitOf(actor, nowMs),
      mailboxItems: mailbox.count,
      mailboxBytes: mailbox.bytes,
      memoryBytes: actor.bytes.memory?.buffer.byteLength,
      reductions:
        actor.spec.reductions === null || instance.counter === null ? undefined : Math.max(0, actor.given - left),
      ageMs: nowMs - actor.bornMs,
      links: tiesOfKind(actor, LINK).map(tie => partnerOf(actor, tie).pid),
      monitors: tiesOfKind(actor, MONITOR).map(tie => targetOf(actor, tie).pid),
      monitoredBy: watchersOf(actor).map(tie => ownerOf(actor, tie).pid),
      timers: belongings?.timers?.size ?? 0,
      parent,
      supervisor: children.get(pid),
      strategy: supervisor?.strategy,
    };
  }
}

/** Many actors have no names and groups: they share one empty list. */
const none: readonly never[] = [];

function listOf<T>(set: ReadonlySet<T> | null | undefined): readonly T[] {
  return set == null || set.size === 0 ? none : [...set];
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

/** The first items of a mailbox, in order of arrival. */
export function peek({ mailbox }: Actor, { items = 20, bytes = 64 }: PeekOptions): WaitingItem[] {
  const seen: WaitingItem[] = [];
  for (let at = mailbox.first(); at !== NONE && seen.length < items; at = mailbox.next(at)) {
    const { kind, tag, fromLo, fromHi, ref, reason, length } = mailbox.item(at);
    seen.push({
      kind: kinds[kind] ?? "timer",
      from: pidFromWords(fromLo, fromHi),
      tag,
      ref,
      reason: kind === DOWN || kind === EXIT ? reasons[reason] : undefined,
      length,
      bytes: mailbox.payload(at, bytes),
    });
  }
  return seen;
}
