/** `receive` of scripts against a model of selective receive: several loops of one script, which receive at once. */
import { fc } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { cbor } from "../../host/adapters/codec.ts";
import { newRuntime, testClock } from "../support/runtimes.ts";
import { spawnScript } from "../support/scripts.ts";

/** What a receive wants: a tag, odd or even numbers, within a time; null: it does not matter. */
interface Receive {
  readonly tag: number | null;
  readonly odd: boolean | null;
  readonly timeoutMs: number | null;
}

interface Item {
  readonly tag: number;
  readonly n: number;
  /** Longer than the window in which the script receives. */
  readonly isLong: boolean;
}

type Step = Item | { readonly advanceMs: number };

/** One receive that waits. */
interface Waiting extends Receive {
  readonly loop: number;
  readonly deadlineMs: number;
}

const TIMED_OUT = -1;

class Model {
  readonly seen: (readonly [loop: number, n: number])[] = [];
  readonly #mailbox: Item[] = [];
  readonly #loops: readonly Receive[][];
  #waiting: Waiting[] = [];
  #nowMs = 0;

  constructor(loops: readonly (readonly Receive[])[]) {
    this.#loops = loops.map(loop => [...loop]);
    for (let loop = 0; loop < loops.length; loop++) this.#next(loop);
  }

  get isOver(): boolean {
    return this.#waiting.length === 0;
  }

  step(step: Step): void {
    if ("advanceMs" in step) this.#advance(step.advanceMs);
    else this.#mailbox.push(step);
    this.#match();
  }

  #next(loop: number): void {
    const receive = this.#loops[loop].shift();
    if (receive === undefined) return;
    const deadlineMs = receive.timeoutMs === null ? Number.POSITIVE_INFINITY : this.#nowMs + receive.timeoutMs;
    this.#waiting.push({ ...receive, loop, deadlineMs });
  }

  #end(waiting: Waiting, n: number): void {
    this.#waiting = this.#waiting.filter(other => other !== waiting);
    this.seen.push([waiting.loop, n]);
    this.#next(waiting.loop);
  }

  /** The first item that anybody wants, for the first one that wants it, again and again. */
  #match(): void {
    const wants = ({ tag, odd }: Receive, item: Item) =>
      (tag === null || tag === item.tag) && (odd === null || odd === (item.n % 2 === 1));
    for (let at = 0; at < this.#mailbox.length; at++) {
      const item = this.#mailbox[at];
      const waiting = this.#waiting.find(receive => wants(receive, item));
      if (waiting === undefined) continue;
      this.#mailbox.splice(at, 1);
      this.#end(waiting, item.n);
      at = -1;
    }
  }

  #advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (true) {
      this.#match();
      const [first] = this.#waiting.toSorted((a, b) => a.deadlineMs - b.deadlineMs);
      if (first === undefined || first.deadlineMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, first.deadlineMs);
      this.#end(first, TIMED_OUT);
    }
    this.#nowMs = untilMs;
  }
}

const source = (boss: number, loops: readonly (readonly Receive[])[]) => `
  import { receive, send } from "isopod";
  const optionsOf = ({ tag, odd, timeoutMs }) => ({
    ...(tag === null ? {} : { tag }),
    ...(odd === null ? {} : { where: message => (message.value.n % 2 === 1) === odd }),
    ...(timeoutMs === null ? {} : { timeoutMs }),
  });
  async function run(receives, loop) {
    for (const wanted of receives) {
      const message = await receive(optionsOf(wanted));
      send(${boss}, [loop, message === undefined ? ${TIMED_OUT} : message.value.n]);
    }
  }
  export const main = () => Promise.all(${JSON.stringify(loops)}.map(run));`;

const maybe = <Value>(some: fc.Arbitrary<Value>) => fc.option(some, { nil: null, freq: 2 });
const receive: fc.Arbitrary<Receive> = fc.record({
  tag: maybe(fc.nat(2)),
  odd: maybe(fc.boolean()),
  timeoutMs: maybe(fc.constantFrom(0, 5, 10)),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ tag: fc.nat(2), n: fc.nat(99), isLong: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 5, 20).map(advanceMs => ({ advanceMs })) },
);
const loops = fc.array(fc.array(receive, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 });

test("scripts receive what a model says, in its order, however long messages are", async () => {
  const law = fc.asyncProperty(loops, fc.array(step, { maxLength: 20 }), async (loops, steps) => {
    const runtime = newRuntime();
    const mailbox = runtime.mailbox();
    const model = new Model(loops);
    const script = await spawnScript(runtime, source(mailbox.pid, loops));
    await testClock().advance(0);
    model.step({ advanceMs: 0 });
    const seen: unknown[] = [];
    for (const step of steps) {
      if (model.isOver) break;
      model.step(step);
      if ("advanceMs" in step) await testClock().advance(step.advanceMs);
      else {
        runtime.send(script, cbor.encode({ n: step.n, filler: "x".repeat(step.isLong ? 5000 : 0) }), { tag: step.tag });
        await runtime.settled();
      }
      for (let item = mailbox.poll(); item?.kind === "message"; item = mailbox.poll())
        seen.push(cbor.decode(item.bytes));
      expect(seen).toEqual(model.seen);
    }
    expect(runtime.isAlive(script)).toBe(!model.isOver);
    await runtime.stop();
  });
  await fc.assert(law, { numRuns: 100 });
});
