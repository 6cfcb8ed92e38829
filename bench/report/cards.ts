/** The cards of the report. Each has a plot and its figures. A card is empty if nothing was measured. */
import type { Contest } from "../harness/contest.ts";
import type { SweepResult } from "../harness/everything.ts";
import { curveShares, type Latency } from "../harness/latency.ts";
import { isOwn, nsOf, ratio, type Score } from "../harness/score.ts";
import { amountOf, type Compared, figureOf, type Topic, titleOf } from "./comparison.ts";
import { formatBytes, formatCount, formatNs, formatParameters, formatRatio, formatTick } from "./format.ts";
import { type Bar, bars } from "./plot/bars.ts";
import { type Line, lines } from "./plot/lines.ts";
import { asMarkup, NARROW, WIDE } from "./plot/svg.ts";
import { namesIn } from "./table.ts";

/** A topic of the comparison. Each figure has beside it how many times isopod's first one it is. */
export function topicCard(topic: Topic, about: string, all: readonly Compared[]): string {
  const groups = all
    .filter(({ line }) => line.topic === topic)
    .map(({ line, parameters, own, peers }) => {
      const reference = amountOf(line, own[0]) ?? 0;
      const rows = [...own, ...peers].map((score): Bar => {
        const value = amountOf(line, score) ?? 0;
        const times = score === own[0] ? "" : `× ${formatRatio(value / reference)}`;
        return { name: score.name, value, label: figureOf(line, score), times };
      });
      return { title: line.label(parameters), bars: rows };
    });
  if (groups.length === 0) return "";
  return `<div class="card">
<h2>${topic}</h2>
<p class="soft">${asMarkup(about)}</p>
${bars(groups, `${topic}: isopod and its peers`)}
</div>`;
}

/** A scenario at several sizes. */
export function sweepCard({ scenario, along, points }: SweepResult): string {
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
    return `<tr><td>${asMarkup(titleOf(name))}${cells.map(point => `<td>${point ? formatNs(point.y) : ""}`).join("")}`;
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

/** Names the contestants that share long messages instead of copying them. Their rounds say so. */
function sharing(points: readonly Contest[]): string {
  const names = points.flatMap(({ scores }) =>
    scores.filter(({ rounds }) => rounds.some(({ payload }) => payload === "shared")).map(({ name }) => name),
  );
  return names.length === 0
    ? ""
    : ` Longer messages of ${[...new Set(names.map(titleOf))].join(", ")} are shared, not copied.`;
}

/** The distribution of the times of single operations. */
export function latencyCard(contest: Contest): string {
  const { scenario, operation, parameters, scores } = contest;
  const timed = scores.flatMap(({ name, latency }) => (latency === undefined ? [] : [{ name, latency }]));
  // On this scale 90 % to 99 % is as wide as 99 % to 99.9 %.
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
    along: "share of operations that took at most this time",
    format: formatTick,
    width: NARROW,
    label: `${scenario}: time of single operations`,
  });
  const rows = timed.map(({ name, latency }) => `<tr><td>${asMarkup(titleOf(name))}${percentiles(latency)}`);
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

/** A scenario with its default parameters. */
export function scenarioCard(contest: Contest): string {
  const { scenario, operation, parameters, note, scores } = contest;
  if (scores.length === 0) return "";
  const about = [formatParameters(parameters), note].filter(part => part !== undefined).join("; ");
  return `<div class="card">
<h3>${asMarkup(scenario)}</h3>
<p class="soft">${asMarkup(operation)}. ${asMarkup(about)}.</p>
${bars([{ title: "", bars: scores.map(barOf) }], `${scenario}: time of an operation`)}
<details><summary>operations per second, and every round</summary>
<div class="wide"><table>
<tr><th><th>operations/s<th>isopod × faster<th>bytes each<th>rounds
${scores.map(score => row(contest, score)).join("\n")}
</table></div></details>
</div>`;
}

function row(contest: Contest, score: Score): string {
  const times = isOwn(score) ? undefined : ratio(contest.scores, score);
  const cells = [
    titleOf(score.name),
    formatCount(score.operationsPerSecond),
    times === undefined ? "" : formatRatio(times),
    score.bytesEach === undefined ? "" : formatCount(score.bytesEach),
    roundsNs(score).map(formatNs).join(", "),
  ];
  return `<tr>${cells.map(cell => `<td>${asMarkup(cell)}`).join("")}`;
}

export function barOf(score: Score): Bar {
  const { name, medianNs, bytesEach } = score;
  const all = roundsNs(score);
  const bytes = bytesEach === undefined ? "" : `, ${formatCount(bytesEach)} B`;
  return { name, value: medianNs, label: `${formatNs(medianNs)}${bytes}`, range: [Math.min(...all), Math.max(...all)] };
}

function roundsNs({ rounds }: Score): number[] {
  return rounds.map(nsOf);
}
