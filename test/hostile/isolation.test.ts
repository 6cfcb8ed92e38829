/**
 * Canaries: no guest sees bytes that another had in its memory, mailbox, timers or arguments. What
 * guests learn of a crash says nothing about the machine that they run on.
 */

import { describe, expect, test } from "vitest";
import type { ActorExit, LoadOptions, Pid } from "../../host/index.ts";
import { MEMORY_END, wordsOf } from "../support/player.ts";
import { Arena } from "./arena.ts";

const TIMEOUT = { timeout: 120_000 };
const PAGE = 0x10000;
/**
 * A byte that no guest but the victims uses, and that is part of no pid, length or pointer below.
 */
const CANARY = 0xc7;
/** What a receiver's memory is filled with before it receives. */
const OWN = 0x55;

const BOSS = "(i32.load (i32.const 16)) (i32.load (i32.const 20))";
/** At 16 the pid of the test's mailbox, at 24 what else a test passes. */
const BEGIN = "(drop (call $args (i32.const 16) (i32.const 64)))";
const NO_BYTES = "(i32.const 0) (i32.const 0)";
const SELF = "(call $self_lo) (call $self_hi)";
const TELL = `
  (func $show (param $ptr i32) (param $len i32)
    (drop (call $send ${BOSS} (i32.const 0) (local.get $ptr) (local.get $len))))`;
const FOREIGN = `(import "env" "memory" (memory 2))`;
const OF_ITS_OWN = `(memory (export "memory") 2)`;

const pidBytes = (...pids: readonly Pid[]) => new Uint8Array(BigUint64Array.from(pids, BigInt).buffer);
const canaries = (length: number) => new Uint8Array(length).fill(CANARY);
/** Places where memory holds a byte that is not one of these. */
function strange(memory: Uint8Array, ...allowed: readonly number[]): number[] {
  const places: number[] = [];
  for (let at = 0; at < memory.length; at++) if (!allowed.includes(memory[at])) places.push(at);
  return places;
}

