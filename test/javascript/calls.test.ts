/**
 * Calls from the host: answered, refused, timed out, aborted, answered late. All are independent of
 * each other.
 */

import { fc, test as law } from "@fast-check/vitest";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import {
  CallError,
  type CallOptions,
  CallTimeoutError,
  ClosedError,
  type DeadLetter,
  type GuestModule,
  type HostMailbox,
  type Message,
  type Pid,
  Runtime,
  type RuntimeOptions,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet } from "../support/guests.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (words: string) => new TextEncoder().encode(words);

let compiled: WebAssembly.Module;
let clock: ManualClock;
let runtime: Runtime;
let module: GuestModule;
let desk: Pid;
let letters: DeadLetter[];

beforeAll(async () => {
  const wasm = await buildGuest("guests", "desk", "asyncify");
  compiled = await WebAssembly.compile(wasm);
});

async function begin(options: RuntimeOptions = {}): Promise<void> {
  clock = new ManualClock();
  letters = [];
  runtime = new Runtime({ grants: "all", clock, readString, onDeadLetter: letter => letters.push(letter), ...options });
  module = await runtime.load(compiled, { name: "desk" });
  desk = runtime.spawn(module);
}
beforeEach(() => begin());
afterEach(() => runtime.stop());

/** What becomes of a call: its answer as text, or its error; undefined as long as it waits. */
function outcome(to: Pid | string, request: string, options?: CallOptions): { value: unknown } {
  const seen: { value: unknown } = { value: undefined };
  runtime.call(to, request, options).then(
    answer => {
      seen.value = text(answer);
    },
    error => {
      seen.value = error;
    },
  );
  return seen;
}

/** A callee of the host, and the one request that it has got. */
async function request(to: HostMailbox): Promise<Message> {
  const item = await to.receive();
  if (item?.kind !== "message") throw new Error(`a request is a message, not ${item?.kind}`);
  return item;
}

