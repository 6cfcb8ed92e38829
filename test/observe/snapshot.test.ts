/**
 * A snapshot equals what was done to the runtime, a peek takes nothing, and the events tell the
 * same story.
 */

import { fc, test as law } from "@fast-check/vitest";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type ActorInfo,
  formatPid,
  type InspectEvent,
  type Pid,
  Runtime,
  type RuntimeOptions,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { quiet } from "../support/guests.ts";
import { ECHO, guest } from "../support/wat.ts";

/** A process that waits for a message tagged 77 and keeps everything else in its mailbox. */
const HOARDER = `
  (func (export "run"))
  (func (export "resume:run") (param $n i32) (result i32)
    (i32.eq (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 4096) (i32.const -1) (i32.const 77)) (i32.const -2)))`;
/** Spends reductions for each item. */
const COUNTING = `
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
  (func (export "handle") (param $n i32) (local $i i32)
    (loop $again (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000)))))`;
/** Crashes upon the first item, whose payload lies in its window. */
const BRITTLE = `
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
  (func (export "handle") (param $n i32) unreachable)`;

const bytes = (text: string) => new TextEncoder().encode(text);
const sources = new Map<string, Uint8Array<ArrayBuffer>>();
let clock: ManualClock;
let runtime: Runtime;

beforeAll(() => {
  for (const [name, body] of Object.entries({ HOARDER, COUNTING, BRITTLE, ECHO })) {
    sources.set(name.toLowerCase(), guest(body));
  }
});

async function begin(options: RuntimeOptions = {}): Promise<void> {
  clock = new ManualClock();
  runtime = new Runtime({ grants: "all", clock, ...options });
  for (const [name, source] of sources) {
    const reductions = name === "counting" ? "count" : "none";
    runtime.define(name, await runtime.load(source, { name, reductions }));
  }
}
beforeEach(() => begin());
afterEach(() => runtime.stop());

function infoOf(pid: Pid): ActorInfo {
  const info = runtime.snapshot().actors.find(actor => actor.pid === pid);
  if (info === undefined) throw new Error("it is not in the snapshot");
  return info;
}

