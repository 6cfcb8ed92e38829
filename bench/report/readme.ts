/**
 * Writes the figures of README.md from a file of `isopod bench all`: `node bench/readme.ts results/results.json`. It replaces what stands between two
 * comments, and nothing else.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_FOLDER } from "../../host/node/installation.ts";
import type { Contest } from "../harness/contest.ts";
import type { SweepResult } from "../harness/everything.ts";
import { isOwn, type Score } from "../harness/score.ts";
import { formatBytes, formatCount, formatNs, formatParameters, formatRatio } from "./format.ts";
import type { Verdict } from "./marks.ts";
import type { Results } from "./results.ts";
import { markCells, namesIn } from "./table.ts";

const BEGIN = "<!-- figures: written by bench/readme.ts -->";
const END = "<!-- end of figures -->";
/** Characters of the longest bar. */
const LONGEST = 40;

/** The README with these figures. Throws where the two comments are not there. */
export function withFigures(readme: string, results: Results): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`the comments ${BEGIN} and ${END} are missing`);
  return `${readme.slice(0, from)}${BEGIN}\n${figures(results)}${readme.slice(to)}`;
}

function figures(results: Results): string {
  const { contests, sweeps, marks } = results;
  const parts = [
    setting(results),
    scenarios(contests),
    chart(contests),
    ...sweeps.map(sweepTable),
    latencies(contests),
    marksTable(marks),
  ];
  return `${parts.filter(part => part !== "").join("\n\n")}\n`;
}

function setting({ commit, engine, flags, machine, began, contests }: Results): string {
  const rounds = Math.max(0, ...contests.flatMap(({ scores }) => scores.map(score => score.rounds.length)));
  return `Medians of ${rounds} rounds after the warm-up, in turns with the peers
([what they are](bench/peers/README.md)), on ${machine.cpu}, ${machine.cores} cores, at a load of ${machine.load.toFixed(1)} when it began;
${engine} ${flags.join(" ")}; ${began.slice(0, 10)}${commit === undefined ? "" : `, commit ${commit}`}. Beside a peer's figure, in brackets, how many times as fast isopod is.`;
}

function scenarios(contests: readonly Contest[]): string {
  const played = contests.filter(({ paced }) => paced !== true);
  const peers = namesIn(played).filter(name => !isOwn({ name }));
  return markdown(
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
function chart(contests: readonly Contest[]): string {
  const played = contests.filter(({ parameters, paced }) => parameters.pairs !== undefined && paced !== true);
  if (played.length === 0) return "";
  return `\`\`\`text\n${played.map(barsOf).join("\n\n")}\n\`\`\``;
}

function barsOf({ scores, operation, parameters, scenario }: Contest): string {
  // Isopod's are never cut off; a peer's that is longer than twice the longest of them is, as it would leave nothing of the others.
  const most = Math.min(
    Math.max(...scores.map(({ medianNs }) => medianNs)),
    2 * Math.max(...scores.filter(isOwn).map(({ medianNs }) => medianNs)),
  );
  const bars = scores.map(({ name, medianNs }) => {
    const length = Math.round(Math.min(1, medianNs / most) * LONGEST);
    return `${name.padEnd(16)}${"█".repeat(Math.max(1, length))}${medianNs > most ? "…" : ""} ${formatNs(medianNs)}`;
  });
  return `${scenario}, ${formatParameters(parameters)}: ${operation}\n${bars.join("\n")}`;
}

/** The figures, and behind them how they grow. */
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
  return rows.length === 0 ? "" : markdown(head, rows);
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
  return rows.length === 0 ? "" : markdown(["single operations", "p50", "p90", "p99", "p99.9", "max"], rows);
}

function marksTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(verdict => {
    const [outcome, name, own, beside, times, , bound] = markCells(verdict);
    return [name, own, beside, times, bound, outcome];
  });
  return rows.length === 0 ? "" : markdown(["mark", "isopod", "beside", "isopod takes", "mark at", ""], rows);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new Error("which results? Say node bench/readme.ts results/results.json");
  const readme = join(PACKAGE_FOLDER, "README.md");
  const results = JSON.parse(readFileSync(file, "utf8")) as Results;
  writeFileSync(readme, withFigures(readFileSync(readme, "utf8"), results));
}
