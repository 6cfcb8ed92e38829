/**
 * Bundles the two scripts of the demo: the page with its editor, and the compiler that runs in a
 * worker of the page. What the demo needs of npm is in the bundles, so that isopod does not depend on
 * it. The AssemblyScript compiler is 15 MB, and stays in files of
 * its own (host/node/demo/compiler-files.ts).
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type OutputChunk, type Plugin, rolldown } from "rolldown";
import { compilerFiles } from "../host/node/demo/compiler-files.ts";
import { licensesOf } from "./licenses.ts";

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
  [join(ROOT, "host/node/compile/transforms.ts"), "transforms.ts"],
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
    const bundle = await rolldown({
      ...{ cwd: ROOT, input: join(ROOT, input), platform: "browser", plugins: [forPage] },
      onLog: (_level, { code, message }) => {
        if (code === "UNRESOLVED_IMPORT") throw new Error(`a page cannot import this: ${message}`);
      },
    });
    const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false });
    await bundle.close();
    chunks.push(output[0]);
  }
  const code = chunks.map(({ fileName, code }) => [fileName, code] as const);
  return new Map([...code, ["licenses.txt", licensesOf(packagesOf(chunks.flatMap(({ moduleIds }) => moduleIds)))]]);
}

/** The folders of the packages that these files belong to, and of the compiler. */
function packagesOf(files: readonly string[]): string[] {
  return [...files.flatMap(file => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []), ...COMPILER];
}
