/** Actors go on from their images, in any runtime, and an image grants nothing. */
import { fc, test as law } from "@fast-check/vitest";
import { beforeEach, describe, expect, test } from "vitest";
import { type GuestModule, ImageError, type Pid, type Runtime, SpawnError } from "../../host/index.ts";
import { crc32 } from "../../host/mail/crc.ts";
import { buildGuest, quiet } from "../support/guests.ts";
import { argsOf, COUNTER, countedIn, countsOf, waits } from "../support/hibernated.ts";
import { wordsOf } from "../support/player.ts";
import { newRuntime, testClock } from "../support/runtimes.ts";
import { guest } from "../support/wat.ts";

let runtime: Runtime;
beforeEach(() => {
  runtime = newRuntime();
});

const counted = (many: number) => countedIn(runtime, many);

async function waiting(receive: string, more?: string) {
  const module = await runtime.load(guest(waits(receive, more)));
  const boss = runtime.mailbox();
  const pid = runtime.spawn(module, { args: argsOf(boss.pid) });
  await quiet();
  return { module, boss, pid };
}

describe("an actor that is spawned from an image", () => {
  test("goes on where that was parked, with a pid of its own, and the other lives on", async () => {
    const { module, boss, pid, image } = await counted(3);
    const copy = runtime.spawnImage(module, image);
    expect(copy).not.toBe(pid);
    expect(runtime.info(copy)).toMatchObject({
      state: "parked",
      waits: { for: "any" },
      resident: false,
      mailboxItems: 0,
    });
    runtime.send(copy, "");
    await quiet();
    expect(countsOf(boss)).toEqual([[4, 4]]);
    runtime.send(pid, "");
    await quiet();
    expect(countsOf(boss)).toEqual([[4, 4]]);
  });

  test("may be spawned as often as one likes, in another runtime, by a name", async () => {
    const { image } = await counted(5);
    const other = newRuntime();
    other.define("counter", await other.load(guest(COUNTER)));
    const pids = [1, 2, 3].map(() => other.spawnImage("counter", image));
    await quiet();
    expect(pids.map(pid => other.isAlive(pid))).toEqual([true, true, true]);
    expect(other.image(pids[2])).toEqual(image);
  });

  test("has the image that it was spawned from", async () => {
    const { module, image } = await counted(2);
    expect(runtime.image(runtime.spawnImage(module, image))).toEqual(image);
  });

  test("has the grants and limits of its spawn", async () => {
    const { module, boss } = await counted(1);
    const source = guest(waits(`(call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1))`, "(; ;)"));
    const logs = await runtime.load(source);
    const pid = runtime.spawn(logs, { args: argsOf(boss.pid), grants: "all" });
    await quiet();
    const image = runtime.image(pid);
    const copy = runtime.spawnImage(logs, image, { grants: {}, limits: { mailboxMessages: 0 } });
    expect(runtime.send(copy, "")).toBe(false);
    expect(() => runtime.spawnImage(module, image)).toThrow(ImageError);
    expect(() => runtime.spawnImage(logs, image, { limits: { memoryPages: 1 } })).toThrow(SpawnError);
  });

  test("has the time that was left", async () => {
    const { module, boss, pid } = await waiting(
      `(call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 100))`,
    );
    await testClock().advance(60);
    const image = runtime.image(pid);
    runtime.kill(pid);
    await testClock().advance(1000);
    const copy = runtime.spawnImage(module, image);
    expect(runtime.info(copy)?.waits).toMatchObject({ leftMs: 40 });
    await testClock().advance(39);
    expect(countsOf(boss)).toEqual([]);
    await testClock().advance(1);
    await quiet();
    expect(countsOf(boss)[0][0]).toBe(-1);
  });

  test("waits for a tag as before", async () => {
    const { module, boss, pid } = await waiting(
      `(call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1) (i32.const 7))`,
    );
    const copy = runtime.spawnImage(module, runtime.image(pid));
    runtime.send(copy, "abc", { tag: 6 });
    await quiet();
    expect(countsOf(boss)).toEqual([]);
    runtime.send(copy, "four", { tag: 7 });
    await quiet();
    expect(countsOf(boss)).toEqual([[4, 1, 0]]);
  });

  test("that waits for an answer gets a Down with noconnection at once", async () => {
    const { module, boss, pid } = await waiting(
      `(call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)
        (call $request (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 0) (i32.const 0)))`,
    );
    boss.poll();
    const image = runtime.image(pid);
    await quiet();
    expect(countsOf(boss)).toEqual([]);
    runtime.spawnImage(module, image);
    await quiet();
    expect(countsOf(boss)).toEqual([[0, 2, 5]]);
  });

  test("may be a handler, which keeps its window", async () => {
    const body = `
      (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64))
        (drop (call $args (i32.const 16) (i32.const 8))))
      (func (export "handle") (param $n i32)
        (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 128) (local.get $n))))`;
    const module = await runtime.load(guest(body));
    const boss = runtime.mailbox();
    const pid = runtime.spawn(module, { args: argsOf(boss.pid) });
    runtime.send(pid, "abcd");
    await quiet();
    const copy = runtime.spawnImage(module, runtime.image(pid));
    runtime.send(copy, "efgh");
    await quiet();
    const told = [boss.poll(), boss.poll()].map(
      item => item?.kind === "message" && new TextDecoder().decode(item.bytes),
    );
    expect(told).toEqual(["abcd", "efgh"]);
  });

  test("is the same with a guest of the library, whose locals are on its stack", async () => {
    const wasm = await buildGuest("examples", "counter", "asyncify");
    const module = await runtime.load(wasm);
    const asker = runtime.mailbox();
    const pid = runtime.spawn(module);
    asker.send(pid, new Uint8Array(Int32Array.of(41).buffer), { tag: 1 });
    await quiet();
    const other = newRuntime();
    const copy = other.spawnImage(await other.load(wasm), runtime.image(pid));
    const there = other.mailbox();
    there.send(copy, new Uint8Array(Int32Array.of(1).buffer), { tag: 1 });
    there.send(copy, "", { tag: 2 });
    await quiet();
    const item = there.poll();
    expect(item?.kind === "message" && [...new BigInt64Array(item.bytes.slice().buffer)]).toEqual([42n]);
  });

  test("has no reductions left of those that the image's actor was granted", async () => {
    const module = await runtime.load(guest(COUNTER), { reductions: "count" });
    const boss = runtime.mailbox();
    const pid = runtime.spawn(module, { args: argsOf(boss.pid) });
    runtime.send(pid, "");
    await quiet();
    countsOf(boss);
    const copy = runtime.spawnImage(module, runtime.image(pid));
    expect(runtime.info(copy)?.reductions).toBe(0);
    runtime.send(copy, "");
    await quiet();
    expect(runtime.info(copy)?.reductions).toBeGreaterThan(0);
    expect(countsOf(boss)).toEqual([[2, 2]]);
  });
});

