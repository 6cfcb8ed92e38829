/**
 * The account counts all memory that guests have and cause. The process does not grow beyond it,
 * each kind is refused at its limit, and what an ended actor had is no longer counted.
 */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { Limits, MemoryUse, Pid, RuntimeLimits, RuntimeOptions } from "../../host/index.ts";
import { guest } from "../support/wat.ts";
import { Arena } from "./arena.ts";
import { BOSS, COMMON, growing, IDLE, insisting, named, spawning, tells, told, WAIT, words } from "./attackers.ts";
import { type Hoard, LIMITS, NAMES } from "./hoards.ts";

const MIB = 2 ** 20;
const SLOW = 300_000;
const SELF = "(call $self_lo) (call $self_hi)";

const memoryOf = ({ memories, instances, arguments: given, stacks, ties, kept }: MemoryUse) =>
  memories + instances + given + stacks + ties + kept;

describe("the process grows by what is counted:", () => {
  const played: Hoard[] = [];

  beforeAll(async () => {
    const script = fileURLToPath(new URL("./hoards.ts", import.meta.url));
    const names = [...NAMES];
    // Each in a process of its own: what another has left would be taken for growth, or hide it.
    const playSome = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        const args = ["--expose-gc", "--disable-wasm-trap-handler", script, name];
        const { stdout } = await promisify(execFile)(process.execPath, args);
        played.push(JSON.parse(stdout) as Hoard);
      }
    };
    await Promise.all([playSome(), playSome()]);
  }, SLOW);

  test.each(NAMES)("%s", name => {
    const hoard = played.find(each => each.name === name);
    if (hoard === undefined) throw new Error(`${name} was not played`);
    const { use, grownBytes, reasons } = hoard;
    // Signals are delivered beyond the limit, without their bytes.
    expect(memoryOf(use)).toBeLessThanOrEqual(LIMITS.allMemoryBytes);
    expect(use.mailboxes + use.timers).toBeLessThanOrEqual(LIMITS.allMailboxBytes * 1.25);
    const counted = memoryOf(use) + use.mailboxes + use.timers;
    // It has taken something.
    expect(counted).toBeGreaterThan(2 * MIB);
    expect(grownBytes).toBeLessThan(2 * counted + 64 * MIB);
    if (/memories|arguments$|stacks|tables/.test(name)) expect(reasons.join()).toContain("allMemoryBytes");
  });
});

/**
 * What a handler that is granted everything gets when it tries until it is refused: how often it
 * was granted, and the refusal.
 */
async function insists(
  attempt: string,
  limits: Partial<RuntimeLimits>,
  more = "",
  options: RuntimeOptions = {},
  prepare?: (arena: Arena) => Promise<void>,
): Promise<number[]> {
  await using arena = await Arena.open({ limits, ...options });
  await prepare?.(arena);
  const pid = await arena.attack(insisting(attempt, { more }), tells(arena, { grants: "all", entry: "handle" }));
  arena.runtime.send(pid, "");
  const answer = await told(arena, pid);
  expect(arena.runtime.isAlive(pid)).toBe(true);
  expect(await arena.served()).toBe(true);
  return answer;
}

