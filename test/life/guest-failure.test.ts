/**
 * What the guest library has for failure, in real guests on the real host: spawns, links, monitors,
 * calls, names, groups, timers, servers and supervisors. The guests are in guests/; each tells an
 * observer in words what it sees. Both ways of blocking must agree.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import { formatReason, type GuestModule, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { guestModules, type ParkWay, quiet, textsFor } from "../support/guests.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** All grants but `spawn`. */
const EVERYTHING = { kill: true, register: true, lookup: true, log: true, clock: true, random: true } as const;

describe.each(["asyncify", "jspi"] as const)("a guest built for %s", (way: ParkWay) => {
  let compiled: Map<string, WebAssembly.Module>;
  let clock: ManualClock;
  let runtime: Runtime;
  let failure: GuestModule;
  let observer: HostMailbox;
  let log: string[];
  let ends: Map<Pid, string>;

  beforeAll(async () => {
    const guests = await guestModules("guests", ["subject", "failure", "recorder", "overseer", "tree"], way);
    const examples = await guestModules("examples", ["supervised", "supervised-counter"], way);
    compiled = new Map([...guests, ...examples]);
  });

  beforeEach(async () => {
    clock = new ManualClock();
    log = [];
    ends = new Map();
    runtime = new Runtime({
      grants: "all",
      clock,
      readString,
      onLog: (_pid, level, text) => log.push(`${level}: ${text}`),
      onExit: ({ pid, reason }) => ends.set(pid, formatReason(reason)),
    });
    observer = runtime.mailbox();
    failure = await load("failure");
    for (const name of ["subject", "recorder", "overseer", "tree", "failure", "supervised", "supervised-counter"]) {
      runtime.define(name, await load(name));
    }
    runtime.define("private", await load("subject"));
  });

  afterEach(() => runtime.stop());

  function load(name: string): Promise<GuestModule> {
    return runtime.load(compiled.get(name) as WebAssembly.Module, { name });
  }

  /** Starts an entry of guests/failure.ts. */
  function start(entry: string, ...words: (string | number)[]): Pid {
    const args = [observer.pid, ...words].join(" ");
    return runtime.spawn(failure, { entry, args, grants: { ...EVERYTHING, spawn: ["subject", "nothing", "failure"] } });
  }

  /** Starts a guest that is told what to do by texts. */
  function subject(...words: (string | number)[]): Pid {
    return runtime.spawn("subject", { args: [observer.pid, ...words].join(" ") });
  }

  /** What was said to the observer since the last time, once all actors wait. */
  const heard = () => textsFor(observer);

  /** Calls from the host. */
  async function ask(whom: Pid | string, request: string): Promise<string> {
    return decoder.decode(await runtime.call(whom, request));
  }

  describe("spawns", () => {
    test("what it was granted and nothing else, and is told why not", async () => {
      start("spawns");
      const [granted, ...others] = await heard();
      expect(granted).toBe("started true true");
      expect(others.slice(0, 2)).toEqual(["not granted false 0", "no such module false 0"]);
      expect(others).toContain("no such entry false 0");
    });

    test("with arguments and with another entry, and watches the child in one", async () => {
      start("spawns");
      const said = (await heard()).slice(4);
      expect(said.sort()).toEqual(["child up", "message from child: 1", "started true"]);
    });
  });

  describe("that is linked to a child that crashes", () => {
    const crash = /^crashed: a bad day \(.*subject\.ts:\d+:\d+\)$/;

    test("ends for the same reason", async () => {
      const parent = start("linked", "trusting");
      expect(await heard()).toEqual([]);
      expect(ends.get(parent)).toMatch(crash);
    });

    test("gets the reason as an item when it traps exits, and lives", async () => {
      const parent = start("linked", "trapping");
      const [exit, details] = await heard();
      expect(exit).toMatch(/^exit of child: crashed: a bad day \(/);
      expect(details).toMatch(/^true true a bad day \(.*\) true$/);
      expect(ends.get(parent)).toBe("normal");
    });

    test("lives when it has unlinked itself before", async () => {
      const parent = start("linked", "unlinking");
      expect(await heard()).toEqual(["unlinked: true"]);
      clock.jump(10);
      expect(await heard()).toEqual(["nothing"]);
      expect(ends.get(parent)).toBe("normal");
    });
  });

  test("gets one down a monitor, behind the last message of the one who ended", async () => {
    start("monitored");
    expect(await heard()).toEqual([
      ...["message from child: 1", "message from child: 2", "message from child: 3"],
      ...Array(3).fill("down of child: own: said it all"),
      "true nothing",
    ]);
  });

  test("is told at once that there is nobody to monitor, to link with, or to end", async () => {
    start("noproc");
    await quiet();
    clock.jump(1);
    expect(await heard()).toEqual([
      "down of child: noproc",
      "linked: false",
      "exit of child: noproc",
      "exit sent: false, unlinked: false",
    ]);
  });

  test("never sees the down of a monitor that it has taken back and flushed", async () => {
    start("demonitors", "flushing");
    expect(await heard()).toEqual(["alive: true", "dead: false", "nothing"]);
  });

  test("sees the down of a monitor that it has taken back too late, where it does not flush", async () => {
    start("demonitors", "leaving");
    expect(await heard()).toEqual(["alive: true", "dead: false", "down of child: killed"]);
  });

  test("asks another to end, gives it a reason of its own, or kills it, which cannot be trapped", async () => {
    start("kills");
    expect(await heard()).toEqual(["! up"]);
    clock.jump(1);
    expect(await heard()).toEqual([]);
    clock.jump(1);
    expect(await heard()).toEqual(["nothing", "killed: true", "exit of child: killed", "exit of child: own: you must"]);
  });

  test("knows its parent: the host, or who has spawned it", async () => {
    start("parents", 0);
    expect(await heard()).toEqual(["the host", "whom I was told"]);
  });

  test("starts a child with a link and a monitor in one, and knows who is alive, without a trace in its mailbox", async () => {
    start("spawnsTied");
    expect(await heard()).toEqual([
      "true true",
      "down of child: shutdown, exit of child: shutdown; false false nothing",
    ]);
  });

  test.each([
    ["end", /^normal$/],
    ["shutdown", /^shutdown$/],
    ["kill", /^killed$/],
    ["own enough", /^custom: enough$/],
    ["crash", /^crashed: a bad day \(.*subject\.ts:\d+:\d+\)$/],
  ])("ends for the reason that it has received of one who did %s", async (how, reason) => {
    const pid = start("endsFor", how);
    await quiet();
    expect(ends.get(pid)).toMatch(reason);
  });

  describe("calls another", () => {
    test("and gets its answer, whatever its length, and nothing after it", async () => {
      const callee = subject();
      for (const [request, answer] of [
        ["ask", "answer"],
        ["ask for much", "much ".repeat(100)],
        [`ask whether I am ${callee}`, "yes"],
      ]) {
        start("calls", callee, request);
        expect(await heard()).toEqual([`answer: ${answer}`]);
        clock.jump(1000);
        expect(await heard()).toEqual(["then nothing"]);
      }
    });

    test("and takes the first answer only, also where the callee ends right behind it", async () => {
      start("calls", subject(), "ask twice");
      expect(await heard()).toEqual(["answer: first"]);
      clock.jump(1000);
      expect(await heard()).toEqual(["then nothing"]);
    });

    test("and learns at once that the callee crashed, with its message, or that there is none", async () => {
      const callee = subject();
      start("calls", callee, "crash");
      expect(await heard()).toEqual([
        expect.stringMatching(/^the callee ended: crashed: a bad day \(.*\), a bad day \(.*\)$/),
      ]);
      start("calls", callee, "ask");
      expect(await heard()).toEqual(["the callee ended: noproc, there is none"]);
      start("calls", 0, "ask");
      expect(await heard()).toEqual(["the callee ended: noproc, there is none"]);
      clock.jump(1000);
      expect(await heard()).toEqual(["then nothing", "then nothing", "then nothing"]);
    });

    test("and sees that the time is over, not before, and never the late answer", async () => {
      const callee = subject();
      start("calls", callee, "ask later");
      clock.jump(99);
      expect(await heard()).toEqual([]);
      clock.jump(99);
      expect(await heard()).toEqual([]);
      clock.jump(1);
      expect(await heard()).toEqual(["not answered in time (timed out)"]);
      runtime.send(callee, "now");
      expect(await heard()).toEqual(["sent: 0"]);
      clock.jump(1000);
      expect(await heard()).toEqual(["then nothing"]);
    });

    test("and gets an answer that comes later but in time", async () => {
      const callee = subject();
      start("calls", callee, "ask later");
      await quiet();
      clock.jump(99);
      runtime.send(callee, "now");
      expect(await heard()).toEqual(["sent: 1", "answer: later"]);
    });

    test("that calls a third in turn", async () => {
      const third = subject();
      start("calls", subject("", third), "ask through");
      expect(await heard()).toEqual(["answer: answer"]);
    });

    test("that hands it on to a third, which answers in its place", async () => {
      start("calls", subject("", subject()), "delegate ask");
      expect(await heard()).toEqual(["answer: answer"]);
      start("calls", subject("", subject()), "ask by forward");
      expect(await heard()).toEqual(["answer: forwarded"]);
    });

    test("that is told of the third's end, where that was to answer", async () => {
      const third = subject();
      start("calls", subject("", third), "delegate ask later");
      await quiet();
      runtime.kill(third);
      expect(await heard()).toEqual(["the callee ended: killed, "]);
    });

    test("that crashes where it answers a message that is gone", async () => {
      const careless = subject("", subject());
      start("calls", careless, "ask carelessly");
      await quiet();
      expect(ends.get(careless)).toMatch(/^crashed: Message: stale, something else was received since/);
    });

    test("and crashes with the reason where it uses an answer that is not there", async () => {
      const caller = start("trusts", subject());
      await quiet();
      expect(ends.get(caller)).toMatch(/^crashed: call: the callee ended: crashed: a bad day/);
    });

    test("and crashes where it reads an answer after it has received something else", async () => {
      const caller = start("keeps", subject());
      expect(await heard()).toEqual(["answer"]);
      expect(ends.get(caller)).toMatch(/^crashed: Message: stale, something else was received since/);
    });

    test("and is told when its request was refused", async () => {
      const limited = (limits: object) => {
        const deaf = runtime.spawn(failure, { entry: "deaf", limits });
        start("floods", deaf, 40);
      };
      limited({ mailboxMessages: 2 });
      const timedOut = "not answered in time (timed out)";
      const full = "the mailbox of the callee is full";
      expect(await heard()).toEqual([timedOut, timedOut, full, full, full]);
      limited({ messageBytes: 39 });
      expect(await heard()).toEqual(Array(5).fill("the request is too large"));
    });

    test("and is refused at once where that is itself, with nothing left in its mailbox", async () => {
      start("callsItself");
      expect(await heard()).toEqual(["the callee is the caller itself", "nothing"]);
    });

    test("with ten thousand older messages in its mailbox, which stay there in order", async () => {
      const callee = subject();
      const caller = start("callsInAHurry", callee, 10_000);
      runtime.send(caller, "go");
      for (let i = 0; i < 10_000; i++) runtime.send(caller, new Uint8Array(Int32Array.of(i).buffer));
      expect(await heard()).toEqual(["answer: answer", "10000 in order, then nothing"]);
    });
  });

  test("waits for an answer by a ref of its own, until it drops the ref", async () => {
    start("refs");
    expect(await heard()).toEqual(["accepted: 1", "answer", "dropped: true, accepted: 0, dropped: false", "older"]);
  });

  test("gives names, finds and sends by them, and finds a name free when it is told of the end of who had it", async () => {
    start("names");
    expect(await heard()).toEqual([
      "registered: 1, again: -1, self: 1",
      "found: true, nobody: 0",
      "sent: 1, to nobody: 0",
      "child up",
      "down of child: own: bye",
      "after its end: 0, registered: 1",
      "the dead: 0",
      "unregistered: true, again: false, nobody: 0",
    ]);
  });

  test("joins a group, sends to all others in it, and is out of it when it leaves or ends", async () => {
    const crew = [start("groups"), start("groups"), start("groups")];
    await quiet();
    runtime.send(crew[1], "go");
    expect(await heard()).toEqual(["go", "3 members, I am 1, 2 accepted", "all hands", "all hands"]);
    runtime.kill(crew[0]);
    runtime.send(crew[1], "go");
    expect(await heard()).toEqual(["go", "2 members, I am 0, 1 accepted", "all hands"]);
    runtime.send(crew[2], "leave");
    expect(await heard()).toEqual(["leave", "left: true, again: false, 1 members"]);
    runtime.send(crew[1], "go");
    expect(await heard()).toEqual(["go", "1 members, I am 0, 0 accepted"]);
  });

  test("sets timers, and cancels those that have not fired yet", async () => {
    const pid = start("timers");
    expect(await heard()).toEqual(["cancelled: true, again: false"]);
    clock.jump(99);
    expect(await heard()).toEqual([]);
    clock.jump(1);
    expect(await heard()).toEqual(["timer from self, tag 7: first, its ref: true", "cancelled: false"]);
    clock.jump(1000);
    expect(await heard()).toEqual(["nothing"]);
    expect(ends.get(pid)).toBe("normal");
    clock.jump(50);
    expect(await heard()).toEqual(["for another"]);
  });

  describe.each(["run", "handle"])("that is a server by its %s", entry => {
    let server: Pid;

    beforeEach(() => {
      server = runtime.spawn("recorder", {
        entry,
        args: `${observer.pid}`,
        grants: { ...EVERYTHING, spawn: ["subject"] },
      });
    });

    test("answers calls, at once or later, and takes all else as casts", async () => {
      expect(await ask(server, "now?")).toBe("now?!");
      const later = ask(server, "later");
      runtime.send(server, "hello");
      expect(await heard()).toEqual(["call now?", "call later", "cast hello"]);
      runtime.send(server, "now");
      expect(await later).toBe("at last");
      expect(await heard()).toEqual(["cast now"]);
    });

    test("gets downs, timers and exits as infos", async () => {
      for (const text of ["monitor", "tick", "trap", "link"]) runtime.send(server, text);
      const said = await heard();
      expect(said.slice(0, 4)).toEqual(["cast monitor", "cast tick", "cast trap", "cast link"]);
      expect(said.slice(4).sort()).toEqual([
        expect.stringMatching(/^info crashed: a bad day/),
        expect.stringMatching(/^info own: bye/),
      ]);
      clock.jump(100);
      expect(await heard()).toEqual(["info timer 7"]);
      expect(ends.has(server)).toBe(false);
    });

    test("ends when it is stopped from inside, after the hook and its last answer", async () => {
      expect(await ask(server, "stop")).toBe("stop!");
      expect(await heard()).toEqual(["call stop", "stop normal"]);
      expect(ends.get(server)).toBe("normal");
    });

    test("can stop for the reason shutdown", async () => {
      runtime.send(server, "stop in order");
      expect(await heard()).toEqual(["cast stop in order", "stop shutdown"]);
      expect(ends.get(server)).toBe("shutdown");
    });

    test("is stopped by an exit signal shutdown, its hook for that comes last", async () => {
      runtime.send(server, "trap");
      await quiet();
      observer.exit(server, { kind: "shutdown" });
      runtime.send(server, "too late");
      expect(await heard()).toEqual(["cast trap", "stop shutdown"]);
      expect(ends.get(server)).toBe("shutdown");
    });

    test("that knows its parent ends with it for whatever reason, and with nobody else", async () => {
      observer.send(server, encoder.encode("trap"));
      observer.send(server, encoder.encode("know your parent"));
      observer.send(server, encoder.encode("link and shut down"));
      expect((await heard()).slice(3)).toEqual(["info shutdown"]);
      observer.exit(server, { kind: "custom", bytes: encoder.encode("bye") });
      expect(await heard()).toEqual(["stop own: bye"]);
      expect(ends.get(server)).toBe("custom: bye");
    });

    test("ends without its hook where it does not trap exits", async () => {
      await quiet();
      observer.exit(server, { kind: "shutdown" });
      expect(await heard()).toEqual([]);
      expect(ends.get(server)).toBe("shutdown");
    });
  });

  describe("that is a supervisor", () => {
    const strategies = ["one for one", "one for all", "rest for one"] as const;

    /**
     * Children as "label:restart:shutdownMs", restart being 0 permanent, 1 transient, 2 temporary.
     */
    function supervise(strategy: (typeof strategies)[number], intensity: number, ...children: string[]): Pid {
      const args = [observer.pid, strategies.indexOf(strategy), intensity, 5000, ...children].join(" ");
      return runtime.spawn("overseer", { args, grants: { ...EVERYTHING, spawn: ["subject"] } });
    }

    const three = ["a:0:100", "b:0:100", "c:0:100"];

    test("starts its children in order, under their names, and stops them in reverse order", async () => {
      const supervisor = supervise("one for one", 1, ...three);
      expect(await heard()).toEqual(["a up", "b up", "c up"]);
      expect(await ask(supervisor, "list")).toBe("a+b+c+");
      expect(runtime.send("b", "hello")).toBe(true);
      runtime.exit(supervisor, { kind: "shutdown" });
      expect(await heard()).toEqual(["c down", "b down", "a down", "supervisor: shutdown"]);
      expect(ends.get(supervisor)).toBe("shutdown");
      expect(runtime.size).toBe(0);
    });

    test.each([
      ["one for one", ["b up"]],
      ["one for all", ["c down", "a down", "a up", "b up", "c up"]],
      ["rest for one", ["c down", "b up", "c up"]],
    ] as const)("starts again after a crash, %s", async (strategy, expected) => {
      const supervisor = supervise(strategy, 1, ...three);
      await heard();
      runtime.send("b", "crash");
      expect(await heard()).toEqual(expected);
      expect(await ask(supervisor, "list")).toBe("a+b+c+");
    });

    test("starts a child again as its kind says: always, after a bad end, never", async () => {
      const supervisor = supervise("one for one", 9, "permanent:0:100", "transient:1:100", "temporary:2:100");
      await heard();
      for (const name of ["permanent", "transient", "temporary"]) runtime.send(name, "crash");
      expect(await heard()).toEqual(["permanent up", "transient up"]);
      expect(await ask(supervisor, "list")).toBe("permanent+transient+");
      for (const end of ["end", "shutdown"]) runtime.send("permanent", end);
      expect(await heard()).toEqual(["permanent up"]);
      runtime.send("permanent", "shutdown");
      expect(await heard()).toEqual(["permanent up"]);
      runtime.send("transient", "shutdown");
      expect(await heard()).toEqual([]);
      expect(await ask(supervisor, "list")).toBe("permanent+transient-");
      runtime.exit(supervisor, { kind: "shutdown" });
      expect(await heard()).toEqual(["permanent down", "supervisor: shutdown"]);
    });

    test("starts a transient child that has ended again with all others, and a temporary one not", async () => {
      const supervisor = supervise("one for all", 1, "a:1:100", "b:2:100", "c:0:100");
      await heard();
      runtime.send("a", "end");
      await heard();
      runtime.send("c", "crash");
      expect(await heard()).toEqual(["b down", "a up", "c up"]);
      expect(await ask(supervisor, "list")).toBe("a+c+");
    });

    test("gives up when restarts are too many for the period, and not before", async () => {
      const supervisor = supervise("one for one", 2, ...three);
      await heard();
      for (const atMs of [0, 3000, 6000, 8001]) {
        clock.jump(atMs - clock.now());
        runtime.send("a", "crash");
        expect(await heard(), `at ${atMs} ms`).toEqual(["a up"]);
      }
      clock.jump(1000);
      runtime.send("a", "own enough");
      expect(await heard()).toEqual(["c down", "b down", "supervisor: shutdown"]);
      expect(ends.get(supervisor)).toBe("shutdown");
      expect(log).toEqual(["error: supervisor: too many restarts; the last to end was subject, own: enough"]);
      expect(runtime.size).toBe(0);
    });

    test("loses no exit while several children end at once and others are being stopped", async () => {
      for (const strategy of strategies) {
        const supervisor = supervise(strategy, 3, ...three);
        await heard();
        const old = ["a", "b", "c"].map(name => runtime.whereis(name));
        runtime.send("c", "crash");
        runtime.send("a", "shutdown");
        runtime.send("b", "crash");
        await heard();
        expect(await ask(supervisor, "list")).toBe("a+b+c+");
        for (const [i, name] of ["a", "b", "c"].entries()) {
          const pid = runtime.whereis(name) as Pid;
          expect(pid).not.toBe(old[i]);
          expect(runtime.isAlive(pid)).toBe(true);
        }
        expect(runtime.size).toBe(4);
        runtime.exit(supervisor, { kind: "shutdown" });
        await heard();
        expect(runtime.size).toBe(0);
      }
    });

    test("kills a child that does not stop in time, and asks the one before it only then", async () => {
      const supervisor = supervise("one for one", 1, "a:0:100", "!b:0:100", "c:0:0");
      expect(await heard()).toEqual(["a up", "!b up", "c up"]);
      const stubborn = runtime.whereis("!b") as Pid;
      runtime.exit(supervisor, { kind: "shutdown" });
      expect(await heard()).toEqual([]);
      clock.jump(99);
      expect(await heard()).toEqual([]);
      clock.jump(1);
      expect(await heard()).toEqual(["a down", "supervisor: shutdown"]);
      expect(ends.get(stubborn)).toBe("killed");
    });

    test("starts and stops children while it runs", async () => {
      const supervisor = supervise("one for one", 1, "a:0:100");
      expect(await ask(supervisor, "start b:0:100")).toBe("true");
      expect(await heard()).toEqual(["a up", "b up"]);
      expect(await ask(supervisor, "start b:0:100")).toBe("false");
      expect(await ask(supervisor, "start private:0:100")).toBe("false");
      expect(log).toEqual([
        expect.stringMatching(/^error: supervisor: subject could not be started: it is started already, as \d+$/),
        "error: supervisor: private could not be started: not granted",
      ]);
      runtime.send("b", "crash");
      expect(await heard()).toEqual(["b up"]);
      expect(await ask(supervisor, "stop a")).toBe("true");
      expect(await ask(supervisor, "stop a")).toBe("false");
      expect(await ask(supervisor, "list")).toBe("b+");
      expect(await heard()).toEqual(["a down"]);
    });

    test("stops what it has started and ends where a child cannot be started", async () => {
      const supervisor = supervise("one for one", 1, "a:0:0", "private:0:0", "c:0:0");
      expect(await heard()).toEqual([]);
      expect(ends.get(supervisor)).toBe("custom: supervisor: private could not be started: not granted");
      expect(runtime.size).toBe(0);
    });

    test("counts a child that cannot be started again among the restarts, and gives up", async () => {
      const supervisor = supervise("one for one", 3, ...three);
      await heard();
      const nameless = runtime.whereis("a") as Pid;
      runtime.unregister("a");
      runtime.register("a", observer.pid);
      runtime.send(nameless, "crash");
      expect(await heard()).toEqual(["c down", "b down", "supervisor: shutdown"]);
      expect(ends.get(supervisor)).toBe("shutdown");
    });

    test("counts its restarts without the grant clock, two that are exactly one period apart too", async () => {
      const spawns: Pid[] = [];
      runtime.inspect(event => {
        if (event.kind === "spawn" && event.module === "subject") spawns.push(event.pid);
      });
      const args = [observer.pid, 0, 2, 5000, "_a:0:100"].join(" ");
      const supervisor = runtime.spawn("overseer", { args, grants: { spawn: ["subject"] } });
      await heard();
      for (const atMs of [0, 3000, 6000, 8001, 13_002]) {
        clock.jump(atMs - clock.now());
        runtime.send(spawns[spawns.length - 1], "crash");
        expect(await heard(), `at ${atMs} ms`).toEqual(["_a up"]);
      }
      clock.jump(1);
      runtime.send(spawns[spawns.length - 1], "crash");
      expect(await heard()).toEqual(["_a up"]);
      clock.jump(4999);
      runtime.send(spawns[spawns.length - 1], "crash");
      expect(await heard()).toEqual(["supervisor: shutdown"]);
      expect(ends.get(supervisor)).toBe("shutdown");
    });

    test("says what it lacks where a child cannot have its name, and ends", async () => {
      const supervisor = (grants: object) => {
        const args = [observer.pid, 0, 1, 5000, "_a:0:100", "b:0:100"].join(" ");
        return runtime.spawn("overseer", { args, grants: { spawn: ["subject"], ...grants } });
      };
      const nameless = supervisor({});
      expect(await heard()).toEqual([]);
      const who = "custom: supervisor: subject could not be started";
      expect(ends.get(nameless)).toBe(`${who}: it cannot be called b without the grant register`);
      runtime.register("b", observer.pid);
      const late = supervisor({ register: true });
      await heard();
      expect(ends.get(late)).toBe(`${who}: the name b is taken`);
      expect(runtime.size).toBe(0);
    });

    test("does not start a child twice, nor one of its children that does not run", async () => {
      const supervisor = supervise("one for one", 1, "a:1:100");
      await heard();
      const first = runtime.whereis("a") as Pid;
      expect(await ask(supervisor, "start a:1:100")).toBe("false");
      expect(log).toEqual([`error: supervisor: subject could not be started: it is started already, as ${first}`]);
      expect(runtime.isAlive(first)).toBe(true);
      runtime.send("a", "end");
      await heard();
      expect(await ask(supervisor, "start a:1:100")).toBe("false");
      expect(log[1]).toMatch(/it is a child already, which does not run$/);
      expect(await ask(supervisor, "stop a")).toBe("true");
      expect(await ask(supervisor, "start a:1:100")).toBe("true");
      expect(await heard()).toEqual(["a up"]);
    });

    test("tries a failed start again alone, and leaves alone what was started before it", async () => {
      const supervisor = supervise("rest for one", 9, ...three);
      await heard();
      await ask(supervisor, "fail b 2");
      runtime.send("a", "crash");
      expect(await heard()).toEqual(["c down", "b down", "a up", "b up", "c up"]);
      expect(log.filter(line => line.startsWith("debug"))).toEqual(["debug: fail b", "debug: fail b"]);
    });

    test.each([
      ["is killed", (pid: Pid) => runtime.kill(pid), "killed"],
      ["crashes", (pid: Pid) => runtime.send(pid, "crash"), "crashed: a bad day"],
    ] as const)(
      "ends with its parent when that %s, for the same reason, its children first",
      async (_, end, reason) => {
        const top = runtime.spawn("tree", { args: `${observer.pid} 3` });
        await quiet();
        expect(runtime.size).toBe(4);
        end(top);
        expect(await heard()).toEqual([
          "server: shutdown",
          "supervisor 1: shutdown",
          expect.stringContaining(`supervisor 2: ${reason}`),
        ]);
        expect(runtime.size).toBe(0);
        expect([...ends.values()].filter(why => why.startsWith(reason))).toHaveLength(2);
      },
    );

    test("ends with a killed supervisor of the host's", async () => {
      const children = [{ id: "a", start: "tree", args: `${observer.pid} 1` }];
      const above = runtime.supervise({ children });
      const later = runtime.supervise({
        children: [{ id: "a", start: async () => runtime.spawn("tree", { args: children[0].args }) }],
      });
      await quiet();
      for (const { pid } of [above, later]) {
        runtime.kill(pid);
        expect(await heard()).toEqual(["server: shutdown", "supervisor 1: killed"]);
      }
      expect(runtime.size).toBe(0);
    });

    test("takes its children with it when it is killed, servers that trap exits too", async () => {
      const supervisor = runtime.spawn("supervised", { grants: { ...EVERYTHING, spawn: ["supervised-counter"] } });
      await quiet();
      const counter = runtime.whereis("counter") as Pid;
      runtime.kill(supervisor);
      await quiet();
      expect([ends.get(supervisor), ends.get(counter)]).toEqual(["killed", "killed"]);
      const above = runtime.spawn("tree", { args: `${observer.pid} 1` });
      await quiet();
      runtime.kill(above);
      expect(await heard()).toEqual(["server: killed"]);
      expect(runtime.size).toBe(0);
    });

    test("has nothing to do with a server that it has started without a link", async () => {
      const starter = runtime.spawn("tree", { entry: "starts", args: `${observer.pid} 0` });
      await quiet();
      runtime.kill(starter);
      expect(await heard()).toEqual([]);
      expect(runtime.size).toBe(1);
    });
  });

  test("runs the examples: a counter that is started again when it crashes, until that is too often", async () => {
    const supervisor = runtime.spawn("supervised", { grants: { ...EVERYTHING, spawn: ["supervised-counter"] } });
    await quiet();
    expect(await ask("counter", "add 5")).toBe("5");
    expect(await ask("counter", "add -2")).toBe("3");
    expect(await ask("counter", "get")).toBe("3");
    for (let crashes = 1; crashes <= 3; crashes++) {
      await expect(ask("counter", "subtract 1")).rejects.toThrow("not a request: subtract 1");
      await quiet();
      expect(await ask("counter", "get")).toBe("0");
    }
    await expect(ask("counter", "?")).rejects.toThrow("not a request");
    await quiet();
    expect(ends.get(supervisor)).toBe("shutdown");
    expect(runtime.size).toBe(0);
  });
});
