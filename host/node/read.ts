/**
 * Reads modules on Node: paths and `file:` URLs from the file system, together with the source map
 * beside the module; other URLs by fetch. The error for a file that cannot be read says what to do
 * instead.
 */
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { BuiltModule } from "../index.ts";
import { fits } from "./compile/module-map.ts";
import { namesLike } from "./compile/names-like.ts";

/** The option `read` of a runtime on Node. */
export async function read(location: string | URL): Promise<BuiltModule | Response> {
  const text = String(location);
  if (/^(https?|data|blob):/i.test(text)) return fetch(text);
  const path = /^file:/i.test(text) ? fileURLToPath(text) : text;
  if (path.endsWith(".ts") && existsSync(path)) {
    throw new Error(
      `it is AssemblyScript, not WebAssembly; compile it with \`isopod build ${path}\`, or with build() of isopod/node`,
    );
  }
  try {
    const wasm = await readFile(path);
    const sourceMap = await readFile(`${path}.map`, "utf8").catch(() => undefined);
    return { wasm, sourceMap: sourceMap !== undefined && fits(sourceMap, wasm) ? sourceMap : undefined };
  } catch (error) {
    throw new Error(whyMissing(path) ?? (error instanceof Error ? error.message : String(error)), { cause: error });
  }
}

/** Says what to do about a path without a file. Undefined where there is a file. */
export function whyMissing(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return "it is a folder; name a file in it";
  if (found !== undefined) return undefined;
  const source = path.replace(/\.wasm$/, ".ts");
  if (source !== path && existsSync(source))
    return `there is only its source; compile it with \`isopod build ${source}\``;
  const [likely] = namesLike(path);
  return `there is no such file${likely === undefined ? "" : `; did you mean ${likely}?`}`;
}