describe("a snapshot", () => {
  test("counts what has come to each actor, since its spawn or since an earlier snapshot", async () => {
    const [busy, quieter] = [runtime.mailbox(), runtime.mailbox()];
    const hoarder = runtime.spawn("hoarder");
    for (let n = 0; n < 5; n++) runtime.send(busy.pid, "x");
    for (let n = 0; n < 2; n++) runtime.send(hoarder, "x");
    while (busy.poll() !== undefined);
    await quiet();
    expect([busy.pid, quieter.pid, hoarder].map(pid => infoOf(pid).arrivals)).toEqual([5, 0, 2]);
    const { arrivals: since } = runtime.snapshot({ most: 0, keepArrivals: true });

    // Another actor in the same slot begins at 0.
    busy.close();
    const slotOf = (pid: Pid) => formatPid(pid).split(".")[2];
    let heir = runtime.mailbox();
    for (; slotOf(heir.pid) !== slotOf(busy.pid); heir = runtime.mailbox()) heir.close();
    for (let n = 0; n < 3; n++) runtime.send(heir.pid, "x");
    runtime.send(hoarder, "x");
    const { actors } = runtime.snapshot({ order: "arrivals", ...(since && { since }) });
    expect(actors.map(({ pid, arrivals }) => [pid, arrivals])).toEqual([
      [heir.pid, 3],
      [hoarder, 1],
      [quieter.pid, 0],
    ]);
    expect(runtime.snapshot().arrivals).toBeUndefined();
    expect(() => runtime.snapshot({ since: { atMs: 0 } })).toThrow(TypeError);
  });

  test("of a guest says what it is, where it is in its life, and what it waits for", async () => {
    clock.jump(100);
    const pid = runtime.spawn("hoarder");
    expect(infoOf(pid)).toMatchObject({ state: "ready", waits: undefined });
    expect(runtime.snapshot().runQueue).toBe(1);
    await quiet();
    clock.jump(40);
    expect(infoOf(pid)).toEqual({
      pid,
      kind: "guest",
      names: [],
      groups: [],
      module: "hoarder",
      entry: "run",
      way: "asyncify",
      state: "parked",
      waits: { for: "tag", value: 77, leftMs: undefined },
      mailboxItems: 0,
      mailboxBytes: 0,
      arrivals: 0,
      memoryBytes: 2 * 65_536,
      resident: true,
      reductions: undefined,
      ageMs: 40,
      links: [],
      monitors: [],
      monitoredBy: [],
      timers: 0,
      parent: 0,
      supervisor: undefined,
      strategy: undefined,
    });
    expect(runtime.info(pid)).toEqual(infoOf(pid));
    expect(runtime.info(1)).toBeUndefined();
    expect(runtime.snapshot()).toMatchObject({ atMs: 140, runQueue: 0, counters: runtime.counters });
  });

  test("of a guest that is counted says what its code has spent", async () => {
    const pid = runtime.spawn("counting");
    await quiet();
    expect(infoOf(pid).reductions).toBeLessThan(1000);
    for (let item = 0; item < 3; item++) {
      const before = infoOf(pid).reductions ?? 0;
      runtime.send(pid, "more");
      await quiet();
      const spent = (infoOf(pid).reductions ?? 0) - before;
      // 100,000 rounds of 2 each, and a little for what is around them; a piece may have been
      // overdrawn by its last step.
      expect(spent).toBeGreaterThan(199_980);
      expect(spent).toBeLessThan(201_000);
    }
  });

  test("of the host's own says which they are", async () => {
    const mailbox = runtime.mailbox();
    const waiting = runtime.mailbox();
    void waiting.receive().catch(() => {});
    const callee = runtime.spawn("echo");
    void runtime.call(callee, "hello").catch(() => {});
    expect(infoOf(mailbox.pid)).toMatchObject({ kind: "mailbox", state: "idle", module: undefined, entry: undefined });
    expect(infoOf(waiting.pid)).toMatchObject({ kind: "mailbox", state: "parked", memoryBytes: undefined });
    expect(runtime.snapshot().actors.map(({ kind }) => kind)).toEqual(["mailbox", "mailbox", "guest", "calls"]);
  });

  test("shows supervisors and their children, those of a supervisor's supervisor too", async () => {
    let inner: Pid = 0;
    const outer = runtime.supervise({
      strategy: "rest_for_one",
      children: [
        { id: "first", start: "hoarder", name: "the first" },
        {
          id: "below",
          start() {
            const supervisor = runtime.supervise({ children: [{ id: "deep", start: "hoarder" }] });
            inner = supervisor.pid;
            return inner;
          },
        },
      ],
    });
    const first = outer.child("first") as Pid;
    expect(infoOf(outer.pid)).toMatchObject({ kind: "supervisor", strategy: "rest_for_one", links: [first, inner] });
    expect(infoOf(first)).toMatchObject({ supervisor: { pid: outer.pid, id: "first" }, names: ["the first"] });
    expect(infoOf(inner)).toMatchObject({ kind: "supervisor", supervisor: { pid: outer.pid, id: "below" } });
    const deep = runtime.snapshot().actors.find(({ supervisor }) => supervisor?.pid === inner);
    expect(deep).toMatchObject({ supervisor: { pid: inner, id: "deep" } });

    runtime.kill(first);
    await quiet();
    expect(runtime.whereis("the first")).not.toBe(first);
    expect(infoOf(runtime.whereis("the first") as Pid).supervisor).toEqual({ pid: outer.pid, id: "first" });
    await outer.stop();
    expect(runtime.snapshot().actors).toEqual([]);
  });
});

/** What a property does: who is meant is the number modulo how many there are. */
const deeds = fc.array(
  fc.record({
    what: fc.constantFrom(
      ..."spawn mailbox link unlink monitor register unregister join send take sendAfter kill".split(" "),
    ),
    who: fc.nat(),
    whom: fc.nat(),
  }),
  { maxLength: 60 },
);

interface Modelled {
  readonly isGuest: boolean;
  readonly names: Set<string>;
  readonly groups: Set<string>;
  readonly links: Set<Pid>;
  readonly monitors: Pid[];
  /** Payload lengths of what waits. */
  items: number[];
  timers: number;
}

