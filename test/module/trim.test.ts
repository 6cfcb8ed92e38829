/** Trimming takes exports that the host never uses, and nothing that the host calls or another host needs. */
import binaryen from "binaryen";
import { expect, test } from "vitest";
import { compileTrimmed, GLOBAL_BYTES } from "../../host/module/trim.ts";
import { GLOBALS_EXPORT, LIMIT_EXPORT } from "../../host/wire/abi.ts";
import { buildGuests, quiet } from "../support/guests.ts";
import { Stage } from "../support/player.ts";

const { MutableGlobals, BulkMemory, BulkMemoryOpt, ReferenceTypes, SIMD128 } = binaryen.Features;

function wat(text: string): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(`(module (import "env" "memory" (memory 1)) ${text})`);
  module.setFeatures(MutableGlobals | BulkMemory | BulkMemoryOpt | ReferenceTypes | SIMD128);
  return new Uint8Array(module.emitBinary());
}

async function exportsOf(bytes: Uint8Array): Promise<string[]> {
  const { module } = await compileTrimmed(new Uint8Array(bytes));
  return WebAssembly.Module.exports(module).map(({ name }) => name);
}

test("an instance of a guest that waits has a function for each entry, one for its beginning, one for its globals, and its store limit", async () => {
  const [echo] = (await buildGuests("examples", ["echo"], "asyncify")).values();
  expect((await exportsOf(echo)).sort()).toEqual(["_start", GLOBALS_EXPORT, LIMIT_EXPORT, "resume:run"].sort());
});

test("what the host calls stays: entries without another name, handle, match, beginnings, the counter of reductions", async () => {
  const names = await exportsOf(
    wat(`
    (global $left (export "isopod:left") (mut i32) (i32.const 0))
    (global (export "global:left") i32 (i32.const 1))
    (table (export "table") 1 funcref)
    (export "memory" (memory 0))
    (func (export "run")) (func (export "other"))
    (func (export "both")) (func (export "resume:both") (param i32) (result i32) (i32.const 0))
    (func (export "handle") (param i32)) (func (export "match") (param i32 i32 i32) (result i32) (i32.const 1))
    (func (export "_start")) (func (export "_initialize"))
    (func (export "isopod:yield") (result i32) (i32.const 1)) (func (export "isopod:globals"))
    (func (export "__new") (param i32 i32) (result i32) (i32.const 1)) (func (export "__collect"))`),
  );
  expect(names.sort()).toEqual(
    [
      ...["_initialize", "_start", "handle", "isopod:globals", "isopod:left", "isopod:yield", "match", "other"],
      ...["resume:both", "run"],
    ].sort(),
  );
});

test("one function moves all mutable globals to memory and back, of each type, exported or not", async () => {
  const { module, globals } = await compileTrimmed(
    wat(`
    (global $a (mut i32) (i32.const 7)) (global $constant i32 (i32.const 99)) (global $b (mut i64) (i64.const -2))
    (global $c (export "global:c") (mut f32) (f32.const 1.5)) (global $d (mut f64) (f64.const -0.25))
    (func (export "run")
      (global.set $a (i32.const 1)) (global.set $b (i64.const 1)) (global.set $c (f32.const 1)) (global.set $d (f64.const 1)))`),
  );
  expect(globals).toBe(4);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { run, [GLOBALS_EXPORT]: move } = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<
    string,
    (...args: number[]) => void
  >;
  const view = new DataView(memory.buffer);
  const at = 4096;
  const seen = () => [
    view.getInt32(at, true),
    view.getBigInt64(at + GLOBAL_BYTES, true),
    view.getFloat32(at + 2 * GLOBAL_BYTES, true),
    view.getFloat64(at + 3 * GLOBAL_BYTES, true),
  ];
  // No byte of another actor stays among the globals, because images have all 8 bytes of each.
  new Uint8Array(memory.buffer).fill(0xff);
  move(at, 1);
  expect(seen()).toEqual([7, -2n, 1.5, -0.25]);
  expect([0, 2].map(i => view.getInt32(at + GLOBAL_BYTES * i + 4, true))).toEqual([0, 0]);
  run();
  move(at, 0);
  new Uint8Array(memory.buffer).fill(0);
  move(at, 1);
  expect(seen()).toEqual([7, -2n, 1.5, -0.25]);
});

