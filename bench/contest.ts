/**
 * Lets isopod and its peers play a scenario in turns: a round of each, and again, so that what else the machine does hits all of them alike. Every
 * one has two rounds of warm-up, which do not count.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_FOLDER } from "../host/node/installation.ts";
import type { PeerName } from "./peers.ts";
import { median } from "./percentile.ts";
import type { Parameters, Round, Scenario, Stage, Style } from "./scenario.ts";

export const peerNames: readonly PeerName[] = ["erlang", "go", "rust", "nact"];
const WARM_UP_ROUNDS = 2;

export interface ContestOptions {
  readonly styles: readonly Style[];
  readonly peers: readonly PeerName[];
  readonly rounds: number;
  readonly parameters?: Parameters;
  /** Called before each round with what is about to be played. */
  readonly onRound?: (contestant: string, round: number, of: number) => void;
}

/** What one contestant did. */
export interface Score {
  /** `isopod handler`, `isopod process`, `erlang` and so on. */
  readonly name: string;
  readonly rounds: readonly Round[];
  readonly medianNs: number;
  readonly operationsPerSecond: number;
  readonly bytesEach?: number;
}

export interface Skip {
  readonly name: string;
  /** The command that installs what is missing, or why there is nothing to compare. */
  readonly why: string;
}

/** The JSON of one scenario. */
export interface Contest {
  readonly scenario: string;
  readonly operation: string;
  readonly parameters: Parameters;
  readonly note?: string;
  readonly paced?: boolean;
  /** isopod's first. */
  readonly scores: readonly Score[];
  readonly skipped: readonly Skip[];
}

interface Contestant extends Stage {
  readonly name: string;
  readonly rounds: Round[];
}

/** Rejects where a round fails, or counts another total than it must reach. */
export async function contest(scenario: Scenario, options: ContestOptions): Promise<Contest> {
  const parameters = { ...scenario.parameters, ...options.parameters };
  const { contestants, skipped } = await gather(scenario, parameters, options);
  try {
    const of = WARM_UP_ROUNDS + options.rounds;
    for (let round = 1; round <= of; round++) {
      for (const { name, rounds, round: play } of contestants) {
        options.onRound?.(name, round, of);
        const played = await play();
        if (round > WARM_UP_ROUNDS) rounds.push(played);
      }
    }
  } finally {
    for (const contestant of contestants) await contestant.stop();
  }
  const { name, operation, note, paced } = scenario;
  return {
    scenario: name,
    operation,
    parameters,
    ...(note !== undefined && { note }),
    ...(paced !== undefined && { paced }),
    scores: contestants.map(scoreOf),
    skipped,
  };
}

/** How many times as fast as that one isopod's first style is, by medians. */
export function ratio({ scores }: Contest, to: Score): number {
  return to.medianNs / scores[0].medianNs;
}

async function gather(
  scenario: Scenario,
  parameters: Parameters,
  { styles, peers }: ContestOptions,
): Promise<{ contestants: Contestant[]; skipped: Skip[] }> {
  const contestants: Contestant[] = [];
  const skipped: Skip[] = [];
  for (const style of styles) {
    contestants.push({ name: `isopod ${style}`, rounds: [], ...(await scenario.prepare(parameters, style)) });
  }
  for (const name of peers) {
    const peer = await startPeer(name, scenario.name, parameters);
    if ("why" in peer) skipped.push(peer);
    else contestants.push(peer);
  }
  return { contestants, skipped };
}

async function startPeer(name: PeerName, scenario: string, parameters: Parameters): Promise<Contestant | Skip> {
  if (!existsSync(join(PACKAGE_FOLDER, "bench", "peers", name)))
    return { name, why: "the peers are in the repository, not in the package" };
  const { scenariosOf, startPeer: start } = await import("./peers.ts");
  const listed = await scenariosOf(name);
  if ("skipped" in listed) return { name, why: listed.skipped };
  if (!listed.some(known => known.scenario === scenario)) return { name, why: "has no such scenario" };
  const peer = await start(name, scenario, parameters);
  if ("skipped" in peer) return { name, why: peer.skipped };
  return { name, rounds: [], round: () => peer.round(), stop: () => peer.stop() };
}

function scoreOf({ name, rounds }: Contestant): Score {
  const medianNs = median(rounds.map(({ elapsedMs, operations }) => (elapsedMs * 1e6) / operations));
  const bytes = rounds.flatMap(({ bytesEach }) => bytesEach ?? []);
  return {
    name,
    rounds,
    medianNs,
    operationsPerSecond: Math.round(1e9 / medianNs),
    ...(bytes.length > 0 && { bytesEach: Math.round(median(bytes)) }),
  };
}
