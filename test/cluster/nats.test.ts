/** Nodes on a real nats-server, which is killed, stopped, cut off and lied to. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join as joined } from "node:path";
import { fileURLToPath } from "node:url";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { BYE, newFrame, stamp } from "../../host/cluster/frame.ts";
import { type JoinOptions, join } from "../../host/cluster/join.ts";
import type { ClusterNode } from "../../host/cluster/node.ts";
import type { HostMailbox } from "../../host/javascript/host-mailbox.ts";
import type { RuntimeOptions } from "../../host/options.ts";
import { Runtime } from "../../host/runtime.ts";
import { buildGuest } from "../support/guests.ts";
import { NatsServer, NO_NATS, natsServer, Passage } from "../support/nats.ts";
import { ROOT } from "../support/pages.ts";

if (natsServer === undefined) process.stderr.write(`Tests of clusters on NATS are skipped: ${NO_NATS}\n`);

const FAST = { cluster: "test", tickMs: 100, downAfterMs: 1_000 } as const;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function server(more = "", hasJetStream = true): Promise<NatsServer> {
  const started = await NatsServer.start(more, hasJetStream);
  ends.push(() => started.stop());
  return started;
}

interface Member {
  readonly runtime: Runtime;
  readonly node: ClusterNode;
  readonly connection: NatsConnection;
}

async function member(
  connection: NatsConnection,
  options: Partial<JoinOptions> = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<Member> {
  const runtime = new Runtime(runtimeOptions);
  const node = await join(runtime, connection, { ...FAST, ...options });
  ends.push(async () => {
    await node.close();
    await runtime.stop();
  });
  return { runtime, node, connection };
}

/** Resolves when something has become so. Each look is after what the event loop had to do. */
async function until(is: () => boolean | Promise<boolean>, what: string, ms = 15_000): Promise<void> {
  const endMs = performance.now() + ms;
  while (!(await is())) {
    if (performance.now() > endMs) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

const see = (node: ClusterNode, ...ids: number[]) =>
  until(() => ids.every(id => node.nodes().includes(id)), `node ${node.id} sees ${ids}, not ${node.nodes()}`);

/** Two nodes of a server, with a mailbox each. */
async function pair(nats: NatsServer, options: Partial<JoinOptions> = {}): Promise<[Member, Member]> {
  const a = await member(await nats.connect(), { id: 1, ...options });
  const b = await member(await nats.connect(), { id: 2, ...options });
  await Promise.all([see(a.node, 2), see(b.node, 1)]);
  return [a, b];
}

/** Another process that answers calls. */
async function echoProcess(nats: NatsServer, id: number): Promise<ChildProcess> {
  const path = fileURLToPath(new URL("echo-process.ts", import.meta.url));
  const child = spawn(process.execPath, [path, `${nats.port}`, `${id}`], { stdio: ["ignore", "pipe", "inherit"] });
  ends.push(async () => {
    const ended = child.exitCode === null ? once(child, "exit") : undefined;
    child.kill("SIGKILL");
    await ended;
  });
  if (child.stdout === null) throw new Error("no stdout");
  await once(child.stdout, "data");
  return child;
}

/** Sends numbers as fast as the link takes them, until `stop`. */
function load(from: HostMailbox, to: HostMailbox): { sent: number; stop(): void } {
  let isOver = false;
  const stop = () => {
    isOver = true;
  };
  const state = { sent: 0, stop };
  const some = () => {
    for (let i = 0; i < 200; i++) if (from.send(to.pid, `${state.sent}`)) state.sent++;
    if (!isOver) setImmediate(some);
  };
  some();
  return state;
}

/** The numbers that have arrived. They are in order. */
function numbersIn(mailbox: HostMailbox): number[] {
  const numbers: number[] = [];
  for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
    if (item.kind === "message") numbers.push(Number(new TextDecoder().decode(item.bytes)));
  }
  for (let i = 1; i < numbers.length; i++) expect(numbers[i]).toBeGreaterThan(numbers[i - 1]);
  return numbers;
}

describe.skipIf(natsServer === undefined)("on NATS", () => {
  let echo: Uint8Array<ArrayBuffer>;
  beforeAll(async () => {
    echo = await buildGuest("examples", "echo", "asyncify");
  });

  test("nodes get numbers, find each other, call, spawn what is offered, and have names and groups", async () => {
    const nats = await server();
    const a = await member(await nats.connect());
    const b = await member(await nats.connect(), { offers: ["echo"] }, { grants: "all" });
    b.runtime.define("echo", await b.runtime.load(echo));
    b.runtime.define("secret", await b.runtime.load(echo));
    expect(a.node.id).not.toBe(b.node.id);
    await Promise.all([see(a.node, b.node.id), see(b.node, a.node.id)]);

    const pid = await a.node.spawn(b.node.id, "echo", { name: "it" });
    expect(await a.node.find(b.node.id, "it")).toBe(pid);
    const asker = a.runtime.mailbox();
    asker.send(pid, "hello");
    expect(await asker.receive()).toMatchObject({ kind: "message", from: pid });
    await expect(a.node.spawn(b.node.id, "secret")).rejects.toThrow(/does not offer secret/);
    await expect(a.node.spawn(99, "echo")).rejects.toThrow("nothing leads to node 99");

    const [mine, theirs] = [a.runtime.mailbox(), b.runtime.mailbox()];
    expect(await a.node.register("leader", mine.pid)).toBe(true);
    expect(await b.node.register("leader", theirs.pid)).toBe(false);
    await until(() => b.node.whereis("leader") === mine.pid, "b knows the leader");
    mine.close();
    await until(() => b.node.whereis("leader") === undefined, "the name is free");
    expect(await b.node.register("leader", theirs.pid)).toBe(true);
    expect(await b.node.unregister("leader")).toBe(true);
    expect(await b.node.unregister("leader")).toBe(false);

    const other = a.runtime.mailbox();
    a.node.join("workers", other.pid);
    b.node.join("workers", theirs.pid);
    await until(() => b.node.members("workers").length === 2, "b sees both");
    expect(b.node.members("workers")).toEqual([theirs.pid, other.pid]);
    other.close();
    await until(() => b.node.members("workers").length === 1, "b sees that one has ended");

    const exited = b.runtime.exited(a.runtime.mailbox().pid);
    await a.node.close();
    expect(await exited).toEqual({ kind: "noconnection" });
    expect(b.node.nodes()).toEqual([]);
  });

  test("a runtime with actors, an id of a wrong kind, and no JetStream are refused in words", async () => {
    const nats = await server("", false);
    const connection = await nats.connect();
    const used = new Runtime();
    used.mailbox();
    await expect(join(used, connection, { ...FAST, id: 1 })).rejects.toThrow(/joins a cluster before it has actors/);
    await expect(join(new Runtime(), connection, { ...FAST, id: 200 })).rejects.toThrow(/peer is 1 to 127/);
    await expect(join(new Runtime(), connection, FAST)).rejects.toThrow(/start nats-server with --jetstream/);
    await expect(join(new Runtime(), connection, { cluster: "a.b" })).rejects.toThrow(/letters, digits/);
    const { node } = await member(connection, { id: 1 });
    await expect(node.register("x", 1)).rejects.toThrow(/cluster-wide names need JetStream/);
  });

  test("a server that is killed under load and back before downAfterMs loses nothing", async () => {
    const nats = await server("", false);
    const [a, b] = await pair(nats, { downAfterMs: 10_000 });
    const [from, to] = [a.runtime.mailbox(), b.runtime.mailbox()];
    const monitor = from.monitor(to.pid);
    const numbers: number[] = [];
    const state = load(from, to);
    await until(() => numbers.push(...numbersIn(to)) > 500, "some have arrived");
    await nats.kill();
    const before = state.sent;
    await until(() => state.sent > before + 100, "the window takes some");
    await nats.restart();
    await until(() => {
      numbers.push(...numbersIn(to));
      return numbers.length > before + 2_000;
    }, "they go on");
    state.stop();
    await until(() => {
      numbers.push(...numbersIn(to));
      return numbers.length >= state.sent;
    }, `all arrive: ${numbers.length} of ${state.sent}`);
    expect(numbers).toEqual(Array.from({ length: state.sent }, (_, i) => i));
    expect(from.demonitor(monitor)).toBe(true);
  });

  test("a server that is gone for longer ends the links, and they begin anew", async () => {
    const nats = await server("", false);
    const [a, b] = await pair(nats);
    const [from, to] = [a.runtime.mailbox(), b.runtime.mailbox()];
    const down = a.runtime.exited(to.pid);
    const state = load(from, to);
    await until(() => to.size > 500, "some have arrived");
    await nats.kill();
    expect(await down).toEqual({ kind: "noconnection" });
    expect(a.node.nodes()).toEqual([]);
    state.stop();
    const sent = state.sent;
    await nats.restart();
    await Promise.all([see(a.node, 2), see(b.node, 1)]);
    const arrived = numbersIn(to);
    // What had arrived has no hole: the rest is lost with the link.
    expect(arrived).toEqual(Array.from({ length: arrived.length }, (_, i) => i));
    expect(sent - arrived.length).toBeLessThanOrEqual(a.node.counters.lost);
    expect(from.send(to.pid, `${sent + 1}`)).toBe(true);
    await until(() => numbersIn(to).includes(sent + 1), "a new link");
  });

  test("a process that is stopped is gone after downAfterMs, and back when it goes on", async () => {
    const nats = await server("", false);
    const a = await member(await nats.connect(), { id: 1 });
    const child = await echoProcess(nats, 2);
    await see(a.node, 2);
    const pid = await a.node.find(2, "echo");
    if (pid === undefined) throw new Error("it has no name");
    expect(await a.runtime.callText(pid, "?")).toBe("1");
    const began = performance.now();
    child.kill("SIGSTOP");
    expect(await a.runtime.exited(pid)).toEqual({ kind: "noconnection" });
    expect(performance.now() - began).toBeGreaterThan(800);
    child.kill("SIGCONT");
    await see(a.node, 2);
    // What it was sent before is lost with the link, or had arrived.
    expect(Number(await a.runtime.callText(pid, "?"))).toBe(2);
  });

  test("a slow node has senders refused, and the server cuts nobody", async () => {
    const nats = await server("", false);
    const a = await member(await nats.connect(), { id: 1, downAfterMs: 20_000 });
    const child = await echoProcess(nats, 2);
    await see(a.node, 2);
    const pid = await a.node.find(2, "echo");
    if (pid === undefined) throw new Error("it has no name");
    const from = a.runtime.mailbox();
    from.send(pid, "opens the link");
    await until(() => a.node.link(2)?.keptBytes === 0, "it is acknowledged");
    child.kill("SIGSTOP");
    const bytes = new Uint8Array(4096);
    let sent = 0;
    const one = () => {
      const isTaken = from.send(pid, bytes);
      if (isTaken) sent++;
      return isTaken;
    };
    await until(() => {
      for (let i = 0; i < 100; i++) one();
      return !one();
    }, "the window is full");
    expect(sent * 4096).toBeLessThan(6 << 20);
    expect(a.node.link(2)?.keptBytes).toBeLessThan(5 << 20);
    child.kill("SIGCONT");
    await until(one, "there is room");
    expect(Number(await a.runtime.callText(pid, "?"))).toBe(sent + 2);
    expect(await nats.figure("slow_consumers")).toBe(0);
  });

  test("a node that is cut off is gone for the others, they for it, and a name has one holder", async () => {
    const nats = await server();
    const proxy = await Passage.start(nats.port);
    ends.push(() => proxy.stop());
    const a = await member(await nats.connect(), { id: 1, names: true });
    const b = await member(await nats.connect({ servers: `127.0.0.1:${proxy.port}` }), { id: 2, names: true });
    await Promise.all([see(a.node, 2), see(b.node, 1)]);
    const [mine, theirs] = [a.runtime.mailbox(), b.runtime.mailbox()];
    expect(await b.node.register("leader", theirs.pid)).toBe(true);
    await until(() => a.node.whereis("leader") === theirs.pid, "a knows the name");
    expect(await a.node.register("leader", mine.pid)).toBe(false);
    const exited = [a.runtime.exited(theirs.pid), b.runtime.exited(mine.pid)];
    proxy.hold();
    expect(await Promise.all(exited)).toEqual([{ kind: "noconnection" }, { kind: "noconnection" }]);
    expect(a.node.whereis("leader")).toBeUndefined();
    expect(await a.node.register("leader", mine.pid)).toBe(true);
    proxy.release();
    await Promise.all([see(a.node, 2), see(b.node, 1)]);
    await until(() => b.node.whereis("leader") === mine.pid, "b knows who has it now");
    expect(await b.node.register("leader", theirs.pid)).toBe(false);
  });

  test("the younger one of two nodes with one number has it", async () => {
    const nats = await server("", false);
    const [a, b] = await pair(nats);
    const events: string[] = [];
    a.node.onNode(({ kind, node }) => events.push(`${kind} ${node}`));
    const again = await member(await nats.connect(), { id: 1 });
    await until(() => events.includes("replaced 1"), "the older one is told");
    await see(again.node, 2);
    expect(a.node.nodes()).toEqual([]);
    expect(b.node.nodes()).toEqual([1]);
    const to = again.runtime.mailbox();
    expect(b.runtime.mailbox().send(to.pid, "to the younger one")).toBe(true);
    await until(() => to.size === 1, "it arrives");
  });

  test("with the permissions of docs/cluster.md, nobody sends in another's name", async () => {
    const page = readFileSync(joined(ROOT, "docs/cluster.md"), "utf8");
    const template = /```conf\n(accounts[\s\S]*?)```/.exec(page)?.[1];
    if (template === undefined) throw new Error("docs/cluster.md has no template");
    const nats = await server(template.replaceAll("CLUSTER", "test"));
    const a = await member(await nats.connect({ user: "peer", pass: "peer-secret" }), { exports: ["lobby"] });
    const lobby = a.runtime.mailbox();
    a.runtime.register("lobby", lobby.pid);
    const hidden = a.runtime.mailbox();
    a.runtime.register("hidden", hidden.pid);

    const tab = await nats.connect({ user: "tab", pass: "tab-secret", inboxPrefix: "_INBOX_guest" });
    const guest = await member(tab, { trust: "guest" });
    expect(guest.node.id).toBeGreaterThanOrEqual(128);
    await see(guest.node, a.node.id);
    expect(await guest.node.find(a.node.id, "lobby")).toBe(lobby.pid);
    expect(await guest.node.find(a.node.id, "hidden")).toBeUndefined();
    const visitor = guest.runtime.mailbox();
    visitor.send(lobby.pid, "hello");
    visitor.send(hidden.pid, "hello");
    await until(() => lobby.size === 1 && a.node.counters.denied === 1, "one is let in");
    expect(hidden.size).toBe(0);
    await expect(guest.node.spawn(a.node.id, "x")).rejects.toThrow("guests may not spawn");

    // As a peer, and in the peer's own name, with a frame that would end its links.
    const bye = newFrame(BYE, 0, 0, new Uint8Array(0));
    stamp(bye, 0, 0, Number.MAX_SAFE_INTEGER, 0, 0);
    const refused: string[] = [];
    void (async () => {
      for await (const status of tab.status()) if (status.type === "error") refused.push(String(status.error));
    })();
    tab.publish(`iso.test.all.0.peer.${a.node.id}`, bye);
    tab.publish(`iso.test.peer.${a.node.id}.peer.7`, bye);
    tab.publish(`$KV.iso_test_peers.node.${a.node.id}`, "mine");
    tab.subscribe(`iso.test.peer.${a.node.id}.>`, { callback: error => void (error ?? refused.push("it listens")) });
    await tab.flush();
    await until(() => refused.length === 4, `the server refuses: ${refused}`);
    expect(refused.every(text => /permission/i.test(text))).toBe(true);
    visitor.send(lobby.pid, "still here");
    await until(() => lobby.size === 2, "the link lives");
    expect(a.node.nodes()).toEqual([guest.node.id]);
  });
});
