/** Loading: what `load` takes, and what it says of what it does not take. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRuntime, LoadError, type ModuleSource, type Runtime, SpawnError } from "../../host/node/index.ts";
import { buildGuest, quiet } from "../support/guests.ts";

let runtime: Runtime;
let folder: string;
let echo: Uint8Array<ArrayBuffer>;
let echoByJspi: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  echo = await buildGuest("examples", "echo", "asyncify");
  echoByJspi = await buildGuest("examples", "echo", "jspi");
  folder = await mkdtemp(join(tmpdir(), "isopod-load-"));
  await writeFile(join(folder, "echo.wasm"), echo);
  await writeFile(join(folder, "echo.ts"), "export function run(): void {}");
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  runtime = createRuntime({ quiet: true, grants: "all" });
});
afterEach(() => runtime.stop());

async function answers(source: ModuleSource): Promise<boolean> {
  const mailbox = runtime.mailbox();
  mailbox.send(runtime.spawn(await runtime.load(source)), Uint8Array.of(1, 2, 3));
  const item = await mailbox.receive();
  return item?.kind === "message" && item.bytes.join() === "1,2,3";
}

describe("a module is loaded", () => {
  test("from a path", async () => {
    expect(await answers(join(folder, "echo.wasm"))).toBe(true);
  });

  test("from a file URL, given as a URL or as text", async () => {
    const url = pathToFileURL(join(folder, "echo.wasm"));
    expect([await answers(url), await answers(url.href)]).toEqual([true, true]);
  });

  test("from bytes, whole or a part of a buffer", async () => {
    const larger = new Uint8Array(echo.length + 10);
    larger.set(echo, 5);
    expect(await answers(echo)).toBe(true);
    expect(await answers(echo.buffer.slice(echo.byteOffset, echo.byteOffset + echo.length))).toBe(true);
    expect(await answers(larger.subarray(5, 5 + echo.length))).toBe(true);
  });

  test("from a Response, or the promise of one", async () => {
    expect(await answers(new Response(echo))).toBe(true);
    expect(await answers(Promise.resolve(new Response(echo)))).toBe(true);
  });

  test("from a WebAssembly.Module", async () => {
    expect(await answers(new WebAssembly.Module(echo))).toBe(true);
  });

  test("once, however many actors are spawned of it", async () => {
    const module = await runtime.load(echo);
    const compiled = module.module;
    for (let i = 0; i < 10; i++) runtime.spawn(module);
    expect(module.module).toBe(compiled);
    expect(runtime.size).toBe(10);
  });
});

describe("a module that cannot be loaded", () => {
  test("because there is no such file says which", async () => {
    const path = join(folder, "nowhere.wasm");
    await expect(runtime.load(path)).rejects.toThrow(LoadError);
    await expect(runtime.load(path)).rejects.toThrow(/nowhere\.wasm/);
  });

  test("because it is a source says how to compile it", async () => {
    await expect(runtime.load(join(folder, "echo.ts"))).rejects.toThrow(/isopod build/);
  });

  test("because the server said no says what it said", async () => {
    await expect(runtime.load(new Response("", { status: 404, statusText: "Not Found" }))).rejects.toThrow(
      /404 Not Found/,
    );
  });
});

describe("JSPI", () => {
  const engine = WebAssembly as unknown as Record<"Suspending" | "promising", unknown>;

  test("is asked for with a clear error where the engine has none, and handlers and Asyncify go on", async () => {
    const { Suspending, promising } = engine;
    const module = await runtime.load(echoByJspi, { name: "echo" });
    try {
      engine.Suspending = undefined;
      engine.promising = undefined;
      expect(() => runtime.spawn(module)).toThrow(SpawnError);
      expect(() => runtime.spawn(module)).toThrow(/echo waits by JSPI, which this engine does not have.*isopod build/);
      expect(await answers(echo)).toBe(true);
    } finally {
      Object.assign(engine, { Suspending, promising });
    }
  });

  test("takes one stack for many actors that live one after another", async () => {
    const wasm = await buildGuest("guests", "misbehaves", "jspi");
    const module = await runtime.load(wasm);
    const { promising } = engine;
    let stacks = 0;
    engine.promising = (...args: unknown[]) => {
      stacks++;
      return (promising as (...args: unknown[]) => unknown)(...args);
    };
    try {
      for (let i = 0; i < 50; i++) {
        const pid = runtime.spawn(module, { entry: "returns" });
        const ended = runtime.exited(pid);
        runtime.send(pid, "end");
        expect(await ended).toEqual({ kind: "normal" });
        await quiet();
      }
    } finally {
      engine.promising = promising;
    }
    expect(stacks).toBe(1);
  });

  test("refuses more actors than the engine has stacks for, and takes others when some have ended", async () => {
    await using few = createRuntime({ quiet: true, grants: "all", limits: { fibers: 2 } });
    const module = await few.load(echoByJspi, { name: "echo" });
    const first = few.spawn(module);
    few.spawn(module);
    expect(() => few.spawn(module)).toThrow(/limit fibers/);
    few.kill(first);
    expect(few.isAlive(few.spawn(module))).toBe(true);
  });
});

test("more actors than the limit are refused, and places become free again", async () => {
  await using few = createRuntime({ quiet: true, grants: "all", limits: { actors: 3 } });
  const module = await few.load(echo);
  const pids = [few.spawn(module), few.spawn(module), few.spawn(module)];
  expect(() => few.spawn(module)).toThrow(/limit actors/);
  few.kill(pids[1]);
  expect(few.isAlive(few.spawn(module))).toBe(true);
});
