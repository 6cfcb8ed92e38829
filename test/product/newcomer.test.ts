/**
 * The mistakes of the first hour, on the command line and in a small host program. The messages
 * must help.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as asc from "assemblyscript/asc";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Compiled } from "../../host/node/compile/compiled.ts";
import { compile } from "../../host/node/compile/compiler.ts";
import { build, createRuntime, type Denial, type Runtime } from "../../host/node/index.ts";
import { build as compiled } from "../support/compiler.ts";

const CLI = fileURLToPath(new URL("../../bin/isopod.js", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-newcomer-"));
  mkdirSync(join(folder, "guest"));
  write("echo.ts", 'import { log } from "isopod/guest"; export function run(): void { log("hi"); log("ho"); }');
  write("guest/deep.ts", "export function run(): void {}");
  write("none.ts", "export function add(a: i32, b: i32): i32 { return a + b; }");
  write("main.ts", "export function main(): void {}");
  write("typed.ts", "export function run(): i32 { return 1; }");
  write("notes.txt", "not a guest");
});
/** The command finds these in the cache. */
beforeAll(async () => {
  write("waits.ts", 'import { receive } from "isopod/guest"; export function run(): void { receive(); }');
  await compiled(["echo.ts", "none.ts", "main.ts", "typed.ts"], { baseDir: folder });
  await compiled(["waits.ts"], { baseDir: folder, park: "jspi" });
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, source: string): string {
  writeFileSync(join(folder, name), source);
  return join(folder, name);
}

/** Exit code and stderr of `isopod`, in an engine that `before`, a script, has changed. */
function isopod(args: string[], before?: string): [code: number | null, stderr: string] {
  const preload = before === undefined ? [] : ["--require", write("before.cjs", before)];
  const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, NODE_OPTIONS: preload.join(" ") };
  const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], { cwd: folder, env, encoding: "utf8" });
  return [status, stderr];
}

