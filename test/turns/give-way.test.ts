/**
 * Guests of the library that send many messages without a receive between them: they give way after
 * 256 of them (guest/transform/gives-way.ts).
 */

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import {
  type DeadLetter,
  formatReason,
  type GuestModule,
  type HostMailbox,
  type Pid,
  type Received,
  Runtime,
  type SpawnOptions,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet, WAYS } from "../support/guests.ts";
import { guest } from "../support/wat.ts";

/** More than two turns of a sender. */
const COUNT = 600;
const A_TURN = 256;
const DONE = 1_000_000;
const HOW = { tag: 0, text: 1, name: 2, writer: 3, bytes: 4 } as const;

type Message = Extract<Received, { kind: "message" }>;

let runtime: Runtime;
let clock: ManualClock;
let observer: HostMailbox;
let deadLetters: DeadLetter[];

function begin(): void {
  clock = new ManualClock();
  deadLetters = [];
  const onDeadLetter = (letter: DeadLetter) => deadLetters.push(letter);
  runtime = new Runtime({ clock, readString, grants: "all", onDeadLetter });
  observer = runtime.mailbox();
  runtime.register("observer", observer.pid);
}

afterEach(() => runtime.stop());

function argsFor(to: Pid, count = COUNT, how: number = HOW.tag): Uint8Array {
  const args = new DataView(new ArrayBuffer(16));
  args.setBigUint64(0, BigInt(to), true);
  args.setUint32(8, count, true);
  args.setUint32(12, how, true);
  return new Uint8Array(args.buffer);
}

/** The messages that have come to the observer. */
function taken(): Message[] {
  const items: Message[] = [];
  for (let item = observer.poll(); item !== undefined; item = observer.poll()) {
    if (item.kind === "message") items.push(item);
  }
  return items;
}

/** Who has sent how many messages one after another. Each one's numbers must be in order. */
function runs(items = taken()): [Pid, number][] {
  const found: [Pid, number][] = [];
  const next = new Map<Pid, number>();
  for (const { from, tag } of items) {
    if (tag >= DONE) continue;
    expect(tag).toBe(next.get(from) ?? 0);
    next.set(from, tag + 1);
    const last = found.at(-1);
    if (last?.[0] === from) last[1]++;
    else found.push([from, 1]);
  }
  return found;
}

/** What the flooders say of themselves when they have sent all. */
function told(items = taken()): number[] {
  return items.map(({ tag }) => tag).filter(tag => tag >= DONE);
}

