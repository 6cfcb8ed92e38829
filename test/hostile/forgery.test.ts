/**
 * No actor answers in another's place or finds actors by trying pids. A stranger learns only the
 * kind of an end.
 */

import { describe, expect, test } from "vitest";
import { formatReason, type HostMailbox, type Pid, type Received, Runtime } from "../../host/index.ts";
import { macrotask } from "../support/clock.ts";
import { wordsOf } from "../support/player.ts";
import { guest } from "../support/wat.ts";
import { Arena } from "./arena.ts";
import { BOSS, COMMON, tells, WAIT, words } from "./attackers.ts";

const TIMEOUT = { timeout: 120_000 };
const decoder = new TextDecoder();

function textOf(item: Received | undefined): string {
  return item?.kind === "message" ? decoder.decode(item.bytes) : `a ${item?.kind}`;
}

/**
 * Keeps who asked last at 8192: a pid and a ref. Tells them to the mailbox; answers "true" when it
 * gets a message that is no request.
 */
const CALLEE = `${COMMON} (data (i32.const 512) "true")
  (func (export "_start") (call $begin) (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
  (func (export "handle") (param $n i32)
    (if (i32.load (i32.const 80))
      (then
        (i64.store (i32.const 8192) (i64.load (i32.const 72)))
        (i32.store (i32.const 8200) (i32.load (i32.const 80)))
        (drop (call $send ${BOSS} (i32.const 0) (i32.const 8192) (i32.const 12))))
      (else
        (call $note (call $send (i32.load (i32.const 8192)) (i32.load (i32.const 8196)) (i32.load (i32.const 8200)) (i32.const 512) (i32.const 4)))
        (call $tell))))`;

/** Sends "lie" to the pid and with the tag that a message holds, and tells the status. */
const FORGER = `${COMMON} (data (i32.const 512) "lie")
  (func (export "_start") (call $begin) (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
  (func (export "handle") (param $n i32)
    (call $note (call $send (i32.load (i32.const 128)) (i32.load (i32.const 132)) (i32.load (i32.const 136)) (i32.const 512) (i32.const 3)))
    (call $tell))`;

/**
 * Asks the actor in its arguments and tells the mailbox the answer. Waits by Asyncify, written by
 * hand.
 */
const ASKER = `${COMMON}
  (func (export "run"))
  (func (export "resume:run") (param $n i32) (result i32)
    (if (i32.eqz (i32.load (i32.const 8192)))
      (then
        (call $begin)
        (i32.store (i32.const 8192) (call $request (i32.load (i32.const 24)) (i32.load (i32.const 28)) (i32.const 1) (i32.const 0) (i32.const 0)))
        (drop (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1) (i32.load (i32.const 8192))))
        (return (i32.const 1))))
    (drop (call $send ${BOSS} (i32.const 7) (i32.const 128) (local.get $n)))
    (i32.const 0))`;

