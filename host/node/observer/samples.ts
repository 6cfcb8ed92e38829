/**
 * One sample for each second: message rates, from the runtime's own counters, and delays, which
 * probes measure. A probe passes through the run queue as an actor does that becomes ready. Ten a
 * second cost nothing measurable.
 */

import type { Histogram } from "prom-client";
import type { Runtime } from "../../index.ts";
import type { Sample } from "../../web/observer/protocol.ts";

const PROBE_MS = 100;
const PROBES_A_SAMPLE = 10;
/** The samples of ten minutes. */
const SAMPLES_KEPT = 600;

export class Samples {
  readonly #runtime: Runtime;
  readonly #delays: Histogram;
  #kept: Sample[] = [];
  #made = 0;
  #counters: Runtime["counters"];
  #beganMs = performance.now();
  #probes = 0;
  #queueMs: number[] = [];
  #timerMaxMs = 0;
  /** Whether a probe is in the run queue. A second one would tell nothing more. */
  #isWaiting = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param delays receives the delay of every probe, in seconds */
  constructor(runtime: Runtime, delays: Histogram) {
    this.#runtime = runtime;
    this.#delays = delays;
    this.#counters = runtime.counters;
    this.#next();
  }

  after(index: number): Sample[] {
    return this.#kept.filter(sample => sample.index > index);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #next(): void {
    const dueMs = performance.now() + PROBE_MS;
    this.#timer = setTimeout(() => {
      this.#timerMaxMs = Math.max(this.#timerMaxMs, performance.now() - dueMs);
      this.#probe();
      if (++this.#probes % PROBES_A_SAMPLE === 0) this.#sample();
      this.#next();
    }, PROBE_MS).unref();
  }

  #probe(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#runtime.queueDelay().then(delayMs => {
      this.#isWaiting = false;
      if (delayMs === undefined) return;
      this.#queueMs.push(delayMs);
      this.#delays.observe(delayMs / 1000);
    });
  }

  #sample(): void {
    const [before, counters] = [this.#counters, this.#runtime.counters];
    const nowMs = performance.now();
    const seconds = (nowMs - this.#beganMs) / 1000;
    const rate = (name: keyof typeof counters) => (counters[name] - before[name]) / seconds;
    const delays = this.#queueMs.sort((a, b) => a - b);
    this.#kept.push({
      index: ++this.#made,
      atMs: Date.now(),
      sentPerSecond: rate("sent"),
      receivedPerSecond: rate("received"),
      deadPerSecond: rate("dead"),
      spawnedPerSecond: rate("spawned"),
      endedPerSecond: rate("ended"),
      queueMedianMs: delays[delays.length >> 1] ?? null,
      queueMaxMs: delays.at(-1) ?? null,
      timerMaxMs: this.#timerMaxMs,
    });
    if (this.#kept.length > SAMPLES_KEPT) this.#kept.shift();
    this.#counters = counters;
    this.#beganMs = nowMs;
    this.#queueMs = [];
    this.#timerMaxMs = 0;
  }
}
