/** Guests that send to other threads and nodes: what leaves by an outbox, and what happens without one. */
import { describe, expect, test } from "vitest";
import { Away } from "../../host/away/away.ts";
import type { Carrier } from "../../host/away/outbox.ts";
import type { RuntimeOptions } from "../../host/options.ts";
import { Parts } from "../../host/parts.ts";
import type { DeadLetter } from "../../host/wire/events.ts";
import { lowWord, parsePid, pidFromWords } from "../../host/wire/pid.ts";
import { macrotask } from "../support/clock.ts";
import { readOutgoing } from "../support/kernel-memory.ts";
import { guest } from "../support/wat.ts";

const THERE = parsePid("<9.3.77.5>") ?? 0;
const [LO, HI] = [lowWord(THERE), Math.floor(THERE / 2 ** 32)];

/**
 * Sends as often as its first argument says, so many bytes as the second one says. Logs what it was
 * answered, unless the third one is not 0.
 */
const SENDER = `
  (func $sends (local $i i32)
    (drop (call $args (i32.const 0) (i32.const 12)))
    (memory.fill (i32.const 4096) (i32.const 0xab) (i32.const 70000))
    (loop $next
      (i32.store8 (i32.add (i32.const 16) (local.get $i))
        (i32.add (i32.const 66) (call $send (i32.const ${LO}) (i32.const ${HI}) (local.get $i) (i32.const 4096) (i32.load (i32.const 4)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.load (i32.const 0)))))
    (if (i32.eqz (i32.load (i32.const 8))) (then (drop (call $log (i32.const 1) (i32.const 16) (local.get $i))))))`;
const BODIES = {
  jspi: `${SENDER} (func (export "run") (call $sends))`,
  handler: `${SENDER} (func (export "handle") (param i32) (call $sends))`,
  resume: `${SENDER} (func (export "run")) (func (export "resume:run") (param i32) (result i32) (call $sends) (i32.const 0))`,
};

/** The letter of what `send` has answered. */
const [FULL, NO_ACTOR, ACCEPTED] = ["A", "B", "C"];

/** A runtime by its parts, because no public option opens an outbox. */
async function stage(way: keyof typeof BODIES, options: RuntimeOptions = {}) {
  const logged: string[] = [];
  const letters: DeadLetter[] = [];
  const failed: string[] = [];
  const parts = new Parts({
    grants: "all",
    onLog: (_pid, _level, text) => void logged.push(text),
    onDeadLetter: letter => void letters.push(letter),
    onError: (error, callback) => void failed.push(`${callback}: ${(error as Error).message}`),
    ...options,
  });
  const away = new Away(parts, { thread: 0, node: 0 });
  const reductions = way === "resume" ? "count" : "none";
  const module = await parts.loader.load(guest(BODIES[way]), { name: way, reductions });
  const send = async (count: number, length: number) => {
    const args = new Uint8Array(Uint32Array.of(count, length, way === "handler" ? 1 : 0).buffer);
    const { pid } = parts.spawner.spawn(module, { args }, parts.imports);
    if (way !== "handler") await parts.ends.idle();
    await macrotask();
    return { pid, answers: logged.splice(0).join() };
  };
  return { parts, away, send, letters, failed };
}

/** Takes what comes, as long as it may. */
class Collector implements Carrier {
  readonly taken: Uint8Array[] = [];
  isOpen = true;

  get isReady() {
    return this.isOpen;
  }

  carry(records: Uint8Array): void {
    this.taken.push(records);
  }

  get records() {
    return this.taken.flatMap(readOutgoing);
  }
}