describe("beyond allMemoryBytes", () => {
  const limits = { allMemoryBytes: 8 * MIB };
  const most: Partial<Limits> = { ties: 100_000, names: 100_000, hostCalls: 100_000 };
  /** A quarter may be ties and instances, and every tie is counted. */
  const few = { allMemoryBytes: 4 * MIB, ...most };
  const mostOf = (bytes: number, { instances }: MemoryUse) => Math.floor((MIB - instances) / bytes);

  test.each([
    ["a monitor", `(call $monitor ${BOSS})`, 64],
    ["a ref", "(call $make_ref)", 192],
    ["a name", `(call $fresh) (call $register (i32.const 512) (i32.const 8) ${SELF})`, 768],
    ["a group", "(call $fresh) (call $join (i32.const 512) (i32.const 8))", 768],
  ])("%s is refused with -101", async (_, attempt, bytes) => {
    await using arena = await Arena.open({ limits: few });
    const pid = await arena.attack(insisting(attempt), tells(arena, { grants: "all", entry: "handle" }));
    arena.runtime.send(pid, "");
    const use = arena.runtime.snapshot().memory;
    const answer = await told(arena, pid);
    expect(answer).toEqual([mostOf(bytes, use), -101]);
    expect(arena.runtime.snapshot().memory.ties).toBe(answer[0] * bytes);
    expect(await arena.served()).toBe(true);
    arena.runtime.kill(pid);
    await arena.settle();
    expect(arena.runtime.snapshot().memory.ties).toBe(0);
  });

  test("a call of the embedder's function is refused with -101, and the function is not called", async () => {
    let calls = 0;
    const call = () => {
      calls++;
      return new Promise<number>(() => {});
    };
    await using arena = await Arena.open({ limits: few, imports: { slow: { call } } });
    const body = `(import "slow" "call" (func $slow (result i32))) ${COMMON}
      (func (export "run") (local $status i32)
        (call $begin)
        (loop $more (br_if $more (i32.eq (local.tee $status (call $slow)) (i32.const -2))))
        (call $note (local.get $status)) (call $tell) ${WAIT})`;
    const pid = await arena.attack(body, tells(arena, { grants: "all" }));
    expect(await told(arena, pid)).toEqual([-101]);
    expect(calls).toBe(mostOf(768, arena.runtime.snapshot().memory));
  });

  test("arguments of a child are refused with -101 before they are copied", async () => {
    const child = spawning("kid", 0, "(i32.const 0) (i32.const 65536)");
    const define = async (arena: Arena) => arena.runtime.define("kid", await arena.load(IDLE));
    const [granted = 0, refused] = await insists(child, limits, named("kid"), {}, define);
    // Each has a page of arguments, and no instance before its first turn.
    expect(refused).toBe(-101);
    expect(granted * 65_536).toBeLessThan(8 * MIB);
    expect(granted * 65_536).toBeGreaterThan(7 * MIB);
  });

  test("a guest that waits by JSPI is refused for want of a stack, to guests and to the host", async () => {
    const fiber = `(func (export "run") ${WAIT})`;
    const more = named("fiber");
    const define = async (arena: Arena) => {
      const module = await arena.load(fiber);
      arena.runtime.define("fiber", module);
      for (let i = 0; i < 3; i++) arena.runtime.spawn(module);
    };
    expect(await insists(spawning("fiber"), limits, more, {}, define)).toEqual([3, -101]);
    await using arena = await Arena.open({ limits });
    const module = await arena.load(fiber);
    for (let i = 0; i < 6; i++) arena.runtime.spawn(module);
    expect(() => arena.runtime.spawn(module)).toThrow(/allMemoryBytes/);
    expect(await arena.served()).toBe(true);
  });

  test("an instance is refused that takes more than is left", async () => {
    await using arena = await Arena.open({ limits });
    const exports = Array.from({ length: 2000 }, (_, i) => `(func (export "e${i}"))`).join("\n");
    for (let i = 0; i < 2; i++) {
      arena.runtime.spawn(await arena.load(`${exports} ${IDLE}`));
      // Its actor has it now.
      await arena.settle();
    }
    const third = await arena.load(`${exports} ${IDLE}`);
    expect(() => arena.runtime.spawn(third)).toThrow(/allMemoryBytes/);
    expect(await arena.served()).toBe(true);
  });

  test("growth that no import follows is the crash of its actor when it next asks for reductions", async () => {
    await using arena = await Arena.open({ limits: { allMemoryBytes: 4 * MIB } });
    const pid = await arena.attack(`(func (export "run") ${`(drop ${growing("(memory.grow (i32.const 60))")})`}
      (loop $on (br $on)))`);
    expect(await arena.reason(pid)).toMatch(/^crashed: its memory has grown to 4063232 bytes, .*allMemoryBytes/);
    expect(await arena.served()).toBe(true);
  });

  test("instances that no actor has make room for a spawn", async () => {
    await using arena = await Arena.open({ limits });
    const { memories } = arena.runtime.snapshot().memory;
    const once = await arena.load(`(func (export "handle") (param $length i32)
      (if (local.get $length) (then (call $exit (i32.const 0) (i32.const 0) (i32.const 0)))))`);
    const pids = Array.from({ length: 30 }, () => arena.runtime.spawn(once));
    for (const bytes of ["", "end"]) {
      for (const pid of pids) arena.runtime.send(pid, bytes);
      await arena.settle();
    }
    expect(pids.some(pid => arena.runtime.isAlive(pid))).toBe(false);
    expect(arena.runtime.snapshot().memory.memories).toBe(memories + 30 * 2 * 65_536);
    const large = await arena.load(IDLE, { memory: `(import "env" "memory" (memory 100))` });
    const pid = arena.runtime.spawn(large);
    expect(arena.runtime.snapshot().memory.memories).toBe(memories + 100 * 65_536);
    expect(arena.runtime.isAlive(pid)).toBe(true);
    expect(await arena.served()).toBe(true);
  });
});

