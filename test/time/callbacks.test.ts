/**
 * Callbacks of the embedder: their exceptions are reported and stop nothing, events are told in one
 * order, and a flood loses no end.
 */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type InspectEvent, type Pid, Runtime, type RuntimeOptions } from "../../host/index.ts";
import { ManualClock, settle } from "../../host/test.ts";
import { MAX_WAITING, Notices } from "../../host/time/notices.ts";
import { quiet } from "../support/guests.ts";
import { guest } from "../support/wat.ts";

const CRASHES = `(func (export "run") unreachable)`;
const WAITS = `
  (func (export "run"))
  (func (export "resume:run") (param $n i32) (result i32)
    (i32.eq (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)) (i32.const -2)))`;
/** Calls an import so many times for its first item. */
const floods = (call: string, times: number) => `
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
  (func (export "handle") (param $n i32) (local $i i32)
    (loop $again
      (drop (call ${call}))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${times})))))`;

const own = new Error("the callback's own");
const fails = () => {
  throw own;
};
const rejects = async () => {
  throw own;
};

let clock: ManualClock;
let runtime: Runtime;
let errors: [error: unknown, callback: string][];
const uncaught: unknown[] = [];
const note = (error: unknown) => void uncaught.push(error);
let before: readonly NodeJS.UncaughtExceptionListener[];

beforeAll(() => {
  before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", note);
  process.on("unhandledRejection", note);
});
afterAll(() => {
  process.removeAllListeners("uncaughtException").off("unhandledRejection", note);
  for (const listener of before) process.on("uncaughtException", listener);
});

async function begin(options: RuntimeOptions = {}): Promise<void> {
  clock = new ManualClock();
  errors = [];
  const onError = (error: unknown, callback: string) => void errors.push([error, callback]);
  runtime = new Runtime({ grants: "all", clock, onError, ...options });
  for (const [name, body] of Object.entries({ crashes: CRASHES, waits: WAITS })) {
    runtime.define(name, await runtime.load(guest(body), { name }));
  }
}
beforeEach(() => begin());
afterEach(async () => {
  await runtime.stop();
  await quiet();
  expect(uncaught.splice(0)).toEqual([]);
});

describe("what a callback throws, or its promise rejects with, is reported and stops nothing", () => {
  for (const [how, callback] of [
    ["throws", fails],
    ["rejects", rejects],
  ] as const) {
    test(`in onExit, where it ${how}`, async () => {
      await begin({ onExit: callback });
      const other = runtime.spawn("waits");
      runtime.spawn("crashes");
      await quiet();
      expect(errors).toEqual([[own, "onExit"]]);
      expect(runtime.isAlive(other)).toBe(true);
    });

    test(`in onDeadLetter, where it ${how}`, async () => {
      await begin({ onDeadLetter: callback });
      expect(runtime.send("nobody", "x")).toBe(false);
      await quiet();
      expect(errors).toEqual([[own, "onDeadLetter"]]);
    });

    test(`in onLog and onDenied, where they ${how === "throws" ? "throw" : "reject"}`, async () => {
      await begin({ onLog: callback, onDenied: callback });
      const body = `
        (func (export "run") (drop (call $log (i32.const 1) (i32.const 0) (i32.const 1))) (drop (call $now)))`;
      runtime.spawn(await runtime.load(guest(body)), { grants: { log: true } });
      await quiet();
      expect(errors).toEqual([
        [own, "onLog"],
        [own, "onDenied"],
      ]);
    });

    test(`in onReport, where it ${how}: the child is started again`, async () => {
      const onReport = callback as () => void;
      const supervisor = runtime.supervise({ onReport, children: [{ id: "one", start: "waits" }] });
      runtime.kill(supervisor.child("one") as Pid);
      await quiet();
      expect(errors).toEqual([[own, "onReport"]]);
      expect(runtime.isAlive(supervisor.child("one") as Pid)).toBe(true);
    });

    test(`in a listener of inspect, where it ${how}`, async () => {
      runtime.inspect(callback);
      runtime.spawn("waits");
      await quiet();
      expect(errors).toEqual([[own, "a listener of inspect"]]);
    });

    test(`in onArrival, where it ${how}: the mailbox stays open and is told of the next item`, async () => {
      const mailbox = runtime.mailbox();
      mailbox.onArrival(callback as () => never);
      for (let i = 0; i < 2; i++) {
        runtime.send(mailbox.pid, "x");
        await quiet();
      }
      expect(errors).toEqual([
        [own, "onArrival"],
        [own, "onArrival"],
      ]);
      expect(mailbox.size).toBe(2);
    });
  }

  test("in wants of inspect: the event is not made, and the guest does not meet it", async () => {
    const told: InspectEvent[] = [];
    runtime.inspect(event => told.push(event), fails);
    const pid = runtime.spawn("waits");
    await quiet();
    expect([told.length, runtime.isAlive(pid)]).toEqual([0, true]);
    expect(errors[0]).toEqual([own, "wants of inspect"]);
  });

  test("in a function for guests whose promise is rejected when its guest has ended", async () => {
    let settleIt: (error: unknown) => void = () => {};
    const slow = () =>
      new Promise<number>((_, reject) => {
        settleIt = reject;
      });
    await begin({ imports: { db: { slow } } });
    const body = `
      (import "db" "slow" (func $slow (result i32)))
      (func (export "run"))
      (func (export "resume:run") (param $n i32) (result i32) (drop (call $slow)) (i32.const 1))`;
    const pid = runtime.spawn(await runtime.load(guest(body)));
    await quiet();
    runtime.kill(pid);
    await quiet();
    settleIt(own);
    await quiet();
    expect(errors).toEqual([[own, "db.slow"]]);
  });

  test.each<[does: string, random: () => number, error: unknown]>([
    ["throws", fails, own],
    ["gives no such number", () => Number.NaN, expect.any(RangeError)],
  ])("in random, once, where it %s: the system's own source goes in its place", async (_, random, error) => {
    await begin({ random });
    const mailbox = runtime.mailbox();
    const refs = [1, 2].map(() => mailbox.monitor(mailbox.pid));
    expect(refs.every(ref => ref < -1023)).toBe(true);
    expect(errors).toEqual([[error, "random"]]);
  });

  test("in an actor of the host: it has crashed, also where what it throws cannot be shown", async () => {
    const monster = {
      toString() {
        throw own;
      },
    };
    const pid = runtime.actor(() => Promise.reject(monster));
    expect(await runtime.exited(pid)).toMatchObject({ kind: "crashed" });
  });

  test("and in onError itself, too", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    await begin({ onExit: fails, onError: fails });
    runtime.spawn("crashes");
    await quiet();
    expect(printed.mock.calls.map(([text]) => text)).toEqual(["isopod: onExit failed:", "isopod: onError failed:"]);
    printed.mockRestore();
  });

  test("on the console, where there is no onError", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    await runtime.stop();
    runtime = new Runtime({ onDeadLetter: rejects });
    runtime.send("nobody", "x");
    await quiet();
    expect(printed.mock.calls).toEqual([["isopod: onDeadLetter failed:", own]]);
    printed.mockRestore();
  });
});

