/**
 * One suite for both ways in which a process can block: the same AssemblyScript sources, built for
 * Asyncify and for JSPI, must behave the same.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import { formatReason, type GuestModule, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuests, CROWD, type ParkWay, quiet, textsFor } from "../support/guests.ts";

function pidBytes(...pids: Pid[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(pids, pid => BigInt(pid)).buffer);
}

describe.each(["asyncify", "jspi"] as const)("a process built for %s", (way: ParkWay) => {
  let wasm: Map<string, Uint8Array>;
  let clock: ManualClock;
  let runtime: Runtime;
  let observer: HostMailbox;

  beforeAll(async () => {
    wasm = await buildGuests("examples", ["echo", "counter", "selective", "hello"], way);
    for (const [name, bytes] of await buildGuests("guests", ["relay", "misbehaves"], way)) wasm.set(name, bytes);
  });

  beforeEach(() => {
    clock = new ManualClock();
    runtime = new Runtime({ grants: "all", clock, readString });
    observer = runtime.mailbox();
  });

  afterEach(() => runtime.stop());

  async function load(name: string): Promise<GuestModule> {
    return runtime.load(wasm.get(name) as Uint8Array<ArrayBuffer>, { name });
  }

  /** All that has come to the observer, as text. */
  const observed = () => textsFor(observer);

  test("waits in that way", async () => {
    const echo = await load("echo");
    expect(echo.wayOf("run", undefined)).toBe(way);
  });

  test("answers each message, in order, parking between them", async () => {
    const echo = runtime.spawn(await load("echo"));
    for (const text of ["a", "b", "c"]) observer.send(echo, new TextEncoder().encode(text));
    expect(await observed()).toEqual(["a", "b", "c"]);
    observer.send(echo, new TextEncoder().encode("d"));
    expect(await observed()).toEqual(["d"]);
  });

  test("passes on messages of every length, also where its window is too small at first", async () => {
    const echo = runtime.spawn(await load("echo"));
    for (const length of [0, 1, 63, 64, 65, 255, 256, 257, 10_000, 300_000, 5]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);
      observer.send(echo, bytes, { tag: length });
      await quiet();
      const item = await observer.receive({ timeoutMs: 0 });
      expect(item).toEqual({ kind: "message", from: echo, tag: length, ref: 0, bytes });
    }
  });

  test("takes the first reply and leaves everything else queued in order", async () => {
    const selective = runtime.spawn(await load("selective"), { args: pidBytes(observer.pid) });
    runtime.send(selective, "one");
    runtime.send(selective, "two");
    expect(await observed()).toEqual([]);
    runtime.send(selective, "reply: yes");
    runtime.send(selective, "three");
    expect(await observed()).toEqual(["reply: yes", "one", "two", "three"]);
  });

  test("finds a reply that was deferred before it asked", async () => {
    const module = await load("selective");
    const selective = runtime.spawn(module, { args: pidBytes(observer.pid) });
    for (const text of ["one", "reply: early", "two", "reply: late"]) runtime.send(selective, text);
    expect(await observed()).toEqual(["reply: early", "one", "two", "reply: late"]);
  });

  test("finds its arguments though a message was there before its first turn", async () => {
    const hello = await load("hello");
    const lines: string[] = [];
    const logged = new Runtime({ grants: "all", clock, onLog: (_pid, _level, text) => lines.push(text) });
    const pid = logged.spawn(await logged.load(hello.module), { args: "early bird" });
    logged.send(pid, "too early");
    await quiet();
    expect(lines.join()).toContain("early bird");
    await logged.stop();
  });

  test("ends at once when it is killed while it waits, and nobody else notices", async () => {
    const module = await load("echo");
    const [victim, witness] = [runtime.spawn(module), runtime.spawn(module)];
    await quiet();
    const ended = runtime.exited(victim);
    expect(runtime.kill(victim)).toBe(true);
    expect(await ended).toEqual({ kind: "killed" });
    expect(runtime.send(victim, "anybody?")).toBe(false);
    expect(runtime.kill(victim)).toBe(false);
    observer.send(witness, new TextEncoder().encode("still here"));
    expect(await observed()).toEqual(["still here"]);
  });

  test("can be killed between its wake and its turn, and before its first turn", async () => {
    const module = await load("echo");
    const woken = runtime.spawn(module);
    await quiet();
    observer.send(woken, Uint8Array.of(1));
    runtime.kill(woken);
    const unborn = runtime.spawn(module);
    observer.send(unborn, Uint8Array.of(2));
    runtime.kill(unborn);
    expect(await observed()).toEqual([]);
    expect(runtime.size).toBe(0);
  });

  test(`${CROWD} of them pass a message along a chain`, async () => {
    // JSPI keeps a stack for each: engines abort at about 13,000.
    const links = way === "jspi" ? Math.min(1_000, CROWD) : CROWD;
    const relay = await load("relay");
    let next = observer.pid;
    for (let i = 0; i < links; i++) next = runtime.spawn(relay, { args: pidBytes(next), limits: { memoryPages: 1 } });
    await quiet();
    runtime.send(next, "passed on");
    expect(await observed()).toEqual(["passed on"]);
  });

  test("gets from two thousand senders everything, from each in its order", async () => {
    const relay = runtime.spawn(await load("relay"), { args: pidBytes(observer.pid) });
    const senders = Array.from({ length: 2_000 }, () => runtime.mailbox());
    for (let round = 0; round < 5; round++) {
      senders.forEach((sender, i) => {
        sender.send(relay, new Uint8Array(Uint16Array.of(i, round).buffer));
      });
      if (round % 2 === 0) await quiet();
    }
    await quiet();
    const rounds = new Array(senders.length).fill(0);
    expect(observer.size).toBe(10_000);
    for (let i = 0; i < 10_000; i++) {
      const item = await observer.receive({ timeoutMs: 0 });
      if (item?.kind !== "message") throw new Error("a message is missing");
      const [sender, round] = new Uint16Array(item.bytes.buffer);
      expect(round).toBe(rounds[sender]++);
    }
  });

  test("sends to an actor that has finished, or never was, harm nobody", async () => {
    const relay = await load("relay");
    const misbehaves = await load("misbehaves");
    const finished = runtime.spawn(misbehaves, { entry: "returns" });
    runtime.send(finished, "end");
    await quiet();
    const toFinished = runtime.spawn(relay, { args: pidBytes(finished) });
    const toNobody = runtime.spawn(relay, { args: pidBytes(2 ** 52 + 12_345) });
    for (const pid of [toFinished, toNobody]) {
      runtime.send(pid, "hello?");
      runtime.send(pid, "anybody?");
    }
    await quiet();
    expect([runtime.isAlive(toFinished), runtime.isAlive(toNobody)]).toEqual([true, true]);
  });

  const ends: [entry: string, message: string, reason: RegExp][] = [
    ["returns", "x", /^normal$/],
    ["exits", "x", /^normal$/],
    ["shutsDown", "x", /^shutdown$/],
    ["exitsWithText", "x", /^custom: out of peanuts$/],
    ["aborts", "x", /^crashed: a bad day \(.*misbehaves\.ts:\d+:\d+\)$/],
    ["traps", "x", /^crashed: unreachable$/],
    ["divides", "", /^crashed: divide by zero$/],
    ["overflows", "x", /^crashed: stack overflow$/],
    ["reads", "x", /^crashed: memory access out of bounds$/],
    ["predicateSends", "x", /^crashed: a predicate may not call send/],
    ["predicateTraps", "x", /^crashed: unreachable$/],
    ["predicateReceives", "x", /^crashed: a predicate may not call recv/],
    ["predicateGrows", "yes", /^custom: yes$/],
    ["deep", "from the bottom", /^custom: from the bottom$/],
  ];

  test.each(ends)(
    "whose entry %s gets %j ends for its own reason, and others are served",
    async (entry, message, reason) => {
      const witness = runtime.spawn(await load("echo"));
      const pid = runtime.spawn(await load("misbehaves"), { entry });
      await quiet();
      const ended = runtime.exited(pid);
      runtime.send(pid, message);
      expect(formatReason(await ended)).toMatch(reason);
      observer.send(witness, new TextEncoder().encode("witness"));
      expect(await observed()).toEqual(["witness"]);
    },
  );

  test("has its memory grow between two messages, and the second arrives whole", async () => {
    const pid = runtime.spawn(await load("misbehaves"), { entry: "growsBetween" });
    await quiet();
    const ended = runtime.exited(pid);
    runtime.send(pid, "first");
    await quiet();
    runtime.send(pid, "second");
    expect(formatReason(await ended)).toBe("custom: second");
  });

  test("asks a predicate that grows the memory about each of many, and takes the one it wants", async () => {
    const pid = runtime.spawn(await load("misbehaves"), { entry: "predicateGrows" });
    await quiet();
    const ended = runtime.exited(pid);
    for (const text of ["a", "bb", "ccc", "dddd"]) runtime.send(pid, text);
    expect(formatReason(await ended)).toBe("custom: ccc");
  });

  test("a crash carries the stack of the guest's functions", async () => {
    const pid = runtime.spawn(await load("misbehaves"), { entry: "traps" });
    const ended = runtime.exited(pid);
    runtime.send(pid, "x");
    const reason = await ended;
    expect(reason.kind === "crashed" && reason.stack).toMatch(/wasm/);
  });

  test("leaves nothing behind when the runtime stops while it waits, runs next, or has never run", async () => {
    const module = await load("echo");
    const waits = runtime.spawn(module);
    await quiet();
    const next = runtime.spawn(module);
    await quiet();
    observer.send(next, Uint8Array.of(1));
    const never = runtime.spawn(module);
    const reasons = Promise.all([waits, next, never].map(pid => runtime.exited(pid)));
    await runtime.stop();
    expect((await reasons).map(reason => reason.kind)).toEqual(["shutdown", "shutdown", "shutdown"]);
    await quiet();
    expect(runtime.size).toBe(0);
  });

  test("counts every message as received, dead or waiting", async () => {
    const echo = runtime.spawn(await load("echo"));
    for (let i = 0; i < 10; i++) observer.send(echo, Uint8Array.of(i));
    await quiet();
    observer.send(echo, Uint8Array.of(99));
    runtime.kill(echo);
    observer.send(echo, Uint8Array.of(100));
    const { sent, received, dead } = runtime.counters;
    expect(sent).toBe(received + dead + observer.size);
    expect(observer.size).toBe(10);
  });
});
