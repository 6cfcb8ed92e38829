/**
 * What docs/abi.md promises of a process that waits, by JSPI and by a `resume:run` written by hand.
 */
import { describe, expect, test } from "vitest";
import { CAP, INFO, infoOf, PAYLOAD, predicate, Stage, step, wordsOf } from "../support/player.ts";
import { ECHO, guest } from "../support/wat.ts";

const WAYS = ["jspi", "resume"] as const;
const TIMEOUT = { timeout: 120_000 };
const FOREVER = -1;
const upTo = (length: number) => Uint8Array.from({ length }, (_, index) => (index + 1) & 0xff);

describe.each(WAYS)("a process by the way of %s", TIMEOUT, way => {
  test("is told -2 where there is nothing yet", async () => {
    await using stage = new Stage();
    await stage.play(way, [step.recv(FOREVER), step.recvTag(5, 1), step.recvMatch(5, predicate.always), step.flush()]);
    expect(await stage.notes()).toEqual([-2, -2, -2]);
  });

  test.each([
    ["recv", step.recv(FOREVER)],
    ["recv_tag", step.recvTag(FOREVER, 5)],
    ["recv_match", step.recvMatch(FOREVER, predicate.firstByteIs(1))],
  ])("parks in %s until there is an item, which park returns", async (_, receive) => {
    await using stage = new Stage();
    const pid = await stage.play(way, [
      receive,
      step.park(),
      step.dump(INFO, 32),
      step.dump(PAYLOAD, 70),
      step.flush(),
    ]);
    await stage.settle();
    expect(stage.runtime.isAlive(pid)).toBe(true);
    stage.boss.send(pid, upTo(70), { tag: 5 });
    expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 5, 70));
    expect(await stage.bytes()).toEqual(upTo(70));
    expect(await stage.notes()).toEqual([-2, 70]);
    expect(await stage.reason(pid)).toBe("normal");
  });

  test("returns from park with 0 for an empty message", async () => {
    await using stage = new Stage();
    const pid = await stage.play(way, [step.recv(FOREVER), step.await(), step.dump(INFO, 32), step.flush()]);
    await stage.settle();
    stage.boss.send(pid, new Uint8Array(0), { tag: 3 });
    expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 3, 0));
    expect(await stage.notes()).toEqual([0]);
  });

  test("writes no info for a parked receive whose info is 0", async () => {
    await using stage = new Stage();
    const pid = await stage.play(way, [
      step.fill(0, 64, 0xaa),
      step.recv(FOREVER, 0, 0x2001, 5),
      step.await(),
      step.dump(0, 64),
      step.dump(0x2001, 5),
    ]);
    await stage.settle();
    stage.boss.send(pid, upTo(5));
    expect(new Set(await stage.bytes())).toEqual(new Set([0xaa]));
    expect(await stage.bytes()).toEqual(upTo(5));
  });

  test.each([
    ["recv", step.recv(FOREVER, INFO, PAYLOAD, 10), step.recv(0)],
    ["recv_tag", step.recvTag(FOREVER, 5, INFO, PAYLOAD, 10), step.recvTag(0, 5)],
    ["recv_match", step.recvMatch(FOREVER, 101, INFO, PAYLOAD, 10), step.recvMatch(0, 101)],
  ])("returns n > cap from park after %s, with nothing taken", async (_, receive, again) => {
    await using stage = new Stage();
    const pid = await stage.play(way, [
      step.fill(PAYLOAD, 64, 0xaa),
      receive,
      step.await(),
      step.dump(INFO, 32),
      step.dump(PAYLOAD, 10),
      step.dump(PAYLOAD + 10, 50),
      again,
      step.dump(PAYLOAD, 40),
      step.recv(0),
      step.recv(0),
      step.flush(),
      step.countAsked(),
      step.flush(),
    ]);
    await stage.settle();
    stage.boss.send(pid, upTo(40), { tag: 5 });
    stage.boss.send(pid, upTo(2), { tag: 6 });
    expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 5, 40));
    expect(await stage.bytes()).toEqual(upTo(10));
    expect(new Set(await stage.bytes())).toEqual(new Set([0xaa]));
    expect(await stage.bytes()).toEqual(upTo(40));
    expect(await stage.notes()).toEqual([40, 40, 2, -1]);
    expect(await stage.notes()).toEqual([receive[0] === 4 ? 1 : 0]);
  });

  describe("a timeout", () => {
    test.each([
      ["recv", step.recv(100)],
      ["recv_tag", step.recvTag(100, 5)],
      ["recv_match", step.recvMatch(100, predicate.never)],
    ])("of %s runs from the call, and park returns -1 when it is over", async (_, receive) => {
      await using stage = new Stage();
      const pid = await stage.play(way, [receive, step.await(), step.flush()]);
      await stage.settle();
      stage.clock.jump(99);
      await stage.settle();
      expect(stage.runtime.isAlive(pid)).toBe(true);
      expect(stage.boss.size).toBe(0);
      stage.clock.jump(1);
      expect(await stage.notes()).toEqual([-1]);
    });

    test.each([
      ["recv_tag", step.recvTag(100, 5)],
      ["recv_match", step.recvMatch(100, predicate.never)],
    ])("of %s is not restarted by items that do not match", async (_, receive) => {
      await using stage = new Stage();
      const pid = await stage.play(way, [receive, step.await(), step.recv(0), step.recv(0), step.flush()]);
      await stage.settle();
      stage.clock.jump(60);
      stage.boss.send(pid, upTo(1), { tag: 1 });
      await stage.settle();
      stage.clock.jump(39);
      stage.boss.send(pid, upTo(2), { tag: 2 });
      await stage.settle();
      expect(stage.boss.size).toBe(0);
      stage.clock.jump(1);
      expect(await stage.notes()).toEqual([-1, 1, 2]);
    });

    test("that is over leaves the mailbox in order for what comes later", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [
        step.recv(10),
        step.await(),
        step.flush(),
        step.recv(FOREVER),
        step.await(),
        step.load(INFO + 4),
        step.recv(FOREVER),
        step.await(),
        step.load(INFO + 4),
        step.recv(0),
        step.flush(),
      ]);
      await stage.settle();
      stage.clock.jump(10);
      expect(await stage.notes()).toEqual([-1]);
      stage.boss.send(pid, upTo(3), { tag: 1 });
      stage.boss.send(pid, upTo(4), { tag: 2 });
      expect(await stage.notes()).toEqual([3, 1, 4, 2, -1]);
    });

    test("of a selective receive that is over leaves what did not match before what comes later", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [
        step.recvTag(10, 9),
        step.await(),
        step.flush(),
        ...Array(4).fill([...step.recv(FOREVER), ...step.await(), ...step.load(INFO + 4)]),
        step.flush(),
      ]);
      stage.boss.send(pid, upTo(1), { tag: 1 });
      await stage.settle();
      stage.boss.send(pid, upTo(1), { tag: 2 });
      await stage.settle();
      stage.clock.jump(10);
      expect(await stage.notes()).toEqual([-1]);
      stage.boss.send(pid, upTo(1), { tag: 3 });
      stage.boss.send(pid, upTo(1), { tag: 9 });
      expect(await stage.notes()).toEqual([1, 1, 1, 2, 1, 3, 1, 9]);
    });

    test("is of no consequence where the item came first", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [
        step.recv(10),
        step.await(),
        step.flush(),
        step.recv(50),
        step.await(),
        step.flush(),
      ]);
      await stage.settle();
      stage.boss.send(pid, upTo(1));
      expect(await stage.notes()).toEqual([1]);
      await stage.settle();
      stage.clock.jump(20);
      await stage.settle();
      expect(stage.boss.size).toBe(0);
      stage.clock.jump(30);
      expect(await stage.notes()).toEqual([-1]);
    });

    test("takes the item where both are there when the guest gets its turn", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [step.recv(10), step.await(), step.recv(0), step.flush()]);
      await stage.settle();
      stage.boss.send(pid, upTo(4));
      stage.clock.jump(10);
      expect(await stage.notes()).toEqual([4, -1]);
    });

    test("of every negative number is for ever", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [step.recv(-(2 ** 31)), step.await(), step.flush()]);
      await stage.settle();
      stage.clock.jump(2 ** 40);
      await stage.settle();
      expect(stage.boss.size).toBe(0);
      stage.boss.send(pid, upTo(2));
      expect(await stage.notes()).toEqual([2]);
    });

    test("may be as long as an i32 says", async () => {
      await using stage = new Stage();
      await stage.play(way, [step.recv(2 ** 31 - 1), step.await(), step.flush()]);
      await stage.settle();
      stage.clock.jump(2 ** 31 - 2);
      await stage.settle();
      expect(stage.boss.size).toBe(0);
      stage.clock.jump(1);
      expect(await stage.notes()).toEqual([-1]);
    });
  });

  describe("selective receive", () => {
    test("finds a message that an earlier receive deferred", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [
        step.recvTag(FOREVER, 2),
        step.await(),
        step.flush(),
        step.recvTag(FOREVER, 1),
        step.await(),
        step.load(INFO + 4),
        step.recv(0),
        step.load(INFO + 4),
        step.flush(),
      ]);
      await stage.settle();
      stage.boss.send(pid, upTo(10), { tag: 3 });
      stage.boss.send(pid, upTo(11), { tag: 1 });
      await stage.settle();
      expect(stage.boss.size).toBe(0);
      stage.boss.send(pid, upTo(12), { tag: 2 });
      expect(await stage.notes()).toEqual([12]);
      expect(await stage.notes()).toEqual([11, 1, 10, 3]);
    });

    test("is not woken by what does not match", async () => {
      await using stage = new Stage();
      const echo = await stage.echo();
      const pid = await stage.play(way, [step.recvTag(FOREVER, 7), step.await(), step.flush()]);
      for (let tag = 0; tag < 7; tag++) {
        stage.boss.send(pid, upTo(1), { tag });
        await stage.settle();
      }
      expect(stage.boss.size).toBe(0);
      expect(await stage.answers(echo)).toBe(true);
      stage.boss.send(pid, upTo(9), { tag: 7 });
      expect(await stage.notes()).toEqual([9]);
    });

    test("asks about each item once per receive, across parks too", async () => {
      await using stage = new Stage();
      const pid = await stage.play(
        way,
        [step.recvMatch(FOREVER, 150), step.await(), step.dumpTrace(), step.countAsked(), step.recv(0), step.flush()],
        {},
        [
          [1, [1]],
          [2, [2]],
        ],
      );
      for (const byte of [3, 4]) {
        await stage.settle();
        stage.boss.send(pid, Uint8Array.of(byte, 0), { tag: byte });
      }
      await stage.settle();
      stage.boss.send(pid, Uint8Array.of(5), { tag: 5 });
      stage.boss.send(pid, Uint8Array.of(50, 0, 0, 0), { tag: 6 });
      stage.boss.send(pid, Uint8Array.of(60), { tag: 6 });
      const trace = await stage.notes();
      expect(trace.filter((_, index) => index % 4 === 3)).toEqual([1, 2, 3, 4, 5, 50]);
      expect(trace.filter((_, index) => index % 4 === 2)).toEqual([1, 1, 2, 2, 1, 4]);
      expect(await stage.notes()).toEqual([4, 6, 1]);
    });

    test("asks about each item again in the next receive", async () => {
      await using stage = new Stage();
      const pid = await stage.play(
        way,
        [
          step.recvMatch(10, 150),
          step.await(),
          step.flush(),
          step.recvMatch(FOREVER, 150),
          step.await(),
          step.countAsked(),
          step.flush(),
        ],
        {},
        [
          [1, [1]],
          [2, [2]],
        ],
      );
      await stage.settle();
      stage.clock.jump(10);
      expect(await stage.notes()).toEqual([-1]);
      await stage.settle();
      stage.boss.send(pid, Uint8Array.of(50));
      expect(await stage.notes()).toEqual([1, 5]);
    });

    test("gives the item that did not fit, across a park, without asking again", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [
        step.recvMatch(FOREVER, 150, INFO, PAYLOAD, 2),
        step.await(),
        step.recvMatch(FOREVER, 150, INFO, PAYLOAD, CAP),
        step.await(),
        step.countAsked(),
        step.dump(PAYLOAD, 5),
        step.recv(0),
        step.flush(),
      ]);
      await stage.settle();
      stage.boss.send(pid, Uint8Array.of(1));
      await stage.settle();
      stage.boss.send(pid, Uint8Array.of(50, 1, 2, 3, 4));
      expect([...(await stage.bytes())]).toEqual([50, 1, 2, 3, 4]);
      expect(await stage.notes()).toEqual([5, 5, 2, 1]);
    });

    test("shows a predicate that is asked after a park only cap bytes, and info", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [
        step.fill(PAYLOAD, 64, 0xaa),
        step.recvMatch(FOREVER, predicate.infoTagIs7, INFO, PAYLOAD, 3),
        step.await(),
        step.dumpTrace(),
        step.dump(INFO, 32),
        step.dump(PAYLOAD, 4),
        step.flush(),
      ]);
      await stage.settle();
      stage.boss.send(pid, upTo(20), { tag: 6 });
      await stage.settle();
      stage.boss.send(pid, upTo(30), { tag: 7 });
      const row = [predicate.infoTagIs7, PAYLOAD, 3, 1];
      expect(await stage.notes()).toEqual([...row, ...row]);
      expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 7, 30));
      expect([...(await stage.bytes())]).toEqual([1, 2, 3, 0xaa]);
      expect(await stage.notes()).toEqual([30]);
    });

    test.each([
      ["traps", predicate.traps, /unreachable/],
      ["exhausts the stack", predicate.exhaustsStack, /call stack|stack overflow/i],
      ["sends", predicate.sends, /send/],
      ["receives", predicate.receives, /recv/],
      ["exits", predicate.exits, /exit/],
    ] as const)("crashes a parked guest whose predicate %s", async (_, which, message) => {
      await using stage = new Stage();
      const echo = await stage.echo();
      const pid = await stage.play(way, [step.recvMatch(FOREVER, which), step.await(), step.flush()]);
      await stage.settle();
      expect(stage.runtime.isAlive(pid)).toBe(true);
      expect(stage.runtime.send(pid, "x")).toBe(true);
      expect(await stage.end(pid)).toMatchObject({ kind: "crashed", message: expect.stringMatching(message) });
      expect(await stage.answers(echo)).toBe(true);
      expect(stage.boss.size).toBe(0);
    });

    test("lets a predicate that is asked after a park grow the memory", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [
        step.recvMatch(FOREVER, predicate.growsForEver),
        step.await(),
        step.dump(PAYLOAD, 3),
        step.flush(),
      ]);
      await stage.settle();
      stage.boss.send(pid, Uint8Array.of(1));
      stage.boss.send(pid, Uint8Array.of(2, 3, 4));
      expect([...(await stage.bytes())]).toEqual([2, 3, 4]);
      expect(await stage.notes()).toEqual([3]);
    });
  });

  describe("the rules of park", () => {
    const elsewhere = [
      ["self", step.self()],
      ["send", step.send(0, 0, 0, 0)],
      ["args", step.args(0x200, 0)],
      ["now", step.now(0x200)],
      ["log", step.log(0, 0x200, 0)],
      ["window", step.window(INFO, PAYLOAD, 4)],
    ] as const;

    test("without a preceding receive it crashes", async () => {
      if (way === "resume") return; // A `resume:run` that returns 1 is the same breach: see below.
      await using stage = new Stage();
      expect(await stage.reason(await stage.play(way, [step.park(), step.flush()]))).toMatch(/^crashed: .*park/);
      expect(stage.boss.size).toBe(0);
    });

    test("by resume:run that returns 1 without a preceding receive crashes", async () => {
      await using stage = new Stage();
      expect(await stage.reason(await stage.play("resume", [step.park(), step.flush()]))).toMatch(/^crashed: .*park/);
    });

    test("after a receive that had an item it crashes", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [step.recv(FOREVER), step.park(), step.flush()], {}, [[1, [1]]]);
      expect(await stage.reason(pid)).toMatch(/^crashed: .*park/);
    });

    test("a second time it crashes", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [step.recv(FOREVER), step.park(), step.park(), step.flush()]);
      await stage.settle();
      stage.runtime.send(pid, "x");
      expect(await stage.reason(pid)).toMatch(/^crashed: .*park/);
    });

    test.each(elsewhere)("calling %s in between leaves the receive as it was", async (_, call) => {
      await using stage = new Stage();
      const pid = await stage.play(way, [step.recv(FOREVER), call, step.park(), step.dump(PAYLOAD, 5), step.flush()]);
      await stage.settle();
      expect(stage.runtime.isAlive(pid)).toBe(true);
      stage.runtime.send(pid, upTo(5));
      await stage.settle();
      for (;;) {
        const item = await stage.boss.receive({ timeoutMs: 0 });
        if (item?.kind !== "message") throw new Error("the player did not dump what it received");
        if (item.bytes.length !== 5) continue;
        expect(item.bytes).toEqual(upTo(5));
        return;
      }
    });

    test.each(elsewhere)("calling %s instead loses no item and wakes nobody", async (_, call) => {
      await using stage = new Stage();
      const pid = await stage.play(way, [
        step.recv(FOREVER),
        call,
        step.recvTag(FOREVER, 2),
        step.await(),
        step.recv(0),
        step.recv(0),
        step.flush(),
      ]);
      await stage.settle();
      stage.boss.send(pid, upTo(5), { tag: 1 });
      await stage.settle();
      expect(stage.boss.size).toBe(0);
      stage.boss.send(pid, upTo(6), { tag: 2 });
      expect((await stage.notes()).slice(-3)).toEqual([6, 5, -1]);
    });

    test("a receive after a receive is the one that parks", async () => {
      await using stage = new Stage();
      const pid = await stage.play(way, [
        step.recv(10, 0x2000, 0x2040, 8),
        step.recvTag(FOREVER, 2, 0x3000, 0x3040, 8),
        step.park(),
        step.load(0x3004),
        step.load(0x2004),
        step.flush(),
      ]);
      await stage.settle();
      stage.clock.jump(50);
      stage.boss.send(pid, upTo(1), { tag: 1 });
      await stage.settle();
      expect(stage.boss.size).toBe(0);
      stage.boss.send(pid, upTo(2), { tag: 2 });
      expect(await stage.notes()).toEqual([-2, -2, 2, 2, 0]);
    });
  });

  test("that is killed while it is parked ends killed, and its mailbox with it", async () => {
    await using stage = new Stage();
    const pid = await stage.play(way, [step.recvTag(50, 9), step.await(), step.flush()]);
    stage.boss.send(pid, upTo(1));
    await stage.settle();
    expect(stage.runtime.kill(pid)).toBe(true);
    expect(await stage.reason(pid)).toBe("killed");
    expect(stage.runtime.send(pid, "")).toBe(false);
    stage.clock.jump(50);
    await stage.settle();
    expect(stage.boss.size).toBe(0);
    expect(stage.runtime.size).toBe(0);
  });

  test("that is killed after an item came, but before its turn, does not run any more", async () => {
    await using stage = new Stage();
    const pid = await stage.play(way, [step.recv(FOREVER), step.await(), step.flush()]);
    await stage.settle();
    stage.runtime.send(pid, "x");
    stage.runtime.kill(pid);
    expect(await stage.reason(pid)).toBe("killed");
    await stage.settle();
    expect(stage.boss.size).toBe(0);
  });

  test("answers everyone who asks it, in order", async () => {
    await using stage = new Stage();
    const pid = await stage.play(way, [step.recv(FOREVER), step.await(), step.reply(9, PAYLOAD, 4), step.again()]);
    const other = stage.runtime.mailbox();
    for (let round = 0; round < 50; round++) {
      const mailbox = round % 2 ? other : stage.boss;
      mailbox.send(pid, new Uint8Array(Int32Array.of(round).buffer), { tag: round });
      if (round % 3 === 0) await stage.settle();
    }
    for (let round = 0; round < 50; round++) {
      const item = await (round % 2 ? other : stage.boss).receive();
      expect(item).toMatchObject({ from: pid, tag: 9 });
      expect(item?.kind === "message" && wordsOf(item.bytes)).toEqual([round]);
    }
  });

  test("parks and wakes with two of its kind that play ping and pong", async () => {
    await using stage = new Stage();
    const pong = await stage.play(way, [step.recv(FOREVER), step.await(), step.reply(4, PAYLOAD, 4), step.again()]);
    await stage.play(way, [
      ...Array(100).fill([...step.send(pong, 3, 0x8000, 4), ...step.recvTag(FOREVER, 4), ...step.await()]),
      step.flush(),
    ]);
    expect(await stage.notes()).toEqual(Array(100).fill([1, 4]).flat());
  });

  test("polls nothing and ends normal when it returns", async () => {
    await using stage = new Stage();
    const pid = await stage.play(way, []);
    expect(await stage.reason(pid)).toBe("normal");
  });

  test("keeps its args, also after messages came", async () => {
    await using stage = new Stage();
    const pid = await stage.play(
      way,
      [
        step.recv(FOREVER),
        step.await(),
        step.args(0x3001, 8),
        step.dump(0x3001, 8),
        step.args(0x3001, 0),
        step.flush(),
      ],
      {},
      [[1, upTo(100)]],
    );
    expect(await stage.notes()).toEqual([(stage.boss.pid % 2 ** 32) | 0, Math.floor(stage.boss.pid / 2 ** 32)]);
    const notes = await stage.notes();
    expect(notes[0]).toBe(100);
    expect(notes[1]).toBe(notes[2]);
    expect(pid).toBeGreaterThan(0);
  });

  test("finds its window where it was in memory that has grown since it parked", async () => {
    await using stage = new Stage();
    const pid = await stage.play(way, [
      step.grow(3),
      step.recv(FOREVER, 0x40000, 0x40100, 10),
      step.await(),
      step.dump(0x40000, 32),
      step.dump(0x40100, 10),
    ]);
    await stage.settle();
    stage.boss.send(pid, upTo(10), { tag: 2 });
    expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 2, 10));
    expect(await stage.bytes()).toEqual(upTo(10));
  });
});

