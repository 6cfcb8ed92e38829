/**
 * The demo's page, driven in Chromium as a person would use it. A screenshot stays in
 * __screenshots__/.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DemoServer, serveDemo } from "../../host/node/demo/server.ts";
import { compileDemoGuests } from "../support/demo.ts";
import { chromiumOptions, NO_CHROMIUM } from "./chromium.ts";

const SCREENSHOTS = fileURLToPath(new URL("./__screenshots__/", import.meta.url));

const options = chromiumOptions();

describe.skipIf(options === undefined)(options === undefined ? `the demo ${NO_CHROMIUM}` : "the demo", () => {
  let server: DemoServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    await compileDemoGuests();
    [server, browser] = await Promise.all([serveDemo(0), chromium.launch({ headless: true, ...options })]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    // The machine may be busy, and the first guests are compiled only now.
    page.setDefaultTimeout(100_000);
    errors = [];
    page.on("pageerror", error => errors.push(error.message));
    page.on("console", message => {
      if (message.type() === "error" && !message.text().includes("422")) errors.push(message.text());
    });
    await page.goto(server.url);
    await running();
  });
  afterEach(async () => {
    await page.close();
    expect(errors).toEqual([]);
  });

  const running = () => page.locator("#status[data-state=live]").waitFor();
  const row = (name: string) => page.getByRole("row").filter({ has: page.getByRole("cell", { name, exact: true }) });
  const pidOf = (name: string) => row(name).getByRole("cell").first().textContent();
  const log = (text: string | RegExp) => page.getByRole("log").getByRole("listitem").filter({ hasText: text });
  const received = () => page.locator("#received").textContent();

  /** Resolves when the page shows something else than it did. */
  async function changed(selector: string, from: string | null): Promise<void> {
    await page.waitForFunction(
      ([where, before]) => document.querySelector(where ?? "")?.textContent !== before,
      [selector, from],
    );
  }

  async function choose(title: string): Promise<void> {
    await page.getByLabel("Guest", { exact: true }).selectOption(title);
    await running();
  }

  test("plays ping-pong as soon as it is open, without special headers, and draws meanwhile", async () => {
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    await expect
      .poll(() => page.locator("#rate").textContent(), { timeout: 120_000 })
      .toMatch(/[1-9]\d* ?[kM]|\d,\d{3}/);
    await changed("#received", await received());
    await expect
      .poll(async () => Number(await page.locator("#frames").textContent()), { timeout: 120_000 })
      .toBeGreaterThan(0);
    expect(await page.locator("#plot canvas").count()).toBe(1);
    mkdirSync(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: `${SCREENSHOTS}demo.png` });
  });

  test("a crash is shown with its reason, and both players are started again", async () => {
    const before = await pidOf("ping");
    await row("pong").getByRole("button", { name: "Crash it" }).click();
    await log(/crashed: the ball is out \(table-tennis\.ts:\d+:\d+\)/).waitFor();
    await changed("#actors tbody tr:nth-child(2) td", before);
    expect(await page.locator("#restarts").textContent()).toBe("1");
    await changed("#received", await received());
  });

  test("one that is killed is started again too, as another actor", async () => {
    const before = await pidOf("pong");
    await row("pong").getByRole("button", { name: "Kill" }).click();
    await log("killed").waitFor();
    await changed("#actors tbody tr:nth-child(1) td", before);
    await expect.poll(() => row("pong").getByRole("cell").nth(4).textContent()).toBe("2");
  });

  test("a mistake is named with its line and column, and what ran before runs on", async () => {
    const source = page.getByLabel("Source");
    const text = await source.inputValue();
    await source.fill(text.replace("forward(ball.from, ball);", "forward(ball.from, bell);"));
    await page.getByRole("button", { name: "Run" }).click();
    const complaint = page.getByLabel("Messages of the compiler").getByRole("listitem");
    await complaint.waitFor();
    expect(await complaint.textContent()).toMatch(/^\d+:24Cannot find name 'bell'\./);
    expect(await page.locator("#lines .wrong").count()).toBe(1);
    await changed("#received", await received());

    await page.getByRole("button", { name: "Undo" }).click();
    await running();
    expect(await source.inputValue()).toBe(text);
    expect(await complaint.count()).toBe(0);
  });

  test("a guest that is changed runs as it was changed", async () => {
    await choose("Hello");
    await log("hello, page!").waitFor();
    const source = page.getByLabel("Source");
    await source.fill((await source.inputValue()).replace("hello, ", "good evening, "));
    await source.press("Control+Enter");
    await log("good evening, page!").waitFor();
  });

  test("a guest that computes for ever stops neither the page nor the other guests", async () => {
    await choose("Prime numbers beside ping-pong");
    await log("prime number 100000 is 1299709").waitFor();
    await changed("#received", await received());
    // Counted over a second: the first number may be still to come.
    const frames = async () => Number(await page.locator("#frames").textContent());
    await expect.poll(frames, { timeout: 120_000 }).toBeGreaterThan(0);
  });

  test.each(["Asyncify", "JSPI"])(
    "a counter by %s answers, crashes on what it does not understand, and begins again",
    async way => {
      await choose("A counter that is asked");
      await page.getByLabel("waits by").selectOption(way);
      await running();
      const ask = async (text: string, answer: string) => {
        await page.getByRole("textbox", { name: "Ask counter" }).fill(text);
        await page.getByRole("button", { name: "Ask", exact: true }).click();
        await log(`${text} → ${answer}`).waitFor();
      };
      await ask("add 5", "5");
      await ask("add 2", "7");
      await ask("double", "counter ended before it answered: crashed: not a request: double");
      await ask("get", "0");
    },
    120_000,
  );
});
