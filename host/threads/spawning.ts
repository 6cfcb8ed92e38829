/**
 * Spawns on other threads. The pid is known at once, because each thread *lends* pids to the others: slots that
 * only the borrower spawns actors with. The spawn travels as a signal, before everything that is sent to its pid.
 *
 * Guarantee: an actor whose spawn fails there has ended. Whoever has a tie to it is told why.
 */
import type { Actor } from "../actor/actor.ts";
import type { Family } from "../actor/family.ts";
import type { Cbor } from "../adapters/codec.ts";
import type { Elsewhere } from "../life/elsewhere.ts";
import type { AnyModule } from "../life/modules.ts";
import type { Placement, SpawnOptions } from "../life/spawn-options.ts";
import { LimitError, SpawnError } from "../wire/errors.ts";
import { type Granted, type Grants, grantedBy } from "../wire/grants.ts";
import { type Limits, ofActor } from "../wire/limits.ts";
import type { ExitReason } from "../wire/message.ts";
import { highWord, lowWord, type Pid, pidFromWords } from "../wire/pid.ts";
import { reasonOfThrown } from "../wire/reason.ts";
import { LentPids } from "./lent-pids.ts";
import type { Library } from "./library.ts";
import type { Thread } from "./thread.ts";

/** Pids that a thread lends to each other one. Half of them are lent again at once. */
const LENT = 256;
/** Spawns that have failed, and whose reasons are remembered. */
const FAILED = 1_024;

/** What begins an actor on another thread. */
interface Order {
  readonly pid: Pid;
  /** The number of a module, or a defined name. */
  readonly module: number | string;
  readonly options: SpawnOptions;
  /** The guest that has spawned it, and its family. */
  readonly parent?: { readonly pid: Pid; readonly family: number };
}

export class Spawning implements Elsewhere {
  readonly #thread: Thread;
  readonly #library: Library;
  readonly #threads: number;
  /** The pids that this thread may spawn actors with, by the thread that lends them. */
  readonly #borrowed = new Map<number, Pid[]>();
  readonly #lent: LentPids;
  /** Lent pids that were used since the last ones were lent, by borrower. */
  readonly #used = new Map<number, number>();
  /** The families here of actors whose first ones were spawned from elsewhere, by the family's thread and address there. */
  readonly #branches = new Map<string, Family>();
  readonly #failed = new Map<Pid, ExitReason>();
  /** The thread on which the last actor was spread. */
  #last = 0;

  constructor(thread: Thread, library: Library, threads: number) {
    this.#thread = thread;
    this.#library = library;
    this.#threads = threads;
    this.#last = thread.number;
    this.#lent = new LentPids(thread.parts);
    const { agent, away, parts } = thread;
    agent.on("lend", (pids, { thread }) => {
      this.#borrowed.set(thread, [...(this.#borrowed.get(thread) ?? []), ...(pids as Pid[])]);
    });
    agent.on("spawn", (order, { thread }) => this.#carryOut(order as unknown as Order, thread));
    away.endOf = (lo, hi) => this.#failed.get(pidFromWords(lo, hi)) ?? { kind: "noproc" };
    parts.spawner.elsewhere = this;
    parts.services.specs.onFamilyGone = address => {
      for (const [key, family] of this.#branches) if (family.address === address) this.#branches.delete(key);
    };
  }

  /** Another thread may spawn here from now on. */
  opened(other: number): void {
    this.#lend(other, LENT);
  }

  lost(other: number): void {
    this.#borrowed.delete(other);
  }

  #lend(other: number, count: number): void {
    const pids = Array.from({ length: count }, () => this.#lent.lend());
    this.#used.set(other, 0);
    this.#tell(
      other,
      "lend",
      pids.filter(pid => pid !== undefined),
    );
  }

  #tell(other: number, name: string, body: Cbor): void {
    this.#thread.agent.tell({ thread: other, node: 0 }, name, body);
  }

