/** What a recorded actor did happens again: the same crash, with the same memory. */
import { expect, test } from "vitest";
import {
  type ActorExit,
  type HostMailbox,
  type Pid,
  type Recording,
  Runtime,
  type RuntimeOptions,
} from "../../host/index.ts";
import { readFile } from "../../host/recording/file.ts";
import { type RecordOptions, recorder, replay } from "../../host/replay.ts";
import { buildGuest, quiet } from "../support/guests.ts";
import { seededRandom } from "../support/seeded.ts";

/** A runtime that records, and the recordings of its crashes. */
function recording(options: RecordOptions = {}, more: RuntimeOptions = {}) {
  const exits: ActorExit[] = [];
  const runtime = new Runtime({
    ...{ grants: "all", onExit: exit => exits.push(exit), record: recorder(options), onLog: () => {} },
    ...more,
  });
  const recordings = (): Recording[] => exits.flatMap(({ recording }) => recording ?? []);
  return { runtime, exits, recordings };
}

const [ADD, WAIT, TO_ITSELF, ASK, CRASH] = [0, 1, 2, 3, 4];

/** A message for unlucky.ts. */
function told(what: number, number: number, more = 0): Uint8Array {
  const bytes = new Uint8Array(5 + more);
  bytes[0] = what;
  new DataView(bytes.buffer).setUint32(1, number, true);
  return bytes;
}

/** Sends an actor of unlucky.ts so many messages of all kinds, and answers what it asks. */
async function converse(runtime: Runtime, pid: Pid, sender: HostMailbox, count: number): Promise<void> {
  const random = seededRandom(count);
  for (let sent = 0; sent < count && runtime.isAlive(pid); ) {
    for (let i = 0; i < 50; i++, sent++) {
      const what = [ADD, ADD, ADD, TO_ITSELF, ASK][Math.floor(random() * 5)];
      sender.send(pid, told(what, sent, Math.floor(random() * 40)), { tag: Math.floor(random() * 9) });
    }
    for (let i = 0; i < 60 && runtime.isAlive(pid); i++) {
      await quiet();
      for (let item = sender.poll(); item !== undefined; item = sender.poll()) {
        if (item.kind === "message" && item.ref !== 0) sender.reply(item, "42");
      }
    }
  }
}

async function expectSame(file: Uint8Array): Promise<number> {
  const played = (await replay(file)).play();
  expect(played.reason).toMatchObject({ kind: "crashed", message: (played.recorded as { message: string }).message });
  expect(played.isSameMemory).toBe(true);
  return played.items;
}

test("a crash that depends on time and chance happens again", async () => {
  const { runtime, recordings } = recording();
  const unlucky = await runtime.load(await buildGuest("guests", "unlucky", "asyncify"));
  const pid = runtime.spawn(unlucky, { args: "211", record: true });
  await converse(runtime, pid, runtime.mailbox(), 2_000);
  const [file] = recordings();
  expect(file.name).toMatch(/^guest-\d+\.isopod$/);
  await expectSame(file.bytes());
});

test.for(["asyncify", "count", "yield"] as const)(
  "a long recording begins with a checkpoint, and keeps its bounds: %s",
  async way => {
    const { runtime, recordings } = recording({ modules: ["unlucky"], bytes: 16_384 });
    const wasm = await buildGuest("guests", "unlucky", "asyncify", way === "asyncify" ? "none" : way);
    runtime.define("unlucky", await runtime.load(wasm));
    const pid = runtime.spawn("unlucky");
    const sender = runtime.mailbox();
    await converse(runtime, pid, sender, 2_000);
    sender.send(pid, told(CRASH, 0));
    await runtime.settled();
    const file = recordings()[0].bytes();
    const { header, image, log } = readFile(file);
    expect(image.length).toBeGreaterThan(0);
    expect(log.length).toBeLessThan(2 * 16_384);
    expect(header.itemsBefore).toBeGreaterThan(300);
    expect(await expectSame(file)).toBeGreaterThan(1_000);
  },
);

test("items that an actor does not want yet are part of its checkpoint", async () => {
  const { runtime, recordings } = recording({ bytes: 8_192 });
  const unlucky = await runtime.load(await buildGuest("guests", "unlucky", "asyncify"), { reductions: "count" });
  const pid = runtime.spawn(unlucky, { record: true });
  const sender = runtime.mailbox();
  // It waits for tag 7, and passes all others over.
  for (let i = 0; i < 100; i++) {
    for (let j = 0; j < 5; j++) sender.send(pid, told(j === 0 ? WAIT : ADD, i, 30), { tag: 1 });
    await quiet();
    sender.send(pid, told(ADD, 1), { tag: 7 });
    await quiet();
  }
  sender.send(pid, told(CRASH, 0));
  sender.send(pid, told(ADD, 0), { tag: 7 });
  await quiet();
  for (let i = 0; i < 200 && runtime.isAlive(pid); i++) await quiet();
  await expectSame(recordings()[0].bytes());
});

test("nobody is recorded who was not to be, and a runtime without a recorder says so", async () => {
  const { runtime, exits } = recording();
  const unlucky = await runtime.load(await buildGuest("guests", "unlucky", "asyncify"));
  const pid = runtime.spawn(unlucky);
  runtime.send(pid, told(CRASH, 0));
  await quiet();
  expect(exits[0].reason.kind).toBe("crashed");
  expect(exits[0].recording).toBe(undefined);
  const other = new Runtime();
  const same = await other.load(await buildGuest("guests", "unlucky", "asyncify"), { name: "unlucky" });
  expect(() => other.spawn(same, { record: true })).toThrow(
    "unlucky cannot be recorded: make the runtime with the option record (docs/replay.md)",
  );
});