describe("there is no image", () => {
  const refused = (pid: Pid) => {
    try {
      runtime.image(pid);
    } catch (error) {
      expect(error).toBeInstanceOf(ImageError);
      return String((error as Error).message);
    }
    return "";
  };

  test("of one that is not parked, not alive, or the host's own", async () => {
    const { module, pid } = await counted(1);
    expect(refused(runtime.spawn(module))).toMatch("not parked");
    runtime.kill(pid);
    expect(refused(pid)).toMatch("not alive");
    expect(refused(runtime.mailbox().pid)).toMatch("the host's own");
  });

  test("of one that keeps its instance", async () => {
    const module = await runtime.load(new WebAssembly.Module(guest(COUNTER)));
    const pid = runtime.spawn(module);
    await quiet();
    expect(refused(pid)).toMatch("came compiled");
  });

  test("of one that waits for an answer of the embedder", async () => {
    await runtime.stop();
    runtime = newRuntime({ imports: { host: { slow: () => new Promise<number>(() => {}) } } });
    const body = waits("(call $slow)", `(import "host" "slow" (func $slow (result i32)))`);
    const pid = runtime.spawn(await runtime.load(guest(body)));
    await quiet();
    expect(refused(pid)).toMatch("an answer of the embedder");
  });
});

describe("refused, and nothing is left of it", () => {
  const same = (bytes: Uint8Array) => bytes;
  const at = (place: number, value: number) => (bytes: Uint8Array) => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setUint32(place, value, true);
    return sealed(copy);
  };

  test.for<[string, (bytes: Uint8Array) => Uint8Array, string?]>([
    ["another module", same, COUNTER.replace("60000", "50000")],
    ["another module", same, `(data (i32.const 3000) "x") ${COUNTER}`],
    ["version 9 of the format", at(8, 9)],
    ["version 9 of the ABI", at(12, 9)],
    ["another first state", at(48, 9)],
    ["damaged", bytes => bytes.with(bytes.length - 1, 7)],
    ["no image", bytes => bytes.subarray(0, 50)],
    ["window at 128..4294967423 is outside its memory", at(108, 2 ** 32 - 1)],
    ["window at 131071..135167 is outside its memory", at(104, 131_071)],
    ["info at 66 is not a multiple of 4", at(100, 66)],
    ["info at 131048 is outside its memory", at(100, 131_048)],
    ["waits for what no receive of its module waits for (2, 0)", at(112, 2)],
    ["waits for what no receive of its module waits for (4, 0)", at(112, 4)],
    ["waits for what no receive of its module waits for (3, 0)", at(112, 3)],
    ["timeout is -2", at(120, -2)],
    ["waits in another way", at(96, 1)],
    ["an entry that its module does not have", at(128, 0x787878)],
    ["a memory of 1 pages, which is not between 2 and", at(84, 1)],
    ["beyond its store limit", at(84, 3)],
  ])("%s", async ([message, change, body]) => {
    const { module, image } = await counted(2);
    const target = body === undefined ? module : await runtime.load(guest(body));
    const { size } = runtime;
    const { images } = runtime.snapshot().memory;
    const spawning = () => runtime.spawnImage(target, change(image));
    expect(spawning).toThrow(ImageError);
    expect(spawning).toThrow(message);
    await quiet();
    expect(runtime.size).toBe(size);
    if (body === undefined) expect(runtime.snapshot().memory.images).toBe(images);
  });

  test("an entry of another actor, and options that are none", async () => {
    const { module, image } = await counted(1);
    expect(() => runtime.spawnImage(module, image, { entry: "resume:run" })).toThrow("cannot run resume:run");
    expect(() => runtime.spawnImage(module, image, { grant: "all" } as never)).toThrow(TypeError);
    expect(() => runtime.spawnImage(module, "image" as never)).toThrow(TypeError);
  });
});

