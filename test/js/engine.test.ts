/**
 * The engine that is committed: it is what its sources say, and it passes quickjs-ng's own tests. Both need the sources
 * of quickjs-ng, which cargo fetches; the first one also needs a compiler for WebAssembly.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build, sources } from "../../guest/js/build.ts";
import { builtFrom, recorded } from "../../guest/js/built-from.ts";
import { Runtime } from "../../host/index.ts";
import { loadScript } from "../../host/js/index.ts";

const runs = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;
const quickjs = runs("cargo") ? fetched() : undefined;
const canCompile = runs("clang") && runs("wasm-ld") && existsSync("/usr/include/wasm32-wasi");
const engine = readFileSync(new URL("../../host/js/engine.wasm", import.meta.url));

/** Undefined where cargo cannot fetch them, for example without a network. */
function fetched(): string | undefined {
  try {
    return sources();
  } catch (error) {
    process.stderr.write(`The sources of quickjs-ng cannot be fetched: ${String(error)}\n`);
    return undefined;
  }
}

const LONG = { timeout: 600_000 };

/** Nothing has changed since the build that wrote engine.wasm: another build would say the same, in 48 s of CPU time. */
const isAsBuilt = isDeepStrictEqual(builtFrom(engine), recorded());

const INSTALL = "apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32 cargo";

test("the engine that is committed is the one that the last build wrote", () => {
  expect(builtFrom(engine).engine, "npm run js-engine, and commit guest/js/built-from.json").toBe(recorded().engine);
});

describe.skipIf(isAsBuilt || quickjs === undefined || !canCompile)(`built from changed sources (${INSTALL})`, () => {
  test("the engine is what is committed; if not, or if this takes too long: npm run js-engine", LONG, async () => {
    expect(Buffer.from(await build(String(quickjs))).equals(engine)).toBe(true);
  });
});

/** What these need is not there: modules of its own command line, threads, Atomics, or files beside them. */
const needs: Readonly<Record<string, RegExp>> = {
  "the modules of quickjs's command line": /from "?'?(qjs:)?(std|os|bjson)\b|qjs:|\bstd\.|\bos\./,
  threads: /\bWorker\b|\bAtomics\b|SharedArrayBuffer/,
  "a collection on demand": /\bgc\(/,
  "modules with attributes": /with \{ type:/,
  "modules that are not there until they are imported": /fixture_reexport_missing|"\.\/empty\.js"/,
};

describe.skipIf(quickjs === undefined)(`quickjs-ng's own tests (${INSTALL})`, () => {
  const folder = join(quickjs ?? "", "tests");
  const files = quickjs === undefined ? [] : readdirSync(folder).filter(name => name.endsWith(".js"));
  const all = new Map(files.map(name => [name, readFileSync(join(folder, name), "utf8")]));
  const resolve = (name: string) => all.get(name);
  /** `print` is of quickjs's command line. A file that is no module is evaluated as a script. */
  const modules = { "print.js": "globalThis.print = console.log;" };
  const entryOf = (name: string, source: string) => {
    const isModule = /^(import|export)\b|\bawait import\(/m.test(source) || source.includes("import.meta");
    const run = isModule ? `import "./${name}";` : `(0, eval)(${JSON.stringify(source)});`;
    return `import "./print.js"; ${run} export function passed() {}`;
  };
  const reasonOf = (source: string) => Object.keys(needs).find(what => needs[what].test(source));
  let runtime: Runtime;

  beforeAll(() => {
    runtime = new Runtime({ grants: "all" });
  });

  afterAll(() => runtime.stop());

  for (const [name, source] of all) {
    const isTest = !/^(assert|fixture_|empty)/.test(name);
    if (!isTest) continue;
    const missing = reasonOf(source);
    test.skipIf(missing !== undefined)(`${name}${missing === undefined ? "" : ` needs ${missing}`}`, async () => {
      const options = { name: "entry.js", modules, resolve, engine, loadMs: 20_000, loadReductions: 2 ** 31 - 2 };
      const thrown = /^negative:[\s\S]*?type: (\w+)/m.exec(source)?.[1];
      const loaded = loadScript(runtime, entryOf(name, source), options);
      if (thrown === undefined) await loaded;
      else await expect(loaded).rejects.toThrow(thrown);
    });
  }
});
