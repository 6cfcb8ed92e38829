/**
 * A million actors in one process: `npm run million`. All are processes of guest/examples/counter.ts, each
 * with a heap and a parked stack of its own. They take turns in 1,024 instances. docs/hibernation.md
 * explains what is printed.
 *
 *     npm run million -- 100000
 */
import { fileURLToPath } from "node:url";
import { build, createRuntime } from "../host/node/index.ts";

const actors = Number(process.argv[2] ?? 1_000_000);
/** The tags of guest/examples/counter.ts. */
const [ADD, GET] = [1, 2];
const SENT_AT_ONCE = 10_000;

const runtime = createRuntime({ limits: { actors: actors + 10, instances: 1_024 } });
const [built] = await build([fileURLToPath(new URL("../guest/examples/counter.ts", import.meta.url))]);
const counter = await runtime.load(built);
const beforeBytes = process.memoryUsage.rss();
const perActor = (value: number) => (value / actors).toFixed(2);

async function quiet(): Promise<void> {
  while (runtime.isBusy) await new Promise(resolve => setImmediate(resolve));
}

async function timed(what: string, work: () => void | Promise<void>): Promise<void> {
  const beganMs = performance.now();
  await work();
  await quiet();
  const tookMs = performance.now() - beganMs;
  const bytes = process.memoryUsage.rss() - beforeBytes;
  const each = `${perActor(tookMs * 1000)} µs and ${Math.round(bytes / actors)} bytes of the process each`;
  console.log(`${what}: ${(tookMs / 1000).toFixed(1)} s, ${each}`);
}

const pids: number[] = [];
await timed(`spawn ${actors.toLocaleString("en")} actors, which run until they park`, async () => {
  for (let i = 0; i < actors; i++) {
    pids.push(runtime.spawn(counter));
    if (i % SENT_AT_ONCE === 0) await quiet();
  }
});

const one = new Uint8Array(Int32Array.of(1).buffer);
for (const round of ["first", "second"]) {
  await timed(`a message to each, the ${round} time`, async () => {
    for (const [i, pid] of pids.entries()) {
      runtime.send(pid, one, { tag: ADD });
      if (i % SENT_AT_ONCE === 0) await quiet();
    }
  });
}

const asker = runtime.mailbox();
asker.send(pids[actors >> 1], "", { tag: GET });
const answer = await asker.receive();
if (answer?.kind === "message") console.log(`the sum of the one in the middle: ${answer.bytes[0]}`);

const { memory, counters } = runtime.snapshot({ most: 0 });
console.log(
  `images: ${perActor(memory.images)} bytes each; left ${counters.hibernated}, loaded ${counters.loaded} times`,
);
await runtime.stop();
