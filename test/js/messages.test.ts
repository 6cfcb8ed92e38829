/** Scripts and guests of AssemblyScript understand each other: messages, requests, answers and errors. */
import { beforeAll, describe, expect, test } from "vitest";
import { cbor } from "../../host/adapters/codec.ts";
import type { Pid, Runtime } from "../../host/index.ts";
import { buildGuests } from "../support/guests.ts";
import { newRuntime, testClock } from "../support/runtimes.ts";
import { functionsOf, spawnScript } from "../support/scripts.ts";

let guests: Map<string, Uint8Array<ArrayBuffer>>;

beforeAll(async () => {
  guests = await buildGuests("guests", ["clerk", "customer", "structures"], "asyncify");
});

async function spawnGuest(runtime: Runtime, name: string): Promise<Pid> {
  return runtime.spawn(await runtime.load(guests.get(name) as Uint8Array<ArrayBuffer>));
}

describe("a script", () => {
  test("calls functions of a guest, and gets results and errors", async () => {
    const runtime = newRuntime();
    const clerk = await spawnGuest(runtime, "clerk");
    const script = await functionsOf<{
      add(to: Pid, a: number, b: number): number;
      fail(to: Pid): unknown;
      greet(to: Pid): string;
    }>(
      runtime,
      `import { client, RemoteError } from "isopod";
      export const add = (to, a, b) => client(to).add(a, b);
      export const greet = async to => [await client(to).greet(), await client(to).greet("Ann")].join();
      export async function fail(to) {
        try { await client(to).fail("too much"); }
        catch (error) { return [error instanceof RemoteError, error.name, error.method, error.remoteName, error.remoteMessage, error.message]; }
      }`,
    );
    expect(await script.add(clerk, 40, 2)).toBe(42);
    expect(await script.greet(clerk)).toBe("hello you,hello Ann");
    expect(await script.fail(clerk)).toEqual([
      true,
      "RemoteError",
      "fail",
      "RangeError",
      "too much",
      "fail: RangeError: too much",
    ]);
  });

  test("sends an object that a guest reads as a message class, and reads what the guest writes", async () => {
    const runtime = newRuntime();
    const structures = await spawnGuest(runtime, "structures");
    const script = await functionsOf<{ tell(to: Pid): Record<string, unknown> }>(
      runtime,
      `import { call, self } from "isopod";
      export const tell = to => call(to, { i32: -7, u64: 2n ** 64n - 1n, f64: 1.5, text: "ü🐛", bytes: new Uint8Array([1, 2]), owner: self(),
        numbers: [4, 5], rows: [[1, 2], [3]], maybes: ["a", null], flags: [true, false], next: { text: "inner" }, unknown: [1, { a: 2 }] });`,
    );
    expect(await script.tell(structures)).toMatchObject({
      ...{
        i8: -1,
        i32: -7,
        u64: 2n ** 64n - 1n,
        f64: 1.5,
        text: "ü🐛",
        bytes: new Uint8Array([1, 2]),
        numbers: [4, 5],
      },
      ...{ rows: [[1, 2], [3]], maybes: ["a", null], flags: [true, false], next: { text: "inner" }, note: null },
    });
  });

  test("is called by a guest, and answers with results and errors", async () => {
    const runtime = newRuntime();
    const shop = await spawnScript(
      runtime,
      `export const total = prices => ({ unknown: [1], label: "sum of " + prices.length, total: prices.reduce((a, b) => a + b, 0) });
      export async function late(prices) { await new Promise(resolve => setTimeout(resolve, 10)); return total(prices); }
      export function fails() { throw new RangeError("no prices"); }`,
    );
    const customer = await spawnGuest(runtime, "customer");
    const order = (method: string) => runtime.call(customer, { shop, method, prices: [1.5, 2, 4] }, { codec: cbor });
    expect(await order("total")).toEqual({ ok: true, total: 7.5, label: "sum of 3", problem: "" });
    expect(await order("fails")).toMatchObject({ ok: false, problem: "RangeError: no prices" });
    expect(await order("none")).toMatchObject({ problem: "ReferenceError: the script exports no function none" });
    const late = order("late");
    await testClock().advance(10);
    expect(await late).toMatchObject({ ok: true, total: 7.5 });
  });

  test("reads messages as values, bytes and texts, with all that the host knows of them", async () => {
    const runtime = newRuntime();
    const script = await spawnScript(
      runtime,
      `import { reply, send, self } from "isopod";
      export function onMessage(message) {
        const { kind, from, tag, ref, bytes, reason } = message;
        let value;
        try { value = message.value; } catch (error) { value = error.name; }
        reply(message, { kind, from, tag, isCall: ref < 0, bytes, text: message.text(), value, hasReason: reason !== undefined });
      }`,
    );
    const mailbox = runtime.mailbox();
    const asked = await mailbox.call(script, cbor.encode({ a: 1 }), { tag: 9 });
    expect(cbor.decode(asked)).toMatchObject({
      kind: "message",
      from: mailbox.pid,
      tag: 9,
      isCall: true,
      value: { a: 1 },
      hasReason: false,
    });
    expect(cbor.decode(await mailbox.call(script, new Uint8Array([0x68, 0xe2, 0x82])))).toMatchObject({
      text: "h�",
      value: "TypeError",
    });
  });

  test("sends raw bytes and texts, and says whether they were accepted", async () => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const script = await functionsOf<{ tell(to: Pid | string): boolean[] }>(
      runtime,
      `import { send } from "isopod";
      export const tell = to => [send(to, "hé\\ud800", { raw: true, tag: 3 }), send(to, new Uint8Array([1]), { raw: true }), send(to, [1], { tag: 2 ** 31 - 1 }), send(12345, 1)];`,
    );
    runtime.register("box", mailbox.pid);
    for (const to of [mailbox.pid, "box"]) {
      expect(await script.tell(to)).toEqual([true, true, true, false]);
      expect(mailbox.poll()).toMatchObject({ tag: 3, bytes: new TextEncoder().encode("hé\ufffd") });
      expect(mailbox.poll()).toMatchObject({ tag: 0, bytes: new Uint8Array([1]) });
      expect(mailbox.poll()).toMatchObject({ tag: 2 ** 31 - 1, bytes: cbor.encode([1]) });
    }
  });

  test.each([
    ["send('x')", /a function|no actor|not granted|lookup/],
    ["send(1.5, 1)", /a pid is a whole number/],
    ["send(-1, 1)", /a pid is a whole number/],
    ["send(undefined, 1)", /a pid is a whole number/],
    ["send(1n, 1)", /a pid is a whole number/],
    ["send(1, 1, { tag: 1.5 })", /a whole number of 32 bits/],
    ["send(1, 1, { tag: 'one' })", /a whole number of 32 bits/],
    ["send(1, 1, { tag: 2 ** 31 })", /a whole number of 32 bits/],
    ["send(1, 5, { raw: true })", /raw bytes are a string or a Uint8Array/],
    ["send(1, () => 1)", /a function cannot be sent/],
    ["reply({ ref: 0, from: 1 }, 1)", /this message is no call/],
  ])("is told what is wrong with %s", async (code, message) => {
    const runtime = newRuntime({ grants: {} });
    const script = await functionsOf<{ run(): unknown }>(
      runtime,
      `import { send, reply } from "isopod"; export const run = () => ${code};`,
    );
    await expect(script.run()).rejects.toThrow(message);
  });
});