test("what has a meaning of its own stays, also where a guest exports a way to go on with it", async () => {
  const names = await exportsOf(
    wat(`
    (func (export "handle") (param i32)) (func (export "resume:handle") (param i32) (result i32) (i32.const 0))
    (func (export "_start")) (func (export "resume:_start") (param i32) (result i32) (i32.const 0))
    (func (export "run")) (func (export "resume:run") (param i32) (result i32) (i32.const 0))
    (func (export "resume:resume:run") (param i32) (result i32) (i32.const 0))`),
  );
  expect(names.sort()).toEqual(
    ["_start", "handle", "resume:_start", "resume:handle", "resume:resume:run", "resume:run"].sort(),
  );
});

test("a module that would not be valid without an export, or with the function for its globals, is left as it is", async () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const run = [3, 0x72, 0x75, 0x6e];
  // ref.func may name helper because it is exported: (func $run (drop (ref.func $helper))).
  const referring = Uint8Array.from([
    ...header,
    ...[1, 8, 2, 0x60, 0, 0, 0x60, 1, 0x7f, 0],
    ...[3, 3, 2, 0, 1],
    ...[7, 16, 2, ...run, 0, 0, 6, 0x68, 0x65, 0x6c, 0x70, 0x65, 0x72, 0, 1],
    ...[10, 10, 2, 5, 0, 0xd2, 1, 0x1a, 0x0b, 2, 0, 0x0b],
  ]);
  // A mutable global, and no memory.
  const homeless = Uint8Array.from([
    ...header,
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[6, 6, 1, 0x7f, 1, 0x41, 0, 0x0b],
    ...[7, 7, 1, ...run, 0, 0],
    ...[10, 4, 1, 2, 0, 0x0b],
  ]);
  for (const bytes of [referring, homeless]) {
    expect(WebAssembly.validate(bytes)).toBe(true);
    const { module, bytes: compiled, globals } = await compileTrimmed(bytes);
    expect(compiled).toBe(bytes);
    expect(globals).toBe(-1);
    expect(WebAssembly.Module.exports(module)[0].name).toBe("run");
  }
});

test("globals that hold no numbers are left alone", async () => {
  const { module, globals } = await compileTrimmed(
    wat(`(global $a (mut i32) (i32.const 7)) (global $b (mut funcref) (ref.null func))
      (func (export "run") (global.set $a (i32.const 1)) (global.set $b (ref.null func)))`),
  );
  expect(globals).toBe(-1);
  expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual(["run"]);
});

test("what is no module does not become one", async () => {
  const bytes = wat(`(func (export "run")) (func (export "unused") (param i32))`);
  // The index behind the name of the second export.
  const at = bytes.lastIndexOf("d".charCodeAt(0)) + 2;
  bytes[at] = 100;
  await expect(compileTrimmed(bytes)).rejects.toThrow(WebAssembly.CompileError);
});

test("a module that a runtime has compiled can give way in another as it did", async () => {
  await using stage = new Stage();
  const [primes] = (await buildGuests("examples", ["primes"], "asyncify", "yield")).values();
  const { module } = await stage.runtime.load(primes);
  const again = await stage.runtime.load(module);
  expect(() => stage.runtime.spawn(again, { reductions: { policy: "yield" } })).not.toThrow();
});

test("a module that a runtime has compiled can be loaded by another", async () => {
  await using stage = new Stage();
  const [counter] = (await buildGuests("examples", ["echo"], "asyncify")).values();
  const { module } = await stage.runtime.load(counter);
  const again = await stage.runtime.load(module);
  const pid = stage.runtime.spawn(again);
  stage.boss.send(pid, new Uint8Array([1, 2]));
  await quiet();
  const item = stage.boss.poll();
  expect(item?.kind === "message" && [...item.bytes]).toEqual([1, 2]);
});
