/**
 * The package as a user gets it: packed, installed in an empty folder, and used there. It needs the
 * registry. Tests that a machine cannot run are skipped and say why. Node 22 and 24, and all pages, are tried
 * if ISOPOD_ALL_NODES=1 is set, as `npm run engines` does.
 */
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright";
import { publint } from "publint";
import { type OutputChunk, rolldown } from "rolldown";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chromiumOptions, NO_CHROMIUM } from "../browser/chromium.ts";
import { serve } from "../engines/engines.ts";
import { pack } from "../support/compiler.ts";
import { ROOT, stepsOf, take } from "../support/pages.ts";

const SLOW = 240_000;
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENOTCACHED|ECONNRESET/;
/** The engines that the package is for, and which of them `npm ci` has installed. */
const OLDER = [22, 24];
const all = Boolean(process.env.ISOPOD_ALL_NODES);

let folder: string;
let tarball: string;
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
async function projectWith(name: string, packages: readonly string[], ...options: string[]): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  // Node's package fetches its binary when it is installed.
  await writeFile(join(path, "package.json"), `{"type":"module","private":true,"allowScripts":{"node":true}}`);
  await npm(path, "install", ...packages, ...options);
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "isopod-package-"));
  tarball = await pack(folder);
  try {
    project = await projectWith("project", [tarball]);
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
    expect(seen.size).toBeGreaterThan(1);
    expect([...seen].filter(path => path.startsWith(join(core, "node")))).toEqual([]);
  });

  test("has every entry point that package.json names, as far as hosts import them", async () => {
    const { exports } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
    const none = ["./guest", "./vite/client"];
    const names = Object.keys(exports).filter(path => !none.includes(path) && !/\.(json|wasm)$/.test(path));
    const source = names.map(path => `await import("${join("isopod", path)}");`).join("\n");
    await writeFile(join(project, "entries.js"), `${source}\nconsole.log("all there");\n`);
    expect((await exec(process.execPath, ["entries.js"], { cwd: project })).stdout).toBe("all there\n");
  });

  test("does nothing when it is imported: it compiles nothing, and starts no timer", async () => {
    const program = `
      const refuse = name => () => { throw new Error(name + " at an import"); };
      for (const name of ["Module", "Instance", "Memory", "Global", "Table", "validate", "compile", "instantiate"])
        WebAssembly[name] = refuse(name);
      for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "fetch", "atob"])
        globalThis[name] = refuse(name);
      for (const entry of ["isopod", "isopod/cluster", "isopod/codec", "isopod/wasi", "isopod/source-map", "isopod/js", "isopod/test", "isopod/node"])
        await import(entry);
      console.log("nothing");`;
    const { stdout } = await exec(process.execPath, ["--input-type=module", "--eval", program], { cwd: project });
    expect(stdout).toBe("nothing\n");
  });

  const OBSERVED = `import { createRuntime } from "isopod/node";
    console.log((await createRuntime({ quiet: true }).observe()).url);
    setInterval(() => {}, 60_000);`;

  test("has all scripts that the page of the observer imports", async () => {
    const args = ["--input-type=module", "--eval", OBSERVED];
    const server = spawn(process.execPath, args, { cwd: project, stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [line] = String(await once(server.stdout, "data").then(([chunk]) => chunk)).split("\n");
      const html = await (await fetch(line)).text();
      const named = [...html.matchAll(/"(\/[\w.]+\.js)"|<script [^>]*src="([^"]+)"/g)];
      const queue = named.map(([, mapped, src]) => new URL(mapped ?? src, line));
      const seen = new Set<string>();
      for (let url = queue.pop(); url !== undefined; url = queue.pop()) {
        if (seen.has(url.pathname)) continue;
        seen.add(url.pathname);
        const response = await fetch(url);
        expect([url.pathname, response.status]).toEqual([url.pathname, 200]);
        for (const [, from] of (await response.text()).matchAll(/^(?:import|export)\b.*? from "(\.[^"]+)"/gm)) {
          queue.push(new URL(from, url));
        }
      }
      expect(seen.size).toBeGreaterThan(1);
    } finally {
      server.kill();
    }
  });

  test("has the benchmarks with their guests", async () => {
    const args = [join(installed, "bin/isopod.js"), "bench", "ping-pong", "0.1", "--peers", "go"];
    const { stdout } = await exec(process.execPath, args, { cwd: project });
    expect(stdout).toMatch(/^ {2}isopod process {2}[\d.]+ \Ss/m);
    expect(stdout).toContain("go skipped: the peers are in the repository, not in the package\n");
  });
});

