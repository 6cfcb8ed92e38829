/** Actors leave their instances and come back, and neither they nor anyone else can tell. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { GuestModule, Pid, RuntimeOptions, SpawnOptions } from "../../host/index.ts";
import { Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet } from "../support/guests.ts";
import { COUNTER, countsOf } from "../support/hibernated.ts";
import { guest } from "../support/wat.ts";

let clock: ManualClock;
let runtime: Runtime;
let counter: GuestModule;

async function begin(options: RuntimeOptions = {}): Promise<void> {
  clock = new ManualClock();
  runtime = new Runtime({ grants: "all", clock, ...options });
  counter = await runtime.load(guest(COUNTER), { name: "counter" });
}
beforeEach(() => begin());
afterEach(() => runtime.stop());

/** Spawns counters that have parked, and what each of them tells when it gets a message. */
async function counters(many: number, options: SpawnOptions = {}) {
  const boss = runtime.mailbox();
  const args = new Uint8Array(BigUint64Array.of(BigInt(boss.pid)).buffer);
  const pids = Array.from({ length: many }, () => runtime.spawn(counter, { args, ...options }));
  await quiet();
  const tell = async (pid: Pid) => {
    runtime.send(pid, "");
    await quiet();
    return countsOf(boss);
  };
  return { pids, tell };
}

const isResident = (pid: Pid) => runtime.info(pid)?.resident;

