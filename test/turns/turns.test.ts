/**
 * Turns and the clock. A turn that has used its time gives way or is ended, whatever it has
 * counted. A turn that the system kept from running is not. The guests move the clock themselves,
 * by an import.
 */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ExitReason, type GuestModule, Runtime, SpawnError, type SpawnOptions } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { byCountAndClock, PIECE, SLICE_MS } from "../../host/turns/preempt.ts";
import { quiet } from "../support/guests.ts";
import { guest } from "../support/wat.ts";

let clock: ManualClock;
let runtime: Runtime;
let notes: number[];
beforeEach(() => {
  clock = new ManualClock();
  notes = [];
  runtime = new Runtime({
    grants: "all",
    clock,
    imports: {
      host: {
        pass: (_caller, ms: number) => clock.jump(ms),
        note: (_caller, what: number) => void notes.push(what),
      },
    },
  });
});
afterEach(() => runtime.stop());

/** `$slow(pieces, ms)` spends so many pieces, each of which takes so long. */
const SLOW = `(import "host" "pass" (func $pass (param i32))) (import "host" "note" (func $note (param i32)))`;
const FUNCTIONS = `
  (func $piece (local $i i32)
    (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${PIECE / 2})))))
  (func $slow (param $pieces i32) (param $ms i32)
    (loop $l
      (call $pass (local.get $ms))
      (call $piece)
      (br_if $l (local.tee $pieces (i32.sub (local.get $pieces) (i32.const 1))))))
  (func $run (param $pieces i32) (param $ms i32) (call $piece) (call $slow (local.get $pieces) (local.get $ms)))`;
const slow = (pieces: number, ms: number) => `(call $run (i32.const ${pieces}) (i32.const ${ms}))`;

function load(body: string): Promise<GuestModule> {
  return runtime.load(guest(`${SLOW} ${FUNCTIONS} ${body}`), { reductions: "count" });
}

async function endOf(body: string, options: SpawnOptions = {}): Promise<ExitReason> {
  const module = await load(body);
  return runtime.exited(runtime.spawn(module, options));
}

const byClock = (limit: string) => ({
  kind: "crashed",
  message: expect.stringMatching(new RegExp(`^reductions: .* by the clock .*\\(limit ${limit}\\)$`)),
});

const handler = (body: string) => `(func (export "handle") (param i32) ${body})`;
const ENTRY = `(func (export "run"))`;

async function handled(body: string, options: SpawnOptions = {}): Promise<ExitReason | "lives"> {
  const pid = runtime.spawn(await load(handler(body)), options);
  const ended = runtime.exited(pid);
  runtime.send(pid, "");
  await quiet();
  return runtime.isAlive(pid) ? "lives" : ended;
}

/** Each look at the clock takes 1 ms: a predicate may call no import that moves the clock. */
function moveWhenLookedAt(): void {
  clock.now = () => {
    clock.jump(1);
    return ManualClock.prototype.now.call(clock);
  };
}

