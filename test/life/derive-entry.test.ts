/** Derived modules whose actors begin their entry anew, on the memory of an image. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Pid, Runtime } from "../../host/index.ts";
import { buildGuest, quiet } from "../support/guests.ts";
import { argsOf, countsOf } from "../support/hibernated.ts";
import { newRuntime } from "../support/runtimes.ts";
import { guest } from "../support/wat.ts";

let runtime: Runtime;
beforeEach(() => {
  runtime = newRuntime();
});

/**
 * Tells the pid in its arguments how often the start function and the entry have begun, and how many items it
 * has taken: once when the entry begins, and for each item. It is written by hand, and says in `$parked` whether
 * its next turn goes on.
 */
const BEGINNER = `
  (global $parked (export "isopod:parked") (mut i32) (i32.const 0))
  (func $more (param $at i32) (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.const 1))))
  (func $tell
    (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 32) (i32.const 12))))
  (func $next (result i32) (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)))
  (func (export "_start") (call $more (i32.const 32)))
  (func (export "run"))
  (func (export "resume:run") (param $n i32) (result i32)
    (if (i32.eqz (global.get $parked))
      (then
        (global.set $parked (i32.const 7))
        (drop (call $args (i32.const 16) (i32.const 8)))
        (call $more (i32.const 36))
        (call $tell)
        (local.set $n (call $next))))
    (loop $again
      (if (i32.eq (local.get $n) (i32.const -2)) (then (return (i32.const 1))))
      (call $more (i32.const 40))
      (call $tell)
      (local.set $n (call $next))
      (br $again))
    (unreachable))`;

/** A beginner that has taken two items, and the module that begins anew after that. */
async function beginners(on = runtime) {
  const module = await on.load(guest(BEGINNER));
  const boss = on.mailbox();
  const args = argsOf(boss.pid);
  const first = on.spawn(module, { args });
  await poke(on, first, first);
  expect(countsOf(boss)).toEqual([
    [1, 1, 0],
    [1, 1, 1],
    [1, 1, 2],
  ]);
  const image = on.image(first);
  on.kill(first);
  return { module, boss, args, image, from: on.derive(module, image, { begin: "entry" }) };
}

async function poke(on: Runtime, ...pids: Pid[]): Promise<void> {
  for (const pid of pids) on.send(pid, "");
  await quiet();
}

