/** Guests ask functions of the embedder by name, and get the answers as messages. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type {
  DeadLetter,
  Denial,
  GuestModule,
  HostContext,
  HostImports,
  Message,
  Pid,
  RuntimeOptions,
  SpawnOptions,
} from "../../host/index.ts";
import { ImageError } from "../../host/index.ts";
import { macrotask } from "../support/clock.ts";
import { Stage } from "../support/player.ts";
import { guest } from "../support/wat.ts";

const DENIED = -100;
const LIMIT = -101;
const ASKED = 90;
const DID = 91;
const [ASK, DROP, DEMONITOR, SEND_SELF, THRICE] = [1, 2, 3, 4, 5];

const unhandled: unknown[] = [];
const noteUnhandled = (error: unknown) => void unhandled.push(error);
beforeAll(() => void process.on("unhandledRejection", noteUnhandled));
afterAll(() => void process.off("unhandledRejection", noteUnhandled));
afterEach(async () => {
  await new Promise(resolve => setImmediate(resolve));
  expect(unhandled.splice(0)).toEqual([]);
});

/**
 * Obeys the messages of the test: the tag says what to do, and the payload is a name of 6 bytes and a request, or
 * words. It tells what the import has answered, and of each other item `kind tag from ref reason len` and the payload.
 */
const ASKER = `
  (func $tell (param $tag i32) (param $ptr i32) (param $len i32)
    (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (local.get $tag) (local.get $ptr) (local.get $len))))
  (func $did (param $tag i32) (param $word i32)
    (i32.store (i32.const 8) (local.get $word))
    (call $tell (local.get $tag) (i32.const 8) (i32.const 4)))
  (func (export "_start")
    (drop (call $args (i32.const 16) (i32.const 8)))
    (call $window (i32.const 96) (i32.const 128) (i32.const 60000)))
  (func $question (param $n i32)
    (call $did (i32.const ${ASKED})
      (call $ask (i32.const 128) (i32.const 6) (i32.const 134) (i32.sub (local.get $n) (i32.const 6)))))
  (func (export "handle") (param $n i32) (local $do i32)
    (local.set $do (select (i32.load (i32.const 100)) (i32.const 0) (i32.load (i32.const 104))))
    (if (i32.eqz (local.get $do)) (then (call $tell (i32.const 0) (i32.const 96) (i32.add (i32.const 32) (local.get $n)))))
    (if (i32.eq (local.get $do) (i32.const ${ASK})) (then (call $question (local.get $n))))
    (if (i32.eq (local.get $do) (i32.const ${THRICE})) (then
      (call $question (local.get $n)) (call $question (local.get $n)) (call $question (local.get $n))))
    (if (i32.eq (local.get $do) (i32.const ${DROP})) (then
      (call $did (i32.const ${DID}) (call $drop_ref (i32.load (i32.const 128))))))
    (if (i32.eq (local.get $do) (i32.const ${DEMONITOR})) (then
      (call $did (i32.const ${DID}) (call $demonitor (i32.load (i32.const 128)) (i32.const 1)))))
    (if (i32.eq (local.get $do) (i32.const ${SEND_SELF})) (then
      (call $did (i32.const ${DID})
        (call $send (call $self_lo) (call $self_hi) (i32.load (i32.const 128)) (i32.const 0) (i32.const 0))))))`;

const asker = guest(ASKER);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const word = (value: number) => new Uint8Array(Int32Array.of(value).buffer);

const tiesOf = ({ runtime }: Stage) => runtime.snapshot().memory.ties;

class Asking extends Stage {
  readonly errors: [unknown, string][];
  readonly letters: DeadLetter[];
  readonly denials: Denial[];
  readonly #others: Message[] = [];
  #module: Promise<GuestModule> | undefined;

  constructor(functions: HostImports[string], options: RuntimeOptions = {}) {
    const errors: [unknown, string][] = [];
    const letters: DeadLetter[] = [];
    const denials: Denial[] = [];
    super({
      imports: { db: functions },
      onError: (error, callback) => void errors.push([error, callback]),
      onDeadLetter: letter => void letters.push(letter),
      onDenied: denial => void denials.push(denial),
      ...options,
    });
    this.errors = errors;
    this.letters = letters;
    this.denials = denials;
  }

