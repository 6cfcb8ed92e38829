/**
 * Runs a property for so many seconds, in small chunks of which each has a seed of its own: what fails is reproduced by its chunk alone. A chunk
 * that holds the thread is told of by another thread, because then no test can.
 */
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import type { Watched } from "./watch.ts";

const FIRST_SEED = 1;
const SECONDS = 2;
const RUNS_IN_A_CHUNK = 10;
/** Shrinking ends here. */
const MOST_MS_OF_A_CHUNK = 60_000;

/** Environment variables for a person who wants more of it, or one chunk again. */
export const firstSeed = Number(process.env.ISOPOD_FUZZ_SEED ?? FIRST_SEED);
export const seconds = Number(process.env.ISOPOD_FUZZ_SECONDS ?? SECONDS);

/** Throws what fast-check found, with the seed. One chunk there is in any case. */
export async function inChunks<T>(property: fc.IAsyncPropertyWithHooks<T>): Promise<void> {
  using watch = new Watch();
  const endMs = performance.now() + seconds * 1000;
  let seed = firstSeed;
  do {
    watch.begin(seed);
    const plugins = [fc.interruptAfterTimeLimit(MOST_MS_OF_A_CHUNK, { failOnInterrupt: true })];
    const found = await fc.check(property, { seed, numRuns: RUNS_IN_A_CHUNK, plugins });
    if (found.failed) {
      const report = await fc.asyncDefaultReportMessage(found);
      throw new Error(`${howToReproduce(seed)}\n${report}`, { cause: found.errorInstance });
    }
    seed++;
  } while (performance.now() < endMs);
}

function howToReproduce(seed: number): string {
  return `reproduce with: ISOPOD_FUZZ_SEED=${seed} ISOPOD_FUZZ_SECONDS=0 npm test -- test/hostile/fuzz.test.ts`;
}

/** So long nobody holds the thread, unless a guest does for ever. */
const HELD_MS = 30_000;
const BEAT_MS = 1000;

/** Ends the process, and says with which seed, where this thread has done nothing for long. */
class Watch implements Disposable {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;
  readonly #beat: NodeJS.Timeout;

  constructor() {
    const workerData: Watched = { shared: this.#shared, heldMs: HELD_MS };
    this.#worker = new Worker(new URL("./watch.ts", import.meta.url), { workerData });
    this.#worker.unref();
    this.#beat = setInterval(() => {
      Atomics.add(this.#shared, 1, 1);
      Atomics.notify(this.#shared, 1);
    }, BEAT_MS);
  }

  begin(seed: number): void {
    Atomics.store(this.#shared, 0, seed);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#beat);
    void this.#worker.terminate();
  }
}
