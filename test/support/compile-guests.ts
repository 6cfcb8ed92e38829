/**
 * The compiler as test suites see it: each guest is compiled once, whichever suites and processes ask for it. What was compiled is kept by the content of all
 * sources that can matter, so that a change of any of them compiles anew. In a browser the suites get browser/compile-guests.ts in place of this file.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "../../host/node/compile/build.ts";

/** Where the sources of guests lie: here, and among the examples of the guest library. */
export const GUEST_FOLDERS = {
  guests: new URL("../guests/", import.meta.url),
  examples: new URL("../../guest/examples/", import.meta.url),
};

export type GuestFolder = keyof typeof GUEST_FOLDERS;

/** How a process was built to park. */
export type ParkWay = "asyncify" | "jspi";

export type ReductionsWay = "none" | "count" | "yield";

const KEPT = new URL("../../node_modules/.cache/isopod-guests/", import.meta.url);
/** What a compiled guest depends on: all guests, the library, the transform, and those parts of the host that rewrite modules. */
const SOURCES = ["../../guest/", "../../host/wire/", "../../host/module/", "../../host/node/compile/", "../guests/"];
const LOCK = "../../package-lock.json";

let sources: Promise<string> | undefined;

/** One hash of everything that compiling depends on. */
async function hashOfSources(): Promise<string> {
  const hash = createHash("sha256").update(await readFile(new URL(LOCK, import.meta.url)));
  for (const folder of SOURCES) {
    const url = new URL(folder, import.meta.url);
    for (const name of (await readdir(url, { recursive: true })).sort()) {
      if (name.endsWith(".ts")) hash.update(name).update(await readFile(new URL(name, url)));
    }
  }
  return hash.digest("hex");
}

async function nameOf(...parts: readonly string[]): Promise<URL> {
  sources ??= hashOfSources();
  return new URL(
    `${createHash("sha256")
      .update([await sources, ...parts].join("\0"))
      .digest("hex")}.wasm`,
    KEPT,
  );
}

/** The modules, in the order of the names. Fails with the compiler's own words. */
export async function compileGuests(
  folder: GuestFolder,
  names: string[],
  park: ParkWay,
  reductions: ReductionsWay,
): Promise<Uint8Array[]> {
  const files = await Promise.all(names.map(name => nameOf(folder, name, park, reductions)));
  const kept = await Promise.all(files.map(file => readFile(file).catch(() => undefined)));
  const missing = names.map((_, i) => i).filter(i => kept[i] === undefined);
  const entries = missing.map(i => fileURLToPath(new URL(`${names[i]}.ts`, GUEST_FOLDERS[folder])));
  const built = entries.length === 0 ? [] : await build(entries, { park, reductions });
  const found: Uint8Array[] = kept.map(bytes => new Uint8Array(bytes ?? []));
  await mkdir(KEPT, { recursive: true });
  for (const [which, { wasm, text }] of built.entries()) {
    if (wasm === undefined) throw new Error(text);
    const i = missing[which];
    found[i] = wasm;
    // Renamed, so that nobody reads half of it. The name is unique: suites of one process compile at the same time.
    const half = new URL(`${randomUUID()}.half`, KEPT);
    await writeFile(half, wasm);
    await rename(half, files[i]);
  }
  return found;
}
