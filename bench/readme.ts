/**
 * Writes the figures of README.md from a file of `isopod bench all`: `node bench/readme.ts results/results.json`. It replaces what stands between two
 * comments, and nothing else.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_FOLDER } from "../host/node/installation.ts";
import { type Contest, ratio, type Score } from "./contest.ts";
import { formatCount, formatNs, formatParameters, type Results } from "./results.ts";

const BEGIN = "<!-- figures: written by bench/readme.ts -->";
const END = "<!-- end of figures -->";

/** The README with these figures. Throws where the two comments are not there. */
export function withFigures(readme: string, results: Results): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`the comments ${BEGIN} and ${END} are missing`);
  return `${readme.slice(0, from)}${BEGIN}\n${figures(results)}${readme.slice(to)}`;
}

function figures({ commit, engine, flags, machine, began, contests }: Results): string {
  const peers = [...new Set(contests.flatMap(({ scores }) => scores.map(({ name }) => name)).filter(isPeer))];
  const head = ["scenario", "isopod, an operation", ...peers.map(name => `${name} (isopod ×)`)];
  const pingPong = contests.find(({ scenario }) => scenario === "ping-pong");
  return `Medians of ${contests[0].scores[0].rounds.length} rounds after two of warm-up, in turns with the peers
([what they are](bench/peers/README.md)), on ${machine.cpu}, ${machine.cores} cores, at a load of ${machine.load.toFixed(1)} when it began;
${engine} ${flags.join(" ")}; ${began.slice(0, 10)}${commit === undefined ? "" : `, commit ${commit}`}. Beside a peer's figure, in brackets, how many times as fast isopod is.

| ${head.join(" | ")} |
|${head.map(() => "---").join("|")}|
${contests
  .filter(({ paced }) => paced !== true)
  .flatMap(contest => contest.scores.filter(({ name }) => !isPeer(name)).map(score => row(contest, score, peers)))
  .join("\n")}
${pingPong === undefined ? "" : `\n${chart(pingPong)}`}`;
}

function row(contest: Contest, own: Score, peers: readonly string[]): string {
  const style = own.name === "isopod process" ? "" : `, ${own.name.slice("isopod ".length)}`;
  const cells = peers.map(peer => {
    const score = contest.scores.find(({ name }) => name === peer);
    if (score === undefined) return "";
    const times = ratio({ ...contest, scores: [own] }, score).toFixed(2);
    return `${formatNs(score.medianNs)} (${times})${bytesOf(score)}`;
  });
  return `| ${[`${contest.scenario}${style}`, `${formatNs(own.medianNs)}${bytesOf(own)}`, ...cells].join(" | ")} |`;
}

function bytesOf({ bytesEach }: Score): string {
  return bytesEach === undefined ? "" : `, ${formatCount(bytesEach)} bytes each`;
}

function chart({ scores, operation, parameters, scenario }: Contest): string {
  const most = Math.max(...scores.map(({ medianNs }) => medianNs));
  const bars = scores.map(({ name, medianNs }) => {
    const bar = "█".repeat(Math.max(1, Math.round((medianNs / most) * 40)));
    return `${name.padEnd(16)}${bar} ${formatNs(medianNs)}`;
  });
  return `\`\`\`text\n${scenario}, ${formatParameters(parameters)}: ${operation}\n${bars.join("\n")}\n\`\`\`\n`;
}

function isPeer(name: string): boolean {
  return !name.startsWith("isopod");
}

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new Error("which results? Say node bench/readme.ts results/results.json");
  const readme = join(PACKAGE_FOLDER, "README.md");
  const results = JSON.parse(readFileSync(file, "utf8")) as Results;
  writeFileSync(readme, withFigures(readFileSync(readme, "utf8"), results));
}
