/**
 * Lets isopod and its peers play a scenario in turns: a round of each, and again, so that what else the machine does hits all of them alike. Every
 * one warms up by rounds that do not count: at least two, or one that takes long, and as many as have taken `warmUpMs` together. One that fails is
 * out of the game and named; the others go on.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_FOLDER } from "../host/node/installation.ts";
import { type Latency, latencyOf } from "./latency.ts";
import type { PeerName } from "./peers.ts";
import { median } from "./percentile.ts";
import type { Beside, Parameters, Round, Scenario, Stage, Style } from "./scenario.ts";

export const peerNames: readonly PeerName[] = ["erlang", "go", "rust", "nact"];
const WARM_UP_ROUNDS = 2;
/** Rounds that hardly take any time are not played for ever. */
const MOST_WARM_UP_ROUNDS = 40;
/** Engines that compile while they run have done so by then: calls by ref, rounds of 7 ms, get faster for a dozen rounds. */
const WARM_UP_MS = 300;
/** A first round of this length has warmed up whatever there is to warm up. */
const LONG_ROUND_MS = 500;

export interface ContestOptions {
  readonly styles: readonly Style[];
  readonly peers: readonly PeerName[];
  readonly rounds: number;
  /** Default 300. */
  readonly warmUpMs?: number;
  readonly parameters?: Parameters;
  /** What else plays, in this process. */
  readonly beside?: readonly Beside[];
  /** Called before each round with what is about to be played; those of the warm-up have the number 0. */
  readonly onRound?: (contestant: string, round: number, of: number) => void;
}

/** What one contestant did. */
export interface Score {
  /** `isopod handler`, `isopod process`, `erlang` and so on. */
  readonly name: string;
  readonly rounds: readonly Omit<Round, "samplesNs">[];
  readonly medianNs: number;
  readonly operationsPerSecond: number;
  readonly bytesEach?: number;
  /** Of the single operations of all rounds, where they were timed. */
  readonly latency?: Latency;
}

/** One that did not play, or not to the end. */
export interface Absence {
  readonly name: string;
  /** Skipped: the command that installs what is missing, or why there is nothing to compare. Failed: the error. */
  readonly why: string;
}

/** The JSON of one scenario. */
export interface Contest {
  readonly scenario: string;
  readonly operation: string;
  readonly parameters: Parameters;
  readonly note?: string;
  readonly paced?: boolean;
  /** isopod's first. Of those that have played all their rounds. */
  readonly scores: readonly Score[];
  readonly skipped: readonly Absence[];
  readonly failed: readonly Absence[];
}

interface Contestant extends Stage {
  readonly name: string;
  readonly rounds: Round[];
}

/** Resolves also where contestants fail, or count another total than they must reach: they are in `failed` then. */
export async function contest(scenario: Scenario, options: ContestOptions): Promise<Contest> {
  const parameters = { ...scenario.parameters, ...options.parameters };
  const { contestants, skipped, failed } = await gather(scenario, parameters, options);
  const lasting = await playAll(contestants, failed, options);
  for (const contestant of lasting) await stopped(contestant, failed);
  const { name, operation, note, paced } = scenario;
  return {
    scenario: name,
    operation,
    parameters,
    ...(note !== undefined && { note }),
    ...(paced !== undefined && { paced }),
    scores: lasting.map(scoreOf),
    skipped,
    failed,
  };
}

export function isOwn({ name }: Pick<Score, "name">): boolean {
  return name.startsWith("isopod");
}

/** How many times as fast as that one isopod's first style is, by medians; undefined where isopod did not play. */
export function ratio({ scores }: Contest, to: Score): number | undefined {
  const own = scores.find(isOwn);
  return own === undefined ? undefined : to.medianNs / own.medianNs;
}

