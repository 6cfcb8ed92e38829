/** `isopod run --record` and `isopod replay`, as a user runs them: files, output and exit codes. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allGeneratedPositionsFor, originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRuntime } from "../../host/node/index.ts";
import { build } from "../support/compiler.ts";
import { quiet } from "../support/guests.ts";

const CLI = fileURLToPath(new URL("../../bin/isopod.js", import.meta.url));

const GUEST = `import { log, now, receive } from "isopod/guest";
let sum = 0;
export function run(): void {
  while (true) {
    sum += receive().length;
    log(\`sum \${sum + <i32>(Math.random() * 1.5)} at \${now()}\`);
    if (sum > 6) throw new Error(\`too much: \${sum}\`);
  }
}
`;
const SCRIPT = `let sum = 0;
export function onMessage({ value }) {
  sum += value.length + Math.random();
  if (sum > 6) throw new Error("too much: " + sum);
}
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-replay-"));
  writeFileSync(join(folder, "heap.ts"), GUEST);
  writeFileSync(join(folder, "heap.js"), SCRIPT);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function isopod(args: readonly string[], input = ""): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: "1" } });
  child.stdin.end(input);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", chunk => {
    stdout += chunk;
  });
  child.stderr.on("data", chunk => {
    stderr += chunk;
  });
  return new Promise(resolve => child.on("close", code => resolve({ code, stdout, stderr })));
}

/** Runs a guest that crashes, and answers what it said and the path of the recording. */
async function crashed(guest: string, into: string): Promise<Ended & { readonly path: string }> {
  const ended = await isopod(["run", guest, "--record", into], "one\ntwo\nthree\n");
  return { ...ended, path: join(folder, into, readdirSync(join(folder, into))[0]) };
}

