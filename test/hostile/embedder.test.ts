/**
 * Functions of the embedder. A guest's misuse of them affects only that guest, their outcome is
 * told to that guest only, and no promise is left rejected without a handler.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type GuestModule,
  type HostContext,
  type HostImports,
  LoadError,
  type Pid,
  Runtime,
  type RuntimeOptions,
  SpawnError,
  type SpawnOptions,
} from "../../host/index.ts";
import { MEMORY_END } from "../support/player.ts";
import { assemble, guest } from "../support/wat.ts";
import { Arena } from "./arena.ts";

const TIMEOUT = { timeout: 120_000 };
const DENIED = -100;
const LIMIT = -101;

const unhandled: unknown[] = [];
const noteUnhandled = (error: unknown) => void unhandled.push(error);
beforeAll(() => void process.on("unhandledRejection", noteUnhandled));
afterAll(() => void process.off("unhandledRejection", noteUnhandled));
/** Node tells of a rejection after the microtasks in which it could have been handled. */
afterEach(async () => {
  await new Promise(resolve => setImmediate(resolve));
  expect(unhandled.splice(0)).toEqual([]);
});

/** Declares a function of the embedder: `$db_get`. */
const db = (name: string, type = "(param i32) (result i32)") => `(import "db" "${name}" (func $db_${name} ${type}))`;
const GET = db("get");
const CALL_GET = "(call $db_get (i32.const 5))";
const CALL_GET_DROPPED = `(drop ${CALL_GET})`;

/**
 * `$begin` puts the pid of the test's mailbox at 16, `$tell` sends it a word, and `$next` tells the
 * tag of the next item, or -1.
 */
const PRELUDE = `
  (func $begin (drop (call $args (i32.const 16) (i32.const 8))))
  (func $tell (param $word i32)
    (i32.store (i32.const 8) (local.get $word))
    (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 8) (i32.const 4))))
  (func $next
    (call $tell (if (result i32)
      (i32.lt_s (call $recv (i32.const 64) (i32.const 96) (i32.const 32) (i32.const 0)) (i32.const 0))
      (then (i32.const -1)) (else (i32.load (i32.const 68))))))`;
const RECV = "(call $recv (i32.const 64) (i32.const 96) (i32.const 32) (i32.const -1))";
const NEXT = "(call $next)";

const WAYS = ["jspi", "resume"] as const;
interface Around {
  readonly before?: string;
  /** Runs between the answer -2 and the park; may change `$n`. */
  readonly between?: string;
  readonly after?: string;
}

/**
 * A process that makes a call and tells what it answers; where that is -2, it waits and tells what
 * `park` returns.
 */
const waiting: Readonly<Record<(typeof WAYS)[number], (call: string, around?: Around) => string>> = {
  jspi: (call, { before = "", between = "", after = "" } = {}) => `
    (func (export "run") (local $n i32) (local $i i32)
      (call $begin) ${before}
      (call $tell (local.tee $n ${call})) ${between}
      (if (i32.eq (local.get $n) (i32.const -2)) (then (call $tell (call $park))))
      ${after})`,
  resume: (call, { before = "", between = "", after = "" } = {}) => `
    (global $called (mut i32) (i32.const 0))
    (func (export "run") unreachable)
    (func (export "resume:run") (param $n i32) (result i32) (local $i i32)
      (if (global.get $called)
        (then (call $tell (local.get $n)))
        (else
          (global.set $called (i32.const 1))
          (call $begin) ${before}
          (call $tell (local.tee $n ${call})) ${between}
          (if (i32.eq (local.get $n) (i32.const -2)) (then (return (i32.const 1))))))
      ${after}
      (i32.const 0))`,
};
const handler = (body: string) => `(func (export "handle") (param i32) (call $begin) ${body})`;
const poller = (body: string) => `(func (export "run") (call $begin) ${body})`;

const open = (functions: HostImports[string], options: RuntimeOptions = {}) =>
  Arena.open({ imports: { db: functions }, ...options });

const ALL_OF_DB = { imports: ["db.*"] };

/** Spawns a guest that may call what the test offers. Handlers are sent an empty item. */
async function spawn(arena: Arena, body: string, options: SpawnOptions = {}, imports = GET): Promise<Pid> {
  const args = new Uint8Array(BigUint64Array.of(BigInt(arena.boss.pid)).buffer);
  const pid = await arena.attack(`${imports} ${PRELUDE} ${body}`, { args, grants: ALL_OF_DB, ...options });
  if (body.includes(`(export "handle")`)) arena.runtime.send(pid, "");
  return pid;
}

function throws(what: string): () => never {
  return () => {
    throw new Error(what);
  };
}

/** What `await` takes for a promise. */
const THEN = "then";
type Settle = (resolve: (answer: number) => void, reject: (why: Error) => void) => void;
const thenable = (then: Settle) => ({ [THEN]: then }) as unknown as PromiseLike<number>;

