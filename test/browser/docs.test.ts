/**
 * The examples of docs/browser.md, in Chromium. The server has only the package's files and a
 * compiled echo.
 */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readScript } from "../../host/node/serve/page-files.ts";
import { compileGuests } from "../support/compile-guests.ts";
import { chromiumOptions, NO_CHROMIUM } from "./chromium.ts";

const document = await readFile(new URL("../../docs/browser.md", import.meta.url), "utf8");

/** The code blocks behind comments of a kind, by the name in the comment. */
function blocks(kind: "file" | "shows"): Map<string, string> {
  const found = document.matchAll(new RegExp(`<!-- ${kind}: (\\S+) -->\\n\`\`\`\\w+\\n(.*?)\`\`\``, "gs"));
  return new Map(Array.from(found, ([, name, text]) => [name, text]));
}

const files = blocks("file");
const options = chromiumOptions();
const DIST = "/node_modules/isopod/dist/host/";

describe.skipIf(options === undefined)(
  options === undefined ? `docs/browser.md ${NO_CHROMIUM}` : "docs/browser.md",
  () => {
    let server: Server;
    let browser: Browser;
    let echo: Uint8Array;

    beforeAll(async () => {
      [echo] = await compileGuests("examples", ["echo"], "asyncify", "none");
      server = createServer(async ({ url = "" }, response) => {
        const [type, body] = await answer(url);
        response.writeHead(body === undefined ? 404 : 200, { "content-type": type }).end(body);
      });
      await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
      browser = await chromium.launch({ headless: true, ...options });
    });
    afterAll(async () => {
      await browser?.close();
      server?.close();
    });

    async function answer(url: string): Promise<[type: string, body: Uint8Array | string | undefined]> {
      if (url === "/echo.wasm") return ["application/octet-stream", echo];
      if (url.startsWith(DIST)) return ["text/javascript", await readScript(url.slice(DIST.length, -".js".length))];
      return [url.endsWith(".html") ? "text/html" : "text/javascript", files.get(url.slice(1))];
    }

    test("has examples", () => {
      expect([...blocks("shows").keys()]).toEqual(["index.html", "with-worker.html"]);
    });

    test.each([...blocks("shows")])("%s shows what it says", async (name, shown) => {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("pageerror", error => errors.push(error.message));
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`);
      const seen = async () => errors[0] ?? (await page.locator("#out").textContent());
      await expect.poll(seen, { timeout: 120_000 }).toBe(shown);
      await page.close();
    });
  },
);
