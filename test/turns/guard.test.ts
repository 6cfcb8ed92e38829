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

describe("a message crosses the border", () => {
  let counter: CrossingCounter;
  beforeAll(() => {
    counter = CrossingCounter.install();
  });
  afterAll(() => {
    vi.unstubAllGlobals();
  });

  /** What begins and ends a round is in both, so their difference is what the operations cost. */
  const FEW = 6_000;
  const MANY = 2 * FEW;

  /** What crosses for each of the operations that `play` is given: messages or calls. */
  async function perOperation(play: (operations: number) => Promise<Crossings>): Promise<Crossings> {
    return perMessage(await play(FEW), await play(MANY), MANY - FEW);
  }

  function crossings(
    scenario: Scenario,
    style: Style,
    parameters: Parameters,
    counts = "messages",
  ): Promise<Crossings> {
    return perOperation(async operations => {
      const stage = await scenario.prepare({ ...parameters, [counts]: operations }, style);
      const counted = await counter.during(async () => {
        await stage.round();
      });
      await stage.stop();
      return counted;
    });
  }

  /**
   * Nothing crosses but the call that gives the kernel its next turns, after 128 of them, and its question
   * whether they have headroom.
   */
  function expectFewerThan(most: number, found: Crossings): void {
    const sum = Object.values(found).reduce((sum, each) => sum + each, 0);
    expect(sum, JSON.stringify(found)).toBeLessThan(most);
  }

  test("once in 128 between handlers", { timeout: SLOW }, async () => {
    expectFewerThan(0.017, await crossings(pingPong, "handler", { pairs: 1, bytes: 8 }));
  });

  test("once in 128 between processes that wait", { timeout: SLOW }, async () => {
    expectFewerThan(0.017, await crossings(pingPong, "process", { pairs: 1, bytes: 8 }));
  });

  test("once in 128 turns of a call, and with one request of 256", { timeout: SLOW }, async () => {
    // A call has two turns, so 256 calls are four runs, with eight crossings. The host makes that request,
    // and draws the refs of the others, which is 13 crossings.
    expectFewerThan(22 / 256, await crossings(selectiveRef, "process", { depth: 0 }, "calls"));
  });

  test("as often with many bytes as with few", { timeout: SLOW }, async () => {
    expectFewerThan(0.017, await crossings(pingPong, "process", { pairs: 4, bytes: 3000 }));
  });

  test("hardly ever where the receiver is a process with more to take", { timeout: SLOW }, async () => {
    expectFewerThan(0.01, await crossings(counting, "process", {}));
  });

  test("hardly ever where the receiver is a handler with more to take", { timeout: SLOW }, async () => {
    const sender = await compiled("counting", "asyncify");
    const found = await perOperation(async messages => {
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
    });
    expectFewerThan(0.01, found);
  });
});