describe("a function that answers at once", TIMEOUT, () => {
  test("gets the guest's numbers by their types, and the guest gets its answer", async () => {
    const seen: unknown[] = [];
    await using arena = await open({
      get: (_, ...args) => {
        seen.push(...args);
        return -7;
      },
    });
    const call = "(call $db_get (i32.const -1) (i64.const 0x7fffffffffffffff) (f32.const 0.5) (f64.const -0.25))";
    await spawn(arena, poller(`(call $tell ${call})`), {}, db("get", "(param i32 i64 f32 f64) (result i32)"));
    expect(await arena.words(1)).toEqual([-7]);
    expect(seen).toEqual([-1, 2n ** 63n - 1n, 0.5, -0.25]);
    expect(await arena.served()).toBe(true);
  });

  test("answers an i64 by a bigint, an f64 by a number, and nothing by nothing", async () => {
    let noted = 0;
    await using arena = await open({
      big: (_, value) => -BigInt(value),
      half: (_, value) => Number(value) / 2,
      note: (_, value) => {
        noted = Number(value);
      },
    });
    await spawn(
      arena,
      poller(`
        (call $tell (i32.wrap_i64 (i64.shr_s (call $db_big (i64.const 0x500000000)) (i64.const 32))))
        (call $tell (i32.trunc_f64_s (f64.mul (call $db_half (f64.const 5)) (f64.const 2))))
        (call $db_note (i32.const 9)) (call $tell (i32.const 1))`),
      {},
      `${db("big", "(param i64) (result i64)")} ${db("half", "(param f64) (result f64)")} ${db("note", "(param i32)")}`,
    );
    expect(await arena.words(3)).toEqual([-5, 5, 1]);
    expect(noted).toBe(9);
    expect(await arena.served()).toBe(true);
  });

  test("knows who calls, of which module, and that it lives", async () => {
    const seen: unknown[] = [];
    await using arena = await open({
      get: context => {
        seen.push([context.pid, context.module, context.signal.aborted]);
        return 1;
      },
    });
    const pids = [await spawn(arena, poller(CALL_GET_DROPPED)), await spawn(arena, handler(CALL_GET_DROPPED))];
    await arena.settle();
    expect(seen).toEqual(pids.map(pid => [pid, "attacker", false]));
    expect(await arena.served()).toBe(true);
  });

  test.each([
    ["a process", poller(`(call $tell ${CALL_GET})`)],
    ["a process by JSPI", waiting.jspi(CALL_GET)],
    ["a process by resume:run", waiting.resume(CALL_GET)],
    ["a handler", handler(`(call $tell ${CALL_GET})`)],
    ["_start", `(func (export "_start") (call $begin) (call $tell ${CALL_GET})) (func (export "handle") (param i32))`],
    [
      "a start function",
      `(func $go (call $begin) (call $tell ${CALL_GET})) (start $go) (func (export "handle") (param i32))`,
    ],
  ])("is called from %s", async (_, body) => {
    await using arena = await open({ get: (_context, value) => Number(value) + 1 });
    await spawn(arena, body);
    expect(await arena.words(1)).toEqual([6]);
    await arena.settle();
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test("that says -2 has put nothing under way: park crashes", async () => {
    await using arena = await open({ get: () => -2 });
    const pid = await spawn(arena, waiting.jspi(CALL_GET));
    expect(await arena.words(1)).toEqual([-2]);
    expect(await arena.reason(pid)).toMatch(/^crashed: .*park/);
    expect(await arena.served()).toBe(true);
  });

  test("crashes a predicate that calls it, which it never learns", async () => {
    let calls = 0;
    await using arena = await open({ get: () => ++calls });
    const pid = await spawn(
      arena,
      `(func (export "match") (param i32 i32 i32) (result i32) ${CALL_GET})
       ${handler("(drop (call $recv_match (i32.const 64) (i32.const 96) (i32.const 32) (i32.const 0) (i32.const 1)))")}`,
    );
    arena.runtime.send(pid, "candidate");
    expect(await arena.reason(pid)).toMatch(/^crashed: .*db\.get/);
    expect(calls).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test.each<[string, unknown]>([
    ["text", "seven"],
    ["an object", {}],
    ["nothing", undefined],
    ["null", null],
    ["not a number", Number.NaN],
    ["infinity", Number.POSITIVE_INFINITY],
    ["more than 32 bits", 2 ** 40],
    ["a bigint", 5n],
    ["a symbol", Symbol("s")],
    ["what throws when it is made a number", { valueOf: throws("valueOf") }],
    ["what throws when it is asked whether it is a promise", Object.defineProperty({}, THEN, { get: throws("then") })],
    ["a promise that throws", thenable(throws("then"))],
  ])("or later and answers %s ends at most its caller", async (_, value) => {
    // It is what embedders write in JavaScript, where no types are checked.
    const odd = value as number;
    await using arena = await open({ get: () => odd, late: async () => odd, fail: { run: () => odd, failStatus: -9 } });
    const imports = `${GET} ${db("late")} ${db("fail")}`;
    const pids = [await spawn(arena, handler(CALL_GET_DROPPED), {}, imports)];
    for (const way of WAYS) {
      for (const name of ["get", "late", "fail"]) {
        pids.push(await spawn(arena, waiting[way](`(call $db_${name} (i32.const 0))`), {}, imports));
      }
    }
    await arena.settle();
    expect(pids.slice(1).filter(pid => arena.runtime.isAlive(pid))).toEqual([]);
    for (const pid of pids.slice(1)) expect(await arena.reason(pid)).toMatch(/^(normal|crashed: )/);
    expect(await arena.served()).toBe(true);
  });
});

describe("a function that throws", TIMEOUT, () => {
  const places = [
    ["a process", poller(`(call $tell ${CALL_GET})`)],
    ["a process by JSPI", waiting.jspi(CALL_GET)],
    ["a process by resume:run", waiting.resume(CALL_GET)],
    ["a handler", handler(`(call $tell ${CALL_GET})`)],
    ["_start", `(func (export "_start") (call $begin) (call $tell ${CALL_GET})) (func (export "handle") (param i32))`],
  ] as const;

  test.each(places)("crashes %s and says so", async (_, body) => {
    await using arena = await open({ get: throws("no such row") });
    const pid = await spawn(arena, body);
    expect(await arena.reason(pid)).toBe("crashed: db.get: no such row");
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test("makes the spawn fail where a start function calls it", async () => {
    await using arena = await open({ get: throws("no such row") });
    const body = `(func $go ${CALL_GET_DROPPED}) (start $go) (func (export "handle") (param i32))`;
    await expect(spawn(arena, body)).rejects.toThrow(SpawnError);
    await expect(spawn(arena, body)).rejects.toThrow(/db\.get: no such row/);
    expect(await arena.served()).toBe(true);
  });

  test.each(places)("answers %s the status that the embedder has chosen", async (_, body) => {
    await using arena = await open({ get: { run: throws("no such row"), failStatus: -7 } });
    await spawn(arena, body);
    expect(await arena.words(1)).toEqual([-7]);
    expect(await arena.served()).toBe(true);
  });

  test.each<[string, unknown]>([
    ["text", "why"],
    ["nothing", undefined],
    ["null", null],
    ["a symbol", Symbol("why")],
    ["an object without prototype", Object.create(null)],
    ["an error whose message throws", Object.defineProperty(new Error("x"), "message", { get: throws("message") })],
    ["an error whose stack throws", Object.defineProperty(new Error("x"), "stack", { get: throws("stack") })],
    ["an object that cannot be made a text", { toString: throws("toString") }],
    ["a proxy that throws at everything", new Proxy({}, { get: throws("get"), getPrototypeOf: throws("prototype") })],
    ["a stack overflow of its own", new RangeError("Maximum call stack size exceeded")],
    ["a very long message", new Error("x".repeat(10_000_000))],
  ])("even %s crashes its caller alone, at once and later", async (_, what) => {
    const fail = () => {
      throw what;
    };
    await using arena = await open({ get: fail, late: async () => fail() });
    const imports = `${GET} ${db("late")}`;
    const pids = [await spawn(arena, handler(CALL_GET_DROPPED), {}, imports)];
    for (const way of WAYS) {
      pids.push(await spawn(arena, waiting[way](CALL_GET), {}, imports));
      pids.push(await spawn(arena, waiting[way]("(call $db_late (i32.const 0))"), {}, imports));
    }
    await arena.settle();
    expect(pids.filter(pid => arena.runtime.isAlive(pid))).toEqual([]);
    for (const pid of pids) expect(await arena.reason(pid)).toMatch(/^crashed/);
    expect(await arena.served()).toBe(true);
  });

  test("is not survived by a guest that catches it", async () => {
    let marks = 0;
    await using arena = await open({ get: throws("no such row"), mark: () => ++marks });
    const caught = `(block $out (block $caught (try_table (catch_all $caught) ${CALL_GET_DROPPED}) (br $out)))
      (block $over (block $again (try_table (catch_all $again) (drop (call $db_mark (i32.const 0)))) (br $over)))
      (call $tell (i32.const 1))`;
    for (const body of [poller(caught), handler(caught)]) {
      const pid = await spawn(arena, body, {}, `${GET} ${db("mark")}`);
      expect(await arena.reason(pid)).toBe("crashed: db.get: no such row");
    }
    expect([marks, arena.boss.size]).toEqual([0, 0]);
    expect(await arena.served()).toBe(true);
  });
});

describe.each(WAYS)("a function that takes its time, called by %s", TIMEOUT, way => {
  /** A function whose calls the test settles, in order. */
  function slow() {
    const calls: (PromiseWithResolvers<number> & { context: HostContext })[] = [];
    const get = (context: HostContext) => {
      const call = { ...Promise.withResolvers<number>(), context };
      calls.push(call);
      return call.promise;
    };
    return { calls, get };
  }

  test("answers -2, and its answer is what park returns", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    const pid = await spawn(arena, waiting[way](CALL_GET));
    expect(await arena.words(1)).toEqual([-2]);
    await arena.settle();
    arena.clock.jump(1_000_000);
    await arena.settle();
    expect([arena.runtime.isAlive(pid), arena.boss.size]).toEqual([true, 0]);
    expect(await arena.served()).toBe(true);
    calls[0].resolve(7);
    expect(await arena.words(1)).toEqual([7]);
    expect(await arena.reason(pid)).toBe("normal");
    expect(calls[0].context.signal.aborted).toBe(true);
  });

  test.each([0, -1, -100, -101, 2 ** 31 - 1, -(2 ** 31)])("may answer %i, which is passed on", async answer => {
    await using arena = await open({ get: async () => answer });
    const pid = await spawn(arena, waiting[way](CALL_GET));
    expect(await arena.words(2)).toEqual([-2, answer]);
    expect(await arena.reason(pid)).toBe("normal");
    expect(await arena.served()).toBe(true);
  });

  test("crashes its caller where it answers -2, which would tell it to wait again", async () => {
    await using arena = await open({ get: async () => -2 });
    const pid = await spawn(arena, waiting[way](CALL_GET));
    expect(await arena.words(1)).toEqual([-2]);
    expect(await arena.reason(pid)).toMatch(/^crashed: db\.get: it answered -2/);
    expect(await arena.served()).toBe(true);
  });

  test("may not answer -2, which would tell its caller to wait: that crashes it", async () => {
    await using arena = await open({ get: async () => -2 });
    const pid = await spawn(arena, waiting[way](CALL_GET));
    expect(await arena.words(1)).toEqual([-2]);
    expect(await arena.reason(pid)).toMatch(/^crashed: db\.get: .*-2/);
    expect(await arena.served()).toBe(true);
  });

  test("may be done before the guest parks, and is waited for all the same", async () => {
    await using arena = await open({ get: () => Promise.resolve(7) });
    await spawn(arena, waiting[way](CALL_GET));
    expect(await arena.words(2)).toEqual([-2, 7]);
    expect(await arena.served()).toBe(true);
  });

  test("may answer by a promise that is none of the engine's, at once and more than once", async () => {
    await using arena = await open({
      get: () =>
        thenable((resolve, reject) => {
          resolve(7);
          resolve(8);
          reject(new Error("late"));
        }),
    });
    const pid = await spawn(arena, waiting[way](CALL_GET, { after: NEXT }));
    expect(await arena.words(3)).toEqual([-2, 7, -1]);
    expect(await arena.reason(pid)).toBe("normal");
    expect(await arena.served()).toBe(true);
  });

  test("leaves what comes meanwhile in the mailbox, in order", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    const pid = await spawn(arena, waiting[way](CALL_GET, { after: NEXT.repeat(6) }));
    arena.boss.send(pid, "before", { tag: 1 });
    expect(await arena.words(1)).toEqual([-2]);
    for (const tag of [2, 3]) arena.boss.send(pid, "meanwhile", { tag });
    await arena.settle();
    arena.boss.send(pid, "meanwhile", { tag: 4 });
    await arena.settle();
    expect(arena.boss.size).toBe(0);
    calls[0].resolve(7);
    arena.boss.send(pid, "settled", { tag: 5 });
    expect(await arena.words(7)).toEqual([7, 1, 2, 3, 4, 5, -1]);
    expect(await arena.served()).toBe(true);
  });

  test("loses its answer where another receive is called instead of park", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    const instead = `(call $tell (local.tee $n ${RECV}))`;
    const pid = await spawn(arena, waiting[way](CALL_GET, { between: instead, after: NEXT }));
    expect(await arena.words(2)).toEqual([-2, -2]);
    calls[0].resolve(7);
    await arena.settle();
    expect(arena.boss.size).toBe(0);
    arena.boss.send(pid, "four", { tag: 9 });
    expect(await arena.words(2)).toEqual([4, -1]);
    expect(await arena.reason(pid)).toBe("normal");
    expect(await arena.served()).toBe(true);
  });

  test("is no longer to be waited for after a receive that had something", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    // Parks though its receive was served.
    const pid = await spawn(arena, waiting[way](CALL_GET, { before: NEXT, between: NEXT }));
    expect(await arena.words(3)).toEqual([-1, -2, -1]);
    expect(await arena.reason(pid)).toMatch(/^crashed: .*park/);
    calls[0].reject(new Error("nobody hears"));
    await arena.settle();
    expect(await arena.served()).toBe(true);
  });

  test("takes the place of the receive before it, and of another call", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    const before = `(call $tell ${RECV}) (call $tell ${CALL_GET})`;
    const pid = await spawn(arena, waiting[way](CALL_GET, { before, after: NEXT + NEXT }));
    expect(await arena.words(3)).toEqual([-2, -2, -2]);
    arena.boss.send(pid, "stays", { tag: 3 });
    calls[0].resolve(7);
    await arena.settle();
    expect(arena.boss.size).toBe(0);
    calls[1].resolve(8);
    expect(await arena.words(3)).toEqual([8, 3, -1]);
    expect(await arena.served()).toBe(true);
  });

  test("is not lost where a function that answers at once is called in between", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get, now: () => 5 });
    const imports = `${GET} ${db("now", "(result i32)")}`;
    await spawn(arena, waiting[way](CALL_GET, { between: "(call $tell (call $db_now))" }), {}, imports);
    expect(await arena.words(2)).toEqual([-2, 5]);
    calls[0].resolve(7);
    expect(await arena.words(1)).toEqual([7]);
    const pid = await spawn(arena, waiting[way](RECV, { between: "(call $tell (call $db_now))" }), {}, imports);
    expect(await arena.words(2)).toEqual([-2, 5]);
    arena.boss.send(pid, "three", { tag: 1 });
    expect(await arena.words(1)).toEqual([5]);
    expect(await arena.served()).toBe(true);
  });

  test("crashes its caller where it rejects, unless a status was chosen", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get, put: { run: get, failStatus: -7 } });
    const crashes = await spawn(arena, waiting[way](CALL_GET));
    expect(await arena.words(1)).toEqual([-2]);
    const fails = await spawn(arena, waiting[way]("(call $db_put (i32.const 1))"), {}, db("put"));
    expect(await arena.words(1)).toEqual([-2]);
    for (const call of calls) call.reject(new Error("connection lost"));
    expect(await arena.reason(crashes)).toBe("crashed: db.get: connection lost");
    expect(await arena.words(1)).toEqual([-7]);
    expect(await arena.reason(fails)).toBe("normal");
    expect(await arena.served()).toBe(true);
  });

  test("may reject before the guest parks", async () => {
    await using arena = await open({ get: () => Promise.reject(new Error("at once")) });
    const pid = await spawn(arena, waiting[way](CALL_GET));
    expect(await arena.words(1)).toEqual([-2]);
    expect(await arena.reason(pid)).toBe("crashed: db.get: at once");
    expect(await arena.served()).toBe(true);
  });

  test("that rejects when its answer was lost is of no consequence", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    const pid = await spawn(arena, waiting[way](CALL_GET, { between: `(local.set $n ${RECV})` }));
    expect(await arena.words(1)).toEqual([-2]);
    calls[0].reject(new Error("nobody hears"));
    await arena.settle();
    arena.boss.send(pid, "four", { tag: 1 });
    expect(await arena.words(1)).toEqual([4]);
    expect(await arena.reason(pid)).toBe("normal");
    expect(await arena.served()).toBe(true);
  });

  test.each<[what: string, end: (arena: Arena, pid: Pid) => unknown, isLast?: true]>([
    ["is killed", (arena, pid) => arena.runtime.kill(pid)],
    ["gets an exit signal", (arena, pid) => arena.boss.exit(pid, { kind: "shutdown" })],
    ["ends with the runtime", arena => arena.runtime.stop(), true],
  ])("learns that its caller %s meanwhile, and whatever it does then is of no consequence", async (_, end, isLast) => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    const pids: Pid[] = [];
    for (let count = 0; count < 3; count++) {
      const pid = await spawn(arena, waiting[way](CALL_GET));
      expect(await arena.words(1)).toEqual([-2]);
      pids.push(pid);
    }
    const aborted = calls.map(
      ({ context }) => new Promise(resolve => context.signal.addEventListener("abort", resolve)),
    );
    for (const pid of pids) await end(arena, pid);
    await Promise.all(aborted);
    for (const { context } of calls) {
      expect(context.signal.aborted).toBe(true);
      expect(() => context.write(0x200, Uint8Array.of(1, 2, 3))).not.toThrow();
      expect(() => context.write(2 ** 31, Uint8Array.of(1, 2, 3))).not.toThrow();
    }
    calls[0].resolve(7);
    calls[1].reject(new Error("late"));
    await arena.settle();
    for (const pid of pids) expect(arena.runtime.isAlive(pid)).toBe(false);
    if (isLast) return;
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test.each([
    ["traps", "unreachable", /^crashed: unreachable/],
    ["exits", "(call $exit (i32.const 1) (i32.const 0) (i32.const 0))", /^shutdown$/],
    ["returns", "(local.set $n (i32.const 0))", /^normal$/],
  ])("learns that its caller %s instead of waiting", async (_, between, reason) => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    const pid = await spawn(arena, waiting[way](CALL_GET, { between }));
    expect(await arena.words(1)).toEqual([-2]);
    expect(await arena.reason(pid)).toMatch(reason);
    expect(calls[0].context.signal.aborted).toBe(true);
    calls[0].reject(new Error("late"));
    await arena.settle();
    expect(await arena.served()).toBe(true);
  });

  test("does not reach the next actor by what it still holds of the last", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    const old = await spawn(arena, waiting[way](CALL_GET));
    expect(await arena.words(1)).toEqual([-2]);
    arena.runtime.kill(old);
    await arena.settle();
    // Of the same module, as like the first as can be; it keeps a secret, and shows later whether
    // that was written to.
    const SECRET = 0x5ec2e7;
    const keeps = `(i32.store (i32.const 0x200) (i32.const ${SECRET}))`;
    const shows = "(call $tell (i32.load (i32.const 0x200)))";
    const next: Pid[] = [];
    for (let count = 0; count < 5; count++) {
      next.push(await spawn(arena, waiting[way](CALL_GET, { before: keeps, after: shows })));
      expect(await arena.words(1)).toEqual([-2]);
    }
    const { context } = calls[0];
    // To refuse is an answer, too.
    const orRefused = <T>(use: () => T) => {
      try {
        return use();
      } catch {
        return undefined;
      }
    };
    orRefused(() => context.write(0x200, Uint8Array.of(1, 2, 3, 4)));
    const read = orRefused(() => context.read(0x200, 4)) ?? [];
    expect([...read]).not.toEqual([0xe7, 0xc2, 0x5e, 0]);
    for (const call of calls) call.resolve(1);
    expect(await arena.words(10)).toEqual(Array(5).fill([1, SECRET]).flat());
    expect(await arena.served()).toBe(true);
  });

  test("writes to its own caller, whoever else calls it meanwhile", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    const shows = "(call $tell (i32.load (i32.const 0x200)))";
    const pids: Pid[] = [];
    for (let count = 0; count < 3; count++) {
      pids.push(await spawn(arena, waiting[way](CALL_GET, { after: shows })));
      expect(await arena.words(1)).toEqual([-2]);
    }
    expect(calls.map(({ context }) => context.pid)).toEqual(pids);
    for (const [index, { context }] of calls.entries()) context.write(0x200, Uint8Array.of(index + 1, 0, 0, 0));
    for (const index of [2, 0, 1]) {
      calls[index].resolve(10 + index);
      expect(await arena.words(2)).toEqual([10 + index, index + 1]);
    }
    expect(await arena.served()).toBe(true);
  });

  test("finds the memory that has grown since", async () => {
    const { calls, get } = slow();
    await using arena = await open({ get });
    const grows = `(drop (memory.grow (i32.const 1))) (i32.store (i32.const ${MEMORY_END + 16}) (i32.const 77))`;
    const shows = `(call $tell (i32.load (i32.const ${MEMORY_END + 20})))`;
    await spawn(arena, waiting[way](CALL_GET, { between: grows, after: shows }));
    expect(await arena.words(1)).toEqual([-2]);
    const { context, resolve } = calls[0];
    expect([...context.read(MEMORY_END + 16, 4)]).toEqual([77, 0, 0, 0]);
    expect(context.write(MEMORY_END + 20, Uint8Array.of(78, 0, 0, 0))).toBe(4);
    resolve(7);
    expect(await arena.words(2)).toEqual([7, 78]);
    expect(await arena.served()).toBe(true);
  });

  test("crashes its caller by a pointer outside the memory that it uses late, whatever it makes of that itself", async () => {
    const { calls, get } = slow();
    const uses: ((context: HostContext) => unknown)[] = [
      context => context.read(MEMORY_END, 1),
      context => context.text(-1, 2),
      context => context.write(MEMORY_END - 1, Uint8Array.of(1, 2)),
    ];
    const swallowed = async (context: HostContext) => {
      const use = uses[await get(context)];
      try {
        use(context);
      } catch {
        // As an embedder might.
      }
      return 5;
    };
    const rethrown = async (context: HostContext) => {
      uses[await get(context)](context);
      return 5;
    };
    await using arena = await open({ get: swallowed, put: { run: rethrown, failStatus: -7 }, del: rethrown });
    const imports = `${GET} ${db("put")} ${db("del")}`;
    for (const name of ["get", "put", "del"]) {
      for (const use of uses.keys()) {
        const pid = await spawn(arena, waiting[way](`(call $db_${name} (i32.const 0))`), {}, imports);
        expect(await arena.words(1)).toEqual([-2]);
        calls.pop()?.resolve(use);
        expect(await arena.reason(pid)).toMatch(/^crashed: .*memory/);
      }
    }
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  describe.each(["another", "nobody"])("and uses a pointer outside the memory while %s has the turn", whose => {
    /** Of a call that is under way. Its outcome is ignored. */
    async function misuse() {
      const { calls, get } = slow();
      const put = () => {
        try {
          calls[0].context.read(MEMORY_END, 1);
        } catch {
          // As an embedder might.
        }
        return 5;
      };
      const arena = await open({ get, put });
      const pid = await spawn(arena, waiting[way](CALL_GET));
      expect(await arena.words(1)).toEqual([-2]);
      if (whose === "another") {
        const other = await spawn(arena, waiting[way]("(call $db_put (i32.const 0))", { after: NEXT }), {}, db("put"));
        expect(await arena.words(2)).toEqual([5, -1]);
        expect(await arena.reason(other)).toBe("normal");
      } else {
        put();
      }
      await arena.settle();
      return { arena, pid, resolve: calls[0].resolve };
    }

    test("crashes its own caller and no other", async () => {
      const { arena, pid, resolve } = await misuse();
      await using _ = arena;
      resolve(7);
      expect(await arena.reason(pid)).toMatch(/^crashed: .*outside the memory/);
      expect(arena.boss.size).toBe(0);
      expect(await arena.served()).toBe(true);
    });

    test("crashes its caller at once, though it may never answer", async () => {
      const { arena, pid } = await misuse();
      await using _ = arena;
      expect(arena.runtime.isAlive(pid)).toBe(false);
      expect(await arena.reason(pid)).toMatch(/^crashed: .*outside the memory/);
      expect(await arena.served()).toBe(true);
    });
  });

  describe("and the limit hostCalls", () => {
    const limits = { hostCalls: 2 };
    const twice = `(call $tell ${CALL_GET}) (call $tell ${CALL_GET})`;

    test("refuses what is more, and does nothing for it", async () => {
      const { calls, get } = slow();
      await using arena = await open({ get });
      const body = waiting[way](CALL_GET, {
        before: twice,
        after: `(call $tell ${RECV}) (call $tell ${CALL_GET}) (call $tell ${CALL_GET})`,
      });
      const pid = await spawn(arena, body, { limits });
      expect(await arena.words(6)).toEqual([-2, -2, LIMIT, -2, LIMIT, LIMIT]);
      expect(await arena.reason(pid)).toBe("normal");
      expect(calls).toHaveLength(2);
      // Calls of a dead actor do not count.
      const other = await spawn(arena, waiting[way](CALL_GET), { limits });
      expect(await arena.words(1)).toEqual([-2]);
      calls[2].resolve(1);
      expect(await arena.words(1)).toEqual([1]);
      expect(await arena.reason(other)).toBe("normal");
      for (const call of calls) call.reject(new Error("late"));
      expect(await arena.served()).toBe(true);
    });

    test("counts calls whose answers are lost until they have settled", async () => {
      const { calls, get } = slow();
      await using arena = await open({ get });
      const twice = `(call $tell ${CALL_GET}) (call $tell ${CALL_GET}) (call $tell ${CALL_GET})`;
      const pid = await spawn(arena, waiting[way](RECV, { before: twice, after: twice }), { limits });
      expect(await arena.words(4)).toEqual([-2, -2, LIMIT, -2]);
      calls[0].resolve(1);
      calls[1].resolve(2);
      await arena.settle();
      arena.boss.send(pid, "go", { tag: 1 });
      expect(await arena.words(4)).toEqual([2, -2, -2, LIMIT]);
      for (const call of calls) call.resolve(1);
      expect(await arena.served()).toBe(true);
    });

    test("of 0 refuses every one", async () => {
      const { get } = slow();
      await using arena = await open({ get });
      await spawn(arena, waiting[way](CALL_GET), { limits: { hostCalls: 0 } });
      expect(await arena.words(1)).toEqual([LIMIT]);
      expect(await arena.served()).toBe(true);
    });
  });

  test("crashes a caller who expects no i32 of it", async () => {
    await using arena = await open({ get: async () => 7 });
    for (const [type, dropped] of [
      ["(param i32) (result i64)", `(drop ${CALL_GET})`],
      ["(param i32) (result f64)", `(drop ${CALL_GET})`],
      ["(param i32)", CALL_GET],
    ]) {
      const pid = await spawn(arena, waiting[way]("(i32.const 1)", { before: dropped }), {}, db("get", type));
      expect(await arena.reason(pid), type).toMatch(/^crashed/);
    }
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test("may itself call its caller, who cannot answer while it waits", async () => {
    await using arena = await open({
      get: async context => (await arena.runtime.call(context.pid, "are you there?", { timeoutMs: 50 })).length,
    });
    const pid = await spawn(arena, waiting[way](CALL_GET));
    expect(await arena.words(1)).toEqual([-2]);
    await arena.settle();
    expect(await arena.served()).toBe(true);
    arena.clock.jump(50);
    expect(await arena.reason(pid)).toMatch(/^crashed: db\.get: /);
    expect(await arena.served()).toBe(true);
  });
});

describe("a function that takes its time", TIMEOUT, () => {
  test("may end its caller before it returns its promise, which no one awaits then", async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    await using arena = await open({ get: async context => context.exit({ kind: "shutdown" }) }, { onError });
    const pid = await spawn(arena, waiting.jspi(CALL_GET));
    expect(await arena.reason(pid)).toBe("shutdown");
    expect(errors).toEqual([]);
    expect(await arena.served()).toBe(true);
  });

  test.each([
    ["a handler", handler(`(call $tell ${CALL_GET})`)],
    ["_start", `(func (export "_start") (call $begin) (call $tell ${CALL_GET})) (func (export "handle") (param i32))`],
    [
      "_start of a process that could wait",
      `(func (export "_start") (call $begin) (call $tell ${CALL_GET})) (func (export "run") (drop (call $park)))`,
    ],
    [
      "a predicate",
      `(func (export "match") (param i32 i32 i32) (result i32) ${CALL_GET})
       ${handler("(drop (call $recv_match (i32.const 64) (i32.const 96) (i32.const 32) (i32.const 0) (i32.const 1)))")}`,
    ],
  ])("crashes %s", async (_, body) => {
    const calls: PromiseWithResolvers<number>[] = [];
    const get = () => {
      const call = Promise.withResolvers<number>();
      calls.push(call);
      return call.promise;
    };
    await using arena = await open({ get });
    const pid = await spawn(arena, body);
    arena.runtime.send(pid, "candidate");
    expect(await arena.reason(pid)).toMatch(/^crashed: .*db\.get/);
    for (const call of calls) call.reject(new Error("late"));
    await arena.settle();
    expect(arena.boss.size).toBe(0);
    expect(await arena.served()).toBe(true);
  });

  test("makes a spawn fail whose start function calls it", async () => {
    const { promise, reject } = Promise.withResolvers<number>();
    await using arena = await open({ get: () => promise });
    const body = `(func $go ${CALL_GET_DROPPED}) (start $go) (func (export "run") (drop (call $park)))`;
    await expect(spawn(arena, body)).rejects.toThrow(/db\.get/);
    reject(new Error("late"));
    await arena.settle();
    expect(await arena.served()).toBe(true);
  });

  test("may be done while its caller computes and is preempted", async () => {
    const gate = Promise.withResolvers<number>();
    await using arena = await open({ get: () => gate.promise });
    const burns = `(loop $burn (br_if $burn (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000000))))
      (call $tell (i32.const 1))`;
    await spawn(arena, waiting.jspi(CALL_GET, { between: burns }), {
      reductions: { policy: "yield", perTurn: 20_000 },
    });
    expect(await arena.words(1)).toEqual([-2]);
    // It has not come to the end of its loop.
    expect(arena.boss.size).toBe(0);
    gate.resolve(7);
    expect(await arena.served()).toBe(true);
    expect(arena.boss.size).toBe(0);
    expect(await arena.words(2)).toEqual([1, 7]);
  });

  test.each([
    ["resolves", -2, 7],
    ["rejects", -2, "crashed: db.get: lost"],
  ])("and %s while its caller, written by hand, has given way, is answered after", async (_, first, second) => {
    const gate = Promise.withResolvers<number>();
    await using arena = await open({ get: () => gate.promise });
    // Calls; gives way three times; parks; tells.
    const pid = await spawn(
      arena,
      `(global $state (mut i32) (i32.const 0))
      (func (export "run") unreachable)
      (func (export "resume:run") (param $n i32) (result i32)
        (if (i32.eqz (global.get $state)) (then (call $begin) (call $tell ${CALL_GET})))
        (global.set $state (i32.add (global.get $state) (i32.const 1)))
        (if (i32.le_u (global.get $state) (i32.const 3)) (then (return (i32.const 2))))
        (if (i32.eq (global.get $state) (i32.const 4)) (then (return (i32.const 1))))
        (call $tell (local.get $n))
        (i32.const 0))`,
    );
    expect(await arena.words(1)).toEqual([first]);
    if (second === 7) gate.resolve(7);
    else gate.reject(new Error("lost"));
    if (second === 7) expect(await arena.words(1)).toEqual([7]);
    else expect(await arena.reason(pid)).toBe(second);
    expect(await arena.served()).toBe(true);
  });
});

describe("the grant imports", TIMEOUT, () => {
  test.each<[granted: readonly string[] | "any", answer: number]>([
    [["db.get"], 1],
    [["db.*"], 1],
    ["any", 1],
    [["mail.post", "db.get"], 1],
    [[], DENIED],
    [["db.put"], DENIED],
    [["db"], DENIED],
    [["get"], DENIED],
    [["db."], DENIED],
    [["d*"], DENIED],
    [["db.g*"], DENIED],
    [["db.ge"], DENIED],
    [["db.get2"], DENIED],
    [["DB.get"], DENIED],
    [["dbx.*"], DENIED],
    [["any"], DENIED],
    [[""], DENIED],
  ])("of %j is asked for db.get", async (granted, answer) => {
    let calls = 0;
    await using arena = await open({ get: () => ++calls });
    const pid = await spawn(arena, handler(`(call $tell ${CALL_GET})`), { grants: { imports: granted } });
    expect(await arena.words(1)).toEqual([answer]);
    expect(calls).toBe(answer === 1 ? 1 : 0);
    expect(arena.runtime.isAlive(pid)).toBe(true);
    expect(await arena.served()).toBe(true);
  });

  test("of one function is not of another whose name is like it", async () => {
    await using arena = await Arena.open({
      imports: { db: { get: () => 1, "get.all": () => 2 }, "db.get": { all: () => 3 } },
    });
    const imports = `${GET} (import "db" "get.all" (func $a (result i32))) (import "db.get" "all" (func $b (result i32)))`;
    await spawn(
      arena,
      poller(`(call $tell ${CALL_GET}) (call $tell (call $a)) (call $tell (call $b))`),
      { grants: { imports: ["db.get"] } },
      imports,
    );
    expect(await arena.words(3)).toEqual([1, DENIED, DENIED]);
    expect(await arena.served()).toBe(true);
  });

  test.each([
    ["i64", "(param i32) (result i64)", `(drop ${CALL_GET})`],
    ["f64", "(param i32) (result f64)", `(drop ${CALL_GET})`],
    ["nothing", "(param i32)", CALL_GET],
  ])("is missed by a crash where the function answers %s", async (_, type, call) => {
    let calls = 0;
    await using arena = await open({ get: () => ++calls });
    const pid = await spawn(arena, poller(`${call} (call $tell (i32.const 1))`), { grants: {} }, db("get", type));
    expect(await arena.reason(pid)).toMatch(/^crashed/);
    expect([calls, arena.boss.size]).toEqual([0, 0]);
    expect(await arena.served()).toBe(true);
  });
});

describe("names of the embedder's", TIMEOUT, () => {
  test.each(["actor", "env"])("may not be %s, which is the ABI's", name => {
    expect(() => new Runtime({ imports: { [name]: { mine: () => 1 } } })).toThrow(new RegExp(`\\b${name}\\b`));
  });

  test.each([
    [
      "a function that is not offered",
      `(import "db" "put" (func))`,
      /db\.put.*\bget\b.*\bdel\b|db\.put.*\bdel\b.*\bget\b/s,
    ],
    ["a module that is not offered", `(import "cache" "get" (func))`, /cache\.get/],
    ["a global under a function's name", `(import "db" "get" (global i32))`, /db\.get/],
    ["a table under a function's name", `(import "db" "get" (table 1 funcref))`, /db\.get/],
    ["a memory under a function's name", `(import "db" "get" (memory 1))`, /db\.get/],
    ["what every object has", `(import "db" "constructor" (func))`, /db\.constructor/],
    ["what every object inherits", `(import "db" "toString" (func (result i32)))`, /db\.toString/],
    ["what every object inherits from", `(import "db" "__proto__" (func))`, /db\.__proto__/],
    ["a module that every object has", `(import "constructor" "name" (func))`, /constructor\.name/],
    ["a module that every object inherits from", `(import "__proto__" "toString" (func))`, /__proto__\.toString/],
    ["a name with nothing in it", `(import "db" "" (func))`, /db\./],
  ])("a guest that imports %s is refused by a LoadError that names it", async (_, text, message) => {
    await using arena = await open({ get: () => 1, del: () => 2 });
    const memory = text.includes("(memory") ? "" : `(import "env" "memory" (memory 2))`;
    const wasm = assemble(`(module ${text} ${memory} (func (export "run")))`);
    const error = await arena.load(wasm).then(
      () => undefined,
      reason => reason,
    );
    expect(error).toBeInstanceOf(LoadError);
    expect(error.message).toMatch(message);
    expect(await arena.served()).toBe(true);
  });

  test("are bound to what they were when the runtime was made", async () => {
    const functions = { get: () => 1 };
    await using arena = await open(functions);
    functions.get = () => 2;
    await spawn(arena, poller(`(call $tell ${CALL_GET})`));
    expect(await arena.words(1)).toEqual([1]);
    expect(await arena.served()).toBe(true);
  });

  test("are called with numbers and bigints only, whatever types a guest gives them", async () => {
    const seen: unknown[] = [];
    await using arena = await open({
      get: (_, ...args) => {
        seen.push(...args);
        return 1;
      },
    });
    // externref null, a function of the guest's own, a vector; and results that no number can stand
    // for.
    const { MVP, ReferenceTypes, SIMD128, Multivalue, BulkMemory, MutableGlobals } = (await import("binaryen")).default
      .Features;
    const features = MVP | ReferenceTypes | SIMD128 | Multivalue | BulkMemory | MutableGlobals;
    const odd: readonly (readonly [type: string, call: string])[] = [
      ["(param externref) (result i32)", "(drop (call $get (ref.null extern)))"],
      ["(param funcref) (result i32)", "(drop (call $get (ref.func $run)))"],
      ["(param v128) (result i32)", "(drop (call $get (v128.const i32x4 1 2 3 4)))"],
      ["(result externref)", "(drop (call $get))"],
      ["(result funcref)", "(drop (call $get))"],
      ["(result v128)", "(drop (call $get))"],
      ["(result i32 i32)", "(tuple.drop 2 (call $get))"],
    ];
    for (const [type, call] of odd) {
      const text = `(module (import "db" "get" (func $get ${type})) (import "env" "memory" (memory 2))
        (func $run (export "run") ${call}) (elem declare func $run))`;
      const module = await arena.load(assemble(text, features)).catch((error: unknown) => error);
      if (module instanceof Error) {
        expect(module).toBeInstanceOf(LoadError);
        expect(module.message).toMatch(/db\.get/);
        continue;
      }
      const pid = arena.runtime.spawn(module as GuestModule, { grants: ALL_OF_DB });
      expect(await arena.reason(pid)).toMatch(/^(normal|crashed: )/);
    }
    expect(seen.filter(value => typeof value !== "number" && typeof value !== "bigint")).toEqual([]);
    expect(await arena.served()).toBe(true);
  });
});

describe("context", TIMEOUT, () => {
  /** What the guest passes, as a call of a function that takes a pointer and a length. */
  const call = (ptr: number, len: number) => `(call $db_use (i32.const ${ptr}) (i32.const ${len}))`;
  const USE = db("use", "(param i32 i32) (result i32)");
  const inside: readonly (readonly [ptr: number, len: number])[] = [
    [0, 1],
    [1, 1],
    [MEMORY_END - 1, 1],
    [MEMORY_END - 8, 8],
    [0, MEMORY_END],
    [0, 0],
    [MEMORY_END, 0],
    [2 ** 31, 0],
    [2 ** 32 - 1, 0],
  ];
  const outside: readonly (readonly [ptr: number, len: number])[] = [
    [MEMORY_END, 1],
    [MEMORY_END - 1, 2],
    [2 ** 31, 1],
    [2 ** 31, 2 ** 31],
    [2 ** 32 - 1, 1],
    [2 ** 32 - 1, 2],
    [16, 2 ** 32 - 16],
    [16, 2 ** 31],
    [0, 2 ** 32 - 1],
    [1, 2 ** 32 - 1],
  ];
  type Use = (context: HostContext, ptr: number, len: number) => number;
  const reading: readonly (readonly [name: string, use: Use])[] = [
    ["read", (context, ptr, len) => context.read(ptr, len).length],
    ["text", (context, ptr, len) => context.text(ptr, len).length],
  ];
  const writing: Use = (context, ptr, len) => context.write(ptr, new Uint8Array(len >>> 0).fill(7));

  async function plays(use: Use, ptr: number, len: number) {
    const arena = await open({ use: (context, a, b) => use(context, Number(a), Number(b)) });
    const pid = await spawn(arena, handler(`(call $tell ${call(ptr, len)})`), {}, USE);
    return { arena, pid };
  }

  test.each(inside)("reads and writes at %i, %i bytes", async (ptr, len) => {
    for (const [, use] of [...reading, ["write", writing] as const]) {
      const { arena, pid } = await plays(use, ptr, len);
      await using _ = arena;
      if (use !== writing || ptr > 24 || len === 0) expect(await arena.words(1)).toEqual([len]);
      expect(arena.runtime.isAlive(pid)).toBe(true);
      expect(await arena.served()).toBe(true);
    }
  });

  test.each(outside)("crashes the guest that says %i, %i bytes", async (ptr, len) => {
    for (const [, use] of reading) {
      for (const caught of [false, true]) {
        const { arena, pid } = await plays(caught ? swallows(use) : use, ptr, len);
        await using _ = arena;
        expect(await arena.reason(pid)).toMatch(/^crashed: .*outside the memory/);
        expect(arena.boss.size).toBe(0);
        expect(await arena.served()).toBe(true);
      }
    }
  });

  test.each(outside.filter(([, len]) => len < 10))(
    "crashes the guest that is to be written to at %i, %i bytes",
    async (ptr, len) => {
      for (const caught of [false, true]) {
        const { arena, pid } = await plays(caught ? swallows(writing) : writing, ptr, len);
        await using _ = arena;
        expect(await arena.reason(pid)).toMatch(/^crashed: .*outside the memory/);
        expect(arena.boss.size).toBe(0);
        expect(await arena.served()).toBe(true);
      }
    },
  );

  function swallows(use: Use): Use {
    return (context, ptr, len) => {
      try {
        return use(context, ptr, len);
      } catch {
        return 5;
      }
    };
  }

  test.each<[what: string, bytes: number[], capacity: number | undefined, memory: number[]]>([
    ["all without a capacity", [1, 2, 3, 4], undefined, [1, 2, 3, 4]],
    ["no more than the capacity", [1, 2, 3, 4], 2, [1, 2, 0xaa, 0xaa]],
    ["no more than there is", [1, 2], 4, [1, 2, 0xaa, 0xaa]],
    ["nothing where there is no capacity", [1, 2, 3, 4], 0, [0xaa, 0xaa, 0xaa, 0xaa]],
    ["nothing of nothing", [], 4, [0xaa, 0xaa, 0xaa, 0xaa]],
  ])("writes %s, and answers how many there are", async (_, bytes, capacity, memory) => {
    await using arena = await open({
      get: (context, at) => context.write(Number(at), Uint8Array.from(bytes), capacity),
    });
    await spawn(
      arena,
      poller(`(i32.store (i32.const 0x200) (i32.const 0xaaaaaaaa))
        (call $tell (call $db_get (i32.const 0x200))) (call $tell (i32.load (i32.const 0x200)))`),
    );
    const [written] = new Int32Array(Uint8Array.from(memory).buffer);
    expect(await arena.words(2)).toEqual([bytes.length, written]);
    expect(await arena.served()).toBe(true);
  });

  test("does not look at a pointer where the capacity is 0", async () => {
    await using arena = await open({ get: (context, at) => context.write(Number(at), Uint8Array.of(1, 2), 0) });
    await spawn(arena, poller("(call $tell (call $db_get (i32.const -1)))"));
    expect(await arena.words(1)).toEqual([2]);
    expect(await arena.served()).toBe(true);
  });

  test("takes a guest's capacity of all ones as what it is: room for everything, if it is inside the memory", async () => {
    await using arena = await open({
      use: (context, at, capacity) => context.write(Number(at), Uint8Array.of(1, 2, 3, 4), Number(capacity)),
    });
    const pid = await spawn(
      arena,
      poller(`(drop ${call(0x200, -1)}) (call $tell (i32.load (i32.const 0x200)))`),
      {},
      USE,
    );
    // Either the room is outside the memory, or all four bytes are written: never three.
    const reason = await arena.reason(pid);
    if (reason === "normal") expect(await arena.words(1)).toEqual([0x04030201]);
    else expect(reason).toMatch(/^crashed: .*outside the memory/);
    expect(await arena.served()).toBe(true);
  });

  test("gives copies: what an embedder keeps does not change, and what it changes is not the guest's", async () => {
    const kept: Uint8Array[] = [];
    await using arena = await open({
      get: (context, at) => {
        kept.push(context.read(Number(at), 4));
        kept[0].fill(9);
        return 1;
      },
    });
    await spawn(
      arena,
      poller(`(i32.store (i32.const 0x200) (i32.const 0x01010101)) (drop (call $db_get (i32.const 0x200)))
        (call $tell (i32.load (i32.const 0x200)))
        (i32.store (i32.const 0x200) (i32.const 0x02020202)) (drop (call $db_get (i32.const 0x200)))`),
    );
    expect(await arena.words(1)).toEqual([0x01010101]);
    await arena.settle();
    expect(kept.map(bytes => [...bytes])).toEqual([Array(4).fill(9), Array(4).fill(2)]);
    expect(await arena.served()).toBe(true);
  });

  test("replaces what is no UTF-8", async () => {
    let seen = "";
    await using arena = await open({
      use: (context, ptr, len) => {
        seen = context.text(Number(ptr), Number(len));
        return 1;
      },
    });
    await spawn(
      arena,
      poller(`(i32.store (i32.const 0x200) (i32.const 0x4280ff41)) (call $tell ${call(0x200, 4)})`),
      {},
      USE,
    );
    expect(await arena.words(1)).toEqual([1]);
    expect(seen).toBe("A\ufffd\ufffdB");
    expect(await arena.served()).toBe(true);
  });
});

describe("a function that uses the runtime in the middle of the guest's call", TIMEOUT, () => {
  const kinds = [
    ["a process", poller],
    ["a process by JSPI", (body: string) => waiting.jspi("(i32.const 1)", { before: body })],
    ["a process by resume:run", (body: string) => waiting.resume("(i32.const 1)", { before: body })],
    ["a handler", handler],
    ["_start", (body: string) => `(func (export "_start") (call $begin) ${body}) (func (export "handle") (param i32))`],
  ] as const;

  describe.each(kinds)("of %s", (_, kind) => {
    test.each<[string, (runtime: Runtime, context: HostContext) => unknown, string]>([
      ["kills it", (runtime, context) => runtime.kill(context.pid), "killed"],
      ["sends it an exit signal", (runtime, context) => runtime.exit(context.pid, { kind: "shutdown" }), "shutdown"],
    ])("%s, which ends there", async (_what, act, reason) => {
      let marks = 0;
      const aborted: boolean[] = [];
      await using arena = await open({
        get: context => {
          act(arena.runtime, context);
          aborted.push(context.signal.aborted);
          return 1;
        },
        mark: () => ++marks,
      });
      const body = kind(`${CALL_GET_DROPPED} (drop (call $db_mark (i32.const 0))) (call $tell (i32.const 1))`);
      const pid = await spawn(arena, body, {}, `${GET} ${db("mark")}`);
      expect(await arena.reason(pid)).toBe(reason);
      expect([marks, arena.boss.size]).toEqual([0, 0]);
      expect(await arena.served()).toBe(true);
    });

    test("stops it, and nothing is left", async () => {
      let marks = 0;
      let stopping: Promise<void> | undefined;
      await using arena = await open({
        get: () => {
          stopping = arena.runtime.stop();
          return 1;
        },
        mark: () => ++marks,
      });
      const body = kind(`${CALL_GET_DROPPED} (drop (call $db_mark (i32.const 0)))`);
      const pid = await spawn(arena, body, {}, `${GET} ${db("mark")}`);
      await arena.settle();
      expect(stopping).toBeDefined();
      await stopping;
      expect([arena.runtime.isAlive(pid), arena.runtime.isAlive(arena.witness), marks]).toEqual([false, false, 0]);
    });

    test("sends to it, which finds the messages afterwards, in order", async () => {
      await using arena = await open({
        get: context => {
          for (const tag of [1, 2, 3]) arena.runtime.send(context.pid, "in the middle", { tag });
          return 1;
        },
      });
      await spawn(arena, kind(`${CALL_GET_DROPPED} ${NEXT.repeat(4)}`));
      const tags = await arena.words(4);
      // The item that a test sends a handler to begin with may stand before them.
      expect(tags.filter(tag => tag !== 0)).toEqual(tags.includes(0) ? [1, 2, 3] : [1, 2, 3, -1]);
      expect(await arena.served()).toBe(true);
    });
  });

  test("is not entered again while its guest is in the middle of an item", async () => {
    let depth = 0;
    let deepest = 0;
    let calls = 0;
    await using arena = await open({
      get: context => {
        deepest = Math.max(deepest, ++depth);
        if (++calls < 50) arena.runtime.send(context.pid, "");
        depth--;
        return 1;
      },
    });
    // Tells at each end of an item how many of its items are under way.
    await spawn(
      arena,
      `(global $inside (mut i32) (i32.const 0))
      ${handler(`(global.set $inside (i32.add (global.get $inside) (i32.const 1))) ${CALL_GET_DROPPED}
        (call $tell (global.get $inside)) (global.set $inside (i32.sub (global.get $inside) (i32.const 1)))`)}`,
    );
    expect(await arena.words(50)).toEqual(Array(50).fill(1));
    expect([deepest, calls]).toEqual([1, 50]);
    expect(await arena.served()).toBe(true);
  });

  test.each(kinds)("of %s spawns another whose start function speaks, and each speaks for itself", async (_, kind) => {
    const spawned: Pid[] = [];
    let nested: GuestModule;
    await using arena = await open({
      get: () => {
        const args = new Uint8Array(BigUint64Array.of(BigInt(arena.boss.pid)).buffer);
        spawned.push(arena.runtime.spawn(nested, { args }));
        return 1;
      },
    });
    const talks = `(func $go (call $begin) (call $tell (i32.const 2))) (start $go) (func (export "handle") (param i32))`;
    nested = await arena.load(`${PRELUDE} ${talks}`);
    const pid = await spawn(arena, kind(`(call $tell (i32.const 1)) ${CALL_GET_DROPPED} (call $tell (i32.const 3))`));
    const from: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      const item = await arena.boss.receive();
      if (item?.kind === "message") from.push([item.from, item.bytes[0]]);
    }
    expect(from).toEqual([
      [pid, 1],
      [spawned[0], 2],
      [pid, 3],
    ]);
    expect(await arena.served()).toBe(true);
  });

  test("spawns one whose start function traps, which is an error of that spawn alone", async () => {
    const errors: unknown[] = [];
    let nested: GuestModule;
    await using arena = await open({
      get: () => {
        try {
          arena.runtime.spawn(nested);
        } catch (error) {
          errors.push(error);
        }
        return 1;
      },
    });
    nested = await arena.load(`(func $go unreachable) (start $go) (func (export "handle") (param i32))`);
    await spawn(arena, handler(`(call $tell ${CALL_GET})`));
    expect(await arena.words(1)).toEqual([1]);
    expect(errors).toEqual([expect.any(SpawnError)]);
    expect(await arena.served()).toBe(true);
  });
});

