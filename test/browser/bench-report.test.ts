/**
 * The report of `isopod bench all` in a real browser, opened as a file. The test checks the drawn
 * plots: each has a size and a colour, and none covers another. Screenshots go to
 * build/bench-report/.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Contest } from "../../bench/harness/contest.ts";
import { latencyOf } from "../../bench/harness/latency.ts";
import type { Score } from "../../bench/harness/score.ts";
import { judged } from "../../bench/report/marks.ts";
import { palette } from "../../bench/report/palette.ts";
import { reportHtml } from "../../bench/report/report.ts";
import type { Results } from "../../bench/report/results.ts";
import { chromiumOptions, NO_CHROMIUM } from "./chromium.ts";

const options = chromiumOptions();
const screenshots = fileURLToPath(new URL("../../build/bench-report/", import.meta.url));
const CONTESTANTS = ["isopod handler", "isopod process", "isopod jspi", "erlang", "go", "rust", "nact", "memcpy"];

/** `#0080ff` as browsers write it. */
function asRgb(hex: string): string {
  return `rgb(${[1, 3, 5].map(at => Number.parseInt(hex.slice(at, at + 2), 16)).join(", ")})`;
}

/** Three rounds about that value. */
function score(name: string, medianNs: number, timed = false): Score {
  const rounds = [0.9, 1, 1.2].map(factor => ({
    operations: 1000,
    elapsedMs: (factor * medianNs) / 1000,
    check: 1000,
  }));
  const latency = timed ? latencyOf(Array.from({ length: 5000 }, (_, i) => medianNs + i ** 2 / 1000)) : undefined;
  return { name, rounds, medianNs, operationsPerSecond: Math.round(1e9 / medianNs), ...(latency && { latency }) };
}

function contestOf(scenario: string, parameters: Record<string, number>, scores: Score[], more = {}): Contest {
  return { scenario, operation: "a message", parameters, scores, skipped: [], failed: [], ...more };
}

const everybody = CONTESTANTS.map((name, i) => score(name, 100 * (i + 1) ** 2));
const sizes = [0, 8, 64, 256, 1024, 4096, 16_384, 65_536];
const measured: Omit<Results, "marks"> = {
  ...{ format: 2, isopod: "0.1.0", commit: "abc1234", began: "2000-01-02T03:04:05Z", engine: "node 26" },
  ...{ flags: ["--disable-wasm-trap-handler"], seconds: 200 },
  machine: { cpu: "a processor", cores: 2, memoryBytes: 2 ** 34, system: "a system", load: 1 },
  contests: [
    contestOf("ping-pong", { pairs: 1, bytes: 8 }, everybody),
    contestOf("ping-pong-64-pairs", { pairs: 64, bytes: 8 }, everybody.slice(0, 6)),
    contestOf("fairness", { calls: 5 }, [score("isopod process", 300, true)], { paced: true }),
    contestOf("spawn", { count: 5 }, [score("isopod process", 800)], {
      failed: [{ name: "isopod jspi", why: "<script>no</script>" }],
    }),
    contestOf("memory", { actors: 10 }, [
      { ...score("isopod process", 1), bytesEach: 400 },
      { ...score("erlang", 1), bytesEach: 1600 },
      { ...score("go", 1), bytesEach: 100 },
      score("rust", 1),
    ]),
  ],
  sweeps: [
    {
      ...{ scenario: "ping-pong", along: "bytes" },
      points: sizes.map(bytes =>
        contestOf(
          "ping-pong",
          { bytes },
          everybody.map(({ name, medianNs }) => score(name, medianNs + bytes)),
        ),
      ),
    },
  ],
};
const results: Results = { ...measured, marks: judged(measured) };

