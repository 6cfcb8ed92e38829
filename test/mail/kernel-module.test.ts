/**
 * The kernel's module: when it is compiled, which other one is accepted, and what an engine is told that
 * cannot run it.
 */
import { afterEach, expect, test, vi } from "vitest";
import { kernelBytes as binary, kernelWith } from "../../host/mail/kernel-module.ts";
import { guest } from "../support/wat.ts";

/** An engine in which compiling fails, as far as JavaScript can see. */
function withoutCompiler(refuses: (bytes: Uint8Array) => boolean): { compiled: number } {
  const count = { compiled: 0 };
  const { Module } = WebAssembly;
  const Refusing = new Proxy(Module, {
    construct(target, [bytes]: [Uint8Array<ArrayBuffer>]) {
      if (refuses(bytes)) throw new WebAssembly.CompileError("Wasm code generation disallowed by embedder");
      count.compiled++;
      return new target(bytes);
    },
  });
  vi.stubGlobal("WebAssembly", Object.create(WebAssembly, { Module: { value: Refusing } }));
  return count;
}

/** isopod as a program finds it that imports it now. */
async function imported(): Promise<typeof import("../../host/index.ts")> {
  vi.resetModules();
  return import("../../host/index.ts");
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const ECHO = guest(`
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 1024)))
  (func (export "handle") (param $n i32)
    (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.load (i32.const 68)) (i32.const 128) (local.get $n))))`);

test("the kernel can be made with some of its exports, and is the same but for these", () => {
  const names = ["turn", "recv", "me", "guest"];
  const [all, some] = [binary(), kernelWith(names)].map(bytes => new WebAssembly.Module(bytes));
  const exported = WebAssembly.Module.exports(all).filter(({ name }) => names.includes(name));
  expect(WebAssembly.Module.exports(some)).toEqual(exported);
  expect(WebAssembly.Module.imports(some)).toEqual(WebAssembly.Module.imports(all));
  const everything = WebAssembly.Module.exports(all).map(({ name }) => name);
  expect(WebAssembly.Module.exports(new WebAssembly.Module(kernelWith(everything)))).toHaveLength(everything.length);
});

test("importing isopod compiles nothing", async () => {
  const count = withoutCompiler(() => false);
  const { Runtime } = await imported();
  expect(count.compiled).toBe(0);
  await using runtime = new Runtime();
  expect(runtime.size).toBe(0);
  expect(count.compiled).toBeGreaterThan(0);
});

test("a compiled kernel and compiled guests run where an engine may not compile", async () => {
  const kernel = new WebAssembly.Module(binary());
  const module = new WebAssembly.Module(ECHO);
  const count = withoutCompiler(() => true);
  const { Runtime } = await imported();
  await using runtime = new Runtime({ kernel });
  const mailbox = runtime.mailbox();
  const echo = runtime.spawn(await runtime.load(module));
  mailbox.send(echo, "hello", { tag: 7 });
  expect(await mailbox.receive()).toMatchObject({ kind: "message", tag: 7, bytes: new TextEncoder().encode("hello") });
  expect(runtime.kill(echo)).toBe(true);
  expect(count.compiled).toBe(0);
});

test("an engine that compiles nothing at run time is told what to hand over", async () => {
  const module = new WebAssembly.Module(ECHO);
  const kernel = new WebAssembly.Module(binary());
  withoutCompiler(() => true);
  const { Runtime, EngineError, LoadError } = await imported();
  expect(() => new Runtime()).toThrow(EngineError);
  expect(() => new Runtime()).toThrow(/compiles no WebAssembly at run time \(Wasm code .*isopod\/kernel\.wasm/);
  await using runtime = new Runtime({ kernel });
  for (const trusted of [false, true]) {
    const refused = runtime.load(ECHO, { trusted });
    await expect(refused).rejects.toThrow(LoadError);
    await expect(refused).rejects.toThrow(/compiles no WebAssembly at run time .*isopod build --trusted/);
  }
  // A stranger's compiled module runs, too, but shares no instance.
  expect(runtime.isAlive(runtime.spawn(await runtime.load(module)))).toBe(true);
});

test("isopod runs in an engine that has neither MessageChannel nor setImmediate", async () => {
  vi.stubGlobal("MessageChannel", undefined);
  vi.stubGlobal("setImmediate", undefined);
  const { Runtime } = await imported();
  await using runtime = new Runtime();
  const mailbox = runtime.mailbox();
  mailbox.send(runtime.spawn(await runtime.load(ECHO)), "hello");
  expect(await mailbox.receive()).toMatchObject({ kind: "message" });
});

test("an engine that refuses the kernel is told what isopod needs", async () => {
  withoutCompiler(bytes => bytes.length === binary().length);
  const { Runtime, EngineError } = await imported();
  expect(() => new Runtime()).toThrow(EngineError);
  expect(() => new Runtime()).toThrow(/needs WebAssembly with several memories .*Node 22.*refuses the kernel/);
});

test("what is no module is refused as the option kernel", async () => {
  const { Runtime } = await imported();
  expect(() => new Runtime({ kernel: binary() as unknown as WebAssembly.Module })).toThrow(
    /kernel is the compiled module isopod\/kernel\.wasm, not/,
  );
  expect(() => new Runtime({ kernel: new WebAssembly.Module(ECHO) })).toThrow(
    /another module than isopod\/kernel\.wasm/,
  );
});
