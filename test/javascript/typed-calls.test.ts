/** Calls with values instead of bytes, of the runtime and of mailboxes, and the functions of a client. */
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cbor, json, text } from "../../host/adapters/codec.ts";
import {
  CallError,
  CallTimeoutError,
  ClosedError,
  type Codec,
  DecodeError,
  formatPid,
  type GuestModule,
  type HostMailbox,
  type Pid,
  Reader,
  RemoteError,
  Runtime,
  Writer,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet } from "../support/guests.ts";
import { ECHO, guest } from "../support/wat.ts";

let clerkWasm: Uint8Array<ArrayBuffer>;
let clock: ManualClock;
let runtime: Runtime;
let clerks: GuestModule;
let clerk: Pid;
let echo: Pid;

beforeAll(async () => {
  clerkWasm = await buildGuest("guests", "clerk", "asyncify");
});
beforeEach(async () => {
  clock = new ManualClock();
  runtime = new Runtime({ clock, grants: "all" });
  clerks = await runtime.load(clerkWasm, { name: "clerk" });
  clerk = runtime.spawn(clerks);
  echo = runtime.spawn(await runtime.load(guest(ANSWERS), { name: "echo" }));
});
afterEach(() => runtime.stop());

/** Answers each request with its bytes. */
const ANSWERS = ECHO.replace("(i32.load (i32.const 68))", "(i32.load (i32.const 80))");

interface Clerk {
  add(a: number, b: number): number;
  greet(who?: string): string;
  isNothing(value: undefined): boolean;
  fail(message: string): never;
  end(): void;
  ignore(): void;
  self(): number;
  missing(): void;
}

/** A runtime, and a mailbox of it. */
const callers = [
  ["a runtime", () => runtime],
  ["a mailbox", () => runtime.mailbox()],
] as const;

describe.each(callers)("%s", (_, caller) => {
  test("calls with values, which its codec encodes and decodes", async () => {
    const value = { a: [1, "two", null], b: new Uint8Array([3]) };
    expect(await caller().call(echo, value, { codec: cbor })).toEqual(value);
    expect(await caller().call(echo, [1, { x: "y" }], { codec: json })).toEqual([1, { x: "y" }]);
    expect(await caller().call(echo, "as it is", { codec: text, timeoutMs: 10 })).toBe("as it is");
    expect(await caller().call(echo, "bytes")).toEqual(new TextEncoder().encode("bytes"));
  });

  test("calls with texts", async () => {
    expect(await caller().callText(echo, "größer")).toBe("größer");
    const bad: Codec<string> = { encode: () => Uint8Array.of(0xff), decode: text.decode };
    await expect(caller().call(echo, "", { codec: bad })).rejects.toThrow(DecodeError);
  });

  test("rejects where the value or the codec is none, and sends nothing", async () => {
    const { sent } = runtime.counters;
    await expect(caller().call(echo, Symbol() as never, { codec: json })).rejects.toThrow(TypeError);
    await expect(caller().call(echo, 1, { codec: {} as never })).rejects.toThrow(
      "codec has the functions encode, decode",
    );
    await expect(caller().callText(echo, 1 as never)).rejects.toThrow(TypeError);
    await expect(caller().call(echo, {} as never)).rejects.toThrow("JSON.stringify");
    expect(runtime.counters.sent).toBe(sent);
  });

  test("has clients, whose functions are those of the actor", async () => {
    const api = caller().client<Clerk>(clerk, cbor);
    expect(await api.add(2, 40)).toBe(42);
    expect(await api.greet("Ada")).toBe("hello Ada");
    expect(await api.greet()).toBe("hello you");
    expect(await api.isNothing(undefined)).toBe(true);
    expect(await Promise.all([1, 2, 3].map(n => api.add(n, n)))).toEqual([2, 4, 6]);
  });

  test("tells errors of the actor from errors on the way", async () => {
    const api = caller().client<Clerk>(clerk, cbor, { timeoutMs: 50 });
    const failed = await api.fail("too many").catch(error => error);
    expect(failed).toBeInstanceOf(RemoteError);
    expect(failed).toMatchObject({
      code: "ISOPOD_REMOTE",
      method: "fail",
      remoteName: "RangeError",
      remoteMessage: "too many",
      message: "fail: RangeError: too many",
    });
    await expect(api.missing()).rejects.toThrow("missing: TypeError: there is no function missing");
    await expect(api.add("1" as never, 2)).rejects.toThrow("add was called with other arguments than it takes");
    await expect((api.add as (...all: number[]) => Promise<number>)(1, 2, 3)).rejects.toThrow("other arguments");
    const late = api.ignore().catch(error => error);
    await quiet();
    await clock.advance(50);
    expect(await late).toBeInstanceOf(CallTimeoutError);
    expect(await api.add(1, 1)).toBe(2);
    await expect(api.end()).rejects.toThrow(CallError);
    await expect(api.add(1, 1)).rejects.toThrow("was not accepted: noproc");
  });

  test("refuses answers that are no client's", async () => {
    const wrong = caller().client<Clerk>(echo, cbor);
    await expect(wrong.add(1, 2)).rejects.toThrow(DecodeError);
    await expect(wrong.add(1, 2)).rejects.toThrow(
      "add: the answer is neither [true, result] nor [false, name, message]",
    );
  });

  test("has clients that can be awaited, printed and compared, which calls nothing", async () => {
    const { sent } = runtime.counters;
    const api = caller().client<Clerk>(clerk, cbor);
    expect(await api).toBe(api);
    expect(JSON.stringify({ api })).toBe('{"api":{}}');
    expect([`${Object.keys(api)}`, "then" in api]).toEqual(["", false]);
    for (const name of ["then", "toString", "constructor", "__proto__", "toJSON", "hasOwnProperty"] as const)
      expect((api as unknown as Record<string, unknown>)[name]).toBeUndefined();
    expect(runtime.counters.sent).toBe(sent);
  });
});

