/**
 * Snapshots in pages. Each actor that lives throughout is seen once, however many come and go between
 * two pages. An order shows what a sort of all actors begins with, and a filter what it says.
 */

import { fc, test as law } from "@fast-check/vitest";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type ActorFilter,
  type ActorInfo,
  type ActorOrder,
  formatPid,
  type HostMailbox,
  type Pid,
  Runtime,
  type SnapshotOptions,
} from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { quiet } from "../support/guests.ts";
import { seededRandom } from "../support/seeded.ts";
import { ECHO, guest } from "../support/wat.ts";

const MANY = 20_000;
/** Spends reductions for each item. */
const COUNTING = `
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 64)))
  (func (export "handle") (param $n i32) (local $i i32)
    (loop $again (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100)))))`;
/** Its start function lets the host look, and then its memory grows. */
const BEGINNER = `
  (import "test" "look" (func $look))
  (func $begin (call $look))
  (start $begin)
  (func (export "handle") (param $n i32))`;

let clock: ManualClock;
let runtime: Runtime;
let sources: Map<string, Uint8Array<ArrayBuffer>>;
let onLook = () => {};

beforeAll(() => {
  sources = new Map([
    ["echo", guest(ECHO)],
    ["counting", guest(COUNTING)],
    ["beginner", guest(BEGINNER)],
  ]);
});
async function begin(): Promise<void> {
  clock = new ManualClock();
  runtime = new Runtime({ grants: "all", clock, imports: { test: { look: () => onLook() } } });
  for (const [name, source] of sources) {
    const reductions = name === "counting" ? "count" : "none";
    runtime.define(name, await runtime.load(source, { name, reductions }));
  }
}
beforeEach(begin);
afterEach(() => runtime.stop());

const all = (options: SnapshotOptions = {}) => runtime.snapshot({ ...options, most: Number.POSITIVE_INFINITY }).actors;
const pidsOf = (actors: readonly ActorInfo[]) => actors.map(({ pid }) => pid);

describe("pages", () => {
  test("a small program gets all its actors without any option, in the order of their slots", () => {
    const pids = Array.from({ length: 1000 }, () => runtime.mailbox().pid);
    expect(pidsOf(runtime.snapshot().actors)).toEqual(pids);
    expect(runtime.snapshot().next).toBeUndefined();
    const last = runtime.mailbox().pid;
    expect(pidsOf(runtime.snapshot().actors)).toEqual(pids);
    expect(runtime.snapshot().next).toBe(last);
    expect(pidsOf(runtime.snapshot({ from: last }).actors)).toEqual([last]);
  });

  law.prop([fc.nat(), fc.integer({ min: 500, max: 4000 }), fc.integer({ min: 0, max: 3000 })], { numRuns: 4 })(
    "show each actor once that lives throughout, while others come and go",
    async (seed, most, changes) => {
      await runtime.stop();
      await begin();
      const random = seededRandom(seed);
      for (let i = 0; i < 50; i++) runtime.spawn("echo");
      const mailboxes = Array.from({ length: MANY }, () => runtime.mailbox());
      const steady = new Set(pidsOf(all()));
      const seen = new Map<Pid, number>();
      for (let from: Pid | undefined = 0; from !== undefined; ) {
        const { actors, next } = runtime.snapshot({ from, most });
        expect(actors.length).toBeLessThanOrEqual(most);
        for (const { pid } of actors) seen.set(pid, (seen.get(pid) ?? 0) + 1);
        for (let i = 0; i < changes; i++) {
          const at = Math.floor(random() * mailboxes.length);
          const mailbox = mailboxes[at];
          steady.delete(mailbox.pid);
          mailbox.close();
          mailboxes[at] = runtime.mailbox();
        }
        from = next;
      }
      expect([...seen.values()].every(times => times === 1)).toBe(true);
      expect([...steady].filter(pid => !seen.has(pid))).toEqual([]);
    },
  );

  test("the actor at which the next page begins may have ended", () => {
    const mailboxes = Array.from({ length: 5 }, () => runtime.mailbox());
    const next = runtime.snapshot({ most: 2 }).next as Pid;
    expect(next).toBe(mailboxes[2].pid);
    mailboxes[2].close();
    expect(pidsOf(runtime.snapshot({ from: next }).actors)).toEqual([mailboxes[3].pid, mailboxes[4].pid]);
    for (const mailbox of mailboxes) mailbox.close();
    expect(runtime.snapshot({ from: next })).toMatchObject({ actors: [], next: undefined });
  });

  test("a filter is paged, too, and no page but the last is short", () => {
    const mailboxes = Array.from({ length: 100 }, () => runtime.mailbox());
    for (const [i, { pid }] of mailboxes.entries()) if (i % 3 === 0) runtime.register(`third ${i}`, pid);
    const pages: number[] = [];
    for (let from: Pid | undefined = 0; from !== undefined; ) {
      const page = runtime.snapshot({ name: "third", most: 10, from });
      pages.push(page.actors.length);
      from = page.next;
    }
    expect(pages).toEqual([10, 10, 10, 4]);
  });

  test("options that make no sense together, or none at all, are refused", () => {
    const look = (options: unknown) => () => runtime.snapshot(options as SnapshotOptions);
    expect(look({ from: 7, order: "links" })).toThrow("from is for the order of pids");
    expect(look({ from: 7, reverse: true })).toThrow(TypeError);
    expect(look({ most: -1 })).toThrow(RangeError);
    expect(look({ order: "timers" })).toThrow(TypeError);
    expect(look({ state: "dead" })).toThrow(TypeError);
    expect(look({ nmae: "x" })).toThrow("did you mean name?");
    expect(() => runtime.totals({ most: 1 } as ActorFilter)).toThrow("no option most of totals");
    expect(runtime.snapshot({ most: 0 }).actors).toEqual([]);
  });
});

