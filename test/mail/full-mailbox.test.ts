/**
 * An actor whose mailbox others have filled, by items or by bytes. What it asks for still arrives,
 * and no function of the guest library crashes it for that.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import { formatReason, type GuestModule, type HostMailbox, type Limits, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet, WAYS } from "../support/guests.ts";

const FILLER = "twelve bytes";

describe.each(WAYS)("a guest built for %s", way => {
  let wasm: Uint8Array<ArrayBuffer>;
  let clock: ManualClock;
  let runtime: Runtime;
  let module: GuestModule;
  let observer: HostMailbox;
  let callee: HostMailbox;
  let ends: Map<Pid, string>;

  beforeAll(async () => {
    wasm = await buildGuest("guests", "besieged", way);
  });

  beforeEach(async () => {
    clock = new ManualClock();
    ends = new Map();
    runtime = new Runtime({
      grants: "all",
      clock,
      readString,
      onLog: () => {},
      onExit: ({ pid, reason }) => ends.set(pid, formatReason(reason)),
    });
    observer = runtime.mailbox();
    callee = runtime.mailbox();
    module = await runtime.load(wasm, { name: "besieged" });
    runtime.define("besieged", module);
  });

  afterEach(() => runtime.stop());

  function start(entry: string, limits: Partial<Limits>, ...words: (Pid | string)[]): Pid {
    return runtime.spawn(module, { entry, limits, args: [observer.pid, ...words].join(" ") });
  }

  /** Anybody may do that. */
  function fill(pid: Pid): void {
    let sent = 0;
    while (runtime.send(pid, FILLER)) expect(sent++).toBeLessThan(1_000);
    expect(runtime.info(pid)?.mailboxItems).toBeGreaterThan(0);
  }

  async function told(): Promise<string[]> {
    await quiet();
    const texts: string[] = [];
    for (let item = observer.poll(); item !== undefined; item = observer.poll()) {
      texts.push(item.kind === "message" ? new TextDecoder().decode(item.bytes) : item.kind);
    }
    return texts;
  }

  describe.each<[string, Partial<Limits>]>([
    ["items", { mailboxMessages: 5 }],
    ["bytes", { mailboxBytes: 5 * FILLER.length, messageBytes: 1_000 }],
  ])("whose mailbox is bounded by %s and full", (_what, limits) => {
    /** It is full before its first turn, and all that is in it stays there. */
    function besieged(entry: string, ...words: (Pid | string)[]): Pid {
      const pid = start(entry, limits, ...words);
      fill(pid);
      return pid;
    }

    test("calls, and gets its answer", async () => {
      const pid = besieged("calls", callee.pid);
      await quiet();
      const asked = callee.poll();
      expect(asked?.kind === "message" && callee.reply(asked, "a long answer ".repeat(50))).toBe(true);
      expect(await told()).toEqual(["a long answer ".repeat(50)]);
      expect(ends.get(pid)).toBe("normal");
    });

    test("is answered by a server", async () => {
      besieged("calls", start("serves", {}));
      expect(await told()).toEqual(["question"]);
    });

    test("is filled while it waits for an answer, and gets it", async () => {
      const pid = start("calls", limits, callee.pid);
      await quiet();
      fill(pid);
      const asked = callee.poll();
      expect(asked?.kind === "message" && callee.reply(asked, "answer")).toBe(true);
      expect(await told()).toEqual(["answer"]);
    });

    test("is told that its callee has ended", async () => {
      besieged("calls", callee.pid);
      await quiet();
      callee.close();
      expect(await told()).toEqual(["the callee ended: normal"]);
    });

    test("monitors, and gets the Down", async () => {
      besieged("monitors", callee.pid);
      await quiet();
      callee.close();
      expect(await told()).toEqual(["true"]);
    });

    test("sets a timer for itself, which fires", async () => {
      besieged("sets_timer");
      expect(await told()).toEqual([]);
      await clock.advance(10);
      expect(await told()).toEqual(["true 10"]);
    });

    test("waits no longer than it says", async () => {
      besieged("waits");
      await quiet();
      await clock.advance(10);
      expect(await told()).toEqual(["true"]);
    });

    test("spawns, and is told of the ends of those that it watches and is linked to", async () => {
      besieged("spawns");
      expect(await told()).toEqual(["true", "true"]);
    });

    test("as a supervisor starts again what ends", async () => {
      const pid = start("supervises", limits, "child");
      const [first] = await told();
      fill(pid);
      runtime.kill(Number(first.split(" ")[1]));
      fill(pid);
      const [second] = await told();
      expect(second).toMatch(/^child \d+$/);
      expect(second).not.toBe(first);
      expect(ends.has(pid)).toBe(false);
    });

    test("as a handler gets its timer, the Down and the answer that it has asked for", async () => {
      const watched = runtime.mailbox();
      besieged("handle", watched.pid, callee.pid);
      await quiet();
      watched.close();
      const asked = callee.poll();
      expect(asked?.kind === "message" && callee.reply(asked, "yes")).toBe(true);
      await clock.advance(10);
      expect((await told()).sort()).toEqual(["answer yes", "down", "timer"]);
    });
  });

  test("asks for as many items in a full mailbox as it may have ties and timers, is told that there are no more, and lives", async () => {
    const pid = start("asks_too_much", { mailboxMessages: 5, ties: 2, timers: 1 });
    fill(pid);
    const over = "the caller has reached a limit";
    expect(await told()).toEqual([`3 0 0 true ${over} ${over}`, "too many actors", "true true false false true"]);
    expect(ends.get(pid)).toBe("normal");
  });

  test("as a supervisor that may have no monitor stops its child in order all the same", async () => {
    const pid = start("supervises", { ties: 1 }, "orderly");
    await quiet();
    observer.exit(pid, { kind: "shutdown" });
    expect((await told()).slice(1)).toEqual(["asked to stop"]);
    expect(ends.get(pid)).toBe("shutdown");
  });

  test("as a supervisor that may have no timers starts a child again, and counts that for ever", async () => {
    const pid = start("supervises", { timers: 0 }, "child");
    for (let i = 0; i < 2; i++) {
      const [said] = await told();
      runtime.kill(Number(said.split(" ")[1]));
    }
    expect(await told()).toEqual([]);
    expect(ends.get(pid)).toBe("shutdown");
  });

  test("as a supervisor tries each failed start again after what is in its mailbox", async () => {
    start("retries", {});
    const [said] = await told();
    runtime.kill(Number(said.split(" ")[1]));
    expect((await told()).slice(0, 6)).toEqual(["failed", "cast", "failed", "cast", "failed", "cast"]);
  });
});

