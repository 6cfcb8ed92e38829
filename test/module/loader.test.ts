/**
 * When the code that reads and rewrites modules is loaded, and what is said where it cannot be. Here it is a
 * module that Vitest keeps back; test/product/package.test.ts removes the file of a bundle.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { withFacts } from "../../host/module/facts-writer.ts";
import { Rewriter } from "../../host/module/rewriter.ts";
import { RewrittenModule } from "../../host/module/rewritten-module.ts";
import { defaultLimits } from "../../host/wire/limits.ts";
import { guest } from "../support/wat.ts";

const REWRITER = "../../host/module/rewriter.ts";

const ECHO = guest(`
  (func (export "_start") (call $window (i32.const 64) (i32.const 128) (i32.const 1024)))
  (func (export "handle") (param $n i32)
    (drop (call $send (i32.load (i32.const 72)) (i32.load (i32.const 76)) (i32.load (i32.const 68)) (i32.const 128) (local.get $n))))`);

/** What `isopod build --trusted` makes of the guest. */
async function trusted(): Promise<Uint8Array<ArrayBuffer>> {
  const rewriter = new Rewriter({
    ...defaultLimits,
    offers: { imported: new Map(), asked: new Set() },
    readSourceMap: undefined,
  });
  const { compiled, ownsMemory } = await rewriter.rewrite("echo", ECHO, false);
  return withFacts(compiled.bytes, new RewrittenModule(compiled, ownsMemory));
}

/** How often the code was asked for, while it cannot be had. */
let asked = 0;

/** isopod as a program finds it that imports it now. */
async function imported(): Promise<typeof import("../../host/index.ts")> {
  vi.resetModules();
  return import("../../host/index.ts");
}

beforeEach(() => {
  asked = 0;
  vi.doMock(REWRITER, () => {
    asked++;
    throw new TypeError("Failed to fetch dynamically imported module: https://example.org/rewriter.js");
  });
});
afterEach(() => {
  vi.doUnmock(REWRITER);
  vi.resetModules();
});

test("a program that loads only compiled modules that it trusts never asks for that code", async () => {
  const { Runtime } = await imported();
  await using runtime = new Runtime();
  const compiled = WebAssembly.compile(await trusted());
  for (const source of [await compiled, compiled]) {
    const mailbox = runtime.mailbox();
    mailbox.send(runtime.spawn(await runtime.load(source, { trusted: true })), "hello");
    expect(await mailbox.receive()).toMatchObject({ bytes: new TextEncoder().encode("hello") });
  }
  expect(asked).toBe(0);
});

describe("where that code cannot be loaded,", () => {
  test.each([
    ["bytes", {}],
    ["bytes that are trusted", { trusted: true }],
    ["a stranger's compiled module", {}],
    ["a location", {}],
  ])("%s are refused in words, with the engine's own error", async (what, options) => {
    const { LoadError, Runtime } = await imported();
    await using runtime = new Runtime({ read: async () => ECHO });
    const source = what === "a location" ? "echo.wasm" : what.startsWith("bytes") ? ECHO : new WebAssembly.Module(ECHO);
    const refused = runtime.load(source, options);
    await expect(refused).rejects.toThrow(LoadError);
    await expect(refused).rejects.toThrow(
      /^isopod could not load its code that reads modules \(.*deploy all files .*docs\/bundlers\.md/,
    );
    await expect(refused).rejects.toHaveProperty("cause", expect.any(Error));
    expect(asked).toBe(1);
  });

  test("nothing else goes wrong if the source cannot be read either", async () => {
    const { LoadError, Runtime } = await imported();
    await using runtime = new Runtime({ read: () => Promise.reject(new Error("offline")) });
    await expect(runtime.load("echo.wasm")).rejects.toThrow(LoadError);
    await expect(runtime.load(Promise.reject(new Error("offline")))).rejects.toThrow(Error);
  });

  test("the next load tries again", async () => {
    const { Runtime } = await imported();
    await using runtime = new Runtime();
    await expect(runtime.load(ECHO)).rejects.toThrow("could not load its code");
    vi.doUnmock(REWRITER);
    expect((await runtime.load(ECHO, { name: "echo" })).name).toBe("echo");
  });
});

test("that code is loaded once, while a source is read", async () => {
  vi.doMock(REWRITER, importOriginal => {
    asked++;
    return importOriginal();
  });
  const { Runtime } = await imported();
  const { promise, resolve } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  await using runtime = new Runtime({ read: () => promise });
  const loading = runtime.load("echo.wasm");
  await expect.poll(() => asked).toBe(1);
  resolve(ECHO);
  expect((await loading).name).toBe("echo.wasm");
  await runtime.load(ECHO);
  expect(asked).toBe(1);
});
