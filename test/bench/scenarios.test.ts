/** The scenarios do the work that they measure, and what is written about them is whole. No test measures time. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { compileAll } from "../../bench/harness/compiled.ts";
import { everything } from "../../bench/harness/everything.ts";
import type { Scenario } from "../../bench/harness/scenario.ts";
import { reportHtml } from "../../bench/report/report.ts";
import { failuresOf, type Results, resultsOf, setting } from "../../bench/report/results.ts";
import { failuresTable } from "../../bench/report/table.ts";
import { scenarios } from "../../bench/scenarios/index.ts";
import { build } from "../support/compiler.ts";
import { scenarioOf, small, tiny } from "../support/scenario-sizes.ts";

/** The scenarios that tell how long single operations took. */
const sampled = ["ping-pong-latency", "timers", "fairness", "call", "fault-recovery"];
const SLOW = 120_000;
const WAYS = ["asyncify", "jspi"] as const;
const GUESTS = fileURLToPath(new URL("../../bench/guests", import.meta.url));

beforeAll(async () => {
  const names = readdirSync(GUESTS).filter(name => name.endsWith(".ts"));
  // The compilers of all suites do it at once. Then the benchmark finds its guests in the cache.
  await Promise.all(WAYS.map(park => build(names, { baseDir: GUESTS, park })));
  for (const park of WAYS) await compileAll(park);
}, SLOW);

describe("round after round reaches its total:", () => {
  const played = scenarios.flatMap(({ name, styles }) => styles.map(style => [name, style] as const));

  test.for(played)("%s, %s", { timeout: SLOW }, async ([name, style]) => {
    const [parameters, operations] = tiny[name];
    const prepared = await scenarioOf(name).prepare(parameters, style);
    try {
      for (const round of [await prepared.round(), await prepared.round()]) {
        expect(round).toMatchObject({ operations, check: operations });
        expect(round.elapsedMs).toBeGreaterThan(0);
        expect(round.bytesEach !== undefined).toBe(name === "memory");
        expect(round.samplesNs !== undefined).toBe(sampled.includes(name));
      }
    } finally {
      await prepared.stop();
    }
  });
});

test("a round that misses its total is an error", async () => {
  const prepared = await scenarioOf("counting").prepare({ messages: 2.5 }, "process");
  await expect(prepared.round()).rejects.toThrow("the actors counted 2 instead of 2.5");
  await prepared.stop();
});

describe("all that was measured", () => {
  const sweep = { along: "bytes", points: [{ bytes: 1 }, { bytes: 2 }], styles: ["handler"], peers: [] } as const;
  const broken: Scenario = { ...small("counting"), prepare: () => Promise.reject(new Error("<no> counter\nat all")) };
  let results: Results;
  const sofar: number[] = [];

  beforeAll(async () => {
    const chosen = [{ ...small("ping-pong"), sweep }, broken, small("call")];
    const played = await everything({
      ...{ peers: [], length: { rounds: 2 }, warmUpMs: 0, scenarios: chosen },
      onContest: (_played, { contests }) => sofar.push(contests.length),
    });
    results = resultsOf(setting(), 1, played);
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
    expect(html).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bhref="(?!#)|url\(|@import|https?:/);
    // The comparison, ping-pong by pairs and by itself, a sweep, and the calls by their time and by themselves.
    // Some are drawn once more, for telephones.
    const onScreen = html.replaceAll(/<div class="phone">[\s\S]*?<\/svg>/g, "");
    expect(onScreen.match(/class="(plot|bars)"/g)).toHaveLength(6);
    expect(html).toContain("&lt;no&gt; counter");
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });
});
