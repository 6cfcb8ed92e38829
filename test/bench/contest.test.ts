/** Contests: contestants take turns, warm up, and drop out when they fail. */
import { describe, expect, test } from "vitest";
import { contest } from "../../bench/harness/contest.ts";
import type { Scenario } from "../../bench/harness/scenario.ts";
import { ratio } from "../../bench/harness/score.ts";
import { table } from "../../bench/report/table.ts";
import { memcpy } from "../../bench/scenarios/memcpy.ts";
import { scenarioOf } from "../support/scenario-sizes.ts";

describe("contestants", () => {
  /** A scenario whose contestants log their rounds. The script has the time of each round, or the error that it fails with. */
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
    const played = await contest(scenario, { styles: ["process", "jspi"], peers: [], length: { rounds: 3 } });
    expect(log).toEqual([...Array(5).fill(["process", "jspi"]).flat(), "process stopped", "jspi stopped"]);
    expect(played.scores.map(({ name, medianNs }) => [name, medianNs])).toEqual([
      ["isopod process", 200_000],
      ["isopod jspi", 2_000_000],
    ]);
    expect(ratio(played.scores, played.scores[1])).toBe(10);
  });

  test("play no more rounds than their scenario allows", async () => {
    const scenario = { ...scripted([], { process: [500, 1, 2, 3] }), mostRounds: 2 };
    const played = await contest(scenario, { styles: ["process"], peers: [], length: { rounds: 3 } });
    expect(played.scores.map(({ rounds }) => rounds.map(({ elapsedMs }) => elapsedMs))).toEqual([[1, 2]]);
  });

  test("that fail are stopped and named, and the others go on", async () => {
    const log: string[] = [];
    const scenario = scripted(log, { process: [1, 1, "the first is out"], jspi: [1, 1, 30, 20] });
    const played = await contest(scenario, {
      styles: ["process", "jspi"],
      peers: [],
      length: { rounds: 2 },
      warmUpMs: 0,
    });
    expect(log.slice(4)).toEqual(["process", "process stopped", "jspi", "jspi", "jspi stopped"]);
    expect(played.failed).toEqual([{ name: "isopod process", why: "the first is out" }]);
    expect(played.scores.map(({ name, medianNs }) => [name, medianNs])).toEqual([["isopod jspi", 2_500_000]]);
    expect(table(played)).toContain("isopod process FAILED: the first is out");
  });

  test("that cannot begin, or not be stopped, are named as well", async () => {
    const scenario: Scenario = {
      ...scenarioOf("counting"),
      async prepare(_parameters, style) {
        if (style === "jspi") throw new Error("no runtime", { cause: new Error("no memory") });
        return {
          round: async () => ({ operations: 1, elapsedMs: 1, check: 1 }),
          stop: () => Promise.reject(new Error("it hangs")),
        };
      },
    };
    const played = await contest(scenario, { styles: ["process", "jspi"], peers: [], length: { rounds: 1 } });
    expect(played.failed).toEqual([
      { name: "isopod jspi", why: "no runtime: no memory" },
      { name: "isopod process", why: "could not be stopped: it hangs" },
    ]);
    expect(played.scores).toHaveLength(1);
  });

  test("whose first round takes long have warmed up by it", async () => {
    const log: string[] = [];
    const scenario = scripted(log, { process: [500, 7], jspi: [499, 1, 7] });
    const played = await contest(scenario, {
      styles: ["process", "jspi"],
      peers: [],
      length: { rounds: 1 },
      warmUpMs: 0,
    });
    expect(log.slice(0, 5)).toEqual(["process", "jspi", "jspi", "process", "jspi"]);
    expect(played.scores.map(({ medianNs }) => medianNs)).toEqual([700_000, 700_000]);
  });

  test("whose rounds are short warm up by many, each as long as it needs", async () => {
    const log: string[] = [];
    const scenario = scripted(log, { process: [10, 10, 10, 7], jspi: [20, 1, 9, 7] });
    const played = await contest(scenario, {
      styles: ["process", "jspi"],
      peers: [],
      length: { rounds: 1 },
      warmUpMs: 21,
    });
    expect(log.slice(0, 7)).toEqual(["process", "jspi", "process", "jspi", "process", "process", "jspi"]);
    expect(played.scores.map(({ medianNs }) => medianNs)).toEqual([700_000, 900_000]);
  });

  test("may play until the rounds of each have taken the seconds", async () => {
    const log: string[] = [];
    const when: string[] = [];
    const scenario = scripted(log, { process: [500, 600, 300, 100], jspi: [500, 1000] });
    const played = await contest(scenario, {
      ...{ styles: ["process", "jspi"], peers: [], length: { seconds: 1 } },
      onRound: (contestant, place) => when.push(`${contestant}: ${place}`),
    });
    expect(played.scores.map(({ rounds }) => rounds.map(({ elapsedMs }) => elapsedMs))).toEqual([
      [600, 300, 100],
      [1000],
    ]);
    expect(when.slice(2)).toEqual([
      ...["isopod process: 0.0 of 1 s", "isopod jspi: 0.0 of 1 s"],
      ...["isopod process: 0.6 of 1 s", "isopod process: 0.9 of 1 s"],
    ]);
  });

  test("keep the samples of their first hundred rounds", async () => {
    const scenario: Scenario = {
      ...scenarioOf("counting"),
      async prepare() {
        return {
          round: async () => ({ operations: 1, elapsedMs: 500, check: 1, samplesNs: [5] }),
          stop: async () => {},
        };
      },
    };
    const played = await contest(scenario, { styles: ["process"], peers: [], length: { rounds: 103 } });
    expect(played.scores).toMatchObject([{ rounds: { length: 103 }, latency: { samples: 100 } }]);
  });

  test("beside a scenario play in its rounds", async () => {
    const parameters = { pairs: 1, bytes: 9, messages: 20 };
    const played = await contest(scenarioOf("ping-pong"), {
      styles: [],
      peers: [],
      beside: [memcpy],
      length: { rounds: 3 },
      parameters,
    });
    expect(played.failed).toEqual([]);
    expect(played.scores).toMatchObject([{ name: "memcpy", rounds: Array(3).fill({ operations: 20, check: 20 }) }]);
  });

  test("that do not have the scenario are said to be skipped, and why", async () => {
    const scenario = { ...scripted([], { process: [400, 400, 1] }), name: "selective-tag" };
    const played = await contest(scenario, { styles: ["process"], peers: ["nact"], length: { rounds: 1 } });
    expect(played.skipped).toEqual([
      { name: "nact", why: expect.stringMatching(/^(has no such scenario|npm ci .*)$/) },
    ]);
    expect(table(played)).toMatch(/^ {2}nact skipped: /m);
  });
});
