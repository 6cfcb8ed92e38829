/** Threads that are terminated at any moment, under load: order, one end for each tie, and no message that is not accounted for. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { cbor } from "../../host/adapters/codec.ts";
import type { Pid } from "../../host/index.ts";
import { createRuntime } from "../../host/threads/index.ts";
import { buildGuest } from "../support/guests.ts";

let clerk: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  clerk = await buildGuest("guests", "clerk", "asyncify");
  Object.assign(globalThis, { crossOriginIsolated: true });
});
afterAll(() => {
  Object.assign(globalThis, { crossOriginIsolated: undefined });
});

interface Clerk {
  add(a: number, b: number): Promise<number>;
}

test("whoever waits for an actor of a thread that is terminated under load is told once", async () => {
  for (let round = 0; round < 3; round++) {
    const runtime = await createRuntime({ threads: 3, grants: "all", onError: () => undefined });
    const module = await runtime.load(clerk);
    const pids = Array.from({ length: 12 }, (_, i) => runtime.spawn(module, { thread: i % 3 }));
    const downs = new Map<Pid, string[]>();
    const watcher = runtime.mailbox();
    watcher.onArrival(() => {
      for (let item = watcher.poll(); item !== undefined; item = watcher.poll()) {
        if (item.kind === "down") downs.set(item.from, [...(downs.get(item.from) ?? []), item.reason.kind]);
      }
      return false;
    });
    for (const pid of pids) watcher.monitor(pid);
    let answered = 0;
    let rejected = 0;
    const asked = pids.flatMap(pid =>
      Array.from({ length: 60 }, async (_, i) => {
        await runtime
          .client<Clerk>(pid, cbor, { timeoutMs: Number.POSITIVE_INFINITY })
          .add(i, 1)
          .then(
            sum => {
              expect(sum).toBe(i + 1);
              answered++;
            },
            () => rejected++,
          );
        if (answered === 40 * round + 1) runtime.threads.terminate(1);
      }),
    );
    runtime.threads.terminate(2);
    await Promise.all(asked);
    runtime.threads.terminate(1);
    while (runtime.threads.live.length > 1) await new Promise(resolve => setImmediate(resolve));
    await runtime.settled();
    expect(answered + rejected).toBe(asked.length);
    const away = pids.filter((_, i) => i % 3 > 0);
    expect([...downs].sort()).toEqual(away.map(pid => [pid, ["noconnection"]] as const).sort());
    for (const pid of away) expect(runtime.send(pid, "late")).toBe(false);
    for (const pid of pids.filter((_, i) => i % 3 === 0)) {
      expect(await runtime.client<Clerk>(pid, cbor).add(1, 1)).toBe(2);
    }
    const [counters, totals] = [await runtime.threads.counters(), await runtime.threads.totals()];
    expect(totals.mailboxItems).toBe(0);
    expect(counters.dead).toBeLessThanOrEqual(counters.sent);
    await runtime.stop();
  }
});

test("a runtime that has nothing to do costs nothing", async () => {
  const runtime = await createRuntime({ threads: 2, grants: "all" });
  const pid = runtime.spawn(await runtime.load(clerk), { thread: 1 });
  expect(await runtime.client<Clerk>(pid, cbor).add(1, 1)).toBe(2);
  await runtime.settled();
  await new Promise(resolve => setTimeout(resolve, 300));
  const before = process.cpuUsage();
  await new Promise(resolve => setTimeout(resolve, 1_000));
  const { user, system } = process.cpuUsage(before);
  // Measured: 1 ms in 3 s. A loop that spins would take 1,000.
  expect((user + system) / 1_000).toBeLessThan(100);
  await runtime.stop();
});
