/**
 * Requests in flight, made by the kernel and by the host, and no observer may see a difference. The
 * host makes them where the kernel has no refs to draw. Both get the same commands, one at a time,
 * and all notes, counters and snapshots must be equal.
 */

import { fc, test as law } from "@fast-check/vitest";
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  formatReason,
  type HostMailbox,
  type Pid,
  Runtime,
  type RuntimeOptions,
  type SpawnOptions,
} from "../../host/index.ts";
import { REFS_LEFT } from "../../host/kernel/words.ts";
import { Kernel, type Recorded } from "../../host/mail/kernel.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet } from "../support/guests.ts";
import { Stage } from "../support/player.ts";
import { seededRandom } from "../support/seeded.ts";
import { guest } from "../support/wat.ts";

const ACTORS = 4;
const COMMAND = 100;
const [REQUEST, AWAIT, DEMONITOR, TAKE, REPLY, SEND, MONITOR, MAKE_REF, DROP_REF, SERVE, END, CRASH, LINK, TAKE_TAG] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
];
/** Waits for ever. */
const FOR_EVER = 255;

type Step = readonly [what: number, a: number, b: number];
type Act =
  | { readonly do: "steps"; readonly who: number; readonly steps: readonly Step[] }
  | { readonly do: "kill"; readonly who: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "show"; readonly who: number };

const who = fc.nat(ACTORS - 1);
const of = (what: number, a: fc.Arbitrary<number> = fc.constant(0), b: fc.Arbitrary<number> = fc.constant(0)) =>
  fc.tuple(fc.constant(what), a, b);
const refIndex = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: of(REQUEST, who, fc.oneof({ weight: 6, arbitrary: fc.nat(3) }, fc.constant(120))) },
  { weight: 7, arbitrary: of(AWAIT, refIndex, fc.constantFrom(0, 3, 10, FOR_EVER)) },
  { weight: 6, arbitrary: of(DEMONITOR, refIndex, fc.nat(1)) },
  { weight: 5, arbitrary: of(TAKE) },
  { weight: 6, arbitrary: of(REPLY, fc.nat(5), fc.oneof({ weight: 5, arbitrary: fc.nat(9) }, fc.constant(230))) },
  { weight: 4, arbitrary: of(SEND, who, fc.nat(3)) },
  { weight: 3, arbitrary: of(SERVE, fc.constant(0), fc.integer({ min: 1, max: 6 })) },
  { weight: 1, arbitrary: of(MONITOR, who) },
  { weight: 1, arbitrary: of(MAKE_REF) },
  { weight: 1, arbitrary: of(DROP_REF, refIndex) },
  { weight: 1, arbitrary: fc.constantFrom<Step>([END, 0, 0], [CRASH, 0, 0]) },
  { weight: 1, arbitrary: of(LINK, who) },
  { weight: 2, arbitrary: of(TAKE_TAG, fc.constant(0), fc.nat(3)) },
);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("steps" as const),
      who,
      steps: fc.array(step, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("kill" as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("show" as const), who }) },
);

/** A runtime's first request is the host's, and so is all that follows from it. */
const firstRequests: readonly Act[] = Array.from({ length: ACTORS }, (_, who) => ({
  do: "steps",
  who,
  steps: [
    [REQUEST, who + 1, 0],
    [DEMONITOR, 0, 1],
    [TAKE, 0, 0],
  ],
}));

/** Who makes the requests of guests, from the second one of a runtime on. */
type Maker = "the kernel" | "the kernel for reductions" | "the host" | "both, as some are followed";

/** While `run` runs, the kernel finds no refs to draw, so it leaves all monitors to the host. */
async function withoutRefs<T>(run: () => Promise<T>): Promise<T> {
  const spy = vi.spyOn(Kernel.prototype, "setWord");
  spy.mockImplementation(function (this: Kernel<Recorded>, address, value) {
    this.words[address >>> 2] = address === REFS_LEFT ? 0 : value;
  });
  try {
    return await run();
  } finally {
    spy.mockRestore();
  }
}

/** Everything that can be seen from outside of what these acts bring about. */
function play(
  wasm: Uint8Array<ArrayBuffer>,
  acts: readonly Act[],
  maker: Maker,
  limits: NonNullable<RuntimeOptions["limits"]> = {},
): Promise<unknown[]> {
  const run = () => playWith(wasm, acts, maker, limits);
  return maker === "the host" ? withoutRefs(run) : run();
}

