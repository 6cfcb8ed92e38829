/** Guests of language runtimes that insist on WASI: they get text to their log, and little else. */
import { describe, expect, test } from "vitest";
import type { Grants, Pid } from "../host/index.ts";
import { wasi } from "../host/wasi.ts";
import { Stage } from "./player.ts";
import { assemble } from "./wat.ts";

const MODULE = "wasi_snapshot_preview1";
const MAY: Grants = { imports: [`${MODULE}.*`], log: true };

const TYPES: Readonly<Record<string, string>> = {
  args_sizes_get: "(param i32 i32) (result i32)",
  args_get: "(param i32 i32) (result i32)",
  environ_sizes_get: "(param i32 i32) (result i32)",
  fd_write: "(param i32 i32 i32 i32) (result i32)",
  fd_read: "(param i32 i32 i32 i32) (result i32)",
  fd_prestat_get: "(param i32 i32) (result i32)",
  path_open: "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)",
  poll_oneoff: "(param i32 i32 i32 i32) (result i32)",
  clock_time_get: "(param i32 i64 i32) (result i32)",
  random_get: "(param i32 i32) (result i32)",
  proc_exit: "(param i32)",
};

/** A command with a memory of its own, as compilers make it. */
function command(body: string, entry = "_start"): Uint8Array<ArrayBuffer> {
  const imports = Object.entries(TYPES)
    .filter(([name]) => body.includes(`$${name} `))
    .map(([name, type]) => `(import "${MODULE}" "${name}" (func $${name} ${type}))`);
  return assemble(`(module ${imports.join("\n")} (memory (export "memory") 2)
    (data (i32.const 16) "\\40\\00\\00\\00\\06\\00\\00\\00\\46\\00\\00\\00\\06\\00\\00\\00")
    (data (i32.const 64) "hello\\nworld\\n")
    (func (export "${entry}") ${body}))`);
}

const HELLO = "(drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 8)))";

/** Runs a body that leaves what a function answered, which is the exit code then. */
async function answer(call: string, grants: Grants = MAY): Promise<number> {
  await using stage = new Stage({ imports: { [MODULE]: wasi() }, grants });
  const pid = stage.runtime.spawn(await stage.runtime.load(command(`(call $proc_exit ${call})`)));
  const reason = await stage.end(pid);
  if (reason.kind === "normal") return 0;
  if (reason.kind !== "custom") throw new Error(JSON.stringify(reason));
  return Number(/^exit code (\d+)$/.exec(new TextDecoder().decode(reason.bytes))?.[1]);
}

describe("a command of WASI", () => {
  async function run(body: string, grants: Grants, entry?: string): Promise<{ stage: Stage; pid: Pid }> {
    const stage = new Stage({ imports: { [MODULE]: wasi() } });
    const pid = stage.runtime.spawn(await stage.runtime.load(command(body, entry)), { grants });
    return { stage, pid };
  }

  test("is run by its _start, and what it writes are lines of its log", async () => {
    const { stage, pid } = await run(HELLO, MAY);
    expect(await stage.reason(pid)).toBe("normal");
    expect(stage.logs.map(([, level, text]) => `${level}: ${text}`)).toEqual(["info: hello", "info: world"]);
    await stage.runtime.stop();
  });

  test("without the grant of its functions gets -100, and without that of the log writes nothing", async () => {
    const denied = await run(
      `(if (i32.ne (call $fd_write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 8)) (i32.const -100)) (then unreachable))`,
      {},
    );
    expect(await denied.stage.reason(denied.pid)).toBe("normal");
    const silent = await run(HELLO, { imports: "any" });
    expect(await silent.stage.reason(silent.pid)).toBe("normal");
    expect([...denied.stage.logs, ...silent.stage.logs]).toEqual([]);
    await denied.stage.runtime.stop();
    await silent.stage.runtime.stop();
  });

  test("ends for the code that it exits with", async () => {
    expect(await answer("(i32.const 0)")).toBe(0);
    expect(await answer("(i32.const 3)")).toBe(3);
  });

  test("that is a library is initialized first, and then run", async () => {
    await using stage = new Stage({ imports: { [MODULE]: wasi() }, grants: MAY });
    const wasm = assemble(`(module (memory (export "memory") 1) (global $ready (mut i32) (i32.const 0))
      (func (export "_initialize") (global.set $ready (i32.const 1)))
      (func (export "run") (if (i32.eqz (global.get $ready)) (then unreachable))))`);
    expect(await stage.reason(stage.runtime.spawn(await stage.runtime.load(wasm)))).toBe("normal");
  });
});

describe("of WASI", () => {
  test("the arguments are the module's name, and there is no environment", async () => {
    const count = "(i32.load (i32.const 128))";
    const sizes = (name: string) => `(drop (call $${name} (i32.const 128) (i32.const 132)))`;
    expect(await answer(`(block (result i32) ${sizes("args_sizes_get")} ${count})`)).toBe(1);
    expect(await answer(`(block (result i32) ${sizes("environ_sizes_get")} ${count})`)).toBe(0);
  });

  test("there are no directories and no files, and nothing can be waited for", async () => {
    expect(await answer("(call $fd_prestat_get (i32.const 3) (i32.const 128))")).toBe(8);
    const zeros = (count: number) => "(i32.const 0) ".repeat(count);
    expect(await answer(`(call $path_open ${zeros(5)} (i64.const 0) (i64.const 0) ${zeros(2)})`)).toBe(76);
    expect(await answer(`(call $poll_oneoff ${zeros(4)})`)).toBe(76);
  });

  test("the clock and random numbers need their grants", async () => {
    const clock = "(call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 128))";
    const random = "(call $random_get (i32.const 128) (i32.const 32))";
    expect(await answer(clock)).toBe(76);
    expect(await answer(clock, { ...MAY, clock: true })).toBe(0);
    expect(await answer(random)).toBe(76);
    expect(await answer(random, { ...MAY, random: true })).toBe(0);
  });

  test("one call copies a bounded number of bytes", async () => {
    // A vector of 2 GiB, and more vectors than any library writes.
    const huge = "(i32.store (i32.const 132) (i32.const 0x7fffffff))";
    const write = (count: string) =>
      `(call $fd_write (i32.const 1) (i32.const 128) (i32.const ${count}) (i32.const 8))`;
    expect(await answer(`(block (result i32) ${huge} ${write("1")})`)).toBe(28);
    expect(await answer(write("2000"))).toBe(28);
    expect(await answer("(call $random_get (i32.const 0) (i32.const 100000))", { ...MAY, random: true })).toBe(28);
  });

  test("a pointer outside the memory is the guest's crash", async () => {
    await using stage = new Stage({ imports: { [MODULE]: wasi() }, grants: MAY });
    const body = "(drop (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8)))";
    const pid = stage.runtime.spawn(await stage.runtime.load(command(body)));
    expect(await stage.reason(pid)).toMatch(/^crashed: .*outside the memory/);
  });
});
