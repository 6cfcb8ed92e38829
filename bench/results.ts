/** What a run of `isopod bench` writes: on which machine, with which engine and which code, and every round. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import { engineFlags, engineName } from "../host/node/engine.ts";
import { PACKAGE_FOLDER, packageVersion } from "../host/node/installation.ts";
import type { Contest } from "./contest.ts";
import type { Verdict } from "./marks.ts";

export interface SweepResult {
  readonly scenario: string;
  /** The parameter that grows from contest to contest. */
  readonly along: string;
  readonly points: readonly Contest[];
}

export interface Results {
  readonly format: 2;
  readonly isopod: string;
  /** Undefined outside of a checkout; with `+` where files are not committed. */
  readonly commit?: string;
  /** ISO 8601. */
  readonly began: string;
  readonly engine: string;
  readonly flags: readonly string[];
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly system: string;
    /** Of the last minute before the run: what others did meanwhile, as far as it tells. */
    readonly load: number;
  };
  /** How long all of it took. */
  readonly seconds: number;
  readonly contests: readonly Contest[];
  readonly sweeps: readonly SweepResult[];
  readonly marks: readonly Verdict[];
}

/** Who did not come to an end, and in what. */
export interface Failure {
  readonly scenario: string;
  readonly name: string;
  readonly why: string;
}

export function failuresOf({ contests, sweeps }: Pick<Results, "contests" | "sweeps">): Failure[] {
  const all = [
    ...contests.map(contest => ({ contest, at: contest.scenario })),
    ...sweeps.flatMap(({ scenario, along, points }) =>
      points.map(contest => ({ contest, at: `${scenario} at ${along} ${formatCount(contest.parameters[along])}` })),
    ),
  ];
  return all.flatMap(({ contest, at }) => contest.failed.map(({ name, why }) => ({ scenario: at, name, why })));
}

/** All but what is to be measured. */
export function setting(): Omit<Results, "seconds" | "contests" | "sweeps" | "marks"> {
  const commit = commitHere();
  return {
    format: 2,
    isopod: packageVersion(),
    ...(commit !== undefined && { commit }),
    began: new Date().toISOString(),
    engine: engineName(),
    flags: engineFlags(),
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryBytes: totalmem(),
      system: `${process.platform} ${process.arch} ${release()}`,
      load: loadavg()[0],
    },
  };
}

function commitHere(): string | undefined {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: PACKAGE_FOLDER, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain") === "" ? "" : "+"}`;
  } catch {
    return undefined;
  }
}

/** A duration in the unit that suits it. */
export function formatNs(value: number): string {
  if (value < 1000) return `${value.toFixed(value < 100 ? 1 : 0)} ns`;
  if (value < 1e6) return `${(value / 1e3).toFixed(value < 1e5 ? 1 : 0)} µs`;
  return `${(value / 1e6).toFixed(1)} ms`;
}

/** Without zeros that say nothing, as on an axis. */
export function formatTick(value: number): string {
  return formatNs(value).replace(/\.0 /, " ");
}

/** `0.0046`, `0.48`, `3.20`, `12.5`, `120`. */
export function formatRatio(value: number): string {
  if (value < 0.1) return value.toPrecision(2);
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : formatCount(value);
}

export function formatBytes(value: number): string {
  return value >= 1024 && value % 1024 === 0 ? `${value / 1024} KiB` : `${formatCount(value)} B`;
}

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `pairs 1, bytes 8`. */
export function formatParameters(parameters: Readonly<Record<string, number>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${formatCount(value)}`)
    .join(", ");
}
