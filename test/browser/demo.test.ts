/**
 * The demo's page, driven in Chromium as a person would use it. A screenshot stays in
 * __screenshots__/.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ActorExit, Runtime } from "../../host/index.ts";
import { type DemoServer, serveDemo } from "../../host/node/demo/server.ts";
import { recorder } from "../../host/replay.ts";
import { compileDemoGuests } from "../support/demo.ts";
import { buildGuest } from "../support/guests.ts";
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
      if (message.type() === "error") errors.push(message.text());
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

  /** The whole source. The editor draws all lines of a short one. */
  const written = async () => (await page.locator("#editor .cm-line").allTextContents()).join("\n");

  async function choose(title: string): Promise<void> {
    await page.getByLabel("Guest", { exact: true }).selectOption(title);
    await running();
  }

  test("plays the recording of a crash that is dropped on it", async () => {
    const exits: ActorExit[] = [];
    const runtime = new Runtime({ grants: "all", record: recorder(), onExit: exit => exits.push(exit) });
    const unlucky = await runtime.load(await buildGuest("guests", "unlucky", "asyncify"), { name: "unlucky.ts" });
    const pid = runtime.spawn(unlucky, { record: true });
    for (const what of [0, 2, 4]) runtime.send(pid, Uint8Array.of(what, 7, 0, 0, 0), { tag: what });
    await runtime.exited(pid);
    await runtime.settled();
    const [{ recording }] = exits;
    const given = { name: recording?.name ?? "", bytes: [...(recording?.bytes() ?? [])] };
    await page.evaluate(({ name, bytes }) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([Uint8Array.from(bytes)], name));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }, given);
    await log(/crashed: unlucky at \d+/).waitFor();
    await log("item 3: message from <host>, tag 4, 5 bytes").waitFor();
    await log("the same crash and the same memory, after 4 items").waitFor();
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["nothing"], "other.isopod"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    });
    await log("these bytes are no recording of isopod").waitFor();
  });

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
    const text = await written();
    await source.fill(text.replace("forward(ball.from, ball);", "forward(ball.from, bell);"));
    await page.getByRole("button", { name: "Run" }).click();
    const complaint = page.getByLabel("Messages of the compiler").getByRole("listitem");
    await complaint.waitFor();
    expect(await complaint.textContent()).toMatch(/^\d+:24Cannot find name 'bell'\./);
    expect(await page.locator("#editor .cm-lintRange-error").allTextContents()).toEqual(["bell"]);
    await changed("#received", await received());

    await page.getByRole("button", { name: "Undo" }).click();
    await running();
    expect(await written()).toBe(text);
    expect(await complaint.count()).toBe(0);
  });

  test("a guest that is changed runs as it was changed", async () => {
    await choose("Hello");
    await log("hello, page!").waitFor();
    const source = page.getByLabel("Source");
    await source.fill((await written()).replace("hello, ", "good evening, "));
    await source.press("Control+Enter");
    await log("good evening, page!").waitFor();
  });

  test("a guest of one's own is written, asked, and there again when the page is loaded again", async () => {
    await choose("Your own");
    await log("an actor of my own").waitFor();
    const mine = `import { log, Message, Server, serve } from "isopod/guest";
class Mine extends Server {
onCall(message: Message): void { this.replyText(message.text() + "!"); }
}
export function run(): void { log("mine"); serve(new Mine()); }`;
    await page.getByLabel("Source").fill(mine);
    await page.getByRole("button", { name: "Run" }).click();
    await log("mine").waitFor();
    await page.getByRole("textbox", { name: "Ask own" }).fill("good day");
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await log("good day → good day!").waitFor();

    await page.reload();
    await running();
    await choose("Your own");
    await log("mine").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await log("an actor of my own").waitFor();
  });

  describe("a plug-in in JavaScript", () => {
    const others = async () =>
      Number(
        (
          await log(/others have answered/)
            .last()
            .textContent()
        )?.match(/answered (\d+)/)?.[1] ?? 0,
      );
    /** The two others have answered more. */
    const goOn = async () => {
      const before = await others();
      await expect.poll(others, { timeout: 60_000 }).toBeGreaterThan(before);
    };

    beforeEach(async () => {
      await choose("A plug-in in JavaScript");
      await log("yours: 3 for 5 each cost 15").first().waitFor();
    });

    test.each([
      ["an endless loop", /^.{8}yourscrashed: reductions: /],
      ["too much memory", /^.{8}yourscrashed: memoryPages: /],
    ])("that has %s is ended at its limit and started again, while the others go on", async (title, words) => {
      const [ann, bob, shop] = await Promise.all(["ann", "bob", "shop"].map(pidOf));
      await page.getByRole("button", { name: title }).click();
      await log(words).first().waitFor();
      await log("yours: no price: ").first().waitFor();
      await goOn();
      expect(await Promise.all(["ann", "bob", "shop"].map(pidOf))).toEqual([ann, bob, shop]);
      await page.getByRole("button", { name: "Undo" }).click();
    });

    test("that throws answers with the exception, and lives on", async () => {
      await page.getByRole("button", { name: "an exception" }).click();
      await log("RangeError: no price today").first().waitFor();
      const pid = await pidOf("yours");
      await goOn();
      expect(await pidOf("yours")).toBe(pid);
      await page.getByLabel("Source").fill("export const price = (pieces, each) => pieces + each;");
      await page.getByRole("button", { name: "Run" }).click();
      await log("yours: 3 for 5 each cost 8").first().waitFor();
    });

    test("that is no JavaScript is named with its line, and what ran before runs on", async () => {
      await page.getByLabel("Source").fill("export function price() {\n  return 1 +;\n}");
      await page.getByRole("button", { name: "Run" }).click();
      const complaint = page.getByLabel("Messages of the compiler").getByRole("listitem");
      expect(await complaint.textContent()).toMatch(/^2:\d+SyntaxError: /);
      const prices = () => log("yours: 3 for 5 each cost 15").count();
      const before = await prices();
      await expect.poll(prices, { timeout: 60_000 }).toBeGreaterThan(before);
    });

    test.each(["light", "dark"] as const)("is drawn whole, on %s ground and on a telephone", async colorScheme => {
      await page.emulateMedia({ colorScheme });
      await page.getByRole("button", { name: "an endless loop" }).click();
      await log("crashed").first().waitFor();
      mkdirSync(SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: `${SCREENSHOTS}demo-script-${colorScheme}.png` });
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      await page.screenshot({ path: `${SCREENSHOTS}demo-script-telephone-${colorScheme}.png`, fullPage: true });
    });
  });

  test.each(["light", "dark"] as const)("the syntax has colours that can be read, on %s ground", async colorScheme => {
    await page.emulateMedia({ colorScheme });
    const colours = await page.evaluate(() => {
      const ground = getComputedStyle(document.querySelector("#editor") as Element).backgroundColor;
      const kinds = ["keyword", "string", "number", "typeName", "definition", "comment"];
      const luminance = (colour: string) => {
        const [r, g, b] = (colour.match(/[\d.]+/g) ?? []).map(Number).map(value => {
          const part = value / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      return kinds.map(kind => {
        const colour = getComputedStyle(document.querySelector(`#editor .tok-${kind}`) as Element).color;
        const [darker, lighter] = [colour, ground].map(luminance).sort((a, b) => a - b);
        return { kind, colour, contrast: (lighter + 0.05) / (darker + 0.05) };
      });
    });
    expect(new Set(colours.map(({ colour }) => colour)).size).toBe(colours.length);
    expect(colours.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
    mkdirSync(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: `${SCREENSHOTS}demo-${colorScheme}.png` });
  });

  test("fits on a telephone, with all buttons on the screen", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    const ends = await page.getByRole("button").evaluateAll(all => all.map(each => each.getBoundingClientRect().right));
    expect(Math.max(...ends)).toBeLessThanOrEqual(390);
    await page.screenshot({ path: `${SCREENSHOTS}demo-telephone.png`, fullPage: true });
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
