/**
 * The observer of 10,000 actors: no answer is longer than a page, pages show each actor once, and looks
 * leave the thread to the actors.
 */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { frame, rowsThatFit } from "../../host/node/cli/top/frame.ts";
import { ObserverClient, positionAfter, TOP } from "../../host/node/cli/top/observer-client.ts";
import { HINT } from "../../host/node/cli/top/view-state.ts";
import { createRuntime, formatPid, type NodeRuntime, type ObserverServer } from "../../host/node/index.ts";
import { Looks } from "../../host/node/observer/looks.ts";
import type { ActorPage, EndPage, EventRow, TreePage } from "../../host/web/observer/protocol.ts";

const MANY = 10_000;

let runtime: NodeRuntime;
let observer: ObserverServer;

beforeEach(async () => {
  runtime = createRuntime({ quiet: true });
  observer = await runtime.observe();
});
afterEach(async () => {
  await observer.close();
  await runtime.stop();
});

async function textOf(path: string): Promise<string> {
  const headers = { Authorization: `Bearer ${observer.token}` };
  const response = await fetch(`http://127.0.0.1:${observer.port}/${path}`, { headers });
  expect(response.status).toBe(200);
  return response.text();
}
const ask = async <T>(path: string): Promise<T> => JSON.parse(await textOf(`api/${path}`)) as T;
const inQuery = (pid: string) => pid.slice(1, -1);

function manyMailboxes() {
  const mailboxes = Array.from({ length: MANY }, () => runtime.mailbox());
  for (const [i, { pid }] of mailboxes.entries()) runtime.register(`a worker with a name, number ${i}`, pid);
  return mailboxes;
}

