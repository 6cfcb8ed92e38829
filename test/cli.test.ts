import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseArguments, suggest, UsageError } from "../host/node/command.ts";
import { bench } from "../host/node/commands/bench.ts";
import { build } from "../host/node/commands/build.ts";
import { run } from "../host/node/commands/run.ts";

const CLI = fileURLToPath(new URL("../bin/isopod.js", import.meta.url));
const ECHO = fileURLToPath(new URL("../guest/examples/echo.ts", import.meta.url));

let folder: string;
/** What `isopod build` of three guests did, one of which does not compile. */
let built: Ended;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "isopod-cli-"));
  write("bad.ts", "export function run(): void {\n  nothing();\n}\n");
  write("boom.ts", 'export function run(): void {\n  assert(false, "the wall is near");\n}\n');
  write(
    "hello.ts",
    'import { argsText, log } from "isopod/guest"; export function run(): void { log("hello, " + argsText() + "\\x1b[2J!"); }',
  );
  write("endless.ts", "export function run(): void {\n  while (true) {}\n}\n");
  built = await isopod(["build", "bad.ts", "hello.ts", ECHO, "--out", "out/deep", "--source-map"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, source: string): void {
  writeFileSync(join(folder, name), source);
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `isopod` in the folder, as a user does. `onOutput` sees stderr as it grows. */
function isopod(args: string[], onOutput?: (stderr: string, interrupt: () => void) => void): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", text => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", text => {
    stderr += text;
    onOutput?.(stderr, () => child.kill("SIGINT"));
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", code => done({ code, stdout, stderr }));
  });
}

describe("isopod build", () => {
  test("writes what compiles, and says of the rest where the mistake is", () => {
    const { code, stdout, stderr } = built;
    expect(stderr).toMatch(/^bad\.ts:2:3: error TS2304: .*nothing/);
    for (const name of ["hello", "echo"]) {
      expect(stdout).toMatch(new RegExp(`${name}\\.wasm {2}\\d+ bytes\n.*${name}\\.wasm\\.map {2}\\d+ bytes\n`));
      expect(existsSync(join(folder, "out", "deep", `${name}.wasm.map`))).toBe(true);
    }
    expect(code).toBe(1);
    expect(existsSync(join(folder, "out", "deep", "bad.wasm"))).toBe(false);
  });
});