/** A runtime as simple as can be: the same deeds, and what must be seen after them. */
class Model {
  readonly actors = new Map<Pid, Modelled>();

  add(pid: Pid, isGuest: boolean): void {
    const sets = { names: new Set<string>(), groups: new Set<string>(), links: new Set<Pid>() };
    this.actors.set(pid, { isGuest, ...sets, monitors: [], items: [], timers: 0 });
  }

  end(pid: Pid): void {
    const ended = this.actors.get(pid);
    this.actors.delete(pid);
    for (const other of ended?.links ?? []) {
      const linked = this.actors.get(other);
      linked?.links.delete(pid);
      if (linked?.isGuest) this.end(other);
      else linked?.items.push(0);
    }
    for (const watcher of this.actors.values()) {
      for (let at = watcher.monitors.indexOf(pid); at >= 0; at = watcher.monitors.indexOf(pid)) {
        watcher.monitors.splice(at, 1);
        watcher.items.push(0);
      }
    }
  }

  seen() {
    const sorted = (values: Iterable<Pid | string>) => [...values].map(String).sort();
    return [...this.actors].map(([pid, { isGuest, names, groups, links, monitors, items, timers }]) => ({
      pid,
      kind: isGuest ? "guest" : "mailbox",
      names: sorted(names),
      groups: sorted(groups),
      links: sorted(links),
      monitors: sorted(monitors),
      monitoredBy: sorted(
        [...this.actors].flatMap(([by, other]) => other.monitors.filter(of => of === pid).map(() => by)),
      ),
      mailboxItems: items.length,
      mailboxBytes: items.reduce((sum, length) => sum + length, 0),
      timers,
    }));
  }
}

function seen() {
  const sorted = (values: Iterable<Pid | string>) => [...values].map(String).sort();
  return runtime.snapshot().actors.map(actor => ({
    pid: actor.pid,
    kind: actor.kind,
    names: sorted(actor.names),
    groups: sorted(actor.groups),
    links: sorted(actor.links),
    monitors: sorted(actor.monitors),
    monitoredBy: sorted(actor.monitoredBy),
    mailboxItems: actor.mailboxItems,
    mailboxBytes: actor.mailboxBytes,
    timers: actor.timers,
  }));
}

law.prop([deeds], { numRuns: 60 })("a snapshot, and the events replayed, equal what was done", async list => {
  await runtime.stop();
  await begin();
  const model = new Model();
  const mailboxes = new Map<Pid, ReturnType<Runtime["mailbox"]>>();
  const events: InspectEvent[] = [];
  runtime.inspect(event => events.push(event));
  const add = () => {
    const mailbox = runtime.mailbox();
    mailboxes.set(mailbox.pid, mailbox);
    model.add(mailbox.pid, false);
  };
  add();

  for (const { what, who, whom } of list) {
    const alive = [...model.actors.keys()];
    const hosts = alive.filter(pid => mailboxes.has(pid));
    const to = alive[whom % alive.length];
    const target = model.actors.get(to);
    if (hosts.length === 0 || target === undefined) {
      add();
      continue;
    }
    const mailbox = mailboxes.get(hosts[who % hosts.length]) as ReturnType<Runtime["mailbox"]>;
    const own = model.actors.get(mailbox.pid) as Modelled;
    const name = `name ${who % 4}`;
    if (what === "spawn") {
      model.add(runtime.spawn("hoarder"), true);
      await quiet();
    } else if (what === "mailbox") {
      add();
    } else if (what === "link" && to !== mailbox.pid) {
      mailbox.link(to);
      own.links.add(to);
      target.links.add(mailbox.pid);
    } else if (what === "unlink") {
      mailbox.unlink(to);
      own.links.delete(to);
      target.links.delete(mailbox.pid);
    } else if (what === "monitor") {
      mailbox.monitor(to);
      own.monitors.push(to);
    } else if (what === "register") {
      if (runtime.register(name, to)) target.names.add(name);
    } else if (what === "unregister") {
      runtime.unregister(name);
      for (const { names } of model.actors.values()) names.delete(name);
    } else if (what === "join") {
      runtime.join(name, to);
      target.groups.add(name);
    } else if (what === "send") {
      mailbox.send(to, new Uint8Array(who % 100), { tag: who % 7 });
      target.items.push(who % 100);
    } else if (what === "take") {
      if (mailbox.poll() !== undefined) own.items.shift();
    } else if (what === "sendAfter") {
      mailbox.sendAfter(10_000, bytes("later"), { to });
      own.timers++;
    } else if (what === "kill") {
      runtime.kill(to);
      model.end(to);
      await quiet();
    }
    expect(seen().sort((a, b) => a.pid - b.pid)).toEqual(model.seen().sort((a, b) => a.pid - b.pid));
  }

  const living = new Set<Pid>();
  const names = new Map<string, Pid>();
  for (const event of events) {
    if (event.kind === "spawn") living.add(event.pid);
    if (event.kind === "register") names.set(event.name, event.pid);
    if (event.kind === "unregister") names.delete(event.name);
    if (event.kind === "exit") {
      living.delete(event.pid);
      for (const name of event.names) names.delete(name);
    }
  }
  expect([...living].sort()).toEqual([...model.actors.keys()].sort());
  const owners = [...model.actors].flatMap(([pid, actor]) => [...actor.names].map(name => [name, pid] as const));
  expect([...names].sort()).toEqual(owners.sort());
});

