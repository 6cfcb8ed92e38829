/** The kernel's committed binary. */
import { expect, test } from "vitest";
import { binaryFile, compile, lower, tapeFiles, textOf } from "../../host/kernel/compile.ts";
import { bytesOf } from "../../host/mail/kernel-module.ts";
import { kernelFile } from "../support/kernel.ts";

test("binary.ts is what its sources say", async () => {
  expect(kernelFile("binary.ts")).toBe(await binaryFile());
});

test.for(Object.entries(tapeFiles))("%s is what its sources say", async ([name, make]) => {
  expect(kernelFile(name)).toBe(await make());
});

test("every byte can be written as text, which needs no escapes in a string", () => {
  const bytes = Uint8Array.from({ length: 512 }, (_, i) => (i < 256 ? i : (i * 37) % 256));
  const text = textOf(bytes);
  expect(text).toMatch(/^[^"\\]+$/);
  expect(JSON.stringify(text)).toBe(`"${text}"`);
  expect(bytesOf(text)).toEqual(bytes);
});

test("the kernel does not depend on what was compiled before it", async () => {
  await compile("other.ts", { "other.ts": "export function other(): i32 { return 1; }" });
  expect(kernelFile("binary.ts")).toBe(await binaryFile());
});

test("an exported variable is a mutable global, the same one for all files", async () => {
  const wasm = await compile("entry.ts", {
    "entry.ts": `export { me } from "./me.ts"; export { next } from "./next.ts";`,
    "me.ts": "export let me: i32 = 7; export function setMe(value: i32): void { me = value; }",
    "next.ts": `import { me, setMe } from "./me.ts"; export function next(): i32 { setMe((me + 1) | 0); return me; }`,
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { kernel: { memory } });
  const me = exports.me as WebAssembly.Global;
  me.value = 40;
  expect((exports.next as () => number)()).toBe(41);
  expect(me.value).toBe(41);
});

test("an entry can be compiled that uses all memories, tables and the host", async () => {
  const wasm = await compile("entry.ts", {
    "entry.ts": `
      import { copyIn } from "./memory.ts";
      import { callTurn, callHandle, hostCall } from "./outside.ts";
      export function all(): i32 { copyIn(1024, 0, 100); callHandle(1); hostCall(); return callTurn(0, 0); }`,
  });
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(wasm));
  expect(imports.map(({ module, name, kind }) => `${module} ${name} ${kind}`)).toEqual([
    "gate host.call function",
    "kernel memory memory",
    "guest memory memory",
    "kernel turns table",
  ]);
});

test.for([
  ["a type error", "export function f(): i32 { return g(); }", "Cannot find name 'g'"],
  ["a start function", "function g(): i32 { return 1; } export const a: i32 = g();", "must not have this: (start"],
  ["data", `export function f(): i32 { return changetype<i32>("text"); }`, "must not have this: (data"],
  [
    "a function as a value",
    "function g(): void {} export function f(): i32 { return changetype<i32>(g); }",
    "must not have this: ",
  ],
  ["abort", "export function f(): void { throw new Error(); }", "must not import env abort"],
])("%s is an error", async ([, source, message]) => {
  await expect(compile("entry.ts", { "entry.ts": source })).rejects.toThrow(message);
});

test("instructions take the place of calls of imports that are named after them", () => {
  const text = ` (import "instruction" "memory.size $guest" (func $m/size (result i32)))\n  call $m/size\n  call $m/sizes`;
  expect(lower(text)).toBe("  memory.size $guest\n  call $m/sizes");
});
