/**
 * Messages sent later, by guests and by the host: when they arrive, what cancelling answers, and
 * which ends they outlive.
 */

import { fc, test as law } from "@fast-check/vitest";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DeadLetter, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { TIMER } from "../../host/wire/message.ts";
import { buildGuest, quiet } from "../support/guests.ts";
import { guest } from "../support/wat.ts";

const bytes = (words: string) => new TextEncoder().encode(words);

/** Counts the host timers that are set and have neither fired nor been taken back. */
class CountingClock extends ManualClock {
  outstanding = 0;
  most = 0;

  override wake(delayMs: number, wake: () => void): () => void {
    let waiting = true;
    const over = () => {
      if (waiting) this.outstanding--;
      waiting = false;
    };
    this.most = Math.max(this.most, ++this.outstanding);
    const cancel = super.wake(delayMs, () => {
      over();
      wake();
    });
    return () => {
      over();
      cancel();
    };
  }
}

let compiled: WebAssembly.Module;
let clock: CountingClock;
let runtime: Runtime;
let mailbox: HostMailbox;
let letters: DeadLetter[];

beforeAll(async () => {
  const wasm = await buildGuest("guests", "alarm", "asyncify");
  compiled = await WebAssembly.compile(wasm);
});

async function begin(): Promise<void> {
  clock = new CountingClock();
  letters = [];
  runtime = new Runtime({ grants: "all", clock, onDeadLetter: letter => letters.push(letter) });
  mailbox = runtime.mailbox();
  runtime.define("alarm", await runtime.load(compiled, { name: "alarm" }));
}
beforeEach(begin);
afterEach(() => runtime.stop());

async function alarm(...commands: string[]): Promise<Pid> {
  const pid = runtime.spawn("alarm", { args: `${mailbox.pid}` });
  for (const command of commands) runtime.send(pid, command);
  await quiet();
  return pid;
}

/** What the mailbox has got: texts of messages, and of timers their time of arrival too. */
async function heard(): Promise<string[]> {
  await quiet();
  const texts: string[] = [];
  for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
    if (item.kind !== "message" && item.kind !== "timer") throw new Error(`nobody ends here: ${item.kind}`);
    texts.push(new TextDecoder().decode(item.bytes));
  }
  return texts;
}

async function advance(ms: number): Promise<string[]> {
  clock.jump(ms);
  return heard();
}

