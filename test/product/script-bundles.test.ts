/**
 * `isopod/js` of the packed package, as docs/bundlers.md says: where bundlers find its engine, in a page
 * without a bundler, and packages of npm in a script. It needs no registry.
 */
import { execFile } from "node:child_process";
import { copyFile, cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { promisify } from "node:util";
import { build as esbuild } from "esbuild";
import { type Browser, chromium } from "playwright";
import { rolldown } from "rolldown";
import { createServer, type InlineConfig, preview, build as viteBuild } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumOptions, NO_CHROMIUM } from "../browser/chromium.ts";
import { pack } from "../support/compiler.ts";
import { ROOT, stepsOf } from "../support/pages.ts";

const SLOW = 120_000;
const run = promisify(execFile);
const documented = new Map(
  ["docs/bundlers.md", "docs/browser.md"].flatMap(page =>
    stepsOf(page).flatMap(step => ("file" in step ? [[step.file, step.text] as const] : [])),
  ),
);

/** A project in which the package is installed. */
let folder: string;

beforeAll(async () => {
  // Vite compares real paths.
  folder = await realpath(await mkdtemp(join(tmpdir(), "isopod-script-bundles-")));
  const tarball = await pack(folder);
  const installed = join(folder, "node_modules/isopod");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", installed, "--strip-components", "1"]);
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  for (const [file, text] of documented) await writeFile(join(folder, file), text);
}, SLOW);
afterAll(() => rm(folder, { recursive: true }));

const options = chromiumOptions();

