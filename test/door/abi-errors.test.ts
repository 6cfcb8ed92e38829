/**
 * Where docs/abi.md says that a guest crashes or a module is refused: the error says why, and no
 * other actor is affected.
 */

import binaryen from "binaryen";
import { describe, expect, test } from "vitest";
import {
  ClosedError,
  IsopodError,
  LoadError,
  type Pid,
  type Received,
  Runtime,
  SpawnError,
  systemClock,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { INFO, MEMORY_END, PAYLOAD, type PlayerWay, predicate, Stage, step } from "../support/player.ts";
import { assemble, ECHO, guest } from "../support/wat.ts";

const WAYS: readonly PlayerWay[] = ["jspi", "resume", "handler"];
const TIMEOUT = { timeout: 120_000 };

/** Rooms that are not in two pages. */
const OUTSIDE: readonly (readonly [ptr: number, len: number])[] = [
  [MEMORY_END, 1],
  [MEMORY_END - 1, 2],
  [MEMORY_END - 4, 8],
  [2 ** 31, 1],
  [2 ** 31 - 1, 2],
  [2 ** 32 - 1, 1],
  [2 ** 32 - 1, 2],
  [2 ** 32 - 4, 8],
  [16, 2 ** 32 - 16],
  [16, 2 ** 32 - 8],
  [16, 2 ** 31],
  [0, 2 ** 32 - 1],
];

/** Where 32 bytes do not fit, all multiples of 4. */
const OUTSIDE_FOR_INFO = [MEMORY_END, MEMORY_END - 4, MEMORY_END - 28, 2 ** 31, 2 ** 32 - 4, 2 ** 32 - 32];

const hex = (value: number) => `0x${value.toString(16)}`;

describe.each(WAYS)("a guest by the way of %s", TIMEOUT, way => {
  /** The script crashes, says why, runs no further step, and affects no other actor. */
  async function crashes(script: readonly (readonly number[])[], message: RegExp): Promise<void> {
    await using stage = new Stage();
    const echo = await stage.echo();
    const pid = await stage.playAtOnce(way, [...script, step.flush()]);
    const reason = await stage.end(pid);
    expect(reason).toMatchObject({ kind: "crashed", message: expect.stringMatching(message) });
    expect(stage.runtime.isAlive(pid)).toBe(false);
    expect(stage.boss.size).toBe(0);
    expect(await stage.answers(echo)).toBe(true);
  }

  describe.each(OUTSIDE)("with bytes at %i, %i of them", (ptr, len) => {
    test.each([
      ["send", step.send(0, 0, ptr, len), /send/],
      ["recv", step.recv(0, INFO, ptr, len), /recv/],
      ["recv that would wait", step.recv(-1, INFO, ptr, len), /recv/],
      ["recv_tag", step.recvTag(0, 1, INFO, ptr, len), /recv_tag/],
      ["recv_match", step.recvMatch(0, predicate.always, INFO, ptr, len), /recv_match/],
      ["window", step.window(INFO, ptr, len), /window/],
      ["args", step.args(ptr, len), /args/],
      ["exit", step.exit(6, ptr, len), /exit/],
      ["exit for a reason without bytes", step.exit(0, ptr, len), /exit/],
      ["exit for a crash", step.exit(3, ptr, len), /exit/],
      ["log", step.log(1, ptr, len), /log/],
    ] as const)("%s crashes", async (_, call, message) => {
      await crashes([call], message);
    });
  });

  describe.each([
    ...OUTSIDE_FOR_INFO.map(info => [hex(info), info] as const),
    ["one beyond a word", INFO + 1] as const,
    ["two beyond a word", INFO + 2] as const,
    ["three beyond a word", INFO + 3] as const,
    ["1", 1] as const,
  ])("with info at %s", (_, info) => {
    test.each([
      ["recv", step.recv(0, info), /recv/],
      ["recv_tag", step.recvTag(0, 1, info), /recv_tag/],
      ["recv_match", step.recvMatch(0, predicate.always, info), /recv_match/],
      ["window", step.window(info, PAYLOAD, 16), /window/],
    ] as const)("%s crashes", async (_, call, message) => {
      await crashes([call], message);
    });
  });

  test.each([
    ["unreachable", step.unreachable(), /unreachable/],
    ["a division by zero", step.divideByZero(), /divide by zero/],
    ["a load outside the memory", step.loadFrom(2 ** 32 - 4), /memory access out of bounds/],
    ["an exhausted stack", step.exhaustStack(), /call stack|stack overflow/i],
    ["env.abort", step.abort(), /abort/],
  ] as const)("is crashed by %s", async (_, call, message) => {
    await crashes([call], message);
  });

  test("that crashed leaves what it had sent before", async () => {
    await using stage = new Stage();
    const pid = await stage.playAtOnce(way, [step.dump(0x200, 4), step.unreachable()]);
    expect(await stage.reason(pid)).toMatch(/^crashed/);
    expect(await stage.boss.receive()).toMatchObject({ from: pid });
  });

  test("that crashed tells the stack and leaves its neighbours of the same module alone", async () => {
    await using stage = new Stage();
    const bad = await stage.playAtOnce(way, [step.exhaustStack()]);
    const good = await stage.playAtOnce(way, [step.self(), step.flush()]);
    expect(await stage.end(bad)).toMatchObject({ kind: "crashed", stack: expect.stringMatching(/wasm/) });
    expect(await stage.boss.receive()).toMatchObject({ from: good });
  });

  test("crashes where a receive asks a module without match", async () => {
    await using stage = new Stage();
    const echo = await stage.echo();
    const call = `(drop (call $recv_match (i32.const 64) (i32.const 96) (i32.const 8) (i32.const 0) (i32.const 1)))`;
    const body =
      way === "handler"
        ? `(func (export "handle") (param i32) ${call})`
        : way === "jspi"
          ? `(func $never (drop (call $park))) (func (export "run") ${call})`
          : `(func (export "run")) (func (export "resume:run") (param i32) (result i32) ${call} (i32.const 0))`;
    const module = await stage.runtime.load(guest(body));
    const pid = stage.runtime.spawn(module);
    // The first is taken by the handler.
    for (const text of ["", ""]) stage.runtime.send(pid, text);
    expect(await stage.reason(pid)).toMatch(/^crashed: .*match/);
    expect(await stage.answers(echo)).toBe(true);
  });
});

describe("recv_match without match", TIMEOUT, () => {
  test("crashes also where there is nothing to ask about", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`(func (export "run")
        (drop (call $recv_match (i32.const 64) (i32.const 96) (i32.const 8) (i32.const 0) (i32.const 1))))`),
    );
    expect(await stage.reason(stage.runtime.spawn(module))).toMatch(/^crashed: .*match/);
  });
});

