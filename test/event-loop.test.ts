import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Runtime } from "../host/index.ts";
import { buildGuests } from "./guests.ts";

/** u64 pong, u32 payload bytes, u32 rounds (0: for ever), u64 report, u32 every. */
function pingArgs(pong: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(28));
  view.setBigUint64(0, BigInt(pong), true);
  view.setUint32(8, 8, true);
  return new Uint8Array(view.buffer);
}

describe.each([
  ["handlers", "-handler", "asyncify"],
  ["processes by Asyncify", "", "asyncify"],
  ["processes by JSPI", "", "jspi"],
] as const)("while two %s play ping-pong for ever", (_name, suffix, way) => {
  // The clock is the engine's own here: this is about its event loop.
  test("timers fire, files are read, and messages from the host arrive", async () => {
    const wasm = await buildGuests("examples", [`ping${suffix}`, `pong${suffix}`, "echo"], way);
    const module = (name: string) => runtime.load(wasm.get(name) as Uint8Array<ArrayBuffer>, { name });
    await using runtime = new Runtime({ grants: "all" });
    const pong = runtime.spawn(await module(`pong${suffix}`));
    runtime.spawn(await module(`ping${suffix}`), { args: pingArgs(pong) });
    const echo = runtime.spawn(await module("echo"));
    const mailbox = runtime.mailbox();

    let ticks = 0;
    const interval = setInterval(() => ticks++, 1);
    for (let i = 0; i < 5; i++) {
      const before = runtime.counters.received;
      await delay(1);
      expect((await readFile(new URL(import.meta.url))).length).toBeGreaterThan(0);
      mailbox.send(echo, Uint8Array.of(i));
      expect(await mailbox.receive()).toMatchObject({ from: echo, bytes: Uint8Array.of(i) });
      expect(runtime.counters.received).toBeGreaterThan(before + 100);
    }
    clearInterval(interval);
    expect(ticks).toBeGreaterThan(0);
  });
});
