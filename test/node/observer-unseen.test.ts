/** What an observer does only while somebody looks: it times turns, and follows actors. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createRuntime, formatPid, type NodeRuntime } from "../../host/node/index.ts";
import { Shares, shareOf } from "../../host/node/observer/shares.ts";
import { Talk } from "../../host/node/observer/talk.ts";
import { ECHO, guest } from "../support/wat.ts";

let runtime: NodeRuntime;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  runtime = createRuntime({ grants: "all", quiet: true });
  runtime.define("echo", await runtime.load(guest(ECHO), { name: "echo.wasm" }));
});
afterEach(async () => {
  vi.useRealTimers();
  await runtime.stop();
});

describe("turns", () => {
  test("are timed from the first look on, in windows of a second, until nobody has looked for five", () => {
    const timeTurns = vi.spyOn(runtime, "timeTurns");
    const shares = new Shares(runtime);
    vi.advanceTimersByTime(10_000);
    expect(timeTurns).not.toHaveBeenCalled();
    expect(shares.look()).toBeUndefined();
    const stop = vi.spyOn(timeTurns.mock.results[0].value, "stop");
    vi.advanceTimersByTime(900);
    expect(shares.look()).toBeUndefined();
    vi.advanceTimersByTime(200);
    const window = shares.look();
    expect(window).toBeDefined();
    vi.advanceTimersByTime(900);
    // Each client that looks in this second sees the same.
    expect(shares.look()).toBe(window);
    vi.advanceTimersByTime(4900);
    expect(stop).not.toHaveBeenCalled();
    vi.advanceTimersByTime(200);
    expect(stop).toHaveBeenCalledOnce();
    expect(shares.look()).toBeUndefined();
    expect(timeTurns).toHaveBeenCalledTimes(2);
    shares.stop();
  });

  test("have shares of the window, of guests only", () => {
    const window = { ms: 200, turnsMs: 100, of: () => 50 };
    expect([shareOf(window, 50), shareOf(window, 0), shareOf(window, 300)]).toEqual([0.25, 0, 1]);
    expect([shareOf(window, undefined), shareOf(undefined, 5), shareOf({ ...window, ms: 0 }, 5)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("actors that are followed", () => {
  const newTalk = () => new Talk(runtime, () => undefined);
  const textsOf = (talk: Talk) => talk.page(0).rows.map(({ payload }) => payload.text);

  test("are followed until nobody has looked for a minute", () => {
    const talk = newTalk();
    const { pid } = runtime.mailbox();
    talk.follow(pid);
    vi.advanceTimersByTime(59_000);
    talk.look();
    vi.advanceTimersByTime(59_000);
    runtime.send(pid, "seen");
    expect(textsOf(talk)).toEqual(["seen"]);
    vi.advanceTimersByTime(61_000);
    expect(talk.followed).toEqual([]);
    runtime.send(pid, "unseen");
    expect(textsOf(talk)).toEqual([]);
  });

  test("stay followed under their names when supervisors start them again, at most 16", async () => {
    const talk = newTalk();
    const supervisor = runtime.supervise({
      intensity: 1000,
      children: [{ id: "echo", start: "echo", name: "the echo" }],
    });
    const others = Array.from({ length: 15 }, () => runtime.mailbox().pid);
    const first = supervisor.child("echo") ?? 0;
    for (const pid of [...others, first]) expect(talk.follow(pid)).toEqual({});
    for (let n = 0; n < 3; n++) {
      runtime.send("the echo", `message ${n}`);
      await runtime.settled();
      runtime.kill(runtime.whereis("the echo") ?? 0);
      await runtime.settled();
    }
    const last = runtime.whereis("the echo") ?? 0;
    expect(talk.followed).toEqual([...others, last].map(formatPid));
    // The name goes to another actor while its owner lives: nobody else is followed.
    for (const pid of others.splice(0, 2)) talk.unfollow(pid);
    runtime.unregister("the echo");
    runtime.register("the echo", runtime.mailbox().pid);
    await runtime.settled();
    expect(talk.followed).toEqual([...others, last].map(formatPid));
    talk.stop();
    expect(talk.followed).toEqual([]);
  });

  test("are not inspected for names once the last one is followed no more", async () => {
    const talk = newTalk();
    const { pid } = runtime.mailbox();
    const inspect = vi.spyOn(runtime, "inspect");
    talk.follow(pid);
    talk.follow(pid);
    expect(inspect).toHaveBeenCalledOnce();
    talk.unfollow(pid);
    talk.follow(pid);
    expect(inspect).toHaveBeenCalledTimes(2);
    talk.stop();
  });
});
