/** What scripts await: answers and timers, several at once, while all else stays in the mailbox in its order. */
import { describe, expect, test } from "vitest";
import { cbor } from "../../host/adapters/codec.ts";
import type { Runtime } from "../../host/index.ts";
import { newRuntime, testClock } from "../support/runtimes.ts";
import { functionsOf, spawnScript } from "../support/scripts.ts";

function taken(mailbox: ReturnType<Runtime["mailbox"]>): unknown[] {
  const values: unknown[] = [];
  for (let item = mailbox.poll(); item?.kind === "message"; item = mailbox.poll()) values.push(cbor.decode(item.bytes));
  return values;
}

describe("onMessage", () => {
  test("gets the next message when its promise has settled", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const script = await spawnScript(
      runtime,
      `import { send } from "isopod";
      const wait = ms => new Promise(resolve => setTimeout(resolve, ms));
      export async function onMessage({ from, value }) {
        send(from, "begins " + value);
        await wait(value);
        send(from, "ends " + value);
      }`,
    );
    for (const ms of [20, 5, 0]) mailbox.send(script, cbor.encode(ms));
    await testClock().advance(19);
    expect(taken(mailbox)).toEqual(["begins 20"]);
    await testClock().advance(1);
    expect(taken(mailbox)).toEqual(["ends 20", "begins 5"]);
    await testClock().advance(5);
    expect(taken(mailbox)).toEqual(["ends 5", "begins 0", "ends 0"]);
  });

  test("leaves messages in the mailbox while it waits, where they count", async () => {
    const runtime = newRuntime();
    const script = await spawnScript(
      runtime,
      `export async function onMessage() { await new Promise(resolve => setTimeout(resolve, 10)); }`,
      { limits: { mailboxMessages: 3 } },
    );
    runtime.send(script, "");
    await runtime.settled();
    expect([1, 2, 3, 4, 5].map(() => runtime.send(script, ""))).toEqual([true, true, true, false, false]);
    expect(runtime.info(script)?.mailboxItems).toBe(3);
  });

  test("waits for several answers and timers at once, which come in any order", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const script = await spawnScript(
      runtime,
      `import { call, send } from "isopod";
      export async function onMessage({ from: boss }) {
        const order = [];
        const note = async (name, promise) => order.push([name, await promise]);
        const timer = new Promise(resolve => setTimeout(resolve, 10, "rang"));
        await Promise.all([note("a", call(boss, "a")), note("b", call(boss, "b")), note("timer", timer), note("c", call(boss, "c"))]);
        send(boss, order);
      }`,
    );
    mailbox.send(script, "");
    await runtime.settled();
    const asked = [mailbox.poll(), mailbox.poll(), mailbox.poll()].map(item =>
      item?.kind === "message" ? item : undefined,
    );
    const [a, b, c] = asked.map(item => item?.ref ?? 0);
    mailbox.send(script, cbor.encode("unasked"));
    mailbox.send(script, cbor.encode(2), { tag: b });
    await testClock().advance(10);
    mailbox.send(script, cbor.encode(3), { tag: c });
    mailbox.send(script, cbor.encode(1), { tag: a });
    await runtime.settled();
    expect(taken(mailbox)[0]).toEqual([
      ["b", 2],
      ["timer", "rang"],
      ["c", 3],
      ["a", 1],
    ]);
  });

  test("races a call against a timer, and forgets the late answer", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const script = await spawnScript(
      runtime,
      `import { call, send } from "isopod";
      export async function onMessage({ from, value }) {
        const timer = new Promise(resolve => setTimeout(resolve, 10, "too late"));
        send(from, await Promise.race([call(from, value, { timeoutMs: Infinity }), timer]), { tag: 1 });
      }`,
    );
    mailbox.send(script, cbor.encode("first"));
    await runtime.settled();
    const item = mailbox.poll();
    await testClock().advance(10);
    expect(taken(mailbox)).toEqual(["too late"]);
    if (item?.kind === "message") expect(mailbox.send(script, cbor.encode(1), { tag: item.ref })).toBe(true);
    mailbox.send(script, cbor.encode("second"));
    await runtime.settled();
    expect(taken(mailbox)).toEqual(["second"]);
  });

  test("crashes where it awaits what can never come", async () => {
    const runtime = newRuntime();
    const script = await spawnScript(runtime, `export async function onMessage() { await new Promise(() => {}); }`);
    const exited = runtime.exited(script);
    runtime.send(script, "");
    expect(await exited).toMatchObject({
      message: "the script awaits a promise that nothing can settle: it waits for no answer or timer",
    });
  });
});