describe("an answer", () => {
  async function scene() {
    const arena = await Arena.open();
    const spawn = async (body: string, ...more: number[]) =>
      arena.runtime.spawn(await arena.load(body, { reductions: "none" }), tells(arena, {}, ...more));
    const callee = await spawn(CALLEE);
    const asker = await spawn(ASKER, callee % 2 ** 32, Math.floor(callee / 2 ** 32));
    const asked = await arena.bytes();
    return { arena, spawn, callee, asker, asked };
  }

  test("is accepted from the actor that was asked, once, and from no other that knows the ref", TIMEOUT, async () => {
    const { arena, spawn, callee, asked } = await scene();
    await using _ = arena;
    const forger = await spawn(FORGER);
    const { denied } = arena.runtime.counters;
    for (let i = 0; i < 3; i++) {
      arena.runtime.send(forger, asked);
      expect(await arena.notes()).toEqual([0]);
    }
    // A ref that there is not is answered the same.
    const wrong = asked.slice();
    wrong[8] ^= 2;
    arena.runtime.send(forger, wrong);
    expect(await arena.notes()).toEqual([0]);
    expect(arena.runtime.counters.denied - denied).toBe(4);
    arena.runtime.send(callee, "answer");
    const answers = [textOf(await arena.boss.receive()), ...wordsOf(new Uint8Array(0))];
    // The status of the callee's own answer, and what the asker got, in either order.
    answers.push(textOf(await arena.boss.receive()));
    expect(answers.sort()).toEqual(["\u0001\u0000\u0000\u0000", "true"]);
  });

  test("that comes second is refused", TIMEOUT, async () => {
    const { arena, callee } = await scene();
    await using _ = arena;
    arena.runtime.send(callee, "answer");
    arena.runtime.send(callee, "answer again");
    const got: string[] = [];
    for (let i = 0; i < 3; i++) got.push(textOf(await arena.boss.receive()));
    expect(got.sort()).toEqual(["\u0000\u0000\u0000\u0000", "\u0001\u0000\u0000\u0000", "true"]);
  });

  test("is not one of ten million guesses at a thousand open calls", TIMEOUT, async () => {
    await using arena = await Arena.open();
    const slow = await arena.attack(
      `(func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64))) (func (export "handle") (param i32))`,
    );
    let settled = 0;
    const calls = Array.from({ length: 1000 }, () =>
      arena.runtime.call(slow, "pay?", { timeoutMs: Number.POSITIVE_INFINITY }),
    );
    const all = Promise.allSettled(calls.map(call => call.finally(() => settled++)));
    const caller = arena.runtime.snapshot().actors.find(actor => actor.kind === "calls")?.pid ?? 0;
    // Steps through all refs that there can be, from a different place for each of ten turns.
    const guesses = 10_000_000;
    const forger = `${COMMON} (data (i32.const 512) "forged")
      (global $tag (mut i32) (i32.const -1024))
      (func (export "_start") (call $begin) (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
      (func (export "handle") (param $n i32) (local $left i32)
        (local.set $left (i32.const ${guesses / 10}))
        (loop $next
          (if (call $send ${words(caller)} (global.get $tag) (i32.const 512) (i32.const 6)) (then (call $note (global.get $tag))))
          (global.set $tag (i32.sub (global.get $tag) (i32.const 106)))
          (if (i32.lt_s (global.get $tag) (i32.const -1073742000)) (then (global.set $tag (i32.add (global.get $tag) (i32.const 1073740922)))))
          (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (call $tell))`;
    const { denied } = arena.runtime.counters;
    const pid = arena.runtime.spawn(await arena.load(forger, { reductions: "none" }), tells(arena));
    for (let turn = 0; turn < 10; turn++) {
      arena.runtime.send(pid, "guess");
      expect(await arena.notes()).toEqual([]);
    }
    expect(arena.runtime.counters.denied - denied).toBe(guesses);
    expect(settled).toBe(0);
    arena.runtime.kill(slow);
    for (const result of await all) expect(result.status).toBe("rejected");
  });
});

describe("a ref of make_ref", () => {
  /** Makes a ref, tells it, waits for what bears it, and tells that. */
  const MAKER = `${COMMON} (func (export "run") (local $ref i32) (local $n i32)
    (call $begin)
    (local.set $ref (call $make_ref))
    (call $note (local.get $ref)) (call $tell)
    (local.set $n (call $recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1) (local.get $ref)))
    (if (i32.eq (local.get $n) (i32.const -2)) (then (local.set $n (call $park))))
    (drop (call $send ${BOSS} (i32.const 0) (i32.const 128) (local.get $n)))
    (call $note (call $drop_ref (local.get $ref))) (call $tell))`;

  test("is answered once, by whoever was told it, and is dropped all the same", async () => {
    await using arena = await Arena.open();
    const pid = await arena.attack(MAKER, tells(arena));
    const [ref] = await arena.notes();
    expect([arena.boss.send(pid, "first", { tag: ref }), arena.boss.send(pid, "second", { tag: ref })]).toEqual([
      true,
      false,
    ]);
    expect(textOf(await arena.boss.receive())).toBe("first");
    expect(await arena.notes()).toEqual([1]);
  });

  test("takes no answer of a family that has guessed a thousand times in this second", async () => {
    await using arena = await Arena.open();
    const pid = await arena.attack(MAKER, tells(arena));
    const [ref] = await arena.notes();
    const guess = (tag: string) => `(call $send ${words(pid)} ${tag} (i32.const 0) (i32.const 0))`;
    // The right ref is its 1,001st guess, and another's first.
    const guesser = `${COMMON} (func (export "run") (local $i i32)
      (call $begin)
      (loop $next
        (drop ${guess("(i32.sub (i32.const -5000) (i32.mul (local.get $i) (i32.const 2)))")})
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
      (call $note ${guess(`(i32.const ${ref})`)}) (call $tell))`;
    await arena.attack(guesser, tells(arena));
    expect(await arena.notes()).toEqual([0]);
    expect(arena.runtime.counters.denied).toBe(1001);
    const honest = `${COMMON} (func (export "run") (call $begin) (call $note ${guess(`(i32.const ${ref})`)}) (call $tell))`;
    await arena.attack(honest, tells(arena));
    const told = [await arena.bytes(), await arena.bytes(), await arena.bytes()].map(bytes => wordsOf(bytes));
    expect(told).toContainEqual([1]);
  });
});

