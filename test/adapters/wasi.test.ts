/**
 * Guests of language runtimes that require WASI: they can write text to their log, and little else.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type WasiOptions, wasi } from "../../host/adapters/wasi.ts";
import type { ExitReason, Grants, Pid, SpawnOptions } from "../../host/index.ts";
import { Stage } from "../support/player.ts";
import { goWasi, rustWasi } from "../support/toolchains.ts";
import { WASI_MODULE, wasiTypes } from "../support/wasi-types.ts";
import { assemble } from "../support/wat.ts";

/** Longer lines are logged in pieces. */
const MAX_LINE_BYTES = 4096;
const MAY: Grants = { imports: [`${WASI_MODULE}.*`], log: true };

/** A command with a memory of its own, as compilers make it. */
function command(body: string, entry = "_start"): Uint8Array<ArrayBuffer> {
  const imports = Object.entries(wasiTypes)
    .filter(([name]) => body.includes(`$${name} `))
    .map(([name, type]) => {
      const [parameters, result] = type.split(" -> ").map(side => side.replaceAll(/[(),]/g, ""));
      return `(import "${WASI_MODULE}" "${name}" (func $${name} (param ${parameters}) (result ${result})))`;
    });
  return assemble(`(module ${imports.join("\n")} (memory (export "memory") 2)
    (data (i32.const 16) "\\40\\00\\00\\00\\06\\00\\00\\00\\46\\00\\00\\00\\06\\00\\00\\00")
    (data (i32.const 64) "hello\\nworld\\n")
    (func (export "${entry}") ${body}))`);
}

const HELLO = "(drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 8)))";

/** Runs a body that leaves what a function answered, which is the exit code then. */
async function answer(call: string, grants: Grants = MAY): Promise<number> {
  await using stage = new Stage({ imports: { [WASI_MODULE]: wasi() }, grants });
  const pid = stage.runtime.spawn(await stage.runtime.load(command(`(call $proc_exit ${call})`)));
  const reason = await stage.end(pid);
  if (reason.kind === "normal") return 0;
  if (reason.kind !== "custom") throw new Error(JSON.stringify(reason));
  return Number(/^exit code (\d+)$/.exec(new TextDecoder().decode(reason.bytes))?.[1]);
}