describe("a predicate", TIMEOUT, () => {
  test("may call env.seed", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`(func (export "match") (param i32 i32 i32) (result i32) (f64.gt (call $seed) (f64.const -1)))
        (func (export "run")
          (drop (call $recv_match (i32.const 64) (i32.const 96) (i32.const 8) (i32.const 0) (i32.const 1))))`),
    );
    const pid = stage.runtime.spawn(module);
    stage.runtime.send(pid, "");
    expect(await stage.reason(pid)).toBe("normal");
  });
});

describe("a guest that catches everything", TIMEOUT, () => {
  const TELL = `
    (func $tell
      (drop (call $args (i32.const 16) (i32.const 8)))
      (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 0) (i32.const 0))))`;
  const caught = (call: string, after: string) =>
    `(block $out (block $caught (try_table (catch_all $caught) ${call}) (br $out)) ${after})`;
  const faults: readonly (readonly [name: string, call: string])[] = [
    [
      "send with a bad pointer",
      "(drop (call $send (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 1)))",
    ],
    ["recv with a bad window", "(drop (call $recv (i32.const 64) (i32.const -1) (i32.const 1) (i32.const 0)))"],
    ["exit", "(call $exit (i32.const 1) (i32.const 0) (i32.const 0))"],
    ["exit for a refused reason", "(call $exit (i32.const 7) (i32.const 0) (i32.const 0))"],
    ["log with a bad pointer", "(drop (call $log (i32.const 1) (i32.const -1) (i32.const 1)))"],
    ["abort", "(call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))"],
    ["park without a receive", "(drop (call $park))"],
    [
      "a predicate that sends",
      "(drop (call $recv_match (i32.const 64) (i32.const 96) (i32.const 8) (i32.const 0) (i32.const 1)))",
    ],
  ];
  const MATCH = `(func (export "match") (param i32 i32 i32) (result i32)
    (call $send (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))`;
  const pidBytes = (pid: number) => new Uint8Array(BigUint64Array.of(BigInt(pid)).buffer);

  async function cannotGoOn(body: string): Promise<void> {
    await using stage = new Stage();
    const echo = await stage.echo();
    const module = await stage.runtime.load(guest(`${TELL} ${MATCH} ${body}`));
    const pid = stage.runtime.spawn(module, { args: pidBytes(stage.boss.pid) });
    stage.runtime.send(pid, "x");
    const reason = await stage.end(pid);
    expect(["crashed", "shutdown"]).toContain(reason.kind);
    expect(await stage.answers(echo)).toBe(true);
    expect(stage.boss.size).toBe(0);
  }

  describe.each(faults)("around %s", (_, call) => {
    test("does not send afterwards, as a process", async () => {
      await cannotGoOn(`(func (export "run") ${caught(call, "(call $tell)")} (call $tell))`);
    });
    test("does not send afterwards, as a handler", async () => {
      await cannotGoOn(`(func (export "handle") (param i32) ${caught(call, "(call $tell)")} (call $tell))`);
    });
    test("does not send afterwards, in _start", async () => {
      await cannotGoOn(
        `(func (export "_start") ${caught(call, "(call $tell)")} (call $tell)) (func (export "run") (call $tell))`,
      );
    });
    test("ends for the same reason where it just returns", async () => {
      await cannotGoOn(`(func (export "handle") (param i32) ${caught(call, "")})`);
    });
  });

  test("does not go on around park in its predicate", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`${TELL}
        (func (export "match") (param i32 i32 i32) (result i32) ${caught("(drop (call $park))", "")} (i32.const 1))
        (func (export "run")
          (drop (call $recv_match (i32.const 64) (i32.const 96) (i32.const 8) (i32.const -1) (i32.const 1)))
          (call $tell))`),
    );
    const pid = stage.runtime.spawn(module, { args: pidBytes(stage.boss.pid) });
    stage.runtime.send(pid, "x");
    expect(await stage.reason(pid)).toMatch(/^crashed/);
    expect(stage.boss.size).toBe(0);
  });

  test("does not go on around a receive whose predicate traps", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`${TELL}
        (func (export "match") (param i32 i32 i32) (result i32) unreachable)
        (func (export "handle") (param i32)
          ${caught("(drop (call $recv_match (i32.const 64) (i32.const 96) (i32.const 8) (i32.const 0) (i32.const 1)))", "(call $tell)")})`),
    );
    const pid = stage.runtime.spawn(module, { args: pidBytes(stage.boss.pid) });
    for (let count = 0; count < 3; count++) stage.runtime.send(pid, "x");
    expect(await stage.reason(pid)).toMatch(/^crashed/);
    expect(stage.boss.size).toBe(0);
  });

  test("does not go on around kill while it is parked", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`${TELL}
        (func (export "run")
          (drop (call $recv (i32.const 64) (i32.const 96) (i32.const 8) (i32.const -1)))
          ${caught("(drop (call $park))", "(call $tell)")})`),
    );
    const pid = stage.runtime.spawn(module, { args: pidBytes(stage.boss.pid) });
    await stage.settle();
    stage.runtime.kill(pid);
    await stage.settle();
    expect(await stage.reason(pid)).toBe("killed");
    expect(stage.boss.size).toBe(0);
  });
});

