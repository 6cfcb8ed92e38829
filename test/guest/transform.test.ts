/**
 * The transform: what it adds to a compiled guest so that it can wait, and what it leaves alone.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import binaryen from "binaryen";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AsyncifyOptions, asyncify, MEMORY_BASE } from "../../guest/transform/asyncify.ts";
import type { CompileOptions } from "../../host/node/compile/options.ts";
import { LIMIT_EXPORT } from "../../host/wire/abi.ts";
import { build } from "../support/compiler.ts";

type Exports = Record<string, (...args: number[]) => number> & Record<string, WebAssembly.Global>;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-transform-"));
  writeFileSync(join(folder, "actor.ts"), "export declare function park(): i32;\n");
  writeFileSync(join(folder, "host.ts"), "export declare function note(value: i32): void;\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Compiles AssemblyScript that may import `./actor` (park) and `./host` (note). */
async function fromSource(source: string, options: CompileOptions = {}): Promise<WebAssembly.Module> {
  const entry = join(folder, "guest.ts");
  writeFileSync(entry, source);
  const [{ wasm, text }] = await build([entry], { baseDir: folder, ...options });
  if (!wasm) throw new Error(text);
  return new WebAssembly.Module(new Uint8Array(wasm));
}

function fromText(body: string, options: AsyncifyOptions = {}): WebAssembly.Module {
  const module = binaryen.parseText(`(module
    (import "actor" "park" (func $park (result i32)))
    (import "host" "note" (func $note (param i32)))
    (import "env" "memory" (memory 1))
    (export "memory" (memory 0))
    ${body})`);
  module.setFeatures(binaryen.Features.MutableGlobals);
  asyncify(binaryen, module, options);
  expect(module.validate()).toBe(1);
  module.optimize();
  return new WebAssembly.Module(new Uint8Array(module.emitBinary()));
}

/**
 * An instance whose host refuses to park, as isopod's does outside of an entry, and puts aside what
 * has no room.
 */
function start(module: WebAssembly.Module, note: (value: number) => void = () => {}) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const aside: Uint8Array[] = [];
  /** The two words with which a room begins: the top of the stack in it, and its end. */
  const header = (room: number) => new Uint32Array(memory.buffer, room, 2);
  const imports = {
    actor: {
      park() {
        throw new Error("park is refused");
      },
      stack_out(room: number) {
        const [top, end] = header(room);
        if (top > end) throw new Error(`a top of ${top} behind the end ${end}`);
        aside.push(new Uint8Array(memory.buffer).slice(room + 8, top));
        header(room)[0] = room + 8;
      },
      stack_in(room: number) {
        const frames = aside.pop() ?? new Uint8Array();
        if (room + 8 + frames.length > header(room)[1]) throw new Error("the frames do not fit");
        new Uint8Array(memory.buffer).set(frames, room + 8);
        header(room)[0] = room + 8 + frames.length;
      },
    },
    host: { note },
    env: {
      memory,
      abort() {
        throw new Error("abort");
      },
    },
  };
  const exports = new WebAssembly.Instance(module, imports).exports as Exports;
  return { exports, memory, aside };
}

const exportNames = (module: WebAssembly.Module) => WebAssembly.Module.exports(module).map(({ name }) => name);

/**
 * Parks under a recursion that keeps a list of collected objects, an i64, an f64 and two i32 alive
 * in every frame.
 */
const RECURSION = `
import { park } from "./actor";
import { note } from "./host";
class Link { constructor(public value: i32, public next: Link | null) {} }
function sum(link: Link | null): i32 {
  let total = 0;
  while (link) {
    total += link.value;
    link = link.next;
  }
  return total;
}
function deep(depth: i32, list: Link, wide: i64, real: f64): i32 {
  if (depth == 0) return park() + sum(list);
  const mine = new Link(depth, list);
  const below = deep(depth - 1, mine, wide * 3, real / 2);
  return below * 31 + sum(mine) + <i32>wide + <i32>(real * 1024);
}
let runs = 0;
export function run(): void {
  for (let i = 0; i < 3; i++) {
    runs++;
    note(deep(5, new Link(i, null), i + 1, i + 0.5));
    note(runs);
  }
}`;

