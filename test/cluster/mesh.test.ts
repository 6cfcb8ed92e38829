/** Nodes see each other come and go, and their actors are told what that means for them. */
import { afterEach, expect, test } from "vitest";
import { BEACON, DATA, newFrame, stamp, VERSION } from "../../host/cluster/frame.ts";
import type { HostMailbox } from "../../host/javascript/host-mailbox.ts";
import { formatPid, highWord, lowWord } from "../../host/wire/pid.ts";
import { DOWN_AFTER_MS, TestNet, TICK_MS } from "../support/mesh.ts";

let net: TestNet;

afterEach(() => net.stop());

async function cluster(...numbers: number[]): Promise<HostMailbox[]> {
  net = new TestNet(numbers);
  await net.settle();
  return numbers.map(number => net.node(number).runtime.mailbox());
}

const text = (item: unknown) => new TextDecoder().decode((item as { bytes: Uint8Array } | undefined)?.bytes);
const kinds = (node: number) => net.node(node).events.map(({ kind }) => kind);

test("nodes find each other, and messages pass by pid", async () => {
  const [a, b] = await cluster(1, 2);
  expect(net.node(1).mesh.nodes()).toEqual([2]);
  expect(net.node(2).mesh.nodes()).toEqual([1]);
  expect(formatPid(a.pid)).toMatch(/^<1\.0\./);
  expect(a.send(b.pid, "hello", { tag: 7 })).toBe(true);
  await net.settle();
  expect(await b.receive()).toMatchObject({ kind: "message", from: a.pid, tag: 7 });
});

test("a call is answered, and the end of its callee rejects it", async () => {
  const [a, b] = await cluster(1, 2);
  const answer = a.callText(b.pid, "question");
  await net.settle();
  const request = await b.receive();
  if (request?.kind !== "message") throw new Error("no request");
  b.reply(request, "answer");
  await net.settle();
  expect(await answer).toBe("answer");
  const second = expect(a.callText(b.pid, "again")).rejects.toThrow("ended before it answered");
  await net.settle();
  b.close();
  await net.settle();
  await second;
});

test("a message of a megabyte arrives whole, between short ones", async () => {
  const [a, b] = await cluster(1, 2);
  const long = new Uint8Array(1_000_000).map((_, i) => i * 7);
  a.send(b.pid, "before");
  a.send(b.pid, long);
  await net.settle();
  expect(a.send(b.pid, "behind")).toBe(true);
  await net.settle();
  const items = [await b.receive(), await b.receive(), await b.receive()];
  expect(text(items[0])).toBe("before");
  expect((items[1] as { bytes: Uint8Array }).bytes).toEqual(long);
  expect(text(items[2])).toBe("behind");
});

test("a node that is silent is gone after downAfterMs, and every tie is told once", async () => {
  const [a, b] = await cluster(1, 2);
  const ref = a.monitor(b.pid);
  const back = b.monitor(a.pid);
  a.link(b.pid);
  await net.settle();
  net.cut.add(2);
  await net.pass(DOWN_AFTER_MS - TICK_MS);
  expect(a.size).toBe(0);
  await net.pass(2 * TICK_MS);
  expect(net.node(1).mesh.nodes()).toEqual([]);
  const reason = { kind: "noconnection" };
  const items = [await a.receive(), await a.receive()];
  expect(items).toContainEqual({ kind: "down", from: b.pid, ref, reason });
  expect(items).toContainEqual({ kind: "exit", from: b.pid, reason });
  expect(await b.receiveMatch(item => item.kind === "down")).toMatchObject({ ref: back, reason });
  expect(a.send(b.pid, "nobody")).toBe(false);
  net.cut.delete(2);
  await net.pass(3 * TICK_MS);
  expect(kinds(1)).toEqual(["up", "down", "up"]);
  expect(a.send(b.pid, "again")).toBe(true);
  await net.settle();
  expect(text(await b.receiveMatch(item => item.kind === "message"))).toBe("again");
  expect(a.size).toBe(0);
});

test("what only one side has given up ends for the other, too", async () => {
  const [a, b] = await cluster(1, 2);
  const ref = a.monitor(b.pid);
  const back = b.monitor(a.pid);
  await net.settle();
  // Beacons of 2 do not come to 1 for a while. Those of 1 come to 2.
  for (let i = 0; i < 7; i++) {
    await net.clock.advance(TICK_MS);
    net.tick();
    net.wires.splice(0, net.wires.length, ...net.wires.filter(({ to }) => to === 2));
    await net.settle();
  }
  expect(await a.receive({ timeoutMs: 0 })).toMatchObject({ kind: "down", ref });
  await net.pass(3 * TICK_MS);
  expect(await b.receive({ timeoutMs: 0 })).toMatchObject({ kind: "down", ref: back });
  expect(net.node(1).away.isIdle && net.node(2).away.isIdle).toBe(true);
});

