/**
 * Links, monitors and exit signals. The programs are those of Erlang's reference manual
 * ("Processes": links, monitors, and the table of received exit signals), made of puppets, and so
 * are the expected outcomes.
 */

import { fc, test as law } from "@fast-check/vitest";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ExitReason, formatReason, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, CROWD, quiet } from "../support/guests.ts";
import { type Command, type Report, readReport, tell } from "../support/puppet.ts";

let puppetBytes: Uint8Array<ArrayBuffer>;
let puppetModule: WebAssembly.Module;
let runtime: Runtime;
let controller: HostMailbox;
let ends: Map<Pid, string>;

beforeAll(async () => {
  puppetBytes = await buildGuest("guests", "puppet", "asyncify");
  puppetModule = await WebAssembly.compile(puppetBytes);
});

function begin(): void {
  ends = new Map();
  runtime = new Runtime({
    grants: "all",
    clock: new ManualClock(),
    onExit: ({ pid, reason }) => ends.set(pid, nameOf(reason)),
    limits: { memoryPages: 4 },
  });
  controller = runtime.mailbox();
}
beforeEach(begin);
afterEach(() => runtime.stop());

function nameOf(reason: ExitReason): string {
  return reason.kind === "custom" ? new TextDecoder().decode(reason.bytes) : reason.kind;
}

/** Many share instances if their module came as bytes. A compiled one is quicker for few. */
async function puppets(count: number, from: WebAssembly.Module | Uint8Array<ArrayBuffer> = puppetModule) {
  const module = await runtime.load(from, { name: "puppet" });
  const args = new Uint8Array(BigUint64Array.of(BigInt(controller.pid)).buffer);
  return Array.from({ length: count }, () => runtime.spawn(module, { args }));
}

async function reports(): Promise<Report[]> {
  await quiet();
  const all: Report[] = [];
  for (;;) {
    const item = await controller.receive({ timeoutMs: 0 });
    if (item === undefined) return all;
    all.push(readReport(item));
  }
}

async function obey(puppet: Pid, ...commands: Command[]): Promise<void> {
  for (const command of commands) tell(runtime, puppet, command);
  await quiet();
}

const own = "own reason";

describe("an exit signal", () => {
  /**
   * Erlang's table: who sends what, and what becomes of a receiver that does, or does not, trap
   * exits.
   */
  const table: [name: string, sent: Command["do"] | ExitTo, plain: string, trapping: string][] = [
    ["exit(Pid, normal)", "to normal", "lives", "gets normal"],
    ["exit(Pid, shutdown)", "to shutdown", "ends shutdown", "gets shutdown"],
    ["exit(Pid, Reason)", "to own", `ends ${own}`, `gets ${own}`],
    ["exit(Pid, kill)", "to kill", "ends killed", "ends killed"],
    ["the end of a linked one with normal", "exitNormally", "lives", "gets normal"],
    ["the end of a linked one with its own reason", "exit", `ends ${own}`, `gets ${own}`],
    ["the crash of a linked one", "crash", "ends crashed", "gets crashed"],
    ["the killing of a linked one", "killed while linked", "ends killed", "gets killed"],
  ];
  type ExitTo = "to normal" | "to shutdown" | "to own" | "to kill" | "killed while linked";

  async function outcome(sent: Command["do"] | ExitTo, traps: boolean): Promise<string> {
    const [sender, receiver] = await puppets(2);
    await obey(receiver, { do: "trapExit", on: traps });
    if (sent === "to own") await obey(sender, { do: "exitTo", whom: receiver, reason: { own } });
    else if (sent === "to normal") await obey(sender, { do: "exitTo", whom: receiver, reason: "normal" });
    else if (sent === "to shutdown") await obey(sender, { do: "exitTo", whom: receiver, reason: "shutdown" });
    else if (sent === "to kill") await obey(sender, { do: "exitTo", whom: receiver, reason: "kill" });
    else {
      await obey(sender, { do: "link", whom: receiver });
      if (sent === "killed while linked") runtime.kill(sender);
      else await obey(sender, sent === "exit" ? { do: "exit", own } : ({ do: sent } as Command));
    }
    const got = await reports();
    if (ends.has(receiver)) return `ends ${ends.get(receiver)}`;
    if (got.length === 0) return "lives";
    expect(got).toEqual([{ puppet: receiver, kind: "exit", from: sender, label: 0, reason: got[0].reason }]);
    return `gets ${got[0].reason}`;
  }

  test.each(table)("by %s does to a receiver what Erlang says", async (_name, sent, plain, trapping) => {
    expect([await outcome(sent, false), await outcome(sent, true)]).toEqual([plain, trapping]);
  });

  test("of one to itself ends it also with normal, unless it traps exits", async () => {
    const [plain, trapping] = await puppets(2);
    await obey(plain, { do: "exitTo", whom: plain, reason: "normal" });
    await obey(trapping, { do: "trapExit", on: true }, { do: "exitTo", whom: trapping, reason: "normal" });
    expect(ends.get(plain)).toBe("normal");
    expect((await reports()).map(({ puppet, reason }) => [puppet, reason])).toEqual([[trapping, "normal"]]);
  });

  test("from the host does what one from an actor does", async () => {
    const [plain, trapping] = await puppets(2);
    await obey(trapping, { do: "trapExit", on: true });
    for (const pid of [plain, trapping]) runtime.exit(pid, { kind: "normal" });
    await quiet();
    expect(ends.size).toBe(0);
    for (const pid of [plain, trapping]) runtime.exit(pid, { kind: "shutdown" });
    expect((await reports()).map(({ from, reason }) => [from, reason])).toEqual([
      [0, "normal"],
      [0, "shutdown"],
    ]);
    expect(ends.get(plain)).toBe("shutdown");
  });
});

