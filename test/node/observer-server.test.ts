/**
 * The observer's server: which clients may ask, what it answers, and that guests cannot change what
 * it says. Also the metrics, the channels, and the terminal's view.
 */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { request } from "node:http";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { frame } from "../../host/node/cli/top/frame.ts";
import { ObserverClient } from "../../host/node/cli/top/observer-client.ts";
import { createRuntime, formatPid, type NodeRuntime, type ObserverServer, type Pid } from "../../host/node/index.ts";
import type {
  ActorDetail,
  ActorPage,
  EndedDetail,
  EndPage,
  EventRow,
  FollowResult,
  MessagePage,
  Overview,
  SendRequest,
  SendResult,
  TreePage,
} from "../../host/web/observer/protocol.ts";
import { ECHO, guest } from "../support/wat.ts";

/** Crashes upon its first item. */
const BRITTLE = `
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
  (func (export "handle") (param $n i32) unreachable)`;

/** Computes for some milliseconds upon each item. */
const BUSY = `
  (func (export "handle") (param $n i32) (local $i i32)
    (loop $again (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5000000)))))`;

let runtime: NodeRuntime;
let observer: ObserverServer;
let echo: Uint8Array<ArrayBuffer>;
let brittle: Uint8Array<ArrayBuffer>;
let busy: Uint8Array<ArrayBuffer>;

beforeAll(() => {
  echo = guest(ECHO);
  brittle = guest(BRITTLE);
  busy = guest(BUSY);
});
beforeEach(async () => {
  runtime = createRuntime({ grants: "all", quiet: true });
  runtime.define("echo", await runtime.load(echo, { name: "echo.wasm" }));
  runtime.define("brittle", await runtime.load(brittle, { name: "brittle.wasm" }));
  runtime.define("busy", await runtime.load(busy, { name: "busy.wasm" }));
  observer = await runtime.observe();
});
afterEach(async () => {
  await observer.close();
  await runtime.stop();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request with exactly these headers; `fetch` would not let a test choose its Host. */
function send(path: string, headers: Record<string, string> = {}, method = "GET", body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = observer;
    const outgoing = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, incoming => {
      let text = "";
      incoming.setEncoding("utf8").on("data", part => {
        text += part;
      });
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
    });
    outgoing.on("error", reject).end(body);
  });
}

const bearer = () => ({ Authorization: `Bearer ${observer.token}` });
const ask = async <T>(path: string): Promise<T> => JSON.parse((await send(`/api/${path}`, bearer())).text) as T;
const pathOf = (pid: Pid) => `actors/${formatPid(pid).slice(1, -1)}`;

/** Until something is so that takes a turn or two; fails loudly where it never is. */
async function until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  throw new Error("it never came to be so");
}