describe("memory", TIMEOUT, () => {
  /**
   * Grows, fills everything with canaries, and ends in some way; the first argument after the
   * mailbox says how.
   */
  const FILLS = `
    (func $fill ${BEGIN} (drop (memory.grow (i32.const 2)))
      (memory.fill (i32.const 64) (i32.const ${CANARY}) (i32.const ${4 * PAGE - 64})))`;
  const victims: readonly (readonly [how: string, body: string, end: (arena: Arena, pid: Pid) => unknown])[] = [
    ["returned", `(func (export "run") (call $fill))`, () => {}],
    ["trapped", `(func (export "run") (call $fill) unreachable)`, () => {}],
    [
      "exited",
      `(func (export "run") (call $fill) (call $exit (i32.const 6) (i32.const 64) (i32.const 4096)))`,
      () => {},
    ],
    [
      "was killed while it was parked by JSPI",
      `(func (export "run") (call $fill) (drop (call $recv ${NO_BYTES} (i32.const 0) (i32.const -1))) (drop (call $park)))`,
      (arena, pid) => arena.runtime.kill(pid),
    ],
    [
      "was killed while it was parked by resume:run",
      `(func (export "run")) (func (export "resume:run") (param i32) (result i32) (call $fill)
        (drop (call $recv ${NO_BYTES} (i32.const 0) (i32.const -1))) (i32.const 1))`,
      (arena, pid) => arena.runtime.kill(pid),
    ],
    [
      "was killed between its items",
      `(func (export "_start") (call $fill)) (func (export "handle") (param i32))`,
      (arena, pid) => arena.runtime.kill(pid),
    ],
    [
      "trapped in its start function",
      `(func $go (call $fill) unreachable) (start $go) (func (export "run"))`,
      () => {},
    ],
  ];
  /** Shows all of its memory, then all of it after it has grown. */
  const SCANS = `${TELL}
    (func (export "run") ${BEGIN}
      (call $show (i32.const 0) (i32.const ${2 * PAGE}))
      (drop (memory.grow (i32.const 2)))
      (call $show (i32.const 0) (i32.const ${4 * PAGE})))`;

  describe.each([
    ["that the host makes", FOREIGN],
    ["that the module makes", OF_ITS_OWN],
  ])("%s", (_name, memory) => {
    // A start function that is to write into a memory that the module exports is refused by the
    // host itself.
    const starts = memory === OF_ITS_OWN ? victims.filter(([how]) => !how.includes("start function")) : victims;
    test.each(starts)("of one that %s is empty for whoever comes next", async (how, body, end) => {
      await using arena = await Arena.open();
      const victim = await arena.load(FILLS + body, { memory });
      const scanners = [await arena.load(SCANS, { memory }), await arena.load(SCANS, { memory: FOREIGN })];
      for (let round = 0; round < 4; round++) {
        try {
          const pid = arena.runtime.spawn(victim, { args: pidBytes(arena.boss.pid) });
          await arena.settle();
          end(arena, pid);
        } catch (error) {
          expect(how).toContain("start function");
          expect(`${error}`).toContain("unreachable");
        }
        await arena.settle();
        for (const scanner of scanners) {
          arena.runtime.spawn(scanner, { args: pidBytes(arena.boss.pid) });
          for (const pages of [2, 4]) {
            const seen = await arena.bytes();
            expect(seen.length).toBe(pages * PAGE);
            // Its own argument, at 16.
            seen.fill(0, 16, 24);
            expect(strange(seen, 0)).toEqual([]);
          }
        }
      }
      expect(await arena.served()).toBe(true);
    });
  });

  test("and globals, segments and what was dropped are as new for the next of the same module", async () => {
    await using arena = await Arena.open();
    const module = await arena.load(`${TELL}
      (global $kept (mut i32) (i32.const 7))
      (global $shown (export "shown") (mut i64) (i64.const 8))
      (data $once "fresh")
      (data (i32.const 512) "again")
      (func (export "run") ${BEGIN}
        (memory.init $once (i32.const 520) (i32.const 0) (i32.const 5))
        (data.drop $once)
        (i32.store (i32.const 528) (global.get $kept))
        (i64.store (i32.const 536) (global.get $shown))
        (call $show (i32.const 512) (i32.const 32))
        (global.set $kept (i32.const -1))
        (global.set $shown (i64.const -1))
        (memory.fill (i32.const 512) (i32.const ${CANARY}) (i32.const 32))
        (drop (call $recv ${NO_BYTES} (i32.const 0) (i32.const -1))) (drop (call $park)))`);
    const seen = new Set<string>();
    for (let round = 0; round < 10; round++) {
      const pid = arena.runtime.spawn(module, { args: pidBytes(arena.boss.pid) });
      seen.add(String.fromCharCode(...(await arena.bytes())));
      if (round % 2 === 0) arena.runtime.kill(pid);
    }
    expect([...seen]).toEqual(["again\0\0\0fresh\0\0\0\x07\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0"]);
    expect(await arena.served()).toBe(true);
  });
});

