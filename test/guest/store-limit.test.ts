/**
 * The store limit of a guest that AssemblyScript has compiled: everything that the guest writes
 * lies below it, from its first state on.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as asc from "assemblyscript/asc";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import GuestTransform from "../../guest/transform/index.ts";
import { memoryBaseFor, STACK_SIZE } from "../../guest/transform/layout.ts";
import { Runtime } from "../../host/index.ts";
import { limitStores, storeLimitOf } from "../../host/module/store-limit.ts";
import type { CompileOptions } from "../../host/node/compile/options.ts";
import { PACKAGE_FOLDER } from "../../host/node/installation.ts";
import { LIMIT_EXPORT } from "../../host/wire/abi.ts";
import { build } from "../support/compiler.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Functions = Record<string, (...args: number[]) => number>;

const PAGE = 65_536;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-limit-"));
  writeFileSync(join(folder, "actor.ts"), "export declare function park(): i32;\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

async function built(source: string, options: CompileOptions = {}): Promise<Bytes> {
  const entry = join(folder, "guest.ts");
  writeFileSync(entry, source);
  const [{ wasm, text }] = await build([entry], { baseDir: folder, ...options });
  if (wasm === undefined) throw new Error(text);
  return new Uint8Array(wasm);
}

/** As a user compiles who calls asc with the transform. */
async function compiled(source: string, runtime: string): Promise<Bytes> {
  let made: Bytes | undefined;
  const stderr = asc.createMemoryStream();
  const args = ["guest.ts", "--outFile", "guest.wasm", "--runtime", runtime, "-O3", "--exportRuntime"];
  args.push("--importMemory", "--memoryBase", String(memoryBaseFor()), "--stackSize", String(STACK_SIZE));
  await asc.main([...args, "--exportStart", "_start"], {
    stderr,
    readFile: name => (name === "guest.ts" ? source : null),
    writeFile(name, contents) {
      if (name === "guest.wasm" && contents instanceof Uint8Array) made = new Uint8Array(contents);
    },
    listFiles: () => [],
    transforms: [class extends GuestTransform {} as unknown as asc.Transform],
  });
  if (made === undefined) throw new Error(stderr.toString());
  return made;
}

interface Started {
  readonly exports: Functions;
  readonly limit: () => number;
  readonly memory: WebAssembly.Memory;
  /** The address behind the last byte that differs from the first state. */
  readonly changedTo: () => number;
}

/** The guest as the host runs it: with its stores checked. Its imports answer 0, or what is said. */
function start(bytes: Bytes, answers: Functions = {}): Started {
  const limit = storeLimitOf("guest", bytes);
  if (limit === undefined) throw new Error("the guest has no store limit");
  const module = new WebAssembly.Module(limitStores(bytes, limit));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 100 });
  const imports: WebAssembly.Imports = { env: { memory }, actor: {} };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "function") imports[from][name] = answers[name] ?? (() => (name.startsWith("recv") ? -2 : 0));
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const first = new Uint8Array(memory.buffer).slice();
  const global = exports[LIMIT_EXPORT] as WebAssembly.Global;
  (exports as Functions)._start?.();
  return {
    exports: exports as Functions,
    memory,
    limit: () => global.value >>> 0,
    changedTo: () => new Uint8Array(memory.buffer).findLastIndex((byte, at) => byte !== (first[at] ?? 0)) + 1,
  };
}

const CHAIN = `
  class Link { next: Link | null; a: i64; constructor(public value: i32) {} }
  let first: Link | null = null;
  const data = memory.data(100, 16);
  export function add(count: i32): void {
    for (let i = 0; i < count; i++) { const link = new Link(i); link.next = first; first = link; }
    store<u8>(data, 1, 99);
  }
  export function drop(): void { first = null; }
  export function length(): i32 { let count = 0; let link = first; while (link) { count++; link = link.next; } return count; }
  let kept: StaticArray<u8> | null = null;
  export function big(bytes: i32): void { kept = new StaticArray<u8>(bytes); kept!.fill(255); }
  export function run(): void {}`;

describe.each(["incremental", "minimal", "stub"])("with the runtime %s", runtime => {
  test("the heap lies below the limit, which is raised before memory is used", async () => {
    const { exports, limit, changedTo } = start(await compiled(CHAIN, runtime));
    let before = limit();
    expect(before).toBeLessThan(memoryBaseFor() + 2000);
    for (let i = 0; i < 60; i++) {
      exports.add(50);
      if (i % 20 === 7) exports.big(i * 3000);
      if (i === 30) {
        exports.drop();
        exports.__collect?.();
      }
      expect(changedTo()).toBeLessThanOrEqual(limit());
      expect(limit()).toBeGreaterThanOrEqual(before);
      before = limit();
    }
    expect(exports.length()).toBe(50 * 29);
    expect(limit()).toBeGreaterThan(PAGE);
  });

  test("one byte of a block behind the limit is enough to trap", async () => {
    const { exports, limit } = start(
      await compiled(
        `export function put(at: usize): void { store<u8>(at, 1); }
         export function take(bytes: usize): usize { return heap.alloc(bytes); }`,
        runtime,
      ),
    );
    const block = exports.take(100);
    exports.put(block + 99);
    exports.put(limit());
    expect(() => exports.put(limit() + 1)).toThrow(WebAssembly.RuntimeError);
    expect(() => exports.put(PAGE - 1)).toThrow(WebAssembly.RuntimeError);
    exports.take(PAGE);
    exports.put(PAGE - 1);
  });
});

