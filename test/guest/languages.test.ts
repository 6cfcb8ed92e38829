/**
 * Guests in C and Rust, over docs/abi.md alone. They are built if their compilers are installed. In
 * any case the examples run as the WebAssembly text that clang once made of them.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import binaryen from "binaryen";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formatReason, type GuestModule, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { build } from "../support/compiler.ts";
import { quiet } from "../support/guests.ts";
import { clang, root, rust, type Toolchain } from "../support/toolchains.ts";
import { assemble, PLAIN } from "../support/wat.ts";

const EXAMPLES = ["echo", "counter", "selective"] as const;
type Example = (typeof EXAMPLES)[number];

const ADD = 1;
const GET = 2;
const DOWN_OF_OWN_REASON = 100 + 6;

const decoder = new TextDecoder();
const textPath = (example: Example) => join(root, "test", "guests", "languages", `${example}.wat`);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-languages-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A way to come by the examples. */
interface Build {
  readonly name: string;
  readonly toolchain?: Toolchain;
  get(example: Example): Uint8Array<ArrayBuffer>;
  /**
   * How it ends where it was given no arguments, and what a counter says that was asked for
   * something else.
   */
  readonly noArguments: string;
  readonly noRequest: string;
}

const c = { noArguments: "crashed: unreachable", noRequest: `custom: ${"x".repeat(100)}` };
const builds: readonly Build[] = [
  { ...c, name: "C, as the text that is kept", get: example => assemble(readFileSync(textPath(example), "utf8")) },
  { ...c, name: "C, by clang", toolchain: clang, get: example => clang.build(example, folder) },
  {
    name: "Rust, by cargo",
    toolchain: rust,
    get: example => rust.build(example, folder),
    noArguments: "custom: panicked at ../examples/rust/selective.rs:",
    noRequest: "custom: panicked at ../examples/rust/counter.rs:",
  },
];