describe("who may ask", () => {
  test.each([
    "/api/overview",
    "/api/actors",
    "/api/tree",
    "/api/ends",
    "/api/events",
    "/api/actors/0.0.0.1",
    "/api/messages",
    "/metrics",
  ])("%s: nobody without the token, nor with another", async path => {
    expect((await send(path)).status).toBe(401);
    expect((await send(`${path}?token=${observer.token}`)).status).toBe(401);
    expect((await send(path, { Authorization: `Bearer ${observer.token}x` })).status).toBe(403);
    expect((await send(path, { Authorization: `Bearer ${"x".repeat(5000)}` })).status).toBe(403);
    expect((await send(path, bearer())).status).toBe(200);
  });

  test("a kill without the token kills nobody, nor does a GET with it", async () => {
    const pid = runtime.spawn("echo");
    const path = `/api/${pathOf(pid)}/kill`;
    expect((await send(path, {}, "POST")).status).toBe(401);
    expect((await send(path, { Authorization: "Bearer wrong" }, "POST")).status).toBe(403);
    expect((await send(path, bearer())).status).toBe(404);
    expect((await send(path, { ...bearer(), Origin: "http://evil.example" }, "POST")).status).toBe(403);
    expect(runtime.isAlive(pid)).toBe(true);
    expect(JSON.parse((await send(path, bearer(), "POST")).text)).toEqual({ killed: true });
    expect(runtime.isAlive(pid)).toBe(false);
    expect(JSON.parse((await send(path, bearer(), "POST")).text)).toEqual({ killed: false });
  });

  test("nothing is sent to an actor without the token, by a GET, or by a page of another origin", async () => {
    const pid = runtime.mailbox().pid;
    const path = `/api/${pathOf(pid)}/send`;
    const body = JSON.stringify({ text: "hello", format: "text", tag: 0, isCall: false });
    expect((await send(path, {}, "POST", body)).status).toBe(401);
    expect((await send(path, { Authorization: "Bearer wrong" }, "POST", body)).status).toBe(403);
    expect((await send(path, bearer(), "GET")).status).toBe(404);
    expect((await send(path, { ...bearer(), Origin: "http://evil.example" }, "POST", body)).status).toBe(403);
    expect((await send(path, { ...bearer(), Host: "evil.example" }, "POST", body)).status).toBe(421);
    expect(runtime.counters.sent).toBe(0);
    expect((await send(path, bearer(), "POST", body)).status).toBe(200);
    expect(runtime.counters.sent).toBe(1);
  });

  test("nobody follows an actor without the token, by a GET, or from a page of another origin", async () => {
    const pid = runtime.mailbox().pid;
    for (const verb of ["follow", "unfollow"]) {
      const path = `/api/${pathOf(pid)}/${verb}`;
      expect((await send(path, {}, "POST")).status).toBe(401);
      expect((await send(path, { Authorization: "Bearer wrong" }, "POST")).status).toBe(403);
      expect((await send(path, bearer())).status).toBe(404);
      expect((await send(path, { ...bearer(), Origin: "http://evil.example" }, "POST")).status).toBe(403);
      expect((await send(`/api/actors/me/${verb}`, bearer(), "POST")).status).toBe(400);
    }
    expect((await ask<Overview>("overview")).followed).toEqual([]);
  });

  test("a host of another name is refused, even with the token, and for the page itself", async () => {
    const port = observer.port;
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1",
      `127.0.0.1:${port + 1}`,
      `0.0.0.0:${port}`,
    ]) {
      expect((await send("/", { Host: host })).status).toBe(421);
      expect((await send("/api/overview", { ...bearer(), Host: host })).status).toBe(421);
    }
    expect((await send("/", { Host: `localhost:${port}` })).status).toBe(200);
  });

  test("a page of another origin is refused, and is told nothing by any header", async () => {
    const foreign = await send("/api/overview", { ...bearer(), Origin: "http://evil.example" });
    expect(foreign.status).toBe(403);
    expect(foreign.headers["access-control-allow-origin"]).toBeUndefined();
    const own = await send("/api/overview", { ...bearer(), Origin: `http://127.0.0.1:${observer.port}` });
    expect(own.status).toBe(200);
  });

  test("the page runs no script but its own, in no frame", async () => {
    const { headers, text } = await send("/");
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'self';.*frame-ancestors 'none'$/,
    );
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(text).not.toMatch(/https?:\/\//);
    expect(text).not.toContain(observer.token);
  });

  test("every script of the page is there, and nothing else of the disk", async () => {
    const seen = new Set<string>();
    const follow = async (name: string) => {
      if (seen.has(name)) return;
      seen.add(name);
      const { status, text, headers } = await send(`/${name}`);
      expect([name, status, headers["content-type"]]).toEqual([name, 200, "text/javascript; charset=utf-8"]);
      for (const [, next] of text.matchAll(/^(?:import|export) .*?from "(\.[^"]+)"/gms)) {
        await follow(new URL(next, `http://page/${name}`).pathname.slice(1));
      }
    };
    await follow("app.js");
    expect([...seen]).toEqual(expect.arrayContaining(["uplot.js", "wire/escape-controls.js"]));
    for (const path of ["/app.ts", "/../package.json", "/..%2f..%2fpackage.json", "/protocol.json", "/constructor"]) {
      expect((await send(path)).status).toBe(404);
    }
  });

  test("a token that is too short, or a port that is taken, is an error", async () => {
    await expect(runtime.observe({ token: "short" })).rejects.toThrow(RangeError);
    await expect(runtime.observe({ port: observer.port })).rejects.toThrow(/EADDRINUSE/);
    const chosen = await runtime.observe({ token: "a-token-of-my-own" });
    expect(chosen.url).toBe(`http://127.0.0.1:${chosen.port}/#token=a-token-of-my-own`);
    await chosen.close();
    await expect(fetch(chosen.url)).rejects.toThrow();
  });
});