describe("a timer of the host", () => {
  test("comes back to its mailbox as an item of its own kind, when it is due and not before", async () => {
    const payload = bytes("now");
    const ref = mailbox.sendAfter(100, payload, { tag: 7 });
    payload.fill(0);
    expect(ref).toBeLessThan(0);
    expect(await advance(99)).toEqual([]);
    await clock.advance(1);
    expect(mailbox.poll()).toEqual({ kind: "timer", from: mailbox.pid, tag: 7, ref, bytes: bytes("now") });
    expect(await advance(1e9)).toEqual([]);
    expect(clock.outstanding).toBe(0);
  });

  test("reaches a receive that waits, in its order among messages", async () => {
    const received = mailbox.receive();
    mailbox.sendAfter(0, bytes("timer"));
    await quiet();
    await clock.advance(0);
    runtime.send(mailbox.pid, "message");
    expect(await received).toMatchObject({ kind: "timer", bytes: bytes("timer") });
    expect(await heard()).toEqual(["message"]);
  });

  test("goes to another with its setter's pid and without its ref", async () => {
    const other = runtime.mailbox();
    mailbox.sendAfter(5, bytes("for you"), { to: other.pid, tag: 3 });
    const guest = await alarm();
    mailbox.sendAfter(5, bytes("and you"), { to: guest, tag: 4 });
    expect(await advance(5)).toEqual([`timer 4 of ${mailbox.pid}: and you, index -1`]);
    expect(other.poll()).toEqual({ kind: "timer", from: mailbox.pid, tag: 3, ref: 0, bytes: bytes("for you") });
  });

  test("is cancelled once, by its setter, as long as it has not fired", async () => {
    const other = runtime.mailbox();
    const [fired, cancelled] = [mailbox.sendAfter(5, bytes("a")), mailbox.sendAfter(5, bytes("b"))];
    expect(other.cancelTimer(cancelled)).toBe(false);
    expect(mailbox.cancelTimer(cancelled)).toBe(true);
    expect(mailbox.cancelTimer(cancelled)).toBe(false);
    expect(await advance(5)).toEqual(["a"]);
    expect(mailbox.cancelTimer(fired)).toBe(false);
    expect(mailbox.cancelTimer(-5)).toBe(false);
    mailbox.cancelTimer(mailbox.sendAfter(5, bytes("c")));
    expect(clock.outstanding).toBe(0);
  });

  test("for one who has ended goes on: it can be cancelled, and fires as a dead letter", async () => {
    const other = runtime.mailbox();
    const guest = await alarm(`set 5 ${other.pid} 3`, `set 6 ${other.pid} 4`);
    const [cancelled] = [5, 6].map(delayMs => mailbox.sendAfter(delayMs, bytes("late"), { to: other.pid }));
    other.close();
    expect(mailbox.cancelTimer(cancelled)).toBe(true);
    runtime.send(guest, "cancel 0");
    expect(await heard()).toEqual(["cancelled true"]);
    await advance(10);
    expect(letters.map(({ from, why }) => [from, why])).toEqual([
      [guest, "noproc"],
      [mailbox.pid, "noproc"],
    ]);
  });

  test("has a ref that nobody can answer with", () => {
    const other = runtime.mailbox();
    const ref = mailbox.sendAfter(5, bytes("timer"));
    expect(other.send(mailbox.pid, bytes("forged"), { tag: ref })).toBe(false);
    expect(letters.map(({ why }) => why)).toEqual(["late reply"]);
  });

  test("to itself ends with it; to others it does not", async () => {
    const other = runtime.mailbox();
    other.sendAfter(5, bytes("to itself"));
    other.sendAfter(5, bytes("to itself, by its pid"), { to: other.pid });
    other.sendAfter(6, bytes("to another"), { to: mailbox.pid });
    other.close();
    const { sent, dead } = runtime.counters;
    await clock.advance(5);
    expect([runtime.counters.sent - sent, runtime.counters.dead - dead]).toEqual([0, 0]);
    await clock.advance(1);
    expect(mailbox.poll()).toMatchObject({ kind: "timer", from: other.pid, bytes: bytes("to another") });
  });

  test("that only went to itself leaves no host timer behind", () => {
    const other = runtime.mailbox();
    other.sendAfter(5, bytes("to itself"));
    expect(clock.outstanding).toBe(1);
    other.close();
    expect(clock.outstanding).toBe(0);
  });

  test("to one who is dead by then, or whose mailbox is full, is a dead letter", async () => {
    await runtime.stop();
    const seen: DeadLetter[] = [];
    runtime = new Runtime({
      grants: "all",
      clock,
      onDeadLetter: letter => seen.push(letter),
      limits: { mailboxMessages: 1 },
    });
    const [setter, dead, full] = [runtime.mailbox(), runtime.mailbox(), runtime.mailbox()];
    for (const { pid } of [dead, full, full]) setter.sendAfter(5, bytes("late"), { to: pid, tag: 2 });
    dead.close();
    await clock.advance(5);
    expect(seen.map(({ from, tag, length, why }) => [from, tag, length, why])).toEqual([
      [setter.pid, 2, 4, "noproc"],
      [setter.pid, 2, 4, "mailbox full"],
    ]);
  });

  test("that a closed mailbox sets is a dead letter", async () => {
    mailbox.close();
    mailbox.sendAfter(5, bytes("timer"));
    await clock.advance(5);
    const { sent, dead } = runtime.counters;
    expect(dead).toBe(sent);
    expect(mailbox.size).toBe(0);
  });
});

