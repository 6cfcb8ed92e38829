/**
 * Each import of docs/abi.md where the guest does not wait. A process and a handler get the same
 * answers.
 */

import { describe, expect, test } from "vitest";
import { type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import {
  INFO,
  infoOf,
  MEMORY_END,
  PAYLOAD,
  type PlayerWay,
  predicate,
  Stage,
  step,
  type TestMessage,
  wordsOf,
} from "../support/player.ts";
import { ECHO, guest } from "../support/wat.ts";

const WAYS: readonly PlayerWay[] = ["jspi", "resume", "handler"];
const TIMEOUT = { timeout: 120_000 };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const upTo = (length: number) => Uint8Array.from({ length }, (_, index) => (index + 1) & 0xff);

describe.each(WAYS)("a guest by the way of %s", TIMEOUT, way => {
  const playWith = (stage: Stage, messages: readonly TestMessage[], script: readonly (readonly number[])[]) =>
    stage.playAtOnce(way, script, messages);

  describe("send", () => {
    test("answers 1, and the message arrives with its tag, bytes and sender", async () => {
      await using stage = new Stage();
      const pid = await stage.playAtOnce(way, [
        step.store(0x200, 0x04030201),
        step.send(stage.boss.pid, 77, 0x201, 3),
        step.flush(),
      ]);
      expect(await stage.boss.receive()).toEqual({
        kind: "message",
        from: pid,
        tag: 77,
        ref: 0,
        bytes: Uint8Array.of(2, 3, 4),
      });
      expect(await stage.notes()).toEqual([1]);
    });

    test("answers 0 for nobody and for pids that never were", async () => {
      await using stage = new Stage();
      const never = [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 12_345 * 2 ** 32 + 999, 2 ** 53 - 1, 2 ** 64 - 2 ** 32];
      await stage.playAtOnce(way, [...never.map(pid => step.send(pid, 0, 0x200, 4)), step.flush()]);
      expect(await stage.notes()).toEqual(never.map(() => 0));
    });

    test("answers 0 for an actor that has finished, also where its place is taken again", async () => {
      await using stage = new Stage();
      const old = await stage.echo();
      stage.runtime.kill(old);
      const again = await stage.echo();
      expect(again).not.toBe(old);
      await stage.playAtOnce(way, [step.send(old, 0, 0x200, 4), step.flush()]);
      expect(await stage.notes()).toEqual([0]);
    });

    test("answers 0 for a negative tag, which is a ref that nobody waits for", async () => {
      await using stage = new Stage();
      await stage.playAtOnce(way, [
        step.send(stage.boss.pid, -1, 0x200, 4),
        step.send(stage.boss.pid, -(2 ** 31), 0x200, 4),
        step.flush(),
      ]);
      expect(await stage.notes()).toEqual([0, 0]);
    });

    test("carries every tag from 0 up", async () => {
      await using stage = new Stage();
      await stage.playAtOnce(way, [
        step.send(stage.boss.pid, 0, 0, 0),
        step.send(stage.boss.pid, 2 ** 31 - 1, 0, 0),
        step.flush(),
      ]);
      expect(await stage.boss.receive()).toMatchObject({ tag: 0 });
      expect(await stage.boss.receive()).toMatchObject({ tag: 2 ** 31 - 1 });
      expect(await stage.notes()).toEqual([1, 1]);
    });

    test("answers -1 where the mailbox holds as many messages as it may, and queues nothing", async () => {
      await using stage = new Stage();
      const full = await stage.play("jspi", [step.recvTag(-1, 99), step.await()], { limits: { mailboxMessages: 2 } });
      const { dead } = stage.runtime.counters;
      await stage.playAtOnce(way, [
        step.send(full, 0, 0x200, 4),
        step.send(full, 0, 0x200, 0),
        step.send(full, 0, 0x200, 4),
        step.send(full, 0, 0x200, 0),
        step.flush(),
      ]);
      expect(await stage.notes()).toEqual([1, 1, -1, -1]);
      expect(stage.runtime.counters.dead - dead).toBe(2);
      expect(stage.runtime.isAlive(full)).toBe(true);
    });

    test("answers -1 where the mailbox holds as many bytes as it may", async () => {
      await using stage = new Stage();
      const full = await stage.play("jspi", [step.recvTag(-1, 99), step.await()], { limits: { mailboxBytes: 10 } });
      await stage.playAtOnce(way, [
        step.send(full, 0, 0x200, 6),
        step.send(full, 0, 0x200, 5),
        step.send(full, 0, 0x200, 4),
        step.send(full, 0, 0x200, 1),
        step.send(full, 0, 0x200, 0),
        step.flush(),
      ]);
      expect(await stage.notes()).toEqual([1, -1, 1, -1, 1]);
    });

    test("answers -2 for a message larger than the receiver may get", async () => {
      await using stage = new Stage();
      const echo = await stage.echo({ limits: { messageBytes: 8 } });
      await stage.playAtOnce(way, [step.send(echo, 0, 0x200, 9), step.send(echo, 0, 0x200, 8), step.flush()]);
      expect(await stage.notes()).toEqual([-2, 1]);
    });

    test("does not look at the pointer where the length is 0", async () => {
      await using stage = new Stage();
      await stage.playAtOnce(way, [step.send(stage.boss.pid, 3, 2 ** 32 - 1, 0), step.flush()]);
      expect(await stage.boss.receive()).toMatchObject({ tag: 3, bytes: new Uint8Array(0) });
      expect(await stage.notes()).toEqual([1]);
    });

    test("sends up to the last byte of the memory", async () => {
      await using stage = new Stage();
      await stage.playAtOnce(way, [step.fill(MEMORY_END - 2, 2, 9), step.dump(MEMORY_END - 2, 2)]);
      expect([...(await stage.bytes())]).toEqual([9, 9]);
    });

    test("sends out of memory that has grown", async () => {
      await using stage = new Stage();
      await stage.playAtOnce(way, [
        step.grow(1),
        step.fill(MEMORY_END + 0xffff, 1, 7),
        step.dump(MEMORY_END + 0xffff, 1),
        step.flush(),
      ]);
      expect([...(await stage.bytes())]).toEqual([7]);
      expect(await stage.notes()).toEqual([2]);
    });

    test("copies: what the sender writes afterwards is not seen", async () => {
      await using stage = new Stage();
      await stage.playAtOnce(way, [
        step.fill(0x200, 100, 1),
        step.dump(0x200, 100),
        step.fill(0x200, 100, 2),
        step.dump(0x200, 100),
      ]);
      expect(new Set(await stage.bytes())).toEqual(new Set([1]));
      expect(new Set(await stage.bytes())).toEqual(new Set([2]));
    });

    test("never runs the receiver before it returns", async () => {
      await using stage = new Stage();
      const echo = await stage.echo();
      await stage.playAtOnce(way, [step.send(echo, 0, 0x200, 4), step.recv(0), step.flush()]);
      expect(await stage.notes()).toEqual([1, -1]);
    });

    test("reaches the sender itself", async () => {
      await using stage = new Stage();
      const pid = await stage.playAtOnce(way, [
        step.store(0x200, 0x01020304),
        step.sendSelf(5, 0x200, 4),
        step.recv(0),
        step.load(PAYLOAD),
        step.flush(),
        step.dump(INFO, 32),
      ]);
      expect(await stage.notes()).toEqual([1, 4, 0x01020304]);
      expect(await stage.notes()).toEqual(infoOf(pid, 5, 4));
    });
  });

  describe("recv", () => {
    test("answers -1 at once where it polls and there is nothing", async () => {
      await using stage = new Stage();
      await stage.playAtOnce(way, [
        step.recv(0),
        step.recvTag(0, 1),
        step.recvMatch(0, predicate.always),
        step.countAsked(),
        step.flush(),
      ]);
      expect(await stage.notes()).toEqual([-1, -1, -1, 0]);
    });

    test("fills in every word of info, and only info and the payload", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [[42, upTo(5)]],
        [
          step.fill(0x2000, 0x100, 0xaa),
          step.recv(0, 0x2010, 0x2080, 8),
          step.dump(0x2010, 32),
          step.dump(0x2000, 16),
          step.dump(0x2030, 0x50),
          step.dump(0x2080, 5),
          step.dump(0x2088, 0x70),
          step.flush(),
        ],
      );
      expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 42, 5));
      expect(new Set(await stage.bytes())).toEqual(new Set([0xaa]));
      expect(new Set(await stage.bytes())).toEqual(new Set([0xaa]));
      expect([...(await stage.bytes())]).toEqual([1, 2, 3, 4, 5]);
      expect(new Set(await stage.bytes())).toEqual(new Set([0xaa]));
      expect(await stage.notes()).toEqual([5]);
    });

    test("answers 0 for an empty message, which is not the same as none", async () => {
      await using stage = new Stage();
      await playWith(stage, [[9, []]], [step.recv(0), step.recv(0), step.flush(), step.dump(INFO, 32)]);
      expect(await stage.notes()).toEqual([0, -1]);
      expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 9, 0));
    });

    test("writes no info where info is 0", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [[9, [1, 2, 3]]],
        [step.fill(0, 64, 0xaa), step.recv(0, 0, PAYLOAD, 8), step.dump(0, 64), step.dump(PAYLOAD, 3), step.flush()],
      );
      expect(new Set(await stage.bytes())).toEqual(new Set([0xaa]));
      expect([...(await stage.bytes())]).toEqual([1, 2, 3]);
      expect(await stage.notes()).toEqual([3]);
    });

    test.each([0, 1, 2, 3])("writes payloads of every length to a pointer that is %i beyond a word", async beyond => {
      await using stage = new Stage();
      const lengths = [...Array(20).keys(), 31, 32, 33, 60, 61, 62, 63, 64, 65, 66, 67, 68, 127, 128, 129, 1000];
      const ptr = PAYLOAD + 64 + beyond;
      await playWith(
        stage,
        lengths.map(length => [length, upTo(length)] as const),
        lengths.flatMap(length => [
          step.fill(PAYLOAD, 0x800, 0xee),
          step.recv(0, INFO, ptr, length),
          step.dump(ptr - 1, length + 2),
        ]),
      );
      for (const length of lengths) expect([...(await stage.bytes())]).toEqual([0xee, ...upTo(length), 0xee]);
    });

    test("takes nothing where n > cap, fills info and the first cap bytes, and gives all to a larger window", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [1, upTo(100)],
          [2, [5]],
        ],
        [
          step.fill(PAYLOAD, 0x200, 0xaa),
          step.recv(0, INFO, PAYLOAD, 10),
          step.dump(INFO, 32),
          step.dump(PAYLOAD, 10),
          step.dump(PAYLOAD + 10, 100),
          step.recv(0, INFO, PAYLOAD, 0),
          step.recv(0, INFO, PAYLOAD, 99),
          step.recv(0, INFO, PAYLOAD, 100),
          step.dump(INFO, 32),
          step.dump(PAYLOAD, 100),
          step.recv(0),
          step.recv(0),
          step.flush(),
        ],
      );
      expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 1, 100));
      expect(await stage.bytes()).toEqual(upTo(10));
      expect(new Set(await stage.bytes())).toEqual(new Set([0xaa]));
      expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 1, 100));
      expect(await stage.bytes()).toEqual(upTo(100));
      expect(await stage.notes()).toEqual([100, 100, 100, 100, 1, -1]);
    });

    test("takes items in order of arrival from several senders", async () => {
      await using stage = new Stage();
      const other = stage.runtime.mailbox();
      const pid = await stage.play(way, [
        ...(way === "handler" ? [] : [[...step.recv(-1), ...step.await()]]),
        ...Array(6).fill([...step.recv(0), ...step.load(INFO + 4), ...step.load(INFO + 8)]),
        step.flush(),
      ]);
      stage.runtime.send(pid, "");
      for (let tag = 0; tag < 6; tag++) (tag % 2 ? other : stage.boss).send(pid, new Uint8Array(0), { tag });
      const from = (tag: number) => ((tag % 2 ? other : stage.boss).pid % 2 ** 32) | 0;
      const notes = await stage.notes();
      expect(notes.slice(-18)).toEqual([0, 1, 2, 3, 4, 5].flatMap(tag => [0, tag, from(tag)]));
    });

    test("names the host as 0", async () => {
      await using stage = new Stage();
      const receive = way === "handler" ? [] : [...step.recv(-1), ...step.await()];
      const pid = await stage.play(way, [receive, step.dump(INFO, 32)]);
      stage.runtime.send(pid, "hé", { tag: 8 });
      expect(await stage.notes()).toEqual(infoOf(0, 8, 3));
    });

    test("accepts a window that ends where the memory ends", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [1, [1, 2, 3, 4]],
          [2, [5, 6]],
        ],
        [
          step.recv(0, INFO, MEMORY_END - 4, 4),
          step.dump(MEMORY_END - 4, 4),
          step.recv(0, MEMORY_END - 32, PAYLOAD, 4),
          step.dump(MEMORY_END - 32, 32),
        ],
      );
      expect([...(await stage.bytes())]).toEqual([1, 2, 3, 4]);
      expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 2, 2));
    });

    test("does not restrict where an empty window stands, up to the end of the memory", async () => {
      await using stage = new Stage();
      await playWith(stage, [[1, [1, 2]]], [step.recv(0, INFO, MEMORY_END, 0), step.load(INFO + 24), step.flush()]);
      expect(await stage.notes()).toEqual([2, 2]);
    });

    test("receives into memory that has grown", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [[1, upTo(300)]],
        [
          step.recv(0, INFO, PAYLOAD, 0),
          step.grow(1),
          step.recv(0, MEMORY_END, MEMORY_END + 0x100, 300),
          step.dump(MEMORY_END, 32),
          step.dump(MEMORY_END + 0x100, 300),
        ],
      );
      expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 1, 300));
      expect(await stage.bytes()).toEqual(upTo(300));
    });
  });

  describe("recv_tag", () => {
    test("takes the first message that bears the tag and leaves the rest in order", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [1, [1]],
          [2, [2]],
          [3, [3]],
          [2, [4]],
          [1, [5]],
        ],
        [
          step.recvTag(0, 2),
          step.load(PAYLOAD),
          step.recvTag(0, 9),
          step.recvTag(0, 2),
          step.load(PAYLOAD),
          step.recvTag(0, 2),
          ...Array(4).fill([...step.recv(0), ...step.load(PAYLOAD)]),
          step.flush(),
        ],
      );
      const notes = await stage.notes();
      expect(notes.map(note => (note > 0 ? note & 0xff : note))).toEqual([1, 2, -1, 1, 4, -1, 1, 1, 1, 3, 1, 5, -1, 5]);
    });

    test("takes tag 0 for a tag like any other", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [1, [1]],
          [0, [2, 2]],
        ],
        [step.recvTag(0, 0), step.recv(0), step.flush()],
      );
      expect(await stage.notes()).toEqual([2, 1]);
    });

    test("leaves what does not fit where it is", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [1, [1]],
          [2, upTo(50)],
          [3, [3, 3]],
        ],
        [
          step.recvTag(0, 2, INFO, PAYLOAD, 7),
          step.dump(INFO, 32),
          step.dump(PAYLOAD, 7),
          step.recv(0),
          step.recv(0, INFO, PAYLOAD, 7),
          step.recvTag(0, 2, INFO, PAYLOAD, 50),
          step.dump(PAYLOAD, 50),
          step.recv(0),
          step.flush(),
        ],
      );
      expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 2, 50));
      expect(await stage.bytes()).toEqual(upTo(7));
      expect(await stage.bytes()).toEqual(upTo(50));
      expect(await stage.notes()).toEqual([50, 1, 50, 50, 2]);
    });
  });

  describe("recv_match", () => {
    test("asks in order of arrival, takes the first that is wanted and leaves the rest in order", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [1, [11]],
          [2, []],
          [3, [13, 1]],
          [4, [14]],
        ],
        [
          step.recvMatch(0, predicate.firstByteIs(13)),
          step.dump(INFO, 32),
          step.dump(PAYLOAD, 2),
          step.dumpTrace(),
          step.recv(0),
          step.recv(0),
          step.recv(0),
          step.load(INFO + 4),
          step.flush(),
        ],
      );
      expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 3, 2));
      expect([...(await stage.bytes())]).toEqual([13, 1]);
      expect(await stage.notes()).toEqual([113, PAYLOAD, 1, 11, 113, PAYLOAD, 0, -1, 113, PAYLOAD, 2, 13]);
      expect(await stage.notes()).toEqual([2, 1, 0, 1, 4]);
    });

    test("takes any number but 0 for yes, and asks each item once where none is wanted", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [1, [1]],
          [2, [2]],
          [3, [3]],
        ],
        [
          step.recvMatch(0, predicate.never),
          step.countAsked(),
          step.recvMatch(0, predicate.never),
          step.countAsked(),
          step.recvMatch(0, predicate.minusOne),
          step.load(INFO + 4),
          step.countAsked(),
          step.flush(),
        ],
      );
      expect(await stage.notes()).toEqual([-1, 3, -1, 6, 1, 1, 7]);
    });

    test("shows the candidate's info, and at most cap of its bytes with its whole length in info.len", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [1, upTo(20)],
          [7, upTo(30)],
        ],
        [
          step.fill(PAYLOAD, 64, 0xaa),
          step.recvMatch(0, predicate.infoTagIs7, INFO, PAYLOAD, 6),
          step.dumpTrace(),
          step.dump(INFO, 32),
          step.dump(PAYLOAD, 6),
          step.dump(PAYLOAD + 6, 40),
          step.countAsked(),
          step.recvMatch(0, predicate.infoTagIs7, INFO, PAYLOAD, 29),
          step.recvMatch(0, predicate.infoTagIs7, INFO, PAYLOAD, 30),
          step.countAsked(),
          step.dump(PAYLOAD, 30),
          step.recv(0),
          step.recv(0),
          step.flush(),
        ],
      );
      const which = predicate.infoTagIs7;
      expect(await stage.notes()).toEqual([which, PAYLOAD, 6, 1, which, PAYLOAD, 6, 1]);
      expect(await stage.notes()).toEqual(infoOf(stage.boss.pid, 7, 30));
      expect(await stage.bytes()).toEqual(upTo(6));
      expect(new Set(await stage.bytes())).toEqual(new Set([0xaa]));
      expect(await stage.bytes()).toEqual(upTo(30));
      expect(await stage.notes()).toEqual([30, 2, 30, 30, 2, 20, -1]);
    });

    test("asks again for another predicate after n > cap", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [[7, upTo(30)]],
        [
          step.recvMatch(0, predicate.infoTagIs7, INFO, PAYLOAD, 6),
          step.recvMatch(0, predicate.never),
          step.countAsked(),
          step.recvMatch(0, predicate.infoTagIs7),
          step.flush(),
        ],
      );
      expect(await stage.notes()).toEqual([30, -1, 2, 30]);
    });

    test("gives the item that did not fit also where others were received in between", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [1, [1]],
          [7, upTo(30)],
          [2, [2, 2]],
        ],
        [
          step.recvMatch(0, predicate.infoTagIs7, INFO, PAYLOAD, 6),
          step.recv(0),
          step.recvTag(0, 2),
          step.recvMatch(0, predicate.infoTagIs7),
          step.recv(0),
          step.flush(),
        ],
      );
      expect(await stage.notes()).toEqual([30, 1, 2, 30, -1]);
    });

    test("does not give an item that was taken by another receive in between", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [7, upTo(30)],
          [1, [1]],
        ],
        [
          step.recvMatch(0, predicate.infoTagIs7, INFO, PAYLOAD, 6),
          step.recv(0),
          step.recvMatch(0, predicate.infoTagIs7),
          step.recv(0),
          step.flush(),
        ],
      );
      expect(await stage.notes()).toEqual([30, 30, -1, 1]);
    });

    test("lets a predicate call self, args, now and log", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [[1, [104, 105]]],
        [step.recvMatch(0, predicate.callsWhatItMay), step.flush(), step.dump(0x7000, 4), step.dump(PAYLOAD, 2)],
      );
      expect(await stage.notes()).toEqual([2]);
      expect(await stage.notes()).toEqual([(stage.boss.pid % 2 ** 32) | 0]);
      expect(text(await stage.bytes())).toBe("hi");
      expect(stage.logs.map(([, level, line]) => [level, line])).toEqual([["info", "hi"]]);
    });

    test("lets a predicate grow the memory until there is no more", async () => {
      await using stage = new Stage();
      await playWith(
        stage,
        [
          [1, [1, 1]],
          [2, [2, 2, 2]],
          [3, [3]],
        ],
        [
          step.recvMatch(0, predicate.growsForEver),
          step.load(INFO + 4),
          step.countAsked(),
          step.flush(),
          step.dump(PAYLOAD, 3),
        ],
      );
      expect(await stage.notes()).toEqual([3, 2, 2]);
      expect([...(await stage.bytes())]).toEqual([2, 2, 2]);
    });

    const breaks: readonly [name: string, which: number, message: RegExp][] = [
      ["traps", predicate.traps, /unreachable/],
      ["exhausts the stack", predicate.exhaustsStack, /call stack|stack overflow/i],
      ["sends", predicate.sends, /send/],
      ["receives", predicate.receives, /recv/],
      ["exits", predicate.exits, /exit/],
      ["sets the window", predicate.setsWindow, /window/],
    ];
    test.each(breaks)("crashes the guest where its predicate %s", async (_, which, message) => {
      await using stage = new Stage();
      const echo = await stage.echo();
      const pid = await playWith(stage, [[1, [1]]], [step.recvMatch(0, which), step.dump(0, 4)]);
      expect(await stage.end(pid)).toMatchObject({
        kind: "crashed",
        message: expect.stringMatching(message),
      });
      expect(await stage.answers(echo)).toBe(true);
      expect(stage.boss.size).toBe(0);
    });
  });

  describe("args", () => {
    const ARGS = guest(
      `(func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 16)))
       (func $tell (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76))
         (call $args (i32.const 0x202) (i32.load (i32.const 128))) (i32.const 0x200) (i32.const 12))))
       (func (export "handle") (param i32) (call $tell))`,
    );
    test("gives as many bytes as there is room for, says how many there are, and gives them at any time", async () => {
      await using stage = new Stage();
      const pid = stage.runtime.spawn(await stage.runtime.load(ARGS), { args: "abcdef" });
      for (const [cap, expected] of [
        [0, "\0\0\0\0\0\0\0\0\0\0\0\0"],
        [3, "\0\0abc\0\0\0\0\0\0\0"],
        [6, "\0\0abcdef\0\0\0\0"],
        [10, "\0\0abcdef\0\0\0\0"],
      ] as const) {
        stage.boss.send(pid, new Uint8Array(Int32Array.of(cap).buffer));
        const item = await stage.boss.receive();
        expect(item).toMatchObject({ tag: 6, bytes: new TextEncoder().encode(expected) });
      }
    });

    test("are the guest's own copy", async () => {
      await using stage = new Stage();
      const args = new TextEncoder().encode("before");
      const pid = stage.runtime.spawn(await stage.runtime.load(ARGS), { args });
      args.fill(0);
      stage.boss.send(pid, Uint8Array.of(16, 0, 0, 0));
      const item = await stage.boss.receive();
      expect(item?.kind === "message" && text(item.bytes.slice(2, 8))).toBe("before");
    });
  });

  describe("exit", () => {
    test.each([
      [0, { kind: "normal" }],
      [1, { kind: "shutdown" }],
      [2, { kind: "killed" }],
      [3, { kind: "crashed", message: "\u0005\u0005", stack: "" }],
      [4, { kind: "noproc" }],
      [5, { kind: "noconnection" }],
      [6, { kind: "custom", bytes: Uint8Array.of(5, 5) }],
    ] as const)("with %i ends the actor at once for that reason", async (code, reason) => {
      await using stage = new Stage();
      const pid = await stage.playAtOnce(way, [step.fill(0x200, 2, 5), step.exit(code, 0x200, 2), step.dump(0x200, 2)]);
      expect(await stage.end(pid)).toEqual(reason);
      expect(stage.runtime.isAlive(pid)).toBe(false);
      expect(stage.boss.size).toBe(0);
    });

    test("with 6 and no bytes is the actor's own reason too", async () => {
      await using stage = new Stage();
      const pid = await stage.playAtOnce(way, [step.exit(6, 0, 0)]);
      expect(await stage.end(pid)).toEqual({ kind: "custom", bytes: new Uint8Array(0) });
    });

    test.each([7, -1, 256])("crashes for %i, which is no reason to give", async code => {
      await using stage = new Stage();
      const pid = await stage.playAtOnce(way, [step.exit(code, 0x200, 0)]);
      expect(await stage.reason(pid)).toMatch(/^crashed: .*exit/);
    });
  });

  test("now gives milliseconds since the runtime began", async () => {
    await using stage = new Stage();
    stage.clock.jump(1.25);
    const pid = await stage.playAtOnce(way, [step.now(0x200), step.dump(0x200, 8), step.recv(0)]);
    const bytes = await stage.bytes();
    expect(new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true)).toBe(1.25);
    expect(pid).toBeGreaterThan(0);
  });

  test("epoch gives the date on which the runtime began, however the clock goes on", async () => {
    class Dated extends ManualClock {
      date = () => 1_700_000_000_123.5 + this.now();
    }
    for (const [clock, date] of [
      [new Dated(), 1_700_000_000_128.5],
      // A clock that knows no date.
      [new ManualClock(), 5],
    ] as const) {
      clock.jump(5);
      await using runtime = new Runtime({ grants: { clock: true }, clock });
      clock.jump(1000);
      const body = `(func (export "handle") (param i32)
        (f64.store (i32.const 512) (call $epoch))
        (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.load (i32.const 80)) (i32.const 512) (i32.const 8))))
        (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))`;
      const answer = await runtime.call(runtime.spawn(await runtime.load(guest(body))), "");
      expect(new DataView(answer.buffer, answer.byteOffset).getFloat64(0, true)).toBe(date);
    }
  });

  test("log gives a line of text at one of four levels", async () => {
    await using stage = new Stage();
    const word = 0xa9c3; // é
    const pid = await stage.playAtOnce(way, [
      step.store(0x200, word),
      ...[0, 1, 2, 3].map(level => step.log(level, 0x200, 2)),
      step.log(0, 0x200, 0),
      step.flush(),
    ]);
    await stage.notes();
    const levels = stage.logs.map(([, level]) => level);
    expect(stage.logs.every(([from]) => from === pid)).toBe(true);
    expect(stage.logs.map(([, , line]) => line)).toEqual(["é", "é", "é", "é", ""]);
    expect(new Set(levels).size).toBe(4);
    expect(levels[0]).toMatch(/debug/);
    expect(levels[1]).toMatch(/info/);
    expect(levels[2]).toMatch(/warn/);
    expect(levels[3]).toMatch(/error/);
  });

  test("self is the pid that spawn returned", async () => {
    await using stage = new Stage();
    const pid = await stage.playAtOnce(way, [step.self(), step.flush()]);
    expect(await stage.notes()).toEqual([(pid % 2 ** 32) | 0, Math.floor(pid / 2 ** 32)]);
  });
});

