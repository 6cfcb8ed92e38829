/** Results as tables for a terminal. */
import type { Contest } from "../harness/contest.ts";
import type { SweepResult } from "../harness/everything.ts";
import { isOwn, ratio, type Score } from "../harness/score.ts";
import { formatCount, formatNs, formatParameters, formatRatio } from "./format.ts";
import type { Verdict } from "./marks.ts";
import type { Failure } from "./results.ts";

/**
 * One contest: medians, how many times faster isopod's first style is, and the times of single
 * operations.
 */
export function table(played: Contest): string {
  const { scenario, operation, parameters, note, scores, skipped, failed } = played;
  const rows = scores.map(score => [
    score.name,
    formatNs(score.medianNs),
    `${formatCount(score.operationsPerSecond)}/s`,
    score.bytesEach === undefined ? "" : `${formatCount(score.bytesEach)} bytes each`,
    comparison(played, score),
    latency(score),
  ]);
  return [
    `${scenario}: ${formatParameters(parameters)}; an operation is ${operation}`,
    ...(note === undefined ? [] : [`  ${note}`]),
    ...aligned(rows),
    ...reasons(skipped).map(([why, names]) => `  ${names.join(", ")} skipped: ${why}`),
    ...failed.map(({ name, why }) => `  ${name} FAILED: ${why.replaceAll("\n", "\n    ")}`),
    "",
  ].join("\n");
}

/** Each reason with the contestants that were skipped for it. */
function reasons(skipped: Contest["skipped"]): [why: string, names: string[]][] {
  return [...Map.groupBy(skipped, ({ why }) => why)].map(([why, all]) => [why, all.map(({ name }) => name)]);
}

function comparison(played: Contest, score: Score): string {
  const times = isOwn(score) ? undefined : ratio(played.scores, score);
  return times === undefined ? "" : `isopod × ${formatRatio(times)}`;
}

function latency({ latency: of }: Score): string {
  if (of === undefined) return "";
  const p999 = of.p999 === null ? "" : `, p99.9 ${formatNs(of.p999)}`;
  return `p50 ${formatNs(of.p50)}, p90 ${formatNs(of.p90)}, p99 ${formatNs(of.p99)}${p999}, max ${formatNs(of.max)}`;
}

/** One row for each contestant, one column for each size. */
export function sweepTable({ scenario, along, points }: SweepResult): string {
  const names = namesIn(points);
  const head = ["", ...points.map(({ parameters }) => formatCount(parameters[along]))];
  const rows = names.map(name => [
    name,
    ...points.map(({ scores }) => {
      const score = scores.find(other => other.name === name);
      return score === undefined ? "" : formatNs(score.medianNs);
    }),
  ]);
  const failed = points.flatMap(point => point.failed.map(({ name, why }) => `  ${name} FAILED: ${firstLine(why)}`));
  return [`${scenario} by ${along}`, ...aligned([head, ...rows]), ...new Set(failed), ""].join("\n");
}

/** The names of all contestants, in the order in which they first appear. */
export function namesIn(points: readonly Contest[]): string[] {
  return [...new Set(points.flatMap(({ scores }) => scores.map(({ name }) => name)))];
}

/** One row for each mark. */
export function marksTable(verdicts: readonly Verdict[]): string {
  return ["marks", ...aligned(verdicts.map(markCells)), ""].join("\n");
}

/** The outcome, the mark, both figures, the ratio, its spread and the bound. */
export function markCells(verdict: Verdict): string[] {
  const { name, own, beside = "", atMost, most } = verdict;
  const bounds = [
    ...(most === undefined ? [] : [most.toLocaleString("en-US")]),
    ...(atMost === undefined ? [] : [`× ${formatRatio(atMost)}`]),
  ];
  return [
    outcomeOf(verdict),
    name,
    `${own} ${figure(verdict.ownValue, verdict)}`.trimEnd(),
    `${beside} ${figure(verdict.besideValue, verdict)}`.trimEnd(),
    verdict.ratio === undefined ? "" : `× ${formatRatio(verdict.ratio)}`,
    verdict.spread === undefined ? "" : `(${verdict.spread.map(formatRatio).join(" to ")})`,
    bounds.length === 0 ? "" : `at most ${bounds.join(" and ")}`,
  ];
}

/** The outcome in a word. */
export function outcomeOf({
  atMost,
  most,
  ownValue,
  reached,
}: Verdict): "reached" | "missed" | "no mark" | "not measured" {
  if (ownValue === undefined) return "not measured";
  if (atMost === undefined && most === undefined) return "no mark";
  return reached ? "reached" : "missed";
}

function figure(value: number | undefined, { unit }: Verdict): string {
  if (value === undefined) return "";
  return unit === "bytes" ? `${formatCount(value)} bytes` : formatNs(value);
}

/** All failures, for the end of a long run. */
export function failuresTable(failures: readonly Failure[]): string {
  return ["failed", ...aligned(failures.map(({ scenario, name, why }) => [scenario, name, firstLine(why)])), ""].join(
    "\n",
  );
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)));
  return rows.map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join("  ")}`.trimEnd());
}
