/**
 * Ends are told completely, on the host's own stack and in pieces. The stack of the guest that
 * causes them does not matter.
 */

import { describe, expect, test } from "vitest";
import type { HostMailbox, Pid } from "../../host/index.ts";
import { macrotask } from "../support/clock.ts";
import { Arena } from "./arena.ts";
import { BOSS, COMMON, tells, WAIT, words } from "./attackers.ts";

const TIMEOUT = { timeout: 120_000 };

const KID = `(func (export "handle") (param i32))`;

/**
 * A handler that spawns a child and tells its pid. A message of four bytes has it call `act` at
 * that depth of its stack; `$kid` is the child's pid. At 60,000 it has a canary, which the next
 * actor of its instance would see.
 */
const digger = (act: string, flags: number) => `${COMMON} (data (i32.const 512) "kid")
  (func $down (param $n i32)
    (if (local.get $n) (then (call $down (i32.sub (local.get $n) (i32.const 1)))) (else ${act}))
    (i32.store (i32.const 2048) (local.get $n)))
  (func (export "_start")
    (call $begin)
    (call $window (i32.const 64) (i32.const 128) (i32.const 64))
    (drop (call $spawn (i32.const 512) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const ${flags}) (i32.const 1024)))
    (call $note (i32.load (i32.const 60000)))
    (i32.store (i32.const 60000) (i32.const 77))
    (call $note (i32.load (i32.const 1024))) (call $note (i32.load (i32.const 1028))) (call $tell))
  (func (export "handle") (param $n i32) (call $down (i32.load (i32.const 128))))`;

const KID_PID = "(i32.load (i32.const 1024)) (i32.load (i32.const 1028))";
const KILL = `(drop (call $exit_to ${KID_PID} (i32.const 2) (i32.const 0) (i32.const 0)))`;

describe("an end that is caused where hardly any stack is left", TIMEOUT, () => {
  /** The deepest call that the engine permits, which depends on what has compiled the code. */
  async function deepest(arena: Arena): Promise<number> {
    const probe = await arena.load(digger("(nop)", 0));
    let [low, high] = [0, 200_000];
    while (high - low > 16) {
      const middle = (low + high) >> 1;
      const { pid } = await dig(arena, probe, middle);
      if (arena.runtime.isAlive(pid)) low = middle;
      else high = middle;
      arena.runtime.kill(pid);
    }
    return low;
  }

  async function dig(arena: Arena, module: Awaited<ReturnType<Arena["load"]>>, depth: number) {
    const pid = arena.runtime.spawn(module, tells(arena, { grants: { spawn: ["kid"] } }));
    const [canary, lo, hi] = await arena.notes();
    // Nothing of the actor that used the instance before.
    expect(canary).toBe(0);
    const kid = hi * 2 ** 32 + lo;
    const watchers = [arena.runtime.mailbox(), arena.runtime.mailbox()];
    watchers[0].monitor(kid);
    watchers[1].link(kid);
    arena.runtime.send(pid, new Uint8Array(Uint32Array.of(depth).buffer));
    await arena.settle();
    return { pid, kid, watchers };
  }

  test.each([
    ["of a child", KILL, 0],
    ["of a child that it is linked to", KILL, 1],
    ["of a child that it monitors", KILL, 2],
    [
      "of itself",
      `(drop (call $exit_to (call $self_lo) (call $self_hi) (i32.const 2) (i32.const 0) (i32.const 0)))`,
      1,
    ],
    [
      "of a child whose spawn fails",
      `(drop (call $spawn (i32.const 512) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 1040)))`,
      0,
    ],
  ])("%s is told to everybody, once, and to nobody else's harm", async (_, act, flags) => {
    await using arena = await Arena.open();
    arena.runtime.define("kid", await arena.load(KID));
    const module = await arena.load(digger(act, flags));
    const bottom = await deepest(arena);
    for (let depth = bottom + 64; depth > bottom - 3_000; depth -= 41) {
      const { pid, kid, watchers } = await dig(arena, module, depth);
      expect(watchers.map(({ isOpen }) => isOpen)).toEqual([true, true]);
      if (arena.runtime.isAlive(kid)) arena.runtime.kill(kid);
      await arena.settle();
      expect(told(watchers[0])).toEqual([`down of ${kid}`]);
      expect(told(watchers[1])).toEqual([`exit of ${kid}`]);
      for (const watcher of watchers) watcher.close();
      arena.runtime.kill(pid);
    }
    expect(await arena.served()).toBe(true);
    for (const { pid, kind } of arena.runtime.snapshot({ most: Number.POSITIVE_INFINITY }).actors)
      if (kind === "guest") arena.runtime.kill(pid);
    await arena.runtime.idle();
    expect(arena.runtime.size).toBe(0);
  });
});

