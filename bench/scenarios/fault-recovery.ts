import { setImmediate as macrotask } from "node:timers/promises";
import { CallError, type Runtime } from "../../host/node/index.ts";
import type { Scenario } from "../harness/scenario.ts";
import { runtimeWith } from "../harness/scenario-runtime.ts";

const SERVER = "doubler";
/** The server reads a u32, so a request without bytes crashes it. */
const POISON = new Uint8Array(0);
const REQUEST = new Uint8Array(4);

export const faultRecovery: Scenario = {
  name: "fault-recovery",
  summary: "a supervised server that crashes and is restarted",
  operation: "a crash and the first reply after it",
  parameters: { crashes: 500 },
  guest: "call",
  styles: ["process", "jspi"],
  async prepare({ crashes }, style) {
    const runtime = await runtimeWith({ guest: "call" }, style);
    runtime.supervise({
      intensity: Number.POSITIVE_INFINITY,
      children: [{ id: SERVER, start: "guest", entry: SERVER, name: SERVER }],
    });
    return {
      async round() {
        const samplesNs: number[] = [];
        const beganMs = performance.now();
        for (let lastMs = beganMs, i = 0; i < crashes; i++) {
          await crashAndRecover(runtime);
          const nowMs = performance.now();
          samplesNs.push((nowMs - lastMs) * 1e6);
          lastMs = nowMs;
        }
        return { operations: crashes, elapsedMs: performance.now() - beganMs, check: samplesNs.length, samplesNs };
      },
      stop: () => runtime.stop(),
    };
  },
};

/** Crashes the server, then calls it until it replies again. */
async function crashAndRecover(runtime: Runtime): Promise<void> {
  try {
    await runtime.call(SERVER, POISON);
    throw new Error("the server replied to the request that should crash it");
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
  }
  for (;;) {
    try {
      await runtime.call(SERVER, REQUEST);
      return;
    } catch (error) {
      if (!(error instanceof CallError) || error.reason?.kind !== "noproc") throw error;
      // It has not been restarted yet.
      await macrotask();
    }
  }
}