  /** Where an actor with this placement begins; its own number: here. */
  threadFor(placement: Placement | undefined): number {
    if (placement === undefined || placement === "here") return this.#thread.number;
    if (placement !== "spread") return placement;
    const all = [this.#thread.number, ...this.#thread.others].sort((a, b) => a - b);
    this.#last = all.find(number => number > this.#last) ?? all[0];
    const isHere = this.#last === this.#thread.number || (this.#borrowed.get(this.#last)?.length ?? 0) === 0;
    return isHere ? this.#thread.number : this.#last;
  }

  /** Spawns an actor on another thread, for the host. `claim` reserves its name. */
  spawn(
    thread: number,
    module: AnyModule | string,
    options: SpawnOptions,
    claim: (name: string, pid: Pid) => boolean,
  ): Pid {
    const { args, thread: _, ...others } = options;
    const bytes = typeof args === "string" ? new TextEncoder().encode(args) : args;
    const order = bytes === undefined ? others : { ...others, args: bytes };
    const found = typeof module === "string" ? module : this.#library.numberOf(module);
    const pid = this.#borrow(thread);
    if (others.name !== undefined && !claim(others.name, pid)) {
      this.#borrowed.get(thread)?.push(pid);
      throw new SpawnError(`the actor cannot be called ${others.name}: another one has that name`);
    }
    this.#order(thread, { pid, module: found, options: order });
    return pid;
  }

  child(
    parent: Actor,
    name: string,
    placement: Placement,
    entry: string,
    args: Uint8Array,
    limits: Limits,
    granted: Granted,
  ): Actor | undefined {
    const thread = this.threadFor(placement);
    if (thread === this.#thread.number) return undefined;
    const family = parent.family;
    const kin = { pid: parent.pid, family: family?.address ?? 0 };
    const shared = family === null ? limits : this.#shareOf(family.limits, limits);
    const order = { entry, args, limits: ofActor(shared), grants: grantsOf(granted) };
    const pid = this.#borrow(thread);
    this.#order(thread, { pid, module: name, options: order, parent: kin });
    return this.#thread.away.standIns.get(lowWord(pid), highWord(pid));
  }

  /** A child's limits, with the part of its family's that another thread has. */
  #shareOf({ familyActors, spawnsPerSecond, logBytesPerSecond }: Limits, limits: Limits): Limits {
    const part = (limit: number) => Math.floor(limit / this.#threads);
    const share = { spawnsPerSecond: part(spawnsPerSecond), logBytesPerSecond: part(logBytesPerSecond) };
    return { ...limits, ...share, familyActors: Math.max(1, part(familyActors)) };
  }

  /** Takes one of the pids that a thread has lent. */
  #borrow(thread: number): Pid {
    const pids = this.#borrowed.get(thread);
    if (pids === undefined) throw new SpawnError(`there is no thread ${thread}, or it is lost`);
    const pid = pids.pop();
    if (pid !== undefined) return pid;
    throw new LimitError(
      `${LENT} spawns on thread ${thread} are under way: give the event loop a turn before the next one`,
    );
  }

  #order(thread: number, order: Order): void {
    this.#tell(thread, "spawn", order as unknown as Cbor);
  }

  /** Another thread spawns here. */
  #carryOut({ pid, module, options, parent }: Order, from: number): void {
    const { parts } = this.#thread;
    const used = (this.#used.get(from) ?? 0) + 1;
    this.#used.set(from, used);
    const key = `${from} ${parent?.family}`;
    const family = this.#branches.get(key) ?? null;
    const kin = parent === undefined ? null : { lo: lowWord(parent.pid), hi: highWord(parent.pid), family };
    try {
      const given = typeof module === "string" ? module : this.#library.at(module);
      const actor = this.#lent.use(pid, () => parts.spawner.spawnFor(kin, given, options, parts.imports));
      const branch = parent === undefined || family !== null ? null : actor?.family;
      if (branch) this.#branches.set(key, branch);
    } catch (error) {
      this.#noteFailure(pid, error);
      if (options.name !== undefined) parts.registry.shared?.release(options.name);
    }
    if (used >= LENT / 2) this.#lend(from, used);
  }

  #noteFailure(pid: Pid, error: unknown): void {
    this.#failed.set(pid, reasonOfThrown(error));
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > FAILED) this.#failed.delete(oldest);
    this.#thread.parts.notices.callOut.failed("a spawn for another thread", error);
  }
}

/** Grants as a spawn takes them. */
function grantsOf(granted: Granted): Grants | "all" {
  if (granted === grantedBy("all")) return "all";
  const names = (set: ReadonlySet<string> | "any") => (set === "any" ? set : [...set]);
  return { ...granted, spawn: names(granted.spawn), imports: names(granted.imports) };
}
