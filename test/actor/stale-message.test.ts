/**
 * A message of the guest library is valid until the next receive. Reading it later is a crash that
 * says so; it never shows another message's bytes.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import { formatReason, type GuestModule, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet } from "../support/guests.ts";

const STALE = /^crashed: Message: stale, something else was received since; keep its copy\(\)/;

/** As `readBy` of the guest numbers them. */
const READERS = [
  ...["kind", "tag", "from", "ref", "reason", "length", "ptr", "available", "u8At", "bytes", "text", "startsWith"],
  ...["reader", "copy", "forward", "reply", "ExitReason.of", "Caller.of", "CborReader.read"],
];

describe.each(["asyncify", "jspi"] as const)("a message of a guest built for %s", way => {
  let wasm: Uint8Array<ArrayBuffer>;
  let clock: ManualClock;
  let runtime: Runtime;
  let module: GuestModule;
  let observer: HostMailbox;
  let ends: Map<Pid, string>;

  beforeAll(async () => {
    wasm = await buildGuest("guests", "ages", way);
  });

  beforeEach(async () => {
    clock = new ManualClock();
    ends = new Map();
    runtime = new Runtime({ clock, readString, onExit: ({ pid, reason }) => ends.set(pid, formatReason(reason)) });
    observer = runtime.mailbox();
    module = await runtime.load(wasm, { name: "ages" });
  });

  afterEach(() => runtime.stop());

  /** Starts an entry and sends it these, from the observer; then lets a second pass. */
  async function play(entry: string, args: string, ...messages: [text: string, tag?: number][]): Promise<Pid> {
    const pid = runtime.spawn(module, { entry, args });
    for (const [text, tag = 0] of messages) observer.send(pid, text, { tag });
    await quiet();
    await clock.advance(1_000);
    await quiet();
    return pid;
  }

  function told(): string[] {
    const texts: string[] = [];
    for (let item = observer.poll(); item !== undefined; item = observer.poll()) {
      texts.push(item.kind === "message" ? new TextDecoder().decode(item.bytes) : item.kind);
    }
    return texts;
  }

  test.each(READERS.map((name, index) => [name, index] as const))(
    "is read by %s after another receive: the guest crashes",
    async (_name, index) => {
      expect(ends.get(await play("reads", `${index} 1`, ["first"], ["second"]))).toMatch(STALE);
    },
  );

  test.each([2, 3, 4, 8, 100])("is stale also after %i others", async others => {
    const messages = Array.from({ length: 1 + others }, (_, i): [string] => [`${i}`]);
    expect(ends.get(await play("reads", `10 ${others}`, ...messages))).toMatch(STALE);
  });

  test("is stale where the next one has made the window larger", async () => {
    const pid = await play("grows", "", ["first"], ["x".repeat(10_000)]);
    expect(told()).toEqual(["10000"]);
    expect(ends.get(pid)).toMatch(STALE);
  });

  test("is kept by its copy, with all that it said", async () => {
    const pid = await play("copies", "", ["first", 5], ["second"]);
    expect(told()).toEqual(["1 5 0 first 102 true, then second"]);
    expect(ends.get(pid)).toBe("normal");
  });

  test("stays valid over receives that find nothing, but for those by a predicate", async () => {
    const pid = runtime.spawn(module, { entry: "finds_nothing" });
    observer.send(pid, "first");
    for (let i = 0; i < 4; i++) {
      await quiet();
      await clock.advance(1);
    }
    await quiet();
    expect(told()).toEqual(["first"]);
    expect(ends.get(pid)).toMatch(STALE);
  });

  test("is stale in a predicate that looks for the next one", async () => {
    expect(ends.get(await play("compares", "", ["same"], ["same"]))).toMatch(STALE);
  });

  test("is stale where a predicate has kept its candidate", async () => {
    const pid = await play("keeps", "", ["other"], ["wanted", 1]);
    expect(told()).toEqual(["wanted"]);
    expect(ends.get(pid)).toMatch(STALE);
  });

  test("is stale in the hook of a server that has received meanwhile", async () => {
    const pid = runtime.spawn(module, { entry: "serves" });
    const answer = runtime.call(pid, "question").catch(error => String(error));
    observer.send(pid, "something else");
    expect(await answer).toMatch(/stale, something else was received since/);
  });

  test("is stale in a handler once that has received the next one", async () => {
    const pid = await play("handle", "", ["first"], ["second"]);
    expect(told()).toEqual(["first", "second"]);
    expect(ends.get(pid)).toMatch(STALE);
  });
});