describe("a send where the stack is nearly exhausted", TIMEOUT, () => {
  /**
   * A clock that needs more stack than the rest of a send, as those of embedders may; the engine's
   * own timers need some too.
   */
  class DeepClock extends ManualClock {
    override now(): number {
      return this.#deeper(40);
    }

    #deeper(frames: number): number {
      return frames > 0 ? this.#deeper(frames - 1) + 0 : super.now();
    }
  }

  /** Goes so many frames deep and sends from there, to the pid behind that number. */
  const DIG = `
    (func $dig (param $frames i32)
      (if (local.get $frames)
        (then (call $dig (i32.sub (local.get $frames) (i32.const 1))))
        (else (drop (call $send (i32.load (i32.const 20)) (i32.load (i32.const 24)) (i32.const 8) (i32.const 20) (i32.const 4)))))
      (i32.store (i32.const 16) (local.get $frames)))
    (func (export "_start") (call $window (i32.const 0) (i32.const 64) (i32.const 16)))
    (func $play
      (if (i32.load (i32.const 20)) (then (return)))
      (drop (call $args (i32.const 16) (i32.const 12)))
      (call $dig (i32.load (i32.const 16))))`;
  const HANDLER = guest(`${DIG} (func (export "handle") (param i32) (call $play))`);
  const START = guest(`${DIG} (start $play) (func (export "handle") (param i32))`);
  const argsOf = (frames: number, receiver: number) => {
    const args = new DataView(new ArrayBuffer(12));
    args.setUint32(0, frames, true);
    args.setBigUint64(4, BigInt(receiver), true);
    return new Uint8Array(args.buffer);
  };

  test.each([
    ["a handler", "an echo", HANDLER],
    ["a handler", "one that selects", HANDLER],
    ["a start function", "an echo", START],
    ["a start function", "one that selects", START],
  ])("by %s leaves %s and the runtime fit to answer", async (_, kind, wasm) => {
    const digger = await new Runtime({ grants: "all" }).load(wasm);
    const silent: number[] = [];

    /**
     * Whether the digger survives this many frames. The actor that it sends to must answer in any
     * case.
     */
    async function dig(frames: number): Promise<boolean> {
      await using stage = new Stage({ clock: new DeepClock() });
      const selects = [step.recvMatch(-1, predicate.firstByteIs(9)), step.await(), step.reply(5, PAYLOAD, 3)];
      const receiver = kind === "an echo" ? await stage.echo() : await stage.play("jspi", selects);
      await stage.settle();
      let lives = false;
      try {
        const pid = stage.runtime.spawn(digger, { args: argsOf(frames, receiver) });
        stage.runtime.send(pid, "");
        await stage.settle();
        lives = stage.runtime.isAlive(pid);
      } catch (error) {
        expect(error).toBeInstanceOf(SpawnError);
      }
      stage.boss.send(receiver, Uint8Array.of(9, 2, 3), { tag: 5 });
      await stage.settle();
      const answer = await stage.boss.receive({ timeoutMs: 0 });
      if (answer?.kind !== "message" || answer.from !== receiver || answer.tag !== 5) silent.push(frames);
      return lives;
    }

    // The engine's better compiler makes smaller frames: let it be done before anything is
    // measured.
    for (let round = 0; round < 40; round++) await dig(5_000);
    let lives = 0;
    let dies = 200_000;
    while (dies - lives > 1) {
      const frames = (lives + dies) >> 1;
      if (await dig(frames)) lives = frames;
      else dies = frames;
    }
    // From here on each frame takes the stack away from an earlier part of `send`.
    let died = 0;
    for (let frames = lives; frames < lives + 80; frames++) if (!(await dig(frames))) died++;
    expect(died).toBeGreaterThan(0);
    expect(silent).toEqual([]);
  });
});

