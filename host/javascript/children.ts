/** The children of a supervisor: how each is started, linked to the supervisor, named and stopped. */

import type { Actor } from "../actor/actor.ts";
import type { SpawnOptions } from "../life/spawn-options.ts";
import type { DerivedModule } from "../module/derived-module.ts";
import type { GuestModule } from "../module/guest-module.ts";
import { ClosedError, SpawnError } from "../wire/errors.ts";
import type { ChildReport } from "../wire/events.ts";
import type { ExitReason, GivenReason, Received } from "../wire/message.ts";
import { formatPid, type Pid } from "../wire/pid.ts";
import { type ChildSpec, type Strategy, spawnOptionsOf } from "./child.ts";
import type { HostMailbox } from "./host-mailbox.ts";

/** A child: its specification, and its present state. */
export interface Child {
  readonly spec: ChildSpec;
  /** Undefined while the child does not run: it has ended and was left, or waits for its restart. */
  pid: Pid | undefined;
  /** Why its last start failed. The child waits to be tried again (OTP: `restarting`). */
  failure: ExitReason | undefined;
  /** The timer of a delayed restart; else 0. */
  timer: number;
}

/** The part of a runtime that a supervisor uses. */
export interface SupervisedRuntime {
  mailbox(): HostMailbox;
  spawn(module: GuestModule | DerivedModule | string, options?: SpawnOptions): Pid;
  exited(pid: Pid): Promise<ExitReason>;
  exit(pid: Pid, reason: GivenReason): boolean;
  kill(pid: Pid): boolean;
  isAlive(pid: Pid): boolean;
  register(name: string, pid: Pid): boolean;
  whereis(name: string): Pid | undefined;
}

/** What a runtime does for its supervisors. */
export interface Upkeep {
  now(): number;
  /** Makes the supervisor the parent of a child that the host has spawned. */
  adopt(child: Pid, supervisor: Actor): void;
  /** Tells the listeners of `inspect`. */
  told(supervisor: Pid, id: string, child: Pid, what: "started" | "stopped"): void;
  /** Tells `onReport` and the listeners of `inspect`. */
  report(report: ChildReport): void;
}

const DEFAULT_SHUTDOWN_MS = 5000;

/** The list of children, and the operations on it that every strategy uses. */
export class Children {
  readonly #runtime: SupervisedRuntime;
  readonly #mailbox: HostMailbox;
  readonly #upkeep: Upkeep;
  /** In the order of their starts. */
  #list: Child[] = [];

  constructor(runtime: SupervisedRuntime, mailbox: HostMailbox, upkeep: Upkeep) {
    this.#runtime = runtime;
    this.#mailbox = mailbox;
    this.#upkeep = upkeep;
  }

  /** In the order of their starts. */
  get list(): readonly Child[] {
    return this.#list;
  }

  /** Adds a child, which does not run yet. */
  add(spec: ChildSpec, pid?: Pid): Child {
    const child = { spec, pid, failure: undefined, timer: 0 };
    this.#list.push(child);
    return child;
  }

  withId(id: string): Child | undefined {
    return this.#list.find(({ spec }) => spec.id === id);
  }

  /** The children that a strategy restarts together with this one. */
  concernedBy(child: Child, strategy: Strategy): readonly Child[] {
    if (strategy === "one_for_one") return [child];
    return this.#list.slice(strategy === "one_for_all" ? 0 : this.#list.indexOf(child));
  }

  /** Starts children in order, up to the first that fails. Returns a promise where a start does. */
  startAll(
    children: readonly Child[],
    failed: (child: Child, error: unknown) => void,
    first = 0,
  ): Promise<void> | undefined {
    for (let i = first; i < children.length; i++) {
      const child = children[i];
      try {
        const pid = this.start(child.spec);
        if (typeof pid !== "number") {
          return pid.then(
            arrived => {
              child.pid = arrived;
              return this.startAll(children, failed, i + 1);
            },
            error => failed(child, error),
          );
        }
        child.pid = pid;
      } catch (error) {
        failed(child, error);
        return undefined;
      }
    }
    return undefined;
  }

