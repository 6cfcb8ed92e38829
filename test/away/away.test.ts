/** Actors of two places have the ties, the messages and the ends of actors of one. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DOWN } from "../../host/away/signal.ts";
import type { HostMailbox } from "../../host/javascript/host-mailbox.ts";
import { formatPid, highWord, lowWord } from "../../host/wire/pid.ts";
import { Places } from "../support/places.ts";

let places: Places;
let here: HostMailbox;
let there: HostMailbox;

beforeEach(() => {
  places = new Places(2);
  here = places.runtimes[0].mailbox();
  there = places.runtimes[1].mailbox();
});

afterEach(() => places.stop());

const next = async (mailbox: HostMailbox) => {
  await places.settle();
  return mailbox.receive({ timeoutMs: 0 });
};

test("a pid says on which thread its actor lives", () => {
  expect(formatPid(here.pid)).toMatch(/^<0\.0\./);
  expect(formatPid(there.pid)).toMatch(/^<0\.1\./);
});

test("messages arrive in order, with their sender, their tag and their bytes", async () => {
  for (let i = 0; i < 300; i++) expect(here.send(there.pid, `${i}`, { tag: i })).toBe(true);
  await places.settle();
  for (let i = 0; i < 300; i++) {
    expect(await there.receive()).toEqual({
      kind: "message",
      from: here.pid,
      tag: i,
      ref: 0,
      bytes: new TextEncoder().encode(`${i}`),
    });
  }
});

test("a message of a megabyte arrives whole, between short ones", async () => {
  const long = new Uint8Array(1_000_000).map((_, i) => i);
  here.send(there.pid, "before");
  here.send(there.pid, long);
  here.send(there.pid, "behind");
  await places.settle();
  const bytes = [await there.receive(), await there.receive(), await there.receive()].map(item =>
    item?.kind === "message" ? item.bytes : undefined,
  );
  expect(bytes.map(each => each?.length)).toEqual([6, 1_000_000, 6]);
  expect(bytes[1]).toEqual(long);
});

test("a message to an actor that has ended is a dead letter where it lived", async () => {
  there.close();
  expect(here.send(there.pid, "late")).toBe(true);
  await places.settle();
  expect(places.runtimes[0].counters).toMatchObject({ sent: 1, dead: 0 });
  expect(places.runtimes[1].counters).toMatchObject({ sent: 0, dead: 1 });
});

test("calls are answered, and the end of a callee rejects them", async () => {
  const call = here.call(there.pid, "question");
  const request = await next(there);
  if (request?.kind !== "message") throw new Error("no request");
  expect(there.reply(request, "answer")).toBe(true);
  await places.settle();
  expect(new TextDecoder().decode(await call)).toBe("answer");
  const unanswered = here.call(there.pid, "another");
  await places.settle();
  there.close();
  const error = expect(unanswered).rejects.toThrow("ended before it answered");
  await places.settle();
  await error;
});

test("an answer is taken once, and of nobody but who was asked", async () => {
  const forger = places.runtimes[1].mailbox();
  const call = here.call(there.pid, "question");
  const request = await next(there);
  if (request?.kind !== "message") throw new Error("no request");
  forger.send(request.from, "forged", { tag: request.ref });
  there.reply(request, "answer");
  there.reply(request, "again");
  await places.settle();
  expect(new TextDecoder().decode(await call)).toBe("answer");
  expect(here.size).toBe(0);
});

describe("a monitor", () => {
  test("brings one Down with the whole reason, after all messages", async () => {
    const ref = here.monitor(there.pid);
    await places.settle();
    there.send(here.pid, "last words");
    places.runtimes[1].exit(there.pid, { kind: "killed" });
    expect(await next(here)).toMatchObject({ kind: "message" });
    expect(await next(here)).toEqual({ kind: "down", from: there.pid, ref, reason: { kind: "killed" } });
    expect(await next(here)).toBeUndefined();
  });

  test("of an actor that has ended brings a Down with noproc", async () => {
    there.close();
    const ref = here.monitor(there.pid);
    expect(await next(here)).toEqual({ kind: "down", from: there.pid, ref, reason: { kind: "noproc" } });
  });

  test("that is removed brings none, also where the Down is under way", async () => {
    const ref = here.monitor(there.pid);
    await places.settle();
    there.close();
    places.aways[1].flush();
    expect(here.demonitor(ref)).toBe(true);
    expect(await next(here)).toBeUndefined();
    expect(places.aways.map(({ standIns }) => standIns.size)).toEqual([0, 0]);
  });

  test("is not ended by another actor of that place, which knows its ref", async () => {
    const forger = places.runtimes[1].mailbox();
    const ref = here.monitor(there.pid);
    here.monitor(forger.pid);
    await places.settle();
    const [from, to] = [forger.pid, here.pid].map(pid => [lowWord(pid), highWord(pid)] as const);
    places.lane(1, 0).outbox?.put(DOWN, 1, ...from, ref, 0, ...to, new Uint8Array(0));
    expect(await next(here)).toBeUndefined();
    there.close();
    expect(await next(here)).toMatchObject({ kind: "down", from: there.pid, ref });
  });

  test("ends with its watcher", async () => {
    here.monitor(there.pid);
    await places.settle();
    expect(places.aways[1].standIns.size).toBe(1);
    here.close();
    await places.settle();
    expect(places.aways.map(({ standIns }) => standIns.size)).toEqual([0, 0]);
  });
});

describe("a link", () => {
  test("brings an exit signal when either side ends", async () => {
    here.link(there.pid);
    await places.settle();
    places.runtimes[0].exit(here.pid, { kind: "killed" });
    expect(await next(there)).toEqual({ kind: "exit", from: here.pid, reason: { kind: "killed" } });
  });

  test("to an actor that has ended brings an Exit with noproc", async () => {
    there.close();
    here.link(there.pid);
    expect(await next(here)).toEqual({ kind: "exit", from: there.pid, reason: { kind: "noproc" } });
  });

  test("that is removed brings nothing", async () => {
    here.link(there.pid);
    await places.settle();
    here.unlink(there.pid);
    there.close();
    expect(await next(here)).toBeUndefined();
  });

  test("that one side removes and the other makes at the same time is removed on both", async () => {
    here.link(there.pid);
    await places.settle();
    here.unlink(there.pid);
    there.unlink(here.pid);
    there.link(here.pid);
    await places.settle();
    const linksOf = ({ pid }: HostMailbox, place: number) => places.runtimes[place].info(pid)?.links;
    expect([linksOf(here, 0), linksOf(there, 1)]).toEqual([[], []]);
    there.close();
    here.close();
    await places.settle();
    const isOne = (await there.receive({ timeoutMs: 0 }).catch(() => undefined)) === undefined;
    expect(isOne).toBe(true);
    expect(places.aways.map(({ standIns }) => standIns.size)).toEqual([0, 0]);
  });
});

test("exit signals and kills reach actors of other places", async () => {
  here.exit(there.pid, { kind: "custom", bytes: "enough" });
  expect(await next(there)).toMatchObject({ kind: "exit", from: here.pid, reason: { kind: "custom" } });
  const exited = places.runtimes[0].exited(there.pid);
  await places.settle();
  here.exit(there.pid, { kind: "killed" });
  await places.settle();
  expect(await exited).toEqual({ kind: "killed" });
});

test("timers are set where their setter lives, and their items cross", async () => {
  here.sendAfter(0, "tick", { to: there.pid, tag: 3 });
  while (there.size === 0) await places.settle();
  expect(await there.receive()).toMatchObject({ kind: "timer", from: here.pid, tag: 3 });
});

describe("a request that is handed on", () => {
  const places3 = async (asker: number, first: number, last: number) => {
    const three = new Places(3);
    try {
      const [asks, by, to] = [asker, first, last].map(i => three.runtimes[i].mailbox());
      const call = asks.call(by.pid, "question");
      await three.settle();
      const request = await by.receive();
      if (request?.kind !== "message") throw new Error("no request");
      expect(by.delegate(request, to.pid)).toBe(true);
      await three.settle();
      const handed = await to.receive();
      if (handed?.kind !== "message") throw new Error("it was not handed on");
      expect(handed.from).toBe(by.pid);
      expect(to.reply(handed, "answer")).toBe(true);
      await three.settle();
      expect(new TextDecoder().decode(await call)).toBe("answer");
      // The end of the last one is the asker's Down.
      const again = asks.call(by.pid, "another");
      await three.settle();
      const second = await by.receive();
      if (second?.kind !== "message") throw new Error("no request");
      by.delegate(second, to.pid);
      await three.settle();
      to.close();
      const rejected = expect(again).rejects.toThrow("ended before it answered");
      await three.settle();
      await rejected;
      for (const mailbox of [asks, by, to]) mailbox.close();
      await three.settle();
      expect(three.aways.map(({ standIns }) => standIns.size)).toEqual([0, 0, 0]);
    } finally {
      await three.stop();
    }
  };

  const everywhere = [0, 1, 2].flatMap(a => [0, 1, 2].flatMap(b => [0, 1, 2].map(c => [a, b, c] as const)));
  test.each(everywhere)("by an actor of place %i, then %i, then %i is answered by the last one", places3);
});

test("the loss of a place is told once to every tie, with noconnection", async () => {
  const other = places.runtimes[0].mailbox();
  const ref = here.monitor(there.pid);
  other.link(there.pid);
  await places.settle();
  there.send(here.pid, "last words");
  places.lose(1);
  expect(await next(here)).toMatchObject({ kind: "message" });
  expect(await next(here)).toEqual({ kind: "down", from: there.pid, ref, reason: { kind: "noconnection" } });
  expect(await next(other)).toEqual({ kind: "exit", from: there.pid, reason: { kind: "noconnection" } });
  expect(here.send(there.pid, "lost")).toBe(false);
  expect(places.aways[0].standIns.size).toBe(0);
});

test("what comes in the name of an actor of another place is dropped", async () => {
  const three = new Places(3);
  try {
    const [a, , c] = three.runtimes.map(runtime => runtime.mailbox());
    a.send(c.pid, "mine");
    three.aways[0].flush();
    const records = three.lane(0, 2).records[0];
    three.lane(1, 2).records.push(records.slice());
    await three.settle();
    expect(three.forged).toBe(1);
    expect(c.size).toBe(1);
  } finally {
    await three.stop();
  }
});