  async asker(options: SpawnOptions = {}): Promise<Pid> {
    const args = new Uint8Array(BigUint64Array.of(BigInt(this.boss.pid)).buffer);
    this.#module ??= this.runtime.load(asker, { name: "asker", reductions: "count" });
    // On a machine that others load, a turn may take long by the clock.
    const limits = { turnMs: 60_000, ...options.limits };
    return this.runtime.spawn(await this.#module, { args, grants: { imports: ["db.*"] }, ...options, limits });
  }

  /** Has an asker do something, and returns what the import has answered. */
  async has(pid: Pid, what: number, payload: Uint8Array | string): Promise<number> {
    expect(this.boss.send(pid, payload, { tag: what })).toBe(true);
    return this.answered(what === ASK || what === THRICE ? ASKED : DID);
  }

  /** What an import has answered. */
  async answered(tag: number): Promise<number> {
    return new DataView((await this.#told(tag)).buffer).getInt32(0, true);
  }

  /** The next message of the asker that has a tag. */
  async #told(tag: number): Promise<Uint8Array> {
    for (;;) {
      const at = this.#others.findIndex(other => other.tag === tag);
      if (at >= 0) return this.#others.splice(at, 1)[0].bytes;
      const item = await this.boss.receive({ timeoutMs: 0 });
      if (item?.kind === "message") this.#others.push(item);
      else await macrotask();
    }
  }

  asks(pid: Pid, request: string, name = "db.get"): Promise<number> {
    return this.has(pid, ASK, name + request);
  }

  /** The next item that an asker has taken. */
  async item() {
    const bytes = await this.#told(0);
    const [kind, tag, lo, hi, ref, reason, length] = new Int32Array(bytes.slice(0, 28).buffer);
    return { kind, tag, from: lo + hi, ref, reason, length, text: decoder.decode(bytes.slice(32)) };
  }

  /** Whether the asker has told nothing more, once it has had its turns. */
  async isQuiet(): Promise<boolean> {
    await this.settle();
    return this.boss.size + this.#others.length === 0;
  }
}

const message = (ref: number, text: string) => ({
  kind: 1,
  tag: ref,
  from: 0,
  ref: 0,
  reason: 0,
  length: text.length,
  text,
});
const down = (ref: number, reason: number) => ({ kind: 2, tag: 0, from: 0, ref, reason, length: 0, text: "" });
const isRef = (ref: number) => ref < -1023;

/** A function whose calls the test settles. */
function slow() {
  const calls: (PromiseWithResolvers<Uint8Array | string> & { context: HostContext; request: string })[] = [];
  const get = {
    answer(context: HostContext, request: Uint8Array) {
      const call = Promise.withResolvers<Uint8Array | string>();
      calls.push({ ...call, context, request: decoder.decode(request) });
      return call.promise;
    },
  };
  return { calls, get };
}

describe("a question", () => {
  test("is answered by a message from the host that is tagged with the ref, also where the answer comes at once", async () => {
    const asked: unknown[] = [];
    const get = {
      answer(context: HostContext, request: Uint8Array) {
        asked.push(context.pid, context.module, decoder.decode(request));
        return encoder.encode("value");
      },
    };
    await using stage = new Asking({ get });
    const pid = await stage.asker();
    const ref = await stage.asks(pid, "key");
    expect(isRef(ref)).toBe(true);
    expect(await stage.item()).toEqual(message(ref, "value"));
    expect(asked).toEqual([pid, "asker", "key"]);
  });

  test("may wait beside others, and each answer comes when it is ready", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker();
    const refs = [await stage.asks(pid, "a"), await stage.asks(pid, "b"), await stage.asks(pid, "c")];
    expect(new Set(refs).size).toBe(3);
    expect(calls.map(({ request }) => request)).toEqual(["a", "b", "c"]);
    expect(await stage.isQuiet()).toBe(true);
    for (const at of [2, 0, 1]) {
      calls[at].resolve(`answer ${at}`);
      expect(await stage.item()).toEqual(message(refs[at], `answer ${at}`));
    }
  });

  test("leaves nothing behind once it is answered: the ref is over, and so are the call and the memory", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker({ limits: { ties: 1, hostCalls: 1 } });
    const before = tiesOf(stage);
    const ref = await stage.asks(pid, "x".repeat(1000));
    expect(tiesOf(stage)).toBeGreaterThan(before + 1000);
    calls[0].resolve("");
    expect(await stage.item()).toEqual(message(ref, ""));
    expect(tiesOf(stage)).toBe(before);
    expect(await stage.has(pid, DROP, word(ref))).toBe(0);
    expect(isRef(await stage.asks(pid, "again"))).toBe(true);
  });

  test.each([
    ["drop_ref", DROP],
    ["demonitor with a flush", DEMONITOR],
  ])("that is ended by %s gets no answer any more, which is a dead letter", async (_, what) => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker();
    const ref = await stage.asks(pid, "a");
    expect(await stage.has(pid, what, word(ref))).toBe(1);
    expect(await stage.has(pid, what, word(ref))).toBe(0);
    calls[0].resolve("late");
    expect(await stage.isQuiet()).toBe(true);
    expect(stage.letters).toEqual([{ from: 0, to: pid, tag: ref, length: 4, why: "late reply" }]);
  });

