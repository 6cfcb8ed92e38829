/**
 * A stack may end in any call of the kernel: a change is then made or not made, nothing is lost, and
 * no other actor notices it.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test as law } from "@fast-check/vitest";
import { beforeAll, describe, expect, test } from "vitest";
import { fallingKernel } from "../support/falling-kernel.ts";
import { isSame } from "../support/kernel-items.ts";
import { audit, marksOf, readMailbox, readMarks, readQueue, setWord, word } from "../support/kernel-memory.ts";
import { KernelPlayer } from "../support/kernel-player.ts";
import { differenceOfTies } from "../support/kernel-ties.ts";
import { check } from "../support/mailbox-check.ts";
import { type Step, step } from "../support/mailbox-steps.ts";
import { OutboxPlayer } from "../support/outbox-player.ts";
import { SlotsPlayer } from "../support/slots-player.ts";
import * as W from "../support/words.ts";

let copy: Awaited<ReturnType<typeof fallingKernel>>;
/** One mailbox of several segments, with marks, a payload of the host and a request; others wait. */
const SCRIPT: readonly Step[] = [
  { do: "deliver", to: 0, kind: W.MESSAGE, tag: 1, length: 9, isBound: true },
  { do: "burst", to: 0, many: 38, length: 50 },
  { do: "deliverOutside", to: 0, kind: W.TIMER, tag: 2, length: 100_000 },
  { do: "park", of: 1, want: 1, tag: 2, which: 0 },
  { do: "send", from: 0, to: 1, tag: 3, length: 200 },
  { do: "deliver", to: 1, kind: W.MESSAGE, tag: 2, length: 0, isBound: false },
  { do: "mark", of: 0, many: 3 },
  { do: "answer", to: 0, kind: W.DOWN, which: 1, length: 5 },
  { do: "receive", of: 0, want: 3, tag: 9, which: 0, capacity: 600 },
  { do: "receive", of: 0, want: 2, tag: 0, which: 0, capacity: 600 },
  { do: "request", from: 0, to: 2, tag: 1, length: 8 },
  { do: "receive", of: 0, want: 1, tag: 2, which: 0, capacity: 100 },
  { do: "takeAt", of: 0, at: 7, many: 30 },
  { do: "takeRef", of: 0, which: 1 },
  { do: "monitor", from: 0, to: 3 },
  { do: "trapExit", of: 0, on: 1 },
  { do: "link", from: 0, to: 1 },
  { do: "link", from: 1, to: 2 },
  { do: "monitor", from: 1, to: 0 },
  { do: "request", from: 0, to: 1, tag: 2, length: 4 },
  { do: "delegate", of: 0, which: 1, by: 2 },
  { do: "delegate", of: 0, which: 1, by: 1 },
  { do: "reply", of: 0, which: 0, length: 20, by: -1 },
  { do: "receive", of: 0, want: 3, tag: 1, which: 0, capacity: 1000 },
  { do: "look", of: 0, many: 3 },
  { do: "unmark", of: 0, which: 0 },
  { do: "receive", of: 0, want: 0, tag: 0, which: 0, capacity: 0 },
  { do: "demonitor", of: 0, which: 0 },
  { do: "demonitor", of: 0, which: 0 },
  { do: "unlink", from: 0, to: 1 },
  { do: "takeFirst", of: 0, many: 30 },
  { do: "receive", of: 0, want: 0, tag: 0, which: 0, capacity: 1000 },
];
/** Functions that only the host calls, and those before which there is headroom. */
const NOT_REACHED = [
  ...[
    "addRecords",
    "clearMailbox",
    "close",
    "closeOutbox",
    "depart",
    "dequeue",
    "descend",
    "endOf",
    "firstTie",
    "firstWatcher",
    "give",
    "giveSegments",
    "hide",
    "hostDrop",
    "isElsewhere",
    "linkBoth",
    "loosenLink",
    "open",
    "openOutbox",
    "outboxFor",
    "passedBytes",
    "placeFor",
  ],
  ...["slotOf", "watch"],
];
/** For these files there are image-stack.test.ts and life-stack.test.ts; the last ones are not of the kernel's module. */
const OF_OTHERS = [
  ...["derived-state.ts", "first-state.ts", "globals.ts"],
  ...["image.ts", "image-blocks.ts", "image-check.ts", "restore.ts"],
  ...["end.ts", "loop.ts", "pool.ts", "residence.ts", "spawn.ts", "turn.ts"],
  ...["player.ts", "tape.ts", "tape-outside.ts"],
];

