/** Reads the options of `isopod bench`. Each function throws a UsageError that says what is wrong. */
import { type Arguments, numberIn, UsageError } from "../../host/node/cli/command.ts";
import { suggest } from "../../host/wire/suggest.ts";
import type { Length } from "../harness/contest.ts";
import { type PeerName, peerNames } from "../harness/peers.ts";
import type { Parameters } from "../harness/round.ts";
import type { Scenario, Style } from "../harness/scenario.ts";
import { scenarios } from "../scenarios/index.ts";

export const styles: readonly Style[] = ["handler", "process", "jspi"];

export function scenarioOf(name: string): Scenario {
  const scenario = scenarios.find(known => known.name === name);
  if (scenario !== undefined) return scenario;
  const likely = suggest(name, [...scenarios.map(known => known.name), "all"]);
  throw new UsageError(`there is no scenario ${name}${likely === undefined ? "" : `; did you mean ${likely}?`}`);
}

/** `isopod bench SCENARIO 5` plays for seconds, all else plays rounds. */
export function lengthOf(given: Arguments, { name, mostRounds }: Scenario): Length {
  const [, seconds, ...more] = given.positionals;
  if (more.length > 0) throw new UsageError(`${name} takes the seconds and nothing else, but got "${more.join(" ")}"`);
  if (seconds === undefined) return { rounds: roundsOf(given) };
  if (mostRounds !== undefined) throw new UsageError(`${name} takes no seconds, because each of its rounds takes some`);
  if (given.has("rounds")) throw new UsageError("give the seconds or --rounds, not both");
  return { seconds: numberIn("seconds", seconds, 0.1, 3600, false) };
}

export function roundsOf(given: Arguments): number {
  return given.whole("rounds", 5, 1, 1000);
}

/** The peers asked for, in their usual order. */
export function peersOf(given: Arguments, otherwise: "all" | "none"): readonly PeerName[] {
  const text = given.text("peers") ?? otherwise;
  if (text === "none") return [];
  if (text === "all") return peerNames;
  const asked = text.split(",");
  const unknown = asked.find(name => !peerNames.some(known => known === name));
  if (unknown !== undefined) {
    throw new UsageError(`--peers is all, none or some of ${peerNames.join(",")}, not "${unknown}"`);
  }
  return peerNames.filter(name => asked.includes(name));
}

/** The styles asked for, in the order of the scenario. Default: process. */
export function stylesOf(given: Arguments, { name, styles: possible }: Scenario): readonly Style[] {
  const asked = given.all("style");
  const unknown = asked.find(style => !possible.some(known => known === style));
  if (unknown !== undefined) {
    throw new UsageError(`${name} is not played in style ${unknown}, but ${possible.join(" or ")}`);
  }
  return possible.filter(style => (asked.length > 0 ? asked.includes(style) : style === "process"));
}

/** The parameters given as options. The scenario's defaults hold for the others. */
export function parametersOf(given: Arguments, { name, parameters }: Scenario, played: readonly Style[]): Parameters {
  refuse(
    given,
    name,
    ["pairs", "bytes"].filter(option => !Object.hasOwn(parameters, option)),
  );
  return {
    ...(given.has("pairs") && { pairs: given.whole("pairs", 1, 1, maxPairs(played)) }),
    ...(given.has("bytes") && { bytes: given.whole("bytes", 8, 0, 2 ** 20) }),
  };
}

/** With more pairs, engines run out of memories; with JSPI they run out of stacks. */
function maxPairs(played: readonly Style[]): number {
  return played.includes("jspi") ? 3000 : 10_000;
}

export function refuse(given: Arguments, name: string, options: readonly string[]): void {
  const unused = options.find(option => given.has(option));
  if (unused !== undefined) throw new UsageError(`--${unused} is for ping-pong; ${name} does not use it`);
}
