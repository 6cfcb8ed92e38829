/** What one contestant reached in a contest. */
import { type Latency, latencyOf } from "./latency.ts";
import { median } from "./median.ts";
import type { Round } from "./round.ts";

export interface Score {
  /** `isopod handler`, `isopod process`, `erlang` and so on. */
  readonly name: string;
  readonly rounds: readonly Omit<Round, "samplesNs">[];
  /** The median of all rounds: nanoseconds of an operation. */
  readonly medianNs: number;
  readonly operationsPerSecond: number;
  readonly bytesEach?: number;
  /** The distribution of the single operations of all rounds, if they were timed. */
  readonly latency?: Latency;
}

export function scoreOf(name: string, rounds: readonly Round[]): Score {
  const medianNs = median(rounds.map(nsOf));
  const bytes = rounds.flatMap(({ bytesEach }) => bytesEach ?? []);
  const latency = latencyOf(rounds.flatMap(({ samplesNs }) => samplesNs ?? []));
  return {
    name,
    // Results are written as JSON, so hundreds of thousands of samples are left out.
    rounds: rounds.map(({ samplesNs: _, ...round }) => round),
    medianNs,
    operationsPerSecond: Math.round(1e9 / medianNs),
    ...(bytes.length > 0 && { bytesEach: Math.round(median(bytes)) }),
    ...(latency !== undefined && { latency }),
  };
}

/** Nanoseconds of an operation. */
export function nsOf({ elapsedMs, operations }: Pick<Round, "elapsedMs" | "operations">): number {
  return (elapsedMs * 1e6) / operations;
}

/** True for isopod's own contestants. */
export function isOwn({ name }: Pick<Score, "name">): boolean {
  return name.startsWith("isopod");
}

/**
 * How many times faster than `to` isopod's first style is, by medians. Undefined if isopod did not
 * play.
 */
export function ratio(scores: readonly Score[], to: Score): number | undefined {
  const own = scores.find(isOwn);
  return own === undefined ? undefined : to.medianNs / own.medianNs;
}