/** The same in JavaScript. */
function recursion(answers: number[]): number[] {
  const deep = (depth: number, list: number[], wide: number, real: number, answer: number): number => {
    const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
    if (depth === 0) return answer + total(list);
    const mine = [...list, depth];
    const below = deep(depth - 1, mine, wide * 3, real / 2, answer);
    return (Math.imul(below, 31) + total(mine) + wide + Math.trunc(real * 1024)) | 0;
  };
  return [0, 1, 2].flatMap(i => [deep(5, [i], i + 1, i + 0.5, answers[i]), i + 1]);
}

describe("a guest that parks", () => {
  test("keeps locals, loops, recursion and collected objects, also when the host collects meanwhile", async () => {
    const notes: number[] = [];
    const { exports } = start(await fromSource(RECURSION), value => notes.push(value));
    exports._start();
    expect(exports["resume:run"](-99)).toBe(1);
    for (const [answer, more] of [
      [100, 1],
      [-7, 1],
      [2147483647, 0],
    ]) {
      for (let i = 0; i < 100; i++) exports.__new(64, 0); // garbage, over what a freed list would have held
      exports.__collect();
      expect(exports["resume:run"](answer)).toBe(more);
    }
    expect(notes).toEqual(recursion([100, -7, 2147483647]));
  });

  test("goes on identically in a fresh instance that got its memory and globals", async () => {
    const module = await fromSource(RECURSION);
    const first: number[] = [];
    const second: number[] = [];
    const original = start(module, value => first.push(value));
    original.exports._start();
    original.exports["resume:run"](0);
    original.exports["resume:run"](11);

    const copy = start(module, value => second.push(value));
    copy.memory.grow((original.memory.buffer.byteLength - copy.memory.buffer.byteLength) / 65536);
    new Uint8Array(copy.memory.buffer).set(new Uint8Array(original.memory.buffer));
    const globals = exportNames(module).filter(name => name.startsWith("global:"));
    for (const name of globals) copy.exports[name].value = original.exports[name].value;

    for (const { exports } of [original, copy]) {
      expect(exports["resume:run"](22)).toBe(1);
      exports.__collect();
      expect(exports["resume:run"](33)).toBe(0);
    }
    expect(first).toEqual(recursion([11, 22, 33]));
    expect(second).toEqual(first.slice(2));
  });

  test("may park in a function that is called through the table", async () => {
    const notes: number[] = [];
    const module = await fromSource(
      `import { park } from "./actor";
       import { note } from "./host";
       function once(x: i32): i32 { return park() + x; }
       function twice(x: i32): i32 { return park() * park() + x; }
       const ways: Array<(x: i32) => i32> = [once, twice];
       export function run(): void { while (true) { const i = park(); note(ways[i](1000)); } }`,
    );
    const { exports } = start(module, value => notes.push(value));
    exports._start();
    for (const answer of [0, 1, 6, 7, 0, 5]) expect(exports["resume:run"](answer)).toBe(1);
    expect(exports["resume:run"](0)).toBe(1);
    expect(notes).toEqual([1042, 1005]);
  });

  test("has as many entries as it exports functions of that type, and each can begin again", () => {
    const notes: number[] = [];
    const module = fromText(`
      (export "run" (func $run)) (export "other" (func $other)) (export "_start" (func $run)) (export "__gc" (func $run))
      (export "handle" (func $handle))
      (func $handle (param i32))
      (func $run (call $note (i32.add (call $park) (call $park))))
      (func $other (call $note (i32.mul (call $park) (call $park))))`);
    expect(exportNames(module).filter(name => name.startsWith("resume:"))).toEqual(["resume:run", "resume:other"]);
    const { exports } = start(module, value => notes.push(value));
    for (const entry of ["resume:run", "resume:other", "resume:run"]) {
      expect([0, 6, 7].map(answer => exports[entry](answer))).toEqual([1, 1, 0]);
    }
    expect(notes).toEqual([13, 42, 13]);
  });

  test("traps when another entry is resumed than the one that parked", () => {
    const { exports } = start(
      fromText(`
        (export "run" (func $run)) (export "other" (func $other))
        (func $run (call $note (call $park)))
        (func $other (call $note (i32.add (call $park) (call $park))))`),
    );
    exports["resume:run"](0);
    expect(() => exports["resume:other"](0)).toThrow(WebAssembly.RuntimeError);
  });

  test("keeps both of two entries that the optimizer merges", () => {
    const notes: number[] = [];
    const module = fromText(`
      (export "run" (func $run)) (export "same" (func $same))
      (func $run (call $note (call $park)))
      (func $same (call $note (call $park)))`);
    const { exports } = start(module, value => notes.push(value));
    for (const entry of ["resume:run", "resume:same"]) expect([0, 5].map(n => exports[entry](n))).toEqual([1, 0]);
    expect(notes).toEqual([5, 5]);
  });

  test("is refused by the host in match, match_first, handle, _start and a plain call of an entry", () => {
    const module = fromText(`
      (export "run" (func $run)) (export "_start" (func $run)) (export "handle" (func $handle)) (export "match" (func $match))
      (export "match_first" (func $match))
      (func $run (drop (call $park)))
      (func $handle (param i32) (drop (call $park)))
      (func $match (param i32 i32 i32) (result i32) (call $park))`);
    for (const name of ["match", "match_first", "handle", "_start", "run"]) {
      expect(() => start(module).exports[name](0, 0, 0), name).toThrow("park is refused");
      // Also while the entry waits: the host may ask a predicate then.
      const { exports } = start(module);
      exports["resume:run"](0);
      expect(() => exports[name](0, 0, 0), `${name}, parked`).toThrow("park is refused");
    }
  });

  test("is refused in a predicate that runs inside an entry, and allowed again after one", () => {
    const module = fromText(`
      (export "run" (func $run)) (export "match" (func $match))
      (func $run (call $note (i32.const 0)) (call $note (call $park)))
      (func $match (param $predicate i32) (param i32 i32) (result i32)
        (if (result i32) (local.get $predicate) (then (call $park)) (else (i32.const 77))))`);
    const answers: (number | string)[] = [];
    const { exports } = start(module, value => {
      if (value === 0) answers.push(exports.match(0, 0, 0));
      else answers.push(value);
    });
    expect(exports["resume:run"](0)).toBe(1);
    expect(exports["resume:run"](5)).toBe(0);
    expect(answers).toEqual([77, 5]);

    const second = start(module, () => void second.exports.match(1, 0, 0));
    expect(() => second.exports["resume:run"](0)).toThrow("park is refused");
  });
});