describe("what it answers", () => {
  test("the overview adds up", async () => {
    const mailbox = runtime.mailbox();
    runtime.spawn("echo");
    runtime.send(mailbox.pid, "hello");
    runtime.send(mailbox.pid, "world!");
    runtime.send(1, "nobody");
    const overview = await ask<Overview>("overview");
    expect(overview).toMatchObject({ guests: 1, actors: 2, mailboxItems: 2, mailboxBytes: 11, crashes: 0 });
    expect(overview.counters).toEqual({ ...runtime.counters, dead: 1, sent: 3 });
  });

  test("a second is sampled: rates of the counters, and the delay of probes", async () => {
    const pid = runtime.spawn("echo");
    runtime.send(pid, "there is nobody to answer");
    const { samples } = await until(
      () => ask<Overview>("overview"),
      ({ samples }) => samples.length > 0,
    );
    const [sample] = samples;
    expect(sample.index).toBe(1);
    expect(sample.queueMedianMs).toBeGreaterThan(0);
    expect(sample.queueMaxMs).toBeGreaterThanOrEqual(sample.queueMedianMs ?? Number.NaN);
    // The message and its echo, in about a second.
    expect(sample.sentPerSecond).toBeGreaterThan(0.2);
    expect(sample.sentPerSecond).toBeLessThan(2.1);
    expect((await ask<Overview>(`overview?after=${samples.length}`)).samples.every(({ index }) => index > 1)).toBe(
      true,
    );
  });

  test("the list of actors is sorted, filtered and cut by the server", async () => {
    const mailboxes = Array.from({ length: 30 }, () => runtime.mailbox());
    mailboxes.forEach((mailbox, i) => {
      runtime.register(`box ${i}`, mailbox.pid);
      for (let n = 0; n < i; n++) runtime.send(mailbox.pid, "x");
    });
    runtime.spawn("echo");
    const most = await ask<ActorPage>("actors?sort=items&descending=1&count=3");
    expect(most).toMatchObject({ total: 31, alive: 31, from: 0, hasReductions: false });
    expect(most.rows.map(({ name, items }) => [name, items])).toEqual([
      ["box 29", 29],
      ["box 28", 28],
      ["box 27", 27],
    ]);
    const next = await ask<ActorPage>("actors?sort=items&descending=1&count=1&from=2");
    expect(next.rows).toEqual([expect.objectContaining({ name: "box 27" })]);
    const found = await ask<ActorPage>("actors?filter=ECHO");
    expect(found).toMatchObject({
      total: 1,
      alive: 31,
      rows: [{ module: "echo.wasm", entry: "handle", kind: "guest" }],
    });
    // Nothing of it is believed.
    const odd = await ask<ActorPage>("actors?sort=constructor&count=-5&from=x&descending=maybe");
    expect(odd.rows).toHaveLength(31);
  });

  test("the busiest actor is found by the items that have come to it lately", async () => {
    const [old, busy] = [runtime.mailbox(), runtime.mailbox()];
    for (let n = 0; n < 1000; n++) runtime.send(old.pid, "x");
    expect((await ask<ActorPage>("actors?sort=rate&descending=1")).rows[0].rate).toBeUndefined();
    const { rows } = await until(
      () => {
        runtime.send(busy.pid, "x");
        return ask<ActorPage>("actors?sort=rate&descending=1");
      },
      ({ rows }) => rows[0].rate !== undefined && rows[0].pid === formatPid(busy.pid),
    );
    expect(rows[0].rate).toBeGreaterThan(0);
    expect(rows[1].rate).toBe(0);
  });

  test("the share of the thread that an actor's turns take is shown, in the list, in the tree and alone", async () => {
    const busy = runtime.spawn("busy");
    const idle = runtime.spawn("echo");
    const mailbox = runtime.mailbox().pid;
    const turns = setInterval(() => runtime.send(busy, ""), 20);
    try {
      expect((await ask<Overview>("overview")).cpu).toBeUndefined();
      expect((await ask<ActorPage>("actors?sort=cpu&descending=1")).rows.map(({ cpu }) => cpu)).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      const { rows } = await until(
        () => ask<ActorPage>("actors?sort=cpu&descending=1"),
        ({ rows }) => (rows[0].cpu ?? 0) > 0,
      );
      expect(rows.map(({ pid }) => pid)).toEqual([busy, idle, mailbox].map(formatPid));
      // It computes for some milliseconds in each 20.
      expect(rows[0].cpu).toBeGreaterThan(0.02);
      expect(rows[0].cpu).toBeLessThanOrEqual(1);
      expect([rows[1].cpu, rows[2].cpu]).toEqual([0, undefined]);
      expect((await ask<Overview>("overview")).cpu).toBeGreaterThan(0.02);
      expect((await ask<TreePage>("tree")).rows.find(({ pid }) => pid === formatPid(busy))?.cpu).toBeGreaterThan(0.02);
      expect((await ask<ActorDetail>(pathOf(busy))).cpu).toBeGreaterThan(0.02);
      expect((await ask<ActorDetail>(pathOf(mailbox))).cpu).toBeUndefined();
    } finally {
      clearInterval(turns);
    }
  });

  test("who talks to whom is shown of the actors that are followed, once for each message, until nobody follows", async () => {
    const post = async (pid: Pid, verb: "follow" | "unfollow") =>
      JSON.parse((await send(`/api/${pathOf(pid)}/${verb}`, bearer(), "POST")).text) as FollowResult;
    const shown = (page: MessagePage) =>
      page.rows.map(({ from, to, kind, tag, payload, refused }) => [
        from.label,
        to.label,
        kind,
        tag,
        payload.text,
        refused,
      ]);
    const [echo, brittle] = [runtime.spawn("echo", { name: "echo" }), runtime.spawn("brittle", { name: "glass" })];
    const desk = runtime.mailbox();
    runtime.register("desk", desk.pid);
    expect(await ask<MessagePage>("messages")).toEqual({ followed: [], rows: [] });
    desk.send(echo, "unseen");
    await runtime.settled();
    expect([await post(echo, "follow"), await post(desk.pid, "follow"), await post(brittle, "follow")]).toEqual([
      {},
      {},
      {},
    ]);
    desk.send(echo, "hello", { tag: 7 });
    runtime.send(brittle, "a stone");
    await runtime.exited(brittle);
    runtime.send(brittle, "another");
    const page = await until(
      () => ask<MessagePage>("messages"),
      ({ rows }) => rows.length === 4,
    );
    expect(shown(page)).toEqual([
      ["desk", "echo", "message", 7, "hello", undefined],
      ["", "glass, ended", "message", 0, "a stone", undefined],
      ["echo", "desk", "message", 7, "hello", undefined],
      ["", "glass, ended", "message", 0, "another", "noproc"],
    ]);
    expect(page.followed.map(({ label }) => label)).toEqual(["echo", "desk", "glass, ended"]);
    expect((await ask<Overview>("overview")).followed).toEqual([echo, desk.pid, brittle].map(formatPid));
    expect(page.rows.every(({ atMs }) => Math.abs(atMs - Date.now()) < 10_000)).toBe(true);
    const last = page.rows.at(-1)?.number ?? 0;
    expect((await ask<MessagePage>(`messages?after=${last}`)).rows).toEqual([]);
    expect((await ask<ActorDetail>(pathOf(echo))).messages?.map(({ payload }) => payload.text)).toContain("hello");
    for (const pid of [echo, desk.pid, brittle]) await post(pid, "unfollow");
    expect(await ask<MessagePage>("messages")).toEqual({ followed: [], rows: [] });
    expect((await ask<ActorDetail>(pathOf(echo))).messages).toBeUndefined();
    expect((await post(brittle, "follow")).error).toBe(`${formatPid(brittle)} has ended`);
  });

  test("of a flood of messages the last ones are kept, and no more actors are followed than fit", async () => {
    const follow = async (pid: Pid) =>
      JSON.parse((await send(`/api/${pathOf(pid)}/follow`, bearer(), "POST")).text) as FollowResult;
    const mailboxes = Array.from({ length: 17 }, () => runtime.mailbox());
    for (const { pid } of mailboxes.slice(0, 16)) expect(await follow(pid)).toEqual({});
    expect(await follow(mailboxes[0].pid)).toEqual({});
    expect((await follow(mailboxes[16].pid)).error).toMatch(/^16 actors are followed already/);
    for (let i = 1; i <= 1000; i++) runtime.send(mailboxes[i % 2].pid, "x".repeat(10_000));
    const { rows } = await ask<MessagePage>("messages");
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 200 }, (_, i) => 801 + i));
    expect(rows[0]).toMatchObject({ length: 10_000, payload: { text: "x".repeat(256), cut: true } });
  });

  test("the tree has supervisors above their children, which stay where they were when they are started again", async () => {
    const start = "echo";
    const children = ["c10", "c9", "c1"].map(id => ({ id, start }));
    const supervisor = runtime.supervise({ intensity: 5, children });
    runtime.spawn("echo");
    runtime.kill(supervisor.child("c9") as Pid);
    const below = await until(
      async () => (await ask<TreePage>(`tree?parent=${formatPid(supervisor.pid).slice(1, -1)}`)).rows,
      found => found.some(({ restarts }) => restarts === 1),
    );
    expect(below.map(({ children, id, restarts }) => [children, id, restarts])).toEqual([
      [0, "c1", 0],
      [0, "c9", 1],
      [0, "c10", 0],
    ]);
    const { rows } = await ask<TreePage>("tree");
    expect(rows.map(({ children, id, restarts }) => [children, id, restarts])).toEqual([
      [3, undefined, 0],
      [0, undefined, 0],
    ]);
    expect(rows[0]).toMatchObject({ kind: "supervisor", strategy: "one_for_one", pid: formatPid(supervisor.pid) });
    // A filter finds actors wherever they stand.
    const found = await ask<TreePage>("tree?filter=ECHO");
    expect(found).toMatchObject({ total: 4, rows: [{}, {}, {}, {}] });
  });

  test("an actor's mailbox is shown and stays as it is", async () => {
    const mailbox = runtime.mailbox();
    mailbox.send(mailbox.pid, "two coffees", { tag: 5 });
    mailbox.send(mailbox.pid, Uint8Array.of(0xff, 0, 1), { tag: 6 });
    mailbox.send(mailbox.pid, "é".repeat(2000), { tag: 7 });
    const { mailbox: items, names } = await ask<ActorDetail>(pathOf(mailbox.pid));
    expect(items.map(({ tag, length, payload }) => [tag, length, payload.text, payload.cut])).toEqual([
      [5, 11, "two coffees", false],
      [6, 3, undefined, false],
      [7, 4000, "é".repeat(128), true],
    ]);
    expect(items[1].payload.hex).toBe("ff 00 01");
    expect(names).toEqual([]);
    expect(mailbox.size).toBe(3);
  });

  test("a crash is kept with its reason, its stack, its last message, and what the supervisor did", async () => {
    const supervisor = runtime.supervise({ children: [{ id: "glass", start: "brittle", name: "the glass" }] });
    const first = supervisor.child("glass") as Pid;
    const mailbox = runtime.mailbox();
    mailbox.send(first, "a stone", { tag: 9 });
    const [end] = await until(
      async () => (await ask<EndPage>("ends")).rows,
      ends => ends[0]?.child !== undefined,
    );
    expect(end).toMatchObject({
      pid: formatPid(first),
      name: "the glass",
      module: "brittle.wasm",
      kind: "crashed",
      reason: "crashed: unreachable",
      stack: expect.stringContaining("wasm"),
      last: { from: { pid: formatPid(mailbox.pid) }, tag: 9, payload: { text: "a stone" } },
      child: { id: "glass", supervisor: formatPid(supervisor.pid), action: "restart" },
    });
    const gone = await ask<EndedDetail>(pathOf(first));
    expect(end).toEqual({ ...gone.ended, times: 1, firstMs: end.atMs, others: [] });
    expect(gone.successors).toEqual([{ pid: formatPid(supervisor.child("glass") as Pid), label: "the glass" }]);
  });

  test("what a reader sends arrives as text, JSON or hex, and a call shows the answer or why there is none", async () => {
    const post = async (pid: Pid, text: string, more: Partial<SendRequest> = {}) => {
      const body = JSON.stringify({ text, format: "text", tag: 0, isCall: false, ...more });
      return JSON.parse((await send(`/api/${pathOf(pid)}/send`, bearer(), "POST", body)).text) as SendResult;
    };
    const desk = runtime.mailbox();
    expect(await post(desk.pid, "é", { tag: 7 })).toEqual({});
    expect(await post(desk.pid, "00 Ff", { format: "hex" })).toEqual({});
    expect(desk.poll()).toMatchObject({ tag: 7, bytes: Uint8Array.of(0xc3, 0xa9) });
    expect(desk.poll()).toMatchObject({ tag: 0, bytes: Uint8Array.of(0, 255) });
    expect((await post(desk.pid, "{", { format: "json" })).error).toMatch(/^it is not JSON: /);
    expect((await post(desk.pid, "0", { format: "hex" })).error).toMatch(/^it is not hex: "0"/);
    expect(desk.size).toBe(0);

    desk.onArrival(() => {
      const item = desk.poll();
      if (item?.kind === "message") desk.reply(item, `you said ${new TextDecoder().decode(item.bytes)}`);
      return false;
    });
    const { answer, tookMs } = await post(desk.pid, "[1]", { format: "json", isCall: true });
    expect(answer).toMatchObject({ text: "you said [1]", cut: false });
    expect(tookMs).toBeGreaterThan(0);
    const crash = await post(runtime.spawn("brittle"), "a stone", { isCall: true });
    expect(crash.error).toMatch(/ ended before it answered: crashed: unreachable/);
    desk.close();
    expect((await post(desk.pid, "x")).error).toBe(`${formatPid(desk.pid)} has ended`);
  });

  test.each([
    "",
    "[]",
    '{"text": "x"}',
    '{"text": 1, "format": "text", "tag": 0, "isCall": false}',
    '{"text": "x", "format": "xml", "tag": 0, "isCall": false}',
    '{"text": "x", "format": "text", "tag": -1, "isCall": false}',
  ])("a request to send that is none is refused: %s", async body => {
    const path = `/api/${pathOf(runtime.mailbox().pid)}/send`;
    expect((await send(path, bearer(), "POST", body)).status).toBe(400);
    expect((await send("/api/actors/me/send", bearer(), "POST", body)).status).toBe(400);
    expect(runtime.counters.sent).toBe(0);
  });

  test("a request to send that is longer than 8 MiB is not read", async () => {
    const path = `/api/${pathOf(runtime.mailbox().pid)}/send`;
    const body = JSON.stringify({ text: "x".repeat(9 * 2 ** 20), format: "text", tag: 0, isCall: false });
    expect((await send(path, bearer(), "POST", body)).status).toBe(413);
  });

  test("equal crashes are one row, which says how many there are and names the others", async () => {
    const pids = ["a", "b", "c"].map(name => runtime.spawn("brittle", { name }));
    const other = runtime.spawn("echo");
    for (const pid of pids) {
      runtime.send(pid, "a stone");
      await runtime.exited(pid);
    }
    runtime.kill(other);
    const { rows, hasOlder } = await until(
      () => ask<EndPage>("ends"),
      ({ rows }) => rows.length === 2 && rows[1].times === 3,
    );
    expect(rows.map(({ pid, times, others }) => [pid, times, others])).toEqual([
      [formatPid(other), 1, []],
      [formatPid(pids[2]), 3, [formatPid(pids[1]), formatPid(pids[0])]],
    ]);
    expect(rows[1].firstMs).toBeLessThanOrEqual(rows[1].atMs);
    expect(hasOlder).toBe(false);
    // A page that begins behind the newest of a group does not show the group again.
    expect((await ask<EndPage>(`ends?before=${rows[1].index}`)).rows).toEqual([]);
  });

  test("events are found by kind, and by the name of their actor, also after its end", async () => {
    const [pid, quieter] = [runtime.spawn("echo", { name: "loud" }), runtime.spawn("echo")];
    runtime.kill(pid);
    const labels = async (query: string) =>
      (await ask<EventRow[]>(`events?${query}`)).map(({ kind, pid, label }) => [kind, pid, label]);
    expect(await labels("kind=ends")).toEqual([["exit", formatPid(pid), "loud"]]);
    expect((await labels("filter=LOUD")).map(([kind]) => kind)).toEqual(expect.arrayContaining(["spawn", "exit"]));
    expect((await labels("filter=LOUD")).every(([, of]) => of === formatPid(pid))).toBe(true);
    expect((await labels("kind=spawns")).map(([, of]) => of)).toEqual([pid, quieter].map(formatPid));
    expect((await labels("kind=constructor")).length).toBeGreaterThan(2);
  });

  test("a flood of events keeps the observer neither busy nor full", async () => {
    for (let i = 0; i < 5000; i++) runtime.send(1, "nobody");
    const letters = (await ask<EventRow[]>("events")).filter(({ kind }) => kind === "dead-letter");
    expect(letters.length).toBeGreaterThanOrEqual(200);
    expect(letters.length).toBeLessThanOrEqual(400);
    expect((await ask<Overview>("overview")).counters.dead).toBe(5000);
  });

  test("a pid that is none is the asker's mistake", async () => {
    expect((await send("/api/actors/me", bearer())).status).toBe(400);
    expect((await send("/api/actors/me/kill", bearer(), "POST")).status).toBe(400);
    expect(await ask<EndedDetail>("actors/0.0.999.1")).toMatchObject({ successors: [], events: [] });
  });
});

