/** On what a run was measured, in the sentences of docs/benchmarks.md and docs/marks.md. */
import type { Results } from "../report/results.ts";

export function setting(results: Results): string {
  const { commit, engine, flags, machine, began } = results;
  return `Medians of ${roundsOf(results)} rounds after the warm-up, in turns with the [peers](../bench/peers/README.md).

- Machine: ${machine.cpu}, ${machine.cores} cores, at a load of ${machine.load.toFixed(1)} when the run began.
- Engine: ${[engine, ...flags].join(" ")}.
- Date: ${began.slice(0, 10)}${commit === undefined ? "" : `, commit ${commit}`}.`;
}

/** The most rounds that count of any contestant. */
export function roundsOf({ contests }: Results): number {
  return Math.max(0, ...contests.flatMap(({ scores }) => scores.map(score => score.rounds.length)));
}
