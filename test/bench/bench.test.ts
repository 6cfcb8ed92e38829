/**
 * The benchmark as a program: its scenarios do the work that they measure, and what they write is
 * whole. Nothing here is timed.
 */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { compileAll } from "../../bench/compiled.ts";
import { contest, ratio } from "../../bench/contest.ts";
import { everything } from "../../bench/everything.ts";
import { memcpy } from "../../bench/memcpy.ts";
import { reportHtml } from "../../bench/report.ts";
import { failuresOf, type Results } from "../../bench/results.ts";
import type { Parameters, Scenario } from "../../bench/scenario.ts";
import { scenarios } from "../../bench/scenarios/index.ts";
import { failuresTable, table } from "../../bench/table.ts";
import { build } from "../support/compiler.ts";

/** What each scenario has to count at this size. */
const tiny: Record<string, readonly [parameters: Parameters, operations: number]> = {
  "ping-pong": [{ pairs: 2, bytes: 300, messages: 41 }, 40],
  "ping-pong-64-pairs": [{ pairs: 3, bytes: 8, messages: 18 }, 18],
  "ping-pong-400-pairs": [{ pairs: 4, bytes: 8, messages: 16 }, 16],
  "ping-pong-latency": [{ pairs: 2, bytes: 300, messages: 41 }, 40],
  spawn: [{ count: 5 }, 5],
  "spawn-storm": [{ count: 5 }, 5],
  "fan-in": [{ senders: 3, messages: 31 }, 30],
  "selective-predicate": [{ depth: 10, scans: 5 }, 5],
  "selective-tag": [{ depth: 0, scans: 5 }, 5],
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
  "log-map": [{ terms: 20, series: 3 }, 60],
  "fan-out": [{ receivers: 3, messages: 31 }, 30],
  timers: [{ timers: 10, spanMs: 3 }, 10],
  fairness: [{ calls: 5, spinners: 1 }, 5],
  call: [{ calls: 60 }, 60],
  "fault-recovery": [{ crashes: 2 }, 2],
};

/** Which of them say how long single operations took. */
const sampled = ["ping-pong-latency", "timers", "fairness", "call", "fault-recovery"];
const SLOW = 120_000;
const GUESTS = fileURLToPath(new URL("../../bench/guests", import.meta.url));

