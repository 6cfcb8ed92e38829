/**
 * Code of the host as an actor among guests: mailboxes with ties, async functions that end as
 * actors do, groups, polling.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ClosedError,
  type Exit,
  type ExitReason,
  formatReason,
  type HostMailbox,
  type Message,
  type Pid,
  type Received,
  Runtime,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { guestModules, quiet } from "../support/guests.ts";
import { readReport, tell } from "../support/puppet.ts";

const bytes = (words: string) => new TextEncoder().encode(words);
const own = (words: string): ExitReason => ({ kind: "custom", bytes: bytes(words) });

let compiled: Map<string, WebAssembly.Module>;
let clock: ManualClock;
let runtime: Runtime;
let mailbox: HostMailbox;
let ends: Map<Pid, ExitReason>;

beforeAll(async () => {
  compiled = await guestModules("guests", ["puppet", "subject"], "asyncify");
});

beforeEach(async () => {
  clock = new ManualClock();
  ends = new Map();
  runtime = new Runtime({
    grants: "all",
    clock,
    limits: { memoryPages: 4 },
    onExit: ({ pid, module, reason }) => {
      ends.set(pid, reason);
      expect(module === undefined).toBe(!guests.has(pid));
    },
  });
  guests.clear();
  mailbox = runtime.mailbox();
  for (const [name, module] of compiled) runtime.define(name, await runtime.load(module, { name }));
});
afterEach(() => runtime.stop());

const guests = new Set<Pid>();

/** A guest that does what it is told and reports what it gets to `mailbox`. */
function puppet(): Pid {
  const pid = runtime.spawn("puppet", { args: new Uint8Array(BigUint64Array.of(BigInt(mailbox.pid)).buffer) });
  guests.add(pid);
  return pid;
}

async function items(of = mailbox): Promise<Received[]> {
  await quiet();
  const all: Received[] = [];
  for (let item = of.poll(); item !== undefined; item = of.poll()) all.push(item);
  return all;
}

const exits = async () => (await items()).map(item => [item.kind, item.from, formatReason((item as Exit).reason)]);
const reports = async () => (await items()).map(item => readReport(item)).map(r => [r.kind, r.from, r.label, r.reason]);

