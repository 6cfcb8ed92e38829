/** Guests of the library ask functions of the embedder. */
import { beforeAll, describe, expect, test } from "vitest";
import { answering, cbor } from "../../host/adapters/codec.ts";
import { type HostImports, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, textsFor, WAYS } from "../support/guests.ts";

describe.each(WAYS)("a guest that waits by %s", way => {
  let wasm: Uint8Array<ArrayBuffer>;
  beforeAll(async () => {
    wasm = await buildGuest("guests", "questioner", way);
  });

  async function begin(entry: string) {
    const clock = new ManualClock();
    const later: (() => void)[] = [];
    const db: HostImports[string] = {
      echo: { answer: (_, request) => request },
      later: { answer: (_, request) => new Promise(resolve => later.push(() => resolve(request))) },
      never: { answer: () => new Promise(() => {}) },
      long: { answer: () => "x".repeat(5000) },
      add: answering(cbor, (_, a: number, b: number) => a + b),
      imported: () => 1,
    };
    const imports = { db, secret: { get: { answer: () => "secret" } } };
    const runtime = new Runtime({ clock, imports });
    const observer = runtime.mailbox();
    const module = await runtime.load(wasm);
    const pid = runtime.spawn(module, {
      entry,
      args: `${observer.pid}`,
      grants: { imports: ["db.*"] },
      limits: { messageBytes: 4096 },
    });
    return { runtime, clock, pid, texts: () => textsFor(observer), answer: () => later.splice(0).map(give => give()) };
  }

  test("waits for one answer after the other, and is told why there is none", async () => {
    const { runtime, clock, pid, texts, answer } = await begin("waits");
    expect(await texts()).toEqual(["at once"]);
    answer();
    expect(await texts()).toEqual([
      "later",
      "bytes",
      "the callee ended: noproc",
      "the callee ended: noproc",
      "not granted",
      "the callee ended: noconnection",
    ]);
    await clock.advance(10);
    expect(await texts()).toEqual(["not answered in time"]);
    answer();
    expect(await texts()).toEqual(["last"]);
    expect(runtime.isAlive(pid)).toBe(false);
    await runtime.stop();
  });

  test("asks several at once, and takes the answers as they come", async () => {
    const { runtime, clock, texts, answer } = await begin("races");
    expect(await texts()).toEqual(["0 not granted", "0 first"]);
    answer();
    expect(await texts()).toEqual(["0 second"]);
    await clock.advance(100);
    expect(await texts()).toEqual(["1 left"]);
    await runtime.stop();
  });

  test("asks with values of the codec, and reads the result", async () => {
    const { runtime, texts } = await begin("values");
    expect(await texts()).toEqual(["2 true 42"]);
    await runtime.stop();
  });

  test("asks as a handler, which takes the answer among its items", async () => {
    const { runtime, pid, texts, answer } = await begin("handle");
    runtime.send(pid, "begin");
    expect(await texts()).toEqual(["also here", "over: false"]);
    answer();
    expect(await texts()).toEqual(["in a handler"]);
    await runtime.stop();
  });
});