describe("resume", TIMEOUT, () => {
  test("runs an entry of another name by its own resume", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`
        (global $begun (mut i32) (i32.const 0))
        (func (export "worker"))
        (func (export "resume:worker") (param $n i32) (result i32)
          (if (i32.eqz (global.get $begun)) (then
            (global.set $begun (i32.const 1))
            (if (i32.eq (call $recv (i32.const 64) (i32.const 96) (i32.const 8) (i32.const -1)) (i32.const -2))
              (then (return (i32.const 1))))))
          (call $exit (i32.const 6) (i32.const 96) (local.get $n))
          (i32.const 0))`),
    );
    const pid = stage.runtime.spawn(module, { entry: "worker" });
    await stage.settle();
    stage.runtime.send(pid, upTo(5));
    expect(await stage.end(pid)).toEqual({ kind: "custom", bytes: upTo(5) });
  });

  test("of a module without globals to export works too", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`
        (func (export "run") unreachable)
        (func (export "resume:run") (param $n i32) (result i32)
          (if (i32.load (i32.const 16)) (then
            (call $exit (i32.const 6) (i32.const 96) (local.get $n))))
          (i32.store (i32.const 16) (i32.const 1))
          (drop (call $recv (i32.const 64) (i32.const 96) (i32.const 8) (i32.const -1)))
          (i32.const 1))`),
    );
    const pid = stage.runtime.spawn(module);
    await stage.settle();
    stage.runtime.send(pid, upTo(2));
    expect(await stage.end(pid)).toEqual({ kind: "custom", bytes: upTo(2) });
  });

  test("replaces the import park, which crashes where such a module calls it", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`
        (func (export "run") unreachable)
        (func (export "resume:run") (param $n i32) (result i32)
          (drop (call $recv (i32.const 64) (i32.const 96) (i32.const 8) (i32.const -1)))
          (drop (call $park))
          (i32.const 1))`),
    );
    expect(await stage.reason(stage.runtime.spawn(module))).toMatch(/^crashed: .*park/);
  });

  test("traps inside like any other call", async () => {
    await using stage = new Stage();
    const pid = await stage.play("resume", [step.recv(-1), step.await(), step.unreachable()]);
    await stage.settle();
    stage.runtime.send(pid, "x");
    expect(await stage.reason(pid)).toMatch(/^crashed: .*unreachable/);
  });
});