describe("actors of a module that begins its entry", () => {
  test("run the entry from its beginning, on the image's memory, and no start function", async () => {
    const { boss, args, from } = await beginners();
    const pids = [runtime.spawn(from, { args }), runtime.spawn(from, { args })];
    expect(runtime.info(pids[0])).toMatchObject({ state: "ready", entry: "run" });
    await quiet();
    await poke(runtime, pids[0]);
    expect(countsOf(boss)).toEqual([
      [1, 2, 2],
      [1, 2, 2],
      [1, 2, 3],
    ]);
    expect(runtime.info(pids[0])).toMatchObject({ state: "parked", waits: { for: "any" } });
  });

  test("have the grants, limits and arguments of their spawns", async () => {
    const { from } = await beginners();
    const other = runtime.mailbox();
    const pid = runtime.spawn(from, { args: argsOf(other.pid), limits: { mailboxMessages: 1 } });
    expect([runtime.send(pid, ""), runtime.send(pid, "")]).toEqual([true, false]);
    await quiet();
    expect(countsOf(other)).toEqual([
      [1, 2, 2],
      [1, 2, 3],
    ]);
  });

  test("take turns in one instance with others of their base", async () => {
    await runtime.stop();
    runtime = newRuntime({ limits: { instances: 1 } });
    const { module, boss, args, from, image } = await beginners();
    const parked = runtime.derive(module, image);
    const pids = [from, module, parked, from].map(each => runtime.spawn(each, { args }));
    await quiet();
    await poke(runtime, ...pids);
    expect(countsOf(boss)).toEqual([
      [1, 2, 2],
      [1, 1, 0],
      [1, 2, 2],
      [1, 2, 3],
      [1, 1, 1],
      [1, 1, 3],
      [1, 2, 3],
    ]);
  });

  test("have images that go on where they had parked", async () => {
    const { boss, args, from } = await beginners();
    const pid = runtime.spawn(from, { args });
    expect(() => runtime.image(pid)).toThrow("not parked");
    await poke(runtime, pid);
    countsOf(boss);
    const later = runtime.image(pid);
    const copy = runtime.spawnImage(from, later);
    expect(runtime.info(copy)?.state).toBe("parked");
    expect(runtime.image(copy)).toEqual(later);
    await poke(runtime, copy);
    expect(countsOf(boss)).toEqual([[1, 2, 4]]);
    const next = runtime.derive(from, later, { begin: "entry" });
    runtime.spawn(next, { args });
    await quiet();
    expect(countsOf(boss)).toEqual([[1, 3, 3]]);
  });

  test("are spawned by guests by a name, each anew", async () => {
    const { boss, args, from } = await beginners();
    runtime.define("beginner", from);
    const parent = await runtime.load(guest(SPAWNER));
    const pid = runtime.spawn(parent, { args, grants: { spawn: ["beginner"] } });
    await quiet();
    const before = runtime.counters;
    await poke(runtime, pid);
    await poke(runtime, pid, pid);
    expect(countsOf(boss)).toEqual([
      [1, 2, 2],
      [1, 2, 2],
      [1, 2, 2],
    ]);
    expect([before.spawned, runtime.counters.spawned - before.spawned, runtime.size]).toEqual([2, 3, 4]);
  });

  test("trap exits if the image's actor did", async () => {
    const module = await runtime.load(
      guest(BEGINNER.replace("(call $more (i32.const 32))", "(drop (call $trap_exit (i32.const 1)))")),
    );
    const args = argsOf(runtime.mailbox().pid);
    const first = runtime.spawn(module, { args });
    await quiet();
    const from = runtime.derive(module, runtime.image(first), { begin: "entry" });
    const pid = runtime.spawn(from, { args });
    runtime.exit(pid, { kind: "shutdown" });
    await quiet();
    expect(runtime.isAlive(pid)).toBe(true);
  });

  test("are handlers where the image's actor is one: they wait for items in its window", async () => {
    const body = `
      (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
      (func (export "handle") (param $n i32)
        (i32.store (i32.const 32) (i32.add (i32.load (i32.const 32)) (i32.const 1)))
        (drop (call $args (i32.const 16) (i32.const 8)))
        (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 32) (i32.const 4))))`;
    const module = await runtime.load(guest(body));
    const boss = runtime.mailbox();
    const args = argsOf(boss.pid);
    const first = runtime.spawn(module, { args });
    await poke(runtime, first);
    const from = runtime.derive(module, runtime.image(first), { begin: "entry" });
    const pid = runtime.spawn(from, { args });
    expect(runtime.isBusy).toBe(false);
    await poke(runtime, pid);
    expect(countsOf(boss)).toEqual([[1], [2]]);
  });
});

/** Spawns a beginner for each item, with its own arguments. */
const SPAWNER = `
  (data (i32.const 512) "beginner")
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64))
    (drop (call $args (i32.const 16) (i32.const 8))))
  (func (export "handle") (param $n i32)
    (if (i32.ne (i32.const 1)
      (call $spawn (i32.const 512) (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 1024)))
      (then (unreachable))))`;

describe("a guest of the library", () => {
  test.for(["none", "yield"] as const)("begins its entry anew, whatever stack the image has (%s)", async reductions => {
    const module = await runtime.load(await buildGuest("guests", "beginner", "asyncify", reductions));
    const first = runtime.spawn(module, { args: "one" });
    expect(await runtime.callText(first, "")).toBe("one 1 1");
    const from = runtime.derive(module, runtime.image(first), { begin: "entry" });
    const pids = [runtime.spawn(from, { args: "two" }), runtime.spawn(from)];
    for (const pid of pids) expect(await runtime.callText(pid, "")).toBe("one 1 2");
    const goesOn = runtime.derive(module, runtime.image(first));
    const parked = runtime.spawn(goesOn);
    runtime.send(parked, "");
    expect(await runtime.callText(parked, "")).toBe("one 1 1");
  });
});

test("the option begin is parked or entry, and there is no other option", async () => {
  const { module, image } = await beginners();
  const derive = (options: object) => () => runtime.derive(module, image, options as never);
  expect(derive({ begin: "start" })).toThrow("derive: begin is parked or entry, not ");
  expect(derive({ begins: "entry" })).toThrow("there is no option begins of derive");
});