describe("a host mailbox", () => {
  test("that is linked is told by an item, whatever the reason, and lives", async () => {
    const [normal, crashing, killed, leaving] = [puppet(), puppet(), puppet(), puppet()];
    for (const pid of [normal, crashing, killed, leaving]) mailbox.link(pid);
    runtime.kill(killed);
    tell(runtime, normal, { do: "exitNormally" });
    tell(runtime, crashing, { do: "crash" });
    tell(runtime, leaving, { do: "exit", own: "bye" });
    expect(await exits()).toEqual([
      ["exit", killed, "killed"],
      ["exit", normal, "normal"],
      ["exit", crashing, "crashed: unreachable"],
      ["exit", leaving, "custom: bye"],
    ]);
    expect(runtime.isAlive(mailbox.pid)).toBe(true);
  });

  test("is told noproc when it links with the dead, and nothing once it has unlinked itself", async () => {
    const [dead, alive] = [puppet(), puppet()];
    runtime.kill(dead);
    mailbox.link(dead);
    mailbox.link(alive);
    mailbox.unlink(alive);
    mailbox.unlink(dead);
    runtime.kill(alive);
    expect(await exits()).toEqual([["exit", dead, "noproc"]]);
  });

  test("ends those that are linked to it, unless it ends normal or they trap exits", async () => {
    const [plain, trapping] = [puppet(), puppet()];
    tell(runtime, trapping, { do: "trapExit", on: true });
    await quiet();
    for (const reason of [{ kind: "normal" }, own("bye")] as const) {
      const other = runtime.mailbox();
      for (const pid of [plain, trapping]) other.link(pid);
      other.end(reason);
      expect(await reports()).toEqual([["exit", other.pid, 0, reason.kind === "normal" ? "normal" : "bye"]]);
      expect(runtime.isAlive(plain)).toBe(reason.kind === "normal");
    }
    expect(ends.get(plain)).toEqual(own("bye"));
  });

  test("sends exit signals as itself, and gets those of others as items; only killed ends it", async () => {
    const [plain, trapping] = [puppet(), puppet()];
    tell(runtime, trapping, { do: "trapExit", on: true });
    await quiet();
    expect(mailbox.exit(plain, { kind: "normal" })).toBe(true);
    expect(mailbox.exit(trapping, { kind: "normal" })).toBe(true);
    expect(await reports()).toEqual([["exit", mailbox.pid, 0, "normal"]]);
    mailbox.exit(plain, own("you must"));
    expect(ends.get(plain)).toEqual(own("you must"));
    expect(mailbox.exit(plain, { kind: "shutdown" })).toBe(false);

    mailbox.exit(mailbox.pid, { kind: "normal" });
    runtime.exit(mailbox.pid, { kind: "shutdown" });
    tell(runtime, trapping, { do: "exitTo", whom: mailbox.pid, reason: { own: "no" } });
    expect(await exits()).toEqual([
      ["exit", mailbox.pid, "normal"],
      ["exit", 0, "shutdown"],
      ["exit", trapping, "custom: no"],
    ]);
    tell(runtime, trapping, { do: "exitTo", whom: mailbox.pid, reason: "kill" });
    await quiet();
    expect(ends.get(mailbox.pid)).toEqual({ kind: "killed" });
  });

  test("is monitored by guests: the down says why it ended, noproc afterwards", async () => {
    const watcher = puppet();
    const others = [runtime.mailbox(), runtime.mailbox(), runtime.mailbox()];
    for (const [label, { pid }] of others.entries()) tell(runtime, watcher, { do: "monitor", whom: pid, label });
    await quiet();
    others[0].close();
    others[1].end(own("bye"));
    runtime.kill(others[2].pid);
    await quiet();
    tell(runtime, watcher, { do: "monitor", whom: others[0].pid, label: 3 });
    expect(await reports()).toEqual([
      ["down", others[0].pid, 0, "normal"],
      ["down", others[1].pid, 1, "bye"],
      ["down", others[2].pid, 2, "killed"],
      ["down", others[0].pid, 3, "noproc"],
    ]);
  });

  test("answers a request of a guest once, and is told when nobody waits any more", async () => {
    const guest = runtime.spawn("subject", { args: `0  ${mailbox.pid}` });
    guests.add(guest);
    const called = runtime.call(guest, "ask through");
    const item = await mailbox.receive();
    expect(item).toMatchObject({ kind: "message", from: guest, bytes: bytes("ask") });
    if (item?.kind !== "message") return;
    expect(item.ref).toBeLessThan(0);
    expect(mailbox.reply(item, bytes("fine"))).toBe(true);
    expect(await called).toEqual(bytes("fine"));
    expect(mailbox.reply(item, bytes("fine"))).toBe(false);
    runtime.kill(guest);
    expect(mailbox.reply(item, bytes("fine"))).toBe(false);
  });

  test("joins groups once, in its place, gets what is sent to them, and leaves", async () => {
    const others = [runtime.mailbox(), runtime.mailbox()];
    for (const one of [others[0], mailbox, others[1], mailbox]) one.join("crew");
    expect(runtime.members("crew")).toEqual([others[0].pid, mailbox.pid, others[1].pid]);
    expect(runtime.broadcast("crew", "all hands", { tag: 3 })).toBe(3);
    expect(await items()).toEqual([{ kind: "message", from: 0, tag: 3, ref: 0, bytes: bytes("all hands") }]);
    expect(mailbox.leave("crew")).toBe(true);
    expect(mailbox.leave("crew")).toBe(false);
    others[0].close();
    expect(runtime.members("crew")).toEqual([others[1].pid]);
    expect(runtime.broadcast("crew", "all hands")).toBe(1);
    expect(runtime.broadcast("nobody", "all hands")).toBe(0);
    expect(await items()).toEqual([]);
  });

  test("that is closed is no actor any more: it cannot be found, named, or received from", async () => {
    runtime.register("box", mailbox.pid);
    mailbox.close();
    mailbox.close();
    expect(runtime.isAlive(mailbox.pid)).toBe(false);
    expect(runtime.whereis("box")).toBeUndefined();
    expect(runtime.register("box", mailbox.pid)).toBe(false);
    expect(mailbox.poll()).toBeUndefined();
    await expect(mailbox.receive({ timeoutMs: 0 })).rejects.toThrow(ClosedError);
    expect(await runtime.exited(mailbox.pid)).toEqual({ kind: "noproc" });
  });

  test("that is closed sends nothing any more: the Down was its last", () => {
    const closed = runtime.mailbox();
    const watcher = runtime.mailbox();
    const ref = watcher.monitor(closed.pid);
    const asked = closed.monitor(watcher.pid);
    watcher.send(closed.pid, "a request");
    const request = closed.poll() as Message;
    closed.close();
    expect(closed.send(watcher.pid, "late")).toBe(false);
    expect(closed.reply({ ...request, ref: 7 }, "late")).toBe(false);
    expect(closed.delegate(request, watcher.pid)).toBe(false);
    expect(closed.exit(watcher.pid, own("late"))).toBe(false);
    expect(closed.demonitor(asked)).toBe(false);
    expect(watcher.poll()).toMatchObject({ kind: "down", ref });
    expect(watcher.poll()).toBe(undefined);
  });

  test("that is closed joins no group", () => {
    mailbox.close();
    mailbox.join("crew");
    expect(runtime.members("crew")).toEqual([]);
  });
});