describe("a timer of a guest", () => {
  test("comes back to it with its ref, or goes to the host without", async () => {
    const guest = await alarm();
    runtime.send(guest, `set 10 ${guest} 1`);
    runtime.send(guest, `set 20 ${mailbox.pid} 2`);
    await quiet();
    expect(await advance(9)).toEqual([]);
    expect(await advance(1)).toEqual([`timer 1 of ${guest}: 1, index 0`]);
    expect(await advance(9)).toEqual([]);
    await clock.advance(1);
    expect(mailbox.poll()).toEqual({ kind: "timer", from: guest, tag: 2, ref: 0, bytes: bytes("2") });
  });

  test("is cancelled once, as long as it has not fired", async () => {
    const guest = await alarm();
    for (const command of [`set 10 ${guest} 1`, `set 10 ${guest} 2`, "cancel 1", "cancel 1"])
      runtime.send(guest, command);
    expect(await heard()).toEqual(["cancelled true", "cancelled false"]);
    expect(await advance(10)).toEqual([`timer 1 of ${guest}: 1, index 0`]);
    runtime.send(guest, "cancel 0");
    expect(await heard()).toEqual(["cancelled false"]);
  });

  test.each(["ends", "is killed"])(
    "to others comes also where the guest %s before, and to itself does not",
    async how => {
      const guest = await alarm();
      for (const command of [`set 10 ${guest} 1`, `set 11 ${mailbox.pid} 2`]) runtime.send(guest, command);
      await quiet();
      if (how === "ends") runtime.send(guest, "end");
      else runtime.kill(guest);
      await quiet();
      expect(runtime.isAlive(guest)).toBe(false);
      expect(await advance(10)).toEqual([]);
      await clock.advance(1);
      expect(mailbox.poll()).toMatchObject({ kind: "timer", from: guest, tag: 2 });
      expect(letters).toEqual([]);
    },
  );

  test("may be longer than an i32 of milliseconds: the delay is unsigned", async () => {
    const guest = await alarm();
    runtime.send(guest, `set ${2 ** 32 - 1} ${mailbox.pid} 1`);
    await quiet();
    expect(await advance(2 ** 32 - 2)).toEqual([]);
    expect(await advance(1)).toEqual(["1"]);
  });
});

describe("a timer with a tag", () => {
  /**
   * Receives by the tag 7 and sends what has come on to the pid of its arguments, kind and tag
   * first.
   */
  const receiving = (timeoutMs: number) => `
    (global $asked (mut i32) (i32.const 0))
    (func (export "run"))
    (func (export "resume:run") (param $n i32) (result i32)
      (drop (call $args (i32.const 32) (i32.const 8)))
      (if (i32.eqz (global.get $asked)) (then
        (global.set $asked (i32.const 1))
        (drop (call $send_after (i32.const 10) (call $self_lo) (call $self_hi) (i32.const 7) (i32.const 40) (i32.const 3)))
        (drop (call $send_after (i32.const 5) (call $self_lo) (call $self_hi) (i32.const 6) (i32.const 40) (i32.const 2)))
        (drop (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const ${timeoutMs}) (i32.const 7)))
        (return (i32.const 1))))
      (i32.store (i32.const 60) (local.get $n))
      (drop (call $send (i32.load (i32.const 32)) (i32.load (i32.const 36)) (i32.const 0) (i32.const 60) (i32.const 12)))
      (i32.const 0))`;

  test.each(["parked", "busy"])("is seen by a receive by that tag: its receiver is %s when it fires", async how => {
    await runtime.stop();
    runtime = new Runtime({ grants: "all", clock });
    const receiver = runtime.mailbox();
    const args = new Uint8Array(BigUint64Array.of(BigInt(receiver.pid)).buffer);
    const pid = runtime.spawn(await runtime.load(guest(receiving(-1))), { args });
    await quiet();
    // Of signals, the tag is 0; of another tag, it is not the one; and what fires behind this waits
    // in the mailbox.
    runtime.send(pid, "not this", { tag: 8 });
    if (how === "busy") {
      for (let i = 0; i < 3; i++) runtime.send(pid, "nor this", { tag: 6 });
      clock.jump(10);
    }
    await clock.advance(10);
    const item = receiver.poll();
    const words = item?.kind === "message" ? [...new Int32Array(item.bytes.buffer.slice(0, 12))] : [];
    expect(words).toEqual([3, TIMER, 7]);
  });

  test("waits in the mailbox for a receive by its tag, and signals do not match a tag", async () => {
    await runtime.stop();
    runtime = new Runtime({ grants: "all", clock });
    const receiver = runtime.mailbox();
    const args = new Uint8Array(BigUint64Array.of(BigInt(receiver.pid)).buffer);
    // It has a timer's item and a Down, whose tag is 0, in its mailbox.
    const LATE = `
      (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
      (func (export "handle") (param $n i32)
        (drop (call $args (i32.const 32) (i32.const 8)))
        (drop (call $monitor (i32.const 1) (i32.const 0)))
        (i32.store (i32.const 48) (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 0)))
        (i32.store (i32.const 52) (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 7)))
        (i32.store (i32.const 56) (i32.load (i32.const 64)))
        (drop (call $send (i32.load (i32.const 32)) (i32.load (i32.const 36)) (i32.const 0) (i32.const 48) (i32.const 12))))`;
    const pid = runtime.spawn(await runtime.load(guest(LATE)), { args });
    receiver.sendAfter(1, "three", { to: pid, tag: 7 });
    await quiet();
    // The timer has its turn first.
    clock.jump(1);
    runtime.send(pid, "go", { tag: 1 });
    await quiet();
    const item = receiver.poll();
    expect(item?.kind === "message" && [...new Int32Array(item.bytes.buffer.slice(0, 12))]).toEqual([-1, 5, TIMER]);
  });
});

