/** Timers fire in order, behind one timer of the host. */
import { fc, test as law } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../host/test.ts";
import type { Runnable } from "../../host/time/scheduler.ts";
import { Timer, Timers } from "../../host/time/timers.ts";

/** Whose turn comes at once. */
function timersOf(clock: ManualClock): Timers {
  return new Timers(clock, { push: runnable => void runnable.run() }, () => {});
}

describe("timers", () => {
  test("fire in the order in which they are due, and in the order of setting where they are due together", () => {
    const clock = new ManualClock();
    const timers = timersOf(clock);
    const fired: string[] = [];
    for (const [name, due] of [
      ["c", 30],
      ["a", 10],
      ["b1", 20],
      ["b2", 20],
    ] as const) {
      timers.set(new Timer(() => fired.push(name)), due);
    }
    clock.jump(15);
    expect(fired).toEqual(["a"]);
    clock.jump(100);
    expect(fired).toEqual(["a", "b1", "b2", "c"]);
  });

  test("answer false to cancelling one that has fired or was never set, and true once otherwise", () => {
    const clock = new ManualClock();
    const timers = timersOf(clock);
    const timer = new Timer(() => {});
    expect(timers.cancel(timer)).toBe(false);
    timers.set(timer, 10);
    expect(timers.cancel(timer)).toBe(true);
    expect(timers.cancel(timer)).toBe(false);
    timers.set(timer, 20);
    clock.jump(20);
    expect(timers.cancel(timer)).toBe(false);
  });

  test("can be set anew, earlier or later", () => {
    const clock = new ManualClock();
    const timers = timersOf(clock);
    let fired = 0;
    const timer = new Timer(() => fired++);
    timers.set(timer, 10);
    timers.set(timer, 30);
    clock.jump(20);
    expect(fired).toBe(0);
    timers.set(timer, 25);
    clock.jump(5);
    expect(fired).toBe(1);
    clock.jump(100);
    expect(fired).toBe(1);
  });

  test("fire all the same where one of them throws", () => {
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const turn = (runnable: Runnable) => {
      try {
        runnable.run();
      } catch (error) {
        runnable.failed(error);
      }
    };
    const timers = new Timers(clock, { push: turn }, error => errors.push(error));
    const fired: string[] = [];
    const own = new Error("the timer's own");
    for (const name of ["first", "bad", "last"]) {
      const timer = new Timer(() => {
        if (name === "bad") throw own;
        fired.push(name);
      });
      timers.set(timer, 5);
    }
    timers.set(new Timer(() => fired.push("later")), 6);
    clock.jump(10);
    expect([fired, errors]).toEqual([["first", "last", "later"], [own]]);
  });

  test("are not set for NaN, which would stop all others", () => {
    const clock = new ManualClock();
    const timers = timersOf(clock);
    const fired: string[] = [];
    expect(() => timers.set(new Timer(() => fired.push("never")), Number.NaN)).toThrow(RangeError);
    timers.set(new Timer(() => fired.push("soon")), 5);
    clock.jump(5);
    expect(fired).toEqual(["soon"]);
  });

  test("that a firing timer sets are not lost", () => {
    const clock = new ManualClock();
    const timers = timersOf(clock);
    const fired: number[] = [];
    const again = new Timer(() => {
      fired.push(clock.now());
      if (fired.length < 3) timers.set(again, clock.now() + 10);
    });
    timers.set(again, 10);
    for (let i = 0; i < 50; i++) clock.jump(1);
    expect(fired).toEqual([10, 20, 30]);
  });

  law.prop([
    fc.array(
      fc.oneof(
        fc.record({ do: fc.constant("set" as const), timer: fc.nat(30), inMs: fc.nat(50) }),
        fc.record({ do: fc.constant("cancel" as const), timer: fc.nat(30) }),
        fc.record({ do: fc.constant("advance" as const), byMs: fc.nat(20) }),
      ),
      { maxLength: 200 },
    ),
  ])("fire as a plain list of due times would, whatever is set and cancelled", steps => {
    const clock = new ManualClock();
    const timers = timersOf(clock);
    const fired: number[] = [];
    const all = Array.from({ length: 31 }, (_, i) => new Timer(() => fired.push(i)));
    let model: { timer: number; due: number; order: number }[] = [];
    const expected: number[] = [];
    let order = 0;
    for (const step of steps) {
      if (step.do === "set") {
        const due = clock.now() + step.inMs;
        model = model.filter(m => m.timer !== step.timer);
        model.push({ timer: step.timer, due, order: order++ });
        timers.set(all[step.timer], due);
      } else if (step.do === "cancel") {
        const set = model.some(m => m.timer === step.timer);
        model = model.filter(m => m.timer !== step.timer);
        expect(timers.cancel(all[step.timer])).toBe(set);
      } else {
        clock.jump(step.byMs);
        const due = model.filter(m => m.due <= clock.now()).sort((a, b) => a.due - b.due || a.order - b.order);
        expected.push(...due.map(m => m.timer));
        model = model.filter(m => m.due > clock.now());
      }
      expect(timers.size).toBe(model.length);
    }
    clock.jump(1000);
    expect(fired).toEqual([...expected, ...model.sort((a, b) => a.due - b.due || a.order - b.order).map(m => m.timer)]);
  });
});