describe("a request that is handed on", () => {
  /** Three mailboxes, and a call that the first of them was asked. */
  async function asked(): Promise<{ arena: Arena; boxes: HostMailbox[]; answer: Promise<string>; request: Received }> {
    const arena = await Arena.open();
    const boxes = [arena.boss, arena.runtime.mailbox(), arena.runtime.mailbox()];
    const answer = arena.runtime.call(boxes[0].pid, "what?", { timeoutMs: Number.POSITIVE_INFINITY }).then(
      bytes => decoder.decode(bytes),
      (error: Error) => error.message,
    );
    const request = await boxes[0].receive();
    if (request === undefined) throw new Error("nobody asked");
    return { arena, boxes, answer, request };
  }

  async function handOn(from: HostMailbox, to: HostMailbox, request: Received) {
    if (request.kind !== "message") throw new Error("this is no request");
    expect(from.delegate(request, to.pid)).toBe(true);
    const next = await to.receive();
    if (next?.kind !== "message") throw new Error("it was not handed on");
    expect(next).toMatchObject({ from: from.pid, ref: request.ref });
    expect(decoder.decode(next.bytes)).toBe("what?");
    return next;
  }

  test("is answered by the actor that got it, and no more by the one that was asked", async () => {
    const { arena, boxes, answer, request } = await asked();
    await using _ = arena;
    const next = await handOn(boxes[0], boxes[1], request);
    if (request.kind !== "message") throw new Error("this is no request");
    expect(boxes[0].reply(request, "mine")).toBe(false);
    expect(boxes[0].delegate(request, boxes[2].pid)).toBe(false);
    expect(boxes[2].reply(request, "a stranger's")).toBe(false);
    expect(boxes[1].reply(next, "yours")).toBe(true);
    expect(await answer).toBe("yours");
    expect(boxes[1].reply(next, "again")).toBe(false);
  });

  test("is answered also where those before have ended, and it went through several hands", async () => {
    const { arena, boxes, answer, request } = await asked();
    await using _ = arena;
    const second = await handOn(boxes[0], boxes[1], request);
    const third = await handOn(boxes[1], boxes[2], second);
    boxes[0].close();
    boxes[1].close();
    expect(boxes[2].reply(third, "at last")).toBe(true);
    expect(await answer).toBe("at last");
  });

  test("ends for its asker when the actor ends that got it", async () => {
    const { arena, boxes, answer, request } = await asked();
    await using _ = arena;
    await handOn(boxes[0], boxes[1], request);
    boxes[1].close();
    expect(await answer).toMatch(/ended before it answered: normal/);
  });

  test("stays with the actor that was asked where it hands it to nobody", async () => {
    const { arena, boxes, answer, request } = await asked();
    await using _ = arena;
    if (request.kind !== "message") throw new Error("this is no request");
    boxes[1].close();
    expect(boxes[0].delegate(request, boxes[1].pid)).toBe(false);
    expect(boxes[0].reply(request, "mine")).toBe(true);
    expect(await answer).toBe("mine");
  });

  test("is nobody's once its asker has given up", async () => {
    await using arena = await Arena.open();
    const other = arena.runtime.mailbox();
    const answer = arena.runtime.call(arena.boss.pid, "what?", { timeoutMs: 10 });
    const request = await arena.boss.receive();
    if (request?.kind !== "message") throw new Error("nobody asked");
    const next = await handOn(arena.boss, other, request);
    arena.clock.jump(11);
    await expect(answer).rejects.toThrow(/did not answer/);
    expect(other.reply(next, "late")).toBe(false);
  });
});

