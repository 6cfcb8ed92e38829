/** Derived modules: their actors begin where the actor of an image was parked. */
import { beforeEach, describe, expect, test } from "vitest";
import { ImageError, type Pid, Runtime, SpawnError, type SpawnOptions } from "../../host/index.ts";
import { buildGuest, quiet } from "../support/guests.ts";
import { argsOf, COUNTER, countedIn, countsOf, waits } from "../support/hibernated.ts";
import { newRuntime, testClock } from "../support/runtimes.ts";
import { guest } from "../support/wat.ts";

let runtime: Runtime;
beforeEach(() => {
  runtime = newRuntime();
});

/** A module that is derived from a counter that has counted so far, and what its actors tell. */
async function derived(many: number) {
  const { pid, ...counted } = await countedIn(runtime, many);
  runtime.kill(pid);
  return { ...counted, from: runtime.derive(counted.module, counted.image) };
}

/** Sends an actor an empty message and waits. */
async function poke(...pids: Pid[]): Promise<void> {
  for (const pid of pids) runtime.send(pid, "");
  await quiet();
}

describe("actors of a derived module", () => {
  test("begin where the actor of the image was parked, each with a state of its own", async () => {
    const { boss, from } = await derived(5);
    const [one, two] = [runtime.spawn(from), runtime.spawn(from)];
    expect(runtime.info(one)).toMatchObject({
      state: "parked",
      waits: { for: "any" },
      module: "counter",
      entry: "run",
    });
    await poke(one);
    await poke(one, two);
    expect(countsOf(boss)).toEqual([
      [6, 6],
      [7, 7],
      [6, 6],
    ]);
  });

  test("are shown with the language that is said of them, by which they are found", async () => {
    const { module, image } = await countedIn(runtime, 0);
    const from = runtime.derive(module, image, { name: "tenant", language: "javascript" });
    const [script, other] = [
      runtime.spawn(from),
      runtime.spawn(runtime.derive(from, runtime.image(runtime.spawn(from)))),
    ];
    expect(runtime.info(script)).toMatchObject({ module: "tenant", language: "javascript" });
    expect(runtime.info(other)).toMatchObject({ module: "tenant", language: undefined });
    expect(runtime.snapshot({ text: "JavaScript" }).actors.map(({ pid }) => pid)).toContain(script);
    expect(runtime.snapshot({ text: "JavaScript" }).actors.map(({ pid }) => pid)).not.toContain(other);
  });

  test("may be handlers, and need no turn to begin", async () => {
    const body = `
      (global $n (mut i32) (i32.const 0))
      (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64))
        (global.set $n (i32.const 100))
        (drop (call $args (i32.const 16) (i32.const 8))))
      (func (export "handle") (param $n i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (i32.store (i32.const 32) (global.get $n))
        (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 32) (i32.const 4))))`;
    const module = await runtime.load(guest(body));
    const boss = runtime.mailbox();
    const pid = runtime.spawn(module, { args: argsOf(boss.pid) });
    await poke(pid);
    const from = runtime.derive(module, runtime.image(pid));
    const copy = runtime.spawn(from);
    expect(runtime.isBusy).toBe(false);
    await poke(copy, pid);
    expect(countsOf(boss)).toEqual([[101], [102], [102]]);
  });

  test("take turns in the instances of the module that they come from", async () => {
    await runtime.stop();
    runtime = newRuntime({ limits: { instances: 1 } });
    const { module, boss, from } = await derived(9);
    const base = runtime.spawn(module, { args: argsOf(boss.pid) });
    const pids = [base, runtime.spawn(from), runtime.spawn(from)];
    for (let i = 0; i < 3; i++) await poke(...pids);
    const expected = [1, 2, 3].flatMap(i => [i, 9 + i, 9 + i].map(n => [n, n]));
    expect(countsOf(boss)).toEqual(expected);
    expect(pids.filter(pid => runtime.info(pid)?.resident).length).toBe(1);
  });

  test("have images that are the difference from the derived module, and fit no other", async () => {
    const body = `(data (i32.const 3000) "x") ${COUNTER.replace(";; first", "(memory.fill (i32.const 8192) (i32.const 7) (i32.const 20000))")}`;
    const module = await runtime.load(guest(body));
    const pid = runtime.spawn(module);
    await poke(pid);
    const large = runtime.image(pid);
    const from = runtime.derive(module, large);
    const copy = runtime.spawn(from);
    const fresh = runtime.image(copy);
    await poke(copy);
    const used = runtime.image(copy);
    expect(large.length).toBeGreaterThan(20_000);
    expect(fresh.length).toBeLessThan(200);
    expect(used.length).toBeLessThan(600);
    expect(() => runtime.spawnImage(module, used)).toThrow(ImageError);
    expect(() => runtime.spawnImage(from, large)).toThrow("another first state");
    expect(runtime.image(runtime.spawnImage(from, used))).toEqual(used);
  });

  test("have the same images in every runtime that derives from the same one", async () => {
    const { boss, image, from } = await derived(3);
    const pid = runtime.spawn(from);
    await poke(pid);
    countsOf(boss);
    const moved = runtime.image(pid);
    const other = newRuntime();
    const there = other.derive(await other.load(guest(COUNTER)), image);
    expect(other.image(other.spawn(there))).toEqual(runtime.image(runtime.spawn(from)));
    expect(other.image(other.spawnImage(there, moved))).toEqual(moved);
  });

  test("may be what another module is derived from", async () => {
    const { boss, from } = await derived(2);
    const pid = runtime.spawn(from);
    await poke(pid);
    const next = runtime.derive(from, runtime.image(pid));
    runtime.kill(pid);
    expect(runtime.unload(from)).toBe(true);
    await poke(runtime.spawn(next));
    expect(countsOf(boss)).toEqual([
      [3, 3],
      [4, 4],
    ]);
  });

  test("have the arguments, grants, limits and names of their spawns", async () => {
    const body = `
      (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
      (func (export "handle") (param $n i32)
        (i32.store (i32.const 32) (call $args (i32.const 16) (i32.const 8)))
        (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 32) (i32.const 4))))`;
    const module = await runtime.load(guest(body));
    const first = runtime.mailbox();
    const pid = runtime.spawn(module, { args: argsOf(first.pid) });
    await quiet();
    const from = runtime.derive(module, runtime.image(pid));
    const boss = runtime.mailbox();
    const copy = runtime.spawn(from, { args: argsOf(boss.pid), limits: { mailboxMessages: 1 } });
    expect([runtime.send(copy, ""), runtime.send(copy, "")]).toEqual([true, false]);
    await quiet();
    expect([countsOf(first), countsOf(boss)]).toEqual([[], [[8]]]);
  });

  test("have what was left of a timeout, and a Down with noconnection where an answer was waited for", async () => {
    const boss = runtime.mailbox();
    const timed = await runtime.load(
      guest(waits(`(call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 100))`)),
    );
    const pid = runtime.spawn(timed, { args: argsOf(boss.pid) });
    await quiet();
    await testClock().advance(40);
    const from = runtime.derive(timed, runtime.image(pid));
    runtime.kill(pid);
    await testClock().advance(1000);
    runtime.spawn(from);
    await testClock().advance(59);
    expect(countsOf(boss)).toEqual([]);
    await testClock().advance(1);
    await quiet();
    expect(countsOf(boss).map(([n]) => n)).toEqual([-1]);

    const asking = await runtime.load(
      guest(
        waits(`(call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)
          (call $request (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 0) (i32.const 0)))`),
      ),
    );
    const asker = runtime.spawn(asking, { args: argsOf(boss.pid) });
    await quiet();
    boss.poll();
    runtime.spawn(runtime.derive(asking, runtime.image(asker)));
    await quiet();
    expect(countsOf(boss)).toEqual([[0, 2, 5]]);
  });

  test("have the memory that the actor of the image had grown to", async () => {
    const grows = COUNTER.replace(";; first", "(drop (memory.grow (i32.const 3)))");
    const module = await runtime.load(guest(grows));
    const boss = runtime.mailbox();
    const base = runtime.spawn(module, { args: argsOf(boss.pid) });
    await quiet();
    const first = runtime.info(base)?.memoryBytes ?? 0;
    const from = runtime.derive(module, runtime.image(base));
    const pids = [runtime.spawn(from), runtime.spawn(from), base];
    expect(pids.map(pid => runtime.info(pid)?.memoryBytes)).toEqual([first, first, first]);
    await poke(...pids);
    expect(countsOf(boss)).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    const few = { limits: { memoryPages: first / 65_536 - 1 } };
    expect(() => runtime.spawn(from, few)).toThrow(SpawnError);
    expect(() => runtime.spawn(from, few)).toThrow("and the limit memoryPages is 4");
  });

  test("are the same with a guest of the library, whose locals are on its stack", async () => {
    const module = await runtime.load(await buildGuest("examples", "counter", "asyncify"));
    const asker = runtime.mailbox();
    const add = (pid: Pid, n: number) => asker.send(pid, new Uint8Array(Int32Array.of(n).buffer), { tag: 1 });
    const pid = runtime.spawn(module);
    add(pid, 41);
    await quiet();
    const from = runtime.derive(module, runtime.image(pid));
    const pids = [runtime.spawn(from), runtime.spawn(from)];
    add(pids[0], 1);
    add(pids[1], 2);
    for (const copy of pids) asker.send(copy, "", { tag: 2 });
    await quiet();
    const told = [asker.poll(), asker.poll()].map(
      item => item?.kind === "message" && Number(new BigInt64Array(item.bytes.slice().buffer)[0]),
    );
    expect(told).toEqual([42, 43]);
  });
});

