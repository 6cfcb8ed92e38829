/**
 * The HTML report: one file without scripts, which refers to no other file. It opens with the
 * comparison, and then shows an overview, each scenario, the marks, and how all that was measured.
 */
import type { Contest } from "../harness/contest.ts";
import type { SweepResult } from "../harness/everything.ts";
import { isOwn, ratio } from "../harness/score.ts";
import { barOf, latencyCard, scenarioCard, sweepCard, topicCard } from "./cards.ts";
import { compared, titleOf } from "./comparison.ts";
import { formatCount } from "./format.ts";
import type { Verdict } from "./marks.ts";
import { bars } from "./plot/bars.ts";
import { ratios } from "./plot/ratios.ts";
import { shapeInText } from "./plot/shape.ts";
import { asMarkup } from "./plot/svg.ts";
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
<h1>${asMarkup(heading(contests))}</h1>
<p class="soft">${asMarkup(summary(results))} <a href="#setting">How it was measured</a></p>
</header>
${opening(contests)}
${failures(results)}
${section("At a glance", "How many times faster isopod is. If isopod played in several styles, this is the first.", overview(contests, sweeps))}
${section("Ping-pong", "The time of a message of 8 bytes, received by either side, by the number of pairs that play at once.", pairs(contests))}
${section("By size", "The time of an operation at several sizes, on logarithmic scales.", grid(sweeps.map(sweepCard)))}
${section("How long single operations take", "For scenarios that time each operation. The scale stretches the slowest operations: each tick has a tenth of the operations beyond it.", grid(timed.map(latencyCard)))}
${section("Every scenario", "The time of an operation: the shorter the bar, the faster.", grid(untimed.map(scenarioCard)))}
${section("Marks", "Our own targets: bounds for isopod's time (or bytes) divided by that of the other contestant.", marksTable(marks))}
${section("Not played", "", absences(results))}
<section id="setting">
<h2>How it was measured</h2>
<p class="soft">Each contestant used one thread. They took turns, one round each. Figures are medians of the rounds after the warm-up; in each round the actors counted their operations. The thin line in a bar goes from the fastest round to the slowest. A bar with a gap is cut off.</p>
${setting(results)}
</section>
</body>
</html>
`;
}

/** Names isopod, and the peers that have played. */
function heading(contests: readonly Contest[]): string {
  const peers = [...new Set(compared(contests).flatMap(({ peers }) => peers.map(({ name }) => titleOf(name))))];
  return peers.length === 0 ? "isopod bench" : `isopod beside ${new Intl.ListFormat("en").format(peers)}`;
}

function summary({ engine, machine, began }: Results): string {
  return `Actors on one thread each. ${engine}; ${machine.cpu}, ${machine.cores} cores; ${began.slice(0, 10)}.`;
}

function opening(contests: readonly Contest[]): string {
  const all = compared(contests);
  const cards = [
    topicCard(
      "Messages",
      "The time of a message of 8 bytes. The figure after × is that time divided by isopod's.",
      all,
    ),
    topicCard(
      "Spawns",
      "The time from a spawn to the notice of the end, and after × that time divided by isopod's.",
      all,
    ),
    topicCard("Memory", "The bytes of an actor that waits, and after × those bytes divided by isopod's.", all),
  ].filter(card => card !== "");
  return cards.length === 0 ? "" : `<div class="opening">\n${cards.join("\n")}\n</div>`;
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
  return `<p class="legend">${names.map(name => `<span>${shapeInText(name)}${asMarkup(titleOf(name))}</span>`).join("")}</p>`;
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

function overview(contests: readonly Contest[], sweeps: readonly SweepResult[]): string {
  const rows = contests.flatMap(contest => {
    const dots = contest.scores.flatMap(score => {
      const value = isOwn(score) || contest.paced === true ? undefined : ratio(contest.scores, score);
      return value === undefined ? [] : [{ name: score.name, value }];
    });
    return dots.length === 0 ? [] : [{ name: contest.scenario, dots }];
  });
  if (rows.length === 0) return "";
  return legend(contests, sweeps) + ratios(rows, "how many times faster isopod is, by scenario and peer");
}

/** Ping-pong by the number of pairs. */
function pairs(contests: readonly Contest[]): string {
  const all = contests.filter(({ parameters, paced }) => parameters.pairs !== undefined && paced !== true);
  if (all.length === 0) return "";
  const groups = all.map(({ parameters, scores }) => ({
    title: parameters.pairs === 1 ? "1 pair" : `${formatCount(parameters.pairs)} pairs`,
    bars: scores.map(barOf),
  }));
  return `<div class="pairs">${bars(groups, "nanoseconds a message, by pairs")}</div>`;
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
