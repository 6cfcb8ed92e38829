/**
 * Supervisors of the host against OTP's supervisor: which children an end affects, which restart
 * and in which order, when a supervisor gives up, and how children are stopped. The children are
 * guests that say when they start and when they are asked to stop.
 */

import { fc, test as law } from "@fast-check/vitest";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import {
  type ChildReport,
  type ChildSpec,
  ClosedError,
  formatPid,
  formatReason,
  formatReport,
  type HostMailbox,
  type Pid,
  type Restart,
  Runtime,
  SpawnError,
  type Strategy,
  type Supervisor,
  type SupervisorOptions,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { guestModules, quiet, textsFor } from "../support/guests.ts";
import { tell } from "../support/puppet.ts";

const strategies: readonly Strategy[] = ["one_for_one", "one_for_all", "rest_for_one"];

let compiled: Map<string, WebAssembly.Module>;
let clock: ManualClock;
let runtime: Runtime;
let observer: HostMailbox;
let ends: Map<Pid, string>;
let reports: ChildReport[];

beforeAll(async () => {
  compiled = await guestModules("guests", ["subject", "puppet"], "asyncify");
});

async function begin(): Promise<void> {
  clock = new ManualClock();
  ends = new Map();
  reports = [];
  runtime = new Runtime({
    grants: "all",
    clock,
    readString,
    limits: { memoryPages: 4 },
    onExit: ({ pid, reason }) => ends.set(pid, formatReason(reason)),
  });
  observer = runtime.mailbox();
  for (const [name, module] of compiled) runtime.define(name, await runtime.load(module, { name }));
}
beforeEach(begin);
afterEach(() => runtime.stop());

function supervise(options: SupervisorOptions): Supervisor {
  return runtime.supervise({ onReport: report => reports.push(report), ...options });
}

/**
 * A child that traps exits, says when it is up and when it goes down, and has its id as a name. One
 * whose id begins with "!" does not stop when asked to.
 */
function talker(id: string, more: Partial<ChildSpec> = {}): ChildSpec {
  return { id, start: "subject", args: `${observer.pid} ${id}`, name: id, ...more };
}

/** A child that says nothing and ends when asked to. */
function plain(id: string, more: Partial<ChildSpec> = {}): ChildSpec {
  return { id, start: "subject", args: `${observer.pid}`, name: id, ...more };
}

/** Reports as lists, in the order of their fields. */
const listed = () => reports.map(({ supervisor, id, pid, reason, action }) => [supervisor, id, pid, reason, action]);

/** What was said since the last time, once all actors wait. */
const heard = () => textsFor(observer);

async function advance(ms: number): Promise<void> {
  clock.jump(ms);
  await quiet();
}

async function crash(id: string): Promise<void> {
  runtime.send(id, "crash");
  await quiet();
}

const ids = (supervisor: Supervisor) => supervisor.children.map(({ id }) => id);
const running = (supervisor: Supervisor) => supervisor.children.filter(({ pid }) => pid !== undefined).map(c => c.id);
const pidOf = (supervisor: Supervisor, id: string) => supervisor.child(id) as Pid;

describe("a supervisor starts", () => {
  test("its children in order, under their names, and knows them", async () => {
    const supervisor = supervise({ children: [talker("a"), talker("b"), talker("c")] });
    expect(await heard()).toEqual(["a up", "b up", "c up"]);
    expect(supervisor.children).toEqual(["a", "b", "c"].map(id => ({ id, pid: runtime.whereis(id) })));
    expect(supervisor.child("b")).toBe(runtime.whereis("b"));
    expect(supervisor.child("nobody")).toBeUndefined();
  });

  test("again the one that ended, under its name, with another pid and the same arguments", async () => {
    const supervisor = supervise({ children: [talker("a")] });
    const before = pidOf(supervisor, "a");
    await heard();
    await crash("a");
    expect(await heard()).toEqual(["a up"]);
    const after = pidOf(supervisor, "a");
    expect(after).not.toBe(before);
    expect(runtime.isAlive(after)).toBe(true);
    expect(runtime.whereis("a")).toBe(after);
  });

  test.each([
    ["one_for_one", ["b up"], ["b"]],
    ["one_for_all", ["c down", "a down", "a up", "b up", "c up"], ["a", "b", "c"]],
    ["rest_for_one", ["c down", "b up", "c up"], ["b", "c"]],
  ] as const)(
    "with %s those that the end concerns, stopped in reverse order and started in order",
    async (strategy, said, changed) => {
      const supervisor = supervise({ strategy, children: [talker("a"), talker("b"), talker("c")] });
      const before = new Map(supervisor.children.map(({ id, pid }) => [id, pid]));
      await heard();
      await crash("b");
      expect(await heard()).toEqual(said);
      expect(supervisor.children.filter(({ id, pid }) => pid !== before.get(id)).map(({ id }) => id)).toEqual(changed);
      expect(supervisor.children.every(({ pid }) => pid !== undefined && runtime.isAlive(pid))).toBe(true);
    },
  );

  const kinds: readonly Restart[] = ["permanent", "transient", "temporary"];
  const ways = ["end", "shutdown", "own enough", "crash", "kill"];
  const again: Record<Restart, string[]> = { permanent: ways, transient: ways.slice(2), temporary: [] };
  test.each(kinds.flatMap(restart => ways.map(way => [restart, way] as const)))(
    "a %s child again, or not, after %s",
    async (restart, way) => {
      const supervisor = supervise({ children: [plain("a", { restart }), plain("b")] });
      const [before, other] = [pidOf(supervisor, "a"), pidOf(supervisor, "b")];
      if (way === "kill") runtime.kill(before);
      else runtime.send(before, way);
      await quiet();
      expect(runtime.isAlive(before)).toBe(false);
      const restarted = again[restart].includes(way);
      expect(running(supervisor)).toEqual(restarted ? ["a", "b"] : ["b"]);
      // A temporary child is forgotten, others can be started again with their siblings.
      expect(ids(supervisor)).toEqual(restart === "temporary" ? ["b"] : ["a", "b"]);
      expect(reports.map(({ id, pid, action }) => [id, pid, action])).toEqual([
        ["a", before, restarted ? "restart" : "leave"],
      ]);
      expect(pidOf(supervisor, "b")).toBe(other);
    },
  );

  test("with its siblings a transient child that had ended, and not a temporary one", async () => {
    const children = [talker("a", { restart: "transient" }), talker("b", { restart: "temporary" }), talker("c")];
    const supervisor = supervise({ strategy: "one_for_all", children });
    runtime.send("a", "end");
    await heard();
    expect(running(supervisor)).toEqual(["b", "c"]);
    await crash("c");
    expect(await heard()).toEqual(["b down", "a up", "c up"]);
    expect(supervisor.children.map(({ id }) => id)).toEqual(["a", "c"]);
    expect(running(supervisor)).toEqual(["a", "c"]);
  });

  test("nobody else after the end of a temporary child, whatever the strategy", async () => {
    for (const strategy of strategies) {
      const supervisor = supervise({
        strategy,
        children: [plain("a"), plain("b", { restart: "temporary" }), plain("c")],
      });
      const before = [supervisor.child("a"), supervisor.child("c")];
      await crash("b");
      expect(supervisor.children.map(({ pid }) => pid)).toEqual(before);
      await supervisor.stop();
    }
  });
});

describe("a supervisor gives up", () => {
  test("after the second restart within five seconds, unless it is told otherwise", async () => {
    const supervisor = supervise({ children: [plain("a"), talker("b"), talker("c")] });
    await crash("a");
    expect(running(supervisor)).toEqual(["a", "b", "c"]);
    await advance(4_999);
    await heard();
    await crash("a");
    expect(await heard()).toEqual(["c down", "b down"]);
    expect(ends.get(supervisor.pid)).toBe("shutdown");
    expect(runtime.size).toBe(0);
    expect(reports.map(({ action }) => action)).toEqual(["restart", "give up"]);
    expect(supervisor.children.map(({ pid }) => pid)).toEqual([undefined, undefined, undefined]);
  });

  test("not when the period has passed since the first restart", async () => {
    const supervisor = supervise({ children: [plain("a")] });
    for (let i = 0; i < 5; i++) {
      await crash("a");
      expect(running(supervisor)).toEqual(["a"]);
      await advance(5_001);
    }
    expect(ends.has(supervisor.pid)).toBe(false);
  });

  test("where two restarts are exactly one period apart, as OTP does", async () => {
    const supervisor = supervise({ children: [plain("a")] });
    await crash("a");
    await advance(5_000);
    await crash("a");
    expect(ends.get(supervisor.pid)).toBe("shutdown");
  });

  test("by a window that slides, not one that begins anew", async () => {
    const supervisor = supervise({ intensity: 2, periodMs: 1000, children: [plain("a")] });
    for (const atMs of [0, 600, 1200, 1800, 2400]) {
      await advance(atMs - clock.now());
      await crash("a");
      expect(running(supervisor), `at ${atMs} ms`).toEqual(["a"]);
    }
    await advance(100);
    await crash("a");
    expect(ends.get(supervisor.pid)).toBe("shutdown");
  });

  test("at once where no restart is borne", async () => {
    const supervisor = supervise({ intensity: 0, children: [plain("a")] });
    await crash("a");
    expect(ends.get(supervisor.pid)).toBe("shutdown");
  });

  test("counting the restarts of all its children together, a restart of many as one", async () => {
    const supervisor = supervise({ strategy: "one_for_all", intensity: 2, children: [plain("a"), plain("b")] });
    await crash("a");
    await crash("b");
    expect(running(supervisor)).toEqual(["a", "b"]);
    await crash("a");
    expect(ends.get(supervisor.pid)).toBe("shutdown");
  });

  test("where a start fails as often as ends are borne: each failure is one more end of that child", async () => {
    let starts = 0;
    const fails = () => {
      if (++starts > 1) throw new Error("no luck today");
      return runtime.spawn("subject", { args: `${observer.pid}` });
    };
    const supervisor = supervise({ intensity: 3, children: [talker("a"), plain("b", { start: fails })] });
    const before = pidOf(supervisor, "b");
    await heard();
    await crash("b");
    expect(await heard()).toEqual(["a down"]);
    expect(starts).toBe(4);
    expect(ends.get(supervisor.pid)).toBe("shutdown");
    expect(reports.map(({ id, pid, action }) => [id, pid, action])).toEqual([
      ["b", before, "restart"],
      ["b", undefined, "restart"],
      ["b", undefined, "restart"],
      ["b", undefined, "give up"],
    ]);
    expect(formatReport(reports[1])).toBe("child b could not be started (crashed: Error: no luck today): restart");
    expect(reports[1].reason).toMatchObject({ kind: "crashed", message: "Error: no luck today" });
  });

  test("not where a start succeeds in time, and then all that the strategy concerns run", async () => {
    let starts = 0;
    const sometimes = () => {
      if (++starts === 2 || starts === 3) throw new Error("no luck today");
      return runtime.spawn("subject", { args: `${observer.pid} b` });
    };
    const children = [talker("a"), talker("b", { start: sometimes }), talker("c")];
    const supervisor = supervise({ strategy: "one_for_all", intensity: 3, children });
    await heard();
    await crash("c");
    expect((await heard()).slice(-3)).toEqual(["a up", "b up", "c up"]);
    expect(running(supervisor)).toEqual(["a", "b", "c"]);
    expect(runtime.size).toBe(3);
  });

  test("and does not crash, after however many starts that fail in a row", async () => {
    let starts = 0;
    const fails = () => {
      if (++starts > 1) throw new Error("no luck today");
      return runtime.mailbox().pid;
    };
    const supervisor = supervise({ intensity: 10_000, children: [{ id: "a", start: fails }] });
    runtime.kill(pidOf(supervisor, "a"));
    await quiet();
    expect(ends.get(supervisor.pid)).toBe("shutdown");
    expect(starts).toBe(10_001);
  });

  test("where its name was taken from a child while it was down", async () => {
    const supervisor = supervise({ children: [plain("a")] });
    const old = pidOf(supervisor, "a");
    runtime.unregister("a");
    runtime.register("a", observer.pid);
    runtime.send(old, "crash");
    await quiet();
    expect(ends.get(supervisor.pid)).toBe("shutdown");
    expect(reports[1].reason).toMatchObject({ message: expect.stringContaining("cannot be called a") });
    expect(runtime.whereis("a")).toBe(observer.pid);
    expect(runtime.size).toBe(0);
  });
});

describe("a supervisor stops", () => {
  test("its children in reverse order, each before the next is asked, and then itself", async () => {
    const supervisor = supervise({ children: [talker("a"), talker("!b", { shutdown: 100 }), talker("c")] });
    await heard();
    let stopped = false;
    supervisor.stop().then(() => {
      stopped = true;
    });
    expect(await heard()).toEqual(["c down"]);
    await advance(99);
    expect(await heard()).toEqual([]);
    expect(stopped).toBe(false);
    const stubborn = pidOf(supervisor, "!b");
    await advance(1);
    expect(await heard()).toEqual(["a down"]);
    expect(stopped).toBe(true);
    expect([ends.get(stubborn), ends.get(supervisor.pid)]).toEqual(["killed", "shutdown"]);
    expect(reports).toEqual([]);
    await supervisor.stop();
  });

  test("a child after five seconds by force, unless it is told otherwise", async () => {
    const supervisor = supervise({ children: [talker("!a")] });
    const stopping = supervisor.stop();
    await heard();
    await advance(4_999);
    expect(runtime.size).toBe(1);
    await advance(1);
    await stopping;
    expect(runtime.size).toBe(0);
  });

  test("a child at once by force where its shutdown is kill: it is not asked", async () => {
    const supervisor = supervise({ children: [talker("a", { shutdown: "kill" })] });
    const child = pidOf(supervisor, "a");
    await heard();
    await supervisor.stop();
    expect(await heard()).toEqual([]);
    expect(ends.get(child)).toBe("killed");
  });

  test("nobody before their time, where that is for ever", async () => {
    const supervisor = supervise({ children: [talker("!a", { shutdown: Number.POSITIVE_INFINITY })] });
    await heard();
    const child = pidOf(supervisor, "!a");
    const stopping = supervisor.stop();
    await quiet();
    await advance(1e9);
    expect(runtime.isAlive(child)).toBe(true);
    runtime.send(child, "end");
    await stopping;
  });

  test("when an exit signal comes from above, and not when it comes from a stranger", async () => {
    const supervisor = supervise({ children: [talker("a")] });
    await heard();
    observer.exit(supervisor.pid, { kind: "shutdown" });
    expect(await heard()).toEqual([]);
    expect(runtime.isAlive(supervisor.pid)).toBe(true);
    runtime.exit(supervisor.pid, { kind: "shutdown" });
    expect(await heard()).toEqual(["a down"]);
    expect(ends.get(supervisor.pid)).toBe("shutdown");
  });

  test("nobody where a child that lives sends it an exit signal", async () => {
    const args = new Uint8Array(BigUint64Array.of(BigInt(observer.pid)).buffer);
    const supervisor = supervise({ children: [{ id: "liar", start: "puppet", args }] });
    const liar = pidOf(supervisor, "liar");
    tell(runtime, liar, { do: "exitTo", whom: supervisor.pid, reason: { own: "I am dead" } });
    await quiet();
    expect([supervisor.child("liar"), runtime.isAlive(liar), reports.length]).toEqual([liar, true, 0]);
  });

  test("also a child that has taken back its link", async () => {
    const puppet: ChildSpec = {
      id: "naughty",
      start: "puppet",
      args: new Uint8Array(BigUint64Array.of(BigInt(observer.pid)).buffer),
    };
    const supervisor = supervise({ children: [talker("a"), puppet] });
    tell(runtime, pidOf(supervisor, "naughty"), { do: "unlink", whom: supervisor.pid });
    await heard();
    let stopped = false;
    supervisor.stop().then(() => {
      stopped = true;
    });
    await quiet();
    for (let i = 0; i < 3; i++) await advance(5_000);
    expect(await heard()).toEqual(["a down"]);
    expect(stopped).toBe(true);
  });
});

describe("a supervisor loses no end of a child", () => {
  test("while it stops others for one_for_all: one restart serves them all", async () => {
    const children = [plain("a"), plain("b"), talker("!c", { shutdown: 100 })];
    const supervisor = supervise({ strategy: "one_for_all", children });
    const before = supervisor.children.map(({ pid }) => pid);
    await heard();
    await crash("a");
    await crash("b");
    runtime.kill(pidOf(supervisor, "!c"));
    expect(await heard()).toEqual(["!c up"]);
    expect(running(supervisor)).toEqual(["a", "b", "!c"]);
    for (const { pid } of supervisor.children) expect(before).not.toContain(pid);
    expect(reports.map(({ id, action }) => [id, action])).toEqual([["a", "restart"]]);
    expect(runtime.size).toBe(3);
  });

  test("while it stops others for rest_for_one: one that started earlier has its turn afterwards", async () => {
    const children = [plain("a"), plain("b"), talker("!c", { shutdown: 100 })];
    const supervisor = supervise({ strategy: "rest_for_one", intensity: 2, children });
    await heard();
    await crash("b");
    await crash("a");
    expect(reports.map(({ id }) => id)).toEqual(["b"]);
    const a = pidOf(supervisor, "a");
    await advance(100);
    expect(reports.map(({ id, pid }) => [id, pid]).slice(1)).toEqual([["a", a]]);
    expect(await heard()).toEqual(["!c up"]);
    await advance(100);
    expect(await heard()).toEqual(["!c up"]);
    expect(running(supervisor)).toEqual(["a", "b", "!c"]);
    expect(runtime.size).toBe(3);
  });

  test("while it stops others for good", async () => {
    const supervisor = supervise({ children: [plain("a"), plain("b"), talker("!c", { shutdown: 100 })] });
    await heard();
    const stopping = supervisor.stop();
    await crash("a");
    runtime.kill(pidOf(supervisor, "b"));
    await advance(100);
    await stopping;
    expect(reports).toEqual([]);
    expect(runtime.size).toBe(0);
  });
});

describe("a supervisor that runs", () => {
  test("starts another child behind all others", async () => {
    const supervisor = supervise({ strategy: "rest_for_one", children: [talker("a")] });
    const pid = await supervisor.startChild(talker("b"));
    expect([supervisor.child("b"), runtime.whereis("b")]).toEqual([pid, pid]);
    expect(await heard()).toEqual(["a up", "b up"]);
    await crash("a");
    expect(await heard()).toEqual(["b down", "a up", "b up"]);
    await supervisor.stop();
    expect(await heard()).toEqual(["b down", "a down"]);
  });

  test("refuses a second child of an id, and one that cannot be started, and lives", async () => {
    const supervisor = supervise({ children: [plain("a")] });
    await expect(supervisor.startChild(plain("a", { name: "b" }))).rejects.toThrow(
      new SpawnError(
        `a is started already as ${formatPid(pidOf(supervisor, "a"))}: choose another id, or stop it first`,
      ),
    );
    await expect(supervisor.startChild(plain("b", { start: "nothing" }))).rejects.toThrow("nothing");
    await expect(supervisor.startChild(plain("b", { name: "a" }))).rejects.toThrow("cannot be called a");
    await quiet();
    expect(supervisor.children.map(({ id }) => id)).toEqual(["a"]);
    expect(runtime.size).toBe(1);
    expect(reports).toEqual([]);
    await supervisor.startChild(plain("b"));
    expect(running(supervisor)).toEqual(["a", "b"]);
  });

  test("does not try a failed start again of a child that was stopped meanwhile", async () => {
    let starts = 0;
    const start = () => {
      if (++starts === 2) throw new Error("no luck today");
      return runtime.spawn("subject", { args: `${observer.pid}` });
    };
    const supervisor = supervise({ children: [talker("a"), { id: "b", start }] });
    await heard();
    runtime.kill(pidOf(supervisor, "b"));
    expect(await supervisor.stopChild("b")).toBe(true);
    expect(await heard()).toEqual([]);
    expect([starts, running(supervisor), runtime.isAlive(supervisor.pid)]).toEqual([2, ["a"], true]);
    expect(reports.map(({ action }) => action)).toEqual(["restart"]);
  });

  test("stops a child and forgets it, so that its id and its name are free", async () => {
    const supervisor = supervise({ children: [talker("a"), talker("b")] });
    await heard();
    expect(await supervisor.stopChild("a")).toBe(true);
    expect(await heard()).toEqual(["a down"]);
    expect(await supervisor.stopChild("a")).toBe(false);
    expect(runtime.whereis("a")).toBeUndefined();
    await supervisor.startChild(talker("a"));
    expect(supervisor.children.map(({ id }) => id)).toEqual(["b", "a"]);
    expect(reports).toEqual([]);
  });

  test("does what is asked of it in order, after a stop that takes its time", async () => {
    const supervisor = supervise({ children: [talker("!a", { shutdown: 100 })] });
    const done: string[] = [];
    supervisor.stopChild("!a").then(was => done.push(`stopped ${was}`));
    supervisor.startChild(plain("!a")).then(() => done.push("started"));
    supervisor.stopChild("nobody").then(was => done.push(`stopped ${was}`));
    await quiet();
    expect(done).toEqual([]);
    await advance(100);
    expect(done).toEqual(["stopped true", "started", "stopped false"]);
  });

  test("does what is asked of it also where strangers have filled its mailbox", async () => {
    await runtime.stop();
    runtime = new Runtime({ grants: "all", clock, readString, limits: { memoryPages: 4, mailboxMessages: 3 } });
    observer = runtime.mailbox();
    for (const [name, module] of compiled) runtime.define(name, await runtime.load(module, { name }));
    let starts = 0;
    const sometimes = () => {
      if (++starts === 2) throw new Error("no luck today");
      return runtime.spawn("subject", { args: `${observer.pid}` });
    };
    const supervisor = supervise({
      strategy: "rest_for_one",
      intensity: 5,
      children: [plain("b", { start: sometimes }), talker("!a", { shutdown: 100 })],
    });
    await heard();
    await crash("b");
    while (observer.send(supervisor.pid, "junk"));
    const later = supervisor.startChild(plain("c"));
    await advance(100);
    expect(await later).toBeGreaterThan(0);
    expect([starts, running(supervisor)]).toEqual([3, ["b", "!a", "c"]]);
  });

  test("that has ended rejects what is asked of it", async () => {
    const supervisor = supervise({ children: [plain("a")] });
    await supervisor.stop();
    await expect(supervisor.startChild(plain("b"))).rejects.toThrow(ClosedError);
    await expect(supervisor.stopChild("a")).rejects.toThrow(ClosedError);
    expect(runtime.size).toBe(0);
  });

  test.each(["stopped", "killed", "stopped with the runtime"])(
    "rejects what was asked of it before it was %s",
    async how => {
      const supervisor = supervise({ children: [plain("a")] });
      await quiet();
      if (how === "stopped") supervisor.stop();
      let outcome: unknown = "nothing yet";
      supervisor.startChild(plain("b")).then(
        () => {
          outcome = "started";
        },
        error => {
          outcome = error;
        },
      );
      if (how === "killed") runtime.kill(supervisor.pid);
      if (how === "stopped with the runtime") await runtime.stop();
      await quiet();
      expect(outcome).toBeInstanceOf(ClosedError);
      expect(runtime.size).toBe(0);
    },
  );
});

describe("a start that returns a promise", () => {
  /** Starts when it is let go. */
  function slow(id: string, more: Partial<ChildSpec> = {}) {
    const waiting: ((error?: Error) => void)[] = [];
    const start = () =>
      new Promise<Pid>((resolve, reject) => {
        waiting.push(error => {
          if (error === undefined) resolve(runtime.spawn("subject", { args: `${observer.pid} ${id}` }));
          else reject(error);
        });
      });
    const spec: ChildSpec = { id, start, name: id, ...more };
    return {
      spec,
      go: async (error?: Error) => {
        waiting.shift()?.(error);
        await quiet();
      },
    };
  }

  test("is waited for before the next child is started, and the supervisor says when all have started", async () => {
    const b = slow("b");
    const supervisor = supervise({ children: [talker("a"), b.spec, talker("c")] });
    let started = false;
    supervisor.started.then(() => {
      started = true;
    });
    expect(await heard()).toEqual(["a up"]);
    expect([started, running(supervisor), ids(supervisor)]).toEqual([false, ["a"], ["a", "b", "c"]]);
    await b.go();
    expect(await heard()).toEqual(["b up", "c up"]);
    expect([started, running(supervisor)]).toEqual([true, ["a", "b", "c"]]);
  });

  test("and is rejected at first stops those before it, in reverse order, and the supervisor", async () => {
    const c = slow("c");
    const supervisor = supervise({ children: [talker("a"), talker("b"), c.spec, talker("d")] });
    const started = expect(supervisor.started).rejects.toThrow("no luck today");
    await heard();
    await c.go(new Error("no luck today"));
    await started;
    expect(await heard()).toEqual(["b down", "a down"]);
    expect(ends.get(supervisor.pid)).toBe("shutdown");
    expect(runtime.size).toBe(0);
    expect(reports).toEqual([]);
  });

  test("and is rejected later is one more end of that child, after what has come meanwhile", async () => {
    const b = slow("b");
    const supervisor = supervise({ intensity: 5, children: [talker("a"), b.spec] });
    await b.go();
    await heard();
    await crash("b");
    const before = pidOf(supervisor, "a");
    await crash("a");
    expect(supervisor.child("a")).toBe(before);
    await b.go(new Error("no luck today"));
    expect(await heard()).toEqual(["a up"]);
    expect(reports.map(report => [report.id, report.action])).toEqual([
      ["b", "restart"],
      ["a", "restart"],
      ["b", "restart"],
    ]);
    await b.go();
    expect(await heard()).toEqual(["b up"]);
    expect(running(supervisor)).toEqual(["a", "b"]);
  });

  test("resolves startChild, or rejects it, and all that is asked meanwhile waits", async () => {
    const a = slow("a");
    const supervisor = supervise({});
    const done: string[] = [];
    supervisor.startChild(a.spec).then(pid => done.push(pid === runtime.whereis("a") ? "started" : "wrong pid"));
    supervisor.startChild(slow("a").spec).catch(error => done.push(error.message));
    await quiet();
    expect(done).toEqual([]);
    await a.go();
    expect(done).toEqual(["started", expect.stringContaining("a is started already as <")]);
    const b = slow("b");
    const refused = expect(supervisor.startChild(b.spec)).rejects.toThrow("no luck today");
    await quiet();
    await b.go(new Error("no luck today"));
    await refused;
    expect(ids(supervisor)).toEqual(["a"]);
  });

  test("that comes after its supervisor was killed leaves nobody behind", async () => {
    const a = slow("a");
    const supervisor = supervise({ children: [plain("b"), a.spec] });
    const started = expect(supervisor.started).rejects.toThrow(ClosedError);
    await quiet();
    runtime.kill(supervisor.pid);
    await quiet();
    expect(runtime.size).toBe(0);
    await a.go();
    await started;
    expect(runtime.size).toBe(0);
  });

  test("of one that has ended by then is an end like others", async () => {
    let starts = 0;
    const start = async () => {
      const pid = runtime.spawn("subject", { args: `${observer.pid}` });
      if (++starts === 1) runtime.kill(pid);
      return pid;
    };
    const supervisor = supervise({ children: [{ id: "a", start }] });
    await quiet();
    expect(reports.map(({ reason }) => reason.kind)).toEqual(["noproc"]);
    expect(running(supervisor)).toEqual(["a"]);
  });
});

describe("a start that gives no child", () => {
  test.each([undefined, null, "a", 0, Number.NaN])("but %s is a TypeError that names the child", async given => {
    const start = () => given as unknown as Pid;
    expect(() => supervise({ children: [plain("a"), { id: "b", start }] })).toThrow(
      expect.objectContaining({ name: "TypeError", message: expect.stringContaining("the start of child b gave") }),
    );
    const later = supervise({ children: [{ id: "b", start: async () => start() }] });
    await expect(later.started).rejects.toThrow(TypeError);
    expect(runtime.size).toBe(0);
  });

  test("but a child that the supervisor has already is refused, and that child lives", async () => {
    const supervisor = supervise({ children: [plain("a")] });
    const a = pidOf(supervisor, "a");
    await expect(supervisor.startChild({ id: "b", start: () => a })).rejects.toThrow("which is child a already");
    expect([ids(supervisor), runtime.isAlive(a)]).toEqual([["a"], true]);
  });
});

describe("back-off", () => {
  test("puts a restart off, each time longer, up to its longest", async () => {
    const supervisor = supervise({
      intensity: 10,
      periodMs: 60_000,
      backoff: { initialMs: 100, factor: 3, maxMs: 500 },
      children: [talker("a"), talker("b")],
    });
    const b = pidOf(supervisor, "b");
    await heard();
    for (const delayMs of [100, 300, 500, 500]) {
      await crash("a");
      expect(supervisor.children).toEqual([
        { id: "a", pid: undefined },
        { id: "b", pid: b },
      ]);
      await advance(delayMs - 1);
      expect(await heard()).toEqual([]);
      await advance(1);
      expect(await heard()).toEqual(["a up"]);
    }
  });

  test("doubles and begins anew when the restarts have left the period", async () => {
    supervise({ intensity: 2, periodMs: 1000, backoff: { initialMs: 10 }, children: [talker("a")] });
    await heard();
    for (const delayMs of [10, 20]) {
      await crash("a");
      await advance(delayMs - 1);
      expect(await heard()).toEqual([]);
      await advance(1);
      expect(await heard()).toEqual(["a up"]);
    }
    await advance(1000);
    await crash("a");
    await advance(10);
    expect(await heard()).toEqual(["a up"]);
  });

  test("counts restarts as ever: too many, and the supervisor gives up without waiting", async () => {
    const supervisor = supervise({ backoff: { initialMs: 10 }, children: [plain("a")] });
    await crash("a");
    await advance(10);
    await crash("a");
    expect(ends.get(supervisor.pid)).toBe("shutdown");
  });

  test("puts off a start that has failed, too", async () => {
    let starts = 0;
    const fails = () => {
      if (++starts === 2) throw new Error("no luck today");
      return runtime.spawn("subject", { args: `${observer.pid}` });
    };
    const supervisor = supervise({
      intensity: 5,
      backoff: { initialMs: 100 },
      children: [plain("a", { start: fails })],
    });
    await crash("a");
    await advance(100);
    expect([starts, running(supervisor)]).toEqual([2, []]);
    await advance(199);
    expect(starts).toBe(2);
    await advance(1);
    expect([starts, running(supervisor)]).toEqual([3, ["a"]]);
  });

  test("ends with a child that is stopped meanwhile, and with the supervisor", async () => {
    const supervisor = supervise({ intensity: 5, backoff: { initialMs: 100 }, children: [talker("a"), talker("b")] });
    await heard();
    await crash("a");
    await crash("b");
    expect(await supervisor.stopChild("a")).toBe(true);
    await supervisor.startChild(talker("a"));
    await advance(1000);
    expect((await heard()).sort()).toEqual(["a up", "b up"]);
    await crash("a");
    await supervisor.stop();
    await heard();
    await advance(100_000);
    expect(await heard()).toEqual([]);
    expect(runtime.size).toBe(0);
  });

  test("of a child that was started with its siblings and ended again begins anew", async () => {
    const children = [talker("a"), talker("b")];
    const supervisor = supervise({
      strategy: "rest_for_one",
      intensity: 9,
      backoff: { initialMs: 100, factor: 1 },
      children,
    });
    await heard();
    await crash("b");
    await advance(90);
    await crash("a");
    await advance(10);
    expect(running(supervisor)).toEqual(["b"]);
    await advance(90);
    await crash("b");
    expect(running(supervisor)).toEqual(["a"]);
    await advance(99);
    expect(running(supervisor)).toEqual(["a"]);
    await advance(1);
    expect(running(supervisor)).toEqual(["a", "b"]);
  });

  test("of a child that was started with its siblings meanwhile is over", async () => {
    const children = [talker("a"), talker("b")];
    const supervisor = supervise({ strategy: "one_for_all", intensity: 5, backoff: { initialMs: 100 }, children });
    await heard();
    await crash("a");
    await crash("b");
    await advance(100);
    expect(await heard()).toEqual(["a up", "b up"]);
    await advance(100);
    expect(await heard()).toEqual([]);
    expect(running(supervisor)).toEqual(["a", "b"]);
  });

  test("of several children at once ends with all of them running, whatever the strategy", async () => {
    for (const strategy of strategies) {
      const supervisor = supervise({
        strategy,
        intensity: 5,
        backoff: { initialMs: 100 },
        children: [plain("a"), plain("b"), plain("c")],
      });
      await crash("c");
      await crash("a");
      await advance(1000);
      expect(running(supervisor)).toEqual(["a", "b", "c"]);
      expect(runtime.size).toBe(3);
      await supervisor.stop();
    }
  });
});

describe("a supervisor that cannot start a child", () => {
  test("stops those before it, starts none behind it, and throws what the start threw", () => {
    const started: string[] = [];
    const fails = () => {
      throw new TypeError("no luck today");
    };
    const child = (id: string): ChildSpec => ({
      id,
      start: () => {
        started.push(id);
        return runtime.spawn("subject", { args: `${observer.pid} ${id}` });
      },
    });
    expect(() => supervise({ children: [child("a"), child("b"), { id: "c", start: fails }, child("d")] })).toThrow(
      "no luck today",
    );
    expect(started).toEqual(["a", "b"]);
    expect(runtime.size).toBe(0);
  });

  test("throws for a name that is taken and for an id that is there twice", async () => {
    expect(() => supervise({ children: [plain("a"), plain("b", { name: "a" })] })).toThrow("cannot be called a");
    expect(() => supervise({ children: [plain("a"), plain("a", { name: "b" })] })).toThrow("two children are called a");
    await quiet();
    expect(runtime.size).toBe(0);
    expect(runtime.whereis("a")).toBeUndefined();
  });

  test("ends those before it also where they would trap exits: before their first turn they end without having run", async () => {
    expect(() => supervise({ children: [talker("!a"), plain("b", { start: "nothing" })] })).toThrow(SpawnError);
    expect(runtime.size).toBe(0);
    expect(await heard()).toEqual([]);
    expect([...ends.values()]).toEqual(["shutdown", "shutdown"]);
  });

  test("ends those before it also where they are host actors that do not stop when asked to", async () => {
    let pid = 0;
    const deaf = () => {
      pid = runtime.actor(async mailbox => {
        for await (const item of mailbox) expect(item.kind).toBe("exit");
      });
      return pid;
    };
    expect(() => supervise({ children: [{ id: "a", start: deaf }, plain("b", { start: "nothing" })] })).toThrow(
      SpawnError,
    );
    await quiet();
    await advance(5_000);
    expect(runtime.isAlive(pid)).toBe(false);
  });
});

describe("a tree of supervisors", () => {
  const nested = (id: string, options: SupervisorOptions): ChildSpec => ({ id, start: () => supervise(options).pid });

  test("stops from the leaves up, in reverse order", async () => {
    const root = supervise({
      children: [talker("a"), nested("branch", { children: [talker("b"), talker("c")] }), talker("d")],
    });
    await heard();
    await root.stop();
    expect(await heard()).toEqual(["d down", "c down", "b down", "a down"]);
    expect(runtime.size).toBe(0);
  });

  test("that gives up as a whole stops the leaves of the branch first, then what is behind it and before it", async () => {
    const branch = nested("branch", { intensity: 0, children: [talker("b"), plain("c")] });
    const root = supervise({ intensity: 0, children: [talker("a"), branch, talker("d")] });
    await heard();
    await crash("c");
    expect(await heard()).toEqual(["b down", "d down", "a down"]);
    expect(ends.get(root.pid)).toBe("shutdown");
    expect(reports.map(({ id, action }) => [id, action])).toEqual([
      ["c", "give up"],
      ["branch", "give up"],
    ]);
  });

  test("with rest_for_one starts a branch that has given up, and what is behind it, again in order", async () => {
    const branch = nested("branch", { intensity: 0, children: [talker("b"), plain("c")] });
    supervise({ strategy: "rest_for_one", children: [talker("a"), branch, talker("d")] });
    await heard();
    await crash("c");
    expect(await heard()).toEqual(["b down", "d down", "b up", "d up"]);
  });

  test("starts a branch again that has given up, with all its children", async () => {
    const root = supervise({ children: [nested("branch", { intensity: 0, children: [talker("a"), plain("b")] })] });
    const before = pidOf(root, "branch");
    await heard();
    await crash("b");
    expect(await heard()).toEqual(["a down", "a up"]);
    expect(pidOf(root, "branch")).not.toBe(before);
    expect(runtime.size).toBe(2);
    expect(reports.map(({ supervisor, id, action }) => [supervisor, id, action])).toEqual([
      [before, "b", "give up"],
      [root.pid, "branch", "restart"],
    ]);
    expect(reports[1].reason).toEqual({ kind: "shutdown" });
  });

  test("ends as a whole when its root is killed", async () => {
    const root = supervise({ children: [plain("a"), nested("branch", { children: [plain("b")] })] });
    const branch = pidOf(root, "branch");
    await quiet();
    runtime.kill(root.pid);
    await quiet();
    expect(runtime.isAlive(branch)).toBe(false);
    expect(runtime.size).toBe(0);
  });
});

describe("a host actor as a child", () => {
  test("is started again when its function throws, and the report says what it threw", async () => {
    const lives: HostMailbox[] = [];
    const start = () =>
      runtime.actor(async mailbox => {
        lives.push(mailbox);
        await mailbox.receive();
        throw new TypeError("not today");
      });
    const supervisor = supervise({ children: [{ id: "a", name: "a", start }] });
    await quiet();
    runtime.send("a", "go");
    await quiet();
    expect(lives.map(({ pid }) => pid)).toEqual([reports[0].pid, supervisor.child("a")]);
    const stack = expect.stringContaining("supervisor.test.ts");
    const reason = { kind: "crashed", message: "TypeError: not today", stack };
    expect(listed()).toEqual([[supervisor.pid, "a", lives[0].pid, reason, "restart"]]);
  });

  test("is asked to stop by an item, and killed when its time is over", async () => {
    const said: string[] = [];
    const actor = (obeys: boolean) => () =>
      runtime.actor(async mailbox => {
        for await (const item of mailbox) {
          if (item.kind !== "exit") continue;
          said.push(`${item.reason.kind} from ${item.from === supervisor.pid ? "supervisor" : item.from}`);
          if (obeys) return;
        }
        said.push("killed");
      });
    const supervisor = supervise({
      children: [
        { id: "a", start: actor(true) },
        { id: "b", start: actor(false), shutdown: 50 },
      ],
    });
    await quiet();
    const stopping = supervisor.stop();
    await quiet();
    await advance(50);
    await stopping;
    expect(said).toEqual(["shutdown from supervisor", "killed", "shutdown from supervisor"]);
  });
});

describe("a report", () => {
  test("says which supervisor, which child, its pid, its reason, and what follows", async () => {
    const supervisor = supervise({ children: [plain("a", { restart: "transient" }), plain("b")] });
    const [a, b] = [pidOf(supervisor, "a"), pidOf(supervisor, "b")];
    await quiet();
    runtime.send("a", "end");
    await crash("b");
    const crashed = {
      kind: "crashed",
      message: expect.stringMatching(/^a bad day \(.*subject\.ts/),
      stack: expect.stringContaining("wasm"),
    };
    expect(listed()).toEqual([
      [supervisor.pid, "a", a, { kind: "normal" }, "leave"],
      [supervisor.pid, "b", b, crashed, "restart"],
    ]);
    expect(formatReport(reports[0])).toMatch(/^child a <[\d.]+> ended \(normal\): leave$/);
  });

  test("is not made for children that end with the runtime", async () => {
    supervise({ children: [plain("a"), { id: "b", start: () => supervise({ children: [plain("c")] }).pid }] });
    await quiet();
    await runtime.stop();
    await quiet();
    expect(reports).toEqual([]);
    expect(runtime.size).toBe(0);
  });

  test("is not made for children that the supervisor stops itself", async () => {
    const supervisor = supervise({ strategy: "one_for_all", children: [plain("a"), plain("b")] });
    await crash("a");
    await supervisor.stopChild("b");
    await supervisor.stop();
    expect(reports.map(({ id }) => id)).toEqual(["a"]);
  });
});

describe("a killed supervisor", () => {
  test("takes its children along, with the reason killed", async () => {
    const supervisor = supervise({ children: [plain("a"), plain("b")] });
    const pids = supervisor.children.map(({ pid }) => pid as Pid);
    await quiet();
    runtime.kill(supervisor.pid);
    await quiet();
    expect(pids.map(pid => ends.get(pid))).toEqual(["killed", "killed"]);
    expect(runtime.size).toBe(0);
  });

  test("starts nobody, though a restart was due", async () => {
    const supervisor = supervise({ backoff: { initialMs: 100 }, children: [plain("a")] });
    await crash("a");
    runtime.kill(supervisor.pid);
    await advance(100);
    expect(runtime.size).toBe(0);
  });

  test("starts nobody, though it was about to", async () => {
    const supervisor = supervise({ children: [plain("a")], onReport: () => runtime.kill(supervisor.pid) });
    await crash("a");
    await quiet();
    expect(runtime.size).toBe(0);
  });
});

/** What OTP's manual says of strategies and restart types; intensity left out. */
class Model {
  /** By id, in order: how often it was started, and whether it runs. */
  children: { id: string; readonly restart: Restart; starts: number; runs: boolean }[];
  readonly strategy: Strategy;
  started: string[] = [];

  constructor(strategy: Strategy, restarts: readonly Restart[]) {
    this.strategy = strategy;
    this.children = restarts.map((restart, i) => ({ id: `${i}`, restart, starts: 1, runs: true }));
  }

  /** Ends that are all there before the supervisor looks at the first. */
  end(ends: readonly { readonly id: string; readonly orderly: boolean }[]): void {
    const waiting = [...ends];
    for (const { id } of ends) this.#child(id).runs = false;
    for (let end = waiting.shift(); end !== undefined; end = waiting.shift()) {
      const child = this.#child(end.id);
      if (child.restart === "temporary") this.children = this.children.filter(other => other !== child);
      if (child.restart === "temporary" || (child.restart === "transient" && end.orderly)) continue;
      const from = this.children.indexOf(child);
      const concerned =
        this.strategy === "one_for_one"
          ? [child]
          : this.strategy === "one_for_all"
            ? this.children
            : this.children.slice(from);
      this.children = this.children.filter(other => !concerned.includes(other) || other.restart !== "temporary");
      for (const other of concerned) {
        const told = waiting.findIndex(({ id }) => id === other.id);
        if (told >= 0) waiting.splice(told, 1);
        if (other.restart === "temporary") continue;
        other.starts++;
        other.runs = true;
        this.started.push(other.id);
      }
    }
  }

  #child(id: string) {
    const child = this.children.find(other => other.id === id);
    if (child === undefined) throw new Error(`the model has no child ${id}`);
    return child;
  }
}

describe("any supervisor", () => {
  const kind = fc.constantFrom<Restart>("permanent", "transient", "temporary");
  const end = fc.record({ who: fc.nat(4), how: fc.constantFrom("end", "shutdown", "crash", "kill") });
  law.prop(
    [
      fc.constantFrom(...strategies),
      fc.array(kind, { minLength: 1, maxLength: 5, size: "max" }),
      fc.array(fc.array(end, { minLength: 1, maxLength: 3 }), { maxLength: 8, size: "max" }),
    ],
    { numRuns: 80 },
  )(
    "restarts whom OTP restarts, in its order, whoever ends, however, and how many at a time",
    async (strategy, restarts, batches) => {
      await runtime.stop();
      await begin();
      const model = new Model(strategy, restarts);
      const started: string[] = [];
      const lives = new Map<string, Pid[]>();
      const children = restarts.map((restart, i): ChildSpec => {
        const id = `${i}`;
        const start = () => {
          const pid = runtime.spawn("subject", { args: `${observer.pid}` });
          started.push(id);
          lives.set(id, [...(lives.get(id) ?? []), pid]);
          return pid;
        };
        return { id, start, restart, name: id };
      });
      const supervisor = supervise({ strategy, intensity: 1000, children });
      started.length = 0;
      await quiet();
      for (const batch of batches) {
        const runs = model.children.filter(({ runs }) => runs);
        const once = batch.filter(
          ({ who }, i) => who < runs.length && batch.findIndex(other => other.who === who) === i,
        );
        // Kills act at once, the others when their child has its turn.
        const inOrder = [...once.filter(({ how }) => how === "kill"), ...once.filter(({ how }) => how !== "kill")];
        for (const { who, how } of inOrder) {
          const pid = runtime.whereis(runs[who].id) as Pid;
          if (how === "kill") runtime.kill(pid);
          else runtime.send(pid, how);
        }
        model.end(inOrder.map(({ who, how }) => ({ id: runs[who].id, orderly: how === "end" || how === "shutdown" })));
        await quiet();
        expect(started).toEqual(model.started);
        expect(
          supervisor.children.map(({ id, pid }) => [id, pid === undefined ? 0 : lives.get(id)?.indexOf(pid)]),
        ).toEqual(model.children.map(({ id, starts, runs }) => [id, runs ? starts - 1 : 0]));
        expect(runtime.size).toBe(model.children.filter(({ runs }) => runs).length);
        for (const { id, runs } of model.children) expect(runtime.whereis(id) !== undefined).toBe(runs);
      }
      await supervisor.stop();
      expect(runtime.size).toBe(0);
    },
  );
});
