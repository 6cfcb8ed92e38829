/**
 * What engine.wasm was built from: a hash of all that decides its bytes, and a hash of these bytes. The build writes
 * them to built-from.json. While both are the same, building again gives the same engine.
 */
import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RECORD = new URL("built-from.json", import.meta.url);
/** The sources of quickjs-ng are in build.ts, as a hash. The build imports host/module/, and that host/wire/. */
const SOURCES = [
  "guest/js/*.{c,h,s}",
  "guest/js/build.ts",
  "guest/js/library/*",
  "guest/js/sources/*",
  "host/module/*.ts",
  "host/wire/*.ts",
  "node_modules/binaryen/package.json",
];

interface BuiltFrom {
  readonly sources: string;
  readonly engine: string;
}

/** What is there now. */
export function builtFrom(engine: Uint8Array): BuiltFrom {
  const sources = createHash("sha256");
  for (const path of globSync(SOURCES, { cwd: ROOT }).sort()) {
    const text = readFileSync(join(ROOT, path));
    sources.update(`${path.replaceAll("\\", "/")} ${text.length}\n`).update(text);
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