async function gather(
  scenario: Scenario,
  parameters: Parameters,
  { styles, peers, beside = [] }: ContestOptions,
): Promise<{ contestants: Contestant[]; skipped: Absence[]; failed: Absence[] }> {
  const contestants: Contestant[] = [];
  const skipped: Absence[] = [];
  const failed: Absence[] = [];
  const add = async (name: string, start: () => Promise<Stage | Absence>) => {
    try {
      const started = await start();
      if ("why" in started) skipped.push(started);
      else contestants.push({ name, rounds: [], round: () => started.round(), stop: () => started.stop() });
    } catch (error) {
      failed.push({ name, why: messageOf(error) });
    }
  };
  for (const style of styles) await add(`isopod ${style}`, () => scenario.prepare(parameters, style));
  for (const name of peers) await add(name, () => startPeer(name, scenario.peerScenario ?? scenario.name, parameters));
  for (const { name, prepare } of beside) await add(name, () => prepare(parameters));
  return { contestants, skipped, failed };
}

/** Those who have played all their rounds. */
async function playAll(
  contestants: readonly Contestant[],
  failed: Absence[],
  { rounds, warmUpMs = WARM_UP_MS, onRound }: ContestOptions,
): Promise<Contestant[]> {
  let lasting = [...contestants];
  const play = async (contestant: Contestant, round: number): Promise<Round | undefined> => {
    onRound?.(contestant.name, round, rounds);
    try {
      return await contestant.round();
    } catch (error) {
      failed.push({ name: contestant.name, why: messageOf(error) });
      lasting = lasting.filter(other => other !== contestant);
      await stopped(contestant, failed);
      return undefined;
    }
  };
  const warmMs = new Map<Contestant, number>();
  for (let round = 1; round <= MOST_WARM_UP_ROUNDS; round++) {
    const enoughMs = round <= WARM_UP_ROUNDS ? LONG_ROUND_MS : warmUpMs;
    const cold = lasting.filter(contestant => (warmMs.get(contestant) ?? 0) < enoughMs);
    if (cold.length === 0) break;
    for (const contestant of cold) {
      const played = await play(contestant, 0);
      warmMs.set(contestant, (warmMs.get(contestant) ?? 0) + (played?.elapsedMs ?? 0));
    }
  }
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of lasting) {
      const played = await play(contestant, round);
      if (played !== undefined) contestant.rounds.push(played);
    }
  }
  return lasting;
}

/** Which round it is, in words. */
export function roundName(round: number, of: number): string {
  return round === 0 ? "warm-up" : `round ${round} of ${of}`;
}

/** What goes wrong at the end of one that has failed already is not worth a word. */
async function stopped(contestant: Contestant, failed: Absence[]): Promise<void> {
  try {
    await contestant.stop();
  } catch (error) {
    const { name } = contestant;
    if (!failed.some(other => other.name === name))
      failed.push({ name, why: `could not be stopped: ${messageOf(error)}` });
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** By peer: what it can play. Asked for once in a process, as it may have to be built for it. */
const listed = new Map<PeerName, Promise<readonly string[] | { readonly skipped: string }>>();

async function startPeer(name: PeerName, scenario: string, parameters: Parameters): Promise<Stage | Absence> {
  if (!existsSync(join(PACKAGE_FOLDER, "bench", "peers", name)))
    return { name, why: "the peers are in the repository, not in the package" };
  const { scenariosOf, startPeer: start } = await import("./peers.ts");
  let asked = listed.get(name);
  if (asked === undefined) {
    asked = scenariosOf(name).then(known => ("skipped" in known ? known : known.map(({ scenario }) => scenario)));
    listed.set(name, asked);
  }
  const known = await asked;
  if ("skipped" in known) return { name, why: known.skipped };
  if (!known.includes(scenario)) return { name, why: "has no such scenario" };
  const peer = await start(name, scenario, parameters);
  return "skipped" in peer ? { name, why: peer.skipped } : peer;
}

function scoreOf({ name, rounds }: Contestant): Score {
  const medianNs = median(rounds.map(({ elapsedMs, operations }) => (elapsedMs * 1e6) / operations));
  const bytes = rounds.flatMap(({ bytesEach }) => bytesEach ?? []);
  const latency = latencyOf(rounds.flatMap(({ samplesNs }) => samplesNs ?? []));
  return {
    name,
    // Hundreds of thousands of samples are nobody's to read.
    rounds: rounds.map(({ samplesNs: _, ...round }) => round),
    medianNs,
    operationsPerSecond: Math.round(1e9 / medianNs),
    ...(bytes.length > 0 && { bytesEach: Math.round(median(bytes)) }),
    ...(latency !== undefined && { latency }),
  };
}