describe.each(["jspi", "resume"] as const)("a guest (%s) that sends to another node", way => {
  test("finds no actor without an outbox, and has guessed", async () => {
    const { parts, send, letters } = await stage(way);
    const { pid, answers } = await send(3, 8);
    expect(answers).toBe(NO_ACTOR.repeat(3));
    expect(letters.map(({ from, to, why }) => [from, to, why])).toEqual(Array(3).fill([pid, THERE, "noproc"]));
    expect(parts.services.counters.denied).toBe(3);
  });

  test("sends to the carrier of its outbox, in order, and makes no guess", async () => {
    const { parts, away, send, letters } = await stage(way);
    const carrier = new Collector();
    // All threads of another node have one outbox.
    away.outboxes.open(0, 9, carrier);
    const { pid, answers } = await send(200, 11);
    expect(answers).toBe(ACCEPTED.repeat(200));
    expect(carrier.records.map(({ tag, order }) => [tag, order])).toEqual(
      Array.from({ length: 200 }, (_, i) => [i, i]),
    );
    for (const { kind, from, to, ref, reason, payload } of carrier.records) {
      expect([kind, pidFromWords(...from), pidFromWords(...to), ref, reason]).toEqual([1, pid, THERE, 0, 0]);
      expect([...payload]).toEqual(Array(11).fill(0xab));
    }
    expect(letters).toEqual([]);
    expect(parts.services.counters.denied).toBe(0);
  });

  test("is told that the outbox is full as long as the carrier takes nothing", async () => {
    const { away, send, letters } = await stage(way);
    const carrier = new Collector();
    const outbox = away.outboxes.open(0, 9, carrier, 256);
    carrier.isOpen = false;
    expect((await send(6, 8)).answers).toBe(ACCEPTED.repeat(4) + FULL.repeat(2));
    expect(letters.map(({ why, tag }) => [why, tag])).toEqual([
      ["mailbox full", 4],
      ["mailbox full", 5],
    ]);
    expect(readOutgoing(outbox.take()).map(({ tag }) => tag)).toEqual([0, 1, 2, 3]);
    carrier.isOpen = true;
    expect((await send(4, 8)).answers).toBe(ACCEPTED.repeat(4));
    expect(carrier.records.map(({ order }) => order)).toEqual([4, 5, 6, 7]);
    expect(outbox.size).toBe(0);
  });

  test("sends messages that are longer than the outbox, after what is in it", async () => {
    const { away, send, letters } = await stage(way);
    const carrier = new Collector();
    const small = away.outboxes.open(0, 9, carrier, 200);
    expect(small.maxLength).toBe(184);
    carrier.isOpen = false;
    expect((await send(1, 64)).answers).toBe(ACCEPTED);
    expect((await send(1, 185)).answers).toBe(FULL);
    carrier.isOpen = true;
    expect((await send(1, 65_473)).answers).toBe(ACCEPTED);
    expect(letters.map(({ why, length }) => [why, length])).toEqual([["mailbox full", 185]]);
    expect(carrier.records.map(({ payload, order }) => [payload.length, order])).toEqual([
      [64, 0],
      [65_473, 1],
    ]);
  });

  test("finds no actor after the outbox was closed, whose records are dropped", async () => {
    const { away, send } = await stage(way);
    const outbox = away.outboxes.open(0, 9, { isReady: false, carry: () => undefined });
    await send(1, 8);
    expect(outbox.size).toBe(48);
    away.outboxes.close(outbox);
    away.outboxes.close(outbox);
    expect([outbox.size, outbox.take().length]).toEqual([0, 0]);
    expect((await send(1, 8)).answers).toBe(NO_ACTOR);
  });
});

test("the carrier is called when half of the outbox is full, so that many messages of many turns pass", async () => {
  const { parts, away, send, letters } = await stage("handler");
  const carrier = new Collector();
  away.outboxes.open(0, 9, carrier, 4096);
  // Their turns come one after the other, and leave nothing to the host, not even a line of a log.
  const actors = await Promise.all(Array.from({ length: 60 }, () => send(40, 8)));
  for (const { pid } of actors) parts.directory.send(null, pid, new Uint8Array(0), 0);
  while (carrier.records.length + letters.length < 2400) await macrotask();
  expect(letters).toEqual([]);
  expect(carrier.records.map(({ order }) => order)).toEqual(Array.from({ length: 2400 }, (_, i) => i));
});

test("what a carrier throws is reported, and actors go on", async () => {
  const { away, send, failed } = await stage("resume");
  const outbox = away.outboxes.open(0, 9, {
    isReady: true,
    carry: () => {
      throw new Error("no line");
    },
  });
  expect((await send(2, 8)).answers).toBe(ACCEPTED.repeat(2));
  expect(new Set(failed)).toEqual(new Set(["a carrier: no line"]));
  expect(outbox.size).toBe(0);
});

test("a place has one outbox, this place has none, and none is too large", async () => {
  const { away } = await stage("resume");
  const carrier = new Collector();
  away.outboxes.open(1, 0, carrier);
  away.outboxes.open(2, 0, carrier);
  away.outboxes.open(3, 9, carrier);
  for (const [thread, node] of [
    [0, 0],
    [1, 0],
    [4, 9],
  ])
    expect(() => away.outboxes.open(thread, node, carrier)).toThrow(
      `thread ${thread} of node ${node} can have no other outbox`,
    );
  expect(() => away.outboxes.open(0, 8, carrier, 131_073)).toThrow("131073 bytes: it has at most 128 KiB");
});
