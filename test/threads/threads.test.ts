/** Actors of one runtime on two threads: real workers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cbor } from "../../host/adapters/codec.ts";
import type { GuestModule, Pid } from "../../host/index.ts";
import { createRuntime, type ThreadedRuntime, type ThreadOptions } from "../../host/threads/index.ts";
import { formatPid } from "../../host/wire/pid.ts";
import { buildGuests } from "../support/guests.ts";
import { type Command, type Report, readReport, tell } from "../support/puppet.ts";
import { guest } from "../support/wat.ts";

interface Clerk {
  add(a: number, b: number): Promise<number>;
  end(): Promise<void>;
  ignore(): Promise<void>;
}

let guests: Map<string, Uint8Array<ArrayBuffer>>;
let runtime: ThreadedRuntime;
let clerk: GuestModule;
let puppet: GuestModule;
const exits: string[] = [];
const errors: string[] = [];
const setup = new URL("./setup.ts", import.meta.url);

/** Without isolation, a page has no shared memory. */
let isIsolated = true;

const begin = (options: Partial<ThreadOptions> = {}) => {
  Object.assign(globalThis, { crossOriginIsolated: isIsolated });
  return createRuntime({
    ...{ threads: 2, setup, grants: "all", limits: { allInstances: 1_000 } },
    onExit: ({ pid, reason }) => exits.push(`${formatPid(pid)} ${reason.kind}`),
    onError: error => errors.push(String(error)),
    ...options,
  });
};

