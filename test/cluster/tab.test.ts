/** A page of Chromium is a node: it joins by WebSocket, is sent to, is monitored, and goes away. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join as joined } from "node:path";
import { gzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright";
import { type OutputChunk, rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { join } from "../../host/cluster/join.ts";
import type { HostMailbox } from "../../host/javascript/host-mailbox.ts";
import { Runtime } from "../../host/runtime.ts";
import { chromiumOptions, NO_CHROMIUM } from "../browser/chromium.ts";
import { NatsServer, NO_NATS, natsServer } from "../support/nats.ts";
import { ROOT } from "../support/pages.ts";

const options = chromiumOptions();
const missing = options === undefined ? NO_CHROMIUM : natsServer === undefined ? NO_NATS : undefined;

describe.skipIf(missing !== undefined)(`a tab${missing === undefined ? "" : ` (${missing})`}`, () => {
  let nats: NatsServer;
  let pages: Server;
  let browser: Browser;
  let chunks: OutputChunk[];
  let runtime: Runtime;
  let lobby: HostMailbox;
  const DOWN_AFTER_MS = 3_000;

  beforeAll(async () => {
    const built = await rolldown({ input: joined(ROOT, "test/cluster/tab.ts"), platform: "browser" });
    const { output } = await built.generate({ format: "esm", minify: true, dir: "tab" });
    chunks = output.filter(file => file.type === "chunk");
    pages = createServer(({ url = "/" }, response) => {
      const chunk = chunks.find(({ fileName }) => url === `/${fileName}`);
      response.setHeader("content-type", chunk === undefined ? "text/html" : "text/javascript");
      response.end(chunk?.code ?? '<!doctype html><body><script type="module" src="/tab.js"></script>');
    });
    await new Promise<void>(resolve => pages.listen(0, "127.0.0.1", resolve));
    nats = await NatsServer.start("", false);
    runtime = new Runtime();
    const timing = { tickMs: 100, downAfterMs: DOWN_AFTER_MS };
    await join(runtime, await nats.connect(), { cluster: "test", id: 1, exports: ["lobby"], ...timing });
    lobby = runtime.mailbox();
    runtime.register("lobby", lobby.pid);
    browser = await chromium.launch({ headless: true, ...options });
  });

  afterAll(async () => {
    await browser?.close();
    pages?.close();
    await runtime?.stop();
    await nats?.stop();
  });

  /** Opens a page. Resolves to it, and to the pid of its actor. */
  async function visit(id: number): Promise<[Page, number]> {
    const page = await browser.newPage();
    page.on("pageerror", error => process.stderr.write(`${error.stack}\n`));
    const { port } = pages.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?port=${nats.webSocket}&id=${id}&downAfterMs=${DOWN_AFTER_MS}`);
    const request = await lobby.receive();
    if (request?.kind !== "message") throw new Error("no request");
    expect(new TextDecoder().decode(request.bytes)).toBe("hello");
    lobby.reply(request, "welcome");
    await page.waitForFunction(() => document.title === "welcome");
    return [page, request.from];
  }

  test("joins, is called by the pid of its actor, and is gone at once when it is left", async () => {
    const [page, pid] = await visit(200);
    expect(await runtime.callText(pid, "news")).toBe("thanks");
    expect(await page.textContent("body")).toContain("news");
    const ref = lobby.monitor(pid);
    const began = performance.now();
    await page.goto("about:blank");
    expect(await lobby.receive()).toMatchObject({ kind: "down", ref, reason: { kind: "noconnection" } });
    expect(performance.now() - began).toBeLessThan(DOWN_AFTER_MS);
    await page.close();
  });

  test("that has crashed is gone after downAfterMs", async () => {
    const [page, pid] = await visit(201);
    const ref = lobby.monitor(pid);
    const session = await page.context().newCDPSession(page);
    void session.send("Page.crash").catch(() => undefined);
    expect(await lobby.receive()).toMatchObject({ kind: "down", ref, reason: { kind: "noconnection" } });
    await page.close();
  });

  /** The core has 75 KB of it, the client of NATS 41, of which its keys are 11. */
  test("loads at most 135 KB gzipped", () => {
    const atOnce = chunks.filter(({ isDynamicEntry }) => !isDynamicEntry);
    const bytes = atOnce.reduce((sum, { code }) => sum + gzipSync(code).length, 0);
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThan(135_000);
  });
});
