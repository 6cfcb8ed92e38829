/**
 * Messages that no actor receives. Each is counted and reported with its sender and receiver, and
 * the counters always add up.
 */

import { fc, test as law } from "@fast-check/vitest";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type DeadLetter,
  type HostMailbox,
  type Message,
  type Pid,
  Runtime,
  type RuntimeOptions,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet } from "../support/guests.ts";
import { guest } from "../support/wat.ts";

const three = Uint8Array.of(1, 2, 3);

let compiled: WebAssembly.Module;
let clock: ManualClock;
let runtime: Runtime;
let letters: DeadLetter[];

beforeAll(async () => {
  const wasm = await buildGuest("guests", "relay", "asyncify");
  compiled = await WebAssembly.compile(wasm);
});

async function begin(options: RuntimeOptions = {}): Promise<void> {
  clock = new ManualClock();
  letters = [];
  runtime = new Runtime({ grants: "all", clock, onDeadLetter: letter => letters.push(letter), ...options });
  runtime.define("relay", await runtime.load(compiled, { name: "relay" }));
}
beforeEach(() => begin());
afterEach(() => runtime.stop());

/** A guest that passes every message on. */
function relay(to: Pid, limits = {}): Pid {
  return runtime.spawn("relay", { args: new Uint8Array(BigUint64Array.of(BigInt(to)).buffer), limits });
}

function nobody(): Pid {
  const mailbox = runtime.mailbox();
  mailbox.close();
  return mailbox.pid;
}

describe("a message to nobody", () => {
  test("of a guest is a dead letter: noproc", async () => {
    const to = nobody();
    const from = relay(to);
    runtime.send(from, three, { tag: 7 });
    await quiet();
    expect(letters).toEqual([{ from, to, tag: 7, length: 3, why: "noproc" }]);
  });

  test("of the host to a name is one, to nobody in particular", () => {
    runtime.send("nobody", three, { tag: 7 });
    expect(letters).toEqual([{ from: 0, to: 0, tag: 7, length: 3, why: "noproc" }]);
  });

  test.each(["the host", "a host mailbox", "a call", "a timer"])(
    "of %s is one, and says whom it was for",
    async who => {
      const to = nobody();
      const mailbox = runtime.mailbox();
      if (who === "the host") runtime.send(to, three, { tag: 7 });
      if (who === "a host mailbox") mailbox.send(to, three, { tag: 7 });
      if (who === "a call") await runtime.call(to, three, { tag: 7 }).catch(() => {});
      if (who === "a timer") mailbox.sendAfter(0, three, { to, tag: 7 });
      await clock.advance(0);
      const from = who === "the host" || who === "a call" ? 0 : mailbox.pid;
      expect(letters).toEqual([{ from, to, tag: 7, length: 3, why: "noproc" }]);
    },
  );
});

describe("a message that is not admitted", () => {
  test("is a dead letter, of a guest or of the host: too large, mailbox full", async () => {
    await begin({ limits: { mailboxMessages: 2, mailboxBytes: 10, messageBytes: 8 } });
    const full = runtime.mailbox();
    const from = relay(full.pid, { mailboxMessages: 100, mailboxBytes: 1000, messageBytes: 100 });
    for (const length of [9, 8, 3, 2, 0]) runtime.send(from, new Uint8Array(length), { tag: length });
    await quiet();
    for (const length of [9, 0]) full.send(full.pid, new Uint8Array(length), { tag: length });
    runtime.send(full.pid, three, { tag: 1 });
    const to = full.pid;
    expect(letters).toEqual([
      { from, to, tag: 9, length: 9, why: "too large" },
      { from, to, tag: 3, length: 3, why: "mailbox full" },
      { from, to, tag: 0, length: 0, why: "mailbox full" },
      { from: to, to, tag: 9, length: 9, why: "too large" },
      { from: to, to, tag: 0, length: 0, why: "mailbox full" },
      { from: 0, to, tag: 1, length: 3, why: "mailbox full" },
    ]);
    expect(full.size).toBe(2);
  });
});

