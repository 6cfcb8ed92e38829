/** Messages to other threads and nodes wait in the outboxes of a plain list, for any steps. */
import { fc, test as law } from "@fast-check/vitest";
import { beforeEach, describe, expect, test } from "vitest";
import { placeOf } from "../../host/wire/pid.ts";
import { compiledKernel } from "../support/compiled-kernel.ts";
import { kernel } from "../support/kernel-functions.ts";
import { setWord, word } from "../support/kernel-memory.ts";
import { LEFT, OutboxPlayer, step } from "../support/outbox-player.ts";
import * as W from "../support/words.ts";

const kernels = { "its TypeScript": () => kernel, "the compiled kernel": compiledKernel };

describe.for(Object.entries(kernels))("any history of outboxes, in %s", ([, used]) => {
  law.prop([fc.array(step, { maxLength: 60, size: "max" })], { numRuns: 60 })(
    "has the records of plain lists in order, refuses what has no room, and touches no other byte",
    steps => {
      const player = new OutboxPlayer(used());
      for (const each of steps) player.play(each);
      player.check();
    },
  );
});

law.prop([fc.array(step, { maxLength: 60, size: "max" })], { numRuns: 40 })(
  "the compiled kernel and its TypeScript leave the same memories after any steps on outboxes",
  steps => {
    const source = new OutboxPlayer();
    const compiled = new OutboxPlayer(compiledKernel());
    for (const each of steps) {
      source.play(each);
      compiled.play(each);
      const bytes = ({ memory }: OutboxPlayer) => new Uint8Array(memory.buffer, 0, word(source.memory, W.ARENA_END));
      expect(Buffer.compare(bytes(source), bytes(compiled))).toBe(0);
    }
  },
);

describe("is left to the host", () => {
  let player: OutboxPlayer;
  let me: number;
  const HI = placeOf(3, 200) | 1;
  const send = (lo: number, hi: number) => kernel.send(lo, hi, 1, 0, 8);

  beforeEach(() => {
    player = new OutboxPlayer();
    me = player.records[1];
    for (const [node, thread] of [
      [200, 3],
      [0, 0],
      [5, 1],
    ])
      kernel.openOutbox(placeOf(thread, node), 4);
    kernel.become(me);
    setWord(player.memory, W.CURRENT, me);
    expect(send(7, HI)).toBe(W.ACCEPTED);
  });

  test.each([
    ["the pid of the host", 0, 0],
    ["a pid without a generation", 7, placeOf(3, 200)],
    ["a first word that no pid has", (1 << 30) | 7, HI],
    ["a negative first word", -1, HI],
    ["a second word that no pid has", 7, HI | (1 << 21)],
    ["a negative second word", 7, -1],
    ["a thread of this node that has no outbox", 7, placeOf(4, 5) | 1],
    ["a node that has no outbox", 7, placeOf(3, 201) | 1],
    ["an actor of this place", (1 << 20) | 7, placeOf(2, 5)],
  ])("%s", (_, lo, hi) => {
    expect(send(lo, hi)).toBe(LEFT);
  });

  test.each([
    ["one that does not have its turn", () => setWord(player.memory, W.CURRENT, player.records[2])],
    ["one whose predicate is asked", () => setWord(player.memory, me + W.RESTRAINT, W.ASKING)],
    ["one that is going to end", () => setWord(player.memory, me + W.RESTRAINT, W.EXITING)],
  ])("a message of %s", (_, prepare) => {
    prepare();
    expect(send(7, HI)).toBe(LEFT);
  });
});

test("a sender gives way after so many messages to other places, too", () => {
  const player = new OutboxPlayer();
  const [, me] = player.records;
  kernel.openOutbox(placeOf(0, 1), 11);
  kernel.become(me);
  setWord(player.memory, W.CURRENT, me);
  setWord(player.memory, me + W.FLAGS, W.GIVES_WAY | W.MAY_PARK);
  const answers = Array.from({ length: 257 }, () => kernel.send(7, placeOf(0, 1) | 1, 1, 0, 0));
  expect(answers.indexOf(W.ACCEPTED_GIVE_WAY)).toBe(W.TURN_SENDS - 1);
  expect(new Set(answers.slice(0, W.TURN_SENDS - 1))).toEqual(new Set([W.ACCEPTED]));
});
