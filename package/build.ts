/**
 * Makes `dist/`, what is published beside the guest library: the code of host/ and of the transform
 * as JavaScript, the types of the entry points, and the kernel's binary.
 *
 * The code is bundled, because Node reads small files one by one at each start, and each takes a block of
 * the disk. docs/design.md has the figures. Packages of npm stay imports, but for those of BUNDLED.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { type InputOptions, rolldown } from "rolldown";
import { kernelBytes } from "../host/mail/kernel-module.ts";
import { demoPage } from "./demo-page.ts";
import { licensesOf } from "./licenses.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DIST = join(ROOT, "dist");

/** What is started by its path, beside the entry points of package.json. */
const STARTED = ["host/node/cli/cli", "host/node/compile/compile-worker"];

/** Packages of npm that become part of the code: installed, they take up to twenty times as much. */
const BUNDLED = ["trace-mapping", "sourcemap-codec", "resolve-uri"].map(name => `@jridgewell/${name}`);

/**
 * The kernel as text gets a file of its own, so that bundlers put it before or behind the other code. It is
 * longer than what gzip looks back, and between the others it would keep them apart: 1.3 KB.
 */
const KERNEL = /host\/kernel\/binary\.ts$/;

/** The observer serves its page from one script, and imports nothing that the page does not need. */
const OBSERVER = "host/web/observer/app";

/** The demo's scripts with all that they import: 870 KB, and 200 KB as they are kept. */
const DEMO = "host/web/demo";

/** The entry points of package.json that are made here, without `dist/` and without extension. */
function entryPoints(): string[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const paths = Object.values<string | { default: string }>(exports).map(path =>
    typeof path === "string" ? path : path.default,
  );
  return paths.flatMap(path => /^\.\/dist\/(.*)\.js$/.exec(path)?.[1] ?? []);
}

async function bundle(names: readonly string[]): Promise<void> {
  const options: InputOptions = {
    cwd: ROOT,
    input: Object.fromEntries(names.map(name => [name, `./${name}.ts`])),
    external: id => /^(node:|@?[a-z])/.test(id) && !BUNDLED.includes(id),
    platform: "node",
  };
  const bundled = await rolldown(options);
  await bundled.write({
    dir: DIST,
    format: "esm",
    entryFileNames: "[name].js",
    // engine.wasm is beside the code that names it.
    chunkFileNames: ({ moduleIds }) =>
      moduleIds.some(id => id.endsWith("host/js/engine.ts")) ? "host/js/[name].js" : "host/shared/[name].js",
    comments: false,
    codeSplitting: { groups: [{ name: "kernel", test: KERNEL }] },
  });
  await bundled.close();
}

/** Writes the types of all files, and removes those that no entry point leads to. */
function declare(names: readonly string[]): void {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: ROOT, stdio: "inherit" });
  const needed = new Set<string>();
  const queue = names.map(name => join(DIST, `${name}.d.ts`));
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (needed.has(path)) continue;
    needed.add(path);
    // A comment may show an import.
    const code = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    for (const [, from] of code.matchAll(/"(\.{1,2}\/[^"]+)\.[jt]s"/g)) {
      queue.push(join(dirname(path), `${from}.d.ts`));
    }
  }
  for (const name of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
    const path = join(DIST, name);
    if (name.endsWith(".d.ts") && !needed.has(path)) rmSync(path);
  }
}

rmSync(DIST, { recursive: true, force: true });
const entries = entryPoints();
declare(entries);
await bundle([...entries, ...STARTED]);
await bundle([OBSERVER]);
mkdirSync(join(DIST, DEMO), { recursive: true });
for (const [name, text] of await demoPage()) writeFileSync(join(DIST, DEMO, `${name}.br`), brotliCompressSync(text));
writeFileSync(join(DIST, "host/kernel/kernel.wasm"), kernelBytes());
copyFileSync(join(ROOT, "host/js/engine.wasm"), join(DIST, "host/js/engine.wasm"));
writeFileSync(join(DIST, "licenses.txt"), licensesOf(BUNDLED.map(name => join(ROOT, "node_modules", name))));