  test("is answered by no one else: not by its asker, not by the host's send", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker();
    const ref = await stage.asks(pid, "a");
    expect(await stage.has(pid, SEND_SELF, word(ref))).toBe(0);
    expect(stage.boss.send(pid, "forged", { tag: ref })).toBe(false);
    calls[0].resolve("true");
    expect(await stage.item()).toEqual(message(ref, "true"));
    expect(await stage.isQuiet()).toBe(true);
  });

  test("gets its request as a copy, and answers whose bytes may change afterwards", async () => {
    const kept: Uint8Array[] = [];
    const answer = encoder.encode("first");
    await using stage = new Asking({ get: { answer: (_, request) => (kept.push(request) > 0 ? answer : "") } });
    const pid = await stage.asker();
    const ref = await stage.asks(pid, "one");
    answer.fill(0);
    expect(await stage.item()).toEqual(message(ref, "first"));
    await stage.asks(pid, "two");
    expect(kept.map(bytes => decoder.decode(bytes))).toEqual(["one", "two"]);
  });
});

describe("a question that is refused asks nothing", () => {
  test("without the grant: -100, and the embedder hears the function's name", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker({ grants: { imports: ["db.put"] } });
    expect(await stage.asks(pid, "a")).toBe(DENIED);
    expect(await stage.asks(pid, "a", "db.nix")).toBe(DENIED);
    expect(await stage.asks(pid, "a", "nodots")).toBe(DENIED);
    await stage.settle();
    expect(stage.denials.map(({ call, grant }) => [call, grant])).toEqual([
      ["db.get", "imports"],
      ["ask", "imports"],
    ]);
    expect(calls).toEqual([]);
  });

  test("of a name that no function has, or one that is imported: 0", async () => {
    await using stage = new Asking({ get: () => 1, put: { run: () => 1, failStatus: 0 } });
    const pid = await stage.asker({ grants: "all" });
    for (const name of ["db.get", "db.put", "db.nix", "nodots", "......"]) {
      expect(await stage.asks(pid, "a", name)).toBe(0);
    }
  });

  test("where the request is longer than messageBytes: 2", async () => {
    const lengths: number[] = [];
    await using stage = new Asking({ get: { answer: (_, { length }) => `${lengths.push(length)}` } });
    const asks = (length: number) => `(call $ask (i32.const 32) (i32.const 6) (i32.const 0) (i32.const ${length}))`;
    const bytes = guest(`(data (i32.const 32) "db.get")
      (func (export "run")
        (i32.store (i32.const 8) ${asks(1001)}) (i32.store (i32.const 12) ${asks(1000)})
        (drop (call $args (i32.const 16) (i32.const 8)))
        (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 8) (i32.const 8))))`);
    const args = new Uint8Array(BigUint64Array.of(BigInt(stage.boss.pid)).buffer);
    stage.runtime.spawn(await stage.runtime.load(bytes), { args, limits: { messageBytes: 1000 } });
    const [first, second] = await stage.notes();
    expect([first, isRef(second), lengths]).toEqual([2, true, [1000]]);
  });

  test("beyond hostCalls, until a function has settled: -101", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker({ limits: { hostCalls: 2 } });
    const refs = [await stage.asks(pid, "a"), await stage.asks(pid, "b")];
    expect(await stage.asks(pid, "c")).toBe(LIMIT);
    // The function works on, whether its answer is wanted or not.
    expect(await stage.has(pid, DROP, word(refs[0]))).toBe(1);
    expect(await stage.asks(pid, "c")).toBe(LIMIT);
    calls[0].resolve("");
    await stage.settle();
    expect(isRef(await stage.asks(pid, "c"))).toBe(true);
    expect(calls.map(({ request }) => request)).toEqual(["a", "b", "c"]);
  });

  test("beyond ties: -101", async () => {
    const { get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker({ limits: { ties: 1 } });
    const ref = await stage.asks(pid, "a");
    expect(await stage.asks(pid, "b")).toBe(LIMIT);
    expect(await stage.has(pid, DEMONITOR, word(ref))).toBe(1);
    expect(isRef(await stage.asks(pid, "b"))).toBe(true);
  });

  test("where the requests that wait are longer than mailboxBytes: -101", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker({ limits: { mailboxBytes: 2000 } });
    expect(isRef(await stage.asks(pid, "x".repeat(1500)))).toBe(true);
    expect(await stage.asks(pid, "x".repeat(501))).toBe(LIMIT);
    expect(isRef(await stage.asks(pid, "x".repeat(500)))).toBe(true);
    calls[0].resolve("");
    await stage.item();
    expect(isRef(await stage.asks(pid, "x".repeat(1500)))).toBe(true);
  });

  test("where its asker's mailbox is full of what it has asked for: -101", async () => {
    await using stage = new Asking({ get: { answer: () => "now" } });
    const pid = await stage.asker({ limits: { mailboxMessages: 1, ties: 1, timers: 0 } });
    // The asker takes no answer before its second question.
    const first = await stage.has(pid, THRICE, "db.geta");
    expect(isRef(first)).toBe(true);
    expect([await stage.answered(ASKED), await stage.answered(ASKED)]).toEqual([LIMIT, LIMIT]);
    expect(await stage.item()).toEqual(message(first, "now"));
  });
});