describe.concurrent("isopod run", () => {
  test("prints what the guest logs, control characters shown and not obeyed", async () => {
    const { code, stdout, stderr } = await isopod(["run", "out/deep/hello.wasm", "--", "--big", "world"]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "hello, --big world\\x1b[2J!\n", stderr: "" });
  });

  test("of a guest that aborts says who crashed, why and where", async () => {
    const { code, stdout, stderr } = await isopod(["run", "boom.ts"]);
    expect(stderr).toMatch(/^isopod: <[\d.]+> boom\.ts crashed: the wall is near \(boom\.ts:2:3\)\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });

  test("grants what is asked for, and holds the limits that are set", async () => {
    const silent = await isopod(["run", "out/deep/hello.wasm", "--grant", "clock"]);
    expect(silent).toEqual({ code: 0, stdout: "", stderr: "" });
    const short = await isopod(["run", "out/deep/hello.wasm", "--grant", "log", "--limit", "logBytesPerSecond=3"]);
    expect(short).toEqual({ code: 0, stdout: "", stderr: "" });
    const endless = await isopod(["run", "endless.ts", "--reductions", "kill"]);
    expect(endless.stderr).toMatch(/endless\.ts crashed: reductions: /);
    expect(endless.code).toBe(1);
  }, 60_000);

  test("waits as long as its actor does, until SIGINT", async () => {
    const { code, stderr } = await isopod(["run", "out/deep/echo.wasm"], (stderr, interrupt) => {
      if (stderr.includes("Ctrl-C ends it")) interrupt();
    });
    expect(stderr).toContain("the actor waits");
    expect(code).toBe(130);
  });

  test("says what is missing", async () => {
    const { code, stderr } = await isopod(["run", "nowhere.wasm"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^isopod: nowhere\.wasm could not be read: .*\n$/);
  });
});

describe.concurrent("isopod bench", () => {
  test("with --json prints one object and nothing else", async () => {
    const args = ["bench", "ping-pong", "1", "--json", "--pairs", "3", "--bytes", "100", "--style", "handler"];
    const { code, stdout, stderr } = await isopod(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const result = JSON.parse(stdout);
    expect(result).toEqual({
      scenario: "ping-pong",
      style: "handler",
      pairs: 3,
      threads: 1,
      payloadBytes: 100,
      messages: expect.any(Number),
      seconds: expect.any(Number),
      messagesPerSecond: expect.any(Number),
      roundTripNs: { p50: expect.any(Number), p99: expect.any(Number) },
      engine: expect.stringMatching(/^node \d+\.\d+\.\d+, V8 \d+\.\d+/),
      flags: expect.arrayContaining(["--disable-wasm-trap-handler"]),
    });
    expect(result.seconds).toBeGreaterThanOrEqual(0.99);
    expect(result.messages).toBeGreaterThan(1000);
    expect(result.messagesPerSecond).toBeCloseTo(result.messages / result.seconds, -1);
    expect(result.roundTripNs.p50).toBeGreaterThan(0);
    expect(result.roundTripNs.p99).toBeGreaterThanOrEqual(result.roundTripNs.p50);
  });
});

describe("isopod", () => {
  test("has help for itself and for each command", async () => {
    const { code, stdout } = await isopod(["--help"]);
    expect(code).toBe(0);
    const commands = [...stdout.matchAll(/^ {2}(\w+) {2,}\w/gm)].map(([, name]) => name);
    expect(commands).toEqual(["build", "run", "demo", "bench"]);
    for (const name of commands) {
      const help = await isopod([name, "--help"]);
      expect(help).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining(`Usage: isopod ${name} `) });
    }
  });

  test("refuses what it does not know, and says what was probably meant", async () => {
    expect(await isopod(["buidl"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "isopod: there is no command buidl; did you mean build?\nTry: isopod --help\n",
    });
    expect(await isopod(["run", "x.ts", "--enrty", "go"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "isopod: there is no option --enrty; did you mean --entry?\nTry: isopod run --help\n",
    });
  });

  test.each([
    [build, [], "which guests? Name one or more .ts files"],
    [build, ["x.ts", "--park", "--debug"], "--park needs a value"],
    [build, ["x.ts", "--debug=yes"], '--debug takes no value, but got "yes"'],
    [build, ["x.ts", "--out", "a", "--out", "b"], "--out was given twice"],
    [
      build,
      ["a/x.ts", "b/x.ts", "--out", "o"],
      `a/x.ts and b/x.ts would both become ${join("o", "x.wasm")}: build them apart`,
    ],
    [run, ["x.ts", "--park", "jspy"], '--park is asyncify or jspi, not "jspy"; did you mean jspi?'],
    [run, ["x.ts", "--limit", "memorypages=3"], "--limit: there is no limit memorypages; did you mean memoryPages?"],
    [run, ["x.ts", "--limit", "ties"], `--limit ties is a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, not ""`],
    [bench, ["pingpong"], "there is no scenario pingpong; did you mean ping-pong?"],
    [bench, ["ping-pong", "soon"], 'seconds is a number from 0.1 to 3600, not "soon"'],
    [bench, ["ping-pong", "--pairs", "0"], '--pairs is a whole number from 1 to 10000, not "0"'],
    [bench, ["ping-pong", "5", "6"], 'ping-pong takes the seconds and nothing else, but got "6"'],
    [bench, ["spawn", "5"], "played in rounds, spawn takes no seconds"],
    [bench, ["spawn", "--rounds", "0"], '--rounds is a whole number from 1 to 1000, not "0"'],
    [bench, ["spawn", "--bytes", "1"], "--bytes is for ping-pong; spawn does not use it"],
    [bench, ["spawn", "--peers", "go,perl"], '--peers is all, none or some of erlang,go,rust,nact, not "perl"'],
    [bench, ["spawn", "--out", "o"], "--out is for isopod bench all; use --json"],
    [bench, ["all"], "where to? Say isopod bench all --out results/"],
  ])("refuses wrong arguments: $name %j", async (command, args, message) => {
    const outcome = async () => command.run(parseArguments(args, command.options));
    await expect(outcome()).rejects.toThrow(new UsageError(message));
  });

  test("suggests nothing that is far away", () => {
    expect(suggest("x", ["out", "park", "help"])).toBeUndefined();
    expect(suggest("frobnicate", ["out", "park", "help"])).toBeUndefined();
    expect(suggest("pack", ["out", "park", "help"])).toBe("park");
    expect(suggest("source", ["out", "source-map"])).toBe("source-map");
  });
});