describe.each(builds)("$name:", ({ toolchain, get, noArguments, noRequest }) => {
  if (toolchain !== undefined && toolchain.version === undefined) {
    test.skip(`not installed: ${toolchain.installedBy}`, () => {});
    return;
  }
  /**
   * As they were built, and the processes once more as `isopod build --park asyncify` makes them.
   */
  const wasm = { jspi: new Map<Example, Uint8Array>(), asyncify: new Map<Example, Uint8Array>() };
  let runtime: Runtime;
  let observer: HostMailbox;

  beforeAll(async () => {
    for (const example of EXAMPLES) wasm.jspi.set(example, get(example));
    for (const example of ["echo", "selective"] as const) {
      const path = join(folder, `plain-${example}.wasm`);
      writeFileSync(path, bytesOf(example));
      const [{ wasm: parking, text }] = await build([path], { park: "asyncify" });
      if (parking === undefined) throw new Error(text);
      wasm.asyncify.set(example, parking);
    }
  }, 300_000);
  beforeEach(() => {
    runtime = new Runtime({ clock: new ManualClock() });
    observer = runtime.mailbox();
  });
  afterEach(() => runtime.stop());

  function bytesOf(example: Example, way: "jspi" | "asyncify" = "jspi"): Uint8Array<ArrayBuffer> {
    const bytes = wasm[way].get(example);
    if (bytes === undefined) throw new Error(`${example} was not built`);
    return new Uint8Array(bytes);
  }

  /** All that has come to the observer: tags, and payloads as text. */
  async function observed(): Promise<[tag: number, text: string][]> {
    await quiet();
    const found: [number, string][] = [];
    for (;;) {
      const item = await observer.receive({ timeoutMs: 0 });
      if (item === undefined) return found;
      if (item.kind === "message") found.push([item.tag, decoder.decode(item.bytes)]);
    }
  }

  describe.each(["jspi", "asyncify"] as const)("a process that waits by %s", way => {
    async function load(example: Example): Promise<GuestModule> {
      return runtime.load(bytesOf(example, way), { name: example });
    }

    async function spawnSelective(watched: Pid): Promise<Pid> {
      const args = new Uint8Array(BigUint64Array.of(BigInt(observer.pid), BigInt(watched)).buffer);
      // Why another's actor has ended is told in full to who may end actors.
      return runtime.spawn(await load("selective"), { args, grants: { kill: true } });
    }

    test("sends back what comes, of every length, in the order sent", async () => {
      const echo = await load("echo");
      expect(echo.wayOf("run", undefined)).toBe(way);
      const pid = runtime.spawn(echo);
      for (const length of [3, 0, 255, 256, 257, 70_000, 70_001, 300_000, 5]) {
        const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);
        observer.send(pid, bytes, { tag: length });
        observer.send(pid, "and this", { tag: 1 });
        await quiet();
        const item = await observer.receive({ timeoutMs: 0 });
        expect(item).toEqual({ kind: "message", from: pid, tag: length, ref: 0, bytes });
        expect(await observed()).toEqual([[1, "and this"]]);
      }
    });

    test("answers calls with what was asked, of every length, and no call twice", async () => {
      const pid = runtime.spawn(await load("echo"));
      for (const text of ["hello", "", "long ".repeat(20_000)]) {
        expect(decoder.decode(await runtime.call(pid, text))).toBe(text);
      }
      expect(runtime.snapshot().actors.find(actor => actor.pid === pid)).toMatchObject({ mailboxItems: 0 });
    });

    test("takes the first reply, also one longer than its window, and leaves everything else in order", async () => {
      const pid = await spawnSelective(observer.pid);
      const long = `reply: ${"long ".repeat(100)}`;
      for (const text of ["one", "reply", "two"]) runtime.send(pid, text);
      expect(await observed()).toEqual([]);
      for (const text of [long, "three", "reply: late"]) runtime.send(pid, text, { tag: 9 });
      const expected = [
        [9, long],
        [0, "one"],
        [0, "reply"],
        [0, "two"],
        [9, "three"],
        [9, "reply: late"],
      ];
      expect(await observed()).toEqual(expected);
    });

    test("gets the Down of an actor that it monitors, with its reason's bytes, in its place", async () => {
      const watched = runtime.spawn(await runtime.load(bytesOf("counter")));
      const pid = await spawnSelective(watched);
      runtime.send(pid, "before");
      await quiet();
      runtime.exit(watched, { kind: "custom", bytes: new TextEncoder().encode("no more to count") });
      await quiet();
      runtime.send(pid, "reply: after");
      const expected = [
        [0, "reply: after"],
        [0, "before"],
        [DOWN_OF_OWN_REASON, "no more to count"],
      ];
      expect(await observed()).toEqual(expected);
    });

    test("that fails ends alone, and says why", async () => {
      const ended = runtime.exited(runtime.spawn(await load("selective")));
      await quiet();
      expect(formatReason(await ended)).toContain(noArguments);
    });
  });

  describe("a handler", () => {
    test("keeps its state from item to item, in every engine", async () => {
      const pid = runtime.spawn(await runtime.load(bytesOf("counter")));
      for (const more of [5, -7, 2 ** 30, 2 ** 30, 2 ** 30]) {
        observer.send(pid, new Uint8Array(Int32Array.of(more).buffer), { tag: ADD });
      }
      observer.send(pid, "", { tag: GET });
      await quiet();
      const answer = await observer.receive({ timeoutMs: 0 });
      if (answer?.kind !== "message") throw new Error("there is no answer");
      expect(new BigInt64Array(answer.bytes.buffer)[0]).toBe(3n * 2n ** 30n - 2n);
    });

    test("takes an item that is longer than its window, and ends for a reason of its own", async () => {
      const pid = runtime.spawn(await runtime.load(bytesOf("counter")));
      const ended = runtime.exited(pid);
      observer.send(pid, "x".repeat(100_000), { tag: 3 });
      await quiet();
      const reason = await ended;
      expect(formatReason(reason)).toContain(noRequest);
    });
  });
});

