/** The command `isopod`, run as a user runs it: output, errors and exit codes. */
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bench } from "../../bench/command.ts";
import { parseArguments, UsageError } from "../../host/node/cli/command.ts";
import { build } from "../../host/node/cli/commands/build.ts";
import { init } from "../../host/node/cli/commands/init.ts";
import { run } from "../../host/node/cli/commands/run.ts";
import { suggest } from "../../host/wire/suggest.ts";
import { build as compiled } from "../support/compiler.ts";
import { withoutGenerations } from "../support/pages.ts";

const CLI = fileURLToPath(new URL("../../bin/isopod.js", import.meta.url));
const ECHO = fileURLToPath(new URL("../../guest/examples/echo.ts", import.meta.url));

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
  write(
    "lines.ts",
    'import { log } from "isopod/guest";\nexport function run(): void {\n  for (let i = 0; i < 4; i++) log(i.toString(), i);\n}\n',
  );
  write("trap.ts", "export function run(): void {\n  load<i32>(-4);\n}\n");
  write(
    "named.ts",
    'import { register, self } from "isopod/guest"; export function run(): void { register("boss", self()); throw new Error("one\\ntwo"); }',
  );
  write("index.ts", "export function run(): void {\n  const none: i32[] = [];\n  none[none.length];\n}\n");
  write(
    "chain.ts",
    `class Node { constructor(public next: Node | null) {} }
function chain(depth: i32): Node { const node = new Node(null); if (depth > 0) node.next = chain(depth - 1); return node; }
export function run(): void { chain(2_000); }`,
  );
  // The command finds these in the cache. Those of `isopod build` below it compiles itself.
  await Promise.all([
    compiled(["boom.ts", "index.ts", "chain.ts"], { baseDir: folder }),
    compiled(["index.ts"], { baseDir: folder, debug: true }),
    compiled(["chain.ts"], { baseDir: folder, stackBytes: 100_000 }),
    compiled(["endless.ts"], { baseDir: folder, reductions: "count" }),
  ]);
  built = await isopod(["build", "bad.ts", "hello.ts", ECHO, "lines.ts", "trap.ts", "named.ts", "--out", "out/deep"]);
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

/** Runs `isopod` in the folder, as a user does. `onOutput` sees all output as it grows. */
function isopod(
  args: string[],
  onOutput?: (output: string, interrupt: () => void) => void,
  environment: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...environment };
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", text => {
    stdout += text;
    onOutput?.(stderr + stdout, () => child.kill("SIGINT"));
  });
  child.stderr.setEncoding("utf8").on("data", text => {
    stderr += text;
    onOutput?.(stderr + stdout, () => child.kill("SIGINT"));
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", code => done({ code, stdout, stderr }));
  });
}

test("--stack says how deep functions with objects may call each other, of isopod build as of isopod run", async () => {
  const small = await isopod(["run", "chain.ts"]);
  expect(small.code).toBe(1);
  expect(small.stderr).toMatch(/stack overflow: the \d+ bytes .* build it with a larger --stack \(chain\.ts:2:\d+\)/);
  expect((await isopod(["run", "chain.ts", "--stack", "100000"])).stderr).toBe("");
  expect((await isopod(["build", "chain.ts", "--stack", "100000", "--out", "out"])).code).toBe(0);
  expect((await isopod(["run", "out/chain.wasm"])).stderr).toBe("");
  const other = await isopod(["build", "out/chain.wasm", "--stack", "5000", "--out", "out/again"]);
  expect(other.stderr).toContain("was laid out by its own compiler");
});

describe("isopod build", () => {
  test("writes what compiles, and says of the rest where the mistake is", () => {
    const { code, stdout, stderr } = built;
    expect(stderr).toMatch(/^bad\.ts:2:3: error TS2304: .*nothing/);
    for (const name of ["hello", "echo"]) {
      expect(stdout).toMatch(new RegExp(`${name}\\.wasm {2}\\d+ bytes\n`));
      expect(existsSync(join(folder, "out", "deep", `${name}.wasm.map`))).toBe(true);
    }
    expect(code).toBe(1);
    expect(existsSync(join(folder, "out", "deep", "bad.wasm"))).toBe(false);
  });
});

describe("isopod build --watch", () => {
  test("builds again what changes, goes on after an error, and ends on SIGINT", async () => {
    write("part.ts", "export function part(): void {}\n");
    write("whole.ts", 'import { part } from "./part";\nexport function run(): void {\n  part();\n}\n');
    write("apart.ts", "export function run(): void {}\n");
    // What to wait for, and what to do then.
    const steps: [RegExp, (interrupt: () => void) => void][] = [
      [/watching 3 files/, () => write("part.ts", "export function part(): void { nothing(); }\n")],
      [
        /part\.ts:1:\d+: error TS2304: .*nothing/,
        () => write("part.ts", "export function part(): void { abort(); }\n"),
      ],
      [/(whole\.wasm .*\n[\s\S]*){2}/, interrupt => interrupt()],
    ];
    const { code, stdout } = await isopod(["build", "whole.ts", "apart.ts", "--watch"], (output, interrupt) => {
      const [awaited, act] = steps[0] ?? [];
      if (!awaited?.test(output)) return;
      steps.shift();
      act?.(interrupt);
    });
    expect({ code, left: steps.length }).toEqual({ code: 0, left: 0 });
    expect(stdout).toMatch(/^whole\.wasm {2}\d+ bytes {2}\d+\.\d\d s\napart\.wasm .*\nwhole\.wasm .*\n$/);
  });
});