async function playWith(
  wasm: Uint8Array<ArrayBuffer>,
  acts: readonly Act[],
  maker: Maker,
  limits: NonNullable<RuntimeOptions["limits"]>,
): Promise<unknown[]> {
  const pays = maker === "the kernel for reductions";
  const clock = new ManualClock();
  const seen: unknown[] = [];
  const runtime = new Runtime({
    grants: "all",
    clock,
    // The same pids for both makers.
    random: seededRandom(),
    limits,
    onExit: ({ pid, reason }) => seen.push(["exit", pid, formatReason(reason)]),
    onDeadLetter: ({ from, to, why, length }) => seen.push(["dead", from, to, why, length]),
  });
  try {
    const module = await runtime.load(wasm, { name: "asker", reductions: pays ? "count" : "none" });
    // No turn ends sooner for what it costs.
    const options: SpawnOptions = pays ? { reductions: { policy: "off" } } : {};
    const pids: Pid[] = Array.from({ length: ACTORS }, () => runtime.spawn(module, options));
    const follows = maker === "both, as some are followed" ? [0, 2].map(i => runtime.follow(pids[i])) : [];
    const observers: HostMailbox[] = pids.map(() => runtime.mailbox());
    const everybody = new DataView(new ArrayBuffer(4 + 8 * ACTORS));
    everybody.setUint32(0, ACTORS, true);
    pids.forEach((pid, i) => {
      everybody.setBigUint64(4 + 8 * i, BigInt(pid), true);
    });
    observers.forEach((observer, i) => {
      observer.send(pids[i], new Uint8Array(everybody.buffer), { tag: COMMAND });
    });
    await quiet();
    for (const [i, each] of [...firstRequests, ...acts].entries()) {
      if (i === acts.length >> 1) follows[1]?.stop();
      if (each.do === "steps") {
        observers[each.who].send(pids[each.who], Uint8Array.from(each.steps.flat()), { tag: COMMAND });
      } else if (each.do === "kill") runtime.kill(pids[each.who]);
      else if (each.do === "wait") clock.jump(each.ms);
      else {
        const info = runtime.info(pids[each.who]);
        const sorted = (list: readonly Pid[] = []) => [...list].sort();
        seen.push([sorted(info?.monitors), sorted(info?.monitoredBy?.map(Number)), info?.mailboxItems, info?.state]);
      }
      await quiet();
    }
    clock.jump(100);
    await quiet();
    for (const observer of observers) {
      let last = new Uint8Array(0);
      for (let item = observer.poll(); item !== undefined; item = observer.poll()) {
        if (item.kind === "message") last = Uint8Array.from(item.bytes);
      }
      seen.push([...last]);
    }
    seen.push(runtime.counters);
    return seen;
  } finally {
    await runtime.stop();
  }
}

