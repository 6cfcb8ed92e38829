/** The times of turns are what the guests' work took, by a clock that only this work moves. */
import { afterEach, describe, expect, test } from "vitest";
import { type Pid, Runtime, type TurnWindow } from "../../host/index.ts";
import { ManualClock, settle } from "../../host/test.ts";
import { guest } from "../support/wat.ts";

const IMPORTS = `
  (import "env" "memory" (memory 2))
  (import "test" "work" (func $work (param i32)))`;
/** Works for the microseconds of its arguments upon each item. */
const WORK = `(call $work (i32.load (i32.const 0)))`;
const BEGIN = `(drop (call $args (i32.const 0) (i32.const 16)))`;
/** Passes on the number in its message, less one, to the peer of its arguments, or else to the sender. */
const PASS_ON = `
  (local $peer i32)
  (local.set $peer (select (i32.const 8) (i32.const 72) (i32.load (i32.const 8))))
  (if (i32.load (i32.const 128)) (then
    (i32.store (i32.const 128) (i32.sub (i32.load (i32.const 128)) (i32.const 1)))
    (drop (call $send (i32.load (local.get $peer)) (i32.load (i32.add (local.get $peer) (i32.const 4)))
      (i32.const 0) (i32.const 128) (i32.const 4)))))`;
const WINDOW = `(call $window (i32.const 64) (i32.const 128) (i32.const 64))`;

