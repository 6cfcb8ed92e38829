/**
 * Attacks on the thread and on its stack: endless loops of every kind and in every entry, imports
 * called for their cost, and recursion whose stack ends in the middle of an import. The modules are
 * counted, as docs/security.md recommends for untrusted guests.
 */

import { describe, expect, test } from "vitest";
import { type HostImports, type Pid, SpawnError, type SpawnOptions } from "../../host/index.ts";
import { assemble } from "../support/wat.ts";
import { Arena } from "./arena.ts";
import {
  CHILD,
  COMMON,
  dropped,
  IDLE,
  MANY_FEATURES,
  named,
  SLEEPER,
  spawning,
  TickingClock,
  tells,
  told,
  unaccounted,
  WAIT,
  word,
  words,
} from "./attackers.ts";

/** Functions of the embedder that guests ask, and a call of one. `ASKED` has their names. */
const imports: HostImports = {
  db: { ask: { answer: () => "an answer" }, late: { answer: () => new Promise(() => {}) } },
};
const ASKED = '(data (i32.const 736) "db.ask") (data (i32.const 752) "db.late")';
const asking = (name: "db.ask" | "db.late", pointer: number, length: number) =>
  `(call $ask (i32.const ${name === "db.ask" ? 736 : 752}) (i32.const ${name.length}) (i32.const ${pointer}) (i32.const ${length}))`;

const SMALL = { handlerReductions: 20_000, predicateReductions: 20_000 };
const KILL: SpawnOptions = { reductions: { policy: "kill", perTurn: 20_000 } };
/**
 * A turn's worth, and more than a piece: an actor is stopped at its limit, and at most a piece
 * later.
 */
const PIECE = 200_000;

/** It is alive and busy, and the witness is served all the same; then it is ended. */
async function spinsAlone(arena: Arena, pid: Pid): Promise<void> {
  for (let i = 0; i < 3; i++) expect(await arena.served()).toBe(true);
  expect(arena.runtime.isAlive(pid)).toBe(true);
  const reason = arena.reason(pid);
  arena.runtime.kill(pid);
  expect(await reason).toBe("killed");
  expect(await arena.served()).toBe(true);
}

async function crashes(arena: Arena, pid: Pid, why: RegExp): Promise<void> {
  expect(await arena.reason(pid)).toMatch(why);
  expect(await arena.served()).toBe(true);
}