/** Actors that differ in everything that an order or a filter looks at. */
async function variety(seed: number): Promise<HostMailbox[]> {
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)];
  const mailboxes: HostMailbox[] = [];
  const pids: Pid[] = [];
  for (let i = 0; i < 60; i++) {
    clock.jump(Math.floor(random() * 3));
    const what = pick(["mailbox", "mailbox", "echo", "counting"]);
    if (what === "mailbox") mailboxes.push(runtime.mailbox());
    pids.push(what === "mailbox" ? (mailboxes.at(-1) as HostMailbox).pid : runtime.spawn(what));
    if (random() < 0.3) runtime.register(pick(["shop", "Shop", "bank"]) + i, pids[i]);
    if (random() < 0.1) runtime.join("Crew", pids[i]);
  }
  runtime.supervise({ children: ["a", "b"].map(id => ({ id, start: "echo", name: `child ${id}` })) });
  for (let i = 0; i < 200; i++) {
    const from = pick(mailboxes);
    if (random() < 0.5) from.link(pick(pids));
    else from.send(pick(pids), new Uint8Array(Math.floor(random() * 5)));
  }
  await quiet();
  for (let i = 0; i < 20; i++) pick(mailboxes).send(pick(pids), "once more");
  return mailboxes;
}

const orders: readonly ActorOrder[] = [
  "pid",
  "names",
  "module",
  "state",
  "mailboxItems",
  "mailboxBytes",
  "memoryBytes",
  "resident",
  "imageBytes",
  "reductions",
  "links",
  "ageMs",
];
const isWord = (order: ActorOrder) => ["pid", "names", "module", "state"].includes(order);
/** Actors without the field come last where words are ordered, and are the least of numbers. */
function keyOf(info: ActorInfo, order: ActorOrder, place: number): string | number {
  if (order === "pid") return place;
  if (order === "names") return info.names[0] ?? "\uffff";
  if (order === "links") return info.links.length;
  if (order === "resident") return Number(info.resident ?? -1);
  return info[order] ?? (isWord(order) ? "\uffff" : -1);
}

