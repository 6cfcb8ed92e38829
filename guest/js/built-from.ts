/**
 * What engine.wasm was built from: a hash of all that decides its bytes, and a hash of these bytes. The build writes
 * them to built-from.json. While both are the same, building again gives the same engine.
 */
import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RECORD = new URL("built-from.json", import.meta.url);
/** Beside the modules that build.ts imports. The sources of quickjs-ng are a hash in it. */
const SOURCES = [
  "guest/js/*.{c,h,s}",
  "guest/js/library/*",
  "guest/js/sources/*",
  "node_modules/binaryen/package.json",
];

/** A module and all that it imports from this repository. */
function modulesOf(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, imported] of readFileSync(join(ROOT, path), "utf8").matchAll(/ from "(\.{1,2}\/.+?)"/g))
    modulesOf(posix.join(posix.dirname(path), imported), found);
  return found;
}

interface BuiltFrom {
  readonly sources: string;
  readonly engine: string;
}

/** What is there now. */
export function builtFrom(engine: Uint8Array): BuiltFrom {
  const sources = createHash("sha256");
  const files = globSync(SOURCES, { cwd: ROOT }).map(path => path.replaceAll("\\", "/"));
  for (const path of [...files, ...modulesOf("guest/js/build.ts")].sort()) {
    const text = readFileSync(join(ROOT, path));
    sources.update(`${path} ${text.length}\n`).update(text);
  }
  return { sources: sources.digest("hex"), engine: createHash("sha256").update(engine).digest("hex") };
}

/** What was there when the engine was built. */
export function recorded(): BuiltFrom {
  return JSON.parse(readFileSync(RECORD, "utf8"));
}

export function record(engine: Uint8Array): void {
  writeFileSync(RECORD, `${JSON.stringify(builtFrom(engine), undefined, 2)}\n`);
}
