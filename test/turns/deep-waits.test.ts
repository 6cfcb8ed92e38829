/**
 * A guest may wait at any depth that its recursion reaches. The host puts aside the part of its
 * stack that has no room in its memory.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readSourceMap } from "../../host/adapters/source-map.ts";
import { type BuiltModule, type ExitReason, formatReason, type Limits, Runtime } from "../../host/index.ts";
import type { BuildOptions } from "../../host/node/compile/build.ts";
import { ManualClock } from "../../host/test.ts";
import { build } from "../support/compiler.ts";
import { quiet } from "../support/guests.ts";
import { assemble, guest } from "../support/wat.ts";

/**
 * Each frame keeps numbers of three types and an object, and some of them wait once more on the way
 * back.
 */
const SOURCE = `import { argsText, log, receive } from "isopod/guest";
class Node { constructor(public value: i32, public next: Node | null) {} }
function ask(depth: i32, a: i64, b: f64, node: Node): f64 {
  if (depth == 0) return <f64>receive().length;
  const mine = new Node(depth, node);
  const below = ask(depth - 1, a + 1, b / 2, mine);
  const more = depth % 500 == 0 ? <f64>receive().length : 0;
  return below + more + <f64>a + b + <f64>mine.value - <f64>node.value;
}
export function run(): void {
  for (let i = 0; i < 3; i++) log(ask(I32.parseInt(argsText()) as i32, i, 1, new Node(0, null)).toString());
}`;

/** Functions whose frames have 1 to 24 words each, and so one of every length. */
const LENGTHS = Array.from({ length: 24 }, (_, i) => i + 1);
const EVERY_LENGTH = `import { log, receive } from "isopod/guest";
${LENGTHS.map(words => {
  const names = Array.from({ length: words }, (_, i) => `a${i}`);
  return `function f${words}(${names.map(name => `${name}: i32`).join(", ")}): i32 {
    if (a0 == 0) return receive().length;
    return f${words}(a0 - 1${names
      .slice(1)
      .map(name => `, ${name} + 1`)
      .join("")}) * 3 + ${names.join(" - ")};
  }`;
}).join("\n")}
export function run(): void {
  ${LENGTHS.map(words => `log(f${words}(${Array(words).fill(700).join(", ")}).toString());`).join("\n  ")}
}`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-deep-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function built(source: string, options: BuildOptions = {}): Promise<BuiltModule> {
  writeFileSync(join(folder, "deep.ts"), source);
  const [{ wasm, sourceMap, text }] = await build(["deep.ts"], { baseDir: folder, stackBytes: 65_536, ...options });
  if (wasm === undefined) throw new Error(text);
  return sourceMap === undefined ? { wasm } : { wasm, sourceMap };
}

const lines: string[] = [];
let runtime: Runtime;
beforeEach(() => {
  lines.length = 0;
  runtime = new Runtime({
    grants: "all",
    clock: new ManualClock(),
    readSourceMap,
    onLog: (_pid, _level, line) => lines.push(line),
  });
});
afterEach(() => runtime.stop());

/**
 * What it logs and how it ends where messages come one by one, each when it waits; or where all are
 * there before it begins.
 */
async function play(module: BuiltModule, depth: number, oneByOne: boolean): Promise<string[]> {
  lines.length = 0;
  const pid = runtime.spawn(await runtime.load(module), { args: String(depth) });
  const ended = runtime.exited(pid);
  for (let i = 0; i < 3 * (1 + Math.floor(depth / 500)); i++) {
    if (oneByOne) await quiet();
    runtime.send(pid, "m".repeat(i % 9));
  }
  const reason = formatReason(await ended);
  return [...lines, reason];
}

describe.each([
  ["Asyncify", {}],
  ["Asyncify, and counted", { reductions: "count" }],
  ["Asyncify, and can be preempted", { reductions: "yield" }],
  ["JSPI", { park: "jspi" }],
] as const)("a guest that waits by %s", (_name, options) => {
  test("waits at every depth, and goes on with all that it had", async () => {
    const module = await built(SOURCE, options);
    for (const depth of [1, 60, 70, 80, 90, 500, 1_500]) {
      const there = await play(module, depth, false);
      expect(there).toHaveLength(4);
      expect(there[3]).toBe("normal");
      expect(await play(module, depth, true)).toEqual(there);
    }
  });

  test("waits whatever the length of its frames", async () => {
    const pid = runtime.spawn(await runtime.load(await built(EVERY_LENGTH, options)));
    const ended = runtime.exited(pid);
    for (const words of LENGTHS) {
      await quiet();
      runtime.send(pid, "m".repeat(words));
    }
    expect(formatReason(await ended)).toBe("normal");
    const expected = LENGTHS.map(words => {
      let result = words;
      for (let depth = 1; depth <= 700; depth++) {
        const others = Array.from({ length: words - 1 }, () => 1400 - depth);
        result = (Math.imul(result, 3) + others.reduce((left, other) => left - other, depth)) | 0;
      }
      return String(result);
    });
    expect(lines).toEqual(expected);
  });
});