describe("a turn that cannot give way is ended by the clock", () => {
  test("in a handler after turnMs, and the counter of turns that were cut shows it", async () => {
    expect(await handled(slow(20, 1))).toMatchObject(byClock("turnMs: 10"));
    expect(runtime.counters.turnsCut).toBe(1);
    expect(await handled(slow(8, 1))).toBe("lives");
    expect(await handled(slow(20, 1), { limits: { turnMs: 30 } })).toBe("lives");
    expect(await handled(slow(20, 1), { limits: { turnMs: 5 } })).toMatchObject(byClock("turnMs: 5"));
    expect(runtime.counters.turnsCut).toBe(2);
  });

  test("but a handler may take its time anew for each item", async () => {
    const pid = runtime.spawn(await load(handler(slow(6, 1))));
    for (let i = 0; i < 20; i++) runtime.send(pid, "");
    for (let i = 0; i < 50; i++) await quiet();
    expect(runtime.isAlive(pid)).toBe(true);
    expect(clock.now()).toBe(120);
  });

  test("in _start, and in a start function, after startMs", async () => {
    const start = (pieces: number, ms: number) => `(func (export "_start") ${slow(pieces, ms)}) ${ENTRY}`;
    expect(await endOf(start(9, 10))).toEqual({ kind: "normal" });
    expect(await endOf(start(12, 10))).toMatchObject(byClock("startMs: 100"));
    const early = await load(`(start $s) (func $s ${slow(12, 10)}) ${ENTRY}`);
    expect(() => runtime.spawn(early)).toThrow(SpawnError);
    expect(() => runtime.spawn(early)).toThrow(/by the clock .*\(limit startMs: 100\)/);
  });

  test("in all predicates of a turn together after turnMs", async () => {
    const asked = (pieces: number) => `
      (func (export "match") (param i32 i32 i32) (result i32) ${"(call $piece)".repeat(pieces)} (i32.const 0))
      (func (export "run")
        (drop (call $send (call $self_lo) (call $self_hi) (i32.const 1) (i32.const 0) (i32.const 0)))
        (drop (call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 1))))`;
    moveWhenLookedAt();
    expect(await endOf(asked(5))).toEqual({ kind: "normal" });
    expect(await endOf(asked(20))).toMatchObject(byClock("turnMs: 10"));
  });

  test("but predicates may take their time anew in each turn", async () => {
    const pid = runtime.spawn(
      await load(`
        (func (export "match") (param i32 i32 i32) (result i32) ${"(call $piece)".repeat(5)} (i32.const 0))
        (func (export "run")
          (drop (call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1) (i32.const 1)))
          (drop (call $park)))`),
    );
    moveWhenLookedAt();
    for (let i = 1; i <= 6; i++) {
      runtime.send(pid, "");
      await quiet();
      expect(runtime.info(pid)).toMatchObject({ mailboxItems: i });
    }
  });

  test("in an entry whose policy is kill, after turnMs; and never where the policy is off", async () => {
    const run = `(func (export "run") ${slow(20, 1)})`;
    expect(await endOf(run, { reductions: { policy: "kill" } })).toMatchObject(byClock("turnMs: 10"));
    expect(await endOf(run, { reductions: { policy: "off" } })).toEqual({ kind: "normal" });
    expect(runtime.counters.turnsCut).toBe(1);
  });

  test("never for a single piece, or two: the system may have kept the thread from running", async () => {
    expect(await handled(`${slow(1, 60_000)} ${slow(1, 60_000)}`)).toBe("lives");
    expect(await handled(slow(5, 60_000))).toMatchObject(byClock("turnMs: 10"));
  });
});

describe("a turn that can go on later gives way by the clock", () => {
  test("and goes to the end of the queue, as one that has spent its reductions", async () => {
    const run = (id: number) => `(func (export "run") (local $i i32)
      (call $piece)
      (loop $l
        (call $note (i32.const ${id}))
        (call $slow (i32.const 1) (i32.const 1))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8)))))`;
    const modules = await Promise.all([load(run(1)), load(run(2))]);
    await Promise.all(modules.map(module => runtime.exited(runtime.spawn(module))));
    expect(notes.filter(id => id === 1)).toHaveLength(8);
    expect(notes.filter(id => id === 2)).toHaveLength(8);
    // Neither has two slices in a row while the other one waits.
    const both = notes.slice(0, Math.min(notes.lastIndexOf(1), notes.lastIndexOf(2)) + 1).join("");
    expect(both).not.toMatch(new RegExp(`1{${SLICE_MS + 3}}|2{${SLICE_MS + 3}}`));
    expect(runtime.counters.turnsCut).toBeGreaterThanOrEqual(4);
  });

  test("and computes as it would have alone, long past what ends others", async () => {
    expect(await endOf(`(func (export "run") ${slow(200, 5)})`)).toEqual({ kind: "normal" });
    expect(clock.now()).toBe(1000);
    expect(runtime.counters.turnsCut).toBeGreaterThan(100);
  });
});

test("the judge asks the count first, then the clock", () => {
  expect(byCountAndClock(10, 20, 5, 10)).toBe("on");
  expect(byCountAndClock(20, 20, 5, 10)).toBe("count");
  expect(byCountAndClock(10, 20, 10, 10)).toBe("clock");
  expect(byCountAndClock(20, 20, 10, 10)).toBe("count");
});