describe("the metrics", () => {
  test("are Prometheus' text, with the runtime's own numbers", async () => {
    const mailbox = runtime.mailbox();
    runtime.spawn("echo");
    runtime.send(mailbox.pid, "hello");
    runtime.send(1, "nobody");
    const { text, headers } = await send("/metrics", bearer());
    expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    const values = new Map([...text.matchAll(/^([^#\n].*) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]));
    const expected = {
      isopod_messages_sent_total: 2,
      isopod_messages_received_total: 0,
      isopod_dead_letters_total: 1,
      isopod_guests_spawned_total: 1,
      isopod_actors_ended_total: 0,
      'isopod_actors{kind="guest"}': 1,
      'isopod_actors{kind="mailbox"}': 1,
      'isopod_actors{kind="supervisor"}': 0,
      'isopod_actors_in_state{state="idle"}': 1,
      'isopod_actors_in_state{state="parked"}': 1,
      isopod_mailbox_items: 1,
      isopod_mailbox_bytes: 5,
      isopod_guest_memory_bytes: 131_072,
    };
    for (const [name, value] of Object.entries(expected)) expect([name, values.get(name)]).toEqual([name, value]);
    // Asked again, a total is a total.
    expect((await send("/metrics", bearer())).text).toContain("isopod_messages_sent_total 2\n");
  });
});

describe("diagnostics channels", () => {
  test("get the events while they have subscribers", async () => {
    const told: unknown[] = [];
    const listen = (message: unknown) => told.push(message);
    const mailbox = runtime.mailbox();
    subscribe("isopod:spawn", listen);
    subscribe("isopod:exit", listen);
    subscribe("isopod:dead-letter", listen);
    const pid = runtime.spawn("echo");
    runtime.register("unheard", pid);
    runtime.kill(pid);
    runtime.send(pid, "late");
    for (const name of ["isopod:spawn", "isopod:exit", "isopod:dead-letter"]) unsubscribe(name, listen);
    mailbox.close();
    const common = { runtime, number: expect.any(Number), atMs: expect.any(Number) };
    expect(told).toEqual([
      { ...common, kind: "spawn", pid, module: "echo.wasm", entry: "handle", parent: 0 },
      { ...common, kind: "exit", pid, module: "echo.wasm", names: ["unheard"], reason: { kind: "killed" } },
      { ...common, kind: "dead-letter", from: 0, to: pid, tag: 0, length: 4, why: "noproc" },
    ]);
  });
});

describe("isopod top", () => {
  const options = { columns: 120, rows: 10, color: false, sort: "items" } as const;

  test("shows the fullest mailboxes first, and obeys nothing that a guest has written", async () => {
    const [quiet, full] = [runtime.mailbox(), runtime.mailbox()];
    runtime.register("\x1b[2J\u202eevil", full.pid);
    runtime.send(full.pid, "x");
    const reading = await new ObserverClient(observer.url).read({ sort: "items", isReversed: false, rows: 10 });
    const lines = frame(reading, options);
    expect(lines[6]).toMatch(/^<[\d.]+> +\\x1b\[2J\\u\{202e\}evil /);
    expect(lines[7]).toContain(formatPid(quiet.pid));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(lines.join("\n")).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
  });

  test("fits the terminal, whatever its size", async () => {
    for (let i = 0; i < 40; i++) runtime.register(`a name that is long, and longer ${i}`, runtime.mailbox().pid);
    const reading = await new ObserverClient(observer.url).read({ sort: "links", isReversed: false, rows: 50 });
    for (const [columns, rows] of [
      [40, 8],
      [80, 24],
      [200, 50],
    ]) {
      const lines = frame(reading, { ...options, columns, rows, sort: "links", hint: "q quit" });
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(columns);
      if (columns >= 80) expect(lines[5]).toContain("LINKS*");
    }
  });

  test("says what is wrong with an address, and when nobody answers", async () => {
    expect(() => new ObserverClient("here")).toThrow("not the address of an observer");
    expect(() => new ObserverClient(`http://127.0.0.1:${observer.port}/`)).toThrow("not the address of an observer");
    const request = { sort: "items", isReversed: false, rows: 10 } as const;
    const wrong = new ObserverClient(`http://127.0.0.1:${observer.port}/#token=0123456789abcdef`);
    await expect(wrong.read(request)).rejects.toThrow("this is not the token");
    const right = new ObserverClient(observer.url);
    await observer.close();
    await expect(right.read(request)).rejects.toThrow("does not answer");
  });
});