describe.skipIf(options === undefined)(options === undefined ? `in a page ${NO_CHROMIUM}` : "in a page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ headless: true, ...options });
  });
  afterAll(() => browser.close());

  /** What a page shows in the end, and where it has got the engine. */
  async function shown(url: string): Promise<{ text: string; engines: string[] }> {
    const page = await browser.newPage();
    const engines: string[] = [];
    const errors: string[] = [];
    page.on("pageerror", error => errors.push(String(error)));
    page.on("response", response => {
      if (response.url().endsWith(".wasm")) engines.push(`${response.status()} ${new URL(response.url()).pathname}`);
    });
    await page.goto(url);
    const text = async () => (await page.innerText("body")).trim();
    await expect.poll(async () => (await text()) || errors.join(), { timeout: SLOW }).not.toBe("");
    expect(errors).toEqual([]);
    const found = { text: await text(), engines };
    await page.close();
    return found;
  }

  /** Serves the files of a folder: those of a page whose scripts are files, with the policy of docs/browser.md. */
  async function served(root: string, isStrict: boolean): Promise<{ url: string; close(): void }> {
    const types: Readonly<Record<string, string>> = {
      ...{ ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" },
    };
    const policy = /^default-src .*$/m.exec(await readFile(join(ROOT, "docs/browser.md"), "utf8"))?.[0] ?? "";
    const server = createHttpServer(async ({ url = "/" }, response) => {
      const path = join(root, normalize(new URL(url, "http://x").pathname));
      const body = await readFile(path.endsWith("/") ? `${path}index.html` : path).catch(() => undefined);
      const type = types[extname(path)] ?? "text/html";
      const headers = { "content-type": type, ...(isStrict && { "content-security-policy": policy }) };
      response.writeHead(body === undefined ? 404 : 200, headers);
      response.end(body);
    });
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      close: () => {
        server.close();
        server.closeAllConnections();
      },
    };
  }

  const html = (script: string) =>
    `<!doctype html><title>scripts</title><body><script type="module" src="${script}"></script></body>`;
  /** The page of the documentation without the option for esbuild. */
  const plain = () =>
    (documented.get("script-page.js") ?? "")
      .replace(/^import engine .*\n/m, "")
      .replace("engine: new URL(engine, import.meta.url), ", "");

  test(
    "Vite finds the engine in development and in a build, without any configuration",
    async () => {
      const root = join(folder, "vite");
      await mkdir(root);
      await writeFile(join(root, "main.js"), plain());
      await writeFile(join(root, "index.html"), html("main.js"));
      const config: InlineConfig = {
        ...{ root, configFile: false, logLevel: "silent", cacheDir: join(root, ".vite") },
        server: { host: "127.0.0.1", port: 0 },
        preview: { host: "127.0.0.1", port: 0 },
        build: { target: "esnext" },
      };
      const urlOf = (server: { readonly resolvedUrls: { readonly local: string[] } | null }) =>
        server.resolvedUrls?.local[0] ?? "";
      const server = await createServer(config);
      try {
        await server.listen();
        expect(await shown(urlOf(server))).toEqual({
          text: "HELLO!",
          engines: [expect.stringMatching(/^200 \/.*node_modules\/isopod\/dist\/host\/js\/engine\.wasm$/)],
        });
      } finally {
        await server.close();
      }
      await viteBuild(config);
      const built = await preview(config);
      try {
        const { text, engines } = await shown(urlOf(built));
        expect(text).toBe("HELLO!");
        expect(engines).toEqual([expect.stringMatching(/^200 \/assets\/engine-[\w-]+\.wasm$/)]);
      } finally {
        await built.close();
      }
    },
    3 * SLOW,
  );

  test(
    "esbuild keeps it a file, as the page says, and a strict policy allows it",
    async () => {
      const text = documented.get("esbuild-script.js") ?? "";
      const given = text.slice(text.indexOf("build(") + "build(".length, text.lastIndexOf(");"));
      const options = new Function(`return ${given}`)();
      await esbuild({ ...options, absWorkingDir: folder, logLevel: "silent" });
      const root = join(folder, "dist");
      await writeFile(join(root, "index.html"), html("script-page.js"));
      const server = await served(root, true);
      try {
        const { text, engines } = await shown(server.url);
        expect(text).toBe("HELLO!");
        expect(engines).toEqual([expect.stringMatching(/^200 \/engine-\w+\.wasm$/)]);
      } finally {
        server.close();
      }
    },
    SLOW,
  );

  test(
    "Rolldown leaves its URL, beside which it is copied",
    async () => {
      await writeFile(join(folder, "plain.js"), plain());
      const bundle = await rolldown({ input: join(folder, "plain.js"), platform: "browser" });
      const root = join(folder, "rolled");
      await bundle.write({ dir: root, format: "esm" });
      await bundle.close();
      await writeFile(join(root, "index.html"), html("plain.js"));
      await copyFile(join(folder, "node_modules/isopod/dist/host/js/engine.wasm"), join(root, "engine.wasm"));
      const server = await served(root, true);
      try {
        expect(await shown(server.url)).toEqual({ text: "HELLO!", engines: ["200 /engine.wasm"] });
      } finally {
        server.close();
      }
    },
    SLOW,
  );

  test(
    "a page without a bundler fetches it from the package",
    async () => {
      await writeFile(join(folder, "script.html"), documented.get("script.html") ?? "");
      const server = await served(folder, false);
      try {
        expect(await shown(`${server.url}script.html`)).toEqual({
          ...{ text: "HELLO!", engines: ["200 /node_modules/isopod/dist/host/js/engine.wasm"] },
        });
      } finally {
        server.close();
      }
    },
    SLOW,
  );
});

describe("in Node", () => {
  const PROGRAM = `import { cbor } from "isopod/codec";
import { loadScript } from "isopod/js";
import { createRuntime } from "isopod/node";
import { readFileSync } from "node:fs";
const runtime = createRuntime({ quiet: true, limits: { turnMs: 5000 } });
const source = readFileSync(process.argv[2], "utf8");
const script = await loadScript(runtime, source, { name: process.argv[2], loadMs: 5000 });
console.log(await runtime.client(runtime.spawn(script), cbor).sizeOf({ a: [1, 2, "three"] }));
await runtime.stop();
`;

  beforeAll(async () => {
    for (const name of ["cborg", "@assemblyscript/loader"]) {
      await cp(join(ROOT, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
    }
    const command = /^npx esbuild (plugin\.js .*)$/m.exec(await readFile(join(ROOT, "docs/bundlers.md"), "utf8"))?.[1];
    await run(join(ROOT, "node_modules/.bin/esbuild"), (command ?? "").split(" "), { cwd: folder });
    await writeFile(join(folder, "program.js"), PROGRAM);
  });

  test("a script with a package of npm is one file, made by esbuild", async () => {
    const { stdout } = await run(process.execPath, ["program.js", "plugin.bundle.js"], { cwd: folder });
    expect(stdout).toBe("12\n");
  });
});
