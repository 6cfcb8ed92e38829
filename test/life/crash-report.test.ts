/**
 * What the host learns of a crash: the reason's message and stack, and the item that the guest had
 * taken last.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import { type ActorExit, type HostMailbox, type Pid, Runtime, type SpawnOptions } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet } from "../support/guests.ts";

const bytes = (words: string) => new TextEncoder().encode(words);
const compiled = new Map<string, WebAssembly.Module>();

beforeAll(async () => {
  for (const way of ["asyncify", "jspi"] as const) {
    const wasm = await buildGuest("guests", "fragile", way);
    compiled.set(way, await WebAssembly.compile(wasm));
  }
});

describe.each([
  ["a process by Asyncify", "asyncify", "run"],
  ["a process by JSPI", "jspi", "run"],
  ["a handler", "asyncify", "handle"],
] as const)("the crash of %s", (_name, way, entry) => {
  let clock: ManualClock;
  let runtime: Runtime;
  let mailbox: HostMailbox;
  let exits: ActorExit[];

  beforeEach(async () => {
    clock = new ManualClock();
    exits = [];
    runtime = new Runtime({ grants: "all", clock, readString, onExit: exit => exits.push(exit) });
    mailbox = runtime.mailbox();
    const module = await runtime.load(compiled.get(way) as WebAssembly.Module, { name: "fragile" });
    runtime.define("fragile", module, { entry });
  });
  afterEach(() => runtime.stop());

  async function fragile(options: SpawnOptions = {}): Promise<Pid> {
    const pid = runtime.spawn("fragile", options);
    await quiet();
    return pid;
  }

  /** The crash of an actor, after it was sent this by the mailbox. */
  async function crash(pid: Pid, what: string, tag = 0): Promise<ActorExit> {
    mailbox.send(pid, bytes(what), { tag });
    await quiet();
    const exit = exits.find(exit => exit.pid === pid);
    if (exit === undefined) throw new Error(`${what} did not end it`);
    return exit;
  }

  test("says who crashed, of which module, and why, with the place and the stack", async () => {
    const pid = await fragile();
    expect(await crash(pid, "break")).toMatchObject({
      pid,
      module: "fragile",
      reason: {
        kind: "crashed",
        message: expect.stringMatching(/^broken \(.*fragile\.ts:\d+:\d+\)$/),
        stack: expect.stringContaining("wasm://"),
      },
    });
  });

  test("shows the message that was being handled: its sender, tag and bytes", async () => {
    const pid = await fragile();
    mailbox.send(pid, bytes("before"), { tag: 3 });
    const { lastReceived } = await crash(pid, "break it", 7);
    expect(lastReceived).toEqual({ kind: "message", from: mailbox.pid, tag: 7, ref: 0, bytes: bytes("break it") });
  });

  test("shows a message of the host, and one that came in one turn with those around it", async () => {
    const pid = await fragile();
    for (const what of ["before", "break", "behind"]) runtime.send(pid, what, { tag: what.length });
    await quiet();
    expect(exits[0].lastReceived).toEqual({ kind: "message", from: 0, tag: 5, ref: 0, bytes: bytes("break") });
  });

  test("shows the ref of a request, and the call rejects with the reason", async () => {
    const pid = await fragile();
    const error = await runtime.call(pid, "break", { tag: 4 }).catch(error => error);
    const [{ reason, lastReceived }] = exits;
    expect(error.reason).toEqual(reason);
    expect(lastReceived).toMatchObject({ kind: "message", tag: 4, bytes: bytes("break") });
    expect(lastReceived?.kind === "message" && lastReceived.ref < 0).toBe(true);
  });

  test("shows the Down, with its ref and reason", async () => {
    const [pid, other] = [await fragile(), await fragile()];
    mailbox.send(pid, bytes(`watch ${other}`));
    await quiet();
    mailbox.send(other, bytes("leave"));
    await quiet();
    const { lastReceived } = exits[1];
    expect(exits.map(exit => exit.pid)).toEqual([other, pid]);
    expect(lastReceived).toMatchObject({
      kind: "down",
      from: other,
      reason: { kind: "custom", bytes: bytes("gone home") },
    });
    expect(lastReceived?.kind === "down" && lastReceived.ref < 0).toBe(true);
  });

  test("shows the Exit, with its reason", async () => {
    const [pid, other] = [await fragile(), await fragile()];
    mailbox.send(pid, bytes(`trap ${other}`));
    await quiet();
    runtime.kill(other);
    await quiet();
    expect(exits.map(exit => exit.pid)).toEqual([other, pid]);
    expect(exits[1].lastReceived).toEqual({ kind: "exit", from: other, reason: { kind: "killed" } });
  });

  test("shows the timer, with its ref", async () => {
    const pid = await fragile();
    mailbox.send(pid, bytes("wait 10"));
    await quiet();
    clock.jump(10);
    await quiet();
    const { lastReceived } = exits[0];
    expect(lastReceived).toMatchObject({ kind: "timer", from: pid, tag: 9, bytes: bytes("over") });
    expect(lastReceived?.kind === "timer" && lastReceived.ref < 0).toBe(true);
  });

  test.each([256, 257, 1023, 1024, 1025, 100_000])("shows at most 1 KiB of a payload of %i bytes", async length => {
    const payload = `break${"0123456789".repeat(10_000)}`.slice(0, length);
    const { lastReceived } = await crash(await fragile(), payload);
    expect(lastReceived).toMatchObject({ kind: "message", bytes: bytes(payload.slice(0, 1024)) });
  });

  test("shows nothing where nothing was received, though something was there", async () => {
    const pid = runtime.spawn("fragile", { args: "at birth" });
    runtime.send(pid, "before");
    await quiet();
    expect(exits).toMatchObject([{ pid, reason: { kind: "crashed", message: expect.stringMatching(/^born broken/) } }]);
    expect(exits[0].lastReceived).toBeUndefined();
  });

  test("is the only end that shows one: leaving, being killed and being stopped do not", async () => {
    const [leaves, killed, stopped] = [await fragile(), await fragile(), await fragile()];
    for (const pid of [killed, stopped]) mailbox.send(pid, bytes("before"));
    mailbox.send(leaves, bytes("leave"));
    await quiet();
    runtime.kill(killed);
    await runtime.stop();
    const guests = exits.filter(({ module }) => module !== undefined);
    expect(guests.map(({ pid, reason }) => [pid, reason.kind])).toEqual([
      [leaves, "custom"],
      [killed, "killed"],
      [stopped, "shutdown"],
    ]);
    for (const exit of guests) expect("lastReceived" in exit).toBe(false);
  });

  test("that comes along a link shows nothing: the one linked had handled its last item well", async () => {
    const pid = await fragile();
    const other = runtime.mailbox();
    other.link(pid);
    other.send(pid, bytes("harmless"));
    await quiet();
    other.end({ kind: "crashed", message: "broken elsewhere", stack: "" });
    expect(exits).toMatchObject(
      [{ pid: other.pid }, { pid }].map(exit => ({ ...exit, reason: { message: "broken elsewhere" } })),
    );
    expect(exits[1].lastReceived).toBeUndefined();
  });
});