describe("a mailbox that others had before", TIMEOUT, () => {
  const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 31, 33, 63, 64, 65, 100, 127, 128, 129, 1000, 4095, 5000];
  const ROOM = 0x4000;
  const INFO = 0x200;
  const AT = 0x400;
  const WINDOW = `(i32.const ${INFO}) (i32.const ${AT}) (i32.const ${ROOM})`;
  const FILL = `(memory.fill (i32.const ${INFO}) (i32.const ${OWN}) (i32.const ${AT - INFO + ROOM}))`;
  const SHOW = `(call $show (i32.const ${INFO}) (i32.const ${AT - INFO + ROOM}))`;
  const MATCH = `(func (export "match") (param i32 i32 i32) (result i32) (i32.const 1))`;

  /** Receivers that clear their window, take an item, and show the window. */
  const receivers: Readonly<Record<string, string>> = {
    "a handler": `(func (export "_start") ${BEGIN} (call $window ${WINDOW}) ${FILL})
      (func (export "handle") (param i32) ${SHOW} ${FILL})`,
    "recv and park": `(func (export "run") (local $n i32) ${BEGIN}
      (loop $more ${FILL}
        (if (i32.eq (call $recv ${WINDOW} (i32.const -1)) (i32.const -2)) (then (drop (call $park))))
        ${SHOW} (br $more)))`,
    "recv_tag and park": `(func (export "run") (local $n i32) ${BEGIN}
      (loop $more ${FILL}
        (if (i32.eq (call $recv_tag ${WINDOW} (i32.const -1) (i32.const 5)) (i32.const -2)) (then (drop (call $park))))
        ${SHOW} (br $more)))`,
    "recv_match and park": `${MATCH} (func (export "run") (local $n i32) ${BEGIN}
      (loop $more ${FILL}
        (if (i32.eq (call $recv_match ${WINDOW} (i32.const -1) (i32.const 1)) (i32.const -2)) (then (drop (call $park))))
        ${SHOW} (br $more)))`,
    "recv and resume:run": `(global $waits (mut i32) (i32.const 0)) (func (export "run")) (func (export "resume:run") (param i32) (result i32)
      (if (i32.eqz (global.get $waits)) (then ${BEGIN}) (else ${SHOW}))
      (global.set $waits (i32.const 1))
      (loop $more ${FILL}
        (if (i32.eq (call $recv ${WINDOW} (i32.const -1)) (i32.const -2)) (then (return (i32.const 1))))
        ${SHOW} (br $more))
      unreachable)`,
    "polls of a handler": `(func (export "_start") ${BEGIN})
      (func (export "handle") (param i32)
        (loop $more (if (i32.gt_s (block (result i32) ${FILL} (call $recv ${WINDOW} (i32.const 0))) (i32.const -1))
          (then ${SHOW} (br $more)))))`,
  };

  /** Fills mailboxes with canaries of all sizes, and ends their owners. */
  async function pollute(arena: Arena): Promise<void> {
    const holder = await arena.load(`(func (export "run")
      (drop (call $recv_tag ${NO_BYTES} (i32.const 0) (i32.const -1) (i32.const 99))) (drop (call $park)))`);
    const held = Array.from({ length: 6 }, () => arena.runtime.spawn(holder));
    await arena.settle();
    for (const [index, pid] of held.entries()) {
      for (const size of [...SIZES, 60_000]) expect(arena.boss.send(pid, canaries(size), { tag: 7 })).toBe(true);
      // Some are made large, others are read through and half emptied first.
      if (index % 2 === 0) arena.boss.send(pid, canaries(300_000), { tag: 99 });
    }
    await arena.settle();
    for (const pid of held) arena.runtime.kill(pid);
    await arena.settle();
  }

  describe.each(Object.entries(receivers))("shows nothing of them to %s", (name, body) => {
    test.each([
      ["one by one, while it waits", true],
      ["all at once", false],
    ])("that gets messages %s", async (_, waits) => {
      await using arena = await Arena.open();
      await pollute(arena);
      const pid = await arena.attack(`${TELL} ${body}`, { args: pidBytes(arena.boss.pid) });
      await arena.settle();
      // The first item only wakes it.
      if (name.startsWith("polls")) arena.boss.send(pid, "", { tag: 5 });
      const payload = (size: number) => Uint8Array.from({ length: size }, (_, index) => 1 + (index % 50));
      const shown: Uint8Array[] = [];
      for (const size of SIZES) {
        arena.boss.send(pid, payload(size), { tag: 5 });
        if (!waits) continue;
        if (name.startsWith("polls")) {
          arena.boss.send(pid, "", { tag: 5 });
          await arena.settle();
          while (arena.boss.size > 0) shown.push(await arena.bytes());
        } else {
          shown.push(await arena.bytes());
        }
      }
      await arena.settle();
      while (arena.boss.size > 0) shown.push(await arena.bytes());
      const lengths: number[] = [];
      for (const window of shown) {
        const [kind, tag, lo, , ref, reason, len, zero] = wordsOf(window.subarray(0, 32));
        expect([kind, tag, lo, ref, reason, zero]).toEqual([1, 5, arena.boss.pid % 2 ** 32, 0, 0, 0]);
        expect(window.subarray(AT - INFO, AT - INFO + len)).toEqual(payload(len));
        // Behind the item, and between info and the item, is what the guest itself has put there.
        expect(strange(window.subarray(AT - INFO + len), OWN, 0)).toEqual([]);
        expect(strange(window.subarray(32, AT - INFO), OWN)).toEqual([]);
        lengths.push(len);
      }
      expect(lengths.filter(length => length > 0)).toEqual(SIZES.filter(size => size > 0));
      expect(arena.runtime.isAlive(pid)).toBe(true);
      expect(await arena.served()).toBe(true);
    });
  });

  test("shows nothing of them beside a Down, an Exit or a timer", async () => {
    await using arena = await Arena.open();
    await pollute(arena);
    const watches = await arena.attack(
      `${TELL} (func (export "_start") ${BEGIN} (call $window ${WINDOW}) ${FILL}
        (drop (call $trap_exit (i32.const 1)))
        (drop (call $monitor (i32.load (i32.const 24)) (i32.load (i32.const 28))))
        (drop (call $link (i32.load (i32.const 24)) (i32.load (i32.const 28))))
        (drop (call $send_after (i32.const 5) ${SELF} (i32.const 3) (i32.const 24) (i32.const 3))))
      (func (export "handle") (param i32) ${SHOW} ${FILL})`,
      { args: pidBytes(arena.boss.pid, await victimThatExits(arena)), grants: "all" },
    );
    await arena.settle();
    arena.clock.jump(5);
    await arena.settle();
    const kinds: number[] = [];
    while (arena.boss.size > 0) {
      const window = await arena.bytes();
      const [kind, , , , , , len, zero] = wordsOf(window.subarray(0, 32));
      expect(zero).toBe(0);
      expect(strange(window.subarray(AT - INFO + len), OWN, 0)).toEqual([]);
      kinds.push(kind);
    }
    expect(kinds.sort()).toEqual([2, 3, 4]);
    expect(arena.runtime.isAlive(watches)).toBe(true);
    expect(await arena.served()).toBe(true);
  });

  /** Ends after a second, with a reason of three bytes. */
  async function victimThatExits(arena: Arena): Promise<Pid> {
    return arena.attack(
      `(func (export "_start") (drop (call $send_after (i32.const 1) ${SELF} (i32.const 0) ${NO_BYTES})))
       (func (export "handle") (param i32) (i32.store (i32.const 0) (i32.const 0x030201))
         (call $exit (i32.const 6) (i32.const 0) (i32.const 3)))`,
    );
  }

  test("shows a long message in a short window as far as the window goes, and no further", async () => {
    await using arena = await Arena.open();
    await pollute(arena);
    const pid = await arena.attack(
      `${TELL} (func (export "_start") ${BEGIN} (call $window (i32.const ${INFO}) (i32.const ${AT}) (i32.const 10)) ${FILL})
      (func (export "handle") (param $n i32)
        ${SHOW} ${FILL}
        (drop (call $recv ${WINDOW} (i32.const 0)))
        ${SHOW} ${FILL})`,
      { args: pidBytes(arena.boss.pid) },
    );
    for (const length of [11, 64, 100, 5000]) {
      const payload = new Uint8Array(length).fill(length % 50);
      arena.boss.send(pid, payload, { tag: 1 });
      const short = await arena.bytes();
      expect([...short.subarray(AT - INFO, AT - INFO + 10)]).toEqual([...payload.subarray(0, 10)]);
      expect(strange(short.subarray(AT - INFO + 10), OWN)).toEqual([]);
      const whole = await arena.bytes();
      expect(whole.subarray(AT - INFO, AT - INFO + length)).toEqual(payload);
      expect(strange(whole.subarray(AT - INFO + length), OWN, 0)).toEqual([]);
    }
    expect(await arena.served()).toBe(true);
  });
});