test.skipIf(rust.version === undefined)(
  `the project of docs/languages.md is built as it stands there${rust.version === undefined ? ` (not installed: ${rust.installedBy})` : ""}`,
  async () => {
    const page = readFileSync(join(root, "docs", "languages.md"), "utf8");
    const wasm = rust.buildProject(page, join(folder, "project"));
    const runtime = new Runtime({ clock: new ManualClock() });
    const observer = runtime.mailbox();
    observer.send(runtime.spawn(await runtime.load(wasm)), "as written");
    const item = await observer.receive();
    expect(item?.kind === "message" && decoder.decode(item.bytes)).toBe("as written");
    await runtime.stop();
  },
  300_000,
);

test("docs/languages.md shows the examples as they are", () => {
  const page = readFileSync(join(root, "docs", "languages.md"), "utf8");
  const shown = [...page.matchAll(/<!-- file: (\S+) -->\n```\w+\n([\s\S]*?)```/g)];
  expect(shown.map(([, path]) => path)).toEqual(["guest/examples/c/echo.c", "guest/examples/rust/echo.rs"]);
  for (const [, path, text] of shown) expect(text).toBe(readFileSync(join(root, path), "utf8"));
});

describe("the text that is kept", () => {
  const missing = clang.version === undefined ? ` (not installed: ${clang.installedBy})` : "";

  test.skipIf(missing).for(EXAMPLES)(`is what clang makes of %s.c${missing}`, async (example, context) => {
    const path = textPath(example);
    const version = `;; ${clang.version}`;
    const kept = existsSync(path) ? readFileSync(path, "utf8").split("\n", 1)[0] : version;
    if (kept !== version) context.skip(`another compiler makes other code: this is ${version}, the text is by ${kept}`);
    const module = binaryen.readBinaryWithFeatures(clang.build(example, folder), PLAIN);
    await expect(`${version}\n${module.emitText()}`).toMatchFileSnapshot(path);
    module.dispose();
  });
});