describe("computing for ever", () => {
  /** Functions, among them `$spin`, which does not return in this century. */
  const spins: readonly (readonly [what: string, functions: string])[] = [
    ["a loop", "(func $spin (loop $l (br $l)))"],
    ["a loop within a loop", "(func $spin (loop $a (loop $b (br_if $b (i32.const 0))) (br $a)))"],
    ["a loop out of which it jumps back", "(func $spin (loop $a (block $b (loop $c (br $b))) (br $a)))"],
    ["a loop by br_table", "(func $spin (loop $l (br_table $l $l (i32.const 7))))"],
    [
      "a loop by br_table with a thousand ways",
      `(func $spin (loop $l (br_table ${"$l ".repeat(1000)} (i32.const 7))))`,
    ],
    [
      "a loop of calls through a table",
      `(type $t (func)) (table 1 funcref) (elem (i32.const 0) $nothing) (func $nothing)
       (func $spin (loop $l (call_indirect (type $t) (i32.const 0)) (br $l)))`,
    ],
    [
      "calls of calls, five each, twenty deep",
      `${[...Array(20).keys()].map(n => `(func $f${n + 1} ${`(call $f${n})`.repeat(5)})`).join("")}
       (func $f0) (func $spin (call $f20))`,
    ],
    ["a tail call of itself", "(func $spin (return_call $spin))"],
    ["tail calls of each other", "(func $spin (return_call $other)) (func $other (return_call $spin))"],
    [
      "tail calls through a table",
      `(type $t (func)) (table 2 funcref) (elem (i32.const 0) $spin $other)
       (func $spin (return_call_indirect (type $t) (i32.const 1))) (func $other (return_call_indirect (type $t) (i32.const 0)))`,
    ],
    [
      "a loop that fills memory",
      "(func $spin (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 131072)) (br $l)))",
    ],
    [
      "a loop that copies memory",
      "(func $spin (loop $l (memory.copy (i32.const 0) (i32.const 1) (i32.const 131071)) (br $l)))",
    ],
    [
      "a loop that fills a table",
      "(table $t 50000 funcref) (func $spin (loop $l (table.fill $t (i32.const 0) (ref.null func) (i32.const 50000)) (br $l)))",
    ],
    [
      "a loop that copies a table",
      "(table $t 50000 funcref) (func $spin (loop $l (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 49999)) (br $l)))",
    ],
    [
      "a loop around a long function",
      `(global $g (mut i32) (i32.const 0)) (func $spin (loop $l (call $long) (br $l)))
       (func $long ${"(global.set $g (i32.add (global.get $g) (i32.const 1)))".repeat(2000)})`,
    ],
    [
      "a loop that catches what is thrown in it",
      `(func $inner (loop $l (br $l)))
       (func $spin (loop $l (block $caught (try_table (catch_all $caught) (call $inner))) (br $l)))`,
    ],
    [
      "a loop that throws and catches",
      `(tag $e) (func $spin (loop $l (block $caught (try_table (catch_all $caught) (throw $e))) (br $l)))`,
    ],
    ["a loop that grows memory", "(func $spin (loop $l (drop (memory.grow (i32.const 1))) (br $l)))"],
  ];
  const FRAME = `
    (import "actor" "send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
    (import "actor" "self_lo" (func $self_lo (result i32)))
    (import "actor" "self_hi" (func $self_hi (result i32)))
    (import "actor" "recv_match" (func $recv_match (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "memory" (memory 2))`;
  const spinning = (functions: string, entries: string) =>
    assemble(`(module ${FRAME} ${functions} ${entries})`, MANY_FEATURES);
  const RUN = `(func (export "run") (call $spin))`;

  describe.each(spins)("by %s", (_, functions) => {
    test("in run gives way to others, by JSPI", async () => {
      await using arena = await Arena.open({ clock: new TickingClock() });
      await spinsAlone(arena, await arena.attack(spinning(functions, RUN)));
    });

    test("in run is killed where the policy says so", async () => {
      await using arena = await Arena.open({ clock: new TickingClock() });
      await crashes(arena, await arena.attack(spinning(functions, RUN), KILL), /^crashed: reductions: .*perTurn/);
    });

    test("in handle is cut off at handlerReductions", async () => {
      await using arena = await Arena.open({ clock: new TickingClock() });
      const entries = `(func (export "handle") (param i32) (call $spin))`;
      const pid = await arena.attack(spinning(functions, entries), { limits: SMALL });
      expect(arena.runtime.send(pid, "")).toBe(true);
      await crashes(arena, pid, /^crashed: reductions: .*handlerReductions/);
    });

    test("in _start is cut off at handlerReductions", async () => {
      await using arena = await Arena.open({ clock: new TickingClock() });
      const entries = `(func (export "_start") (call $spin)) (func (export "run"))`;
      const pid = await arena.attack(spinning(functions, entries), { limits: SMALL });
      await crashes(arena, pid, /^crashed: reductions: .*handlerReductions/);
    });

    test("in the start function makes the spawn fail, with handlerReductions", async () => {
      await using arena = await Arena.open({ clock: new TickingClock() });
      const module = await arena.load(spinning(functions, `(start $spin) (func (export "run"))`));
      const spawn = () => arena.runtime.spawn(module, { limits: SMALL });
      expect(spawn).toThrow(SpawnError);
      expect(spawn).toThrow(/reductions: .*handlerReductions/);
      expect(arena.runtime.size).toBe(1);
      expect(await arena.served()).toBe(true);
    });

    test("in a predicate is cut off at predicateReductions", async () => {
      await using arena = await Arena.open({ clock: new TickingClock() });
      const entries = `
        (func (export "match") (param i32 i32 i32) (result i32) (call $spin) (i32.const 0))
        (func (export "run")
          (drop (call $send (call $self_lo) (call $self_hi) (i32.const 1) (i32.const 0) (i32.const 0)))
          (drop (call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 1))))`;
      const pid = await arena.attack(spinning(functions, entries), { limits: SMALL });
      await crashes(arena, pid, /^crashed: reductions: .*predicateReductions/);
    });
  });

  test("by ten at once leaves the witness its turns", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const module = await arena.load(`(func (export "run") (loop $l (br $l)))`);
    const pids = Array.from({ length: 10 }, () => arena.runtime.spawn(module));
    for (let i = 0; i < 5; i++) expect(await arena.served()).toBe(true);
    expect(pids.every(pid => arena.runtime.isAlive(pid))).toBe(true);
    for (const pid of pids) arena.runtime.kill(pid);
    await arena.settle();
    expect(arena.runtime.size).toBe(1);
    expect(await arena.served()).toBe(true);
  });

  test("in an entry that was written by hand for Asyncify, which cannot give way, is killed", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const body = `(func (export "run")) (func (export "resume:run") (param i32) (result i32) (loop $l (br $l)) (i32.const 0))`;
    await crashes(arena, await arena.attack(body, { limits: SMALL }), /^crashed: reductions: /);
  });

  test("in the start function of a child makes its parent's spawn answer -4", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    arena.runtime.define("spins", await arena.load(`(start $spin) (func $spin (loop $l (br $l))) ${IDLE}`));
    const body = `${COMMON} ${named("spins")}
      (func (export "run") (call $begin) (call $note ${spawning("spins")}) (call $tell))`;
    const pid = await arena.attack(body, tells(arena, { grants: "all", limits: SMALL }));
    expect(await told(arena, pid)).toEqual([-4]);
    expect(arena.runtime.size).toBeLessThanOrEqual(2);
    expect(await arena.served()).toBe(true);
  });

  test("bit by bit, in a handler that mails itself for ever, leaves the witness its turns", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const pid = await arena.attack(`(func (export "handle") (param i32)
      (drop (call $send (call $self_lo) (call $self_hi) (i32.const 0) (i32.const 0) (i32.const 0))))`);
    arena.runtime.send(pid, "");
    await spinsAlone(arena, pid);
  });

  test("by giving way for ever leaves the witness its turns", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    await spinsAlone(arena, await arena.attack(`(func (export "run") (loop $l (drop (call $yield)) (br $l)))`));
    const resume = `(func (export "run")) (func (export "resume:run") (param i32) (result i32) (i32.const 2))`;
    await spinsAlone(arena, await arena.attack(resume));
  });
});

