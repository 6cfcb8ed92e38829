/** The figures of README.md: one table and one chart. docs/benchmarks.md has all of them. */
import type { Contest } from "../harness/contest.ts";
import type { Parameters } from "../harness/round.ts";
import { isOwn, type Score } from "../harness/score.ts";
import { formatCount, formatNs, formatRatio } from "../report/format.ts";
import type { Results } from "../report/results.ts";
import { namesIn } from "../report/table.ts";
import { bars } from "./bars.ts";
import { markdownTable } from "./markdown.ts";
import { roundsOf } from "./setting.ts";

interface Line {
  readonly scenario: string;
  /** Isopod's contestant. */
  readonly own: string;
  /** What is measured, for readers who do not know the scenario. */
  readonly label: (parameters: Parameters) => string;
  /** Default: the time of an operation. */
  readonly what?: "bytes";
}

const HANDLER = "isopod handler";
const PROCESS = "isopod process";
const actors = ({ pairs }: Parameters) => formatCount(2 * pairs);

const lines: readonly Line[] = [
  { scenario: "ping-pong", own: HANDLER, label: () => "message, 2 actors (handlers)" },
  { scenario: "ping-pong", own: PROCESS, label: () => "message, 2 actors (processes)" },
  { scenario: "ping-pong-400-pairs", own: HANDLER, label: at => `message, ${actors(at)} actors (handlers)` },
  { scenario: "ping-pong-400-pairs", own: PROCESS, label: at => `message, ${actors(at)} actors (processes)` },
  { scenario: "spawn", own: PROCESS, label: () => "spawn and end, one by one" },
  {
    scenario: "spawn-storm",
    own: PROCESS,
    label: ({ count }) => `spawn and end, ${formatCount(count)} at once`,
  },
  { scenario: "memory", own: PROCESS, label: () => "memory of a parked actor", what: "bytes" },
];

/** What the peers are called outside of this project. */
const PEERS: Readonly<Record<string, string>> = { erlang: "Erlang", go: "Go", rust: "Tokio (Rust)", nact: "nact" };

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

function table(contests: readonly Contest[]): string {
  const peers = namesIn(contests.filter(({ scenario }) => lines.some(line => line.scenario === scenario))).filter(
    name => name in PEERS,
  );
  const rows = lines.flatMap(line => {
    const contest = contests.find(({ scenario }) => scenario === line.scenario);
    const own = contest?.scores.find(({ name }) => name === line.own);
    if (contest === undefined || own === undefined) return [];
    const cells = peers.map(peer =>
      besideOwn(
        line,
        own,
        contest.scores.find(({ name }) => name === peer),
      ),
    );
    return [[line.label(contest.parameters), figureOf(line, own), ...cells]];
  });
  return rows.length === 0 ? "" : markdownTable(["", "isopod", ...peers.map(name => PEERS[name])], rows);
}

function besideOwn(line: Line, own: Score, peer: Score | undefined): string {
  if (peer === undefined) return "";
  const times = line.what === "bytes" ? "" : ` (${formatRatio(peer.medianNs / own.medianNs)})`;
  return `${figureOf(line, peer)}${times}`;
}

function figureOf({ what }: Line, { medianNs, bytesEach }: Score): string {
  if (what === undefined) return formatNs(medianNs);
  return bytesEach === undefined ? "" : `${formatCount(bytesEach)} bytes`;
}

function chart(contests: readonly Contest[]): string {
  const played = contests.find(({ scenario }) => scenario === "ping-pong");
  if (played === undefined || !played.scores.some(isOwn)) return "";
  return `\`\`\`text\nmessage, 2 actors\n${bars(played)}\n\`\`\``;
}