test("stacks of JSPI that no actor needs are kept for others, 32 at most, and counted", async () => {
  await using arena = await Arena.open();
  const module = await arena.load(`(func (export "run")
    (if (i32.eq (call $recv (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)) (i32.const -2))
      (then (drop (call $park)))))`);
  const spawn = (count: number) => Array.from({ length: count }, () => arena.runtime.spawn(module));
  const use = () => arena.runtime.snapshot().memory;
  const pids = spawn(40);
  await arena.settle();
  expect([use().stacks, use().kept]).toEqual([40 * MIB, 0]);
  for (const pid of pids) arena.runtime.send(pid, "");
  await arena.settle();
  expect(await Promise.all(pids.map(pid => arena.reason(pid)))).toEqual(Array(40).fill("normal"));
  expect([use().stacks, use().kept]).toEqual([0, 32 * MIB]);
  // The next actors take them.
  spawn(10);
  await arena.settle();
  expect([use().stacks, use().kept]).toEqual([10 * MIB, 22 * MIB]);
  expect(await arena.served()).toBe(true);
});

describe("beyond allMailboxBytes", () => {
  test.each([
    ["empty", 0, 640],
    ["long", 10_000, 10_640],
  ])("a timer with a payload that is %s is refused with -101", async (_, length, bytes) => {
    const set = `(call $send_after (i32.const 1000000) ${SELF} (i32.const 0) (i32.const 0) (i32.const ${length}))`;
    const [granted = 0, refused] = await insists(set, { allMailboxBytes: MIB });
    expect(refused).toBe(-101);
    expect(granted * bytes).toBeLessThanOrEqual(MIB);
    expect(granted * bytes).toBeGreaterThan(0.8 * MIB);
  });

  test("a message is refused where its mailbox needs more room, and taken where that is counted already", async () => {
    // One has more than 64 KiB; then others, who may have that, take what is left.
    await using arena = await Arena.open({ limits: { allMailboxBytes: 400_000 } });
    const send = (length: number) => `(call $send ${SELF} (i32.const 1) (i32.const 768) (i32.const ${length}))`;
    const filled = (count: number) =>
      guest(`${COMMON}
      (global $waits (mut i32) (i32.const 0))
      (func (export "run") unreachable)
      (func (export "resume:run") (param i32) (result i32) (local $left i32)
        (if (global.get $waits)
          (then (call $note ${send(960)}) (call $note ${send(8)}) (call $tell) (return (i32.const 0))))
        (call $begin) (global.set $waits (i32.const 1)) (local.set $left (i32.const ${count}))
        (loop $more (drop ${send(960)}) (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (drop (call $recv_tag (i32.const 0) (i32.const 768) (i32.const 64) (i32.const 1000) (i32.const 7)))
        (i32.const 1))`);
    // Not counted, for who pays goes by way of the host.
    const load = (count: number) => arena.runtime.load(filled(count));
    // Its segments have 1 KiB, 2 KiB and 4 KiB each, with 1, 2 and 4 such items: in the last one only a
    // short one has room.
    const [large, small] = [await load(1 + 2 + 19 * 4), await load(60)];
    const pid = arena.runtime.spawn(large, tells(arena));
    await arena.settle();
    for (let i = 0; i < 6; i++) arena.runtime.spawn(small, tells(arena));
    await arena.settle();
    expect(arena.runtime.snapshot().memory.mailboxes).toBeGreaterThan(400_000);
    await arena.clock.advance(1000);
    expect(await told(arena, pid)).toEqual([-1, 1]);
  });

  test.each([
    ["a Down", `(drop (call $monitor ${BOSS}))`, 2],
    ["an Exit", `(drop (call $link ${BOSS})) (drop (call $trap_exit (i32.const 1)))`, 3],
  ])("%s comes without the bytes of its reason, and with its code", async (_, tie, kind) => {
    for (const [mailboxBytes, length] of [
      [5000, 3000],
      [2999, 0],
    ]) {
      await using arena = await Arena.open();
      const end = `(call $exit (i32.const 6) (i32.const 0) (i32.const 3000))`;
      const victim = await arena.attack(`(func (export "handle") (param i32) ${end})`);
      const body = `${COMMON}
        (func (export "_start") (call $begin) (call $window (i32.const 64) (i32.const 1024) (i32.const 4096))
          ${tie.replace(BOSS, words(victim))})
        (func (export "handle") (param $n i32)
          (call $note (i32.load (i32.const 64))) (call $note (i32.load (i32.const 84))) (call $note (local.get $n)) (call $tell))`;
      const pid = await arena.attack(body, tells(arena, { grants: "all", limits: { mailboxBytes } }));
      await arena.settle();
      arena.runtime.send(victim, "");
      expect(await told(arena, pid)).toEqual([kind, 6, length]);
    }
  });
});