test("a host mailbox sends text as UTF-8, and refuses what is neither text nor bytes", () => {
  mailbox.send(mailbox.pid, "grüße");
  expect(mailbox.poll()).toMatchObject({ bytes: bytes("grüße") });
  expect(() => mailbox.send(mailbox.pid, [1, 2] as unknown as Uint8Array)).toThrow(TypeError);
  expect(mailbox.size).toBe(0);
});

describe("polling", () => {
  test("takes what is there, in order, and answers undefined where nothing is", () => {
    runtime.send(mailbox.pid, "a");
    runtime.send(mailbox.pid, "b");
    expect(mailbox.poll()).toMatchObject({ bytes: bytes("a") });
    expect(mailbox.poll()).toMatchObject({ bytes: bytes("b") });
    expect(mailbox.poll()).toBeUndefined();
  });

  test("from inside a predicate is refused, as a receive is", async () => {
    for (const what of ["a", "b", "c"]) runtime.send(mailbox.pid, what);
    let polled: unknown = "refused";
    const matches = () => {
      try {
        polled = mailbox.poll();
      } catch {}
      return true;
    };
    expect(await mailbox.receiveMatch(matches, { timeoutMs: 0 })).toMatchObject({ bytes: bytes("a") });
    expect(polled).toBe("refused");
    expect((await items()).map(item => item.kind === "message" && item.bytes)).toEqual([bytes("b"), bytes("c")]);
  });

  test("while a receive waits leaves it what it has looked at: each item is tested once", async () => {
    for (const what of ["a", "b"]) runtime.send(mailbox.pid, what);
    const asked: string[] = [];
    const waiting = mailbox.receiveMatch(item => {
      if (item.kind === "message") asked.push(new TextDecoder().decode(item.bytes));
      return asked.at(-1) === "d";
    });
    await quiet();
    try {
      expect(mailbox.poll()).toMatchObject({ bytes: bytes("a") });
    } catch {}
    for (const what of ["c", "d"]) runtime.send(mailbox.pid, what);
    await waiting;
    expect(asked).toEqual(["a", "b", "c", "d"]);
  });
});

