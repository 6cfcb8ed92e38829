/** Refs are random numbers, and the kernel and the host both draw them: no two live ones of an actor are equal. */
import { expect, test } from "vitest";
import { Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { quiet } from "../support/guests.ts";
import { seededRandom } from "../support/seeded.ts";
import { guest } from "../support/wat.ts";

const PID = "(i32.load (i32.const 16)) (i32.load (i32.const 20))";
const PEER = "(i32.load (i32.const 24)) (i32.load (i32.const 28))";
const SELF = "(call $self_lo) (call $self_hi)";
const KINDS = [
  `(call $monitor ${PEER})`,
  "(call $make_ref)",
  `(call $send_after (i32.const 100000) ${SELF} (i32.const 0) (i32.const 0) (i32.const 0))`,
  `(call $request ${PEER} (i32.const 1) (i32.const 0) (i32.const 0))`,
];
const ROUNDS = 12;

test.each([5, 7, 11, 13])(
  "no two live refs of an actor are equal, where random numbers repeat (seed %i)",
  async seed => {
    const seeded = seededRandom(seed);
    // One of 64 numbers.
    const random = () => Math.floor(seeded() * 64) * (2 ** -6 + 2 ** -30);
    const runtime = new Runtime({ clock: new ManualClock(), grants: "all", random });
    try {
      const target = runtime.mailbox();
      const taken = KINDS.map(
        code => `(i32.store (local.get $at) ${code}) (local.set $at (i32.add (local.get $at) (i32.const 4)))`,
      );
      const module = await runtime.load(
        guest(`
        (func (export "handle") (param i32) (local $at i32)
          (drop (call $args (i32.const 16) (i32.const 16)))
          (local.set $at (i32.const 1024))
          (loop $more ${taken.join("\n")}
            (br_if $more (i32.lt_u (local.get $at) (i32.const ${1024 + 4 * ROUNDS * KINDS.length}))))
          (drop (call $send ${PID} (i32.const 7) (i32.const 1024) (i32.const ${4 * ROUNDS * KINDS.length}))))`),
      );
      const peer = runtime.spawn(await runtime.load(guest(`(func (export "handle") (param i32))`)));
      const args = new Uint8Array(BigUint64Array.of(BigInt(target.pid), BigInt(peer)).buffer);
      const pid = runtime.spawn(module, { args });
      runtime.send(pid, "");
      await quiet();
      const seen: number[] = [];
      for (let item = target.poll(); item !== undefined; item = target.poll())
        if (item.kind === "message" && item.tag === 7) seen.push(...new Int32Array(item.bytes.slice().buffer));
      expect(seen.length).toBe(ROUNDS * KINDS.length);
      expect(seen.every(ref => ref <= -1024)).toBe(true);
      expect(new Set(seen).size).toBe(seen.length);
    } finally {
      await runtime.stop();
    }
  },
);