describe("a pid", () => {
  /** Makes up pids of an unused slot, generation after generation, and passes each to a call. */
  const guessing = (call: string) => `${COMMON}
    (func (export "run") (local $i i32) (local $lo i32) (local $hi i32)
      (call $begin)
      (loop $next
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (local.set $lo (i32.or (i32.const 5000) (i32.shl (i32.and (local.get $i) (i32.const 1023)) (i32.const 20))))
        (local.set $hi (i32.shr_u (local.get $i) (i32.const 10)))
        (drop ${call})
        (call $note (local.get $i))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 1000))))
      (call $tell))`;
  const GUESS = "(local.get $lo) (local.get $hi)";

  test.each([
    ["send", `(call $send ${GUESS} (i32.const 0) (i32.const 0) (i32.const 0))`],
    ["request", `(call $request ${GUESS} (i32.const 0) (i32.const 0) (i32.const 0))`],
    ["monitor", `(call $monitor ${GUESS})`],
    ["link", `(call $link ${GUESS})`],
    ["unlink", `(call $unlink ${GUESS})`],
    ["exit_to", `(call $exit_to ${GUESS} (i32.const 2) (i32.const 0) (i32.const 0))`],
    ["register", `(call $register (i32.const 0) (i32.const 1) ${GUESS})`],
    ["delegate", `(call $delegate ${GUESS} (i32.const -2000) ${GUESS} (i32.const 0) (i32.const 0) (i32.const 0))`],
  ])("that %s is given and nobody ever had is a guess, and the hundred and first crashes", async (_, call) => {
    await using arena = await Arena.open({ grants: "all" });
    const setup = "(drop (call $trap_exit (i32.const 1)))";
    const body = guessing(`(block (result i32) ${setup} ${call})`);
    const pid = await arena.attack(body, tells(arena));
    expect(await arena.reason(pid)).toMatch(
      /^crashed: .*more than 100 pids that no actor ever had \(limit unknownPids\)/,
    );
    expect(arena.runtime.counters.denied).toBeGreaterThanOrEqual(101);
    expect(await arena.served()).toBe(true);
  });

  test("costs more with each guess", async () => {
    const spent = async (guesses: number) => {
      await using arena = await Arena.open();
      const body = `${COMMON} (func (export "run") (local $i i32)
        (call $begin)
        (loop $next
          (drop (call $send (i32.or (i32.const 5000) (i32.shl (local.get $i) (i32.const 20))) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${guesses}))))
        ${WAIT})`;
      const pid = await arena.attack(body, tells(arena));
      await arena.settle();
      return arena.runtime.info(pid)?.reductions ?? 0;
    };
    const [ten, twenty] = [await spent(10), await spent(20)];
    expect(ten).toBeGreaterThanOrEqual(55_000);
    expect(twenty).toBeGreaterThanOrEqual(210_000);
  });

  test("of an actor that has ended is no guess, and 0 is none", async () => {
    await using arena = await Arena.open();
    const dead = await arena.echo();
    arena.runtime.kill(dead);
    const body = `${COMMON} (func (export "run") (local $i i32)
      (call $begin)
      (loop $next
        (drop (call $send ${words(dead)} (i32.const 0) (i32.const 0) (i32.const 0)))
        (drop (call $send (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
      (call $note (local.get $i)) (call $tell))`;
    await arena.attack(body, tells(arena));
    expect(await arena.notes()).toEqual([1000]);
    expect(arena.runtime.counters.denied).toBe(0);
  });

  test("with the words of a record that no actor has finds nobody", async () => {
    await using runtime = new Runtime({ grants: {} });
    // The slot 0, whose actor had a low word without a slot's bits.
    runtime.kill(runtime.spawn(await runtime.load(guest('(func (export "handle") (param i32))'))));
    const boss = runtime.mailbox();
    const send = "(call $send (i32.const 0) (i32.const -1) (i32.const 1) (i32.const 0) (i32.const 8))";
    const body = `${COMMON} (func (export "run") (call $begin) (call $note ${send}) (call $tell) ${WAIT})`;
    runtime.spawn(await runtime.load(guest(body)), tells({ boss }));
    const item = await boss.receive();
    if (item?.kind !== "message") throw new Error(`a message was expected, not ${item?.kind}`);
    expect(wordsOf(item.bytes)).toEqual([0]);
    expect(runtime.snapshot().memory.mailboxes).toBe(0);
  });

  test("is counted for the whole family", async () => {
    await using arena = await Arena.open();
    const guesses = (count: number) => `(loop $next
      (drop (call $send (i32.or (i32.const 5000) (i32.shl (local.get $i) (i32.const 20))) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))`;
    const kid = await arena.load(`(func (export "run") (local $i i32) ${guesses(60)})`);
    arena.runtime.define("kid", kid);
    const parent = `(data (i32.const 512) "kid") ${COMMON} (func (export "run") (local $i i32)
      (call $begin)
      (drop (call $spawn (i32.const 512) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024)))
      (drop (call $spawn (i32.const 512) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1040)))
      (call $note (i32.load (i32.const 1024))) (call $note (i32.load (i32.const 1028)))
      (call $note (i32.load (i32.const 1040))) (call $note (i32.load (i32.const 1044))) (call $tell) ${WAIT})`;
    await arena.attack(parent, tells(arena, { grants: { spawn: ["kid"] } }));
    const [lo1, hi1, lo2, hi2] = await arena.notes();
    // They take turns: 60 guesses of each are too many for both.
    const reasons = [await arena.reason(hi1 * 2 ** 32 + lo1), await arena.reason(hi2 * 2 ** 32 + lo2)];
    expect(reasons.join()).toMatch(/unknownPids/);
    expect(arena.runtime.counters.denied).toBeLessThanOrEqual(102);
  });
});

