/**
 * The HTML report: one file without scripts, which refers to no other file. It shows the marks
 * first, then an overview, then each scenario.
 */
import type { Contest } from "../harness/contest.ts";
import type { SweepResult } from "../harness/everything.ts";
import { isOwn, ratio } from "../harness/score.ts";
import { barOf, latencyCard, scenarioCard, sweepCard } from "./cards.ts";
import { formatCount } from "./format.ts";
import type { Verdict } from "./marks.ts";
import { bars } from "./plot/bars.ts";
import { ratios } from "./plot/ratios.ts";
import { asMarkup, classOf, WIDE } from "./plot/svg.ts";
import { failuresOf, type Results } from "./results.ts";
import { STYLE } from "./style.ts";
import { markCells, namesIn, outcomeOf } from "./table.ts";

export function reportHtml(results: Results): string {
  const { contests, sweeps, marks } = results;
  const untimed = contests.filter(({ paced }) => paced !== true);
  const timed = contests.filter(({ scores }) => scores.some(({ latency }) => latency !== undefined));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>isopod bench</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>isopod bench</h1>
<p class="soft">WebAssembly instances as actors, compared with actors of other languages, each on one thread. The contestants took turns, one round each.
Figures are medians of the rounds after the warm-up; in each round the actors counted their operations. The thin line in a bar goes from the fastest round to the slowest.</p>
${setting(results)}
${failures(results)}
${legend(contests, sweeps)}
</header>
${section("Marks", "Bounds for isopod's time (or bytes) divided by that of the other contestant.", marksTable(marks))}
${section("At a glance", "How many times faster isopod is. If isopod played in several styles, this is the first.", overview(contests))}
${section("Ping-pong", "The time of a message of 8 bytes, received by either side, by the number of pairs that play at once.", pairs(contests))}
${section("By size", "The time of an operation at several sizes, on logarithmic scales.", grid(sweeps.map(sweepCard)))}
${section("How long single operations take", "For scenarios that time each operation. The scale stretches the slowest operations: each tick has a tenth of the operations beyond it.", grid(timed.map(latencyCard)))}
${section("Every scenario", "The time of an operation: the shorter the bar, the faster.", grid(untimed.map(scenarioCard)))}
${section("Not played", "", absences(results))}
</body>
</html>
`;
}

function section(title: string, about: string, body: string): string {
  if (body === "") return "";
  return `<section>\n<h2>${asMarkup(title)}</h2>\n${about === "" ? "" : `<p class="soft">${asMarkup(about)}</p>\n`}${body}\n</section>`;
}

function grid(cards: readonly string[]): string {
  const there = cards.filter(card => card !== "");
  return there.length === 0 ? "" : `<div class="grid2">\n${there.join("\n")}\n</div>`;
}

function setting({ isopod, commit, engine, flags, machine, began, seconds, contests }: Results): string {
  const rounds = Math.max(0, ...contests.flatMap(({ scores }) => scores.map(score => score.rounds.length)));
  const about = [
    ["isopod", `${isopod}${commit === undefined ? "" : `, commit ${commit}`}`],
    ["engine", `${engine} ${flags.join(" ")}`],
    ["machine", `${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
    ["system", machine.system],
    ["began", `${began.slice(0, 16).replace("T", " ")} UTC, load average ${machine.load.toFixed(2)}`],
    ["rounds", `${rounds}, in ${Math.floor(seconds / 60)} min ${seconds % 60} s in all`],
  ];
  return `<dl>\n${about.map(([name, value]) => `<div><dt>${name}</dt><dd>${asMarkup(value)}</dd></div>`).join("\n")}\n</dl>`;
}

function failures(results: Results): string {
  const all = failuresOf(results);
  if (all.length === 0) return "";
  const rows = all.map(
    ({ scenario, name, why }) => `<p><b>${asMarkup(scenario)}, ${asMarkup(name)}</b>: ${asMarkup(why)}</p>`,
  );
  return `<div class="failed"><h3>Failed</h3>\n${rows.join("\n")}\n</div>`;
}

function legend(contests: readonly Contest[], sweeps: readonly SweepResult[]): string {
  const names = namesIn([...contests, ...sweeps.flatMap(({ points }) => points)]);
  return `<p class="legend">${names.map(name => `<span class="${classOf(name)}"><i></i>${asMarkup(name)}</span>`).join("")}</p>`;
}

function marksTable(marks: readonly Verdict[]): string {
  if (marks.length === 0) return "";
  const rows = marks.map(verdict => {
    const [, name, ...cells] = markCells(verdict);
    const word = outcomeOf(verdict);
    return `<tr><td><span class="pill ${word}">${word}</span><td class="text">${asMarkup(name)}${cells.map(cell => `<td>${asMarkup(cell)}`).join("")}`;
  });
  return `<div class="wide"><table class="marks">
<tr><th><th>mark<th>isopod<th>beside<th>ratio<th>of single rounds<th>bound
${rows.join("\n")}
</table></div>`;
}

function overview(contests: readonly Contest[]): string {
  const rows = contests.flatMap(contest => {
    const dots = contest.scores.flatMap(score => {
      const value = isOwn(score) || contest.paced === true ? undefined : ratio(contest.scores, score);
      return value === undefined ? [] : [{ name: score.name, value }];
    });
    return dots.length === 0 ? [] : [{ name: contest.scenario, dots }];
  });
  return rows.length === 0 ? "" : ratios(rows, "how many times faster isopod is, by scenario and peer");
}

/** Ping-pong by the number of pairs. */
function pairs(contests: readonly Contest[]): string {
  const all = contests.filter(({ parameters, paced }) => parameters.pairs !== undefined && paced !== true);
  if (all.length === 0) return "";
  const groups = all.map(({ parameters, scores }) => ({
    title: parameters.pairs === 1 ? "1 pair" : `${formatCount(parameters.pairs)} pairs`,
    bars: scores.map(barOf),
  }));
  return bars(groups, WIDE, "nanoseconds a message, by pairs");
}

/** Each reason for which a contestant was skipped, with the scenarios. */
function absences({ contests }: Results): string {
  const where = new Map<string, string[]>();
  for (const { scenario, skipped } of contests) {
    for (const { name, why } of skipped) {
      const key = `${name}: ${why}`;
      where.set(key, [...(where.get(key) ?? []), scenario]);
    }
  }
  return [...where]
    .map(([key, names]) => `<p>${asMarkup(key)} <span class="soft">(${names.join(", ")})</span></p>`)
    .join("\n");
}