describe("an actor that is told to hibernate", () => {
  test("has no instance until its next turn, and goes on where it was", async () => {
    const { pids, tell } = await counters(1);
    const [pid] = pids;
    expect(await tell(pid)).toEqual([[1, 1]]);
    expect(isResident(pid)).toBe(true);
    expect(runtime.info(pid)?.imageBytes).toBeUndefined();
    expect(runtime.hibernate(pid)).toBe(true);
    expect(isResident(pid)).toBe(false);
    expect(runtime.info(pid)).toMatchObject({ state: "parked", waits: { for: "any" }, memoryBytes: 131_072 });
    expect(runtime.info(pid)?.imageBytes).toBeGreaterThan(24);
    expect(await tell(pid)).toEqual([[2, 2]]);
    expect(isResident(pid)).toBe(true);
    expect(runtime.counters).toMatchObject({ hibernated: 1, loaded: 1, spawned: 1 });
  });

  test("answers false twice, and where there is none", async () => {
    const { pids } = await counters(1);
    expect(runtime.hibernate(pids[0])).toBe(true);
    expect(runtime.hibernate(pids[0])).toBe(false);
    expect(runtime.hibernate(runtime.mailbox().pid)).toBe(false);
    runtime.kill(pids[0]);
    expect(runtime.hibernate(pids[0])).toBe(false);
  });

  test("has no instance before its first turn, and an image of no bytes", () => {
    const pid = runtime.spawn(counter);
    expect(runtime.info(pid)).toMatchObject({ resident: false, imageBytes: 0, memoryBytes: 131_072 });
    expect(runtime.hibernate(pid)).toBe(false);
  });

  test("may be ready: its message waits, and it is loaded by its turn", async () => {
    const { pids, tell } = await counters(2);
    await tell(pids[0]);
    runtime.send(pids[0], "");
    expect(runtime.hibernate(pids[0])).toBe(true);
    expect(runtime.info(pids[0])).toMatchObject({ state: "ready", resident: false });
    expect(await tell(pids[1])).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  test("ends as any other, and its image with it", async () => {
    const { pids } = await counters(3);
    for (const pid of pids) runtime.hibernate(pid);
    const { images } = runtime.snapshot().memory;
    for (const pid of pids) runtime.kill(pid);
    await quiet();
    expect(runtime.size).toBe(0);
    const first = runtime.snapshot().memory.images;
    expect(images).toBeGreaterThan(first);
    expect(first).toBeGreaterThan(0);
  });

  test("cannot be the one whose turn it is", async () => {
    const answers: (boolean | undefined)[] = [];
    await runtime.stop();
    await begin({
      imports: {
        host: {
          hibernate: context => {
            answers.push(runtime.hibernate(context.pid));
          },
        },
      },
    });
    const module = await runtime.load(
      guest(`(import "host" "hibernate" (func $h))
        (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
        (func (export "handle") (param i32) (call $h))`),
    );
    const pid = runtime.spawn(module);
    runtime.send(pid, "");
    await quiet();
    expect(answers).toEqual([false]);
    expect(runtime.hibernate(pid)).toBe(true);
  });

  test("may have a memory that has grown, which it finds again", async () => {
    const grows = COUNTER.replace(";; first", "(drop (memory.grow (i32.const 1)))");
    counter = await runtime.load(guest(grows));
    const { pids, tell } = await counters(2);
    await tell(pids[0]);
    expect(runtime.hibernate(pids[0])).toBe(true);
    expect(runtime.info(pids[0])).toMatchObject({ resident: false, memoryBytes: 196_608 });
    expect(await tell(pids[1])).toEqual([[1, 1]]);
    expect(await tell(pids[0])).toEqual([[2, 2]]);
    expect(runtime.info(pids[0])).toMatchObject({ resident: true, memoryBytes: 196_608 });
  });

  test("keeps its timeout", async () => {
    const waiter = await runtime.load(
      guest(`(func (export "run"))
        (func (export "resume:run") (param $n i32) (result i32)
          (if (i32.eq (local.get $n) (i32.const -1)) (then (return (i32.const 0))))
          (i32.eq (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 100)) (i32.const -2)))`),
    );
    const pid = runtime.spawn(waiter);
    const ended = runtime.exited(pid);
    await quiet();
    expect(runtime.hibernate(pid)).toBe(true);
    expect(runtime.info(pid)?.waits).toEqual({ for: "any", value: undefined, leftMs: 100 });
    clock.advance(99);
    await quiet();
    expect(isResident(pid)).toBe(false);
    clock.advance(1);
    expect(await ended).toEqual({ kind: "normal" });
  });

  test("keeps count of its reductions", async () => {
    counter = await runtime.load(guest(COUNTER), { reductions: "count" });
    const { pids, tell } = await counters(1);
    await tell(pids[0]);
    const spent = runtime.info(pids[0])?.reductions;
    expect(spent).toBeGreaterThan(0);
    runtime.hibernate(pids[0]);
    expect(runtime.info(pids[0])?.reductions).toBe(spent);
  });

  test("is the same with a guest of the library", async () => {
    const module = await runtime.load(await buildGuest("examples", "counter", "asyncify"));
    const pid = runtime.spawn(module);
    await quiet();
    const asker = runtime.mailbox();
    for (let sum = 7; sum < 30; sum += 7) {
      asker.send(pid, new Uint8Array(Int32Array.of(7).buffer), { tag: 1 });
      asker.send(pid, "", { tag: 2 });
      await quiet();
      expect(runtime.hibernate(pid)).toBe(true);
      const item = asker.poll();
      expect(item?.kind === "message" && [...new BigInt64Array(item.bytes.slice().buffer)]).toEqual([BigInt(sum)]);
    }
  });
});

describe("what keeps an actor in its instance", () => {
  test("JSPI, with its reason in words", async () => {
    const module = await runtime.load(guest(COUNTER.replace('"resume:run"', '"other"')));
    const pid = runtime.spawn(module, { way: "jspi" });
    await quiet();
    if (runtime.info(pid) === undefined) return;
    expect(runtime.hibernate(pid)).toBe(false);
    expect(runtime.info(pid)).toMatchObject({ resident: true, pinned: expect.stringMatching("JSPI") });
  });

  test("a module that came compiled", async () => {
    counter = await runtime.load(new WebAssembly.Module(guest(COUNTER)));
    const { pids } = await counters(1);
    expect(runtime.hibernate(pids[0])).toBe(false);
    expect(runtime.info(pids[0])?.pinned).toMatch("came compiled");
  });

  test("state that is neither memory nor a numeric global", async () => {
    counter = await runtime.load(guest(`(data $d "abc") (func $drop (data.drop $d)) ${COUNTER}`));
    const { pids } = await counters(1);
    expect(runtime.info(pids[0])?.pinned).toMatch("other state");
  });

  test("a memory that the embedder has", async () => {
    let held: WebAssembly.Memory | undefined;
    await runtime.stop();
    await begin({
      imports: {
        host: {
          keep: context => {
            held = context.memory;
          },
        },
      },
    });
    const keeps = `(import "host" "keep" (func $keep)) ${COUNTER.replace(";; first", "(call $keep)")}`;
    counter = await runtime.load(guest(keeps));
    const { pids } = await counters(1);
    expect(held).toBeDefined();
    expect(runtime.hibernate(pids[0])).toBe(false);
    expect(runtime.info(pids[0])?.pinned).toMatch("HostContext.memory");
  });
});

describe("with `hibernateAfterMs`", () => {
  beforeEach(async () => {
    await runtime.stop();
    await begin({ hibernateAfterMs: 1_000, limits: { instances: 10 } });
  });

  test("an actor that has not run for that long leaves, at the latest after twice that time", async () => {
    const { pids, tell } = await counters(2);
    await tell(pids[0]);
    clock.advance(999);
    await quiet();
    expect(pids.map(isResident)).toEqual([true, true]);
    clock.advance(1);
    await quiet();
    await tell(pids[0]);
    clock.advance(1_000);
    await quiet();
    expect(pids.map(isResident)).toEqual([true, false]);
    clock.advance(1_000);
    await quiet();
    expect(pids.map(isResident)).toEqual([false, false]);
    expect(await tell(pids[0])).toEqual([[3, 3]]);
  });

  test("there is no timer while no actor is resident", async () => {
    const { pids } = await counters(2_500);
    clock.advance(1_000);
    await quiet();
    clock.advance(1_000);
    await quiet();
    expect(pids.filter(isResident)).toEqual([]);
    const wakes = vi.spyOn(clock, "wake");
    clock.advance(1_000);
    await quiet();
    expect(wakes).not.toHaveBeenCalled();
    runtime.send(pids[0], "");
    await quiet();
    expect(wakes).toHaveBeenCalledOnce();
  });
});

test("images count in `allMemoryBytes`", async () => {
  await runtime.stop();
  await begin({ limits: { allMemoryBytes: 3_000_000, instances: 1, familyActors: 100_000 } });
  const spawn = () => runtime.spawn(counter);
  expect(() => {
    for (let i = 0; i < 100_000; i++) spawn();
  }).toThrow("allMemoryBytes");
  const { memory } = runtime.snapshot({ most: 0 });
  const { mailboxes: _, timers: __, ...counted } = memory;
  expect(Object.values(counted).reduce((sum, bytes) => sum + bytes)).toBeLessThanOrEqual(3_000_000);
  await quiet();
  expect(runtime.snapshot({ most: 0 }).memory.images).toBeGreaterThan(memory.images);
  expect(spawn).toThrow("allMemoryBytes");
});
