/**
 * The actor that the import `parent` names: the guest that spawned the actor, the host's supervisor
 * that started it, or the host.
 */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatReason, type GuestModule, type HostMailbox, type Pid, Runtime } from "../../host/index.ts";
import { ManualClock } from "../../host/test.ts";
import { guest } from "../support/wat.ts";

/**
 * Asks for its parent, and tells whom its arguments name: the status and the pid, 12 bytes. Spawns
 * another first, where it is called so.
 */
const BODY = `
  (func $tell
    (drop (call $args (i32.const 16) (i32.const 8)))
    (i64.store (i32.const 101) (i64.const -1))
    (i32.store (i32.const 97) (call $parent (i32.const 101)))
    (drop (call $send (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 0) (i32.const 97) (i32.const 12))))
  (func (export "run") (call $tell))
  (func (export "handle") (param i32) (call $tell))
  (func (export "spawns")
    (drop (call $args (i32.const 16) (i32.const 8)))
    (drop (call $spawn (i32.const 40) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 64))))
  (data (i32.const 40) "asker")`;
const OUTSIDE = `(func (export "run") (drop (call $parent (i32.const 131065))))`;

let runtime: Runtime;
let observer: HostMailbox;
let asker: GuestModule;

beforeEach(async () => {
  runtime = new Runtime({ clock: new ManualClock(), grants: { spawn: "any" } });
  observer = runtime.mailbox();
  asker = await runtime.load(guest(BODY), { name: "asker" });
  runtime.define("asker", asker);
});
afterEach(() => runtime.stop());

const args = () => new Uint8Array(BigUint64Array.of(BigInt(observer.pid)).buffer);

/** What was told: the status, and the pid, -1 where none was written. */
async function told(): Promise<[number, number]> {
  const item = await observer.receive();
  if (item?.kind !== "message") throw new Error("nothing was told");
  const view = new DataView(item.bytes.buffer, item.bytes.byteOffset);
  return [view.getInt32(0, true), Number(view.getBigInt64(4, true))];
}

describe("the parent of a guest", () => {
  test.each(["run", "handle"])("that the host has spawned is the host: nothing is written (%s)", async entry => {
    const pid = runtime.spawn(asker, { entry, args: args() });
    runtime.send(pid, "");
    expect(await told()).toEqual([0, -1]);
    expect(runtime.info(pid)?.parent ?? 0).toBe(0);
  });

  test("that a guest has spawned is that guest, also when it has ended", async () => {
    const parent = runtime.spawn(asker, { entry: "spawns", args: args() });
    expect(await told()).toEqual([1, parent]);
    expect(runtime.isAlive(parent)).toBe(false);
  });

  test.each([
    ["a module", () => asker],
    ["a function", () => () => runtime.spawn(asker, { args: args() })],
    ["a function that takes its time", () => async () => runtime.spawn(asker, { args: args() })],
  ] as const)("that a supervisor of the host's has started by %s is the supervisor", async (_, start) => {
    const supervisor = runtime.supervise({
      children: [{ id: "a", start: start(), args: args(), restart: "temporary" }],
    });
    expect(await told()).toEqual([1, supervisor.pid]);
  });

  test("that a guest has spawned is that guest, also where a supervisor has it as its child", async () => {
    const waiting = await runtime.load(guest(`(func (export "handle") (param i32))`), { name: "waiting" });
    runtime.define("asker", waiting);
    const factory = runtime.spawn(asker, { entry: "spawns", args: args() });
    const spawned = await new Promise<Pid>(resolve => {
      runtime.inspect(event => {
        if (event.kind === "spawn" && event.parent === factory) resolve(event.pid);
      });
    });
    const supervisor = runtime.supervise({ children: [{ id: "a", start: () => spawned }] });
    expect(runtime.info(spawned)).toMatchObject({ parent: factory, supervisor: { pid: supervisor.pid, id: "a" } });
  });

  test("is not written beyond the memory: that crashes", async () => {
    const pid = runtime.spawn(await runtime.load(guest(OUTSIDE)));
    expect(formatReason(await runtime.exited(pid))).toMatch(
      /^crashed: parent: the result at 131065\.\.131073 is outside/,
    );
  });
});