describe("a peek", () => {
  test("shows the first items as they wait, and takes none", async () => {
    const mailbox = runtime.mailbox();
    const other = runtime.spawn("hoarder");
    const ref = mailbox.monitor(other);
    mailbox.link(other);
    mailbox.send(mailbox.pid, bytes("hello, world"), { tag: 7 });
    runtime.send(mailbox.pid, new Uint8Array(0));
    runtime.kill(other);
    const none = new Uint8Array(0);
    const expected = [
      { kind: "message", from: mailbox.pid, tag: 7, ref: 0, reason: undefined, length: 12, bytes: bytes("hello") },
      { kind: "message", from: 0, tag: 0, ref: 0, reason: undefined, length: 0, bytes: none },
      { kind: "exit", from: other, tag: 0, ref: 0, reason: "killed", length: 0, bytes: none },
      { kind: "down", from: other, tag: 0, ref, reason: "killed", length: 0, bytes: none },
    ];
    expect(runtime.peek(mailbox.pid, { bytes: 5 })).toEqual(expected);
    expect(runtime.peek(mailbox.pid, { bytes: 5, items: 2 })).toEqual(expected.slice(0, 2));
    expect(mailbox.size).toBe(4);
    expect(mailbox.poll()).toMatchObject({ kind: "message", bytes: bytes("hello, world") });
    expect(runtime.peek(other)).toBeUndefined();
  });
});

