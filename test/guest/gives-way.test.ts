/**
 * Which sends of a compiled guest give way: those that can run many times without a receive between
 * them. All others stay as they are, and so do guests without such sends.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { build } from "../support/compiler.ts";
import { quiet } from "../support/guests.ts";

type Park = "asyncify" | "jspi";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "isopod-gives-way-"));
  // As a guest may declare the imports that uses no library.
  writeFileSync(
    join(folder, "actor.ts"),
    `export declare function send(lo: i32, hi: i32, tag: i32, ptr: usize, length: i32): i32;
     export declare function recv(info: usize, ptr: usize, cap: i32, timeoutMs: i32): i32;
     export declare function park(): i32;
     export declare function args(ptr: usize, cap: i32): i32;`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const BEGIN = `
import { args, park, recv, send } from "./actor";
const to = memory.data(8, 8);
const info = memory.data(32, 8);
function begin(): void { args(to, 8); }
/** Answers what \`send\` has answered. */
function tell(tag: i32): i32 { return send(load<i32>(to), load<i32>(to, 4), tag, 0, 0); }
function next(): i32 {
  let n = recv(info, 0, 0, -1);
  if (n == -2) n = park();
  return load<i32>(info, 4);
}
`;

async function compiled(source: string, park: Park = "asyncify"): Promise<Uint8Array<ArrayBuffer>> {
  const entry = join(folder, "guest.ts");
  writeFileSync(entry, BEGIN + source);
  const [{ wasm, text }] = await build([entry], { baseDir: folder, park });
  if (!wasm) throw new Error(text);
  return wasm;
}

async function givesWay(source: string, park?: Park): Promise<boolean> {
  const module = await WebAssembly.compile(await compiled(source, park));
  return WebAssembly.Module.exports(module).some(({ name }) => name === "isopod:gives_way");
}

describe("a guest gives way", () => {
  test.for([
    ["in a loop", "export function run(): void { begin(); for (let i = 0; i < 600; i++) tell(i); }"],
    [
      "in a loop inside of a loop that receives",
      "export function run(): void { begin(); while (next() > 0) for (let i = 0; i < 600; i++) tell(i); }",
    ],
    [
      "in a function that a loop calls",
      `function two(i: i32): i32 { return tell(i) + (i % 7 > 2 ? tell(i * 2) : tell(i * 3)) + tell(i ^ 5) + tell(i ^ 9); }
       export function run(): void { begin(); let sum = 0; for (let i = 0; i < 600; i++) sum += two(i) * two(sum); }`,
    ],
    [
      "in a recursion",
      `function down(i: i32): i32 { return i == 0 ? 0 : tell(i) + down(i - 1); }
       export function run(): void { begin(); down(600); }`,
    ],
    [
      "in a function that can be called through a table",
      `export function run(): void {
         begin();
         const numbers = new Array<i32>(600);
         numbers.forEach(i => { tell(i); });
       }`,
    ],
  ])("%s", async ([, source]) => {
    expect(await givesWay(source)).toBe(true);
  });

  test("built for JSPI if it can park", async () => {
    const loop = "for (let i = 0; i < 600; i++) tell(i);";
    expect(await givesWay(`export function run(): void { begin(); ${loop} next(); }`, "jspi")).toBe(true);
    expect(await givesWay(`export function run(): void { begin(); ${loop} }`, "jspi")).toBe(false);
  });
});

describe("a guest does not give way, and is as it would be otherwise,", () => {
  test.for([
    ["in a loop that receives", "export function run(): void { begin(); while (next() > 0) tell(1); }"],
    ["outside of loops", "export function run(): void { begin(); tell(1); next(); tell(2); }"],
    [
      "in a recursion that receives",
      `function down(): i32 { return next() == 0 ? 0 : tell(1) + down(); }
       export function run(): void { begin(); down(); }`,
    ],
    ["in a handler", "export function handle(n: i32): void { begin(); for (let i = 0; i < 600; i++) tell(i); }"],
  ])("%s", async ([, source]) => {
    expect(await givesWay(source)).toBe(false);
  });
});

describe.each(["asyncify", "jspi"] as const)("built for %s,", park => {
  test("the guest's own import is only answered 1, where it gives way and where it does not", async () => {
    // Floods, and then takes more messages than a turn may send, and answers each twice.
    const wasm = await compiled(
      `export function run(): void {
         begin();
         let sum = 0;
         for (let i = 0; i < 600; i++) sum += tell(1);
         while (next() == 0) sum += tell(2) + tell(3);
         tell(sum);
       }`,
      park,
    );
    const runtime = new Runtime({ clock: new ManualClock() });
    const observer = runtime.mailbox();
    const args = new Uint8Array(BigUint64Array.of(BigInt(observer.pid)).buffer);
    const pid = runtime.spawn(await runtime.load(wasm), { args });
    for (let i = 0; i < 500; i++) runtime.send(pid, "");
    runtime.send(pid, "", { tag: 1 });
    for (let i = 0; i < 20; i++) await quiet();
    const tags: number[] = [];
    for (let item = observer.poll(); item !== undefined; item = observer.poll()) {
      if (item.kind === "message") tags.push(item.tag);
    }
    expect(tags).toEqual([...Array(600).fill(1), ...Array(500).fill([2, 3]).flat(), 600 + 2 * 500]);
    runtime.stop();
  });
});