function told(box: HostMailbox): string[] {
  const items: string[] = [];
  for (let item = box.poll(); item !== undefined; item = box.poll()) items.push(`${item.kind} of ${item.from}`);
  return items;
}

describe("an end", () => {
  test("takes the name and the mailbox from its actor before the import returns that caused it", async () => {
    await using arena = await Arena.open();
    arena.runtime.define("kid", await arena.load(KID));
    const body = `${COMMON} (data (i32.const 512) "kid") (func (export "run")
      (call $begin)
      (drop (call $spawn (i32.const 512) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024)))
      (call $note (call $register (i32.const 512) (i32.const 3) ${KID_PID}))
      ${KILL}
      (call $note (call $send ${KID_PID} (i32.const 0) (i32.const 0) (i32.const 0)))
      (call $note (call $whereis (i32.const 512) (i32.const 3) (i32.const 1040)))
      (call $note (call $register (i32.const 512) (i32.const 3) (call $self_lo) (call $self_hi)))
      (call $note (call $exit_to ${KID_PID} (i32.const 2) (i32.const 0) (i32.const 0)))
      (call $tell))`;
    await arena.attack(body, tells(arena, { grants: { spawn: ["kid"], register: true, lookup: true } }));
    expect(await arena.notes()).toEqual([1, 0, 0, 1, 0]);
  });

  test("from outside leaves the runtime idle, for those who wait for that already", async () => {
    await using arena = await Arena.open();
    const { runtime, witness } = arena;
    let isIdle = false;
    void runtime.idle().then(() => {
      isIdle = true;
    });
    await arena.settle();
    expect(isIdle).toBe(false);
    runtime.kill(witness);
    expect(runtime.size).toBe(0);
    await arena.settle();
    expect(isIdle).toBe(true);
  });

  test("of a host mailbox leaves nothing to be polled, also before it is told", async () => {
    let box: HostMailbox | undefined;
    const polled: unknown[] = [];
    const imports = { test: { poll: () => void polled.push(box?.isOpen, box?.poll(), box?.size) } };
    await using arena = await Arena.open({ imports });
    const { runtime } = arena;
    box = runtime.mailbox();
    runtime.send(box.pid, "one");
    runtime.send(box.pid, "two");
    const body = `(import "test" "poll" (func $poll)) (func (export "run")
      (drop (call $exit_to ${words(box.pid)} (i32.const 2) (i32.const 0) (i32.const 0)))
      (call $poll))`;
    await arena.attack(body, { grants: { kill: true, imports: ["test.poll"] } });
    await arena.settle();
    expect(polled).toEqual([false, undefined, 0]);
    const { sent, received, dead } = runtime.counters;
    expect({ sent, received, dead }).toEqual({ sent: 2, received: 0, dead: 2 });
  });

  test("is no more told to who has taken back the link, or the monitor, in the same turn", async () => {
    await using arena = await Arena.open();
    arena.runtime.define("kid", await arena.load(KID));
    const body = `${COMMON} (data (i32.const 512) "kid") (func (export "run")
      (call $begin) (drop (call $trap_exit (i32.const 1)))
      (drop (call $spawn (i32.const 512) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 1024)))
      ${KILL}
      (call $note (call $unlink ${KID_PID}))
      (call $note (call $demonitor (i32.load (i32.const 1032)) (i32.const 0)))
      (call $tell) ${WAIT})`;
    const pid = await arena.attack(body, tells(arena, { grants: { spawn: ["kid"] } }));
    expect(await arena.notes()).toEqual([0, 1]);
    await arena.settle();
    expect(arena.runtime.info(pid)?.mailboxItems).toBe(0);
  });

  test("of an actor makes room for another one in the same turn, at most as often as there may be actors", async () => {
    await using arena = await Arena.open();
    arena.runtime.define("kid", await arena.load(KID));
    const body = `${COMMON} (data (i32.const 512) "kid") (func (export "run") (local $i i32)
      (call $begin)
      (loop $next
        (call $note (call $spawn (i32.const 512) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024)))
        ${KILL}
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 6))))
      (call $tell) ${WAIT})`;
    const limits = { familyActors: 3 };
    const pid = await arena.attack(body, tells(arena, { limits, grants: { spawn: ["kid"] } }));
    expect(await arena.notes()).toEqual([1, 1, 1, 1, 1, -101]);
    await arena.settle();
    expect(arena.runtime.size).toBe(2);
    arena.runtime.kill(pid);
  });
});