describe("imports that are called for what they cost", () => {
  const turn = { reductions: { policy: "kill", perTurn: PIECE } } as const;
  const COUNTED = /^crashed: reductions: /;

  /** Calls it again and again, and sends the test an empty message before each. */
  const again = (call: string) => `${COMMON} ${ASKED}
    (func (export "run")
      (call $begin)
      (loop $l (call $tell) (drop ${call}) (br $l)))`;

  /** How often it came so far before its end. */
  async function calls(arena: Arena, pid: Pid): Promise<number> {
    expect(await arena.reason(pid)).toMatch(COUNTED);
    expect(await arena.served()).toBe(true);
    return arena.boss.size;
  }

  /** The most calls that may be made where each costs so much. */
  const atMost = (each: number, perTurn: number = PIECE) => (perTurn + PIECE) / each;

  const MB = 2 ** 20;

  /** Spawns an attacker that has this message before its first turn. */
  async function withMessage(arena: Arena, body: string, options: SpawnOptions, bytes: Uint8Array): Promise<Pid> {
    const module = await arena.load(body);
    const pid = arena.runtime.spawn(module, tells(arena, options));
    expect(arena.runtime.send(pid, bytes, { tag: 1 })).toBe(true);
    return pid;
  }

  test.each([
    ["recv", "(call $recv (i32.const 64) (i32.const 65536) (i32.const 65536) (i32.const 0))"],
    ["recv_tag", "(call $recv_tag (i32.const 64) (i32.const 65536) (i32.const 65536) (i32.const 0) (i32.const 1))"],
    ["recv_match", "(call $recv_match (i32.const 64) (i32.const 65536) (i32.const 65536) (i32.const 0) (i32.const 1))"],
  ])("%s of a message of 1 MB, with too small a window, is charged by what it copies", async (_, call) => {
    await using arena = await Arena.open();
    const match = `(func (export "match") (param i32 i32 i32) (result i32) (i32.const 1))`;
    const pid = await withMessage(arena, again(call) + match, turn, new Uint8Array(MB));
    expect(await calls(arena, pid)).toBeLessThanOrEqual(atMost(64));
  });

  test("recv of a message of 1 MB with no window at all ends too", async () => {
    await using arena = await Arena.open();
    const call = "(call $recv (i32.const 64) (i32.const 128) (i32.const 0) (i32.const 0))";
    const pid = await withMessage(arena, again(call), turn, new Uint8Array(MB));
    expect(await calls(arena, pid)).toBeLessThanOrEqual(atMost(1));
  });

  test("recv of a message of 1 MB gives way to others where the policy says so", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const body = `(func (export "run")
      (loop $l (drop (call $recv (i32.const 64) (i32.const 65536) (i32.const 65536) (i32.const 0))) (br $l)))`;
    const pid = await withMessage(arena, body, {}, new Uint8Array(MB));
    await spinsAlone(arena, pid);
  });

  test.each([
    ["send", (victim: string) => `(call $send ${victim} (i32.const 0) (i32.const 65536) (i32.const 65536))`],
    ["request", (victim: string) => `(call $request ${victim} (i32.const 0) (i32.const 65536) (i32.const 65536))`],
    [
      "send_after",
      (victim: string) =>
        `(call $send_after (i32.const 9) ${victim} (i32.const 0) (i32.const 65536) (i32.const 65536))`,
    ],
    ["args", () => "(call $args (i32.const 65536) (i32.const 65536))"],
    ["log", () => "(call $log (i32.const 1) (i32.const 65536) (i32.const 65536))"],
    ["ask", () => asking("db.ask", 65_536, 65_536)],
  ])("%s of 64 KiB is charged by what it copies", async (_, call) => {
    await using arena = await Arena.open({ imports });
    // What is refused is not copied: it is all granted.
    const limits = { mailboxBytes: 2 ** 28, logBytesPerSecond: 2 ** 28 };
    const victim = await arena.attack(SLEEPER, { limits });
    const options = tells(arena, { ...KILL, limits, grants: "all" });
    const args = new Uint8Array(65_536);
    args.set(options.args as Uint8Array);
    const pid = await arena.attack(again(call(words(victim))), { ...options, args });
    expect(await calls(arena, pid)).toBeLessThan(atMost(64, 20_000));
    arena.clock.jump(1000);
    await arena.settle();
    expect(await arena.answers(victim)).toBe(true);
  });

  test("broadcast of 64 KiB is charged by what it copies, to each member", async () => {
    await using arena = await Arena.open();
    const member = `(func (export "_start") (drop (call $join (i32.const 0) (i32.const 1)))) ${SLEEPER}`;
    const limits = { mailboxBytes: 2 ** 27 };
    const members = await Promise.all(Array.from({ length: 4 }, () => arena.attack(member, { limits, grants: "all" })));
    await arena.settle();
    const call = "(call $broadcast (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 65536) (i32.const 65536))";
    const pid = await arena.attack(again(call), tells(arena, { ...KILL, grants: "all" }));
    expect(await calls(arena, pid)).toBeLessThanOrEqual(atMost(4 * 64, 20_000));
    arena.clock.jump(1000);
    await arena.settle();
    for (const one of members) expect(await arena.answers(one)).toBe(true);
  });

  test("exit_to with a reason of 4 KiB is charged by what it copies", async () => {
    await using arena = await Arena.open();
    const call = (length: number) =>
      `(call $exit_to (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 65536) (i32.const ${length}))`;
    const options: SpawnOptions = { ...turn, grants: "all" };
    const without = await calls(arena, await arena.attack(again(call(0)), tells(arena, options)));
    while (arena.boss.size > 0) await arena.bytes();
    const reasoned = await calls(arena, await arena.attack(again(call(4096)), tells(arena, options)));
    // Each of the others cost the hundred that such an import does, and the calls around it.
    expect(without).toBeGreaterThan(PIECE / 250);
    expect(reasoned).toBeLessThan(without * 0.8);
  });

  const ITEMS = 100_000;

  /** One with so much mail that its look through it is a piece of work. */
  async function withMail(arena: Arena, body: string, options: SpawnOptions): Promise<Pid> {
    const module = await arena.load(body);
    const pid = arena.runtime.spawn(module, tells(arena, options));
    for (let i = 0; i < ITEMS; i++) arena.runtime.send(pid, "", { tag: 1 });
    return pid;
  }

  test("recv_tag over a mailbox of 100,000 items is charged by what it looks at", async () => {
    await using arena = await Arena.open();
    const call = "(call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 2))";
    const pid = await withMail(arena, again(call), turn);
    expect(await calls(arena, pid)).toBeLessThanOrEqual(atMost(ITEMS / 64));
    expect(unaccounted(arena)).toBe(0);
  });

  test("recv_tag over a mailbox of 100,000 items gives way to others where the policy says so", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const body = `(func (export "run")
      (loop $l (drop (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 2))) (br $l)))`;
    await spinsAlone(arena, await withMail(arena, body, {}));
  });

  test("recv_match over a mailbox of 100,000 items is cut off at predicateReductions", async () => {
    await using arena = await Arena.open();
    // Its predicate calls nothing and has no loop: what the host looks at must count.
    const body = `(func (export "match") (param i32 i32 i32) (result i32) (i32.const 0))
      (func (export "run") (loop $l
        (drop (call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 1))) (br $l)))`;
    const pid = await withMail(arena, body, turn);
    expect(await arena.reason(pid)).toMatch(COUNTED);
    expect(await arena.served()).toBe(true);
  });

  test("recv_match for ever gives way to others where the policy says so", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const body = `(func (export "match") (param i32 i32 i32) (result i32) (i32.const 0))
      (func (export "run") (loop $l
        (drop (call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 1))) (br $l)))`;
    const pid = await arena.attack(body);
    for (let i = 0; i < 10; i++) arena.runtime.send(pid, "");
    await spinsAlone(arena, pid);
  });

  test("demonitor that flushes 100,000 items is charged by what it looks at", async () => {
    await using arena = await Arena.open();
    // What is older than the monitor is not looked at: first the monitors, then the mail.
    const body = `${COMMON}
      (func (export "run") (local $left i32)
        (call $begin)
        (local.set $left (i32.const 3000))
        (loop $monitors
          (i32.store offset=32768 (i32.shl (local.get $left) (i32.const 2)) (call $monitor ${words(arena.witness)}))
          (br_if $monitors (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (local.set $left (i32.const ${ITEMS}))
        (loop $mail
          (drop (call $send (call $self_lo) (call $self_hi) (i32.const 1) (i32.const 0) (i32.const 0)))
          (br_if $mail (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (local.set $left (i32.const 3000))
        (loop $flush
          (call $tell)
          (drop (call $demonitor (i32.load offset=32768 (i32.shl (local.get $left) (i32.const 2))) (i32.const 1)))
          (br_if $flush (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))`;
    const perTurn = 100 * PIECE;
    const pid = await arena.attack(body, tells(arena, { reductions: { policy: "kill", perTurn } }));
    const flushes = await calls(arena, pid);
    expect(flushes).toBeGreaterThan(1);
    expect(flushes).toBeLessThanOrEqual(atMost(ITEMS, perTurn));
  });

  test.each([
    ["whereis", (name: string) => `(call $whereis ${name} (i32.const 64))`],
    ["send_named", (name: string) => `(call $send_named ${name} (i32.const 0) (i32.const 0) (i32.const 0))`],
    ["members", (name: string) => `(call $members ${name} (i32.const 64) (i32.const 0))`],
    ["broadcast", (name: string) => `(call $broadcast ${name} (i32.const 0) (i32.const 0) (i32.const 0))`],
  ])("%s with a name of 16 MB for ever gives way to others", async (_, call) => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const memory = `(import "env" "memory" (memory 256))`;
    const body = `(func (export "run") (loop $l (drop ${call("(i32.const 0) (i32.const 16000000)")}) (br $l)))`;
    await spinsAlone(arena, await arena.attack(body, { grants: "all" }, { memory }));
  });

  test("spawn is charged 20,000", async () => {
    await using arena = await Arena.open();
    arena.runtime.define("idle", await arena.load(IDLE));
    const pid = await arena.attack(again(spawning("idle")) + named("idle"), tells(arena, { ...turn, grants: "all" }));
    expect(await calls(arena, pid)).toBeLessThanOrEqual(atMost(20_000));
    expect(arena.runtime.size).toBeLessThanOrEqual(1 + atMost(20_000));
  });

  test("spawn for ever gives way to others where the policy says so", async () => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    arena.runtime.define("idle", await arena.load(IDLE));
    const body = `${named("idle")} (func (export "run") (loop $l (drop ${spawning("idle")}) (br $l)))`;
    await spinsAlone(arena, await arena.attack(body, { grants: "all", limits: { familyActors: 200 } }));
  });
});