describe("on the command line", () => {
  test.each([
    ["a name without its ending", "echo", "echo could not be read: there is no such file; did you mean echo.ts?"],
    ["a slip", "ehco.wasm", "ehco.wasm could not be read: there is no such file; did you mean echo.ts?"],
    ["a file elsewhere", "deep.wasm", "there is no such file; did you mean guest/deep.ts?"],
    ["a module that was not built", "echo.wasm", "there is only its source; compile it with `isopod build echo.ts`"],
    ["a folder", "guest", "guest could not be read: it is a folder; name a file in it"],
    [
      "what is no guest",
      "notes.txt",
      "a guest is AssemblyScript (.ts), JavaScript (.js, .mjs, .mts) or WebAssembly (.wasm), and notes.txt is none of them",
    ],
  ])("%s", (_name, path, message) => {
    expect(isopod(["run", path])[1]).toContain(message);
  });

  test("a source that is not there", () => {
    const [code, stderr] = isopod(["run", "ecko.ts"]);
    expect([code, stderr]).toEqual([1, 'ecko.ts: error TS6054: there is no file "ecko.ts"; did you mean echo.ts?\n']);
  });

  test.each(["run", "build"])("a host program is told so by %s in one sentence", command => {
    const program =
      'import {\n  build,\n  createRuntime,\n} from "isopod/node";\nconst [{ wasm }] = await build(["a.ts"]);\n';
    write("host.ts", program);
    const words =
      'host.ts: error: "host.ts" imports isopod/node, so it is a host program and no guest: run it with `node host.ts`\n';
    expect(isopod([command, "host.ts"])).toEqual([1, words]);
    write("host.ts", "import type { Pid } from 'isopod';\nlet pid: Pid;\n");
    expect(isopod([command, "host.ts"])[1]).toContain("imports isopod, so it is a host program");
  });

  test("a guest with nothing to run is an error of run, and a warning of build", () => {
    const words =
      "it has nothing to run: export function run(): void, or handle(n: i32): void; it exports add (i32, i32) -> i32";
    expect(isopod(["run", "none.ts"])).toEqual([1, `none.ts: error: ${words}\n`]);
    expect(isopod(["build", "none.ts"])).toEqual([0, `none.ts: warning: ${words}\n`]);
  });

  test("an entry of another name or type", () => {
    expect(isopod(["run", "main.ts"])[1]).toBe(
      "main.ts: error: it exports neither run nor handle; say which of its entries to run: isopod run … --entry main\n",
    );
    expect(isopod(["run", "main.ts", "--entry", "main"])).toEqual([0, ""]);
    expect(isopod(["build", "typed.ts"])[1]).toBe(
      "typed.ts: warning: run has type () -> i32, but an entry takes and returns nothing: export function run(): void\n",
    );
  });

  test("an engine without JSPI names the two ways out", () => {
    const [code, stderr] = isopod(["run", "waits.ts", "--park", "jspi"], "delete WebAssembly.Suspending;");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^isopod: waits\.ts waits by JSPI, which this engine does not have: use one that has it \(Node 24\.20, .*\), or build it .* without --park jspi/,
    );
  });

  test.each(["22.17.1", "20.19.0", "0.12.18"])("Node %s is told what is needed", version => {
    const before = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
    const [code, stderr] = isopod(["run", "echo.ts"], before);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^isopod needs Node 22\\.18 or later; this is ${version}, .*\nInstall a newer one from https://`),
    );
  });

  test("what tells an old Node is written so that it can read it", () => {
    const code = readFileSync(CLI, "utf8").replaceAll(/^(#!|\/\/).*$|"[^"]*"/gm, "");
    expect(code).not.toMatch(/=>|`|\b(const|let|class|import|await|async)\b|node:|\?\.|\?\?|\.\.\./);
  });
});

describe("in a guest's source", () => {
  const diagnosticsOf = async (source: string) => (await compile(write("guest.ts", source))).diagnostics;

  test.each([
    [
      'export function run(): void {\n  console.time("hi");\n}',
      2,
      3,
      "a guest has no console.time; write lines with log() of isopod/guest",
    ],
    [
      "export function run(): void {\n  Date.now();\n}",
      2,
      3,
      "a guest has no Date.now; ask for the time with now() of isopod/guest",
    ],
    [
      'export function run(): void {\n  log("hi");\n}',
      2,
      3,
      "Cannot find name 'log'. (it is in the library: import { log } from \"isopod/guest\")",
    ],
    [
      "export function run(): void {\n  setTimeout(run, 1);\n}",
      2,
      3,
      "Cannot find name 'setTimeout'. (use sendAfter, or a receive with a time limit)",
    ],
    [
      "export function run(): void {\n  try { run(); } catch (e) {}\n}",
      2,
      3,
      "Not implemented: Exceptions (let the guest crash; its supervisor restarts it)",
    ],
    [
      "export function run(): void {\n  for (const n of [1, 2]) assert(n);\n}",
      2,
      3,
      "Not implemented: Iterators (AssemblyScript has no for…of; write for (let i = 0; i < list.length; i++), and take keys() or values() of a Map or Set)",
    ],
    [
      "export function run(): void {\n  let n = 1; [2].forEach(m => { n += m; });\n}",
      2,
      33,
      "Not implemented: Closures (a function sees only its own variables and the module's; put others into fields of a class)",
    ],
  ])("%j", async (source, line, column, message) => {
    const path = join(folder, "guest.ts");
    expect(await diagnosticsOf(source)).toMatchObject([{ severity: "error", file: path, line, column, message }]);
  });

  test.each([
    ["class A { x: i32 = 0; go(): void { [1].forEach(n => { this.x += n; }); } }\nnew A().go();", "fields of a class"],
    ["export async function run(): Promise<void> {}", "needs no await"],
    ["export default async function run(): void {}", "needs no await"],
    ["const wait = async () => {};", "needs no await"],
    ["class A { async go(): void {} }", "needs no await"],
    ["export function run(): void {\n  await run();\n}", "needs no await"],
    ["export function run(): void {\n  for await (const x of y) {}\n}", "needs no await"],
    ["export function run(): void {\n  const [a, b] = [1, 2];\n}", "has no destructuring"],
    ["export function run(): void {\n  for (const { a } of b) {}\n}", "has no destructuring"],
  ])("%j gets a hint", async (source, hint) => {
    expect((await diagnosticsOf(source)).map(({ message }) => message).join()).toContain(hint);
  });

  test("a missing name or brace gets no hint that is about something else", async () => {
    for (const source of [
      "export function run(): void { let = 5; }",
      "export function run(): void {",
      "message.text();",
    ]) {
      for (const { message } of await diagnosticsOf(source)) expect(message).not.toMatch(/\(.*\)/);
    }
  });

  test("console logs as log of the library does, at its level, and only with the grant", async () => {
    const source = `console.log("top");
      export function run(): void {
        console.debug("é🐛"); console.log("half \\ud83d"); console.info(); console.warn("w"); console.error("e");
        console.assert(1 < 2, "no"); console.assert(null, "x"); console.assert(false);
      }`;
    const guest = await compile(write("guest.ts", source));
    const lines: [string, string][] = [];
    const denied: string[] = [];
    await using runtime = createRuntime({
      quiet: true,
      onLog: (_pid, level, line) => lines.push([level, line]),
      onDenied: ({ call, grant }) => denied.push(call, grant),
    });
    const module = await runtime.load(guest);
    await runtime.exited(runtime.spawn(module, { grants: { log: true } }));
    await new Promise<void>(resolve => setImmediate(resolve));
    expect(lines).toEqual([
      ["info", "top"],
      ["debug", "é🐛"],
      ["info", "half \ufffd"],
      ["info", ""],
      ["warning", "w"],
      ["error", "e"],
      ["error", "assertion failed: x"],
      ["error", "assertion failed"],
    ]);
    await runtime.exited(runtime.spawn(module));
    await new Promise<void>(resolve => setImmediate(resolve));
    expect(lines).toHaveLength(8);
    expect(denied).toEqual(["log", "log"]);
  });

  test("a module of plain asc that calls console.log is told at its load", async () => {
    const wasm = await plain('export function run(): void { console.log("hi"); }');
    await using runtime = createRuntime({ quiet: true });
    await expect(runtime.load(wasm)).rejects.toThrow(
      "guest imports env.console.log (a function), which is not offered here; write lines with log() of isopod/guest",
    );
  });

  test("a module without --exportStart runs, and where its top level fails it says so", async () => {
    await using runtime = createRuntime({ quiet: true });
    const good = await plain("let n = 1; n += 1; export function run(): void { assert(n == 2); }");
    expect(await runtime.exited(runtime.spawn(await runtime.load(good)))).toEqual({ kind: "normal" });
    const bad = await runtime.load(await plain('assert(false, "too soon"); export function run(): void {}'));
    expect(() => runtime.spawn(bad)).toThrow("guest failed while it was instantiated: too soon (plain.ts:1:1)");
  });
});

/** What asc makes of a source by itself. */
async function plain(source: string): Promise<Uint8Array<ArrayBuffer>> {
  let wasm = new Uint8Array();
  await asc.main(["plain.ts", "--outFile", "plain.wasm"], {
    stderr: asc.createMemoryStream(),
    readFile: name => (name === "plain.ts" ? source : null),
    writeFile: (_name, contents) => {
      wasm = new Uint8Array(contents as Uint8Array);
    },
    listFiles: () => [],
  });
  return wasm;
}

describe("in a host program", () => {
  let built: Compiled;
  let runtime: Runtime;
  const denials: Denial[] = [];
  beforeAll(async () => {
    [built] = await build([join(folder, "echo.ts")]);
    runtime = createRuntime({ quiet: true, onDenied: denial => denials.push(denial) });
  });
  afterAll(() => runtime.stop());

  /** As JavaScript may call it. */
  const unchecked = <T>(value: unknown) => value as T;

  test("spawn and define of what was not loaded say to load it first", async () => {
    const load = "spawn takes what load() resolves to; this is not loaded: load it first, await runtime.load(…)";
    for (const given of [built.wasm, built, undefined, new WebAssembly.Module(built.wasm as BufferSource)]) {
      expect(() => runtime.spawn(unchecked(given))).toThrow(load);
    }
    const loading = runtime.load(built);
    expect(() => runtime.spawn(unchecked(loading))).toThrow(
      "spawn takes what load() resolves to; this is a promise: await it",
    );
    expect(() => runtime.define("echo", unchecked(loading))).toThrow("this is a promise: await it");
    runtime.define("echo", await loading);
    expect(() => runtime.spawn("ehco")).toThrow("no module is defined as ehco; defined are: echo");
    expect(() => runtime.spawn("echo.wasm")).toThrow("defined are: echo; to spawn a file, load it first");
  });

  test.each([
    [undefined, "load takes bytes, what build() made, a path or a URL, not undefined (a build with errors has no wasm"],
    [3, "load takes bytes, what build() made, a path or a URL, not 3"],
    [{}, "load takes bytes, what build() made, a path or a URL, not an object"],
    [[{}], "load takes one module, not a list: load each module of the list that build() resolves to"],
    [new Uint8Array(), "guest is empty, so it is not a WebAssembly module"],
    [new TextEncoder().encode("export function run(): void {}"), "guest is text, and not WebAssembly"],
    [{ entry: "bad.ts", text: "ERROR: so bad" }, "bad.ts was not compiled, because it has errors:\nERROR: so bad"],
  ])("load of %j", async (given, message) => {
    await expect(runtime.load(unchecked(given))).rejects.toThrow(message);
  });

  test("load of a source, and of a slip", async () => {
    await expect(runtime.load(join(folder, "echo.ts"))).rejects.toThrow(
      "it is AssemblyScript, not WebAssembly; compile it",
    );
    await expect(runtime.load(join(folder, "ehco.wasm"))).rejects.toThrow(`did you mean ${join(folder, "echo.ts")}?`);
  });

  test("build of what is no path", async () => {
    await expect(build(unchecked({}))).rejects.toThrow('build takes a path or a list of paths: build("guest.ts")');
  });

  test("a message that is neither bytes nor text, and a receiver that is a promise", async () => {
    for (const given of [{ a: 1 }, 5, undefined, new ArrayBuffer(4)]) {
      expect(() => runtime.send(1, unchecked(given))).toThrow(
        "a message is a Uint8Array or a string; for an object, send JSON.stringify(…)",
      );
      await expect(runtime.call("nobody", unchecked(given))).rejects.toThrow("a message is a Uint8Array or a string");
    }
    expect(() => runtime.send(unchecked(Promise.resolve(1)), "x")).toThrow(
      "the receiver is a pid or a name, not a promise: await it",
    );
    expect(() => runtime.send(unchecked(undefined), "x")).toThrow("the receiver is a pid or a name, not undefined");
  });

  test("grants that are no grants", () => {
    expect(() => createRuntime({ quiet: true, grants: unchecked("everything") })).toThrow(
      'grants are "all" or an object such as { log: true }, not everything',
    );
  });

  test("a guest that logs without the grant is told of once, with the grant that it lacks", async () => {
    const pid = runtime.spawn(await runtime.load(built));
    await runtime.exited(pid);
    await new Promise<void>(resolve => setImmediate(resolve));
    expect(denials).toEqual([{ pid, module: "echo.ts", call: "log", grant: "log" }]);
  });

  test("two guests of one file name are two", async () => {
    mkdirSync(join(folder, "a"));
    mkdirSync(join(folder, "b"));
    write("a/same.ts", "export function run(): void { assert(false); }");
    write("b/same.ts", "export function run(): void { unreachable(); }");
    const [a, b] = await build(["a/same.ts", "b/same.ts"], { baseDir: folder });
    const reasonOf = async (guest: Compiled) => runtime.exited(runtime.spawn(await runtime.load(guest)));
    expect(await reasonOf(a)).toMatchObject({ message: expect.stringMatching(/\(a\/same\.ts:1:\d+\)$/) });
    expect(await reasonOf(b)).toMatchObject({ message: expect.stringMatching(/^unreachable \(b\/same\.ts:1:\d+\)$/) });
  });
});