test.skipIf(unreachable)(
  "installed, it writes the demo as files",
  async () => {
    const folder = join(project, "demo");
    await exec(process.execPath, [join(installed, "bin/isopod.js"), "demo", "--out", folder], { cwd: project });
    expect(await readdir(folder)).toEqual(expect.arrayContaining(["index.html", "main.js", "binaryen.js", "guests"]));
    expect(await readFile(join(folder, "main.js"), "utf8")).toContain("cm-editor");
  },
  SLOW,
);

describe("installed without its optional packages, as for production,", () => {
  /** What most file systems give out for a file that is not empty, at least. */
  const BLOCK = 4096;
  let production: string;

  const node = async (program: string) => {
    const args = ["--disable-wasm-trap-handler", "--input-type=module", "--eval", program];
    return (await exec(process.execPath, args, { cwd: production })).stdout;
  };

  beforeAll(async () => {
    if (!unreachable) production = await projectWith("production", [tarball], "--omit=optional");
  }, SLOW);

  test("it takes less than 3.5 MB of a disk beside the engine of scripts, which has 1.5, with all that it depends on", async () => {
    const entries = await readdir(join(production, "node_modules"), { recursive: true, withFileTypes: true });
    const files = entries.filter(entry => entry.isFile());
    const sizes = await Promise.all(files.map(async entry => (await stat(join(entry.parentPath, entry.name))).size));
    const bytes = sizes.reduce((sum, size) => sum + Math.ceil(size / BLOCK) * BLOCK, 0);
    const engine = await stat(join(production, "node_modules/isopod/dist/host/js/engine.wasm"));
    expect(files.length).toBeGreaterThan(50);
    expect(engine.size).toBeLessThan(1_550_000);
    expect(bytes - engine.size).toBeLessThan(3_500_000);
  });

  test("it runs a script, with the engine that the package has", async () => {
    const said = await node(`
      import { cbor } from "isopod/codec";
      import { loadScript } from "isopod/js";
      import { createRuntime } from "isopod/node";
      const runtime = createRuntime({ limits: { turnMs: 5000 } });
      const script = await loadScript(runtime, "export const add = (a, b) => a + b;", { loadMs: 5000 });
      console.log(await runtime.client(runtime.spawn(script), cbor).add(1, 2));
      await runtime.stop();`);
    expect(said).toBe("3\n");
    await writeFile(join(production, "shout.js"), "export const shout = text => text.toUpperCase();\n");
    const isopod = join(production, "node_modules/isopod/bin/isopod.js");
    const command = `echo 'shout "hey you"' | "${process.execPath}" "${isopod}" run shout.js --limit turnMs=5000`;
    expect((await exec("sh", ["-c", command], { cwd: production })).stdout).toBe('"HEY YOU"\n');
  });

  test("it runs a compiled guest, and names the line of a crash", async () => {
    await writeFile(
      join(project, "crashes.ts"),
      'import { log } from "isopod/guest";\nexport function run(): void {\n  log("here");\n  unreachable();\n}\n',
    );
    await exec(process.execPath, [join(installed, "bin/isopod.js"), "build", "crashes.ts", "--out", production], {
      cwd: project,
    });
    const said = await node(`
      import { createRuntime, formatReason } from "isopod/node";
      const runtime = createRuntime({ grants: { log: true }, onLog: (_pid, _level, line) => console.log(line) });
      console.log(formatReason(await runtime.exited(runtime.spawn(await runtime.load("crashes.wasm")))));`);
    expect(said).toBe("here\ncrashed: unreachable (crashes.ts:4:3)\n");
  });

  test("its tools say which packages they miss, and the command that installs them", async () => {
    const { optionalDependencies } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
    const missing = (...names: string[]) =>
      `${names.join(", ")}, which are not installed: npm leaves them out with --omit=optional. ` +
      `To install them: npm install ${names.map(name => `${name}@${optionalDependencies[name]}`).join(" ")}`;
    const pages = missing("@hono/node-server", "hono", "prom-client", "uplot");
    const said = await node(`
      import { build, createRuntime, MissingPackageError } from "isopod/node";
      const tell = error => console.log(error instanceof MissingPackageError, error.message);
      await build(["guest.ts"]).catch(tell);
      await createRuntime().observe().catch(tell);`);
    expect(said.split("\n")).toEqual([
      `true the compiler of guests needs ${missing("assemblyscript", "binaryen")}`,
      `true the observer needs ${pages}`,
      "",
    ]);
    await copyFile(join(ROOT, "guest/examples/hello.ts"), join(production, "hello.ts"));
    const isopod = (...args: string[]) =>
      exec(process.execPath, [join(production, "node_modules/isopod/bin/isopod.js"), ...args], { cwd: production });
    await expect(isopod("run", "hello.ts")).rejects.toMatchObject({
      code: 1,
      stderr: `isopod: the compiler of guests needs ${missing("assemblyscript", "binaryen")}\n`,
    });
    const demo = missing("@hono/node-server", "hono", "prom-client", "uplot", "assemblyscript", "binaryen");
    await expect(isopod("demo")).rejects.toMatchObject({ code: 1, stderr: `isopod: isopod demo needs ${demo}\n` });
  });
});

