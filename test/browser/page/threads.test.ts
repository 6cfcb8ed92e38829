/** Workers of a page as threads of one runtime, without shared memory: the page is not isolated. */
import { expect, test } from "vitest";
import { cbor } from "../../../host/adapters/codec.ts";
import { createRuntime } from "../../../host/threads/index.ts";
import { buildGuest } from "../../support/guests.ts";

interface Clerk {
  add(a: number, b: number): Promise<number>;
}

test("actors of a page and of its worker call each other, and a lost worker is noconnection", async () => {
  expect(crossOriginIsolated).toBe(false);
  const runtime = await createRuntime({ threads: 2, grants: "all", onError: () => undefined });
  const clerk = await runtime.load(await buildGuest("guests", "clerk", "asyncify"), { name: "clerk" });
  const [here, there] = [0, 1].map(thread => runtime.spawn(clerk, { thread }));
  const clients = [here, there].map(pid => runtime.client<Clerk>(pid, cbor));
  expect(await Promise.all(clients.map(client => client.add(20, 22)))).toEqual([42, 42]);
  expect(await runtime.threads.info(there)).toMatchObject({ module: "clerk", state: "parked" });
  await runtime.settled();
  const ended = runtime.exited(there);
  await clients[1].add(1, 1);
  runtime.threads.terminate(1);
  expect(await ended).toEqual({ kind: "noconnection" });
  await runtime.stop();
});