describe("a link", () => {
  test("is not had with oneself, and a monitor of oneself never tells anything", async () => {
    const [lone] = await puppets(1);
    await obey(lone, { do: "trapExit", on: true }, { do: "link", whom: lone }, { do: "monitor", whom: lone, label: 1 });
    expect(runtime.info(lone)).toMatchObject({ links: [], monitors: [lone], monitoredBy: [lone] });
    await obey(lone, { do: "exit", own });
    expect(await reports()).toEqual([]);
    expect(ends.get(lone)).toBe(own);
  });

  test("to a dead actor gives noproc: it ends who asks, and one that traps exits is told", async () => {
    const [dead, plain, trapping] = await puppets(3);
    runtime.kill(dead);
    await obey(plain, { do: "link", whom: dead });
    await obey(trapping, { do: "trapExit", on: true }, { do: "link", whom: dead });
    expect(ends.get(plain)).toBe("noproc");
    expect((await reports()).map(({ from, reason }) => [from, reason])).toEqual([[dead, "noproc"]]);
  });

  test("is one a pair, however often it is made: one exit comes, and one unlink undoes it", async () => {
    const [a, b, c] = await puppets(3);
    await obey(b, { do: "trapExit", on: true }, { do: "link", whom: a }, { do: "link", whom: a });
    await obey(a, { do: "link", whom: b });
    await obey(b, { do: "link", whom: c }, { do: "link", whom: c }, { do: "unlink", whom: c });
    runtime.kill(c);
    runtime.kill(a);
    expect((await reports()).map(({ from }) => from)).toEqual([a]);
  });

  test("to one that has ended counts no more among the ties that its partner may have", async () => {
    const module = await runtime.load(puppetModule, { name: "puppet" });
    const args = new Uint8Array(BigUint64Array.of(BigInt(controller.pid)).buffer);
    const survivor = runtime.spawn(module, { args, limits: { ties: 2 } });
    await obey(survivor, { do: "trapExit", on: true });
    for (let round = 0; round < 5; round++) {
      const [other] = await puppets(1);
      await obey(survivor, { do: "link", whom: other });
      await obey(other, { do: "exit", own });
      expect(await reports()).toMatchObject([{ puppet: survivor, kind: "exit", from: other }]);
    }
    expect(runtime.info(survivor)?.links).toEqual([]);
  });

  test("to itself is none", async () => {
    const [a] = await puppets(1);
    await obey(a, { do: "link", whom: a });
    runtime.kill(a);
    expect(await reports()).toEqual([]);
  });

  test(`carries an end through ${CROWD} actors, without recursion`, async () => {
    const chain = await puppets(CROWD, puppetBytes);
    for (let i = 1; i < chain.length; i++) tell(runtime, chain[i], { do: "link", whom: chain[i - 1] });
    await quiet();
    tell(runtime, chain[0], { do: "exit", own });
    await quiet();
    expect(runtime.size).toBe(0);
    expect(ends.get(chain[CROWD - 1])).toBe(own);
  });
});