describe("counters", TIMEOUT, () => {
  test("keep their law where a send crashes", async () => {
    await using stage = new Stage();
    const pid = await stage.playAtOnce("jspi", [step.send(0, 0, 2 ** 32 - 1, 1)]);
    expect(await stage.reason(pid)).toMatch(/^crashed/);
    const { sent, received, dead } = stage.runtime.counters;
    expect(sent).toBe(received + dead);
  });
});

describe("kill in the middle of the actor's own turn", TIMEOUT, () => {
  /**
   * Plays a guest whose calls of `env.seed` kill it: there the host's own code runs in the middle
   * of the guest's.
   */
  async function play(body: (boss: string) => string): Promise<Stage> {
    let pid: Pid | undefined;
    const stage: Stage = new Stage({
      random: () => {
        if (pid !== undefined) stage.runtime.kill(pid);
        return 0.5;
      },
    });
    const boss = `(i32.const ${stage.boss.pid % 2 ** 32}) (i32.const ${Math.floor(stage.boss.pid / 2 ** 32)})`;
    const send = `(drop (call $send ${boss} (i32.const 0) (i32.const 0) (i32.const 0)))`;
    pid = stage.runtime.spawn(await stage.runtime.load(guest(body(send))));
    stage.runtime.send(pid, new Uint8Array(1));
    expect(await stage.reason(pid)).toBe("killed");
    return stage;
  }

  const START = `(func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))`;
  const RECV = "(drop (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)))";
  const atOnce: Readonly<Record<(typeof WAYS)[number], (send: string) => string>> = {
    handler: send => `${START} (func (export "handle") (param i32) (drop (call $seed)) ${send})`,
    jspi: send => `(func (export "run") (drop (call $seed)) ${send} (drop (call $park)))`,
    resume: send => `(func (export "run")) (func (export "resume:run") (param i32) (result i32)
      (drop (call $seed)) ${send} (i32.const 0))`,
  };

  test.each(WAYS)("ends it at its next import, by the way of %s", async way => {
    await using stage = await play(atOnce[way]);
    expect(stage.boss.size).toBe(0);
  });

  const where = {
    jspi: (send: string) => `(func (export "run") ${RECV} (drop (call $seed)) (drop (call $park)) ${send})`,
    resume: (send: string) => `(global $turns (mut i32) (i32.const 0))
      (func (export "run")) (func (export "resume:run") (param i32) (result i32)
      (if (global.get $turns) (then ${send} (return (i32.const 0))))
      (global.set $turns (i32.const 1)) ${RECV} (drop (call $seed)) (i32.const 1))`,
  };

  test.each(["jspi", "resume"] as const)("ends it where it parks, by the way of %s", async way => {
    await using stage = await play(where[way]);
    expect(stage.boss.size).toBe(0);
  });

  test("ends it in its predicate", async () => {
    await using stage = await play(
      send => `(func (export "match") (param i32 i32 i32) (result i32) (drop (call $seed)) (i32.const 1))
      (func (export "run") (local $n i32)
        (local.set $n (call $recv_match (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1) (i32.const 0)))
        (if (i32.eq (local.get $n) (i32.const -2)) (then (drop (call $park)))) ${send})`,
    );
    expect(stage.boss.size).toBe(0);
  });
});