/** Lets all actors run until they wait. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await quiet();
}

describe.each(WAYS)("a flooder built for %s", way => {
  let wasm: Uint8Array<ArrayBuffer>;
  let module: GuestModule;

  beforeAll(async () => {
    wasm = await buildGuest("guests", "flooder", way);
  });

  beforeEach(async () => {
    begin();
    module = await runtime.load(wasm, { name: "flooder" });
  });

  const spawn = (args: Uint8Array, entry = "run", options: SpawnOptions = {}) =>
    runtime.spawn(module, { entry, args, ...options });

  test.for(Object.entries(HOW))("gives way after 256 messages, sent by %s, and order is kept", async ([, how]) => {
    const one = spawn(argsFor(observer.pid, COUNT, how));
    const other = spawn(argsFor(observer.pid, COUNT, how));
    await settled();
    expect(runs()).toEqual([
      [one, A_TURN],
      [other, A_TURN],
      [one, A_TURN],
      [other, A_TURN],
      [one, COUNT - 2 * A_TURN],
      [other, COUNT - 2 * A_TURN],
    ]);
  });

  test.for(["deep", "each"])("gives way wherever it is in its code: %s", async entry => {
    const one = spawn(argsFor(observer.pid), entry);
    const other = spawn(argsFor(observer.pid), entry);
    await settled();
    const items = taken();
    expect(runs(items).slice(0, 3)).toEqual([
      [one, A_TURN],
      [other, A_TURN],
      [one, A_TURN],
    ]);
    // The code went on as if nothing had been.
    expect(told(items)).toEqual([DONE + COUNT, DONE + COUNT]);
  });

  test("is told 1 for each message, as always", async () => {
    spawn(argsFor(observer.pid));
    await settled();
    expect(told()).toEqual([DONE + COUNT]);
  });

  test("does not fill the mailbox of a receiver that takes what it gets", async () => {
    const limits = { mailboxMessages: 300 };
    const taker = runtime.spawn(await runtime.load(TAKER), { args: argsFor(observer.pid), limits });
    const sender = spawn(argsFor(taker, 5_000));
    const ended = runtime.exited(sender);
    await settled();
    expect(formatReason(await ended)).toBe("normal");
    expect(told()).toEqual([DONE + 5_000]);
    expect(deadLetters).toEqual([]);
  });

  test("can be killed where it gives way: nothing more comes, and its end is told after its last message", async () => {
    const killer = await runtime.load(KILLER);
    const asker = await runtime.load(ASKER);
    for (const asks of ["a guest", "the host"]) {
      const sender = spawn(argsFor(observer.pid), "asked");
      const ended = runtime.exited(sender);
      observer.monitor(sender);
      await settled();
      // This is put into its window at once, and is no dead letter later.
      runtime.send(sender, "soon");
      await settled();
      const kills = runtime.spawn(killer, { args: pidBytes(sender) });
      await settled();
      if (asks === "a guest") runtime.spawn(asker, { args: pidBytes(sender, kills) });
      else for (const pid of [sender, kills]) runtime.send(pid, "", { tag: 1 });
      await settled();
      const kinds: string[] = [];
      for (let item = observer.poll(); item !== undefined; item = observer.poll()) kinds.push(item.kind);
      expect(kinds).toEqual([...Array(A_TURN).fill("message"), "down"]);
      expect(formatReason(await ended)).toBe("killed");
      expect(deadLetters).toEqual([]);
    }
  });

  test("gives way if another guest has woken it, too", async () => {
    const asker = await runtime.load(ASKER);
    const [one, other] = [0, 1].map(() => spawn(argsFor(observer.pid), "asked"));
    await settled();
    for (const pid of [one, other]) runtime.send(pid, "");
    await settled();
    runtime.spawn(asker, { args: pidBytes(one, other) });
    await settled();
    const items = taken();
    expect(runs(items)).toEqual([
      [one, A_TURN],
      [other, A_TURN],
      [one, A_TURN],
      [other, A_TURN],
      [one, COUNT - 2 * A_TURN],
      [other, COUNT - 2 * A_TURN],
    ]);
    expect(told(items)).toEqual([DONE + COUNT, DONE + COUNT]);
  });

  test("ends where it gives way if a linked actor crashes", async () => {
    const crasher = await runtime.load(CRASHER);
    const sender = spawn(argsFor(observer.pid));
    const ended = runtime.exited(sender);
    runtime.spawn(crasher, { args: argsFor(sender) });
    await settled();
    expect(runs()).toEqual([[sender, A_TURN]]);
    expect(formatReason(await ended)).toMatch(/^crashed: unreachable/);
  });

  test("has the timeouts that it asks for, before and after", async () => {
    const sender = spawn(argsFor(observer.pid), "timed");
    await settled();
    expect(taken()).toEqual([]);
    await clock.advance(10);
    expect(runs()).toEqual([[sender, COUNT]]);
    await clock.advance(19);
    expect(taken()).toEqual([]);
    await clock.advance(1);
    expect(told()).toEqual([DONE + 3]);
  });

  test("gives way in the next actor that uses its instance, too", async () => {
    for (let i = 0; i < 3; i++) {
      const one = spawn(argsFor(observer.pid));
      const other = spawn(argsFor(observer.pid));
      await settled();
      expect(runs()[1]).toEqual([other, A_TURN]);
      expect(runtime.isAlive(one)).toBe(false);
    }
  });
});

describe.each([
  ["asyncify", "yield"],
  ["jspi", "count"],
] as const)("a flooder that counts its reductions, built for %s,", (way, reductions) => {
  test("gives way and is preempted, and sends all in order", async () => {
    begin();
    const module = await runtime.load(await buildGuest("guests", "flooder", way, reductions));
    const options = { entry: "busy", args: argsFor(observer.pid), reductions: { perTurn: 100_000 } };
    const one = runtime.spawn(module, options);
    const other = runtime.spawn(module, options);
    for (let i = 0; i < 200 && (runtime.isAlive(one) || runtime.isAlive(other)); i++) await quiet();
    const items = taken();
    expect(told(items)).toEqual([DONE + COUNT, DONE + COUNT]);
    const found = runs(items);
    // Preempted before it has sent 256, so there are more turns than without.
    expect(found.length).toBeGreaterThan(10);
    expect(found.reduce((sum, [, count]) => sum + count, 0)).toBe(2 * COUNT);
  });

  test("gives way after 256 messages", async () => {
    begin();
    const module = await runtime.load(await buildGuest("guests", "flooder", way, reductions));
    const one = runtime.spawn(module, { args: argsFor(observer.pid) });
    const other = runtime.spawn(module, { args: argsFor(observer.pid) });
    await settled();
    expect(runs().slice(0, 4)).toEqual([
      [one, A_TURN],
      [other, A_TURN],
      [one, A_TURN],
      [other, A_TURN],
    ]);
  });
});

/** Takes every item, and hands on what flooders say of themselves. Its argument is to whom. */
const TAKER = guest(`
  (func (export "_start")
    (call $window (i32.const 64) (i32.const 128) (i32.const 64))
    (drop (call $args (i32.const 0) (i32.const 8))))
  (func (export "handle") (param i32)
    (if (i32.ge_s (i32.load (i32.const 68)) (i32.const ${DONE})) (then
      (drop (call $send (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.load (i32.const 68)) (i32.const 0) (i32.const 0))))))`);

const pidBytes = (...pids: Pid[]) => new Uint8Array(BigUint64Array.from(pids, BigInt).buffer);

/** Does something to the actors in its arguments, at once or when it gets an item. */
const acting = (code: string, entry = `(export "run")`) =>
  guest(`(func ${entry}
    (drop (call $args (i32.const 0) (i32.const 16)))
    ${code})`);
const KILLER = acting(
  "(drop (call $exit_to (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 2) (i32.const 0) (i32.const 0)))",
  `(export "handle") (param i32)`,
);
/** Sends both the tag 1. */
const ASKER = acting(`
  (drop (call $send (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 1) (i32.const 0) (i32.const 0)))
  (drop (call $send (i32.load (i32.const 8)) (i32.load (i32.const 12)) (i32.const 1) (i32.const 0) (i32.const 0)))`);
const CRASHER = acting("(drop (call $link (i32.load (i32.const 0)) (i32.load (i32.const 4)))) (unreachable)");
