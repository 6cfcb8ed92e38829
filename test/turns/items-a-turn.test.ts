/**
 * How many items an actor takes in one turn, while others wait for theirs.
 */

import { afterEach, describe, expect, test } from "vitest";
import { type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { quiet } from "../support/guests.ts";
import { guest } from "../support/wat.ts";

const ITEMS = 2_500;
const A_TURN = 1_024;

const TELL = `(drop (call $send (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.load (i32.const 68)) (i32.const 0) (i32.const 0)))`;
const BEGIN = `(drop (call $args (i32.const 0) (i32.const 8)))`;
const NEXT = `(call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1))`;

/** Guests that tell the actor in their arguments of each item that they take. */
const TELLERS = {
  handler: `
    (func (export "_start") ${BEGIN} (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
    (func (export "handle") (param i32) ${TELL})`,
  asyncify: `
    (global $begun (mut i32) (i32.const 0))
    (func (export "run") (unreachable))
    (func (export "resume:run") (param $n i32) (result i32)
      (if (i32.eqz (global.get $begun)) (then (global.set $begun (i32.const 1)) ${BEGIN} (local.set $n ${NEXT})))
      (loop $again
        (if (i32.eq (local.get $n) (i32.const -2)) (then (return (i32.const 1))))
        ${TELL}
        (local.set $n ${NEXT})
        (br $again))
      (unreachable))`,
  jspi: `
    (func (export "run")
      ${BEGIN}
      (loop $again
        (if (i32.eq ${NEXT} (i32.const -2)) (then (drop (call $park))))
        ${TELL}
        (br $again)))`,
};

let runtime: Runtime;
let observer: HostMailbox;

afterEach(() => runtime.stop());

/** Who has told of how many items one after another. */
async function told(): Promise<[Pid, number][]> {
  for (let i = 0; i < 20; i++) await quiet();
  const found: [Pid, number][] = [];
  for (let item = observer.poll(); item !== undefined; item = observer.poll()) {
    const last = found.at(-1);
    if (last?.[0] === item.from) last[1]++;
    else found.push([item.from, 1]);
  }
  return found;
}

describe.each([
  ["handler", A_TURN],
  // The first item of a later turn is what the actor goes on with; then come its receives.
  ["asyncify", A_TURN + 1],
  ["jspi", A_TURN + 1],
] as const)("%s:", (way, laterTurns) => {
  test("two actors with full mailboxes take turns of 1,024 items", async () => {
    runtime = new Runtime({ clock: new ManualClock() });
    observer = runtime.mailbox();
    const module = await runtime.load(guest(TELLERS[way]));
    const args = new Uint8Array(BigUint64Array.of(BigInt(observer.pid)).buffer);
    const one = runtime.spawn(module, { args });
    const other = runtime.spawn(module, { args });
    for (let i = 0; i < ITEMS; i++) for (const pid of [one, other]) runtime.send(pid, "", { tag: i });
    const rest = ITEMS - A_TURN - laterTurns;
    expect(await told()).toEqual([
      [one, A_TURN],
      [other, A_TURN],
      [one, laterTurns],
      [other, laterTurns],
      [one, rest],
      [other, rest],
    ]);
  });
});