describe("load", TIMEOUT, () => {
  const RUN = `(func (export "run"))`;
  const MEMORY = `(import "env" "memory" (memory 1))`;
  const refused: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    ["an import of another module", `(import "wasi" "fd_write" (func)) ${MEMORY} ${RUN}`, /wasi.*fd_write/],
    ["an import that actor does not have", `(import "actor" "teleport" (func)) ${MEMORY} ${RUN}`, /teleport/],
    ["an import that env does not have", `(import "env" "sleep" (func)) ${MEMORY} ${RUN}`, /sleep/],
    ["a global where a function should be", `(import "actor" "send" (global i32)) ${MEMORY} ${RUN}`, /send/],
    ["a table where a memory should be", `(import "env" "memory" (table 1 funcref)) ${RUN}`, /memory/],
    ["nothing to run", `${MEMORY} (func (export "run:") (param i32))`, /run.*handle/],
    ["no memory", RUN, /memory/],
    ["a run that is no function", `${MEMORY} (global i32 (i32.const 0)) (export "run" (global 0))`, /run/],
    ["a memory that is no memory", `(global i32 (i32.const 0)) (export "memory" (global 0)) ${RUN}`, /memory/],
  ];
  test.each(refused)("refuses %s and names it", async (_, text, message) => {
    await using stage = new Stage();
    const loading = stage.runtime.load(assemble(`(module ${text})`), { name: "odd" });
    const error = await loading.then(
      () => undefined,
      reason => reason,
    );
    expect(error).toBeInstanceOf(LoadError);
    expect(error.message).toMatch(message);
    expect(error.message).toContain("odd");
  });

  test.each([
    ["nothing", new Uint8Array(0)],
    ["text", new TextEncoder().encode("hello")],
    ["half a module", guest(ECHO).slice(0, 40)],
  ])("refuses %s, which is not WebAssembly", async (_, bytes) => {
    await using stage = new Stage();
    await expect(stage.runtime.load(bytes)).rejects.toBeInstanceOf(LoadError);
  });

  const { Memory64, Atomics: Threads, MutableGlobals } = binaryen.Features;

  /** The error of loading and spawning a module. */
  async function errorOf(wasm: Uint8Array<ArrayBuffer>): Promise<unknown> {
    await using stage = new Stage();
    try {
      stage.runtime.spawn(await stage.runtime.load(wasm));
      return undefined;
    } catch (error) {
      return error;
    } finally {
      expect(stage.runtime.size).toBe(0);
    }
  }

  test.each([
    ["a 64-bit memory that it exports", `(memory (export "memory") i64 1)`, Memory64],
    ["a 64-bit memory that it imports", `(import "env" "memory" (memory i64 1))`, Memory64],
    ["a shared memory that it exports", `(memory (export "memory") 1 2 shared)`, Threads],
    ["a shared memory that it imports", `(import "env" "memory" (memory 1 2 shared))`, Threads],
  ])("or spawn refuses %s", async (_, memory, feature) => {
    const wasm = assemble(`(module ${memory} ${RUN})`, MutableGlobals | feature);
    const error = await errorOf(wasm);
    expect(error).toBeInstanceOf(IsopodError);
    expect((error as Error).message).toMatch(/memory/);
  });

  test.each([
    ["run", `(func (export "run") (param i32))`, /run/],
    ["run that returns something", `(func (export "run") (result i32) (i32.const 0))`, /run/],
    ["handle", `(func (export "handle"))`, /handle/],
    ["handle of f64", `(func (export "handle") (param f64))`, /handle/],
    ["handle that returns something", `(func (export "handle") (param i32) (result i32) (i32.const 0))`, /handle/],
    ["match", `${RUN} (func (export "match") (param i32) (result i32) (i32.const 0))`, /match/],
    ["_start", `${RUN} (func (export "_start") (param i32))`, /_start/],
    ["resume:run", `${RUN} (func (export "resume:run") (result i32) (i32.const 0))`, /resume:run/],
    ["send", `(import "actor" "send" (func (param i32))) ${RUN}`, /send/],
    ["recv", `(import "actor" "recv" (func (param i32 i32 i32 i64) (result i32))) ${RUN}`, /recv/],
    ["park", `(import "actor" "park" (func (param i32) (result i32))) ${RUN}`, /park/],
    ["now", `(import "actor" "now" (func (result i64))) ${RUN}`, /now/],
    ["env.seed", `(import "env" "seed" (func (result f32))) ${RUN}`, /seed/],
  ])("or spawn refuses a wrong type of %s and names it", async (_, body, message) => {
    const error = await errorOf(assemble(`(module ${MEMORY} ${body})`));
    expect(error).toBeInstanceOf(IsopodError);
    expect((error as Error).message).toMatch(message);
  });
});