describe("isopod run", () => {
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
    expect(silent).toMatchObject({ code: 0, stdout: "" });
    expect(silent.stderr).toMatch(
      /^isopod: <[\d.]+> hello\.wasm called log, which it is not granted; --grant log gives it\n$/,
    );
    const short = await isopod(["run", "out/deep/hello.wasm", "--grant", "log", "--limit", "logBytesPerSecond=3"]);
    expect(short).toEqual({ code: 0, stdout: "", stderr: "" });
    const endless = await isopod(["run", "endless.ts", "--reductions", "kill"]);
    expect(endless.stderr).toMatch(/endless\.ts crashed: reductions: /);
    expect(endless.code).toBe(1);
  });

  test("names of a trap the line, from the map that build has written beside the module, and not from another's", async () => {
    expect((await isopod(["run", "out/deep/trap.wasm"])).stderr).toMatch(
      /^isopod: <[\d.]+> trap\.wasm crashed: memory access out of bounds \(trap\.ts:2:3\)\n$/,
    );
    copyFileSync(join(folder, "out/deep/trap.wasm"), join(folder, "trap.wasm"));
    copyFileSync(join(folder, "out/deep/hello.wasm.map"), join(folder, "trap.wasm.map"));
    expect((await isopod(["run", "trap.wasm"])).stderr).toMatch(
      /crashed: memory access out of bounds\n {2}the line is not known: trap\.wasm came without trap\.wasm\.map/,
    );
  });

  test("says where to look when a library failed, and with --debug who had called it", async () => {
    const { stderr } = await isopod(["run", "index.ts"]);
    expect(stderr).toMatch(
      /crashed: Index out of range \(~lib\/array\.ts:\d+:\d+\)\n {2}isopod run --debug index\.ts shows who/,
    );
    const debug = await isopod(["run", "index.ts", "--debug"]);
    expect(debug.stderr).toMatch(
      /\(~lib\/array\.ts:\d+:\d+, from index\.ts:3:3\)\n {4}at .*__get .*\n {4}at index\/run \(index\.ts:3:3\)\n$/,
    );
  });

  test("names an actor that has a name, in one line whatever it says", async () => {
    const { stderr } = await isopod(["run", "out/deep/named.wasm"]);
    expect(stderr).toMatch(/^isopod: <[\d.]+> boss \(named\.wasm\) crashed: one two \(named\.ts:1:\d+\)\n$/);
  });

  test.each([
    ["debug", "1\n", "debug: 0\nwarning: 2\nerror: 3\ndebug: <0.0.0.N> lines.wasm normal\n"],
    ["info", "1\n", "warning: 2\nerror: 3\n"],
    ["warning", "", "warning: 2\nerror: 3\n"],
    ["error", "", "error: 3\n"],
  ])("with --log %s shows that level and above", async (level, stdout, stderr) => {
    const ran = await isopod(["run", "out/deep/lines.wasm", "--log", level]);
    expect({ ...ran, stderr: withoutGenerations(ran.stderr) }).toEqual({ code: 0, stdout, stderr });
  });

  test("has colours where they are asked for, and nowhere else", async () => {
    const colours = async (environment: NodeJS.ProcessEnv) =>
      (await isopod(["run", "out/deep/trap.wasm"], undefined, environment)).stderr.includes("\x1b[31m");
    expect([await colours({}), await colours({ FORCE_COLOR: "1" }), await colours({ NO_COLOR: "1" })]).toEqual([
      false,
      true,
      false,
    ]);
  });

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
    const args = ["bench", "ping-pong-latency", "1", "--json", "--pairs", "3", "--bytes", "100", "--style", "handler"];
    const { code, stdout, stderr } = await isopod(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      engine: expect.stringMatching(/^node \d+\.\d+\.\d+, V8 \d+\.\d+/),
      flags: expect.arrayContaining(["--disable-wasm-trap-handler"]),
      contests: [
        {
          scenario: "ping-pong-latency",
          parameters: { pairs: 3, bytes: 100 },
          scores: [{ name: "isopod handler", medianNs: expect.any(Number), operationsPerSecond: expect.any(Number) }],
          ...{ skipped: [], failed: [] },
        },
      ],
    });
    const [{ rounds, medianNs, operationsPerSecond, latency }] = result.contests[0].scores;
    const sum = (key: string) => rounds.reduce((total: number, round: Record<string, number>) => total + round[key], 0);
    expect(sum("elapsedMs")).toBeGreaterThanOrEqual(1000);
    expect(sum("operations")).toBeGreaterThan(1000);
    expect(operationsPerSecond).toBeCloseTo(1e9 / medianNs, -1);
    expect(latency.p50).toBeGreaterThan(0);
    expect(latency.p99).toBeGreaterThanOrEqual(latency.p50);
  });

  test("names a peer that fails, goes on without it, and exits with 1", async () => {
    // An Erlang that knows the scenario, and ends in its first round.
    write("erlc", "#!/bin/sh\n");
    write(
      "erl",
      `#!/bin/sh\ncase "$*" in *--list) echo '{"scenario":"thread-ring"}';; *) echo no scheduler >&2; exit 3;; esac\n`,
    );
    for (const program of ["erlc", "erl"]) chmodSync(join(folder, program), 0o755);
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const args = ["bench", "thread-ring", "--rounds", "1", "--peers", "erlang"];
    const { code, stdout } = await isopod(args, undefined, env);
    expect(stdout).toMatch(
      /^thread-ring: actors 100, hops 100,000; .*\n {2}isopod process {2}[\d.]+ \Ss {2}[\d,]+\/s\n/,
    );
    expect(stdout).toMatch(/\n {2}medians of 1 round; node \d+.*--disable-wasm-trap-handler.*\n$/);
    expect(stdout).toContain("  erlang FAILED: the peer erlang ended: no scheduler\n");
    expect(code).toBe(1);
  });
});

