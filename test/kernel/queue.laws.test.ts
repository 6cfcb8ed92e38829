/** The kernel's run queue gives turns in the order of a plain list, for any steps. */
import { fc, test as law } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { HostBlocks } from "../support/host-blocks.ts";
import { kernel } from "../support/kernel-functions.ts";
import {
  kernelMemory,
  readQueue,
  seedGenerations,
  setWord,
  takeAllOtherSlots,
  word,
} from "../support/kernel-memory.ts";
import * as W from "../support/words.ts";

const ACTORS = 6;
/** What a turn does before it answers. */
interface Turn {
  readonly enqueue: readonly number[];
  readonly end: readonly number[];
  readonly stop: boolean;
  readonly left: number;
}

const slot = fc.nat(ACTORS - 1);
const turn: fc.Arbitrary<Turn> = fc.record({
  enqueue: fc.array(slot, { maxLength: 3 }),
  end: fc.array(slot, { maxLength: 1 }),
  stop: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
  left: fc.oneof({ weight: 9, arbitrary: fc.constant(W.NOTHING) }, fc.integer({ min: 1, max: 7 })),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("enqueue" as const), slot }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("end" as const), slot }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("begin" as const), slot, isReady: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("takesTurns" as const), slot, does: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("long" as const), slot, isLong: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("run" as const),
      turns: fc.nat(8),
      script: fc.array(turn, { maxLength: 8 }),
      /** How many turns are not timed before one is; undefined: none is. */
      untimed: fc.option(fc.nat(3), { nil: undefined }),
    }),
  },
);

/** An actor as it should be; undefined: its slot is free. */
interface Actor {
  isReady: boolean;
  takesTurns: boolean;
  hasLongTurns: boolean;
}

class Player {
  readonly memory = kernelMemory();
  readonly #actors: (Actor | undefined)[] = [];
  /** Slots that wait for a turn, in order: also those whose actor has ended meanwhile. */
  readonly queue: number[] = [];
  readonly #blocks = new HostBlocks(this.memory, kernel);

  constructor() {
    this.use({});
    for (let at = 0; at < ACTORS; at++) this.begin(at, false);
    takeAllOtherSlots(this.memory);
  }

  use(outside: Record<string, (...values: number[]) => unknown>): void {
    kernel.useMemories(this.memory, new WebAssembly.Memory({ initial: 0 }));
    // The pid of slot 0 has a first word that is 0 when the lower bits of its generation are.
    const hostSeed = () => seedGenerations(this.memory, 1022);
    kernel.useOutside({ hostCall: () => undefined, hostHeadroom: () => undefined, hostSeed, ...outside });
  }

  record(at: number): number {
    return kernel.recordAt(at);
  }

