/**
 * The demo as files: `isopod demo --out` writes them, and a plain server of files serves them from a
 * folder that is not its root. Chromium plays a scene there, and compiles a source.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeDemo } from "../../host/node/demo/files.ts";
import { compileDemoGuests } from "../support/demo.ts";
import { chromiumOptions, NO_CHROMIUM } from "./chromium.ts";

const options = chromiumOptions();
/** What servers of files know. They send other files as bytes. */
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
/** The content security policy that docs/browser.md names. */
const POLICY =
  /^default-src .*$/m.exec(readFileSync(new URL("../../docs/browser.md", import.meta.url), "utf8"))?.[0] ?? "";
const UNDER = "/some/where/";

describe.skipIf(options === undefined)(`the demo as files${options === undefined ? ` (${NO_CHROMIUM})` : ""}`, () => {
  let folder: string;
  let server: Server;
  let browser: Browser;
  let page: Page;
  /** What was asked for, and is not below the folder; and what the page complained of. */
  const unwanted: string[] = [];
  const asked = new Set<string>();

  beforeAll(async () => {
    await compileDemoGuests();
    folder = await mkdtemp(join(tmpdir(), "isopod-static-"));
    await writeDemo(folder);
    server = createServer(async ({ url = "" }, response) => {
      const path = normalize(decodeURIComponent(url));
      const name = path === UNDER ? "index.html" : path.slice(UNDER.length);
      const body = path.startsWith(UNDER) ? await readFile(join(folder, name)).catch(() => undefined) : undefined;
      if (body === undefined) unwanted.push(url);
      asked.add(name);
      const type = TYPES[extname(name)] ?? "application/octet-stream";
      response
        .writeHead(body === undefined ? 404 : 200, { "content-type": type, "content-security-policy": POLICY })
        .end(body);
    });
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ headless: true, ...options });
    page = await browser.newPage();
    page.setDefaultTimeout(100_000);
    page.on("pageerror", error => unwanted.push(error.message));
    page.on("console", message => {
      if (message.type() === "error") unwanted.push(message.text());
    });
    page.on("request", request => {
      const { hostname, protocol } = new URL(request.url());
      if (hostname !== "127.0.0.1" && protocol.startsWith("http")) unwanted.push(request.url());
    });
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${UNDER}`);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true });
  });

  const running = () => page.locator("#status[data-state=live]").waitFor();
  const log = (text: string) => page.getByRole("log").getByRole("listitem").filter({ hasText: text });

  test("plays its first scene without the compiler", async () => {
    await running();
    await page.waitForFunction(() => /[1-9]/.test(document.querySelector("#received")?.textContent ?? ""));
    expect([...asked].filter(name => /binaryen|asc\.js|compile-in-page/.test(name))).toEqual([]);
    expect(unwanted).toEqual([]);
  });

  test.each(["Asyncify", "JSPI"])(
    "compiles what is written, in the page, by %s",
    async way => {
      await page.getByLabel("waits by").selectOption(way);
      await page.getByLabel("Guest", { exact: true }).selectOption("Hello");
      await running();
      const source = page.getByLabel("Source");
      await source.fill(`import { argsText, log } from "isopod/guest";
export function run(): void { log("${way} greets " + argsText()); }`);
      await source.press("Control+Enter");
      await log(`${way} greets page`).waitFor();
      expect(asked).toContain("binaryen.js");
      expect(unwanted).toEqual([]);
    },
    120_000,
  );
});