describe("any timers", () => {
  const timer = fc.record({ delayMs: fc.nat(50), cancelAtMs: fc.option(fc.nat(60)) });
  law.prop([fc.array(timer, { maxLength: 60, size: "max" })], { numRuns: 100 })(
    "come in the order in which they are due, then in which they were set, and none that was cancelled in time",
    async timers => {
      await runtime.stop();
      await begin();
      const refs = timers.map(({ delayMs }, i) => mailbox.sendAfter(delayMs, bytes(`${i}`)));
      const came: string[] = [];
      for (let ms = 0; ms <= 60; ms++) {
        for (const [i, { delayMs, cancelAtMs }] of timers.entries()) {
          if (cancelAtMs === ms) expect(mailbox.cancelTimer(refs[i])).toBe(delayMs > ms - 1 && !came.includes(`${i}`));
        }
        await clock.advance(ms === 0 ? 0 : 1);
        for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
          if (item.kind === "timer") came.push(new TextDecoder().decode(item.bytes));
        }
        await clock.advance(0);
      }
      const expected = [...timers.entries()]
        .filter(([, { delayMs, cancelAtMs }]) => cancelAtMs === null || cancelAtMs > delayMs)
        .sort(([i, a], [j, b]) => a.delayMs - b.delayMs || i - j);
      expect(came).toEqual(expected.map(([i]) => `${i}`));
      expect(clock.outstanding).toBe(0);
    },
  );

  test("a hundred thousand of them need one host timer at a time", async () => {
    const count = 100_000;
    const delayOf = (i: number) => (i * 7919) % 60_000;
    const refs = Array.from({ length: count }, (_, i) => mailbox.sendAfter(delayOf(i), Uint8Array.of(), { tag: i }));
    expect(clock.most).toBe(1);
    const kept: number[] = [];
    for (const [i, ref] of refs.entries()) {
      if (i % 3 === 0) expect(mailbox.cancelTimer(ref)).toBe(true);
      else kept.push(i);
    }
    kept.sort((a, b) => delayOf(a) - delayOf(b) || a - b);
    const came: number[] = [];
    for (let ms = 0; ms < 60_000; ms += 1000) {
      clock.jump(1000);
      await quiet();
      for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
        if (item.kind === "timer") came.push(item.tag);
      }
      expect(came.length === 0 ? 0 : delayOf(came[came.length - 1])).toBeLessThanOrEqual(clock.now());
    }
    expect(came).toEqual(kept);
    expect([clock.most, clock.outstanding]).toEqual([1, 0]);
  });
});