describe("arguments, timers and results", TIMEOUT, () => {
  test("of one are not the next one's: args writes what was given, and no more", async () => {
    await using arena = await Arena.open();
    const ends = await arena.load(`(func (export "run"))`);
    const shows = await arena.load(`${TELL}
      (func (export "run")
        (memory.fill (i32.const 0) (i32.const ${OWN}) (i32.const ${MEMORY_END}))
        (i32.store (i32.const 0) (call $args (i32.const 16) (i32.const ${MEMORY_END - 16})))
        (call $show (i32.const 0) (i32.const ${MEMORY_END})))`);
    for (const size of [8, 9, 100, 4000]) {
      for (let count = 0; count < 5; count++) arena.runtime.spawn(ends, { args: canaries(5000) });
      await arena.settle();
      const args = new Uint8Array(size).fill(3);
      args.set(pidBytes(arena.boss.pid));
      arena.runtime.spawn(shows, { args });
      const memory = await arena.bytes();
      expect(wordsOf(memory.subarray(0, 4))).toEqual([size]);
      expect(memory.subarray(16, 16 + size)).toEqual(args);
      expect(strange(memory.subarray(16 + size), OWN)).toEqual([]);
    }
    expect(await arena.served()).toBe(true);
  });

  test("that a parent gives are what they were at the spawn, and nothing beside them", async () => {
    await using arena = await Arena.open();
    arena.runtime.define(
      "child",
      await arena.load(`${TELL}
        (func (export "run")
          (memory.fill (i32.const 0) (i32.const ${OWN}) (i32.const 4096))
          (i32.store (i32.const 0) (call $args (i32.const 16) (i32.const 2048)))
          (call $show (i32.const 0) (i32.const 4096)))`),
    );
    await arena.attack(
      `(data (i32.const 256) "child")
      (func (export "run")
        (memory.fill (i32.const 512) (i32.const ${CANARY}) (i32.const 8192))
        (drop (call $args (i32.const 1024) (i32.const 8)))
        (drop (call $spawn (i32.const 256) (i32.const 5) ${NO_BYTES} (i32.const 1024) (i32.const 8) (i32.const 0) (i32.const 300)))
        (memory.fill (i32.const 512) (i32.const ${CANARY}) (i32.const 8192)))`,
      { args: pidBytes(arena.boss.pid), grants: { spawn: ["child"] } },
    );
    const memory = await arena.bytes();
    expect(wordsOf(memory.subarray(0, 4))).toEqual([8]);
    expect(memory.subarray(16, 24)).toEqual(pidBytes(arena.boss.pid));
    expect(strange(memory.subarray(24), OWN)).toEqual([]);
    expect(await arena.served()).toBe(true);
  });

  test("of timers that were cancelled, or whose setters have ended, are in nobody's items", async () => {
    await using arena = await Arena.open();
    const sets = await arena.load(`
      (func (export "run") (local $i i32)
        (memory.fill (i32.const 0) (i32.const ${CANARY}) (i32.const 8192))
        (loop $more
          (drop (call $send_after (i32.const 1000) ${SELF} (i32.const 1) (i32.const 0) (i32.mul (local.get $i) (i32.const 50))))
          (drop (call $cancel_timer (call $send_after (i32.const 10) ${SELF} (i32.const 1) (i32.const 0) (local.get $i))))
          (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100)))))`);
    for (let count = 0; count < 5; count++) arena.runtime.spawn(sets);
    await arena.settle();
    await arena.attack(
      `${TELL}
      (func (export "_start") (local $i i32) ${BEGIN}
        (call $window (i32.const 0x200) (i32.const 0x400) (i32.const 0x1000))
        (memory.fill (i32.const 0x200) (i32.const ${OWN}) (i32.const 0x2000))
        (loop $more
          (drop (call $send_after (i32.const 5) ${SELF} (i32.const 1) (i32.const 0x300) (local.get $i)))
          (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 80)))))
      (func (export "handle") (param i32)
        (call $show (i32.const 0x200) (i32.const 0x1200))
        (memory.fill (i32.const 0x200) (i32.const ${OWN}) (i32.const 0x2000)))`,
      { args: pidBytes(arena.boss.pid) },
    );
    await arena.settle();
    arena.clock.jump(5000);
    for (let count = 0; count < 80; count++) {
      const window = await arena.bytes();
      expect(wordsOf(window.subarray(24, 28))).toEqual([count]);
      expect(strange(window.subarray(32), OWN, 0)).toEqual([]);
    }
    expect(await arena.served()).toBe(true);
  });

  test("of members are as many pids as there are, and nothing behind them", async () => {
    await using arena = await Arena.open();
    arena.runtime.join("g", arena.witness);
    await arena.attack(
      `(data (i32.const 256) "g") ${TELL}
      (func (export "run") ${BEGIN}
        (memory.fill (i32.const 512) (i32.const ${OWN}) (i32.const 4096))
        (drop (call $members (i32.const 256) (i32.const 1) (i32.const 513) (i32.const 500)))
        (call $show (i32.const 512) (i32.const 4096)))`,
      { args: pidBytes(arena.boss.pid), grants: { lookup: true } },
    );
    const memory = await arena.bytes();
    expect(memory.subarray(1, 9)).toEqual(pidBytes(arena.witness));
    expect([memory[0], ...strange(memory.subarray(9), OWN)]).toEqual([OWN]);
    expect(await arena.served()).toBe(true);
  });
});