describe("an answer that nobody waits for any more", () => {
  /** A request from one mailbox to another, and its ref, as long as its monitor lives. */
  function request(): { caller: HostMailbox; callee: HostMailbox; message: Message } {
    const [caller, callee] = [runtime.mailbox(), runtime.mailbox()];
    const ref = caller.monitor(callee.pid);
    return { caller, callee, message: { kind: "message", from: caller.pid, tag: 0, ref, bytes: three } };
  }

  test("is a dead letter: late reply", () => {
    const { caller, callee, message } = request();
    caller.demonitor(message.ref);
    expect(callee.reply(message, three)).toBe(false);
    expect(letters).toEqual([{ from: callee.pid, to: caller.pid, tag: message.ref, length: 3, why: "late reply" }]);
  });

  test("and was in the mailbox already, is one when it is flushed", () => {
    const { caller, callee, message } = request();
    expect(callee.reply(message, three)).toBe(true);
    caller.demonitor(message.ref, { flush: true });
    expect(caller.size).toBe(0);
    expect(letters).toMatchObject([{ to: caller.pid, tag: message.ref, length: 3, why: "late reply" }]);
    expect(runtime.counters).toMatchObject({ sent: 1, received: 0, dead: 1 });
  });

  test("and was in the mailbox already, says whose it was", () => {
    const { caller, callee, message } = request();
    callee.reply(message, three);
    caller.demonitor(message.ref, { flush: true });
    expect(letters.map(({ from }) => from)).toEqual([callee.pid]);
  });
});

describe("a message in the mailbox of an actor that ends", () => {
  test.each(["is killed", "closes", "is stopped with the runtime"])(
    "is a dead letter when it %s: left behind",
    async how => {
      const mailbox = runtime.mailbox();
      const from = relay(mailbox.pid);
      runtime.send(from, three, { tag: 7 });
      await quiet();
      runtime.send(mailbox.pid, Uint8Array.of(), { tag: 8 });
      mailbox.monitor(nobody());
      if (how === "is killed") runtime.kill(mailbox.pid);
      else if (how === "closes") mailbox.close();
      else await runtime.stop();
      const to = mailbox.pid;
      expect(letters).toEqual([
        { from, to, tag: 7, length: 3, why: "left behind" },
        { from: 0, to, tag: 8, length: 0, why: "left behind" },
      ]);
    },
  );

  test("is one for a guest, too, which had not had its turn yet", () => {
    const to = relay(nobody());
    runtime.send(to, three, { tag: 7 });
    runtime.kill(to);
    expect(letters).toEqual([{ from: 0, to, tag: 7, length: 3, why: "left behind" }]);
  });

  test("says who sent it, also where that has ended before", async () => {
    const mailbox = runtime.mailbox();
    const from = relay(mailbox.pid);
    runtime.send(from, three, { tag: 7 });
    await quiet();
    runtime.kill(from);
    mailbox.close();
    expect(letters).toEqual([{ from, to: mailbox.pid, tag: 7, length: 3, why: "left behind" }]);
  });
});

describe("a message for an actor that ends before its turn", () => {
  /** A process that waits for the tag 7, or for anything. */
  const waiting = (receive: string) => `
    (func (export "run"))
    (func (export "resume:run") (param $n i32) (result i32) (i32.eq (call ${receive}) (i32.const -2)))`;
  const TAGGED = waiting("$recv_tag (i32.const 64) (i32.const 128) (i32.const 64) (i32.const -1) (i32.const 7)");
  /** It asks for no info: the host itself knows what it has put there. */
  const ANY = waiting("$recv (i32.const 0) (i32.const 128) (i32.const 64) (i32.const -1)");
  /** Sends 5 bytes, tagged 3, to the pid in its message, and kills that. */
  const KILLER = `
    (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
    (func (export "handle") (param $n i32)
      (drop (call $send (i32.load (i32.const 128)) (i32.load (i32.const 132)) (i32.const 3) (i32.const 200) (i32.const 5)))
      (drop (call $exit_to (i32.load (i32.const 128)) (i32.load (i32.const 132)) (i32.const 2) (i32.const 0) (i32.const 0))))`;

  async function parked(body: string): Promise<Pid> {
    await begin();
    const pid = runtime.spawn(await runtime.load(guest(body)));
    await quiet();
    return pid;
  }

  test("is left behind, in its order among the others, and was not received", async () => {
    const to = await parked(TAGGED);
    for (const tag of [1, 2, 7, 3, 7]) runtime.send(to, three, { tag });
    runtime.kill(to);
    await quiet();
    expect(letters).toEqual([1, 2, 7, 3, 7].map(tag => ({ from: 0, to, tag, length: 3, why: "left behind" })));
    expect(runtime.counters).toMatchObject({ sent: 5, received: 0, dead: 5 });
  });

  test("is left behind where a guest has sent it, and then has ended its receiver", async () => {
    const to = await parked(ANY);
    const from = runtime.spawn(await runtime.load(guest(KILLER)));
    await quiet();
    runtime.send(from, new Uint8Array(BigUint64Array.of(BigInt(to)).buffer));
    await quiet();
    expect(letters).toEqual([{ from, to, tag: 3, length: 5, why: "left behind" }]);
    expect(runtime.counters).toMatchObject({ sent: 2, received: 1, dead: 1 });
  });

  test("is none where it was a signal", async () => {
    const to = await parked(`
      (func (export "_start") (drop (call $trap_exit (i32.const 1))))${ANY}`);
    runtime.exit(to, { kind: "shutdown" });
    runtime.kill(to);
    await quiet();
    expect(letters).toEqual([]);
    expect(runtime.counters).toMatchObject({ sent: 0, received: 0, dead: 0 });
  });

  test("was received once its turn has come, also where the guest gives way in it and is killed then", async () => {
    await begin();
    const spins = `
      (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
      (func (export "handle") (param $n i32))`;
    const to = runtime.spawn(await runtime.load(guest(spins)));
    await quiet();
    runtime.send(to, three);
    await quiet();
    runtime.kill(to);
    await quiet();
    expect(letters).toEqual([]);
    expect(runtime.counters).toMatchObject({ sent: 1, received: 1, dead: 0 });
  });
});

