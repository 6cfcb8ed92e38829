/**
 * Lets isopod and its peers play a scenario in turns: one round of each, then the next. Other load
 * on the machine then affects all of them alike. A contestant that fails is stopped and named; the
 * others go on.
 */

import { scenariosOf, startPeer } from "./peer.ts";
import type { PeerName } from "./peers.ts";
import type { Parameters, Prepared, Round } from "./round.ts";
import type { Beside, Scenario, Style } from "./scenario.ts";
import { type Score, scoreOf } from "./score.ts";

const WARM_UP_ROUNDS = 2;
/** An upper bound, because some rounds take hardly any time. */
const MOST_WARM_UP_ROUNDS = 40;
/** By then the engines have compiled the code: calls, in rounds of 7 ms, get faster for a dozen rounds. */
const WARM_UP_MS = 300;
/** One round of this length is enough of a warm-up. */
const LONG_ROUND_MS = 500;
/** Later rounds keep no samples: a round may have 50,000, and a contest thousands of rounds. */
const SAMPLED_ROUNDS = 100;

/**
 * How long a contest lasts: a number of rounds, or until the rounds of each contestant have taken
 * so many seconds.
 */
export type Length = { readonly rounds: number } | { readonly seconds: number };

export interface ContestOptions {
  readonly styles: readonly Style[];
  readonly peers: readonly PeerName[];
  readonly length: Length;
  /** The least time of the warm-up rounds together, in each contestant. Default 300. */
  readonly warmUpMs?: number;
  readonly parameters?: Parameters;
  readonly beside?: readonly Beside[];
  /** Called before each round with the contestant and, for example, `warm-up` or `round 2 of 5`. */
  readonly onRound?: (contestant: string, when: string) => void;
}

/** A contestant that did not play, or not until the end. */
export interface Absence {
  readonly name: string;
  /** Skipped: what has to be installed, or why there is nothing to compare. Failed: the error. */
  readonly why: string;
}

/** The result of one scenario. Its keys are those of the JSON. */
export interface Contest {
  readonly scenario: string;
  readonly operation: string;
  readonly parameters: Parameters;
  readonly note?: string;
  readonly paced?: boolean;
  /** Scores of the contestants that played all rounds, isopod's first. */
  readonly scores: readonly Score[];
  readonly skipped: readonly Absence[];
  readonly failed: readonly Absence[];
}

interface Contestant extends Prepared {
  readonly name: string;
  readonly rounds: Round[];
  /** The time that its rounds have taken, without those of the warm-up. */
  playedMs: number;
}

/**
 * Plays the scenario. It resolves even if contestants fail or count a wrong total; they are then in
 * `failed`.
 */
export async function contest(scenario: Scenario, options: ContestOptions): Promise<Contest> {
  const parameters = { ...scenario.parameters, ...options.parameters };
  const { contestants, skipped, failed } = await startAll(scenario, parameters, options);
  const lasting = await playAll(contestants, failed, { ...options, length: shortened(options.length, scenario) });
  for (const contestant of lasting) await stopped(contestant, failed);
  const { name, operation, note, paced } = scenario;
  return {
    scenario: name,
    operation,
    parameters,
    ...(note !== undefined && { note }),
    ...(paced !== undefined && { paced }),
    scores: lasting.map(({ name, rounds }) => scoreOf(name, rounds)),
    skipped,
    failed,
  };
}

async function startAll(
  scenario: Scenario,
  parameters: Parameters,
  { styles, peers, beside = [] }: ContestOptions,
): Promise<{ contestants: Contestant[]; skipped: Absence[]; failed: Absence[] }> {
  const contestants: Contestant[] = [];
  const skipped: Absence[] = [];
  const failed: Absence[] = [];
  const add = async (name: string, start: () => Promise<Prepared | Absence>) => {
    try {
      const started = await start();
      if ("why" in started) skipped.push(started);
      else
        contestants.push({ name, rounds: [], playedMs: 0, round: () => started.round(), stop: () => started.stop() });
    } catch (error) {
      failed.push({ name, why: messageOf(error) });
    }
  };
  for (const style of styles) await add(`isopod ${style}`, () => scenario.prepare(parameters, style));
  const peerParameters = { ...parameters, ...scenario.peerParameters };
  for (const name of peers) {
    await add(name, () => peerFor(name, scenario.peerScenario ?? scenario.name, peerParameters));
  }
  for (const { name, prepare } of beside) await add(name, () => prepare(parameters));
  return { contestants, skipped, failed };
}

/** Returns the contestants that have played all their rounds. */
async function playAll(
  contestants: readonly Contestant[],
  failed: Absence[],
  { length, warmUpMs = WARM_UP_MS, onRound }: ContestOptions,
): Promise<Contestant[]> {
  let lasting = [...contestants];
  const play = async (contestant: Contestant, when: string): Promise<Round | undefined> => {
    onRound?.(contestant.name, when);
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
      const played = await play(contestant, "warm-up");
      warmMs.set(contestant, (warmMs.get(contestant) ?? 0) + (played?.elapsedMs ?? 0));
    }
  }
  for (;;) {
    const unfinished = lasting.filter(contestant => !hasFinished(contestant, length));
    if (unfinished.length === 0) return lasting;
    for (const contestant of unfinished) {
      const played = await play(contestant, placeIn(length, contestant));
      if (played === undefined) continue;
      const { samplesNs: _, ...round } = played;
      contestant.rounds.push(contestant.rounds.length < SAMPLED_ROUNDS ? played : round);
      contestant.playedMs += played.elapsedMs;
    }
  }
}

function shortened(length: Length, { mostRounds = Number.POSITIVE_INFINITY }: Scenario): Length {
  return "rounds" in length ? { rounds: Math.min(length.rounds, mostRounds) } : length;
}

function hasFinished({ rounds, playedMs }: Contestant, length: Length): boolean {
  return "rounds" in length ? rounds.length >= length.rounds : playedMs >= length.seconds * 1000;
}

/** The next round of the contestant, in words. */
function placeIn(length: Length, { rounds, playedMs }: Contestant): string {
  if ("rounds" in length) return `round ${rounds.length + 1} of ${length.rounds}`;
  return `${(playedMs / 1000).toFixed(1)} of ${length.seconds} s`;
}

/** Stops a contestant. An error is reported unless the contestant has already failed. */
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

/** The scenarios of each peer. A process asks a peer once, because the peer may have to be built first. */
const listed = new Map<PeerName, ReturnType<typeof scenariosOf>>();

async function peerFor(name: PeerName, scenario: string, parameters: Parameters): Promise<Prepared | Absence> {
  const asked = listed.get(name) ?? scenariosOf(name);
  listed.set(name, asked);
  const known = await asked;
  if ("skipped" in known) return { name, why: known.skipped };
  if (!known.some(each => each.scenario === scenario)) return { name, why: "has no such scenario" };
  const peer = await startPeer(name, scenario, parameters);
  return "skipped" in peer ? { name, why: peer.skipped } : peer;
}