describe("of the host, where its mailbox is full,", () => {
  let clock: ManualClock;
  let runtime: Runtime;

  beforeEach(() => {
    clock = new ManualClock();
    runtime = new Runtime({ clock, limits: { mailboxMessages: 3 } });
  });

  afterEach(() => runtime.stop());

  function fill(pid: Pid): void {
    let sent = 0;
    while (runtime.send(pid, FILLER)) expect(sent++).toBeLessThan(1_000);
  }

  test("a mailbox gets its timers, Downs and Exits", async () => {
    const [mailbox, watched, linked] = [0, 1, 2].map(() => runtime.mailbox());
    fill(mailbox.pid);
    mailbox.monitor(watched.pid);
    mailbox.link(linked.pid);
    mailbox.sendAfter(10, new TextEncoder().encode(FILLER));
    watched.close();
    linked.close();
    await clock.advance(10);
    await quiet();
    const kinds: (string | undefined)[] = [];
    while (mailbox.size > 0) kinds.push(mailbox.poll()?.kind);
    expect(kinds.sort()).toEqual(["down", "exit", "message", "message", "message", "timer"]);
  });

  test("a supervisor starts again what ends, at once and with a back-off, and stops it", async () => {
    for (const backoff of [undefined, { initialMs: 10 }]) {
      const children: HostMailbox[] = [];
      const start = () => {
        const child = runtime.mailbox();
        children.push(child);
        return child.pid;
      };
      const options = { children: [{ id: "only", start }], ...(backoff === undefined ? {} : { backoff }) };
      const supervisor = runtime.supervise(options);
      fill(supervisor.pid);
      children[0].close();
      fill(supervisor.pid);
      await quiet();
      fill(supervisor.pid);
      await clock.advance(10);
      await quiet();
      expect(children).toHaveLength(2);
      fill(supervisor.pid);
      const stopped = supervisor.stop();
      await quiet();
      await clock.advance(5_000);
      await stopped;
      expect(children[1].isOpen).toBe(false);
    }
  });
});