describe("_start", TIMEOUT, () => {
  test.each(["recv", "recv_tag", "recv_match"])("polls by %s and does not park", async name => {
    await using stage = new Stage();
    const more = name === "recv" ? "" : "(i32.const 7)";
    const module = await stage.runtime.load(
      guest(`
        (func (export "match") (param i32 i32 i32) (result i32) (i32.const 1))
        (func (export "_start")
          (i32.store (i32.const 16)
            (call $${name} (i32.const 64) (i32.const 96) (i32.const 8) (i32.const -1) ${more})))
        (func (export "run") (call $exit (i32.const 6) (i32.const 16) (i32.const 4)))`),
    );
    const pid = stage.runtime.spawn(module);
    expect(await stage.end(pid)).toEqual({ kind: "custom", bytes: Uint8Array.of(255, 255, 255, 255) });
  });

  test("that parks crashes, after a poll and without one", async () => {
    await using stage = new Stage();
    for (const first of ["", `(drop (call $recv (i32.const 64) (i32.const 96) (i32.const 8) (i32.const -1)))`]) {
      const module = await stage.runtime.load(
        guest(`(func (export "_start") ${first} (drop (call $park))) (func (export "run"))`),
      );
      const pid = stage.runtime.spawn(module);
      expect(await stage.reason(pid)).toMatch(/^crashed: .*park/);
    }
  });

  test("that exits ends the actor before it has run", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`(func (export "_start") (call $exit (i32.const 1) (i32.const 0) (i32.const 0)))
        (func (export "run") unreachable)`),
    );
    expect(await stage.reason(stage.runtime.spawn(module))).toBe("shutdown");
  });

  test("that traps crashes the actor, not the spawn", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(guest(`(func (export "_start") unreachable) (func (export "run"))`));
    expect(await stage.reason(stage.runtime.spawn(module))).toMatch(/^crashed: .*unreachable/);
  });
});