test("lost frames are sent again", async () => {
  const [a, b] = await cluster(1, 2);
  a.send(b.pid, "opens the link");
  await net.settle();
  expect(text(await b.receive({ timeoutMs: 0 }))).toBe("opens the link");
  for (let i = 0; i < 50; i++) {
    a.send(b.pid, `${i}`);
    net.node(1).away.flush();
  }
  net.wires.splice(0, net.wires.length, ...net.wires.filter((_, i) => i % 3 !== 1));
  await net.pass(3 * TICK_MS);
  for (let i = 0; i < 50; i++) expect(text(await b.receive({ timeoutMs: 0 }))).toBe(`${i}`);
  expect(net.node(1).mesh.linkOf(2)).toMatchObject({ keptBytes: 0, isOpen: true });
  expect(net.node(1).mesh.linkOf(2)?.resent).toBeGreaterThan(0);
});

test("a node that says goodbye is gone at once", async () => {
  const [a, b] = await cluster(1, 2);
  const ref = a.monitor(b.pid);
  await net.settle();
  net.node(2).mesh.stop();
  await net.settle();
  expect(await a.receive({ timeoutMs: 0 })).toMatchObject({ kind: "down", ref, reason: { kind: "noconnection" } });
  expect(net.node(1).events.at(-1)).toMatchObject({ kind: "down", node: 2, why: "it has left" });
});

test("no message of an old incarnation arrives, and its ties are told", async () => {
  const [a, b] = await cluster(1, 2);
  const ref = a.monitor(b.pid);
  await net.settle();
  b.send(a.pid, "late");
  net.node(2).away.flush();
  const late = net.wires.filter(({ from }) => from === 2);
  net.wires.length = 0;
  await net.node(2).runtime.stop();
  net.wires.length = 0;
  net.begin(2);
  await net.settle();
  expect(await a.receive({ timeoutMs: 0 })).toMatchObject({ kind: "down", ref, reason: { kind: "noconnection" } });
  net.wires.push(...late);
  await net.settle();
  expect(a.size).toBe(0);
  expect(kinds(1)).toEqual(["up", "down", "up"]);
  expect(a.send(b.pid, "to the old one")).toBe(true);
  await net.settle();
  expect(net.node(2).runtime.counters.dead).toBe(1);
});

test("a node with a greater epoch has the number, and the older one is told", async () => {
  const [a] = await cluster(1, 2);
  const frame = newFrame(BEACON, 0, 0, new Uint8Array(8));
  stamp(frame, 0, 0, 99, 0, 0);
  net.node(1).mesh.receive(1, false, frame);
  expect(net.node(1).events.at(-1)).toMatchObject({ kind: "replaced", node: 1 });
  expect(net.node(1).mesh.nodes()).toEqual([]);
  expect(a.isOpen).toBe(true);
});

test("nodes of another version are refused, in words", async () => {
  await cluster(1);
  const frame = newFrame(BEACON, 0, 0, new Uint8Array(8));
  stamp(frame, 0, 0, 99, 0, 0);
  frame[0] = VERSION + 1;
  for (let i = 0; i < 3; i++) net.node(1).mesh.receive(3, false, frame);
  expect(net.node(1).events).toEqual([
    {
      kind: "refused",
      node: 3,
      why: `node 3 speaks version ${VERSION + 1} of the cluster's protocol, and this node version ${VERSION}: update isopod of this node`,
    },
  ]);
  expect(net.node(1).mesh.counters.refused).toBe(3);
});

test("numbers that a sender must not have are refused", async () => {
  await cluster(1);
  const frame = newFrame(DATA, 0, 1, new Uint8Array(8));
  stamp(frame, 1, 1, 99, 0, 0);
  for (const [from, isGuest] of [
    [0, false],
    [2, true],
    [200, false],
    [256, true],
    [Number.NaN, false],
    [1.5, false],
  ] as const) {
    net.node(1).mesh.receive(from, isGuest, frame);
  }
  expect(net.node(1).mesh.counters.refused).toBe(6);
  expect(net.node(1).mesh.nodes()).toEqual([]);
});

