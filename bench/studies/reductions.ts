/**
 * The cost of counting reductions and of being preemptible. It measures a loop, a recursion and the
 * echo: plain, counted, and preemptible by Asyncify. It also measures how long an echo takes to
 * answer while another guest runs instructions that take long. Prints the tables of
 * docs/reductions.md.
 *
 *     npm run bench:reductions
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import binaryen from "binaryen";
import { featuresOf } from "../../guest/transform/compiled.ts";
import { build } from "../../host/node/compile/build.ts";
import { engineFlags, engineName } from "../../host/node/engine.ts";
import { createRuntime, type SpawnOptions } from "../../host/node/index.ts";
import { EXAMPLES_FOLDER } from "../../host/node/installation.ts";
import { compiledExamples } from "../harness/compiled.ts";
import { slowGuests } from "./slow-guests.ts";

/** The fastest round counts, because other load on the machine only makes rounds slower. */
const ROUNDS = 15;
const ECHOES = 20_000;
/** How long each slow guest runs. */
const SPIN_MS = 1000;

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
  {
    name: "counted",
    reductions: "count",
    spawn: { reductions: { policy: "kill", perTurn: 2 ** 30 }, limits: { turnMs: 100_000 } },
  },
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
console.table(await besideSlowGuests());

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

/**
 * Runs each slow guest, counted and with default limits, while the host asks an echo. Then runs it
 * in a handler, until a limit ends it.
 */
async function besideSlowGuests(): Promise<Record<string, string | number>[]> {
  const [wasm] = await compiledExamples("echo");
  const found: Record<string, string | number>[] = [];
  for (const [guest, { more, locals, body }] of Object.entries(slowGuests)) {
    const spin = (head: string) => {
      const loop = `${locals} (loop $l ${body} (br $l))`;
      return assembled(`(module (memory (export "memory") 1 256) ${more} (func ${head} ${loop}))`);
    };
    const runtime = createRuntime({ quiet: true, grants: {} });
    const echo = runtime.spawn(await runtime.load(wasm));
    const spinning = runtime.spawn(await runtime.load(spin(`(export "run")`), { reductions: "count" }));
    const mailbox = runtime.mailbox();
    const answersMs: number[] = [];
    for (const until = performance.now() + SPIN_MS; performance.now() < until; ) {
      const began = performance.now();
      mailbox.send(echo, "x");
      await mailbox.receive();
      answersMs.push(performance.now() - began);
    }
    runtime.kill(spinning);
    const handles = await runtime.load(spin(`(export "handle") (param i32)`), { reductions: "count" });
    const handler = runtime.spawn(handles);
    const ended = runtime.exited(handler);
    runtime.send(handler, "");
    const began = performance.now();
    await ended;
    const handlerMs = performance.now() - began;
    answersMs.sort((a, b) => a - b);
    found.push({
      guest,
      answers: answersMs.length,
      "median, ms": Number(answersMs[answersMs.length >>> 1].toFixed(1)),
      "at most, ms": Number((answersMs.at(-1) ?? 0).toFixed(1)),
      "a handler until its end, ms": Number(handlerMs.toFixed(1)),
    });
    await runtime.stop();
  }
  return found;
}

function assembled(text: string): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(text);
  module.setFeatures(featuresOf(binaryen));
  const bytes = new Uint8Array(module.emitBinary());
  module.dispose();
  return bytes;
}
