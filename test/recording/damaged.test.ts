/** No file harms the host: what is damaged is refused, and what was changed with care ends in words. */
import { fc, test } from "@fast-check/vitest";
import { beforeAll, describe, expect } from "vitest";
import { type ActorExit, Runtime } from "../../host/index.ts";
import { type RecordingFile, readFile, writeFile } from "../../host/recording/file.ts";
import { ReplayError, recorder, replay } from "../../host/replay.ts";
import { buildGuest } from "../support/guests.ts";

let whole: Uint8Array<ArrayBuffer>;
/** The same actor from a checkpoint on. */
let later: Uint8Array<ArrayBuffer>;

/** A recording of an actor that has got so many messages. */
async function recorded(wasm: Uint8Array<ArrayBuffer>, messages: number): Promise<Uint8Array<ArrayBuffer>> {
  const exits: ActorExit[] = [];
  const record = recorder({ bytes: 8_192 });
  const runtime = new Runtime({ grants: "all", record, onExit: exit => exits.push(exit) });
  const pid = runtime.spawn(await runtime.load(wasm, { reductions: "count" }), { record: true });
  for (let i = 0; i < messages; i++) {
    runtime.send(pid, Uint8Array.of([0, 0, 2][i % 3], i, 0, 0, 0, 1, 2, 3), { tag: i % 5 });
    if (i % 10 === 0) await runtime.settled();
  }
  runtime.send(pid, Uint8Array.of(4, 0, 0, 0, 0));
  await runtime.exited(pid);
  await runtime.settled();
  const [{ recording }] = exits;
  if (recording === undefined) throw new Error("it was not recorded");
  return recording.bytes();
}

beforeAll(async () => {
  const wasm = await buildGuest("guests", "unlucky", "asyncify");
  whole = await recorded(wasm, 12);
  later = await recorded(wasm, 1_500);
  expect(readFile(later).image.length).toBeGreaterThan(0);
});

/** Plays a file to its end. What is wrong with it is a ReplayError, or another end of its own actor. */
async function survive(file: Uint8Array): Promise<void> {
  try {
    const played = await replay(file);
    try {
      played.play();
    } finally {
      await played.runtime.stop();
    }
  } catch (error) {
    expect(error).toBeInstanceOf(ReplayError);
    expect((error as Error).message).not.toMatch(/undefined|not a function|Cannot read|out of bounds/);
  }
}

const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), value: fc.nat(255) });

function changed(bytes: Uint8Array, changes: readonly { readonly at: number; readonly value: number }[]): Uint8Array {
  const copy = bytes.slice();
  for (const { at, value } of changes) copy[Math.floor(at * copy.length)] = value;
  return copy;
}

describe.each(["whole", "later"] as const)("a recording, %s", which => {
  const file = () => (which === "whole" ? whole : later);

  test("plays as it is", async () => {
    expect((await replay(file())).play().isSame).toBe(true);
  });

  test.prop([fc.array(change, { minLength: 1, maxLength: 4 })], { numRuns: 30 })(
    "that was damaged anywhere is refused",
    async changes => {
      const damaged = changed(file(), changes);
      if (damaged.every((byte, i) => byte === file()[i])) return;
      await expect(replay(damaged)).rejects.toThrow(ReplayError);
    },
  );

  test.prop([fc.nat({ max: 1_000 })], { numRuns: 30 })("that was cut anywhere is refused", async thousandth => {
    const length = Math.floor((file().length * thousandth) / 1_001);
    await expect(replay(file().subarray(0, length))).rejects.toThrow(ReplayError);
  });

  test.prop(
    [
      fc.constantFrom("log", "args", "image", "globals") as fc.Arbitrary<
        keyof RecordingFile & ("log" | "args" | "image" | "globals")
      >,
      fc.array(change, { maxLength: 6 }),
      fc.option(fc.nat(4_000)),
    ],
    { numRuns: 150 },
  )("whose parts were changed with care harms nobody", async (part, changes, length) => {
    const parts = readFile(file());
    const bytes = changed(parts[part], parts[part].length === 0 ? [] : changes);
    await survive(writeFile({ ...parts, [part]: bytes.slice(0, length ?? bytes.length) }));
  });

  test.prop([fc.uint8Array({ maxLength: 300 })], { numRuns: 100 })("with any log harms nobody", async log => {
    await survive(writeFile({ ...readFile(file()), log }));
  });

  test.prop(
    [
      fc.anything({ maxDepth: 2 }),
      fc.constantFrom(
        "limits",
        "pid",
        "entry",
        "way",
        "reductions",
        "functions",
        "end",
        "derived",
        "module",
        "imports",
        "itemsBefore",
      ),
    ],
    {
      numRuns: 100,
    },
  )("with any header harms nobody", async (value, name) => {
    const parts = readFile(file());
    const header = JSON.parse(JSON.stringify({ ...parts.header, [name]: value }) ?? "{}");
    await survive(writeFile({ ...parts, header }));
  });
});