describe.each(["shared memory", "ports"])("%s", mode => {
  beforeAll(async () => {
    isIsolated = mode === "shared memory";
    guests = await buildGuests("guests", ["clerk", "puppet"], "asyncify");
    runtime = await begin();
    clerk = await runtime.load(guests.get("clerk") as Uint8Array, { name: "clerk" });
    puppet = await runtime.load(guests.get("puppet") as Uint8Array, { name: "puppet" });
  });

  afterAll(() => runtime.stop());

  const clientOf = (pid: Pid) => runtime.client<Clerk>(pid, cbor);

  /** Two puppets on two threads, and the mailbox that they report to. */
  async function puppets() {
    const mailbox = runtime.mailbox();
    const args = new Uint8Array(new BigUint64Array([BigInt(mailbox.pid)]).buffer);
    const [here, there] = [0, 1].map(thread => runtime.spawn(puppet, { thread, args }));
    const reports = async (): Promise<Report[]> => {
      await runtime.settled();
      const found: Report[] = [];
      for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) found.push(readReport(item));
      return found;
    };
    const obey = (who: Pid, command: Command) => tell(runtime, who, command);
    return { here, there, reports, obey, mailbox };
  }

  test("an actor begins on the thread that was asked for, and answers calls", async () => {
    const pid = runtime.spawn(clerk, { thread: 1 });
    expect(formatPid(pid)).toMatch(/^<0\.1\./);
    expect(await clientOf(pid).add(1, 2)).toBe(3);
    expect(await runtime.threads.info(pid)).toMatchObject({ pid, module: "clerk", state: "parked" });
    runtime.kill(pid);
    await runtime.settled();
    expect(await runtime.threads.info(pid)).toBeUndefined();
  });

  test("messages sent before the actor begins arrive in order", async () => {
    const pid = runtime.spawn(clerk, { thread: 1 });
    const answers = Array.from({ length: 300 }, (_, i) => clientOf(pid).add(i, 1));
    expect(await Promise.all(answers)).toEqual(answers.map((_, i) => i + 1));
    runtime.kill(pid);
  });

  test("the end of an actor of another thread is told to the host, with its reason", async () => {
    const pid = runtime.spawn(clerk, { thread: 1 });
    const ended = runtime.exited(pid);
    const unanswered = clientOf(pid).end();
    await expect(unanswered).rejects.toThrow("ended before it answered");
    expect((await ended).kind).toBe("custom");
    expect((await runtime.exited(pid)).kind).toBe("noproc");
    await runtime.settled();
    expect(exits).toContain(`${formatPid(pid)} custom`);
  });

  test("a spawn that fails there has ended, and its reason is told", async () => {
    const pid = runtime.spawn(clerk, { thread: 1, limits: { familyActors: 0 } });
    expect(await runtime.exited(pid)).toMatchObject({
      kind: "crashed",
      message: expect.stringContaining("familyActors"),
    });
    expect(errors.some(error => error.includes("familyActors"))).toBe(true);
  });

  describe("guests on two threads", () => {
    test("are told of each other's ends by links and monitors", async () => {
      const { here, there, obey, reports } = await puppets();
      obey(here, { do: "trapExit", on: true });
      obey(here, { do: "link", whom: there });
      obey(here, { do: "monitor", whom: there, label: 7 });
      expect(await reports()).toEqual([]);
      obey(there, { do: "exit", own: "enough" });
      const got = await reports();
      expect(got.map(({ kind, from, reason }) => [kind, from, reason])).toEqual([
        ["exit", there, "enough"],
        ["down", there, "enough"],
      ]);
      runtime.kill(here);
    });

    test("end with each other along a link, and not after an unlink", async () => {
      const first = await puppets();
      first.obey(first.there, { do: "link", whom: first.here });
      await runtime.settled();
      first.obey(first.here, { do: "crash" });
      await runtime.settled();
      expect(await runtime.threads.info(first.there)).toBeUndefined();
      const second = await puppets();
      second.obey(second.there, { do: "link", whom: second.here });
      await runtime.settled();
      second.obey(second.here, { do: "unlink", whom: second.there });
      await runtime.settled();
      second.obey(second.here, { do: "crash" });
      await runtime.settled();
      expect(await runtime.threads.info(second.there)).toBeDefined();
      runtime.kill(second.there);
    });

    test("send each other exit signals and kills", async () => {
      const { here, there, obey, reports } = await puppets();
      obey(there, { do: "trapExit", on: true });
      await runtime.settled();
      obey(here, { do: "exitTo", whom: there, reason: { own: "please" } });
      expect((await reports()).map(({ kind, reason }) => [kind, reason])).toEqual([["exit", "please"]]);
      obey(here, { do: "monitor", whom: there, label: 1 });
      obey(here, { do: "exitTo", whom: there, reason: "kill" });
      expect((await reports()).map(({ kind, reason }) => [kind, reason])).toEqual([["down", "killed"]]);
      runtime.kill(here);
    });
  });

  test("a supervisor restarts children on several threads", async () => {
    const supervisor = runtime.supervise({
      strategy: "one_for_all",
      children: [0, 1].map(thread => ({ id: `${thread}`, start: clerk, thread })),
    });
    const before = supervisor.children.map(({ pid }) => pid as Pid);
    expect(before.map(pid => formatPid(pid).slice(0, 4))).toEqual(["<0.0", "<0.1"]);
    await clientOf(before[1])
      .end()
      .catch(() => undefined);
    let after = before;
    // It waits for the others to stop.
    while (after.some(pid => pid === undefined || before.includes(pid))) {
      await runtime.settled();
      after = supervisor.children.map(({ pid }) => pid as Pid);
    }
    expect(await Promise.all(after.map(pid => clientOf(pid).add(2, 3)))).toEqual([5, 5]);
    await supervisor.stop();
  });

  test("children of guests are spread, and call the functions of their own threads", async () => {
    const child = await runtime.load(
      guest(`(import "place" "thread" (func $thread (result i32)))
      (func (export "run")
        (drop (call $args (i32.const 0) (i32.const 8)))
        (drop (call $send (i32.load (i32.const 0)) (i32.load (i32.const 4)) (call $thread) (i32.const 0) (i32.const 0))))`),
      { name: "child" },
    );
    const parent = await runtime.load(
      guest(`(data (i32.const 32) "child")
      (func (export "run") (local $i i32)
        (drop (call $args (i32.const 0) (i32.const 8)))
        (loop $more
          (drop (call $spawn (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 64)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $more (i32.lt_u (local.get $i) (i32.const 4)))))`),
      { name: "parent" },
    );
    runtime.define("child", child, { placement: "spread" });
    const mailbox = runtime.mailbox();
    const args = new Uint8Array(new BigUint64Array([BigInt(mailbox.pid)]).buffer);
    const before = errors.length;
    for (const thread of [0, 1]) {
      runtime.spawn(parent, { thread, args });
      await runtime.settled();
      const tags: number[] = [];
      for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
        if (item.kind === "message") tags.push(item.tag);
      }
      expect([errors.slice(before), tags.sort()]).toEqual([[], [0, 0, 1, 1]]);
    }
  });

  test("a name belongs to one actor of all threads, and is free before its end is told", async () => {
    const [first, second] = [0, 1].map(thread => runtime.spawn(clerk, { thread }));
    expect(runtime.register("desk", second)).toBe(true);
    expect(runtime.register("desk", first)).toBe(false);
    await runtime.settled();
    expect(runtime.whereis("desk")).toBe(second);
    expect(await runtime.client<Clerk>("desk", cbor).add(4, 5)).toBe(9);
    expect(() => runtime.spawn(clerk, { thread: 0, name: "desk" })).toThrow("desk");
    expect(() => runtime.spawn(clerk, { thread: 1, name: "desk" })).toThrow("desk");
    let seen: Pid | undefined = second;
    const ended = runtime.exited(second).then(() => {
      seen = runtime.whereis("desk");
    });
    runtime.kill(second);
    await ended;
    expect(seen).toBeUndefined();
    const third = runtime.spawn(clerk, { thread: 1, name: "desk" });
    await runtime.settled();
    expect(runtime.whereis("desk")).toBe(third);
    expect(await runtime.threads.info(third)).toMatchObject({ names: ["desk"] });
    expect(runtime.unregister("desk")).toBe(true);
    await runtime.settled();
    expect(runtime.whereis("desk")).toBeUndefined();
    for (const pid of [first, third]) runtime.kill(pid);
  });

  test("a group has members on all threads, until they end", async () => {
    const pids = [0, 1, 1].map(thread => runtime.spawn(clerk, { thread }));
    for (const pid of pids) expect(runtime.join("clerks", pid)).toBe(true);
    await runtime.settled();
    await runtime.settled();
    expect(runtime.members("clerks").sort()).toEqual([...pids].sort());
    expect(runtime.broadcast("clerks", "nothing")).toBe(3);
    runtime.leave("clerks", pids[1]);
    runtime.kill(pids[2]);
    await runtime.settled();
    await runtime.settled();
    expect(runtime.members("clerks")).toEqual([pids[0]]);
    for (const pid of pids) runtime.kill(pid);
  });

  test("counters and totals of all threads add up", async () => {
    await runtime.settled();
    const [counters, totals] = [await runtime.threads.counters(), await runtime.threads.totals()];
    expect(counters.sent).toBe(counters.received + counters.dead + totals.mailboxItems);
    const snapshots = await runtime.threads.snapshots();
    expect(snapshots.map(({ thread }) => thread)).toEqual([0, 1]);
    expect((await runtime.threads.load()).length).toBe(2);
  });

  test("functions without a setup module are refused, in words", async () => {
    const imports = { db: { get: () => 1 } };
    await expect(createRuntime({ threads: 2, imports })).rejects.toThrow("setup module");
    await expect(createRuntime({ threads: 0 })).rejects.toThrow("from 1 to 64");
    await expect(createRuntime({ threads: 2, random: Math.random })).rejects.toThrow("random");
  });

  test("a thread that cannot begin rejects", async () => {
    const setup = new URL(
      "data:text/javascript,export default ({ thread }) => { if (thread) throw new Error('no database'); }",
    );
    await expect(createRuntime({ threads: 2, setup })).rejects.toThrow("thread 1 could not begin: no database");
  });

  test("a thread that is lost is noconnection for every tie, and its pids are dead", async () => {
    const lost: string[] = [];
    const other = await begin({ onError: (_, what) => lost.push(what) });
    const module = await other.load(guests.get("clerk") as Uint8Array);
    const pid = other.spawn(module, { thread: 1 });
    expect(await other.client<Clerk>(pid, cbor).add(1, 1)).toBe(2);
    const [ended, unanswered] = [other.exited(pid), other.client<Clerk>(pid, cbor).ignore()];
    const refused = expect(unanswered).rejects.toThrow("noconnection");
    other.threads.terminate(1);
    expect(await ended).toEqual({ kind: "noconnection" });
    await refused;
    expect(other.threads.live).toEqual([0]);
    expect(lost).toEqual(["thread 1"]);
    expect(lost).toEqual(["thread 1"]);
    expect(other.send(pid, "late")).toBe(false);
    expect(await other.exited(pid)).toEqual({ kind: "noproc" });
    expect(() => other.spawn(module, { thread: 1 })).toThrow("no thread 1");
    await other.stop();
  });
});
