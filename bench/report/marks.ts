/**
 * The marks: our own targets for isopod beside its peers, in the same run (docs/marks.md). A
 * verdict compares the medians of one run. If one of the two did not play, the verdict says so.
 */
import type { Contest } from "../harness/contest.ts";
import type { Played } from "../harness/everything.ts";
import { nsOf, type Score } from "../harness/score.ts";

export interface Mark {
  readonly name: string;
  readonly scenario: string;
  /** Isopod's contestant. */
  readonly own: string;
  /** The contestant that it is compared with. A mark without one has only the bound `most`. */
  readonly beside?: string;
  /** Sizes of the scenario's sweep; the worst one counts. Default: the scenario at its own size. */
  readonly at?: readonly number[];
  /** What is compared. Default: the time of an operation. */
  readonly what?: "bytes";
  /** Reached if isopod's figure is at most this many times the other one. */
  readonly atMost?: number;
  /** Reached if isopod's figure is at most this. A mark without either bound is only printed. */
  readonly most?: number;
}

/** What a run says about a mark. */
export interface Verdict {
  readonly name: string;
  readonly own: string;
  readonly beside?: string;
  readonly unit: "ns" | "bytes";
  readonly atMost?: number;
  readonly most?: number;
  /** This and the fields below are missing if one of the two did not play. */
  readonly ownValue?: number;
  readonly besideValue?: number;
  /** Isopod's figure divided by the other one: below 1, isopod takes less. */
  readonly ratio?: number;
  /** The least and the greatest ratio of single rounds. */
  readonly spread?: readonly [number, number];
  readonly reached?: boolean;
}

const HANDLER = "isopod handler";
const PROCESS = "isopod process";
const pingPong = { own: HANDLER, beside: "rust" } as const;
const memory = { scenario: "memory", own: PROCESS, what: "bytes", most: 1_100 } as const;

/** A scenario of processes, at its own size. */
function besideErlang(scenario: string, atMost: number): Mark {
  return { name: scenario, scenario, own: PROCESS, beside: "erlang", atMost };
}

export const marks: readonly Mark[] = [
  { ...pingPong, name: "ping-pong of handlers, 1 pair", scenario: "ping-pong", atMost: 1 / 2.5 },
  { ...pingPong, name: "ping-pong of handlers, 64 pairs", scenario: "ping-pong-64-pairs", atMost: 0.6 },
  { ...pingPong, name: "ping-pong of handlers, 400 pairs", scenario: "ping-pong-400-pairs", atMost: 1.2 },
  { name: "ping-pong of processes, 1 pair", scenario: "ping-pong", own: PROCESS, beside: "erlang", atMost: 1 / 2.5 },
  {
    name: "ping-pong of processes, 64 pairs",
    scenario: "ping-pong-64-pairs",
    ...{ own: PROCESS, beside: "rust", atMost: 0.8 },
  },
  {
    name: "ping-pong of processes, 400 pairs",
    scenario: "ping-pong-400-pairs",
    ...{ own: PROCESS, beside: "rust", atMost: 1.8 },
  },
  {
    name: "message of 4 KiB and more beside its bytes copied twice",
    scenario: "ping-pong",
    ...{ own: HANDLER, beside: "memcpy", at: [4096, 16_384, 65_536], atMost: 2 },
  },
  {
    name: "reply by ref behind 10,000 others",
    scenario: "selective-ref",
    ...{ own: PROCESS, beside: "erlang", at: [10_000], atMost: 1 / 2 },
  },
  {
    // Two medians of the same thing differ by up to a tenth.
    name: "reply by ref behind 10,000 others beside an empty mailbox",
    scenario: "selective-ref",
    ...{ own: PROCESS, beside: "empty mailbox", at: [10_000], atMost: 1.1 },
  },
  {
    name: "predicate behind 10,000 others",
    scenario: "selective-predicate",
    ...{ own: PROCESS, beside: "erlang", at: [10_000], atMost: 1 },
  },
  { name: "spawn, run, end and Down", scenario: "spawn", own: PROCESS, beside: "erlang", atMost: 0.6 },
  besideErlang("spawn-storm", 0.5),
  besideErlang("fork-join-create", 0.5),
  { name: "fan-in of 1,000 senders", scenario: "fan-in", own: PROCESS, beside: "erlang", atMost: 0.5 },
  { name: "fan-in of 1,000 senders", scenario: "fan-in", own: PROCESS, beside: "go" },
  besideErlang("fan-out", 0.35),
  besideErlang("counting", 0.6),
  besideErlang("fork-join-throughput", 0.6),
  besideErlang("thread-ring", 0.6),
  besideErlang("big", 0.6),
  besideErlang("chameneos", 0.6),
  besideErlang("bounded-buffer", 0.6),
  besideErlang("log-map", 0.6),
  besideErlang("banking", 0.7),
  { ...memory, name: "memory of a process that waits" },
  { ...memory, name: "memory of a process that waits", beside: "erlang", atMost: 1 },
  { ...memory, name: "memory of a process that waits", beside: "rust", atMost: 1 },
  { name: "message to a hibernated process", scenario: "hibernation", own: PROCESS, most: 1_500 },
];

