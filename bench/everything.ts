/** All scenarios, one after the other, and then the sweeps: what `isopod bench all` measures. */
import { type Contest, type ContestOptions, contest } from "./contest.ts";
import { type Results, type SweepResult, setting } from "./results.ts";
import { compileAll, type Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";

export interface EverythingOptions extends Pick<ContestOptions, "peers" | "rounds"> {
  /** Default: all that there are. */
  readonly scenarios?: readonly Scenario[];
  readonly onRound?: (text: string) => void;
  readonly onContest?: (played: Contest) => void;
}

export async function everything(options: EverythingOptions): Promise<Results> {
  const { peers, rounds, scenarios: chosen = scenarios, onContest } = options;
  const about = setting();
  await compileAll("asyncify");
  const contests: Contest[] = [];
  for (const [i, scenario] of chosen.entries()) {
    // Only in ping-pong does a message cost so little else that the ways to wait show.
    const styles = scenario.styles.includes("handler") ? scenario.styles : scenario.styles.slice(0, 1);
    const onRound = progress(options, `${i + 1} of ${chosen.length}, ${scenario.name}`);
    const played = await contest(scenario, { styles, peers, rounds, onRound });
    contests.push(played);
    onContest?.(played);
  }
  const sweeps: SweepResult[] = [];
  for (const scenario of chosen) {
    const { name, sweep, styles } = scenario;
    if (sweep === undefined) continue;
    const points: Contest[] = [];
    for (const parameters of sweep.points) {
      const onRound = progress(options, `${name} at ${sweep.along} ${parameters[sweep.along]}`);
      points.push(await contest(scenario, { styles: styles.slice(0, 1), peers, rounds, parameters, onRound }));
    }
    sweeps.push({ scenario: name, along: sweep.along, points });
  }
  return { ...about, contests, sweeps };
}

function progress({ onRound }: EverythingOptions, what: string): NonNullable<ContestOptions["onRound"]> {
  return (contestant, round, of) => onRound?.(`${what}: round ${round} of ${of}, ${contestant}`);
}