describe("what an end leads to is done in pieces", TIMEOUT, () => {
  /**
   * Everything that happens from a kill on, a turn of the host's mailbox between each two pieces.
   */
  async function inPieces(arena: Arena, pid: Pid, count: () => number): Promise<number[]> {
    const counts: number[] = [];
    arena.runtime.kill(pid);
    counts.push(count());
    for (let last = -1; last !== counts.at(-1); await macrotask()) {
      last = counts.at(-1) ?? 0;
      counts.push(count());
    }
    return counts;
  }

  test("dead letters of a full mailbox", async () => {
    await using arena = await Arena.open();
    const victim = await arena.attack(`(func (export "run") ${WAIT})`);
    for (let i = 0; i < 20_000; i++) arena.boss.send(victim, "", { tag: 1 });
    await arena.settle();
    const counts = await inPieces(arena, victim, () => arena.runtime.counters.dead);
    expect(counts[0]).toBeLessThanOrEqual(2_048);
    await arena.settle();
    expect(arena.runtime.counters.dead).toBe(20_000);
    expect((await arena.end(victim)).kind).toBe("killed");
  });

  test("Downs of many monitors, which can be taken back until they are told", async () => {
    await using arena = await Arena.open();
    const victim = await arena.echo();
    const box = arena.runtime.mailbox();
    const refs = Array.from({ length: 20_000 }, () => box.monitor(victim));
    arena.runtime.kill(victim);
    expect(box.size).toBeLessThanOrEqual(2_048);
    expect(box.demonitor(refs[19_999])).toBe(true);
    await arena.settle();
    const downs: number[] = [];
    for (let item = box.poll(); item !== undefined; item = box.poll()) if (item.kind === "down") downs.push(item.ref);
    expect(downs).toEqual(refs.slice(0, -1));
  });

  test("the ends of many linked actors", async () => {
    await using arena = await Arena.open({ limits: { actors: 12_000 } });
    const module = await arena.load(`${COMMON} (func (export "run")
      (call $begin) (drop (call $link (i32.load (i32.const 24)) (i32.load (i32.const 28)))) ${WAIT})`);
    const center = await arena.attack(`(func (export "run") ${WAIT})`);
    const args = tells(arena, { grants: { kill: true } }, center % 2 ** 32, Math.floor(center / 2 ** 32));
    const linked = Array.from({ length: 300 }, () => arena.runtime.spawn(module, args));
    await arena.settle();
    let told = 0;
    arena.runtime.inspect(({ kind }) => {
      if (kind === "exit") told++;
    });
    const counts = await inPieces(arena, center, () => told);
    expect(counts[0]).toBeLessThan(40);
    await arena.settle();
    for (const pid of linked) expect((await arena.end(pid)).kind).toBe("killed");
    expect(await arena.served()).toBe(true);
  });
});

