/** Figures as text: durations, ratios, bytes, counts and parameters. */
import type { Parameters } from "../harness/round.ts";

/** A duration in a suitable unit. */
export function formatNs(value: number): string {
  if (value < 1000) return `${value.toFixed(value < 100 ? 1 : 0)} ns`;
  if (value < 1e6) return `${(value / 1e3).toFixed(value < 1e5 ? 1 : 0)} µs`;
  return `${(value / 1e6).toFixed(1)} ms`;
}

/** A duration without a fraction of zero, for an axis. */
export function formatTick(value: number): string {
  return formatNs(value).replace(/\.0 /, " ");
}

/** `0.0046`, `0.48`, `3.20`, `12.5`, `120`. */
export function formatRatio(value: number): string {
  if (value < 0.1) return value.toPrecision(2);
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : formatCount(value);
}

export function formatBytes(value: number): string {
  return value >= 1024 && value % 1024 === 0 ? `${value / 1024} KiB` : `${formatCount(value)} B`;
}

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `pairs 1, bytes 8`. */
export function formatParameters(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${formatCount(value)}`)
    .join(", ");
}