law.prop([fc.nat(), fc.constantFrom(...orders), fc.boolean(), fc.integer({ min: 0, max: 80 })], { numRuns: 60 })(
  "an order shows what a sort of all actors begins with",
  async (seed, order, reverse, most) => {
    await runtime.stop();
    await begin();
    await variety(seed);
    const sign = isWord(order) === reverse ? -1 : 1;
    const sorted = [...all().entries()]
      .map(([place, info]) => ({ pid: info.pid, key: keyOf(info, order, place) }))
      .sort((a, b) => sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    const first = runtime.snapshot({ order, reverse, most });
    expect(pidsOf(first.actors)).toEqual(sorted.slice(0, most).map(({ pid }) => pid));
    if (order !== "pid" || reverse) expect(first.next).toBeUndefined();
  },
);

test("of 20,000 actors the fullest mailboxes are the same as in a sort of all", () => {
  const random = seededRandom(5);
  const mailboxes = Array.from({ length: MANY }, () => runtime.mailbox());
  for (let i = 0; i < MANY; i++) mailboxes[0].send(mailboxes[Math.floor(random() ** 2 * MANY)].pid, "x");
  const sorted = [...all()].sort((a, b) => b.mailboxItems - a.mailboxItems);
  const first = runtime.snapshot({ order: "mailboxItems" }).actors;
  expect(first).toHaveLength(1000);
  expect(pidsOf(first)).toEqual(pidsOf(sorted.slice(0, 1000)));
});

const filters: readonly (readonly [filter: ActorFilter, matches: (info: ActorInfo) => boolean])[] = [
  [{}, () => true],
  [{ module: "echo" }, ({ module }) => module === "echo"],
  [{ module: "ech" }, () => false],
  [{ state: "parked" }, ({ state }) => state === "parked"],
  [{ state: "ready" }, ({ state }) => state === "ready"],
  [{ state: "idle" }, ({ state }) => state === "idle"],
  [{ name: "" }, ({ names }) => names.length > 0],
  [{ name: "shop" }, ({ names }) => names.some(name => name.includes("shop"))],
  [{ name: "shop", module: "echo" }, info => info.module === "echo" && info.names.some(name => name.includes("shop"))],
  [{ text: "" }, () => true],
  [{ text: "sHoP" }, ({ names }) => names.some(name => name.toLowerCase().includes("shop"))],
  [{ text: "crew" }, ({ groups }) => groups.length > 0],
  [{ text: "supervisor" }, ({ kind }) => kind === "supervisor"],
  [{ text: "handle" }, ({ entry }) => entry === "handle"],
  [{ text: "PARK" }, ({ state }) => state === "parked"],
  [{ text: "0.1" }, ({ pid }) => formatPid(pid).includes("0.1")],
  [{ text: "7" }, ({ pid, names }) => [formatPid(pid), ...names].some(word => word.includes("7"))],
  [{ parent: 0 }, ({ parent, supervisor }) => parent === 0 && supervisor === undefined],
];

law.prop([fc.nat(), fc.constantFrom(...filters)], { numRuns: 60 })(
  "a filter shows the actors that match, and totals count them",
  async (seed, [filter, matches]) => {
    await runtime.stop();
    await begin();
    await variety(seed);
    const found = all().filter(matches);
    expect(all(filter)).toEqual(found);
    const count = <T extends string>(words: readonly T[], of: (info: ActorInfo) => T) =>
      Object.fromEntries(words.map(word => [word, found.filter(info => of(info) === word).length]));
    expect(runtime.totals(filter)).toEqual({
      actors: found.length,
      kinds: count(["guest", "mailbox", "supervisor", "calls"], ({ kind }) => kind),
      states: count(["ready", "running", "parked", "idle"], ({ state }) => state),
      counted: found.filter(({ reductions }) => reductions !== undefined).length,
      mailboxItems: found.reduce((sum, { mailboxItems }) => sum + mailboxItems, 0),
      mailboxBytes: found.reduce((sum, { mailboxBytes }) => sum + mailboxBytes, 0),
    });
  },
);

test("the actors below another one are found and counted", async () => {
  let inner: Pid = 0;
  const outer = runtime.supervise({
    children: [
      { id: "first", start: "echo" },
      {
        id: "below",
        start() {
          inner = runtime.supervise({ children: ["x", "y"].map(id => ({ id, start: "echo" })) }).pid;
          return inner;
        },
      },
    ],
  });
  const alone = runtime.spawn("echo");
  const top = runtime.snapshot({ parent: 0, countChildren: true }).actors;
  expect(top.map(({ pid, children }) => [pid, children])).toEqual([
    [outer.pid, 2],
    [alone, 0],
  ]);
  const second = runtime.snapshot({ parent: outer.pid, countChildren: true }).actors;
  expect(second.map(({ supervisor, children }) => [supervisor?.id, children])).toEqual([
    ["first", 0],
    ["below", 2],
  ]);
  expect(all({ parent: inner })).toHaveLength(2);
  expect(all({ parent: alone })).toEqual([]);
  expect(runtime.info(outer.pid)?.children).toBeUndefined();
  expect(runtime.info(inner)?.supervisor).toEqual({ pid: outer.pid, id: "below" });
});

test("an actor whose start function looks is in what it sees", () => {
  let seen: unknown;
  onLook = () => {
    seen = [pidsOf(runtime.snapshot().actors), runtime.totals().kinds, runtime.totals({ state: "running" }).actors];
  };
  const pid = runtime.spawn("beginner");
  expect(seen).toEqual([[pid], { guest: 1, mailbox: 0, supervisor: 0, calls: 0 }, 1]);
});