  start(spec: ChildSpec): Pid | Promise<Pid> {
    if (!this.#mailbox.isOpen) throw this.ended();
    const { start } = spec;
    const pid = typeof start === "function" ? start() : this.#runtime.spawn(start, spawnOptionsOf(spec));
    return typeof pid === "object" && pid !== null
      ? Promise.resolve(pid).then(arrived => this.#take(spec, arrived))
      : this.#take(spec, pid);
  }

  /** Links a new child to the supervisor, and registers its name. */
  #take(spec: ChildSpec, pid: Pid): Pid {
    const { id, name } = spec;
    if (!Number.isSafeInteger(pid) || pid <= 0) {
      throw new TypeError(
        `the start of child ${id} gave ${String(pid)}: return the pid of the actor that it has started`,
      );
    }
    const twin = this.#list.find(child => child.pid === pid);
    if (twin !== undefined) {
      throw new SpawnError(`the start of child ${id} gave ${formatPid(pid)}, which is child ${twin.spec.id} already`);
    }
    if (!this.#mailbox.isOpen) {
      this.#runtime.kill(pid);
      throw this.ended();
    }
    this.#upkeep.adopt(pid, this.#mailbox.actor);
    this.#mailbox.link(pid);
    if (name !== undefined && !this.#runtime.register(name, pid)) {
      this.#mailbox.unlink(pid);
      this.#runtime.kill(pid);
      throw new SpawnError(`child ${id} cannot be called ${name}: ${this.#owner(name)}`);
    }
    this.#upkeep.told(this.#mailbox.pid, id, pid, "started");
    return pid;
  }

  #owner(name: string): string {
    const owner = this.#runtime.whereis(name);
    return owner === undefined ? "it ended at once" : `${formatPid(owner)} has that name`;
  }

  /**
   * Asks a child to shut down, waits, then kills it. It waits for a Down, which also comes where
   * the child has removed its link (so does OTP). All other items stay in the mailbox.
   */
  async stop(child: Child): Promise<void> {
    this.cancelRestart(child);
    const { pid } = child;
    if (pid === undefined) return;
    const { shutdown = DEFAULT_SHUTDOWN_MS } = child.spec;
    const ref = this.#mailbox.monitor(pid);
    const itsDown = (item: Received) => item.kind === "down" && item.ref === ref;
    let ended: Received | undefined;
    if (shutdown !== "kill") {
      this.#mailbox.exit(pid, { kind: "shutdown" });
      const timeout = shutdown === Number.POSITIVE_INFINITY ? {} : { timeoutMs: shutdown };
      ended = await this.#mailbox.receiveMatch(itsDown, timeout);
    }
    if (ended === undefined) {
      this.#mailbox.exit(pid, { kind: "killed" });
      await this.#mailbox.receiveMatch(itsDown);
    }
    await this.#mailbox.receiveMatch(item => item.kind === "exit" && item.from === pid, { timeoutMs: 0 });
    child.pid = undefined;
    this.#upkeep.told(this.#mailbox.pid, child.spec.id, pid, "stopped");
  }

  async stopAll(children: readonly Child[]): Promise<void> {
    for (const child of [...children].reverse()) await this.stop(child);
  }

  /**
   * Ends the supervisor and the children started so far. There is no time to wait for children that
   * trap exits.
   */
  abandon(): void {
    for (const { pid } of [...this.#list].reverse()) {
      if (pid === undefined) continue;
      this.#mailbox.exit(pid, { kind: "shutdown" });
      this.#mailbox.exit(pid, { kind: "killed" });
    }
    this.#mailbox.end({ kind: "shutdown" });
  }

  /** Cancels a restart for which a child waits. */
  cancelRestart(child: Child): void {
    child.failure = undefined;
    if (child.timer !== 0) this.#mailbox.cancelTimer(child.timer);
    child.timer = 0;
  }

  forget(child: Child): void {
    this.#list = this.#list.filter(other => other !== child);
  }

  ended(): ClosedError {
    return new ClosedError(`supervisor ${formatPid(this.#mailbox.pid)} has ended: start another`);
  }
}