/** Spawns a child by a name for each item. */
const parentOf = (name: string) => `
  (data (i32.const 512) "${name}")
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64))
    (drop (call $args (i32.const 16) (i32.const 8))))
  (func (export "handle") (param $n i32)
    (i32.store (i32.const 32)
      (call $spawn (i32.const 512) (i32.const ${name.length}) (i32.const 512) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024)))
    (if (i32.eq (i32.load (i32.const 32)) (i32.const 1)) (then
      (drop (call $send (i32.load (i32.const 1024)) (i32.load (i32.const 1028)) (i32.const 0) (i32.const 0) (i32.const 0)))))
    (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 32) (i32.const 4))))`;

async function parent(name: string) {
  const boss = runtime.mailbox();
  const module = await runtime.load(guest(parentOf(name)));
  return { told: boss, pid: runtime.spawn(module, { args: argsOf(boss.pid) }) };
}

describe("a name of a derived module", () => {
  test("is one by which guests spawn its actors", async () => {
    const { boss, from } = await derived(4);
    runtime.define("counter", from);
    const { pid, told } = await parent("counter");
    await poke(pid, pid, pid);
    expect(countsOf(told)).toEqual([[1], [1], [1]]);
    expect(countsOf(boss)).toEqual([
      [5, 5],
      [5, 5],
      [5, 5],
    ]);
    expect(runtime.size).toBe(1 + 3);
  });

  test("means nothing any more when it is unloaded", async () => {
    const { from } = await derived(4);
    runtime.define("counter", from);
    const { pid, told } = await parent("counter");
    await poke(pid);
    runtime.unload(from);
    await poke(pid);
    expect(countsOf(told)).toEqual([[1], [0]]);
    expect(() => runtime.spawn("counter")).toThrow("no module is defined as counter");
  });

  test("is one that a supervisor restarts its actors by", async () => {
    const { boss, from } = await derived(4);
    const supervisor = runtime.supervise({ children: [{ id: "counter", start: from, name: "the counter" }] });
    await supervisor.started;
    const before = runtime.whereis("the counter") as Pid;
    await poke(before);
    runtime.kill(before);
    await quiet();
    const after = runtime.whereis("the counter") as Pid;
    expect(after).not.toBe(before);
    await poke(after);
    expect(countsOf(boss)).toEqual([
      [5, 5],
      [5, 5],
    ]);
  });
});