describe("an answer", () => {
  test("is accepted by a mailbox that is full", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker({ limits: { mailboxMessages: 2 } });
    const ref = await stage.asks(pid, "a");
    expect([1, 2, 3].map(() => stage.boss.send(pid, "", { tag: 8 }))).toEqual([true, true, false]);
    calls[0].resolve("yes");
    expect(await stage.item()).toEqual(message(ref, "yes"));
  });

  test.each([
    ["at once", false],
    ["later", true],
  ])(
    "longer than messageBytes that comes %s becomes a Down with the reason noconnection, and a dead letter",
    async (_, isLate) => {
      const put = { answer: () => (isLate ? Promise.resolve("x".repeat(41)) : "x".repeat(41)) };
      await using stage = new Asking({ put });
      const pid = await stage.asker({ limits: { messageBytes: 40 } });
      const ref = await stage.asks(pid, "", "db.put");
      expect(await stage.item()).toEqual(down(ref, 5));
      expect(stage.letters).toEqual([{ from: 0, to: pid, tag: ref, length: 41, why: "too large" }]);
      expect(stage.errors).toEqual([]);
      expect(await stage.has(pid, DROP, word(ref))).toBe(0);
    },
  );

  test("that finds no room becomes such a Down, too", async () => {
    await using stage = new Asking({ get: { answer: () => "x".repeat(900) } });
    const pid = await stage.asker({ limits: { messageBytes: 1000, mailboxBytes: 1000 } });
    stage.boss.send(pid, "db.get", { tag: THRICE });
    const refs = [await stage.answered(ASKED), await stage.answered(ASKED), await stage.answered(ASKED)];
    const answer = "x".repeat(900);
    expect(await stage.item()).toEqual(message(refs[0], answer));
    expect(await stage.item()).toEqual(message(refs[1], answer));
    expect(await stage.item()).toEqual(down(refs[2], 5));
    expect(stage.letters.map(({ why }) => why)).toEqual(["mailbox full"]);
  });

  test("to an actor that has ended is dropped, and its signal says so", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker();
    const before = tiesOf(stage);
    for (const request of ["a", "b", "c"]) await stage.asks(pid, request);
    const { signal } = calls[0].context;
    expect(signal.aborted).toBe(false);
    stage.runtime.kill(pid);
    await stage.settle();
    expect(signal.aborted).toBe(true);
    expect(tiesOf(stage)).toBe(before);
    calls[0].resolve("late");
    calls[1].reject(signal.reason);
    calls[2].reject(new Error("too late"));
    await stage.settle();
    expect(stage.errors).toEqual([[new Error("too late"), "db.get"]]);
    expect(tiesOf(stage)).toBe(before);
  });

  test("comes to an actor that has left its instance, which a question does not prevent", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get }, { limits: { instances: 1 } });
    const pid = await stage.asker();
    const ref = await stage.asks(pid, "a");
    const other = await stage.asker();
    await stage.asks(other, "b");
    expect([pid, other].map(one => stage.runtime.info(one)?.resident)).toEqual([false, true]);
    calls[0].resolve("for the first");
    expect(await stage.item()).toEqual(message(ref, "for the first"));
  });
});