describe("the events", () => {
  let events: InspectEvent[];
  let end: () => void;
  beforeEach(() => {
    events = [];
    end = runtime.inspect(event => events.push(event));
  });

  test("tell of a spawn, a name, a crash with what was received last, and what was left behind", async () => {
    clock.jump(5);
    const pid = runtime.spawn("brittle");
    runtime.register("glass", pid);
    await quiet();
    const mailbox = runtime.mailbox();
    mailbox.send(pid, bytes("a stone"), { tag: 3 });
    mailbox.send(pid, bytes("another"), { tag: 4 });
    await quiet();
    expect(events).toEqual([
      { number: 1, kind: "spawn", atMs: 5, pid, module: "brittle", entry: "handle", parent: 0 },
      { number: 2, kind: "register", atMs: 5, name: "glass", pid },
      { number: 3, kind: "spawn", atMs: 5, pid: mailbox.pid, module: undefined, entry: undefined, parent: 0 },
      { number: 4, kind: "dead-letter", atMs: 5, from: mailbox.pid, to: pid, tag: 4, length: 7, why: "left behind" },
      {
        number: 5,
        kind: "exit",
        atMs: 5,
        pid,
        module: "brittle",
        names: ["glass"],
        reason: { kind: "crashed", message: "unreachable", stack: expect.stringContaining("wasm") },
        lastReceived: { kind: "message", from: mailbox.pid, tag: 3, ref: 0, bytes: bytes("a stone") },
      },
    ]);
  });

  test("tell what a supervisor does about the end of a child", async () => {
    const supervisor = runtime.supervise({ children: [{ id: "one", start: "hoarder" }] });
    const pid = supervisor.child("one") as Pid;
    runtime.kill(pid);
    await quiet();
    const report = { supervisor: supervisor.pid, id: "one", pid, reason: { kind: "killed" }, action: "restart" };
    expect(events).toContainEqual({ number: expect.any(Number), kind: "report", atMs: 0, report });
  });

  test("tell which children a supervisor has started and stopped, by id, in one order with all others", async () => {
    const supervisor = runtime.supervise({
      strategy: "one_for_all",
      children: ["one", "two"].map(id => ({ id, start: "hoarder" })),
    });
    const pids = ["one", "two"].map(id => supervisor.child(id) as Pid);
    await quiet();
    runtime.kill(pids[0]);
    await quiet();
    await supervisor.stopChild("two");
    const again = supervisor.child("one");
    await quiet();
    const said = events.flatMap(event => {
      if (event.kind === "child") return [`${event.id} ${event.what} ${event.pid}`];
      if (event.kind === "report") return [`${event.report.id} ${event.report.action}`];
      return event.kind === "exit" ? [`exit ${event.pid}`] : [];
    });
    const second = events.flatMap(event => (event.kind === "child" && event.what === "started" ? [event.pid] : []))[3];
    expect(said).toEqual([
      ...[`one started ${pids[0]}`, `two started ${pids[1]}`, `exit ${pids[0]}`, "one restart"],
      ...[`exit ${pids[1]}`, `two stopped ${pids[1]}`, `one started ${again}`, `two started ${second}`],
      ...[`exit ${second}`, `two stopped ${second}`],
    ]);
    expect(events).toContainEqual({
      number: expect.any(Number),
      kind: "child",
      atMs: 0,
      supervisor: supervisor.pid,
      id: "one",
      pid: again,
      what: "started",
    });
  });

  test("end with the listening, and are not made for one that does not want them", () => {
    const wanted: InspectEvent[] = [];
    runtime.inspect(
      event => wanted.push(event),
      kind => kind === "exit",
    );
    const mailbox = runtime.mailbox();
    end();
    mailbox.close();
    expect(events.map(({ kind }) => kind)).toEqual(["spawn"]);
    expect(wanted.map(({ kind }) => kind)).toEqual(["exit"]);
  });

  test("are told to all, whatever one of them throws", async () => {
    const errors: unknown[] = [];
    await runtime.stop();
    await begin({ onError: (error, callback) => errors.push([error, callback]) });
    const told: string[] = [];
    runtime.inspect(() => {
      throw new Error("the listener's own");
    });
    runtime.inspect(({ kind }) => told.push(kind));
    const pid = runtime.spawn("brittle");
    runtime.send(pid, "x");
    await quiet();
    expect(told).toEqual(["spawn", "exit"]);
    expect(errors).toEqual([1, 2].map(() => [new Error("the listener's own"), "a listener of inspect"]));
    expect(runtime.isAlive(pid)).toBe(false);
  });
});

describe("the queue's delay", () => {
  test("is how long a probe waits behind those that are ready", async () => {
    const busy = runtime.actor(async mailbox => {
      await mailbox.receive();
    });
    runtime.send(busy, "go");
    const delay = runtime.queueDelay();
    clock.jump(25);
    expect(await delay).toBe(25);
    expect(runtime.snapshot().actors.map(({ pid }) => pid)).not.toContain(0);
  });

  test("counts no message, and is unknown once the runtime has stopped", async () => {
    const { counters } = runtime;
    await Promise.all([runtime.queueDelay(), runtime.queueDelay()]);
    expect(runtime.counters).toEqual(counters);
    const waiting = runtime.queueDelay();
    await runtime.stop();
    expect(await waiting).toBeUndefined();
    expect(await runtime.queueDelay()).toBeUndefined();
  });
});
