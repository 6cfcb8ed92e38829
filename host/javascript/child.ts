/** What the embedder tells a supervisor about its children and about itself, and the checks of it. */

import { type SpawnOptions, spawnChecks } from "../life/spawn-options.ts";
import { DerivedModule } from "../module/derived-module.ts";
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
/**
 * Which children are restarted when one ends. `one_for_one`: that one. `one_for_all`: all.
 * `rest_for_one`: that one and those started after it.
 */
export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one";

/**
 * When a child is restarted. `permanent`: always. `transient`: unless it ended with `normal` or
 * `shutdown`. `temporary`: never; the supervisor forgets it.
 */
export type Restart = "permanent" | "transient" | "temporary";

/** A child of a supervisor: how it is started, restarted and stopped. */
export interface ChildSpec extends SpawnOptions {
  /** The child's id, unique within its supervisor. */
  readonly id: string;
  /**
   * What starts the child: a module or a defined name, which is spawned with the other options, or
   * a function that starts it and returns its pid or a promise of it.
   *
   * The start has failed where the function throws or its promise rejects. While the promise is
   * pending the supervisor does nothing else, as OTP's supervisor waits for a child's `init`. A
   * supervisor that is killed does not wait, and kills a child that is started too late.
   */
  readonly start: GuestModule | DerivedModule | string | (() => Pid | Promise<Pid>);
  /** A name that the child gets after every start, also where a function starts it. */
  readonly name?: string;
  /** Default `permanent`. */
  readonly restart?: Restart;
  /**
   * Milliseconds that the child has to end after it was asked to shut down. `Infinity`: for ever.
   * `"kill"`: none. Default 5,000.
   */
  readonly shutdown?: number | "kill";
}

/** Delays between restarts. Each further restart within the period waits longer. */
export interface Backoff {
  /** The delay before the first restart within the period, in milliseconds. */
  readonly initialMs: number;
  /** The longest delay, in milliseconds. Default 30,000. */
  readonly maxMs?: number;
  /** The factor by which each further delay is longer. Default 2. */
  readonly factor?: number;
}

/** Options of `supervise`. docs/supervisors.md says what happens in which order. */
export interface SupervisorOptions {
  /** Default `one_for_one`. */
  readonly strategy?: Strategy;
  /** The children, in the order in which they start. */
  readonly children?: readonly ChildSpec[];
  /**
   * How many restarts within `periodMs` are allowed. After one more, the supervisor stops all
   * children and ends with `shutdown`. Two restarts that are exactly `periodMs` apart are within
   * it, as in OTP. `Infinity` allows any number. Default 1.
   */
  readonly intensity?: number;
  /** The period for `intensity`, in milliseconds. Default 5,000. */
  readonly periodMs?: number;
  /** Delays restarts. Default: no delay, as in OTP. */
  readonly backoff?: Backoff;
  /** Called when a child has ended without being asked to, or could not be started again. */
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

/** Checks the options of a supervisor. Throws a TypeError or a RangeError that names what is wrong. */
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
  if (start instanceof DerivedModule) return;
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

/** The options of a child's specification that are options of its spawn. */
export function spawnOptionsOf(spec: ChildSpec): SpawnOptions {
  const { id: _id, start: _start, name: _name, restart: _restart, shutdown: _shutdown, ...others } = spec;
  return others;
}

/** Formats a supervisor's report in one line, safe for a terminal. */
export function formatReport({ id, pid, reason, action }: ChildReport): string {
  const what = pid === undefined ? "could not be started" : `${formatPid(pid)} ended`;
  return `child ${id} ${what} (${formatReason(reason)}): ${action}`;
}
