/**
 * What it costs a guest to count its reductions, and to be preemptible: a loop, a recursion and the echo, each plain, counted, and
 * built so that it can be preempted by Asyncify. Prints the table of docs/reductions.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../host/node/build.ts";
import { engineFlags, engineName } from "../host/node/engine.ts";
import { createRuntime, type SpawnOptions } from "../host/node/index.ts";
import { EXAMPLES_FOLDER } from "../host/node/installation.ts";

/** Rounds of which the fastest counts: what else the machine does only makes them slower. */
const ROUNDS = 15;
const ECHOES = 20_000;

const SOURCES = {
  loop: `export function run(): void {
  let x = 1;
  for (let i = 0; i < 20000000; i++) { x = x * 1664525 + 1013904223; x ^= x >>> 7; }
  if (x == 0) unreachable();
}`,
  recursion: `function fib(n: i32): i32 { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
export function run(): void { if (fib(32) != 2178309) unreachable(); }`,
};

const builds = [
  { name: "plain", reductions: "none", spawn: {} },
  { name: "counted", reductions: "count", spawn: { reductions: { policy: "kill", perTurn: 2 ** 30 } } },
  { name: "preemptible", reductions: "yield", spawn: { reductions: { policy: "yield" } } },
] as const;

const folder = mkdtempSync(join(tmpdir(), "isopod-bench-"));
const rows: Record<string, string | number>[] = [];
try {
  for (const guest of ["loop", "recursion", "echo"] as const) {
    const row: Record<string, string | number> = { guest };
    let plainMs = 0;
    for (const { name, reductions, spawn } of builds) {
      const file = guest === "echo" ? join(EXAMPLES_FOLDER, "echo.ts") : join(folder, `${guest}.ts`);
      if (guest !== "echo") writeFileSync(file, SOURCES[guest]);
      const [{ wasm, text }] = await build([file], { reductions });
      if (wasm === undefined) throw new Error(text);
      const bestMs = await measure(wasm, guest === "echo", { way: "asyncify", ...spawn });
      if (name === "plain") plainMs = bestMs;
      row[name] = guest === "echo" ? `${((bestMs * 1e6) / ECHOES).toFixed(0)} ns` : `${bestMs.toFixed(1)} ms`;
      if (name !== "plain") row[`${name}, times`] = Number((bestMs / plainMs).toFixed(2));
      row[`${name}, bytes`] = wasm.length;
    }
    rows.push(row);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${engineName()} ${engineFlags().join(" ")}`);
console.table(rows);

async function measure(wasm: Uint8Array, echoes: boolean, spawn: SpawnOptions): Promise<number> {
  const runtime = createRuntime({ quiet: true, grants: "all" });
  const module = await runtime.load(wasm as Uint8Array<ArrayBuffer>);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    if (echoes) best = Math.min(best, await echoMs());
    else {
      const began = performance.now();
      await runtime.exited(runtime.spawn(module, spawn));
      best = Math.min(best, performance.now() - began);
    }
  }
  await runtime.stop();
  return best;

  async function echoMs(): Promise<number> {
    const echo = runtime.spawn(module, spawn);
    const mailbox = runtime.mailbox();
    const payload = new Uint8Array(8);
    const began = performance.now();
    for (let i = 0; i < ECHOES; i++) mailbox.send(echo, payload);
    for (let i = 0; i < ECHOES; i++) await mailbox.receive();
    const tookMs = performance.now() - began;
    runtime.kill(echo);
    return tookMs;
  }
}