/** A verdict on each mark, in the order of the marks. */
export function judged(results: Played, all: readonly Mark[] = marks): Verdict[] {
  return all.map(mark => verdictOn(mark, results));
}

function verdictOn(mark: Mark, results: Played): Verdict {
  const { name, own, beside, what, atMost, most } = mark;
  const about = {
    name,
    own,
    unit: what ?? ("ns" as const),
    ...(beside !== undefined && { beside }),
    ...(atMost !== undefined && { atMost }),
    ...(most !== undefined && { most }),
  } as const;
  const compared = (mark.at ?? [undefined]).map(at => compare(mark, results, at));
  const [first, ...rest] = compared;
  if (first === undefined || rest.includes(undefined)) return about;
  const worst = rest.reduce<Comparison>(
    (worse, each) => (each !== undefined && (each.ratio ?? 0) > (worse.ratio ?? 0) ? each : worse),
    first,
  );
  if (most === undefined && atMost === undefined) return { ...about, ...worst };
  const { ownValue, ratio = 0 } = worst;
  const reached = ownValue <= (most ?? Number.POSITIVE_INFINITY) && ratio <= (atMost ?? Number.POSITIVE_INFINITY);
  return { ...about, ...worst, reached };
}

/** The figures of both; of a mark without `beside`, isopod's. */
type Comparison = Required<Pick<Verdict, "ownValue">> & Pick<Verdict, "besideValue" | "ratio" | "spread">;

function compare(mark: Mark, results: Played, at: number | undefined): Comparison | undefined {
  const scores = contestOf(mark, results, at)?.scores;
  const figureOf = (score?: Score) => (mark.what === "bytes" ? score?.bytesEach : score?.medianNs);
  const own = scores?.find(({ name }) => name === mark.own);
  const beside = scores?.find(({ name }) => name === mark.beside);
  const [ownValue, besideValue] = [figureOf(own), figureOf(beside)];
  if (own === undefined || ownValue === undefined) return undefined;
  if (mark.beside === undefined) return { ownValue };
  if (beside === undefined || besideValue === undefined) return undefined;
  const spread = mark.what === undefined ? { spread: spreadOf(own, beside) } : {};
  return { ownValue, besideValue, ratio: ownValue / besideValue, ...spread };
}

function contestOf({ scenario }: Mark, { contests, sweeps }: Played, at: number | undefined): Contest | undefined {
  if (at === undefined) return contests.find(contest => contest.scenario === scenario);
  const sweep = sweeps.find(other => other.scenario === scenario);
  return sweep?.points.find(({ parameters }) => parameters[sweep.along] === at);
}

function spreadOf(own: Score, beside: Score): readonly [number, number] {
  const ratios = own.rounds.map((round, i) => nsOf(round) / nsOf(beside.rounds[i]));
  return [Math.min(...ratios), Math.max(...ratios)];
}
