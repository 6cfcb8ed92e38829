/** A contest as a table for a terminal. */
import { type Contest, ratio } from "./contest.ts";
import { formatCount, formatNs, formatParameters } from "./results.ts";

/** Medians; the last column says how many times as fast isopod's first style is. */
export function table(played: Contest): string {
  const { scenario, operation, parameters, note, scores, skipped } = played;
  const rows = scores.map(score => [
    score.name,
    formatNs(score.medianNs),
    `${formatCount(score.operationsPerSecond)}/s`,
    score.bytesEach === undefined ? "" : `${formatCount(score.bytesEach)} bytes each`,
    score.name.startsWith("isopod") ? "" : `isopod × ${ratio(played, score).toFixed(2)}`,
  ]);
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)));
  return [
    `${scenario}: ${formatParameters(parameters)}; an operation is ${operation}`,
    ...(note === undefined ? [] : [`  ${note}`]),
    ...rows.map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join("  ")}`.trimEnd()),
    ...skipped.map(({ name, why }) => `  ${name} skipped: ${why}`),
    "",
  ].join("\n");
}
