/**
 * The AssemblyScript compiler as files for the page: its own build for browsers, and what that
 * imports. They import each other by the names of packages, which no worker can resolve, so here
 * they import the files beside them.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** By the name that imports it: the file beside the page. */
export const compilerFiles: ReadonlyMap<string, string> = new Map([
  ["assemblyscript", "assemblyscript.js"],
  ["assemblyscript/asc", "asc.js"],
  ["assemblyscript/transform", "transform.js"],
  ["binaryen", "binaryen.js"],
  ["long", "long.js"],
]);

/** @param name one of `compilerFiles` */
export async function readCompilerFile(name: string): Promise<string> {
  const text = await readFile(pathOf(name), "utf8");
  return text.replaceAll(/(\bfrom\s*|\bimport\s*)"([\w/]+)"/g, (found, before, imported) => {
    const file = compilerFiles.get(imported);
    return file === undefined ? found : `${before}"./${file}"`;
  });
}

function pathOf(name: string): string {
  if (name !== "long") return fileURLToPath(import.meta.resolve(name));
  // A dependency of the compiler, and not of isopod.
  const { resolve } = createRequire(import.meta.resolve("assemblyscript"));
  return join(dirname(resolve("long")), "..", "index.js");
}
