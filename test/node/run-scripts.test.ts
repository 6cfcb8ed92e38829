/** `isopod run` of scripts: lines are values and calls, modules come from the disk, errors name the script's own lines. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseArguments, UsageError } from "../../host/node/cli/command.ts";
import { run } from "../../host/node/cli/commands/run.ts";
import { build } from "../support/compiler.ts";
import { withoutGenerations } from "../support/pages.ts";

const CLI = fileURLToPath(new URL("../../bin/isopod.js", import.meta.url));

const FILES = {
  "sums.js": `import { half } from "./lib/half.js";
export const add = (a, b) => a + b;
export const halve = n => half(n);
export function greet(name) { return { hello: name, bytes: new Uint8Array([1, 255]) }; }
export function fail(what) { throw new RangeError(\`not \${what}\`); }
export async function later(ms) { await new Promise(done => setTimeout(done, ms)); return "late"; }
export function nothing() {}
export function spin() { while (true) {} }
`,
  "lib/half.js": 'import { two } from "../two.mjs";\nexport const half = n => n / two;\n',
  "two.mjs": "export const two = 2;\n",
  "echo.js": `import { reply } from "isopod";
export function onMessage(message) {
  if (message.ref !== 0) reply(message, ["answer", message.value]);
  else console.log("got", message.value);
}
`,
  "texts.js": `import { reply } from "isopod";
export const onMessage = message => void reply(message, message.text() + "!", { raw: true });
`,
  "main.js": `import { args, receive } from "isopod";
export async function main() {
  console.log("hello,", new TextDecoder().decode(args()));
}
`,
  "typed.ts": `interface Pair { readonly a: number; readonly b: number }
export function sum({ a, b }: Pair): number { return a + b; }
`,
  "typed.mts": "export const twice = (n: number): number => 2 * n;\n",
  "crash.js": `export function onMessage(message) {
  inner(message.value);
}

function inner(value) {
  throw new TypeError("no " + value);
}
`,
  "syntax.js": "export function f() {\n  return 1 +;\n}\n",
  "top.js": "export const f = () => 1;\nundefinedThing();\n",
  "none.js": "export const answer = 42;\n",
  "host.js": 'import { Runtime } from "isopod";\nnew Runtime();\n',
  "host-node.js": 'import { createRuntime } from "isopod/node";\ncreateRuntime();\n',
  "fs.js": 'import { readFileSync } from "node:fs";\nexport const f = () => readFileSync("/");\n',
  "package.js": "import { chunk } from 'lodash-es';\nexport const f = chunk;\n",
  "missing.js": 'import { x } from "./lib/hlaf.js";\nexport const f = x;\n',
  "outside.js": 'import { secret } from "./link.js";\nexport const f = secret;\n',
  "asks.ts": `import { log, spawn } from "isopod/guest";
export function run(): void { log(spawn("worker").pid > 0 ? "spawned" : "refused"); }
`,
};

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "isopod-scripts-"));
  const work = join(folder, "work");
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(work, dirname(name)), { recursive: true });
    writeFileSync(join(work, name), text);
  }
  writeFileSync(join(folder, "secret.js"), "export const secret = 1;\n");
  symlinkSync(join(folder, "secret.js"), join(work, "link.js"));
  // The command finds it in the cache.
  await build(["asks.ts"], { baseDir: work });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Scripts may be slow here, because others load the machine. */
const PATIENT = ["--limit", "turnMs=5000"];

