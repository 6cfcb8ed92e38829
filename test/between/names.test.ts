/**
 * Names and groups: which actors have them, when they are free again, and what a watcher finds when
 * it is told of an end.
 */

import { fc, test as law } from "@fast-check/vitest";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ActorExit, type DeadLetter, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet } from "../support/guests.ts";
import { tell } from "../support/puppet.ts";

let compiled: WebAssembly.Module;
let runtime: Runtime;
let watcher: HostMailbox;
/** What else a test does when an actor has ended, or a message is lost. */
let onExit: (exit: ActorExit) => void;
let onDeadLetter: (letter: DeadLetter) => void;

beforeAll(async () => {
  const wasm = await buildGuest("guests", "puppet", "asyncify");
  compiled = await WebAssembly.compile(wasm);
});

async function begin(): Promise<void> {
  onExit = () => {};
  onDeadLetter = () => {};
  runtime = new Runtime({
    grants: "all",
    clock: new ManualClock(),
    onExit: exit => onExit(exit),
    onDeadLetter: letter => onDeadLetter(letter),
  });
  watcher = runtime.mailbox();
  runtime.define("puppet", await runtime.load(compiled, { name: "puppet" }));
}
beforeEach(begin);
afterEach(() => runtime.stop());

function puppet(): Pid {
  return runtime.spawn("puppet", { args: new Uint8Array(BigUint64Array.of(BigInt(watcher.pid)).buffer) });
}

describe("a name", () => {
  test("stands for one live actor, and is refused while it does: to others, and to the same again", () => {
    const [a, b] = [puppet(), runtime.mailbox().pid];
    expect(runtime.whereis("name")).toBeUndefined();
    expect(runtime.register("name", a)).toBe(true);
    expect(runtime.register("name", b)).toBe(false);
    expect(runtime.register("name", a)).toBe(false);
    expect(runtime.whereis("name")).toBe(a);
    expect(runtime.register("another name", a)).toBe(true);
    expect(runtime.register("name ", b)).toBe(true);
  });

  test("is not given to the dead, nor to pids that never were", () => {
    const dead = puppet();
    runtime.kill(dead);
    for (const pid of [dead, 0, 2 ** 50 + 3]) expect(runtime.register("name", pid)).toBe(false);
    expect(runtime.whereis("name")).toBeUndefined();
  });

  test("is what the host sends to, and nobody gets what is sent to nobody", async () => {
    runtime.register("watcher", watcher.pid);
    expect(runtime.send("watcher", Uint8Array.of(1))).toBe(true);
    expect(watcher.send("watcher", Uint8Array.of(2))).toBe(true);
    expect(runtime.send("nobody", Uint8Array.of(3))).toBe(false);
    await quiet();
    expect(watcher.poll()).toMatchObject({ from: 0, bytes: Uint8Array.of(1) });
    expect(watcher.poll()).toMatchObject({ from: watcher.pid, bytes: Uint8Array.of(2) });
    expect(watcher.poll()).toBeUndefined();
  });

  test("that was taken back is free, and the end of who had it does not take it from another", () => {
    const [a, b] = [puppet(), puppet()];
    runtime.register("name", a);
    expect(runtime.unregister("name")).toBe(true);
    expect(runtime.unregister("name")).toBe(false);
    expect(runtime.register("name", b)).toBe(true);
    runtime.kill(a);
    expect(runtime.whereis("name")).toBe(b);
  });

  test("is free at once when its actor is killed, and so are all its others", () => {
    const a = puppet();
    for (const name of ["one", "two", "three"]) runtime.register(name, a);
    runtime.kill(a);
    for (const name of ["one", "two", "three"]) {
      expect(runtime.whereis(name)).toBeUndefined();
      expect(runtime.register(name, watcher.pid)).toBe(true);
    }
  });
});