describe("a stack that ends", () => {
  const OVERFLOW = /^crashed: .*stack overflow/;
  const SELF = "(call $self_lo) (call $self_hi)";

  /** What is called at each level, and what has to be there for it. */
  interface Call {
    readonly name: string;
    readonly call: (arena: Arena) => string;
    /** Code that comes before all levels. */
    readonly setup?: string;
    /** It takes too long to be called at each level: at the deepest only. */
    readonly slow?: boolean;
  }
  const calls: readonly Call[] = [
    { name: "nothing", call: () => "nop" },
    {
      name: "send to the witness",
      call: arena => dropped(`(call $send ${words(arena.witness)} (i32.const 1) (i32.const 64) (i32.const 64))`),
    },
    {
      name: "send to itself",
      call: () => dropped(`(call $send ${SELF} (i32.const 1) (i32.const 64) (i32.const 64))`),
    },
    {
      name: "send to nobody",
      call: () => dropped("(call $send (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 64) (i32.const 64))"),
    },
    {
      name: "send and recv",
      call: () => `(drop (call $send ${SELF} (i32.const 1) (i32.const 64) (i32.const 64)))
        (drop (call $recv (i32.const 1024) (i32.const 1088) (i32.const 64) (i32.const 0)))`,
    },
    {
      name: "send and recv_tag",
      call: () => `(drop (call $send ${SELF} (i32.const 1) (i32.const 64) (i32.const 64)))
        (drop (call $recv_tag (i32.const 1024) (i32.const 1088) (i32.const 64) (i32.const 0) (i32.const 1)))`,
    },
    {
      name: "send and recv_match",
      call: () => `(drop (call $send ${SELF} (i32.const 1) (i32.const 64) (i32.const 64)))
        (drop (call $recv_match (i32.const 1024) (i32.const 1088) (i32.const 64) (i32.const 0) (i32.const 1)))`,
    },
    {
      name: "request",
      call: arena => dropped(`(call $request ${words(arena.witness)} (i32.const 1) (i32.const 64) (i32.const 64))`),
    },
    { name: "monitor", call: arena => dropped(`(call $monitor ${words(arena.witness)})`) },
    { name: "monitor of nobody", call: () => dropped("(call $monitor (i32.const 0) (i32.const 0))") },
    {
      name: "monitor and demonitor",
      call: arena => dropped(`(call $demonitor (call $monitor ${words(arena.witness)}) (i32.const 1))`),
    },
    { name: "link and unlink", call: () => `(drop (call $link ${CHILD})) (drop (call $unlink ${CHILD}))` },
    { name: "link", call: () => dropped(`(call $link ${CHILD})`) },
    {
      name: "link to nobody",
      call: () => dropped("(call $link (i32.const 0) (i32.const 0))"),
      setup: "(drop (call $trap_exit (i32.const 1)))",
    },
    {
      name: "exit_to itself",
      call: () => dropped(`(call $exit_to ${SELF} (i32.const 6) (i32.const 64) (i32.const 64))`),
      setup: "(drop (call $trap_exit (i32.const 1)))",
    },
    {
      name: "exit_to its child",
      call: () => dropped(`(call $exit_to ${CHILD} (i32.const 6) (i32.const 64) (i32.const 64))`),
    },
    { name: "make_ref and drop_ref", call: () => dropped("(call $drop_ref (call $make_ref))") },
    { name: "make_ref", call: () => dropped("(call $make_ref)") },
    {
      name: "ask and demonitor",
      call: () => dropped(`(call $demonitor ${asking("db.ask", 64, 64)} (i32.const 1))`),
    },
    { name: "ask", call: () => dropped(asking("db.ask", 64, 64)) },
    { name: "ask, whose answer takes time", call: () => dropped(asking("db.late", 64, 64)) },
    {
      name: "send_after",
      call: arena =>
        dropped(`(call $send_after (i32.const 1) ${words(arena.witness)} (i32.const 1) (i32.const 64) (i32.const 64))`),
    },
    {
      name: "send_after and cancel_timer",
      call: () =>
        dropped(
          `(call $cancel_timer (call $send_after (i32.const 1) ${SELF} (i32.const 1) (i32.const 64) (i32.const 64)))`,
        ),
    },
    {
      name: "register and unregister",
      call: () =>
        `(call $fresh) (drop (call $register (i32.const 512) (i32.const 8) ${SELF})) (drop (call $unregister (i32.const 512) (i32.const 8)))`,
    },
    { name: "register", call: () => `(call $fresh) (drop (call $register (i32.const 512) (i32.const 8) ${SELF}))` },
    { name: "whereis", call: () => "(drop (call $whereis (i32.const 512) (i32.const 8) (i32.const 1024)))" },
    {
      name: "send_named",
      call: () => "(drop (call $send_named (i32.const 512) (i32.const 8) (i32.const 1) (i32.const 64) (i32.const 64)))",
    },
    {
      name: "join, members, broadcast and leave",
      call: () => `(call $fresh) (drop (call $join (i32.const 512) (i32.const 8)))
        (drop (call $members (i32.const 512) (i32.const 8) (i32.const 1024) (i32.const 4)))
        (drop (call $broadcast (i32.const 512) (i32.const 8) (i32.const 1) (i32.const 64) (i32.const 64)))
        (drop (call $leave (i32.const 512) (i32.const 8)))`,
    },
    { name: "log", call: () => dropped("(call $log (i32.const 1) (i32.const 64) (i32.const 1))") },
    { name: "now", call: () => dropped("(call $now)") },
    { name: "epoch", call: () => dropped("(call $epoch)") },
    { name: "args", call: () => dropped("(call $args (i32.const 1024) (i32.const 8))") },
    { name: "window", call: () => "(call $window (i32.const 64) (i32.const 128) (i32.const 64))" },
    { name: "trap_exit", call: () => dropped("(call $trap_exit (i32.const 1))") },
    { name: "spawn", call: () => dropped(spawning("idle")), slow: true },
    { name: "spawn with a link and a monitor", call: () => dropped(spawning("idle", 3)), slow: true },
    {
      name: "spawn of a module that traps at once",
      call: () => `(i32.store (i32.const 640) (i32.const 0x65696470)) ${dropped(spawning("pdie"))}`,
      slow: true,
    },
  ];
  const PARTS = `${COMMON} ${named("idle")} ${ASKED}
    (func (export "match") (param i32 i32 i32) (result i32) (i32.const 1))`;

  async function stage(): Promise<Arena> {
    const arena = await Arena.open({ imports });
    arena.runtime.define("idle", await arena.load(IDLE));
    arena.runtime.define("pdie", await arena.load(`${IDLE} (func $trap unreachable) (start $trap)`));
    return arena;
  }

  /**
   * It calls from the level that the arguments say, in both entries: a process's stack is not a
   * handler's.
   */
  const deep = (call: string, setup = "") => `${PARTS}
    (func $deep (param $n i32) (result i32)
      (if (i32.ge_u (local.get $n) ${word(1)}) (then ${call}))
      (i32.add (call $deep (i32.add (local.get $n) (i32.const 1))) (i32.const 1)))
    (func $pad (param $n i32) (result i32)
      (if (i32.eqz (local.get $n)) (then (return (call $deep (i32.const 0)))))
      (i32.mul (call $pad (i32.sub (local.get $n) (i32.const 1))) (i32.const 3)))
    (func $all (call $begin) (drop ${spawning("idle")}) ${setup} (drop (call $pad ${word(0)})))
    (func (export "run") (call $all))
    (func (export "handle") (param i32) (call $all))`;

  const options = (arena: Arena, entry: string, pad: number, from: number) =>
    tells(arena, { entry, grants: "all", reductions: { policy: "off" }, limits: { familyActors: 300 } }, pad, from);

  /** About how many levels there are, as the guest's own lines tell. */
  async function levels(entry: string): Promise<number> {
    await using arena = await stage();
    const call =
      "(if (i32.eqz (i32.rem_u (local.get $n) (i32.const 100))) (then (drop (call $log (i32.const 1) (i32.const 0) (i32.const 1)))))";
    const pid = await arena.attack(deep(call), options(arena, entry, 0, 0));
    arena.runtime.send(pid, "");
    expect(await arena.reason(pid)).toMatch(OVERFLOW);
    return arena.logs.length * 100;
  }

  describe.each(["run", "handle"])("in %s", entry => {
    test.each(calls)("with $name at each level is its own crash", async ({ call, setup, slow = false }) => {
      const depth = await levels(entry);
      expect(depth).toBeGreaterThan(1000);
      await using arena = await stage();
      const module = await arena.load(deep(call(arena), setup));
      for (const part of slow ? [0.95] : [0, 0.5, 0.9]) {
        for (let pad = 0; pad < 6; pad++) {
          const pid = arena.runtime.spawn(module, options(arena, entry, pad, Math.floor(depth * part)));
          arena.runtime.send(pid, "");
          expect(await arena.reason(pid)).toMatch(OVERFLOW);
        }
      }
      expect(await arena.served()).toBe(true);
      arena.clock.jump(1000);
      await arena.settle();
      expect(unaccounted(arena)).toBe(0);
      expect(await arena.served()).toBe(true);
    });
  });

  /**
   * The same, but each level catches every exception and calls again. Then it tells the test that
   * it is alive, and waits.
   */
  const catching = (call: string, setup = "") => `${PARTS}
    (func $deep (param $n i32)
      (block $out
        (block $caught
          (try_table (catch_all $caught)
            (if (i32.ge_u (local.get $n) ${word(1)}) (then ${call}))
            (call $deep (i32.add (local.get $n) (i32.const 1))))
          (br $out))
        (block $again (try_table (catch_all $again) ${call}))))
    (func $pad (param $n i32)
      (if (local.get $n) (then (call $pad (i32.sub (local.get $n) (i32.const 1)))) (else (call $deep (i32.const 0)))))
    (func $all
      (call $begin) (drop ${spawning("idle")}) ${setup} (call $pad ${word(0)})
      (block $mute (try_table (catch_all $mute) (call $note (i32.const 99)) (call $tell))))
    (func (export "run") (call $all) (block $end (try_table (catch_all $end) ${WAIT})))
    (func (export "handle") (param i32) (call $all))`;

  describe.each(["run", "handle"])("in %s of one that catches everything", entry => {
    test.each(calls)(
      "with $name at each level is its own crash all the same",
      async ({ call, setup, slow = false }) => {
        const from = slow ? Math.floor((await levels(entry)) * 0.95) : 0;
        await using arena = await stage();
        const module = await arena.load(catching(call(arena), setup));
        for (let pad = 0; pad < 6; pad++) {
          const pid = arena.runtime.spawn(module, options(arena, entry, pad, from));
          const reason = arena.reason(pid);
          arena.runtime.send(pid, "");
          // It has its turn, or as many as it takes, and does not live on.
          for (let i = 0; i < 3; i++) expect(await arena.served()).toBe(true);
          arena.runtime.send(pid, "");
          expect(await arena.served()).toBe(true);
          expect(arena.runtime.isAlive(pid)).toBe(false);
          expect(await reason).toMatch(OVERFLOW);
        }
        arena.clock.jump(1000);
        await arena.settle();
        expect(unaccounted(arena)).toBe(0);
        expect(arena.boss.size).toBe(0);
        expect(await arena.served()).toBe(true);
      },
    );
  });

  test.each([
    ["_start", `(func (export "_start") (call $all)) ${IDLE}`],
    [
      "a predicate",
      `(func (export "match") (param i32 i32 i32) (result i32) (call $all) (i32.const 0))
      (func (export "run")
        (drop (call $send ${SELF} (i32.const 1) (i32.const 0) (i32.const 0)))
        (drop (call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 1))))`,
    ],
  ])("in %s is its own crash", async (_, entries) => {
    await using arena = await Arena.open();
    const body = `(func $deep (result i32) (i32.add (call $deep) (call $self_lo))) (func $all (drop (call $deep))) ${entries}`;
    await crashes(arena, await arena.attack(body), OVERFLOW);
  });

  test("in the start function makes the spawn fail", async () => {
    await using arena = await Arena.open();
    const module = await arena.load(
      `(func $deep (result i32) (i32.add (call $deep) (call $self_lo))) (func $all (drop (call $deep))) (start $all) ${IDLE}`,
    );
    expect(() => arena.runtime.spawn(module)).toThrow(SpawnError);
    expect(() => arena.runtime.spawn(module)).toThrow(/stack overflow/);
    expect(arena.runtime.size).toBe(1);
    expect(await arena.served()).toBe(true);
  });

  test.each(["run", "handle"])(
    "in %s never ends in a function of the embedder that needs less than 32 KiB",
    async entry => {
      // Some 20 KiB of frames of an interpreter.
      const needs = (frames: number): number => (frames === 0 ? 0 : 1 + needs(frames - 1));
      const seen = { begun: 0, done: 0 };
      const imports = {
        host: {
          needy: () => {
            seen.begun++;
            needs(150);
            seen.done++;
          },
        },
      };
      await using arena = await Arena.open({ imports });
      arena.runtime.define("idle", await arena.load(IDLE));
      const module = await arena.load(`(import "host" "needy" (func $needy)) ${deep("(call $needy)")}`);
      for (let pad = 0; pad < 20; pad++) {
        const pid = arena.runtime.spawn(module, options(arena, entry, pad, 0));
        arena.runtime.send(pid, "");
        expect(await arena.reason(pid)).toMatch(OVERFLOW);
      }
      expect(seen.begun).toBeGreaterThan(1000);
      expect(seen.done).toBe(seen.begun);
      expect(await arena.served()).toBe(true);
    },
  );
});

