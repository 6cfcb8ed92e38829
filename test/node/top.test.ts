/** `isopod top`: what keys do, and that a terminal of 80 columns and 24 lines shows everything whole. */
import { describe, expect, test } from "vitest";
import { crashLines } from "../../host/node/cli/top/crash-lines.ts";
import { frame, rowsThatFit } from "../../host/node/cli/top/frame.ts";
import type { Reading } from "../../host/node/cli/top/observer-client.ts";
import { CRASHES_HINT, HINT, TYPING_HINT, ViewState } from "../../host/node/cli/top/view-state.ts";
import type { ActorPage, ActorRow, EndGroup } from "../../host/web/observer/protocol.ts";

const MANY = 123_456_789;

function row(pid: string): ActorRow {
  const texts = { pid, name: "", kind: "guest", module: "supervised-counter.ts", state: "running" } as const;
  return { ...texts, items: MANY, bytes: MANY, rate: MANY, cpu: 1, memory: MANY, links: MANY, ageMs: MANY };
}

function page(rows: number, more: Partial<ActorPage> = {}): ActorPage {
  const list = Array.from({ length: rows }, (_, i) => row(`<0.0.${1_048_000 + i}.131071>`));
  return { total: rows, from: 0, rows: list, alive: MANY, matching: MANY, hasReductions: true, ...more };
}

const counters = { sent: 0, received: 0, dead: MANY, denied: 0, untold: 0, spawned: MANY, ended: 0 };
const full: Reading = {
  overview: {
    ...{ nowMs: 0, observedMs: 99 * 86_400_000, process: "process 1234567, node 26.10.0, V8 14.6.202.34" },
    counters: { ...counters, hibernated: 0, loaded: 0, turnsCut: 0 },
    ...{ guests: MANY, actors: MANY, runQueue: MANY, mailboxItems: MANY, mailboxBytes: 2 ** 40, memoryBytes: 2 ** 40 },
    states: { parked: MANY, ready: MANY, running: 1, idle: MANY },
    ...{ samples: [], crashes: MANY, cpu: 1, followed: [] },
  },
  page: page(17),
  sample: {
    ...{ index: 1, atMs: 0, sentPerSecond: MANY, receivedPerSecond: MANY, deadPerSecond: 1, spawnedPerSecond: 0 },
    ...{ endedPerSecond: 0, queueMedianMs: 1, queueMaxMs: 12_345, timerMaxMs: 1 },
  },
  ends: undefined,
};

const end: EndGroup = {
  ...{
    index: 1,
    atMs: 0,
    firstMs: 0,
    pid: "<0.0.0.7>",
    name: "ledger",
    module: "ledger.ts",
    kind: "crashed",
    stack: "",
  },
  ...{ reason: `crashed: ${"a long reason ".repeat(12)}the end`, times: 1234, others: [] },
};

