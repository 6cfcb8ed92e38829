/**
 * Guards what makes a message cheap, without a clock: what it allocates, and how often it crosses
 * the border between host and guest. A change that breaks one of these numbers makes messages
 * dearer. A change that improves one writes the new number down.
 */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { getHeapStatistics } from "node:v8";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { compiled } from "../../bench/harness/compiled.ts";
import type { Parameters } from "../../bench/harness/round.ts";
import type { Scenario, Style } from "../../bench/harness/scenario.ts";
import { counting } from "../../bench/scenarios/counting.ts";
import { pingPong } from "../../bench/scenarios/ping-pong.ts";
import { selectiveRef } from "../../bench/scenarios/selective.ts";
import { createRuntime, formatReason } from "../../host/node/index.ts";
import type { Allocation } from "../support/allocation.ts";
import { CrossingCounter, type Crossings, perMessage } from "../support/crossings.ts";
import { guest } from "../support/wat.ts";

const SLOW = 240_000;

/**
 * A handler that ends at the first message with the tag 2, which is the last of the producer's in
 * bench/guests/counting.ts.
 */
const LISTENER = `
  (func (export "_start") (call $window (i32.const 64) (i32.const 0) (i32.const 0)))
  (func (export "handle") (param i32)
    (if (i32.eq (i32.load (i32.const 68)) (i32.const 2)) (then (call $exit (i32.const 0) (i32.const 0) (i32.const 0)))))`;

describe("a message allocates nothing:", () => {
  const counts = "total_allocated_bytes" in getHeapStatistics();
  const why = counts ? "" : " (skipped: needs Node 26, which counts what it allocates)";
  /**
   * A slice of the scheduler allocates a little, and there are the more of them the slower the
   * machine. The smallest object has 16 bytes.
   */
  const NOISE = 8;
  let played: Allocation[];

  beforeAll(async () => {
    if (!counts) return;
    const script = fileURLToPath(new URL("../support/allocation.ts", import.meta.url));
    // A process of its own: what the test runner allocates meanwhile would count.
    const args = ["--expose-gc", "--disable-wasm-trap-handler", script];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    played = stdout
      .trim()
      .split("\n")
      .map(line => JSON.parse(line) as Allocation);
  }, SLOW);

  test.skipIf(!counts).for([
    ["ping-pong, handler", 10_000_000, 0],
    ["ping-pong, process", 10_000_000, 0],
    ["counting, process", 2_000_000, 0],
  ] as const)(`%s, of %d messages${why}`, ([game, messages, known]) => {
    const found = played.find(each => each.game === game);
    expect(found?.messages).toBe(messages);
    expect((found?.allocatedBytes ?? Number.NaN) / messages).toBeLessThan(known + NOISE);
    // Nothing of ten million messages is left: less than a bit of each.
    expect(found?.heldBytes).toBeLessThan(messages / 8);
  });
});

describe.each(["auto", "off"] as const)("with the switch %s, a message crosses the border", way => {
  let counter: CrossingCounter;
  beforeAll(() => {
    counter = CrossingCounter.install();
    vi.stubEnv("ISOPOD_SWITCH", way);
  });
  afterAll(() => {
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
  });

  /**
   * With the switch nothing crosses but the call that gives it its next turns, after 128 of them,
   * and what makes a mailbox larger.
   */
  function expectCrossings(found: Crossings, host: Crossings): void {
    if (way === "off") expect(found).toEqual(host);
    else expect(Object.values(found).reduce((sum, each) => sum + each, 0)).toBeLessThan(0.01);
  }

  /**
   * A sender gives way after 256 messages, so that multiples of it leave no rest; nor may what each
   * of four pairs plays.
   */
  const FEW = 256 * 20;
  const MANY = 2 * FEW;

  async function crossings(scenario: Scenario, style: Style, parameters: Parameters): Promise<Crossings> {
    const played = async (messages: number) => {
      const stage = await scenario.prepare({ ...parameters, messages }, style);
      const counted = await counter.during(async () => {
        await stage.round();
      });
      await stage.stop();
      return counted;
    };
    return perMessage(await played(FEW), await played(MANY), MANY - FEW);
  }

  test("twice between handlers, if at all: the sender's send, and the receiver's handle", {
    timeout: SLOW,
  }, async () => {
    // The item is in the receiver's window before `handle` is called, so there is nothing to ask
    // for.
    const found = await crossings(pingPong, "handler", { pairs: 1, bytes: 8 });
    expectCrossings(found, { send: 1, handle: 1 });
  });

  test("three times between processes that wait, if at all: send, resume, and the recv that finds nothing", {
    timeout: SLOW,
  }, async () => {
    // `resume:run` goes on with what the last recv waited for; the next recv answers -2, and the
    // guest unwinds by itself: `park` is no crossing.
    const found = await crossings(pingPong, "process", { pairs: 1, bytes: 8 });
    expectCrossings(found, { send: 1, recv: 1, "resume:run": 1 });
  });

  test("seven times in a call, if at all: request, recv_tag and demonitor, the callee's recv and send, and the turns of both", {
    timeout: SLOW,
  }, async () => {
    const played = async (calls: number) => {
      const stage = await selectiveRef.prepare({ depth: 0, calls }, "process");
      const counted = await counter.during(async () => {
        await stage.round();
      });
      await stage.stop();
      return counted;
    };
    const found = perMessage(await played(FEW), await played(MANY), MANY - FEW);
    // Of 256 requests one goes through the host, which draws the refs of the others; and a call has
    // two turns, of which 128 are one call of the loop.
    if (way === "auto") expect(Object.values(found).reduce((sum, each) => sum + each, 0)).toBeLessThan(1 / 16);
    else
      expect(found).toEqual({
        request: 1,
        recv_tag: 1,
        demonitor: 1,
        recv: 1,
        send: 1,
        "resume:by_ref": 1,
        "resume:server": 1,
      });
  });

  test("as often with many bytes as with few", { timeout: SLOW }, async () => {
    const found = await crossings(pingPong, "process", { pairs: 4, bytes: 3000 });
    expectCrossings(found, { send: 1, recv: 1, "resume:run": 1 });
  });

  test("twice, if at all, where the receiver is a process with more to take, and once more a turn of either", {
    timeout: SLOW,
  }, async () => {
    // The producer gives way after 256 messages. The counter's turn takes these: one is what resume
    // goes on with, 255 are answers of recv, and the recv behind finds nothing.
    const found = await crossings(counting, "process", {});
    expectCrossings(found, { send: 1, recv: 1, "resume:counter": 1 / 256, "resume:producer": 1 / 256 });
  });

  test("twice, if at all, where the receiver is a handler with more to take", { timeout: SLOW }, async () => {
    const sender = await compiled("counting", "asyncify");
    const played = async (messages: number) => {
      await using runtime = createRuntime({ grants: "all", quiet: true });
      const receiver = runtime.spawn(await runtime.load(guest(LISTENER)));
      const args = new DataView(new ArrayBuffer(20));
      args.setBigUint64(8, BigInt(receiver), true);
      args.setUint32(16, messages, true);
      const module = await runtime.load(sender);
      return await counter.during(async () => {
        runtime.spawn(module, { entry: "producer", args: new Uint8Array(args.buffer) });
        expect(formatReason(await runtime.exited(receiver))).toBe("normal");
      });
    };
    const added = perMessage(await played(FEW), await played(MANY), MANY - FEW);
    expectCrossings(added, { send: 1, handle: 1, "resume:producer": 1 / 256 });
  });
});