function isopod(args: string[], input = ""): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
  const child = spawn(process.execPath, [CLI, "run", ...args], {
    ...{ cwd: join(folder, "work"), env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", text => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", text => {
    stderr += text;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", code => done({ code, stdout, stderr: withoutGenerations(stderr) }));
  });
}

describe("lines", () => {
  test("call the functions of a script, and their results are printed as JSON", async () => {
    const calls = ["add 1 2", '["add", "a", "b"]', "halve 5", 'greet "Ann Lee"', "later 1", "nothing"];
    expect(await isopod(["sums.js", ...PATIENT], calls.join("\n"))).toEqual({
      code: 0,
      stdout: '3\n"ab"\n2.5\n{"hello":"Ann Lee","bytes":"01 ff"}\n"late"\nnull\n',
      stderr: "",
    });
  });

  test("that call what throws, or is not there, have no answer, and the actor lives on", async () => {
    expect(await isopod(["sums.js", ...PATIENT], "fail there\nad 1\n5\nadd 2 2\n")).toEqual({
      code: 1,
      stdout: "4\n",
      stderr: `isopod: line 1 has no answer: RangeError: not there
isopod: line 2 has no answer: ReferenceError: the script exports no function ad
isopod: line 3 was not sent: it is no call, such as add 1 2 or ["add", 1, 2]
`,
    });
  });

  test("end a function that loops for ever at a limit", async () => {
    const ended = await isopod(["sums.js"], "spin\n");
    expect(ended.stderr).toMatch(/line 1 has no answer: .* ended before it answered: crashed: reductions: .*\(limit /);
    expect(ended.stderr).toMatch(/^isopod: <0\.0\.\d+\.N> sums\.js crashed: reductions: /m);
    expect(ended.code).toBe(1);
  });

  test("are values for onMessage, as messages and as calls, or texts if that is asked for", async () => {
    const lines = '{"a": [1]}\nhello there\n5\n';
    expect((await isopod(["echo.js", ...PATIENT], lines)).stdout).toBe("got { a: [ 1 ] }\ngot hello there\ngot 5\n");
    expect((await isopod(["echo.js", "--call", ...PATIENT], lines)).stdout).toBe(
      '["answer",{"a":[1]}]\n["answer","hello there"]\n["answer",5]\n',
    );
    expect((await isopod(["texts.js", "--call", "--lines", "text", ...PATIENT], "5\n")).stdout).toBe("5!\n");
  });

  test("that a script with functions cannot take are refused with what it takes", async () => {
    const { code, stderr } = await isopod(["sums.js", "--lines", "json"], "[]\n");
    expect(stderr).toContain("so a line is a call, such as add 1 2: leave out --lines json");
    expect(code).toBe(2);
  });
});

describe("a script", () => {
  test("with main runs at once, with the arguments of the command", async () => {
    expect(await isopod(["main.js", "you", "there", ...PATIENT])).toEqual({
      ...{ code: 0, stdout: "hello, you there\n", stderr: "" },
    });
  });

  test("in TypeScript is a .mts, or a .ts that --language says is one", async () => {
    expect(await isopod(["typed.mts", ...PATIENT], "twice 21\n")).toEqual({ code: 0, stdout: "42\n", stderr: "" });
    expect(await isopod(["typed.ts", "--language", "js", ...PATIENT], 'sum {"a":1,"b":2}\n')).toEqual({
      ...{ code: 0, stdout: "3\n", stderr: "" },
    });
  });

  test("can be spawned by a guest that is compiled, if it is defined", async () => {
    const ended = await isopod(["asks.ts", "--define", "worker=echo.js", "--log", "debug"], "\n");
    expect(ended).toMatchObject({ code: 0, stdout: "spawned\n" });
    expect(ended.stderr).toMatch(/echo\.js shutdown/);
  });

  test("that crashes has its message, file and line in one line, and with --debug its functions", async () => {
    const short = await isopod(["crash.js", ...PATIENT], "cake\n");
    expect(short.stderr).toMatch(/^isopod: <[\d.N]+> crash\.js crashed: TypeError: no cake \(crash\.js:6:\d+\)\n$/);
    const long = await isopod(["crash.js", "--debug", ...PATIENT], "cake\n");
    expect(long.stderr).toMatch(/\n {4}at inner \(crash\.js:6:\d+\)\n {4}at onMessage \(crash\.js:2:\d+\)\n$/);
  });
});

describe("what cannot be loaded", () => {
  test.each([
    ["syntax.js", /^syntax\.js:2:\d+: error: SyntaxError: .*\n {6}return 1 \+;\n {4} +\^\n$/],
    ["top.js", /^top\.js:2:\d+: error: ReferenceError: undefinedThing is not defined\n {4}undefinedThing\(\);\n/],
    ["none.js", /^none\.js: error: the script exports no function: /],
    ["host.js", /^host\.js: error: .*Runtime.*; hosts have it, and a host program is run with `node host\.js`\n$/],
    [
      "host-node.js",
      /^isopod: "host-node\.js" imports isopod\/node, so it is a host program and no guest: run it with `node host-node\.js`\n$/,
    ],
    ["fs.js", /^isopod: fs\.js imports node:fs, a part of Node: a script has only what its host gives it\n$/],
    [
      "package.js",
      /^isopod: package\.js imports lodash-es, a package: .* npx esbuild package\.js --bundle --format=esm --external:isopod --outfile=bundle\.js\n$/,
    ],
    [
      "missing.js",
      /^isopod: missing\.js imports lib\/hlaf\.js, but there is no such file; did you mean .*half\.js\?\n$/,
    ],
    ["outside.js", /^isopod: outside\.js imports link\.js, which is not below .*: a script reads no other files\n$/],
    ["mian.js", /^isopod: mian\.js could not be read: there is no such file; did you mean main\.js\?\n$/],
  ])("%s says why", async (path, words) => {
    const { code, stdout, stderr } = await isopod([path]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(words);
  });

  test("has options that mean something else", async () => {
    const refused = async (...args: string[]) => run.run(parseArguments(args, run.options));
    await expect(refused("x.js", "--entry", "f")).rejects.toThrow(
      new UsageError("--entry is for WebAssembly: x.js is a script, which has no entries"),
    );
    await expect(refused("x.ts", "--language", "js", "--reductions", "yield")).rejects.toThrow(
      "leave out --reductions",
    );
    await expect(refused("x.ts", "--language", "ts")).rejects.toThrow("--language is js or assemblyscript");
  });
});
