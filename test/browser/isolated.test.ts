/** A page that is cross-origin isolated: its workers share memory with it. Served by Vite, from the sources. */
import { type Browser, chromium } from "playwright";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildGuest } from "../support/guests.ts";
import { ROOT } from "../support/pages.ts";
import { chromiumOptions, NO_CHROMIUM } from "./chromium.ts";

const options = chromiumOptions();
const headers = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

describe.skipIf(options === undefined)(`an isolated page${options === undefined ? ` (${NO_CHROMIUM})` : ""}`, () => {
  let server: ViteDevServer;
  let browser: Browser;

  beforeAll(async () => {
    server = await createServer({
      ...{ root: ROOT, configFile: false, logLevel: "silent", appType: "custom" },
      optimizeDeps: { noDiscovery: true, include: ["cborg"] },
      server: { headers, port: 0, hmr: false, host: "127.0.0.1" },
      plugins: [
        {
          name: "empty-page",
          configureServer: ({ middlewares }) =>
            void middlewares.use("/empty", (_, response) => {
              response.writeHead(200, { ...headers, "content-type": "text/html" }).end("");
            }),
        },
      ],
    });
    await server.listen();
    browser = await chromium.launch({ headless: true, ...options });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test("has rings in shared memory, and names at once", async () => {
    const clerk = await buildGuest("guests", "clerk", "asyncify");
    const page = await browser.newPage();
    await page.goto(`${server.resolvedUrls?.local[0]}empty`);
    const got = await page.evaluate(
      async ([bytes, threadsPath, codecPath]) => {
        const { createRuntime } = await import(threadsPath as string);
        const { cbor } = await import(codecPath as string);
        const runtime = await createRuntime({ threads: 2, grants: "all" });
        const module = await runtime.load(new Uint8Array(bytes as number[]));
        const pid = runtime.spawn(module, { thread: 1, name: "clerk" });
        const isNamed = runtime.whereis("clerk") === pid;
        const sums: number[] = [];
        for (let i = 0; i < 50; i++) sums.push(await runtime.client("clerk", cbor).add(i, 1));
        const ended = runtime.exited(pid);
        runtime.threads.terminate(1);
        const { kind } = await ended;
        await runtime.stop();
        return { isIsolated: crossOriginIsolated, isNamed, sum: sums.reduce((a, b) => a + b, 0), kind };
      },
      [[...clerk], "/host/threads/index.ts", "/host/adapters/codec.ts"] as const,
    );
    expect(got).toEqual({ isIsolated: true, isNamed: true, sum: 1_275, kind: "noconnection" });
  });
});