const CRC_AT = 80;

/** The CRC of changed bytes, as whoever changes them can compute it. */
function sealed(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length > 84) new DataView(bytes.buffer).setUint32(CRC_AT, crc32(bytes.subarray(84)), true);
  return bytes;
}

/**
 * Tells the sum of all its memory as it finds it, before it changes any of it. Then it writes what it
 * gets wherever an item says, as long as that is below its store limit, which it raises first.
 */
const PROBE = `
  (global $limit (export "isopod:limit") (mut i32) (i32.const 1024))
  (global $secret (mut i64) (i64.const 0))
  (data (i32.const 700) "first state")
  (func $sum (result i32) (local $at i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
    (i32.add (local.get $sum) (i32.wrap_i64 (global.get $secret))))
  (func (export "match") (param i32 i32 i32) (result i32) (i32.const 1))
  (func (export "run"))
  (func (export "resume:run") (param $n i32) (result i32) (local $got i32)
    (local.set $got (local.get $n))
    (if (i32.eqz (i32.load (i32.const 8)))
      (then
        (local.set $got (call $sum))
        (drop (call $args (i32.const 16) (i32.const 8)))
        (i32.store (i32.const 8) (i32.const 1))
        (i32.store (i32.const 32) (local.get $got))
        (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 32) (i32.const 4)))
        (local.set $got (call $recv (i32.const 64) (i32.const 128) (i32.const 512) (i32.const -1)))))
    (loop $again
      (if (i32.eq (local.get $got) (i32.const -2)) (then (return (i32.const 1))))
      (global.set $limit (i32.load (i32.const 128)))
      (global.set $secret (i64.load (i32.const 132)))
      (memory.fill (i32.load (i32.const 132)) (i32.const 0xAA) (i32.load (i32.const 136)))
      (local.set $got (call $recv (i32.const 64) (i32.const 128) (i32.const 512) (i32.const -1)))
      (br $again))
    (unreachable))`;