describe("why an actor ended", () => {
  const SECRET = `${COMMON} (data (i32.const 512) "secret") (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
    (func (export "handle") (param i32) (call $exit (i32.const 6) (i32.const 512) (i32.const 6)))`;
  /** Monitors the actor in its arguments and tells the code and the bytes of its Down. */
  const watching = (before: string) => `${COMMON} (func (export "run") (local $n i32)
    (call $begin) ${before}
    (drop (call $monitor (i32.load (i32.const 24)) (i32.load (i32.const 28))))
    (call $note (i32.const 0)) (call $tell)
    (loop $again
      (local.set $n (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)))
      (if (i32.eq (local.get $n) (i32.const -2)) (then (local.set $n (call $park))))
      (br_if $again (i32.ne (i32.load (i32.const 64)) (i32.const 2))))
    (call $note (i32.load (i32.const 84))) (call $note (local.get $n)) (call $tell))`;

  async function down(options: { grants?: { kill: boolean } }, before = ""): Promise<number[]> {
    await using arena = await Arena.open();
    const target: Pid = await arena.attack(SECRET);
    await arena.attack(watching(before), tells(arena, options, target % 2 ** 32, Math.floor(target / 2 ** 32)));
    await arena.notes();
    arena.runtime.send(target, "end");
    const told = await arena.notes();
    expect(formatReason(await arena.end(target))).toBe("custom: secret");
    return told;
  }

  test("is told to a stranger by its kind only", async () => {
    expect(await down({})).toEqual([6, 0]);
  });

  test("is told in full to who may end actors", async () => {
    expect(await down({ grants: { kill: true } })).toEqual([6, 6]);
  });

  test("is told in full to the host", async () => {
    await using arena = await Arena.open();
    const target = await arena.attack(SECRET);
    arena.boss.monitor(target);
    arena.runtime.send(target, "end");
    const item = await arena.boss.receive();
    expect(item?.kind === "down" && formatReason(item.reason)).toBe("custom: secret");
  });

  test("is told in full to a parent, and to one that another linked", async () => {
    await using arena = await Arena.open();
    arena.runtime.define("secret", await arena.load(SECRET));
    const parent = `(data (i32.const 512) "secret") ${COMMON} (func (export "run") (local $n i32)
      (call $begin)
      (drop (call $spawn (i32.const 512) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 1024)))
      (drop (call $send (i32.load (i32.const 1024)) (i32.load (i32.const 1028)) (i32.const 0) (i32.const 0) (i32.const 0)))
      (local.set $n (call $recv (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1)))
      (if (i32.eq (local.get $n) (i32.const -2)) (then (local.set $n (call $park))))
      (call $note (i32.load (i32.const 84))) (call $note (local.get $n)) (call $tell))`;
    await arena.attack(parent, tells(arena, { grants: { spawn: ["secret"] } }));
    expect(await arena.notes()).toEqual([6, 6]);

    // A stranger that traps exits, and was linked by the one that ends, which may.
    const target = await arena.attack(
      `${COMMON} (data (i32.const 512) "secret")
      (func (export "_start") (call $begin) (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
      (func (export "handle") (param $n i32)
        (if (local.get $n) (then (drop (call $link (i32.load (i32.const 128)) (i32.load (i32.const 132)))) (return)))
        (call $exit (i32.const 6) (i32.const 512) (i32.const 6)))`,
      tells(arena, { grants: { kill: true } }),
    );
    const watcher = await arena.attack(
      watching("(drop (call $trap_exit (i32.const 1)))"),
      tells(arena, {}, target % 2 ** 32, Math.floor(target / 2 ** 32)),
    );
    await arena.notes();
    arena.runtime.send(target, new Uint8Array(BigUint64Array.of(BigInt(watcher)).buffer));
    await macrotask();
    arena.runtime.send(target, "");
    expect(await arena.notes()).toEqual([6, 6]);
  });
});