describe("an entry that lies about how it gives way", () => {
  const turn = { reductions: { policy: "yield", perTurn: 1 } } as const;
  const COUNTS = `(global $left (export "isopod:left") (mut i32) (i32.const 100)) (func (export "isopod:yield") (result i32) (call $yield)) (func (export "run"))`;
  const resume = (body: string) => `${COUNTS} (func (export "resume:run") (param i32) (result i32) ${body})`;

  test("asks again instead of unwinding, and has crashed", async () => {
    await using arena = await Arena.open();
    // Not for ever: it is not counted, so nothing would stop it.
    const body = resume(`(local $left i32)
      (local.set $left (i32.const 100))
      (loop $l
        (drop (call $yield))
        (br_if $l (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (i32.const 0)`);
    await crashes(arena, await arena.attack(body, turn, { reductions: "none" }), /^crashed: /);
  });

  test.each([
    ["nowhere", 0],
    ["in the middle of its words", 20],
    ["beyond what was saved", 0x1_fff8],
    ["just beyond the memory", 0x2_0010],
    ["beyond the memory", 0x7fff_fff0],
    ["beyond all that there is", 0xffff_fff0],
  ])("says that its stack ends %s, and harms itself alone", async (_, top) => {
    await using arena = await Arena.open({ clock: new TickingClock() });
    const body = resume(`(loop $l (br_if $l (i32.gt_s (call $yield) (i32.const 0))))
      (i32.store (i32.const 16) (i32.const ${top})) (i32.const 2)`);
    const module = await arena.load(body, { reductions: "none" });
    const pid = arena.runtime.spawn(module, turn);
    const reason = arena.reason(pid);
    for (let i = 0; i < 3; i++) expect(await arena.served()).toBe(true);
    arena.runtime.kill(pid);
    expect(await reason).toMatch(/^(crashed|killed)/);
    expect(await arena.served()).toBe(true);
  });

  test("parks where it was told to unwind, without a receive, and has crashed", async () => {
    await using arena = await Arena.open();
    const body = resume("(loop $l (br_if $l (i32.gt_s (call $yield) (i32.const 0)))) (i32.const 1)");
    await crashes(arena, await arena.attack(body, turn, { reductions: "none" }), /^crashed: /);
  });
});
