/**
 * Bundles the two scripts of the demo: the page with its editor, and the compiler that runs in a
 * worker of the page. What the demo needs of npm is in the bundles, so that isopod does not depend on
 * it. The AssemblyScript compiler is 15 MB, and stays in files of
 * its own (host/node/demo/compiler-files.ts).
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compilerFiles } from "../host/node/demo/compiler-files.ts";
import { type OutputChunk, type Plugin, rolldown } from "rolldown";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const COMPILER = ["assemblyscript", "binaryen", "long"].map(name => join(ROOT, "node_modules", name));
const IN_PAGE = join(ROOT, "host/node/demo/in-page");

/** What runs in the page instead of a module of Node, or of a file that needs one. */
const replacements = new Map<string, string>([
  ["node:path", "path.ts"],
  ["node:fs", "files.ts"],
  ["node:fs/promises", "files.ts"],
  [join(ROOT, "host/node/installation.ts"), "installation.ts"],
  [join(ROOT, "host/node/compile/module-map.ts"), "module-map.ts"],
]);

const forPage: Plugin = {
  name: "isopod-demo-page",
  resolveId(source, importer) {
    const file = compilerFiles.get(source);
    if (file !== undefined) return { id: `./${file}`, external: true };
    const path = source.startsWith(".") && importer !== undefined ? resolve(dirname(importer), source) : source;
    const replacement = replacements.get(path);
    return replacement === undefined ? undefined : join(IN_PAGE, replacement);
  },
};

/** The scripts by their names, and the licenses of what they contain. */
export async function demoPage(): Promise<Map<string, string>> {
  const scripts = ["host/web/demo/main.ts", "host/node/demo/compile-in-page.ts"];
  const chunks: OutputChunk[] = [];
  for (const input of scripts) {
    const bundle = await rolldown({ cwd: ROOT, input: join(ROOT, input), platform: "browser", plugins: [forPage] });
    const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false });
    await bundle.close();
    chunks.push(output[0]);
  }
  const code = chunks.map(({ fileName, code }) => [fileName, code] as const);
  return new Map([...code, ["licenses.txt", licensesOf(chunks.flatMap(({ moduleIds }) => moduleIds))]]);
}

/** The license texts of the packages that these files belong to, and of the compiler. */
function licensesOf(files: readonly string[]): string {
  const bundled = files.flatMap(file => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  const texts = [...new Set([...bundled, ...COMPILER])].sort().map(folder => {
    const path = join(folder, "LICENSE");
    const { license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { license: string };
    const text = existsSync(path) ? readFileSync(path, "utf8").trim() : license;
    return `${folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length)}\n\n${text}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
