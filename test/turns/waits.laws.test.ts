/**
 * Any AssemblyScript guest does the same in every way of waiting: guests that wait in recursions of
 * any depth, in loops, in generic functions, in the arguments of calls and through function values
 * are made at random, and their traces are compared. So are those of a module that the tools have
 * rewritten and of one that the host has.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test as law } from "@fast-check/vitest";
import { afterAll, beforeAll, expect } from "vitest";
import { formatReason, Runtime } from "../../host/index.ts";
import type { BuildOptions } from "../../host/node/compile/build.ts";
import { ManualClock } from "../../host/test.ts";
import { build } from "../support/compiler.ts";
import { quiet } from "../support/guests.ts";

const FUNCTIONS = 3;
/** Calls and waits that a guest makes before it answers everything at once. */
const STEPS = 1500;
const MESSAGES = 600;

/** In each, `n` is the depth that is left, `x` a number and `t` the text of an object. */
const expression: fc.Arbitrary<string> = fc.letrec<{ e: string }>(tie => ({
  e: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("x", "n", "v", "node.value", "i"),
    fc.integer({ min: -9, max: 9 }).map(String),
    tie("e").map(e => `wait(${e})`),
    fc.tuple(tie("e"), tie("e")).map(([a, b]) => `(${a} + ${b} * 3)`),
    fc.tuple(fc.nat(FUNCTIONS - 1), tie("e")).map(([f, a]) => `f${f}(n - 1, ${a}, <i64>x, <f64>v, node)`),
    fc.tuple(tie("e"), tie("e")).map(([a, b]) => `two(${a}, ${b})`),
    tie("e").map(a => `<i32>same<f64>(n - 1, <f64>(${a}))`),
    tie("e").map(a => `same<i32>(n - 1, ${a})`),
    tie("e").map(a => `same<Node>(n - 1, new Node(${a}, null)).value`),
    fc.tuple(fc.nat(FUNCTIONS - 1), tie("e")).map(([f, a]) => `table[${f}](n - 1, ${a})`),
  ),
})).e;

const statement: fc.Arbitrary<string> = fc.oneof(
  expression.map(e => `v += ${e};`),
  expression.map(e => `if ((x & 1) == 0) v -= ${e}; else note(v);`),
  fc.tuple(fc.integer({ min: 1, max: 4 }), expression).map(([n, e]) => `for (i = 0; i < ${n}; i++) { v ^= ${e}; }`),
  expression.map(e => `while (x > 0 && steps > 0) { x >>= 1; v += ${e}; }`),
  expression.map(e => `note(${e});`),
  expression.map(e => `node = new Node(${e}, node); garbage();`),
);

interface Program {
  readonly bodies: readonly (readonly string[])[];
  readonly depth: number;
}

const program: fc.Arbitrary<Program> = fc.record({
  bodies: fc.array(fc.array(statement, { minLength: 1, maxLength: 3 }), {
    minLength: FUNCTIONS,
    maxLength: FUNCTIONS,
  }),
  depth: fc.oneof(fc.nat(5), fc.nat(60), fc.nat(250)),
});

function sourceOf({ bodies, depth }: Program): string {
  const functions = bodies.map(
    (body, f) => `
function f${f}(n: i32, x: i32, wide: i64, real: f64, node: Node): i32 {
  let v = 0, i = 0;
  if (n <= 0 || --steps < 0) return wait(x);
  ${body.join("\n  ")}
  v += f${(f + 1) % FUNCTIONS}(n - 1, x + 1, wide + 1, real / 2, node);
  return v * 31 + x + <i32>wide + <i32>real + node.sum();
}
function c${f}(n: i32, x: i32): i32 { return f${f}(n, x, 7, 0.5, new Node(x, null)); }`,
  );
  return `import { log, receive } from "isopod/guest";
class Node {
  constructor(public value: i32, public next: Node | null) {}
  sum(): i32 { let sum = this.value, at = this.next, left = 20; while (at && left-- > 0) { sum += at.value; at = at.next; } return sum; }
}
let steps = ${STEPS};
function note(value: i32): void { if (--steps > 0) log(value.toString()); }
function garbage(): void { for (let i = 0; i < 4; i++) new Node(i, null); }
function wait(x: i32): i32 {
  if (--steps < 0) return x;
  const message = receive();
  log(x.toString() + "/" + message.text());
  return message.length + x;
}
function two(a: i32, b: i32): i32 { return a - b; }
function same<T>(n: i32, value: T): T {
  if (n > 0 && --steps > 0) { const below = same<T>(n - 2, value); wait(n); return below; }
  return value;
}
let table: ((n: i32, x: i32) => i32)[] = [];
${functions.join("")}
export function run(): void {
  table = [${bodies.map((_, f) => `c${f}`).join(", ")}];
  log("end " + f0(${depth}, 1, 2, 3, new Node(4, null)).toString());
}`;
}

const WAYS: readonly BuildOptions[] = [
  { park: "asyncify" },
  { park: "jspi" },
  { reductions: "yield" },
  { trusted: true },
];

/**
 * The lines that it logs, and how it ends. Of the messages some are there before it waits for them.
 */
async function trace(wasm: Uint8Array<ArrayBuffer>, trusted: boolean): Promise<string[]> {
  const lines: string[] = [];
  await using runtime = new Runtime({
    grants: "all",
    clock: new ManualClock(),
    onLog: (_pid, _level, line) => lines.push(line),
    limits: { logBytesPerSecond: 2 ** 30 },
  });
  const pid = runtime.spawn(await runtime.load(trusted ? new WebAssembly.Module(wasm) : wasm, { trusted }));
  const ended = runtime.exited(pid);
  for (let i = 0; i < MESSAGES; i++) {
    runtime.send(pid, "m".repeat(i % 7));
    if (i % 50 < 20) await quiet();
  }
  await quiet();
  runtime.kill(pid);
  lines.push(formatReason(await ended));
  return lines;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-waits-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

law.prop([fc.array(program, { minLength: 2, maxLength: 2 })], {
  numRuns: 2,
  endOnFailure: true,
})(
  "a guest that waits anywhere does the same in every way of waiting",
  async programs => {
    const entries = programs.map((program, i) => {
      const entry = join(folder, `guest-${i}.ts`);
      writeFileSync(entry, sourceOf(program));
      return entry;
    });
    const traces: string[][][] = [];
    for (const options of WAYS) {
      const built = await build(entries, options);
      traces.push(
        await Promise.all(
          built.map(({ wasm, text }) => {
            if (wasm === undefined) throw new Error(text);
            return trace(wasm, options.trusted === true);
          }),
        ),
      );
    }
    const [first, ...others] = traces;
    for (const other of others) expect(other).toEqual(first);
  },
  240_000,
);