describe("80 columns and 24 lines", () => {
  const size = { columns: 80, rows: 24, color: false, sort: "items" } as const;

  test("show totals, titles and keys whole, however large the numbers are", () => {
    const lines = frame(full, { ...size, hint: HINT });
    expect(lines).toHaveLength(24);
    for (const line of [...lines.slice(0, 5), ...[HINT, CRASHES_HINT, TYPING_HINT]]) {
      expect(line).not.toContain("…");
      expect(line.length).toBeLessThanOrEqual(80);
    }
    expect(lines[2]).toMatch(/dead letters 123 M\+$/);
    expect(lines[3]).toMatch(/memory 1024 GiB$/);
    expect(lines[5]).toMatch(/^PID +NAME OR MODULE +ITEMS\* /);
    expect(lines[6]).toMatch(/^<0\.0\.1048000\.131071> supervised-counter\.ts +123 M +123 M +100 %/);
    expect(lines[6]).not.toContain("…");
    expect(lines[6].length).toBeLessThanOrEqual(80);
  });

  test("mark the scripts, whatever they are called", () => {
    const script = { ...row("<0.0.1.1>"), module: "tenant 7", language: "javascript" } as const;
    const shown = (page: ActorPage, columns: number) => frame({ ...full, page }, { ...size, columns });
    expect(shown(page(1, { rows: [script] }), 80)[6]).toMatch(/^<0\.0\.1\.1> +js: tenant 7 /);
    const named = { ...script, name: "seven" };
    expect(shown(page(1, { rows: [named] }), 200)[6]).toMatch(/^<0\.0\.1\.1> +seven +js: tenant 7 +running/);
  });

  test("show crashes whole: a long reason goes on in the next line", () => {
    const crashes = crashLines([end, end], 80);
    const lines = frame(full, { ...size, hint: CRASHES_HINT, crashes });
    expect(lines[4]).toBe(`shown ${crashes.length} of ${crashes.length} lines`);
    expect(lines[6]).toMatch(/^\d\d:00:00 <0\.0\.0\.7> ledger · ledger\.ts, 1,234 times since \d\d:00:00$/);
    expect(crashes.every(line => line.length <= 80)).toBe(true);
    expect(crashes.map(line => line.trim()).join(" ")).toContain(`${"a long reason ".repeat(12)}the end`);
    expect(
      crashLines([{ ...end, reason: "x".repeat(500) }], 80)
        .join("")
        .match(/x/g),
    ).toHaveLength(500);
    expect(crashLines([{ ...end, reason: "\x1b[2J" }], 80)[1]).toBe("  \\x1b[2J");
  });
});

describe("keys", () => {
  const [up, down, pageUp, pageDown] = ["\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~"];
  const room = rowsThatFit(24);

  test("filter while one types, from the top of the list", () => {
    const state = new ViewState("items", "");
    state.press(down, page(17, { total: 20 }), room);
    for (const key of ["/", "q", "é", "i", "\x7f", up]) expect(state.press(key, page(17), room)).toBeUndefined();
    expect(state).toMatchObject({ filter: "qé", isTyping: true, sort: "items", hint: TYPING_HINT });
    expect(state.position.from).toBe(0);
    state.press("\r", page(1), room);
    expect(state).toMatchObject({ filter: "qé", isTyping: false, hint: HINT });
    for (const key of ["/", "\x1b"]) state.press(key, page(1), room);
    expect(state).toMatchObject({ filter: "", isTyping: false });
    expect(state.press("q", page(1), room)).toBe(0);
    expect(state.press("\x03", page(1), room)).toBe(130);
  });

  test("scroll by a row and by a page, to the end of all lists and back", () => {
    const state = new ViewState("pid", "");
    const at = () => [state.position.at, state.position.from];
    const see = (from: number, next?: string) => page(17, { total: 20, from, ...(next && { next }) });
    state.press(up, see(0, "<b>"), room);
    expect(at()).toEqual(["<host>", 0]);
    for (let from = 0; from < 3; from++) state.press(down, see(from, "<b>"), room);
    expect(at()).toEqual(["<host>", 3]);
    // The end of the first list: the next one follows.
    state.press(down, see(3, "<b>"), room);
    expect(at()).toEqual(["<b>", 0]);
    state.press(pageDown, see(0), room);
    expect(at()).toEqual(["<b>", 17]);
    state.press(down, page(3, { total: 20, from: 17 }), room);
    expect(at()).toEqual(["<b>", 17]);
    for (let i = 0; i < 3; i++) state.press(pageUp, see(0), room);
    expect(at()).toEqual(["<host>", 0]);
  });

  test("show the crashes, scroll them, and go back to the actors", () => {
    const state = new ViewState("items", "");
    for (const key of ["c", down, pageDown, up]) state.press(key, page(17), room);
    expect(state).toMatchObject({ showsCrashes: true, firstLine: room, hint: CRASHES_HINT, sort: "items" });
    state.press("c", page(17), room);
    expect(state).toMatchObject({ showsCrashes: false, firstLine: 0 });
    state.press("s", page(17), room);
    expect(state).toMatchObject({ sort: "rate", isReversed: false });
    state.press("u", page(17), room);
    expect(state).toMatchObject({ sort: "cpu", isReversed: false });
  });
});
