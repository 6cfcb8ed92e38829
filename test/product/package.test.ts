/**
 * The package as a user gets it: packed, installed in an empty folder, and used there. It needs the
 * registry. Tests that a machine cannot run are skipped and say why. Node 22 and 24 are tried if
 * ISOPOD_ALL_NODES=1 or CI is set.
 */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright";
import { publint } from "publint";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Builder } from "../../host/node/compile/build.ts";
import { chromiumOptions, NO_CHROMIUM } from "../browser/chromium.ts";
import { pack } from "../support/compiler.ts";
import { ROOT, stepsOf, take } from "../support/pages.ts";

const SLOW = 240_000;
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENOTCACHED|ECONNRESET/;
/** The engines that the package is for, and which of them `npm ci` has installed. */
const OLDER = [22, 24];
const all = Boolean(process.env.ISOPOD_ALL_NODES || process.env.CI);

let folder: string;
/** The project in which the package is installed, and the package there. */
let project: string;
let installed: string;
let unreachable = false;

const exec = promisify(execFile);

/** Runs npm in a folder, with the Node that runs the tests. */
async function npm(cwd: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
  const { stdout } = await exec("npm", [...args, "--no-audit", "--no-fund", "--prefer-offline"], { cwd, env });
  return stdout;
}

/** An empty project with these packages. */
async function projectWith(name: string, packages: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  // Node's package fetches its binary when it is installed.
  await writeFile(join(path, "package.json"), `{"type":"module","private":true,"allowScripts":{"node":true}}`);
  await npm(path, "install", ...packages);
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "isopod-package-"));
  const tarball = await pack(folder);
  try {
    project = await projectWith("project", [tarball, "cborg"]);
  } catch (error) {
    if (!UNREACHABLE.test(String(error))) throw error;
    unreachable = true;
  }
  installed = join(project ?? folder, "node_modules/isopod");
}, 2 * SLOW);
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(context => {
  if (unreachable) context.skip("the registry that npm installs from cannot be reached");
});

