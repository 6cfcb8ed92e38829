/**
 * Guests that poll in a loop and do not count reductions. If the guest can wait, other actors still
 * get their turns.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readString } from "../../host/adapters/assemblyscript.ts";
import { type GuestModule, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { buildGuest, quiet, WAYS } from "../support/guests.ts";

describe.each(WAYS)("a guest built for %s", way => {
  let wasm: Uint8Array<ArrayBuffer>;
  let runtime: Runtime;
  let module: GuestModule;
  let observer: HostMailbox;

  beforeAll(async () => {
    wasm = await buildGuest("guests", "poller", way);
  });

  beforeEach(async () => {
    runtime = new Runtime({ clock: new ManualClock(), readString });
    observer = runtime.mailbox();
    module = await runtime.load(wasm, { name: "poller" });
  });

  afterEach(() => runtime.stop());

  function spawn(entry: string, of: Pid, how = 0): Pid {
    const args = new DataView(new ArrayBuffer(12));
    args.setBigUint64(0, BigInt(of), true);
    args.setUint32(8, how, true);
    return runtime.spawn(module, { entry, args: new Uint8Array(args.buffer) });
  }

  /** What the guest has told the observer. */
  async function told(): Promise<number> {
    await quiet();
    const item = observer.poll();
    return item?.kind === "message" ? item.tag : Number.NaN;
  }

  test.for<[string, number]>([
    ["for any item", 0],
    ["by tag", 1],
    ["by predicate", 2],
  ])("that polls in a loop %s lets others have their turns after its 64 receives", async ([, how]) => {
    const poller = spawn("run", observer.pid, how);
    spawn("witness", poller);
    // Each that finds nothing counts as 16 items of the 1,024 of a turn.
    expect(await told()).toBe(65);
  });

  test("that takes two thousand items by polls takes them all before it gives way", async () => {
    const drain = spawn("drains", observer.pid);
    for (let i = 0; i < 2_000; i++) runtime.send(drain, "");
    spawn("witness", drain);
    // The last poll gives way, and what the witness has sent meanwhile is taken too.
    expect(await told()).toBe(2_001);
  });
});