describe("what the host puts aside of a stack", () => {
  const crash = (reason: ExitReason) => (reason.kind === "crashed" ? reason.message : reason.kind);

  async function parkedAt(depth: number, limits: Partial<Limits> = {}) {
    const module = await runtime.load(await built(SOURCE));
    const pid = runtime.spawn(module, { args: String(depth), limits });
    const ended = runtime.exited(pid);
    await quiet();
    return { module, pid, ended };
  }

  test("counts as the guest's memory", async () => {
    await using small = new Runtime({ grants: "all", clock: new ManualClock(), limits: { allMemoryBytes: 160_000 } });
    const module = await small.load(await built(SOURCE));
    const ended = small.exited(small.spawn(module, { args: "1500" }));
    expect(crash(await ended)).toMatch(/limit allMemoryBytes/);
    const shallow = small.spawn(module, { args: "50" });
    await quiet();
    expect(small.isAlive(shallow)).toBe(true);
  });

  test("goes with an actor that is killed: the next one in the same instance begins without", async () => {
    const { module, pid, ended } = await parkedAt(1_000);
    runtime.kill(pid);
    expect((await ended).kind).toBe("killed");
    const next = runtime.spawn(module, { args: "1000" });
    const over = runtime.exited(next);
    for (let i = 0; i < 9; i++) {
      await quiet();
      runtime.send(next, "abc");
    }
    expect(formatReason(await over)).toBe("normal");
    expect(lines).toHaveLength(3);
  });

  test("is taken back in order only: an import called out of turn is the caller's crash", async () => {
    const calls = [
      [
        "(i64.store (i32.const 16) (i64.const 0x4000000018)) (call $stack_in (i32.const 16))",
        "no frames were put aside",
      ],
      ["(call $stack_out (i32.const 18) (i32.const 4))", "is not a multiple of 4"],
      ["(call $stack_out (i32.const -8) (i32.const 4))", "outside the memory"],
      ["(call $stack_out (i32.const 16) (i32.const 4))", "stack_out: a room from 24 to 0 is none"],
      [
        "(i64.store (i32.const 16) (i64.const 0x7fffffff00000018)) (call $stack_out (i32.const 16) (i32.const 4))",
        "is none",
      ],
      [
        "(i64.store (i32.const 16) (i64.const 0x4000000000)) (call $stack_out (i32.const 16) (i32.const 4))",
        "a top of 0",
      ],
      [
        "(i64.store (i32.const 16) (i64.const 0x4000000018)) (call $stack_out (i32.const 16) (i32.const 41))",
        "keeps 41 bytes",
      ],
      [
        `(i64.store (i32.const 16) (i64.const 0x4000000040)) (call $stack_out (i32.const 16) (i32.const 4))
         (i64.store (i32.const 16) (i64.const 0x3000000018)) (call $stack_in (i32.const 16))`,
        "do not fit",
      ],
      [
        "(loop $l (i64.store (i32.const 16) (i64.const 0x1000000010000)) (call $stack_out (i32.const 16) (i32.const 4)) (br $l))",
        "more than 524288 bytes",
      ],
    ];
    for (const [body, message] of calls) {
      const module = await runtime.load(guest(`(func (export "run") ${body})`));
      expect(crash(await runtime.exited(runtime.spawn(module)))).toContain(message);
    }
  });
});

test("a module of another compiler waits at every depth, too", async () => {
  const path = join(folder, "other.wasm");
  writeFileSync(
    path,
    assemble(`(module
      (import "actor" "recv" (func $recv (param i32 i32 i32 i32) (result i32)))
      (import "actor" "park" (func $park (result i32)))
      (import "actor" "exit" (func $exit (param i32 i32 i32)))
      (import "env" "memory" (memory 1))
      (global (export "__global_base") i32 (i32.const 4096))
      (func $next (param $cap i32) (result i32) (local $n i32)
        (local.set $n (call $recv (i32.const 4096) (i32.const 4160) (local.get $cap) (i32.const -1)))
        (if (result i32) (i32.eq (local.get $n) (i32.const -2)) (then (call $park)) (else (local.get $n))))
      (func $deep (param $n i32) (param $wide i64) (result i64)
        (if (result i64) (local.get $n)
          (then (i64.add (local.get $wide) (call $deep (i32.sub (local.get $n) (i32.const 1)) (i64.add (local.get $wide) (i64.const 1)))))
          (else (i64.extend_i32_u (call $next (i32.const 64))))))
      (func (export "run")
        (i64.store (i32.const 4224) (call $deep (i32.const 2000) (i64.const 0x100000000)))
        (call $exit (i32.const 6) (i32.const 4224) (i32.const 8))))`),
  );
  const [{ wasm, text }] = await build([path], { park: "asyncify" });
  if (wasm === undefined) throw new Error(text);
  const pid = runtime.spawn(await runtime.load(wasm));
  const ended = runtime.exited(pid);
  await quiet();
  runtime.send(pid, "abcde");
  const reason = await ended;
  if (reason.kind !== "custom") throw new Error(formatReason(reason));
  expect(new BigUint64Array(reason.bytes.slice().buffer)[0]).toBe(2000n * 2n ** 32n + 1999n * 1000n + 5n);
});
