/**
 * Any interleaving of sends, receives of every kind and passing time gives what a plain array
 * gives. The receives are made by an AssemblyScript guest, in both ways of blocking.
 */

import { fc, test as law } from "@fast-check/vitest";
import { beforeAll, describe, expect } from "vitest";
import { type HostMailbox, type Received, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuests, type ParkWay, quiet } from "../support/guests.ts";

interface Receive {
  readonly how: "any" | "tag" | "matcher" | "function";
  readonly wanted: number;
  readonly timeoutMs: number;
}

interface Item {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

type Action =
  | { readonly do: "send"; readonly tag: number; readonly first: number; readonly length: number }
  | { readonly do: "advance"; readonly byMs: number }
  | { readonly do: "settle" };

const receive: fc.Arbitrary<Receive> = fc.record({
  how: fc.constantFrom("any", "tag", "matcher", "function"),
  wanted: fc.nat(3),
  timeoutMs: fc.oneof(fc.constant(-1), fc.constant(0), fc.integer({ min: 1, max: 20 })),
});

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      tag: fc.nat(3),
      first: fc.nat(7),
      // From nothing to longer than the library's first window.
      length: fc.oneof(fc.nat(3), fc.nat(300)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), byMs: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
);

/** The actor as it should be: one array, and the receive it is in. */
class Model {
  readonly mailbox: Item[] = [];
  readonly outcomes: (Item | "timed out")[] = [];
  readonly #script: readonly Receive[];
  #at = 0;
  #deadlineMs: number | undefined;

  constructor(script: readonly Receive[]) {
    this.#script = script;
  }

  send(item: Item): void {
    this.mailbox.push(item);
  }

  /**
   * The actor gets its turns. What has arrived by now goes before a deadline that has passed by
   * now.
   */
  settle(nowMs: number): void {
    for (;;) {
      const current = this.#script[this.#at];
      if (current === undefined) return;
      this.#deadlineMs ??= current.timeoutMs < 0 ? Number.POSITIVE_INFINITY : nowMs + current.timeoutMs;
      const index = this.mailbox.findIndex(item => wants(current, item));
      if (index >= 0) this.outcomes.push(...this.mailbox.splice(index, 1));
      else if (nowMs >= this.#deadlineMs) this.outcomes.push("timed out");
      else return;
      this.#at++;
      this.#deadlineMs = undefined;
    }
  }
}

function wants({ how, wanted }: Receive, { tag, bytes }: Item): boolean {
  if (how === "any") return true;
  if (how === "tag") return tag === wanted;
  if (how === "matcher") return bytes.length > 0 && bytes[0] % 4 === wanted;
  return bytes.length === 0;
}

function scriptBytes(observer: HostMailbox, script: readonly Receive[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 + script.length * 9));
  view.setBigUint64(0, BigInt(observer.pid), true);
  script.forEach(({ how, wanted, timeoutMs }, i) => {
    view.setUint8(8 + i * 9, ["any", "tag", "matcher", "function"].indexOf(how));
    view.setInt32(9 + i * 9, wanted, true);
    view.setInt32(13 + i * 9, timeoutMs, true);
  });
  return new Uint8Array(view.buffer);
}

function outcome(report: Received): Item | "timed out" {
  if (report.kind !== "message") throw new Error(`the driver does not send a ${report.kind}`);
  if (report.bytes[0] === 1) return "timed out";
  // u8 0, u8 kind, i32 tag, u32 length, payload
  const view = new DataView(report.bytes.buffer);
  expect(view.getUint8(1)).toBe(1);
  return { tag: view.getInt32(2, true), bytes: report.bytes.slice(10) };
}

describe.each(["asyncify", "jspi"] as const)("receives of a process built for %s", (way: ParkWay) => {
  // Bytes, because the host does not know the types of a compiled module, and links that by
  // functions of JavaScript.
  let driver: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    const wasm = await buildGuests("guests", ["driver"], way);
    driver = wasm.get("driver") as Uint8Array<ArrayBuffer>;
  });

  law.prop([fc.array(receive, { minLength: 1, maxLength: 12 }), fc.array(action, { maxLength: 40 })], { numRuns: 150 })(
    "give what a plain array gives, whatever is sent and however time passes meanwhile",
    async (script, actions) => {
      const clock = new ManualClock();
      await using runtime = new Runtime({ grants: "all", clock });
      const observer = runtime.mailbox();
      const model = new Model(script);
      const pid = runtime.spawn(await runtime.load(driver), { args: scriptBytes(observer, script) });
      let id = 0;
      for (const act of [...actions, { do: "settle" } as const]) {
        if (act.do === "send") {
          const bytes = Uint8Array.from({ length: act.length }, (_, i) => (i === 0 ? act.first : i + id));
          id++;
          model.send({ tag: act.tag, bytes });
          runtime.send(pid, bytes, { tag: act.tag });
        } else if (act.do === "advance") {
          clock.jump(act.byMs);
        } else {
          await quiet();
          model.settle(clock.now());
        }
      }
      const outcomes: (Item | "timed out")[] = [];
      for (let report = await observer.receive({ timeoutMs: 0 }); report !== undefined; ) {
        outcomes.push(outcome(report));
        report = await observer.receive({ timeoutMs: 0 });
      }
      expect(outcomes).toEqual(model.outcomes);
    },
  );
});
