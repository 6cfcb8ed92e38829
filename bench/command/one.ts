/**
 * `isopod bench SCENARIO`: plays one scenario, in rounds or for some seconds, and prints a table or
 * JSON.
 */
import { type Arguments, UsageError } from "../../host/node/cli/command.ts";
import { relaunch } from "../../host/node/cli/relaunch.ts";
import { ProgressLine } from "../../host/node/cli/terminal.ts";
import { engineFlags, engineName } from "../../host/node/engine.ts";
import { type Contest, contest } from "../harness/contest.ts";
import type { Scenario } from "../harness/scenario.ts";
import { setting } from "../report/results.ts";
import { table } from "../report/table.ts";
import { lengthOf, parametersOf, peersOf, stylesOf } from "./options.ts";

/** Resolves to the exit code: 1 if a contestant failed. */
export async function playOne(scenario: Scenario, given: Arguments): Promise<number> {
  if (given.has("out")) throw new UsageError("--out is for isopod bench all; use --json");
  const styles = stylesOf(given, scenario);
  const options = {
    styles,
    peers: peersOf(given, "none"),
    length: lengthOf(given, scenario),
    parameters: parametersOf(given, scenario, styles),
  };
  const code = await relaunch();
  if (code !== undefined) return code;
  const progress = new ProgressLine();
  progress.say("compiling the guests, and building peers if necessary");
  const played = await contest(scenario, {
    ...options,
    onRound: (contestant, when) => progress.say(`${scenario.name}: ${when}, ${contestant}`),
  }).finally(() => progress.clear());
  const text = given.has("json")
    ? JSON.stringify({ ...setting(), contests: [played] })
    : `${table(played)}  ${played.scores.length === 0 ? "" : `medians of ${roundsOf(played)}; `}${engineName()} ${engineFlags().join(" ")}`;
  process.stdout.write(`${text}\n`);
  return played.failed.length > 0 ? 1 : 0;
}

/** How many rounds the contestants played: those that play for seconds play different numbers. */
function roundsOf({ scores }: Contest): string {
  const counts = scores.map(({ rounds }) => rounds.length);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const numbers = fewest === most ? `${most}` : `${fewest} to ${most}`;
  return `${numbers} ${most === 1 ? "round" : "rounds"}`;
}
