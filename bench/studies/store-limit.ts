/**
 * The price of the store limit: guests that compute, as they were built and with their stores
 * checked. The two run by turns in one process. It prints the median of the ratios of neighbours,
 * and the ratio of the fastest rounds, in both ways in which V8 checks the bounds of memories.
 *
 *     npm run bench:limit -- [rounds]
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { limitStores, storeLimitOf } from "../../host/module/store-limit.ts";
import { build } from "../../host/node/compile/build.ts";
import { engineName } from "../../host/node/engine.ts";
import { PACKAGE_FOLDER } from "../../host/node/installation.ts";

const GUESTS = ["sha256", "sort", "json", "matrix", "rows"];
/** V8 finds what is out of bounds by the pages of the processor, or by instructions. */
const WAYS = { "guard pages": [], "bounds checked in code": ["--disable-wasm-trap-handler"] };
const WARM_UP_MS = 3000;
const [rounds = "101", way] = process.argv.slice(2);

if (way === undefined) {
  console.log(engineName());
  for (const [name, flags] of Object.entries(WAYS)) {
    const all = [...flags, "--disable-warning=ExperimentalWarning", import.meta.filename];
    spawnSync(process.execPath, [...all, rounds, name], { stdio: "inherit" });
  }
} else
  console.table(await Promise.all(GUESTS.map(measure)), [
    "guest",
    "plainMs",
    "limitedMs",
    "ratio",
    "ofFastest",
    "bytes",
  ]);

async function measure(guest: string) {
  const [{ wasm, text }] = await build([join(PACKAGE_FOLDER, "bench", "guests", "compute", `${guest}.ts`)]);
  if (wasm === undefined) throw new Error(text);
  const bytes = new Uint8Array(wasm);
  const limit = storeLimitOf(guest, bytes);
  if (limit === undefined) throw new Error(`${guest} has no store limit`);
  const limited = limitStores(bytes, limit);
  const [runPlain, runLimited] = [bytes, limited].map(runOf);
  const taken: { plainMs: number; limitedMs: number; ratio: number }[] = [];
  // Until the optimizing tier has compiled both.
  for (const until = performance.now() + WARM_UP_MS; performance.now() < until; ) [runPlain, runLimited].map(timed);
  for (let round = 0; round < Number(rounds); round++) {
    const [plainMs, limitedMs] = [timed(runPlain), timed(runLimited)];
    taken.push({ plainMs, limitedMs, ratio: limitedMs / plainMs });
  }
  const median = (key: "plainMs" | "limitedMs" | "ratio") => {
    const sorted = taken.map(found => found[key]).sort((a, b) => a - b);
    return Number(sorted[sorted.length >>> 1].toFixed(3));
  };
  const least = (key: "plainMs" | "limitedMs") => Math.min(...taken.map(found => found[key]));
  return {
    guest: `${guest}, ${way}`,
    plainMs: median("plainMs"),
    limitedMs: median("limitedMs"),
    ratio: median("ratio"),
    ofFastest: Number((least("limitedMs") / least("plainMs")).toFixed(3)),
    bytes: `${bytes.length} → ${limited.length}`,
  };
}

function runOf(bytes: Uint8Array<ArrayBuffer>): () => void {
  const module = new WebAssembly.Module(bytes);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 256 });
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = { env: { memory } };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== "function") continue;
    imports[from] ??= {};
    imports[from][name] = () => 0;
  }
  const exports = new WebAssembly.Instance(module, imports).exports as Record<string, () => void>;
  exports._start?.();
  return () => exports.run();
}

function timed(run: () => void): number {
  const began = performance.now();
  run();
  return performance.now() - began;
}
