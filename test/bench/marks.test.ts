/**
 * What is made of a benchmark's figures: verdicts on the marks, percentiles, and the figures in
 * pages. Nothing is played here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Contest } from "../../bench/harness/contest.ts";
import { latencyOf } from "../../bench/harness/latency.ts";
import { peerNames } from "../../bench/harness/peers.ts";
import type { Score } from "../../bench/harness/score.ts";
import { full } from "../../bench/pages/full.ts";
import { summary } from "../../bench/pages/summary.ts";
import { verdicts } from "../../bench/pages/verdicts.ts";
import { pages, withFigures } from "../../bench/pages/write.ts";
import { judged, type Mark, marks } from "../../bench/report/marks.ts";
import type { Results } from "../../bench/report/results.ts";
import { marksTable } from "../../bench/report/table.ts";
import { scenarios } from "../../bench/scenarios/index.ts";
import { ROOT } from "../support/pages.ts";

/** Rounds of one operation each. */
function score(name: string, ...roundsNs: number[]): Score {
  const rounds = roundsNs.map(elapsedNs => ({ operations: 1, elapsedMs: elapsedNs / 1e6, check: 1 }));
  const medianNs = [...roundsNs].sort((a, b) => a - b)[(roundsNs.length - 1) / 2];
  return { name, rounds, medianNs, operationsPerSecond: Math.round(1e9 / medianNs) };
}

function contestOf(scenario: string, parameters: Record<string, number>, scores: Score[]): Contest {
  return { scenario, operation: "a message", parameters, scores, skipped: [], failed: [] };
}

const played = contestOf("ping-pong", { pairs: 1 }, [
  score("isopod handler", 100, 90, 130),
  { ...score("isopod process", 200, 200, 200), bytesEach: 3000 },
  { ...score("go", 400, 100, 260), bytesEach: 1500 },
]);
const sweeps = [
  {
    scenario: "ping-pong",
    along: "bytes",
    points: [
      contestOf("ping-pong", { bytes: 0 }, [score("isopod handler", 50), score("memcpy", 50)]),
      contestOf("ping-pong", { bytes: 64 }, [score("isopod handler", 100), score("memcpy", 40)]),
    ],
  },
];
const results: Results = {
  format: 2,
  isopod: "0",
  began: "2000-01-02T03:04:05Z",
  engine: "an engine",
  flags: [],
  machine: { cpu: "a processor", cores: 2, memoryBytes: 1, system: "a system", load: 0 },
  seconds: 61,
  contests: [played],
  sweeps,
  marks: [],
};

describe("a mark", () => {
  const mark: Mark = { name: "a mark", scenario: "ping-pong", own: "isopod handler", beside: "go", atMost: 0.4 };
  const verdictOn = (changes: Partial<Mark>) => judged(results, [{ ...mark, ...changes }])[0];

  test("is reached where isopod takes at most so many times as much, by medians", () => {
    expect(verdictOn({})).toMatchObject({ ownValue: 100, besideValue: 260, ratio: 100 / 260, reached: true });
    expect(verdictOn({ atMost: 0.38 })).toMatchObject({ reached: false });
  });

  test("tells the least and the greatest ratio of single rounds", () => {
    expect(verdictOn({}).spread).toEqual([0.25, 0.9]);
  });

  test("at several sizes is judged by the worst", () => {
    expect(verdictOn({ beside: "memcpy", at: [0, 64], atMost: 2 })).toMatchObject({ ratio: 2.5, reached: false });
    expect(verdictOn({ beside: "memcpy", at: [0], atMost: 2 })).toMatchObject({ ratio: 1, reached: true });
  });

  test("may be of bytes, and without a bound is neither reached nor missed", () => {
    const [verdict] = judged(results, [
      { name: "bytes", scenario: "ping-pong", own: "isopod process", beside: "go", what: "bytes" },
    ]);
    expect(verdict).toEqual({
      ...{ name: "bytes", own: "isopod process", beside: "go", unit: "bytes" },
      ...{ ownValue: 3000, besideValue: 1500, ratio: 2 },
    });
    expect(marksTable([verdict])).toMatch(/no mark +bytes +isopod process 3,000 bytes +go 1,500 bytes +× 2\.00\n/);
  });

  test("with two bounds is reached where both are kept", () => {
    const bytes = { own: "isopod process", what: "bytes" } as const;
    expect(verdictOn({ ...bytes, atMost: 2, most: 3000 })).toMatchObject({ reached: true });
    expect(verdictOn({ ...bytes, atMost: 1.9, most: 3000 })).toMatchObject({ reached: false });
    expect(verdictOn({ ...bytes, atMost: 2, most: 2999 })).toMatchObject({ reached: false });
    expect(marksTable([verdictOn({ ...bytes, atMost: 2, most: 3000 })])).toContain("at most 3,000 and × 2.00");
  });

  test("that is compared with no one has a bound of its own", () => {
    const alone = { name: "alone", scenario: "ping-pong", own: "isopod handler" };
    const [reached, missed, absent] = judged(results, [
      { ...alone, most: 100 },
      { ...alone, most: 99 },
      { ...alone, own: "isopod jspi", most: 100 },
    ]);
    expect(reached).toEqual({
      name: "alone",
      own: "isopod handler",
      unit: "ns",
      ownValue: 100,
      most: 100,
      reached: true,
    });
    expect(missed).toMatchObject({ reached: false });
    expect(marksTable([absent])).toContain("not measured  alone");
  });

  test("says where one of the two did not play", () => {
    for (const missing of [{ beside: "rust" }, { scenario: "big" }, { at: [64, 65], beside: "memcpy" }]) {
      const verdict = verdictOn(missing);
      expect(verdict).not.toHaveProperty("reached");
      expect(marksTable([verdict])).toContain("not measured  a mark");
    }
  });
});

