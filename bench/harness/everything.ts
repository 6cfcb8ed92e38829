/** Plays scenarios one after the other, each with its sweep: the measurement of `isopod bench all`. */
import { compileAll } from "./compiled.ts";
import { type Contest, type ContestOptions, contest } from "./contest.ts";
import type { Scenario } from "./scenario.ts";

/** The same scenario at several sizes. */
export interface SweepResult {
  readonly scenario: string;
  /** The parameter that grows from contest to contest. */
  readonly along: string;
  readonly points: readonly Contest[];
}

/** All contests of a run. */
export interface Played {
  readonly contests: readonly Contest[];
  readonly sweeps: readonly SweepResult[];
}

export interface EverythingOptions extends Pick<ContestOptions, "peers" | "length" | "warmUpMs"> {
  readonly scenarios: readonly Scenario[];
  /** Called before each round with a line that says what is played. */
  readonly onRound?: (text: string) => void;
  /**
   * Called after each contest with it and with all contests so far, so that a run that is cut off
   * leaves results.
   */
  readonly onContest?: (played: Contest, sofar: Played) => void;
  readonly onSweep?: (played: SweepResult) => void;
}

/** Resolves even if contestants fail: their contests say so. */
export async function everything(options: EverythingOptions): Promise<Played> {
  const { peers, length, warmUpMs, scenarios, onRound, onContest, onSweep } = options;
  const playing = { length, ...(warmUpMs !== undefined && { warmUpMs }) };
  const contests: Contest[] = [];
  const sweeps: SweepResult[] = [];
  const total = scenarios.reduce((sum, { sweep }) => sum + 1 + (sweep?.points.length ?? 0), 0);
  let begun = 0;
  const play = (
    scenario: Scenario,
    what: string,
    more: Pick<ContestOptions, "styles" | "peers" | "beside" | "parameters">,
  ) => {
    const number = ++begun;
    const progress = (contestant: string, when: string) =>
      onRound?.(`${number} of ${total}, ${what}: ${when}, ${contestant}`);
    return contest(scenario, { ...playing, ...more, onRound: progress });
  };
  await compileAll("asyncify");
  for (const scenario of scenarios) {
    const { name, sweep } = scenario;
    const styles = scenario.usualStyles ?? scenario.styles.slice(0, 1);
    const played = await play(scenario, name, { styles, peers });
    contests.push(played);
    onContest?.(played, { contests, sweeps });
    if (sweep === undefined) continue;
    const { along, beside = [] } = sweep;
    const points: Contest[] = [];
    const swept = { scenario: name, along, points };
    sweeps.push(swept);
    const more = { styles: sweep.styles, peers: sweep.peers.filter(peer => peers.includes(peer)), beside };
    for (const parameters of sweep.points) {
      points.push(await play(scenario, `${name} at ${along} ${parameters[along]}`, { ...more, parameters }));
    }
    onSweep?.(swept);
  }
  return { contests, sweeps };
}
