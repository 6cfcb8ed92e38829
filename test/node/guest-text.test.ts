/** Text of guests is shown to people, and no terminal obeys it. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { escapeControls, formatReason, LoadError, Runtime } from "../../host/index.ts";
import { crashReport, crashStack } from "../../host/node/cli/crash-report.ts";
import { frame } from "../../host/node/cli/top/frame.ts";
import type { Reading } from "../../host/node/cli/top/observer-client.ts";
import { assemble, guest } from "../support/wat.ts";

/**
 * A control sequence, C1, a line end, bidirectional controls, separators, and invisible characters.
 */
const EVIL = "a\x1b[2J\x9b1m\r\n\u202eb\u2066\u200f\u061c\u2028\u2029\u200b\ufeff";
const HARMLESS = "a\\x1b[2J\\x9b1m\\x0d\\x0a\\u{202e}b\\u{2066}\\u{200f}\\u{61c}\\u{2028}\\u{2029}\\u{200b}\\u{feff}";
const OBEYED = /(?![\t\n])\p{Cc}|[\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069]|\p{Cs}/u;

const bytes = new TextEncoder().encode(EVIL);
const data = [...bytes].map(byte => `\\${byte.toString(16).padStart(2, "0")}`).join("");

/** Logs at a level, and then crashes with the same text in its message. */
const LOGS = guest(`(data (i32.const 64) "${data}")
  (func (export "run")
    (drop (call $log (i32.const 1) (i32.const 64) (i32.const ${bytes.length})))
    (drop (call $log (i32.const 3) (i32.const 64) (i32.const ${bytes.length})))
    (call $exit (i32.const 6) (i32.const 64) (i32.const ${bytes.length})))`);

describe("escapeControls", () => {
  test("shows what has an effect, and leaves everything else", () => {
    expect(escapeControls(EVIL)).toBe(HARMLESS);
    expect(escapeControls("lone \ud800 and \udc00")).toBe("lone \\u{d800} and \\u{dc00}");
    const text = "plain,\ttab, grün, 日本 🙂, 👨‍👩‍👧, می‌خواهم, \\x1b";
    expect(escapeControls(text)).toBe(text);
    expect(escapeControls("\x00\x07\x7f\x80\x9f")).toBe("\\x00\\x07\\x7f\\x80\\x9f");
  });

  test("keeps line ends where it is asked to, but no other character that ends a line", () => {
    expect(escapeControls("two\nlines\r\x0b\x0c\x85\u2028", true)).toBe("two\nlines\\x0d\\x0b\\x0c\\x85\\u{2028}");
  });
});

test("a reason is one line that a terminal obeys nothing of", () => {
  expect(formatReason({ kind: "crashed", message: `x ${EVIL}`, stack: "" })).not.toMatch(OBEYED);
  expect(formatReason({ kind: "crashed", message: "two\n  lines", stack: "" })).toBe("crashed: two lines");
  expect(formatReason({ kind: "custom", bytes: new TextEncoder().encode("a\u202eb") })).toBe("custom: 5 bytes");
  expect(formatReason({ kind: "custom", bytes: new TextEncoder().encode("a\tb") })).toBe("custom: a\tb");
});

test("the reason of a script's crash has the place of the innermost frame that has one", () => {
  const shown = (stack: string) => formatReason({ kind: "crashed", message: "Error: no", stack });
  const native = "    at sort (native)\n";
  expect(shown(`${native}    at best (lib/a b.js:4:13)\n    at onMessage (plug.js:2:1)\n`)).toBe(
    "crashed: Error: no (lib/a b.js:4:13)",
  );
  expect(shown("    at plug.js:3:10\n")).toBe("crashed: Error: no (plug.js:3:10)");
  expect(shown(native)).toBe("crashed: Error: no");
  expect(shown("Error: no\n    at f (file:///host.js:1:2)\n")).toBe("crashed: Error: no");
  expect(shown("    at f (wasm://x:wasm-function[1]:0x1)\n    at g (a.ts:1:2)")).toBe("crashed: Error: no");
  expect(shown("    at \x1b[2J (\x1b[2J:1:1)\n")).not.toMatch(OBEYED);
});

test("what guests log is written to the console as lines of their own, where nobody else takes it", async () => {
  const written = vi.spyOn(console, "log").mockImplementation(() => {});
  await using runtime = new Runtime({ grants: "all" });
  await runtime.exited(runtime.spawn(await runtime.load(LOGS)));
  const lines = written.mock.calls.map(([line]) => String(line));
  written.mockRestore();
  expect(lines).toEqual([expect.stringContaining(`info: ${HARMLESS}`), expect.stringContaining(`error: ${HARMLESS}`)]);
});

test("an error that names an import shows how it is spelt", async () => {
  const runtime = new Runtime();
  const bad = assemble(`(module (import "evil" "${data}" (func)) (func (export "run")))`);
  const error = await runtime.load(bad).catch(error => error);
  expect(error).toBeInstanceOf(LoadError);
  expect(error.message).toContain("\\x1b[2J");
  expect(String(error.stack).replaceAll("\n", "")).not.toMatch(OBEYED);
});

test("a crash report obeys neither a message, nor a name, nor a function's name", () => {
  const stack = `RuntimeError: x\n    at a\x1b[2J\u202e (wasm://wasm/00:wasm-function[1]:0x1f)`;
  const exit = { pid: 5, module: EVIL, name: EVIL, reason: { kind: "crashed", message: EVIL, stack } } as const;
  const report = crashReport(exit, { path: "guest.wasm", isCounted: false, isScript: false });
  expect(report.split("\n")[0]).not.toMatch(OBEYED);
  expect(report.split("\n")).toHaveLength(2);
  expect(crashStack(exit)).toBe("    at a\\x1b[2J\\u{202e}\n");
});

test("isopod top keeps its columns whatever an actor is called", () => {
  const row = { pid: "0.1", name: EVIL, kind: "guest", module: "a\tb\x1b[2J", state: "waits", items: 0, bytes: 0 };
  const reading = {
    overview: { process: "x", observedMs: 0, guests: 1, runQueue: 0, memoryBytes: 0, mailboxItems: 0, mailboxBytes: 0 },
    page: { rows: [{ ...row, links: 0, ageMs: 0 }], hasReductions: false, matching: 1 },
  };
  Object.assign(reading.overview, {
    counters: { spawned: 1, dead: 0 },
    states: { ready: 0, running: 0, parked: 1, idle: 0 },
    actors: 1,
    crashes: 0,
    samples: [],
  });
  const lines = frame(reading as unknown as Reading, { columns: 200, rows: 20, color: false, sort: "items" });
  expect(lines.join("")).not.toMatch(OBEYED);
  expect(lines.join("")).not.toContain("\t");
});

describe("isopod run", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "isopod-text-"));
    writeFileSync(join(folder, "evil.wasm"), LOGS);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("shows what is logged, and on stderr no line of a guest looks like one of isopod's", () => {
    const bin = join(import.meta.dirname, "..", "..", "bin", "isopod.js");
    const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ISOPOD_QUIET: "1" };
    const { stdout, stderr } = spawnSync(process.execPath, [bin, "run", join(folder, "evil.wasm")], {
      encoding: "utf8",
      env,
    });
    const [first, rest] = HARMLESS.split("\\x0a");
    expect(stdout).toBe(`${first}\n${rest}\n`);
    expect(stderr.split("\n").slice(0, 2)).toEqual([`error: ${first}`, `  ${rest}`]);
    expect(stderr).toContain(`custom: ${bytes.length} bytes`);
    expect(stderr).not.toMatch(OBEYED);
  });
});