describe.each([26, ...OLDER])("in Node %i", major => {
  const isRun = major === 26 || all;
  // The other pages are run from the sources, too (test/docs).
  const pages = all ? ["README.md", "docs/tutorial.md", "docs/messages.md"] : ["README.md"];
  let node = process.execPath;
  let compiler: ChildProcessByStdio<Writable, Readable, null>;

  /** Fills the cache of this Node, with one compiler for all guests. */
  const COMPILER = `
    import { createInterface } from "node:readline";
    import { build } from "isopod/node";
    for await (const file of createInterface({ input: process.stdin })) {
      await build([file]);
      console.log(file);
    }`;
  const compile = async (file: string) => {
    compiler.stdin.write(`${file}\n`);
    await once(compiler.stdout, "data");
  };

  beforeAll(async () => {
    if (!isRun || unreachable) return;
    if (major !== Number.parseInt(process.versions.node, 10)) {
      node = join(await projectWith(`node-${major}`, [`node@${major}`]), "node_modules/node/bin/node");
    }
    const args = ["--input-type=module", "--eval", COMPILER];
    compiler = spawn(node, args, { cwd: project, stdio: ["pipe", "pipe", "inherit"] });
  }, 2 * SLOW);
  afterAll(() => compiler?.stdin.end());

  test.skipIf(!isRun).each(pages)(
    `the programs of %s print what it says${isRun ? "" : " (to run: npm run engines)"}`,
    async page => {
      const { stdout } = await exec(node, ["--version"]);
      expect(stdout).toMatch(`v${major}.`);
      const cli = join(installed, "bin/isopod.js");
      for (const step of stepsOf(page)) {
        const output = await take(step, { folder: project, node, cli, compile });
        if ("command" in step) expect(output).toBe(step.output);
      }
    },
    2 * SLOW,
  );
});