describe("a request in flight", () => {
  let asker: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    asker = await buildGuest("guests", "asker", "asyncify");
  });

  law.prop([fc.array(act, { minLength: 4, maxLength: 40 })], { numRuns: 200 })(
    "is the same whoever has made it, and whoever answers, ends, waits or looks",
    async acts => {
      const expected = await play(asker, acts, "the host");
      expect(await play(asker, acts, "the kernel")).toEqual(expected);
      expect(await play(asker, acts, "the kernel for reductions")).toEqual(expected);
      expect(await play(asker, acts, "both, as some are followed")).toEqual(expected);
    },
  );

  const steps = (who: number, ...steps: Step[]): Act => ({ do: "steps", who, steps });
  const show = (who: number): Act => ({ do: "show", who });
  const kill = (who: number): Act => ({ do: "kill", who });
  const times = (n: number, step: Step): Step[] => Array.from({ length: n }, () => step);

  test.for<[string, Act[]]>([
    ["is shown as a monitor", [steps(0, [REQUEST, 1, 0]), show(0), show(1), steps(1, [TAKE, 0, 0], [REPLY, 0, 0])]],
    [
      "beside another one is two",
      [steps(0, [REQUEST, 1, 0], [REQUEST, 2, 0]), show(0), kill(1), kill(2), steps(0, ...times(3, [TAKE, 0, 0]))],
    ],
    ["ends with a Down where the callee is killed", [steps(0, [REQUEST, 1, 0]), kill(1), steps(0, [AWAIT, 0, 0])]],
    ["to oneself is a message", [steps(0, [REQUEST, 0, 0], [TAKE, 0, 0], [REPLY, 0, 0], [AWAIT, 0, 0])]],
    [
      "is nobody's any more once its caller has ended",
      [steps(0, [REQUEST, 1, 0], [END, 0, 0]), show(1), steps(1, [TAKE, 0, 0], [REPLY, 0, 0]), kill(1)],
    ],
    [
      "whose caller gives up is not answered",
      [steps(0, [REQUEST, 1, 0], [DEMONITOR, 0, 1]), steps(1, [TAKE, 0, 0], [REPLY, 0, 0]), steps(0, [TAKE, 0, 0])],
    ],
    [
      "is answered at length",
      [steps(0, [REQUEST, 1, 0]), steps(1, [TAKE, 0, 0], [REPLY, 0, 230]), steps(0, [AWAIT, 0, 0], [DEMONITOR, 0, 1])],
    ],
    [
      "is flushed of its second answer",
      [
        steps(0, [REQUEST, 1, 0]),
        steps(1, [TAKE, 0, 0], ...times(3, [REPLY, 0, 0])),
        steps(0, [AWAIT, 0, 0], [DEMONITOR, 0, 1], [TAKE, 0, 0]),
      ],
    ],
    [
      "keeps its second answer where nobody flushes",
      [
        steps(0, [REQUEST, 1, 0]),
        steps(1, [TAKE, 0, 0], ...times(3, [REPLY, 0, 0])),
        steps(0, [AWAIT, 0, 0], [DEMONITOR, 0, 0], ...times(3, [TAKE, 0, 0])),
      ],
    ],
    [
      "is answered behind other mail, which stays",
      [
        steps(1, ...times(20, [SEND, 0, 1])),
        steps(0, [REQUEST, 1, 0]),
        // So many that the mailbox needs more segments.
        steps(1, ...times(40, [SEND, 0, 2]), [TAKE, 0, 0], [REPLY, 0, 0], ...times(3, [SEND, 0, 3])),
        steps(0, [AWAIT, 0, 0], [DEMONITOR, 0, 1], ...times(70, [TAKE, 0, 0])),
      ],
    ],
    [
      "is answered after all other mail was taken",
      [
        steps(1, ...times(5, [SEND, 0, 1])),
        steps(0, [REQUEST, 1, 0], ...times(6, [TAKE, 0, 0])),
        steps(1, [TAKE, 0, 0], [REPLY, 0, 0]),
        steps(0, [AWAIT, 0, 0]),
      ],
    ],
    [
      "is answered before the mailbox needs more segments, and finds its answer there",
      [
        steps(1, ...times(20, [SEND, 0, 1])),
        steps(0, ...times(10, [TAKE, 0, 0]), [REQUEST, 1, 0]),
        steps(1, ...times(1, [TAKE, 0, 0]), [REPLY, 0, 0], ...times(40, [SEND, 0, 2])),
        steps(0, [AWAIT, 0, 0], [DEMONITOR, 0, 1]),
      ],
    ],
    [
      "is answered after the last item before it was taken",
      [
        steps(1, ...times(5, [SEND, 0, 1]), [SEND, 0, 3]),
        steps(0, [REQUEST, 1, 0], [TAKE_TAG, 0, 3]),
        steps(1, [TAKE, 0, 0], [REPLY, 0, 0]),
        steps(0, [AWAIT, 0, 0]),
      ],
    ],
    [
      "is answered after the late answer to another one was taken, which was the last item before it",
      [
        steps(1, ...times(5, [SEND, 0, 1])),
        steps(0, [REQUEST, 1, 0]),
        steps(1, [TAKE, 0, 0], [REPLY, 0, 0]),
        steps(0, [DEMONITOR, 0, 0], [REQUEST, 1, 0], [AWAIT, 1, 0]),
        steps(1, [TAKE, 0, 0], [REPLY, 0, 0]),
        steps(0, [AWAIT, 0, 0]),
      ],
    ],
    [
      "wakes its caller, who waits for ever",
      [steps(1, [SERVE, 0, 3]), steps(0, [REQUEST, 1, 0], [AWAIT, 0, FOR_EVER], [DEMONITOR, 0, 1]), show(0)],
    ],
    [
      "is waited for as long as its caller says",
      [
        steps(0, [REQUEST, 1, 0], [AWAIT, 0, 10]),
        { do: "wait", ms: 9 },
        steps(0, [TAKE, 0, 0]),
        { do: "wait", ms: 1 },
        steps(1, [TAKE, 0, 0], [REPLY, 0, 0]),
      ],
    ],
    [
      "has many callers, of whom one in the middle gives up",
      [
        steps(0, [REQUEST, 3, 0]),
        steps(1, [REQUEST, 3, 0]),
        steps(2, [REQUEST, 3, 0]),
        steps(1, [DEMONITOR, 0, 1]),
        show(3),
        kill(3),
        ...[0, 1, 2].map(who => steps(who, [TAKE, 0, 0], [TAKE, 0, 0])),
      ],
    ],
    [
      "has many callers, of whom the first gives up, and one ends",
      [
        ...[0, 1, 2].map(who => steps(who, [REQUEST, 3, 0])),
        steps(0, [DEMONITOR, 0, 1]),
        kill(2),
        show(3),
        steps(0, [REQUEST, 3, 0]),
        kill(3),
        ...[0, 1].map(who => steps(who, [TAKE, 0, 0], [TAKE, 0, 0])),
      ],
    ],
  ])("%s", async ([, acts]) => {
    expect(await play(asker, acts, "the kernel")).toEqual(await play(asker, acts, "the host"));
  });

  test.for<[string, RuntimeOptions["limits"], Act[]]>([
    [
      "is refused to who has as many ties as it may",
      { ties: 1 },
      [
        steps(0, [REQUEST, 1, 0], [REQUEST, 2, 0], [MONITOR, 2, 0]),
        steps(0, [DEMONITOR, 0, 1], [MONITOR, 2, 0], [REQUEST, 1, 0]),
      ],
    ],
    [
      "is a tie also when somebody else has looked at the callee",
      { ties: 1 },
      [steps(0, [REQUEST, 1, 0]), steps(2, [MONITOR, 1, 0]), steps(0, [REQUEST, 3, 0]), show(0)],
    ],
    [
      "is refused to an actor whose full mailbox holds as many Downs as it may have ties",
      { mailboxMessages: 6, ties: 2, timers: 0 },
      [{ do: "kill", who: 1 }, steps(0, ...times(8, [REQUEST, 1, 0]))],
    ],
  ])("%s", async ([, limits, acts]) => {
    const seen = [await play(asker, acts, "the kernel", limits), await play(asker, acts, "the host", limits)];
    // -101, as the guest notes it.
    for (const each of seen) expect(each.flat().join()).toContain([REQUEST, 155, 255, 255, 255].join());
    expect(seen[0]).toEqual(seen[1]);
  });

  test.for<[string, RuntimeOptions["limits"], Act[]]>([
    [
      "is made, and answered, where others have filled the mailbox",
      { mailboxMessages: 3 },
      [steps(0, ...times(3, [SEND, 0, 1]), [REQUEST, 1, 0]), steps(1, [SERVE, 0, 1]), steps(0, [AWAIT, 0, 0])],
    ],
    [
      "is made where all mailboxes together have too much",
      { allMailboxBytes: 100_000 },
      [
        // To itself: 60 KB, then 5 KB and less, until the 64 KiB are full that each may have.
        steps(0, ...times(4, [SEND, 60 * ACTORS, 1]), [SEND, 10 * ACTORS, 1], ...times(12, [SEND, 0, 1]), [
          REQUEST,
          1,
          0,
        ]),
      ],
    ],
  ])("%s", async ([, limits, acts]) => {
    const seen = [await play(asker, acts, "the kernel", limits), await play(asker, acts, "the host", limits)];
    for (const each of seen) expect(each.flat().join()).not.toContain([REQUEST, 155, 255, 255, 255].join());
    expect(seen[0]).toEqual(seen[1]);
  });
});