describe("park", TIMEOUT, () => {
  test("inside handle crashes, also after a receive that polled", async () => {
    await using stage = new Stage();
    const echo = await stage.echo();
    for (const first of [[], step.recv(-1)]) {
      const pid = await stage.playAtOnce("handler", [first, step.park(), step.flush()]);
      expect(await stage.reason(pid)).toMatch(/^crashed: .*park/);
    }
    expect(await stage.answers(echo)).toBe(true);
    expect(stage.boss.size).toBe(0);
  });

  test.each(["jspi", "handler"] as const)("inside match crashes a guest by the way of %s", async way => {
    await using stage = new Stage();
    const pid = await stage.playAtOnce(way, [step.recvMatch(0, predicate.parks), step.flush()], [[1, [1]]]);
    expect(await stage.reason(pid)).toMatch(/^crashed: .*park/);
  });

  test("inside match crashes a guest that is parked itself", async () => {
    await using stage = new Stage();
    const pid = await stage.play("jspi", [step.recvMatch(-1, predicate.parks), step.await(), step.flush()]);
    await stage.settle();
    stage.runtime.send(pid, "x");
    expect(await stage.reason(pid)).toMatch(/^crashed: .*park/);
  });

  test("inside the WebAssembly start function does not wait", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`(func $begin (drop (call $park))) (start $begin) (func (export "run"))`),
    );
    const { size } = stage.runtime;
    expect(() => stage.runtime.spawn(module)).toThrow(/park/);
    expect(stage.runtime.size).toBe(size);
  });

  test("is not needed by a guest that only polls, however often", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`(func (export "run") (local $left i32)
        (local.set $left (i32.const 1000))
        (loop $again
          (if (i32.ne (call $recv (i32.const 64) (i32.const 96) (i32.const 8) (i32.const 0)) (i32.const -1))
            (then (unreachable)))
          (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (call $exit (i32.const 1) (i32.const 0) (i32.const 0)))`),
    );
    expect(await stage.reason(stage.runtime.spawn(module))).toBe("shutdown");
  });

  test("lets a handler and a process of one module live side by side", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`${ECHO}
        (func (export "run")
          (drop (call $recv (i32.const 64) (i32.const 96) (i32.const 8) (i32.const -1)))
          (drop (call $park)))`),
    );
    const process = stage.runtime.spawn(module);
    const handler = stage.runtime.spawn(module, { entry: "handle" });
    expect(await stage.answers(handler)).toBe(true);
    await stage.settle();
    stage.runtime.send(process, "x");
    expect(await stage.reason(process)).toBe("normal");
    expect(stage.runtime.isAlive(handler)).toBe(true);
  });
});
