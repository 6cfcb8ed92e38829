/**
 * The thread that watches another: ends the process, and says with which seed, where that one has
 * shown no life for long.
 */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

export interface Watched {
  /** The seed of the chunk that runs, and how often its thread has shown that it lives. */
  readonly shared: Int32Array<SharedArrayBuffer>;
  readonly heldMs: number;
}

const { shared, heldMs } = workerData as Watched;
for (;;) {
  if (Atomics.wait(shared, 1, Atomics.load(shared, 1), heldMs) !== "timed-out") continue;
  const seed = Atomics.load(shared, 0);
  writeSync(2, `fuzz: a guest holds the thread; ISOPOD_FUZZ_SEED=${seed} ISOPOD_FUZZ_SECONDS=0 does it again\n`);
  process.kill(process.pid, "SIGKILL");
}
