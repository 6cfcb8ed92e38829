/** Modules that say in which part of their memory they keep nothing from one turn to the next. */
import binaryen from "binaryen";
import { beforeEach, describe, expect, test } from "vitest";
import { LoadError, type Runtime } from "../../host/index.ts";
import { quiet } from "../support/guests.ts";
import { argsOf, countsOf } from "../support/hibernated.ts";
import { newRuntime } from "../support/runtimes.ts";
import { guest, PLAIN } from "../support/wat.ts";

let runtime: Runtime;
beforeEach(() => {
  runtime = newRuntime();
});

const HANDLER = `(func (export "handle") (param i32))`;

describe("a module is refused", () => {
  test.each([
    ["a function", `(func (export "isopod:scratch"))`],
    ["mutable", `(global (export "isopod:scratch") (mut i32) (i32.const 64))`],
    ["an i64", `(global (export "isopod:scratch") i64 (i64.const 64))`],
    ["a memory", `(export "isopod:scratch" (memory 0))`],
    ["computed", `(global (export "isopod:scratch") i32 (i32.add (i32.const 32) (i32.const 32)))`],
    ["no multiple of 64", `(global (export "isopod:scratch") i32 (i32.const 100))`],
    ["beyond its memory", `(global (export "isopod:scratch") i32 (i32.const 131136))`],
    ["beyond its memory, without a sign", `(global (export "isopod:scratch") i32 (i32.const -64))`],
  ])("whose end of scratch memory is %s", async (_, body) => {
    for (const reductions of ["none", "count"] as const) {
      const bytes = guest(HANDLER + body, undefined, PLAIN | binaryen.Features.ExtendedConst);
      const refused = runtime.load(bytes, { name: "bad", reductions });
      await expect(refused).rejects.toThrow(LoadError);
      await expect(refused).rejects.toThrow(/^bad exports isopod:scratch/);
    }
  });
});

test.each([0, 64, 65_536, 131_072])("its end may be %i, also beside a store limit", async end => {
  const scratch = `(global (export "isopod:scratch") i32 (i32.const ${end}))`;
  const limit = `(global (export "isopod:limit") (mut i32) (i32.const 1024))`;
  const module = await runtime.load(guest(HANDLER + scratch));
  const limited = await runtime.load(guest(HANDLER + limit + scratch));
  expect([module.scratch, limited.scratch, limited.storeLimit]).toEqual([end, end, 1024]);
});

test("a module without it, or one that came compiled, has none", async () => {
  const scratch = `(global (export "isopod:scratch") i32 (i32.const 4096))`;
  expect((await runtime.load(guest(HANDLER))).scratch).toBe(0);
  expect((await runtime.load(new WebAssembly.Module(guest(HANDLER + scratch)))).scratch).toBe(0);
});

/** Counts its items behind its scratch memory, tells the count and what it finds at 3,000, and fills 60,000 bytes. */
const MESSY = `
  (data (i32.const 3000) "lost") (data (i32.const 130000) "kept")
  (func (export "_start")
    (call $window (i32.const 65600) (i32.const 65664) (i32.const 64))
    (drop (call $args (i32.const 65552) (i32.const 8))))
  (func (export "handle") (param i32)
    (i32.store (i32.const 65568) (i32.add (i32.load (i32.const 65568)) (i32.const 1)))
    (i32.store (i32.const 65572) (i32.load (i32.const 3000)))
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 60000))
    (drop (call $send (i32.load (i32.const 65552)) (i32.load (i32.const 65556)) (i32.const 0) (i32.const 65568) (i32.const 8))))`;

test("an actor finds zeros in its scratch memory when it comes back, and all else as it was", async () => {
  const small = newRuntime({ limits: { instances: 1 } });
  const module = await small.load(guest(`(global (export "isopod:scratch") i32 (i32.const 65536)) ${MESSY}`));
  const plain = await small.load(guest(MESSY));
  const boss = small.mailbox();
  const pids = [1, 2].map(() => small.spawn(module, { args: argsOf(boss.pid) }));
  for (let round = 0; round < 3; round++) {
    for (const pid of pids) small.send(pid, "");
    await quiet();
  }
  expect(countsOf(boss)).toEqual([1, 1, 2, 2, 3, 3].map(n => [n, 0]));
  const other = small.spawn(plain, { args: argsOf(boss.pid) });
  small.send(other, "");
  await quiet();
  const sizes = [pids[0], other].map(pid => small.image(pid).length);
  expect(sizes[0]).toBeLessThan(1000);
  expect(sizes[1]).toBeGreaterThan(60_000);
});
