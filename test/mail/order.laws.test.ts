/**
 * The order of messages between guests. Guests send and receive at random: each message arrives
 * once, complete, and in the order of its sender.
 */

import { fc, test as law } from "@fast-check/vitest";
import { beforeAll, describe, expect, test } from "vitest";
import { type HostMailbox, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet, WAYS } from "../support/guests.ts";
import { guest } from "../support/wat.ts";

const ACTORS = 4;
const TAGS = 3;
const [SEND, TAKE, POLL, TAKE_TAG, POLL_MATCH, TAKE_MATCH, POLL_MATCHER] = [0, 1, 2, 3, 4, 5, 6];

type Step = readonly [what: number, whoOrTag: number, tag: number, length: number];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    // Up to 1,608 bytes: some longer than the guest library's first window of 256, and some that a
    // mailbox needs another segment for.
    arbitrary: fc.tuple(
      fc.constant(SEND),
      fc.nat(ACTORS - 1),
      fc.nat(TAGS - 1),
      fc.oneof({ weight: 5, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.nat(200) }),
    ),
  },
  { weight: 5, arbitrary: fc.constant([TAKE, 0, 0, 0] as const) },
  { weight: 2, arbitrary: fc.constant([POLL, 0, 0, 0] as const) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(TAKE_TAG), fc.nat(TAGS - 1), fc.constant(0), fc.constant(0)) },
  { weight: 1, arbitrary: fc.constant([POLL_MATCH, 2, 0, 0] as const) },
  { weight: 1, arbitrary: fc.constant([TAKE_MATCH, 1, 0, 0] as const) },
  { weight: 2, arbitrary: fc.tuple(fc.constant(POLL_MATCHER), fc.nat(TAGS - 1), fc.constant(0), fc.constant(0)) },
);
const scripts = fc.array(fc.array(step, { maxLength: 60 }), { minLength: ACTORS, maxLength: ACTORS });

interface Note {
  readonly how: number;
  readonly wanted: number;
  readonly tag: number;
  readonly filler: number;
  readonly length: number;
  readonly sender: number;
  readonly count: number;
}

function notesIn(bytes: Uint8Array): Note[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 16 }, (_, i) => ({
    how: view.getUint8(16 * i),
    wanted: view.getUint8(16 * i + 1),
    tag: view.getUint8(16 * i + 2),
    filler: view.getUint8(16 * i + 3),
    length: view.getUint32(16 * i + 4, true),
    sender: view.getUint32(16 * i + 8, true),
    count: view.getUint32(16 * i + 12, true),
  }));
}

/** What each actor has noted when none can go on, and how many messages were taken or wait. */
async function play(wasm: Uint8Array, programme: readonly (readonly Step[])[]) {
  const runtime = new Runtime({ grants: "all", clock: new ManualClock() });
  try {
    const module = await runtime.load(wasm as Uint8Array<ArrayBuffer>, { name: "gossip" });
    const pids = programme.map(() => runtime.spawn(module));
    const observers: HostMailbox[] = programme.map(() => runtime.mailbox());
    programme.forEach((steps, me) => {
      const head = new DataView(new ArrayBuffer(8 + 8 * ACTORS + 4));
      head.setUint32(0, me, true);
      head.setUint32(4, ACTORS, true);
      pids.forEach((pid, i) => {
        head.setBigUint64(8 + 8 * i, BigInt(pid), true);
      });
      head.setUint32(8 + 8 * ACTORS, steps.length, true);
      observers[me].send(pids[me], Uint8Array.from([...new Uint8Array(head.buffer), ...steps.flat()]));
    });
    await quiet();
    const notes = observers.map(observer => {
      let last = new Uint8Array(0);
      for (let item = observer.poll(); item !== undefined; item = observer.poll()) {
        if (item.kind === "message") last = Uint8Array.from(item.bytes);
      }
      return notesIn(last);
    });
    return { notes, counters: runtime.counters };
  } finally {
    await runtime.stop();
  }
}

/** Each note has to be the oldest that this sender had sent it and that the receive would take. */
function check(programme: readonly (readonly Step[])[], notes: readonly Note[][]): void {
  notes.forEach((taken, receiver) => {
    const sent = programme.map(steps => {
      const sends = steps.filter(([what]) => what === SEND).map((step, count) => ({ step, count }));
      return sends.filter(({ step }) => step[1] === receiver);
    });
    for (const note of taken) {
      const from = sent[note.sender];
      const wantsTag = [TAKE_TAG, POLL_MATCH, TAKE_MATCH, POLL_MATCHER].includes(note.how);
      const index = from.findIndex(({ step }) => !wantsTag || step[2] === note.wanted);
      expect(index).toBeGreaterThanOrEqual(0);
      const [{ step, count }] = from.splice(index, 1);
      expect(note).toMatchObject({ tag: step[2], count, length: 8 + 8 * step[3] });
      if (step[3] > 0) expect(note.filler).toBe((note.sender * 31 + count + 1) & 255);
    }
  });
}

describe.each(WAYS)("messages between guests built for %s", way => {
  let gossip: Uint8Array;

  beforeAll(async () => {
    gossip = await buildGuest("guests", "gossip", way);
  });

  law.prop([scripts], { numRuns: way === "asyncify" ? 300 : 60 })(
    "arrive once each, complete, and in the order of each sender",
    async programme => {
      const { notes } = await play(gossip, programme);
      check(programme, notes);
    },
  );

  test("are all counted, as sent and as received", async () => {
    // A ring of forwarders: each sends on what it takes, and at the end all messages were taken.
    const steps: Step[] = [
      [SEND, 1, 0, 1],
      ...Array.from(
        { length: 30 },
        () =>
          [
            [TAKE, 0, 0, 0],
            [SEND, 1, 0, 1],
          ] as const,
      ).flat(),
    ];
    const programme = [0, 1, 2, 3].map(me =>
      steps.map(([what, , tag, length]) => [what, (me + 1) % ACTORS, tag, length] as Step),
    );
    const { notes, counters } = await play(gossip, programme);
    // Each takes its script, and 30 items; it sends 31, and its notes after each of its 61 steps.
    expect(counters).toMatchObject({ sent: ACTORS * (1 + 31 + 61), received: ACTORS * (1 + 30 + 61) });
    expect(notes.map(taken => taken.length)).toEqual([30, 30, 30, 30]);
    check(programme, notes);
  });
});

test.skipIf("document" in globalThis)("one turn can wake nine thousand actors", async () => {
  const runtime = new Runtime({ grants: "all", clock: new ManualClock() });
  try {
    const receiver = await runtime.load(guest(`(func (export "handle") (param i32))`));
    // Asked with a list of pids, it sends each of them a message.
    const caller = await runtime.load(
      guest(
        `(func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 80000)))
           (func (export "handle") (param $n i32) (local $at i32)
             (local.set $at (i32.const 128))
             (loop $more
               (drop (call $send (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)) (i32.const 0) (i32.const 0) (i32.const 0)))
               (local.set $at (i32.add (local.get $at) (i32.const 8)))
               (br_if $more (i32.lt_u (local.get $at) (i32.add (i32.const 128) (local.get $n))))))`,
      ),
    );
    const pids = Array.from({ length: 9_000 }, () => runtime.spawn(receiver));
    const waker = runtime.spawn(caller);
    await quiet();
    for (let round = 1; round <= 2; round++) {
      runtime.send(waker, new Uint8Array(BigUint64Array.from(pids, BigInt).buffer));
      await quiet();
      expect(runtime.counters.received).toBe(round * (pids.length + 1));
    }
  } finally {
    await runtime.stop();
  }
});