const PLAYER = guest(
  `(func (export "_start") ${BEGIN} ${WINDOW}) (func (export "handle") (param i32) ${PASS_ON.replace("(if", `${WORK} (if`)})`,
  IMPORTS,
);
const FRAGILE = guest(
  `(func (export "_start") ${BEGIN} ${WINDOW}) (func (export "handle") (param i32) ${WORK} unreachable)`,
  IMPORTS,
);
/** Works on a stack of its own, before it waits and after. */
const FIBER = guest(
  `(func (export "run") ${BEGIN}
    (loop $again
      ${WORK}
      (if (i32.eq (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)) (i32.const -2))
        (then (drop (call $park))))
      (br $again)))`,
  IMPORTS,
);

let clock: ManualClock;
let runtime: Runtime;

function begin(): void {
  clock = new ManualClock();
  runtime = new Runtime({
    grants: "all",
    clock,
    imports: { test: { work: (_context, microseconds: number) => clock.jump(microseconds / 1000) } },
  });
}
afterEach(() => runtime.stop());

/** The arguments of a guest that works for so many microseconds. */
function argsOf(microseconds: number, peer: Pid = 0): Uint8Array {
  const args = new DataView(new ArrayBuffer(16));
  args.setUint32(0, microseconds, true);
  args.setBigUint64(8, BigInt(peer), true);
  return new Uint8Array(args.buffer);
}

/** Two guests that have turns by turns, each of so many microseconds. */
async function playersOf(one: number, other: number): Promise<readonly [Pid, Pid]> {
  begin();
  const module = await runtime.load(PLAYER);
  const first = runtime.spawn(module, { args: argsOf(one) });
  const second = runtime.spawn(module, { args: argsOf(other, first) });
  // Their first turns take no time.
  await settle(runtime);
  clock.jump(1);
  return [first, second];
}

/** Lets the second of two players begin, and so many further turns follow. */
async function play(second: Pid, turns: number): Promise<void> {
  runtime.send(second, new Uint8Array(Uint32Array.of(turns).buffer));
  await settle(runtime);
}

/** How often the clock is read in 10,000 turns of two players. */
async function readsOf(second: Pid): Promise<number> {
  const now = clock.now.bind(clock);
  let reads = 0;
  clock.now = () => {
    reads++;
    return now();
  };
  await play(second, 10_000);
  clock.now = now;
  return reads;
}

describe("the times of turns", () => {
  test.each([
    [3, 1, 30_000],
    [1, 9, 20_000],
    [50, 2000, 1_000],
    [1, 5000, 2_000],
  ])("are in proportion where turns take %d and %d µs", async (one, other, turns) => {
    const [first, second] = await playersOf(one, other);
    const times = runtime.timeTurns();
    await play(second, turns);
    const window = times.read();
    const whole = ((one + other) * turns) / 2000;
    expect(window.ms).toBeCloseTo(whole + other / 1000, 3);
    expect(window.turnsMs / whole).toBeCloseTo(1, 1);
    expect(window.of(first) / whole).toBeCloseTo(one / (one + other), 1);
    expect(window.of(second) / whole).toBeCloseTo(other / (one + other), 1);
    expect(window.of(first) + window.of(second)).toBeCloseTo(window.turnsMs, 6);
  });

  test("are exact where all turns are long", async () => {
    const [first, second] = await playersOf(200, 400);
    const times = runtime.timeTurns();
    await play(second, 100);
    const window = times.read();
    expect(window.of(first)).toBeCloseTo(50 * 0.2, 6);
    expect(window.of(second)).toBeCloseTo(51 * 0.4, 6);
  });

  test("of a short turn that was interrupted count once", async () => {
    const [first, second] = await playersOf(1, 1);
    const times = runtime.timeTurns();
    await play(second, 20_000);
    times.read();
    // One of these turns is timed for sure, and stands for many others.
    let longest = 0;
    for (let round = 0; round < 100; round++) {
      const before = clock.now();
      const work = clock.jump.bind(clock);
      // The process stands still for 10 ms in one of a hundred turns.
      clock.jump = ms => work(++longest % 100 === 0 ? 10 : ms);
      await play(second, 400);
      clock.jump = work;
      expect(times.read().turnsMs).toBeLessThanOrEqual(1.2 * (clock.now() - before));
    }
    expect(runtime.isAlive(first)).toBe(true);
  });

  test("begin anew with each read, and each user of them has its own", async () => {
    const [, second] = await playersOf(100, 100);
    const times = runtime.timeTurns();
    await play(second, 9);
    const other = runtime.timeTurns();
    await play(second, 19);
    expect(times.read().turnsMs).toBeCloseTo(3, 6);
    expect(other.read().turnsMs).toBeCloseTo(2, 6);
    expect(times.read().turnsMs).toBe(0);
    times.stop();
    await play(second, 9);
    expect(other.read().turnsMs).toBeCloseTo(1, 6);
    expect(times.read()).toMatchObject({ ms: 0, turnsMs: 0 });
    other.stop();
  });

  test("include a turn that crashes, and turns on stacks of their own, before and after a wait", async () => {
    begin();
    const fragile = runtime.spawn(await runtime.load(FRAGILE), { args: argsOf(700) });
    const fiber = runtime.spawn(await runtime.load(FIBER), { way: "jspi", args: argsOf(300) });
    await settle(runtime);
    const times = runtime.timeTurns();
    runtime.send(fragile, "");
    runtime.send(fiber, "");
    await settle(runtime);
    clock.jump(50);
    runtime.send(fiber, "");
    await settle(runtime);
    expect(runtime.isAlive(fragile)).toBe(false);
    const window = times.read();
    expect(window.of(fragile)).toBeCloseTo(0.7, 6);
    expect(window.of(fiber)).toBeCloseTo(0.6, 6);
    expect(window.turnsMs).toBeCloseTo(1.3, 6);
  });

  test("order a snapshot, which shows them; mailboxes of the host have none", async () => {
    const [first, second] = await playersOf(100, 300);
    const mailbox = runtime.mailbox().pid;
    const times = runtime.timeTurns();
    await play(second, 9);
    const turns: TurnWindow = times.read();
    const { actors } = runtime.snapshot({ order: "turnMs", turns });
    expect(actors.map(({ pid }) => pid)).toEqual([second, first, mailbox]);
    expect(actors[0].turnMs).toBeCloseTo(1.5, 6);
    expect(actors[1].turnMs).toBeCloseTo(0.5, 6);
    expect(actors[2].turnMs).toBeUndefined();
    expect(runtime.info(first)?.turnMs).toBeUndefined();
    expect(() => runtime.snapshot({ order: "turnMs" })).toThrow(/needs turns/);
    expect(() => runtime.snapshot({ turns: { ms: 1, turnsMs: 1, of: () => 1 } })).toThrow(/timeTurns/);
  });

  test("are not taken while nobody asks for them: the clock is read as often as before", async () => {
    const [, second] = await playersOf(1, 1);
    const before = await readsOf(second);
    const times = runtime.timeTurns();
    expect(await readsOf(second)).toBeGreaterThan(before + 1000);
    times.stop();
    expect(await readsOf(second)).toBe(before);
  });

  test("of an actor whose turns have become short are sampled again", async () => {
    const [, second] = await playersOf(1, 1);
    const before = await readsOf(second);
    const times = runtime.timeTurns();
    const sampled = (await readsOf(second)) - before;
    expect(sampled).toBeLessThan(6000);
    const work = clock.jump.bind(clock);
    clock.jump = () => work(10);
    await play(second, 20);
    clock.jump = work;
    // What those long turns have paid for.
    await play(second, 2000);
    expect((await readsOf(second)) - before).toBeLessThan(2 * sampled);
    times.stop();
  });
});
