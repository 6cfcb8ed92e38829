/**
 * What is particular to a browser: its event loop, its limits, its workers. The other suites of
 * this project run in Node too.
 */

import { beforeAll, describe, expect, test } from "vitest";
import { type GuestModule, Runtime, SpawnError } from "../../../host/index.ts";
import { buildGuest, buildGuests } from "../../support/guests.ts";
import { guest } from "../../support/wat.ts";
import { echo, overflows, ownEcho, traps } from "./player.ts";
import type { Done, Work } from "./worker.ts";

const wasm: Record<string, Uint8Array<ArrayBuffer>> = {};
beforeAll(async () => {
  for (const way of ["asyncify", "jspi"] as const) {
    wasm[way] = await buildGuest("examples", "echo", way);
  }
});

test("the page is an ordinary one: no headers, no threads, no Node", () => {
  expect(crossOriginIsolated).toBe(false);
  expect(typeof SharedArrayBuffer).toBe("undefined");
  expect("setImmediate" in globalThis).toBe(false);
});

describe.each([
  ["handlers", "-handler", "asyncify"],
  ["processes by Asyncify", "", "asyncify"],
  ["processes by JSPI", "", "jspi"],
] as const)("while two %s play ping-pong for ever", (_name, suffix, way) => {
  let wasm: Map<string, Uint8Array>;
  beforeAll(async () => {
    wasm = await buildGuests("examples", [`ping${suffix}`, `pong${suffix}`, "echo"], way);
  });

  test("the page draws, timers fire, and messages from the host arrive", async () => {
    await using runtime = new Runtime({ grants: "all" });
    const module = (name: string) => runtime.load(wasm.get(name) as Uint8Array<ArrayBuffer>, { name });
    const pong = runtime.spawn(await module(`pong${suffix}`));
    const args = new DataView(new ArrayBuffer(28));
    args.setBigUint64(0, BigInt(pong), true);
    runtime.spawn(await module(`ping${suffix}`), { args: new Uint8Array(args.buffer) });
    const answering = runtime.spawn(await module("echo"));
    const mailbox = runtime.mailbox();
    for (let i = 0; i < 5; i++) {
      const before = runtime.counters.received;
      await new Promise(resolve => requestAnimationFrame(resolve));
      await new Promise(resolve => setTimeout(resolve, 1));
      mailbox.send(answering, Uint8Array.of(i));
      expect(await mailbox.receive()).toMatchObject({ from: answering, bytes: Uint8Array.of(i) });
      expect(runtime.counters.received).toBeGreaterThan(before);
    }
  });
});

test("a module is fetched from its URL", async () => {
  const url = URL.createObjectURL(new Blob([echo], { type: "application/wasm" }));
  await using runtime = new Runtime();
  const mailbox = runtime.mailbox();
  mailbox.send(runtime.spawn(await runtime.load(url)), Uint8Array.of(7));
  expect(await mailbox.receive()).toMatchObject({ bytes: Uint8Array.of(7) });
});

test("a dedicated worker runs guests of all ways, and crashes are the same there", async () => {
  const waits = [echo, wasm.asyncify, wasm.jspi];
  // The worker needs memories, and the page's garbage has some: large arrays make the page collect it.
  for (let i = 0; i < 8; i++) {
    new ArrayBuffer(2 ** 27);
    await new Promise(resolve => setTimeout(resolve));
  }
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const done = await new Promise<Done>((resolve, reject) => {
    worker.onmessage = event => resolve(event.data);
    worker.onerror = event => reject(new Error(event.message));
    worker.postMessage({ waits, fails: [overflows, traps] } satisfies Work);
  });
  worker.terminate();
  expect(done).toEqual({
    answers: ["handler: hello", "asyncify: hello", "jspi: hello"],
    reasons: ["crashed: stack overflow", "crashed: memory access out of bounds"],
    hasPage: false,
  });
});

// Last, because a worker shares the page's memories, and cannot collect the page's garbage.
describe("a page that has no memory left for another guest", () => {
  /** Spawns until the engine refuses; returns how many there are. */
  function fill(runtime: Runtime, module: GuestModule): number {
    try {
      for (;;) runtime.spawn(module);
    } catch (error) {
      expect(error).toBeInstanceOf(SpawnError);
      expect(String(error)).toMatch(/the engine has no memory left/);
    }
    return runtime.size;
  }

  test("says so, and has room for as many others when those have ended", async () => {
    await using runtime = new Runtime();
    const shared = await runtime.load(echo, { name: "shared" });
    const mailbox = runtime.mailbox();
    for (const pid of Array.from({ length: 40 }, () => runtime.spawn(shared))) mailbox.send(pid, "");
    for (let i = 0; i < 40; i++) await mailbox.receive();
    const end = (name: string) => {
      for (const { pid, module } of runtime.snapshot().actors) if (module === name) runtime.kill(pid);
      expect(runtime.size).toBe(0);
    };
    end("shared");
    // The 32 instances of the first module are kept for later; the second needs their memories.
    const second = await runtime.load(ownEcho, { name: "second" });
    expect(fill(runtime, second)).toBeGreaterThan(100);
    end("second");
    const third = await runtime.load(ownEcho, { name: "third" });
    expect(fill(runtime, third)).toBeGreaterThan(100);
    expect(shared.name).toBe("shared");
  });

  test("answers a guest that spawns with -101", async () => {
    await using runtime = new Runtime({ grants: "all" });
    const spawner = await runtime.load(
      guest(`(data (i32.const 0) "me") (global $status (mut i32) (i32.const 0))
        (func (export "idle")) (func (export "resume:idle") (param i32) (result i32)
          (drop (call $recv (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1))) (i32.const 1))
        (func (export "run") (loop $more
          (global.set $status (call $spawn (i32.const 0) (i32.const 2) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64)))
          (br_if $more (i32.eq (global.get $status) (i32.const 1))))
          (i32.store (i32.const 128) (global.get $status))
          (call $exit (i32.const 6) (i32.const 128) (i32.const 4)))`),
    );
    runtime.define("me", spawner, { entry: "idle" });
    const reason = await runtime.exited(runtime.spawn(spawner, { entry: "run" }));
    expect(reason).toMatchObject({ kind: "custom", bytes: new Uint8Array(Int32Array.of(-101).buffer) });
  });
});