test("the second run of a program that compiles a guest takes less than half of the time of the first", async () => {
  for (const step of stepsOf("README.md")) {
    if ("file" in step) await writeFile(join(project, step.file), step.text);
  }
  const env = { ...process.env, ISOPOD_QUIET: "1", ISOPOD_CACHE: join(folder, "runs") };
  const timeMs = async () => {
    const began = performance.now();
    const { stdout } = await exec(process.execPath, ["--disable-wasm-trap-handler", "host.ts"], { cwd: project, env });
    expect(stdout).toMatch(/^first: reply: yes\n/);
    return performance.now() - began;
  };
  const first = await timeMs();
  // The quicker of two, because others load the machine, too.
  const second = Math.min(await timeMs(), await timeMs());
  expect(second / first).toBeLessThan(0.5);
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

  const vite = `/// <reference types="isopod/vite/client" />
import { Runtime } from "isopod";
import { isopod } from "isopod/vite";
import greeter from "./greeter.guest.ts?guest";

const plugins = [isopod({ reductions: "count" })];
console.log(plugins.length, await new Runtime().load(greeter));
// @ts-expect-error: it is bytes.
const wrong: number = greeter.wasm;
export { wrong };
`;

  const resolutions = [
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "esnext", moduleResolution: "bundler" },
  ];
  const sources = [
    { what: "what hosts import", source: consumer, skipLibCheck: false },
    { what: "a program with Vite", source: vite, skipLibCheck: false },
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
      expect(await typeErrorsOf(path)).toBe("");
    },
    SLOW,
  );

  test("of guests are AssemblyScript's, in a folder that extends isopod/guest/tsconfig.json", async () => {
    const folder = await mkdtemp(join(project, "guests-"));
    await writeFile(join(folder, "tsconfig.json"), `{ "extends": "isopod/guest/tsconfig.json" }`);
    const good = `import { log } from "isopod/guest";\nexport function run(): void { const n: i32 = 5; log(\`\${n}\`); }\n`;
    await writeFile(join(folder, "good.ts"), good);
    expect(await typeErrorsOf(folder)).toBe("");
    await writeFile(join(folder, "bad.ts"), `export const n: i32 = "five";\n`);
    expect(await typeErrorsOf(folder)).toMatch(/bad\.ts\(1,14\): error TS2322/);
  });

  /** What tsc says of a folder with a tsconfig.json. */
  async function typeErrorsOf(folder: string): Promise<string> {
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    return exec(process.execPath, [tsc, "-p", folder]).then(
      ({ stdout }) => stdout,
      error => error.stdout || String(error),
    );
  }
});

