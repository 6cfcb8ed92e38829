/** The HTML report: one file, without scripts and without references to anything outside. */
import { type Contest, ratio, type Score } from "./contest.ts";
import { percentile } from "./percentile.ts";
import { asMarkup, type Bar, bars, type Line, lines } from "./plot.ts";
import { formatCount, formatNs, formatParameters, type Results, type SweepResult } from "./results.ts";

export function reportHtml(results: Results): string {
  const { machine } = results;
  const about = [
    `isopod ${results.isopod}${results.commit === undefined ? "" : `, commit ${results.commit}`}`,
    `${results.engine} ${results.flags.join(" ")}`,
    `${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB, ${machine.system}`,
    `began ${results.began}, at a load of ${machine.load.toFixed(2)}`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>isopod bench</title>
<style>${STYLE}</style>
</head>
<body>
<h1>isopod bench</h1>
<p>${about.map(asMarkup).join("<br>\n")}</p>
<p>Contestants played a round each in turns. Figures are medians of the rounds after the warm-up.</p>
${results.contests.map(section).join("\n")}
${results.sweeps.map(sweep).join("\n")}
</body>
</html>
`;
}

function section(contest: Contest): string {
  const { scenario, operation, parameters, note, scores, skipped } = contest;
  return `<section>
<h2>${asMarkup(scenario)}</h2>
<p>One operation is ${asMarkup(operation)}. ${asMarkup(formatParameters(parameters))}.${note === undefined ? "" : ` ${asMarkup(note)}.`}</p>
${bars(scores.map(barOf), "nanoseconds an operation")}
<table>
<tr><th>contestant<th>an operation<th>operations/s<th>isopod is faster by<th>bytes each<th>rounds
${scores.map(score => row(contest, score)).join("\n")}
</table>
${distribution(scores)}
${skipped.map(({ name, why }) => `<p>Skipped: ${asMarkup(name)}: ${asMarkup(why)}</p>`).join("\n")}
</section>`;
}

function row(contest: Contest, score: Score): string {
  const rounds = score.rounds.map(({ elapsedMs, operations }) => formatNs((elapsedMs * 1e6) / operations)).join(", ");
  const factor = score.name.startsWith("isopod") ? "" : `× ${ratio(contest, score).toFixed(2)}`;
  const bytes = score.bytesEach === undefined ? "" : formatCount(score.bytesEach);
  const cells = [score.name, formatNs(score.medianNs), formatCount(score.operationsPerSecond), factor, bytes, rounds];
  return `<tr>${cells.map(cell => `<td>${asMarkup(cell)}`).join("")}`;
}

function barOf({ name, medianNs }: Score): Bar {
  return { name, value: medianNs, label: formatNs(medianNs), own: name.startsWith("isopod") };
}

const SHARES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999];

/** Which share of the operations took at most so long. */
function distribution(scores: readonly Score[]): string {
  const timed = scores.flatMap(({ name, rounds }): Line[] => {
    const samples = rounds.flatMap(({ samplesNs }) => samplesNs ?? []);
    if (samples.length === 0) return [];
    return [
      {
        name,
        points: SHARES.map(share => ({ x: `${+(share * 100).toFixed(1)} %`, y: percentile(samples, share) ?? 0 })),
      },
    ];
  });
  return timed.length === 0 ? "" : lines(timed, "share of single operations that took at most so long", formatNs);
}

function sweep({ scenario, along, points }: SweepResult): string {
  const names = points[0].scores.map(({ name }) => name);
  const plotted = names.map((name): Line => {
    const at = points.flatMap(({ parameters, scores }) => {
      const score = scores.find(one => one.name === name);
      return score === undefined ? [] : [{ x: formatCount(parameters[along]), y: score.medianNs }];
    });
    return { name, points: at };
  });
  return `<section>
<h2>${asMarkup(scenario)} by ${asMarkup(along)}</h2>
${lines(plotted, `${along}; nanoseconds an operation`, formatNs)}
</section>`;
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; margin: .5rem 0 }
th, td { text-align: left; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
svg { max-width: 100%; height: auto; display: block }
`;
