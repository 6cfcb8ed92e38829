/**
 * Attacks on the limits of docs/security.md. A guest that takes without end is refused with the
 * documented status, or crashes for a reason that names the limit. The witness is served during the
 * attack and after it.
 */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type ExitReason,
  IsopodError,
  type Limits,
  type Pid,
  Runtime,
  type RuntimeOptions,
  SpawnError,
  type SpawnOptions,
} from "../../host/index.ts";
import { createRuntime } from "../../host/node/index.ts";
import { wordsOf } from "../support/player.ts";
import { assemble } from "../support/wat.ts";
import { Arena } from "./arena.ts";
import {
  BOSS,
  CHILD,
  COMMON,
  grantedWith,
  growing,
  IDLE,
  insisting,
  MANY_FEATURES,
  named,
  rounds,
  SHORT_TURNS,
  SINK,
  SLEEPER,
  spawning,
  tells,
  told,
  unaccounted,
  WAIT,
  words,
} from "./attackers.ts";

const ALL: SpawnOptions = { grants: "all" };

/**
 * Plays `insisting`: how often it is granted, and what it is refused with then and ever after. It
 * is alive meanwhile, and the witness is served.
 */
async function insists(
  arena: Arena,
  body: string | Uint8Array,
  options: SpawnOptions,
  expected: readonly [granted: number, refused: number],
  load: { readonly memory?: string } = {},
): Promise<void> {
  const pid = await arena.attack(body, tells(arena, { reductions: SHORT_TURNS, ...options }), load);
  expect(await told(arena, pid)).toEqual(expected);
  expect(await told(arena, pid)).toEqual([0, expected[1]]);
  for (let i = 0; i < 3; i++) expect(await arena.served()).toBe(true);
  expect(arena.runtime.isAlive(pid)).toBe(true);
  await ends(arena, pid);
}

/** Ends an attacker, and what is left is in order. */
async function ends(arena: Arena, pid: Pid): Promise<void> {
  const reason = arena.reason(pid);
  arena.runtime.kill(pid);
  expect(await reason).toBe("killed");
  expect(await arena.served()).toBe(true);
}

/** An attacker that plays a round for each message, and does nothing in between. */
async function handler(arena: Arena, body: string, options: SpawnOptions) {
  const pid = await arena.attack(body, tells(arena, { ...options, entry: "handle" }));
  const round = async (): Promise<number[]> => {
    expect(arena.runtime.send(pid, "")).toBe(true);
    return told(arena, pid);
  };
  return { pid, round };
}

/** A module that guests may spawn by its name. */
async function define(arena: Arena, name: string, body: string, defaults = {}): Promise<void> {
  arena.runtime.define(name, await arena.load(body), defaults);
}

/** A process that leaves its mail where it is for a second. */
async function sleeper(arena: Arena, limits: Partial<Limits>): Promise<Pid> {
  const pid = await arena.attack(SLEEPER, { limits });
  await arena.settle();
  return pid;
}

/** It lives, and serves once it has slept. */
async function wakes(arena: Arena, sleeping: Pid): Promise<void> {
  expect(arena.runtime.isAlive(sleeping)).toBe(true);
  arena.clock.jump(1000);
  await arena.settle();
  expect(await arena.answers(sleeping)).toBe(true);
}

async function deadActor(arena: Arena): Promise<Pid> {
  const pid = await arena.echo();
  const ended = arena.end(pid);
  arena.runtime.kill(pid);
  await ended;
  return pid;
}

describe("what holds without a word", () => {
  const page = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");

  /** The rows of the table whose first heading is this: name and default. */
  function table(heading: string): [name: string, value: number][] {
    const text = page.slice(page.indexOf(`| ${heading} |`)).split("\n\n")[0];
    return text
      .split("\n")
      .slice(2)
      .map(line => {
        const [, name = "", value = ""] = /^\| `(\w+)` \| ([^|]+) \|/.exec(line) ?? [];
        const [, digits = "", unit = ""] = /^([\d,]+)(?: (MiB|GiB))?/.exec(value) ?? [];
        const factor = unit === "GiB" ? 2 ** 30 : unit === "MiB" ? 2 ** 20 : 1;
        return [name, Number(digits.replaceAll(",", "")) * factor];
      });
  }

  test("is what docs/security.md says, limit by limit", async () => {
    await using arena = await Arena.open();
    const actors = table("limit of an actor");
    const all = table("limit of the runtime");
    expect([actors.length, all.length]).toEqual([16, 8]);
    expect({ ...arena.runtime.limits }).toEqual(Object.fromEntries([...actors, ...all]));
  });

  test("is more instances in Node without a trap handler, as the page says", async () => {
    await using runtime = createRuntime({ quiet: true });
    expect(process.execArgv).toContain("--disable-wasm-trap-handler");
    expect(page).toContain("12,000 (30,000 in Node with `--disable-wasm-trap-handler`)");
    expect(runtime.limits.allInstances).toBe(30_000);
  });

  test("is changed by RuntimeOptions.limits, one by one", async () => {
    await using arena = await Arena.open({ limits: { timers: 7, actors: 77 } });
    const defaults = new Runtime().limits;
    expect({ ...arena.runtime.limits }).toEqual({ ...defaults, timers: 7, actors: 77 });
  });
});

