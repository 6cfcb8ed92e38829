/**
 * Runs a property for so many seconds, in small chunks of which each has a seed of its own: what
 * fails is reproduced by its chunk alone. A chunk that holds the thread is told of by another
 * thread, because then no test can.
 */
import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import type { Watched } from "./watch.ts";
import { tally } from "./world.ts";

const FIRST_SEED = 1;
const SECONDS = 2;
const RUNS_IN_A_CHUNK = 10;
/** Shrinking ends here. */
const MOST_MS_OF_A_CHUNK = 60_000;

/** Environment variables for a person who wants more of it, or one chunk again. */
export const firstSeed = Number(process.env.ISOPOD_FUZZ_SEED ?? FIRST_SEED);
export const seconds = Number(process.env.ISOPOD_FUZZ_SECONDS ?? SECONDS);

const REPORT_MS = 60_000;

/**
 * Throws what fast-check found, with the seed. One chunk there is in any case. Of a long run it
 * tells now and then how far it is.
 */
export async function inChunks<T>(property: fc.IAsyncPropertyWithHooks<T>): Promise<void> {
  using watch = new Watch();
  const endMs = performance.now() + seconds * 1000;
  let seed = firstSeed;
  let reportMs = performance.now() + REPORT_MS;
  do {
    watch.begin(seed);
    const plugins = [fc.interruptAfterTimeLimit(MOST_MS_OF_A_CHUNK, { failOnInterrupt: true })];
    const found = await fc.check(property, { seed, numRuns: RUNS_IN_A_CHUNK, plugins });
    if (found.failed) {
      const text = await fc.asyncDefaultReportMessage(found);
      throw new Error(`${howToReproduce(seed)}\n${text}`, { cause: found.errorInstance });
    }
    seed++;
    if (performance.now() < reportMs) continue;
    reportMs += REPORT_MS;
    report(seed);
  } while (performance.now() < endMs);
  if (seconds * 1000 >= REPORT_MS) report(seed);
}

function report(seed: number): void {
  const chunks = seed - firstSeed;
  writeSync(2, `fuzz: seeds ${firstSeed} to ${seed - 1}, ${chunks * RUNS_IN_A_CHUNK} runs; ${JSON.stringify(tally)}\n`);
}

function howToReproduce(seed: number): string {
  return `reproduce with: ISOPOD_FUZZ_SEED=${seed} ISOPOD_FUZZ_SECONDS=0 npm test -- test/hostile/fuzz.test.ts`;
}

/** No guest holds the thread for this long, unless it does so for ever. */
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
