/**
 * The scenario fault-recovery: a supervised server is made to crash, and called until it answers again, over and over. What is measured is how often a
 * second that succeeds, and how long it takes from the request that crashes the server to the first answer of the next one.
 */

import { setImmediate as macrotask } from "node:timers/promises";
import { engineFlags, engineName } from "../host/node/engine.ts";
import { CallError, type Runtime } from "../host/node/index.ts";
import { loadExamples } from "./examples.ts";
import { percentile } from "./percentile.ts";

export interface FaultRecoveryResult {
  readonly scenario: "fault-recovery";
  readonly style: "process" | "jspi";
  readonly pairs: 1;
  readonly threads: 1;
  readonly payloadBytes: number;
  readonly messages: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  readonly recoveriesPerSecond: number;
  /** From the crashing request to the next server's first answer. */
  readonly recoveryNs: { readonly p50: number | null; readonly p99: number | null };
  readonly engine: string;
  readonly flags: readonly string[];
}

const WARM_UP_MS = 500;
const POISON = new TextEncoder().encode("not a request");
const GET = new TextEncoder().encode("get");

/** A runtime with the supervised server, and what makes it crash and waits until it answers again. The caller stops the runtime. */
export async function openRecovery(
  style: "process" | "jspi",
): Promise<{ readonly runtime: Runtime; crashAndRecover(): Promise<void> }> {
  const { runtime, modules } = await loadExamples(["supervised-counter"], style === "jspi" ? "jspi" : "asyncify");
  runtime.supervise({
    intensity: Number.POSITIVE_INFINITY,
    children: [{ id: "counter", start: modules[0], name: "counter" }],
  });
  return { runtime, crashAndRecover };

  async function crashAndRecover(): Promise<void> {
    try {
      await runtime.call("counter", POISON);
      throw new Error("the server answered what it should crash on");
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
    }
    for (;;) {
      try {
        await runtime.call("counter", GET);
        return;
      } catch (error) {
        if (!(error instanceof CallError) || error.reason?.kind !== "noproc") throw error;
        // It is not up again yet.
        await macrotask();
      }
    }
  }
}

export async function faultRecovery(style: "process" | "jspi", seconds: number): Promise<FaultRecoveryResult> {
  const { runtime, crashAndRecover } = await openRecovery(style);
  await using _stopped = runtime;
  const warm = performance.now();
  while (performance.now() - warm < WARM_UP_MS) await crashAndRecover();
  const times: number[] = [];
  const before = { messages: runtime.counters.received, ms: performance.now() };
  while (performance.now() - before.ms < seconds * 1000) {
    const start = performance.now();
    await crashAndRecover();
    times.push((performance.now() - start) * 1e6);
  }
  const measuredSeconds = (performance.now() - before.ms) / 1000;
  const messages = runtime.counters.received - before.messages;
  return {
    scenario: "fault-recovery",
    style,
    pairs: 1,
    threads: 1,
    payloadBytes: POISON.length,
    messages,
    seconds: measuredSeconds,
    messagesPerSecond: Math.round(messages / measuredSeconds),
    recoveriesPerSecond: Math.round(times.length / measuredSeconds),
    recoveryNs: { p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
    engine: engineName(),
    flags: engineFlags(),
  };
}