describe("calls", () => {
  const caller = `import { call, CallError, CallTimeoutError, LimitError } from "isopod";
    export async function ask(to, options) {
      try { return ["answer", await call(to, "x", options)]; }
      catch (error) { return [error.name, error.message, error.reason ?? null, error instanceof CallError || error instanceof CallTimeoutError || error instanceof LimitError]; }
    }`;
  interface Asker {
    ask(to: number | string, options?: { timeoutMs?: number }): unknown;
  }

  test("reject after their time, 5 s where none is given", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const script = await functionsOf<Asker>(runtime, caller);
    for (const [options, ms] of [
      [{ timeoutMs: 30 }, 30],
      [{}, 5000],
    ] as const) {
      let answer: unknown;
      script.ask(mailbox.pid, options).then(value => (answer = value));
      await testClock().advance(ms - 1);
      expect(answer).toBeUndefined();
      await testClock().advance(1);
      expect(answer).toEqual(["CallTimeoutError", `actor ${mailbox.pid} did not answer within ${ms} ms`, null, true]);
    }
  });

  test("reject at once where the callee ends, has ended, or has no such name", async () => {
    const runtime = newRuntime();
    const script = await functionsOf<Asker>(runtime, caller);
    const fragile = await spawnScript(runtime, `export function onMessage() { throw new Error("oh\\nno"); }`);
    expect(await script.ask(fragile)).toEqual([
      "CallError",
      `actor ${fragile} ended before it answered: crashed: Error: oh no`,
      {
        kind: "crashed",
        message: "Error: oh no",
        stack: expect.stringMatching(/^ {4}at onMessage \(script\.js:1:\d+\)\n$/),
      },
      true,
    ]);
    expect(await script.ask(fragile)).toEqual([
      "CallError",
      `actor ${fragile} ended before it answered: noproc`,
      { kind: "noproc" },
      true,
    ]);
    expect(await script.ask("nobody")).toEqual([
      "CallError",
      "there is no actor named nobody",
      { kind: "noproc" },
      true,
    ]);
  });

  test("reject at once where the mailbox is full, and at the limit of ties", async () => {
    const runtime = newRuntime();
    const script = await functionsOf<Asker>(runtime, caller, { limits: { ties: 0 } });
    expect(await script.ask(runtime.mailbox().pid)).toMatchObject([
      "LimitError",
      expect.stringMatching(/a limit is reached \(ties, or the mailbox\)/),
      null,
      true,
    ]);
    const other = await functionsOf<Asker>(runtime, caller);
    const slow = await spawnScript(
      runtime,
      `export async function onMessage() { await new Promise(resolve => setTimeout(resolve, 9)); }`,
      { limits: { mailboxMessages: 1 } },
    );
    for (let i = 0; i < 2; i++) {
      runtime.send(slow, "");
      await runtime.settled();
    }
    expect(await other.ask(slow)).toMatchObject([
      "CallError",
      `the call to actor ${slow} was not accepted: its mailbox is full`,
      null,
      true,
    ]);
  });

  test("leave nothing behind: no tie, no timer, no item", async () => {
    const runtime = newRuntime();
    const pid = await spawnScript(
      runtime,
      `import { call } from "isopod";
      export const ask = async (to, many) => (await Promise.all(Array.from({ length: many }, () => call(to, ["one"])))).length;`,
      { limits: { timers: 10, ties: 10 } },
    );
    const callee = await spawnScript(runtime, "export const one = () => 1;");
    const script = runtime.client<{ ask(to: number, many: number): number }>(pid, cbor);
    for (let i = 0; i < 5; i++) expect(await script.ask(callee, 10)).toBe(10);
    expect(runtime.info(pid)).toMatchObject({ mailboxItems: 0, timers: 0, monitors: [] });
  });
});

describe("timers", () => {
  test("run while the actor waits for its next item, in the order of their times", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const script = await spawnScript(
      runtime,
      `import { send } from "isopod";
      export function onMessage({ from }) { for (const ms of [30, 10, 20, 10]) setTimeout(note => send(from, note), ms, ms); }`,
    );
    mailbox.send(script, "");
    await testClock().advance(10);
    expect(taken(mailbox)).toEqual([10, 10]);
    await testClock().advance(20);
    expect(taken(mailbox)).toEqual([20, 30]);
  });

  test("that throw crash the actor, with the place", async () => {
    const runtime = newRuntime();
    const script = await spawnScript(
      runtime,
      `export function onMessage() { setTimeout(() => {\n  throw new RangeError("late"); }, 5); }`,
    );
    const exited = runtime.exited(script);
    runtime.send(script, "");
    await testClock().advance(5);
    expect(await exited).toMatchObject({
      kind: "crashed",
      message: "RangeError: late",
      stack: expect.stringMatching(/script\.js:2/),
    });
  });

  test("are limited, and the error names the limit", async () => {
    const runtime = newRuntime();
    const script = await functionsOf<{ set(): number }>(
      runtime,
      `export function set() { let count = 0; try { for (;;) { setTimeout(() => {}, 1000); count++; } } catch (error) { return [error.name, error.message, count]; } }`,
      { limits: { timers: 7 } },
    );
    expect(await script.set()).toEqual(["LimitError", "a timer: a limit is reached (timers)", 7]);
  });
});

test.each([
  ["an exception in onMessage", `export function onMessage() { throw new Error("mine"); }`],
  ["a rejected onMessage", `export async function onMessage() { await null; throw new Error("mine"); }`],
  ["an unhandled rejection", `export function onMessage() { Promise.reject(new Error("mine")); }`],
  [
    "an exception in a microtask",
    `export function onMessage() { queueMicrotask(() => { throw new Error("mine"); }); }`,
  ],
  [
    "a rejected main",
    `import { receive } from "isopod"; export async function main() { await receive(); throw new Error("mine"); }`,
  ],
  [
    "an exception in where",
    `import { receive } from "isopod"; export async function main() { await receive({ where: () => { throw new Error("mine"); } }); }`,
  ],
])("%s crashes the actor with the message and the stack", async (_, source) => {
  const runtime = newRuntime();
  const script = await spawnScript(runtime, source);
  const exited = runtime.exited(script);
  runtime.send(script, "");
  expect(await exited).toMatchObject({
    kind: "crashed",
    message: "Error: mine",
    stack: expect.stringMatching(/script\.js:1/),
  });
});
