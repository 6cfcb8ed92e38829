/**
 * The HTML report: one file, without scripts and without references to anything outside. What is in it, it has from the results alone: first what was to be
 * reached, then everything at a glance, then each thing by itself.
 */
import { type Contest, isOwn, ratio, type Score } from "./contest.ts";
import { curveShares, type Latency } from "./latency.ts";
import type { Verdict } from "./marks.ts";
import { type Bar, bars } from "./plot/bars.ts";
import { type Line, lines } from "./plot/lines.ts";
import { ratios } from "./plot/ratios.ts";
import { asMarkup, classOf, NARROW, WIDE } from "./plot/svg.ts";
import { STYLE } from "./report-style.ts";
import {
  failuresOf,
  formatBytes,
  formatCount,
  formatNs,
  formatParameters,
  formatTick,
  type Results,
  type SweepResult,
} from "./results.ts";
import { markCells, namesIn, outcomeOf } from "./table.ts";

export function reportHtml(results: Results): string {
  const { contests, sweeps, marks } = results;
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
<p class="soft">WebAssembly instances as actors, beside actors of other languages, on one thread each. Contestants played a round each in turns; figures are
medians of the rounds after the warm-up, in which each has counted what its actors did. The thin line in a bar goes from its quickest round to its slowest.</p>
${setting(results)}
${failures(results)}
${legend(contests, sweeps)}
</header>
${section("Marks", `What isopod is to take beside the others: its time (or its bytes) by theirs.`, marksTable(marks))}
${section("At a glance", "How many times as fast isopod is. Where it was played in several ways, that is the first of them.", overview(contests))}
${section("Ping-pong", "A message received by either side, of 8 bytes, by how many pairs play at once.", pairs(contests))}
${section("By size", "The same at several sizes, on logarithmic scales.", grid(sweeps.map(sweepCard)))}
${section("How long single operations take", "Of those that were timed one by one. The scale stretches the slowest: each mark has ten times as few operations beyond it.", grid(timed.map(latencyCard)))}
${section(
  "Every scenario",
  "Bars from zero; the shorter, the faster.",
  `<div class="grid2">${contests
    .filter(({ paced }) => paced !== true)
    .map(card)
    .join("\n")}</div>`,
)}
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
    ["began", `${began.slice(0, 16).replace("T", " ")} UTC, at a load of ${machine.load.toFixed(2)}`],
    ["rounds", `${rounds}, in ${Math.floor(seconds / 60)} min ${seconds % 60} s altogether`],
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
      const value = isOwn(score) || contest.paced === true ? undefined : ratio(contest, score);
      return value === undefined ? [] : [{ name: score.name, value }];
    });
    return dots.length === 0 ? [] : [{ name: contest.scenario, dots }];
  });
  return rows.length === 0 ? "" : ratios(rows, "how many times as fast isopod is, by scenario and peer");
}

/** The scenarios that are ping-pong with more or fewer pairs, and nothing else. */
function pairs(contests: readonly Contest[]): string {
  const all = contests.filter(({ parameters, paced }) => parameters.pairs !== undefined && paced !== true);
  if (all.length === 0) return "";
  const groups = all.map(({ parameters, scores }) => ({
    title: parameters.pairs === 1 ? "1 pair" : `${formatCount(parameters.pairs)} pairs`,
    bars: scores.map(barOf),
  }));
  return bars(groups, WIDE, "nanoseconds a message, by pairs");
}

function sweepCard({ scenario, along, points }: SweepResult): string {
  const format = along === "bytes" ? formatBytes : formatCount;
  const sizes = points.map(({ parameters }) => parameters[along]);
  const plotted = namesIn(points).map((name): Line => {
    const at = points.flatMap(({ scores }, x) => {
      const score = scores.find(one => one.name === name);
      return score === undefined ? [] : [{ x, y: score.medianNs }];
    });
    return { name, points: at };
  });
  if (plotted.length === 0) return "";
  const isWide = sizes.length > 5;
  const plot = lines({
    lines: plotted,
    places: sizes.map((size, x) => ({ x, label: format(size) })),
    along,
    format: formatTick,
    width: isWide ? WIDE : NARROW,
    label: `${scenario}: time of an operation by ${along}`,
  });
  const head = sizes.map(size => `<th>${format(size)}`).join("");
  const rows = plotted.map(({ name, points: at }) => {
    const cells = sizes.map((_, x) => at.find(point => point.x === x));
    return `<tr><td>${asMarkup(name)}${cells.map(point => `<td>${point ? formatNs(point.y) : ""}`).join("")}`;
  });
  return `<div class="card${isWide ? " whole" : ""}">
<h3>${asMarkup(scenario)} by ${along}</h3>
<p class="soft">${asMarkup(points[0].operation)}.${asMarkup(sharing(points))}</p>
${plot}
<div class="wide"><table>
<tr><th>${head}
${rows.join("\n")}
</table></div>
</div>`;
}