describe("calls of functions", () => {
  test("take the exports of the entry module alone, and no names of promises and prototypes", async () => {
    const runtime = newRuntime();
    const pid = await spawnScript(
      runtime,
      "export const one = () => 1; export const constant = 5; export default function () {}",
    );
    const call = (...request: unknown[]) => runtime.call(pid, request as never, { codec: cbor });
    expect(await call("one")).toEqual([true, 1]);
    for (const name of ["then", "constructor", "__proto__", "toString", "constant", "default", ""]) {
      expect(await call(name)).toEqual([false, "ReferenceError", `the script exports no function ${name}`]);
    }
    for (const request of [[], ["one", ...new Array(64).fill(0)], [1], { name: "one" }]) {
      expect(await runtime.call(pid, request as never, { codec: cbor })).toMatchObject([
        false,
        "TypeError",
        expect.stringMatching(/no call/),
      ]);
    }
  });

  test("that nobody waits for log what they throw", async () => {
    const lines: string[] = [];
    const runtime = newRuntime({ onLog: (_, level, text) => lines.push(`${level}: ${text}`) });
    const pid = await spawnScript(runtime, `export async function fails() { throw new RangeError("hé"); }`);
    runtime.send(pid, cbor.encode(["fails"]));
    runtime.send(pid, cbor.encode("no call"));
    await runtime.settled();
    expect(lines).toEqual([
      "error: nobody waits for this call: RangeError: hé",
      expect.stringMatching(/TypeError: this is no call/),
    ]);
  });

  test("answer what is thrown, also by promises, and the actor lives", async () => {
    const runtime = newRuntime();
    const script = await functionsOf<Record<string, () => Promise<unknown>>>(
      runtime,
      `export function error() { throw new TypeError("plain"); }
      export async function rejected() { throw new SyntaxError("at once"); }
      export async function later() { await null; throw new RangeError("later"); }
      export function text() { throw "a text"; }
      export function nothing() { throw undefined; }
      export function own() { throw Object.assign(new Error("m"), { name: "OwnError" }); }
      export function hostile() { throw Object.defineProperty(new Error(), "message", { get() { throw 1; } }); }
      export const lives = () => true;`,
    );
    const outcome = (name: string) =>
      script[name]().catch(({ remoteName, remoteMessage }) => [remoteName, remoteMessage]);
    expect(await outcome("error")).toEqual(["TypeError", "plain"]);
    expect(await outcome("rejected")).toEqual(["SyntaxError", "at once"]);
    expect(await outcome("later")).toEqual(["RangeError", "later"]);
    expect(await outcome("text")).toEqual(["Error", "a text"]);
    expect(await outcome("nothing")).toEqual(["Error", "undefined"]);
    expect(await outcome("own")).toEqual(["OwnError", "m"]);
    expect(await outcome("hostile")).toEqual(["Error", ""]);
    expect(await outcome("lives")).toBe(true);
  });
});