describe("a monitor", () => {
  test("gives one Down, with the reason, and nothing more", async () => {
    const [watcher, target] = await puppets(2);
    await obey(watcher, { do: "monitor", whom: target, label: 7 });
    await obey(target, { do: "exit", own });
    expect(await reports()).toEqual([{ puppet: watcher, kind: "down", from: target, label: 7, reason: own }]);
  });

  test("may be one of several a pair, each with its own Down", async () => {
    const [watcher, target] = await puppets(2);
    for (const label of [1, 2, 3]) await obey(watcher, { do: "monitor", whom: target, label });
    await obey(watcher, { do: "demonitor", label: 2 });
    runtime.kill(target);
    expect((await reports()).map(({ label, reason }) => [label, reason])).toEqual([
      [1, "killed"],
      [3, "killed"],
    ]);
  });

  test("of a dead actor, or of one that never was, gives noproc at once", async () => {
    const [watcher, dead] = await puppets(2);
    runtime.kill(dead);
    await obey(watcher, { do: "monitor", whom: dead, label: 1 }, { do: "monitor", whom: 2 ** 50 + 3, label: 2 });
    expect((await reports()).map(({ from, reason }) => [from, reason])).toEqual([
      [dead, "noproc"],
      [2 ** 50 + 3, "noproc"],
    ]);
  });

  test("does not end its watcher, nor the watched one when the watcher ends", async () => {
    const [watcher, target, third] = await puppets(3);
    await obey(watcher, { do: "monitor", whom: target, label: 1 });
    await obey(third, { do: "monitor", whom: watcher, label: 2 });
    runtime.kill(watcher);
    expect((await reports()).map(({ puppet }) => puppet)).toEqual([third]);
    expect(runtime.isAlive(target)).toBe(true);
  });

  test("of the host's mailbox tells of a guest's end after its last message", async () => {
    const [target] = await puppets(1);
    const watcher = runtime.mailbox();
    const ref = watcher.monitor(target);
    tell(runtime, target, { do: "exitNormally" });
    await quiet();
    expect(await watcher.receive({ timeoutMs: 0 })).toEqual({
      kind: "down",
      from: target,
      ref,
      reason: { kind: "normal" },
    });
    expect(watcher.demonitor(ref)).toBe(false);
    const late = watcher.monitor(target);
    expect(watcher.demonitor(late, { flush: true })).toBe(false);
    expect(watcher.size).toBe(0);
  });
});

/**
 * Actors as Erlang's manual describes them: sets of links, lists of monitors, and the one reason
 * that goes round in each step.
 */
class Model {
  readonly alive = new Set<number>();
  readonly ended = new Map<number, string>();
  readonly traps = new Set<number>();
  readonly links = new Set<string>();
  monitors: { watcher: number; target: number; label: number }[] = [];
  reports: string[] = [];

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.alive.add(i);
  }

  end(first: number, reason: string): void {
    const dying = [first];
    for (const one of dying) {
      if (!this.alive.delete(one)) continue;
      this.ended.set(one, reason);
      for (const key of [...this.links]) {
        const [a, b] = key.split("-").map(Number);
        if (a !== one && b !== one) continue;
        this.links.delete(key);
        const other = a === one ? b : a;
        if (this.signal(other, one, reason)) dying.push(other);
      }
      for (const { watcher, label } of this.monitors.filter(m => m.target === one)) {
        this.report(watcher, "down", one, label, reason);
      }
      this.monitors = this.monitors.filter(m => m.target !== one && m.watcher !== one);
    }
  }

  /** True where the receiver ends by it. */
  signal(to: number, from: number, reason: string): boolean {
    if (!this.alive.has(to)) return false;
    if (this.traps.has(to)) this.report(to, "exit", from, 0, reason);
    else return reason !== "normal" || to === from;
    return false;
  }

  report(to: number, kind: string, from: number, label: number, reason: string): void {
    this.reports.push(`${to} ${kind} ${from} ${label} ${reason}`);
  }
}

