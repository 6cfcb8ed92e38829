/** The host's supervisor in every order, with children that are killed at any moment. */
import { describe, expect, test } from "vitest";
import type { Runtime, Strategy, Supervisor } from "../../host/index.ts";
import { type ExploreOptions, explore } from "../../host/test.ts";

const CHILDREN = ["a", "b", "c"];

/** A supervisor of three actors that answer. Notes each start. */
function supervised(runtime: Runtime, strategy: Strategy, intensity: number, started: string[]): Supervisor {
  return runtime.supervise({
    strategy,
    intensity,
    children: CHILDREN.map(name => ({
      id: name,
      name,
      start: () => {
        started.push(name);
        return runtime.actor(async mailbox => {
          for await (const item of mailbox) if (item.kind === "message") mailbox.reply(item, name);
        });
      },
    })),
  });
}

/** Plays a program with a supervisor until all of its children answer, or it has given up. */
function play(strategy: Strategy, intensity: number, kills: number, options: ExploreOptions = {}) {
  const starts: string[] = [];
  const program = async (runtime: Runtime) => {
    const started: string[] = [];
    const supervisor = supervised(runtime, strategy, intensity, started);
    const waiting = runtime.mailbox();
    const isOver = () => !runtime.isAlive(supervisor.pid);
    for (const name of CHILDREN) {
      for (let answer = ""; answer === "" && !isOver(); ) {
        answer = await runtime.callText(name, "?", { timeoutMs: 5_000 }).catch(() => "");
        if (answer === "") await waiting.receive({ timeoutMs: 10 });
        else expect(answer).toBe(name);
      }
    }
    if (isOver()) {
      // It stops its children before it ends.
      for (const name of CHILDREN) expect(runtime.whereis(name)).toBeUndefined();
    }
    starts.push(`${started.join("")}${isOver() ? "!" : ""}`);
  };
  return explore(program, { seeds: 100, kill: CHILDREN, kills, ...options }).then(() => new Set(starts));
}

describe("a supervisor whose children are killed", () => {
  test("one_for_one starts that child again", async () => {
    const starts = await play("one_for_one", 3, 1);
    expect([...starts].sort()).toEqual(["abc", "abca", "abcb", "abcc"]);
  });

  test("rest_for_one starts it and those behind it again, in their order", async () => {
    const starts = await play("rest_for_one", 3, 1);
    expect([...starts].sort()).toEqual(["abc", "abcabc", "abcbc", "abcc"]);
  });

  test("one_for_all starts all of them again, in their order", async () => {
    const starts = await play("one_for_all", 3, 1);
    expect([...starts].sort()).toEqual(["abc", "abcabc"]);
  });

  test("a supervisor that allows no restart gives up, and its children have ended before it", async () => {
    const starts = await play("one_for_one", 0, 1);
    expect([...starts].sort()).toEqual(["abc", "abc!"]);
  });

  test("two kills at any two moments leave all children running", async () => {
    for (const strategy of ["one_for_one", "rest_for_one", "one_for_all"] as const) {
      const starts = await play(strategy, 5, 2);
      expect([...starts].filter(order => order.endsWith("!"))).toEqual([]);
    }
  });
});
