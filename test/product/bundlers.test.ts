/**
 * docs/bundlers.md, as it stands: Vite's development server and its build in Chromium, Rollup, Rolldown and
 * esbuild.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build as esbuild } from "esbuild";
import { type Browser, chromium, type Page } from "playwright";
import { rolldown } from "rolldown";
import { type Plugin as RollupPlugin, rollup } from "rollup";
import { createServer, type InlineConfig, preview, build as viteBuild } from "vite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isopod } from "../../host/node/vite/plugin.ts";
import { chromiumOptions, NO_CHROMIUM } from "../browser/chromium.ts";
import { ROOT, stepsOf } from "../support/pages.ts";

const SLOW = 120_000;
const PAGE = "docs/bundlers.md";
const CORE = join(ROOT, "host/index.ts");
const shown =
  /<!-- shows: index.html -->\n```text\n(.*)\n```/.exec(await readFile(join(ROOT, PAGE), "utf8"))?.[1] ?? "";

let root: string;
/** A project with the files of the page. */
let folder: string;
let projects = 0;

beforeAll(async () => {
  // Vite compares real paths.
  root = await realpath(await mkdtemp(join(tmpdir(), "isopod-bundlers-")));
});
afterAll(() => rm(root, { recursive: true }));

beforeEach(async () => {
  folder = join(root, `project-${projects++}`);
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  for (const step of stepsOf(PAGE)) if ("file" in step) await writeFile(join(folder, step.file), step.text);
});

/** Calls the greeter in the module's own program instead of in a page. */
const PROGRAM = `import { Runtime } from "isopod";
import greeter from "./greeter.guest.ts";
const runtime = new Runtime();
const pid = runtime.spawn(await runtime.load(greeter));
console.log(new TextDecoder().decode(await runtime.call(pid, "Ann")), Object.keys(greeter).join());
await runtime.stop();
`;

const run = async (file: string): Promise<string> => (await promisify(execFile)(process.execPath, [file])).stdout;

/** Finds the core in this checkout, as the bundler would find it in node_modules. */
const core = { name: "core", resolveId: (source: string) => (source === "isopod" ? CORE : null) };

const viteConfig = (): InlineConfig => ({
  root: folder,
  configFile: false,
  logLevel: "silent",
  cacheDir: join(folder, ".vite"),
  plugins: [isopod()],
  resolve: { alias: [{ find: /^isopod$/, replacement: CORE }] },
  server: { host: "127.0.0.1", port: 0, fs: { strict: false } },
  preview: { host: "127.0.0.1", port: 0 },
  // The project's own browserslist is none.
  build: { target: "esnext" },
});

const options = chromiumOptions();

describe.skipIf(options === undefined)(options === undefined ? `Vite ${NO_CHROMIUM}` : "Vite", () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await chromium.launch({ headless: true, ...options });
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    page = await browser.newPage();
    return () => page.close();
  });

  const text = () => page.textContent("body").then(text => text?.trim());
  const urlOf = ({ resolvedUrls }: { readonly resolvedUrls: { readonly local: string[] } | null }): string =>
    resolvedUrls?.local[0] ?? "";

  test(
    "serves a page with a guest, and reloads it when the guest or what it imports changes",
    async () => {
      const server = await createServer(viteConfig());
      try {
        await server.listen();
        await page.goto(urlOf(server));
        await expect.poll(text, { timeout: SLOW }).toBe(shown);
        const changed = stepsOf(PAGE).flatMap(step =>
          "file" in step && step.file === "greeting.ts" ? [step.text] : [],
        );
        await writeFile(join(folder, "greeting.ts"), changed[0].replace("hello", "good morning"));
        await expect.poll(text, { timeout: SLOW }).toBe("good morning, Ann");
        const guest = await readFile(join(folder, "greeter.guest.ts"), "utf8");
        await writeFile(join(folder, "greeter.guest.ts"), guest.replace("message.text()", '"you"'));
        await expect.poll(text, { timeout: SLOW }).toBe("good morning, you");
      } finally {
        await server.close();
      }
    },
    2 * SLOW,
  );

  test(
    "shows an error of a guest on its overlay, and goes on when it is corrected",
    async () => {
      const guest = await readFile(join(folder, "greeter.guest.ts"), "utf8");
      await writeFile(join(folder, "greeter.guest.ts"), guest.replace("message.text()", "message.txet()"));
      const server = await createServer(viteConfig());
      try {
        await server.listen();
        await page.goto(urlOf(server));
        const overlay = () =>
          page.evaluate(() => document.querySelector("vite-error-overlay")?.shadowRoot?.textContent ?? "");
        await expect
          .poll(overlay, { timeout: SLOW })
          .toMatch(/Property 'txet' does not exist[\s\S]*greeter\.guest\.ts:7:/);
        await writeFile(join(folder, "greeter.guest.ts"), guest);
        await expect.poll(text, { timeout: SLOW }).toBe(shown);
      } finally {
        await server.close();
      }
    },
    2 * SLOW,
  );

  test.each([false, true])(
    "builds a page with a guest in it (with source maps: %s)",
    async sourcemap => {
      const config = viteConfig();
      await viteBuild({ ...config, build: { ...config.build, sourcemap } });
      const [script] = (await readdir(join(folder, "dist/assets"))).filter(name => name.endsWith(".js"));
      const bundle = await readFile(join(folder, "dist/assets", script), "utf8");
      expect(bundle.includes("greeting.ts")).toBe(sourcemap);
      const server = await preview(config);
      try {
        await page.goto(urlOf(server));
        await expect.poll(text, { timeout: SLOW }).toBe(shown);
      } finally {
        await server.close();
      }
    },
    SLOW,
  );
});