describe("the stack of a parked guest", () => {
  const RECURSE = `
    (export "run" (func $run))
    (func $run (call $note (call $deep (call $park))))
    (func $deep (param $n i32) (result i32)
      (if (result i32) (local.get $n)
        (then (i32.add (local.get $n) (call $deep (i32.sub (local.get $n) (i32.const 1)))))
        (else (call $park))))`;

  test.each([256, 4096])("is put aside where it does not fit below %i, and touches nothing above", memoryBase => {
    const module = fromText(RECURSE, { memoryBase });
    let fitted = 0;
    let divided = 0;
    for (let depth = 0; depth < 1000; depth += 7) {
      const notes: number[] = [];
      const { exports, memory, aside } = start(module, value => notes.push(value));
      const bytes = new Uint8Array(memory.buffer);
      bytes.fill(0xaa, memoryBase);
      exports["resume:run"](0);
      expect(exports["resume:run"](depth)).toBe(1);
      if (aside.length > 0) divided++;
      else fitted++;
      expect(bytes.subarray(memoryBase).every(byte => byte === 0xaa)).toBe(true);
      expect(bytes.subarray(0, 16).every(byte => byte === 0)).toBe(true);
      expect(exports["resume:run"](1)).toBe(0);
      expect(aside).toEqual([]);
      expect(notes).toEqual([(depth * (depth + 1)) / 2 + 1]);
    }
    expect(fitted).toBeGreaterThan(0);
    expect(divided).toBeGreaterThan(0);
  });

  test.each([256, 4096])(
    "begins in the near room, and moves to the room below %i where it does not fit",
    memoryBase => {
      const near = { from: 8192, to: 8192 + 160 };
      const module = fromText(RECURSE, { memoryBase, near });
      const places = { near: 0, far: 0, host: 0 };
      for (let depth = 0; depth < 1000; depth += 3) {
        const notes: number[] = [];
        const { exports, memory, aside } = start(module, value => notes.push(value));
        const bytes = new Uint8Array(memory.buffer);
        bytes.fill(0xaa, memoryBase, near.from);
        bytes.fill(0xaa, near.to);
        exports["resume:run"](0);
        expect(exports["resume:run"](depth)).toBe(1);
        if (aside.length > 0) places.host++;
        else if (bytes.subarray(0, memoryBase).some(byte => byte !== 0)) places.far++;
        else places.near++;
        expect(bytes.subarray(memoryBase, near.from).every(byte => byte === 0xaa)).toBe(true);
        expect(bytes.subarray(near.to).every(byte => byte === 0xaa)).toBe(true);
        expect(bytes.subarray(0, 16).every(byte => byte === 0)).toBe(true);
        expect(exports["resume:run"](1)).toBe(0);
        expect(aside).toEqual([]);
        expect(notes).toEqual([(depth * (depth + 1)) / 2 + 1]);
      }
      expect(Math.min(...Object.values(places))).toBeGreaterThan(0);
    },
  );

  test("comes back to the near room once it is short again", () => {
    const near = { from: 8192, to: 8192 + 160 };
    const module = fromText(
      `(export "run" (func $run))
       (func $run (loop $again (call $note (call $deep (call $park))) (br $again)))
       (func $deep (param $n i32) (result i32)
         (if (result i32) (local.get $n)
           (then (i32.add (local.get $n) (call $deep (i32.sub (local.get $n) (i32.const 1)))))
           (else (call $park))))`,
      { near },
    );
    const notes: number[] = [];
    const { exports, memory } = start(module, value => notes.push(value));
    const far = new Uint8Array(memory.buffer, 0, MEMORY_BASE);
    exports["resume:run"](0);
    for (const depth of [100, 2, 1000, 3]) {
      far.fill(0);
      exports["resume:run"](depth);
      expect(far.some(byte => byte !== 0)).toBe(depth >= 100);
      exports["resume:run"](1);
    }
    expect(notes).toEqual([5051, 4, 500_501, 7]);
  });

  test("must have room below memoryBase", () => {
    expect(() => fromText(RECURSE, { memoryBase: 64 })).toThrow(/--memoryBase 4096/);
  });

  test("does not stay in the way of a trap in the guest", () => {
    const { exports } = start(fromText(`(export "run" (func $run)) (func $run (drop (call $park)) (unreachable))`));
    expect(exports["resume:run"](0)).toBe(1);
    expect(() => exports["resume:run"](0)).toThrow("unreachable");
  });
});