describe("a module without readable types", TIMEOUT, () => {
  // With a type section beyond plain function types the errors are the same. Of a module that comes
  // compiled the types cannot be read.
  const { MutableGlobals, GC, ReferenceTypes } = binaryen.Features;
  const STRUCT = `(type $s (struct (field i32))) (global (export "value") (ref null $s) (ref.null $s))`;
  const wrong: readonly (readonly [what: string, body: string, message: RegExp])[] = [
    ["run", `(import "env" "memory" (memory 1)) (func (export "run") (param i32))`, /run/],
    ["handle", `(import "env" "memory" (memory 1)) (func (export "handle") (param f64))`, /handle/],
    [
      "send",
      `(import "env" "memory" (memory 1)) (import "actor" "send" (func $send (param i32 i32 i64 i32 i32) (result i32)))
       (func (export "run") (drop (call $send (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0))))`,
      /send/,
    ],
  ];
  async function errorOf(source: Uint8Array<ArrayBuffer> | WebAssembly.Module): Promise<unknown> {
    await using stage = new Stage();
    try {
      stage.runtime.spawn(await stage.runtime.load(source));
      return undefined;
    } catch (error) {
      return error;
    }
  }

  test("of structs is refused", async () => {
    const text = wrong[0][1].replace(/(\(func \(export)/, `${STRUCT} $1`);
    const error = await errorOf(assemble(`(module ${text})`, MutableGlobals | GC | ReferenceTypes));
    expect(error).toBeInstanceOf(IsopodError);
    expect((error as Error).message).toMatch(/types of garbage collection/);
  });

  test.each(wrong)("that comes compiled with a wrong type of %s harms nobody", async (_, body) => {
    await using stage = new Stage();
    const echo = await stage.echo();
    const module = await stage.runtime.load(new WebAssembly.Module(assemble(`(module ${body})`)));
    stage.runtime.send(stage.runtime.spawn(module), "x");
    await stage.settle();
    expect(await stage.answers(echo)).toBe(true);
  });

  test("that comes compiled runs with as many pages as it needs", async () => {
    await using stage = new Stage();
    const pid = stage.runtime.spawn(await stage.runtime.load(new WebAssembly.Module(guest(ECHO))));
    expect(await stage.answers(pid)).toBe(true);
  });

  test("cannot disturb another actor's mailbox by a tag that is no i32", async () => {
    await using stage = new Stage();
    const wasm = assemble(
      `(module (import "env" "memory" (memory 1))
          (import "actor" "send" (func $send (param i32 i32 i64 i32 i32) (result i32)))
          (import "actor" "args" (func $args (param i32 i32) (result i32)))
          (func (export "handle") (param i32)
            (drop (call $args (i32.const 16) (i32.const 8)))
            (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i64.const 5) (i32.const 0) (i32.const 4)))))`,
    );
    const module = await stage.runtime.load(new WebAssembly.Module(wasm));
    const victim = await stage.play("jspi", [
      ...Array(3).fill([...step.recv(-1), ...step.await(), ...step.load(INFO + 4)]),
      step.flush(),
    ]);
    await stage.settle();
    const args = new Uint8Array(BigUint64Array.of(BigInt(victim)).buffer);
    for (const tag of [1, 2, 3]) {
      const pid = stage.runtime.spawn(module, { args });
      stage.runtime.send(pid, "");
      await stage.settle();
      stage.boss.send(victim, new Uint8Array(0), { tag });
    }
    expect(await stage.notes()).toEqual([0, 1, 0, 2, 0, 3]);
  });
});

describe("the WebAssembly start function", TIMEOUT, () => {
  const BEGIN = `(func $begin
      (drop (call $args (i32.const 16) (i32.const 8)))
      (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 3) (i32.const 16) (i32.const 8))))
    (start $begin) (func (export "run"))`;

  test("may send bytes of a memory that the module imports", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(guest(BEGIN, `(import "env" "memory" (memory 1))`));
    const args = new Uint8Array(BigUint64Array.of(BigInt(stage.boss.pid)).buffer);
    const pid = stage.runtime.spawn(module, { args });
    expect(await stage.boss.receive()).toMatchObject({ from: pid, tag: 3, bytes: args });
  });

  test("that ends its own actor makes the spawn fail, and nobody lives on", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(
        `(func $begin (block $caught (try_table (catch_all $caught) (drop (call $link (i32.const 77) (i32.const 7))))))
        (start $begin) (func (export "run"))`,
        `(import "env" "memory" (memory 1))`,
      ),
    );
    expect(() => stage.runtime.spawn(module)).toThrow(/start function/);
    expect(stage.runtime.size).toBe(0);
  });

  test("reaches a memory that the module exports", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(guest(BEGIN, `(memory (export "memory") 1)`));
    const pid = stage.runtime.spawn(module, { args: new Uint8Array(8) });
    expect(stage.runtime.isAlive(pid)).toBe(true);
  });
});