describe("a module that is unloaded", () => {
  const { images: none } = new Runtime().snapshot().memory;
  const memory = () => {
    const { images, memories, kept, instances } = runtime.snapshot().memory;
    return { images: images - none, memories, kept, instances };
  };

  test("can be spawned no more, and its actors live on", async () => {
    const { module, boss, image, from } = await derived(1);
    const pid = runtime.spawn(from);
    expect([runtime.unload(from), runtime.unload(from)]).toEqual([true, false]);
    expect(() => runtime.spawn(from)).toThrow(SpawnError);
    expect(() => runtime.spawn(from)).toThrow("counter was unloaded");
    expect(() => runtime.derive(from, image)).toThrow("counter was unloaded");
    expect(() => runtime.define("counter", from)).toThrow("counter was unloaded");
    await poke(pid, runtime.spawn(module, { args: argsOf(boss.pid) }));
    expect(countsOf(boss)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test.for<[string, (runtime: Runtime, pid: Pid) => void]>([
    ["is killed", (on, pid) => void on.kill(pid)],
    ["returns", (on, pid) => void on.send(pid, "", { tag: 9 })],
  ])("is freed when its last actor %s", async ([, end]) => {
    const returning = COUNTER.replace(
      "(if (i32.eq (local.get $got) (i32.const -2))",
      `(if (i32.and (i32.eq (i32.load (i32.const 68)) (i32.const 9)) (i32.ne (local.get $got) (i32.const -2)))
        (then (return (i32.const 0))))
      (if (i32.eq (local.get $got) (i32.const -2))`,
    );
    const before = memory();
    const module = await runtime.load(guest(returning));
    const pid = runtime.spawn(module);
    await poke(pid);
    const from = runtime.derive(module, runtime.image(pid));
    const copies = [runtime.spawn(from), runtime.spawn(from)];
    await poke(...copies);
    runtime.kill(pid);
    await quiet();
    runtime.unload(module);
    runtime.unload(from);
    await quiet();
    expect(memory().images).toBeGreaterThan(before.images);
    end(runtime, copies[0]);
    await quiet();
    expect(runtime.isAlive(copies[0])).toBe(false);
    expect(memory().images).toBeGreaterThan(before.images);
    end(runtime, copies[1]);
    await quiet();
    expect(runtime.size).toBe(0);
    expect(memory()).toEqual(before);
  });

  test("is freed when a guest's last child of it ends, whose siblings the kernel has ended", async () => {
    const ending = `
      (func (export "run"))
      (func (export "resume:run") (param i32) (result i32)
        (if (i32.load (i32.const 8)) (then (return (i32.const 0))))
        (i32.store (i32.const 8) (i32.const 1))
        (i32.eq (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)) (i32.const -2)))`;
    const module = await runtime.load(guest(ending));
    const pid = runtime.spawn(module);
    await quiet();
    const from = runtime.derive(module, runtime.image(pid));
    runtime.define("child", from);
    const { pid: spawner } = await parent("child");
    await poke(spawner);
    const { images } = memory();
    for (let i = 0; i < 5; i++) await poke(spawner);
    expect(runtime.size).toBe(2);
    runtime.unload(from);
    await quiet();
    expect(memory().images).toBeLessThan(images);
  });

  test("leaves the modules that were derived from it", async () => {
    const { module, boss, from } = await derived(1);
    runtime.unload(module);
    await poke(runtime.spawn(from));
    expect(countsOf(boss)).toEqual([[2, 2]]);
  });

  test("is freed where a thousand are derived and unloaded, whatever instance was in its state", async () => {
    const { module, image, from: held } = await derived(3);
    const { images } = memory();
    for (let i = 0; i < 1000; i++) {
      const from = runtime.derive(module, image);
      const pid = runtime.spawn(from);
      if (i % 3 === 0) await poke(pid);
      if (i % 2 === 0) runtime.kill(pid);
      runtime.unload(from);
      runtime.kill(pid);
      if (i % 10 === 0) await quiet();
    }
    await quiet();
    expect(memory().images).toBe(images);
    expect([runtime.unload(held), runtime.unload(module)]).toEqual([true, true]);
    expect(memory().images).toBe(0);
  });
});

describe("refused in words", () => {
  test("another entry, another way, another runtime, and what is no module or image", async () => {
    const { module, image, from } = await derived(1);
    const spawn = (options: SpawnOptions) => () => runtime.spawn(from, options);
    expect(spawn({ entry: "other" })).toThrow("was derived from an actor that runs run, and cannot run other");
    expect(spawn({ entry: "run" })).not.toThrow();
    const other = newRuntime();
    expect(() => other.spawn(from)).toThrow("counter was derived by another runtime: derive it here");
    expect(() => runtime.derive("counter" as never, image)).toThrow("no module is defined as counter");
    expect(() => runtime.derive({} as never, image)).toThrow("derive takes what load() resolves to");
    expect(() => runtime.derive(module, "image" as never)).toThrow(TypeError);
    expect(() => runtime.derive(module, "image" as never)).toThrow("derive takes the image as a Uint8Array");
    expect(() => runtime.unload({} as never)).toThrow("unload takes what load() resolves to");
  });

  test("a damaged image and one of another module, of which nothing is left", async () => {
    const { module, image } = await derived(1);
    const { size } = runtime;
    const { images } = runtime.snapshot().memory;
    expect(() => runtime.derive(module, image.with(-1, 1 ^ (image.at(-1) ?? 0)))).toThrow("damaged");
    const another = await runtime.load(guest(COUNTER.replace("60000", "50000")));
    expect(() => runtime.derive(another, image)).toThrow("another module");
    expect(runtime.size).toBe(size);
    runtime.unload(another);
    expect(runtime.snapshot().memory.images).toBe(images);
  });

  test("a module whose actors have instances of their own", async () => {
    const wide = COUNTER.replace(
      ";; first",
      "(drop (memory.grow (i32.const 4))) (i32.store (i32.const 200000) (i32.const 1))",
    );
    const module = await runtime.load(guest(wide));
    const pid = runtime.spawn(module);
    await quiet();
    const image = runtime.image(pid);
    const compiled = await runtime.load(new WebAssembly.Module(guest(wide)));
    expect(() => runtime.derive(compiled, image)).toThrow(ImageError);
  });
});

test("nothing of a derived actor is in the instance that an actor of the base gets after it", async () => {
  const secret = Buffer.from("a secret of the template");
  const reads = `
    (func (export "run"))
    (func (export "resume:run") (param $n i32) (result i32)
      (if (i32.eqz (i32.load (i32.const 8))) (then
        (i32.store (i32.const 8) (i32.const 1))
        (drop (call $args (i32.const 16) (i32.const 8)))
        (return (i32.eq (call $recv (i32.const 64) (i32.const 9000) (i32.const 256) (i32.const -1)) (i32.const -2)))))
      (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 0) (i32.const 65536)))
      (i32.eq (call $recv (i32.const 64) (i32.const 9000) (i32.const 256) (i32.const -1)) (i32.const -2)))`;
  await runtime.stop();
  runtime = newRuntime({ limits: { instances: 1 } });
  const module = await runtime.load(guest(reads));
  const boss = runtime.mailbox();
  const found: boolean[] = [];
  const ask = async (pid: Pid, bytes: Uint8Array = new Uint8Array(0)) => {
    runtime.send(pid, bytes);
    await quiet();
    for (let item = boss.poll(); item !== undefined; item = boss.poll())
      if (item.kind === "message") found.push(Buffer.from(item.bytes).includes(secret));
  };
  const teller = runtime.spawn(module, { args: argsOf(boss.pid) });
  const base = runtime.spawn(module, { args: argsOf(boss.pid) });
  await quiet();
  await ask(teller, secret);
  const from = runtime.derive(module, runtime.image(teller));
  const copy = runtime.spawn(from);
  for (const pid of [base, copy, base, teller, copy]) await ask(pid);
  runtime.kill(copy);
  await ask(base);
  runtime.unload(from);
  await ask(runtime.spawn(module, { args: argsOf(boss.pid) }));
  await ask(base);
  expect(found).toEqual([true, false, true, false, true, true, false, false]);
});