test("a guest that never allocates has the beginning of its heap as its limit", async () => {
  const source = (bytes: number) =>
    `const data = memory.data(${bytes}, 16); export function run(): void { store<u8>(data, 1, ${bytes - 1}); }`;
  const [small, large] = [await built(source(16)), await built(source(50_000))];
  const limitOf = (bytes: Bytes) => storeLimitOf("guest", bytes)?.first ?? 0;
  expect(limitOf(small)).toBeGreaterThanOrEqual(memoryBaseFor() + 16);
  expect(limitOf(small)).toBeLessThan(memoryBaseFor() + 1000);
  expect(limitOf(large) - limitOf(small)).toBe(50_000 - 16);
  start(small).exports.run();
  start(large).exports.run();
});

test.each([
  ["grows memory itself", "export function run(): void { memory.grow(1); store<u8>(70000, 1); }"],
  [
    "begins its own heap where AssemblyScript's would",
    "export function run(): void { store<u8>(__heap_base + 99, 1); }",
  ],
  ["asks for that in a global", "const begin = __heap_base; export function run(): void { store<u8>(begin + 99, 1); }"],
])("a guest that %s has no limit", async (_, source) => {
  expect(storeLimitOf("guest", await built(source))).toBeUndefined();
});

describe("the stack of a guest that waits", () => {
  const DEEP = `import { park } from "./actor";
    function down(depth: i32): i32 { return depth === 0 ? park() : down(depth - 1) + depth; }
    let total = 0;
    export function run(): void { total = down(depth); }
    export let depth = 0;
    export function sum(): i32 { return total; }`;

  test.each([10, 100])("lies below the limit at a depth of %i", async depth => {
    const { exports, limit, changedTo } = start(await built(DEEP));
    (exports.depth as unknown as WebAssembly.Global).value = depth;
    const before = limit();
    expect(exports["resume:run"](0)).toBe(1);
    expect(changedTo()).toBeLessThanOrEqual(before);
    expect(exports["resume:run"](0)).toBe(0);
    expect(limit()).toBe(before);
    expect(exports.sum()).toBe((depth * (depth + 1)) / 2);
  });
});

describe("the stack of a guest that is preempted", () => {
  const DEEP = `
    let total = 0;
    function down(depth: i32): i32 {
      if (depth !== 0) return down(depth - 1) + depth;
      let x = 1;
      for (let i = 0; i < 1000; i++) x = x * 5 + i;
      return x === 7 ? 1 : 0;
    }
    export function run(): void { total = down(depth); }
    export let depth = 0;
    export function sum(): i32 { return total; }`;

  /** Answers the limit before the guest was preempted, and after. */
  async function preempted(depth: number) {
    const room = 60_000;
    let answers: number[] = [];
    const { exports, limit, changedTo, memory } = start(await built(DEEP, { reductions: "yield" }), {
      yield: () => answers.pop() ?? 100_000,
    });
    (exports.depth as unknown as WebAssembly.Global).value = depth;
    (exports["isopod:left"] as unknown as WebAssembly.Global).value = 0;
    const before = limit();
    const saved = new Uint8Array(memory.buffer).slice(0, room);
    answers = [-room, depth * 2];
    expect(exports["resume:run"](0)).toBe(2);
    const after = limit();
    expect(changedTo()).toBeLessThanOrEqual(after);
    const top = new Uint32Array(memory.buffer)[4];
    // What the host does: it takes the stack out, and writes it back.
    const stack = new Uint8Array(memory.buffer).slice(16, top);
    new Uint8Array(memory.buffer).set(saved.subarray(16, top), 16);
    new Uint8Array(memory.buffer).set(stack, 16);
    answers = [];
    expect(exports["resume:run"](0)).toBe(0);
    expect(exports.sum()).toBe((depth * (depth + 1)) / 2);
    return { before, after, top };
  }

  test("leaves the limit alone where it is short", async () => {
    const { before, after } = await preempted(10);
    expect(after).toBe(before);
  });

  test("raises the limit to its own end where it is long", async () => {
    const { before, after, top } = await preempted(3000);
    expect(top).toBeGreaterThan(before);
    expect(after).toBe(top);
  });
});

test("every guest of the examples and the benchmarks has a limit", async () => {
  const examples = ["echo", "counter", "supervised", "primes"].map(name => join("guest", "examples", `${name}.ts`));
  const benchmarks = ["memory", "fork-join"].map(name => join("bench", "guests", `${name}.ts`));
  const found = await build([...examples, ...benchmarks].map(path => join(PACKAGE_FOLDER, path)));
  for (const { entry, wasm } of found) {
    expect(storeLimitOf(entry, new Uint8Array(wasm ?? [])), entry).toBeDefined();
  }
});

test("a runtime knows the limit of a module that it has rewritten, and of no other", async () => {
  const bytes = await built("export function run(): void {}");
  await using runtime = new Runtime();
  const { first } = storeLimitOf("guest", bytes) ?? {};
  expect((await runtime.load(bytes)).storeLimit).toBe(first);
  expect((await runtime.load(bytes, { reductions: "count" })).storeLimit).toBe(first);
  expect((await runtime.load(new WebAssembly.Module(bytes))).storeLimit).toBeUndefined();
  const unlimited = await built("export function run(): void { memory.grow(1); }");
  expect((await runtime.load(unlimited)).storeLimit).toBeUndefined();
});