describe("isopod build --park asyncify", () => {
  async function refusal(body: string): Promise<string> {
    const path = join(folder, "refused.wasm");
    writeFileSync(path, assemble(`(module (import "env" "memory" (memory 1)) ${body})`));
    const [{ wasm, text }] = await build([path], { park: "asyncify" });
    expect(wasm).toBeUndefined();
    return text;
  }
  const park = `(import "actor" "park" (func $park (result i32)))`;
  const run = `(func (export "run") (drop (call $park)))`;

  test("refuses a module that does not say where its data begins, or begins too early", async () => {
    expect(await refusal(park + run)).toContain("link it with --export=__global_base");
    for (const base of ["i32 (i32.const 1024)", "(mut i32) (i32.const 8192)", "i64 (i64.const 8192)"]) {
      const global = `(global (export "__global_base") ${base})`;
      expect(await refusal(park + global + run)).toContain("its data from 4096 on");
    }
  });

  test("refuses a module that never waits, or waits by asyncify already", async () => {
    expect(await refusal(`(func (export "handle") (param i32))`)).toContain("never waits");
    expect(await refusal(`(func (export "run"))`)).toContain("never waits");
    const resume = `(func (export "resume:run") (param i32) (result i32) (i32.const 0))`;
    expect(await refusal(park + run + resume)).toContain("by asyncify already");
  });

  test("refuses a module with scratch memory, where its parked stack would lie", async () => {
    const scratch = `(global (export "isopod:scratch") i32 (i32.const 4096))`;
    expect(await refusal(park + scratch + run)).toContain("exports isopod:scratch");
  });

  describe("refuses what Asyncify cannot do, and names the function:", () => {
    const head = `
      (import "actor" "recv" (func $recv (param i32 i32 i32 i32) (result i32)))
      (import "actor" "park" (func $park (result i32)))
      (import "env" "memory" (memory 1))
      (global (export "__global_base") i32 (i32.const 8192))
      (tag $e)
      (func $next (if (i32.eq (call $recv (i32.const 8192) (i32.const 8256) (i32.const 64) (i32.const -1)) (i32.const -2)) (then (drop (call $park)))))`;
    const inTable = "(type $plain (func)) (table 1 funcref) (elem (i32.const 0) $next)";
    const { ReferenceTypes, TailCall, MultiMemory, Multivalue, GC } = binaryen.Features;

    /** What the build says of a module, of which `keeper` is what it should name. */
    async function said(body: string, reductions: "none" | "yield" = "none"): Promise<string> {
      const path = join(folder, "unsupported.wasm");
      writeFileSync(
        path,
        assemble(`(module ${head} ${body})`, PLAIN | ReferenceTypes | TailCall | MultiMemory | Multivalue | GC),
      );
      // The engine and the runtime take it as it is.
      const [{ wasm, text }] = await build([path], { park: "asyncify", reductions });
      if (wasm === undefined) expect(text).not.toMatch(/crash|AssemblyScript/);
      return wasm === undefined ? text : "built";
    }

    test.each([
      [
        "a wait in a catch",
        '(func (export "keeper") (try (do (throw $e)) (catch_all (call $next))) (call $next))',
        "wait inside a catch",
      ],
      [
        "a wait in a catch of a tag",
        '(func (export "keeper") (try (do (throw $e)) (catch $e (block (call $next)))))',
        "wait inside a catch",
      ],
      [
        "a wait in a catch, deeper in calls",
        '(func $deep (call $next) (call $next)) (func (export "keeper") (try (do (throw $e)) (catch_all (call $deep))) (call $deep))',
        "wait inside a catch",
      ],
      [
        "a wait in a catch, through a table",
        `${inTable} (func (export "keeper") (try (do (throw $e)) (catch_all (call_indirect (type $plain) (i32.const 0)))))`,
        "wait inside a catch",
      ],
      [
        "try_table",
        '(func (export "keeper") (block $h (try_table (catch_all $h) (call $next) (throw $e))) (call $next))',
        "has a try_table",
      ],
      ["a tail call", '(func (export "keeper") (call $next) (return_call $next))', "makes a tail call"],
      [
        "a tail call through a table",
        `${inTable} (func (export "keeper") (return_call_indirect (type $plain) (i32.const 0)))`,
        "makes a tail call",
      ],
      [
        "a tail call that no wait is behind",
        '(func (export "keeper") (param $n i32) (if (local.get $n) (then (return_call 2 (i32.sub (local.get $n) (i32.const 1))))))'
          .replace("return_call 2", "return_call $keeper")
          .replace("(func (export", "(func $keeper (export") + ' (func (export "run") (call $next))',
        "makes a tail call",
      ],
      [
        "a funcref in a variable",
        '(table 2 funcref) (func (export "keeper") (local $f funcref) (local.set $f (table.get 0 (i32.const 1))) (call $next) (table.set 0 (i32.const 0) (local.get $f)))',
        "keeps a reference",
      ],
      [
        "an externref in a variable",
        '(table 2 externref) (func (export "keeper") (local $f externref) (local.set $f (table.get 0 (i32.const 1))) (call $next) (table.set 0 (i32.const 0) (local.get $f)))',
        "keeps a reference",
      ],
      [
        "a reference among operands",
        '(table 2 funcref) (func $g (result i32) (call $next) (call $next) (i32.const 0)) (func (export "keeper") (drop (table.grow 0 (table.get 0 (i32.const 1)) (call $g))) (drop (call $g)))',
        "keeps a reference",
      ],
      [
        "a call by reference",
        '(type $t (func)) (elem declare func $next) (func (export "keeper") (local $f (ref null $t)) (loop $l (call_ref $t (local.get $f)) (local.set $f (ref.func $next)) (br $l)))',
        "calls by call_ref",
      ],
    ])("%s", async (_what, body, why) => {
      const text = await said(body);
      expect(text).toMatch(/: keeper /);
      expect(text).toContain(why);
      expect(text).toContain("by JSPI");
    });

    test("a module with two memories, and one that is instrumented already", async () => {
      expect(
        await said(
          '(memory $other 1) (func (export "run") (call $next) (i32.store $other (i32.const 0) (i32.const 0)))',
        ),
      ).toContain("has 2 memories");
      const module = binaryen.parseText(`(module ${head} (func (export "run") (call $next)))`);
      module.setFeatures(PLAIN);
      module.runPasses(["asyncify"]);
      const path = join(folder, "instrumented.wasm");
      writeFileSync(path, module.emitBinary());
      module.dispose();
      for (const reductions of ["none", "yield"] as const) {
        const [{ text }] = await build([path], { park: "asyncify", reductions });
        expect(text).toContain("instrumented.wasm was instrumented by Asyncify already");
      }
    });

    test("with --reductions yield also what only computes, for that may give way", async () => {
      const computes =
        '(func $computes (loop $l (br_if $l (i32.load (i32.const 0))))) (func (export "keeper") (try (do (throw $e)) (catch_all (call $computes))) (call $next))';
      expect(await said(computes)).toBe("built");
      expect(await said(computes, "yield")).toMatch(/keeper may wait inside a catch/);
    });

    test("but takes exceptions, references, tables and many results that no wait is in the way of", async () => {
      const harmless = [
        '(func (export "run") (try (do (call $next) (throw $e)) (catch_all (nop))) (call $next))',
        '(func (export "away") (block $h (try_table (catch_all $h) (throw $e)))) (func (export "run") (call $next))',
        '(table 2 funcref) (func (export "run") (local $f funcref) (local.set $f (table.get 0 (i32.const 1))) (table.set 0 (i32.const 0) (local.get $f)) (call $next))',
        '(func $many (result i32 i64) (call $next) (call $next) (i32.const 1) (i64.const 2)) (func (export "run") (call $many) (drop) (drop) (call $many) (drop) (drop))',
        // What is in the table cannot wait.
        '(type $plain (func)) (table 1 funcref) (func $idle) (elem (i32.const 0) $idle) (func (export "run") (try (do (throw $e)) (catch_all (call_indirect (type $plain) (i32.const 0)))) (call $next))',
      ];
      for (const body of harmless) expect(await said(body)).toBe("built");
    });
  });

  test("says of what is no module that it is none", async () => {
    const path = join(folder, "none.wasm");
    writeFileSync(path, "no module");
    const [{ text }] = await build([path], { park: "asyncify" });
    expect(text).toContain("not a WebAssembly module");
  });

  test("with --reductions count makes a module that is counted, and still waits so", async () => {
    const path = join(folder, "counted.wasm");
    writeFileSync(path, assemble(readFileSync(textPath("echo"), "utf8")));
    for (const reductions of ["count", "yield"] as const) {
      const [{ wasm, text }] = await build([path], { park: "asyncify", reductions });
      if (wasm === undefined) throw new Error(text);
      const runtime = new Runtime({ clock: new ManualClock() });
      const module = await runtime.load(new Uint8Array(wasm));
      expect(module.isCounted).toBe(true);
      const observer = runtime.mailbox();
      const pid = runtime.spawn(module);
      for (const text of ["a", "b"]) observer.send(pid, text);
      for (const text of ["a", "b"]) {
        const item = await observer.receive();
        expect(item?.kind === "message" && decoder.decode(item.bytes)).toBe(text);
      }
      expect(module.wayOf("run", undefined)).toBe("asyncify");
      await runtime.stop();
    }
  });
});
