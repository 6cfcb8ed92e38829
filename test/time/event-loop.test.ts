/** The event loop runs while actors do: timers, promises and I/O of the host get their turns. */
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuests, quiet } from "../support/guests.ts";
import { guest } from "../support/wat.ts";

/** u64 pong, u32 payload bytes, u32 rounds (0: for ever), u64 report, u32 every. */
function pingArgs(pong: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(28));
  view.setBigUint64(0, BigInt(pong), true);
  view.setUint32(8, 8, true);
  return new Uint8Array(view.buffer);
}

describe.each([
  ["handlers", "-handler", "asyncify"],
  ["processes by Asyncify", "", "asyncify"],
  ["processes by JSPI", "", "jspi"],
] as const)("while two %s play ping-pong for ever", (_name, suffix, way) => {
  // The clock is the engine's own here: this is about its event loop.
  test("timers fire, files are read, and messages from the host arrive", async () => {
    const wasm = await buildGuests("examples", [`ping${suffix}`, `pong${suffix}`, "echo"], way);
    const module = (name: string) => runtime.load(wasm.get(name) as Uint8Array<ArrayBuffer>, { name });
    await using runtime = new Runtime({ grants: "all" });
    const pong = runtime.spawn(await module(`pong${suffix}`));
    runtime.spawn(await module(`ping${suffix}`), { args: pingArgs(pong) });
    const echo = runtime.spawn(await module("echo"));
    const mailbox = runtime.mailbox();

    let ticks = 0;
    const interval = setInterval(() => ticks++, 1);
    for (let i = 0; i < 5; i++) {
      const before = runtime.counters.received;
      await delay(1);
      expect((await readFile(new URL(import.meta.url))).length).toBeGreaterThan(0);
      mailbox.send(echo, Uint8Array.of(i));
      expect(await mailbox.receive()).toMatchObject({ from: echo, bytes: Uint8Array.of(i) });
      expect(runtime.counters.received).toBeGreaterThan(before);
    }
    clearInterval(interval);
    expect(ticks).toBeGreaterThan(0);
  });
});

describe("a deadline that passes while the host holds the thread", () => {
  const ECHO = `
    (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
    (func (export "handle") (param $n i32)
      (drop (call $send (i32.load (i32.const 128)) (i32.load (i32.const 132)) (i32.const 0) (i32.const 128) (i32.const 8))))`;
  /**
   * Waits 50 ms for an item, and sends on to the pid of its arguments what the receive has
   * answered.
   */
  const WAITS = `
    (global $asked (mut i32) (i32.const 0))
    (func (export "run"))
    (func (export "resume:run") (param $n i32) (result i32)
      (if (i32.eqz (global.get $asked)) (then
        (global.set $asked (i32.const 1))
        (drop (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 50)))
        (return (i32.const 1))))
      (drop (call $args (i32.const 32) (i32.const 8)))
      (i32.store (i32.const 48) (local.get $n))
      (drop (call $send (i32.load (i32.const 32)) (i32.load (i32.const 36)) (i32.const 0) (i32.const 48) (i32.const 4)))
      (i32.const 0))`;
  const wordsOf = (pid: Pid) => new Uint8Array(BigUint64Array.of(BigInt(pid)).buffer);

  async function begin() {
    const clock = new ManualClock();
    const runtime = new Runtime({ grants: "all", clock });
    const echo = runtime.spawn(await runtime.load(guest(ECHO)));
    await quiet();
    return { clock, runtime, echo, mailbox: runtime.mailbox() };
  }

  test("is looked at behind those that were ready: a receive of the host gets what they send", async () => {
    const { clock, runtime, echo, mailbox } = await begin();
    const [other, silent] = [runtime.mailbox(), mailbox.receive({ timeoutMs: 50 })];
    const served = other.receive({ timeoutMs: 50 });
    runtime.send(echo, wordsOf(other.pid));
    clock.jump(120);
    expect(await served).toMatchObject({ kind: "message", from: echo });
    expect(await silent).toBeUndefined();
    await runtime.stop();
  });

  test("is looked at behind those that were ready: a receive of a guest gets what they send", async () => {
    const { clock, runtime, echo, mailbox } = await begin();
    const waits = await runtime.load(guest(WAITS));
    const [served, silent] = [0, 1].map(() => runtime.spawn(waits, { args: wordsOf(mailbox.pid) }));
    await quiet();
    runtime.send(echo, wordsOf(served));
    clock.jump(120);
    await quiet();
    const answers = new Map<Pid, number>();
    for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
      if (item.kind === "message") answers.set(item.from, new Int32Array(item.bytes.buffer)[0]);
    }
    expect([answers.get(served), answers.get(silent)]).toEqual([8, -1]);
    await runtime.stop();
  });
});