describe("in a bundle for programs", () => {
  beforeEach(() => writeFile(join(folder, "program.js"), PROGRAM));

  test(
    "Rolldown puts the guest into it",
    async () => {
      const built = await rolldown({ input: join(folder, "program.js"), plugins: [core, isopod()] });
      await built.write({ dir: join(folder, "dist") });
      expect(await run(join(folder, "dist/program.js"))).toBe("hello, Ann entry,wasm\n");
    },
    SLOW,
  );

  test.each(["./greeter.guest.ts", "./other.ts?guest"])(
    "Rollup does, too, with %s",
    async guest => {
      await writeFile(join(folder, "program.js"), PROGRAM.replace("./greeter.guest.ts", guest));
      await writeFile(join(folder, "other.ts"), await readFile(join(folder, "greeter.guest.ts")));
      // Rollup does not read TypeScript, so the core is another bundle.
      const bundled = await rolldown({ input: CORE });
      await bundled.write({ file: join(folder, "core.js"), codeSplitting: false });
      // As @rollup/plugin-node-resolve does, it asks the others for what it has found.
      const found: RollupPlugin = {
        name: "found",
        resolveId(source, importer) {
          if (source === "isopod") return join(folder, "core.js");
          return source.startsWith("./") ? this.resolve(join(folder, source), importer, { skipSelf: true }) : null;
        },
      };
      const built = await rollup({
        input: join(folder, "program.js"),
        plugins: [isopod({ reductions: "count" }), found],
      });
      await built.write({ dir: join(folder, "dist"), format: "esm" });
      expect(await run(join(folder, "dist/program.js"))).toBe("hello, Ann entry,wasm\n");
    },
    SLOW,
  );

  test(
    "an error of the guest fails the build, and says where it is",
    async () => {
      await writeFile(join(folder, "greeting.ts"), "export function greeting(name: string): string { return 5; }\n");
      const failed = rollup({ input: join(folder, "program.js"), plugins: [isopod()], external: ["isopod"] });
      await expect(failed).rejects.toMatchObject({
        message: expect.stringMatching(/Type '\w+' is not assignable to type/),
        loc: { file: join(folder, "greeting.ts"), line: 1 },
      });
    },
    SLOW,
  );

  test(
    "esbuild takes a compiled guest, as the page says",
    async () => {
      const cli = join(ROOT, "bin/isopod.js");
      await promisify(execFile)(process.execPath, [cli, "build", "greeter.guest.ts"], { cwd: folder });
      const text = stepsOf(PAGE).flatMap(step => ("file" in step && step.file === "esbuild.js" ? [step.text] : []))[0];
      const given = text.slice(text.indexOf("build(") + "build(".length, text.lastIndexOf(");"));
      const options = new Function(`return ${given}`)();
      await esbuild({ ...options, absWorkingDir: folder, alias: { isopod: CORE }, logLevel: "silent" });
      // In Node instead of a page.
      const page = `globalThis.document = { body: {} };\nawait import("./dist/page.js");\nconsole.log(document.body.textContent);`;
      await writeFile(join(folder, "run.js"), page);
      expect(await run(join(folder, "run.js"))).toBe(`${shown}\n`);
    },
    SLOW,
  );
});

test("the plug-in fits the types of Vite, Rollup and Rolldown", () => {
  const forRollup: RollupPlugin = isopod();
  const forVite: NonNullable<InlineConfig["plugins"]>[number] = isopod();
  expect([forRollup.name, (forVite as { name: string }).name]).toEqual(["isopod", "isopod"]);
});