test("a message that is no request of a client is answered with an error", async () => {
  for (const bytes of [cbor.encode(1), cbor.encode([]), cbor.encode([1]), Uint8Array.of(0xff), new Uint8Array(0)]) {
    const answer = cbor.decode(await runtime.call(clerk, bytes));
    expect(answer).toEqual([false, "TypeError", "this is no request of a client"]);
  }
  runtime.send(clerk, cbor.encode(["add", 1, 2]));
  await quiet();
  expect(runtime.isAlive(clerk)).toBe(true);
});

describe("a mailbox that calls", () => {
  let mailbox: HostMailbox;
  beforeEach(() => {
    mailbox = runtime.mailbox();
  });

  test("is the sender of its requests", async () => {
    const asked = runtime.mailbox();
    const answer = mailbox.callText(asked.pid, "who?");
    const item = asked.poll();
    expect(item).toMatchObject({ kind: "message", from: mailbox.pid });
    if (item?.kind === "message") asked.reply(item, formatPid(item.from));
    expect(await answer).toBe(formatPid(mailbox.pid));
  });

  test("receives its items meanwhile, and no answers", async () => {
    const waits = mailbox.receive();
    const answers = [mailbox.callText(echo, "one"), mailbox.callText(echo, "two")];
    expect(await Promise.all(answers)).toEqual(["one", "two"]);
    mailbox.send(mailbox.pid, "an item", { tag: 3 });
    expect(await waits).toMatchObject({ kind: "message", tag: 3 });
    expect([mailbox.size, mailbox.poll()]).toEqual([0, undefined]);
  });

  test("finds its answers behind items that nobody has received", async () => {
    for (let i = 0; i < 500; i++) mailbox.send(mailbox.pid, "", { tag: i });
    const answers = Array.from({ length: 20 }, (_, i) => mailbox.callText(echo, `${i}`));
    for (let i = 0; i < 500; i++) mailbox.send(mailbox.pid, "", { tag: 1000 + i });
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    const tags = Array.from({ length: 1000 }, () => {
      const item = mailbox.poll();
      return item?.kind === "message" ? item.tag : -1;
    });
    expect(tags).toEqual([...Array(500).keys(), ...Array.from(Array(500).keys(), i => 1000 + i)]);
  });

  test("gets its answer although it is full", async () => {
    await runtime.stop();
    runtime = new Runtime({ clock, grants: "all", limits: { mailboxMessages: 2 } });
    const small = runtime.mailbox();
    const pid = runtime.spawn(await runtime.load(guest(ANSWERS)));
    expect([1, 2, 3].map(() => small.send(small.pid, ""))).toEqual([true, true, false]);
    expect(await small.callText(pid, "still")).toBe("still");
  });

  test("is told by onArrival of items only", async () => {
    let turns = 0;
    mailbox.onArrival(() => {
      for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) turns++;
      return false;
    });
    expect(await mailbox.callText(echo, "x")).toBe("x");
    mailbox.send(mailbox.pid, "");
    await quiet();
    expect(turns).toBe(1);
  });

  test("gets a Down of its monitors as an item, and rejects the call of an actor that ends", async () => {
    const ref = mailbox.monitor(clerk);
    const ended = mailbox.client<Clerk>(clerk, cbor).end();
    await expect(ended).rejects.toThrow(CallError);
    expect(mailbox.poll()).toMatchObject({ kind: "down", ref });
    expect(mailbox.poll()).toBeUndefined();
  });

  test("rejects its calls when it is closed, and later ones", async () => {
    const api = mailbox.client<Clerk>(clerk, cbor);
    const waits = api.ignore();
    await quiet();
    mailbox.close();
    await expect(waits).rejects.toThrow(ClosedError);
    await expect(api.add(1, 2)).rejects.toThrow(ClosedError);
  });

  test("is aborted by its signal, and drops the late answer", async () => {
    const asked = runtime.mailbox();
    const controller = new AbortController();
    const answer = mailbox.call(asked.pid, "", { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(answer).rejects.toThrow("enough");
    const item = asked.poll();
    expect(item?.kind === "message" && asked.reply(item, "late")).toBe(false);
    expect(mailbox.poll()).toBeUndefined();
  });

  test("that is aborted, when its answer has come already, never finds that in the mailbox", async () => {
    const asked = runtime.mailbox();
    const controller = new AbortController();
    const answer = mailbox.call(asked.pid, "", { signal: controller.signal });
    const item = asked.poll();
    expect(item?.kind === "message" && asked.reply(item, "in time")).toBe(true);
    controller.abort(new Error("enough"));
    await expect(answer).rejects.toThrow("enough");
    expect(mailbox.poll()).toBeUndefined();
  });

  test("broadcasts as the sender, to the members of a group", async () => {
    const members = [runtime.mailbox(), runtime.mailbox()];
    for (const member of members) member.join("all");
    expect(mailbox.broadcast("all", "hear", { tag: 4 })).toBe(2);
    expect(members.map(member => member.poll())).toEqual(
      members.map(() => expect.objectContaining({ from: mailbox.pid, tag: 4 })),
    );
    expect(mailbox.broadcast("none", "")).toBe(0);
    mailbox.close();
    expect(mailbox.broadcast("all", "")).toBe(0);
  });
});

describe("a Writer and a Reader of the host", () => {
  const numbers = {
    u8: fc.integer({ min: 0, max: 255 }),
    u16: fc.integer({ min: 0, max: 65_535 }),
    u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    i32: fc.integer(),
    i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    f32: fc.float(),
    f64: fc.double(),
    bool: fc.boolean(),
    pid: fc.maxSafeNat(),
    bytes: fc.uint8Array(),
    text: fc.string({ unit: "binary" }),
  };

  test("are those of guests", async () => {
    const pid = runtime.spawn(clerks, { entry: "values" });
    await fc.assert(
      fc.asyncProperty(fc.record(numbers), async v => {
        const writer = new Writer().u8(v.u8).u16(v.u16).u32(v.u32).u64(v.u64).i32(v.i32).i64(v.i64);
        const bytes = writer.f32(v.f32).f64(v.f64).bool(v.bool).pid(v.pid).bytes(v.bytes).text(v.text).toBytes();
        expect(bytes.length).toBe(writer.length);
        const answer = await runtime.call(pid, bytes);
        expect(answer).toEqual(bytes);
        const r = new Reader(answer);
        const [u8, u16, u32, u64, i32, i64] = [r.u8(), r.u16(), r.u32(), r.u64(), r.i32(), r.i64()];
        const [f32, f64, bool, who, some, words] = [r.f32(), r.f64(), r.bool(), r.pid(), r.bytes(), r.text()];
        expect({ u8, u16, u32, u64, i32, i64, f32, f64, bool, pid: who, bytes: some, text: words }).toEqual(v);
        expect(r.left).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test.for<[string, (writer: Writer) => Writer, (reader: Reader) => unknown, value: unknown]>([
    ["u8", writer => writer.u8(200), reader => reader.u8(), 200],
    ["u16", writer => writer.u16(60_000), reader => reader.u16(), 60_000],
    ["u32", writer => writer.u32(4e9), reader => reader.u32(), 4e9],
    ["i32", writer => writer.i32(-7), reader => reader.i32(), -7],
    ["u64", writer => writer.u64(2n ** 63n), reader => reader.u64(), 2n ** 63n],
    ["i64", writer => writer.i64(-9n), reader => reader.i64(), -9n],
    ["f32", writer => writer.f32(0.5), reader => reader.f32(), 0.5],
    ["f64", writer => writer.f64(1e300), reader => reader.f64(), 1e300],
    ["bool", writer => writer.bool(true), reader => reader.bool(), true],
    ["pid", writer => writer.pid(2 ** 40), reader => reader.pid(), 2 ** 40],
    ["bytes", writer => writer.bytes(Uint8Array.of(1, 2)), reader => reader.bytes(), Uint8Array.of(1, 2)],
    ["text", writer => writer.text("größer"), reader => reader.text(), "größer"],
  ])("take any number of values: %s", ([, write, read, value]) => {
    const writer = new Writer();
    for (let round = 0; round < 2; round++) {
      writer.reset();
      for (let i = 0; i < 300; i++) write(writer);
      const reader = new Reader(writer.toBytes());
      expect(Array.from({ length: 300 }, () => read(reader))).toEqual(Array(300).fill(value));
      expect(reader.left).toBe(0);
    }
  });

  test.for<[string, typeof TypeError | typeof RangeError, () => unknown]>([
    ["a number out of its range", RangeError, () => new Writer().u8(256)],
    ["a fraction", RangeError, () => new Writer().i32(1.5)],
    ["a number for 64 bits", TypeError, () => new Writer().u64(1 as never)],
    ["more than 64 bits", RangeError, () => new Writer().i64(2n ** 63n)],
    ["no pid", RangeError, () => new Writer().pid(-1)],
    ["no text", TypeError, () => new Writer().text(1 as never)],
    ["no bytes", TypeError, () => new Writer().bytes("x" as never)],
    ["no bytes to read", TypeError, () => new Reader("x" as never)],
  ])("refuse %s", ([, error, act]) => expect(act).toThrow(error));

  test("throw a DecodeError where bytes are missing, are no pid, or no UTF-8", () => {
    expect(() => new Reader(new Uint8Array(3)).u32()).toThrow("4 bytes were to be read, and 3 are left");
    expect(() => new Reader(Uint8Array.of(255, 255, 255, 255)).bytes()).toThrow(DecodeError);
    expect(() => new Reader(new Writer().u64(2n ** 60n).toBytes()).pid()).toThrow(DecodeError);
    expect(() => new Reader(new Writer().bytes(Uint8Array.of(0xff)).toBytes()).text()).toThrow(DecodeError);
  });
});

describe("a spawn", () => {
  test("may name its actor, which has the name from the start", async () => {
    const pid = runtime.spawn(clerks, { name: "the clerk" });
    expect(runtime.whereis("the clerk")).toBe(pid);
    expect(await runtime.client<Clerk>("the clerk", cbor).add(1, 2)).toBe(3);
    const { size } = runtime;
    expect(() => runtime.spawn(clerks, { name: "the clerk" })).toThrow(
      `clerk cannot be called the clerk: ${formatPid(pid)} has that name`,
    );
    expect(runtime.size).toBe(size);
    runtime.kill(pid);
    expect(runtime.whereis("the clerk")).toBeUndefined();
  });

  test("by getOrSpawn makes an actor only where none has the name", async () => {
    runtime.define("clerk", clerks);
    const pid = runtime.getOrSpawn("cache", "clerk");
    expect(runtime.getOrSpawn("cache", "clerk")).toBe(pid);
    runtime.kill(pid);
    const next = runtime.getOrSpawn("cache", "clerk");
    expect(next).not.toBe(pid);
    expect(runtime.whereis("cache")).toBe(next);
  });
});

test("an actor leaves a group by the host, once", () => {
  expect(runtime.join("pool", clerk)).toBe(true);
  expect([runtime.leave("pool", clerk), runtime.leave("pool", clerk)]).toEqual([true, false]);
  expect(runtime.members("pool")).toEqual([]);
  runtime.kill(clerk);
  expect(runtime.leave("pool", clerk)).toBe(false);
});

test("settled waits for all turns, also those behind the event loop", async () => {
  await using slow = new Runtime({ clock, sliceMs: 0 });
  const pids = Array.from({ length: 300 }, () => slow.mailbox());
  let turns = 0;
  for (const mailbox of pids) {
    mailbox.onArrival(() => {
      mailbox.poll();
      return ++turns < 1000;
    });
    slow.send(mailbox.pid, "");
  }
  await slow.settled();
  expect([turns >= 1000, slow.isBusy]).toEqual([true, false]);
});

test("settled resolves when no actor is ready to run", async () => {
  await runtime.settled();
  expect(runtime.isBusy).toBe(false);
  const pids = Array.from({ length: 300 }, () => runtime.spawn(clerks, { entry: "values" }));
  expect(runtime.isBusy).toBe(true);
  const both = Promise.all([runtime.settled(), runtime.settled()]);
  await both;
  expect(runtime.isBusy).toBe(false);
  expect(pids.map(pid => runtime.info(pid)?.state)).toEqual(pids.map(() => "parked"));
  for (const pid of pids) runtime.kill(pid);
  const last = runtime.settled();
  await runtime.stop();
  await last;
});
