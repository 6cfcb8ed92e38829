/**
 * A guest that lacks a grant learns nothing by asking: the answer, or the crash, does not depend on
 * what exists.
 */
import { expect, test } from "vitest";
import { Stage } from "../support/player.ts";
import { ECHO, guest } from "../support/wat.ts";

/** A name that is taken, and a group of three, in one of the two worlds. */
const NAME = "(i32.const 16) (i32.const 5)";
const END = 131_072;

const calls: readonly (readonly [what: string, call: string])[] = [
  ["whereis", `(call $whereis ${NAME} (i32.const 64))`],
  ["whereis with a result outside", `(call $whereis ${NAME} (i32.const ${END - 7}))`],
  ["unregister", `(call $unregister ${NAME})`],
  ["register", `(call $register ${NAME} (call $self_lo) (call $self_hi))`],
  ["send_named", `(call $send_named ${NAME} (i32.const 0) (i32.const 64) (i32.const 8))`],
  ["send_named with too much", `(call $send_named ${NAME} (i32.const 0) (i32.const 64) (i32.const 2000))`],
  [
    "send_named with a payload outside",
    `(call $send_named ${NAME} (i32.const 0) (i32.const ${END - 7}) (i32.const 8))`,
  ],
  ["members", `(call $members ${NAME} (i32.const 64) (i32.const 3))`],
  ["members with room for none", `(call $members ${NAME} (i32.const 0) (i32.const 0))`],
  ["members with room outside", `(call $members ${NAME} (i32.const ${END - 8}) (i32.const 3))`],
  ["members with room for ever so many", `(call $members ${NAME} (i32.const ${END - 8}) (i32.const 0x20000000))`],
  ["broadcast", `(call $broadcast ${NAME} (i32.const 0) (i32.const 64) (i32.const 8))`],
  ["broadcast with a payload outside", `(call $broadcast ${NAME} (i32.const 0) (i32.const ${END - 7}) (i32.const 8))`],
  ["join", `(call $join ${NAME})`],
  [
    "spawn",
    `(call $spawn ${NAME} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64))`,
  ],
  ["spawn of another entry", `(call $spawn ${NAME} ${NAME} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64))`],
];

/** What a guest without grants is answered, or why it crashes. */
async function outcome(call: string, isThere: boolean): Promise<unknown> {
  await using stage = new Stage({ grants: {}, limits: { messageBytes: 1000 } });
  const { runtime } = stage;
  const echo = await runtime.load(guest(ECHO));
  const echoes = [1, 2, 3].map(() => runtime.spawn(echo));
  if (isThere) {
    runtime.register("known", echoes[0]);
    for (const pid of echoes) runtime.join("known", pid);
    runtime.define("known", echo);
  }
  const asks = guest(`(data (i32.const 16) "known") (func (export "run")
    (i32.store (i32.const 256) ${call}) (call $exit (i32.const 6) (i32.const 256) (i32.const 4)))`);
  const reason = await stage.end(runtime.spawn(await runtime.load(asks)));
  if (reason.kind === "crashed") return reason.message;
  if (reason.kind !== "custom") return reason.kind;
  return new DataView(reason.bytes.buffer, reason.bytes.byteOffset).getInt32(0, true);
}

test.each(calls)("%s tells nothing without its grant", async (_, call) => {
  const [there, not] = [await outcome(call, true), await outcome(call, false)];
  expect(there).toEqual(not);
  expect(there).toEqual(call.includes(`${END - 7}`) || call.includes(`${END - 8}`) ? OUTSIDE : -100);
});

const OUTSIDE = expect.stringMatching(/outside the memory/);
