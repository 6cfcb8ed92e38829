/**
 * Pointers. For every pointer that a guest passes, the host reads and writes inside the guest's
 * memory or crashes the guest. It writes only to the place that it was given.
 */

import { describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import type { RuntimeOptions } from "../../host/index.ts";
import { MEMORY_END } from "../support/player.ts";
import { Arena } from "./arena.ts";

const TIMEOUT = { timeout: 120_000 };
const PAGE = 0x10000;

/** All of the memory but what the host writes is this; as a name it is text. */
const FILLER = 0x41;
/** What the host is to write: the bytes of a message that waits, and the arguments. */
const PAYLOAD = "BBBBB";
const DUMP = 1;
const STATUS = 2;

type Range = readonly [ptr: number, len: number];

const INSIDE: readonly Range[] = [
  [0, 1],
  [1, 1],
  [MEMORY_END - 1, 1],
  [MEMORY_END - 8, 8],
  [MEMORY_END - 3, 3],
  [0, MEMORY_END],
];
const EMPTY: readonly Range[] = [
  [0, 0],
  [1, 0],
  [MEMORY_END - 1, 0],
  [MEMORY_END, 0],
  [MEMORY_END + 1, 0],
  [2 ** 31, 0],
  [2 ** 32 - 1, 0],
];
const OUTSIDE: readonly Range[] = [
  [MEMORY_END, 1],
  [MEMORY_END - 1, 2],
  [MEMORY_END - 4, 8],
  [2 ** 31, 1],
  [2 ** 31 - 1, 2],
  [2 ** 31, 2 ** 31],
  [2 ** 32 - 1, 1],
  // These end, cut to 32 bits, at an address that is inside.
  [2 ** 32 - 1, 2],
  [2 ** 32 - 4, 8],
  [2 ** 32 - 8, 4096],
  [16, 2 ** 32 - 16],
  [16, 2 ** 32 - 8],
  [1, 2 ** 32 - 1],
  [MEMORY_END, 2 ** 32 - MEMORY_END],
  [MEMORY_END - 1, 2 ** 32 - 1],
  [0, 2 ** 31],
  [16, 2 ** 31],
  [0, 2 ** 32 - 1],
];

/** Fills the memory, makes the call, and shows the whole memory and what the call answered. */
const plays = (call: string, { between = "", end = MEMORY_END } = {}) => `
  (global $lo (mut i32) (i32.const 0))
  (global $hi (mut i32) (i32.const 0))
  (func $show (param $tag i32) (param $ptr i32) (param $len i32)
    (drop (call $send (global.get $lo) (global.get $hi) (local.get $tag) (local.get $ptr) (local.get $len))))
  (func $play (local $status i32)
    (drop (call $args (i32.const 0) (i32.const 8)))
    (global.set $lo (i32.load (i32.const 0)))
    (global.set $hi (i32.load (i32.const 4)))
    ${between}
    (memory.fill (i32.const 0) (i32.const ${FILLER}) (i32.const ${end}))
    (local.set $status ${call})
    (call $show (i32.const ${DUMP}) (i32.const 0) (i32.const ${end}))
    (i32.store (i32.const 0) (local.get $status))
    (call $show (i32.const ${STATUS}) (i32.const 0) (i32.const 4)))
  (func (export "match") (param i32 i32 i32) (result i32) (i32.const 1))
  (func (export "run") (call $play))`;

const i32 = (value: number) => `(i32.const ${value | 0})`;
const bytes = ([ptr, len]: Range) => `${i32(ptr)} ${i32(len)}`;
const SELF = "(call $self_lo) (call $self_hi)";
const NOBODY = "(i32.const 0) (i32.const 0)";
const NOTHING = "(i32.const 0) (i32.const 0)";
const NAME: Range = [0x1000, 4];
const RESULT = 0x2000;
/** Calls an import that answers nothing, as if it had answered 0. */
const silent = (call: string) => `(block (result i32) ${call} (i32.const 0))`;

interface Row {
  /** The longest that it takes; all of the memory where nothing is said. */
  readonly most?: number;
  readonly call: (range: Range) => string;
  /** What the page says that it answers for a range that is inside. */
  readonly answers: (len: number) => boolean;
  /** Where the host may write, for a range that is inside; nowhere otherwise. */
  readonly writes?: (range: Range) => Range;
}
const is =
  (...statuses: readonly number[]) =>
  (status: number) =>
    statuses.includes(status);
const isRef = (status: number) => status < -1023;
const window = ([ptr, len]: Range): Range => [ptr, Math.min(len, PAYLOAD.length)];
const recv = (name: string, more = "") => ({
  call: (range: Range) => `(call $${name} (i32.const 0) ${bytes(range)} (i32.const 0) ${more})`,
  answers: is(PAYLOAD.length),
  writes: window,
});
/** Of names: no actor has a name of more than 255 bytes. */
const TOO_LONG = -101;

/** Every import that takes a pointer and a length. */
const rows: Readonly<Record<string, Row>> = {
  send: { call: range => `(call $send ${SELF} (i32.const 0) ${bytes(range)})`, answers: is(1) },
  recv: recv("recv"),
  recv_tag: recv("recv_tag", "(i32.const 5)"),
  recv_match: recv("recv_match", "(i32.const 1)"),
  window: { call: range => silent(`(call $window (i32.const 0) ${bytes(range)})`), answers: is(0) },
  args: {
    call: range => `(call $args ${bytes(range)})`,
    answers: is(8),
    writes: ([ptr, len]) => [ptr, Math.min(len, 8)],
  },
  "spawn, in its name": {
    call: range => `(call $spawn ${bytes(range)} ${NOTHING} ${NOTHING} (i32.const 0) ${i32(RESULT)})`,
    answers: is(0, -100),
  },
  "spawn, in its entry": {
    call: range => `(call $spawn ${bytes(NAME)} ${bytes(range)} ${NOTHING} (i32.const 0) ${i32(RESULT)})`,
    answers: is(-2, 1),
    writes: ([, len]) => [RESULT, len === 0 ? 16 : 0],
  },
  "spawn, in its arguments": {
    call: range => `(call $spawn ${bytes(NAME)} ${NOTHING} ${bytes(range)} (i32.const 0) ${i32(RESULT)})`,
    answers: is(1),
    writes: () => [RESULT, 16],
  },
  exit_to: { most: 4096, call: range => `(call $exit_to ${NOBODY} (i32.const 6) ${bytes(range)})`, answers: is(0) },
  "exit_to for a reason without bytes": {
    call: range => `(call $exit_to ${NOBODY} (i32.const 2) ${bytes(range)})`,
    answers: is(0),
  },
  request: { call: range => `(call $request ${SELF} (i32.const 0) ${bytes(range)})`, answers: isRef },
  send_after: {
    call: range => `(call $send_after (i32.const 5) ${SELF} (i32.const 0) ${bytes(range)})`,
    answers: isRef,
  },
  "ask, in its name": { call: range => `(call $ask ${bytes(range)} ${NOTHING})`, answers: is(0) },
  "ask, in its request": { call: range => `(call $ask ${bytes(NAME)} ${bytes(range)})`, answers: is(0) },
  register: { call: range => `(call $register ${bytes(range)} ${SELF})`, answers: is(1, TOO_LONG) },
  unregister: { call: range => `(call $unregister ${bytes(range)})`, answers: is(0) },
  "whereis, in its name": { call: range => `(call $whereis ${bytes(range)} ${i32(RESULT)})`, answers: is(0) },
  "send_named, in its name": {
    call: range => `(call $send_named ${bytes(range)} (i32.const 0) ${NOTHING})`,
    answers: is(0),
  },
  "send_named, in its payload": {
    call: range => `(call $send_named ${bytes(NAME)} (i32.const 0) ${bytes(range)})`,
    answers: is(1),
  },
  join: { call: range => `(call $join ${bytes(range)})`, answers: is(1, TOO_LONG) },
  leave: { call: range => `(call $leave ${bytes(range)})`, answers: is(0) },
  "members, in its group": {
    call: range => `(call $members ${bytes(range)} ${i32(RESULT)} (i32.const 1))`,
    answers: is(0),
  },
  "broadcast, in its group": {
    call: range => `(call $broadcast ${bytes(range)} (i32.const 0) ${NOTHING})`,
    answers: is(0),
  },
  "broadcast, in its payload": {
    call: range => `(call $broadcast ${bytes(NAME)} (i32.const 0) ${bytes(range)})`,
    answers: is(1),
  },
  log: { call: range => `(call $log (i32.const 1) ${bytes(range)})`, answers: is(1, -101) },
};

/**
 * A runtime in which there is a module, an actor and a member of a group of the name that all of
 * the guest's memory spells.
 */
async function open(options: RuntimeOptions = {}): Promise<Arena> {
  const arena = await Arena.open({ grants: "all", ...options });
  const name = String.fromCharCode(FILLER).repeat(4);
  arena.runtime.define(name, await arena.load(`(func (export "handle") (param i32))`, { name: "idle" }));
  const box = arena.runtime.mailbox();
  arena.runtime.register(name, box.pid);
  arena.runtime.join(name, box.pid);
  return arena;
}

/** Spawns the guest with a message in its mailbox already. */
async function attack(arena: Arena, body: string, message = PAYLOAD) {
  const module = await arena.load(body);
  const args = new Uint8Array(BigUint64Array.of(BigInt(arena.boss.pid)).buffer);
  const pid = arena.runtime.spawn(module, { args });
  arena.runtime.send(pid, message, { tag: 5 });
  return pid;
}

/** Where the memory is no longer what the guest filled it with. */
function touched(memory: Uint8Array): number[] {
  const places: number[] = [];
  for (const [at, byte] of memory.entries()) if (byte !== FILLER) places.push(at);
  return places;
}

/** What a guest that lives shows: its memory after the call, and what the call answered. */
async function shown(arena: Arena) {
  const memory = await arena.bytes();
  const [status] = await arena.notes();
  return { memory, status };
}

describe.each(Object.entries(rows))("%s", TIMEOUT, (name, row) => {
  const [importName] = name.split(/[ ,]/);

  const inside = INSIDE.filter(([, len]) => len <= (row.most ?? len));

  test.each([...inside, ...EMPTY])("may be shown %i, %i bytes", async (ptr, len) => {
    await using arena = await open();
    await attack(arena, plays(row.call([ptr, len])));
    const { memory, status } = await shown(arena);
    expect(row.answers(status), `${status}`).toBe(true);
    const [from, length] = row.writes?.([ptr, len]) ?? [0, 0];
    // What is written may be what was there.
    expect(touched(memory).filter(at => at < from || at >= from + length)).toEqual([]);
    expect(await arena.served()).toBe(true);
  });

  test.each(OUTSIDE)("crashes a guest that shows it %i, %i bytes", async (ptr, len) => {
    await using arena = await open();
    const pid = await attack(arena, plays(row.call([ptr, len])));
    expect(await arena.reason(pid)).toMatch(new RegExp(`^crashed: .*\\b${importName}\\b`));
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test("sees memory that has grown between two calls, and not what is behind it", async () => {
    await using arena = await open();
    const grows = `(drop ${row.call([0x3000, 4])}) (drop (memory.grow (i32.const 1)))`;
    const end = MEMORY_END + PAGE;
    // Small, so that a name is one.
    await attack(arena, plays(row.call([end - 4, 4]), { between: grows, end }), "");
    const pid = await attack(arena, plays(row.call([end - 4, 5]), { between: grows, end }), "");
    expect((await shown(arena)).memory.length).toBe(end);
    expect(await arena.reason(pid)).toMatch(new RegExp(`^crashed: .*\\b${importName}\\b`));
    expect(await arena.served()).toBe(true);
  });
});

describe("exit", TIMEOUT, () => {
  test.each([...INSIDE, ...EMPTY])(
    "for a reason of its own at %i, %i bytes ends with at most 4,096 of them",
    async (ptr, len) => {
      await using arena = await open();
      const pid = await attack(arena, plays(silent(`(call $exit (i32.const 6) ${bytes([ptr, len])})`)));
      const end = await arena.end(pid);
      if (len <= 4096) expect(end).toEqual({ kind: "custom", bytes: new Uint8Array(len).fill(FILLER) });
      else if (end.kind === "custom") expect(end.bytes).toEqual(new Uint8Array(4096).fill(FILLER));
      else expect(end).toMatchObject({ kind: "crashed", message: expect.stringMatching(/exit/) });
      expect(await arena.served()).toBe(true);
    },
  );

  test.each(OUTSIDE)("crashes for whatever reason at %i, %i bytes", async (ptr, len) => {
    await using arena = await open();
    for (const reason of [0, 1, 6]) {
      const pid = await attack(arena, plays(silent(`(call $exit ${i32(reason)} ${bytes([ptr, len])})`)));
      expect(await arena.reason(pid)).toMatch(/^crashed: .*\bexit\b/);
    }
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });
});

describe("the place for a result", TIMEOUT, () => {
  const results: Readonly<Record<string, { size: number; call: (at: number) => string }>> = {
    spawn: { size: 16, call: at => `(call $spawn ${bytes(NAME)} ${NOTHING} ${NOTHING} (i32.const 3) ${i32(at)})` },
    whereis: { size: 8, call: at => `(call $whereis ${bytes(NAME)} ${i32(at)})` },
    "members, for one": { size: 8, call: at => `(call $members ${bytes(NAME)} ${i32(at)} (i32.const 1))` },
  };

  describe.each(Object.entries(results))("of %s", (name, { size, call }) => {
    const [importName] = name.split(",");

    test.each([0, 1, 3, MEMORY_END - size, MEMORY_END - size - 1])("may be at %i", async at => {
      await using arena = await open();
      await attack(arena, plays(call(at)));
      const { memory, status } = await shown(arena);
      expect(status).toBe(1);
      const places = touched(memory);
      expect(places.length).toBeGreaterThan(0);
      expect(places.filter(place => place < at || place >= at + size)).toEqual([]);
      expect(await arena.served()).toBe(true);
    });

    test.each([
      MEMORY_END - size + 1,
      MEMORY_END - 1,
      MEMORY_END,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 - size,
      2 ** 32 - size + 1,
      2 ** 32 - 1,
    ])("crashes the caller where it is at %i", async at => {
      await using arena = await open();
      const before = arena.runtime.counters.spawned;
      const pid = await attack(arena, plays(call(at)));
      expect(await arena.reason(pid)).toMatch(new RegExp(`^crashed: .*\\b${importName}\\b`));
      expect(arena.boss.size).toBe(0);
      // The attacker, and no unknown child.
      expect(arena.runtime.counters.spawned - before).toBe(1);
      expect(await arena.served()).toBe(true);
    });
  });

  test("of members is not looked at where there is no room", async () => {
    for (const at of [0, MEMORY_END, 2 ** 31, 2 ** 32 - 1]) {
      await using arena = await open();
      await attack(arena, plays(`(call $members ${bytes(NAME)} ${i32(at)} (i32.const 0))`));
      const { memory, status } = await shown(arena);
      expect([status, touched(memory)]).toEqual([1, []]);
      expect(await arena.served()).toBe(true);
    }
  });

  test.each([
    [MEMORY_END - 8, 2],
    [0, MEMORY_END / 8 + 1],
    [64, 2 ** 28],
    // Times eight, cut to 32 bits, these are 8, 0 and -8.
    [MEMORY_END - 8, 2 ** 29 + 1],
    [MEMORY_END - 4, 2 ** 29],
    [MEMORY_END - 4, 2 ** 32 - 1],
    [64, 2 ** 31],
  ])(
    "of members at %i for %i is outside the memory and crashes, or is only written where it is inside",
    async (at, cap) => {
      await using arena = await open();
      const pid = await attack(arena, plays(`(call $members ${bytes(NAME)} ${i32(at)} ${i32(cap)})`));
      await arena.settle();
      if (arena.boss.size > 0) {
        const { memory, status } = await shown(arena);
        expect(status).toBe(1);
        expect(at + 8).toBeLessThanOrEqual(MEMORY_END);
        expect(touched(memory).filter(place => place < at || place >= at + 8)).toEqual([]);
      } else {
        expect(await arena.reason(pid)).toMatch(/^crashed: .*\bmembers\b/);
      }
      expect(await arena.served()).toBe(true);
    },
  );
});

describe("info", TIMEOUT, () => {
  const receives = {
    recv: (info: number) => `(call $recv ${i32(info)} ${bytes(NAME)} (i32.const 0))`,
    recv_tag: (info: number) => `(call $recv_tag ${i32(info)} ${bytes(NAME)} (i32.const 0) (i32.const 5))`,
    recv_match: (info: number) => `(call $recv_match ${i32(info)} ${bytes(NAME)} (i32.const 0) (i32.const 1))`,
  };

  describe.each(Object.entries(receives))("of %s", (name, call) => {
    test.each([4, 8, MEMORY_END - 32])("may be at %i", async info => {
      await using arena = await open();
      await attack(arena, plays(call(info)));
      const { memory, status } = await shown(arena);
      expect(status).toBe(PAYLOAD.length);
      const [from, length] = NAME;
      const beside = touched(memory).filter(at => at < from || at >= from + length);
      expect(beside.filter(at => at < info || at >= info + 32)).toEqual([]);
      expect([...memory.subarray(info, info + 8)]).toEqual([1, 0, 0, 0, 5, 0, 0, 0]);
      expect(await arena.served()).toBe(true);
    });

    test("is not written where it is 0", async () => {
      await using arena = await open();
      await attack(arena, plays(call(0)));
      const { memory } = await shown(arena);
      expect(touched(memory)).toEqual([0x1000, 0x1001, 0x1002, 0x1003]);
      expect(await arena.served()).toBe(true);
    });

    test.each([
      1,
      2,
      3,
      MEMORY_END - 31,
      MEMORY_END - 28,
      MEMORY_END - 4,
      MEMORY_END,
      2 ** 31,
      2 ** 32 - 32,
      2 ** 32 - 4,
      2 ** 32 - 1,
    ])("crashes the caller where it is at %i", async info => {
      await using arena = await open();
      const pid = await attack(arena, plays(call(info)));
      expect(await arena.reason(pid)).toMatch(new RegExp(`^crashed: .*\\b${name}\\b`));
      expect(arena.boss.size).toBe(0);
      expect(await arena.served()).toBe(true);
    });
  });

  test.each([1, 2, 3, MEMORY_END - 28, MEMORY_END, 2 ** 31, 2 ** 32 - 32])(
    "of window crashes the caller at %i",
    async info => {
      await using arena = await open();
      const pid = await attack(arena, plays(silent(`(call $window ${i32(info)} ${bytes(NAME)})`)));
      expect(await arena.reason(pid)).toMatch(/^crashed: .*\bwindow\b/);
      expect(await arena.served()).toBe(true);
    },
  );

  test("and the payload may lie over each other, which is that guest's own affair", async () => {
    for (const at of [4, 64, MEMORY_END - 32]) {
      await using arena = await open();
      await attack(arena, plays(`(call $recv ${i32(at)} ${i32(at)} (i32.const 32) (i32.const 0))`));
      const { memory, status } = await shown(arena);
      expect(status).toBe(PAYLOAD.length);
      expect(touched(memory).filter(place => place < at || place >= at + 32)).toEqual([]);
      expect(await arena.served()).toBe(true);
    }
  });
});

describe("a window at the very end of the memory", TIMEOUT, () => {
  const INFO = 64;
  const text = (length: number) => Uint8Array.from({ length }, (_, index) => index + 1);
  /** Of the window of 20 bytes, and what is filled in where items are longer. */
  const CAP = 20;
  const at = MEMORY_END - CAP;
  const room = `(i32.const ${INFO}) (i32.const ${at}) (i32.const ${CAP})`;
  const PRELUDE = `
    (func $begin (drop (call $args (i32.const 16) (i32.const 8))))
    (func $show (param $ptr i32) (param $len i32)
      (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (local.get $ptr) (local.get $len))))
    (func $told (param $n i32)
      (i32.store (i32.const 128) (local.get $n))
      (call $show (i32.const 128) (i32.const 4))
      (call $show (i32.const ${at}) (i32.const ${CAP})))`;
  const bodies = {
    jspi: `(func (export "run") (local $n i32) (call $begin)
      (local.set $n (call $recv ${room} (i32.const -1)))
      (if (i32.eq (local.get $n) (i32.const -2)) (then (local.set $n (call $park))))
      (call $told (local.get $n)))`,
    resume: `(global $waits (mut i32) (i32.const 0)) (func (export "run") unreachable)
      (func (export "resume:run") (param $n i32) (result i32)
        (if (i32.eqz (global.get $waits)) (then
          (global.set $waits (i32.const 1)) (call $begin)
          (if (i32.eq (local.tee $n (call $recv ${room} (i32.const -1))) (i32.const -2)) (then (return (i32.const 1))))))
        (call $told (local.get $n)) (i32.const 0))`,
    handler: `(func (export "_start") (call $begin) (call $window ${room}))
      (func (export "handle") (param $n i32)
        (if (i32.gt_u (local.get $n) (i32.const ${CAP})) (then
          (drop (call $recv ${room} (i32.const 0)))
          (drop (call $recv (i32.const 0) (i32.const 0x1000) (i32.const 0x1000) (i32.const 0)))))
        (call $told (local.get $n)))`,
  };

  describe.each(Object.entries(bodies))("of a guest by the way of %s", (_way, body) => {
    test.each([0, 1, 3, 4, 19, 20, 21, 24, 63, 64, 65, 4096])("gets its part of an item of %i bytes", async length => {
      for (const isParked of [true, false]) {
        await using arena = await open();
        const args = new Uint8Array(BigUint64Array.of(BigInt(arena.boss.pid)).buffer);
        const pid = await arena.attack(PRELUDE + body, { args });
        if (isParked) await arena.settle();
        arena.runtime.send(pid, text(length));
        expect(await arena.notes()).toEqual([length]);
        const window = await arena.bytes();
        const filled = Math.min(length, CAP);
        expect([...window.subarray(0, filled)]).toEqual([...text(filled)]);
        expect(await arena.served()).toBe(true);
      }
    });
  });
});

describe("memory that grows", TIMEOUT, () => {
  const PRELUDE = `
    (func $begin (drop (call $args (i32.const 16) (i32.const 8))))
    (func $show (param $ptr i32) (param $len i32)
      (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (local.get $ptr) (local.get $len))))`;
  const args = (arena: Arena) => new Uint8Array(BigUint64Array.of(BigInt(arena.boss.pid)).buffer);

  test("while a predicate is asked gets the candidate's bytes where its window is", async () => {
    await using arena = await open();
    // Grows at each candidate, and takes the third, whose bytes it must have seen.
    const match = `(global $asked (mut i32) (i32.const 0))
      (func (export "match") (param $p i32) (param $ptr i32) (param $len i32) (result i32)
        (drop (memory.grow (i32.const 1)))
        (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
        (i32.and (i32.eq (global.get $asked) (i32.const 3)) (i32.eq (i32.load8_u (local.get $ptr)) (i32.const 0x43))))`;
    const room = "(i32.const 64) (i32.const 0x1fff0) (i32.const 16) (i32.const -1) (i32.const 1)";
    const bodies = [
      `(func (export "run") (call $begin)
        (if (i32.eq (call $recv_match ${room}) (i32.const -2)) (then (drop (call $park))))
        (call $show (i32.const 0x1fff0) (i32.const 3)))`,
      `(global $waits (mut i32) (i32.const 0)) (func (export "run") unreachable)
      (func (export "resume:run") (param i32) (result i32)
        (if (i32.eqz (global.get $waits)) (then
          (global.set $waits (i32.const 1)) (call $begin)
          (if (i32.eq (call $recv_match ${room}) (i32.const -2)) (then (return (i32.const 1))))))
        (call $show (i32.const 0x1fff0) (i32.const 3)) (i32.const 0))`,
      `(func (export "handle") (param i32) (call $begin)
        (drop (call $recv_match ${room}))
        (call $show (i32.const 0x1fff0) (i32.const 3))
        (call $exit (i32.const 0) (i32.const 0) (i32.const 0)))`,
    ];
    for (const body of bodies) {
      for (const isParked of [true, false]) {
        const pid = await arena.attack(`${PRELUDE} ${match} ${body}`, { args: args(arena) });
        if (body.includes("handle")) arena.runtime.send(pid, "");
        else if (isParked) await arena.settle();
        for (const item of ["AAA", "BBB", "CCC"]) arena.runtime.send(pid, item);
        expect(new TextDecoder().decode(await arena.bytes())).toBe("CCC");
      }
    }
    expect(await arena.served()).toBe(true);
  });

  test("after a handler's window was set holds that window", async () => {
    await using arena = await open();
    const pid = await arena.attack(
      `${PRELUDE}
      (func (export "_start") (call $begin)
        (drop (memory.grow (i32.const 1)))
        (call $window (i32.const 64) (i32.const 0x2fff8) (i32.const 8))
        (drop (memory.grow (i32.const 1))))
      (func (export "handle") (param $n i32)
        (call $show (i32.const 0x2fff8) (local.get $n))
        (drop (memory.grow (i32.const 1))))`,
      { args: args(arena) },
    );
    for (const item of ["one", "two", "three"]) {
      arena.runtime.send(pid, item);
      expect(new TextDecoder().decode(await arena.bytes())).toBe(item);
    }
    expect(await arena.served()).toBe(true);
  });

  test("beyond 2 GiB is addressed as what it is: without sign", async () => {
    const pages = 36_000;
    await using arena = await open({ limits: { allMemoryBytes: 2 ** 33 } });
    const high = 2 ** 31 + 0x100;
    const end = pages * PAGE;
    const pid = await arena.attack(
      `${PRELUDE}
      (func (export "handle") (param i32) (call $begin)
        (if (i32.eq (memory.grow (i32.const ${pages - 2})) (i32.const -1)) (then unreachable))
        (if (i32.ne (call $recv ${i32(high)} ${i32(high + 32)} (i32.const 64) (i32.const 0)) (i32.const 5)) (then unreachable))
        (call $show ${i32(high)} (i32.const 37))
        (if (i32.ne (call $args ${i32(end - 8)} (i32.const 8)) (i32.const 8)) (then unreachable))
        (call $show ${i32(end - 8)} (i32.const 8))
        (if (i32.ne (call $whereis ${i32(end - 8)} (i32.const 4) ${i32(high + 1)}) (i32.const 0)) (then unreachable))
        (if (i32.ne (call $recv (i32.const 0) ${i32(high)} (i32.const 100) (i32.const 0)) (i32.const 100)) (then unreachable))
        (call $show ${i32(high)} (i32.const 100))
        (call $show ${i32(end - 1)} (i32.const 2)))`,
      { args: args(arena), limits: { memoryPages: pages } },
    );
    for (const item of ["", "BBBBB", "C".repeat(100)]) arena.runtime.send(pid, item);
    const item = await arena.bytes();
    expect([item[0], item[24], new TextDecoder().decode(item.subarray(32))]).toEqual([1, 5, "BBBBB"]);
    expect(await arena.bytes()).toEqual(args(arena));
    expect(new TextDecoder().decode(await arena.bytes())).toBe("C".repeat(100));
    expect(await arena.reason(pid)).toMatch(/^crashed: .*\bsend\b/);
    expect(await arena.served()).toBe(true);
  });
});

describe("env.abort", TIMEOUT, () => {
  const PLACES = [0, 1, 2, 4, 8, MEMORY_END - 2, MEMORY_END - 1, MEMORY_END, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1];
  /** In front of a string of AssemblyScript's stands its length. */
  const LENGTHS = [0, 1, 0x7ffffffe, 0x80000000, 0xfffffffe, 0xffffffff];

  test.each(PLACES)("with its texts at %i crashes its guest, and no more", async at => {
    for (const options of [{}, { readString }]) {
      await using arena = await open(options);
      for (const length of LENGTHS) {
        const fills = `(i32.store (i32.const 0) ${i32(length)}) (i32.store (i32.const 4) ${i32(length)})
          (i32.store (i32.const ${MEMORY_END - 6}) ${i32(length)})`;
        const pid = await attack(
          arena,
          plays(silent(`${fills} (call $abort ${i32(at)} ${i32(at)} (i32.const -1) (i32.const -1))`)),
        );
        expect(await arena.reason(pid)).toMatch(/^crashed/);
      }
      expect(arena.boss.size).toBe(0);
      expect(await arena.served()).toBe(true);
    }
  });
});