describe("a guest that cannot park", () => {
  test("is left as it is, with the mutable globals that something writes exported", async () => {
    const module = await fromSource(`
      import { note } from "./host";
      let written = 1;
      let constant = 5;
      const fixed = 6;
      export function run(): void { note(written++ + constant + fixed); }`);
    const names = exportNames(module);
    expect(names.filter(name => /asyncify|resume|isopod/.test(name))).toEqual([LIMIT_EXPORT]);
    expect(names.filter(name => name.startsWith("global:guest/"))).toEqual(["global:guest/written"]);
    const { exports } = start(module);
    exports._start();
    exports.run();
    expect(exports["global:guest/written"].value).toBe(2);
  });

  test("stays free of instrumentation when it only has handlers", async () => {
    const source = `import { park } from "./actor"; export function handle(n: i32): void { if (n < 0) park(); }`;
    const names = exportNames(await fromSource(source));
    expect(names.filter(name => /asyncify|resume|isopod/.test(name))).toEqual([LIMIT_EXPORT]);
  });

  test("exports no global that it imports", () => {
    const module = binaryen.parseText(
      `(module (import "env" "g" (global $g (mut i32))) (export "f" (func $f)) (func $f (global.set $g (i32.const 1))))`,
    );
    asyncify(binaryen, module);
    module.setFeatures(binaryen.Features.MutableGlobals);
    expect(exportNames(new WebAssembly.Module(new Uint8Array(module.emitBinary())))).toEqual(["f"]);
  });
});

test("with park: jspi the code is not instrumented, and the engine suspends it", async () => {
  const module = await fromSource(RECURSION, { park: "jspi" });
  expect(exportNames(module).filter(name => /asyncify|resume|isopod/.test(name))).toEqual([LIMIT_EXPORT]);
  if (!("Suspending" in WebAssembly)) return;
  const { Suspending, promising } = WebAssembly as unknown as {
    Suspending: new (f: () => Promise<number>) => WebAssembly.ImportValue;
    promising: (f: unknown) => () => Promise<void>;
  };
  const notes: number[] = [];
  const answers = [1, 2, 3];
  const park = new Suspending(async () => answers.shift() ?? 0);
  const env = { memory: new WebAssembly.Memory({ initial: 1 }), abort() {} };
  const host = { note: (value: number) => notes.push(value) };
  const { exports } = new WebAssembly.Instance(module, { actor: { park }, host, env });
  (exports as Exports)._start();
  await promising(exports.run)();
  expect(notes).toEqual(recursion([1, 2, 3]));
});