beforeAll(async () => {
  copy = await fallingKernel(join(tmpdir(), `isopod-falling-kernel-${process.pid}-${Date.now()}`));
});

function newPlayer(): KernelPlayer {
  const { kernel, stack } = copy;
  Object.assign(stack, { calls: 0, endsAt: 0, isSafe: false });
  return new KernelPlayer(2 ** 30, kernel, mayEnd);
}

/** A function of the host is called: the stack may end in it. */
function mayEnd(name: string): void {
  const { stack } = copy;
  if (!stack.isSafe && ++stack.calls === stack.endsAt) {
    stack.ended = name;
    throw new RangeError(`the stack ends in ${name}`);
  }
  if (name === "hostHeadroom") stack.isSafe = true;
}

/** Plays a step whose n-th call finds no stack left. False: it has fewer calls. */
function fallIn(player: KernelPlayer, given: Step, call: number): boolean {
  const { stack } = copy;
  // The end of an actor is the host's, which has made sure of its stack.
  Object.assign(stack, { calls: 0, endsAt: given.do === "end" ? 0 : call, isSafe: false, ended: undefined });
  try {
    player.play(given);
    return false;
  } catch (error) {
    if (stack.ended === undefined || !(error instanceof RangeError)) throw error;
    player.hasFallen = true;
    stack.endsAt = 0;
    const touched = "to" in given ? given.to : given.of;
    adopt(player, touched, given.do === "receive", "from" in given ? given.from : touched);
    return true;
  } finally {
    stack.endsAt = 0;
  }
}

/** The models become what is in the memory, which is what they were, or were going to be. */
function adopt(player: KernelPlayer, touched: number, isReceive: boolean, maker = touched): void {
  const { memory, models, records, coming } = player;
  records.forEach((record, index) => {
    const { items, positions } = readMailbox(memory, record);
    const model = models[index];
    const isTouched = index === touched;
    const same = (i: number, j: number) => items[i] !== undefined && isSame(items[i], model.items[j]);
    const from = model.items.findIndex((_, i) => !same(i, i));
    let seen = [model.seen];
    if (items.length === model.items.length - 1) {
      // One was taken out.
      expect(isTouched && model.items.slice(from + 1).every((_, i) => same(from + i, from + 1 + i))).toBe(true);
      model.items.splice(from, 1);
      if (from < model.seen) seen = [model.seen - 1];
    } else {
      expect(from).toBe(-1);
      if (items.length === model.items.length + 1) {
        expect(isTouched && coming !== undefined && isSame(items[items.length - 1], coming)).toBe(true);
        if (coming !== undefined) model.items.push(coming);
        seen = [model.seen, items.length];
      } else expect(items.length).toBe(model.items.length);
    }
    const saved = positions.get(word(memory, record + W.SAVED));
    // A poll begins anew.
    if (!isReceive || !isTouched) expect(seen).toContain(saved);
    model.seen = saved ?? 0;
    // An actor whose predicate did not return has ended, and the next one of its record is free.
    if (isTouched) setWord(memory, record + W.RESTRAINT, W.FREE);
    const marks = readMarks(memory, record).map(({ ref }) => ref);
    // Where a mailbox is emptied its marks go first; the mark of a monitor comes and goes by itself.
    const isOther = isTouched || index === maker;
    if (isOther && marks.length === 0) model.marks = [];
    if (isOther && marks.length < model.marks.length) model.marks = model.marks.filter(ref => marks.includes(ref));
    if (isOther && marks.length > model.marks.length) model.marks.push(marks[marks.length - 1]);
    expect(marks).toEqual(model.marks);
  });
  // A tie is made or removed as a whole.
  if (differenceOfTies(memory, records, player.ties) !== undefined) player.change();
  player.change = () => undefined;
  expect(differenceOfTies(memory, records, player.ties)).toBe(undefined);
  const queue = readQueue(memory);
  expect([[...player.queue], [...player.queue, records[touched]]]).toContainEqual(queue);
  player.queue.splice(0, Number.POSITIVE_INFINITY, ...queue);
  // What was not delivered, the host drops.
  if (coming !== undefined && !models[touched].items.includes(coming)) player.kept.delete(coming.outside);
  player.coming = undefined;
}