const COUNT = 6;
const who = fc.nat(COUNT - 1);
const label = fc.nat(2);
const action = fc.oneof(
  fc.record({ do: fc.constant("link" as const), who, whom: who }),
  fc.record({ do: fc.constant("unlink" as const), who, whom: who }),
  fc.record({ do: fc.constant("monitor" as const), who, whom: who }),
  fc.record({ do: fc.constant("demonitor" as const), who, label }),
  fc.record({ do: fc.constant("trapExit" as const), who, on: fc.boolean() }),
  fc.record({
    do: fc.constant("exitTo" as const),
    who,
    whom: who,
    reason: fc.constantFrom("normal", "shutdown", "kill", own),
  }),
  fc.record({ do: fc.constant("exit" as const), who }),
  fc.record({ do: fc.constant("exitNormally" as const), who }),
);

describe("any graph of links and monitors", () => {
  law.prop([fc.array(action, { maxLength: 40 })], { numRuns: 150 })(
    "falls apart as Erlang's would, whoever is linked, watched, trapping or killed",
    async actions => {
      await runtime.stop();
      begin();
      const pids = await puppets(COUNT);
      const model = new Model(COUNT);
      let labels = 100;
      const labelsOf: number[][] = Array.from({ length: COUNT }, () => []);
      const real: string[] = [];
      for (const act of actions) {
        const pid = pids[act.who];
        if (!model.alive.has(act.who)) {
          expect(runtime.isAlive(pid)).toBe(false);
          continue;
        }
        model.reports = [];
        if (act.do === "link") {
          tell(runtime, pid, { do: "link", whom: pids[act.whom] });
          if (model.alive.has(act.whom)) {
            if (act.who !== act.whom) model.links.add([act.who, act.whom].sort().join("-"));
          } else if (model.signal(act.who, act.whom, "noproc")) model.end(act.who, "noproc");
        } else if (act.do === "unlink") {
          tell(runtime, pid, { do: "unlink", whom: pids[act.whom] });
          model.links.delete([act.who, act.whom].sort().join("-"));
        } else if (act.do === "monitor") {
          const made = labels++;
          labelsOf[act.who].push(made);
          tell(runtime, pid, { do: "monitor", whom: pids[act.whom], label: made });
          if (model.alive.has(act.whom)) model.monitors.push({ watcher: act.who, target: act.whom, label: made });
          else model.report(act.who, "down", act.whom, made, "noproc");
        } else if (act.do === "demonitor") {
          const made = labelsOf[act.who].at(act.label);
          if (made === undefined) continue;
          tell(runtime, pid, { do: "demonitor", label: made });
          model.monitors = model.monitors.filter(m => m.watcher !== act.who || m.label !== made);
        } else if (act.do === "trapExit") {
          tell(runtime, pid, { do: "trapExit", on: act.on });
          if (act.on) model.traps.add(act.who);
          else model.traps.delete(act.who);
        } else if (act.do === "exitTo") {
          const { reason } = act;
          tell(runtime, pid, {
            do: "exitTo",
            whom: pids[act.whom],
            reason: reason === "normal" || reason === "shutdown" || reason === "kill" ? reason : { own: reason },
          });
          if (reason === "kill") {
            if (model.alive.has(act.whom)) model.end(act.whom, "killed");
          } else if (model.signal(act.whom, act.who, reason)) model.end(act.whom, reason);
        } else {
          tell(runtime, pid, act.do === "exit" ? { do: "exit", own } : { do: "exitNormally" });
          model.end(act.who, act.do === "exit" ? own : "normal");
        }
        const index = (of: Pid) => pids.indexOf(of);
        real.length = 0;
        for (const r of await reports())
          real.push(`${index(r.puppet)} ${r.kind} ${index(r.from)} ${r.label} ${r.reason}`);
        // What is told to an actor that ends in the same step is not told any more.
        const expected = model.reports.filter(line => model.alive.has(Number(line.split(" ")[0])));
        expect(real.sort()).toEqual(expected.sort());
        expect(pids.filter(p => ends.has(p)).map(p => `${index(p)} ${ends.get(p)}`)).toEqual(
          pids.filter((_, i) => model.ended.has(i)).map(p => `${index(p)} ${model.ended.get(index(p))}`),
        );
      }
    },
  );
});

test("a reason is printed in one line", () => {
  expect(formatReason({ kind: "custom", bytes: new TextEncoder().encode("out of peanuts") })).toBe(
    "custom: out of peanuts",
  );
  expect(formatReason({ kind: "custom", bytes: Uint8Array.of(0, 1, 2) })).toBe("custom: 3 bytes");
  expect(formatReason({ kind: "crashed", message: "unreachable", stack: "at …" })).toBe("crashed: unreachable");
});
