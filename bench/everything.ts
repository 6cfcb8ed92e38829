/** All scenarios, one after the other, each with its sweep: what `isopod bench all` measures. A contestant that fails stops nobody else. */
import { compileAll } from "./compiled.ts";
import { type Contest, type ContestOptions, contest, roundName } from "./contest.ts";
import { judged } from "./marks.ts";
import { type Results, type SweepResult, setting } from "./results.ts";
import type { Scenario, Sweep } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";

export interface EverythingOptions extends Pick<ContestOptions, "peers" | "rounds" | "warmUpMs"> {
  /** Default: all that there are. */
  readonly scenarios?: readonly Scenario[];
  readonly onRound?: (text: string) => void;
  /** Called after each contest with it and with all that there is by then, so that a run that is cut off leaves something behind. */
  readonly onContest?: (played: Contest, sofar: Results) => void;
  readonly onSweep?: (played: SweepResult) => void;
}

export async function everything(options: EverythingOptions): Promise<Results> {
  const { peers, rounds, warmUpMs, scenarios: chosen = scenarios, onContest, onSweep } = options;
  const playing = { rounds, ...(warmUpMs !== undefined && { warmUpMs }) };
  const about = setting();
  const beganMs = performance.now();
  const contests: Contest[] = [];
  const sweeps: SweepResult[] = [];
  const results = (): Results => {
    const seconds = Math.round((performance.now() - beganMs) / 1000);
    return { ...about, seconds, contests, sweeps, marks: judged({ contests, sweeps }) };
  };
  const progress = counter(chosen, options);
  await compileAll("asyncify");
  for (const scenario of chosen) {
    const styles = scenario.usualStyles ?? scenario.styles.slice(0, 1);
    const played = await contest(scenario, { ...playing, styles, peers, onRound: progress(scenario.name) });
    contests.push(played);
    onContest?.(played, results());
    if (scenario.sweep === undefined) continue;
    const { along } = scenario.sweep;
    const points: Contest[] = [];
    const swept = { scenario: scenario.name, along, points };
    sweeps.push(swept);
    for (const parameters of scenario.sweep.points) {
      const onRound = progress(`${scenario.name} at ${along} ${parameters[along]}`);
      points.push(await contest(scenario, { ...sweeping(scenario.sweep, peers), ...playing, parameters, onRound }));
    }
    onSweep?.(swept);
  }
  return results();
}

function sweeping({ styles, peers: its, beside }: Sweep, asked: ContestOptions["peers"]) {
  return { styles, peers: its.filter(name => asked.includes(name)), ...(beside && { beside }) };
}

/** What each contest is to call before its rounds, by what it is. */
function counter(chosen: readonly Scenario[], { onRound }: EverythingOptions) {
  const of = chosen.reduce((sum, { sweep }) => sum + 1 + (sweep?.points.length ?? 0), 0);
  let begun = 0;
  return (what: string): NonNullable<ContestOptions["onRound"]> => {
    const number = ++begun;
    return (contestant, round, rounds) =>
      onRound?.(`${number} of ${of}, ${what}: ${roundName(round, rounds)}, ${contestant}`);
  };
}
