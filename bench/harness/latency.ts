/**
 * The distribution of the times of single operations: percentiles, and points of the curve through
 * them.
 */

/** Times in nanoseconds. */
export interface Latency {
  readonly samples: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /** Null if there are fewer than 1,000 samples. */
  readonly p999: number | null;
  readonly max: number;
  /** For each share of `curveShares`: the time that this share of the operations did not exceed. */
  readonly curve: readonly number[];
}

/** The shares of the curve. There are equally many between 90 % and 99 % as between 99 % and 99.9 %. */
export const curveShares: readonly number[] = [
  0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9975, 0.999, 0.9995, 0.9999,
];

/** Undefined if there are no samples. */
export function latencyOf(samplesNs: readonly number[]): Latency | undefined {
  if (samplesNs.length === 0) return undefined;
  const sorted = Float64Array.from(samplesNs).sort();
  const at = (share: number) => Math.round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]);
  return {
    samples: sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: sorted.length < 1000 ? null : at(0.999),
    max: at(1),
    curve: curveShares.map(at),
  };
}