test("every mark is of something that isopod bench all plays", () => {
  for (const { name, scenario, own, beside, most, at = [] } of marks) {
    const found = scenarios.find(each => each.name === scenario);
    if (found === undefined) throw new Error(`${name}: there is no scenario ${scenario}`);
    const swept = at.length > 0;
    const styles = swept ? found.sweep?.styles : (found.usualStyles ?? found.styles.slice(0, 1));
    const here = styles?.map(style => `isopod ${style}`) ?? [];
    const others = [...peerNames, ...(found.sweep?.beside?.map(each => each.name) ?? [])];
    expect(here, name).toContain(own);
    if (beside !== undefined) expect([...here, ...others], name).toContain(beside);
    else expect(most, name).toBeGreaterThan(0);
    const { along = "", points = [] } = found.sweep ?? {};
    const sizes = points.map(parameters => parameters[along]);
    for (const size of at) expect(sizes, name).toContain(size);
  }
});

describe("of the times of single operations", () => {
  test("are told those that a share did not exceed, and the worst", () => {
    const thousand = Array.from({ length: 1000 }, (_, i) => 1000 - i);
    expect(latencyOf(thousand)).toMatchObject({ samples: 1000, p50: 500, p90: 900, p99: 990, p999: 999, max: 1000 });
  });

  test("fewer than a thousand tell nothing of one in a thousand, and none nothing at all", () => {
    expect(latencyOf([3, 1, 2])).toMatchObject({ p50: 2, p999: null, max: 3 });
    expect(latencyOf([])).toBeUndefined();
  });
});

describe("the figures of a page", () => {
  const page = "before\n<!-- figures: written by npm run bench:pages -->\nold\n<!-- end of figures -->\nafter\n";
  const [own, process, go] = played.scores;

  test("replace what stands between the comments and nothing else, however often", () => {
    for (const { path, figures } of pages) {
      const once = withFigures(page, figures(results));
      expect(once, path).toMatch(/^before\n<!-- figures[\s\S]*<!-- end of figures -->\nafter\n$/);
      expect(once, path).not.toContain("old");
      expect(withFigures(once, figures(results)), path).toBe(once);
    }
  });

  test("need the comments", () => {
    expect(() => withFigures("nothing", summary(results))).toThrow("are missing");
  });

  test("are written into pages that have the comments", () => {
    for (const { path, figures } of pages) {
      const written = readFileSync(join(ROOT, path), "utf8");
      expect(() => withFigures(written, figures(results)), path).not.toThrow();
    }
  });

  test("in docs/benchmarks.md are tables of the scenarios, the sizes and single operations, and a chart", () => {
    const timed = { ...own, latency: latencyOf([5, 6]) ?? Number.NaN } as Score;
    const text = full({ ...results, contests: [{ ...played, scores: [timed, process, go] }] });
    expect(text).toContain("| ping-pong, handler | 100 ns | 260 ns (2.60), 1,500 bytes each |\n");
    expect(text).toContain(`\nisopod handler  ${"█".repeat(15)} 100 ns\n`);
    expect(text).toContain(
      "| ping-pong by bytes | 0 B | 64 B | log scale |\n|---|---|---|---|\n| isopod handler | 50.0 ns | 100 ns | ▂█ |\n",
    );
    expect(text).toContain("| ping-pong, isopod handler | 5.0 ns | 6.0 ns | 6.0 ns |  | 6.0 ns |\n");
  });

  test("in docs/marks.md are a table of the marks", () => {
    const marks = judged(results, [{ name: "a mark", scenario: "ping-pong", own: own.name, beside: "go", atMost: 1 }]);
    expect(verdicts({ ...results, marks })).toContain(
      "| a mark | isopod handler 100 ns | go 260 ns | × 0.38 | at most × 1.00 | reached |\n",
    );
  });

  test("in the README are one table and one chart", () => {
    const memory = contestOf("memory", { actors: 1 }, [process, go]);
    expect(
      summary({ ...results, contests: [played, memory] }),
    ).toBe(`Medians of 3 rounds, in turns with the others, on a processor with 2 cores;
an engine; 2000-01-02.
In brackets: how many times faster isopod is. Below 1, isopod is slower.

|  | isopod | Go |
|---|---|---|
| message, 2 actors (handlers) | 100 ns | 260 ns (2.60) |
| message, 2 actors (processes) | 200 ns | 260 ns (1.30) |
| memory of a parked actor | 3,000 bytes | 1,500 bytes |

\`\`\`text
message, 2 actors
isopod handler  ${"█".repeat(15)} 100 ns
isopod process  ${"█".repeat(31)} 200 ns
go              ${"█".repeat(40)} 260 ns
\`\`\`
`);
  });
});