test("what has ended is counted no more", async () => {
  const imports = { slow: { call: () => new Promise<number>(() => {}) } };
  await using arena = await Arena.open({ imports, limits: { allMemoryBytes: 256 * MIB } });
  const large = await arena.load(IDLE, { memory: `(import "env" "memory" (memory 5000))` });
  const use = () => {
    // The first states of modules stay as long as these.
    const { kept, mailboxes, images, ...rest } = arena.runtime.snapshot().memory;
    return rest;
  };
  const before = use();
  arena.runtime.define("kid", await arena.load(IDLE));
  const later = (to: string) =>
    `(drop (call $send_after (i32.const 1000) ${to} (i32.const 0) (i32.const 0) (i32.const 500)))`;
  const act = `(call $begin)
    ${`(drop (call $monitor ${BOSS})) (drop (call $make_ref)) (drop (call $slow))`.repeat(20)}
    (call $fresh) (drop (call $register (i32.const 512) (i32.const 8) ${SELF}))
    (drop ${spawning("kid", 3, "(i32.const 0) (i32.const 5000)")})
    (drop (call $cancel_timer (call $send_after (i32.const 5) ${SELF} (i32.const 0) (i32.const 0) (i32.const 9))))
    ${later(SELF)} ${later(BOSS)} (drop (memory.grow (i32.const 3)))`;
  const parts = `(import "slow" "call" (func $slow (result i32))) ${named("kid")} ${COMMON}`;
  const bodies = [
    `${parts} (func (export "run") ${act} ${WAIT})`,
    `${parts} (func (export "handle") (param i32) ${act})`,
    `${parts} (func (export "run") unreachable) (func (export "resume:run") (param i32) (result i32) ${act}
      (drop (call $recv (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1))) (i32.const 1))`,
    `${parts} (func $go ${act} unreachable) (start $go) ${IDLE}`,
  ];
  const pids: Pid[] = [];
  for (const body of bodies) {
    const module = await arena.load(body);
    for (let i = 0; i < 3; i++) {
      try {
        const pid = arena.runtime.spawn(module, tells(arena, { grants: "all" }));
        arena.runtime.send(pid, "");
        pids.push(pid);
      } catch {
        // Its start function traps.
      }
    }
  }
  await arena.settle();
  const meanwhile = use();
  for (const name of Object.keys(before) as (keyof typeof before)[]) {
    expect(meanwhile[name], name).toBeGreaterThan(before[name]);
  }
  for (const pid of pids) arena.runtime.kill(pid);
  await arena.settle();
  // Instances wait for the next actors, until something else needs their memory.
  expect(() => arena.runtime.spawn(large)).toThrow(/allMemoryBytes/);
  await arena.settle();
  expect({ ...use(), timers: 0 }).toEqual(before);
  // Those for others are still to come.
  expect(use().timers).toBeGreaterThan(0);
  await arena.clock.advance(1000);
  expect(use()).toEqual(before);
  expect(arena.runtime.size).toBe(1);
});

test("a stack of JSPI counts 28 times where its guest has exceptions, which its frames could keep", async () => {
  await using arena = await Arena.open({ limits: { allMemoryBytes: 250 * MIB } });
  const waits = `(func (export "run") ${WAIT})`;
  const plain = await arena.load(waits);
  const throwing = await arena.load(`(tag $t (param i32)) (func (export "throws") (throw $t (i32.const 1))) ${waits}`);
  arena.runtime.spawn(plain);
  expect(arena.runtime.snapshot().memory.stacks).toBe(MIB);
  arena.runtime.spawn(throwing, { entry: "run" });
  expect(arena.runtime.snapshot().memory.stacks).toBe(29 * MIB);
  for (let i = 0; i < 7; i++) arena.runtime.spawn(throwing, { entry: "run" });
  expect(() => arena.runtime.spawn(throwing, { entry: "run" })).toThrow(/allMemoryBytes/);
});
