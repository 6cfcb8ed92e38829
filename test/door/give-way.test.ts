/**
 * What `send` answers a guest that exports `isopod:gives_way`, as docs/abi.md has it. The guest is
 * written by hand: it plays a script of calls, and tells what each has answered.
 */

import { afterEach, describe, expect, test } from "vitest";
import { type ExitReason, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { quiet } from "../support/guests.ts";
import { guest } from "../support/wat.ts";

// What a script may have, each with how many times.
const SEND = 1;
const POLL = 2;
const RECEIVE = 3;
const PARK = 4;
const SEND_REFUSED = 5;
const REQUEST = 6;
const ANSWER = 7;
const WAIT_FOR_HOST = 8;
const SEND_NAMED = 9;
type Script = readonly (readonly [what: number, times?: number])[];

const MARKER = `(global $marker i32 (i32.const 1)) (export "isopod:gives_way" (global $marker))`;
const MARKER_FUNCTION = `(func (export "isopod:gives_way") (unreachable))`;

/** How a guest waits, and who receives what it sends. */
const WAYS = [
  ["asyncify", "a guest"],
  ["asyncify", "the host"],
  ["jspi", "a guest"],
  ["jspi", "the host"],
] as const;
type Way = "asyncify" | "jspi" | "handler" | "start" | "never waits";

/** A guest that plays the script in its arguments, behind the pids of its receiver and of who hears of it. */
function player(way: Way, more: string): Uint8Array<ArrayBuffer> {
  const call = (op: number, code: string) =>
    `(if (i32.eq (local.get $op) (i32.const ${op})) (then (local.set $n ${code})))`;
  const to = "(i32.load (i32.const 4096)) (i32.load (i32.const 4100))";
  const recv = (timeout: number) => `(call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const ${timeout}))`;
  const park =
    way === "asyncify"
      ? `(if (i32.eq (local.get $op) (i32.const ${PARK})) (then (return (i32.const 1))))`
      : call(PARK, way === "never waits" ? "(i32.const 0)" : "(call $park)");
  const play = `
    (block $done (loop $next
      (br_if $done (i32.ge_u (global.get $at) (global.get $end)))
      (local.set $op (i32.load8_u (global.get $at)))
      (if (i32.eqz (global.get $left)) (then (global.set $left (i32.load16_u offset=1 (global.get $at)))))
      (global.set $left (i32.sub (global.get $left) (i32.const 1)))
      (if (i32.eqz (global.get $left)) (then (global.set $at (i32.add (global.get $at) (i32.const 3)))))
      ${park}
      ${call(SEND, `(call $send ${to} (i32.const 0) (i32.const 0) (i32.const 0))`)}
      ${call(POLL, recv(0))}
      ${call(RECEIVE, recv(-1))}
      ${call(SEND_REFUSED, `(call $send ${to} (i32.const -5000) (i32.const 0) (i32.const 0))`)}
      ${call(REQUEST, `(i32.lt_s (call $request ${to} (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))`)}
      ${call(ANSWER, "(call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.load (i32.const 80)) (i32.const 0) (i32.const 0))")}
      ${call(WAIT_FOR_HOST, "(call $later)")}
      ${call(SEND_NAMED, "(call $send_named (i32.const 32) (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0))")}
      (call $note (local.get $n))
      (br $next)))
    (drop (call $send (i32.load (i32.const 4104)) (i32.load (i32.const 4108)) (i32.const 7) (i32.const 16384) (i32.sub (global.get $log) (i32.const 16384))))`;
  const begin = `(global.set $end (i32.add (i32.const 4096) (call $args (i32.const 4096) (i32.const 4096))))`;
  const entries = {
    asyncify: `
      (func (export "run") (unreachable))
      (func (export "resume:run") (param $n i32) (result i32) (local $op i32)
        (if (global.get $end) (then (call $note (local.get $n))) (else ${begin}))
        ${play} (i32.const 0))`,
    jspi: `(func (export "run") (local $n i32) (local $op i32) ${begin} ${play})`,
    "never waits": `(func (export "run") (local $n i32) (local $op i32) ${begin} ${play})`,
    handler: `(func (export "handle") (param $n i32) (local $op i32) ${begin} ${play})`,
    start: `
      (func (export "_start") (local $n i32) (local $op i32) ${begin} ${play})
      (func (export "run") (unreachable)) (func (export "resume:run") (param i32) (result i32) (i32.const 0))`,
  };
  return guest(
    `(global $at (mut i32) (i32.const 4112)) (global $end (mut i32) (i32.const 0)) (global $left (mut i32) (i32.const 0))
     (global $log (mut i32) (i32.const 16384))
     (data (i32.const 32) "observer")
     (func $note (param $n i32)
       (i32.store (global.get $log) (local.get $n))
       (global.set $log (i32.add (global.get $log) (i32.const 4))))
     ${entries[way]} ${more}`,
    `(import "test" "later" (func $later (result i32))) (import "env" "memory" (memory 2))`,
  );
}

/** Takes every item. */
const TAKER = guest(`(func (export "handle") (param i32))`);

let runtime: Runtime;
let observer: HostMailbox;
let receiver: Pid;

afterEach(() => runtime.stop());

async function begin(who = "a guest"): Promise<void> {
  const later = async () => 77;
  runtime = new Runtime({ clock: new ManualClock(), grants: "all", imports: { test: { later } } });
  observer = runtime.mailbox();
  runtime.register("observer", observer.pid);
  receiver = who === "the host" ? observer.pid : runtime.spawn(await runtime.load(TAKER));
}

/** `atOnce` is called before the guest has its first turn. */
async function spawn(way: Way, script: Script, more = MARKER, atOnce = (_pid: Pid) => {}): Promise<Pid> {
  const module = await runtime.load(player(way, more));
  const args = new DataView(new ArrayBuffer(16 + 3 * script.length));
  args.setBigUint64(0, BigInt(receiver), true);
  args.setBigUint64(8, BigInt(observer.pid), true);
  script.forEach(([what, times = 1], i) => {
    args.setUint8(16 + 3 * i, what);
    args.setUint16(17 + 3 * i, times, true);
  });
  const pid = runtime.spawn(module, { args: new Uint8Array(args.buffer) });
  atOnce(pid);
  return pid;
}

/** What the calls have answered; undefined while the guest has not played all of them. */
async function answers(): Promise<number[] | undefined> {
  for (let i = 0; i < 5; i++) await quiet();
  let found: number[] | undefined;
  for (let item = observer.poll(); item !== undefined; item = observer.poll()) {
    if (item.kind !== "message" || item.tag !== 7) continue;
    const { buffer, byteOffset, byteLength } = Uint8Array.from(item.bytes);
    found = [...new Int32Array(buffer, byteOffset, byteLength / 4)];
  }
  return found;
}

async function played(way: Way, script: Script, more = MARKER): Promise<number[] | undefined> {
  await spawn(way, script, more);
  return answers();
}

const times = (count: number, answer: number): number[] => Array(count).fill(answer);

describe.each(WAYS)("a guest that waits by %s and sends to %s:", (way, who) => {
  test("its 256th send is answered 2, and every one after it until it parks; park answers 1", async () => {
    await begin(who);
    const script: Script = [[SEND, 258], [PARK], [SEND, 256], [PARK], [SEND]];
    const found = [...times(255, 1), 2, 2, 2, 1, ...times(255, 1), 2, 1, 1];
    expect(await played(way, script)).toEqual(found);
  });

  test("the kind of the marker does not matter", async () => {
    await begin(who);
    expect(await played(way, [[SEND, 256]], MARKER_FUNCTION)).toEqual([...times(255, 1), 2]);
  });

  test("without the marker no send is answered 2", async () => {
    await begin(who);
    expect(await played(way, [[SEND, 1_000]], "")).toEqual(times(1_000, 1));
  });

  test("send_named counts and is answered 2, too", async () => {
    await begin(who);
    const script: Script = [
      [SEND, 200],
      [SEND_NAMED, 57],
      [SEND, 1],
    ];
    expect(await played(way, script)).toEqual([...times(255, 1), 2, 2, 2]);
  });

  test("requests, answers to refs and messages that are not accepted do not count, and are never answered 2", async () => {
    await begin(who);
    const script: Script = [
      [RECEIVE],
      [PARK],
      [SEND, 255],
      [REQUEST, 3],
      [SEND_REFUSED, 3],
      [ANSWER, 2],
      [SEND, 1],
      [SEND_REFUSED, 1],
      [REQUEST, 1],
    ];
    const pid = await spawn(way, script);
    for (let i = 0; i < 3; i++) await quiet();
    const call = runtime.call(pid, "hello");
    const found = await answers();
    expect(found).toEqual([-2, 5, ...times(255, 1), 1, 1, 1, 0, 0, 0, 1, 0, 2, 0, 1]);
    expect(await call).toEqual(new Uint8Array(0));
  });

  test("a send between a -2 and its park is answered 1, and the next receive's park is as ever", async () => {
    await begin(who);
    const script: Script = [[SEND, 256], [RECEIVE], [SEND, 3], [PARK], [SEND, 256], [WAIT_FOR_HOST], [SEND, 3], [PARK]];
    const pid = await spawn(way, script);
    for (let i = 0; i < 3; i++) await quiet();
    runtime.send(pid, "four");
    const found = [...times(255, 1), 2, -2, 1, 1, 1, 4, ...times(255, 1), 2, -2, 1, 1, 1, 77];
    expect(await answers()).toEqual(found);
  });

  test("a receive in place of park takes the place of the 2", async () => {
    await begin(who);
    const pid = await spawn(way, [[SEND, 256], [RECEIVE], [PARK], [SEND, 255], [POLL], [SEND, 1]]);
    for (let i = 0; i < 3; i++) await quiet();
    runtime.send(pid, "four");
    expect(await answers()).toEqual([...times(255, 1), 2, -2, 4, ...times(255, 1), -1, 2]);
  });

  test("items that have come wait in the mailbox while it gives way, and a poll takes them in order", async () => {
    await begin(who);
    await spawn(way, [[SEND, 256], [PARK], [POLL, 3]], MARKER, pid => {
      runtime.send(pid, "1");
      runtime.send(pid, "22");
    });
    expect(await answers()).toEqual([...times(255, 1), 2, 1, 1, 2, -1]);
  });

  test("it gives way after it has waited for a function of the embedder", async () => {
    await begin(who);
    const script: Script = [[WAIT_FOR_HOST], [PARK], [SEND, 256], [PARK], [SEND, 256], [PARK]];
    const found = [-2, 77, ...times(255, 1), 2, 1, ...times(255, 1), 2, 1];
    expect(await played(way, script)).toEqual(found);
  });

  test("park without a -2 or a 2 before it crashes, also a second one", async () => {
    await begin(who);
    let ended: Promise<ExitReason> | undefined;
    await spawn(way, [[SEND, 256], [PARK], [PARK]], MARKER, pid => {
      ended = runtime.exited(pid);
    });
    expect(await ended).toMatchObject({
      kind: "crashed",
      message: expect.stringContaining("-2, or a send that had answered 2"),
    });
  });
});

describe("no send is answered 2", () => {
  test("in a handler", async () => {
    await begin();
    const pid = await spawn("handler", [[SEND, 600]]);
    runtime.send(pid, "");
    expect(await answers()).toEqual(times(600, 1));
  });

  test("in _start", async () => {
    await begin();
    expect(await played("start", [[SEND, 600]])).toEqual(times(600, 1));
  });

  test("in an entry that cannot wait", async () => {
    await begin();
    expect(await played("never waits", [[SEND, 600]])).toEqual(times(600, 1));
  });
});