describe("a call", () => {
  test("resolves to the answer of a guest, by pid and by name, and carries a tag", async () => {
    runtime.register("desk", desk);
    expect(text(await runtime.call(desk, "hello"))).toBe("hello!");
    expect(text(await runtime.call("desk", bytes("hello")))).toBe("hello!");
    expect(text(await runtime.call("desk", "tag", { tag: 7 }))).toBe("7");
    expect(runtime.counters).toMatchObject({ sent: 6, received: 6, dead: 0 });
  });

  test("is a message with a ref for a host mailbox, which replies to it", async () => {
    const callee = runtime.mailbox();
    const called = runtime.call(callee.pid, "hello", { tag: 7 });
    const item = await request(callee);
    expect(item).toMatchObject({ tag: 7, bytes: bytes("hello") });
    expect(item.ref).toBeLessThan(0);
    expect(callee.reply(item, bytes("and you"))).toBe(true);
    expect(text(await called)).toBe("and you");
    expect(callee.reply(item, bytes("once more"))).toBe(false);
  });

  test("rejects at once with noproc where there is nobody, and says who was called", async () => {
    const gone = runtime.spawn(module);
    runtime.kill(gone);
    for (const nobody of [gone, 2 ** 50 + 3, "nobody"]) {
      const error = await runtime.call(nobody, "hello").catch(error => error);
      expect(error).toBeInstanceOf(CallError);
      expect(error).toMatchObject({ code: "ISOPOD_CALL", reason: { kind: "noproc" } });
    }
    await expect(runtime.call("nobody", "")).rejects.toThrow("nobody");
    expect(letters.map(({ why }) => why)).toEqual(Array(4).fill("noproc"));
  });

  test.each([
    ["crashes", "crash", { kind: "crashed", message: expect.stringContaining("a bad day") }],
    ["leaves", "leave", { kind: "custom", bytes: bytes("gone home") }],
    ["is killed", "keep 1", { kind: "killed" }],
  ] as const)(
    "rejects at once with the reason when the callee %s, without waiting for the time",
    async (_how, what, reason) => {
      const [called, other] = [outcome(desk, what), outcome(desk, "hello")];
      await quiet();
      if (what === "keep 1") {
        expect([called.value, other.value]).toEqual([undefined, "hello!"]);
        runtime.kill(desk);
        await quiet();
      } else expect(other.value).toBeInstanceOf(CallError);
      expect(called.value).toBeInstanceOf(CallError);
      expect(called.value).toMatchObject({ reason });
      expect(clock.now()).toBe(0);
    },
  );

  test("rejects with the reason normal when a callee closes its mailbox", async () => {
    const callee = runtime.mailbox();
    const called = outcome(callee.pid, "hello");
    callee.close();
    await quiet();
    expect(called.value).toMatchObject({ reason: { kind: "normal" } });
  });

  test("rejects when its time is over, and not before: five seconds, unless it says otherwise", async () => {
    const calls: [ms: number, { value: unknown }][] = [
      [20, outcome(desk, "keep 1", { timeoutMs: 20 })],
      [5_000, outcome(desk, "keep 2")],
      [9_000, outcome(desk, "keep 3", { timeoutMs: 9_000 })],
    ];
    const patient = outcome(desk, "keep 4", { timeoutMs: Number.POSITIVE_INFINITY });
    await quiet();
    for (const [ms, called] of calls) {
      clock.jump(ms - 1 - clock.now());
      await quiet();
      expect(called.value, `at ${ms - 1} ms`).toBeUndefined();
      clock.jump(1);
      await quiet();
      expect(called.value, `at ${ms} ms`).toBeInstanceOf(CallTimeoutError);
      expect(called.value).toMatchObject({ code: "ISOPOD_CALL_TIMEOUT" });
    }
    clock.jump(1e9);
    await quiet();
    expect(patient.value).toBeUndefined();
    runtime.send(desk, "answer 4");
    await quiet();
    expect(patient.value).toBe("answer 4");
  });

  test("that is aborted before sends nothing", async () => {
    const reason = new Error("not needed any more");
    await expect(runtime.call(desk, "hello", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(runtime.counters.sent).toBe(0);
  });

  test("that is aborted while it waits rejects with the signal's reason; others that share the signal too", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const answered = outcome(desk, "hello", { signal });
    const waiting = [outcome(desk, "keep 1", { signal }), outcome(desk, "keep 2", { signal })];
    const other = outcome(desk, "keep 3");
    await quiet();
    const reason = new Error("not needed any more");
    controller.abort(reason);
    runtime.send(desk, "answer 3");
    await quiet();
    expect(answered.value).toBe("hello!");
    expect(waiting.map(({ value }) => value)).toEqual([reason, reason]);
    expect(other.value).toBe("answer 3");
  });

  test("that was not accepted says why, and has no reason", async () => {
    await begin({ limits: { mailboxMessages: 1, messageBytes: 8 } });
    const [first, second, third] = [outcome(desk, "a"), outcome(desk, "bb"), outcome(desk, "far too long")];
    await quiet();
    expect(first.value).toBe("a!");
    for (const [called, why] of [
      [second, "mailbox full"],
      [third, "too large"],
    ] as const) {
      expect(called.value).toBeInstanceOf(CallError);
      expect(called.value).toMatchObject({ reason: undefined, message: expect.stringContaining(why) });
    }
    expect(letters.map(({ to, length, why }) => [to, length, why])).toEqual([
      [desk, 2, "mailbox full"],
      [desk, 12, "too large"],
    ]);
  });

  test("rejects with a ClosedError when the runtime is stopped, before or meanwhile", async () => {
    const waiting = [outcome(desk, "keep 1"), outcome(desk, "keep 2", { timeoutMs: Number.POSITIVE_INFINITY })];
    await quiet();
    await runtime.stop();
    await quiet();
    for (const { value } of waiting) expect(value).toBeInstanceOf(ClosedError);
    await expect(runtime.call(desk, "hello")).rejects.toThrow(ClosedError);
  });

  test("takes the tags that a send takes, and says which those are", async () => {
    for (const tag of [-1, 1.5, 2 ** 31]) {
      expect(() => runtime.send(desk, "hello", { tag })).toThrow(RangeError);
      await expect(runtime.call(desk, "hello", { tag })).rejects.toThrow("tag is a whole number");
    }
  });
});

describe("an answer", () => {
  test("that comes while the host holds the thread past the deadline is one in time", async () => {
    const served = outcome(desk, "hello", { timeoutMs: 50 });
    const unanswered = outcome(desk, "keep 1", { timeoutMs: 50 });
    clock.jump(120);
    await quiet();
    expect(served.value).toBe("hello!");
    expect(unanswered.value).toBeInstanceOf(CallTimeoutError);
  });

  test("that comes too late is a dead letter, and answers no other call", async () => {
    const controller = new AbortController();
    const [late, aborted] = [
      outcome(desk, "keep 1", { timeoutMs: 10 }),
      outcome(desk, "keep 2", { signal: controller.signal }),
    ];
    await quiet();
    clock.jump(10);
    controller.abort(new Error("enough"));
    const others = [outcome(desk, "keep 3"), outcome(desk, "keep 4")];
    await quiet();
    const teller = runtime.mailbox();
    teller.send(desk, bytes("answer 1 2"));
    await quiet();
    expect(others.map(({ value }) => value)).toEqual([undefined, undefined]);
    expect(text((await request(teller)).bytes)).toBe("00");
    expect(letters).toEqual(
      Array(2).fill({ from: desk, to: expect.any(Number), tag: expect.any(Number), length: 8, why: "late reply" }),
    );
    for (const { tag } of letters) expect(tag).toBeLessThan(0);
    teller.send(desk, bytes("answer 4 3"));
    await quiet();
    expect([late.value, aborted.value]).toEqual([expect.any(CallTimeoutError), new Error("enough")]);
    expect(others.map(({ value }) => value)).toEqual(["answer 3", "answer 4"]);
  });

  test("that is sent a second time is a dead letter, too", async () => {
    const callee = runtime.mailbox();
    const called = outcome(callee.pid, "hello");
    const item = await request(callee);
    callee.reply(item, bytes("first"));
    callee.reply(item, bytes("second"));
    await quiet();
    expect(called.value).toBe("first");
    expect(letters).toMatchObject([{ from: callee.pid, tag: item.ref, why: "late reply" }]);
  });

  test("comes before an abort that follows it", async () => {
    const callee = runtime.mailbox();
    const controller = new AbortController();
    const called = outcome(callee.pid, "hello", { signal: controller.signal });
    const buffer = bytes("first");
    callee.reply(await request(callee), buffer);
    buffer.fill(0);
    controller.abort(new Error("enough"));
    await quiet();
    expect(called.value).toBe("first");
    expect(letters).toEqual([]);
    expect(runtime.counters.sent).toBe(runtime.counters.received + runtime.counters.dead);
  });

  test("reaches its call, however many come at once", async () => {
    await begin({ limits: { mailboxMessages: 3 } });
    desk = runtime.spawn(module, { limits: { mailboxMessages: 100 } });
    const calls = Array.from({ length: 5 }, (_, i) => outcome(desk, `keep ${i}`));
    runtime.send(desk, "answer 0 1 2 3 4");
    await quiet();
    expect(calls.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4].map(i => `answer ${i}`));
  });
});