describe("a handler", TIMEOUT, () => {
  /** Answers each item with its n, its info and the first bytes of its window. */
  const REPORT = `
    (func $report (param $n i32)
      (i32.store (i32.const 60) (local.get $n))
      (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.const 0) (i32.const 60) (i32.const 100))))`;

  test("is called once per item with the payload's length, info and bytes in its window", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`${REPORT}
        (func (export "_start") (call $window (i32.const 64) (i32.const 96) (i32.const 64)))
        (func (export "handle") (param $n i32) (call $report (local.get $n)))`),
    );
    const pid = stage.runtime.spawn(module);
    for (const length of [3, 0, 64]) stage.boss.send(pid, upTo(length), { tag: length + 1 });
    for (const length of [3, 0, 64]) {
      const bytes = await stage.bytes();
      expect(wordsOf(bytes).slice(0, 9)).toEqual([length, ...infoOf(stage.boss.pid, length + 1, length)]);
      expect(bytes.subarray(36, 36 + length)).toEqual(upTo(length));
    }
  });

  test("may have no window: it is told the length and takes each item by itself", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`${REPORT}
        (func (export "handle") (param $n i32)
          (call $report (call $recv (i32.const 64) (i32.const 96) (i32.const 64) (i32.const 0))))`),
    );
    const pid = stage.runtime.spawn(module);
    stage.boss.send(pid, upTo(4), { tag: 9 });
    expect((await stage.notes()).slice(0, 9)).toEqual([4, ...infoOf(stage.boss.pid, 9, 4)]);
  });

  test("takes an item that does not fit with recv and a larger window", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`${REPORT}
        (func (export "_start") (call $window (i32.const 64) (i32.const 96) (i32.const 4)))
        (func (export "handle") (param $n i32)
          (call $report (local.get $n))
          (if (i32.gt_u (local.get $n) (i32.const 4)) (then
            (call $report (call $recv (i32.const 64) (i32.const 96) (i32.const 64) (i32.const -1))))))`),
    );
    const pid = stage.runtime.spawn(module);
    stage.boss.send(pid, upTo(10), { tag: 1 });
    stage.boss.send(pid, upTo(2), { tag: 2 });
    const first = await stage.bytes();
    expect(wordsOf(first).slice(0, 9)).toEqual([10, ...infoOf(stage.boss.pid, 1, 10)]);
    const whole = await stage.bytes();
    expect(wordsOf(whole).slice(0, 9)).toEqual([10, ...infoOf(stage.boss.pid, 1, 10)]);
    expect(whole.subarray(36, 46)).toEqual(upTo(10));
    expect(wordsOf(await stage.bytes()).slice(0, 9)).toEqual([2, ...infoOf(stage.boss.pid, 2, 2)]);
  });

  test("crashes where it leaves an item that does not fit", async () => {
    await using stage = new Stage();
    const echo = await stage.echo();
    const module = await stage.runtime.load(
      guest(`
        (func (export "_start") (call $window (i32.const 64) (i32.const 96) (i32.const 4)))
        (func (export "handle") (param i32))`),
    );
    const pid = stage.runtime.spawn(module);
    stage.boss.send(pid, upTo(4));
    stage.boss.send(pid, upTo(5));
    expect(await stage.reason(pid)).toMatch(/^crashed: .*(window|cap|5 bytes)/);
    expect(await stage.answers(echo)).toBe(true);
  });

  test("may move its window at any time, from the next item on", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`${REPORT}
        (func (export "_start") (call $window (i32.const 64) (i32.const 96) (i32.const 4)))
        (func (export "handle") (param $n i32)
          (call $report (local.get $n))
          (call $window (i32.const 64) (i32.const 97) (i32.const 32)))`),
    );
    const pid = stage.runtime.spawn(module);
    stage.boss.send(pid, Uint8Array.of(1, 2));
    stage.boss.send(pid, upTo(32));
    expect([...(await stage.bytes()).subarray(36, 38)]).toEqual([1, 2]);
    const second = await stage.bytes();
    expect([...second.subarray(36, 70)]).toEqual([1, ...upTo(32), 0]);
  });

  test("that moves its window in the middle of an item which does not fit still has to take it", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`
        (func (export "handle") (param $n i32)
          (call $window (i32.const 64) (i32.const 96) (i32.const 32)))`),
    );
    const pid = stage.runtime.spawn(module);
    stage.boss.send(pid, upTo(5));
    expect(await stage.reason(pid)).toMatch(/^crashed/);
  });

  test("that wants no info gets the payload alone", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`
        (func (export "_start") (call $window (i32.const 0) (i32.const 96) (i32.const 8)))
        (func (export "handle") (param $n i32) (call $exit (i32.const 6) (i32.const 0) (i32.const 104)))`),
    );
    const pid = stage.runtime.spawn(module);
    stage.boss.send(pid, upTo(8));
    expect(await stage.end(pid)).toEqual({
      kind: "custom",
      bytes: Uint8Array.of(...new Uint8Array(96), ...upTo(8)),
    });
  });

  test("answers what arrives while it is polling for more, and is called for the rest", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`${REPORT}
        (func (export "_start") (call $window (i32.const 64) (i32.const 96) (i32.const 32)))
        (func (export "handle") (param $n i32)
          (call $report (i32.const 1000))
          (call $report (call $recv_tag (i32.const 64) (i32.const 96) (i32.const 32) (i32.const 500) (i32.const 7))))`),
    );
    const pid = stage.runtime.spawn(module);
    for (const tag of [1, 2, 7, 3]) stage.boss.send(pid, upTo(tag), { tag });
    const seen: number[][] = [];
    for (let count = 0; count < 6; count++) seen.push((await stage.notes()).slice(0, 3));
    expect(seen).toEqual([
      [1000, 1, 1],
      [7, 1, 7],
      [1000, 1, 2],
      [-1, 1, 2],
      [1000, 1, 3],
      [-1, 1, 3],
    ]);
  });

  test("stays alive between items and ends by exit", async () => {
    await using stage = new Stage();
    const pid = await stage.play("handler", [step.recv(0), step.exit(0)]);
    await stage.settle();
    expect(stage.runtime.isAlive(pid)).toBe(true);
    stage.runtime.send(pid, "");
    expect(await stage.reason(pid)).toBe("normal");
    expect(stage.runtime.send(pid, "")).toBe(false);
  });
});

