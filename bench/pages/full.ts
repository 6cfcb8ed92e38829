/** The figures of docs/benchmarks.md: every scenario, chart, sweep and latency of a run. */
import type { Contest } from "../harness/contest.ts";
import type { SweepResult } from "../harness/everything.ts";
import { isOwn, type Score } from "../harness/score.ts";
import { formatBytes, formatCount, formatNs, formatParameters, formatRatio } from "../report/format.ts";
import type { Results } from "../report/results.ts";
import { namesIn } from "../report/table.ts";
import { bars } from "./bars.ts";
import { markdownTable } from "./markdown.ts";
import { setting } from "./setting.ts";

/** Ends with a line break. */
export function full(results: Results): string {
  const { contests, sweeps } = results;
  const parts = [
    setting(results),
    section("All scenarios", "In brackets: how many times faster isopod is. Below 1, isopod is slower.", [
      scenarios(contests),
    ]),
    section("Ping-pong", "The time of one message.", [charts(contests)]),
    section(
      "By size and by depth",
      "How an operation slows down as messages get longer, or as more of them wait in the mailbox.",
      sweeps.map(sweepTable),
    ),
    section("Single operations", "How long single operations take: 99 % take at most the time under p99.", [
      latencies(contests),
    ]),
  ];
  return `${parts.filter(part => part !== "").join("\n\n")}\n`;
}

/** Empty where there is nothing to show. */
function section(title: string, about: string, parts: readonly string[]): string {
  const shown = parts.filter(part => part !== "");
  return shown.length === 0 ? "" : [`## ${title}\n${about}`, ...shown].join("\n\n");
}

function scenarios(contests: readonly Contest[]): string {
  const played = contests.filter(({ paced }) => paced !== true);
  const peers = namesIn(played).filter(name => !isOwn({ name }));
  return markdownTable(
    ["scenario", "isopod, an operation", ...peers.map(name => `${name} (isopod ×)`)],
    played.flatMap(contest => contest.scores.filter(isOwn).map(score => row(contest, score, peers))),
  );
}

function row(contest: Contest, own: Score, peers: readonly string[]): string[] {
  const style = own.name === "isopod process" ? "" : `, ${own.name.slice("isopod ".length)}`;
  const cells = peers.map(peer => {
    const score = contest.scores.find(({ name }) => name === peer);
    if (score === undefined) return "";
    return `${formatNs(score.medianNs)} (${formatRatio(score.medianNs / own.medianNs)})${bytesOf(score)}`;
  });
  return [`${contest.scenario}${style}`, `${formatNs(own.medianNs)}${bytesOf(own)}`, ...cells];
}

function bytesOf({ bytesEach }: Score): string {
  return bytesEach === undefined ? "" : `, ${formatCount(bytesEach)} bytes each`;
}

/** Ping-pong with each number of pairs. */
function charts(contests: readonly Contest[]): string {
  const played = contests.filter(({ parameters, paced }) => parameters.pairs !== undefined && paced !== true);
  if (played.length === 0) return "";
  const titled = played.map(contest => {
    const { scenario, parameters, operation } = contest;
    return `${scenario}, ${formatParameters(parameters)}: ${operation}\n${bars(contest)}`;
  });
  return `\`\`\`text\n${titled.join("\n\n")}\n\`\`\``;
}

/** The figures, and a bar for each that shows how they grow. */
function sweepTable({ scenario, along, points }: SweepResult): string {
  const format = along === "bytes" ? formatBytes : formatCount;
  const names = namesIn(points);
  const figures = names.map(name => points.map(({ scores }) => scores.find(score => score.name === name)?.medianNs));
  const all = figures.flat().filter(value => value !== undefined);
  const rows = figures.map((values, i) => [
    names[i],
    ...values.map(value => (value === undefined ? "" : formatNs(value))),
    values.map(value => step(value, Math.min(...all), Math.max(...all))).join(""),
  ]);
  const head = [`${scenario} by ${along}`, ...points.map(({ parameters }) => format(parameters[along])), "log scale"];
  return rows.length === 0 ? "" : markdownTable(head, rows);
}

const STEPS = "▁▂▃▄▅▆▇█";

function step(value: number | undefined, least: number, most: number): string {
  if (value === undefined) return " ";
  const share = Math.log(value / least) / (Math.log(most / least) || 1);
  return STEPS[Math.min(STEPS.length - 1, Math.floor(share * STEPS.length))];
}

function latencies(contests: readonly Contest[]): string {
  const rows = contests.flatMap(({ scenario, scores }) =>
    scores.flatMap(({ name, latency }) => {
      if (latency === undefined) return [];
      const { p50, p90, p99, p999, max } = latency;
      return [
        [`${scenario}, ${name}`, ...[p50, p90, p99, p999, max].map(value => (value === null ? "" : formatNs(value)))],
      ];
    }),
  );
  return rows.length === 0 ? "" : markdownTable(["single operations", "p50", "p90", "p99", "p99.9", "max"], rows);
}