test("a crash of isopod run comes back, with file and line", async () => {
  const { code, stderr, path } = await crashed("heap.ts", "guests");
  expect(code).toBe(1);
  const [, crash] = /(crashed: too much: \d+ \(heap\.ts:7:\d+\))/.exec(stderr) ?? [];
  expect(stderr).toContain(`isopod replay ${join("guests", readdirSync(join(folder, "guests"))[0])} plays it again`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const played = await isopod(["replay", path]);
  expect(played).toMatchObject({ code: 0, stdout: "" });
  expect(played.stderr).toContain(crash);
  expect(played.stderr).toContain("the same crash and the same memory, after 3 items");
});

test("a script's crash comes back, too", async () => {
  const { stderr, path } = await crashed("heap.js", "scripts");
  const [, crash] = /(crashed: Error: too much: [\d.]+ \(heap\.js:4:\d+\))/.exec(stderr) ?? [];
  const played = await isopod(["replay", path]);
  expect(played.code).toBe(0);
  expect(played.stderr).toContain(crash);
});

test("steps are told, for people and for programs, up to an item", async () => {
  const { path } = await crashed("heap.ts", "steps");
  const told = await isopod(["replay", path, "--step", "--to", "2"]);
  expect(told.code).toBe(0);
  expect(told.stderr).toContain("is alive after item 2");
  expect(told.stdout).toMatch(/^1 {2}message {2}from <[\d.]+> {2}tag 0 {2}"one"$/m);
  expect(told.stdout).toMatch(/^ {4}log {2}"sum [34] at [\d.]+" {2}= 1$/m);
  expect(told.stdout).not.toContain('"three"');
  const { stdout } = await isopod(["replay", path, "--step", "--json"]);
  const lines = stdout.trim().split("\n");
  const steps = lines.map(line => JSON.parse(line));
  expect(steps[0]).toMatchObject({ step: "item", item: 1, kind: "message", bytes: Buffer.from("one").toString("hex") });
  expect(steps.at(-1)).toMatchObject({ isSame: true, isSameMemory: true, items: 3 });
});

test("a file that was cut, changed, or is none is refused in words", async () => {
  const { path } = await crashed("heap.ts", "damaged");
  const bytes = readFileSync(path);
  const refused = async (name: string, content: Uint8Array) => {
    writeFileSync(join(folder, name), content);
    const { code, stderr } = await isopod(["replay", name]);
    expect(code).toBe(1);
    return stderr;
  };
  expect(await refused("cut", bytes.subarray(0, -1))).toBe("isopod: the recording is damaged: it was cut or changed\n");
  expect(await refused("none", Buffer.from("hello"))).toBe("isopod: these bytes are no recording of isopod\n");
  bytes[8] = 9;
  expect(await refused("new", bytes)).toMatch(
    /^isopod: the recording has version 9 of the format, and this isopod plays/,
  );
});

test("a debugger stops in the guest's source", async () => {
  const { path } = await crashed("heap.ts", "inspected");
  const args = [CLI, "replay", path, "--inspect", "--port", "0"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  const address = await new Promise<string>(resolve => {
    let told = "";
    child.stderr.on("data", chunk => {
      told += chunk;
      const [, url] = /Debugger listening on (ws:\S+)/.exec(told) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
  const socket = new WebSocket(address);
  await new Promise(resolve => socket.addEventListener("open", resolve));
  let id = 0;
  const send = (method: string, params: object = {}) => socket.send(JSON.stringify({ id: ++id, method, params }));
  const places: unknown[] = [];
  let guest: { readonly scriptId: string; readonly map: TraceMap } | undefined;
  socket.addEventListener("message", async ({ data }) => {
    const { method, params } = JSON.parse(data);
    if (method === "Debugger.scriptParsed" && /^http:.*\.wasm\.map$/.test(params.sourceMapURL)) {
      const map = new TraceMap(await (await fetch(params.sourceMapURL)).text());
      guest = { scriptId: params.scriptId, map };
    }
    if (method !== "Debugger.paused" || guest === undefined) return;
    const { scriptId, map } = guest;
    const { columnNumber: column } = params.callFrames[0].location;
    if (params.hitBreakpoints.length > 0) places.push(originalPositionFor(map, { line: 1, column }));
    const line = { source: "heap.ts", line: 6, column: 4 };
    for (const { column } of places.length > 0 ? [] : allGeneratedPositionsFor(map, line)) {
      send("Debugger.setBreakpoint", { location: { scriptId, lineNumber: 0, columnNumber: column } });
    }
    send("Debugger.resume");
  });
  for (const method of ["Debugger.enable", "Runtime.runIfWaitingForDebugger"]) send(method);
  const ended = new Promise(resolve => child.on("close", resolve));
  // It waits until its debugger goes.
  child.stderr.on("data", chunk => {
    if (String(chunk).includes("Waiting for the debugger")) socket.close();
  });
  expect(await ended).toBe(0);
  expect(places.length).toBeGreaterThanOrEqual(3);
  expect(places[0]).toMatchObject({ source: "heap.ts", line: 6 });
});

test("a folder keeps so many recordings, the newest", async () => {
  const into = join(folder, "few");
  const [{ wasm }] = await build(["unlucky.ts"], {
    baseDir: fileURLToPath(new URL("../guests/", import.meta.url)),
    park: "asyncify",
  });
  const runtime = createRuntime({ quiet: true, grants: "all", record: { modules: ["cart"], folder: into, files: 2 } });
  runtime.define("cart", await runtime.load(wasm as Uint8Array<ArrayBuffer>, { name: "unlucky" }));
  const written: string[] = [];
  for (let i = 0; i < 3; i++) {
    const pid = runtime.spawn("cart");
    runtime.send(pid, Uint8Array.of(4, 0, 0, 0, 0));
    await runtime.exited(pid);
    await quiet();
    const [added] = readdirSync(into).filter(name => !written.includes(name));
    written.push(added);
    // File systems tell times apart by milliseconds.
    utimesSync(join(into, added), i, i);
  }
  expect(readdirSync(into).sort()).toEqual(written.slice(1).sort());
});
