/**
 * How much of its memory an AssemblyScript guest touches, counted in pages of the processor that
 * are not all zeros.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { longestStack } from "../../guest/transform/frames.ts";
import { memoryBaseFor } from "../../guest/transform/layout.ts";
import { PACKAGE_FOLDER } from "../../host/node/installation.ts";
import { build } from "../support/compiler.ts";

type Exports = Record<string, (...args: number[]) => number>;

const PAGE = 4096;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-layout-"));
  writeFileSync(join(folder, "actor.ts"), "export declare function park(): i32;\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

function touched({ buffer }: WebAssembly.Memory): number[] {
  const bytes = new Uint8Array(buffer);
  const pages = Array.from({ length: bytes.length / PAGE }, (_, page) => page);
  return pages.filter(page => bytes.subarray(page * PAGE, (page + 1) * PAGE).some(byte => byte !== 0));
}

/**
 * An instance whose imports all answer 0, or what is said; receives say that there is nothing yet.
 */
function instanceOf(wasm: Uint8Array, answers: Record<string, (...args: number[]) => number> = {}) {
  const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 100 });
  const imports: WebAssembly.Imports = { env: { memory }, actor: {} };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "function") imports[from][name] = answers[name] ?? (() => (name.startsWith("recv") ? -2 : 0));
  }
  const exports = new WebAssembly.Instance(module, imports).exports as Exports;
  exports._start?.();
  return { exports, memory };
}

async function built(source: string) {
  const entry = join(folder, "guest.ts");
  writeFileSync(entry, source);
  const [{ wasm, text }] = await build([entry], { baseDir: folder });
  if (wasm === undefined) throw new Error(text);
  return instanceOf(wasm);
}

describe("a guest that waits", () => {
  test("has touched one page, its data, its arguments and its stack included", async () => {
    const [{ wasm }] = await build([join(PACKAGE_FOLDER, "bench", "guests", "memory.ts")]);
    const { exports, memory } = instanceOf(wasm as Uint8Array, { args: () => 8 });
    expect(exports["resume:parked"](0)).toBe(1);
    expect(touched(memory)).toEqual([3]);
  });

  test("has its heap where there is room, however much static data it has", async () => {
    // Data that ends so near the end of a page of WebAssembly that the heap has none of it.
    for (let bytes = 51_440; bytes <= 51_520; bytes += 16) {
      const { exports } = await built(`
        const data = memory.data(${bytes}, 16);
        export function run(): void {}
        export function fill(): i32 {
          store<u8>(data, 1);
          const block = heap.alloc(16);
          memory.fill(block, 255, 16);
          return block > data ? load<u8>(data) : 0;
        }`);
      expect(exports.fill()).toBe(1);
    }
  });

  test("whose name has letters of another alphabet has room for its stack too", async () => {
    const { exports } = await built(`import { park } from "./actor";
      function größer(depth: i32): i32 { return depth === 0 ? park() : größer(depth - 1) + depth; }
      export function größe(): void { total = größer(100); }
      export let total = 0;`);
    expect(exports["resume:größe"](0)).toBe(1);
    expect(exports["resume:größe"](1)).toBe(0);
  });

  test("has touched the first page too where its stack is long, and only there", async () => {
    const source = (depth: number) => `import { park } from "./actor";
      function down(depth: i32): i32 { return depth === 0 ? park() : down(depth - 1) + depth; }
      export function run(): void { total = down(${depth}); }
      export let total = 0;`;
    for (const [depth, pages] of [
      [10, [3]],
      [100, [0, 3]],
    ] as const) {
      const { exports, memory } = await built(source(depth));
      expect(exports["resume:run"](0)).toBe(1);
      expect(touched(memory)).toEqual(pages);
      expect(exports["resume:run"](1)).toBe(0);
      expect((exports.total as unknown as WebAssembly.Global).value).toBe((depth * (depth + 1)) / 2 + 1);
    }
  });
});

