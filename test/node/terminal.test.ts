/** The line of progress appears on terminals only, and disappears when the work is done. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProgressLine } from "../../host/node/cli/terminal.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv("FORCE_COLOR", undefined);
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("TERM", "xterm");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

function terminal(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const write = (text: string | Uint8Array) => written.push(String(text)) > 0;
  return { isTTY, columns, write, written };
}

test("what is done within a second is not spoken of", () => {
  const screen = terminal(true);
  const line = new ProgressLine(screen);
  line.say("compiling a.ts");
  vi.advanceTimersByTime(999);
  line.clear();
  vi.advanceTimersByTime(5000);
  expect(screen.written.join("")).toBe("\r\x1b[K");
});

test("what takes longer is one line, written over each second and taken away", () => {
  const screen = terminal(true);
  const line = new ProgressLine(screen);
  line.say("compiling a.ts");
  vi.advanceTimersByTime(1000);
  line.say("compiling b.ts");
  vi.advanceTimersByTime(1000);
  line.clear();
  expect(screen.written).toEqual(["\r\x1b[Kcompiling a.ts … 1 s", "\r\x1b[Kcompiling b.ts … 2 s", "\r\x1b[K"]);
});

test("it is no longer than the terminal is wide", () => {
  const screen = terminal(true, 10);
  new ProgressLine(screen).say("compiling a.ts");
  vi.advanceTimersByTime(1000);
  expect(screen.written).toEqual(["\r\x1b[Kcompiling"]);
});

test.each([
  ["a pipe", false, "xterm"],
  ["a dumb terminal", true, "dumb"],
])("%s gets nothing", (_name, isTTY, term) => {
  vi.stubEnv("TERM", term);
  const screen = terminal(isTTY);
  const line = new ProgressLine(screen);
  line.say("compiling a.ts");
  vi.advanceTimersByTime(5000);
  line.clear();
  expect(screen.written).toEqual([]);
});