describe("spawn", TIMEOUT, () => {
  test("refuses an entry that the module does not have, and names it", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(guest(`(func (export "run"))`));
    for (const entry of ["main", "handle", "memory", "match", ""]) {
      expect(() => stage.runtime.spawn(module, { entry })).toThrow(SpawnError);
      expect(() => stage.runtime.spawn(module, { entry })).toThrow(entry);
    }
    expect(stage.runtime.size).toBe(0);
  });

  test("refuses an entry that is no function of the type of run", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(
      guest(`(func (export "run"))
        (func (export "other") (param i32 i32))
        (func (export "match") (param i32 i32 i32) (result i32) (i32.const 0))
        (global (export "value") i32 (i32.const 0))`),
    );
    for (const entry of ["other", "match", "value"]) {
      expect(() => stage.runtime.spawn(module, { entry })).toThrow(entry);
    }
    expect(stage.runtime.size).toBe(0);
  });

  test("refuses more initial pages than the limit, and says so", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(guest(`(func (export "run"))`, `(import "env" "memory" (memory 3))`));
    expect(() => stage.runtime.spawn(module, { limits: { memoryPages: 2 } })).toThrow(SpawnError);
    expect(() => stage.runtime.spawn(module, { limits: { memoryPages: 2 } })).toThrow(/3.*2|2.*3|memoryPages/);
    expect(await stage.reason(stage.runtime.spawn(module, { limits: { memoryPages: 3 } }))).toBe("normal");
  });

  test("lets a memory grow up to the limit and no further", async () => {
    await using stage = new Stage();
    await stage.play("jspi", [step.grow(2), step.grow(1), step.flush()], { limits: { memoryPages: 4 } });
    expect(await stage.notes()).toEqual([2, -1]);
  });

  test("refuses a way that does not fit the module", async () => {
    await using stage = new Stage();
    const polls = await stage.runtime.load(guest(`(func (export "run"))`));
    const parks = await stage.runtime.load(guest(`(func (export "run") (drop (call $park)))`));
    const handles = await stage.runtime.load(guest(ECHO));
    const resumes = await stage.runtime.load(
      guest(`(func (export "run")) (func (export "resume:run") (param i32) (result i32) (i32.const 0))`),
    );
    for (const way of ["asyncify", "jspi"] as const) {
      // It never parks, so either will do.
      expect(await stage.reason(stage.runtime.spawn(polls, { way }))).toBe("normal");
    }
    expect(() => stage.runtime.spawn(polls, { way: "handler" })).toThrow(SpawnError);
    expect(() => stage.runtime.spawn(resumes, { way: "jspi" })).toThrow(SpawnError);
    expect(() => stage.runtime.spawn(parks, { way: "asyncify" })).toThrow(SpawnError);
    expect(() => stage.runtime.spawn(parks, { way: "handler" })).toThrow(SpawnError);
    expect(() => stage.runtime.spawn(handles, { way: "jspi" })).toThrow(SpawnError);
    expect(() => stage.runtime.spawn(handles, { way: "asyncify" })).toThrow(SpawnError);
    expect(() => stage.runtime.spawn(resumes, { way: "handler" })).toThrow(SpawnError);
    expect(stage.runtime.size).toBe(0);
  });

  test("refuses a module whose WebAssembly start function traps", async () => {
    await using stage = new Stage();
    const module = await stage.runtime.load(guest(`(func $begin unreachable) (start $begin) (func (export "run"))`));
    expect(() => stage.runtime.spawn(module)).toThrow(SpawnError);
    expect(stage.runtime.size).toBe(0);
  });

  test("refuses more actors than there may be", async () => {
    await using stage = new Stage({ limits: { actors: 2 } });
    const echo = await stage.echo();
    await expect(stage.echo()).rejects.toBeInstanceOf(SpawnError);
    expect(stage.runtime.isAlive(echo)).toBe(true);
  });
});