describe("the heap of a guest", () => {
  const CHAIN = `
    class Link { next: Link | null; a: i64; constructor(public value: i32) {} }
    let first: Link | null = null;
    export function add(from: i32, count: i32): void {
      for (let i = from; i < from + count; i++) { const link = new Link(i); link.next = first; first = link; }
    }
    export function sum(): i32 { let total = 0; let link = first; while (link) { total += link.value; link = link.next; } return total; }
    export function newest(): usize { return changetype<usize>(first); }
    export function size(): i32 { return memory.size(); }
    let kept: StaticArray<u8> | null = null;
    export function big(bytes: i32): void { kept = new StaticArray<u8>(bytes); }`;

  test("takes page after page of what memory there is, and no memory more before that is used", async () => {
    const { exports, memory } = await built(CHAIN);
    let added = 0;
    const pages: number[] = [];
    while (exports.size() === 1) {
      exports.add(added, 10);
      added += 10;
      pages.push(touched(memory).length);
    }
    // Nothing was skipped, and no page was touched much before its time.
    expect(pages[0]).toBe(1);
    expect(pages[Math.floor(pages.length / 4)]).toBeLessThanOrEqual(6);
    // A link takes 48 bytes; 51 KiB of the memory are behind the static data.
    expect(added).toBeGreaterThan(1_050);
    exports.add(added, 5_000);
    added += 5_000;
    exports.__collect();
    expect(exports.sum()).toBe((added * (added - 1)) / 2);
  });

  test("ends close to its last block: what lies behind that is at most a quarter and some 256 bytes", async () => {
    const { exports, memory } = await built(CHAIN);
    const farBehind: number[] = [];
    for (let added = 0; exports.size() === 1; added++) {
      exports.add(added, 1);
      const newest = exports.newest();
      const end = new Uint8Array(memory.buffer).findLastIndex(byte => byte !== 0);
      // 512, because a step begins at the end of a block, and the lists of free blocks count.
      if (exports.size() === 1 && end - newest > (newest - memoryBaseFor()) / 4 + 512) farBehind.push(newest);
    }
    expect(farBehind).toEqual([]);
  });

  test.each([3_000, 20_000, 45_000])("has room for a block of %i bytes in its first memory", async bytes => {
    const { exports } = await built(CHAIN);
    exports.add(0, 3);
    exports.big(bytes);
    expect(exports.size()).toBe(1);
    exports.add(3, 3);
    expect(exports.sum()).toBe(15);
  });

  test("grows for a block that does not fit", async () => {
    const { exports } = await built(CHAIN);
    exports.add(0, 3);
    exports.big(300_000);
    expect(exports.size()).toBeLessThanOrEqual(8);
    exports.add(3, 3);
    expect(exports.sum()).toBe(15);
  });
});

test("references that are only on their stack keep what they refer to", async () => {
  const { exports } = await built(`
    class Leaf { constructor(public value: i32) {} }
    function deep(depth: i32): i32 {
      const leaf = new Leaf(depth);
      if (depth === 0) { __collect(); return 0; }
      for (let i = 0; i < 8; i++) new Leaf(1_000_000);
      return deep(depth - 1) + leaf.value;
    }
    export function run(depth: i32): i32 { return deep(depth); }`);
  expect(exports.run(500)).toBe(125_250);
});

test("a recursion with too many references on their stack is a trap, and no other's bytes are written", async () => {
  const { exports, memory } = await built(`
    class Leaf { constructor(public value: i32) {} }
    function deep(depth: i32): i32 { const leaf = new Leaf(depth); return deep(depth + 1) + leaf.value; }
    export function run(): i32 { return deep(0); }`);
  expect(() => exports.run()).toThrow(WebAssembly.RuntimeError);
  expect(touched(memory)).not.toContain(0);
});

describe("the longest stack", () => {
  const move = (operation: "add" | "sub", bytes: number) =>
    `(i32.store (global.get $__asyncify_data) (i32.${operation} (i32.load (global.get $__asyncify_data)) (i32.const ${bytes})))`;
  const frame = (bytes: number) => `${move("sub", bytes)} ${move("add", bytes)}`;
  const text = (...functions: string[]) => `(module\n${functions.map(body => ` (func ${body})`).join("\n")}\n)`;

  test("is the deepest sum of frames, each of all its parts", () => {
    const module = text(
      `$run ${frame(4)} ${frame(8)} (call $a) (call $b)`,
      `$a ${frame(100)}`,
      `$b ${frame(20)} (call $"c d")`,
      `$"c d" ${frame(90)}`,
      "$other (call $run)",
    );
    expect(longestStack(module, ["run"])).toBe(122);
    expect(longestStack(module, ["a", "b"])).toBe(110);
  });

  test("counts a frame of 64 bytes, which Binaryen adds by subtracting -64", () => {
    expect(longestStack(text(`$run ${move("add", -64)} ${move("sub", -64)}`), ["run"])).toBe(64);
  });

  test("has no bound where what is written is not what is read again", () => {
    expect(longestStack(text(`$run ${move("add", 8)}`), ["run"])).toBe(Number.POSITIVE_INFINITY);
  });

  test("has no bound where functions call each other in a circle", () => {
    const module = text(`$run ${frame(4)} (call $a)`, `$a ${frame(4)} (call $b)`, `$b ${frame(4)} (call $a)`);
    expect(longestStack(module, ["run"])).toBe(Number.POSITIVE_INFINITY);
    expect(longestStack(module, ["b"])).toBe(Number.POSITIVE_INFINITY);
  });

  test("goes through tables to whatever may be in them", () => {
    const table = " (elem $0 (i32.const 1) $a $b)";
    const module = (calls: string) =>
      `${text(`$run ${frame(4)} (call_indirect)`, `$a ${frame(50)} ${calls}`, `$b ${frame(60)}`)}\n${table}`;
    expect(longestStack(module(""), ["run"])).toBe(64);
    expect(longestStack(module("(call_indirect)"), ["run"])).toBe(Number.POSITIVE_INFINITY);
  });
});