describe("a stack that is put aside", TIMEOUT, () => {
  /** More than a stack may have, and where its guest keeps what it has seen there. */
  const LOW = 0x80000;
  const KEPT = 0xa0000;
  /**
   * Follows the page's rules of `isopod:yield` by hand: told to unwind, it fills the room for its
   * stack with this byte and says that its stack reaches up to a top of its choice; in the next
   * turn it looks at what is there before it asks for the memory that it had.
   */
  const givesWay = (byte: number, top: string) => `
    (global $told (mut i32) (i32.const 0))
    (global $lo (mut i32) (i32.const 0))
    (global $hi (mut i32) (i32.const 0))
    (func $show (param $tag i32) (param $ptr i32)
      (drop (call $send (global.get $lo) (global.get $hi) (local.get $tag) (local.get $ptr) (i32.const ${LOW}))))
    (func $budget (export "isopod:yield") (result i32) (call $yield))
    (func (export "run") unreachable)
    (func (export "resume:run") (param i32) (result i32) (local $n i32)
      (if (global.get $told) (then
        (memory.copy (i32.const ${KEPT}) (i32.const 0) (i32.const ${LOW}))
        (drop (call $budget))
        (call $show (i32.const 1) (i32.const ${KEPT}))
        (call $show (i32.const 2) (i32.const 0))
        (return (i32.const 0))))
      (global.set $told (i32.const 1))
      ${BEGIN}
      (global.set $lo (i32.load (i32.const 16))) (global.set $hi (i32.load (i32.const 20)))
      (memory.fill (i32.const 0) (i32.const ${OWN}) (i32.const ${LOW}))
      (loop $more (br_if $more (i32.gt_s (local.tee $n (call $budget)) (i32.const 0))))
      (local.set $n (i32.sub (i32.const 0) (local.get $n)))
      (if (i32.lt_u (local.get $n) (i32.const 4096)) (then unreachable))
      (memory.fill (i32.const 24) (i32.const ${byte}) (i32.const 2000))
      (i32.store (i32.const 20) (local.get $n))
      (i32.store (i32.const 16) ${top})
      (i32.const 2))`;
  const LOAD: LoadOptions & { readonly memory: string } = {
    reductions: "none",
    memory: `(import "env" "memory" (memory 20))`,
  };
  const spend = { reductions: { policy: "yield", perTurn: 1000 } } as const;

  test("is not found by another that puts one aside after it, or at the same time", async () => {
    await using arena = await Arena.open();
    const top = "(i32.const 2024)";
    const victim = await arena.load(givesWay(CANARY, top), LOAD);
    const other = await arena.load(givesWay(OWN, top), LOAD);
    const args = pidBytes(arena.boss.pid);
    for (let round = 0; round < 3; round++) {
      const pids = [victim, other, victim, other].map(module => arena.runtime.spawn(module, { args, ...spend }));
      for (let count = 0; count < 8; count++) {
        const item = await arena.boss.receive();
        if (item?.kind !== "message") continue;
        const isVictim = pids.indexOf(item.from) % 2 === 0;
        const places = strange(item.bytes, OWN);
        // Its own top, end and frames; and nothing once it has its memory again.
        if (item.tag === 2) expect(places).toEqual([]);
        else if (isVictim) expect(strange(item.bytes.subarray(24), OWN, CANARY)).toEqual([]);
        else expect(places.filter(at => at < 16 || at >= 24)).toEqual([]);
      }
      for (const pid of pids) expect(await arena.reason(pid)).toBe("normal");
    }
    expect(await arena.served()).toBe(true);
  });

  test.each([
    ["0", "(i32.const 0)"],
    ["a place before its room", "(i32.const 23)"],
    ["a place beyond what it was given", "(i32.add (local.get $n) (i32.const 1))"],
    ["the end of the memory", `(i32.const ${20 * PAGE})`],
    ["a place beyond the memory", `(i32.const ${20 * PAGE + 8})`],
    ["2 GiB", "(i32.const 0x80000000)"],
    ["4 GiB less one", "(i32.const -1)"],
  ])("whose top is said to be at %s harms its own guest at most", async (_, top) => {
    await using arena = await Arena.open();
    const args = pidBytes(arena.boss.pid);
    const victim = await arena.attack(givesWay(CANARY, "(i32.const 2024)"), { args, ...spend }, LOAD);
    const pid = await arena.attack(givesWay(OWN, top), { args, ...spend }, LOAD);
    expect(await arena.reason(victim)).toBe("normal");
    expect(await arena.reason(pid)).toMatch(/^(normal$|crashed: (?!unreachable))/);
    while (arena.boss.size > 0) {
      const item = await arena.boss.receive();
      if (item?.kind !== "message" || item.from !== pid) continue;
      expect(strange(item.bytes, OWN).filter(at => at < 16 || at >= 24)).toEqual([]);
    }
    expect(await arena.served()).toBe(true);
  });
});