describe("_start", TIMEOUT, () => {
  const STARTS = `
    (global $starts (mut i32) (i32.const 0))
    (func $tell (param $tag i32)
      (drop (call $args (i32.const 16) (i32.const 8)))
      (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (local.get $tag) (i32.const 0) (i32.const 0))))
    (func (export "_start") (call $window (i32.const 64) (i32.const 96) (i32.const 32))
      (global.set $starts (i32.add (global.get $starts) (i32.const 1)))
      (call $tell (i32.add (i32.const 100) (global.get $starts))))
    (func (export "handle") (param i32) (call $tell (i32.const 2)))`;
  const pidBytes = (pid: Pid) => new Uint8Array(BigUint64Array.of(BigInt(pid)).buffer);

  test("is called once, first thing in the first turn, for a handler and for a process", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(guest(`${STARTS} (func (export "run") (call $tell (i32.const 1)))`));
    const args = pidBytes(stage.boss.pid);
    const handler = stage.runtime.spawn(module, { args, entry: "handle" });
    stage.runtime.send(handler, "");
    stage.runtime.send(handler, "");
    for (const tag of [101, 2, 2]) expect(await stage.boss.receive()).toMatchObject({ from: handler, tag });
    const process = stage.runtime.spawn(module, { args });
    const reason = stage.reason(process);
    for (const tag of [101, 1]) expect(await stage.boss.receive()).toMatchObject({ from: process, tag });
    expect(await reason).toBe("normal");
  });

  test("runs in the actor's own turn, not in spawn", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(guest(STARTS));
    stage.runtime.spawn(module, { args: pidBytes(stage.boss.pid) });
    expect(stage.boss.size).toBe(0);
    expect(await stage.boss.receive()).toMatchObject({ tag: 101 });
  });

  test("may poll, whatever its timeout: an item that is there is taken, and -1 is answered where there is none", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`
        (func $again (result i32) (call $recv (i32.const 64) (i32.const 96) (i32.const 32) (i32.const -1)))
        (func (export "_start") (local $first i32) (local $second i32)
          (local.set $first (call $again))
          (local.set $second (call $again))
          (i32.store (i32.const 96) (local.get $first))
          (i32.store (i32.const 100) (local.get $second))
          (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.const 0) (i32.const 96) (i32.const 8))))
        (func (export "run") (drop (call $again)) (drop (call $park)))`),
    );
    const pid = stage.runtime.spawn(module);
    stage.boss.send(pid, upTo(3));
    expect(await stage.notes()).toEqual([3, -1]);
    expect(stage.runtime.isAlive(pid)).toBe(true);
  });

  test("does not run at all in an actor that was killed before its first turn", async () => {
    await using stage = new Stage();
    const pid = stage.runtime.spawn(await stage.runtime.load(guest(STARTS)), { args: pidBytes(stage.boss.pid) });
    stage.runtime.kill(pid);
    await stage.settle();
    expect(stage.boss.size).toBe(0);
  });

  test("comes after the WebAssembly start function, which may send already", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`${STARTS}
        (func $early (call $tell (i32.const 50)))
        (start $early)`),
    );
    const pid = stage.runtime.spawn(module, { args: pidBytes(stage.boss.pid) });
    expect(await stage.boss.receive()).toMatchObject({ from: pid, tag: 50 });
    expect(await stage.boss.receive()).toMatchObject({ from: pid, tag: 101 });
  });
});

