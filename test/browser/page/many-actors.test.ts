/** A page has about 120 memories for all of its guests. Actors take turns in 32 instances, so it can have many more. */

import { expect, test } from "vitest";
import { Runtime } from "../../../host/index.ts";
import { buildGuest } from "../../support/guests.ts";

const ACTORS = 100_000;
/** So many answers wait at once. */
const BATCH = 1_000;
// As in guest/examples/counter.ts.
const ADD = 1;
const GET = 2;

test("a page has 100,000 actors, and each answers with what it alone was sent", async () => {
  await using runtime = new Runtime();
  expect(runtime.limits.instances).toBe(32);
  const counter = await runtime.load(await buildGuest("examples", "counter", "asyncify"));
  const pids = Array.from({ length: ACTORS }, () => runtime.spawn(counter));
  const mailbox = runtime.mailbox();
  pids.forEach((pid, i) => {
    mailbox.send(pid, new Uint8Array(Int32Array.of(i).buffer), { tag: ADD });
  });
  for (let first = 0; first < ACTORS; first += BATCH) {
    const batch = pids.slice(first, first + BATCH);
    for (const pid of batch) mailbox.send(pid, "", { tag: GET });
    const sums = new Map<number, number>();
    for (let i = 0; i < BATCH; i++) {
      const item = await mailbox.receive();
      if (item?.kind === "message") sums.set(item.from, Number(new BigInt64Array(item.bytes.slice().buffer)[0]));
    }
    expect([...sums]).toEqual(batch.map((pid, i) => [pid, first + i]));
  }
  expect(runtime.size).toBe(ACTORS);
});
