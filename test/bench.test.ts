/** The benchmark as a program: its scenarios do the work that they measure, and what they write is whole. Nothing here is timed. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Contest, contest, ratio } from "../bench/contest.ts";
import { everything } from "../bench/everything.ts";
import { withFigures } from "../bench/readme.ts";
import { reportHtml } from "../bench/report.ts";
import type { Results } from "../bench/results.ts";
import { compileAll, type Parameters, type Scenario } from "../bench/scenario.ts";
import { scenarios } from "../bench/scenarios/index.ts";
import { table } from "../bench/table.ts";

/** What each scenario has to count at this size. */
const tiny: Record<string, readonly [parameters: Parameters, operations: number]> = {
  "ping-pong": [{ pairs: 2, bytes: 300, messages: 41 }, 40],
  spawn: [{ count: 5 }, 5],
  "fan-in": [{ senders: 3, messages: 31 }, 30],
  "selective-predicate": [{ depth: 10, scans: 5 }, 50],
  "selective-tag": [{ depth: 10, scans: 5 }, 50],
  "selective-ref": [{ depth: 10, calls: 5 }, 5],
  memory: [{ actors: 20 }, 20],
  "thread-ring": [{ actors: 3, hops: 10 }, 10],
  counting: [{ messages: 50 }, 50],
  "fork-join-throughput": [{ actors: 3, messages: 5 }, 15],
  "fork-join-create": [{ workers: 7 }, 7],
  big: [{ actors: 4, pings: 5 }, 40],
  chameneos: [{ chameneos: 5, meetings: 12 }, 12],
  "bounded-buffer": [{ buffer: 5, producers: 3, consumers: 2, items: 10, cost: 1 }, 30],
  banking: [{ accounts: 20, transactions: 40 }, 40],
  "fan-out": [{ receivers: 3, messages: 31 }, 30],
  timers: [{ timers: 10, spanMs: 3 }, 10],
  fairness: [{ calls: 5, spinners: 1 }, 5],
  call: [{ calls: 60 }, 60],
  "fault-recovery": [{ crashes: 2 }, 2],
};

/** Which of them say how long single operations took. */
const sampled = ["timers", "fairness", "call", "fault-recovery"];
const SLOW = 120_000;

beforeAll(async () => {
  await compileAll("asyncify");
  await compileAll("jspi");
}, SLOW);