describe("a callee cannot harm the calls of others", () => {
  test.each(["kill the caller", "link and crash"])("by way of its caller's pid: %s", async what => {
    const other = runtime.spawn(module);
    const waiting = outcome(other, "keep 1");
    outcome(desk, what);
    await quiet();
    runtime.send(other, "answer 1");
    await quiet();
    expect(waiting.value).toBe("answer 1");
    const later = outcome(other, "hello");
    await quiet();
    expect(later.value).toBe("hello!");
  });
});

describe("a thousand calls at once", () => {
  const all = Array.from({ length: 1000 }, (_, i) => i);
  law.prop([fc.shuffledSubarray(all, { minLength: 500 })], { numRuns: 5 })(
    "each get their own answer, in whatever order, and the others time out alone",
    async order => {
      await runtime.stop();
      await begin();
      const calls = all.map(i => outcome(desk, `keep ${i}`));
      runtime.send(desk, `answer ${order.join(" ")}`);
      await quiet();
      const answered = new Set(order);
      expect(calls.map(({ value }) => value)).toEqual(all.map(i => (answered.has(i) ? `answer ${i}` : undefined)));
      clock.jump(5_000);
      await quiet();
      for (const i of all) if (!answered.has(i)) expect(calls[i].value).toBeInstanceOf(CallTimeoutError);
      const { sent, received, dead } = runtime.counters;
      expect([sent, dead]).toEqual([1002 + order.length, 1]);
      expect(received).toBe(sent - dead);
    },
  );
});