describe("a host mailbox", TIMEOUT, () => {
  const tags = (items: readonly (Received | undefined)[]) =>
    items.map(item => (item?.kind === "message" ? item.tag : item?.kind));

  /** A mailbox that holds messages with these tags. */
  function mailboxWith(stage: Stage, ...held: number[]) {
    const mailbox = stage.runtime.mailbox();
    for (const tag of held) stage.runtime.send(mailbox.pid, Uint8Array.of(tag), { tag });
    return mailbox;
  }

  test("receives in order of arrival, with the host as 0", async () => {
    await using stage = new Stage();
    const mailbox = mailboxWith(stage, 1, 2);
    expect(mailbox.size).toBe(2);
    expect(await mailbox.receive()).toEqual({ kind: "message", from: 0, tag: 1, ref: 0, bytes: Uint8Array.of(1) });
    expect(await mailbox.receive()).toMatchObject({ tag: 2 });
    expect(await mailbox.receive({ timeoutMs: 0 })).toBeUndefined();
  });

  test("waits until something comes", async () => {
    await using stage = new Stage();
    const mailbox = stage.runtime.mailbox();
    const received = mailbox.receive();
    await stage.settle();
    stage.runtime.send(mailbox.pid, "late", { tag: 4 });
    expect(await received).toMatchObject({ tag: 4 });
  });

  test("takes by receiveMatch what matches and leaves the others in order, each tested once", async () => {
    await using stage = new Stage();
    const mailbox = mailboxWith(stage, 1, 2);
    const tested: unknown[] = [];
    const received = mailbox.receiveMatch(item => {
      tested.push(...tags([item]));
      return item.kind === "message" && item.tag === 4;
    });
    for (const tag of [3, 4, 5]) {
      await stage.settle();
      stage.runtime.send(mailbox.pid, "", { tag });
    }
    expect(tags([await received])).toEqual([4]);
    expect(tested).toEqual([1, 2, 3, 4]);
    expect(tags([await mailbox.receive(), await mailbox.receive(), await mailbox.receive()])).toEqual([1, 2, 3]);
    expect(tags([await mailbox.receive({ timeoutMs: 0 })])).toEqual([5]);
  });

  test("answers undefined when the time is over, and keeps what comes later", async () => {
    await using stage = new Stage();
    const mailbox = stage.runtime.mailbox();
    const received = mailbox.receiveMatch(() => false, { timeoutMs: 100 });
    stage.clock.jump(50);
    stage.runtime.send(mailbox.pid, "", { tag: 1 });
    await stage.settle();
    stage.clock.jump(50);
    expect(await received).toBeUndefined();
    stage.runtime.send(mailbox.pid, "", { tag: 2 });
    expect(tags([await mailbox.receive(), await mailbox.receive()])).toEqual([1, 2]);
  });

  test("rejects an aborted receive with the signal's reason and loses no item", async () => {
    await using stage = new Stage();
    const mailbox = stage.runtime.mailbox();
    const why = new Error("enough");
    for (const sendFirst of [true, false]) {
      const controller = new AbortController();
      const received = mailbox.receive({ signal: controller.signal });
      const rejected = expect(received).rejects.toBe(why);
      if (sendFirst) {
        // Accepted, but not taken: its turn has not come.
        stage.runtime.send(mailbox.pid, "", { tag: 7 });
        controller.abort(why);
      } else {
        controller.abort(why);
        stage.runtime.send(mailbox.pid, "", { tag: 7 });
      }
      await rejected;
      await stage.settle();
      expect(tags([await mailbox.receive({ timeoutMs: 0 })])).toEqual([7]);
    }
  });

  test("takes nothing for a signal that was aborted before", async () => {
    await using stage = new Stage();
    const mailbox = mailboxWith(stage, 1);
    const why = new Error("enough");
    await expect(mailbox.receive({ signal: AbortSignal.abort(why) })).rejects.toBe(why);
    expect(tags([await mailbox.receive()])).toEqual([1]);
  });

  test("refuses two receives at once, and the first goes on", async () => {
    await using stage = new Stage();
    const mailbox = stage.runtime.mailbox();
    const first = mailbox.receive();
    await expect(mailbox.receive()).rejects.toMatchObject({ code: "ISOPOD_BUSY" });
    await expect(mailbox.receiveMatch(() => true, { timeoutMs: 0 })).rejects.toBeInstanceOf(IsopodError);
    stage.runtime.send(mailbox.pid, "", { tag: 3 });
    expect(tags([await first])).toEqual([3]);
  });

  test("can be iterated until it is closed", async () => {
    await using stage = new Stage();
    const mailbox = mailboxWith(stage, 1, 2, 3);
    const seen: unknown[] = [];
    for await (const item of mailbox) {
      seen.push(...tags([item]));
      if (seen.length === 3) systemClock.defer(() => mailbox.close());
    }
    expect(seen).toEqual([1, 2, 3]);
    await expect(mailbox.receive()).rejects.toBeInstanceOf(ClosedError);
    expect(stage.runtime.send(mailbox.pid, "")).toBe(false);
  });

  test("rejects a receive that waits when it is closed", async () => {
    await using stage = new Stage();
    const mailbox = stage.runtime.mailbox();
    const rejected = expect(mailbox.receive()).rejects.toBeInstanceOf(ClosedError);
    mailbox.close();
    await rejected;
  });

  test("keeps the item that a throwing predicate was asked about", async () => {
    await using stage = new Stage();
    const mailbox = mailboxWith(stage, 1, 2);
    const why = new Error("no idea");
    const asks = mailbox.receiveMatch(() => {
      throw why;
    });
    await expect(asks).rejects.toBe(why);
    expect(tags([await mailbox.receive(), await mailbox.receive()])).toEqual([1, 2]);
  });

  test("has the runtime's limits, from the host and from guests", async () => {
    await using stage = new Stage({ limits: { mailboxMessages: 3, messageBytes: 16, mailboxBytes: 20 } });
    const mailbox = stage.runtime.mailbox();
    expect(stage.runtime.send(mailbox.pid, new Uint8Array(17))).toBe(false);
    expect(stage.runtime.send(mailbox.pid, new Uint8Array(16))).toBe(true);
    expect(stage.runtime.send(mailbox.pid, new Uint8Array(5))).toBe(false);
    expect(stage.runtime.send(mailbox.pid, new Uint8Array(4))).toBe(true);
    expect(stage.runtime.send(mailbox.pid, "")).toBe(true);
    expect(stage.runtime.send(mailbox.pid, "")).toBe(false);
    await stage.playAtOnce("jspi", [
      step.send(mailbox.pid, 0, 0, 17),
      step.send(mailbox.pid, 0, 0, 0),
      step.exit(6, 0x4000, 8),
    ]);
    await stage.runtime.idle();
    expect(mailbox.size).toBe(3);
    await mailbox.receive();
    expect(stage.runtime.send(mailbox.pid, new Uint8Array(16))).toBe(true);
  });

  test("gets what a guest sends under the guest's pid, in the order sent", async () => {
    await using stage = new Stage();
    const pid = await stage.playAtOnce("resume", [
      step.send(stage.boss.pid, 1, 0, 0),
      step.send(stage.boss.pid, 2, 0, 0),
    ]);
    expect(await stage.boss.receive()).toMatchObject({ from: pid, tag: 1 });
    expect(await stage.boss.receive()).toMatchObject({ from: pid, tag: 2 });
  });
});

describe("runtime.send", TIMEOUT, () => {
  test("refuses tags that are not the guests' own", async () => {
    await using runtime = new Runtime({ grants: "all" });
    const mailbox = runtime.mailbox();
    for (const tag of [-1, 0.5, 2 ** 31, Number.NaN]) {
      expect(() => runtime.send(mailbox.pid, "", { tag })).toThrow(RangeError);
    }
    expect(mailbox.size).toBe(0);
  });

  test("answers false for a pid that never was", async () => {
    await using runtime = new Runtime({ grants: "all" });
    for (const pid of [0, 1, 2 ** 32, 2 ** 53 - 1]) expect(runtime.send(pid, "")).toBe(false);
    expect(await runtime.exited(12_345)).toEqual({ kind: "noproc" });
  });
});
