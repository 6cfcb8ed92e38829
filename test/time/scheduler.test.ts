/** The run queue: the order of turns, and when control goes back to the event loop. */
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../host/test.ts";
import { type Runnable, Scheduler } from "../../host/time/scheduler.ts";
import { macrotask } from "../support/clock.ts";

/** Says its name, and does what it is told. */
function runnable(log: string[], name: string, run: () => boolean = () => true): Runnable {
  return {
    run() {
      log.push(name);
      return run();
    },
    failed(error) {
      log.push(`${name} failed: ${(error as Error).message}`);
    },
  };
}

async function quiet(): Promise<void> {
  for (let i = 0; i < 4; i++) await macrotask();
}

/** How many turns of one that goes on for ever fit into slices of 4 ms. */
async function turnsPerSlice(turn: (clock: ManualClock, scheduler: Scheduler) => void): Promise<number[]> {
  const clock = new ManualClock();
  const scheduler = new Scheduler(clock, 4);
  let turns = 0;
  const endless = runnable([], "endless", () => {
    turns++;
    turn(clock, scheduler);
    scheduler.push(endless);
    return true;
  });
  scheduler.push(endless);
  const perSlice: number[] = [];
  for (let i = 0; i < 5; i++) {
    const before = turns;
    await macrotask();
    if (turns > before) perSlice.push(turns - before);
  }
  scheduler.stop();
  expect(perSlice.length).toBeGreaterThan(1);
  return perSlice;
}

describe("the scheduler", () => {
  test("runs what is pushed in order, not on the pusher's stack", async () => {
    const log: string[] = [];
    const scheduler = new Scheduler(new ManualClock(), 4);
    for (const name of ["a", "b", "c"]) scheduler.push(runnable(log, name));
    expect(log).toEqual([]);
    await quiet();
    expect(log).toEqual(["a", "b", "c"]);
  });

  test("lets those who push themselves again take turns", async () => {
    const log: string[] = [];
    const scheduler = new Scheduler(new ManualClock(), 4);
    const again = (name: string, times: number): Runnable => {
      let left = times;
      const self: Runnable = runnable(log, name, () => {
        if (--left > 0) scheduler.push(self);
        return true;
      });
      return self;
    };
    scheduler.push(again("a", 3));
    scheduler.push(again("b", 3));
    await quiet();
    expect(log.join("")).toBe("ababab");
  });

  test("goes on with the others after a turn that threw", async () => {
    const log: string[] = [];
    const scheduler = new Scheduler(new ManualClock(), 4);
    scheduler.push(
      runnable(log, "a", () => {
        throw new Error("oh");
      }),
    );
    scheduler.push(runnable(log, "b"));
    await quiet();
    expect(log).toEqual(["a", "a failed: oh", "b"]);
  });

  test("holds a hundred thousand in order", async () => {
    const order: number[] = [];
    const scheduler = new Scheduler(new ManualClock(), 4);
    for (let i = 0; i < 100_000; i++) {
      scheduler.push({
        run: () => order.push(i) > 0,
        failed() {},
      });
    }
    await quiet();
    expect(order.length).toBe(100_000);
    expect(order.every((value, index) => value === index)).toBe(true);
  });

  test("gives the event loop its turn when the slice is over, and only then", async () => {
    // A turn takes 10 µs here: 400 of them are a slice.
    const perSlice = await turnsPerSlice(clock => clock.jump(0.01));
    for (const inSlice of perSlice) {
      expect(inSlice).toBeGreaterThanOrEqual(400);
      expect(inSlice).toBeLessThan(400 + 129);
    }
  });

  test("gives the event loop its turn after a millisecond where turns are long", async () => {
    const perSlice = await turnsPerSlice((clock, scheduler) => {
      clock.jump(0.3);
      scheduler.lookSoon();
    });
    // Four of 0.3 ms are the first that are longer than one.
    for (const inSlice of perSlice) expect(inSlice).toBe(4);
  });

  test("waits for a runnable that goes on by itself, and runs nobody else meanwhile", async () => {
    const log: string[] = [];
    const scheduler = new Scheduler(new ManualClock(), 4);
    const away = runnable(log, "away", () => false);
    scheduler.push(away);
    scheduler.push(runnable(log, "next"));
    await quiet();
    expect(log).toEqual(["away"]);
    scheduler.resumed(runnable(log, "somebody else"));
    await quiet();
    expect(log).toEqual(["away"]);
    scheduler.resumed(away);
    expect(log).toEqual(["away"]);
    await quiet();
    expect(log).toEqual(["away", "next"]);
  });

  test("lets the event loop run also where every turn goes on by itself", async () => {
    const clock = new ManualClock();
    const scheduler = new Scheduler(clock, 4);
    let turns = 0;
    const away: Runnable = {
      run() {
        turns++;
        clock.jump(0.1);
        queueMicrotask(() => {
          scheduler.push(away);
          scheduler.resumed(away);
        });
        return false;
      },
      failed() {},
    };
    scheduler.push(away);
    await quiet();
    scheduler.stop();
    expect(turns).toBeGreaterThan(30);
    expect(turns).toBeLessThan(400);
  });

  test("runs nothing after it was stopped", async () => {
    const log: string[] = [];
    const scheduler = new Scheduler(new ManualClock(), 4);
    scheduler.push(runnable(log, "a"));
    scheduler.stop();
    await quiet();
    expect(log).toEqual([]);
  });
});