describe("isopod", () => {
  test("has help for itself and for each command", async () => {
    const { code, stdout } = await isopod(["--help"]);
    expect(code).toBe(0);
    const commands = [...stdout.matchAll(/^ {2}(\w+) {2,}\w/gm)].map(([, name]) => name);
    const all = ["init", "run", "build", "test", "replay", "observe", "top", "cluster", "demo", "bench"];
    expect(commands).toEqual(all);
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
    [build, ["x.ts", "x.ts"], "x.ts was named twice"],
    [build, ["x.ts", "--out", CLI], `--out needs a folder, but ${CLI} is a file`],
    [init, [], "where to? Name a folder: isopod init my-app"],
    [init, ["a", "b"], "name one folder, not 2: a b"],
    [run, ["x.ts", "--log", "loud"], '--log is debug or info or warning or error, not "loud"'],
    [run, ["x.ts", "--limit", "-3"], "--limit needs a value; a value that begins with a dash is written --limit=-3"],
    [build, ["x.ts", "--debug=yes"], '--debug takes no value, but got "yes"'],
    [build, ["x.ts", "--out", "a", "--out", "b"], "--out was given twice"],
    [
      build,
      ["a/x.ts", "b/x.ts", "--out", "o"],
      `a/x.ts and b/x.ts would both become ${join("o", "x.wasm")}: build them separately`,
    ],
    [run, ["x.ts", "--park", "jspy"], '--park is asyncify or jspi, not "jspy"; did you mean jspi?'],
    [run, ["x.ts", "--limit", "memorypages=3"], "--limit: there is no limit memorypages; did you mean memoryPages?"],
    [build, ["x.ts", "--stack", "lots"], '--stack is a whole number from 1 to 67108864, not "lots"'],
    [run, ["x.ts", "--limit", "ties"], `--limit ties is a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, not ""`],
    [bench, ["pingpong"], "there is no scenario pingpong; did you mean ping-pong?"],
    [bench, ["ping-pong", "soon"], 'seconds is a number from 0.1 to 3600, not "soon"'],
    [bench, ["ping-pong", "--pairs", "0"], '--pairs is a whole number from 1 to 10000, not "0"'],
    [bench, ["ping-pong", "5", "6"], 'ping-pong takes the seconds and nothing else, but got "6"'],
    [bench, ["memory", "5"], "memory takes no seconds, because each of its rounds takes some"],
    [bench, ["spawn", "5", "--rounds", "3"], "give the seconds or --rounds, not both"],
    [bench, ["spawn", "--style", "handler"], "spawn is not played in style handler, but process or jspi"],
    [bench, ["spawn", "--rounds", "0"], '--rounds is a whole number from 1 to 1000, not "0"'],
    [bench, ["spawn", "--bytes", "1"], "--bytes is for ping-pong; spawn does not use it"],
    [bench, ["spawn", "--peers", "go,perl"], '--peers is all, none or some of erlang,go,rust,nact, not "perl"'],
    [bench, ["spawn", "--out", "o"], "--out is for isopod bench all; use --json"],
    [bench, ["all"], "where to? Say isopod bench all --out results/"],
  ])("refuses wrong arguments: $0.name $1", async (command, args, message) => {
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
