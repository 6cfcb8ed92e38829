/** The figures of README.md: one table and one chart. docs/benchmarks.md has all of them. */
import type { Contest } from "../harness/contest.ts";
import { isOwn, type Score } from "../harness/score.ts";
import { compared, figureOf, type Line, titleOf } from "../report/comparison.ts";
import { formatRatio } from "../report/format.ts";
import type { Results } from "../report/results.ts";
import { bars } from "./bars.ts";
import { markdownTable } from "./markdown.ts";
import { roundsOf } from "./setting.ts";

/** Ends with a line break. */
export function summary(results: Results): string {
  const parts = [setting(results), table(results.contests), chart(results.contests)];
  return `${parts.filter(part => part !== "").join("\n\n")}\n`;
}

function setting(results: Results): string {
  const { commit, engine, machine, began } = results;
  return `Medians of ${roundsOf(results)} rounds, in turns with the others, on ${machine.cpu} with ${machine.cores} cores;
${engine}; ${began.slice(0, 10)}${commit === undefined ? "" : `, commit ${commit}`}.
In brackets: how many times faster isopod is. Below 1, isopod is slower.`;
}

/** A row for each of isopod's contestants. */
function table(contests: readonly Contest[]): string {
  const all = compared(contests);
  const names = [...new Set(all.flatMap(({ peers }) => peers.map(({ name }) => name)))];
  const rows = all.flatMap(({ line, parameters, own, peers }) =>
    own.map(score => {
      const style = line.own.length === 1 ? "" : ` (${score.name === "isopod handler" ? "handlers" : "processes"})`;
      const cells = names.map(name =>
        beside(
          line,
          score,
          peers.find(peer => peer.name === name),
        ),
      );
      return [`${line.label(parameters)}${style}`, figureOf(line, score), ...cells];
    }),
  );
  return rows.length === 0 ? "" : markdownTable(["", "isopod", ...names.map(titleOf)], rows);
}

function beside(line: Line, own: Score, peer: Score | undefined): string {
  if (peer === undefined) return "";
  const times = line.what === "bytes" ? "" : ` (${formatRatio(peer.medianNs / own.medianNs)})`;
  return `${figureOf(line, peer)}${times}`;
}

function chart(contests: readonly Contest[]): string {
  const played = contests.find(({ scenario }) => scenario === "ping-pong");
  if (played === undefined || !played.scores.some(isOwn)) return "";
  return `\`\`\`text\nmessage, 2 actors\n${bars(played)}\n\`\`\``;
}