describe.skipIf(options === undefined)(`the report${options === undefined ? ` (${NO_CHROMIUM})` : ""}`, () => {
  let folder: string;
  let browser: Browser;
  let page: Page;
  /** What the page asked for beside itself, and what went wrong in it. */
  let unwanted: string[];

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "isopod-report-"));
    writeFileSync(join(folder, "report.html"), reportHtml(results));
    browser = await chromium.launch(options);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    unwanted = [];
    page.on("pageerror", error => unwanted.push(error.message));
    page.on("console", message => unwanted.push(message.text()));
    const url = pathToFileURL(join(folder, "report.html")).href;
    page.on("request", request => {
      if (request.url() !== url) unwanted.push(request.url());
    });
    await page.goto(url);
  });
  afterEach(() => page.close());

  test("is whole by itself: it asks for nothing and complains of nothing", () => {
    expect(unwanted).toEqual([]);
  });

  test("opens with isopod beside its peers: messages, spawns and memory, before all else", async () => {
    expect(await page.title()).toBe("isopod bench");
    expect(await page.locator("h1").innerText()).toBe("isopod beside Erlang, Go, Tokio (Rust), and nact");
    const headings = await page.locator("h2").allInnerTexts();
    expect(headings.slice(0, 4)).toEqual(["Messages", "Spawns", "Memory", "At a glance"]);
    const last = page.locator(".opening .card").last();
    // On a screen of 900 pixels, without scrolling.
    expect(await last.evaluate(card => card.getBoundingClientRect().bottom)).toBeLessThan(900);
    expect(await last.locator(".row").allInnerTexts()).toEqual([
      "isopod processes\n400 bytes",
      "Erlang\n1,600 bytes\n× 4.00",
      "Go\n100 bytes\n× 0.25",
    ]);
    const rows = page.locator(".opening .card").first().locator(".row");
    expect(await rows.nth(2).innerText()).toBe("Erlang\n1.6 µs\n× 16.0");
  });

  test("shows the machine, what failed, and the marks", async () => {
    const text = await page.locator("body").innerText();
    for (const shown of ["a processor, 2 cores, 16.0 GiB", "commit abc1234", "<script>no</script>"])
      expect(text).toContain(shown);
    expect(await page.locator("table.marks tr").count()).toBe(1 + results.marks.length);
    // Ping-pong of one pair took 100 ns beside 3.6 µs, of 4 KiB 4,196 ns beside 10,496 ns of
    // memcpy.
    expect(await page.locator(".pill.reached").count()).toBeGreaterThanOrEqual(2);
  });

  /** Width and height of each on the screen. */
  async function sizesOf(selector: string): Promise<{ width: number; height: number }[]> {
    return page.locator(selector).evaluateAll(all =>
      all.map(element => {
        const { width, height } = element.getBoundingClientRect();
        return { width, height };
      }),
    );
  }

  test("draws a plot for each thing, with bars as long as their figures", async () => {
    const plots = await sizesOf(".plot:visible, .bars:visible");
    // Three topics, at a glance, by pairs, a sweep, single operations, and four scenarios by themselves.
    expect(plots).toHaveLength(11);
    for (const { width, height } of plots) {
      expect(width).toBeGreaterThan(300);
      expect(height).toBeGreaterThan(20);
    }
    const [handler, process, jspi] = await sizesOf(".pairs .bar");
    expect(process.width / handler.width).toBeCloseTo(4, 0);
    expect(jspi.width / handler.width).toBeCloseTo(9, 0);
    const lines = await sizesOf(".line:visible");
    expect(lines).toHaveLength(CONTESTANTS.length + 1);
    for (const { width } of lines) expect(width).toBeGreaterThan(100);
  });

  test.each([1200, 390])("writes no name on another, and none beyond the plot's edge, in %d pixels", async width => {
    await page.setViewportSize({ width, height: 900 });
    const plots = page.locator(".plot:visible");
    expect(await plots.count()).toBe(3);
    const overlaps = await plots.evaluateAll(plots =>
      plots.flatMap(plot => {
        const edge = plot.getBoundingClientRect();
        const labels = [...plot.querySelectorAll("text")].map(label => ({
          text: label.textContent,
          box: label.getBoundingClientRect(),
        }));
        const beyond = labels.filter(({ box }) => box.left < edge.left - 1 || box.right > edge.right + 1);
        const onOthers = labels.filter(({ box }, i) =>
          labels.some(
            (other, j) =>
              j > i &&
              Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left) > 1 &&
              // Boxes of lines are taller than their letters.
              Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top) > box.height / 3,
          ),
        );
        return [...beyond, ...onOthers].map(({ text }) => `${plot.getAttribute("aria-label")}: ${text}`);
      }),
    );
    expect(overlaps).toEqual([]);
  });

  test.for(["light", "dark"] as const)(
    "has a colour and a shape of its own for each contestant, on %s ground",
    async scheme => {
      await page.emulateMedia({ colorScheme: scheme });
      const looks = await page
        .locator(".legend .shape")
        .evaluateAll(all => all.map(each => [getComputedStyle(each).fill, each.getAttribute("d")]));
      expect(looks.map(([fill]) => fill)).toEqual(CONTESTANTS.map(name => asRgb(palette[name][scheme])));
      expect(new Set(looks.map(([, shape]) => shape)).size).toBe(CONTESTANTS.length);
      const ground = await page.locator("body").evaluate(body => getComputedStyle(body).backgroundColor);
      expect(ground).toBe(scheme === "light" ? "rgb(255, 255, 255)" : "rgb(19, 20, 24)");
      await page.screenshot({ path: join(screenshots, `${scheme}.png`), fullPage: true });
    },
  );

  test("fits on a telephone: nothing but its tables is wider than the screen, and plots are whole", async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    const beyond = await page.locator(".card").evaluateAll(cards =>
      cards.flatMap(card => {
        const edge = card.getBoundingClientRect().right;
        const parts = [...card.querySelectorAll(".row > *, .phone .plot")];
        return parts.filter(part => part.getBoundingClientRect().right > edge).map(part => part.textContent);
      }),
    );
    expect(beyond).toEqual([]);
    await page.screenshot({ path: join(screenshots, "telephone.png"), fullPage: true });
  });
});
