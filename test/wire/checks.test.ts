/**
 * The host's arguments are checked at the entry. A wrong number, a misspelled name and an unknown
 * word throw, and nothing has happened.
 */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { text } from "../../host/adapters/codec.ts";
import { wasi } from "../../host/adapters/wasi.ts";
import { type GuestModule, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { quiet } from "../support/guests.ts";
import { guest } from "../support/wat.ts";

const ECHO = `
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
  (func (export "handle") (param $n i32))`;

let clock: ManualClock;
let runtime: Runtime;
let module: GuestModule;
let mailbox: HostMailbox;
let pid: Pid;

beforeEach(async () => {
  clock = new ManualClock();
  runtime = new Runtime({ clock });
  module = await runtime.load(guest(ECHO), { name: "echo" });
  runtime.define("echo", module);
  mailbox = runtime.mailbox();
  pid = runtime.spawn(module);
  await quiet();
});
afterEach(() => runtime.stop());

/** As a program without types writes it. */
const loosely = <T>(value: unknown): T => value as T;

/** What it throws, or rejects with. */
async function thrownBy(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return "nothing";
}

const wrongMs = [Number.NaN, -1, 2 ** 60];
const wrongCounts = [...wrongMs, 0.5, Number.POSITIVE_INFINITY];

describe("a wrong number is a RangeError that names it", () => {
  const ms = (name: string, act: (value: number) => unknown) => [name, act, wrongMs] as const;
  const count = (name: string, act: (value: number) => unknown) => [name, act, wrongCounts] as const;
  const child = (more: object) => ({ children: [{ id: "one", start: "echo", ...more }] });
  test.each([
    ms("timeoutMs", value => mailbox.receive({ timeoutMs: value })),
    ms("timeoutMs", value => mailbox.receiveMatch(() => true, { timeoutMs: value })),
    ms("timeoutMs", value => runtime.call(pid, "x", { timeoutMs: value })),
    ms("delayMs", value => mailbox.sendAfter(value, "x")),
    ms("sliceMs", value => new Runtime({ sliceMs: value })),
    ms("periodMs", value => runtime.supervise({ periodMs: value })),
    ms("initialMs", value => runtime.supervise({ backoff: { initialMs: value } })),
    ms("maxMs", value => runtime.supervise({ backoff: { initialMs: 1, maxMs: value } })),
    ms("factor", value => runtime.supervise({ backoff: { initialMs: 1, factor: value === 2 ** 60 ? 0 : value } })),
    ms("shutdown", value => runtime.supervise(child({ shutdown: value }))),
    // As many as there may be: Infinity.
    count("intensity", value => runtime.supervise({ intensity: value === Number.POSITIVE_INFINITY ? -1 : value })),
    count("tag", value => runtime.send(pid, "x", { tag: value })),
    count("tag", value => runtime.broadcast("group", "x", { tag: value })),
    count("tag", value => runtime.call(pid, "x", { tag: value })),
    // It may be a ref, which is negative.
    count("tag", value => mailbox.send(pid, "x", { tag: value === -1 ? 2 ** 31 : value })),
    count("tag", value => mailbox.sendAfter(1, "x", { tag: value })),
    count("pid", value => mailbox.sendAfter(1, "x", { to: value })),
    count("pid", value => runtime.send(value, "x")),
    count("pid", value => runtime.kill(value)),
    count("pid", value => mailbox.monitor(value)),
    count("items", value => runtime.peek(pid, { items: value })),
    count("bytes", value => runtime.peek(pid, { bytes: value })),
    count("memoryPages", value => runtime.spawn(module, { limits: { memoryPages: value } })),
    count("mailboxMessages", value => new Runtime({ limits: { mailboxMessages: value } })),
    count("perTurn", value => runtime.spawn(module, { reductions: { policy: "off", perTurn: value } })),
    // A status may be negative.
    count(
      "failStatus",
      value => new Runtime({ imports: { db: { get: { run: () => 0, failStatus: value === -1 ? 2 ** 31 : value } } } }),
    ),
  ])("%s", async (name, act, wrong) => {
    const before = runtime.snapshot();
    for (const value of wrong) {
      const error = await thrownBy(() => act(value));
      expect(error, `${value}`).toBeInstanceOf(RangeError);
      expect(String(error)).toContain(name);
    }
    // Nothing has happened.
    expect(runtime.snapshot()).toEqual(before);
    expect(clock.waits).toBe(0);
    expect(mailbox.isOpen).toBe(true);
  });

  test("and a receive that was refused takes no item, and leaves nothing that rejects", async () => {
    await thrownBy(() => mailbox.receive({ timeoutMs: Number.NaN }));
    expect(await mailbox.receive({ timeoutMs: 0 })).toBeUndefined();
    for (const text of ["first", "second"]) runtime.send(mailbox.pid, text);
    await quiet();
    expect(mailbox.size).toBe(2);
    await thrownBy(() => runtime.call(pid, "x", { timeoutMs: Number.NaN }));
    expect(runtime.info(pid)?.monitoredBy).toEqual([]);
  });

  test("while Infinity is for ever, and fractions of a millisecond are times", async () => {
    const waits = mailbox.receive({ timeoutMs: Number.POSITIVE_INFINITY });
    mailbox.sendAfter(0.5, "x");
    await clock.advance(1);
    expect(await waits).toMatchObject({ kind: "timer" });
  });
});

describe("what is no option is a TypeError that says what was meant", () => {
  const spec = { id: "one", start: "echo" };
  test.each<[slip: string, meant: string, act: (slip: object) => unknown]>([
    ["onexit", "onExit", slip => new Runtime(slip)],
    ["memoryPage", "memoryPages", slip => new Runtime({ limits: slip })],
    ["logs", "log", slip => new Runtime({ grants: loosely(slip) })],
    ["reduction", "reductions", slip => runtime.load(guest(ECHO), slip)],
    ["grant", "grants", slip => runtime.spawn(module, slip)],
    ["grant", "grants", slip => runtime.spawn("echo", slip)],
    ["limit", "limits", slip => runtime.define("echo", module, slip)],
    ["args", "reductions", slip => runtime.define("echo", module, loosely(slip))],
    ["perturn", "perTurn", slip => runtime.spawn(module, { reductions: loosely(slip) })],
    ["tags", "tag", slip => runtime.send(pid, "x", slip)],
    ["tags", "tag", slip => runtime.broadcast("group", "x", slip)],
    ["timeout", "timeoutMs", slip => runtime.call(pid, "x", slip)],
    ["timeout", "timeoutMs", slip => mailbox.receive(slip)],
    ["timeout", "timeoutMs", slip => mailbox.receiveMatch(() => true, slip)],
    ["flushes", "flush", slip => mailbox.demonitor(-5000, slip)],
    ["too", "to", slip => mailbox.sendAfter(1, "x", slip)],
    ["item", "items", slip => runtime.peek(pid, slip)],
    ["intensities", "intensity", slip => runtime.supervise(slip)],
    ["restarts", "restart", slip => runtime.supervise({ children: [{ ...spec, ...slip }] })],
    ["initial", "initialMs", slip => runtime.supervise({ backoff: loosely({ initialMs: 1, ...slip }) })],
    ["arg", "args", slip => wasi(slip)],
    ["toString", "onExit", slip => new Runtime(slip)],
  ])("%s, for %s", async (slip, meant, act) => {
    const before = runtime.snapshot();
    const error = await thrownBy(() => act({ [slip]: 1 }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain(slip);
    expect(String(error)).toContain(meant);
    expect(runtime.snapshot()).toEqual(before);
  });

  test("in what startChild is given, too", async () => {
    const supervisor = runtime.supervise({});
    const error = await thrownBy(() => supervisor.startChild(loosely({ id: "one", start: "echo", grant: {} })));
    expect(String(error)).toMatch(/there is no option grant of child "one"; did you mean grants\?/);
    expect(supervisor.children).toEqual([]);
  });
});

describe("what is no word, or of another type, is a TypeError", () => {
  const child = (more: object) => runtime.supervise({ children: [loosely({ id: "one", start: "echo", ...more })] });
  test.each<[what: string, said: RegExp, act: () => unknown]>([
    ["strategy", /one_for_all/, () => runtime.supervise({ strategy: loosely("one-for-all") })],
    ["restart", /permanent/, () => child({ restart: "Permanent" })],
    ["shutdown", /shutdown/, () => child({ shutdown: "brutal" })],
    ["start", /start is a module, a defined name/, () => child({ start: 5 })],
    ["a start that is a promise", /await it/, () => child({ start: Promise.resolve() })],
    ["no start", /start is missing/, () => child({ start: undefined })],
    ["a start that gives no pid", /return the pid/, () => child({ start: () => {} })],
    ["children", /children is a list/, () => runtime.supervise({ children: loosely({}) })],
    ["backoff", /initialMs is missing/, () => runtime.supervise({ backoff: loosely({}) })],
    ["way", /asyncify/, () => runtime.spawn(module, { way: loosely("asincify") })],
    ["policy", /yield/, () => runtime.spawn(module, { reductions: { policy: loosely("yields") } })],
    ["kernel", /kernel\.wasm/, () => new Runtime({ kernel: loosely("kernel.wasm") })],
    ["reductions", /count/, () => runtime.load(guest(ECHO), { reductions: loosely("counted") })],
    ["a reason's kind", /killed/, () => runtime.exit(pid, loosely({ kind: "kill" }))],
    ["a reason", /shutdown/, () => mailbox.exit(pid, loosely("shutdown"))],
    ["a reason's bytes", /bytes/, () => mailbox.end(loosely({ kind: "custom" }))],
    ["a callback", /onExit is a function/, () => new Runtime({ onExit: loosely("log") })],
    ["a clock", /defer/, () => new Runtime({ clock: loosely({ now: Date.now, wake: setTimeout }) })],
    ["a listener", /listener/, () => runtime.inspect(loosely(undefined))],
    ["an actor", /function/, () => runtime.actor(loosely(undefined))],
    ["a signal", /signal/, () => runtime.call(pid, "x", { signal: loosely(new AbortController()) })],
    ["a timeout", /timeoutMs/, () => runtime.call(pid, "x", { timeoutMs: loosely("50") })],
    ["options", /object/, () => runtime.spawn(module, loosely("run"))],
    ["a pid", /pid/, () => runtime.kill(loosely("echo"))],
    ["a text", /string/, () => text.encode(loosely(5))],
  ])("%s", async (_, said, act) => {
    const before = runtime.snapshot();
    const error = await thrownBy(act);
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(said);
    expect(runtime.snapshot().actors.map(actor => actor.pid)).toEqual(before.actors.map(actor => actor.pid));
  });
});

describe("a text goes as UTF-8 wherever bytes do", () => {
  const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

  test("in sendAfter, and in an exit reason", async () => {
    mailbox.sendAfter(5, "a täxt");
    await clock.advance(5);
    const item = mailbox.poll();
    expect(item?.kind === "timer" && decode(item.bytes)).toBe("a täxt");
    const ended = runtime.exited(pid);
    runtime.exit(pid, { kind: "custom", bytes: "why" });
    expect(await ended).toEqual({ kind: "custom", bytes: new TextEncoder().encode("why") });
  });

  test("in what HostContext writes", async () => {
    await runtime.stop();
    const read = (context: { write(pointer: number, text: string, capacity: number): number }) =>
      context.write(200, "a täxt", 100);
    runtime = new Runtime({ grants: "all", imports: { host: { read } } });
    const receiver = runtime.mailbox();
    const body = `
      (import "host" "read" (func $read (result i32)))
      (func (export "run") (local $n i32)
        (local.set $n (call $read))
        (drop (call $args (i32.const 100) (i32.const 8)))
        (drop (call $send (i32.load (i32.const 100)) (i32.load (i32.const 104)) (i32.const 0) (i32.const 200) (local.get $n))))`;
    const args = new Uint8Array(BigUint64Array.of(BigInt(receiver.pid)).buffer);
    runtime.spawn(await runtime.load(guest(body)), { args });
    const item = await receiver.receive();
    expect(item?.kind === "message" && decode(item.bytes)).toBe("a täxt");
  });
});

describe("a definition", () => {
  /** A module with both entries. */
  const BOTH = `
    (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
    (func (export "handle") (param $n i32))
    (func (export "run"))
    (func (export "resume:run") (param $n i32) (result i32)
      (i32.eq (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)) (i32.const -2)))`;

  test("serves both entries of a module: what it says of waiting and giving way is not about handlers", async () => {
    const both = await runtime.load(guest(BOTH), { name: "both", reductions: "count" });
    runtime.define("both", both, { way: "asyncify", reductions: { policy: "kill", perTurn: 5_000 } });
    const ways = ["run", "handle"].map(entry => runtime.info(runtime.spawn("both", { entry }))?.way);
    expect(ways).toEqual(["asyncify", "handler"]);
    // What the spawn itself asks for, it must be able to have.
    expect(() => runtime.spawn("both", { entry: "handle", way: "asyncify" })).toThrow(/handler/);
  });

  test("is refused at once where its module cannot do what it says", () => {
    expect(() => runtime.define("echo", module, { reductions: { policy: "kill" } })).toThrow(/does not count/);
    expect(() => runtime.define("echo", module, { entry: "handle", way: "asyncify" })).toThrow(/handler/);
  });
});

test("reductions need no policy: perTurn alone is spent by what the guest can do, giving way or ending", async () => {
  const spins = `(func (export "run") (loop $again (br $again)))`;
  const counted = await runtime.load(guest(spins), { reductions: "count" });
  const spun = runtime.spawn(counted, { way: "asyncify", reductions: { perTurn: 1_000 } });
  expect(await runtime.exited(spun)).toMatchObject({
    kind: "crashed",
    message: expect.stringContaining("1000 of one turn"),
  });
});