test("a full window refuses messages, and says when there is room", async () => {
  const [a, b] = await cluster(1, 2);
  const kilobyte = new Uint8Array(1024);
  let sent = 0;
  while (a.send(b.pid, kilobyte)) {
    sent++;
    if (sent % 16 === 0) net.node(1).away.flush();
    expect(sent).toBeLessThan(1_000);
  }
  // The window, an outbox, and what is under way between them.
  expect(sent).toBeLessThan(450);
  await net.pass(2 * TICK_MS);
  expect(a.send(b.pid, kilobyte)).toBe(true);
  await net.settle();
  expect(b.size).toBe(sent + 1);
});

test("a process that was stopped for a while loses nothing by that alone", async () => {
  const [a, b] = await cluster(1, 2);
  a.monitor(b.pid);
  await net.settle();
  // No tick comes for longer than downAfterMs, to any node: the machine slept.
  await net.clock.advance(3 * DOWN_AFTER_MS);
  await net.pass(3 * TICK_MS);
  expect(a.size).toBe(0);
  expect(kinds(1)).toEqual(["up"]);
});

test("a hundred nodes see each other, a message goes round all of them, and the end of one is told to all", async () => {
  const numbers = Array.from({ length: 100 }, (_, i) => i + 1);
  const mailboxes = await cluster(...numbers);
  for (const { mesh } of net.nodes.values()) expect(mesh.nodes().length).toBe(99);
  for (const [i, mailbox] of mailboxes.entries()) {
    mailbox.onArrival(() => {
      for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
        if (item.kind === "message" && i > 0)
          mailbox.send(mailboxes[(i + 1) % 100].pid, item.bytes, { tag: item.tag + 1 });
        if (item.kind === "down") gone.add(i);
      }
      return false;
    });
  }
  const gone = new Set<number>();
  mailboxes[0].send(mailboxes[1].pid, "round", { tag: 1 });
  await net.settle();
  expect(net.node(1).runtime.counters.received).toBe(1);
  for (const mailbox of mailboxes.slice(0, 99)) mailbox.monitor(mailboxes[99].pid);
  await net.settle();
  net.cut.add(100);
  net.nodes.delete(100);
  await net.pass(DOWN_AFTER_MS + TICK_MS);
  expect(gone.size).toBe(99);
  for (const { away } of net.nodes.values()) expect(away.isIdle).toBe(true);
});

test("a guest reaches what is exported, and answers what it was asked", async () => {
  const [peer, guest] = await cluster(1, 128);
  const hidden = net.node(1).runtime.mailbox();
  net.node(1).exported.add(peer.pid);
  expect(highWord(peer.pid) * 2 ** 32 + lowWord(peer.pid)).toBe(peer.pid);
  guest.send(peer.pid, "in");
  guest.send(hidden.pid, "no");
  guest.exit(peer.pid, { kind: "killed" });
  guest.link(peer.pid);
  net.node(128).runtime.send(peer.pid, "as the host");
  await net.settle();
  expect(text(await peer.receive({ timeoutMs: 0 }))).toBe("in");
  expect([peer.isOpen, peer.size, hidden.size]).toEqual([true, 0, 0]);
  expect(net.node(1).mesh.counters.denied).toBe(4);
  const answer = peer.callText(guest.pid, "who?");
  await net.settle();
  const request = await guest.receive();
  if (request?.kind !== "message") throw new Error("no request");
  guest.reply(request, "a guest");
  await net.settle();
  expect(await answer).toBe("a guest");
  const ref = peer.monitor(guest.pid);
  await net.settle();
  guest.close();
  await net.settle();
  expect(await peer.receive({ timeoutMs: 0 })).toMatchObject({ kind: "down", ref });
});

test("a guest has so many messages, bytes and ties", async () => {
  const [peer, guest] = await cluster(1, 128);
  net.node(1).exported.add(peer.pid);
  for (let i = 0; i < 150; i++) guest.send(peer.pid, `${i}`);
  await net.settle();
  expect(peer.size).toBe(100);
  await net.pass(TICK_MS);
  for (let i = 0; i < 20; i++) guest.send(peer.pid, new Uint8Array(10_000));
  await net.settle();
  expect(peer.size).toBe(110);
  await net.pass(TICK_MS);
  for (let i = 0; i < 15; i++) guest.monitor(peer.pid);
  await net.settle();
  peer.close();
  await net.settle();
  expect(guest.size).toBe(10);
  // Their ends have made room.
  const next = net.node(1).runtime.mailbox();
  net.node(1).exported.add(next.pid);
  await net.pass(TICK_MS);
  guest.monitor(next.pid);
  await net.settle();
  next.close();
  await net.settle();
  expect(guest.size).toBe(11);
});