/** Who hands over long messages without copying them says so in its rounds. */
function sharing(points: readonly Contest[]): string {
  const names = points.flatMap(({ scores }) =>
    scores.filter(({ rounds }) => rounds.some(({ payload }) => payload === "shared")).map(({ name }) => name),
  );
  return names.length === 0 ? "" : ` Longer messages of ${[...new Set(names)].join(", ")} are shared, not copied.`;
}

function latencyCard(contest: Contest): string {
  const { scenario, operation, parameters, scores } = contest;
  const timed = scores.flatMap(({ name, latency }) => (latency === undefined ? [] : [{ name, latency }]));
  // The rank of a share on a scale on which each nine is as wide as the next.
  const place = (share: number) => -Math.log10(1 - share);
  const plot = lines({
    lines: timed.map(({ name, latency }) => ({
      name,
      points: curveShares.flatMap((share, i) =>
        share < 0.5 || latency.samples * (1 - share) < 1 ? [] : [{ x: place(share), y: Math.max(1, latency.curve[i]) }],
      ),
    })),
    places: [0.5, 0.9, 0.99, 0.999, 0.9999].map(share => ({
      x: place(share),
      label: `${+(share * 100).toFixed(2)} %`,
    })),
    along: "share of operations that took at most so long",
    format: formatTick,
    width: NARROW,
    label: `${scenario}: time of single operations`,
  });
  const rows = timed.map(({ name, latency }) => `<tr><td>${asMarkup(name)}${percentiles(latency)}`);
  return `<div class="card">
<h3>${asMarkup(scenario)}</h3>
<p class="soft">${asMarkup(operation)}. ${asMarkup(formatParameters(parameters))}.</p>
${plot}
<div class="wide"><table>
<tr><th><th>p50<th>p90<th>p99<th>p99.9<th>max<th>timed
${rows.join("\n")}
</table></div>
</div>`;
}

function percentiles({ p50, p90, p99, p999, max, samples }: Latency): string {
  const cells = [p50, p90, p99, p999, max].map(value => (value === null ? "" : formatNs(value)));
  return [...cells, formatCount(samples)].map(cell => `<td>${cell}`).join("");
}

function card(contest: Contest): string {
  const { scenario, operation, parameters, note, scores } = contest;
  if (scores.length === 0) return "";
  const about = [formatParameters(parameters), note].filter(part => part !== undefined).join("; ");
  return `<div class="card">
<h3>${asMarkup(scenario)}</h3>
<p class="soft">${asMarkup(operation)}. ${asMarkup(about)}.</p>
${bars([{ title: "", bars: scores.map(barOf) }], NARROW, `${scenario}: time of an operation`)}
<details><summary>operations a second, every round</summary>
<div class="wide"><table>
<tr><th><th>operations/s<th>isopod is × as fast<th>bytes each<th>rounds
${scores.map(score => row(contest, score)).join("\n")}
</table></div></details>
</div>`;
}

function row(contest: Contest, score: Score): string {
  const times = isOwn(score) ? undefined : ratio(contest, score);
  const cells = [
    score.name,
    formatCount(score.operationsPerSecond),
    times === undefined ? "" : times.toFixed(2),
    score.bytesEach === undefined ? "" : formatCount(score.bytesEach),
    roundsNs(score).map(formatNs).join(", "),
  ];
  return `<tr>${cells.map(cell => `<td>${asMarkup(cell)}`).join("")}`;
}

function barOf(score: Score): Bar {
  const { name, medianNs, bytesEach } = score;
  const all = roundsNs(score);
  const bytes = bytesEach === undefined ? "" : `, ${formatCount(bytesEach)} B`;
  return { name, value: medianNs, label: `${formatNs(medianNs)}${bytes}`, range: [Math.min(...all), Math.max(...all)] };
}

function roundsNs({ rounds }: Score): number[] {
  return rounds.map(({ elapsedMs, operations }) => (elapsedMs * 1e6) / operations);
}

/** By reason, who was skipped for it where. */
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
