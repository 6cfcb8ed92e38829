/** What is kept of the messages of actors that are followed. requests.test.ts compares all else with actors that are not. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Follow, type FollowedMessage, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { Kernel } from "../../host/mail/kernel.ts";
import { ManualClock, settle } from "../../host/test.ts";
import { buildGuest } from "../support/guests.ts";
import { ECHO, guest } from "../support/wat.ts";

/** Sends each item that it is handed on to the pid in its arguments. */
const RELAY = `
  (func (export "_start")
    (drop (call $args (i32.const 0) (i32.const 8)))
    (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
  (func (export "handle") (param $n i32)
    (drop (call $send (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.load (i32.const 68))
      (i32.const 128) (local.get $n))))`;

const SINK = `(func (export "handle") (param i32))`;

let clock: ManualClock;
let runtime: Runtime;
let host: HostMailbox;

beforeEach(() => {
  clock = new ManualClock();
  runtime = new Runtime({ grants: "all", clock });
  host = runtime.mailbox();
});
afterEach(() => runtime.stop());

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const follow = (pid: Pid, options = {}): Follow => runtime.follow(pid, options) as Follow;
/** From, to, kind and text of each. */
const lines = (messages: readonly FollowedMessage[]) =>
  messages.map(({ from, to, kind, bytes, refused }) => [from, to, kind, text(bytes), ...(refused ? [refused] : [])]);
/** A guest that hands each item on to another actor. */
const relayTo = async (pid: Pid): Promise<Pid> =>
  runtime.spawn(await runtime.load(guest(RELAY)), { args: new Uint8Array(BigUint64Array.of(BigInt(pid)).buffer) });

describe("an actor that is followed", () => {
  test("has its messages kept, those that it sends and those that it is sent, in their order", async () => {
    const last = await relayTo(host.pid);
    const middle = await relayTo(last);
    const first = await relayTo(middle);
    const followed = follow(middle);
    host.send(first, "one", { tag: 7 });
    await settle(runtime);
    clock.jump(5);
    host.send(first, "two");
    await settle(runtime);
    expect(lines(followed.messages())).toEqual([
      [first, middle, "message", "one"],
      [middle, last, "message", "one"],
      [first, middle, "message", "two"],
      [middle, last, "message", "two"],
    ]);
    expect(followed.messages().map(({ number, atMs, tag, length }) => [number, atMs, tag, length])).toEqual([
      [1, 0, 7, 3],
      [2, 0, 7, 3],
      [3, 5, 0, 3],
      [4, 5, 0, 3],
    ]);
    expect(followed.messages(2)).toEqual(followed.messages().slice(2));
    expect(host.poll()).toMatchObject({ from: last });
  });

  test("that asks and is asked has requests and answers with the same ref, also with the host", async () => {
    const counter = await buildGuest("examples", "supervised-counter", "asyncify");
    const pid = runtime.spawn(await runtime.load(counter));
    const followed = follow(pid);
    expect(await runtime.callText(pid, "add 5")).toBe("5");
    const [request, answer] = followed.messages();
    expect(lines([request, answer])).toEqual([
      [answer.to, pid, "request", "add 5"],
      [pid, request.from, "answer", "5"],
    ]);
    expect(request.ref).toBe(answer.ref);
    expect(request.ref).toBeLessThan(0);
    expect([request.tag, answer.tag]).toEqual([0, 0]);
  });

  test("has what was refused, and why, and timers", async () => {
    const gone = runtime.mailbox();
    const relay = await relayTo(gone.pid);
    gone.close();
    const followed = follow(relay);
    runtime.send(relay, "lost");
    host.sendAfter(10, "late", { to: relay });
    await clock.advance(10);
    expect(lines(followed.messages())).toEqual([
      [0, relay, "message", "lost"],
      [relay, gone.pid, "message", "lost", "noproc"],
      [host.pid, relay, "timer", "late"],
      [relay, gone.pid, "message", "late", "noproc"],
    ]);
  });

  test("may be a mailbox of the host, and may send to itself", async () => {
    const followed = follow(host.pid);
    host.send(host.pid, "note");
    runtime.send(host.pid, "mail");
    expect(lines(followed.messages())).toEqual([
      [host.pid, host.pid, "message", "note"],
      [0, host.pid, "message", "mail"],
    ]);
  });

  test("keeps so many of the last messages, and so many bytes of each, for each who follows it", async () => {
    const echo = runtime.spawn(await runtime.load(guest(ECHO)));
    const short = follow(echo, { most: 3, bytes: 2 });
    const long = follow(echo, { bytes: 4 });
    for (const word of ["alpha", "beta", "gamma"]) host.send(echo, word);
    await settle(runtime);
    expect(short.messages().map(({ number, bytes, length }) => [number, text(bytes), length])).toEqual([
      [4, "al", 5],
      [5, "be", 4],
      [6, "ga", 5],
    ]);
    expect(long.messages().map(({ bytes }) => text(bytes))).toEqual(["alph", "beta", "gamm", "alph", "beta", "gamm"]);
    expect(short.messages(5).map(({ number }) => number)).toEqual([6]);
    expect(() => runtime.follow(echo, { most: 0 })).toThrow(RangeError);
  });

  test("is left alone once the last one stops, and after its end its messages stay", async () => {
    const echo = runtime.spawn(await runtime.load(guest(ECHO)));
    const [one, other] = [follow(echo), follow(echo)];
    const says = async (word: string) => {
      host.send(echo, word);
      await settle(runtime);
    };
    await says("a");
    one.stop();
    await says("b");
    const words = (of: Follow) => of.messages().map(({ bytes }) => text(bytes));
    expect([words(one), words(other)]).toEqual([
      ["a", "a"],
      ["a", "a", "b", "b"],
    ]);
    runtime.kill(echo);
    await says("c");
    expect(lines(other.messages(4))).toEqual([[host.pid, echo, "message", "c", "noproc"]]);
    other.stop();
    other.stop();
    await says("d");
    expect(words(other)).toHaveLength(5);
    expect(runtime.follow(echo)).toBeUndefined();
  });

  test("counts as a guest, and the next actor of its slot is not followed", async () => {
    const module = await runtime.load(guest(ECHO));
    const echo = runtime.spawn(module);
    const before = runtime.totals();
    const followed = follow(echo);
    await settle(runtime);
    expect(runtime.totals()).toEqual({ ...before, states: { ...before.states, ready: 0, parked: 1 } });
    runtime.kill(echo);
    const others = Array.from({ length: 600 }, () => runtime.spawn(module));
    for (const other of others) host.send(other, "hello");
    await settle(runtime);
    expect(followed.messages()).toEqual([]);
    expect(runtime.counters.received).toBe(600);
    followed.stop();
  });
});

test("only messages of followed guests take the host's way", async () => {
  const deliveries = vi.spyOn(Kernel.prototype, "deliver");
  const end = runtime.spawn(await runtime.load(guest(SINK)));
  const inner = await relayTo(end);
  const outer = await relayTo(inner);
  const onTheHostsWay = async () => {
    deliveries.mockClear();
    host.send(outer, "");
    await settle(runtime);
    return deliveries.mock.calls.length;
  };
  expect(await onTheHostsWay()).toBe(1);
  const followed = runtime.follow(inner);
  expect(await onTheHostsWay()).toBe(3);
  followed?.stop();
  expect(await onTheHostsWay()).toBe(1);
  deliveries.mockRestore();
});