/** A pool of one instance, and the sum that a new probe finds in it. */
async function probing() {
  const stage = newRuntime({ limits: { instances: 1 } });
  const boss = stage.mailbox();
  const args = argsOf(boss.pid);
  const module: GuestModule = await stage.load(guest(PROBE));
  const sums = async () => {
    stage.kill(stage.spawn(module, { args }));
    const fresh = stage.spawn(module, { args });
    await quiet();
    stage.kill(fresh);
    await quiet();
    const found: number[] = [];
    for (let item = boss.poll(); item !== undefined; item = boss.poll()) {
      if (item.kind === "message") found.push(...wordsOf(item.bytes));
    }
    return found;
  };
  const [first] = await sums();
  const pid = stage.spawn(module, { args });
  stage.send(pid, new Uint8Array(Int32Array.of(2048, 1500, 300).buffer));
  await quiet();
  boss.poll();
  const image = stage.image(pid);
  stage.kill(pid);
  return { stage, module, sums, first, image };
}

test("what the kernel writes into a window of an image is gone with its actor, wherever it is", async () => {
  const { stage, module, sums, first, image } = await probing();
  const POINTER_AT = 104;
  for (const pointer of [128, 2000, 60_000, 130_000]) {
    const moved = image.slice();
    new DataView(moved.buffer).setUint32(POINTER_AT, pointer, true);
    const copy = stage.spawnImage(module, sealed(moved));
    stage.send(copy, new Uint8Array(200).fill(0xcc));
    await quiet();
    stage.kill(copy);
    expect(await sums()).toEqual([first]);
  }
});

const edit = fc.record({
  at: fc.oneof(fc.nat(140), fc.nat(600)),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 255)),
});
const word = fc.record({
  at: fc.constantFrom(84, 88, 92, 96, 100, 104, 108, 112, 116, 120, 124, 128, 136, 140, 144),
  word: fc.oneof(fc.nat(200_000), fc.constantFrom(0, 1, 2, 3, 4, 0x7fffffff, 0x80000000, 0xffffffff, 131_072, 131_071)),
});

law.prop(
  [fc.array(edit, { maxLength: 3 }), fc.array(word, { maxLength: 3 }), fc.integer({ min: -9, max: 9 }), fc.boolean()],
  { numRuns: 200 },
)(
  "whatever the bytes are, they are refused, or are an actor or a derived module that leaves nothing behind",
  async (edits, words, longer, derives) => {
    const { stage, module, sums, first, image } = await probing();
    const bytes = new Uint8Array(Math.max(0, image.length + (longer % 3 === 0 ? longer / 3 : 0)));
    bytes.set(image.subarray(0, bytes.length));
    for (const { at, value } of edits) if (at < bytes.length) bytes[at] = value;
    for (const { at, word } of words) if (at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at, word, true);
    let copy: Pid | undefined;
    try {
      const from = derives ? stage.derive(module, sealed(bytes)) : undefined;
      const options = { limits: { memoryPages: 2 } };
      copy = from === undefined ? stage.spawnImage(module, sealed(bytes), options) : stage.spawn(from);
      if (from !== undefined) stage.unload(from);
    } catch (error) {
      expect(error).toBeInstanceOf(ImageError);
    }
    if (copy !== undefined) {
      stage.send(copy, new Uint8Array(Int32Array.of(900, 800, 200).buffer));
      await quiet();
      stage.kill(copy);
      await quiet();
    }
    expect(await sums()).toEqual([first]);
    expect([stage.size, stage.isBusy]).toEqual([0, false]);
    await stage.stop();
  },
);
