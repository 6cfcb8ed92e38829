/**
 * A model of OTP's supervisor. Programs end its processes and ask it to start and stop children; it
 * answers with what it does, in order. Its starts fail when they are told to.
 * otp-supervisor.test.ts compares it with OTP's own supervisor, supervisor.laws.test.ts compares
 * ours with it.
 */

import { fc } from "@fast-check/vitest";
import type { ChildReport, Restart, Strategy } from "../../host/index.ts";

interface ModelChild {
  readonly id: string;
  readonly restart: Restart;
  /** The process that the supervisor knows; 0 where it knows none. */
  pid: number;
  /** Its start failed, and it waits to be tried again (OTP: `restarting`). */
  restarting: boolean;
}

type Item =
  | { readonly kind: "exit"; readonly pid: number; readonly orderly: boolean }
  | { readonly kind: "retry"; readonly id: string }
  | { readonly kind: "start"; readonly id: string; readonly restart: Restart }
  | { readonly kind: "stop"; readonly id: string };

export class OtpSupervisor {
  /** `start a`, `fail a` (a start that failed), `stop a` (by the supervisor). */
  readonly trace: string[] = [];
  /** What became of requests. */
  readonly results: string[] = [];
  /** `a restart`, `a leave`, `a give up`; with a `!` before it where there was no process. */
  readonly reports: string[] = [];
  ended = false;
  readonly #strategy: Strategy;
  readonly #intensity: number;
  readonly #periodMs: number;
  #children: ModelChild[] = [];
  /** By id: how many of the next starts fail. */
  readonly #failures = new Map<string, number>();
  /** Live processes, and whose they are. */
  readonly #alive = new Map<number, string>();
  #pids = 0;
  #nowMs = 0;
  #restarts: number[] = [];
  #mailbox: Item[] = [];

  constructor(
    strategy: Strategy,
    intensity: number,
    periodMs: number,
    children: readonly (readonly [string, Restart])[],
  ) {
    this.#strategy = strategy;
    this.#intensity = intensity;
    this.#periodMs = periodMs;
    this.#children = children.map(([id, restart]) => ({ id, restart, pid: 0, restarting: false }));
    for (const child of this.#children) child.pid = this.#start(child.id);
  }

  /** Children in their order, those that run with a `+`. */
  get children(): string[] {
    return this.ended ? [] : this.#children.map(({ id, pid }) => `${id}${pid > 0 ? "+" : "-"}`);
  }

  isAlive(id: string): boolean {
    return [...this.#alive.values()].includes(id);
  }

  fail(id: string, times: number): void {
    this.#failures.set(id, times);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  /** A process ends by itself. */
  end(id: string, orderly: boolean): void {
    for (const [pid, whose] of this.#alive) {
      if (whose !== id) continue;
      this.#alive.delete(pid);
      this.#mailbox.push({ kind: "exit", pid, orderly });
    }
  }

  ask(request: "start" | "stop", id: string, restart: Restart): void {
    this.#mailbox.push({ kind: request, id, restart });
  }

  /** Deals with all that is in the mailbox. */
  run(): void {
    for (let item = this.#mailbox.shift(); item !== undefined; item = this.#mailbox.shift()) {
      if (!this.ended) this.#handle(item);
      else if (item.kind === "start" || item.kind === "stop") this.results.push("ended");
    }
  }

  #handle(item: Item): void {
    if (item.kind === "exit") {
      const child = this.#children.find(({ pid }) => pid === item.pid);
      if (child !== undefined) this.#exited(child, item.orderly);
    } else if (item.kind === "retry") {
      const child = this.#find(item.id);
      if (child?.restarting) this.#restart(child, "!");
    } else if (item.kind === "start") {
      this.#startChild(item.id, item.restart);
    } else {
      const child = this.#find(item.id);
      this.results.push(child === undefined ? "no such child" : "stopped");
      if (child === undefined) return;
      this.#stop(child);
      this.#children = this.#children.filter(other => other !== child);
    }
  }

  #find(id: string): ModelChild | undefined {
    return this.#children.find(child => child.id === id);
  }

  #startChild(id: string, restart: Restart): void {
    if (this.#find(id) !== undefined) {
      this.results.push("present");
      return;
    }
    const pid = this.#start(id);
    this.results.push(pid > 0 ? "started" : "failed");
    if (pid > 0) this.#children.push({ id, restart, pid, restarting: false });
  }