/** All actors end: no byte is in use. */
function endAll(player: KernelPlayer): void {
  player.records.forEach((_, of) => {
    player.play({ do: "end", of });
  });
  check(player);
  const { memory, records } = player;
  expect(word(memory, W.ITEM_BYTES)).toBe(0);
  expect(records.map(record => marksOf(memory, record))).toEqual(records.map(() => 0));
  audit(memory, records, [], player.blocks.all);
}

describe("a stack that ends in any call", () => {
  law.prop([fc.array(fc.tuple(step, fc.integer({ min: 1, max: 40 })), { maxLength: 150, size: "max" })], {
    numRuns: 100,
  })("leaves a whole state, on which the others go on", steps => {
    const player = newPlayer();
    for (const [given, call] of steps) {
      fallIn(player, given, call);
      check(player);
    }
    endAll(player);
  });

  test("does so wherever it ends in these steps, which use nearly all functions", () => {
    const ended = new Set<string>();
    SCRIPT.forEach((given, index) => {
      for (let call = 1, falls = true; falls; call++) {
        const player = newPlayer();
        for (const before of SCRIPT.slice(0, index)) player.play(before);
        falls = fallIn(player, given, call);
        if (copy.stack.ended !== undefined) ended.add(copy.stack.ended);
        check(player);
        for (const each of [given, ...SCRIPT.slice(index + 1)]) player.play(each);
        check(player);
        endAll(player);
      }
    });
    const functions = copy.functions.filter(([, file]) => !OF_OTHERS.includes(file)).map(([name]) => name);
    const missing = [...functions, "hostCall", "hostHeadroom", "hostDrop"].filter(name => !ended.has(name));
    expect(missing.sort()).toEqual(NOT_REACHED);
  });

  test.for([
    ["in a new block of records", []],
    ["that is fresh", [{ do: "open", many: 3 }]],
    [
      "that was used before",
      [
        { do: "open", many: 1100 },
        { do: "use", which: 3, length: 9 },
        { do: "end", many: 1100 },
      ],
    ],
  ] as const)("gives out a slot %s, or does not", ([, before]) => {
    const { kernel, stack } = copy;
    for (let call = 1, falls = true; falls; call++) {
      Object.assign(stack, { calls: 0, endsAt: 0, isSafe: false });
      const player = new SlotsPlayer({ fresh: 0, last: 7, pages: undefined }, kernel, mayEnd);
      for (const each of before) player.play(each);
      const bytes = () => new Uint8Array(player.memory.buffer).fill(0, W.STAGING, W.ARENA).slice();
      const old = bytes();
      Object.assign(stack, { calls: 0, endsAt: call, isSafe: false, ended: undefined });
      try {
        player.play({ do: "open", many: 1 });
        falls = false;
      } catch (error) {
        if (stack.ended === undefined || !(error instanceof RangeError)) throw error;
        expect(Buffer.compare(old, bytes())).toBe(0);
      }
      stack.endsAt = 0;
      if (falls) player.play({ do: "open", many: 1 });
      player.check();
    }
    // It has ended in `open` itself, and in what `open` calls.
    expect(stack.calls).toBeGreaterThan(2);
  });

  test("puts a message into an outbox whole, or does not", () => {
    const { kernel, stack } = copy;
    const send = { do: "send", from: 0, place: 0, slot: 3, generation: 9, tag: -4, pointer: 100, length: 300 } as const;
    const ended = new Set<string | undefined>();
    for (let call = 1, falls = true; falls; call++) {
      Object.assign(stack, { calls: 0, endsAt: 0, isSafe: false });
      const player = new OutboxPlayer(kernel, mayEnd);
      player.play({ do: "open", place: 0, sizeClass: 4 });
      player.play(send);
      const bytes = () => new Uint8Array(player.memory.buffer.slice(0));
      const old = bytes();
      Object.assign(stack, { calls: 0, endsAt: call, isSafe: false, ended: undefined });
      try {
        player.play(send);
        falls = false;
      } catch (error) {
        if (stack.ended === undefined || !(error instanceof RangeError)) throw error;
        expect(Buffer.compare(old, bytes())).toBe(0);
      }
      ended.add(stack.ended);
      stack.endsAt = 0;
      if (falls) player.play(send);
      player.check();
    }
    for (const name of ["send", "isElsewhere", "depart", "outboxFor", "placeFor", "hostCharge"])
      expect(ended).toContain(name);
  });
});
