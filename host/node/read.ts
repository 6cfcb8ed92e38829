/**
 * How modules are read on Node: from paths and `file:` URLs by the file system, with the source map that lies beside, from other URLs by fetch. What cannot
 * be read is an error that says what to do instead.
 */
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { BuiltModule } from "../index.ts";
import { fits } from "./compile/module-map.ts";
import { namesLike } from "./compile/names-like.ts";

/** A module or a response, as a runtime's `read` gives them. */
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
    throw new Error(missing(path) ?? (error instanceof Error ? error.message : String(error)), { cause: error });
  }
}

/** What to do about a path where there is no file; undefined where there is one. */
export function missing(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return "it is a folder; name a file in it";
  if (found !== undefined) return undefined;
  const source = path.replace(/\.wasm$/, ".ts");
  if (source !== path && existsSync(source))
    return `there is only its source; compile it with \`isopod build ${source}\``;
  const [likely] = namesLike(path);
  return `there is no such file${likely === undefined ? "" : `; did you mean ${likely}?`}`;
}