describe("the report of a crash", TIMEOUT, () => {
  const crashes = `${TELL}
    (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
    (func (export "handle") (param $n i32)
      (if (i32.eq (i32.load8_u (i32.const 128)) (i32.const 0x21)) (then unreachable)))`;

  test("shows the item that the crashed actor has had last, and nobody else's", async () => {
    const exits: ActorExit[] = [];
    await using arena = await Arena.open({ onExit: exit => exits.push(exit) });
    const module = await arena.load(crashes);
    const [one, other] = [arena.runtime.spawn(module), arena.runtime.spawn(module)];
    await arena.settle();
    arena.boss.send(one, "of the one", { tag: 1 });
    arena.boss.send(other, canaries(64), { tag: 2 });
    arena.boss.send(one, "! bang", { tag: 3 });
    arena.boss.send(other, canaries(64), { tag: 4 });
    await arena.settle();
    const bytes = new TextEncoder().encode("! bang");
    expect(exits).toHaveLength(1);
    expect(exits[0]).toMatchObject({
      pid: one,
      lastReceived: { kind: "message", tag: 3, from: arena.boss.pid, bytes },
    });
    arena.boss.send(other, "!", { tag: 5 });
    await arena.settle();
    expect(exits[1]).toMatchObject({ pid: other, lastReceived: { tag: 5, bytes: Uint8Array.of(0x21) } });
    expect(await arena.served()).toBe(true);
  });

  test("shows nothing where the actor has had nothing, whoever had its place before", async () => {
    const exits: ActorExit[] = [];
    await using arena = await Arena.open({ onExit: exit => exits.push(exit) });
    const module = await arena.load(crashes);
    const traps = await arena.load(`(func (export "run") unreachable)`);
    for (let round = 0; round < 5; round++) {
      const pid = arena.runtime.spawn(module);
      await arena.settle();
      arena.boss.send(pid, canaries(64), { tag: 1 });
      await arena.settle();
      arena.runtime.kill(pid);
      const next = arena.runtime.spawn(traps);
      await arena.settle();
      const exit = exits.find(exit => exit.pid === next);
      expect(exit?.reason.kind).toBe("crashed");
      expect(exit?.lastReceived).toBeUndefined();
    }
    expect(await arena.served()).toBe(true);
  });

  const DB = `(import "db" "get" (func $db_get (param i32) (result i32)))`;
  const FOREVER = `(func $forever (param $n i32) (result i32) (i32.add (call $forever (local.get $n)) (i32.const 1)))`;
  const asRun = (body: string) => `(func (export "run") ${body})`;
  const asHandler = (body: string) => `(func (export "handle") (param i32) ${body})`;
  const causes: Readonly<Record<string, string>> = {
    "a trap": "unreachable",
    "a load outside the memory": "(drop (i32.load (i32.const -4)))",
    "a stack overflow": "(drop (call $forever (i32.const 0)))",
    "a bad pointer": `(drop (call $send ${SELF} (i32.const 0) (i32.const -1) (i32.const 5)))`,
    "a broken rule": "(drop (call $park))",
    "an abort": "(call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
    "a reason that there is not": `(call $exit (i32.const 3) ${NO_BYTES})`,
    "spent reductions": "(loop $spin (br $spin))",
    "an embedder's function that throws": "(drop (call $db_get (i32.const 0)))",
    "an embedder's function that reads outside the memory": "(drop (call $db_get (i32.const 2)))",
    "a predicate that traps": `(drop (call $recv_match ${NO_BYTES} (i32.const 0) (i32.const 0) (i32.const 1)))`,
  };
  const LATE = "(drop (call $db_get (i32.const 1)))";
  const WAITS = {
    "a process by JSPI": `(func (export "run") (if (i32.eq (call $db_get (i32.const 3)) (i32.const -2)) (then (drop (call $park)))))`,
    "a process by resume:run": `(func (export "run"))
      (func (export "resume:run") (param i32) (result i32) (drop (call $db_get (i32.const 3))) (i32.const 1))`,
  };
  const victims: readonly (readonly [what: string, body: string])[] = [
    ...Object.entries(causes).flatMap(([what, cause]) => [
      [`${what}, in a process`, asRun(cause)] as const,
      [`${what}, in a process by JSPI`, asRun(`${cause} (if (i32.const 0) (then (drop (call $park))))`)] as const,
      [
        `${what}, in a process by resume:run`,
        `(func (export "run")) (func (export "resume:run") (param i32) (result i32) ${cause} (i32.const 0))`,
      ] as const,
      [`${what}, in a handler`, asHandler(cause)] as const,
      [`${what}, in _start`, `(func (export "_start") ${cause}) ${asHandler("")}`] as const,
    ]),
    ["an embedder's function that takes its time, in a handler", asHandler(LATE)],
    ["an embedder's function that takes its time, in _start", `(func (export "_start") ${LATE}) ${asHandler("")}`],
    ...Object.entries(WAITS).map(([way, body]) => [`an embedder's function that rejects, in ${way}`, body] as const),
  ];
  /**
   * Spawns its child linked and monitored, sends it two items, and shows what it is told of its
   * end.
   */
  const PARENT = `${TELL} (data (i32.const 256) "child")
    (func (export "_start") ${BEGIN}
      (drop (call $trap_exit (i32.const 1)))
      (call $window (i32.const 512) (i32.const 544) (i32.const 0x10000))
      (if (i32.ne (call $spawn (i32.const 256) (i32.const 5) ${NO_BYTES} ${NO_BYTES} (i32.const 3) (i32.const 300)) (i32.const 1)) (then unreachable))
      (drop (call $send (i32.load (i32.const 300)) (i32.load (i32.const 304)) (i32.const 0) ${NO_BYTES}))
      (drop (call $send (i32.load (i32.const 300)) (i32.load (i32.const 304)) (i32.const 0) ${NO_BYTES})))
    (func (export "handle") (param $n i32) (call $show (i32.const 512) (i32.add (i32.const 32) (local.get $n))))`;

  test.each(victims)("that other guests get says nothing of the host's files: %s", async (_, body) => {
    const failures = [
      () => {
        throw new Error("no such row");
      },
      () => new Promise<number>(() => {}),
      (context: { read(pointer: number, length: number): Uint8Array }) => context.read(-1, 5).length,
      async () => {
        throw new Error("no such row");
      },
    ];
    await using arena = await Arena.open({
      imports: { db: { get: (context, which) => failures[Number(which)](context) } },
      limits: { handlerReductions: 100_000 },
    });
    const match = body.includes("$recv_match")
      ? `(func (export "match") (param i32 i32 i32) (result i32) unreachable)`
      : "";
    const text = `${body.includes("$db_get") ? DB : ""} ${body.includes("$forever") ? FOREVER : ""} ${match} ${body}`;
    const kill = { policy: "kill" } as const;
    arena.runtime.define("child", await arena.load(text), body.includes("(loop") ? { reductions: kill } : {});
    const grants = { spawn: ["child"], imports: ["db.get"] };
    const parent = await arena.attack(PARENT, { args: pidBytes(arena.boss.pid), grants });
    await arena.settle();
    const kinds: number[] = [];
    while (arena.boss.size > 0) {
      const item = await arena.bytes();
      const [kind, , , , , reason, len] = wordsOf(item.subarray(0, 32));
      expect(reason).toBe(3);
      const report = new TextDecoder().decode(item.subarray(32, 32 + len));
      expect(report).not.toBe("");
      for (const secret of [process.cwd(), "file:", "node_modules", "/host/", ".ts", ".js", "node:", "at async"]) {
        expect(report).not.toContain(secret);
      }
      kinds.push(kind);
    }
    expect(kinds.sort()).toEqual([2, 3]);
    expect(arena.runtime.isAlive(parent)).toBe(true);
    expect(await arena.served()).toBe(true);
  });
});
