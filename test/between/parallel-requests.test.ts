/**
 * `request` of the guest library: several requests in flight. Processes wait for the answers;
 * handlers and servers take them as items. The callees belong to the host.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import { formatReason, type GuestModule, type HostMailbox, type Message, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet, WAYS } from "../support/guests.ts";

const decoder = new TextDecoder();

describe.each(WAYS)("a guest built for %s that asks several at once", way => {
  let wasm: Uint8Array<ArrayBuffer>;
  let clock: ManualClock;
  let runtime: Runtime;
  let module: GuestModule;
  let observer: HostMailbox;
  let callees: HostMailbox[];
  let ends: Map<Pid, string>;

  beforeAll(async () => {
    wasm = await buildGuest("guests", "inquirer", way);
  });

  beforeEach(async () => {
    clock = new ManualClock();
    ends = new Map();
    runtime = new Runtime({
      clock,
      readString,
      onExit: ({ pid, reason }) => ends.set(pid, formatReason(reason)),
    });
    observer = runtime.mailbox();
    callees = [0, 1, 2].map(() => runtime.mailbox());
    module = await runtime.load(wasm, { name: "inquirer" });
  });

  afterEach(() => runtime.stop());

  async function start(entry: string, whom: readonly Pid[] = callees.map(({ pid }) => pid)): Promise<Pid> {
    const pid = runtime.spawn(module, { entry, args: [observer.pid, ...whom].join(" ") });
    await quiet();
    return pid;
  }

  /** The one request that a callee has got. */
  function asked(callee: number): Message {
    const item = callees[callee].poll();
    if (item?.kind !== "message") throw new Error(`callee ${callee} was not asked`);
    return item;
  }

  async function answer(callee: number, text: string): Promise<boolean> {
    const accepted = callees[callee].reply(asked(callee), text);
    await quiet();
    return accepted;
  }

  async function pass(ms: number): Promise<void> {
    await clock.advance(ms);
    await quiet();
  }

  function told(): string[] {
    const texts: string[] = [];
    for (let item = observer.poll(); item !== undefined; item = observer.poll()) {
      texts.push(item.kind === "message" ? decoder.decode(item.bytes) : item.kind);
    }
    return texts;
  }

  test("gets the replies in the order in which they come, and leaves other mail where it is", async () => {
    const guest = await start("any");
    runtime.send(guest, "other mail");
    await answer(2, "c");
    await answer(0, "a");
    callees[1].close();
    await quiet();
    expect(told()).toEqual(["2: c", "0: a", "1: the callee ended: normal", "0 left", "other mail"]);
    expect(ends.get(guest)).toBe("normal");
  });

  test("waits for any of them no longer than it says, and lets go of the rest", async () => {
    await start("any");
    await answer(1, "b");
    await pass(100);
    expect(told()).toEqual(["1: b", "2 left"]);
    expect(await answer(0, "late")).toBe(false);
  });

  test("waits for all of them, keeps their answers, and has what is late time out", async () => {
    await start("all");
    await answer(1, "b");
    await pass(60);
    await answer(0, "a");
    await pass(39);
    expect(told()).toEqual([]);
    await pass(1);
    expect(told()).toEqual(["0: a", "1: b", "2: not answered in time"]);
    expect(await answer(2, "late")).toBe(false);
    await pass(1_000);
    expect(told()).toEqual(["0 left, nothing else"]);
  });

  test("waits for all of them no longer than until the last is over, and its timer is gone", async () => {
    await start("all");
    for (const callee of [2, 1, 0]) await answer(callee, `answer ${callee}`);
    expect(told()).toEqual(["0: answer 0", "1: answer 1", "2: answer 2"]);
    await pass(1_000);
    expect(told()).toEqual(["0 left, nothing else"]);
  });

  test("waits for each where it likes, also where the answer has come before", async () => {
    await start("each");
    await answer(0, "a");
    await answer(2, "c");
    expect(told()).toEqual(["2: c"]);
    await pass(100);
    expect(told()).toEqual(["1: not answered in time", "0: a"]);
    expect(await answer(1, "late")).toBe(false);
    await pass(1_000);
    expect(told()).toEqual(["nothing else"]);
  });

  test("cancels one, whose answer is refused then", async () => {
    await start("cancels");
    expect(told()).toEqual(["false true false cancelled"]);
    expect(await answer(0, "late")).toBe(false);
    await pass(1_000);
    expect(told()).toEqual(["nothing else"]);
  });

  test("is told at once that a callee is dead", async () => {
    const dead = callees[0].pid;
    callees[0].close();
    await start("any", [dead]);
    expect(told()).toEqual(["0: the callee ended: noproc", "0 left"]);
  });

  test("does not wait for itself, and answers itself where it serves itself", async () => {
    await start("own");
    expect(told()).toEqual(["the callee is the caller itself", "by myself"]);
  });

  test("as a server gets the replies in a hook of theirs, and goes on with its work", async () => {
    const guest = await start("serves");
    runtime.send(guest, "ask");
    await quiet();
    runtime.send(guest, "work", { tag: 1 });
    await answer(1, "b");
    callees[0].close();
    await quiet();
    runtime.send(guest, "work", { tag: 1 });
    await answer(2, "c");
    expect(told()).toEqual(["cast", "1: b", "0: the callee ended: normal", "cast", "2: c"]);
  });

  test("as a handler takes each reply among its items", async () => {
    const guest = await start("handle");
    runtime.send(guest, "begin");
    await quiet();
    await answer(2, "c");
    runtime.send(guest, "other");
    callees[1].close();
    await quiet();
    runtime.send(guest, "cancel");
    await quiet();
    expect(told()).toEqual([
      "2: c",
      "not a reply: other",
      "1: the callee ended: normal",
      "not a reply: cancel",
      "0: true",
    ]);
    expect(await answer(0, "late")).toBe(false);
    expect(told()).toEqual([]);
  });
});

describe("a request that is refused", () => {
  let wasm: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    wasm = await buildGuest("guests", "inquirer", "asyncify");
  });

  test("is over at once, and says why", async () => {
    await using runtime = new Runtime({ clock: new ManualClock(), readString });
    const module = await runtime.load(wasm);
    const observer = runtime.mailbox();
    const full = runtime.spawn(module, { entry: "handle", limits: { mailboxMessages: 0 } });
    const small = runtime.spawn(module, { entry: "handle", limits: { messageBytes: 1 } });
    for (const [entry, limits] of [
      ["any", {}],
      ["serves", {}],
      ["any", { ties: 1 }],
    ] as const) {
      const guest = runtime.spawn(module, { entry, limits, args: [observer.pid, full, small, observer.pid].join(" ") });
      runtime.send(guest, "ask");
    }
    await quiet();
    const texts: string[] = [];
    for (let item = observer.poll(); item !== undefined; item = observer.poll()) {
      if (item.kind === "message" && item.ref === 0) texts.push(decoder.decode(item.bytes));
    }
    expect(texts.sort()).toEqual([
      ...Array(3).fill("0: the mailbox of the callee is full"),
      ...Array(3).fill("1: the request is too large"),
    ]);
  });
});
