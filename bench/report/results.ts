/** The results file of `isopod bench`: the machine, the engine, the commit, and every round. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import { engineFlags, engineName } from "../../host/node/engine.ts";
import { PACKAGE_FOLDER, packageVersion } from "../../host/node/installation.ts";
import type { Played } from "../harness/everything.ts";
import { formatCount } from "./format.ts";
import { judged, type Verdict } from "./marks.ts";

/** Where and when a run was made. */
export interface Setting {
  readonly format: 2;
  readonly isopod: string;
  /** Undefined outside of a checkout. Ends in `+` if files are not committed. */
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
    /** The load average of the minute before the run. */
    readonly load: number;
  };
}

/** The JSON of `isopod bench all`. */
export interface Results extends Setting, Played {
  /** The duration of the whole run. */
  readonly seconds: number;
  readonly marks: readonly Verdict[];
}

/** A contestant that failed, and the scenario. */
export interface Failure {
  readonly scenario: string;
  readonly name: string;
  readonly why: string;
}

export function resultsOf(setting: Setting, seconds: number, { contests, sweeps }: Played): Results {
  return { ...setting, seconds, contests, sweeps, marks: judged({ contests, sweeps }) };
}

export function failuresOf({ contests, sweeps }: Played): Failure[] {
  const all = [
    ...contests.map(contest => ({ contest, at: contest.scenario })),
    ...sweeps.flatMap(({ scenario, along, points }) =>
      points.map(contest => ({ contest, at: `${scenario} at ${along} ${formatCount(contest.parameters[along])}` })),
    ),
  ];
  return all.flatMap(({ contest, at }) => contest.failed.map(({ name, why }) => ({ scenario: at, name, why })));
}

/** The setting of a run that begins now. */
export function setting(): Setting {
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
