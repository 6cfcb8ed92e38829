/** What a supervisor is told of its children and of itself, and what is wrong with that. */

import { type SpawnOptions, spawnChecks } from "../life/spawner.ts";
import { GuestModule } from "../module/guest-module.ts";
import {
  callback,
  checkOptions,
  checksOf,
  milliseconds,
  millisecondsOrForever,
  oneOf,
  options,
  shown,
  text,
  wholeNumberOrForever,
} from "../wire/checks.ts";
import { SpawnError } from "../wire/errors.ts";
import type { ChildReport } from "../wire/events.ts";
import { formatPid, type Pid } from "../wire/pid.ts";
import { formatReason } from "../wire/reason.ts";
/** Whom the end of a child concerns: itself; all children; itself and those started after it. */
export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one";

/** `permanent`: always restarted. `transient`: unless it ended normal or shutdown. `temporary`: never, and forgotten. */
export type Restart = "permanent" | "transient" | "temporary";

export interface ChildSpec extends SpawnOptions {
  /** Unique among the supervisor's children. */
  readonly id: string;
  /**
   * A module or a defined name to spawn with the other options; or a function that starts the child and returns its pid, or a promise of it.
   * What the function throws, or its promise rejects with, is a failed start. While the promise is pending the supervisor does nothing else,
   * as OTP's supervisor waits for a child's `init`; killed, it does not wait, and kills what is started too late.
   */
  readonly start: GuestModule | string | (() => Pid | Promise<Pid>);
  /** A name to register for it after every start. */
  readonly name?: string;
  /** Default `permanent`. */
  readonly restart?: Restart;
  /** Milliseconds it gets to end by itself once it is asked to shut down; `Infinity`: for ever; `"kill"`: none. Default 5,000. */
  readonly shutdown?: number | "kill";
}

export interface Backoff {
  /** Before the first restart within the period, in ms. */
  readonly initialMs: number;
  /** Default: 30,000. */
  readonly maxMs?: number;
  /** By which each further one is longer. Default 2. */
  readonly factor?: number;
}

export interface SupervisorOptions {
  readonly strategy?: Strategy;
  readonly children?: readonly ChildSpec[];
  /**
   * So many restarts within `periodMs` are borne; one more, and the supervisor stops all and ends with shutdown. Two restarts that are exactly
   * `periodMs` apart are within it, as in OTP. Default 1 in 5,000 ms.
   */
  readonly intensity?: number;
  readonly periodMs?: number;
  /** Default: none, as in OTP. */
  readonly backoff?: Backoff;
  readonly onReport?: (report: ChildReport) => void;
}

const childChecks = checksOf<ChildSpec>({
  ...spawnChecks,
  id: text,
  start: checkStart,
  name: text,
  restart: oneOf("permanent", "transient", "temporary"),
  shutdown: (value, name, where) => value === "kill" || millisecondsOrForever(value, name, where),
});

const supervisorChecks = checksOf<SupervisorOptions>({
  strategy: oneOf("one_for_one", "one_for_all", "rest_for_one"),
  children: checkList,
  intensity: wholeNumberOrForever(0, 2 ** 31),
  periodMs: milliseconds,
  backoff: options(checksOf<Backoff>({ initialMs: milliseconds, maxMs: milliseconds, factor: checkFactor })),
  onReport: callback,
});

/** Throws a TypeError or a RangeError that names what is wrong. */
export function checkSupervisor(given: SupervisorOptions): void {
  checkOptions("supervise", given, supervisorChecks);
  if (given.backoff !== undefined && given.backoff.initialMs === undefined) {
    throw new TypeError("backoff of supervise: initialMs is missing");
  }
  for (const spec of given.children ?? []) checkSpec(spec);
}

export function checkSpec(spec: ChildSpec): void {
  const where = `child ${shown(spec?.id)}`;
  checkOptions(where, spec, childChecks);
  for (const name of ["id", "start"] as const) {
    if (spec[name] === undefined) throw new TypeError(`${where}: ${name} is missing`);
  }
}

export function checkIds(specs: readonly ChildSpec[]): void {
  const ids = specs.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new SpawnError(`two children are called ${twice}: ids are unique within a supervisor`);
}

function checkStart(start: unknown, _: string, where: string): void {
  if (typeof start === "string" || typeof start === "function" || start instanceof GuestModule) return;
  throw new TypeError(`${where}: start is a module, a defined name, or a function that starts it, not ${shown(start)}`);
}

function checkList(list: unknown, name: string, where: string): void {
  if (!Array.isArray(list)) throw new TypeError(`${where}: ${name} is a list, not ${shown(list)}`);
}

function checkFactor(factor: unknown, name: string, where: string): void {
  if (typeof factor === "number" && factor >= 1 && factor < Number.POSITIVE_INFINITY) return;
  const text = `${where}: ${name} is a number from 1 up, not ${shown(factor)}`;
  throw typeof factor === "number" ? new RangeError(text) : new TypeError(text);
}

/** What of a child's specification is its spawn's. */
export function spawnOptionsOf(spec: ChildSpec): SpawnOptions {
  const { id: _id, start: _start, name: _name, restart: _restart, shutdown: _shutdown, ...others } = spec;
  return others;
}

/** One line for a log. */
export function formatReport({ id, pid, reason, action }: ChildReport): string {
  const what = pid === undefined ? "could not be started" : `${formatPid(pid)} ended`;
  return `child ${id} ${what} (${formatReason(reason)}): ${action}`;
}