describe("bundled for a page, the core", () => {
  /** What a bundler makes of a program for a page, as servers send it. */
  const minified = async (name: string, program: string): Promise<OutputChunk[]> => {
    await writeFile(join(project, name), program);
    const built = await rolldown({ input: join(project, name), platform: "browser" });
    const { output } = await built.generate({ format: "esm", minify: true });
    return output.filter(file => file.type === "chunk");
  };

  test("has less than 75.5 KB gzipped, with its kernel, and less than 20 more for a program that loads bytes", async () => {
    const chunks = await minified("whole.js", 'export * from "isopod";');
    const bytesOf = (isLater: boolean) =>
      chunks
        .filter(({ isDynamicEntry }) => isDynamicEntry === isLater)
        .reduce((sum, { code }) => sum + gzipSync(code).length, 0);
    const [core, later] = [bytesOf(false), bytesOf(true)];
    expect(core).toBeGreaterThan(40_000);
    expect(core).toBeLessThan(75_500);
    expect(later).toBeGreaterThan(10_000);
    expect(later).toBeLessThan(20_000);
  });

  test.each(["isopod", "isopod/codec", "isopod/wasi"])("leaves nothing of %s where nothing is used", async name => {
    const [{ code }, ...others] = await minified("unused.js", `import * as unused from "${name}";`);
    expect(code).toMatch(/^(export\{\};)?\s*$/);
    expect(others).toEqual([]);
  });

  /** The bundle of a program: a folder, in which the file `page.js` is the entry. */
  async function bundleOf(name: string, load: string, codeSplitting = true): Promise<string> {
    await mkdir(join(project, name));
    const input = join(project, name, "source.js");
    await writeFile(
      input,
      `import { formatReason, Runtime } from "isopod";
const from = text => Uint8Array.from(atob(text), character => character.charCodeAt(0));
const runtime = new Runtime({ grants: { log: true }, onLog: (_pid, _level, line) => console.log(line) });
try {
  const pid = runtime.spawn(await runtime.load(${load}), { args: "page" });
  console.log(formatReason(await runtime.exited(pid)));
} catch (error) {
  console.log(String(error));
}
`,
    );
    const built = await rolldown({ input: { page: input }, platform: "browser" });
    const dir = join(project, name, "dist");
    await built.write({ dir, format: "esm", codeSplitting });
    return dir;
  }

  const printed = async (dir: string) => (await exec(process.execPath, [join(dir, "page.js")])).stdout;
  const SAID = "hello, page!\nnormal\n";
  /** Programs that load the same guest: what they call `load` with. */
  let loadBytes: string;
  let loadCompiled: string;
  /** The bundle of the first one. */
  let bundle: string;

  beforeAll(async () => {
    if (unreachable) return;
    await copyFile(join(ROOT, "guest/examples/hello.ts"), join(project, "page-guest.ts"));
    const built = async (...options: string[]) => {
      const args = [join(installed, "bin/isopod.js"), "build", "page-guest.ts", "--out", ".", ...options];
      await exec(process.execPath, args, { cwd: project });
      return (await readFile(join(project, "page-guest.wasm"))).toString("base64");
    };
    loadBytes = `from("${await built()}")`;
    loadCompiled = `WebAssembly.compile(from("${await built("--trusted")}")), { trusted: true }`;
    bundle = await bundleOf("bytes", loadBytes);
  }, SLOW);

  test("runs in Node, also as one file", async () => {
    expect(await readdir(bundle)).toContainEqual(expect.stringMatching(/^rewriter/));
    expect(await printed(bundle)).toBe(SAID);
    const one = await bundleOf("one-file", loadBytes, false);
    expect(await readdir(one)).toEqual(["page.js"]);
    expect(await printed(one)).toBe(SAID);
  });

  test("runs without that file if all modules are compiled and trusted, and else says what is missing", async () => {
    const without = async (dir: string) => {
      for (const file of await readdir(dir)) if (file.startsWith("rewriter")) await rm(join(dir, file));
      return printed(dir);
    };
    expect(await without(await bundleOf("compiled", loadCompiled))).toBe(SAID);
    expect(await without(await bundleOf("missing", loadBytes))).toMatch(
      /^LoadError: isopod could not load its code that reads modules \(.*rewriter.*deploy all files/,
    );
  });

  const options = chromiumOptions();
  test.skipIf(options === undefined)(
    `runs in Chromium${options === undefined ? ` (${NO_CHROMIUM})` : ""}`,
    async () => {
      const files = await readdir(bundle);
      const { url, close } = await serve({
        "/": ["text/html", `<!doctype html><title>isopod</title><script type="module" src="page.js"></script>`],
        ...Object.fromEntries(
          await Promise.all(
            files.map(
              async file => [`/${file}`, ["text/javascript", await readFile(join(bundle, file), "utf8")]] as const,
            ),
          ),
        ),
      });
      const browser = await chromium.launch(options);
      try {
        const page = await browser.newPage();
        const lines: string[] = [];
        // Chromium asks for an icon, too.
        page.on("console", message => message.type() === "log" && lines.push(message.text()));
        page.on("pageerror", error => lines.push(String(error)));
        await page.goto(url);
        await expect.poll(() => lines, { timeout: 120_000 }).toEqual(["hello, page!", "normal"]);
      } finally {
        await browser.close();
        close();
      }
    },
    SLOW,
  );
});