test.each([
  ["without a price", "none"],
  ["for reductions", "count"],
] as const)(
  "those who wait for an answer are told of the end in the order in which they have asked, where requests are made %s",
  async (_, reductions) => {
    const stage = new Stage();
    const callee = await stage.runtime.load(guest(`(func (export "handle") (param i32))`));
    // The first request is the host's, and is taken back; the second is the kernel's. What comes then
    // is its Down.
    const caller = await stage.runtime.load(
      guest(`(global $items (mut i32) (i32.const 0))
        (func (export "_start")
          (drop (call $args (i32.const 16) (i32.const 16)))
          (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
        (func $inquire (result i32) (call $request (i32.load (i32.const 24)) (i32.load (i32.const 28)) (i32.const 0) (i32.const 0) (i32.const 0)))
        (func (export "handle") (param i32)
          (global.set $items (i32.add (global.get $items) (i32.const 1)))
          (if (i32.eq (global.get $items) (i32.const 1)) (then (drop (call $demonitor (call $inquire) (i32.const 1)))))
          (if (i32.eq (global.get $items) (i32.const 2)) (then (drop (call $inquire))))
          (if (i32.eq (global.get $items) (i32.const 3)) (then
            (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 0) (i32.const 0))))))`),
      { reductions },
    );
    const asked = stage.runtime.spawn(callee);
    const args = new Uint8Array(BigUint64Array.of(BigInt(stage.boss.pid), BigInt(asked)).buffer);
    const callers = Array.from({ length: 5 }, () => stage.runtime.spawn(caller, { args }));
    for (let round = 0; round < 2; round++) {
      for (const pid of callers) {
        stage.boss.send(pid, "");
        await stage.settle();
      }
    }
    stage.runtime.kill(asked);
    const told: unknown[] = [];
    for (const _ of callers) told.push((await stage.boss.receive())?.from);
    expect(told).toEqual(callers);
    await stage.runtime.stop();
  },
);