describe("a function that fails", () => {
  const broken = (): never => {
    throw new Error("no disk");
  };
  test.each<[string, () => unknown]>([
    ["throws", broken],
    ["rejects", async () => broken()],
    ["returns no bytes", () => 7],
    ["resolves to no bytes", async () => ({})],
    ["returns nothing", () => undefined],
  ])("because it %s crashes the guest that has asked it, and no one else", async (_, answer) => {
    await using stage = new Asking({ get: { answer: answer as () => string } });
    const pid = await stage.asker();
    const echo = await stage.echo();
    stage.boss.send(pid, "db.get", { tag: ASK });
    expect(await stage.reason(pid)).toMatch(/^crashed: db\.get: (no disk|a message is a Uint8Array)/);
    expect(await stage.answers(echo)).toBe(true);
    expect(stage.errors).toEqual([]);
  });

  test("after its question was dropped is told to onError, and crashes no one", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker();
    for (const request of ["a", "b", "c"]) await stage.has(pid, DROP, word(await stage.asks(pid, request)));
    calls[0].reject(new Error("late"));
    calls[1].resolve(7 as unknown as string);
    await stage.settle();
    expect(stage.errors.map(([error, callback]) => [String(error), callback])).toEqual([
      ["Error: late", "db.get"],
      [expect.stringMatching(/^TypeError: a message is/), "db.get"],
    ]);
    expect(stage.runtime.isAlive(pid)).toBe(true);
  });

  test("may end its caller with a reason, at once or later", async () => {
    const get = { answer: (context: HostContext) => context.exit({ kind: "shutdown" }) };
    const put = { answer: async (context: HostContext) => context.exit({ kind: "shutdown" }) };
    await using stage = new Asking({ get, put });
    for (const name of ["db.get", "db.put"]) {
      const pid = await stage.asker();
      stage.boss.send(pid, name, { tag: ASK });
      expect(await stage.reason(pid)).toBe("shutdown");
    }
    expect(stage.errors).toEqual([]);
  });
});

describe("an image", () => {
  test("of an actor with a question that waits is refused in words, and is there once it is answered", async () => {
    const { calls, get } = slow();
    await using stage = new Asking({ get });
    const pid = await stage.asker();
    await stage.asks(pid, "a");
    const image = () => stage.runtime.image(pid);
    expect(image).toThrow(ImageError);
    expect(image).toThrow("there is no image of this actor, because it has asked db.get, which has not answered");
    calls[0].resolve("");
    await stage.item();
    await stage.settle();
    expect(image().length).toBeGreaterThan(0);
  });
});

describe("a module", () => {
  test("that imports a function that is asked is refused, and the error says what to do", async () => {
    await using stage = new Asking({ get: { answer: () => "" } });
    const body = `(import "db" "get" (func $get)) (func (export "run"))`;
    await expect(stage.runtime.load(guest(body))).rejects.toThrow(
      /imports db\.get \(a function\), which guests do not import but ask: call actor\.ask with this name/,
    );
    await expect(stage.runtime.load(guest(body.replace("get", "put")))).rejects.toThrow(
      /there are the modules actor, env/,
    );
  });

  test("may ask in its start function and in _start", async () => {
    await using stage = new Asking({ get: { answer: (_, request) => request } });
    const bytes = guest(`(data (i32.const 32) "db.get") (global $ref (mut i32) (i32.const 0))
      (func $go (global.set $ref (call $ask (i32.const 32) (i32.const 6) (i32.const 32) (i32.const 2)))) (start $go)
      (func (export "_start")
        (drop (call $ask (i32.const 32) (i32.const 6) (i32.const 32) (i32.const 3)))
        (drop (call $args (i32.const 16) (i32.const 8)))
        (call $window (i32.const 64) (i32.const 128) (i32.const 60)))
      (func (export "handle") (param $n i32)
        (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20))
          (i32.eq (global.get $ref) (i32.load (i32.const 68))) (i32.const 128) (local.get $n))))`);
    const args = new Uint8Array(BigUint64Array.of(BigInt(stage.boss.pid)).buffer);
    stage.runtime.spawn(await stage.runtime.load(bytes), { args, grants: "all" });
    const items = [await stage.boss.receive(), await stage.boss.receive()];
    expect(items.map(item => item?.kind === "message" && [item.tag, decoder.decode(item.bytes)])).toEqual([
      [1, "db"],
      [0, "db."],
    ]);
  });
});

describe("the option imports", () => {
  test.each<[string, unknown, RegExp]>([
    ["whose answer is no function", { get: { answer: 5 } }, /answer of db\.get is not a function/],
    ["that is both imported and asked", { get: { answer: () => "", run: () => 1 } }, /has both run and answer/],
    ["that is nothing of the kind", { get: { ask: () => "" } }, /has no function run or answer/],
  ])("refuses a function %s", (_, functions, why) => {
    expect(() => new Asking(functions as HostImports[string])).toThrow(why);
  });
});