  #exited(child: ModelChild, orderly: boolean): void {
    child.pid = 0;
    if (child.restart === "permanent" || (child.restart === "transient" && !orderly)) {
      this.#restart(child, "");
      return;
    }
    this.reports.push(`${child.id} leave`);
    if (child.restart === "temporary") this.#children = this.#children.filter(other => other !== child);
  }

  #restart(child: ModelChild, before: string): void {
    this.#restarts = [...this.#restarts.filter(then => then >= this.#nowMs - this.#periodMs), this.#nowMs];
    if (this.#restarts.length > this.#intensity) {
      this.reports.push(`${before}${child.id} give up`);
      for (const other of this.#children.toReversed()) this.#stop(other);
      this.ended = true;
      return;
    }
    this.reports.push(`${before}${child.id} restart`);
    let concerned = [child];
    if (this.#strategy !== "one_for_one") {
      concerned = this.#children.slice(this.#strategy === "one_for_all" ? 0 : this.#children.indexOf(child));
      for (const other of concerned.toReversed()) this.#stop(other);
      this.#children = this.#children.filter(other => !concerned.includes(other) || other.restart !== "temporary");
      concerned = concerned.filter(({ restart }) => restart !== "temporary");
    }
    for (const other of concerned) {
      other.pid = this.#start(other.id);
      other.restarting = other.pid === 0;
      if (!other.restarting) continue;
      this.#mailbox.push({ kind: "retry", id: other.id });
      return;
    }
  }

  /** The new process; 0 where the start fails. */
  #start(id: string): number {
    const failures = this.#failures.get(id) ?? 0;
    this.trace.push(`${failures > 0 ? "fail" : "start"} ${id}`);
    if (failures > 0) {
      this.#failures.set(id, failures - 1);
      return 0;
    }
    this.#alive.set(++this.#pids, id);
    return this.#pids;
  }

  /** Of one that has ended already the exit is taken out of the mailbox. */
  #stop(child: ModelChild): void {
    const { pid } = child;
    child.pid = 0;
    child.restarting = false;
    this.#mailbox = this.#mailbox.filter(item => item.kind !== "exit" || item.pid !== pid);
    if (this.#alive.delete(pid)) this.trace.push(`stop ${child.id}`);
  }
}

/**
 * One thing that a program does. `who` is the index of an id, `how` is looked at where a process
 * ends.
 */
export interface Act {
  readonly act: "end" | "fail" | "start" | "stop" | "advance";
  readonly who: number;
  readonly how: "end" | "shutdown" | "crash";
  readonly restart: Restart;
  /** How many starts fail. */
  readonly times: number;
  readonly ms: number;
}

export const MODEL_IDS = ["a", "b", "c", "d", "e"] as const;
export const MODEL_PERIOD_MS = 500;

const restart = fc.constantFrom<Restart>("permanent", "permanent", "transient", "temporary");
const act: fc.Arbitrary<Act> = fc.record({
  act: fc.constantFrom("end", "end", "end", "fail", "fail", "start", "stop", "advance"),
  // A few ids are met often, so that several things happen to one child.
  who: fc.constantFrom(0, 1, 1, 1, 2, 2, 3, 4),
  how: fc.constantFrom("end", "shutdown", "crash", "crash"),
  restart,
  times: fc.integer({ min: 1, max: 3 }),
  ms: fc.constantFrom(1, MODEL_PERIOD_MS - 1, MODEL_PERIOD_MS, MODEL_PERIOD_MS + 1),
});
/** Random programs, field by field. */
export const program = {
  strategy: fc.constantFrom("one_for_one", "one_for_all", "rest_for_one"),
  intensity: fc.nat(8),
  children: fc.array(restart, { minLength: 1, maxLength: MODEL_IDS.length, size: "max" }),
  /** What happens before the supervisor has its turn, again and again. */
  batches: fc.array(fc.array(act, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 10, size: "max" }),
} as const;

export function reportLine({ id, pid, action }: ChildReport): string {
  return `${pid === undefined ? "!" : ""}${id} ${action}`;
}