describe("a receive by predicate that passes over twenty thousand items", () => {
  const MATCH = `(func (export "match") (param i32 i32 i32) (result i32) (i32.eq (i32.load (i32.const 68)) (i32.const 99)))`;
  const MATCH_FIRST = `(func (export "match_first") (param $predicate i32) (param $ptr i32) (param $bytes i32) (result i32)
    (local $at i32)
    (loop $next
      (if (i32.eq (i32.load offset=4 (i32.add (local.get $ptr) (local.get $at))) (i32.const 99))
        (then (if (i32.load (i32.add (local.get $ptr) (local.get $at))) (then (return (local.get $at))))))
      (local.set $at (i32.add (local.get $at) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $bytes))))
    (i32.const -1))`;
  const FOUND = `(drop (call $send ${BOSS} (i32.const 5) (i32.const 0) (i32.const 0)))`;
  const RECV = `(call $recv (i32.const 64) (i32.const 128) (i32.const 1024) (i32.const -1))`;
  const RECV_MATCH = `(call $recv_match (i32.const 64) (i32.const 128) (i32.const 1024) (i32.const -1) (i32.const 0))`;
  const parked = (call: string) => `(if (i32.eq ${call} (i32.const -2)) (then (drop (call $park))))`;
  const JSPI = `${COMMON} ${MATCH} (func (export "run") (call $begin) ${parked(RECV)} ${parked(RECV_MATCH)} ${FOUND})`;
  const RESUME = `${COMMON} ${MATCH} (global $turns (mut i32) (i32.const 0)) (func (export "run"))
    (func (export "resume:run") (param $n i32) (result i32)
      (global.set $turns (i32.add (global.get $turns) (i32.const 1)))
      (if (i32.eq (global.get $turns) (i32.const 1)) (then (call $begin) (drop ${RECV}) (return (i32.const 1))))
      (if (i32.eq (global.get $turns) (i32.const 2)) (then (if (i32.eq ${RECV_MATCH} (i32.const -2)) (then (return (i32.const 1))))))
      ${FOUND} (i32.const 0))`;

  test.each([
    ["by JSPI", JSPI, "none"],
    ["by JSPI, counted", JSPI, "count"],
    ["by Asyncify", RESUME, "none"],
    ["by Asyncify, many at once", `${MATCH_FIRST}${RESUME}`, "none"],
    ["by Asyncify, counted", RESUME, "count"],
  ] as const)("gives others their turns, %s", async (_, body, reductions) => {
    await using arena = await Arena.open();
    const pid = await arena.attack(body, tells(arena), { reductions });
    await arena.settle();
    for (let i = 0; i < 20_000; i++) arena.runtime.send(pid, "", { tag: 1 });
    arena.runtime.send(pid, "", { tag: 99 });
    arena.boss.send(arena.witness, "are you there?", { tag: 7 });
    const order: number[] = [];
    for (let i = 0; i < 2; i++) {
      const item = await arena.boss.receive();
      if (item?.kind === "message") order.push(item.tag);
    }
    expect(order).toEqual([7, 5]);
    expect(await arena.reason(pid)).toBe("normal");
    expect(arena.runtime.counters.dead).toBe(19_999);
  });
});

describe("a broadcast", () => {
  test("whose copies together are longer than a message may be is refused, and charged nobody", async () => {
    await using arena = await Arena.open();
    const body = `${COMMON} (data (i32.const 512) "all") (func (export "run")
      (call $begin)
      (call $note (call $broadcast (i32.const 512) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 250)))
      (call $note (call $broadcast (i32.const 512) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 251)))
      (call $tell))`;
    const members = [await arena.echo(), await arena.echo(), await arena.echo(), await arena.echo()];
    for (const pid of members) arena.runtime.join("all", pid);
    await arena.attack(body, tells(arena, { grants: { lookup: true }, limits: { messageBytes: 1000 } }));
    expect(await arena.notes()).toEqual([4, -101]);
  });
});

describe("timers that are due at once", () => {
  test("fire in pieces, between which others have their turns, and in their order", async () => {
    await using arena = await Arena.open();
    const box = arena.runtime.mailbox();
    // The echo's answer comes behind the first of them.
    const alarm =
      await arena.attack(`(func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
      (func (export "handle") (param i32)
        (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.const 9999) (i32.const 0) (i32.const 0))))`);
    await arena.settle();
    box.sendAfter(10, "", { to: alarm });
    for (let i = 0; i < 5_000; i++) box.sendAfter(10, "", { tag: i });
    await arena.clock.advance(10);
    const tags: number[] = [];
    for (let item = box.poll(); item !== undefined; item = box.poll())
      if (item.kind !== "down") tags.push("tag" in item ? item.tag : -1);
    expect(tags.indexOf(9999)).toBeLessThan(4_000);
    expect(tags.filter(tag => tag !== 9999)).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
  });
});