describe("a module", TIMEOUT, () => {
  test("may export its memory instead of importing it", async () => {
    await using stage = new Stage();
    const pid = stage.runtime.spawn(await stage.runtime.load(guest(ECHO, `(memory (export "memory") 2)`)));
    expect(await stage.answers(pid)).toBe(true);
  });

  test("may have more entries, and whoever spawns it says which", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`
        (func (export "run") (call $exit (i32.const 6) (i32.const 16) (i32.const 1)))
        (func (export "other") (call $exit (i32.const 6) (i32.const 16) (i32.const 2)))
        (func (export "handle") (param i32) (call $exit (i32.const 6) (i32.const 16) (i32.const 3)))`),
    );
    const lengthOf = async (entry?: string) => {
      const pid = stage.runtime.spawn(module, entry === undefined ? {} : { entry });
      stage.runtime.send(pid, "");
      const reason = await stage.end(pid);
      return reason.kind === "custom" ? reason.bytes.length : reason;
    };
    expect(await lengthOf()).toBe(1);
    expect(await lengthOf("run")).toBe(1);
    expect(await lengthOf("other")).toBe(2);
    expect(await lengthOf("handle")).toBe(3);
  });

  test("may take a seed from the host's source of randomness", async () => {
    const seedOf = async (seed: number) => {
      await using stage = new Stage({ random: () => seed });
      const module = await stage.runtime.load(
        guest(`(func (export "run") (f64.store (i32.const 16) (call $seed))
          (call $exit (i32.const 6) (i32.const 16) (i32.const 8)))`),
      );
      return await stage.runtime.exited(stage.runtime.spawn(module));
    };
    expect(await seedOf(0.5)).toEqual(await seedOf(0.5));
    expect(await seedOf(0.5)).not.toEqual(await seedOf(0.25));
  });

  test("crashes by env.abort with the message that the host decodes", async () => {
    await using stage = new Stage({ readString: (_, pointer) => `text at ${pointer}` });
    const pid = await stage.playAtOnce("jspi", [step.abort()]);
    const reason = await stage.reason(pid);
    expect(reason).toMatch(/^crashed: .*text at 8/);
    expect(reason).toContain("7");
  });

  test("has a memory of its own in each of its instances", async () => {
    await using stage = new Stage();
    const script = [step.recv(-1), step.await(), step.grow(0), step.load(0x3000), step.store(0x3000, 5), step.flush()];
    const pids = [await stage.play("jspi", script), await stage.play("jspi", script)];
    for (const pid of pids) {
      stage.runtime.send(pid, "");
      expect(await stage.notes()).toEqual([0, 2, 0]);
    }
  });
});
