/**
 * `isopod bench SCENARIO`: plays one scenario, in rounds or for some seconds, and prints a table or
 * JSON.
 */
import type { Arguments } from "../../host/node/cli/command.ts";
import { UsageError } from "../../host/node/cli/command.ts";
import { relaunch } from "../../host/node/cli/relaunch.ts";
import { ProgressLine } from "../../host/node/cli/terminal.ts";
import { engineFlags, engineName } from "../../host/node/engine.ts";
import { contest } from "../harness/contest.ts";
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
    : `${table(played)}  ${engineName()} ${engineFlags().join(" ")}`;
  process.stdout.write(`${text}\n`);
  return played.failed.length > 0 ? 1 : 0;
}
