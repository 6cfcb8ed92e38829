/** Each scenario at a tiny size, with the number of operations that a round must count. */
import type { Parameters } from "../../bench/harness/round.ts";
import type { Scenario } from "../../bench/harness/scenario.ts";
import { scenarios } from "../../bench/scenarios/index.ts";

export const tiny: Readonly<Record<string, readonly [parameters: Parameters, operations: number]>> = {
  "ping-pong": [{ pairs: 2, bytes: 300, messages: 41 }, 40],
  "ping-pong-64-pairs": [{ pairs: 3, bytes: 8, messages: 18 }, 18],
  "ping-pong-400-pairs": [{ pairs: 4, bytes: 8, messages: 16 }, 16],
  "ping-pong-latency": [{ pairs: 2, bytes: 300, messages: 41 }, 40],
  spawn: [{ count: 5 }, 5],
  "spawn-storm": [{ count: 5 }, 5],
  "exit-chain": [{ actors: 5 }, 5],
  "fan-in": [{ senders: 3, messages: 31 }, 30],
  "selective-predicate": [{ depth: 10, scans: 5 }, 5],
  "selective-tag": [{ depth: 0, scans: 5 }, 5],
  "selective-ref": [{ depth: 10, calls: 5 }, 5],
  memory: [{ actors: 20 }, 20],
  hibernation: [{ actors: 1300, random: 0 }, 1300],
  "hibernation-random": [{ actors: 1300, random: 1 }, 1300],
  "thread-ring": [{ actors: 3, hops: 10 }, 10],
  counting: [{ messages: 50 }, 50],
  "fork-join-throughput": [{ actors: 3, messages: 5 }, 15],
  "fork-join-create": [{ workers: 7 }, 7],
  big: [{ actors: 4, pings: 5 }, 40],
  chameneos: [{ chameneos: 5, meetings: 12 }, 12],
  "bounded-buffer": [{ buffer: 5, producers: 3, consumers: 2, items: 10, cost: 1 }, 30],
  banking: [{ accounts: 20, transactions: 40 }, 40],
  "log-map": [{ terms: 20, series: 3 }, 60],
  "fan-out": [{ receivers: 3, messages: 31 }, 30],
  timers: [{ timers: 10, spanMs: 3 }, 10],
  fairness: [{ calls: 5, spinners: 1 }, 5],
  call: [{ calls: 60 }, 60],
  "host-call": [{ calls: 5 }, 5],
  "fault-recovery": [{ crashes: 2 }, 2],
};

export function scenarioOf(name: string): Scenario {
  const found = scenarios.find(scenario => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}`);
  return found;
}

/** The scenario at its tiny size, without its sweep. */
export function small(name: string): Scenario {
  const { sweep: _, ...scenario } = scenarioOf(name);
  return { ...scenario, parameters: tiny[name][0] };
}