describe("a host actor", () => {
  test("ends normal when its function returns, and those linked to it live", async () => {
    const linked = puppet();
    const pid = runtime.actor(async own => {
      own.link(linked);
      await own.receive();
    });
    const ended = runtime.exited(pid);
    await quiet();
    runtime.send(pid, "go");
    expect(await ended).toEqual({ kind: "normal" });
    await quiet();
    expect([runtime.isAlive(pid), runtime.isAlive(linked)]).toEqual([false, true]);
  });

  test("has crashed when its function throws, and those linked to it crash with it", async () => {
    const linked = puppet();
    const pid = runtime.actor(async own => {
      own.link(linked);
      await own.receive();
      throw new TypeError("a bad day");
    });
    await quiet();
    runtime.send(pid, "go");
    await quiet();
    const reason = {
      kind: "crashed",
      message: "TypeError: a bad day",
      stack: expect.stringContaining("host-actors.test.ts"),
    };
    expect([ends.get(pid), ends.get(linked)]).toEqual([reason, reason]);
  });

  test("begins after those who have its pid could tie themselves to it", async () => {
    const pid = runtime.actor(() => {
      throw new Error("at once");
    });
    const ref = mailbox.monitor(pid);
    mailbox.link(pid);
    const [first, second] = await items();
    expect(first).toMatchObject({ kind: "exit", from: pid, reason: { message: "Error: at once" } });
    expect(second).toMatchObject({ kind: "down", from: pid, ref, reason: { message: "Error: at once" } });
  });

  test.each(["receive", "receiveMatch", "receive in time", "iteration"])(
    "that is killed sees a ClosedError in its %s, or the end of it, and tells others killed",
    async how => {
      let seen: unknown;
      const pid = runtime.actor(async own => {
        try {
          if (how === "receive") await own.receive();
          else if (how === "receiveMatch") await own.receiveMatch(() => false);
          else if (how === "receive in time") await own.receive({ timeoutMs: 10 });
          else for await (const _ of own);
          seen = "the end";
        } catch (error) {
          seen = error;
          throw error;
        }
      });
      const ref = mailbox.monitor(pid);
      await quiet();
      runtime.kill(pid);
      expect(await items()).toEqual([{ kind: "down", from: pid, ref, reason: { kind: "killed" } }]);
      if (how === "iteration") expect(seen).toBe("the end");
      else expect(seen).toBeInstanceOf(ClosedError);
      clock.jump(10);
      await quiet();
      expect(ends.get(pid)).toEqual({ kind: "killed" });
    },
  );

  test("that is killed while it waits for something else ends once, and its next receive rejects", async () => {
    let go = () => {};
    let seen: unknown;
    const pid = runtime.actor(async own => {
      await new Promise<void>(resolve => {
        go = resolve;
      });
      await own.receive().catch(error => {
        seen = error;
      });
      throw new Error("nobody hears this");
    });
    await quiet();
    runtime.kill(pid);
    expect(ends.get(pid)).toEqual({ kind: "killed" });
    go();
    await quiet();
    expect(seen).toBeInstanceOf(ClosedError);
    expect(ends.get(pid)).toEqual({ kind: "killed" });
    expect(runtime.counters.ended).toBe(1);
  });

  test("gets exit signals as items, and goes on", async () => {
    const got: string[] = [];
    const pid = runtime.actor(async own => {
      for await (const item of own) if (item.kind === "exit") got.push(formatReason(item.reason));
    });
    await quiet();
    for (const reason of [{ kind: "normal" }, { kind: "shutdown" }, own("enough")] as const) runtime.exit(pid, reason);
    await quiet();
    expect(got).toEqual(["normal", "shutdown", "custom: enough"]);
    expect(runtime.isAlive(pid)).toBe(true);
  });

  test("answers calls", async () => {
    const pid = runtime.actor(async own => {
      for await (const item of own) if (item.kind === "message") own.reply(item, Uint8Array.of(item.bytes[0] + 1));
    });
    expect(await runtime.call(pid, Uint8Array.of(1))).toEqual(Uint8Array.of(2));
  });
});