/** The modules that a file imports, as they stand there. */
async function importsOf(path: string): Promise<string[]> {
  const source = await readFile(path, "utf8");
  const found = source.matchAll(
    /^(?:import|export)\b[^"'=(]*\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...found].map(([, from, plain, dynamic]) => from ?? plain ?? dynamic);
}

describe("what is packed", () => {
  test("has nothing that publint finds fault with", async () => {
    const { messages } = await publint({ pkgDir: installed, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  test("has a core that imports nothing but its own files, and none of those for Node", async () => {
    const core = join(installed, "dist/host");
    const seen = new Set<string>();
    const queue = [join(core, "index.js")];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      for (const specifier of await importsOf(path)) {
        expect(specifier, path).toMatch(/^\.\.?\//);
        queue.push(resolve(dirname(path), specifier));
      }
    }
    expect(seen.size).toBeGreaterThan(30);
    expect([...seen].filter(path => path.startsWith(join(core, "node")))).toEqual([]);
  });

  test("has every entry point that package.json names, as far as hosts import them", async () => {
    const { exports } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
    const names = Object.keys(exports).filter(path => !["./guest", "./kernel.wasm", "./package.json"].includes(path));
    const source = names.map(path => `await import("${join("isopod", path)}");`).join("\n");
    await writeFile(join(project, "entries.js"), `${source}\nconsole.log("all there");\n`);
    expect((await exec(process.execPath, ["entries.js"], { cwd: project })).stdout).toBe("all there\n");
  });

  test("has the benchmarks with their guests", async () => {
    const args = [join(installed, "bin/isopod.js"), "bench", "ping-pong", "0.1", "--peers", "go"];
    const { stdout } = await exec(process.execPath, args, { cwd: project });
    expect(stdout).toMatch(/^ {2}isopod process {2}[\d.]+ \Ss/m);
    expect(stdout).toContain("go skipped: the peers are in the repository, not in the package\n");
  });
});

describe.each([26, ...OLDER])("in Node %i", major => {
  const isRun = major === 26 || all;
  let node = process.execPath;
  let builder: Pick<Builder, "build" | "close">;

  beforeAll(async () => {
    if (!isRun || unreachable) return;
    const { Builder } = await import(/* @vite-ignore */ join(installed, "dist/host/node/compile/build.js"));
    builder = new Builder();
    if (major === Number.parseInt(process.versions.node, 10)) return;
    node = join(await projectWith(`node-${major}`, [`node@${major}`]), "node_modules/node/bin/node");
  }, 2 * SLOW);
  afterAll(() => builder?.close());

  test.skipIf(!isRun).each(["README.md", "docs/tutorial.md", "docs/messages.md"])(
    `the programs of %s print what it says${isRun ? "" : " (to run: ISOPOD_ALL_NODES=1 npm test)"}`,
    async page => {
      const { stdout } = await exec(node, ["--version"]);
      expect(stdout).toMatch(`v${major}.`);
      const cli = join(installed, "bin/isopod.js");
      const compile = (file: string) => builder.build(file, { baseDir: project });
      for (const step of stepsOf(page)) {
        const output = await take(step, { folder: project, node, cli, compile });
        if ("command" in step) expect(output).toBe(step.output);
      }
    },
    2 * SLOW,
  );
});

describe("types", () => {
  const consumer = `
import { type Pid, Runtime, type RuntimeOptions } from "isopod";
import { readString } from "isopod/assemblyscript";
import { cbor, checked, type Codec, json } from "isopod/codec";
import { build, createRuntime, formatReason } from "isopod/node";
import { ManualClock, settle } from "isopod/test";
import { wasi } from "isopod/wasi";

await settle(new Runtime({ clock: new ManualClock() }));
const options: RuntimeOptions = { grants: { log: true }, imports: { wasi_snapshot_preview1: wasi() }, readString };
const runtimes: Runtime[] = [new Runtime(options), createRuntime(options)];
const pid: Pid = runtimes[0].spawn("name");
formatReason(await runtimes[0].exited(pid));
const sizes = (codec: Codec<null>) => codec.encode(null).length;
const [{ wasm }] = await build(["guest.ts"]);
console.log(wasm?.byteLength, sizes(checked(json, () => null)), cbor.encode(1));

// @ts-expect-error: a pid is a number, which none of these types forgot.
const wrong: string = pid;
// @ts-expect-error: so are options.
new Runtime({ grants: { fly: true } });
export { wrong };
`;

  // AssemblyScript's own declarations name things twice, which only skipLibCheck lets pass; ours
  // must not need it.
  const transform = `import GuestTransform from "isopod/transform";\nnew GuestTransform().park = "jspi";\n`;

  const resolutions = [
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "esnext", moduleResolution: "bundler" },
  ];
  const sources = [
    { what: "what hosts import", source: consumer, skipLibCheck: false },
    { what: "the transform", source: transform, skipLibCheck: true },
  ];
  const cases = resolutions.flatMap(resolution => sources.map(source => ({ ...resolution, ...source })));

  test.each(cases)(
    "of $what resolve under $moduleResolution",
    async ({ module, moduleResolution, source, skipLibCheck }) => {
      const path = await mkdtemp(join(project, "types-"));
      await writeFile(join(path, "consumer.ts"), source);
      const compilerOptions = {
        ...{ module, moduleResolution, skipLibCheck, target: "es2023", lib: ["esnext", "dom"] },
        ...{ types: [], strict: true, noEmit: true },
      };
      await writeFile(join(path, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
      const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
      // It says on stdout what it finds.
      const said = await exec(process.execPath, [tsc, "-p", path]).then(
        ({ stdout }) => stdout,
        error => error.stdout || String(error),
      );
      expect(said).toBe("");
    },
    SLOW,
  );
});

describe("bundled for a page, the core", () => {
  let bundle: string;

  beforeAll(async () => {
    if (unreachable) return;
    await copyFile(join(ROOT, "guest/examples/hello.ts"), join(project, "page-guest.ts"));
    await exec(process.execPath, [join(installed, "bin/isopod.js"), "build", "page-guest.ts", "--out", "."], {
      cwd: project,
    });
    const wasm = (await readFile(join(project, "page-guest.wasm"))).toString("base64");
    await writeFile(
      join(project, "page.js"),
      `import { formatReason, Runtime } from "isopod";
const bytes = Uint8Array.from(atob("${wasm}"), character => character.charCodeAt(0));
const runtime = new Runtime({ grants: { log: true }, onLog: (_pid, _level, line) => console.log(line) });
const pid = runtime.spawn(await runtime.load(bytes), { args: "page" });
console.log(formatReason(await runtime.exited(pid)));
`,
    );
    const built = await rolldown({ input: join(project, "page.js"), platform: "browser" });
    const { output } = await built.write({ dir: join(project, "bundle"), format: "esm" });
    expect(output.length).toBe(1);
    expect(await readdir(join(project, "bundle"))).toEqual(["page.js"]);
    bundle = join(project, "bundle/page.js");
  }, SLOW);

  test("runs in Node", async () => {
    expect((await exec(process.execPath, [bundle])).stdout).toBe("hello, page!\nnormal\n");
  });

  const options = chromiumOptions();
  test.skipIf(options === undefined)(
    `runs in Chromium${options === undefined ? ` (${NO_CHROMIUM})` : ""}`,
    async () => {
      const browser = await chromium.launch(options);
      try {
        const page = await browser.newPage();
        const lines: string[] = [];
        page.on("console", message => lines.push(message.text()));
        page.on("pageerror", error => lines.push(String(error)));
        await page.addScriptTag({ path: bundle, type: "module" });
        await expect.poll(() => lines, { timeout: 120_000 }).toEqual(["hello, page!", "normal"]);
      } finally {
        await browser.close();
      }
    },
    SLOW,
  );
});