describe("events", () => {
  test("have one order, in all callbacks and listeners, also those that a callback causes", async () => {
    const told: string[] = [];
    await begin({
      onExit: ({ pid }) => {
        told.push(`exit ${pid === first ? "first" : "second"}`);
        // While it is told, the second ends: that comes after what waits already.
        if (pid === first) runtime.kill(second);
        told.push("onExit returns");
      },
      onDeadLetter: ({ to }) => told.push(`dead letter for ${to === first ? "first" : "second"}`),
    });
    const numbers: number[] = [];
    runtime.inspect(event => {
      numbers.push(event.number);
      told.push(`event ${event.kind}`);
    });
    const [first, second] = [runtime.spawn("waits"), runtime.spawn("waits")];
    await quiet();
    told.length = 0;
    runtime.send(first, "x");
    runtime.kill(first);
    await quiet();
    expect(told).toEqual([
      ...["dead letter for first", "event dead-letter"],
      ...["exit first", "onExit returns", "event exit"],
      ...["exit second", "onExit returns", "event exit"],
    ]);
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  });
});

describe("a flood in one turn", () => {
  const most = MAX_WAITING;

  test("of log lines is cut, counted and said once; the ends of the same turn are all told", async () => {
    const lines: string[] = [];
    const exits: Pid[] = [];
    const events: InspectEvent[] = [];
    await begin({ onLog: (_, __, text) => lines.push(text), onExit: ({ pid }) => exits.push(pid) });
    runtime.inspect(
      event => events.push(event),
      kind => kind === "dropped",
    );
    const log = "$log (i32.const 1) (i32.const 0) (i32.const 0)";
    const pid = runtime.spawn(await runtime.load(guest(floods(log, most + 7))));
    await quiet();
    const others = Array.from({ length: 20 }, () => runtime.spawn("crashes"));
    runtime.send(pid, "go");
    await settle(runtime);
    expect(lines.length).toBe(most + 1);
    expect(lines.at(-1)).toBe(`7 log lines of one turn were dropped: a turn may cause ${most}`);
    expect(events).toMatchObject([{ kind: "dropped", what: "log", count: 7 }]);
    expect(runtime.counters.untold).toBe(7);
    expect(exits.sort()).toEqual(others.sort());
  });

  test("of dead letters is cut and counted, and each is in the counters", async () => {
    const letters: number[] = [];
    await begin({ onDeadLetter: ({ length }) => letters.push(length), onLog: () => {} });
    const send = "$send (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)";
    const pid = runtime.spawn(await runtime.load(guest(floods(send, most + 5))));
    await quiet();
    runtime.send(pid, "go");
    await settle(runtime);
    expect([letters.length, runtime.counters.untold, runtime.counters.dead]).toEqual([most, 5, most + 5]);
  });

  test("leaves room for what cannot be one, however full it is", () => {
    const notices = new Notices();
    const told: string[] = [];
    const dropped: unknown[] = [];
    notices.onDropped = (...what) => dropped.push(what);
    notices.hold();
    for (let i = 0; i < most + 2; i++) notices.add(() => told.push("line"), "log");
    for (let i = 0; i < most + 3; i++) notices.add(() => told.push("end"));
    notices.release();
    expect([told.length, told.lastIndexOf("line")]).toEqual([2 * most + 3, most - 1]);
    expect(dropped).toEqual([["log", 2]]);
  });

  test("of ends loses none, nor an abort of a signal", async () => {
    const count = 400;
    let exits = 0;
    let aborts = 0;
    await begin({
      onExit: () => exits++,
      onLog: () => {},
      imports: { host: { watch: context => context.signal.addEventListener("abort", () => aborts++) } },
    });
    const body = `
      (import "host" "watch" (func $watch))
      (func (export "_start") (call $watch) (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
      (func (export "handle") (param $n i32))`;
    const module = await runtime.load(guest(body));
    const pids = Array.from({ length: count }, () => runtime.spawn(module));
    await settle(runtime);
    // In one turn, in which there are more notices than are kept of what can be a flood.
    runtime.actor(async () => {
      for (let i = 0; i < most; i++) runtime.send("nobody", "x");
      for (const pid of pids) runtime.kill(pid);
    });
    await settle(runtime);
    expect([exits, aborts]).toEqual([count + 1, count]);
  });
});