describe("the counters", () => {
  const who = fc.nat(3);
  const act = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom("send", "relay", "send by mailbox"),
        who,
        whom: who,
        length: fc.nat(12),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom("receive", "call", "reply", "advance", "monitor"),
        who,
        whom: who,
        length: fc.nat(12),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constantFrom("kill relay", "close", "broadcast", "wait"),
        who,
        whom: who,
        length: fc.nat(12),
      }),
    },
  );
  law.prop([fc.array(act, { maxLength: 60, size: "max" })], { numRuns: 150 })(
    "add up after any history: sent = received + dead + what waits",
    async acts => {
      await runtime.stop();
      await begin({ limits: { mailboxMessages: 6, mailboxBytes: 40, messageBytes: 10 } });
      const boxes = Array.from({ length: 4 }, () => runtime.mailbox());
      const relays = boxes.map(({ pid }) => relay(pid, { mailboxMessages: 3 }));
      for (const box of boxes) box.join("crew");
      const requests: { readonly of: HostMailbox; readonly message: Message }[] = [];
      let downs = 0;
      for (const { do: act, who, whom, length } of acts) {
        const payload = new Uint8Array(length);
        const box = boxes[who];
        if (act === "send") runtime.send(boxes[whom].pid, payload);
        else if (act === "relay") runtime.send(relays[whom], payload, { tag: who });
        else if (act === "send by mailbox") box.send(relays[whom], payload);
        else if (act === "call") runtime.call(boxes[whom].pid, payload, { timeoutMs: 50 }).catch(() => {});
        else if (act === "broadcast") runtime.broadcast("crew", payload);
        else if (act === "advance") await clock.advance(length * 5);
        else if (act === "kill relay") runtime.kill(relays[who]);
        else if (act === "close") box.close();
        else if (act === "wait") await quiet();
        else if (act === "reply") {
          const request = requests.shift();
          request?.of.reply(request.message, payload);
        } else if (act === "monitor") {
          if (box.isOpen) box.demonitor(box.monitor(relays[whom]), { flush: true });
        } else {
          const item = box.poll();
          if (item?.kind === "message" && item.ref !== 0) requests.push({ of: box, message: item });
          if (item?.kind === "down") downs++;
        }
      }
      await quiet();
      const { sent, received, dead } = runtime.counters;
      const waiting = boxes.reduce((sum, { size }) => sum + size, 0);
      expect(downs).toBe(0);
      expect(dead).toBe(letters.length);
      expect(sent).toBe(received + dead + waiting);
      await runtime.stop();
      const after = runtime.counters;
      expect(after.sent).toBe(after.received + after.dead);
      expect(after.dead - dead).toBe(waiting);
    },
  );

  test.each(["received", "left behind"])("add up where a timer has fired, too, and was %s", async how => {
    const mailbox = runtime.mailbox();
    mailbox.sendAfter(0, three);
    await clock.advance(0);
    expect(mailbox.size).toBe(1);
    if (how === "received") mailbox.poll();
    else mailbox.close();
    const { sent, received, dead } = runtime.counters;
    expect(received + dead).toBe(sent);
  });
});
