/**
 * The comparison that a reader came for: isopod beside its peers, in messages, spawns and memory.
 * The report and README.md open with it.
 */
import type { Contest } from "../harness/contest.ts";
import type { Parameters } from "../harness/round.ts";
import { isOwn, type Score } from "../harness/score.ts";
import { formatCount, formatNs } from "./format.ts";

export type Topic = "Messages" | "Spawns" | "Memory";

/** One comparison: a scenario, and who of isopod's contestants plays for it. */
export interface Line {
  readonly topic: Topic;
  readonly scenario: string;
  /** The first one is compared with the peers. */
  readonly own: readonly string[];
  /** What is measured, for readers who do not know the scenario. */
  readonly label: (parameters: Parameters) => string;
  /** Default: the time of an operation. */
  readonly what?: "bytes";
}

const HANDLER = "isopod handler";
const PROCESS = "isopod process";
const message = ({ pairs }: Parameters) => `message, ${formatCount(2 * pairs)} actors`;

export const comparison: readonly Line[] = [
  { topic: "Messages", scenario: "ping-pong", own: [HANDLER, PROCESS], label: message },
  { topic: "Messages", scenario: "ping-pong-400-pairs", own: [HANDLER, PROCESS], label: message },
  { topic: "Spawns", scenario: "spawn", own: [PROCESS], label: () => "spawn and end, one by one" },
  {
    topic: "Spawns",
    scenario: "spawn-storm",
    own: [PROCESS],
    label: ({ count }) => `spawn and end, ${formatCount(count)} at once`,
  },
  { topic: "Memory", scenario: "memory", own: [PROCESS], label: () => "memory of a parked actor", what: "bytes" },
];

/** What the contestants are called outside of this project. */
const titles: Readonly<Record<string, string>> = {
  "isopod handler": "isopod handlers",
  "isopod process": "isopod processes",
  "isopod jspi": "isopod by JSPI",
  erlang: "Erlang",
  go: "Go",
  rust: "Tokio (Rust)",
  nact: "nact",
};

export function titleOf(contestant: string): string {
  return titles[contestant] ?? contestant;
}

/** A line with the scores that it compares: isopod's first, then the peers'. */
export interface Compared {
  readonly line: Line;
  readonly parameters: Parameters;
  readonly own: readonly Score[];
  readonly peers: readonly Score[];
}

/** The lines that isopod has played, in their order. */
export function compared(contests: readonly Contest[]): Compared[] {
  return comparison.flatMap(line => {
    const contest = contests.find(({ scenario }) => scenario === line.scenario);
    if (contest === undefined) return [];
    const { scores, parameters } = contest;
    const counts = (score: Score) => amountOf(line, score) !== undefined;
    const own = line.own.flatMap(name => scores.filter(score => score.name === name && counts(score)));
    const peers = scores.filter(score => !isOwn(score) && score.name in titles && counts(score));
    return own.length === 0 ? [] : [{ line, parameters, own, peers }];
  });
}

/** Nanoseconds or bytes. Undefined if the contestant did not count its bytes. */
export function amountOf({ what }: Line, { medianNs, bytesEach }: Score): number | undefined {
  return what === "bytes" ? bytesEach : medianNs;
}

export function figureOf({ what }: Line, { medianNs, bytesEach = 0 }: Score): string {
  return what === "bytes" ? `${formatCount(bytesEach)} bytes` : formatNs(medianNs);
}