function scenarioOf(name: string): Scenario {
  const found = scenarios.find(scenario => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}`);
  return found;
}

/** The scenario at its tiny size, without its sweep. */
function small(name: string): Scenario {
  const { sweep: _, ...scenario } = scenarioOf(name);
  return { ...scenario, parameters: tiny[name][0] };
}

test("every scenario is tried here, with all of its parameters", () => {
  expect(scenarios.map(({ name }) => name)).toEqual(Object.keys(tiny));
  for (const { name, parameters } of scenarios) expect(Object.keys(tiny[name][0])).toEqual(Object.keys(parameters));
});

describe("round after round reaches its total:", () => {
  const played = scenarios.flatMap(({ name, styles }) => styles.map(style => [name, style] as const));

  test.for(played)("%s, %s", { timeout: SLOW }, async ([name, style]) => {
    const [parameters, operations] = tiny[name];
    const stage = await scenarioOf(name).prepare(parameters, style);
    try {
      for (const round of [await stage.round(), await stage.round()]) {
        expect(round).toMatchObject({ operations, check: operations });
        expect(round.elapsedMs).toBeGreaterThan(0);
        expect(round.bytesEach !== undefined).toBe(name === "memory");
        expect(round.samplesNs !== undefined).toBe(sampled.includes(name));
      }
    } finally {
      await stage.stop();
    }
  });
});

test("a round that misses its total is an error", async () => {
  const stage = await scenarioOf("counting").prepare({ messages: 2.5 }, "process");
  await expect(stage.round()).rejects.toThrow("the actors counted 2 instead of 2.5");
  await stage.stop();
});

describe("contestants", () => {
  /** A scenario whose contestants write down when they play, and take as long as the script says. */
  function scripted(log: string[], elapsedMs: Record<string, number[]>): Scenario {
    return {
      ...scenarioOf("counting"),
      async prepare(_parameters, style) {
        return {
          async round() {
            log.push(style);
            return { operations: 10, elapsedMs: elapsedMs[style].shift() ?? Number.NaN, check: 10 };
          },
          async stop() {
            log.push(`${style} stopped`);
          },
        };
      },
    };
  }

  test("play in turns, and the rounds of warm-up do not count", async () => {
    const log: string[] = [];
    const scenario = scripted(log, { process: [900, 900, 1, 3, 2], jspi: [900, 900, 10, 20, 60] });
    const played = await contest(scenario, { styles: ["process", "jspi"], peers: [], rounds: 3 });
    expect(log).toEqual([...Array(5).fill(["process", "jspi"]).flat(), "process stopped", "jspi stopped"]);
    expect(played.scores.map(({ name, medianNs }) => [name, medianNs])).toEqual([
      ["isopod process", 200_000],
      ["isopod jspi", 2_000_000],
    ]);
    expect(ratio(played, played.scores[1])).toBe(10);
  });

  test("are stopped when one of them fails", async () => {
    const log: string[] = [];
    const scenario = scripted(log, { process: [1] });
    const played = contest(scenario, { styles: ["process", "jspi"], peers: [], rounds: 1 });
    await expect(played).rejects.toThrow();
    expect(log).toEqual(["process", "jspi", "process stopped", "jspi stopped"]);
  });

  test("that do not have the scenario are said to be skipped, and why", async () => {
    const played = await contest(small("selective-tag"), { styles: ["process"], peers: ["nact"], rounds: 1 });
    expect(played.skipped).toEqual([
      { name: "nact", why: expect.stringMatching(/^(has no such scenario|npm ci .*)$/) },
    ]);
    expect(table(played)).toMatch(/^ {2}nact skipped: /m);
  });
});

describe("all that was measured", () => {
  async function measured(): Promise<Results> {
    const pingPong = { ...small("ping-pong"), sweep: { along: "bytes", points: [{ bytes: 1 }, { bytes: 2 }] } };
    return everything({ peers: [], rounds: 2, scenarios: [pingPong, small("call")] });
  }

  test(
    "is JSON with the machine, the engine and every round",
    async () => {
      const results = await measured();
      expect(JSON.parse(JSON.stringify(results))).toEqual(results);
      expect(results).toMatchObject({
        format: 1,
        engine: expect.stringMatching(/^node \d+\./),
        flags: expect.any(Array),
        machine: { cpu: expect.any(String), cores: expect.any(Number), memoryBytes: expect.any(Number) },
      });
      const names = results.contests.map(({ scenario, scores }) => [scenario, scores.map(({ name }) => name)]);
      expect(names).toEqual([
        ["ping-pong", ["isopod handler", "isopod process", "isopod jspi"]],
        ["call", ["isopod process"]],
      ]);
      const contests = [...results.contests, ...results.sweeps.flatMap(({ points }) => points)];
      for (const { scores } of contests) for (const { rounds } of scores) expect(rounds).toHaveLength(2);
      expect(results.sweeps[0].points.map(({ parameters }) => parameters.bytes)).toEqual([1, 2]);
    },
    SLOW,
  );

  test(
    "becomes one HTML file that refers to nothing outside, with a plot for each thing",
    async () => {
      const results = await measured();
      const html = reportHtml({ ...results, commit: '<a href="x">' });
      expect(html).toMatch(/^<!doctype html>\n[\s\S]*<\/html>\n$/);
      expect(html).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bhref="|url\(|@import|https?:/);
      // Bars of two scenarios, a sweep, and the distribution of the calls.
      expect(html.match(/<svg /g)).toHaveLength(4);
      expect(html).not.toMatch(/NaN|undefined|Infinity/);
    },
    SLOW,
  );
});

describe("the figures of the README", () => {
  const rounds = [{ operations: 1, elapsedMs: 1, check: 1 }];
  const score = (name: string, medianNs: number) => ({ name, rounds, medianNs, operationsPerSecond: 1e9 / medianNs });
  const played: Contest = {
    scenario: "ping-pong",
    operation: "a message",
    parameters: { pairs: 1 },
    scores: [score("isopod handler", 100), score("isopod process", 200), score("go", 300)],
    skipped: [],
  };
  const results: Results = {
    format: 1,
    isopod: "0",
    began: "2000-01-02T03:04:05Z",
    engine: "an engine",
    flags: [],
    machine: { cpu: "a processor", cores: 2, memoryBytes: 1, system: "a system", load: 0 },
    contests: [played],
    sweeps: [],
  };

  test("replace what stands between the comments and nothing else, however often", () => {
    const readme = "before\n<!-- figures: written by bench/readme.ts -->\nold\n<!-- end of figures -->\nafter\n";
    const once = withFigures(readme, results);
    expect(once).toMatch(/^before\n<!-- figures[\s\S]*<!-- end of figures -->\nafter\n$/);
    expect(once).not.toContain("old");
    expect(once).toContain("| ping-pong, handler | 100 ns | 300 ns (3.00) |\n| ping-pong | 200 ns | 300 ns (1.50) |");
    expect(withFigures(once, results)).toBe(once);
  });

  test("need the comments", () => {
    expect(() => withFigures("nothing", results)).toThrow("are missing");
  });
});