describe("10,000 actors", () => {
  test("no answer is longer than a page", async () => {
    const mailboxes = manyMailboxes();
    const pid = inQuery(formatPid(mailboxes[0].pid));
    for (const { pid } of mailboxes.slice(0, 2_000)) mailboxes[0].link(pid);
    for (const { pid } of mailboxes.slice(0, 2_000)) mailboxes[0].monitor(pid);
    for (let i = 0; i < 5000; i++) runtime.register(`${"x".repeat(1000)} ${i}`, mailboxes[1].pid);
    const supervisor = runtime.supervise({ children: [] });
    for (let i = 0; i < 300; i++) {
      const { pid } = runtime.mailbox();
      runtime.register("y".repeat(100_000), pid);
      runtime.kill(pid);
    }
    const most: Readonly<Record<string, number>> = {
      "api/overview": 4_000,
      "api/actors?count=60": 20_000,
      "api/actors?count=60&sort=links&descending=1": 20_000,
      "api/actors?count=1000000": 400_000,
      "api/actors?count=1000000&filter=worker&sort=age": 400_000,
      "api/tree": 60_000,
      "api/tree?count=1000000": 60_000,
      "api/tree?count=1000000&filter=worker": 60_000,
      [`api/tree?parent=${inQuery(formatPid(supervisor.pid))}`]: 100,
      "api/ends": 60_000,
      "api/events": 800_000,
      [`api/actors/${pid}`]: 100_000,
      [`api/actors/${inQuery(formatPid(mailboxes[1].pid))}`]: 100_000,
      metrics: 10_000,
    };
    const sizes: Record<string, number> = {};
    for (const path of Object.keys(most)) sizes[path] = (await textOf(path)).length;
    expect(Object.entries(sizes).filter(([path, size]) => size > most[path])).toEqual([]);
  });

  test("pages show each actor once that lives throughout, while others come and go", async () => {
    const mailboxes = manyMailboxes();
    const steady = new Set(mailboxes.map(({ pid }) => formatPid(pid)));
    const seen = new Map<string, number>();
    for (let at: string | undefined = "<host>", i = 0; at !== undefined; ) {
      const page: ActorPage = await ask<ActorPage>(`actors?count=1000&at=${inQuery(at)}`);
      expect(page.rows).toHaveLength(page.total);
      expect([page.alive, page.matching]).toEqual([MANY, MANY]);
      for (const { pid } of page.rows) seen.set(pid, (seen.get(pid) ?? 0) + 1);
      for (let changes = 0; changes < 100; changes++, i += 7) {
        const mailbox = mailboxes[i % MANY];
        steady.delete(formatPid(mailbox.pid));
        mailbox.close();
        mailboxes[i % MANY] = runtime.mailbox();
      }
      at = page.next;
    }
    expect([...seen.values()].every(times => times === 1)).toBe(true);
    expect([...steady].filter(pid => !seen.has(pid))).toEqual([]);
  });

  test("a filter and an order are found among all of them, and counted", async () => {
    const mailboxes = manyMailboxes();
    for (let i = 0; i < 3; i++) for (let n = 0; n <= i; n++) runtime.send(mailboxes[9_000 + i].pid, "x");
    const fullest = await ask<ActorPage>("actors?sort=items&descending=1&count=2");
    expect(fullest).toMatchObject({ total: 1000, matching: MANY, alive: MANY, rows: [{ items: 3 }, { items: 2 }] });
    expect(fullest.next).toBeUndefined();
    const found = await ask<ActorPage>("actors?filter=number%201&count=5");
    // 1, 10 to 19, and so on up to 1,999.
    expect(found).toMatchObject({ total: 1000, matching: 1_111, alive: MANY });
    expect(found.next).toBeDefined();
    expect(await ask<ActorPage>("actors?filter=number%201999")).toMatchObject({ total: 1, matching: 1 });
  });

  test("the tree shows a page of the children of a supervisor, how many there are, and where the rest begins", async () => {
    const children = Array.from({ length: 250 }, (_, i) => ({ id: `c${i}`, start: () => runtime.mailbox().pid }));
    const supervisor = runtime.supervise({ children });
    manyMailboxes();
    const top = await ask<TreePage>("tree?count=3");
    expect(top).toMatchObject({ total: MANY + 1, rows: [{ children: 250 }, { children: 0 }, { children: 0 }] });
    const ids: (string | undefined)[] = [];
    for (let at: string | undefined = "<host>"; at !== undefined; ) {
      const parent = inQuery(formatPid(supervisor.pid));
      const page: TreePage = await ask<TreePage>(`tree?parent=${parent}&at=${inQuery(at)}&count=1000`);
      expect(page.total).toBe(250);
      ids.push(...page.rows.map(({ id }) => id));
      at = page.next;
    }
    expect(ids).toEqual(children.map(({ id }) => id));
  });

  test("crashes and events are paged and filtered", async () => {
    for (let i = 0; i < 120; i++) {
      const mailbox = runtime.mailbox();
      runtime.register(`victim ${i}`, mailbox.pid);
      mailbox.end({ kind: "custom", bytes: `reason ${i}` });
    }
    const names: string[] = [];
    for (let before: number | undefined = 1e9; before !== undefined; ) {
      const page: EndPage = await ask<EndPage>(`ends?before=${before}`);
      names.push(...page.rows.map(({ name }) => name));
      before = page.hasOlder ? page.rows.at(-1)?.index : undefined;
    }
    expect(names).toEqual(Array.from({ length: 120 }, (_, i) => `victim ${119 - i}`));
    expect((await ask<EndPage>("ends?filter=VICTIM%2077")).rows).toHaveLength(1);
    const events = await ask<EventRow[]>("events?filter=victim%20119");
    expect(events.map(({ kind }) => kind)).toEqual(["spawn", "register", "exit"]);
    expect(await ask<EventRow[]>(`events?filter=victim%20119&after=${events[2].index}`)).toEqual([]);
  });

  test("isopod top shows a page of them in 80 columns and 24 lines, and turns all pages", async () => {
    const mailboxes = manyMailboxes();
    runtime.send(mailboxes[500].pid, "x");
    const client = new ObserverClient(observer.url);
    const rows = rowsThatFit(24);
    const reading = await client.read({ sort: "items", isReversed: false, rows });
    const lines = frame(reading, { columns: 80, rows: 24, color: false, sort: "items", hint: HINT });
    expect(lines).toHaveLength(24);
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80);
    expect(lines[3]).toBe("actors 10.0 k: 0 parked, 0 ready, 0 running, 10.0 k idle  memory 0 B");
    expect(lines[4]).toBe("shown 17 of 10,000");
    expect(lines[6]).toContain(formatPid(mailboxes[500].pid));
    expect(lines.at(-1)).toBe(HINT);
    const pids: string[] = [];
    for (let position: typeof TOP | undefined = TOP; position !== undefined; ) {
      const { page } = await client.read({ sort: "pid", isReversed: false, rows: rowsThatFit(300), position });
      pids.push(...page.rows.map(({ pid }) => pid));
      position = positionAfter(page, position);
    }
    expect(pids).toEqual(mailboxes.map(({ pid }) => formatPid(pid)));
    const few = await client.read({ sort: "items", isReversed: false, rows, filter: "number 500" });
    expect(few.page).toMatchObject({ total: 11, matching: 11 });
  });
});

describe("looks at a runtime", () => {
  const burn = (ms: number) => {
    for (const untilMs = performance.now() + ms; performance.now() < untilMs; );
  };

  test("take at most a twentieth of the thread, however many are asked for", async () => {
    const looks = new Looks(runtime);
    const beganMs = performance.now();
    const seen = await Promise.all(
      ["a", "b", "c", "d"].map(name =>
        looks.take(name, () => {
          burn(5);
          return name;
        }),
      ),
    );
    expect(seen).toEqual(["a", "b", "c", "d"]);
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(3 * 20 * 5);
  });

  test("are shared by those who ask for the same, also while they wait; one that fails holds up no other", async () => {
    const looks = new Looks(runtime);
    let times = 0;
    const see = () => ++times;
    const failed = looks.take("broken", () => {
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    const seen = await Promise.all([looks.take("same", see), looks.take("same", see), looks.take("same", see)]);
    expect([...seen, await looks.take("same", see)]).toEqual([1, 1, 1, 1]);
    expect(await looks.take("other", see)).toBe(2);
  });
});