describe("a function called where the stack is nearly exhausted", TIMEOUT, () => {
  const deep = (frames: number): number => (frames > 0 ? deep(frames - 1) + 1 : 0);

  test.each([
    ["a handler", (body: string) => handler(body)],
    ["a process", (body: string) => poller(body)],
    ["a process by JSPI", (body: string) => waiting.jspi("(i32.const 1)", { before: body })],
  ])("by %s is called whole or not at all", async (_, kind) => {
    let entered = 0;
    let finished = 0;
    await using arena = await open({
      get: () => {
        entered++;
        // Some 10 KB of the engine's slowest frames.
        deep(60);
        finished++;
        return 1;
      },
    });
    const dig = `(func $dig (param $n i32) ${CALL_GET_DROPPED} (call $dig (i32.add (local.get $n) (i32.const 1)))
      (i32.store (i32.const 512) (local.get $n)))`;
    for (let round = 0; round < 5; round++) {
      const pid = await spawn(arena, `${dig} ${kind("(call $dig (i32.const 0))")}`);
      expect(await arena.reason(pid)).toMatch(/^crashed: .*stack overflow/);
    }
    expect(entered).toBeGreaterThan(100);
    expect(finished).toBe(entered);
    expect(await arena.served()).toBe(true);
  });
});

describe("a guest that comes compiled", TIMEOUT, () => {
  test("and gives a function of the embedder types that it does not expect harms itself at most", async () => {
    await using arena = await open({ get: (context, at) => context.write(Number(at), Uint8Array.of(1)) });
    const wasm = guest(
      `${db("get", "(param f64) (result i64)")} (func (export "run") (drop (call $db_get (f64.const nan))))`,
    );
    const module = await arena.runtime.load(new WebAssembly.Module(wasm));
    const pid = arena.runtime.spawn(module, { grants: ALL_OF_DB });
    expect(await arena.reason(pid)).toMatch(/^crashed/);
    expect(await arena.served()).toBe(true);
  });
});
