/** Modules with large first states, and actors that change much: their images have more than 128 KiB. */
import { describe, expect, test } from "vitest";
import type { GuestModule, Pid, Runtime, RuntimeOptions } from "../../host/index.ts";
import { quiet } from "../support/guests.ts";
import { argsOf, COUNTER, countsOf } from "../support/hibernated.ts";
import { newRuntime } from "../support/runtimes.ts";
import { guest } from "../support/wat.ts";

const PAGE = 65_536;
/** 400 KB of data, of which no word is 0. */
const DATA = 400_000;
const data = (at: number, length: number) => `(data (i32.const ${at}) "${"\\5a".repeat(length)}")`;

/** A counter that fills so many bytes behind its data first. */
const filler = (fills: number) =>
  COUNTER.replace(";; first", `(memory.fill (i32.const ${8 * PAGE}) (i32.const 0x77) (i32.const ${fills}))`).replaceAll(
    "(i32.const 60000)",
    `(i32.const ${8 * PAGE + 4})`,
  );

let runtime: Runtime;
let module: GuestModule;

async function begin(fills: number, options: RuntimeOptions = { limits: { instances: 1 } }) {
  runtime = newRuntime(options);
  const memory = `(import "env" "memory" (memory 32))`;
  module = await runtime.load(guest(`${data(PAGE, DATA)} ${filler(fills)}`, memory), { name: "filler" });
  const boss = runtime.mailbox();
  return { boss, spawn: () => runtime.spawn(module, { args: argsOf(boss.pid) }) };
}

async function poke(...pids: Pid[]): Promise<void> {
  for (const pid of pids) runtime.send(pid, "");
  await quiet();
}

const FIRST = 0x77777777;

describe("actors of a module with 400 KB of data", () => {
  test.for([0, 100, 300_000, 1_500_000])("take turns in one instance, where each has changed %i bytes", async fills => {
    const { boss, spawn } = await begin(fills);
    const pids = [spawn(), spawn(), spawn()];
    for (let i = 0; i < 3; i++) await poke(...pids);
    const start = fills === 0 ? 0 : FIRST;
    expect(countsOf(boss)).toEqual([1, 2, 3].flatMap(n => Array(3).fill([n, start + n])));
    expect(pids.map(pid => runtime.info(pid)?.pinned)).toEqual([undefined, undefined, undefined]);
    const image = runtime.image(pids[0]);
    expect(image.length).toBeGreaterThanOrEqual(fills);
    expect(image.length).toBeLessThan(1.1 * fills + 1000);
    const copy = runtime.spawnImage(module, image);
    expect(runtime.image(copy)).toEqual(image);
    await poke(copy);
    expect(countsOf(boss)).toEqual([[4, start + 4]]);
    const { images } = runtime.snapshot().memory;
    for (const pid of [...pids, copy]) runtime.kill(pid);
    await quiet();
    expect(images - runtime.snapshot().memory.images).toBeGreaterThanOrEqual(3 * fills);
    await poke(spawn());
    expect(countsOf(boss)).toEqual([[1, start + 1]]);
  });

  test("may be what a module is derived from", async () => {
    const { boss, spawn } = await begin(300_000);
    const pid = spawn();
    await poke(pid);
    const from = runtime.derive(module, runtime.image(pid));
    const copies = [runtime.spawn(from), runtime.spawn(from)];
    await poke(...copies, pid, ...copies);
    expect(countsOf(boss).map(([n]) => n)).toEqual([1, 2, 3, 2, 3, 2]);
  });
});

test("a thousand modules that are derived from one share its first state", async () => {
  const { boss, spawn } = await begin(0);
  const pid = spawn();
  await poke(pid);
  const image = runtime.image(pid);
  runtime.kill(pid);
  const { images } = runtime.snapshot().memory;
  const modules = Array.from({ length: 1_000 }, () => runtime.derive(module, image));
  expect(runtime.snapshot().memory.images - images).toBeLessThan(1_000 * 1_100);
  countsOf(boss);
  const pids = modules.slice(0, 50).map(each => runtime.spawn(each));
  const base = spawn();
  await poke(...pids, base, ...pids);
  const counts = countsOf(boss).map(([n]) => n);
  expect(counts.sort()).toEqual([1, ...Array(50).fill(2), ...Array(50).fill(3)]);
  for (const each of modules) runtime.unload(each);
  for (const each of [...pids, base]) runtime.kill(each);
  await quiet();
  expect(runtime.snapshot().memory.images).toBe(images);
});

test("pools of one module share its first state, and a derived module keeps it when its base is unloaded", async () => {
  const { boss, spawn } = await begin(0);
  const pid = spawn();
  await poke(pid);
  const { images } = runtime.snapshot().memory;
  const args = argsOf(boss.pid);
  const other = runtime.spawn(module, { args, limits: { memoryPages: 33 } });
  await poke(other);
  expect(runtime.snapshot().memory.images).toBe(images);
  const from = runtime.derive(module, runtime.image(pid));
  runtime.kill(pid);
  runtime.kill(other);
  await quiet();
  runtime.unload(module);
  const { images: kept } = runtime.snapshot().memory;
  expect(kept).toBeGreaterThan(DATA);
  countsOf(boss);
  const last = runtime.spawn(from);
  await poke(last);
  expect(countsOf(boss)).toEqual([[2, 2]]);
  expect(runtime.snapshot().memory.images).toBe(kept);
  runtime.unload(from);
  runtime.kill(last);
  await quiet();
  expect(runtime.snapshot().memory.images).toBeLessThan(DATA);
});

test("an actor keeps its instance where `allMemoryBytes` has no room for an image of more than 128 KiB", async () => {
  const { boss, spawn } = await begin(1_000_000, { limits: { instances: 1, allMemoryBytes: 4_000_000 } });
  const one = spawn();
  await poke(one);
  expect(runtime.hibernate(one)).toBe(false);
  expect(runtime.info(one)?.pinned).toMatch("no memory left for its image");
  expect(() => runtime.image(one)).toThrow("no memory left");
  await poke(one);
  expect(countsOf(boss)).toEqual([
    [1, FIRST + 1],
    [2, FIRST + 2],
  ]);
});