describe("when an actor has ended", () => {
  /**
   * In a predicate, for it is asked in the turn in which the item comes: a promise would look
   * later.
   */
  async function onReceipt(kind: "down" | "exit", of: Pid, look: () => void): Promise<void> {
    let looked = 0;
    await watcher.receiveMatch(item => {
      if (item.kind !== kind || item.from !== of) return false;
      looked++;
      look();
      return true;
    });
    expect(looked).toBe(1);
  }

  const ways = ["is killed", "crashes", "ends", "ends by a link"] as const;

  async function end(pid: Pid, how: (typeof ways)[number]): Promise<void> {
    if (how === "is killed") runtime.kill(pid);
    else if (how === "ends by a link") {
      const other = puppet();
      tell(runtime, other, { do: "link", whom: pid });
      await quiet();
      runtime.kill(other);
    } else tell(runtime, pid, { do: how === "crashes" ? "crash" : "exitNormally" });
  }

  test.each(ways.flatMap(how => (["down", "exit"] as const).map(kind => [how, kind] as const)))(
    "that %s, who receives its %s finds its name free and its groups without it",
    async (how, kind) => {
      const [ended, heir] = [puppet(), puppet()];
      runtime.register("name", ended);
      for (const pid of [heir, ended]) runtime.join("crew", pid);
      if (kind === "down") watcher.monitor(ended);
      else watcher.link(ended);
      await quiet();
      const received = onReceipt(kind, ended, () => {
        expect(runtime.whereis("name")).toBeUndefined();
        expect(runtime.members("crew")).toEqual([heir]);
        expect(runtime.register("name", heir)).toBe(true);
      });
      await end(ended, how);
      await received;
      await quiet();
      expect(runtime.whereis("name")).toBe(heir);
    },
  );

  test("all of several that end together have lost their names before anybody is told of one", async () => {
    const linked = [puppet(), puppet(), puppet()];
    for (const [i, pid] of linked.entries()) {
      runtime.register(`name ${i}`, pid);
      runtime.join("crew", pid);
      if (i > 0) tell(runtime, pid, { do: "link", whom: linked[i - 1] });
      watcher.monitor(pid);
    }
    await quiet();
    const received = onReceipt("down", linked[2], () => {
      expect(linked.map((_, i) => runtime.whereis(`name ${i}`))).toEqual([undefined, undefined, undefined]);
      expect(runtime.members("crew")).toEqual([]);
    });
    runtime.kill(linked[2]);
    await received;
  });

  test("its name is free for the host's onExit and for who waits for its end", async () => {
    const ended = puppet();
    runtime.register("name", ended);
    const seen: (Pid | undefined)[] = [];
    onExit = () => seen.push(runtime.whereis("name"));
    const exited = runtime.exited(ended).then(() => seen.push(runtime.whereis("name")));
    runtime.kill(ended);
    await exited;
    expect(seen).toEqual([undefined, undefined]);
  });

  test("its name is free for onDeadLetter, too", () => {
    const office = puppet();
    runtime.register("office", office);
    runtime.join("crew", office);
    for (let i = 0; i < 3; i++) runtime.send(office, "left behind");
    const seen: unknown[] = [];
    onDeadLetter = ({ why }) => {
      // The bound is for this test to end.
      if (why === "left behind" && seen.length < 10) {
        seen.push([runtime.whereis("office"), runtime.members("crew"), runtime.send("office", "a letter")]);
      }
    };
    runtime.kill(office);
    expect(seen).toEqual(Array(3).fill([undefined, [], false]));
  });
});

describe("a group", () => {
  test("is joined once, in order, by the living only, and is left by those that end", () => {
    const [a, b, c] = [puppet(), puppet(), puppet()];
    expect(runtime.members("crew")).toEqual([]);
    for (const pid of [b, a, c, a]) expect(runtime.join("crew", pid)).toBe(true);
    runtime.kill(b);
    expect(runtime.join("crew", b)).toBe(false);
    expect(runtime.members("crew")).toEqual([a, c]);
    runtime.join("others", c);
    runtime.kill(c);
    expect([runtime.members("crew"), runtime.members("others")]).toEqual([[a], []]);
  });

  test("gets what is sent to it, once a member, and tells how many accepted", async () => {
    const boxes = [runtime.mailbox(), runtime.mailbox()];
    for (const box of boxes) box.join("crew");
    boxes[0].join("crew");
    expect(runtime.broadcast("crew", Uint8Array.of(1), { tag: 2 })).toBe(2);
    for (const box of boxes) {
      expect(box.poll()).toMatchObject({ tag: 2, from: 0, bytes: Uint8Array.of(1) });
      expect(box.poll()).toBeUndefined();
    }
  });
});

describe("names and groups", () => {
  const who = fc.nat(3);
  const what = fc.constantFrom("x", "y", "z");
  const act = fc.oneof(
    fc.record({ do: fc.constantFrom("register", "join", "leave"), who, what }),
    fc.record({ do: fc.constant("unregister"), who, what }),
    fc.record({ do: fc.constant("end"), who, what }),
  );
  law.prop([fc.array(act, { maxLength: 40, size: "max" })], { numRuns: 200 })(
    "are a map and ordered sets of the living, whatever is done in whatever order",
    async acts => {
      await runtime.stop();
      await begin();
      const boxes = Array.from({ length: 4 }, () => runtime.mailbox());
      const names = new Map<string, number>();
      const groups = new Map<string, number[]>();
      const dead = new Set<number>();
      for (const { do: act, who, what } of acts) {
        const box = boxes[who];
        const members = groups.get(what) ?? [];
        if (act === "register") {
          expect(runtime.register(what, box.pid)).toBe(!dead.has(who) && !names.has(what));
          if (!dead.has(who) && !names.has(what)) names.set(what, who);
        } else if (act === "unregister") {
          expect(runtime.unregister(what)).toBe(names.delete(what));
        } else if (act === "join") {
          expect(runtime.join(what, box.pid)).toBe(!dead.has(who));
          if (!dead.has(who) && !members.includes(who)) groups.set(what, [...members, who]);
        } else if (act === "leave") {
          expect(box.leave(what)).toBe(members.includes(who));
          groups.set(
            what,
            members.filter(member => member !== who),
          );
        } else {
          box.close();
          dead.add(who);
          for (const [name, owner] of names) if (owner === who) names.delete(name);
          for (const [group, all] of groups)
            groups.set(
              group,
              all.filter(member => member !== who),
            );
        }
        for (const name of ["x", "y", "z"]) {
          const owner = names.get(name);
          expect(runtime.whereis(name)).toBe(owner === undefined ? undefined : boxes[owner].pid);
          expect(runtime.members(name)).toEqual((groups.get(name) ?? []).map(member => boxes[member].pid));
        }
      }
    },
  );
});