describe("a limit that is none is an error that names it", () => {
  const actorLimits = [
    "memoryPages",
    "messageBytes",
    "mailboxMessages",
    "mailboxBytes",
    "handlerReductions",
    "predicateReductions",
    "turnMs",
    "startMs",
    "familyActors",
    "spawnsPerSecond",
    "timers",
    "ties",
    "names",
    "logBytesPerSecond",
    "unknownPids",
    "hostCalls",
  ];
  const runtimeLimits = [
    ...["actors", "fibers", "instances", "allInstances", "moduleBytes", "tableElements"],
    ...["allMemoryBytes", "allMailboxBytes"],
  ];
  const naming = (name: string, type = "RangeError") =>
    expect.objectContaining({ name: type, message: expect.stringContaining(name) });
  const thrown = (act: () => unknown): unknown => {
    try {
      act();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test.each([...actorLimits, ...runtimeLimits])("of a runtime: %s", name => {
    for (const value of [-1, Number.NaN, 0.5]) {
      expect(thrown(() => new Runtime({ limits: Object.fromEntries([[name, value]]) }))).toEqual(naming(name));
    }
  });

  test.each([...actorLimits])("of a spawn and of a definition: %s", async name => {
    await using arena = await Arena.open();
    const module = await arena.load(IDLE);
    for (const value of [-1, Number.NaN, 0.5]) {
      const limits = Object.fromEntries([[name, value]]);
      expect(thrown(() => arena.runtime.spawn(module, { limits }))).toEqual(naming(name));
      expect(thrown(() => arena.runtime.define("bad", module, { limits }))).toEqual(naming(name));
    }
    expect(arena.runtime.size).toBe(1);
    expect(await arena.served()).toBe(true);
  });

  test("because memories have 65,536 pages at most", () => {
    expect(thrown(() => new Runtime({ limits: { memoryPages: 65_537 } }))).toEqual(naming("memoryPages"));
  });

  test.each(["maxActors", "memory", "__proto__x", "toString"])("because there is none of this name: %s", async name => {
    const limits = Object.fromEntries([[name, 1]]);
    expect(thrown(() => new Runtime({ limits }))).toEqual(naming(name, "TypeError"));
    await using arena = await Arena.open();
    const module = await arena.load(IDLE);
    expect(thrown(() => arena.runtime.spawn(module, { limits }))).toEqual(naming(name, "TypeError"));
    expect(thrown(() => arena.runtime.define("bad", module, { limits }))).toEqual(naming(name, "TypeError"));
    expect(await arena.served()).toBe(true);
  });

  test.each(runtimeLimits)("because it is the runtime's and not an actor's: %s", async name => {
    await using arena = await Arena.open();
    const module = await arena.load(IDLE);
    const limits = Object.fromEntries([[name, 1]]);
    expect(thrown(() => arena.runtime.spawn(module, { limits }))).toEqual(naming(name));
    expect(await arena.served()).toBe(true);
  });
});

describe("memory for ever", () => {
  const grow = growing("(memory.grow (i32.const 1))");
  const limits = { memoryPages: 10 };

  test.each([
    ["imported", `(import "env" "memory" (memory 2))`, 8],
    ["imported with all of 32 bits", `(import "env" "memory" (memory 2 65536))`, 8],
    ["imported with less than the limit", `(import "env" "memory" (memory 2 3))`, 1],
    ["its own, exported", `(memory (export "memory") 2)`, 8],
    ["its own, exported, with all of 32 bits", `(memory (export "memory") 2 65536)`, 8],
    ["its own, exported, with less than the limit", `(memory (export "memory") 2 3)`, 1],
  ])("is refused at memoryPages where it is %s", async (_, memory, granted) => {
    await using arena = await Arena.open();
    await insists(arena, insisting(grow), { limits }, [granted, -1], { memory });
  });

  test("is refused in one bite that is too large", async () => {
    await using arena = await Arena.open();
    const bite = growing("(memory.grow (i32.const 9))");
    await insists(arena, insisting(bite), { limits }, [0, -1]);
    await insists(arena, insisting(growing("(memory.grow (i32.const 65534))")), {}, [0, -1]);
  });

  test("is refused in handle", async () => {
    await using arena = await Arena.open();
    const attacker = await handler(arena, insisting(grow), { limits });
    expect(await attacker.round()).toEqual([8, -1]);
    expect(await attacker.round()).toEqual([0, -1]);
    expect(await arena.served()).toBe(true);
    await ends(arena, attacker.pid);
  });

  test("is refused in _start and in the start function", async () => {
    await using arena = await Arena.open();
    const more = `(func $first (call $begin) (call $round)) (start $first)`;
    const pid = await arena.attack(
      `${rounds(grow, { setup: "(call $round)", more })} ${IDLE}`,
      tells(arena, { limits }),
    );
    expect(await told(arena, pid)).toEqual([8, -1]);
    expect(await told(arena, pid)).toEqual([0, -1]);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });

  test("is refused in a predicate, which goes on and answers", async () => {
    await using arena = await Arena.open();
    const body = `${rounds(grow)}
      (func (export "match") (param i32 i32 i32) (result i32)
        (loop $more (br_if $more (i32.eq (call $try) (i32.const 1))))
        (i32.const 1))
      (func (export "run")
        (drop (call $send (call $self_lo) (call $self_hi) (i32.const 3) (i32.const 0) (i32.const 0)))
        (call $note (call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 1)))
        (call $note (i32.load (i32.const 68)))
        (call $note (memory.size))
        (call $tell))`;
    const pid = await arena.attack(body, tells(arena, { limits }));
    expect(await told(arena, pid)).toEqual([0, 3, 10]);
    expect(await arena.reason(pid)).toBe("normal");
    expect(await arena.served()).toBe(true);
  });

  test("of all guests together is the crash of those who have grown beyond allMemoryBytes, and no one else's", async () => {
    await using arena = await Arena.open({ limits: { allMemoryBytes: 64 * 65_536 } });
    const body = `${COMMON}
      (func (export "_start") (call $begin))
      (func (export "handle") (param i32) (call $note (memory.grow (i32.const 20))) (call $tell))`;
    const module = await arena.load(body);
    const pids = Array.from({ length: 5 }, () => arena.runtime.spawn(module, tells(arena)));
    for (const pid of pids) arena.runtime.send(pid, "");
    await arena.settle();
    expect(await arena.served()).toBe(true);
    // The witness has 2 pages, and each of the five has 22 in the end.
    const alive = pids.filter(pid => arena.runtime.isAlive(pid));
    expect(alive.length).toBe(2);
    for (const pid of pids.filter(pid => !alive.includes(pid))) {
      expect(await arena.reason(pid)).toMatch(/^crashed: .*allMemoryBytes/);
    }
    for (const pid of alive) await ends(arena, pid);
    // What the dead had is free again.
    const next = arena.runtime.spawn(module, tells(arena));
    await arena.settle();
    expect(arena.runtime.isAlive(next)).toBe(true);
    expect(await arena.served()).toBe(true);
  });

  test("of all guests together makes a spawn beyond allMemoryBytes fail, by the host and by a guest", async () => {
    // The witness, the attacker with its stack, and an instance of ten pages for all of the large ones.
    await using arena = await Arena.open({ limits: { allMemoryBytes: 48 * 65_536 } });
    const large = await arena.load(IDLE, { memory: `(import "env" "memory" (memory 10))` });
    arena.runtime.define("large", large);
    const pid = await arena.attack(
      insisting(spawning("large"), { more: named("large") }),
      tells(arena, { reductions: SHORT_TURNS, ...ALL }),
    );
    const [granted = 0, refused] = await told(arena, pid);
    expect(refused).toBe(-101);
    // Each takes 512 bytes, of which a quarter of the limit may consist.
    expect(granted).toBeGreaterThan(100);
    expect(granted * 512).toBeLessThan((48 * 65_536) / 4);
    // Each of them has had a turn by then. The attacker never stops, so nothing settles.
    expect(await arena.served()).toBe(true);
    const { memories, instances, stacks } = arena.runtime.snapshot().memory;
    expect(memories + instances + stacks).toBeLessThanOrEqual(48 * 65_536);
    expect(() => arena.runtime.spawn(large)).toThrow(SpawnError);
    expect(() => arena.runtime.spawn(large)).toThrow(/allMemoryBytes/);
    expect(await arena.served()).toBe(true);
  });
});

describe("tables for ever", () => {
  const table = (elements: string, grow: string) => {
    const body = insisting(growing(grow), { more: elements });
    return assemble(
      `(module
        (import "actor" "args" (func $args (param i32 i32) (result i32)))
        (import "actor" "send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
        (import "env" "memory" (memory 2)) ${body})`,
      MANY_FEATURES,
    );
  };

  test.each([
    ["without a greatest size", "(table $t 1 funcref)", 999],
    ["with all of 32 bits", "(table $t 1 4294967295 funcref)", 999],
    ["with less than the limit", "(table $t 1 5 funcref)", 4],
    ["of external references", "(table $t 1 externref)", 999],
    ["that is exported", `(table $t (export "t") 1 funcref)`, 999],
  ])("are refused at tableElements: one %s", async (_, elements, granted) => {
    await using arena = await Arena.open({ limits: { tableElements: 1000 } });
    const kind = elements.includes("externref") ? "extern" : "func";
    await insists(arena, table(elements, `(table.grow $t (ref.null ${kind}) (i32.const 1))`), {}, [granted, -1]);
  });

  test("are refused at tableElements, however many they are", async () => {
    await using arena = await Arena.open({ limits: { tableElements: 1000 } });
    const numbers = [...Array(20).keys()];
    // All that can be had of one, then of the next; each grant is an element of some table.
    const elements = `${numbers.map(n => `(table $t${n} 0 funcref)`).join(" ")}
      (func $grow (result i32)
        ${numbers.map(n => `(if (i32.ne (table.grow $t${n} (ref.null func) (i32.const 1)) (i32.const -1)) (then (return (i32.const 0))))`).join(" ")}
        (i32.const -1))`;
    const pid = await arena.attack(table(elements, "(call $grow)"), tells(arena));
    const [granted, refused] = await told(arena, pid);
    expect(refused).toBe(-1);
    expect(granted).toBeGreaterThan(0);
    expect(granted).toBeLessThanOrEqual(1000);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });

  test("are refused in one bite that is too large", async () => {
    await using arena = await Arena.open();
    const bytes = table("(table $t 0 funcref)", "(table.grow $t (ref.null func) (i32.const 100001))");
    await insists(arena, bytes, {}, [0, -1]);
  });
});

describe("actors for ever", () => {
  test("are refused at familyActors, the founder counted", async () => {
    await using arena = await Arena.open();
    await define(arena, "idle", IDLE);
    const body = insisting(spawning("idle"), { more: named("idle") });
    await insists(arena, body, { ...ALL, limits: { familyActors: 10 } }, [9, -101]);
    // The witness, and the nine that outlive their founder.
    expect(arena.runtime.size).toBe(10);
  });

  test("are refused at spawnsPerSecond, and granted again in the next second", async () => {
    await using arena = await Arena.open();
    await define(arena, "idle", IDLE);
    const attacker = await handler(arena, insisting(spawning("idle"), { more: named("idle") }), {
      ...ALL,
      limits: { spawnsPerSecond: 10 },
    });
    expect(await attacker.round()).toEqual([10, -101]);
    expect(await attacker.round()).toEqual([0, -101]);
    expect(await arena.served()).toBe(true);
    arena.clock.jump(1000);
    expect(await attacker.round()).toEqual([10, -101]);
    expect(await arena.served()).toBe(true);
    await ends(arena, attacker.pid);
  });

  test("wide: each of them starts as many as it can, for ever", async () => {
    await using arena = await Arena.open();
    const body = `${named("bomb")} (func (export "run") (loop $l (drop ${spawning("bomb", 1)}) (br $l)))`;
    await define(arena, "bomb", body);
    const pid = await arena.attack(body, { ...ALL, limits: { familyActors: 30 } });
    for (let i = 0; i < 5; i++) {
      expect(await arena.served()).toBe(true);
      expect(arena.runtime.size).toBeLessThanOrEqual(31);
    }
    expect(arena.runtime.size).toBe(31);
    // They are linked, so that the end of one is the end of all.
    await ends(arena, pid);
    await arena.settle();
    expect(arena.runtime.size).toBe(1);
  });

  test("deep: each of them starts two of itself", async () => {
    await using arena = await Arena.open();
    const body = `${named("bomb")}
      (func (export "run") (drop ${spawning("bomb", 1)}) (drop ${spawning("bomb", 1)}) ${WAIT})`;
    await define(arena, "bomb", body);
    const pid = await arena.attack(body, { ...ALL, limits: { familyActors: 50 } });
    for (let i = 0; i < 10; i++) expect(await arena.served()).toBe(true);
    await arena.settle();
    expect(arena.runtime.size).toBe(51);
    await ends(arena, pid);
    await arena.settle();
    expect(arena.runtime.size).toBe(1);
  });

  test("within each other: start functions that start themselves", async () => {
    await using arena = await Arena.open();
    const body = `${named("nest")} ${IDLE} (func $first (drop ${spawning("nest")})) (start $first)`;
    await define(arena, "nest", body);
    const begin = async () => {
      try {
        return await arena.attack(body, ALL);
      } catch (error) {
        // Where the stack ends before the family does.
        expect(error).toBeInstanceOf(SpawnError);
        return undefined;
      }
    };
    await begin();
    expect(await arena.served()).toBe(true);
    expect(arena.runtime.size).toBeLessThanOrEqual(1001);
    expect(unaccounted(arena)).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  /**
   * Starts its like and ends; who is refused tells its generation and stays, to try again when it
   * gets a message.
   */
  const CHAIN = `${COMMON} ${named("chain")}
    (func $go (local $status i32)
      (i32.store (i32.const 24) (i32.add (i32.load (i32.const 24)) (i32.const 1)))
      (local.set $status ${spawning("chain", 0, "(i32.const 16) (i32.const 12)")})
      (if (i32.eq (local.get $status) (i32.const 1)) (then (call $exit (i32.const 0) (i32.const 0) (i32.const 0))))
      (i32.store (i32.const 24) (i32.sub (i32.load (i32.const 24)) (i32.const 1)))
      (call $note (i32.load (i32.const 24))) (call $note (local.get $status)) (call $tell))
    (func (export "_start") (call $begin) (call $go))
    (func (export "handle") (param i32) (call $go))`;

  test("one after another are stopped by spawnsPerSecond, and go on in the next second", async () => {
    await using arena = await Arena.open();
    await define(arena, "chain", CHAIN);
    await arena.attack(CHAIN, tells(arena, { ...ALL, limits: { familyActors: 2, spawnsPerSecond: 20 } }, 0));
    const stopped = async () => {
      const item = await arena.boss.receive();
      if (item?.kind !== "message") throw new Error("a message was expected");
      return { last: item.from, words: wordsOf(item.bytes) };
    };
    const first = await stopped();
    expect(first.words).toEqual([20, -101]);
    expect(arena.runtime.size).toBe(2);
    arena.runtime.send(first.last, "");
    expect((await stopped()).words).toEqual([20, -101]);
    expect(await arena.served()).toBe(true);
    arena.clock.jump(1000);
    arena.runtime.send(first.last, "");
    const second = await stopped();
    expect(second.words).toEqual([40, -101]);
    expect(arena.runtime.size).toBe(2);
    expect(await arena.served()).toBe(true);
    await ends(arena, second.last);
  });

  test("are counted at the founder, and an end makes room for one", async () => {
    await using arena = await Arena.open();
    await define(arena, "idle", IDLE);
    const body = `${rounds(spawning("idle"), {
      more: named("idle"),
      setup: "(call $window (i32.const 64) (i32.const 128) (i32.const 64))",
    })}
      (func (export "handle") (param $n i32)
        (if (local.get $n) (then
          (call $note (call $exit_to ${CHILD} (i32.const 2) (i32.const 0) (i32.const 0)))))
        (call $round))`;
    const limits = { familyActors: 10 };
    const pid = await arena.attack(body, tells(arena, { limits, grants: { spawn: ["idle"] } }));
    arena.runtime.send(pid, "");
    expect(await told(arena, pid)).toEqual([9, -101]);
    arena.runtime.send(pid, "x");
    expect(await told(arena, pid)).toEqual([1, 1, -101]);
    arena.runtime.send(pid, "");
    expect(await told(arena, pid)).toEqual([0, -101]);
    expect(arena.runtime.size).toBe(11);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });

  test("are counted at the founder also where a child's definition allows more, and one family's are not another's", async () => {
    await using arena = await Arena.open();
    await define(arena, "idle", IDLE);
    const child = insisting(spawning("idle"), { more: named("idle") });
    await define(arena, "greedy", child, { limits: { familyActors: 1000, spawnsPerSecond: 1000 } });
    const parent = `${COMMON} ${named("greedy")}
      (func (export "_start") (call $begin))
      (func (export "run") (drop ${spawning("greedy", 1, "(i32.const 16) (i32.const 8)")}) ${WAIT})`;
    const options = tells(arena, { ...ALL, limits: { familyActors: 10 } });
    const module = await arena.load(parent);
    const first = arena.runtime.spawn(module, options);
    // Founder, child, and eight of the child's.
    expect(await arena.notes()).toEqual([8, -101]);
    expect(await arena.notes()).toEqual([0, -101]);
    const second = arena.runtime.spawn(module, options);
    expect(await arena.notes()).toEqual([8, -101]);
    expect(await arena.served()).toBe(true);
    await ends(arena, first);
    await ends(arena, second);
  });

  test("are refused at the runtime's actors, to guests and to the host", async () => {
    await using arena = await Arena.open({ limits: { actors: 20 } });
    await define(arena, "idle", IDLE);
    const module = await arena.load(IDLE);
    const pid = await arena.attack(
      insisting(spawning("idle"), { more: named("idle") }),
      tells(arena, { reductions: SHORT_TURNS, ...ALL }),
    );
    const [granted, refused] = await told(arena, pid);
    expect(refused).toBe(-101);
    expect(granted).toBeGreaterThanOrEqual(15);
    expect(granted).toBeLessThanOrEqual(18);
    expect(() => arena.runtime.spawn(module)).toThrow(SpawnError);
    expect(() => arena.runtime.spawn(module)).toThrow(/actors/);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
    arena.runtime.spawn(module);
  });

  test("that keep an instance each are refused at allInstances, to guests and to the host", async () => {
    await using arena = await Arena.open({ limits: { allInstances: 10 } });
    // A module with a start function shares no instances.
    const own = `${IDLE} (func $first) (start $first)`;
    await define(arena, "own", own);
    const module = await arena.load(own);
    const pid = await arena.attack(insisting(spawning("own"), { more: named("own") }), tells(arena, ALL));
    const [granted, refused] = await told(arena, pid);
    expect([granted, refused]).toEqual([8, -101]);
    expect(() => arena.runtime.spawn(module)).toThrow(SpawnError);
    expect(() => arena.runtime.spawn(module)).toThrow(/allInstances/);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
    arena.runtime.spawn(module);
  });

  test("that share instances take turns in those that allInstances allows", async () => {
    await using arena = await Arena.open({ limits: { allInstances: 3 } });
    const module = await arena.load(`(func (export "handle") (param i32)
      (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
      (drop (call $send (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 0) (i32.const 64) (i32.const 4))))
      (func (export "_start") (drop (call $args (i32.const 0) (i32.const 8))))`);
    const args = new Uint8Array(BigUint64Array.of(BigInt(arena.boss.pid)).buffer);
    const pids = Array.from({ length: 20 }, () => arena.runtime.spawn(module, { args }));
    for (let count = 1; count <= 2; count++) {
      for (const pid of pids) arena.runtime.send(pid, "");
      expect(await arena.words(20)).toEqual(Array(20).fill(count));
    }
    expect(await arena.served()).toBe(true);
  });

  test("that wait by JSPI are refused at the runtime's fibers, to guests and to the host", async () => {
    await using arena = await Arena.open({ limits: { fibers: 5 } });
    const fiber = `(func (export "run") ${WAIT})`;
    await define(arena, "fiber", fiber);
    const module = await arena.load(fiber);
    const more = `${named("fiber")} (func $waits (drop (call $park)))`;
    const pid = await arena.attack(insisting(spawning("fiber"), { more }), tells(arena, ALL));
    expect(await told(arena, pid)).toEqual([4, -101]);
    expect(() => arena.runtime.spawn(module)).toThrow(SpawnError);
    expect(() => arena.runtime.spawn(module)).toThrow(/fibers/);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
    arena.runtime.spawn(module);
    expect(await arena.served()).toBe(true);
  });

  test("with arguments longer than messageBytes are refused", async () => {
    await using arena = await Arena.open();
    await define(arena, "idle", IDLE);
    const spawn = (length: number) =>
      insisting(spawning("idle", 0, `(i32.const 0) (i32.const ${length})`), { more: named("idle") });
    const limits = { messageBytes: 1000, familyActors: 3 };
    await insists(arena, spawn(1001), { ...ALL, limits }, [0, -101]);
    expect(arena.runtime.size).toBe(1);
    await insists(arena, spawn(131_072), { ...ALL, limits }, [0, -101]);
    await insists(arena, spawn(1000), { ...ALL, limits }, [2, -101]);
  });
});

describe("timers for ever", () => {
  const LATE = "(i32.const 1000)";
  const SELF = "(call $self_lo) (call $self_hi)";
  const timer = (delay: string, to: string, length: number) =>
    `(call $send_after ${delay} ${to} (i32.const 1) (i32.const 0) (i32.const ${length}))`;

  test.each([
    ["to itself", () => SELF],
    ["to the witness", (arena: Arena) => words(arena.witness)],
    ["to nobody", () => "(i32.const 0) (i32.const 0)"],
  ])("%s are refused at timers", async (_, to) => {
    await using arena = await Arena.open();
    await insists(arena, insisting(timer(LATE, to(arena), 8)), { limits: { timers: 10 } }, [10, -101]);
    arena.clock.jump(2000);
    expect(await arena.served()).toBe(true);
  });

  test("that wait 49 days are refused at timers", async () => {
    await using arena = await Arena.open();
    await insists(arena, insisting(timer("(i32.const -1)", SELF, 0)), { limits: { timers: 10 } }, [10, -101]);
  });

  test("with large payloads are refused at mailboxBytes, and as many as have fired are granted again", async () => {
    await using arena = await Arena.open();
    const sink = await arena.attack(SINK);
    const body = insisting(timer(LATE, words(sink), 1000));
    const attacker = await handler(arena, body, { limits: { mailboxBytes: 10_000 } });
    expect(await attacker.round()).toEqual([10, -101]);
    expect(await attacker.round()).toEqual([0, -101]);
    arena.clock.jump(1000);
    expect(await arena.served()).toBe(true);
    expect(await attacker.round()).toEqual([10, -101]);
    await ends(arena, attacker.pid);
  });

  test("that were cancelled make room", async () => {
    await using arena = await Arena.open();
    const body = insisting(`(call $cancel_timer ${timer(LATE, SELF, 1000)})`);
    const pid = await arena.attack(body, tells(arena, { limits: { timers: 1, mailboxBytes: 1000 } }));
    expect(await told(arena, pid)).toEqual([20_000, 1]);
    expect(await told(arena, pid)).toEqual([1000, 1]);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });

  test("that outlive their setters, one after another, are refused at some limit", async () => {
    await using arena = await Arena.open({ limits: { allMailboxBytes: 1_000_000 } });
    // Each sets ten, starts the next, and ends. Who is refused a timer tells 1, who is refused a
    // child 2.
    const body = `${COMMON} ${named("chain")}
      (func $stop (param $why i32) (call $note (local.get $why)) (call $tell) (call $exit (i32.const 0) (i32.const 0) (i32.const 0)))
      (func (export "_start") (local $left i32)
        (call $begin)
        (local.set $left (i32.const 10))
        (loop $l
          (if (i32.eq (i32.const -101) ${timer("(i32.const 1000000)", words(arena.witness), 10_000)}) (then (call $stop (i32.const 1))))
          (br_if $l (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (if (i32.ne ${spawning("chain", 0, "(i32.const 16) (i32.const 8)")} (i32.const 1)) (then (call $stop (i32.const 2))))
        (call $exit (i32.const 0) (i32.const 0) (i32.const 0)))
      (func (export "handle") (param i32))`;
    await define(arena, "chain", body);
    const limits = { timers: 10, mailboxBytes: 100_000, familyActors: 2, spawnsPerSecond: 500 };
    await arena.attack(body, tells(arena, { ...ALL, limits }));
    // Not by spawnsPerSecond, for the next second brings as many again, and these timers wait for a
    // quarter of an hour.
    expect(await arena.notes()).toEqual([1]);
    expect(await arena.served()).toBe(true);
  });

  test("that outlive their setters make room when they fire", async () => {
    await using arena = await Arena.open();
    // Each kid sets two timers and ends. With each kid the parent sets one itself, and tells
    // whether it was refused.
    await define(
      arena,
      "kid",
      `${COMMON} (func (export "_start") (call $begin)
         ${`(drop ${timer("(i32.const 1000)", BOSS, 0)})`.repeat(2)} (call $exit (i32.const 0) (i32.const 0) (i32.const 0)))
       (func (export "handle") (param i32))`,
    );
    const parent = await arena.attack(
      `${COMMON} ${named("kid")} (func (export "_start") (call $begin))
       (func (export "handle") (param i32)
         (call $note ${spawning("kid", 0, "(i32.const 16) (i32.const 8)")})
         (call $note (i32.eq (i32.const -101) ${timer("(i32.const 1000)", BOSS, 0)}))
         (call $tell))`,
      tells(arena, { ...ALL, limits: { timers: 4 } }),
    );
    for (let round = 0; round < 3; round++) {
      // Two kids have set as many as their family may leave behind: the third and its parent are
      // refused.
      for (const isRefused of [0, 0, 1]) {
        arena.runtime.send(parent, "");
        expect(await arena.notes()).toEqual([1, isRefused]);
        await arena.settle();
      }
      await arena.clock.advance(1000);
      for (let fired = 0; fired < 6; fired++) expect((await arena.boss.receive())?.kind).toBe("timer");
    }
  });

  test("that fire into a full mailbox are lost, and nothing else is", async () => {
    await using arena = await Arena.open();
    const body = `${rounds(timer("(i32.const 5)", SELF, 8))}
      (func (export "run") (call $round) (call $round) ${WAIT})`;
    const pid = await arena.attack(body, tells(arena, { limits: { timers: 20, mailboxMessages: 10 } }));
    expect(await told(arena, pid)).toEqual([20, -101]);
    expect(await told(arena, pid)).toEqual([0, -101]);
    arena.clock.jump(10);
    expect(await arena.served()).toBe(true);
    expect(arena.runtime.isAlive(pid)).toBe(true);
    expect(arena.runtime.send(pid, "")).toBe(false);
    await ends(arena, pid);
  });
});

describe("ties for ever", () => {
  const limits = { ties: 10 };

  test("refs are refused at ties", async () => {
    await using arena = await Arena.open();
    await insists(arena, insisting("(call $make_ref)"), { limits }, [10, -101]);
  });

  test("refs that were dropped make room", async () => {
    await using arena = await Arena.open();
    const body = insisting("(call $drop_ref (call $make_ref))");
    const pid = await arena.attack(body, tells(arena, { limits }));
    expect(await told(arena, pid)).toEqual([20_000, 1]);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });

  test("monitors are refused at ties", async () => {
    await using arena = await Arena.open();
    await insists(arena, insisting(`(call $monitor ${words(arena.witness)})`), { limits }, [10, -101]);
  });

  test("requests are refused at ties", async () => {
    await using arena = await Arena.open();
    const call = `(call $request ${words(arena.witness)} (i32.const 1) (i32.const 0) (i32.const 8))`;
    await insists(arena, insisting(call), { limits }, [10, -101]);
  });

  test("requests to a full mailbox do nothing, and cost no tie", async () => {
    await using arena = await Arena.open();
    const victim = await sleeper(arena, { mailboxMessages: 1, messageBytes: 100 });
    expect(arena.runtime.send(victim, "x")).toBe(true);
    const request = (length: number) =>
      `(call $request ${words(victim)} (i32.const 1) (i32.const 0) (i32.const ${length}))`;
    const more = `(func $inquire (local $left i32)
      (local.set $left (i32.const 1000))
      (loop $l
        (call $note (i32.ne ${request(8)} (i32.const 1)))
        (call $note (i32.ne ${request(101)} (i32.const 2)))
        (br_if $l (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (call $tell))`;
    const body = insisting("(call $make_ref)", { more, setup: "(call $inquire)" });
    const pid = await arena.attack(body, tells(arena, { limits }));
    expect(await told(arena, pid)).toEqual(Array(2000).fill(0));
    expect(await told(arena, pid)).toEqual([10, -101]);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
    await wakes(arena, victim);
  });

  test("links, monitors and refs are counted together", async () => {
    await using arena = await Arena.open();
    const victim = await arena.echo();
    const setup = `(call $note (call $link ${words(victim)}))
      (call $note (i32.lt_s (call $monitor ${words(victim)}) (i32.const -1023)))
      (call $note (i32.lt_s (call $request ${words(victim)} (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const -1023)))
      (call $tell)`;
    const pid = await arena.attack(insisting("(call $make_ref)", { setup }), tells(arena, { limits, ...ALL }));
    expect(await told(arena, pid)).toEqual([1, 1, 1]);
    expect(await told(arena, pid)).toEqual([7, -101]);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });

  test("monitors of a dead actor fill the own mailbox with Downs, and are refused then", async () => {
    await using arena = await Arena.open();
    const body = insisting(`(call $monitor ${words(await deadActor(arena))})`);
    await insists(arena, body, { limits: { ties: 5, timers: 5, mailboxMessages: 10 } }, [10, -101]);
  });

  test("requests to a dead actor fill the own mailbox with Downs, and are refused then", async () => {
    await using arena = await Arena.open();
    const body = insisting(
      `(call $request ${words(await deadActor(arena))} (i32.const 1) (i32.const 0) (i32.const 8))`,
    );
    await insists(arena, body, { limits: { ties: 5, timers: 5, mailboxMessages: 10 } }, [10, -101]);
  });

  test("links to a dead actor fill the own mailbox with Exits, and are refused then", async () => {
    await using arena = await Arena.open();
    const body = insisting(grantedWith(0, `(call $link ${words(await deadActor(arena))})`), {
      setup: "(drop (call $trap_exit (i32.const 1)))",
    });
    await insists(arena, body, { ...ALL, limits: { ties: 5, timers: 5, mailboxMessages: 10 } }, [10, -101]);
  });

  test("links to children, monitors of them, and both, are refused at ties, and then no child is started", async () => {
    await using arena = await Arena.open();
    await define(arena, "idle", IDLE);
    for (const [flags, children] of [
      [1, 10],
      [2, 10],
      [3, 5],
    ] as const) {
      const { size } = arena.runtime;
      const pid = await arena.attack(
        insisting(spawning("idle", flags), { more: named("idle") }),
        tells(arena, { limits, grants: { spawn: "any" } }),
      );
      expect(await told(arena, pid)).toEqual([children, -101]);
      expect(await told(arena, pid)).toEqual([0, -101]);
      expect(arena.runtime.size).toBe(size + 1 + children);
      expect(await arena.served()).toBe(true);
      await ends(arena, pid);
    }
  });

  test("a link that is asked for again and again is one", async () => {
    await using arena = await Arena.open();
    await define(arena, "idle", IDLE);
    const body = insisting(`(call $link ${CHILD})`, { more: named("idle"), setup: `(drop ${spawning("idle")})` });
    const pid = await arena.attack(body, tells(arena, { limits: { ties: 1 }, grants: { spawn: "any" } }));
    expect(await told(arena, pid)).toEqual([20_000, 1]);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });

  test("links are refused at the ties of the victim too, which lives on", async () => {
    await using arena = await Arena.open();
    const victim = await arena.echo({ limits: { ties: 2 } });
    const body = `${COMMON}
      (func (export "run") (call $begin) (call $note (call $link ${words(victim)})) (call $tell) ${WAIT})`;
    const module = await arena.load(body);
    const statuses: number[] = [];
    let last = 0;
    for (let i = 0; i < 4; i++) {
      last = arena.runtime.spawn(module, tells(arena, { grants: { kill: true } }));
      statuses.push(...(await arena.notes()));
    }
    expect(statuses).toEqual([1, 1, -101, -101]);
    await ends(arena, last);
    expect(await arena.answers(victim)).toBe(true);
  });

  test("Downs of children that end are never lost, and stop at a full mailbox", async () => {
    await using arena = await Arena.open();
    await define(arena, "ends", `(func (export "run"))`);
    // Gives way after each spawn, so that the child ends; takes nothing.
    const attempt = `(local $status i32) (local.set $status ${spawning("ends", 2)}) (drop (call $yield)) (local.get $status)`;
    const pid = await arena.attack(
      `${rounds(attempt, { more: named("ends") })} (func (export "run") (call $round) ${WAIT})`,
      tells(arena, { limits: { ties: 5, timers: 5, mailboxMessages: 10 }, grants: { spawn: "any" } }),
    );
    const [granted, refused] = await told(arena, pid);
    expect(refused).toBe(-101);
    expect(granted).toBeGreaterThanOrEqual(10);
    expect(granted).toBeLessThanOrEqual(15);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });

  test("Exits with long reasons that an actor sends to itself are refused when its mailbox is full", async () => {
    await using arena = await Arena.open();
    const body = insisting(
      "(call $exit_to (call $self_lo) (call $self_hi) (i32.const 6) (i32.const 0) (i32.const 4096))",
      { setup: "(drop (call $trap_exit (i32.const 1)))" },
    );
    await insists(arena, body, { limits: { mailboxMessages: 10 } }, [10, -101]);
    await insists(arena, body, { limits: { mailboxBytes: 10_000 } }, [2, -101]);
  });

  test("Exits that an actor sends to another that traps them are refused when its mailbox is full", async () => {
    await using arena = await Arena.open();
    const traps = `(func (export "run") (drop (call $trap_exit (i32.const 1))) ${WAIT})`;
    const victim = await arena.attack(traps, { limits: { mailboxMessages: 10 } });
    await arena.settle();
    const body = insisting(`(call $exit_to ${words(victim)} (i32.const 6) (i32.const 0) (i32.const 4096))`);
    await insists(arena, body, { grants: { kill: true } }, [10, -101]);
    expect(arena.runtime.isAlive(victim)).toBe(true);
    await ends(arena, victim);
  });
});

describe("names for ever", () => {
  const SELF = "(call $self_lo) (call $self_hi)";
  const grants = { register: true, lookup: true };
  const limits = { names: 10 };
  const register = `(call $fresh) (call $register (i32.const 512) (i32.const 8) ${SELF})`;
  const join = "(call $fresh) (call $join (i32.const 512) (i32.const 8))";

  test("are refused at names", async () => {
    await using arena = await Arena.open();
    await insists(arena, insisting(register), { limits, grants }, [10, -101]);
  });

  test("of groups are refused at names", async () => {
    await using arena = await Arena.open();
    await insists(arena, insisting(join), { limits, grants }, [10, -101]);
  });

  test("of actors and of groups are counted together", async () => {
    await using arena = await Arena.open();
    const both = `(if (result i32) (i32.and (global.get $names) (i32.const 1)) (then ${register}) (else ${join}))`;
    await insists(arena, insisting(both), { limits, grants }, [10, -101]);
  });

  test("for an own child are refused at names", async () => {
    await using arena = await Arena.open();
    await define(arena, "idle", IDLE);
    const body = insisting(`(call $fresh) (call $register (i32.const 512) (i32.const 8) ${CHILD})`, {
      more: named("idle"),
      setup: `(drop ${spawning("idle")})`,
    });
    await insists(arena, body, { limits, ...ALL }, [10, -101]);
  });

  test("that were given back make room", async () => {
    await using arena = await Arena.open();
    const both = `${register} drop (call $unregister (i32.const 512) (i32.const 8)) drop
      ${join} drop (call $leave (i32.const 512) (i32.const 8))`;
    const pid = await arena.attack(insisting(both), tells(arena, { grants, limits: { names: 1 } }));
    expect(await told(arena, pid)).toEqual([20_000, 1]);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });

  test("are free again when their actor has ended", async () => {
    await using arena = await Arena.open();
    await insists(arena, insisting(register), { limits, grants }, [10, -101]);
    await insists(arena, insisting(register), { limits, grants }, [10, -101]);
  });

  test.each([
    [255, [1, 1, 1, 1, 1, 1, 0, 1]],
    [256, [-101, 0, 0, 0, -101, 0, 0, 0]],
    [16_000_000, [-101, 0, 0, 0, -101, 0, 0, 0]],
  ])("of %i bytes", async (length, expected) => {
    await using arena = await Arena.open();
    const name = `(i32.const 768) (i32.const ${length})`;
    const body = `${COMMON}
      (func (export "run") (local $left i32)
        (call $begin)
        (memory.fill (i32.const 768) (i32.const 97) (i32.const ${length}))
        (call $note (call $register ${name} ${SELF}))
        (call $note (call $whereis ${name} (i32.const 64)))
        (call $note (call $send_named ${name} (i32.const 0) (i32.const 0) (i32.const 0)))
        (call $note (call $unregister ${name}))
        (call $note (call $join ${name}))
        (call $note (call $members ${name} (i32.const 64) (i32.const 1)))
        (call $note (call $broadcast ${name} (i32.const 0) (i32.const 0) (i32.const 0)))
        (call $note (call $leave ${name}))
        (call $tell)
        (loop $for_ever
          (drop (call $register ${name} ${SELF})) (drop (call $whereis ${name} (i32.const 64)))
          (drop (call $join ${name})) (drop (call $members ${name} (i32.const 64) (i32.const 1)))
          (br $for_ever)))`;
    const memory = `(import "env" "memory" (memory 256))`;
    const pid = await arena.attack(body, tells(arena, { grants, reductions: SHORT_TURNS }), { memory });
    expect(await told(arena, pid)).toEqual(expected);
    for (let i = 0; i < 3; i++) expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });
});

describe("lines for ever", () => {
  const log = (length: number) => `(call $log (i32.const 1) (i32.const 768) (i32.const ${length}))`;
  const grants = { log: true };

  test("are dropped at logBytesPerSecond, and given to the host again in the next second", async () => {
    await using arena = await Arena.open();
    const attacker = await handler(arena, insisting(log(30)), { grants, limits: { logBytesPerSecond: 100 } });
    for (const second of [1, 2]) {
      expect(await attacker.round()).toEqual([3, -101]);
      expect(await attacker.round()).toEqual([0, -101]);
      expect(arena.logs.length).toBe(3 * second);
      expect(await arena.served()).toBe(true);
      arena.clock.jump(1000);
    }
    await ends(arena, attacker.pid);
  });

  test("are dropped for as long as the second lasts", async () => {
    await using arena = await Arena.open();
    await insists(arena, insisting(log(30)), { grants, limits: { logBytesPerSecond: 100 } }, [3, -101]);
    expect(arena.logs.length).toBe(3);
  });

  test("without a letter are dropped in the end too", async () => {
    await using arena = await Arena.open();
    const body = insisting(log(0));
    const pid = await arena.attack(
      body,
      tells(arena, { grants, reductions: SHORT_TURNS, limits: { logBytesPerSecond: 100 } }),
    );
    const [granted, refused] = await told(arena, pid);
    expect(refused).toBe(-101);
    expect(granted).toBeLessThanOrEqual(100);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
    expect(arena.logs.length).toBe(granted);
  });

  test("of 1 MB are dropped", async () => {
    await using arena = await Arena.open();
    const memory = `(import "env" "memory" (memory 32))`;
    await insists(arena, insisting(log(1_000_000)), { grants }, [0, -101], { memory });
    expect(arena.logs).toEqual([]);
  });

  test("from a predicate are dropped too", async () => {
    await using arena = await Arena.open();
    const body = `${rounds(log(30))}
      (global $granted (mut i32) (i32.const 0))
      (func (export "match") (param i32 i32 i32) (result i32)
        (loop $more (if (i32.eq (call $try) (i32.const 1)) (then
          (global.set $granted (i32.add (global.get $granted) (i32.const 1)))
          (br_if $more (i32.lt_u (global.get $granted) (i32.const 1000))))))
        (i32.const 1))
      (func (export "run")
        (drop (call $send (call $self_lo) (call $self_hi) (i32.const 3) (i32.const 0) (i32.const 0)))
        (drop (call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const 0) (i32.const 1)))
        (call $note (global.get $granted)) (call $tell))`;
    const pid = await arena.attack(body, tells(arena, { grants, limits: { logBytesPerSecond: 100 } }));
    expect(await told(arena, pid)).toEqual([3]);
    expect(await arena.reason(pid)).toBe("normal");
    expect(arena.logs.length).toBe(3);
    expect(await arena.served()).toBe(true);
  });
});

describe("mail for ever", () => {
  const send = (to: string, length: number) => `(call $send ${to} (i32.const 1) (i32.const 768) (i32.const ${length}))`;
  const SELF = "(call $self_lo) (call $self_hi)";

  test.each([
    ["mailboxMessages", { mailboxMessages: 10 }, 1, 10],
    ["mailboxMessages, of empty messages", { mailboxMessages: 10 }, 0, 10],
    ["mailboxBytes", { mailboxBytes: 1000 }, 300, 3],
  ])("at one victim is refused at its %s, and the victim lives", async (_, limits, length, granted) => {
    await using arena = await Arena.open();
    const victim = await sleeper(arena, limits);
    await insists(arena, insisting(send(words(victim), length)), {}, [granted, -1]);
    await wakes(arena, victim);
    expect(unaccounted(arena)).toBe(0);
  });

  test("at the witness itself, by many, ends with them", async () => {
    await using arena = await Arena.open({ limits: { mailboxMessages: 100 } });
    const other = await arena.echo();
    const module = await arena.load(`(func (export "run") (loop $l (drop ${send(arena.witnessWords, 100)}) (br $l)))`);
    const pids = Array.from({ length: 10 }, () => arena.runtime.spawn(module));
    for (let i = 0; i < 3; i++) expect(await arena.answers(other)).toBe(true);
    const reasons = Promise.all(pids.map(pid => arena.reason(pid)));
    for (const pid of pids) arena.runtime.kill(pid);
    expect(await reasons).toEqual(Array(10).fill("killed"));
    await arena.settle();
    expect(await arena.served()).toBe(true);
    expect(unaccounted(arena)).toBe(0);
  });

  test.each([
    ["mailboxMessages", { mailboxMessages: 10 }, 1, 10],
    ["mailboxBytes", { mailboxBytes: 1000 }, 300, 3],
  ])("to itself is refused at %s", async (_, limits, length, granted) => {
    await using arena = await Arena.open();
    await insists(arena, insisting(send(SELF, length)), { limits }, [granted, -1]);
  });

  test("that is too large is refused at the receiver's messageBytes", async () => {
    await using arena = await Arena.open();
    const victim = await sleeper(arena, { messageBytes: 1000, mailboxMessages: 10 });
    await insists(arena, insisting(send(words(victim), 1001)), {}, [0, -2]);
    await insists(arena, insisting(send(words(victim), 1000)), {}, [10, -1]);
    // Too large is said before full, and dead before that.
    await insists(arena, insisting(send(words(victim), 1001)), {}, [0, -2]);
    await wakes(arena, victim);
    await insists(arena, insisting(send(words(await deadActor(arena)), 1001)), {}, [0, 0]);
  });

  test("of many mailboxes together is refused at allMailboxBytes, and their ends make room", async () => {
    await using arena = await Arena.open({ limits: { allMailboxBytes: 1_000_000 } });
    const body = `${rounds(send(SELF, 50_000))} (func (export "run") (call $round) ${WAIT})`;
    const module = await arena.load(body);
    const hoarders = async () => {
      const pids = Array.from({ length: 10 }, () => arena.runtime.spawn(module, tells(arena)));
      await arena.settle();
      return pids;
    };
    const pids = await hoarders();
    // What they tell the test needs room too, and there is none for the later ones.
    const [granted, refused] = await arena.notes();
    expect(refused).toBe(-1);
    expect(granted).toBeGreaterThan(0);
    expect(granted * 50_000).toBeLessThanOrEqual(1_000_000);
    expect(pids.every(pid => arena.runtime.isAlive(pid))).toBe(true);
    for (const pid of pids) await ends(arena, pid);
    while (arena.boss.size > 0) await arena.notes();
    await hoarders();
    expect(await arena.notes()).toEqual([granted, refused]);
  });

  test("of one family that takes all of allMailboxBytes leaves the witness what it needs", async () => {
    await using arena = await Arena.open({ limits: { allMailboxBytes: 1_000_000 } });
    for (const length of [50_000, 1_000, 1]) {
      const module = await arena.load(`(func (export "run")
        (loop $l (br_if $l (i32.eq (i32.const 1) ${send(SELF, length)}))) ${WAIT})`);
      for (let i = 0; i < 10; i++) arena.runtime.spawn(module);
      await arena.settle();
      expect(await arena.served()).toBe(true);
    }
    expect(arena.runtime.size).toBe(31);
  });

  test("in reasons of one's own is refused beyond 4,096 bytes", async () => {
    await using arena = await Arena.open();
    for (const length of [4097, 100_000]) {
      for (const call of [
        `(call $exit (i32.const 6) (i32.const 0) (i32.const ${length}))`,
        `(drop (call $exit_to ${SELF} (i32.const 6) (i32.const 0) (i32.const ${length})))`,
      ]) {
        const pid = await arena.attack(`(func (export "run") ${call})`);
        expect(await arena.reason(pid)).toMatch(/^crashed: .*4,?096/);
        expect(await arena.served()).toBe(true);
      }
    }
  });

  test("in reasons of one's own may be 4,096 bytes", async () => {
    await using arena = await Arena.open();
    const body = `(func (export "run")
      (memory.fill (i32.const 0) (i32.const 97) (i32.const 4096))
      (call $exit (i32.const 6) (i32.const 0) (i32.const 4096)))`;
    const reason: ExitReason = await arena.end(await arena.attack(body));
    expect(reason).toEqual({ kind: "custom", bytes: new Uint8Array(4096).fill(97) });
  });
});

describe("a child", () => {
  /** Starts the child, which tells the test; lives as long as it. */
  const PARENT = `${COMMON} ${named("child")}
    (func (export "_start") (call $begin))
    (func (export "run") (drop ${spawning("child", 1, "(i32.const 16) (i32.const 8)")}) ${WAIT})`;
  const generous = {
    memoryPages: 200,
    timers: 5000,
    ties: 5000,
    names: 5000,
    logBytesPerSecond: 1_000_000,
    mailboxMessages: 5000,
    mailboxBytes: 1_000_000,
    messageBytes: 1_000_000,
  };
  const SELF = "(call $self_lo) (call $self_hi)";
  const attempts: readonly (readonly [
    limit: keyof Limits,
    attempt: string,
    value: number,
    granted: number,
    status: number,
  ])[] = [
    ["memoryPages", growing("(memory.grow (i32.const 1))"), 5, 3, -1],
    ["timers", `(call $send_after (i32.const 1000) ${SELF} (i32.const 0) (i32.const 0) (i32.const 0))`, 5, 5, -101],
    // One is the link to its parent.
    ["ties", "(call $make_ref)", 5, 4, -101],
    ["names", "(call $fresh) (call $join (i32.const 512) (i32.const 8))", 5, 5, -101],
    ["logBytesPerSecond", "(call $log (i32.const 1) (i32.const 768) (i32.const 30))", 100, 3, -101],
    ["mailboxMessages", `(call $send ${SELF} (i32.const 0) (i32.const 0) (i32.const 0))`, 5, 5, -1],
    ["mailboxBytes", `(call $send ${SELF} (i32.const 0) (i32.const 768) (i32.const 300))`, 1000, 3, -1],
    ["messageBytes", `(call $send ${SELF} (i32.const 0) (i32.const 768) (i32.const 1000))`, 999, 0, -2],
  ];

  test.each(attempts)(
    "has no more %s than its parent, whatever its definition says",
    async (limit, attempt, value, granted, status) => {
      await using arena = await Arena.open();
      await define(arena, "child", insisting(attempt), { limits: generous });
      const pid = await arena.attack(PARENT, tells(arena, { ...ALL, limits: { [limit]: value } }));
      expect(await told(arena, pid)).toEqual([granted, status]);
      expect(await told(arena, pid)).toEqual([0, status]);
      expect(await arena.served()).toBe(true);
      await ends(arena, pid);
    },
  );

  test.each(attempts)(
    "has less %s than its parent where its definition says so",
    async (limit, attempt, value, granted, status) => {
      await using arena = await Arena.open();
      await define(arena, "child", insisting(attempt), { limits: { [limit]: value } });
      const pid = await arena.attack(PARENT, tells(arena, { ...ALL, limits: generous }));
      expect(await told(arena, pid)).toEqual([granted, status]);
      expect(await arena.served()).toBe(true);
      await ends(arena, pid);
    },
  );

  test("has no more handlerReductions than its parent", async () => {
    await using arena = await Arena.open();
    await define(arena, "child", `(func (export "handle") (param i32)) (func (export "_start") (loop $l (br $l)))`, {
      limits: { handlerReductions: 1_000_000_000 },
    });
    const body = `${rounds(spawning("child", 2), { more: named("child") })}
      (func (export "run")
        (call $round)
        (if (i32.eq (i32.const -2) (call $recv (i32.const 64) (i32.const 1024) (i32.const 4096) (i32.const -1)))
          (then (drop (call $park))))
        (call $note (i32.load (i32.const 64))) (call $note (i32.load (i32.const 84))) (call $tell)
        (drop (call $send ${BOSS} (i32.const 0) (i32.const 1024) (i32.load (i32.const 88)))) ${WAIT})`;
    const limits = { handlerReductions: 10_000, familyActors: 2 };
    const pid = await arena.attack(body, tells(arena, { ...ALL, limits }));
    expect(await told(arena, pid)).toEqual([1, -101]);
    // A Down, with the reason crashed.
    expect(await told(arena, pid)).toEqual([2, 3]);
    expect(new TextDecoder().decode(await arena.bytes())).toMatch(/^reductions: .*handlerReductions/);
    expect(await arena.served()).toBe(true);
    await ends(arena, pid);
  });
});

describe("calls of the embedder's functions for ever", () => {
  const waits = "(func $waits (drop (call $park)))";
  const attempt = grantedWith(-2, "(call $later)");
  const imports = `(import "db" "later" (func $later (result i32)))`;
  const grants = { imports: ["db.later"] };

  /** A function that takes its time, until the test says otherwise. */
  function slow() {
    const settle: ((answer: number) => void)[] = [];
    const signals: AbortSignal[] = [];
    const options: RuntimeOptions = {
      imports: {
        db: {
          later: context => {
            signals.push(context.signal);
            return new Promise<number>(resolve => settle.push(resolve));
          },
        },
      },
    };
    return { options, settle, signals };
  }

  test("that never settle are refused at hostCalls, and are told when their caller has ended", async () => {
    const { options, signals } = slow();
    await using arena = await Arena.open(options);
    const body = `${imports} ${insisting(attempt, { more: waits })}`;
    await insists(arena, body, { grants, limits: { hostCalls: 3 } }, [3, -101]);
    expect(signals.map(signal => signal.aborted)).toEqual([true, true, true]);
  });

  test("that have settled make room, and their answers go nowhere", async () => {
    const { options, settle } = slow();
    await using arena = await Arena.open(options);
    const body = `${imports} ${rounds(attempt)}
      (func (export "run")
        (loop $l
          (call $round)
          (if (i32.eq (i32.const -2) (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)))
            (then (call $note (call $park))))
          (br $l)))`;
    const pid = await arena.attack(body, tells(arena, { grants, limits: { hostCalls: 3 } }));
    expect(await told(arena, pid)).toEqual([3, -101]);
    for (const resolve of settle.splice(0, 2)) resolve(77);
    expect(await arena.served()).toBe(true);
    arena.runtime.send(pid, "four");
    expect(await told(arena, pid)).toEqual([4, 2, -101]);
    for (const resolve of settle.splice(0)) resolve(77);
    expect(await arena.served()).toBe(true);
    arena.runtime.send(pid, "");
    expect(await told(arena, pid)).toEqual([0, 3, -101]);
    await ends(arena, pid);
  });

  test("that settle after their caller's end do nothing", async () => {
    const { options, settle } = slow();
    await using arena = await Arena.open(options);
    const body = `${imports} (func (export "run") (drop (call $later)) (drop (call $park)))`;
    const pid = await arena.attack(body, { grants });
    await arena.settle();
    expect(settle.length).toBe(1);
    await ends(arena, pid);
    for (const resolve of settle) resolve(1);
    expect(await arena.served()).toBe(true);
  });
});

test("the errors of limits are of one family, with a code to test for", async () => {
  await using arena = await Arena.open({ limits: { actors: 4 } });
  const module = await arena.load(IDLE);
  let error: unknown;
  for (let i = 0; i < 5 && error === undefined; i++) {
    try {
      arena.runtime.spawn(module);
    } catch (thrown) {
      error = thrown;
    }
  }
  expect(error).toBeInstanceOf(IsopodError);
  expect(error).toMatchObject({ code: "ISOPOD_SPAWN", message: expect.stringContaining("actors") });
  expect(await arena.served()).toBe(true);
});