beforeAll(async () => {
  const names = readdirSync(GUESTS).filter(name => name.endsWith(".ts") && name !== "round.ts");
  // At once, by the compilers of all suites. Then the benchmark finds them in the cache.
  await Promise.all((["asyncify", "jspi"] as const).map(park => build(names, { baseDir: GUESTS, park })));
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
  /**
   * A scenario whose contestants write down when they play, and take as long as the script says; a
   * text is what a round fails with.
   */
  function scripted(log: string[], script: Record<string, (number | string)[]>): Scenario {
    return {
      ...scenarioOf("counting"),
      async prepare(_parameters, style) {
        return {
          async round() {
            log.push(style);
            const next = script[style].shift();
            if (typeof next !== "number") throw new Error(next);
            return { operations: 10, elapsedMs: next, check: 10 };
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
    const scenario = scripted(log, { process: [400, 400, 1, 3, 2], jspi: [400, 400, 10, 20, 60] });
    const played = await contest(scenario, { styles: ["process", "jspi"], peers: [], rounds: 3 });
    expect(log).toEqual([...Array(5).fill(["process", "jspi"]).flat(), "process stopped", "jspi stopped"]);
    expect(played.scores.map(({ name, medianNs }) => [name, medianNs])).toEqual([
      ["isopod process", 200_000],
      ["isopod jspi", 2_000_000],
    ]);
    expect(ratio(played, played.scores[1])).toBe(10);
  });

  test("that fail are stopped and named, and the others go on", async () => {
    const log: string[] = [];
    const scenario = scripted(log, { process: [1, 1, "the first is out"], jspi: [1, 1, 30, 20] });
    const played = await contest(scenario, { styles: ["process", "jspi"], peers: [], rounds: 2, warmUpMs: 0 });
    expect(log.slice(4)).toEqual(["process", "process stopped", "jspi", "jspi", "jspi stopped"]);
    expect(played.failed).toEqual([{ name: "isopod process", why: "the first is out" }]);
    expect(played.scores.map(({ name, medianNs }) => [name, medianNs])).toEqual([["isopod jspi", 2_500_000]]);
    expect(table(played)).toContain("isopod process FAILED: the first is out");
  });

  test("that cannot begin, or not be stopped, are named as well", async () => {
    const scenario: Scenario = {
      ...scenarioOf("counting"),
      async prepare(_parameters, style) {
        if (style === "jspi") throw new Error("no stage", { cause: new Error("no boards") });
        return {
          round: async () => ({ operations: 1, elapsedMs: 1, check: 1 }),
          stop: () => Promise.reject(new Error("the curtain is stuck")),
        };
      },
    };
    const played = await contest(scenario, { styles: ["process", "jspi"], peers: [], rounds: 1 });
    expect(played.failed).toEqual([
      { name: "isopod jspi", why: "no stage: no boards" },
      { name: "isopod process", why: "could not be stopped: the curtain is stuck" },
    ]);
    expect(played.scores).toHaveLength(1);
  });

  test("whose first round takes long have warmed up by it", async () => {
    const log: string[] = [];
    const scenario = scripted(log, { process: [500, 7], jspi: [499, 1, 7] });
    const played = await contest(scenario, { styles: ["process", "jspi"], peers: [], rounds: 1, warmUpMs: 0 });
    expect(log.slice(0, 5)).toEqual(["process", "jspi", "jspi", "process", "jspi"]);
    expect(played.scores.map(({ medianNs }) => medianNs)).toEqual([700_000, 700_000]);
  });

  test("whose rounds are short warm up by many, each as long as it needs", async () => {
    const log: string[] = [];
    const scenario = scripted(log, { process: [10, 10, 10, 7], jspi: [20, 1, 9, 7] });
    const played = await contest(scenario, { styles: ["process", "jspi"], peers: [], rounds: 1, warmUpMs: 21 });
    expect(log.slice(0, 7)).toEqual(["process", "jspi", "process", "jspi", "process", "process", "jspi"]);
    expect(played.scores.map(({ medianNs }) => medianNs)).toEqual([700_000, 900_000]);
  });

  test("beside a scenario play in its rounds", async () => {
    const parameters = { pairs: 1, bytes: 9, messages: 20 };
    const played = await contest(scenarioOf("ping-pong"), {
      styles: [],
      peers: [],
      beside: [memcpy],
      rounds: 3,
      parameters,
    });
    expect(played.failed).toEqual([]);
    expect(played.scores).toMatchObject([{ name: "memcpy", rounds: Array(3).fill({ operations: 20, check: 20 }) }]);
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
  const sweep = { along: "bytes", points: [{ bytes: 1 }, { bytes: 2 }], styles: ["handler"], peers: [] } as const;
  const broken: Scenario = { ...small("counting"), prepare: () => Promise.reject(new Error("<no> counter\nat all")) };
  let results: Results;
  const sofar: number[] = [];

  beforeAll(async () => {
    const chosen = [{ ...small("ping-pong"), sweep }, broken, small("call")];
    results = await everything({
      ...{ peers: [], rounds: 2, warmUpMs: 0, scenarios: chosen },
      onContest: (_played, { contests }) => sofar.push(contests.length),
    });
  }, SLOW);

  test("is JSON with the machine, the engine and every round", () => {
    expect(JSON.parse(JSON.stringify(results))).toEqual(results);
    expect(results).toMatchObject({
      format: 2,
      engine: expect.stringMatching(/^node \d+\./),
      flags: expect.any(Array),
      machine: { cpu: expect.any(String), cores: expect.any(Number), memoryBytes: expect.any(Number) },
      seconds: expect.any(Number),
    });
    const names = results.contests.map(({ scenario, scores }) => [scenario, scores.map(({ name }) => name)]);
    expect(names).toEqual([
      ["ping-pong", ["isopod handler", "isopod process", "isopod jspi"]],
      ["counting", []],
      ["call", ["isopod process"]],
    ]);
    const contests = [...results.contests, ...results.sweeps.flatMap(({ points }) => points)];
    for (const { scores } of contests) for (const { rounds } of scores) expect(rounds).toHaveLength(2);
    expect(results.sweeps[0].points.map(({ parameters }) => parameters.bytes)).toEqual([1, 2]);
  });

  test("is there after each contest, also where one has failed", () => {
    expect(sofar).toEqual([1, 2, 3]);
    expect(failuresOf(results)).toEqual([
      { scenario: "counting", name: "isopod process", why: "<no> counter\nat all" },
    ]);
    expect(failuresTable(failuresOf(results))).toBe("failed\n  counting  isopod process  <no> counter\n");
  });

  test("says of single operations how long they took, and not each of them", () => {
    const [{ latency, rounds }] = results.contests[2].scores;
    if (latency === undefined) throw new Error("calls were not timed");
    expect(latency).toMatchObject({ samples: 4, p999: null });
    expect(latency.max).toBeGreaterThanOrEqual(latency.p50);
    expect(rounds[0]).not.toHaveProperty("samplesNs");
  });

  test("becomes one HTML file that refers to nothing outside, with a plot for each thing", () => {
    const html = reportHtml({ ...results, commit: '<a href="x">' });
    expect(html).toMatch(/^<!doctype html>\n[\s\S]*<\/html>\n$/);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bhref="|url\(|@import|https?:/);
    // Ping-pong by pairs and by itself, a sweep, and the calls by their time and by themselves.
    expect(html.match(/<svg /g)).toHaveLength(5);
    expect(html).toContain("&lt;no&gt; counter");
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });
});
