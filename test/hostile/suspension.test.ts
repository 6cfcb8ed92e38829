/**
 * Kills and traps at every point where a guest may wait. Its watchers are told once, nothing that
 * it set up outlives it, and what it held is given back.
 */

import { describe, expect, test } from "vitest";
import {
  type DeadLetter,
  type HostMailbox,
  type Pid,
  type Received,
  type RuntimeOptions,
  SpawnError,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { wordsOf } from "../support/player.ts";
import { Arena } from "./arena.ts";

const TIMEOUT = { timeout: 120_000 };
const READY = 1;
const UNREACHABLE = "unreachable";
const NO_BYTES = "(i32.const 0) (i32.const 0)";
const SELF = "(call $self_lo) (call $self_hi)";
const BOSS = "(i32.load (i32.const 16)) (i32.load (i32.const 20))";
const ROOM = "(i32.const 64) (i32.const 96) (i32.const 64)";
const GET = `(import "db" "get" (func $db_get (result i32)))`;
const CALL_GET = "(call $db_get)";

/**
 * `$begin` sets two timers of half a second: one for itself, with the tag 9, and one for the test,
 * with the tag 8.
 */
const PRELUDE = `
  (func $begin
    (drop (call $args (i32.const 16) (i32.const 8)))
    (drop (call $send_after (i32.const 500) ${SELF} (i32.const 9) ${NO_BYTES}))
    (drop (call $send_after (i32.const 500) ${BOSS} (i32.const 8) ${NO_BYTES})))
  (func $tell (param $word i32)
    (i32.store (i32.const 8) (local.get $word))
    (drop (call $send ${BOSS} (i32.const 0) (i32.const 8) (i32.const 4))))`;
const TELL_READY = `(call $tell (i32.const ${READY}))`;
/** What an actor that has ended must not reach. */
const TELL_AFTER = "(call $tell (i32.const 2))";
const NEVER = `(func (export "match") (param i32 i32 i32) (result i32) (i32.const 0))`;

const WAYS = ["jspi", "resume"] as const;
type Way = (typeof WAYS)[number];

/** Makes a call that answers -2, tells that it has, and parks; what comes then is `after`. */
const parks: Readonly<Record<Way, (call: string, after: string) => string>> = {
  jspi: (call, after) => `
    (func (export "run") (local $n i32) (call $begin)
      (local.set $n ${call}) ${TELL_READY}
      (if (i32.eq (local.get $n) (i32.const -2)) (then (drop (call $park))))
      ${after})`,
  resume: (call, after) => `
    (global $waits (mut i32) (i32.const 0))
    (func (export "run") unreachable)
    (func (export "resume:run") (param $n i32) (result i32)
      (if (i32.eqz (global.get $waits)) (then
        (global.set $waits (i32.const 1)) (call $begin)
        (local.set $n ${call}) ${TELL_READY}
        (if (i32.eq (local.get $n) (i32.const -2)) (then (return (i32.const 1))))))
      ${after} (i32.const 0))`,
};

/** Does something, tells that it has, and gives way so many times; what comes then is `after`. */
const givesWay: Readonly<Record<Way, (before: string, times: number, after: string) => string>> = {
  jspi: (before, times, after) => `
    (func (export "run") (local $i i32) (call $begin)
      ${before} ${TELL_READY}
      (loop $more
        (drop (call $yield))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${times}))))
      (if (i32.const 0) (then (drop (call $park))))
      ${after})`,
  resume: (before, times, after) => `
    (global $turns (mut i32) (i32.const 0))
    (func (export "run") unreachable)
    (func (export "resume:run") (param $n i32) (result i32)
      (if (i32.eqz (global.get $turns)) (then (call $begin) ${before} ${TELL_READY}))
      (global.set $turns (i32.add (global.get $turns) (i32.const 1)))
      (if (i32.le_u (global.get $turns) (i32.const ${times})) (then (return (i32.const 2))))
      ${after} (i32.const 0))`,
};
const FOREVER = 0xffffffff;

/** Monitors an actor while it is being spawned itself, and passes on what it is told. */
const WATCHER = `
  (func $go (drop (call $args (i32.const 16) (i32.const 16)))
    (drop (call $monitor (i32.load (i32.const 24)) (i32.load (i32.const 28)))))
  (start $go)
  (func (export "_start") (call $window (i32.const 64) (i32.const 96) (i32.const 0x10000)))
  (func (export "handle") (param $n i32)
    (drop (call $send ${BOSS} (i32.const 0) (i32.const 64) (i32.add (local.get $n) (i32.const 32)))))`;

const pidBytes = (...pids: readonly Pid[]) => new Uint8Array(BigUint64Array.from(pids, BigInt).buffer);
const CODES: Readonly<Record<string, number>> = { normal: 0, shutdown: 1, killed: 2, crashed: 3 };

async function drain(mailbox: HostMailbox): Promise<Received[]> {
  const items: Received[] = [];
  for (;;) {
    const item = await mailbox.receive({ timeoutMs: 0 });
    if (item === undefined) return items;
    items.push(item);
  }
}

/**
 * Moves a little whenever it is looked at, so that turns come to an end that have no other;
 * otherwise when it is told to.
 */
class TickingClock extends ManualClock {
  #ticks = 0;

  override now(): number {
    return super.now() + this.#ticks++ / 100;
  }
}

/** A victim, all its watchers, and the dead letters. */
class Scene implements AsyncDisposable {
  readonly arena: Arena;
  readonly clock: TickingClock;
  readonly letters: DeadLetter[];
  readonly #watch: HostMailbox;
  readonly #reports: HostMailbox;
  readonly pid: Pid;

  private constructor(arena: Arena, clock: TickingClock, letters: DeadLetter[], pid: Pid) {
    this.arena = arena;
    this.clock = clock;
    this.letters = letters;
    this.pid = pid;
    this.#watch = arena.runtime.mailbox();
    this.#reports = arena.runtime.mailbox();
    this.#watch.monitor(pid);
    this.#watch.link(pid);
  }

  /** Spawns the victim. Its watchers begin before its first turn, and so does `atOnce`. */
  static async open(body: string, options: RuntimeOptions = {}, atOnce?: (scene: Scene) => unknown): Promise<Scene> {
    const letters: DeadLetter[] = [];
    const clock = new TickingClock();
    const arena = await Arena.open({ clock, onDeadLetter: letter => letters.push(letter), ...options });
    const victim = await arena.load(`${body.includes("$db_get") ? GET : ""} ${PRELUDE} ${body}`);
    const watcher = await arena.load(WATCHER);
    const pid = arena.runtime.spawn(victim, { args: pidBytes(arena.boss.pid), grants: "all" });
    const scene = new Scene(arena, clock, letters, pid);
    arena.runtime.spawn(watcher, { args: pidBytes(scene.#reports.pid, pid) });
    atOnce?.(scene);
    return scene;
  }

  async ready(): Promise<void> {
    expect(await this.arena.notes()).toEqual([READY]);
    await this.arena.settle();
    expect(this.arena.runtime.isAlive(this.pid)).toBe(true);
  }

  /** Leaves messages that the victim does not take. */
  queue(...tags: readonly number[]): void {
    for (const tag of tags) expect(this.arena.boss.send(this.pid, "left", { tag })).toBe(true);
  }

  /**
   * Asserts that the victim has ended so, that everybody was told once, that of its timers only
   * those for the test fire, that so many messages were left behind (where that can be said), and
   * that the counters add up.
   */
  async ended(reason: RegExp, { left, timers = 1 }: { left?: number; timers?: number } = {}): Promise<void> {
    const { arena, pid, letters } = this;
    // Of one that has just been killed the runtime knows no more, and the callback is still to
    // come.
    await arena.settle();
    expect(await arena.reason(pid)).toMatch(reason);
    const { kind } = await arena.end(pid);
    await arena.settle();
    expect(arena.runtime.isAlive(pid)).toBe(false);
    expect(arena.boss.send(pid, "late", { tag: 3 })).toBe(false);
    this.clock.jump(100_000);
    await arena.settle();
    const told = await drain(this.#watch);
    expect(told.map(item => [item.kind, item.from]).sort()).toEqual([
      ["down", pid],
      ["exit", pid],
    ]);
    for (const item of told) expect(item).toMatchObject({ reason: { kind } });
    const reports = (await drain(this.#reports)).map(item =>
      item.kind === "message" ? wordsOf(item.bytes.subarray(0, 32)) : [],
    );
    expect(reports.map(([what, , lo, hi, , code]) => [what, hi * 2 ** 32 + lo, code])).toEqual([[2, pid, CODES[kind]]]);
    const isReady = (item: Received) => item.kind === "message" && item.bytes[0] === READY;
    const rest = (await drain(arena.boss)).filter(item => !isReady(item));
    expect(rest.map(item => [item.kind, item.from, item.kind === "timer" ? item.tag : 0])).toEqual(
      Array(timers).fill(["timer", pid, 8]),
    );
    const whys = letters.filter(letter => letter.to === pid).map(({ why }) => why);
    expect(whys.pop()).toBe("noproc");
    expect(whys).toEqual(Array(left ?? whys.length).fill("left behind"));
    const { sent, received, dead } = arena.runtime.counters;
    expect(sent).toBe(received + dead);
    expect(await arena.served()).toBe(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.arena[Symbol.asyncDispose]();
  }
}

/** An import `db.get` that kills its victim in the middle of the victim's turn. */
class Killer {
  victim: Scene | undefined;
  readonly imports = { db: { get: () => Number(this.kill()) } };

  kill(): boolean {
    return this.victim?.arena.runtime.kill(this.victim.pid) ?? false;
  }
}

const receives = {
  "recv without a timeout": `(call $recv ${ROOM} (i32.const -1))`,
  "recv with a timeout": `(call $recv ${ROOM} (i32.const 2000))`,
  "recv_tag without a timeout": `(call $recv_tag ${ROOM} (i32.const -1) (i32.const 7))`,
  "recv_tag with a timeout": `(call $recv_tag ${ROOM} (i32.const 2000) (i32.const 7))`,
  "recv_tag with a ref": `(call $recv_tag ${ROOM} (i32.const -1) (call $make_ref))`,
  "recv_match without a timeout": `(call $recv_match ${ROOM} (i32.const -1) (i32.const 1))`,
  "recv_match with a timeout": `(call $recv_match ${ROOM} (i32.const 2000) (i32.const 1))`,
};
const ends: readonly (readonly [what: string, end: (scene: Scene) => unknown, reason: RegExp])[] = [
  ["killed", ({ arena, pid }) => arena.runtime.kill(pid), /^killed$/],
  ["killed twice", ({ arena, pid }) => [arena.runtime.kill(pid), arena.runtime.kill(pid)], /^killed$/],
  ["told to shut down", ({ arena, pid }) => arena.boss.exit(pid, { kind: "shutdown" }), /^shutdown$/],
  [
    "told to shut down, and killed",
    ({ arena, pid }) => [arena.boss.exit(pid, { kind: "shutdown" }), arena.runtime.kill(pid)],
    /^(shutdown|killed)$/,
  ],
];

describe.each(WAYS)("a process by the way of %s", TIMEOUT, way => {
  describe.each(Object.entries(receives))("that is parked in %s", (name, call) => {
    const selects = name.startsWith("recv_");

    test.each(ends)("can be %s", async (_, end, reason) => {
      await using scene = await Scene.open(`${NEVER} ${parks[way](call, TELL_AFTER)}`);
      await scene.ready();
      if (selects) scene.queue(1, 2, 3);
      await scene.arena.settle();
      end(scene);
      await scene.ended(reason, { left: selects ? 3 : 0 });
    });

    test.each(ends)("can be %s in the same moment in which something comes for it", async (_, end, reason) => {
      await using scene = await Scene.open(`${NEVER} ${parks[way](call, TELL_AFTER)}`);
      await scene.ready();
      scene.queue(7);
      end(scene);
      await scene.ended(reason);
    });

    test.each(ends)("can be %s in the same moment in which its time is over", async (_, end, reason) => {
      await using scene = await Scene.open(`${NEVER} ${parks[way](call, TELL_AFTER)}`);
      await scene.ready();
      scene.clock.jump(2000);
      // The test's own timer has fired by then, and the victim's has not yet been taken.
      end(scene);
      await scene.ended(reason);
    });

    // Only the guest knows its ref.
    test.skipIf(name.endsWith("a ref"))("can trap when it goes on", async () => {
      const any = `(func (export "match") (param i32 i32 i32) (result i32) (i32.const 1))`;
      await using scene = await Scene.open(`${any} ${parks[way](call, UNREACHABLE)}`);
      await scene.ready();
      if (name.endsWith("with a timeout")) scene.clock.jump(2000);
      else scene.queue(7, 7);
      await scene.ended(/^crashed: unreachable/);
    });
  });

  describe("that waits for a function of the embedder", () => {
    test.each(ends)("can be %s", async (_, end, reason) => {
      const gate = Promise.withResolvers<number>();
      await using scene = await Scene.open(parks[way](CALL_GET, TELL_AFTER), {
        imports: { db: { get: () => gate.promise } },
      });
      await scene.ready();
      scene.queue(1, 2, 3);
      await scene.arena.settle();
      end(scene);
      gate.resolve(1);
      await scene.ended(reason, { left: 3 });
    });

    test("can trap when it goes on", async () => {
      const gate = Promise.withResolvers<number>();
      await using scene = await Scene.open(parks[way](CALL_GET, UNREACHABLE), {
        imports: { db: { get: () => gate.promise } },
      });
      await scene.ready();
      scene.queue(1, 2, 3);
      gate.resolve(1);
      await scene.ended(/^crashed: unreachable/, { left: 3 });
    });

    test("can be killed in the same moment in which the answer comes", async () => {
      const gate = Promise.withResolvers<number>();
      await using scene = await Scene.open(parks[way](CALL_GET, TELL_AFTER), {
        imports: { db: { get: () => gate.promise } },
      });
      await scene.ready();
      gate.resolve(1);
      await Promise.resolve();
      scene.arena.runtime.kill(scene.pid);
      await scene.ended(/^killed$/);
    });
  });

  const RECV = `(call $recv ${ROOM} (i32.const -1))`;

  describe.each([
    ["that gives way again and again", ""],
    ["that gives way between -2 and park", `(drop ${RECV})`],
    [
      "that gives way between -2 of a predicate's receive and park",
      `(drop (call $recv_match ${ROOM} (i32.const 100) (i32.const 1)))`,
    ],
    ["that gives way while a function of the embedder is under way", `(drop ${CALL_GET})`],
  ])("%s", (_name, before) => {
    const slow = () => ({ imports: { db: { get: () => new Promise<number>(() => {}) } } });

    test.each(ends)("can be %s", async (_, end, reason) => {
      await using scene = await Scene.open(`${NEVER} ${givesWay[way](before, FOREVER, TELL_AFTER)}`, slow());
      await scene.ready();
      scene.queue(1, 2, 3);
      expect(await scene.arena.served()).toBe(true);
      end(scene);
      await scene.ended(reason, { left: 3 });
    });

    test("can trap when it goes on", async () => {
      await using scene = await Scene.open(`${NEVER} ${givesWay[way](before, 3, UNREACHABLE)}`, slow());
      expect(await scene.arena.notes()).toEqual([READY]);
      await scene.ended(/^crashed: unreachable/, { left: 0 });
    });
  });

  test("can trap between -2 and park", async () => {
    await using scene = await Scene.open(parks[way](`(block (result i32) (drop ${RECV}) unreachable)`, ""));
    await scene.ended(/^crashed: unreachable/, { left: 0 });
  });

  test("can be killed between -2 and park, by what it calls there", async () => {
    const killer = new Killer();
    const killed = `(block (result i32) ${RECV} (drop ${CALL_GET}))`;
    await using scene = await Scene.open(
      parks[way](killed, TELL_AFTER),
      {
        imports: killer.imports,
      },
      scene => {
        killer.victim = scene;
      },
    );
    await scene.ended(/^killed$/);
  });

  test("can be killed before its first turn, and its code never runs", async () => {
    await using scene = await Scene.open(parks[way](RECV, TELL_AFTER), {}, scene => {
      scene.queue(1, 2);
      scene.arena.runtime.kill(scene.pid);
    });
    await scene.ended(/^killed$/, { left: 2, timers: 0 });
  });

  test("can be killed in _start, by what it calls there, and trap there", async () => {
    const killer = new Killer();
    const options = { imports: killer.imports };
    const killed = `(func (export "_start") (call $begin) (drop ${CALL_GET}) ${TELL_AFTER}) ${parks[way](RECV, TELL_AFTER)}`;
    await using scene = await Scene.open(killed, options, scene => {
      killer.victim = scene;
      scene.queue(1, 2);
    });
    await scene.ended(/^killed$/, { left: 2 });
    const traps = `(func (export "_start") (call $begin) unreachable) ${parks[way](RECV, TELL_AFTER)}`;
    await using other = await Scene.open(traps, {}, scene => scene.queue(1, 2));
    await other.ended(/^crashed: unreachable/, { left: 2 });
  });

  test("that traps in the middle of its predicate while it is parked leaves the candidate and all others", async () => {
    const second = `(global $asked (mut i32) (i32.const 0))
      (func (export "match") (param i32 i32 i32) (result i32)
        (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
        (if (i32.eq (global.get $asked) (i32.const 2)) (then unreachable))
        (i32.const 0))`;
    await using scene = await Scene.open(
      `${second} ${parks[way](receives["recv_match without a timeout"], TELL_AFTER)}`,
    );
    await scene.ready();
    scene.queue(1, 2, 3);
    await scene.ended(/^crashed: unreachable/, { left: 3 });
  });

  test("that traps in the middle of its predicate before it parks leaves the candidate and all others", async () => {
    await using scene = await Scene.open(
      `(func (export "match") (param i32 i32 i32) (result i32) unreachable)
       ${parks[way](receives["recv_match without a timeout"], TELL_AFTER)}`,
      {},
      scene => scene.queue(1, 2, 3),
    );
    await scene.ended(/^crashed: unreachable/, { left: 3 });
  });

  test("that parks twice for one receive, or for none, crashes", async () => {
    const twice = parks[way](RECV, way === "jspi" ? "(drop (call $park))" : "(return (i32.const 1))");
    await using scene = await Scene.open(twice);
    await scene.ready();
    scene.queue(1);
    await scene.ended(/^crashed: .*park/);
    const never =
      way === "jspi"
        ? `(func (export "run") (call $begin) (drop (call $park)))`
        : `(func (export "run")) (func (export "resume:run") (param i32) (result i32) (call $begin) (i32.const 1))`;
    await using other = await Scene.open(never);
    await other.ended(/^crashed: .*park/);
  });

  test.skipIf(way === "jspi")("that answers resume with a number that means nothing crashes or ends", async () => {
    for (const odd of [3, -1, -2, 100, -(2 ** 31)]) {
      await using scene = await Scene.open(
        `(func (export "run")) (func (export "resume:run") (param i32) (result i32) (call $begin) (drop ${RECV}) (i32.const ${odd}))`,
      );
      await scene.ended(/^(crashed|normal)/);
    }
  });
});

describe("a handler", TIMEOUT, () => {
  const idle = `(func (export "_start") (call $begin) (call $window ${ROOM}) ${TELL_READY}) (func (export "handle") (param i32))`;

  test.each(ends)("can be %s between its items", async (_, end, reason) => {
    await using scene = await Scene.open(idle);
    await scene.ready();
    scene.queue(1);
    await scene.arena.settle();
    end(scene);
    await scene.ended(reason);
  });

  test.each(ends)("can be %s with items that it has not had yet", async (_, end, reason) => {
    await using scene = await Scene.open(idle);
    await scene.ready();
    scene.queue(1, 2, 3);
    end(scene);
    // One of them may be in its window already, and is not in its mailbox any more.
    await scene.ended(reason);
  });

  test.each(ends.slice(0, 2))("can be %s before its first turn", async (_, end, reason) => {
    await using scene = await Scene.open(idle, {}, scene => {
      scene.queue(1, 2, 3);
      end(scene);
    });
    await scene.ended(reason, { left: 3, timers: 0 });
  });

  test.each([
    ["traps", "unreachable", /^crashed: unreachable/],
    ["exits", `(call $exit (i32.const 1) ${NO_BYTES})`, /^shutdown$/],
    ["sends itself a signal", `(drop (call $exit_to ${SELF} (i32.const 2) ${NO_BYTES}))`, /^killed$/],
    ["is killed by what it calls", `(drop ${CALL_GET})`, /^killed$/],
    ["parks", "(drop (call $park))", /^crashed: .*park/],
    [
      "polls and parks",
      `(drop (call $recv_tag ${ROOM} (i32.const -1) (i32.const 99))) (drop (call $park))`,
      /^crashed: .*park/,
    ],
  ])("%s in the middle of an item, and leaves those behind it", async (_, body, reason) => {
    const killer = new Killer();
    await using scene = await Scene.open(
      `(func (export "_start") (call $begin) (call $window ${ROOM})) (func (export "handle") (param i32) ${body} ${TELL_AFTER})`,
      {
        imports: killer.imports,
      },
      scene => {
        killer.victim = scene;
        scene.queue(1, 2, 3);
      },
    );
    await scene.ended(reason, { left: 2 });
  });
});

describe("where nothing can wait", TIMEOUT, () => {
  const PARK = "(drop (call $park))";
  const RECV = `(call $recv ${ROOM} (i32.const -1))`;

  test("_start polls, whatever its timeout, and crashes where it parks", async () => {
    const handles = `(func (export "handle") (param i32))`;
    await using arena = await Arena.open();
    await arena.attack(`${PRELUDE} (func (export "_start") (call $begin) (call $tell ${RECV})) ${handles}`, {
      args: pidBytes(arena.boss.pid),
    });
    expect(await arena.notes()).toEqual([-1]);
    for (const before of ["", `(drop ${RECV})`]) {
      for (const after of [handles, `(func (export "run"))`]) {
        await using scene = await Scene.open(`(func (export "_start") (call $begin) ${before} ${PARK}) ${after}`);
        await scene.ended(/^crashed: .*park/);
      }
    }
  });

  test("a start function that parks makes the spawn fail, and nobody lives on", async () => {
    await using arena = await Arena.open();
    for (const before of ["", `(drop ${RECV})`]) {
      const body = `(func $go ${before} ${PARK}) (start $go) (func (export "run"))`;
      await expect(arena.attack(body)).rejects.toThrow(SpawnError);
    }
    const { spawned, ended } = arena.runtime.counters;
    expect(spawned - ended).toBe(1);
    expect(await arena.served()).toBe(true);
  });
});

describe("a predicate", TIMEOUT, () => {
  /** Every import that a predicate may not call. */
  const forbidden: Readonly<Record<string, string>> = {
    send: `(call $send ${BOSS} (i32.const 0) ${NO_BYTES})`,
    recv: `(call $recv ${ROOM} (i32.const 0))`,
    recv_tag: `(call $recv_tag ${ROOM} (i32.const 0) (i32.const 1))`,
    recv_match: `(call $recv_match ${ROOM} (i32.const 0) (i32.const 1))`,
    park: "(call $park)",
    window: `(block (result i32) (call $window ${ROOM}) (i32.const 1))`,
    exit: `(block (result i32) (call $exit (i32.const 0) ${NO_BYTES}) (i32.const 1))`,
    spawn: `(call $spawn ${NO_BYTES} ${NO_BYTES} ${NO_BYTES} (i32.const 0) (i32.const 512))`,
    link: `(call $link ${BOSS})`,
    unlink: `(call $unlink ${BOSS})`,
    trap_exit: "(call $trap_exit (i32.const 1))",
    exit_to: `(call $exit_to ${BOSS} (i32.const 1) ${NO_BYTES})`,
    monitor: `(call $monitor ${BOSS})`,
    demonitor: "(call $demonitor (i32.const -5000) (i32.const 1))",
    request: `(call $request ${BOSS} (i32.const 0) ${NO_BYTES})`,
    make_ref: "(call $make_ref)",
    drop_ref: "(call $drop_ref (i32.const -5000))",
    ask: `(call $ask ${NO_BYTES} ${NO_BYTES})`,
    send_after: `(call $send_after (i32.const 1) ${BOSS} (i32.const 0) ${NO_BYTES})`,
    cancel_timer: "(call $cancel_timer (i32.const -5000))",
    register: `(call $register ${NO_BYTES} ${SELF})`,
    unregister: `(call $unregister ${NO_BYTES})`,
    whereis: `(call $whereis ${NO_BYTES} (i32.const 512))`,
    send_named: `(call $send_named ${NO_BYTES} (i32.const 0) ${NO_BYTES})`,
    join: `(call $join ${NO_BYTES})`,
    leave: `(call $leave ${NO_BYTES})`,
    members: `(call $members ${NO_BYTES} (i32.const 512) (i32.const 1))`,
    broadcast: `(call $broadcast ${NO_BYTES} (i32.const 0) ${NO_BYTES})`,
  };
  const MATCH = (call: string) => `(func (export "match") (param i32 i32 i32) (result i32) ${call})`;
  const RECEIVE = `(call $recv_match ${ROOM} (i32.const -1) (i32.const 1))`;

  describe.each(Object.entries(forbidden))("that calls %s crashes its actor", (name, call) => {
    // A module whose processes wait by resume:run crashes when it calls park.
    test.each([
      ["of a process by JSPI that waits", parks.jspi(RECEIVE, TELL_AFTER), true],
      ["of a process by JSPI that looks", parks.jspi(RECEIVE, TELL_AFTER), false],
      ["of a process by resume:run that waits", parks.resume(RECEIVE, TELL_AFTER), true],
      ["of a process by resume:run that looks", parks.resume(RECEIVE, TELL_AFTER), false],
      [
        "of a handler",
        `(func (export "_start") (call $begin) (call $window ${ROOM})) (func (export "handle") (param i32) (drop ${RECEIVE}) ${TELL_AFTER})`,
        false,
      ],
    ])("%s, and the candidate is not taken", async (_, body, waits) => {
      const comes = (scene: Scene) => scene.queue(1, 2, 3);
      await using scene = await Scene.open(`${MATCH(call)} ${body}`, {}, waits ? undefined : comes);
      if (waits) {
        await scene.ready();
        comes(scene);
      }
      // A handler has taken the first by then.
      await scene.ended(new RegExp(`^crashed: .*\\b${name}\\b`), { left: body.includes("handle") ? 2 : 3 });
    });
  });

  test("that calls what it may is answered, and nothing crashes", async () => {
    await using arena = await Arena.open({ grants: "all" });
    const body = `${MATCH(`(block (result i32)
        (drop (call $self_lo)) (drop (call $self_hi)) (drop (call $args (i32.const 256) (i32.const 8)))
        (drop (call $now)) (drop (call $log (i32.const 1) (i32.const 96) (i32.const 1))) (drop (call $seed)) (drop (call $yield))
        (i32.const 1))`)}
      ${parks.jspi(RECEIVE, "(call $tell (i32.const 2))")}`;
    const pid = await arena.attack(`${PRELUDE} ${body}`, { args: pidBytes(arena.boss.pid) });
    expect(await arena.notes()).toEqual([READY]);
    await arena.settle();
    arena.runtime.send(pid, "x");
    expect(await arena.notes()).toEqual([2]);
    expect(await arena.reason(pid)).toBe("normal");
    expect(await arena.served()).toBe(true);
  });

  test("that crashed at an import is not asked again, though it catches that", async () => {
    let calls = 0;
    const caught = `(block $out (block $caught (try_table (catch_all $caught) (drop ${forbidden.send})) (br $out)))
      (drop (call $log (i32.const 1) ${NO_BYTES})) (i32.const 1)`;
    for (const body of [parks.jspi(RECEIVE, TELL_AFTER), parks.resume(RECEIVE, TELL_AFTER)]) {
      await using scene = await Scene.open(`${MATCH(caught)} ${body}`, { onLog: () => void calls++ });
      await scene.ready();
      scene.queue(1, 2, 3);
      await scene.ended(/^crashed: .*send/, { left: 3 });
    }
    expect(calls).toBe(0);
  });
});

describe("a guest that catches what ends it", TIMEOUT, () => {
  /** Makes a call for ever, and catches what that throws. */
  const clings = (call: string) => `(loop $again (block $caught (try_table (catch_all $caught) ${call})) (br $again))`;
  const RECV = `(drop (call $recv ${ROOM} (i32.const -1)))`;

  test.each([
    ["park", `${RECV} ${clings("(drop (call $park))")}`],
    ["a receive and park", clings(`${RECV} (drop (call $park))`)],
    [
      "send",
      `${RECV} (block $c (try_table (catch_all $c) (drop (call $park)))) ${clings(`(drop (call $send ${BOSS} (i32.const 0) ${NO_BYTES}))`)}`,
    ],
    ["nothing", `${RECV} (block $c (try_table (catch_all $c) (drop (call $park)))) (loop $again (br $again))`],
    ["yield", `${RECV} (block $c (try_table (catch_all $c) (drop (call $park)))) ${clings("(drop (call $yield))")}`],
  ])("and calls %s for ever ends all the same when it is killed while it is parked", async (_, body) => {
    await using scene = await Scene.open(`(func (export "run") (call $begin) ${TELL_READY} ${body})`);
    await scene.ready();
    scene.arena.runtime.kill(scene.pid);
    await scene.ended(/^killed$/);
  });

  test.each([
    ["exits", `(call $exit (i32.const 1) ${NO_BYTES})`, /^shutdown$/],
    ["breaks a rule", "(drop (call $park))", /^crashed: .*park/],
    ["passes a bad pointer", `(drop (call $args (i32.const -1) (i32.const 8)))`, /^crashed: .*args/],
  ])("and goes on for ever after it %s ends all the same", async (_, call, reason) => {
    for (const body of [
      `(func (export "handle") (param i32) (call $begin) ${clings(call)})`,
      `(func (export "run") (call $begin) ${clings(call)})`,
      `(func (export "run")) (func (export "_start") (call $begin) ${clings(call)})`,
    ]) {
      await using scene = await Scene.open(body, {}, ({ arena, pid }) => arena.boss.send(pid, "", { tag: 1 }));
      await scene.ended(reason);
    }
  });
});

describe("what an actor held", TIMEOUT, () => {
  const RECV = `(call $recv ${ROOM} (i32.const -1))`;
  const bodies: readonly (readonly [what: string, body: string, end: (arena: Arena, pid: Pid) => unknown])[] = [
    ["killed while parked", parks.jspi(RECV, ""), (arena, pid) => arena.runtime.kill(pid)],
    ["killed while it gave way", givesWay.jspi("", FOREVER, ""), (arena, pid) => arena.runtime.kill(pid)],
    ["trapped after it was parked", parks.jspi(RECV, UNREACHABLE), (arena, pid) => arena.runtime.send(pid, "x")],
    ["trapped after it gave way", givesWay.jspi("", 2, UNREACHABLE), () => {}],
    ["killed before its first turn", parks.jspi(RECV, ""), () => {}],
    [
      "ended by an exit of its own",
      parks.jspi(`(block (result i32) (call $exit (i32.const 1) ${NO_BYTES}) (i32.const 1))`, ""),
      () => {},
    ],
  ];

  test.each(bodies)("that was %s is free for the next: fibers, memory, and its place", async (what, body, end) => {
    const PAGES = 2;
    const limits = { fibers: 3, actors: 6, allMemoryBytes: 5 * PAGES * 65_536 + 1.5 * 2 ** 20 };
    await using arena = await Arena.open({ limits, clock: new TickingClock() });
    const module = await arena.load(PRELUDE + body);
    for (let round = 0; round < 40; round++) {
      const pid = arena.runtime.spawn(module, { args: pidBytes(arena.boss.pid), limits: { memoryPages: PAGES } });
      if (what.includes("before its first turn")) arena.runtime.kill(pid);
      await arena.settle();
      end(arena, pid);
      await arena.settle();
      expect(arena.runtime.isAlive(pid), `round ${round}`).toBe(false);
    }
    expect(await arena.served()).toBe(true);
  });

  test("is not free while it lives, and the next is refused", async () => {
    await using arena = await Arena.open({ limits: { fibers: 3 } });
    const module = await arena.load(PRELUDE + parks.jspi(RECV, ""));
    const spawn = () => arena.runtime.spawn(module, { args: pidBytes(arena.boss.pid) });
    const living = [spawn(), spawn(), spawn()];
    await arena.settle();
    expect(spawn).toThrow(SpawnError);
    arena.runtime.kill(living[1]);
    await arena.settle();
    living[1] = spawn();
    await arena.settle();
    expect(living.map(pid => arena.runtime.isAlive(pid))).toEqual([true, true, true]);
    expect(await arena.served()).toBe(true);
  });
});