  /** An actor begins, if this slot is free: in the slot that was freed first. */
  begin(free: number, isReady: boolean): void {
    if (this.#actors[free] !== undefined) return;
    const record = kernel.open();
    const at = word(this.memory, record + W.LO) & W.SLOT_MASK;
    setWord(this.memory, record + W.FLAGS, W.TAKES_TURNS | W.RESIDENT);
    setWord(this.memory, record + W.SPEC, this.#blocks.specWith(0));
    setWord(this.memory, record + W.BODY, this.#blocks.instance);
    setWord(this.memory, record + W.STATE, isReady ? W.READY : W.PARKED);
    this.#actors[at] = { isReady, takesTurns: true, hasLongTurns: false };
    // A new actor that is ready is put into the queue by the host.
    if (isReady) this.enqueue(at);
  }

  end(at: number): void {
    if (this.#actors[at] === undefined) return;
    kernel.hide(this.record(at));
    kernel.close(this.record(at));
    this.#actors[at] = undefined;
  }

  enqueue(at: number): void {
    const actor = this.#actors[at];
    if (actor === undefined) return;
    kernel.enqueue(this.record(at));
    actor.isReady = true;
    if (!this.queue.includes(at)) this.queue.push(at);
  }

  takesTurns(at: number, does: boolean): void {
    const actor = this.#actors[at];
    if (actor === undefined) return;
    actor.takesTurns = does;
    this.#setFlags(at, actor);
  }

  hasLongTurns(at: number, hasLongTurns: boolean): void {
    const actor = this.#actors[at];
    if (actor === undefined) return;
    actor.hasLongTurns = hasLongTurns;
    this.#setFlags(at, actor);
  }

  #setFlags(at: number, { takesTurns, hasLongTurns }: Actor): void {
    const flags = (takesTurns ? W.TAKES_TURNS | W.RESIDENT : 0) | (hasLongTurns ? W.HAS_LONG_TURNS : 0);
    setWord(this.memory, this.record(at) + W.FLAGS, flags);
  }

  /**
   * Runs the kernel's loop. Each turn takes what the model says is next, and then follows the script. With
   * `untimed`, one turn is timed after so many others, and each turn of an actor with long ones.
   */
  run(turns: number, script: readonly Turn[], untimed: number | undefined): void {
    let left = turns;
    let scripted = 0;
    let answer = 0;
    let untilTimed = untimed ?? 0;
    /** Records whose turns the kernel has said to begin, 0 for the end of one; and what it should have said. */
    const told: number[] = [];
    const timed: number[] = [];
    let isTimed = false;
    const beginTurn = (at: number, { hasLongTurns }: Actor) => {
      if (untimed === undefined) return;
      isTimed = hasLongTurns || untilTimed === 0;
      if (!isTimed) untilTimed--;
      else timed.push(this.record(at));
      // The host chooses the next one.
      if (isTimed && !hasLongTurns) untilTimed = untimed;
    };
    const endTurn = (leaves: number) => {
      if (isTimed && leaves === W.NOTHING) timed.push(0);
      isTimed = false;
    };
    /** Passes what gets no turn; the slot whose turn is next. */
    const next = (): number | undefined => {
      while (answer === 0 && left > 0 && this.queue.length > 0) {
        left--;
        const at = this.queue.shift() as number;
        const actor = this.#actors[at];
        if (actor?.isReady !== true) continue;
        beginTurn(at, actor);
        if (actor.takesTurns) return at;
        answer = this.record(at) | W.WHOLE_TURN;
      }
      return undefined;
    };
    this.use({
      callTurn: (record: number) => {
        const at = word(this.memory, record + W.LO) & W.SLOT_MASK;
        expect(at).toBe(next());
        expect(word(this.memory, W.TURNS_LEFT)).toBe(left);
        expect(readQueue(this.memory)).toEqual(this.queue.map(waiting => this.record(waiting)));
        const {
          enqueue,
          end,
          stop,
          left: leaves,
        } = script[scripted++] ?? { enqueue: [], end: [], stop: false, left: 0 };
        const actor = this.#actors[at] as Actor;
        actor.isReady = false;
        setWord(this.memory, this.record(at) + W.STATE, W.PARKED);
        // It takes no item.
        setWord(this.memory, this.record(at) + W.BUDGET, W.TURN_ITEMS);
        for (const other of enqueue) this.enqueue(other);
        for (const other of end) this.end(other);
        if (stop) {
          setWord(this.memory, W.TURNS_LEFT, 0);
          left = 0;
        }
        if (leaves !== 0) answer = this.record(at) | leaves;
        endTurn(leaves);
        return leaves;
      },
      hostTimed: record => {
        told.push(record);
        const hasLongTurns = (word(this.memory, record + W.FLAGS) & W.HAS_LONG_TURNS) !== 0;
        if (record !== 0 && !hasLongTurns) setWord(this.memory, W.UNTIMED, untimed ?? 0);
      },
    });
    setWord(this.memory, W.UNTIMED, untilTimed);
    const given = untimed === undefined ? kernel.run(turns) : kernel.runTimed(turns);
    expect(next()).toBeUndefined();
    expect(given >>> 0).toBe(answer >>> 0);
    expect(told).toEqual(timed);
  }

  check(): void {
    expect(readQueue(this.memory)).toEqual(this.queue.map(at => this.record(at)));
    expect(word(this.memory, W.QUEUE_LENGTH)).toBe(this.queue.length);
    for (let at = 0; at < ACTORS; at++)
      expect(word(this.memory, this.record(at) + W.NEXT) !== 0).toBe(this.queue.includes(at));
  }
}

describe("any history of the run queue", () => {
  law.prop([fc.array(step, { maxLength: 120, size: "max" })], { numRuns: 300 })(
    "gives turns in order, one for each wait, and none to an actor that has ended",
    steps => {
      const player = new Player();
      for (const each of steps) {
        if (each.do === "enqueue") player.enqueue(each.slot);
        else if (each.do === "end") player.end(each.slot);
        else if (each.do === "begin") player.begin(each.slot, each.isReady);
        else if (each.do === "takesTurns") player.takesTurns(each.slot, each.does);
        else if (each.do === "long") player.hasLongTurns(each.slot, each.isLong);
        else player.run(each.turns, each.script, each.untimed);
        player.check();
      }
    },
  );
});

test("the host is called once for each queue that fills, as long as it has not come", () => {
  const memory = kernelMemory();
  let calls = 0;
  kernel.useMemories(memory, new WebAssembly.Memory({ initial: 0 }));
  kernel.useOutside({
    hostCall: () => {
      calls++;
      setWord(memory, W.CALLED, 1);
    },
    ...{ hostHeadroom: () => undefined, hostSeed: () => undefined },
  });
  const records = [1, 2, 3].map(() => kernel.open());
  for (const record of records) kernel.enqueue(record);
  expect(calls).toBe(1);
});

test("each slot has a record of its own, at a multiple of 128, also beyond the first block", () => {
  const memory = kernelMemory();
  kernel.useMemories(memory, new WebAssembly.Memory({ initial: 0 }));
  kernel.useOutside({ hostHeadroom: () => undefined, hostSeed: () => seedGenerations(memory, (3 << 10) | 4) });
  const slots = [0, 1, 511, 512, 513, 100_000, 0xfffff];
  const records = slots.map(slot => {
    setWord(memory, W.FRESH_SLOT, slot);
    return kernel.open();
  });
  expect(new Set(records).size).toBe(slots.length);
  for (const [i, record] of records.entries()) {
    expect(record & 127).toBe(0);
    expect(kernel.recordAt(slots[i])).toBe(record);
    expect(word(memory, record + W.LO)).toBe(slots[i] | (5 << 20));
  }
  expect(kernel.recordAt(200_000)).toBe(0);
});
