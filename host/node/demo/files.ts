/**
 * The files of the demo, by their paths relative to the page.
 *
 * Guarantee: none depends on a request, and the page asks for no others. So any server of files can
 * serve them.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import {
  ENGINE,
  type GuestName,
  guestNames,
  LIBRARY,
  type ParkWay,
  parkWays,
  reductionsOf,
  scriptNames,
  sourcePath,
  wasmPath,
} from "../../web/demo/protocol.ts";
import { build } from "../compile/build.ts";
import { CODE_EXTENSION, CODE_FOLDER, EXAMPLES_FOLDER, PACKAGE_FOLDER } from "../installation.ts";
import { readHtml, sharedFiles, styles } from "../serve/page-files.ts";
import { compilerFiles, readCompilerFile } from "./compiler-files.ts";

type Load = () => Promise<string | Uint8Array<ArrayBuffer>>;

/** What package/demo-page.ts makes. An installed package contains it, compressed. */
const bundled = ["main.js", "compile-in-page.js", "licenses.txt"] as const;

export const demoFiles: ReadonlyMap<string, Load> = new Map<string, Load>([
  ["index.html", () => readHtml("demo")],
  ...sharedFiles,
  ...styles("demo", ["style.css", "editor.css"]),
  ...bundled.map(name => [name, () => readBundled(name)] as const),
  ...[...compilerFiles].map(([name, file]) => [file, () => readCompilerFile(name)] as const),
  [LIBRARY, readLibrary],
  [ENGINE, () => readFile(join(CODE_FOLDER, "host/js/engine.wasm"))],
  ...scriptNames.map(
    script => [sourcePath(script), () => readFile(join(EXAMPLES_FOLDER, "js", `${script}.js`), "utf8")] as const,
  ),
  ...guestNames.flatMap(guest => [
    [sourcePath(guest), () => readFile(join(EXAMPLES_FOLDER, `${guest}.ts`), "utf8")] as const,
    ...parkWays.map(park => [wasmPath(guest, park), () => compiled(guest, park)] as const),
  ]),
]);

/** Writes all files below a folder, which is made if there is none. Other files in it stay. */
export async function writeDemo(folder: string): Promise<void> {
  for (const [path, load] of demoFiles) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await load());
  }
}

let bundling: Promise<Map<string, string>> | undefined;

async function readBundled(name: string): Promise<string> {
  if (CODE_EXTENSION === ".js") {
    const compressed = await readFile(join(CODE_FOLDER, "host/web/demo", `${name}.br`));
    return brotliDecompressSync(compressed).toString("utf8");
  }
  bundling ??= bundle();
  return (await bundling).get(name) ?? "";
}

/** In a checkout, the scripts are bundled when they are asked for first. */
async function bundle(): Promise<Map<string, string>> {
  const maker = pathToFileURL(join(PACKAGE_FOLDER, "package/demo-page.ts")).href;
  const { demoPage } = (await import(maker)) as { demoPage(): Promise<Map<string, string>> };
  return demoPage();
}

async function readLibrary(): Promise<string> {
  const folder = join(PACKAGE_FOLDER, "guest");
  const names = (await readdir(folder)).filter(name => name.endsWith(".ts"));
  const files = names.map(async name => [name, await readFile(join(folder, name), "utf8")] as const);
  return JSON.stringify(Object.fromEntries(await Promise.all(files)));
}

async function compiled(guest: GuestName, park: ParkWay): Promise<Uint8Array<ArrayBuffer>> {
  const { wasm, text } = await build(`${guest}.ts`, {
    baseDir: EXAMPLES_FOLDER,
    park,
    reductions: reductionsOf(park),
  });
  if (wasm === undefined) throw new Error(`the example ${guest}.ts does not compile: ${text}`);
  return new Uint8Array(wasm);
}
