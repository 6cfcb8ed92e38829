/**
 * `isopod/test`: the clock gives actors their turns between timers, and `settle` waits until no
 * actor is ready.
 */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type HostMailbox, Runtime, systemClock } from "../../host/index.ts";
import { ManualClock, settle } from "../../host/test.ts";
import { guest } from "../support/wat.ts";

let clock: ManualClock;
let runtime: Runtime;

beforeEach(() => {
  clock = new ManualClock();
  runtime = new Runtime({ clock });
});
afterEach(() => runtime.stop());

/** Asks for a timer, and for the next one when it has come: each is set in a turn of its own. */
async function ticks(mailbox: HostMailbox, everyMs: number, seen: number[]): Promise<void> {
  for (;;) {
    mailbox.sendAfter(everyMs, "tick");
    await mailbox.receive();
    seen.push(clock.now());
  }
}

describe("the manual clock", () => {
  test("gives actors their turns between timers: what they set anew fires in its time", async () => {
    const seen: number[] = [];
    runtime.actor(mailbox => ticks(mailbox, 10, seen));
    await clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
    await clock.advance(5);
    expect([seen.at(-1), clock.now()]).toEqual([40, 40]);
  });

  test("fires timers of one runtime and of another in the order of their times", async () => {
    const other = new Runtime({ clock });
    const seen: string[] = [];
    const noting = (name: string, delayMs: number) => async (mailbox: HostMailbox) => {
      for (let i = 0; i < 2; i++) {
        await mailbox.receive({ timeoutMs: delayMs });
        seen.push(`${name} ${clock.now()}`);
      }
    };
    runtime.actor(noting("a", 20));
    other.actor(noting("b", 15));
    await clock.advance(100);
    expect(seen).toEqual(["b 15", "a 20", "b 30", "a 40"]);
    await other.stop();
  });

  test("jumps as time does for a host that holds the thread: nobody has a turn meanwhile", async () => {
    const seen: number[] = [];
    runtime.actor(mailbox => ticks(mailbox, 10, seen));
    await settle(runtime);
    clock.jump(35);
    expect(seen).toEqual([]);
    await settle(runtime);
    expect(seen).toEqual([35]);
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("does not go on by %s ms", async ms => {
    expect(() => clock.jump(ms)).toThrow(RangeError);
    await expect(clock.advance(ms)).rejects.toThrow(RangeError);
    expect(clock.now()).toBe(0);
  });
});

describe("settle", () => {
  /** Sends each message on, one less, until none is left. */
  const COUNTDOWN = `
    (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
    (func (export "handle") (param $n i32) (local $left i32)
      (local.set $left (i32.sub (i32.load (i32.const 128)) (i32.const 1)))
      (i32.store (i32.const 128) (local.get $left))
      (if (local.get $left) (then
        (drop (call $send (call $self_lo) (call $self_hi) (i32.const 0) (i32.const 128) (i32.const 4))))))`;

  test.each(["a clock moved by hand", "the system's clock"])(
    "waits for turns that cause turns, with %s",
    async which => {
      const own = new Runtime({ clock: which === "the system's clock" ? systemClock : clock });
      const pid = own.spawn(await own.load(guest(COUNTDOWN)));
      const [turns, before] = [2_000, own.counters.received];
      own.send(pid, new Uint8Array(Int32Array.of(turns).buffer));
      await settle(own);
      expect(own.counters.received - before).toBe(turns);
      expect(own.isBusy).toBe(false);
      await own.stop();
    },
  );

  test("waits for promises that are kept in between, and not for timers", async () => {
    let done = false;
    runtime.actor(async mailbox => {
      await Promise.resolve().then(() => Promise.resolve());
      runtime.send(mailbox.pid, "x");
      await mailbox.receive();
      done = true;
      await mailbox.receive({ timeoutMs: 1 });
    });
    await settle(runtime);
    expect(done).toBe(true);
    expect(clock.waits).toBe(1);
  });

  test("rejects where an actor asks for turns without end", async () => {
    const own = new Runtime({ sliceMs: 0 });
    const mailbox = own.mailbox();
    mailbox.onArrival(() => true);
    own.send(mailbox.pid, "x");
    await expect(settle(own)).rejects.toThrow(/still run/);
    await own.stop();
  });
});