describe("a command of WASI", () => {
  async function run(body: string, grants: Grants, entry?: string): Promise<{ stage: Stage; pid: Pid }> {
    const stage = new Stage({ imports: { [WASI_MODULE]: wasi() } });
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
    await using stage = new Stage({ imports: { [WASI_MODULE]: wasi() }, grants: MAY });
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

  test("there are all functions of the specification, and no others", () => {
    expect(Object.keys(wasi()).sort()).toEqual(Object.keys(wasiTypes));
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

  test("a pointer outside the memory is the guest's crash", async () => {
    const { reason, logs } = await play(
      "(drop (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8)))",
    );
    expect([reason.kind, messageOf(reason), logs]).toEqual(["crashed", OUTSIDE, []]);
  });
});

const OUTSIDE = expect.stringMatching(/outside the memory/);
/** Two pages. */
const MEMORY_BYTES = 131_072;
const VECTORS = 256;
const RESULT = 128;

interface Played {
  readonly reason: ExitReason;
  readonly logs: readonly string[];
}

/** Runs a command to its end. */
async function play(body: string, options: SpawnOptions = {}, given?: WasiOptions): Promise<Played> {
  await using stage = new Stage({ imports: { [WASI_MODULE]: wasi(given) } });
  const module = await stage.runtime.load(command(body), { reductions: "count" });
  const reason = await stage.end(stage.runtime.spawn(module, { grants: MAY, ...options }));
  return { reason, logs: stage.logs.map(([, , text]) => text) };
}

function messageOf(reason: ExitReason): string {
  return reason.kind === "crashed" ? reason.message : reason.kind;
}

/** Buffers, as `fd_read` and `fd_write` take them. */
function vectors(...list: readonly (readonly [at: number, length: number])[]): string {
  const words = list.flat().map((word, index) => `(i32.store (i32.const ${VECTORS + 4 * index}) (i32.const ${word}))`);
  return words.join("\n");
}

function io(name: "fd_read" | "fd_write", fd: number, count: number, at = VECTORS, result = RESULT): string {
  return `(call $${name} (i32.const ${fd}) (i32.const ${at}) (i32.const ${count}) (i32.const ${result}))`;
}

/** Crashes where an expression is not this number. */
function must(expression: string, wanted: number): string {
  return `(if (i32.ne ${expression} (i32.const ${wanted})) (then unreachable))`;
}

const MOVED = `(i32.load (i32.const ${RESULT}))`;
const fill = (at: number, character: string, length: number) =>
  `(memory.fill (i32.const ${at}) (i32.const ${character.charCodeAt(0)}) (i32.const ${length}))`;

describe("standard input", () => {
  test("is empty, or what the embedder gives", async () => {
    const empty = `${vectors([512, 100])} ${must(io("fd_read", 0, 1), 0)} ${must(MOVED, 0)}`;
    expect((await play(empty)).reason).toEqual({ kind: "normal" });
    // Two buffers, of which the second is filled in part; then the end.
    const some = `${vectors([512, 4], [600, 100])} ${must(io("fd_read", 0, 2), 0)} ${must(MOVED, 7)}
      ${must("(i32.load (i32.const 512))", 0x74736e69)} ${must("(i32.load (i32.const 600))", 0x006e6964)}
      ${must(io("fd_read", 0, 2), 0)} ${must(MOVED, 0)}`;
    expect((await play(some, {}, { stdin: "instdin" })).reason).toEqual({ kind: "normal" });
  });

  test("cannot be written to, nor made longer", async () => {
    const body = `${vectors([64, 12])} ${must(io("fd_write", 0, 1), 76)}
      ${must("(call $fd_pwrite (i32.const 0) (i32.const 256) (i32.const 1) (i64.const 1000000) (i32.const 128))", 76)}
      ${must("(call $fd_allocate (i32.const 0) (i64.const 0) (i64.const 1000000000))", 76)}
      ${must("(call $fd_filestat_set_size (i32.const 0) (i64.const 1000000000))", 76)}
      ${vectors([512, 100])} ${must(io("fd_read", 0, 1), 0)} ${must(MOVED, 0)}`;
    expect((await play(body)).reason).toEqual({ kind: "normal" });
  });
});

describe("what is written", () => {
  const LONG = 3 * MAX_LINE_BYTES + 100;

  test("and has no line end is logged when the descriptor is closed, or when the actor ends", async () => {
    const write = (fd: number) => `${vectors([64, 5])} ${must(io("fd_write", fd, 1), 0)}`;
    const closed = `${write(1)} ${must("(call $fd_close (i32.const 1))", 0)} ${write(2)}`;
    expect(await play(closed)).toEqual({ reason: { kind: "normal" }, logs: ["hello", "hello"] });
    expect((await play(`${write(1)} unreachable`)).logs).toEqual(["hello"]);
  });

  test.each([
    ["in one call", 1, LONG],
    ["byte by byte", LONG, 1],
  ])("as a line that is too long, %s, is logged in pieces", async (_, times, length) => {
    const body = `(local $left i32) ${fill(1024, "x", LONG)} ${vectors([1024, length])} (local.set $left (i32.const ${times}))
      (loop $more ${must(io("fd_write", 1, 1), 0)}
        (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (i32.store8 (i32.const 1024) (i32.const 10)) ${vectors([1024, 1])} ${must(io("fd_write", 1, 1), 0)}`;
    const { logs } = await play(body);
    expect(logs.map(line => line.length)).toEqual([MAX_LINE_BYTES, MAX_LINE_BYTES, MAX_LINE_BYTES, 100]);
  });

  test("is not cut inside a character", async () => {
    // One byte, and then characters of three.
    const euros = `(local $at i32) (local.set $at (i32.const 1025)) (i32.store8 (i32.const 1024) (i32.const 0x78))
      (loop $more (i32.store (local.get $at) (i32.const 0xac82e2)) (local.set $at (i32.add (local.get $at) (i32.const 3)))
        (br_if $more (i32.lt_u (local.get $at) (i32.const 10000))))`;
    const { logs } = await play(`${euros} ${vectors([1024, 6001])} ${must(io("fd_write", 1, 1), 0)}`);
    expect(logs.join("")).toBe(`x${"€".repeat(2000)}`);
    expect(logs).toHaveLength(2);
  });

  test("is charged to logBytesPerSecond in bytes, with or without a line end", async () => {
    const limits = { logBytesPerSecond: 2 * MAX_LINE_BYTES };
    const long = `${fill(1024, "x", LONG)} ${vectors([1024, LONG])} ${must(io("fd_write", 1, 1), 0)}`;
    // Each line counts a byte more than it has.
    expect((await play(long, { limits })).logs.map(line => line.length)).toEqual([MAX_LINE_BYTES, 100]);
    const euro = `(i32.store (i32.const 1024) (i32.const 0x0aac82e2)) ${vectors([1024, 4])} ${must(io("fd_write", 1, 1), 0)}`;
    expect((await play(euro, { limits: { logBytesPerSecond: 3 } })).logs).toEqual([]);
    expect((await play(euro, { limits: { logBytesPerSecond: 4 } })).logs).toEqual(["€"]);
  });

  test("is charged to the reductions", async () => {
    // A thousand lines in each call: 100 reductions and more for each of them.
    const body = `${fill(1024, "\n", 1000)} ${vectors([1024, 1000])} (loop $more (drop ${io("fd_write", 1, 1)}) (br $more))`;
    const limits = { handlerReductions: 500_000, logBytesPerSecond: 2 ** 28 };
    const { reason, logs } = await play(body, { limits, reductions: { policy: "kill" } });
    expect(messageOf(reason)).toMatch(/^reductions: /);
    expect(logs.length).toBeGreaterThan(4000);
    expect(logs.length).toBeLessThanOrEqual(5000);
  });

  test("without the grant log is forgotten", async () => {
    const body = `${vectors([64, 5])} ${must(io("fd_write", 1, 1), 0)} ${must(MOVED, 5)}`;
    const grants: Grants = { imports: "any" };
    expect(await play(body, { grants })).toEqual({ reason: { kind: "normal" }, logs: [] });
  });
});

describe("one call", () => {
  test("moves at most 64 KiB", async () => {
    const write = `${vectors([4096, 100_000])} ${must(io("fd_write", 1, 1), 0)} ${must(MOVED, 65_536)}`;
    expect((await play(write)).reason).toEqual({ kind: "normal" });
    const read = `${vectors([4096, 100_000])} ${must(io("fd_read", 0, 1), 0)} ${must(MOVED, 65_536)}
      ${must(io("fd_read", 0, 1), 0)} ${must(MOVED, 4464)}`;
    expect((await play(read, {}, { stdin: new Uint8Array(70_000) })).reason).toEqual({ kind: "normal" });
    const random = must("(call $random_get (i32.const 0) (i32.const 100000))", 28);
    expect((await play(random, { grants: { ...MAY, random: true } })).reason).toEqual({ kind: "normal" });
  });

  test("logs at most a thousand lines", async () => {
    const body = `${fill(4096, "\n", 50_000)} ${vectors([4096, 50_000])} ${must(io("fd_write", 1, 1), 0)} ${must(MOVED, 1000)}`;
    expect((await play(body)).logs).toHaveLength(1000);
  });

  test("takes at most 1,024 buffers, which may overlap", async () => {
    expect((await play(must(io("fd_write", 1, 1025, 4096), 28))).reason).toEqual({ kind: "normal" });
    expect((await play(must(io("fd_write", 1, -1), 28))).reason).toEqual({ kind: "normal" });
    expect((await play(must(io("fd_read", 0, -1), 28))).reason).toEqual({ kind: "normal" });
    // Among them: the buffers themselves, read into while they are read.
    const overlapping = `${vectors([64, 6], [64, 5], [64, 6])} ${must(io("fd_write", 1, 3), 0)} ${must(MOVED, 17)}`;
    expect((await play(overlapping)).logs).toEqual(["hello", "hellohello"]);
    const self = `${vectors([VECTORS, 8], [VECTORS, 16])} ${must(io("fd_read", 0, 2), 0)} ${must(MOVED, 20)}`;
    expect((await play(self, {}, { stdin: "0123456789abcdefghij" })).reason).toEqual({ kind: "normal" });
  });

  test.each<[what: string, body: string]>([
    ["buffers that wrap", `${vectors([-4, 8])} (drop ${io("fd_write", 1, 1)})`],
    ["a buffer of 4 GiB", `${vectors([64, -1])} (drop ${io("fd_write", 1, 1, VECTORS, -4)})`],
    ["a list of buffers that wraps", `(drop ${io("fd_read", 0, 2, -8)})`],
    ["a list of buffers at the memory's end", `(drop ${io("fd_read", 0, 2, MEMORY_BYTES - 8)})`],
    ["a result at the memory's end", `${vectors([64, 6])} (drop ${io("fd_write", 1, 1, VECTORS, MEMORY_BYTES - 3)})`],
    ["arguments outside", "(drop (call $args_get (i32.const 0) (i32.const -1)))"],
    ["sizes outside", "(drop (call $args_sizes_get (i32.const 0) (i32.const -1)))"],
    ["a time outside", "(drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 131068)))"],
    ["random bytes outside", "(drop (call $random_get (i32.const 131000) (i32.const 100)))"],
    ["a description outside", "(drop (call $fd_fdstat_get (i32.const 1) (i32.const 131050)))"],
  ])("with %s is the guest's crash, and logs nothing", async (_, body) => {
    const { reason, logs } = await play(body, { grants: { ...MAY, clock: true, random: true } });
    expect([messageOf(reason), logs]).toEqual([OUTSIDE, []]);
  });
});

describe("a descriptor", () => {
  test("that is closed, or never was, is answered so, and stays closed", async () => {
    const close = (fd: number) => `(call $fd_close (i32.const ${fd}))`;
    const calls = (fd: number) => [
      io("fd_read", fd, 1),
      io("fd_write", fd, 1),
      close(fd),
      `(call $fd_fdstat_get (i32.const ${fd}) (i32.const ${RESULT}))`,
      `(call $fd_fdstat_set_flags (i32.const ${fd}) (i32.const 0))`,
      `(call $fd_seek (i32.const ${fd}) (i64.const 0) (i32.const 0) (i32.const ${RESULT}))`,
    ];
    const never = [3, -1, 2 ** 31 - 1].flatMap(calls);
    const closed = [0, 1, 2].flatMap(fd => calls(fd).map(call => must(call, 8)));
    const body = [
      vectors([64, 5]),
      ...never.map(call => must(call, 8)),
      ...[0, 1, 2].map(fd => must(close(fd), 0)),
      ...closed,
    ];
    expect(await play(body.join("\n"))).toEqual({ reason: { kind: "normal" }, logs: [] });
  });

  test("is a terminal that is read from or written to, and cannot be sought in", async () => {
    const stat = (fd: number, rights: number) => `
      ${must(`(call $fd_fdstat_get (i32.const ${fd}) (i32.const ${RESULT}))`, 0)}
      ${must(`(i32.load (i32.const ${RESULT}))`, 2)} ${must(`(i32.load (i32.const ${RESULT + 8}))`, rights)}
      ${must(`(call $fd_seek (i32.const ${fd}) (i64.const 0) (i32.const 0) (i32.const ${RESULT}))`, 70)}
      ${must(`(call $fd_fdstat_set_flags (i32.const ${fd}) (i32.const 0))`, 0)}
      ${must(`(call $fd_fdstat_set_flags (i32.const ${fd}) (i32.const 4))`, 58)}`;
    const body = `${stat(0, 2)} ${stat(1, 64)} ${stat(2, 64)} ${must("(call $sched_yield )", 0)}`;
    expect((await play(body)).reason).toEqual({ kind: "normal" });
  });
});

describe.each([
  ["Go", goWasi, ['read "in\\nput" <nil>', "random: <nil> clock: true"]],
  ["Rust", rustWasi, ['read "in\\nput" true', "random: {1: 2} clock: true"]],
] as const)("a program in %s", (_, toolchain, [read, random]) => {
  if (toolchain.version === undefined) {
    test.skip(`not installed: ${toolchain.installedBy}`, () => {});
    return;
  }
  let folder: string;
  let bytes: Uint8Array<ArrayBuffer>;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "isopod-wasi-"));
    bytes = toolchain.build("hello", folder);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(["none", "count"] as const)(
    "writes, reads, and finds no files, with reductions: %s",
    async reductions => {
      const imports = { [WASI_MODULE]: wasi({ args: ["hello", "you"], stdin: "in\nput" }) };
      await using stage = new Stage({ imports, limits: { memoryPages: 1000 } });
      const pid = stage.runtime.spawn(await stage.runtime.load(bytes, { reductions }));
      expect(await stage.end(pid)).toEqual({ kind: "custom", bytes: new TextEncoder().encode("exit code 3") });
      expect(stage.logs.map(([, , text]) => text)).toEqual([
        "2 arguments, 0 variables",
        read,
        "a file: true",
        random,
        "no line end",
      ]);
    },
    120_000,
  );
});
